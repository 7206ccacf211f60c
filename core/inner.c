/* SPDX-License-Identifier: Apache-2.0 */
#include "inner.h"

#include <stdlib.h>

#include "frame.h"
#include "handshake.h"
#include "innerhead.h"
#include "innerparts.h"

void
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
	inner_set_timer(inner, (int64_t)opening_time(opening->service));
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
	else if (!inner->done && conn->state == CONN_OPEN)
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
