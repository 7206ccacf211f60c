/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frames of RFC 6455, without any queue: headers are made, and bytes are
 * cut into pieces that say where in their frame and message they lie.
 */
#ifndef BENCH_WSIO_H
#define BENCH_WSIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WSIO_HEAD	14

enum wsio_opcode {
	WSIO_TEXT = 1, WSIO_BINARY = 2, WSIO_CLOSE = 8, WSIO_PING = 9,
	WSIO_PONG = 10
};

/* All zero before the first byte. */
struct wsio {
	unsigned char	head[WSIO_HEAD];	/* of the frame that goes on */
	unsigned char	have;			/* bytes of a head not whole */
	unsigned char	opcode;			/* its own */
	unsigned char	message_opcode;		/* of the data message */
	bool		fin, masked;
	bool		inside;			/* payload may follow */
	bool		bad;			/* no WebSocket: stop */
	unsigned char	key[4];
	uint64_t	frame_len, frame_at;
	uint64_t	message_at;		/* payload of earlier frames */
};

/* Payload of one frame. */
struct wsio_piece {
	const unsigned char	*data;
	size_t			 len;
	uint64_t		 offset;	/* in the frame */
	bool			 first, last;	/* of the frame */
};

/* The length of the header. No key: no mask. */
size_t	wsio_head(unsigned char out[WSIO_HEAD], unsigned opcode, bool fin,
	    uint64_t len, const unsigned char *key);
/*
 * The next piece from *at on, which moves on; an empty frame has one too.
 * False when all bytes are used up, or "bad" is set.
 */
bool	wsio_next(struct wsio *, const unsigned char **at,
	    const unsigned char *end, struct wsio_piece *);

static inline bool
wsio_is_control(const struct wsio *w)
{
	return (w->opcode >= WSIO_CLOSE);
}

#endif
