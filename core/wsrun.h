/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run: whole messages, each in one frame, one behind the other. Nobody wants
 * to look into them, so what was read is what is sent: a server's frames as
 * they are, a client's with masks of our own instead of the client's.
 */
#ifndef CORE_WSRUN_H
#define CORE_WSRUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wsframe.h"

struct ws_run {
	size_t		 len;		/* bytes on the wire */
	uint64_t	 payload;	/* of these */
	uint64_t	 messages;
};

/* Whether what comes next is a new message. */
static inline bool
ws_run_may_begin(const struct ws_reader *r)
{
	return (!r->in_frame && !r->in_message && r->partial_len == 0 &&
	    r->error_code == 0 && !r->closed);
}

/*
 * Makes of the first bytes what is sent on, in place. It ends before the first
 * frame that is not whole, no message of its own, or nothing that the reader
 * would let pass; that, and all behind it, is left as it was. Texts are UTF-8.
 */
void	ws_run_take(const struct ws_reader *, unsigned char *, size_t,
	    struct ws_run *);

#endif
