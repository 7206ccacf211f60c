/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "harness.h"
#include "pool.h"

static void
test_recycles(void)
{
	struct pool pool;
	void *a, *b;

	pool_init(&pool, 100, 4);
	T_REQUIRE((a = pool_get(&pool)) != NULL);
	memset(a, 0xff, 100);
	T_REQUIRE((b = pool_get(&pool)) != NULL);
	memset(b, 0xff, 100);
	T_TRUE(a != b);
	T_EQ(pool.count, 0);
	pool_put(&pool, a);
	T_EQ(pool.count, 1);
	T_PTR_EQ(pool_get(&pool), a);
	T_EQ(pool.count, 0);
	memset(a, 0xee, 100);
	pool_put(&pool, a);
	pool_put(&pool, b);
	pool_put(&pool, NULL);
	T_EQ(pool.count, 2);
	pool_finish(&pool);
	T_EQ(pool.count, 0);
	T_NULL(pool.free);
}

static void
test_keep(void)
{
	static const unsigned keeps[] = { 0, 1, 3, 10 };
	struct pool pool;
	void *items[8];
	size_t row, i, j;

	for (row = 0; row < T_ROWS(keeps); row++) {
		t_row("keep %u", keeps[row]);
		pool_init(&pool, sizeof(uint64_t), keeps[row]);
		for (j = 0; j < 3; j++) {
			for (i = 0; i < T_ROWS(items); i++) {
				items[i] = pool_get(&pool);
				T_REQUIRE(items[i] != NULL);
				memset(items[i], 1, sizeof(uint64_t));
			}
			for (i = 0; i < T_ROWS(items); i++)
				pool_put(&pool, items[i]);
			T_EQ(pool.count, keeps[row] < T_ROWS(items) ?
			    keeps[row] : T_ROWS(items));
		}
		pool_finish(&pool);
	}
}

/* No two items in use are the same memory, whatever the order. */
static void
test_distinct(void)
{
	enum { COUNT = 64, SIZE = 24 };
	struct pool pool;
	unsigned char *items[COUNT] = { 0 };
	unsigned seed, slot, step, i;

	pool_init(&pool, SIZE, 16);
	for (seed = 1, step = 0; step < 20000; step++) {
		seed = seed * 1103515245 + 12345;
		slot = seed >> 16 & (COUNT - 1);
		if (items[slot] == NULL) {
			T_REQUIRE((items[slot] = pool_get(&pool)) != NULL);
			memset(items[slot], (int)slot, SIZE);
			continue;
		}
		for (i = 0; i < SIZE; i++)
			T_REQUIRE(items[slot][i] == slot);
		pool_put(&pool, items[slot]);
		items[slot] = NULL;
	}
	for (slot = 0; slot < COUNT; slot++)
		pool_put(&pool, items[slot]);
	T_EQ(pool.count, 16);
	pool_finish(&pool);
}

static void
test_small(void)
{
	struct pool pool;
	void *a, *b;

	pool_init(&pool, 1, 2);
	a = pool_get(&pool);
	b = pool_get(&pool);
	T_REQUIRE(a != NULL && b != NULL);
	pool_put(&pool, a);
	pool_put(&pool, b);
	T_EQ(pool.count, 2);
	pool_finish(&pool);
}

T_MAIN(
    { "recycles", test_recycles },
    { "keeps so many", test_keep },
    { "items are distinct", test_distinct },
    { "small items", test_small })
