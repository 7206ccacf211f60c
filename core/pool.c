/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A free item's first word is the link, the rest is out of bounds to a program
 * built with the address sanitizer, so that a late use is found.
 */
#include <stdlib.h>
#include <string.h>

#include "pool.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POOL_POISON
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define POOL_POISON
#endif

#ifdef POOL_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size)	((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size)	((void)(data), (void)(size))
#endif

void
pool_init(struct pool *pool, size_t size, unsigned keep)
{
	memset(pool, 0, sizeof(*pool));
	pool->size = size < sizeof(void *) ? sizeof(void *) : size;
	pool->keep = keep;
}

/* The first free item, of which there is one. */
static void *
pool_pop(struct pool *pool)
{
	void *item = pool->free;

	memcpy(&pool->free, item, sizeof(pool->free));
	pool->count--;
	ASAN_UNPOISON_MEMORY_REGION(item, pool->size);
	return (item);
}

void
pool_finish(struct pool *pool)
{
	while (pool->free != NULL)
		free(pool_pop(pool));
}

void *
pool_get(struct pool *pool)
{
	if (pool->free != NULL)
		return (pool_pop(pool));
	return (malloc(pool->size));
}

void
pool_put(struct pool *pool, void *item)
{
	if (item == NULL)
		return;
	if (pool->count >= pool->keep) {
		free(item);
		return;
	}
	memcpy(item, &pool->free, sizeof(pool->free));
	pool->free = item;
	pool->count++;
	ASAN_POISON_MEMORY_REGION((char *)item + sizeof(pool->free),
	    pool->size - sizeof(pool->free));
}
