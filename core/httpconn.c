/* SPDX-License-Identifier: Apache-2.0 */
#include "httpconn.h"

#include <stdlib.h>

#include "frame.h"
#include "openconn.h"
#include "service.h"

static struct httpconn *
httpconn_of(const struct hg_conn *conn)
{
	return (conn->session_arg);
}

void
httpconn_later(struct httpconn *http)
{
	worker_flush_later(http->conn->worker, &http->work);
}

static uint64_t
httpconn_moved(const struct httpconn *http)
{
	return (http->conn->bytes_in + http->conn->bytes_out);
}

/* What a client is waited for, for the log; NULL: nothing. */
static const char *
httpconn_owes(const struct httpconn *http)
{
	const struct hg_exchange *ex = http->exchange;

	if (!outq_empty(&http->conn->out))
		return ("it does not read");
	if (http->closing || http->fin)
		return ("closed");
	if (ex == NULL)
		return (http->in_head ? "no complete request" : "idle");
	if (!httpbody_is_complete(&ex->body) && ((ex->begun && ex->holds == 0) || ex->ended))
		return ("no complete body");
	return (NULL);
}

void
httpconn_wait(struct httpconn *http, int64_t ms)
{
	http->moved = httpconn_moved(http);
	http->owed = httpconn_owes(http);
	due_set(&http->conn->worker->dues, &http->due, worker_clock() +
	    (uint64_t)ms);
}

static void
httpconn_free(struct httpconn *http)
{
	due_finish(&http->conn->worker->dues, &http->due);
	list_remove(&http->work.node);
	http_free(http->upgrade);
	frame_unref(http->in);
	free(http);
}

/* --- the end of an exchange ------------------------------------------------ */

static void
httpconn_close_exchange(struct httpconn *http)
{
	struct hg_exchange *ex = http->exchange;

	http->exchange = NULL;
	if (ex == NULL)
		return;
	login_cancel(ex->login);
	if (ex->begun && ex->plugin->http.close != NULL)
		ex->plugin->http.close(ex, ex->state);
	exchange_free(ex);
}

/* --- between exchanges ---------------------------------------------------- */

static void
httpconn_close_behind(struct httpconn *http)
{
	http->closing = true;
	httpconn_wait(http, http->conn->listen->http_timeout);
	if (outq_empty(&http->conn->out))
		conn_close(http->conn, 1000, "");
}

/*
 * It is a WebSocket's opening, or nothing that is answered here: from now on
 * the connection is as if it had come with this request.
 */
static void
httpconn_hand_over(struct httpconn *http)
{
	struct hg_head *request = http->upgrade;
	struct hg_conn *conn = http->conn;
	size_t len = http->in != NULL ? http->in->len : 0;

	http->upgrade = NULL;
	if (len > 0 && (conn->head = malloc(len)) == NULL) {
		http_free(request);
		conn_kill(conn, "out of memory");
		return;
	}
	if (len > 0)
		conn->head_len = frame_peek(http->in, 0, conn->head, len);
	if (http->paused)
		conn_pause(conn, false);
	conn->session_arg = NULL;
	conn->carried = NULL;
	conn->is_websocket = true;
	httpconn_free(http);
	openconn_websocket(conn, request);
}

bool
httpconn_is_done(const struct hg_exchange *ex)
{
	return (ex != NULL && ex->ended &&
	    (ex->last || httpbody_is_complete(&ex->body)));
}

static void
httpconn_work(struct work *work)
{
	struct httpconn *http = list_entry(work, struct httpconn, work);
	bool last;

	if (http->conn->state != CONN_OPEN)
		return;
	if (http->upgrade != NULL && !http->closing) {
		httpconn_hand_over(http);
		return;
	}
	if (httpconn_is_done(http->exchange)) {
		last = http->exchange->last;
		httpconn_close_exchange(http);
		if (last || http->fin || http->stopping)
			httpconn_close_behind(http);
		else
			httpconn_wait(http,
			    http->conn->listen->http_idle_timeout);
	}
	httpconn_read(http);
}

/*
 * Between requests the time is over. Else whoever owed the same when it began,
 * and has not moved a byte, is not waited for any more.
 */
static void
httpconn_tick(struct due *due)
{
	struct httpconn *http = list_entry(due, struct httpconn, due);
	const char *owes = httpconn_owes(http);

	worker_tick(http->conn->worker);
	if (http->conn->state == CONN_DEAD)
		return;
	if (http->exchange == NULL && !http->closing &&
	    outq_empty(&http->conn->out)) {
		if (http->in_head)
			conn_kill(http->conn, owes);
		else
			httpconn_close_behind(http);
	} else if (owes == NULL || owes != http->owed ||
	    httpconn_moved(http) != http->moved)
		httpconn_wait(http, http->conn->listen->http_timeout);
	else
		conn_kill(http->conn, owes);
}

/* --- what conn.c says ----------------------------------------------------- */

static void
httpconn_recv(struct hg_conn *conn, struct hg_frame *frame)
{
	struct httpconn *http = httpconn_of(conn);

	http->in = http->in == NULL ? frame : frame_concat(http->in, frame);
	if (http->in == NULL)
		conn_kill(conn, "out of memory");
	else
		httpconn_read(http);
}

/*
 * A FIN may only say that no more requests come; the response at hand is sent
 * as long as somebody reads it.
 */
static void
httpconn_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	struct httpconn *http = httpconn_of(conn);

	(void)code;
	(void)reason;
	http->fin = true;
	if (conn->state != CONN_OPEN || http->closing)
		return;
	if (http->exchange == NULL)
		httpconn_close_behind(http);
	else if (http->exchange->ended) {
		http->exchange->last = true;
		httpconn_later(http);
	} else if (!httpbody_is_complete(&http->exchange->body))
		conn_kill(conn, "closed within a request");
}

static void
httpconn_drained(struct hg_conn *conn)
{
	struct httpconn *http = httpconn_of(conn);
	struct hg_exchange *ex = http->exchange;

	if (ex == NULL)
		httpconn_later(http);
	if (ex == NULL || !ex->full || ex->ended)
		return;
	ex->full = false;
	if (ex->plugin->http.drain != NULL)
		ex->plugin->http.drain(ex, ex->state);
}

static void
httpconn_full(struct hg_conn *conn)
{
	(void)conn;
}

static void
httpconn_emptied(struct hg_conn *conn)
{
	if (httpconn_of(conn)->closing && conn->state == CONN_OPEN)
		conn_close(conn, 1000, "");
}

static void
httpconn_closed(struct hg_conn *conn)
{
	httpconn_close_exchange(httpconn_of(conn));
}

static void
httpconn_gone(struct hg_conn *conn)
{
	httpconn_free(httpconn_of(conn));
	conn->session_arg = NULL;
}

static const struct conn_channels httpconn_ops = {
	.recv = httpconn_recv,
	.ended = httpconn_ended,
	.drained = httpconn_drained,
	.full = httpconn_full,
	.emptied = httpconn_emptied,
	.close = httpconn_closed,
	.gone = httpconn_gone,
};

/* --- from without --------------------------------------------------------- */

bool
httpconn_wants(const struct hg_conn *conn, const struct hg_head *request)
{
	const struct service *service = service_find(conn->listen,
	    request->path);

	if (http_has_token(request, "Upgrade", "websocket"))
		return (false);
	return (service != NULL ? service_http(service) != NULL :
	    service_any_http(conn->listen));
}

bool
httpconn_is(const struct hg_conn *conn)
{
	return (conn->carried == &httpconn_ops);
}

void
httpconn_stop(struct hg_conn *conn)
{
	struct httpconn *http = httpconn_of(conn);

	http->stopping = true;
	if (http->exchange != NULL && !http->exchange->responded)
		http->exchange->last = true;
	else if (http->exchange == NULL && !http->closing &&
	    http->upgrade == NULL && conn->state == CONN_OPEN)
		httpconn_close_behind(http);
}

void
httpconn_start(struct hg_conn *conn, struct hg_head *request)
{
	struct httpconn *http;

	http = calloc(1, sizeof(*http));
	if (http == NULL || due_init(&conn->worker->dues, &http->due,
	    httpconn_tick) != 0) {
		free(http);
		http_free(request);
		conn_kill(conn, "out of memory");
		return;
	}
	http->conn = conn;
	list_init(&http->work.node);
	http->work.fn = httpconn_work;
	conn->session_arg = http;
	conn->carried = &httpconn_ops;
	conn->is_websocket = false;
	if (conn_open(conn) != 0) {
		http_free(request);
		conn_kill(conn, "a plugin could not begin");
		return;
	}
	httpconn_begin(http, request);
	httpconn_later(http);
}
