/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of any size for what comes and goes with every message: pools of a few
 * sizes, one set for each worker, so that nothing is allocated once they are
 * warm. What is taken on one thread may be given back on another. A thread
 * without a set, and sizes over the largest, are served by malloc.
 */
#ifndef CORE_RECYCLE_H
#define CORE_RECYCLE_H

#include <stddef.h>

#include "pool.h"

#define RECYCLE_SIZES	12	/* the largest holds 128 KiB and a header */
#define RECYCLE_BYTES	(1024 * 1024)	/* most that is free, of each size */
#define RECYCLE_ITEMS	8192		/* and in number */

struct recycle {
	struct pool	pool[RECYCLE_SIZES];
};

void	recycle_init(struct recycle *);
void	recycle_finish(struct recycle *);
/* The calling thread's set from now on; NULL: none. */
void	recycle_become(struct recycle *);
/* How much recycle_get gives for a size. */
size_t	recycle_size(size_t);
void   *recycle_get(size_t);		/* NULL without memory */
/* NULL is fine. The size is what was asked for. */
void	recycle_put(void *, size_t);

#endif
