/* SPDX-License-Identifier: Apache-2.0 */
#include "inner.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "handshake.h"
#include "innerhead.h"
#include "log.h"
#include "opening.h"
#include "str.h"

#define INNER_ROUNDS	3	/* challenges of one connection */
#define INNER_EARLY	(16 * 1024)	/* bytes that wait: no more is read */
#define INNER_OVERHEAD	128		/* of each frame that waits */

/* From the outer 101 to the last inner response: the connection's session_arg.
 * While one is being decided, what comes waits. */
struct inner {
	struct hg_conn		*conn;
	struct wsext_list	 accepted;	/* in the outer response */
	struct str		 text;		/* of the request so far */
	bool			 is_legacy;
	bool			 in_text;	/* a text message */
	unsigned char		 utf8;
	bool			 deciding;
	bool			 done;		/* refused: it is closing */
	unsigned		 rounds;	/* challenges */
	struct list		 early;		/* struct waiting */
	size_t			 early_bytes;
	bool			 paused;	/* reading */
	struct list		 timers;	/* its deadline */
};

static atomic_ullong inner_counts[INNER_COUNTERS];

static void
inner_count(enum inner_counter which)
{
	atomic_fetch_add_explicit(&inner_counts[which], 1,
	    memory_order_relaxed);
}

uint64_t
inner_counter(enum inner_counter which)
{
	return (atomic_load(&inner_counts[which]));
}

const char *
inner_counter_name(enum inner_counter which)
{
	static const char *const names[INNER_COUNTERS] = {
		[INNER_OPENED] = "inner_opened",
		[INNER_CHALLENGED] = "inner_challenged",
		[INNER_REFUSED] = "inner_refused",
		[INNER_LATE] = "inner_late",
	};

	return (names[which]);
}

/* --- what is kept --------------------------------------------------------- */

static void
inner_drop_early(struct list *early)
{
	struct list *node, *save;
	struct waiting *waiting;

	list_each(node, save, early) {
		waiting = list_entry(node, struct waiting, node);
		list_remove(node);
		frame_unref(waiting->frame);
		free(waiting);
	}
}

static void
inner_free(struct inner *inner)
{
	if (inner == NULL)
		return;
	list_timers_stop(&inner->timers);
	inner_drop_early(&inner->early);
	wsext_free(&inner->accepted);
	str_free(&inner->text);
	free(inner);
}

static void
inner_pause(struct inner *inner, bool pause)
{
	if (inner->paused == pause)
		return;
	inner->paused = pause;
	conn_pause(inner->conn, pause);
}

/* It came before the answer: for what is opened then, or the next request. */
static void
inner_keep_early(struct inner *inner, struct hg_frame *frame)
{
	struct waiting *waiting = malloc(sizeof(*waiting));

	frame = frame_compact(frame);
	inner->early_bytes += frame->len + INNER_OVERHEAD;
	inner_pause(inner, inner->early_bytes > INNER_EARLY);
	if (waiting == NULL || inner->early_bytes > CHANNEL_EARLY_MAX +
	    (size_t)WORKER_READ_SIZE) {
		free(waiting);
		frame_unref(frame);
		conn_fail(inner->conn, 1008, "too much before the answer");
		return;
	}
	waiting->frame = frame;
	list_push(&inner->early, &waiting->node);
}

/* --- what is sent --------------------------------------------------------- */

static void
inner_send(struct hg_conn *conn, const void *data, size_t len)
{
	struct hg_frame *frame = frame_copy(data, len, HG_WHOLE);

	if (frame == NULL)
		conn_kill(conn, "out of memory");
	else
		conn_send(conn, frame);
}

void
inner_send_marker(struct hg_conn *conn)
{
	inner_send(conn, "\xef\x83\xbf\x4e", 4);
}

/* Behind each response a client of old awaits an empty message. */
static void
inner_send_response(struct inner *inner, struct str *text)
{
	if (text->failed)
		conn_kill(inner->conn, "out of memory");
	else
		inner_send(inner->conn, text->text, text->len);
	str_free(text);
	if (inner->is_legacy)
		inner_send(inner->conn, "", 0);
}

/* --- no ------------------------------------------------------------------- */

static void inner_timed_out(void *);

static void
inner_set_timer(struct inner *inner, int64_t ms)
{
	list_timers_stop(&inner->timers);
	if (list_timer_start(&inner->timers, (uint64_t)ms, inner_timed_out,
	    inner) == NULL)
		conn_kill(inner->conn, "out of memory");
}

static unsigned
inner_close_code(int status)
{
	if (status < 400)
		return (1000);
	return (status < 500 ? 1008 : 1011);
}

/* The answer, and the end of the connection. */
static void
inner_end(struct inner *inner, const struct hg_head *response,
    const char *why)
{
	struct hg_conn *conn = inner->conn;
	struct str text = { 0 };

	inner->done = true;
	list_timers_stop(&inner->timers);
	inner_pause(inner, false);
	inner_count(INNER_REFUSED);
	log_write(HG_LOG_INFO, conn->name,
	    "second handshake refused with %d: %s (from %s)",
	    response->status, why, conn_peer(conn));
	handshake_write_response(&text, response);
	inner_send_response(inner, &text);
	conn_close(conn, inner_close_code(response->status), why);
}

static void
inner_end_status(struct inner *inner, int status, const char *why)
{
	struct hg_fields *fields = NULL;
	struct hg_head *response;

	if (status == 405 && (fields = http_fields_new()) != NULL)
		http_fields_add(fields, "Allow", "GET");
	response = http_response(status, http_status_text(status), fields);
	http_fields_free(fields);
	if (response == NULL)
		conn_kill(inner->conn, "out of memory");
	else
		inner_end(inner, response, why);
	http_free(response);
}

/* The channel that was to be opened. The next round has another one. */
static void
inner_drop_channel(struct inner *inner)
{
	struct hg_conn *conn = inner->conn;
	struct hg_channel *ch = conn->root;

	if (!inner->deciding)
		return;
	inner->deciding = false;
	conn->root = NULL;
	channel_free(ch);
}

/* From what was the top of the chain, to whatever is there now. */
static void
inner_recv_early(struct hg_conn *conn, struct list *early, unsigned from)
{
	struct waiting *waiting;

	while (!list_empty(early)) {
		waiting = list_entry(early->next, struct waiting, node);
		list_remove(&waiting->node);
		chain_recv(&conn->chain, from, waiting->frame);
		free(waiting);
	}
}

/* Hands the frames that wait to the caller; who sends them may go on. */
static void
inner_take_early(struct inner *inner, struct list *early)
{
	list_init(early);
	list_splice(early, &inner->early);
	inner->early_bytes = 0;
	inner_pause(inner, false);
}

static void
inner_challenge(struct inner *inner, const struct hg_head *response)
{
	struct hg_conn *conn = inner->conn;
	struct str text = { 0 };
	struct list early;

	inner->rounds++;
	inner_count(INNER_CHALLENGED);
	log_write(HG_LOG_DEBUG, conn->name,
	    "second handshake: challenge %u", inner->rounds);
	handshake_write_response(&text, response);
	inner_send_response(inner, &text);
	inner_set_timer(inner, conn->service->challenge_timeout);
	inner_take_early(inner, &early);
	inner_recv_early(conn, &early, conn->chain.count);
}

static void
inner_refuse(struct hg_channel *ch, struct hg_head *response)
{
	struct inner *inner = ch->conn->session_arg;
	bool is_challenge = response->status == 401 &&
	    http_get(response, "WWW-Authenticate") != NULL;

	inner_drop_channel(inner);
	if (is_challenge && inner->rounds == INNER_ROUNDS)
		inner_end_status(inner, 403, "too many attempts");
	else if (is_challenge)
		inner_challenge(inner, response);
	else
		inner_end(inner, response, response->reason);
}

static void
inner_timed_out(void *arg)
{
	struct inner *inner = arg;

	inner_count(INNER_LATE);
	if (!inner->deciding) {
		inner_end_status(inner, 408, "no request in time");
		return;
	}
	inner_drop_channel(inner);
	inner_end_status(inner, 504, "no answer in time");
}

/* --- yes ------------------------------------------------------------------ */

/* The slots of the inner list, above those of the outer one. */
static int
inner_open_chain(struct hg_conn *conn, struct opening *opening)
{
	unsigned count = opening->agreed.conn_count;

	opening->agreed.conn_count = 0;
	if (conn_add_chain(conn, opening->agreed.conn, count) != 0)
		return (-1);
	if (conn->mux != NULL && channel_set_carried(conn->root) != 0)
		return (-1);
	return (chain_open(&conn->chain));
}

/* From here on the connection is as if the request had been the outer one. */
static void
inner_open(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	struct hg_conn *conn = ch->conn;
	struct inner *inner = conn->session_arg;
	struct list early;
	unsigned from = conn->chain.count;

	inner_take_early(inner, &early);
	conn->session_arg = NULL;
	conn->carried = &channel_conn_ops;
	inner_free(inner);
	http_free(conn->request);
	conn->request = http_ref(ch->request);
	if (inner_open_chain(conn, opening) != 0) {
		http_free(response);
		conn_fail(conn, 1011, "a plugin could not begin");
	} else {
		inner_count(INNER_OPENED);
		log_write(HG_LOG_INFO, conn->name,
		    "open: %s %s from %s, by a second handshake",
		    opening->service->name, ch->request->path,
		    conn_peer(conn));
		opening_open_channel(ch, opening, response);
	}
	inner_recv_early(conn, &early, from);
}

static void
inner_accept(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	struct inner *inner = ch->conn->session_arg;
	struct hg_head *own;
	struct str text = { 0 };

	own = innerhead_response(response, &opening->agreed.answer);
	if (own == NULL) {
		http_free(response);
		conn_kill(ch->conn, "out of memory");
		return;
	}
	handshake_write_101(&text,
	    http_get(ch->conn->request, "Sec-WebSocket-Key"), own);
	http_free(own);
	inner_send_response(inner, &text);
	if (inner->is_legacy)
		inner_send_marker(ch->conn);
	if (ch->conn->state == CONN_OPEN)
		inner_open(ch, opening, response);
	else
		http_free(response);	/* out of memory */
}

/* --- a request ------------------------------------------------------------ */

static const struct conn_channels inner_channels;

/* Decides as for any opening; takes the request. */
static void
inner_decide(struct inner *inner, struct hg_head *request)
{
	struct hg_conn *conn = inner->conn;
	struct opening *opening = calloc(1, sizeof(*opening));
	struct hg_channel *ch;
	const char *why = "out of memory";
	int status = 503;

	if (opening != NULL)
		status = opening_check(opening, conn, request, false, &why);
	if (status != 101) {
		http_free(request);
		opening_free(opening);
		inner_end_status(inner, status, why);
		return;
	}
	ch = channel_create(conn, NULL, opening->service, request);
	if (ch == NULL) {
		opening_free(opening);
		conn_kill(conn, "out of memory");
		return;
	}
	conn->carried = &inner_channels;
	opening->accept = inner_accept;
	opening->refuse = inner_refuse;
	inner->deciding = true;
	inner_set_timer(inner, 2 * conn->service->limits.connect_timeout);
	opening_start(ch, opening);
}

static void
inner_got_request(struct inner *inner)
{
	struct hg_head *merged;
	const char *why;
	int status;

	status = innerhead_merge(inner->text.text != NULL ? inner->text.text :
	    "", inner->text.len, inner->conn->request, &merged, &why);
	str_free(&inner->text);
	if (status != 101) {
		inner_end_status(inner, status, why);
	} else if (innerhead_asks_again(merged, &inner->accepted)) {
		http_free(merged);
		conn_fail(inner->conn, 1011,
		    "an extension of the outer handshake is asked for again");
	} else {
		inner_decide(inner, merged);
	}
}

static void
inner_add(struct inner *inner, const struct hg_frame *frame)
{
	unsigned i;

	if (inner->text.len + frame->len > INNER_MAX) {
		inner_end_status(inner, 431, "the request is too long");
		return;
	}
	for (i = 0; i < frame->count; i++)
		str_add_bytes(&inner->text, frame->slices[i].data,
		    frame->slices[i].len);
	if (inner->text.failed)
		conn_kill(inner->conn, "out of memory");
	else if ((frame->flags & HG_LAST) != 0)
		inner_got_request(inner);
}

static void
inner_recv(struct hg_conn *conn, struct hg_frame *frame)
{
	struct inner *inner = conn->session_arg;

	if (inner->deciding) {
		inner_keep_early(inner, frame);
		return;
	}
	if ((frame->flags & HG_FIRST) != 0)
		inner->in_text = (frame->flags & HG_TEXT) != 0;
	if ((frame->flags & HG_RSV) != 0)
		conn_fail(conn, 1002, "a reserved bit without an extension");
	else if (inner->in_text && !channel_check_text(&inner->utf8, frame))
		conn_fail(conn, 1007, "text is not UTF-8");
	else if (!inner->done)
		inner_add(inner, frame);
	frame_unref(frame);
}

/* --- in place of the channels --------------------------------------------- */

static void
inner_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	struct inner *inner = conn->session_arg;

	inner->done = true;
	list_timers_stop(&inner->timers);
	channel_conn_ops.ended(conn, code, reason);
}

static void
inner_full(struct hg_conn *conn)
{
	(void)conn;
}

static void
inner_close(struct hg_conn *conn)
{
	channel_conn_ops.close(conn);
}

static void
inner_gone(struct hg_conn *conn)
{
	channel_conn_ops.gone(conn);
	inner_free(conn->session_arg);
	conn->session_arg = NULL;
}

static const struct conn_channels inner_channels = {
	.recv = inner_recv,
	.ended = inner_ended,
	.drained = inner_full,
	.full = inner_full,
	.close = inner_close,
	.gone = inner_gone,
};

/* --- the outer request ---------------------------------------------------- */

bool
inner_is_wanted(const struct service *service, const struct hg_head *request)
{
	return (service->second_handshake && innerhead_is_offered(request));
}

/* The response on its way, and its chain. -1: it cannot be. */
static int
inner_answer_outer(struct hg_conn *conn, struct opening *opening)
{
	struct hg_head *response;
	struct str text = { 0 };
	unsigned count = opening->agreed.conn_count;
	size_t room = conn->service->extensions.count;

	response = opening_response(opening, INNER_PROTOCOL);
	if (response != NULL)
		handshake_write_101(&text, http_get(conn->request,
		    "Sec-WebSocket-Key"), response);
	http_free(response);
	if (response == NULL || text.failed) {
		str_free(&text);
		return (-1);
	}
	conn_send_head(conn, text.text, text.len);
	str_free(&text);
	opening->agreed.conn_count = 0;
	if (conn_set_chain_room(conn, opening->agreed.conn, count,
	    room < WSEXT_MAX ? (unsigned)room : WSEXT_MAX) != 0)
		return (-1);
	return (conn_open(conn));
}

int
inner_start(struct hg_conn *conn, bool is_legacy, const char **why)
{
	struct inner *inner = calloc(1, sizeof(*inner));
	struct opening *opening = calloc(1, sizeof(*opening));
	int status = 503;

	*why = "out of memory";
	if (inner != NULL && opening != NULL)
		status = opening_check_outer(opening, conn, conn->request, why);
	if (status != 101) {
		free(inner);
		opening_free(opening);
		return (status);
	}
	inner->conn = conn;
	inner->is_legacy = is_legacy;
	list_init(&inner->early);
	list_init(&inner->timers);
	inner->accepted = opening->agreed.answer;
	conn->service = opening->service;
	conn->session_arg = inner;
	conn->carried = &inner_channels;
	if (inner_answer_outer(conn, opening) != 0) {
		conn_kill(conn, "out of memory");
	} else {
		if (is_legacy)
			inner_send_marker(conn);
		inner_set_timer(inner, conn->service->inner_timeout);
	}
	opening->agreed.answer.count = 0;
	opening_free(opening);
	return (101);
}
