/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "recycle.h"

#define LARGEST	(128 * 1024 + 32)

/* Every size has room, and comes back to whoever asks for it again. */
static void
test_sizes(void)
{
	struct recycle recycle;
	void *item;
	size_t size;

	recycle_init(&recycle);
	recycle_become(&recycle);
	for (size = 0; size <= LARGEST; size += size < 300 ? 1 : 31) {
		t_row("%zu", size);
		T_TRUE(recycle_size(size) >= size);
		T_TRUE(recycle_size(size) <= 2 * size + 96);
		T_EQ(recycle_size(recycle_size(size)), recycle_size(size));
		item = recycle_get(size);
		T_REQUIRE(item != NULL);
		memset(item, 1, recycle_size(size));
		recycle_put(item, size);
		T_PTR_EQ(recycle_get(recycle_size(size)), item);
		recycle_put(item, recycle_size(size));
	}
	T_EQ(recycle_size(LARGEST), LARGEST);
	T_EQ(recycle_size(LARGEST + 1), LARGEST + 1);
	item = recycle_get(LARGEST + 1);
	T_REQUIRE(item != NULL);
	memset(item, 1, LARGEST + 1);
	recycle_put(item, LARGEST + 1);
	recycle_put(NULL, 64);
	recycle_become(NULL);
	recycle_finish(&recycle);
}

/* What is free is bounded, of each size. */
static void
test_bound(void)
{
	static const size_t sizes[] = { 1, 300, 16400, LARGEST };
	static void *items[RECYCLE_ITEMS + 100];
	struct recycle recycle;
	size_t i, row;

	recycle_init(&recycle);
	recycle_become(&recycle);
	for (row = 0; row < T_ROWS(sizes); row++) {
		for (i = 0; i < T_ROWS(items); i++)
			items[i] = recycle_get(sizes[row]);
		for (i = 0; i < T_ROWS(items); i++)
			recycle_put(items[i], sizes[row]);
	}
	for (i = 0; i < RECYCLE_SIZES; i++) {
		T_TRUE(recycle.pool[i].count <= RECYCLE_ITEMS);
		T_TRUE(recycle.pool[i].count * recycle.pool[i].size <=
		    RECYCLE_BYTES);
	}
	T_TRUE(recycle.pool[0].count > 0);
	T_TRUE(recycle.pool[RECYCLE_SIZES - 1].count > 0);
	recycle_become(NULL);
	recycle_finish(&recycle);
	T_EQ(recycle.pool[0].count, 0);
}

static void *
give_back(void *item)
{
	recycle_put(item, 64);
	return (NULL);
}

/* A thread without a set takes back what another has taken, and gives. */
static void
test_other_thread(void)
{
	struct recycle recycle;
	pthread_t thread;
	void *item;

	recycle_init(&recycle);
	recycle_become(&recycle);
	item = recycle_get(64);
	T_REQUIRE(pthread_create(&thread, NULL, give_back, item) == 0);
	pthread_join(thread, NULL);
	T_EQ(recycle.pool[0].count, 0);
	recycle_become(NULL);
	item = recycle_get(64);
	recycle_become(&recycle);
	recycle_put(item, 64);
	T_EQ(recycle.pool[0].count, 1);
	recycle_become(NULL);
	recycle_finish(&recycle);
}

T_MAIN({ "sizes", test_sizes },
    { "what is free is bounded", test_bound },
    { "another thread", test_other_thread })
