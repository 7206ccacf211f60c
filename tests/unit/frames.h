/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of frames: frames of several slices, and a look at them. */
#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "harness.h"

enum { PARTS = 6, LONGEST = 64 };

/* Lengths of the slices of the frames under test; 0 ends the row. */
static const size_t shapes[][PARTS] = {
	{ 0 },
	{ 1 },
	{ 9 },
	{ 1, 1 },
	{ 5, 1, 7 },
	{ 1, 2, 3, 4, 5, 6 },
	{ 16, 1, 1, 16 },
};

static inline unsigned
random_below(unsigned bound)
{
	static unsigned seed = 1;

	seed = seed * 1103515245 + 12345;
	return ((seed >> 8) % bound);
}

/* A frame of that shape; model gets its bytes and *len their number. */
static inline struct hg_frame *
shaped(const size_t *shape, unsigned char *model, size_t *len)
{
	struct hg_frame *frame;
	size_t i, j;

	frame = frame_copy(NULL, 0, HG_WHOLE);
	for (i = *len = 0; i < PARTS && shape[i] > 0; i++) {
		for (j = 0; j < shape[i]; j++)
			model[*len + j] = (unsigned char)(*len + j + 1);
		frame = frame_append(frame, model + *len, shape[i]);
		*len += shape[i];
	}
	T_REQUIRE(frame != NULL);
	T_EQ(frame->count, i);
	return (frame);
}

/* What is always true of a frame, and its content. */
static inline void
check(const struct hg_frame *frame, const void *model, size_t len,
    unsigned flags)
{
	unsigned char *bytes;
	size_t sum;
	unsigned i;

	T_REQUIRE(frame != NULL);
	T_EQ(frame->flags, flags);
	T_EQ(frame->len, len);
	T_TRUE(frame->count <= 64);
	for (i = 0, sum = 0; i < frame->count; i++) {
		T_TRUE(frame->slices[i].len > 0);
		sum += frame->slices[i].len;
	}
	T_EQ(sum, len);
	T_REQUIRE((bytes = malloc(len + 1)) != NULL);
	bytes[len] = 0xee;
	T_EQ(frame_peek(frame, 0, bytes, len + 1), len);
	T_MEM_EQ(bytes, len, model, len);
	T_EQ(bytes[len], 0xee);
	free(bytes);
}

#endif
