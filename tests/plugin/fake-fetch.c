/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of plugins: what struct hg_fetch_ops promises, with a test as the
 * server. Targets are those of core. */
#include "fake.h"
#include "fake-table.h"

#include <stdlib.h>
#include <string.h>

struct hg_fetch {
	struct list		 node;		/* fake.fetches */
	struct hg_fetch_ops	 ops;
	void			*arg;
	unsigned		 worker;
	struct hg_head		*request;
	struct str		 sent;		/* its body */
	int64_t			 length;
	int			 holds;
	bool			 shown;		/* by fake_fetch() */
	bool			 full, drain, send_ended, answered;
	bool			 over, cancelled;
};

/* --- the table ------------------------------------------------------------ */

static void
live(const struct hg_fetch *fetch, const char *fn)
{
	if (fetch->over)
		fake_abort("%s: the request is over", fn);
	if (fake.depth > 0 && fetch->worker != fake.worker)
		fake_abort("%s: the request is of worker %u, called on %u", fn,
		    fetch->worker, fake.worker);
}

/* As it would be written, but for the fields of the connection. */
static struct hg_head *
make_request(struct hg_target *target, const struct hg_request *request)
{
	struct hg_fields *fields;
	struct hg_head *head;
	size_t i;
	int result;

	if ((fields = http_fields_new()) == NULL)
		abort();
	result = http_fields_add(fields, "Host", request->host != NULL ?
	    request->host : fetchtarget_host(target));
	for (i = 0; request->fields != NULL && i < request->fields->count; i++)
		result |= http_fields_add(fields,
		    request->fields->field[i].name,
		    request->fields->field[i].value);
	head = result != 0 ? NULL : http_request(request->method,
	    request->target != NULL ? request->target :
	    fetchtarget_path(target), fields);
	http_fields_free(fields);
	return (head);
}

struct hg_fetch *
fake_hg_fetch_start(struct hg_target *target, const struct hg_request *request,
    const struct hg_fetch_ops *ops, void *arg)
{
	struct hg_fetch *fetch;

	if (ops->response == NULL || ops->body == NULL || ops->ended == NULL)
		fake_abort("fetch_start: a callback is missing");
	if ((fetch = calloc(1, sizeof(*fetch))) == NULL)
		abort();
	if ((fetch->request = make_request(target, request)) == NULL) {
		free(fetch);
		return (NULL);
	}
	memcpy(&fetch->ops, ops, ops->size);
	fetch->arg = arg;
	fetch->worker = fake.worker;
	fetch->length = request->length;
	fetch->send_ended = request->length == 0;
	list_push(&fake.fetches, &fetch->node);
	return (fetch);
}

bool
fake_hg_fetch_send(struct hg_fetch *fetch, struct hg_frame *frame)
{
	const unsigned char *bytes;

	live(fetch, "fetch_send");
	if (fetch->send_ended)
		fake_abort("fetch_send behind the end");
	bytes = fake_frame_bytes(&frame);
	str_add_bytes(&fetch->sent, bytes, fake_frame_len(frame));
	fake_frame_unref(frame);
	if (fetch->length > 0 && fetch->sent.len > (uint64_t)fetch->length)
		fake_abort("fetch_send: more than its length");
	fetch->drain = fetch->full;
	return (!fetch->full);
}

void
fake_hg_fetch_send_end(struct hg_fetch *fetch)
{
	live(fetch, "fetch_send_end");
	if (fetch->length > 0 && fetch->sent.len != (uint64_t)fetch->length)
		fake_abort("fetch_send_end: less than its length");
	fetch->send_ended = true;
}

void
fake_hg_fetch_hold(struct hg_fetch *fetch, bool hold)
{
	live(fetch, "fetch_hold");
	fetch->holds += hold ? 1 : -1;
	if (fetch->holds < 0)
		fake_abort("fetch_hold: more releases than holds");
}

void
fake_hg_fetch_cancel(struct hg_fetch *fetch)
{
	if (fetch == NULL)
		return;
	live(fetch, "fetch_cancel");
	fetch->over = fetch->cancelled = true;
}

/* --- for tests ------------------------------------------------------------ */

struct hg_fetch *
fake_fetch(void)
{
	struct hg_fetch *fetch;
	struct list *node;

	for (node = fake.fetches.next; node != &fake.fetches;
	    node = node->next) {
		fetch = list_entry(node, struct hg_fetch, node);
		if (!fetch->shown) {
			fetch->shown = true;
			return (fetch);
		}
	}
	return (NULL);
}

const char *
fake_fetch_request(const struct hg_fetch *fetch)
{
	size_t len;

	return (http_text(fetch->request, &len));
}

const char *
fake_fetch_sent(const struct hg_fetch *fetch)
{
	return (fetch->sent.text != NULL ? fetch->sent.text : "");
}

int64_t
fake_fetch_length(const struct hg_fetch *fetch)
{
	return (fetch->length);
}

bool
fake_fetch_is_sent(const struct hg_fetch *fetch)
{
	return (fetch->send_ended);
}

bool
fake_fetch_is_cancelled(const struct hg_fetch *fetch)
{
	return (fetch->cancelled);
}

int
fake_fetch_holds(const struct hg_fetch *fetch)
{
	return (fetch->holds);
}

void
fake_fetch_set_full(struct hg_fetch *fetch, bool full)
{
	unsigned previous;

	fetch->full = full;
	if (!full && fetch->drain && !fetch->over && fetch->ops.drain != NULL) {
		fetch->drain = false;
		previous = fake_enter(fetch->worker);
		fetch->ops.drain(fetch->arg);
		fake_leave(previous);
	}
	fake_turn();
}

void
fake_fetch_respond(struct hg_fetch *fetch, const char *text)
{
	struct hg_head *head;
	const char *error;
	unsigned previous;

	head = http_parse(text, strlen(text), HTTP_RESPONSE, &error, NULL);
	if (head == NULL || fetch->over || fetch->answered)
		fake_abort("fake_fetch_respond: not now, or not this");
	fetch->answered = true;
	previous = fake_enter(fetch->worker);
	fetch->ops.response(fetch->arg, head);
	fake_leave(previous);
	http_free(head);
	fake_turn();
}

void
fake_fetch_body(struct hg_fetch *fetch, const void *data, size_t len)
{
	struct hg_frame *frame;
	unsigned previous;

	if (fetch->over || !fetch->answered)
		fake_abort("fake_fetch_body: not now");
	frame = fake_frame_new(data, len, 0);
	previous = fake_enter(fetch->worker);
	fetch->ops.body(fetch->arg, frame);
	fake_leave(previous);
	fake_frame_unref(frame);
	fake_turn();
}

void
fake_fetch_end(struct hg_fetch *fetch, enum hg_fetch_end end,
    const char *reason)
{
	unsigned previous;

	if (fetch->over)
		fake_abort("fake_fetch_end: it is over");
	fetch->over = true;
	previous = fake_enter(fetch->worker);
	fetch->ops.ended(fetch->arg, end, reason);
	fake_leave(previous);
	fake_turn();
}

/* At the end of the host: none may be left. */
void
fake_fetch_free_all(void)
{
	struct hg_fetch *fetch;
	struct list *node, *save;

	list_each(node, save, &fake.fetches) {
		fetch = list_entry(node, struct hg_fetch, node);
		t_true(fetch->over, T_AT("requests of a plugin are over"));
		list_remove(node);
		http_free(fetch->request);
		str_free(&fetch->sent);
		free(fetch);
	}
	fetchtarget_finish();
}
