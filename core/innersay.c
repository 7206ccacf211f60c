/* SPDX-License-Identifier: Apache-2.0 */
/* How an inner request is answered. */
#include <stdatomic.h>

#include "frame.h"
#include "handshake.h"
#include "inner.h"
#include "innerhead.h"
#include "innerparts.h"
#include "log.h"

#define INNER_ROUNDS	3	/* challenges of one connection */

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
	inner_send(conn, INNER_MARKER, INNER_MARKER_LEN);
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

void
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

void
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

void
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
	http_free(conn->request);	/* the channel has the merged one */
	conn->request = NULL;
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

void
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
