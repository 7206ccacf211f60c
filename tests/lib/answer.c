/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for the tests of HTTP. What it does is the request's query:
 *
 *	(none)		echoes method, target and body, chunked, as it comes
 *	count		says behind the body how long it was, with a length
 *	early		answers at once, and takes the body behind it
 *	fail		begin fails
 *	status=N	answers with that status and the length of "x", and "x"
 *	hop=NAME	says whether the host refused a field of that name
 *	stream=N	sends N bytes, as they are taken
 *	length=N&N	promises a length, and sends another
 *	field=NAME	says what the request's field has
 *	abort		aborts without a response; abort=1: within one
 *	wait		answers when somebody asks for "go"
 *	hold		holds the body until then, and is "count" else
 */
#include <headgate/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE	10000

struct answer {
	struct hg_exchange	*ex;
	struct answer		*next;		/* of those that wait */
	const char		*query;
	uint64_t		 received;
	uint64_t		 left;		/* of a stream */
	bool			 waits, holds;
};

struct answers {
	struct answer		*first;
};

enum { BEGUN, CLOSED, DRAINED };
static const char *const answer_counters[] = { "begun", "closed", "drained",
	NULL };

static bool
answer_is(const struct answer *answer, const char *what)
{
	size_t len = strlen(what);

	return (strncmp(answer->query, what, len) == 0 &&
	    (answer->query[len] == '\0' || answer->query[len] == '='));
}

static uint64_t
answer_number(const struct answer *answer, char behind)
{
	const char *at = strchr(answer->query, behind);

	return (at != NULL ? strtoull(at + 1, NULL, 10) : 0);
}

static int
answer_respond(struct answer *answer, int status, const char *name,
    const char *value)
{
	struct hg_fields *fields = hg->fields_new();
	int result;

	hg->fields_add(fields, "X-Answer", "yes");
	if (name != NULL)
		hg->fields_add(fields, name, value);
	result = hg->http_respond(answer->ex, status, fields);
	hg->fields_free(fields);
	return (result);
}

static void
answer_text(struct answer *answer, const char *text)
{
	hg->http_send(answer->ex, hg->frame_new(text, strlen(text), 0));
}

static void
answer_whole(struct answer *answer, int status, const char *text)
{
	char length[32];

	snprintf(length, sizeof(length), "%zu", strlen(text));
	answer_respond(answer, status, "Content-Length", length);
	answer_text(answer, text);
	hg->http_end(answer->ex);
}

static void
answer_count(struct answer *answer)
{
	char text[64];

	snprintf(text, sizeof(text), "%llu\n",
	    (unsigned long long)answer->received);
	answer_whole(answer, 200, text);
}

static void
answer_stream(struct answer *answer)
{
	char piece[PIECE];
	size_t len;
	bool room = true;

	while (room && answer->left > 0) {
		len = answer->left < PIECE ? (size_t)answer->left : PIECE;
		memset(piece, 'a' + (int)(answer->left % 26), len);
		answer->left -= len;
		room = hg->http_send(answer->ex,
		    hg->frame_new(piece, len, 0));
	}
	if (answer->left == 0)
		hg->http_end(answer->ex);
}

static void
answer_promise(struct answer *answer)
{
	char length[32];

	snprintf(length, sizeof(length), "%llu",
	    (unsigned long long)answer_number(answer, '='));
	answer_respond(answer, 200, "Content-Length", length);
	answer->left = answer_number(answer, '&');
	answer_stream(answer);
}

static void
answer_wait(struct answer *answer)
{
	struct answers *all = hg->worker_data(&hg_plugin_entry);

	answer->waits = true;
	answer->next = all->first;
	all->first = answer;
}

static void
answer_forget(struct answer *answer)
{
	struct answers *all = hg->worker_data(&hg_plugin_entry);
	struct answer **at;

	for (at = &all->first; *at != NULL; at = &(*at)->next)
		if (*at == answer) {
			*at = answer->next;
			break;
		}
	answer->waits = false;
}

static void
answer_go(struct answer *asker)
{
	struct answers *all = hg->worker_data(&hg_plugin_entry);
	struct answer *answer;

	while ((answer = all->first) != NULL) {
		answer_forget(answer);
		if (!answer->holds) {
			answer_whole(answer, 200, "went\n");
			continue;
		}
		answer->holds = false;
		hg->http_hold(answer->ex, false);
	}
	answer_whole(asker, 200, "go\n");
}

static void
answer_hop(struct answer *answer)
{
	const char *name = strchr(answer->query, '=') + 1;

	answer_whole(answer, 200, answer_respond(answer, 200, name,
	    "close") == 0 ? "taken\n" : "refused\n");
}

static void
answer_field(struct answer *answer, const struct hg_head *request)
{
	const char *value = hg->head_get(request,
	    strchr(answer->query, '=') + 1);

	answer_whole(answer, 200, value != NULL ? value : "none");
}

static void
answer_abort(struct answer *answer)
{
	if (answer_number(answer, '=') == 1) {
		answer_respond(answer, 200, NULL, NULL);
		answer_text(answer, "half");
	}
	hg->http_abort(answer->ex, "the test wants it");
}

static void
answer_echo(struct answer *answer, const struct hg_head *request)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %.200s\n", hg->head_method(request),
	    hg->head_target(request));
	answer_respond(answer, 200, NULL, NULL);
	answer_text(answer, text);
}

static int
answer_begin(struct hg_exchange *ex, void *state,
    const struct hg_head *request)
{
	struct answer *answer = state;
	const char *mark = strchr(hg->head_target(request), '?');

	hg->count(&hg_plugin_entry, BEGUN, 1);
	answer->ex = ex;
	answer->query = mark != NULL ? mark + 1 : "";
	if (answer_is(answer, "fail"))
		return (-1);
	if (answer_is(answer, "status"))
		answer_whole(answer, (int)answer_number(answer, '='), "x");
	else if (answer_is(answer, "hop"))
		answer_hop(answer);
	else if (answer_is(answer, "field"))
		answer_field(answer, request);
	else if (answer_is(answer, "go"))
		answer_go(answer);
	else if (answer_is(answer, "abort"))
		answer_abort(answer);
	else if (answer_is(answer, "early"))
		answer_whole(answer, 200, "early\n");
	else if (answer_is(answer, "wait"))
		answer_wait(answer);
	else if (answer_is(answer, "length"))
		answer_promise(answer);
	else if (answer_is(answer, "stream")) {
		answer_respond(answer, 200, NULL, NULL);
		answer->left = answer_number(answer, '=');
		answer_stream(answer);
	} else if (answer_is(answer, "hold")) {
		answer_wait(answer);
		answer->holds = true;
		hg->http_hold(ex, true);
	} else if (answer_is(answer, "count")) {
		if (hg->http_length(ex) == 0)
			answer_count(answer);
	} else {
		answer_echo(answer, request);
		if (hg->http_length(ex) == 0)
			hg->http_end(ex);
	}
	return (0);
}

static void
answer_body(struct hg_exchange *ex, void *state, struct hg_frame *frame)
{
	struct answer *answer = state;
	bool last = (hg->frame_flags(frame) & HG_LAST) != 0;

	answer->received += hg->frame_len(frame);
	if (answer->query[0] == '\0') {
		hg->http_send(ex, hg->frame_ref(frame));
		if (last)
			hg->http_end(ex);
	} else if (last && (answer_is(answer, "count") ||
	    answer_is(answer, "hold")))
		answer_count(answer);
}

static void
answer_drain(struct hg_exchange *ex, void *state)
{
	struct answer *answer = state;

	(void)ex;
	hg->count(&hg_plugin_entry, DRAINED, 1);
	if (answer->left > 0)
		answer_stream(answer);
}

static void
answer_close(struct hg_exchange *ex, void *state)
{
	struct answer *answer = state;

	(void)ex;
	hg->count(&hg_plugin_entry, CLOSED, 1);
	if (answer->waits)
		answer_forget(answer);
}

static const struct hg_http answer_http = {
	.size = sizeof(struct hg_http),
	.state_size = sizeof(struct answer),
	.begin = answer_begin,
	.body = answer_body,
	.drain = answer_drain,
	.close = answer_close,
};

HG_PLUGIN(
	.name = "answer",
	.version = HG_VERSION,
	.summary = "answers the tests of HTTP",
	.counters = answer_counters,
	.worker_size = sizeof(struct answers),
	.http = &answer_http,
);
