/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks measure with: it must see what goes wrong. */
#include <stdlib.h>
#include <string.h>

#include "bench/histogram.h"
#include "bench/numbered.h"
#include "bench/sequence.h"
#include "bench/wsio.h"
#include "harness.h"
#include "mask.h"

static void
test_histogram(void)
{
	static struct histogram h;
	uint64_t i, at;

	T_EQ(histogram_at(&h, 0.5), 0);
	for (i = 1; i <= 100000; i++)
		histogram_add(&h, i * 1000);
	at = histogram_at(&h, 0.5);
	T_TRUE(at >= 49000000 && at <= 51000000);
	at = histogram_at(&h, 0.99);
	T_TRUE(at >= 97000000 && at <= 101000000);
	T_EQ(histogram_at(&h, 1), 100000000);
	histogram_add(&h, UINT64_MAX);
	T_EQ(h.max, UINT64_MAX);
	T_EQ(histogram_at(&h, 1), UINT64_MAX);
}

static void
test_sequence(void)
{
	struct sequence s = { 0 };

	T_EQ(sequence_take(&s, 0), SEQUENCE_NEW);
	T_EQ(sequence_take(&s, 1), SEQUENCE_NEW);
	T_EQ(sequence_take(&s, 1), SEQUENCE_DOUBLE);
	T_EQ(sequence_missing(&s, 2), 0);
	T_EQ(sequence_take(&s, 7), SEQUENCE_NEW);	/* 2..6 are missing */
	T_EQ(sequence_missing(&s, 8), 5);
	T_EQ(sequence_take(&s, 4), SEQUENCE_LATE);
	T_EQ(sequence_take(&s, 4), SEQUENCE_DOUBLE);
	T_EQ(sequence_take(&s, 2), SEQUENCE_LATE);
	T_EQ(sequence_take(&s, 6), SEQUENCE_LATE);
	T_EQ(sequence_missing(&s, 8), 2);
	T_EQ(sequence_missing(&s, 10), 4);
	T_EQ(sequence_take(&s, 0), SEQUENCE_DOUBLE);
	free(s.gaps);
}

/* The number that a receiver reads in what a publisher sent. */
static void
check_number(struct numbered *n, uint64_t number)
{
	unsigned char out[256], body[64];
	struct wsio in = { 0 };
	struct wsio_piece p;
	const unsigned char *at = out;
	size_t len = numbered_put(n, out, number);

	T_TRUE(len <= n->max);
	T_TRUE(wsio_next(&in, &at, out + len, &p));
	T_TRUE(p.first && p.last && in.fin && in.masked);
	T_EQ(in.opcode, WSIO_TEXT);
	mask_apply(body, p.data, p.len, in.key, 0);
	T_EQ(numbered_get(n, body, p.len), number);
	T_EQ(numbered_get(n, body, p.len - 1), UINT64_MAX);
	body[3] = 'x';
	T_EQ(numbered_get(n, body, p.len), UINT64_MAX);
}

static void
test_numbered(void)
{
	struct numbered n = { 0 };

	numbered_make(&n, NULL, 20, false);
	check_number(&n, 0);
	check_number(&n, 1);
	check_number(&n, 9876543210);
	free(n.text);
}

/* Frames of several kinds, one behind the other. */
static size_t
put_frames(unsigned char *out)
{
	static const size_t lengths[] = { 0, 5, 125, 126, 300, 65536 };
	unsigned char *at = out;
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		at += wsio_head(at, i == 0 ? WSIO_TEXT : 0, i == 5, lengths[i],
		    (i & 1) ? (const unsigned char *)"abcd" : NULL);
		memset(at, 'a', lengths[i]);
		at += lengths[i];
		at += wsio_head(at, WSIO_PING, true, 0, NULL);
	}
	return ((size_t)(at - out));
}

static void
check_cut(const unsigned char *data, size_t len, size_t step)
{
	size_t i, n, sum = 0, firsts = 0, lasts = 0, pings = 0;
	struct wsio in = { 0 };
	struct wsio_piece p;
	const unsigned char *at;

	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		at = data + i;
		while (wsio_next(&in, &at, data + i + n, &p)) {
			firsts += p.first;
			lasts += p.last;
			pings += p.last && in.opcode == WSIO_PING;
			if (wsio_is_control(&in))
				continue;
			T_EQ(in.message_at + p.offset, sum);
			T_EQ(in.message_opcode, WSIO_TEXT);
			sum += p.len;
		}
		T_TRUE(at == data + i + n);
	}
	T_FALSE(in.bad);
	T_EQ(sum, 0 + 5 + 125 + 126 + 300 + 65536);
	T_EQ(firsts, 12);
	T_EQ(lasts, 12);
	T_EQ(pings, 6);
}

static void
test_wsio(void)
{
	unsigned char *data = malloc(80000);
	size_t len = put_frames(data), step;

	for (step = 1; step < 40; step++)
		check_cut(data, len, step);
	check_cut(data, len, 4096);
	check_cut(data, len, len);
	free(data);
}

T_MAIN(
	{ "histogram", test_histogram },
	{ "sequence: lost, late, double", test_sequence },
	{ "numbers of messages", test_numbered },
	{ "frames cut anywhere", test_wsio })
