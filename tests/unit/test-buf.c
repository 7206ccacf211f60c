/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "buf.h"
#include "harness.h"

static void
test_new(void)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 4096, 65536 };
	struct buf *buf;
	size_t i;

	for (i = 0; i < T_ROWS(sizes); i++) {
		t_row("size %zu", sizes[i]);
		T_REQUIRE((buf = buf_new(sizes[i])) != NULL);
		T_EQ(buf->size, sizes[i]);
		T_FALSE(buf_is_shared(buf));
		memset(buf->data, 0xaa, sizes[i]);
		buf_unref(buf);
	}
}

static void
test_too_large(void)
{
	T_NULL(buf_new(SIZE_MAX));
	T_NULL(buf_new(SIZE_MAX - sizeof(struct buf) + 1));
	buf_unref(NULL);
}

static void
test_references(void)
{
	struct buf *buf;
	int i;

	T_REQUIRE((buf = buf_new(10)) != NULL);
	for (i = 0; i < 100; i++)
		T_PTR_EQ(buf_ref(buf), buf);
	for (i = 0; i < 100; i++) {
		T_TRUE(buf_is_shared(buf));
		buf_unref(buf);
	}
	T_FALSE(buf_is_shared(buf));
	buf_unref(buf);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *
ref_and_unref(void *arg)
{
	struct buf *buf = arg;
	int i;

	for (i = 0; i < ROUNDS; i++)
		buf_ref(buf);
	for (i = 0; i < ROUNDS; i++)
		buf_unref(buf);
	/* The reference that came with arg; the last one to come frees. */
	buf_unref(buf);
	return (NULL);
}

static void
test_threads(void)
{
	pthread_t threads[THREADS];
	struct buf *buf;
	int i, round;

	for (round = 0; round < 20; round++) {
		T_REQUIRE((buf = buf_new(64)) != NULL);
		memset(buf->data, round, 64);
		for (i = 0; i < THREADS; i++)
			T_REQUIRE(pthread_create(&threads[i], NULL,
			    ref_and_unref, buf_ref(buf)) == 0);
		buf_unref(buf);
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
}

T_MAIN(
    { "new", test_new },
    { "too large", test_too_large },
    { "references", test_references },
    { "threads", test_threads })
