/* SPDX-License-Identifier: Apache-2.0 */
#include "frames.h"
#include "recycle.h"

static void
test_peek(void)
{
	unsigned char model[LONGEST], out[LONGEST + 1];
	struct hg_frame *frame;
	size_t row, len, from, n, want;

	for (row = 0; row < T_ROWS(shapes); row++) {
		frame = shaped(shapes[row], model, &len);
		for (from = 0; from <= len + 1; from++) {
			for (n = 0; n <= len + 1; n++) {
				t_row("row %zu from %zu len %zu", row, from,
				    n);
				memset(out, 0xee, sizeof(out));
				want = from > len ? 0 : len - from;
				if (want > n)
					want = n;
				T_EQ(frame_peek(frame, from, out, n), want);
				T_MEM_EQ(out, want, model + from, want);
				T_EQ(out[want], 0xee);
			}
		}
		frame_unref(frame);
	}
}

static void
test_iov(void)
{
	unsigned char model[LONGEST], out[LONGEST];
	struct iovec iov[PARTS + 1];
	struct hg_frame *frame;
	size_t row, len, from, got;
	int max, n, i;

	for (row = 0; row < T_ROWS(shapes); row++) {
		frame = shaped(shapes[row], model, &len);
		for (from = 0; from <= len + 1; from++) {
			for (max = -1; max <= PARTS + 1; max++) {
				t_row("row %zu from %zu max %d", row, from,
				    max);
				n = frame_iov(frame, from, iov, max);
				T_TRUE(n <= (max < 0 ? 0 : max));
				for (i = 0, got = 0; i < n; i++) {
					T_TRUE(iov[i].iov_len > 0);
					memcpy(out + got, iov[i].iov_base,
					    iov[i].iov_len);
					got += iov[i].iov_len;
				}
				T_MEM_EQ(out, got, model + from, got);
				if (n < max)
					T_EQ(got, from > len ? 0 : len - from);
			}
		}
		frame_unref(frame);
	}
}

static void
test_bytes(void)
{
	unsigned char model[LONGEST];
	struct hg_frame *frame, *kept;
	const unsigned char *bytes;
	size_t row, len;
	int shared;

	for (row = 0; row < T_ROWS(shapes) * 2; row++) {
		t_row("row %zu", row);
		shared = row % 2;
		frame = kept = shaped(shapes[row / 2], model, &len);
		if (shared)
			frame_ref(frame);
		T_REQUIRE((bytes = frame_bytes(&frame)) != NULL);
		T_MEM_EQ(bytes, len, model, len);
		check(frame, model, len, HG_WHOLE);
		T_TRUE(frame->count <= 1);
		T_PTR_EQ(frame_bytes(&frame), bytes);
		if (shared) {
			check(kept, model, len, HG_WHOLE);
			frame_unref(kept);
		}
		frame_unref(frame);
	}
}

/* W03: a small frame that waits does not keep a large buffer. */
static void
test_compact(void)
{
	struct hg_frame *frame, *same;
	struct buf *buf;

	T_REQUIRE((buf = buf_new(65536)) != NULL);
	memset(buf->data, 'x', buf->size);
	frame = frame_over(buf, buf->data + 1000, 10, HG_TEXT);
	T_TRUE(frame_cost(frame) >= 65536);
	frame = frame_compact(frame);
	T_FALSE(buf_is_shared(buf));
	check(frame, "xxxxxxxxxx", 10, HG_TEXT);
	T_TRUE(frame_cost(frame) < 300);
	same = frame;
	T_PTR_EQ(frame_compact(frame), same);
	frame_unref(frame);

	/* Most of the buffer: no copy. */
	same = frame = frame_over(buf, buf->data, 40000, 0);
	frame = frame_compact(frame);
	T_PTR_EQ(frame, same);
	T_PTR_EQ(frame->slices[0].data, buf->data);
	frame_unref(frame);

	/* Shared: the others keep theirs. */
	same = frame_over(buf, buf->data, 10, 0);
	frame = frame_compact(frame_ref(same));
	T_TRUE(frame != same);
	T_PTR_EQ(same->slices[0].buf, buf);
	frame_unref(same);
	frame_unref(frame);
	T_FALSE(buf_is_shared(buf));

	/* Nothing of it. */
	frame = frame_compact(frame_over(buf, buf->data, 0, 0));
	check(frame, "", 0, 0);
	frame_unref(frame);
	buf_unref(buf);
}

static void
test_cost(void)
{
	static const unsigned char constant[5000];
	struct hg_frame *frame;
	size_t one;

	frame = frame_copy("a", 1, 0);
	one = frame_cost(frame);
	T_TRUE(one >= sizeof(struct hg_frame) + sizeof(struct slice) +
	    sizeof(struct buf) + 1);
	frame = frame_append(frame, "b", 1);
	T_TRUE(frame_cost(frame) > one);
	frame_unref(frame);
	/* One buffer is counted once. */
	frame = frame_copy("0123456789", 10, 0);
	one = frame_cost(frame);
	frame = frame_concat(frame, frame_ref(frame));
	T_EQ(frame->count, 2);
	T_TRUE(frame_cost(frame) >= one + sizeof(struct slice));
	T_TRUE(frame_cost(frame) <
	    one + recycle_size(sizeof(*frame) + 2 * sizeof(struct slice)));
	frame_unref(frame);
	frame = frame_over(NULL, constant, sizeof(constant), 0);
	T_TRUE(frame_cost(frame) < sizeof(constant));
	frame_unref(frame);
}

T_MAIN(
    { "peek", test_peek },
    { "iov", test_iov },
    { "bytes", test_bytes },
    { "compact (W03)", test_compact },
    { "cost", test_cost })
