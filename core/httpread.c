/* SPDX-License-Identifier: Apache-2.0 */
/* What comes on a connection of HTTP requests: heads, bodies, heads. */
#include "frame.h"
#include "httpconn.h"
#include "log.h"
#include "openconn.h"

static bool
read_wants_body(const struct hg_exchange *ex)
{
	if (ex == NULL || httpbody_is_complete(&ex->body))
		return (false);
	return (ex->ended ? !ex->last : ex->begun && ex->holds == 0);
}

static bool
read_goes_on(const struct httpconn *http)
{
	return (http->in != NULL && http->conn->state == CONN_OPEN &&
	    !http->closing && http->upgrade == NULL);
}

static void
read_drop(struct httpconn *http)
{
	frame_unref(http->in);
	http->in = NULL;
}

/* The first bytes are done with. */
static void
read_took(struct httpconn *http, size_t len)
{
	if (len == http->in->len)
		read_drop(http);
	else if (len > 0 && (http->in = frame_trim(http->in, len)) == NULL)
		conn_kill(http->conn, "out of memory");
}

static void
read_refuse(struct httpconn *http, int status, const char *why)
{
	http->closing = true;
	openconn_refuse(http->conn, status, NULL, why);
}

/* --- heads ---------------------------------------------------------------- */

/* A head whose bytes are all there. */
static void
read_got_head(struct httpconn *http, const unsigned char *bytes, int len)
{
	const char *error = "the head is too long";
	struct hg_head *request;
	int status = 431;

	request = http_parse(bytes, len > 0 ? (size_t)len : http->in->len,
	    HTTP_REQUEST_OLD, &error, &status);
	if (len < 0 && request != NULL) {
		http_free(request);
		request = NULL;
	}
	if (request == NULL) {
		read_refuse(http, status, error);
		return;
	}
	http->in_head = false;
	read_took(http, (size_t)len);
	httpconn_begin(http, request);
}

/* False: more has to come. */
static bool
read_head(struct httpconn *http)
{
	const unsigned char *bytes;
	int len;

	if (!http->in_head) {
		http->in_head = true;
		httpconn_wait(http, http->conn->listen->handshake_timeout);
	}
	if ((bytes = frame_bytes(&http->in)) == NULL) {
		conn_kill(http->conn, "out of memory");
		return (true);
	}
	if ((len = http_head_len(bytes, http->in->len)) == 0)
		return (false);
	read_got_head(http, bytes, len);
	return (true);
}

/* --- bodies --------------------------------------------------------------- */

static void
read_give(struct hg_exchange *ex, struct hg_frame *frame, bool last)
{
	unsigned flags = last ? HG_LAST : 0;

	if (ex->received == 0)
		flags |= HG_FIRST;
	if (!ex->ended && ex->plugin->http.body != NULL &&
	    (frame = frame_flags(frame, flags)) != NULL)
		ex->plugin->http.body(ex, ex->state, frame);
	frame_unref(frame);
}

static void
read_piece(struct httpconn *http, const unsigned char *bytes,
    const unsigned char *data, size_t len)
{
	struct hg_exchange *ex = http->exchange;
	int64_t max = ex->service->http_body_max;
	struct hg_frame *frame;

	ex->expects = false;
	if (ex->ended) {
		ex->unwanted += len;
		ex->last |= ex->unwanted > EXCHANGE_UNWANTED;
		return;
	}
	if (max != 0 && ex->received + len > (uint64_t)max) {
		exchange_refuse(ex, 413, "the body is too long");
		return;
	}
	frame = frame_slice(frame_ref(http->in), (size_t)(data - bytes), len);
	if (frame == NULL) {
		conn_kill(http->conn, "out of memory");
		return;
	}
	read_give(ex, frame, httpbody_is_complete(&ex->body));
	ex->received += len;
}

static void
read_body(struct httpconn *http)
{
	const unsigned char *bytes, *at, *data;
	struct hg_exchange *ex = http->exchange;
	struct hg_frame *frame;
	size_t left, len;

	if ((bytes = at = frame_bytes(&http->in)) == NULL) {
		conn_kill(http->conn, "out of memory");
		return;
	}
	left = http->in->len;
	switch (httpbody_next(&ex->body, &at, &left, &data, &len)) {
	case HTTPBODY_DATA:
		read_piece(http, bytes, data, len);
		break;
	case HTTPBODY_END:
		if ((frame = frame_copy("", 0, 0)) == NULL)
			conn_kill(http->conn, "out of memory");
		else
			read_give(ex, frame, true);
		break;
	case HTTPBODY_NEED:
		break;
	case HTTPBODY_ERROR:
		ex->last = true;
		exchange_refuse(ex, 400, ex->body.error);
		return;
	}
	read_took(http, (size_t)(at - bytes));
}

/* RFC 9110, 10.1.1: only when the client is waited for. */
static void
read_ask_body(struct hg_exchange *ex)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct hg_frame *frame;

	ex->expects = false;
	if (ex->responded || ex->received > 0)
		return;
	if ((frame = frame_copy(text, sizeof(text) - 1, 0)) == NULL)
		conn_kill(ex->conn, "out of memory");
	else
		conn_write(ex->conn, frame);
}

static void
read_pause(struct httpconn *http, bool pause)
{
	if (pause == http->paused)
		return;
	http->paused = pause;
	conn_pause(http->conn, pause);
}

/* As far as it goes: until more has to come, or something has to happen. No
 * request is begun while more waits than is good: its answer would wait too. */
void
httpconn_read(struct httpconn *http)
{
	struct hg_exchange *ex;
	bool more = true;

	while (more && read_goes_on(http)) {
		if (http->exchange == NULL)
			more = !http->conn->full && read_head(http);
		else if ((more = read_wants_body(http->exchange)))
			read_body(http);
	}
	if (http->closing || http->conn->state != CONN_OPEN)
		read_drop(http);
	ex = http->exchange;
	if (http->in == NULL && read_wants_body(ex) && ex->expects)
		read_ask_body(ex);
	if (httpconn_is_done(ex))
		httpconn_later(http);
	read_pause(http, http->in != NULL && !http->in_head);
}
