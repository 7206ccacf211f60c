/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recycled memory of one size, for structs that come and go with every
 * message. A pool belongs to one thread. It keeps at most "keep" free items;
 * the rest goes back to malloc. Items are not zeroed.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <stddef.h>

struct pool {
	size_t	 size;		/* bytes of an item */
	unsigned keep;		/* most free items */
	unsigned count;		/* free items now */
	void	*free;		/* each free item's first word is the next */
};

void	 pool_init(struct pool *, size_t size, unsigned keep);
void	 pool_finish(struct pool *);
void	*pool_get(struct pool *);	/* NULL without memory */
void	 pool_put(struct pool *, void *);	/* NULL is fine */

#endif
