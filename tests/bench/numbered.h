/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that begin with their number, ten digits, as a publisher sends
 * them: plain text, or a STOMP SEND.
 */
#ifndef BENCH_NUMBERED_H
#define BENCH_NUMBERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMBERED_DIGITS	10

struct numbered {
	unsigned char	*text;		/* of the last one that was made */
	size_t		 text_len;
	size_t		 body_at, body_len;
	bool		 raw;		/* no WebSocket frame around it */
	size_t		 max;		/* bytes that one needs at most */
};

/* destination: NULL for plain text. size is that of the body. */
void	numbered_make(struct numbered *, const char *destination, size_t size,
	    bool raw);
/* Writes the message with that number; returns its length. */
size_t	numbered_put(struct numbered *, unsigned char *, uint64_t number);
/* The number of a body; UINT64_MAX when it is none of these. */
uint64_t numbered_get(const struct numbered *, const unsigned char *,
	    size_t len);

#endif
