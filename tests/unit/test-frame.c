/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "frames.h"

static void
test_copy(void)
{
	struct hg_frame *frame;
	char text[] = "text";

	frame = frame_copy(text, 4, HG_FIRST | HG_TEXT);
	text[0] = 'n';
	check(frame, "text", 4, HG_FIRST | HG_TEXT);
	T_EQ(frame->count, 1);
	frame_unref(frame);
	frame = frame_copy(NULL, 0, HG_LAST);
	check(frame, "", 0, HG_LAST);
	T_EQ(frame->count, 0);
	frame_unref(frame);
	T_NULL(frame_copy("", SIZE_MAX, 0));
	frame_unref(NULL);
}

static void
test_over(void)
{
	static const unsigned char constant[] = "static";
	struct hg_frame *frame;
	struct buf *buf;

	T_REQUIRE((buf = buf_new(10)) != NULL);
	memcpy(buf->data, "0123456789", 10);
	frame = frame_over(buf, buf->data + 3, 4, HG_WHOLE);
	T_TRUE(buf_is_shared(buf));
	check(frame, "3456", 4, HG_WHOLE);
	T_PTR_EQ(frame->slices[0].data, buf->data + 3);
	frame_unref(frame);
	T_FALSE(buf_is_shared(buf));
	/* No bytes keep no buffer. */
	frame = frame_over(buf, buf->data, 0, 0);
	T_FALSE(buf_is_shared(buf));
	check(frame, "", 0, 0);
	frame_unref(frame);
	buf_unref(buf);
	frame = frame_over(NULL, constant, 6, 0);
	check(frame, "static", 6, 0);
	T_PTR_EQ(frame_bytes(&frame), constant);
	frame = frame_concat(frame, frame_over(NULL, constant, 6, 0));
	check(frame, "staticstatic", 12, 0);
	frame_unref(frame);
}

static void
test_flags(void)
{
	struct hg_frame *frame, *other;

	frame = frame_copy("abc", 3, HG_WHOLE | HG_TEXT);
	T_PTR_EQ(frame_flags(frame, HG_WHOLE | HG_TEXT), frame);
	other = frame_flags(frame_ref(frame), HG_FIRST | HG_RSV1);
	T_TRUE(other != frame);
	check(other, "abc", 3, HG_FIRST | HG_RSV1);
	check(frame, "abc", 3, HG_WHOLE | HG_TEXT);
	T_PTR_EQ(other->slices[0].data, frame->slices[0].data);
	frame_unref(frame);
	other = frame_flags(other, HG_LAST);
	check(other, "abc", 3, HG_LAST);
	frame_unref(other);
}

/* Every part of every shape, of a shared frame and of one that is not. */
static void
test_slice(void)
{
	unsigned char model[LONGEST];
	struct hg_frame *frame, *part;
	size_t row, len, from, n;
	int shared;

	for (row = 0; row < T_ROWS(shapes) * 2; row++) {
		shared = row % 2;
		frame = shaped(shapes[row / 2], model, &len);
		frame_unref(frame);
		for (from = 0; from <= len; from++) {
			for (n = 0; n <= len - from; n++) {
				t_row("row %zu from %zu len %zu", row, from,
				    n);
				frame = shaped(shapes[row / 2], model, &len);
				if (shared)
					frame_ref(frame);
				part = frame_slice(frame, from, n);
				check(part, model + from, n, HG_WHOLE);
				frame_unref(part);
				if (shared) {
					check(frame, model, len, HG_WHOLE);
					frame_unref(frame);
				}
			}
		}
	}
}

static void
test_slice_beyond(void)
{
	static const struct {
		size_t		 from, len;
		const char	*result;
	} rows[] = {
		{ 0, 8, "abcdefg" },
		{ 3, SIZE_MAX, "defg" },
		{ 7, 1, "" },
		{ 8, 0, "" },
		{ SIZE_MAX, SIZE_MAX, "" },
	};
	struct hg_frame *frame;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		frame = frame_append(frame_copy("abc", 3, 0), "defg", 4);
		frame = frame_slice(frame, rows[i].from, rows[i].len);
		check(frame, rows[i].result, strlen(rows[i].result), 0);
		frame_unref(frame);
	}
}

/* What was cut off no longer keeps its buffer. */
static void
test_slice_frees(void)
{
	struct hg_frame *frame;
	struct buf *a, *b;

	a = buf_new(4);
	b = buf_new(4);
	T_REQUIRE(a != NULL && b != NULL);
	memcpy(a->data, "abcd", 4);
	memcpy(b->data, "efgh", 4);
	frame = frame_concat(frame_over(a, a->data, 4, 0),
	    frame_over(b, b->data, 4, 0));
	frame = frame_trim(frame, 4);
	T_FALSE(buf_is_shared(a));
	T_TRUE(buf_is_shared(b));
	frame = frame_slice(frame, 0, 0);
	T_FALSE(buf_is_shared(b));
	check(frame, "", 0, 0);
	frame_unref(frame);
	buf_unref(a);
	buf_unref(b);
}

static void
test_trim(void)
{
	unsigned char model[LONGEST];
	struct hg_frame *frame;
	size_t row, len, step;

	for (row = 0; row < T_ROWS(shapes); row++) {
		for (step = 0; step <= LONGEST; step++) {
			t_row("row %zu bytes %zu", row, step);
			frame = shaped(shapes[row], model, &len);
			frame = frame_trim(frame, step);
			if (step > len)
				step = len;
			check(frame, model + step, len - step, HG_WHOLE);
			frame_unref(frame);
			if (step == len)
				break;
		}
	}
}

static void
test_prepend_and_append(void)
{
	unsigned char model[LONGEST], both[LONGEST + 10];
	struct hg_frame *frame, *kept;
	size_t row, len;

	for (row = 0; row < T_ROWS(shapes); row++) {
		t_row("row %zu", row);
		frame = kept = shaped(shapes[row], model, &len);
		frame = frame_prepend(frame_ref(frame), "\xff\xfe", 2);
		memcpy(both, "\xff\xfe", 2);
		memcpy(both + 2, model, len);
		check(frame, both, len + 2, HG_WHOLE);
		frame = frame_append(frame, "\0\0\xff\xff", 4);
		memcpy(both + 2 + len, "\0\0\xff\xff", 4);
		check(frame, both, len + 6, HG_WHOLE);
		frame = frame_prepend(frame, NULL, 0);
		frame = frame_append(frame, NULL, 0);
		check(frame, both, len + 6, HG_WHOLE);
		frame_unref(frame);
		check(kept, model, len, HG_WHOLE);
		frame_unref(kept);
	}
	T_NULL(frame_append(frame_copy("a", 1, 0), "", SIZE_MAX));
	T_NULL(frame_prepend(frame_copy("a", 1, 0), "", SIZE_MAX - 1));
}

static void
test_concat(void)
{
	unsigned char first[LONGEST], second[LONGEST], both[2 * LONGEST];
	struct hg_frame *a, *b, *ab;
	size_t i, j, a_len, b_len, kind;

	for (i = 0; i < T_ROWS(shapes) * T_ROWS(shapes) * 4; i++) {
		j = i / 4;
		kind = i % 4;
		t_row("row %zu kind %zu", j, kind);
		a = shaped(shapes[j / T_ROWS(shapes)], first, &a_len);
		b = shaped(shapes[j % T_ROWS(shapes)], second, &b_len);
		b = frame_flags(b, HG_LAST);
		memcpy(both, first, a_len);
		memcpy(both + a_len, second, b_len);
		if (kind & 1)
			frame_ref(a);
		if (kind & 2)
			frame_ref(b);
		ab = frame_concat(a, b);
		check(ab, both, a_len + b_len, HG_WHOLE);
		frame_unref(ab);
		if (kind & 1) {
			check(a, first, a_len, HG_WHOLE);
			frame_unref(a);
		}
		if (kind & 2) {
			check(b, second, b_len, HG_LAST);
			frame_unref(b);
		}
	}
}

/* No memory in an inner call makes no memory of the outer one. */
static void
test_null(void)
{
	struct hg_frame *none = NULL;

	T_NULL(frame_flags(NULL, 1));
	T_NULL(frame_trim(NULL, 1));
	T_NULL(frame_slice(NULL, 0, 1));
	T_NULL(frame_prepend(NULL, "a", 1));
	T_NULL(frame_append(NULL, "a", 1));
	T_NULL(frame_concat(NULL, NULL));
	T_NULL(frame_concat(frame_copy("a", 1, 0), NULL));
	T_NULL(frame_concat(NULL, frame_copy("a", 1, 0)));
	T_NULL(frame_compact(NULL));
	T_NULL(frame_bytes(&none));
}

static void *
use_frame(void *arg)
{
	struct hg_frame *shared = arg, *frame;
	unsigned char out[8];
	int i;

	for (i = 0; i < 5000; i++) {
		frame = frame_prepend(frame_ref(shared), "12", 2);
		frame = frame_trim(frame, 1);
		frame_peek(frame, 0, out, sizeof(out));
		frame_unref(frame);
	}
	frame_unref(shared);
	return (NULL);
}

static void
test_threads(void)
{
	pthread_t threads[4];
	struct hg_frame *frame;
	size_t i, round;

	for (round = 0; round < 5; round++) {
		frame = frame_append(frame_copy("abc", 3, 0), "def", 3);
		for (i = 0; i < T_ROWS(threads); i++)
			T_REQUIRE(pthread_create(&threads[i], NULL, use_frame,
			    frame_ref(frame)) == 0);
		frame_unref(frame);
		for (i = 0; i < T_ROWS(threads); i++)
			pthread_join(threads[i], NULL);
	}
}

T_MAIN(
    { "copy", test_copy },
    { "over a buffer", test_over },
    { "flags", test_flags },
    { "slice", test_slice },
    { "slice beyond the end", test_slice_beyond },
    { "slice frees", test_slice_frees },
    { "trim", test_trim },
    { "prepend and append", test_prepend_and_append },
    { "concat", test_concat },
    { "without memory", test_null },
    { "threads", test_threads })
