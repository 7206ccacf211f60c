/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Echo: what one read brought goes back by one write, frames as they came
 * without their masks. A frame that is not whole goes on piece by piece, so
 * that nothing is kept but what the client does not take.
 */
#include "bench/limit.h"

#include <string.h>

#include "mask.h"

/* A new header is at most as long as the old, but part of that came before. */
static unsigned char out[LIMIT_READ + WSIO_HEAD];

static size_t
echo_head(const struct wsio *in, unsigned char *to)
{
	unsigned opcode = in->opcode;

	if (opcode == WSIO_PING)
		opcode = WSIO_PONG;
	return (wsio_head(to, opcode, in->fin, in->frame_len, NULL));
}

static void
echo_bytes(struct limit_conn *c, unsigned char *data, size_t len)
{
	const unsigned char *from = data;
	struct wsio_piece p;
	size_t at = 0;

	while (wsio_next(&c->in, &from, data + len, &p)) {
		if (c->in.opcode == WSIO_PONG)
			continue;
		if (p.first)
			at += echo_head(&c->in, out + at);
		mask_apply(out + at, p.data, p.len, c->in.key, p.offset);
		at += p.len;
		if (c->in.opcode == WSIO_CLOSE && p.last)
			c->ending = true;
	}
	if (c->in.bad || !c->in.masked)
		c->dead = true;
	else if (at > 0)
		limit_conn_write(c, out, at);
}

const struct limit_mode limit_echo = { .bytes = echo_bytes };
