/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "outq.h"

enum { MODEL_MAX = 1 << 16 };

static unsigned
random_below(unsigned bound)
{
	static unsigned seed = 7;

	seed = seed * 1103515245 + 12345;
	return ((seed >> 8) % bound);
}

/* What the queue holds, seen through every function that looks. */
static void
check(const struct outq *q, const void *model, size_t len, unsigned count)
{
	static unsigned char out[MODEL_MAX + 1];
	struct iovec iov[512];
	size_t bytes, got;
	int i, n;

	T_EQ(q->ring->count, count);
	T_EQ(outq_empty(q), count == 0);
	T_EQ(outq_cost(q), len + (size_t)count * OUTQ_OVERHEAD);
	n = outq_iov(q, iov, 512, &bytes);
	for (i = 0, got = 0; i < n; i++) {
		T_TRUE(iov[i].iov_len > 0);
		memcpy(out + got, iov[i].iov_base, iov[i].iov_len);
		got += iov[i].iov_len;
	}
	T_EQ(got, bytes);
	T_MEM_EQ(out, got, model, n < 512 ? len : got);
	memset(out, 0, len + 1);
	T_EQ(outq_peek(q, out, len + 1), len);
	T_MEM_EQ(out, len, model, len);
}

static void
push(struct outq *q, const char *head, const char *text)
{
	T_EQ(outq_push(q, head, strlen(head), text == NULL ? NULL :
	    frame_copy(text, strlen(text), 0)), 0);
}

static void
push_front(struct outq *q, const char *head, const char *text)
{
	T_EQ(outq_push_front(q, head, strlen(head), text == NULL ? NULL :
	    frame_copy(text, strlen(text), 0)), 0);
}

static void
test_push(void)
{
	struct outq q;

	outq_init(&q);
	check(&q, "", 0, 0);
	push(&q, "H", "one");
	check(&q, "Hone", 4, 1);
	push(&q, "", "two");
	push(&q, "ping", NULL);
	check(&q, "Honetwoping", 11, 3);
	push(&q, "0123456789abcdef", "x");
	check(&q, "Honetwoping0123456789abcdefx", 28, 4);
	outq_finish(&q);
	check(&q, "", 0, 0);
	outq_finish(&q);
}

/* Nothing to send is no entry; a head that cannot be is refused. */
static void
test_push_nothing(void)
{
	struct hg_frame *frame;
	struct outq q;

	outq_init(&q);
	push(&q, "", NULL);
	push(&q, "", "");
	push_front(&q, "", "");
	check(&q, "", 0, 0);
	push(&q, "a", "");
	check(&q, "a", 1, 1);
	push_front(&q, "", NULL);
	check(&q, "a", 1, 1);
	frame = frame_copy("x", 1, 0);
	T_EQ(outq_push(&q, "0123456789abcdefg", 17, frame_ref(frame)), -1);
	T_EQ(outq_push_front(&q, "0123456789abcdefg", 300,
	    frame_ref(frame)), -1);
	T_EQ(frame->refs, 1);
	check(&q, "a", 1, 1);
	frame_unref(frame);
	outq_finish(&q);
}

/* Every number of bytes at once, from every start. */
static void
test_consume(void)
{
	static const char all[] = "AAonetwoBthreeCCCfour";
	struct hg_frame *three;
	size_t first, second, left;
	unsigned count;
	struct outq q;

	for (first = 0; first <= strlen(all); first++) {
		for (second = 0; first + second <= strlen(all); second++) {
			t_row("%zu and %zu", first, second);
			outq_init(&q);
			push(&q, "AA", "one");
			push(&q, "", "two");
			three = frame_append(frame_copy("th", 2, 0), "ree", 3);
			T_EQ(outq_push(&q, "B", 1, three), 0);
			push(&q, "CCC", NULL);
			push(&q, "", "four");
			outq_consume(&q, first);
			outq_consume(&q, second);
			left = first + second;
			count = (left < 5) + (left < 8) + (left < 14) +
			    (left < 17) + (left < 21);
			check(&q, all + left, strlen(all) - left, count);
			outq_finish(&q);
		}
	}
}

static void
test_consume_too_much(void)
{
	struct outq q;

	outq_init(&q);
	outq_consume(&q, 5);
	push(&q, "H", "abc");
	outq_consume(&q, SIZE_MAX);
	check(&q, "", 0, 0);
	push(&q, "I", "def");
	check(&q, "Idef", 4, 1);
	outq_finish(&q);
}

static void
test_consume_unrefs(void)
{
	struct hg_frame *frame;
	struct outq q;

	outq_init(&q);
	frame = frame_copy("abc", 3, 0);
	outq_push(&q, "H", 1, frame_ref(frame));
	outq_push(&q, "H", 1, frame_ref(frame));
	T_EQ(frame->refs, 3);
	outq_consume(&q, 7);
	T_EQ(frame->refs, 2);
	outq_consume(&q, 1);
	T_EQ(frame->refs, 1);
	outq_push(&q, "H", 1, frame_ref(frame));
	outq_finish(&q);
	T_EQ(frame->refs, 1);
	frame_unref(frame);
}

/* A control frame never lands within an entry that is half out. */
static void
test_push_front(void)
{
	static const struct {
		size_t		 sent;
		const char	*result;
		unsigned	 count;
	} rows[] = {
		{ 0, "PpongAoneBtwo", 3 },
		{ 1, "onePpongBtwo", 3 },
		{ 3, "ePpongBtwo", 3 },
		{ 4, "PpongBtwo", 2 },
		{ 5, "twoPpong", 2 },
		{ 7, "oPpong", 2 },
		{ 8, "Ppong", 1 },
	};
	struct outq q;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu bytes sent", rows[i].sent);
		outq_init(&q);
		push(&q, "A", "one");
		push(&q, "B", "two");
		outq_consume(&q, rows[i].sent);
		push_front(&q, "P", "pong");
		check(&q, rows[i].result, strlen(rows[i].result),
		    rows[i].count);
		outq_finish(&q);
	}
}

/* At each fill and start of the ring, with and without a partly sent entry. */
static void
test_ring(void)
{
	struct outq q;
	char model[200];
	unsigned start, count, i, partly, front;
	size_t len;

	for (i = 0; i < 18 * 18 * 4; i++) {
		start = i / 4 / 18;
		count = i / 4 % 18;
		partly = i & 1;
		front = i >> 1 & 1;
		t_row("start %u count %u partly %u front %u", start, count,
		    partly, front);
		outq_init(&q);
		/* One more in each turn, so that the ring never empties. */
		push(&q, "x", "y");
		for (len = 0; len < start; len++) {
			push(&q, "x", "y");
			outq_consume(&q, 2);
		}
		memcpy(model, "xy", 2);
		len = 2;
		for (; count > 0; count--) {
			model[len++] = (char)('a' + count);
			model[len++] = (char)('A' + count);
			T_EQ(outq_push(&q, model + len - 2, 1,
			    frame_copy(model + len - 1, 1, 0)), 0);
		}
		if (partly)
			outq_consume(&q, 1);
		memmove(model, model + partly, len - partly);
		len -= partly;
		if (front) {
			push_front(&q, "0", "123");
			memmove(model + 4 + partly, model + partly,
			    len - partly);
			memcpy(model + partly, "0123", 4);
			len += 4;
		}
		check(&q, model, len, i / 4 % 18 + 1 + front);
		T_TRUE(q.ring->size >= q.ring->count);
		T_EQ(q.ring->size & (q.ring->size - 1), 0);
		outq_finish(&q);
	}
}

static void
test_growth(void)
{
	static char model[MODEL_MAX];
	struct outq q;
	unsigned i;

	outq_init(&q);
	T_EQ(q.ring->size, 0);
	for (i = 0; i < 5000; i++) {
		model[2 * i] = (char)i;
		model[2 * i + 1] = (char)(i >> 8);
		T_EQ(outq_push(&q, model + 2 * i, 1,
		    frame_copy(model + 2 * i + 1, 1, 0)), 0);
		if (i % 500 == 0)
			check(&q, model, 2 * i + 2, i + 1);
	}
	T_EQ(q.ring->size, 8192);
	outq_consume(&q, 2 * 4999);
	T_EQ(q.ring->size, 8192);
	check(&q, model + 2 * 4999, 2, 1);
	outq_consume(&q, 2);
	T_TRUE(q.ring->size <= 8);
	check(&q, "", 0, 0);
	push(&q, "a", "b");
	check(&q, "ab", 2, 1);
	outq_finish(&q);
}

static void
test_iov_max(void)
{
	struct iovec iov[8];
	struct hg_frame *frame;
	struct outq q;
	size_t bytes, want;
	int max;

	outq_init(&q);
	frame = frame_append(frame_copy("bb", 2, 0), "ccc", 3);
	T_EQ(outq_push(&q, "a", 1, frame), 0);
	push(&q, "dddd", "eeeee");
	for (max = 0; max <= 8; max++) {
		t_row("max %d", max);
		want = (size_t)(max > 5 ? 5 : max);
		T_EQ(outq_iov(&q, iov, max, &bytes), want);
		T_EQ(bytes, want * (want + 1) / 2);
	}
	t_row("partly");
	outq_consume(&q, 2);
	T_EQ(outq_iov(&q, iov, 2, &bytes), 2);
	T_EQ(bytes, 4);
	T_MEM_EQ(iov[0].iov_base, iov[0].iov_len, "b", 1);
	T_MEM_EQ(iov[1].iov_base, iov[1].iov_len, "ccc", 3);
	T_EQ(outq_iov(&q, iov, -1, &bytes), 0);
	T_EQ(bytes, 0);
	outq_finish(&q);
}

static void
test_peek(void)
{
	static const char all[] = "HonetwoIJ";
	struct outq q;
	char out[12];
	size_t sent, size, want;

	outq_init(&q);
	push(&q, "H", "one");
	push(&q, "", "two");
	push(&q, "IJ", NULL);
	for (sent = 0; sent < strlen(all); sent++) {
		for (size = 0; size < sizeof(out); size++) {
			t_row("%zu sent, %zu bytes", sent, size);
			memset(out, 'e', sizeof(out));
			want = strlen(all) - sent;
			if (want > size)
				want = size;
			T_EQ(outq_peek(&q, out, size), want);
			T_MEM_EQ(out, want, all + sent, want);
			T_EQ(out[want], 'e');
		}
		outq_consume(&q, 1);
	}
	outq_finish(&q);
}

/* W03: what waits long lets go of the buffer it was read into. */
static void
test_compact(void)
{
	struct outq q;
	struct buf *buf;

	T_REQUIRE((buf = buf_new(65536)) != NULL);
	memcpy(buf->data, "0123456789", 10);
	outq_init(&q);
	push(&q, "only a head", NULL);
	T_EQ(outq_push(&q, "H", 1, frame_over(buf, buf->data, 10, 0)), 0);
	T_EQ(outq_push(&q, "I", 1, frame_over(buf, buf->data + 5, 5, 0)), 0);
	outq_consume(&q, 11 + 4);
	outq_compact(&q);
	T_FALSE(buf_is_shared(buf));
	check(&q, "3456789I56789", 13, 2);
	outq_finish(&q);
	buf_unref(buf);
}

/* Any order of operations, against plain bytes. */
/* What is left of the longest, wherever it stands, until it is gone. */
static void
check_run(struct outq *q, const char *text)
{
	const unsigned char *run;
	size_t bytes = 0;

	run = outq_run(q, &bytes);
	T_EQ(run != NULL, text != NULL);
	if (run != NULL && text != NULL)
		T_MEM_EQ(run, bytes, text, strlen(text));
}

static void
test_run(void)
{
	struct outq q;

	outq_init(&q);
	check_run(&q, NULL);
	push(&q, "", "abcdef");
	check_run(&q, "abcdef");
	outq_consume(&q, 2);
	check_run(&q, "cdef");
	push(&q, "", "x");
	check_run(&q, NULL);
	outq_consume(&q, 4);
	check_run(&q, "x");
	outq_consume(&q, 1);
	push(&q, "12", "abc");
	check_run(&q, NULL);
	outq_consume(&q, 5);
	push(&q, "12", NULL);
	check_run(&q, NULL);
	outq_consume(&q, 2);
	T_EQ(outq_push(&q, "", 0, frame_append(frame_copy("a", 1, 0), "b",
	    1)), 0);
	check_run(&q, NULL);
	outq_consume(&q, 2);
	T_EQ(outq_push_headed(&q, frame_copy_headed("12", 2, "abc", 3, 0)), 0);
	check_run(&q, "12abc");
	outq_consume(&q, 1);
	check_run(&q, "2abc");
	outq_finish(&q);
}

static void
test_longest(void)
{
	static const struct {
		size_t	 len[4], consumed, longest;
	} rows[] = {
		{ { 10, 20 }, 0, 0 },
		{ { 10, OUTQ_LONG - 1 }, 0, 0 },
		{ { 10, OUTQ_LONG, 20 }, 0, OUTQ_LONG },
		{ { 10, OUTQ_LONG, 20 }, 10, OUTQ_LONG },
		{ { 10, OUTQ_LONG, 20 }, 110, OUTQ_LONG - 100 },
		{ { 10, OUTQ_LONG, 20 }, 10 + OUTQ_LONG, 0 },
		{ { 200000, 10, 100000, 10 }, 0, 200000 },
		{ { 200000, 10, 100000, 10 }, 200000, 100000 },
		{ { 200000, 10, 100000, 10 }, 200011, 99999 },
		{ { 100000, 200000 }, 99999, 200000 },
		{ { 100000, 100000 }, 100000, 100000 },
	};
	static unsigned char data[200000];
	struct outq q;
	size_t i, n;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		outq_init(&q);
		for (n = 0; n < 4 && rows[i].len[n] != 0; n++)
			T_EQ(outq_push(&q, NULL, 0, frame_copy(data,
			    rows[i].len[n], 0)), 0);
		outq_consume(&q, rows[i].consumed);
		T_EQ(outq_longest(&q), rows[i].longest);
		outq_cut(&q);
		T_EQ(outq_longest(&q) <= q.ring->bytes, true);
		outq_finish(&q);
		T_EQ(outq_longest(&q), 0);
	}
	t_row(NULL);
}

static void
test_random(void)
{
	static unsigned char model[MODEL_MAX], piece[64];
	static size_t ends[4096];	/* where each entry ends in model */
	struct outq q;
	size_t len, n, head, at, i;
	unsigned round, count, index;
	bool front, partly;

	outq_init(&q);
	len = count = 0;
	partly = false;
	for (round = 0; round < 20000; round++) {
		t_row("round %u", round);
		if (random_below(100) < 45 || count > 300) {
			n = random_below(3) == 0 ? random_below(100) :
			    random_below((unsigned)len + 1);
			n = n > len ? len : n;
			outq_consume(&q, n);
			for (i = 0; i < count && ends[i] <= n; i++)
				partly = false;
			index = (unsigned)i;
			partly = index < count && (n > (index > 0 ?
			    ends[index - 1] : 0) || partly);
			count -= index;
			for (i = 0; i < count; i++)
				ends[i] = ends[i + index] - n;
			len -= n;
			memmove(model, model + n, len);
		} else {
			front = random_below(4) == 0;
			n = 1 + random_below(60);
			head = random_below(16);
			head = head > n ? n : head;
			for (i = 0; i < n; i++)
				piece[i] = (unsigned char)random_below(256);
			index = front ? partly : count;
			at = index > 0 ? ends[index - 1] : 0;
			T_EQ((front ? outq_push_front : outq_push)(&q, piece,
			    head, n == head ? NULL :
			    frame_copy(piece + head, n - head, 0)), 0);
			memmove(model + at + n, model + at, len - at);
			memcpy(model + at, piece, n);
			len += n;
			for (i = count++; i > index; i--)
				ends[i] = ends[i - 1] + n;
			ends[index] = at + n;
		}
		T_EQ(q.ring->sent > 0, partly);
		check(&q, model, len, count);
	}
	outq_finish(&q);
}

T_MAIN(
    { "push", test_push },
    { "push nothing, or too much", test_push_nothing },
    { "consume", test_consume },
    { "consume too much", test_consume_too_much },
    { "consume drops references", test_consume_unrefs },
    { "push in front", test_push_front },
    { "ring", test_ring },
    { "growth", test_growth },
    { "iov with a limit", test_iov_max },
    { "peek", test_peek },
    { "compact (W03)", test_compact },
    { "one run", test_run },
    { "the longest", test_longest },
    { "random against a model", test_random })
