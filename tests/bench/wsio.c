/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/wsio.h"

#include <string.h>

size_t
wsio_head(unsigned char out[WSIO_HEAD], unsigned opcode, bool fin,
    uint64_t len, const unsigned char *key)
{
	size_t at = 2, i, bytes;

	out[0] = (unsigned char)(opcode | (fin ? 0x80 : 0));
	bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;
	out[1] = (unsigned char)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (i = bytes; i-- > 0;)
		out[at++] = (unsigned char)(len >> (8 * i));
	if (key != NULL) {
		out[1] |= 0x80;
		memcpy(out + at, key, 4);
		at += 4;
	}
	return (at);
}

/* The bytes of a head of which two are there. */
static size_t
head_len(const unsigned char *head)
{
	size_t len = 2;

	if ((head[1] & 0x7f) == 126)
		len += 2;
	else if ((head[1] & 0x7f) == 127)
		len += 8;
	return (head[1] & 0x80 ? len + 4 : len);
}

static void
read_head(struct wsio *w, const unsigned char *head, size_t len)
{
	size_t i, end;

	w->fin = (head[0] & 0x80) != 0;
	w->opcode = head[0] & 0x0f;
	w->masked = (head[1] & 0x80) != 0;
	w->bad = (head[0] & 0x70) != 0;
	end = w->masked ? len - 4 : len;
	w->frame_len = end == 2 ? head[1] & 0x7f : 0;
	for (i = 2; i < end; i++)
		w->frame_len = w->frame_len << 8 | head[i];
	if (w->masked)
		memcpy(w->key, head + end, 4);
	if (!wsio_is_control(w) && w->opcode != 0) {
		w->message_opcode = w->opcode;
		w->message_at = 0;
	}
	w->frame_at = 0;
	w->inside = true;
}

/* False when the head is not whole yet. */
static bool
take_head(struct wsio *w, const unsigned char **at, const unsigned char *end)
{
	size_t need;

	if (w->have == 0 && end - *at >= 2 &&
	    (size_t)(end - *at) >= (need = head_len(*at))) {
		read_head(w, *at, need);
		*at += need;
		return (true);
	}
	while (*at < end) {
		w->head[w->have++] = *(*at)++;
		if (w->have < 2 || w->have < (need = head_len(w->head)))
			continue;
		w->have = 0;
		read_head(w, w->head, need);
		return (true);
	}
	return (false);
}

bool
wsio_next(struct wsio *w, const unsigned char **at, const unsigned char *end,
    struct wsio_piece *p)
{
	uint64_t left;

	p->first = !w->inside;
	if (w->bad)
		return (false);
	if (!w->inside) {
		if (!wsio_is_control(w))
			w->message_at += w->frame_len;
		w->frame_len = 0;
		if (!take_head(w, at, end) || w->bad)
			return (false);
	} else if (*at == end) {
		return (false);
	}
	left = w->frame_len - w->frame_at;
	p->data = *at;
	p->len = left < (uint64_t)(end - *at) ? (size_t)left :
	    (size_t)(end - *at);
	p->offset = w->frame_at;
	p->last = p->len == left;
	w->frame_at += p->len;
	w->inside = !p->last;
	*at += p->len;
	return (true);
}
