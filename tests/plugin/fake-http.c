/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges of HTTP: what struct hg_http and the functions for it promise. */
#include "fake.h"
#include "fake-table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hg_exchange {
	struct list		 node;		/* fake.exchanges */
	struct fake_plugin	*plugin;
	unsigned		 worker;
	struct hg_conn		*conn;
	struct hg_head		*request;
	struct hg_head		*response;	/* NULL: not yet */
	int64_t			 length;
	struct str		 text;		/* the response's body */
	void			*state;
	int			 holds;
	bool			 body_over;
	bool			 full, drain;
	bool			 ended, aborted, vanished, closed;
	char			 path[128];
};

static const char *browsers[16];
static bool begin_full;

/* --- the table ------------------------------------------------------------ */

static void
live(const struct hg_exchange *ex, const char *fn)
{
	if (ex == NULL)
		fake_abort("%s: no exchange", fn);
	if (ex->closed)
		fake_abort("%s: the exchange is closed", fn);
	if (fake.depth > 0 && ex->worker != fake.worker)
		fake_abort("%s: the exchange is of worker %u, called on %u",
		    fn, ex->worker, fake.worker);
}

static bool
is_open(const struct hg_exchange *ex)
{
	return (!ex->ended && !ex->aborted && !ex->vanished);
}

const char *
fake_head_method(const struct hg_head *head)
{
	return (head->method);
}

bool
fake_head_field(const struct hg_head *head, size_t index, const char **name,
    const char **value)
{
	if (index >= head->count)
		return (false);
	*name = http_name(head, index);
	*value = http_value(head, index);
	return (true);
}

struct hg_conn *
fake_hg_http_conn(const struct hg_exchange *ex)
{
	live(ex, "http_conn");
	return (ex->conn);
}

const struct hg_head *
fake_hg_http_request(const struct hg_exchange *ex)
{
	live(ex, "http_request");
	return (ex->request);
}

const void *
fake_hg_http_options(const struct hg_exchange *ex)
{
	live(ex, "http_options");
	return (ex->plugin->options);
}

const char *
fake_hg_http_service(const struct hg_exchange *ex)
{
	live(ex, "http_service");
	return ("web");
}

const char *
fake_hg_http_path(const struct hg_exchange *ex)
{
	live(ex, "http_path");
	return (ex->path);
}

const char *
fake_hg_http_peer(const struct hg_exchange *ex)
{
	live(ex, "http_peer");
	return ("192.0.2.1:4711");
}

bool
fake_hg_http_is_tls(const struct hg_exchange *ex)
{
	live(ex, "http_is_tls");
	return (false);
}

int64_t
fake_hg_http_length(const struct hg_exchange *ex)
{
	live(ex, "http_length");
	return (ex->length);
}

static bool
is_hop(const char *name)
{
	static const char *const hops[] = { "Connection", "Keep-Alive",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding",
		"Upgrade" };
	size_t i;

	for (i = 0; i < sizeof(hops) / sizeof(hops[0]); i++)
		if (str_equal_nocase(name, hops[i]))
			return (true);
	return (false);
}

int
fake_hg_http_respond(struct hg_exchange *ex, int status,
    const struct hg_fields *fields)
{
	size_t i;

	live(ex, "http_respond");
	if (!is_open(ex) || ex->response != NULL || status < 200)
		return (-1);
	for (i = 0; fields != NULL && i < fields->count; i++)
		if (is_hop(fields->field[i].name))
			return (-1);
	ex->response = http_response(status, NULL, fields);
	return (ex->response != NULL ? 0 : -1);
}

bool
fake_hg_http_send(struct hg_exchange *ex, struct hg_frame *frame)
{
	const unsigned char *bytes;

	live(ex, "http_send");
	if (frame == NULL)
		return (is_open(ex));
	if (is_open(ex) && ex->response != NULL) {
		bytes = fake_frame_bytes(&frame);
		str_add_bytes(&ex->text, bytes, fake_frame_len(frame));
	}
	fake_frame_unref(frame);
	ex->drain = ex->full;
	return (is_open(ex) && !ex->full);
}

void
fake_hg_http_end(struct hg_exchange *ex)
{
	const char *length;
	bool none;

	live(ex, "http_end");
	if (!is_open(ex))
		return;
	if (ex->response == NULL)
		fake_abort("http_end without http_respond");
	none = strcmp(ex->request->method, "HEAD") == 0 ||
	    ex->response->status == 204 || ex->response->status == 304;
	length = http_get(ex->response, "Content-Length");
	if (!none && length != NULL && strtoull(length, NULL, 10) !=
	    ex->text.len)
		fake_abort("a body of %zu bytes with Content-Length: %s",
		    ex->text.len, length);
	if (none && ex->text.len > 0)
		fake_abort("a body where there is none");
	ex->ended = true;
}

void
fake_hg_http_abort(struct hg_exchange *ex, const char *why)
{
	live(ex, "http_abort");
	(void)why;
	if (is_open(ex))
		ex->aborted = true;
}

void
fake_hg_http_hold(struct hg_exchange *ex, bool hold)
{
	live(ex, "http_hold");
	ex->holds += hold ? 1 : -1;
	if (ex->holds < 0)
		fake_abort("http_hold: more releases than holds");
}

const char *
fake_hg_http_browser(const struct hg_exchange *ex, unsigned index)
{
	live(ex, "http_browser");
	return (index < T_ROWS(browsers) ? browsers[index] : NULL);
}

/* --- for tests ------------------------------------------------------------ */

static const struct hg_http *
hooks_of(const struct hg_exchange *ex)
{
	return (ex->plugin->plugin->http);
}

static void
exchange_close(struct hg_exchange *ex)
{
	unsigned previous;

	if (ex->closed)
		return;
	previous = fake_enter(ex->worker);
	if (hooks_of(ex)->close != NULL)
		hooks_of(ex)->close(ex, ex->state);
	fake_leave(previous);
	ex->closed = true;
}

void
fake_http_turn(void)
{
	struct list *node, *save;
	struct hg_exchange *ex;
	unsigned previous;

	list_each(node, save, &fake.exchanges) {
		ex = list_entry(node, struct hg_exchange, node);
		if (ex->closed)
			continue;
		if (!is_open(ex))
			exchange_close(ex);
		else if (ex->drain && !ex->full) {
			ex->drain = false;
			previous = fake_enter(ex->worker);
			if (hooks_of(ex)->drain != NULL)
				hooks_of(ex)->drain(ex, ex->state);
			fake_leave(previous);
		}
	}
}

struct hg_exchange *
fake_http(const char *plugin, const char *path, const char *request,
    int64_t length)
{
	struct hg_exchange *ex;
	const char *error;
	unsigned previous;
	int failed;

	fake_work();
	if ((ex = calloc(1, sizeof(*ex))) == NULL)
		abort();
	ex->plugin = fake_plugin(plugin);
	ex->worker = fake.made_on;
	ex->length = length;
	ex->body_over = length == 0;
	ex->full = begin_full;
	snprintf(ex->path, sizeof(ex->path), "%s", path);
	ex->conn = fake_conn(false, NULL);
	ex->request = http_parse(request, strlen(request), HTTP_REQUEST,
	    &error, NULL);
	if (ex->request == NULL)
		fake_abort("bad request: %s: %s", error, request);
	ex->state = calloc(1, hooks_of(ex)->state_size + 1);
	if (ex->state == NULL)
		abort();
	list_push(&fake.exchanges, &ex->node);
	previous = fake_enter(ex->worker);
	failed = hooks_of(ex)->begin(ex, ex->state, ex->request);
	fake_leave(previous);
	if (failed != 0)
		ex->aborted = true;
	fake_turn();
	return (ex);
}

void
fake_http_body(struct hg_exchange *ex, const void *data, size_t len, bool last)
{
	struct hg_frame *frame;
	unsigned previous;

	if (ex->body_over)
		fake_abort("a body behind its end");
	if (ex->holds > 0)
		fake_abort("the body is held");
	ex->body_over = last;
	if (is_open(ex) && hooks_of(ex)->body != NULL) {
		frame = fake_frame_new(data, len, last ? HG_LAST : 0);
		previous = fake_enter(ex->worker);
		hooks_of(ex)->body(ex, ex->state, frame);
		fake_leave(previous);
		fake_frame_unref(frame);
	}
	fake_turn();
}

void
fake_http_set_full(struct hg_exchange *ex, bool full)
{
	if (ex == NULL) {
		begin_full = full;
		return;
	}
	ex->full = full;
	fake_turn();
}

void
fake_http_vanish(struct hg_exchange *ex)
{
	ex->vanished = true;
	fake_turn();
}

int
fake_http_status(const struct hg_exchange *ex)
{
	return (ex->response != NULL ? ex->response->status : 0);
}

const char *
fake_http_field(const struct hg_exchange *ex, const char *name)
{
	return (ex->response != NULL ? http_get(ex->response, name) : NULL);
}

const char *
fake_http_text(const struct hg_exchange *ex, size_t *len)
{
	if (len != NULL)
		*len = ex->text.len;
	return (ex->text.text != NULL ? ex->text.text : "");
}

bool
fake_http_is_ended(const struct hg_exchange *ex)
{
	return (ex->ended);
}

bool
fake_http_is_aborted(const struct hg_exchange *ex)
{
	return (ex->aborted);
}

int
fake_http_holds(const struct hg_exchange *ex)
{
	return (ex->holds);
}

void
fake_http_set_browser(unsigned index, const char *file)
{
	browsers[index] = file;
}

void
fake_http_close_all(void)
{
	struct list *node, *save;

	list_each(node, save, &fake.exchanges)
		exchange_close(list_entry(node, struct hg_exchange, node));
}

void
fake_http_free_all(void)
{
	struct list *node, *save;
	struct hg_exchange *ex;

	list_each(node, save, &fake.exchanges) {
		ex = list_entry(node, struct hg_exchange, node);
		http_free(ex->request);
		http_free(ex->response);
		str_free(&ex->text);
		free(ex->state);
		free(ex);
	}
	memset(browsers, 0, sizeof(browsers));
	begin_full = false;
}
