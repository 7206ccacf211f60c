/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared bytes. A buffer is written by who made it, before anyone else sees
 * it, and never after. References may be held and dropped on any thread.
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	atomic_uint	 refs;
	size_t		 size;
	unsigned char	 data[];
};

struct buf *buf_new(size_t);		/* one reference; NULL without memory */
struct buf *buf_ref(struct buf *);
void	    buf_unref(struct buf *);	/* NULL is fine */
bool	    buf_is_shared(const struct buf *);	/* more than one reference */

#endif
