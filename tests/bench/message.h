/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages made before they are needed: frames of one length that lie one
 * behind the other, each masked by a key of its own. Any number of them, from
 * any one on, is one run of bytes; behind the last comes the first again.
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message_ring {
	unsigned char	*frames;
	size_t		 head_len, frame_len;
	uint64_t	 count;
	uint64_t	 bytes;		/* of all frames */
};

void	message_ring_make(struct message_ring *, unsigned opcode, size_t size);
/*
 * The run at a position in the endless stream of frames, cut where the ring
 * ends.
 */
const unsigned char *message_run(const struct message_ring *, uint64_t from,
	    uint64_t to, size_t *len);
/* The payload of that message from "offset" on. */
bool	message_equals(const struct message_ring *, uint64_t number,
	    uint64_t offset, const unsigned char *, size_t);

#endif
