/* SPDX-License-Identifier: Apache-2.0 */
#include "httpbody.h"

#include <string.h>

#include "str.h"

void
httpbody_init(struct httpbody *body, enum httpbody_kind kind, uint64_t length)
{
	memset(body, 0, sizeof(*body));
	body->kind = kind;
	body->left = length;
	if (kind == HTTPBODY_CHUNKED)
		body->place = HTTPBODY_AT_SIZE;
	else if (kind == HTTPBODY_NONE ||
	    (kind == HTTPBODY_LENGTH && length == 0))
		body->place = HTTPBODY_AT_END;
}

/* That there is one framing at most was checked with the head. */
int
httpbody_of_request(struct httpbody *body, const struct hg_head *head,
    const char **why)
{
	const char *coding = http_get(head, "Transfer-Encoding");
	const char *length = http_get(head, "Content-Length");
	uint64_t bytes = 0;

	*why = "Transfer-Encoding in HTTP/1.0";
	if (coding != NULL && head->is_old)
		return (400);
	*why = "a transfer coding that is not chunked alone";
	if (coding != NULL && !str_equal_nocase(coding, "chunked"))
		return (501);
	*why = "malformed Content-Length";
	if (length != NULL && !str_to_u64(length, strlen(length), INT64_MAX,
	    &bytes))
		return (400);
	*why = NULL;
	httpbody_init(body, coding != NULL ? HTTPBODY_CHUNKED :
	    length != NULL ? HTTPBODY_LENGTH : HTTPBODY_NONE, bytes);
	return (0);
}

bool
httpbody_is_complete(const struct httpbody *body)
{
	return (body->place == HTTPBODY_AT_END);
}

static enum httpbody_result
body_wrong(struct httpbody *body, const char *error)
{
	body->error = error;
	return (HTTPBODY_ERROR);
}

/* Behind a chunk's size line: its bytes, or the trailer. */
static void
body_size_is_known(struct httpbody *body)
{
	body->line = 0;
	body->digits = 0;
	body->place = body->left > 0 ? HTTPBODY_AT_DATA : HTTPBODY_AT_TRAILER;
}

static enum httpbody_result
body_size(struct httpbody *body, unsigned char c)
{
	uint64_t digit;
	char text = (char)c;

	if (str_hex_to_u64(&text, 1, 15, &digit)) {
		if (body->left > INT64_MAX >> 4 ||
		    body->digits == HTTPBODY_LINE_MAX)
			return (body_wrong(body, "chunk too long"));
		body->left = body->left << 4 | digit;
		body->digits++;
		return (HTTPBODY_NEED);
	}
	if (body->digits == 0)
		return (body_wrong(body, "malformed chunk size"));
	if (c == ';')
		body->place = HTTPBODY_AT_EXTENSION;
	else if (c == '\r')
		body->place = HTTPBODY_AT_SIZE_LF;
	else
		return (body_wrong(body, "malformed chunk size"));
	return (HTTPBODY_NEED);
}

static bool
body_is_text(unsigned char c)
{
	return (c == '\t' || (c >= ' ' && c != 0x7f));
}

static enum httpbody_result
body_extension(struct httpbody *body, unsigned char c)
{
	if (c == '\r') {
		body->place = HTTPBODY_AT_SIZE_LF;
		return (HTTPBODY_NEED);
	}
	if (!body_is_text(c))
		return (body_wrong(body, "malformed chunk extension"));
	if (++body->line > HTTPBODY_LINE_MAX ||
	    ++body->extra > HTTPBODY_EXTRA_MAX)
		return (body_wrong(body, "chunk extensions too long"));
	return (HTTPBODY_NEED);
}

/* One byte of a trailer's line that is not its end. */
static enum httpbody_result
body_trailer(struct httpbody *body, unsigned char c)
{
	char text = (char)c;

	if (++body->extra > HTTPBODY_EXTRA_MAX)
		return (body_wrong(body, "trailer too long"));
	if (body->place == HTTPBODY_AT_TRAILER_VALUE) {
		if (c == '\r')
			body->place = HTTPBODY_AT_TRAILER_LF;
		else if (!body_is_text(c))
			return (body_wrong(body, "malformed trailer"));
		return (HTTPBODY_NEED);
	}
	if (c == ':' && body->place == HTTPBODY_AT_TRAILER_NAME)
		body->place = HTTPBODY_AT_TRAILER_VALUE;
	else if (str_is_token(&text, 1))
		body->place = HTTPBODY_AT_TRAILER_NAME;
	else
		return (body_wrong(body, "malformed trailer"));
	return (HTTPBODY_NEED);
}

static enum httpbody_result
body_expect(struct httpbody *body, unsigned char c, char expected,
    enum httpbody_place next)
{
	if (c != (unsigned char)expected)
		return (body_wrong(body, "malformed end of a chunk"));
	body->place = next;
	return (HTTPBODY_NEED);
}

static enum httpbody_result
body_byte(struct httpbody *body, unsigned char c)
{
	switch (body->place) {
	case HTTPBODY_AT_SIZE:
		return (body_size(body, c));
	case HTTPBODY_AT_EXTENSION:
		return (body_extension(body, c));
	case HTTPBODY_AT_SIZE_LF:
		if (c == '\n')
			body_size_is_known(body);
		else
			return (body_wrong(body, "malformed end of a line"));
		return (HTTPBODY_NEED);
	case HTTPBODY_AT_DATA_CR:
		return (body_expect(body, c, '\r', HTTPBODY_AT_DATA_LF));
	case HTTPBODY_AT_DATA_LF:
		return (body_expect(body, c, '\n', HTTPBODY_AT_SIZE));
	case HTTPBODY_AT_TRAILER:
		if (c != '\r')
			return (body_trailer(body, c));
		body->place = HTTPBODY_AT_LAST_LF;
		return (HTTPBODY_NEED);
	case HTTPBODY_AT_TRAILER_NAME:
	case HTTPBODY_AT_TRAILER_VALUE:
		return (body_trailer(body, c));
	case HTTPBODY_AT_TRAILER_LF:
		return (body_expect(body, c, '\n', HTTPBODY_AT_TRAILER));
	case HTTPBODY_AT_LAST_LF:
		return (body_expect(body, c, '\n', HTTPBODY_AT_END));
	case HTTPBODY_AT_DATA:
	case HTTPBODY_AT_END:
		break;
	}
	return (HTTPBODY_NEED);
}

static enum httpbody_result
body_data(struct httpbody *body, const unsigned char **at, size_t *len,
    const unsigned char **data, size_t *data_len)
{
	size_t part = *len;

	if (body->kind != HTTPBODY_REST) {
		if (part > body->left)
			part = (size_t)body->left;
		body->left -= part;
		if (body->left == 0)
			body->place = body->kind == HTTPBODY_CHUNKED ?
			    HTTPBODY_AT_DATA_CR : HTTPBODY_AT_END;
	}
	*data = *at;
	*data_len = part;
	*at += part;
	*len -= part;
	return (HTTPBODY_DATA);
}

enum httpbody_result
httpbody_next(struct httpbody *body, const unsigned char **at, size_t *len,
    const unsigned char **data, size_t *data_len)
{
	enum httpbody_result result;

	while (body->place != HTTPBODY_AT_END) {
		if (*len == 0)
			return (HTTPBODY_NEED);
		if (body->place == HTTPBODY_AT_DATA)
			return (body_data(body, at, len, data, data_len));
		result = body_byte(body, **at);
		if (result != HTTPBODY_NEED)
			return (result);
		(*at)++;
		(*len)--;
	}
	return (HTTPBODY_END);
}
