/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "mask.h"

enum { LONGEST = 64, ALIGNS = 8, ROOM = LONGEST + 2 * ALIGNS };

static const unsigned char key[4] = { 0x37, 0xfa, 0x21, 0x3d };

static void
model_mask(unsigned char *out, const unsigned char *in, size_t len,
    size_t offset)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = in[i] ^ key[(offset + i) % 4];
}

static void
fill(unsigned char *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (unsigned char)(i * 151 + (i >> 8) + 3);
}

/* RFC 6455, 5.7: a masked "Hello". */
static void
test_rfc(void)
{
	unsigned char out[5];

	mask_apply(out, (const unsigned char *)"Hello", 5, key, 0);
	T_MEM_EQ(out, 5, "\x7f\x9f\x4d\x51\x58", 5);
	mask_apply(out, out, 5, key, 0);
	T_MEM_EQ(out, 5, "Hello", 5);
	mask_apply(NULL, NULL, 0, key, 3);
}

/* From one place to another; no byte beside them is touched. */
static void
test_copies(void)
{
	unsigned char in[ROOM], out[ROOM], want[ROOM];
	size_t len, offset, from, to;

	fill(in, sizeof(in));
	for (len = 0; len <= LONGEST; len++)
	for (offset = 0; offset < 4; offset++)
	for (from = 0; from < ALIGNS; from++)
	for (to = 0; to < ALIGNS; to++) {
		memset(out, 0xee, sizeof(out));
		memset(want, 0xee, sizeof(want));
		model_mask(want + to, in + from, len, offset);
		mask_apply(out + to, in + from, len, key, offset);
		if (memcmp(out, want, sizeof(out)) == 0)
			continue;
		t_row("len %zu offset %zu from %zu to %zu", len, offset, from,
		    to);
		T_MEM_EQ(out, sizeof(out), want, sizeof(want));
	}
	T_TRUE(true);
}

static void
test_in_place(void)
{
	unsigned char in[ROOM], out[ROOM], want[ROOM];
	size_t len, offset, at;

	fill(in, sizeof(in));
	for (len = 0; len <= LONGEST; len++)
	for (offset = 0; offset < 4; offset++)
	for (at = 0; at < ALIGNS; at++) {
		t_row("len %zu offset %zu at %zu", len, offset, at);
		memcpy(out, in, sizeof(in));
		memcpy(want, in, sizeof(in));
		model_mask(want + at, in + at, len, offset);
		mask_apply(out + at, out + at, len, key, offset);
		T_MEM_EQ(out, sizeof(out), want, sizeof(want));
		mask_apply(out + at, out + at, len, key, offset);
		T_MEM_EQ(out, sizeof(out), in, sizeof(in));
	}
}

/* A payload in pieces, each going on where the last one ended. */
static void
test_pieces(void)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 7, 8, 13, 31, 33, 100,
		997, 4096 };
	static unsigned char in[10000], out[10000], want[10000];
	size_t row, at, n;

	fill(in, sizeof(in));
	model_mask(want, in, sizeof(in), 0);
	for (row = 0; row < T_ROWS(sizes); row++) {
		t_row("pieces of %zu", sizes[row]);
		memset(out, 0, sizeof(out));
		for (at = 0; at < sizeof(in); at += n) {
			n = sizes[row];
			if (n > sizeof(in) - at)
				n = sizeof(in) - at;
			mask_apply(out + at, in + at, n, key, at);
		}
		T_MEM_EQ(out, sizeof(out), want, sizeof(want));
	}
}

/* Only the lowest two bits of an offset count. */
static void
test_large_offsets(void)
{
	static const size_t offsets[] = { 4, 7, UINT32_MAX, SIZE_MAX,
		SIZE_MAX - 1, SIZE_MAX - 2, SIZE_MAX / 2 };
	unsigned char in[50], out[50], want[50];
	size_t i;

	fill(in, sizeof(in));
	for (i = 0; i < T_ROWS(offsets); i++) {
		t_row("offset %zu", offsets[i]);
		model_mask(want, in, sizeof(in), offsets[i] % 4);
		mask_apply(out, in, sizeof(in), key, offsets[i]);
		T_MEM_EQ(out, sizeof(out), want, sizeof(want));
	}
}

enum { KEYS = 100000 };

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x < *y ? -1 : *x > *y);
}

static size_t
distinct(uint32_t *keys, size_t count)
{
	size_t i, n;

	qsort(keys, count, sizeof(*keys), compare);
	for (i = n = 1; i < count; i++)
		n += keys[i] != keys[i - 1];
	return (n);
}

static void
draw(uint32_t *keys, size_t count)
{
	unsigned char drawn[4];
	size_t i;

	for (i = 0; i < count; i++) {
		mask_key(drawn);
		memcpy(&keys[i], drawn, sizeof(keys[i]));
	}
}

/*
 * How often a byte of a key is the one in another place of the next key, for
 * the pair of places where it is most often so.
 */
static size_t
most_alike(const uint32_t *keys, size_t count)
{
	size_t pair, i, alike, most;

	for (pair = most = 0; pair < 16; pair++) {
		for (i = alike = 0; i + 1 < count; i++)
			alike += (keys[i] >> 8 * (pair / 4) & 255) ==
			    (keys[i + 1] >> 8 * (pair % 4) & 255);
		most = alike > most ? alike : most;
	}
	return (most);
}

/*
 * W08: of so many keys about one is there twice by chance, every bit is set in
 * half of them, and neither two neighbours nor their differences are alike.
 */
static void
test_keys(void)
{
	static uint32_t keys[KEYS], steps[KEYS - 1];
	size_t i, bit, set;

	draw(keys, KEYS);
	for (bit = 0; bit < 32; bit++) {
		t_row("bit %zu", bit);
		for (i = set = 0; i < KEYS; i++)
			set += keys[i] >> bit & 1;
		T_TRUE(set > KEYS / 2 - KEYS / 50 &&
		    set < KEYS / 2 + KEYS / 50);
	}
	t_row(NULL);
	for (i = 0; i + 1 < KEYS; i++)
		steps[i] = keys[i + 1] - keys[i];
	T_TRUE(distinct(steps, KEYS - 1) > KEYS - 50);
	for (i = 0; i + 1 < KEYS; i++)
		steps[i] = keys[i + 1] ^ keys[i];
	T_TRUE(distinct(steps, KEYS - 1) > KEYS - 50);
	T_TRUE(most_alike(keys, KEYS) < 2 * KEYS / 256);
	T_TRUE(distinct(keys, KEYS) > KEYS - 50);
}

enum { THREADS = 4, EACH = 10000 };

static void *
draw_some(void *arg)
{
	draw(arg, EACH);
	return (NULL);
}

/* W08: each thread has a supply of its own. */
static void
test_threads(void)
{
	static uint32_t keys[THREADS * EACH];
	pthread_t threads[THREADS];
	size_t i;

	for (i = 0; i < THREADS; i++)
		T_REQUIRE(pthread_create(&threads[i], NULL, draw_some,
		    keys + i * EACH) == 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	T_TRUE(distinct(keys, THREADS * EACH) > THREADS * EACH - 20);
}

T_MAIN(
    { "the RFC's example", test_rfc },
    { "copies, all lengths and alignments", test_copies },
    { "in place", test_in_place },
    { "pieces", test_pieces },
    { "large offsets", test_large_offsets },
    { "keys (W08)", test_keys },
    { "keys of threads (W08)", test_threads })
