/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "recycle.h"

#define MANY	5000

static const size_t sizes[] = { 1, 63, 64, 65, 127, 128, 1000, 1023, 1024, 1025,
	1088, 1089, 1600, 1601, 2112, 2113, 16384, 16448, 16449, 49216, 65536,
	65600, 65601, 262208, 262209, 1000000 };
#define SIZES	(sizeof(sizes) / sizeof(sizes[0]))

/* All bytes can be written, and nothing else is hit. */
static void
test_sizes(void)
{
	unsigned char *cells[SIZES][3];
	size_t i, j, k;

	for (i = 0; i < SIZES; i++)
		for (j = 0; j < 3; j++) {
			T_REQUIRE((cells[i][j] = recycle_get(sizes[i])) != NULL);
			T_EQ((uintptr_t)cells[i][j] % 16, 0);
			memset(cells[i][j], (int)(i * 3 + j),
			    recycle_size(sizes[i]));
		}
	for (i = 0; i < SIZES; i++)
		for (j = 0; j < 3; j++) {
			for (k = 0; k < recycle_size(sizes[i]); k++)
				if (cells[i][j][k] != i * 3 + j)
					break;
			T_EQ(k, recycle_size(sizes[i]));
			recycle_put(cells[i][j], sizes[i]);
		}
	recycle_put(NULL, 64);
}

/* A room is at least the size, wastes little, and is its own room: so a cell
 * may be given back by its room as well. */
static void
test_room(void)
{
	size_t size, room;

	for (size = 1; size < 70000; size++) {
		room = recycle_size(size);
		T_TRUE(room >= size);
		T_TRUE(room <= size + 63 || room <= size * 3 / 2 + 64);
		T_EQ(recycle_size(room), room);
	}
	T_EQ(recycle_size(1000000), 1000000);
}

/* With the address sanitizer nothing is recycled. */
static bool
recycles(void)
{
	return (recycle_size(1) > 1);
}

static int
by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return (x < y ? -1 : x > y);
}

static void
get_all(void **cells)
{
	size_t i;

	for (i = 0; i < MANY; i++)
		T_REQUIRE((cells[i] = recycle_get(100)) != NULL);
}

static void
put_all(void **cells)
{
	size_t i;

	for (i = 0; i < MANY; i++)
		recycle_put(cells[i], 100);
}

static void
sort(void **cells)
{
	qsort(cells, MANY, sizeof(cells[0]), by_address);
}

/* Each is out once only, and the same ones come again. */
static void
test_recycles(void)
{
	static void *first[MANY], *again[MANY];
	size_t i, same = 0;

	get_all(first);
	put_all(first);
	get_all(again);
	sort(first);
	sort(again);
	for (i = 0; i < MANY; i++) {
		same += first[i] == again[i];
		T_TRUE(i == 0 || again[i] != again[i - 1]);
	}
	if (recycles())
		T_EQ(same, MANY);
	put_all(again);
}

static void *
putter(void *arg)
{
	put_all(arg);
	recycle_thread_finish();
	return (NULL);
}

static void
put_by_another(void **cells)
{
	pthread_t thread;

	T_REQUIRE(pthread_create(&thread, NULL, putter, cells) == 0);
	pthread_join(thread, NULL);
}

/* What another thread gives back can be got here, round after round. */
static void
test_threads(void)
{
	static void *all[4][MANY];
	size_t round, i, known;

	recycle_thread_finish();
	for (round = 0; round < 4; round++) {
		get_all(all[round]);
		put_by_another(all[round]);
		sort(all[round]);
	}
	if (!recycles())
		return;
	for (round = 1; round < 4; round++) {
		for (i = known = 0; i < MANY; i++)
			known += bsearch(&all[round][i], all[0], MANY,
			    sizeof(all[0][0]), by_address) != NULL;
		/* But for the last batch, which was not full. */
		T_TRUE(known > MANY - 100);
	}
}

static void *
exchange(void *arg)
{
	void **slot = arg;
	unsigned seed = 1, i;
	void *cell;

	for (i = 0; i < 100000; i++) {
		seed = seed * 1103515245 + 12345;
		if ((cell = recycle_get(200)) == NULL)
			continue;
		memset(cell, (int)seed, 200);
		recycle_put(__atomic_exchange_n(&slot[seed >> 16 & 63], cell,
		    __ATOMIC_ACQ_REL), 200);
	}
	recycle_thread_finish();
	return (NULL);
}

/* Threads that give back each other's, at once. */
static void
test_exchange(void)
{
	static void *slots[64];
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++)
		T_REQUIRE(pthread_create(&threads[i], NULL, exchange,
		    slots) == 0);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 64; i++)
		recycle_put(slots[i], 200);
}

/* More than the depot holds goes back to malloc. */
static void
test_bound(void)
{
	enum { BIG = 60000, COUNT = RECYCLE_DEPOT / BIG + 50 };
	static void *cells[COUNT];
	size_t i;

	for (i = 0; i < COUNT; i++)
		T_REQUIRE((cells[i] = recycle_get(BIG)) != NULL);
	for (i = 0; i < COUNT; i++)
		recycle_put(cells[i], BIG);
	T_TRUE(recycle_depot() <= RECYCLE_DEPOT);
	if (recycles())
		T_TRUE(recycle_depot() > RECYCLE_DEPOT - 2 * recycle_size(BIG));
}

T_MAIN(
    { "all sizes", test_sizes },
    { "room", test_room },
    { "recycles", test_recycles },
    { "given back by another thread", test_threads },
    { "exchanged at once", test_exchange },
    { "the depot is bounded", test_bound })
