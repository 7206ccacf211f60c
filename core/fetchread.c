/* SPDX-License-Identifier: Apache-2.0 */
/* The response: from the socket to who asked. */
#include "fetch.h"

#include <string.h>

#include "frame.h"

#define READ_ROUNDS	4	/* buffers of one response in one turn */
#define COPY_BELOW	8192	/* pieces that do not pin the read buffer */

static const char old_version[] = "HTTP/1.0 ";

static void
fetch_malformed(struct hg_fetch *fetch, const char *why)
{
	fetch_finish(fetch, HG_FETCH_FAILED, why);
}

/* "timeout=5": the server closes by then, so we do before. */
static uint64_t
keep_time(const struct hg_head *head)
{
	const char *value, *element, *digits;
	uint64_t seconds;
	size_t len;

	value = http_get(head, "Keep-Alive");
	while (value != NULL &&
	    (element = http_element(&value, &len)) != NULL) {
		digits = element + strlen("timeout=");
		if (len <= strlen("timeout=") || !str_equal_nocase_n(element,
		    strlen("timeout="), "timeout=", strlen("timeout=")) ||
		    !str_to_u64(digits, len - strlen("timeout="), 86400,
		    &seconds))
			continue;
		if (seconds * 1000 > FETCH_KEEP_MAX)
			return (FETCH_KEEP_MAX);
		return (seconds > 1 ? seconds * 1000 - 1000 : 0);
	}
	return (FETCH_KEEP);
}

static bool
fetch_has_no_body(const struct hg_fetch *fetch, const struct hg_head *head)
{
	return (head->status == 204 || head->status == 304 ||
	    strcmp(fetch->request->method, "HEAD") == 0);
}

/* That there is one framing at most was checked with the head. */
static int
fetch_begin_body(struct hg_fetch *fetch, const struct hg_head *head)
{
	const char *coding = http_get(head, "Transfer-Encoding");
	const char *length = http_get(head, "Content-Length");
	uint64_t bytes = 0;

	if (coding != NULL && fetch->old_version) {
		fetch_malformed(fetch, "Transfer-Encoding in HTTP/1.0");
		return (-1);
	}
	if (coding != NULL && !str_equal_nocase(coding, "chunked")) {
		fetch_malformed(fetch,
		    "a transfer coding that is not chunked alone");
		return (-1);
	}
	if (length != NULL && !str_to_u64(length, strlen(length), INT64_MAX,
	    &bytes)) {
		fetch_malformed(fetch, "malformed Content-Length");
		return (-1);
	}
	httpbody_init(&fetch->body, fetch_has_no_body(fetch, head) ?
	    HTTPBODY_NONE : coding != NULL ? HTTPBODY_CHUNKED :
	    length != NULL ? HTTPBODY_LENGTH : HTTPBODY_REST, bytes);
	fetch->server_closes = http_has_token(head, "Connection", "close") ||
	    fetch_is_login(fetch->request);
	fetch->keep_ms = keep_time(head);
	return (0);
}

static void
fetch_got_response(struct hg_fetch *fetch, const struct hg_head *head)
{
	if (head->status == 101) {
		fetch_malformed(fetch, "101 that nobody asked for");
		return;
	}
	if (head->status < 200) {
		if (++fetch->interim > FETCH_INTERIM)
			fetch_malformed(fetch, "too many interim responses");
		return;
	}
	if (fetch_begin_body(fetch, head) == -1)
		return;
	fetch->answered = true;
	fetch->ops.response(fetch->arg, head);
}

/* A head of the older version is read by the same rules. */
static struct hg_head *
fetch_parse_head(struct hg_fetch *fetch, size_t len, const char **error)
{
	char *text = fetch->head.text;

	if (len >= sizeof(old_version) - 1 &&
	    memcmp(text, old_version, sizeof(old_version) - 1) == 0) {
		fetch->old_version = true;
		text[sizeof(old_version) - 3] = '1';
	}
	return (http_parse(text, len, HTTP_RESPONSE, error, NULL));
}

/*
 * Gathers the head. How many of the bytes are used: all, or up to and with the
 * head's end.
 */
static size_t
fetch_got_head(struct hg_fetch *fetch, const unsigned char *data, size_t len)
{
	struct hg_head *head;
	const char *error = "its head is too long";
	size_t before;
	int end;

	before = fetch->head.len;
	if (len > HTTP_HEAD_MAX - before)
		len = HTTP_HEAD_MAX - before;
	str_add_bytes(&fetch->head, data, len);
	if (fetch->head.failed) {
		fetch_malformed(fetch, "out of memory");
		return (len);
	}
	end = http_head_len(fetch->head.text, fetch->head.len);
	if (end == 0)
		return (len);
	head = end > 0 ? fetch_parse_head(fetch, (size_t)end, &error) : NULL;
	str_free(&fetch->head);
	fetch->head = (struct str){ 0 };
	if (head == NULL) {
		fetch_malformed(fetch, error);
		return (len);
	}
	fetch_got_response(fetch, head);
	http_free(head);
	return ((size_t)end - before);
}

static void
fetch_got_piece(struct hg_fetch *fetch, struct buf *buf,
    const unsigned char *piece, size_t len)
{
	struct hg_frame *frame;

	frame = len < COPY_BELOW ? frame_copy(piece, len, 0) :
	    frame_over(buf, piece, len, 0);
	if (frame == NULL) {
		fetch_malformed(fetch, "out of memory");
		return;
	}
	fetch->ops.body(fetch->arg, frame);
	frame_unref(frame);
}

static size_t
fetch_got_body(struct hg_fetch *fetch, struct buf *buf,
    const unsigned char *data, size_t len)
{
	const unsigned char *piece, *at = data;
	size_t piece_len, left = len;

	switch (httpbody_next(&fetch->body, &at, &left, &piece, &piece_len)) {
	case HTTPBODY_DATA:
		fetch_got_piece(fetch, buf, piece, piece_len);
		break;
	case HTTPBODY_ERROR:
		fetch_malformed(fetch, fetch->body.error);
		break;
	case HTTPBODY_NEED:
	case HTTPBODY_END:
		break;
	}
	return (len - left);
}

/* Bytes that came; with the last of the response it is over. */
static void
fetch_got(struct hg_fetch *fetch, struct buf *buf, const unsigned char *data,
    size_t len)
{
	size_t used;

	fetch->received = true;
	fetch->progress = fetch->worker->now;
	while (len > 0 && !fetch->over) {
		used = fetch->answered ? fetch_got_body(fetch, buf, data, len) :
		    fetch_got_head(fetch, data, len);
		data += used;
		len -= used;
		if (!fetch->over && fetch->answered &&
		    httpbody_is_complete(&fetch->body))
			fetch_complete(fetch, len > 0);
	}
}

static void
fetch_got_end(struct hg_fetch *fetch)
{
	if (!fetch->answered)
		fetch_broken(fetch, "closed before its answer");
	else if (fetch->body.kind == HTTPBODY_REST)
		fetch_complete(fetch, true);
	else
		fetch_malformed(fetch, "closed within its answer");
}

/* False: nothing is left, or it is over. */
static bool
fetch_read_once(struct hg_fetch *fetch)
{
	struct worker *worker = fetch->worker;
	unsigned char *at;
	struct buf *buf;
	ssize_t n;

	if ((buf = worker_read_buf(worker, &at)) == NULL) {
		fetch_malformed(fetch, "out of memory");
		return (false);
	}
	n = transport_read(&fetch->conn->transport, at, worker->read_size);
	if (n > 0) {
		worker_has_read(worker, (size_t)n);
		buf_ref(buf);
		fetch_got(fetch, buf, at, (size_t)n);
		buf_unref(buf);
		return (!fetch->over);
	}
	if (n == 0)
		fetch_got_end(fetch);
	else if (n == TRANSPORT_ERROR)
		fetch_broken(fetch,
		    transport_error(&fetch->conn->transport));
	return (false);
}

void
fetch_read(struct hg_fetch *fetch)
{
	unsigned i;

	for (i = 0; i < READ_ROUNDS && fetch->holds == 0; i++)
		if (!fetch_read_once(fetch))
			break;
	if (fetch->over)
		return;
	if (i == READ_ROUNDS)
		worker_flush_later(fetch->worker, &fetch->again);
	fetch_arm(fetch);
}

void
fetch_hold(struct hg_fetch *fetch, bool hold)
{
	if (fetch->over)
		return;
	if (hold) {
		fetch->holds++;
		return;
	}
	if (fetch->holds == 0 || --fetch->holds > 0)
		return;
	fetch->progress = fetch->worker->now;
	worker_flush_later(fetch->worker, &fetch->again);
}
