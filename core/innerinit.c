/* SPDX-License-Identifier: Apache-2.0 */
#include "innerinit.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "frame.h"
#include "http.h"
#include "innerhead.h"
#include "str.h"

#define INNERINIT_MAX	(64 * 1024)	/* bytes of a response with a body */

/* Which message is awaited. */
enum innerinit_phase {
	INNERINIT_MARKER,	/* legacy: before our request */
	INNERINIT_RESPONSE,
	INNERINIT_EMPTY,	/* legacy: behind the response */
	INNERINIT_LAST_MARKER,	/* legacy: behind a 101 */
};

/* Stands in the place of the channels, until it is done. */
struct innerinit {
	struct conn_channels	 ops;	/* the connection's carried */
	enum innerinit_phase	 phase;
	bool			 is_legacy;
	innerinit_done		*done;
	struct str		 request;
	struct str		 text;	/* of the message so far */
	struct hg_head		*response;
};

static struct innerinit *
innerinit_of(const struct hg_conn *conn)
{
	return (list_entry((uintptr_t)conn->carried, struct innerinit, ops));
}

static void
innerinit_free(struct innerinit *init)
{
	str_free(&init->request);
	str_free(&init->text);
	http_free(init->response);
	free(init);
}

static void
innerinit_finish(struct hg_conn *conn, struct hg_head *response,
    const char *why)
{
	struct innerinit *init = innerinit_of(conn);
	innerinit_done *done = init->done;

	conn->carried = NULL;
	innerinit_free(init);
	conn_set_deadline(conn, 0);
	done(conn, response, why);
}

static void
innerinit_send(struct hg_conn *conn, struct innerinit *init)
{
	struct hg_frame *frame;

	init->phase = INNERINIT_RESPONSE;
	frame = frame_copy(init->request.text, init->request.len,
	    init->is_legacy ? HG_WHOLE | HG_TEXT : HG_WHOLE);
	if (frame == NULL)
		innerinit_finish(conn, NULL, "out of memory");
	else
		conn_send(conn, frame);
}

/* --- what comes ----------------------------------------------------------- */

static void
innerinit_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	/* With any other code the reason is perhaps not ours. */
	innerinit_finish(conn, NULL, code == 1006 ? reason :
	    "it ends amid the second handshake");
}

/* The body, if there is one, is nobody's. */
static const char *
innerinit_parse(struct innerinit *init)
{
	const char *error = "its inner response is not whole";
	int len;

	len = http_head_len(init->text.text != NULL ? init->text.text : "",
	    init->text.len);
	if (len > 0)
		init->response = http_parse(init->text.text, (size_t)len,
		    HTTP_RESPONSE, &error, NULL);
	return (init->response == NULL ? error : NULL);
}

static bool
innerinit_is_marker(const struct str *text)
{
	return (text->len == INNER_MARKER_LEN &&
	    memcmp(text->text, INNER_MARKER, INNER_MARKER_LEN) == 0);
}

/* What is wrong with the message, or NULL; *is_done: it was the last one. */
static const char *
innerinit_next(struct hg_conn *conn, struct innerinit *init, bool *is_done)
{
	const char *error = NULL;

	switch (init->phase) {
	case INNERINIT_MARKER:
		if (!innerinit_is_marker(&init->text))
			return ("it does not begin with the marker");
		innerinit_send(conn, init);
		break;
	case INNERINIT_RESPONSE:
		error = innerinit_parse(init);
		init->phase = INNERINIT_EMPTY;
		*is_done = !init->is_legacy;
		break;
	case INNERINIT_EMPTY:
		if (init->text.len > 0)
			return ("its response has no empty message behind it");
		init->phase = INNERINIT_LAST_MARKER;
		*is_done = init->response->status != 101;
		break;
	case INNERINIT_LAST_MARKER:
		if (!innerinit_is_marker(&init->text))
			return ("its data does not begin with the marker");
		*is_done = true;
		break;
	}
	return (error);
}

static void
innerinit_message(struct hg_conn *conn, struct innerinit *init)
{
	struct hg_head *response;
	const char *error;
	bool is_done = false;

	error = innerinit_next(conn, init, &is_done);
	if (conn->carried == NULL)
		return;		/* it was done within */
	str_free(&init->text);
	if (error != NULL) {
		innerinit_finish(conn, NULL, error);
	} else if (is_done) {
		response = init->response;
		init->response = NULL;
		innerinit_finish(conn, response, NULL);
	}
}

static void
innerinit_recv(struct hg_conn *conn, struct hg_frame *frame)
{
	struct innerinit *init = innerinit_of(conn);
	unsigned i;

	if (init->text.len + frame->len > INNERINIT_MAX ||
	    (frame->flags & HG_TEXT) != 0) {
		innerinit_finish(conn, NULL, (frame->flags & HG_TEXT) != 0 ?
		    "it sends text amid the second handshake" :
		    "its inner response is too long");
		frame_unref(frame);
		return;
	}
	for (i = 0; i < frame->count; i++)
		str_add_bytes(&init->text, frame->slices[i].data,
		    frame->slices[i].len);
	if (init->text.failed)
		innerinit_finish(conn, NULL, "out of memory");
	else if ((frame->flags & HG_LAST) != 0)
		innerinit_message(conn, init);
	frame_unref(frame);
}

static void
innerinit_nothing(struct hg_conn *conn)
{
	(void)conn;
}

/* --- the beginning -------------------------------------------------------- */

int
innerinit_start(struct hg_conn *conn, const struct hg_head *request,
    bool is_legacy, uint64_t ms, innerinit_done *done)
{
	static const struct conn_channels ops = {
		.recv = innerinit_recv,
		.ended = innerinit_ended,
		.drained = innerinit_nothing,
		.full = innerinit_nothing,
		.close = innerinit_nothing,
		.gone = innerinit_nothing,
	};
	struct innerinit *init = calloc(1, sizeof(*init));

	if (init == NULL)
		return (-1);
	innerhead_write_request(&init->request, request);
	if (init->request.failed || conn_open(conn) != 0) {
		innerinit_free(init);
		return (-1);
	}
	init->ops = ops;
	init->is_legacy = is_legacy;
	init->done = done;
	conn->carried = &init->ops;
	conn_set_deadline(conn, ms);
	if (!is_legacy)
		innerinit_send(conn, init);
	return (0);
}
