/* SPDX-License-Identifier: Apache-2.0 */
/* Frames put together again and again, and any order of operations. */
#include "frames.h"

static void
test_concat_self(void)
{
	struct hg_frame *frame;

	frame = frame_append(frame_copy("ab", 2, 0), "c", 1);
	frame = frame_concat(frame_ref(frame), frame);
	check(frame, "abcabc", 6, 0);
	frame_unref(frame);
}

/* Neighbours in one buffer become one slice again. */
static void
test_concat_neighbours(void)
{
	struct hg_frame *frame, *whole;
	int i;

	whole = frame_copy("0123456789", 10, 0);
	frame = frame_copy(NULL, 0, 0);
	for (i = 0; i < 10; i++)
		frame = frame_concat(frame,
		    frame_slice(frame_ref(whole), (size_t)i, 1));
	check(frame, "0123456789", 10, 0);
	T_EQ(frame->count, 1);
	frame = frame_concat(frame, frame_slice(frame_ref(whole), 3, 2));
	check(frame, "012345678934", 12, 0);
	T_EQ(frame->count, 2);
	frame_unref(frame);
	frame_unref(whole);
}

/*
 * W03: a message of very many small frames takes memory for its bytes, not for
 * its frames.
 */
static void
test_concat_many(void)
{
	static const size_t rows[][2] = {
		{ 131000, 1 }, { 20000, 7 }, { 300, 1000 }, { 65, 3 },
		{ 64, 3 }, { 130, 16384 },
	};
	struct hg_frame *frame;
	unsigned char *model;
	size_t row, i, len, piece;

	for (row = 0; row < T_ROWS(rows); row++) {
		len = rows[row][0] * rows[row][1];
		piece = rows[row][1];
		t_row("%zu of %zu", rows[row][0], piece);
		T_REQUIRE((model = malloc(len)) != NULL);
		for (i = 0; i < len; i++)
			model[i] = (unsigned char)random_below(256);
		frame = frame_copy(NULL, 0, HG_FIRST);
		for (i = 0; i < len; i += piece) {
			frame = frame_concat(frame,
			    frame_copy(model + i, piece, HG_LAST));
			T_REQUIRE(frame != NULL && frame->count <= 64);
		}
		check(frame, model, len, HG_FIRST);
		T_TRUE(frame_cost(frame) <= 2 * len + 16384);
		frame_unref(frame);
		free(model);
	}
}

/* Nor is a long run copied again and again for the small ones behind it. */
static void
test_concat_keeps_long(void)
{
	static unsigned char model[50000];
	const unsigned char *run;
	struct hg_frame *frame;
	size_t i;

	for (i = 0; i < sizeof(model); i++)
		model[i] = (unsigned char)random_below(256);
	frame = frame_copy(model, 40000, 0);
	run = frame->slices[0].data;
	for (i = 40000; i < sizeof(model); i++) {
		frame = frame_concat(frame, frame_copy(model + i, 1, 0));
		T_REQUIRE(frame != NULL);
		T_PTR_EQ(frame->slices[0].data, run);
	}
	check(frame, model, sizeof(model), 0);
	frame_unref(frame);
}

/* From the front, one by one; a shared frame is left as it was. */
static void
test_prepend_many(void)
{
	struct hg_frame *frame, *kept;
	unsigned char model[1000];
	size_t i;

	frame = frame_copy(NULL, 0, 0);
	for (i = 0; i < sizeof(model); i++) {
		model[sizeof(model) - 1 - i] = (unsigned char)i;
		kept = frame;
		frame = frame_prepend(frame_ref(frame),
		    model + sizeof(model) - 1 - i, 1);
		check(kept, model + sizeof(model) - i, i, 0);
		frame_unref(kept);
	}
	check(frame, model, sizeof(model), 0);
	frame_unref(frame);
}

enum { MODEL_MAX = 4096, HELD = 4 };

struct held {
	struct hg_frame	*frame;
	unsigned char	 model[MODEL_MAX];
	size_t		 len;
};

static void
step(struct held *a, const struct held *b)
{
	unsigned char piece[40];
	size_t from, n, i;

	switch (random_below(6)) {
	case 0:
		from = random_below((unsigned)a->len + 1);
		n = random_below((unsigned)(a->len - from) + 1);
		a->frame = frame_slice(a->frame, from, n);
		memmove(a->model, a->model + from, n);
		a->len = n;
		break;
	case 1:
		n = random_below(4);
		n = n > a->len ? a->len : n;
		a->frame = frame_trim(a->frame, n);
		a->len -= n;
		memmove(a->model, a->model + n, a->len);
		break;
	case 2:
	case 3:
		n = random_below(sizeof(piece));
		if (a->len + n > MODEL_MAX)
			break;
		for (i = 0; i < n; i++)
			piece[i] = (unsigned char)random_below(256);
		if (random_below(2)) {
			a->frame = frame_append(a->frame, piece, n);
			memcpy(a->model + a->len, piece, n);
		} else {
			a->frame = frame_prepend(a->frame, piece, n);
			memmove(a->model + n, a->model, a->len);
			memcpy(a->model, piece, n);
		}
		a->len += n;
		break;
	case 4:
		if (a == b || a->len + b->len > MODEL_MAX)
			break;
		a->frame = frame_concat(a->frame, frame_ref(b->frame));
		memcpy(a->model + a->len, b->model, b->len);
		a->len += b->len;
		break;
	default:
		if (a == b)
			break;
		frame_unref(a->frame);
		a->frame = frame_ref(b->frame);
		memcpy(a->model, b->model, b->len);
		a->len = b->len;
	}
}

/* Any order of operations on frames that share, against plain bytes. */
static void
test_random(void)
{
	static struct held held[HELD];
	unsigned i, round;

	for (i = 0; i < HELD; i++)
		held[i].frame = frame_copy(NULL, 0, 0);
	for (round = 0; round < 20000; round++) {
		t_row("round %u", round);
		step(&held[random_below(HELD)], &held[random_below(HELD)]);
		if (random_below(50) == 0)
			T_REQUIRE(frame_bytes(&held[0].frame) != NULL);
		for (i = 0; i < HELD; i++)
			check(held[i].frame, held[i].model, held[i].len, 0);
	}
	for (i = 0; i < HELD; i++)
		frame_unref(held[i].frame);
}

T_MAIN(
    { "concat with itself", test_concat_self },
    { "concat of neighbours", test_concat_neighbours },
    { "concat of many (W03)", test_concat_many },
    { "concat keeps a long run", test_concat_keeps_long },
    { "prepend many", test_prepend_many },
    { "random against a model", test_random })
