/* SPDX-License-Identifier: Apache-2.0 */
#include "recycle.h"

#include <stdlib.h>

#define SMALLEST	64	/* doubled from one size to the next, */
#define HEADER		32	/* and this on top of each */

static _Thread_local struct recycle *recycle_current;

static size_t
size_of(unsigned index)
{
	return (((size_t)SMALLEST << index) + HEADER);
}

/* RECYCLE_SIZES: none is large enough. */
static unsigned
index_of(size_t size)
{
	size_t words;

	if (size <= SMALLEST + HEADER)
		return (0);
	if (size > size_of(RECYCLE_SIZES - 1))
		return (RECYCLE_SIZES);
	words = (size - HEADER - 1) / SMALLEST;
	return ((unsigned)(8 * sizeof(long) -
	    (unsigned)__builtin_clzl((unsigned long)words)));
}

void
recycle_init(struct recycle *recycle)
{
	size_t keep;
	unsigned i;

	for (i = 0; i < RECYCLE_SIZES; i++) {
		keep = RECYCLE_BYTES / size_of(i);
		if (keep > RECYCLE_ITEMS)
			keep = RECYCLE_ITEMS;
		pool_init(&recycle->pool[i], size_of(i), (unsigned)keep);
	}
}

void
recycle_finish(struct recycle *recycle)
{
	unsigned i;

	for (i = 0; i < RECYCLE_SIZES; i++)
		pool_finish(&recycle->pool[i]);
}

void
recycle_become(struct recycle *recycle)
{
	recycle_current = recycle;
}

size_t
recycle_size(size_t size)
{
	unsigned i = index_of(size);

	return (i < RECYCLE_SIZES ? size_of(i) : size);
}

/* Without a set, too, as it may be given back to one. */
void *
recycle_get(size_t size)
{
	unsigned i = index_of(size);

	if (i == RECYCLE_SIZES)
		return (malloc(size));
	if (recycle_current == NULL)
		return (malloc(size_of(i)));
	return (pool_get(&recycle_current->pool[i]));
}

void
recycle_put(void *item, size_t size)
{
	unsigned i = index_of(size);

	if (i == RECYCLE_SIZES || recycle_current == NULL)
		free(item);
	else
		pool_put(&recycle_current->pool[i], item);
}
