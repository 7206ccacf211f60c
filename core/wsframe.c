/* SPDX-License-Identifier: Apache-2.0 */
#include "wsframe.h"

#include <string.h>

#include "mask.h"
#include "recycle.h"
#include "utf8.h"

#define BIT_FIN		0x80
#define BIT_MASK	0x80
#define BIT_CONTROL	0x08	/* of the opcode */
#define CLOSE_NO_CODE	1005

static void
number_put(unsigned char *out, uint64_t number, size_t bytes)
{
	while (bytes > 0) {
		out[--bytes] = number & 0xff;
		number >>= 8;
	}
}

static uint64_t
number_get(const unsigned char *in, size_t bytes)
{
	uint64_t number;
	size_t i;

	for (number = 0, i = 0; i < bytes; i++)
		number = number << 8 | in[i];
	return (number);
}

size_t
ws_head_format(unsigned char out[WS_HEAD_MAX], const struct ws_head *head)
{
	size_t bytes, len;

	if (head->len <= WS_CONTROL_MAX) {
		bytes = 0;
		out[1] = (unsigned char)head->len;
	} else if (head->len <= UINT16_MAX) {
		bytes = 2;
		out[1] = 126;
	} else {
		bytes = 8;
		out[1] = 127;
	}
	out[0] = (head->fin ? BIT_FIN : 0) | (head->rsv & 7) << 4 |
	    (head->opcode & 0xf);
	number_put(out + 2, head->len, bytes);
	len = 2 + bytes;
	if (head->masked) {
		out[1] |= BIT_MASK;
		memcpy(out + len, head->key, sizeof(head->key));
		len += sizeof(head->key);
	}
	return (len);
}

int
ws_head_parse(struct ws_head *head, const unsigned char *data, size_t len)
{
	size_t bytes, size;

	if (len < 2)
		return (0);
	head->fin = (data[0] & BIT_FIN) != 0;
	head->rsv = data[0] >> 4 & 7;
	head->opcode = data[0] & 0xf;
	head->masked = (data[1] & BIT_MASK) != 0;
	head->len = data[1] & 0x7f;
	bytes = head->len == 126 ? 2 : head->len == 127 ? 8 : 0;
	size = 2 + bytes + (head->masked ? sizeof(head->key) : 0);
	if (len < 2 + bytes)
		return (0);
	if (bytes > 0)
		head->len = number_get(data + 2, bytes);
	if ((bytes == 2 && head->len <= WS_CONTROL_MAX) ||
	    (bytes == 8 && head->len <= UINT16_MAX) || head->len > INT64_MAX)
		return (-1);
	if (len < size)
		return (0);
	if (head->masked)
		memcpy(head->key, data + 2 + bytes, sizeof(head->key));
	return ((int)size);
}

bool
ws_close_code_is_valid(unsigned code)
{
	if (code >= 3000)
		return (code <= 4999);
	return (code >= 1000 && code <= 1014 && code != 1004 &&
	    code != 1005 && code != 1006);
}

static enum ws_event
fail(struct ws_reader *r, unsigned code, const char *error)
{
	r->error_code = code;
	r->error = error;
	return (WS_ERROR);
}

static bool
is_control(const struct ws_reader *r)
{
	return ((r->head.opcode & BIT_CONTROL) != 0);
}

static const char *
control_check(const struct ws_reader *r)
{
	if (r->head.opcode > WS_PONG)
		return ("reserved control opcode");
	if (!r->head.fin)
		return ("fragmented control frame");
	if (r->head.len > WS_CONTROL_MAX)
		return ("control frame too long");
	if (r->head.rsv != 0)
		return ("reserved bit in a control frame");
	return (NULL);
}

static const char *
data_check(const struct ws_reader *r)
{
	unsigned char allowed;

	if (r->head.opcode > WS_BINARY)
		return ("reserved data opcode");
	if (r->head.opcode == WS_CONTINUATION && !r->in_message)
		return ("continuation of nothing");
	if (r->head.opcode != WS_CONTINUATION && r->in_message)
		return ("new message within a message");
	allowed = r->head.opcode == WS_CONTINUATION ? 0 : r->rsv_allowed;
	if ((r->head.rsv & ~allowed) != 0)
		return ("reserved bit");
	return (NULL);
}

/* All that the header alone can say, before any of the payload is looked at. */
static enum ws_event
head_check(struct ws_reader *r)
{
	const char *error;
	uint64_t before, most;

	error = is_control(r) ? control_check(r) : data_check(r);
	if (error != NULL)
		return (fail(r, 1002, error));
	if (r->head.masked == r->is_client) {
		return (fail(r, 1002, r->is_client ?
		    "masked frame from a server" :
		    "unmasked frame from a client"));
	}
	if (is_control(r))
		return (WS_NEED);
	if (r->frame_max != 0 && r->head.len > r->frame_max)
		return (fail(r, 1009, "frame too long"));
	/* The message so far is within the limit: no difference wraps. */
	most = r->message_max != 0 ? r->message_max : UINT64_MAX;
	before = r->in_message ? r->message_len : 0;
	if (r->head.len > most - before)
		return (fail(r, 1009, "message too long"));
	if (r->frames_max != 0 && r->in_message &&
	    r->message_frames >= r->frames_max)
		return (fail(r, 1009, "message in too many frames"));
	return (WS_NEED);
}

static void
frame_begin(struct ws_reader *r)
{
	r->in_frame = true;
	r->head_left = r->head.len;
	if (is_control(r)) {
		r->control_len = 0;
		return;
	}
	if (!r->in_message) {
		r->in_message = true;
		r->message_opcode = r->head.opcode;
		r->message_rsv = r->head.rsv;
		r->message_begun = false;
		r->message_len = 0;
		r->message_frames = 0;
	}
	r->message_len += r->head.len;
	if (r->message_frames < UINT32_MAX)
		r->message_frames++;
}

/*
 * A header that comes in parts is put together in partial, which takes any
 * header whole: what is copied too much is not consumed.
 */
static enum ws_event
head_read(struct ws_reader *r, unsigned char **at, size_t *left)
{
	size_t had, more;
	int n;

	had = r->partial_len;
	more = WS_HEAD_MAX - had < *left ? WS_HEAD_MAX - had : *left;
	if (had == 0)
		n = ws_head_parse(&r->head, *at, *left);
	else {
		memcpy(r->partial + had, *at, more);
		n = ws_head_parse(&r->head, r->partial, had + more);
	}
	if (n == -1)
		return (fail(r, 1002, "malformed length"));
	if (n == 0) {
		/* All that is left is a part of it. */
		memcpy(r->partial + had, *at, more);
		r->partial_len += (unsigned char)more;
	} else {
		r->partial_len = 0;
		more = n - had;
	}
	*at += more;
	*left -= more;
	if (n == 0)
		return (WS_NEED);
	if (head_check(r) == WS_ERROR)
		return (WS_ERROR);
	frame_begin(r);
	return (WS_NEED);
}

/* Takes payload of the frame at hand, at most max bytes of it, and unmasks. */
static size_t
payload_take(struct ws_reader *r, unsigned char **at, size_t *left, size_t max)
{
	size_t len;

	len = *left < max ? *left : max;
	if (len > r->head_left)
		len = r->head_left;
	if (r->head.masked) {
		mask_apply(*at, *at, len, r->head.key,
		    r->head.len - r->head_left);
	}
	r->head_left -= len;
	if (r->head_left == 0)
		r->in_frame = false;
	*at += len;
	*left -= len;
	return (len);
}

static enum ws_event
data_read(struct ws_reader *r, unsigned char **at, size_t *left,
    struct ws_piece *piece)
{
	piece->data = *at;
	piece->len = payload_take(r, at, left,
	    r->piece_max != 0 ? r->piece_max : SIZE_MAX);
	piece->last = !r->in_frame && r->head.fin;
	if (piece->len == 0 && !piece->last)
		return (WS_NEED);
	piece->opcode = r->message_opcode;
	piece->first = !r->message_begun;
	piece->rsv = piece->first ? r->message_rsv : 0;
	piece->code = 0;
	r->message_begun = true;
	if (piece->last)
		r->in_message = false;
	return (WS_PIECE);
}

static enum ws_event
close_check(struct ws_reader *r, struct ws_piece *piece)
{
	unsigned char state;

	r->closed = true;
	piece->code = CLOSE_NO_CODE;
	if (piece->len == 0)
		return (WS_CONTROL);
	if (piece->len == 1)
		return (fail(r, 1002, "close frame of one byte"));
	piece->code = number_get(piece->data, 2);
	if (!ws_close_code_is_valid(piece->code))
		return (fail(r, 1002, "invalid close code"));
	state = UTF8_START;
	if (!utf8_check(&state, piece->data + 2, piece->len - 2) ||
	    !utf8_is_complete(state))
		return (fail(r, 1007, "close reason is not UTF-8"));
	return (WS_CONTROL);
}

/* What has come of a control frame that is in parts. */
static int
control_keep(struct ws_reader *r, const unsigned char *data, size_t len)
{
	if (r->control == NULL &&
	    (r->control = recycle_get(WS_CONTROL_MAX)) == NULL)
		return (-1);
	memcpy(r->control + r->control_len, data, len);
	r->control_len += (unsigned char)len;
	return (0);
}

void
ws_reader_finish(struct ws_reader *r)
{
	recycle_put(r->control, WS_CONTROL_MAX);
	r->control = NULL;
}

/* A control frame that came in parts is put together in control. */
static enum ws_event
control_read(struct ws_reader *r, unsigned char **at, size_t *left,
    struct ws_piece *piece)
{
	const unsigned char *data;
	size_t len;

	data = *at;
	len = payload_take(r, at, left, WS_CONTROL_MAX);
	if (r->in_frame || r->control_len != 0) {
		if (control_keep(r, data, len) != 0)
			return (fail(r, 1011, "out of memory"));
		data = r->control;
	}
	if (r->in_frame)
		return (WS_NEED);
	piece->opcode = r->head.opcode;
	piece->first = piece->last = true;
	piece->rsv = 0;
	piece->data = data;
	piece->len = r->head.len;
	piece->code = 0;
	if (piece->opcode == WS_CLOSE)
		return (close_check(r, piece));
	return (WS_CONTROL);
}

enum ws_event
ws_reader_next(struct ws_reader *r, unsigned char **at, size_t *left,
    struct ws_piece *piece)
{
	enum ws_event event;

	if (r->error_code != 0)
		return (WS_ERROR);
	if (r->control != NULL && !r->in_frame)
		ws_reader_finish(r);
	if (r->closed) {
		*at += *left;
		*left = 0;
	}
	/* Every turn uses up bytes, or ends the loop. */
	for (event = WS_NEED; event == WS_NEED && *left > 0;) {
		if (!r->in_frame && head_read(r, at, left) == WS_ERROR)
			return (WS_ERROR);
		if (!r->in_frame)
			break;
		event = is_control(r) ? control_read(r, at, left, piece) :
		    data_read(r, at, left, piece);
	}
	return (event);
}
