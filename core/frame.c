/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Always true: no slice is empty, len is the sum of the slices, and there are
 * at most FRAME_SLICES of them. A frame whose only reference was handed in is
 * changed in place, as nobody else can see it; any other is left alone.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "recycle.h"

#define FRAME_SLICES	64	/* most slices: more are copied together */

static size_t
frame_size(unsigned count)
{
	return (sizeof(struct hg_frame) + count * sizeof(struct slice));
}

/* Without slices yet, with room for so many at least. */
static struct hg_frame *
frame_alloc(unsigned room, unsigned flags)
{
	struct hg_frame *frame;
	size_t size = recycle_size(frame_size(room));

	if ((frame = recycle_get(size)) == NULL)
		return (NULL);
	frame->room = (unsigned short)((size - sizeof(*frame)) /
	    sizeof(struct slice));
	atomic_init(&frame->refs, 1);
	frame->flags = flags;
	frame->len = 0;
	frame->count = 0;
	frame->head_len = 0;
	return (frame);
}

/* The slices are somebody else's already. */
static void
frame_free(struct hg_frame *frame)
{
	recycle_put(frame, frame_size(frame->room));
}

static bool
frame_is_unique(const struct hg_frame *frame)
{
	return (atomic_load_explicit(&frame->refs, memory_order_acquire) == 1);
}

/* Adds a slice, or makes the last one longer when it goes on there. */
static void
frame_add(struct hg_frame *frame, const struct slice *slice)
{
	struct slice *last;

	frame->len += slice->len;
	if (frame->count > 0 && slice->buf != NULL) {
		last = &frame->slices[frame->count - 1];
		if (last->buf == slice->buf &&
		    last->data + last->len == slice->data) {
			last->len += slice->len;
			return;
		}
	}
	if (slice->buf != NULL)
		buf_ref(slice->buf);
	frame->slices[frame->count++] = *slice;
}

static void
frame_add_all(struct hg_frame *frame, const struct hg_frame *look)
{
	unsigned i;

	for (i = 0; i < look->count; i++)
		frame_add(frame, &look->slices[i]);
}

/* A buffer with a copy of the bytes. */
static struct buf *
frame_buf(const void *data, size_t len)
{
	struct buf *buf;

	if ((buf = buf_new(len)) != NULL && len > 0)
		memcpy(buf->data, data, len);
	return (buf);
}

struct hg_frame *
frame_over(struct buf *buf, const unsigned char *data, size_t len,
    unsigned flags)
{
	struct hg_frame *frame;
	struct slice slice = { buf, data, len };

	if ((frame = frame_alloc(1, flags)) != NULL && len > 0)
		frame_add(frame, &slice);
	return (frame);
}

struct hg_frame *
frame_copy(const void *data, size_t len, unsigned flags)
{
	struct hg_frame *frame;
	struct buf *buf;

	if (len == 0)
		return (frame_alloc(0, flags));
	if ((buf = frame_buf(data, len)) == NULL)
		return (NULL);
	frame = frame_over(buf, buf->data, len, flags);
	buf_unref(buf);
	return (frame);
}

struct hg_frame *
frame_copy_headed(const void *head, size_t head_len, const void *data,
    size_t len, unsigned flags)
{
	struct hg_frame *frame;
	struct buf *buf;

	if (len == 0 || head_len > UCHAR_MAX || len > SIZE_MAX - head_len)
		return (frame_copy(data, len, flags));
	if ((buf = buf_new(head_len + len)) == NULL)
		return (NULL);
	memcpy(buf->data, head, head_len);
	memcpy(buf->data + head_len, data, len);
	frame = frame_over(buf, buf->data + head_len, len, flags);
	if (frame != NULL)
		frame->head_len = (unsigned char)head_len;
	buf_unref(buf);
	return (frame);
}

struct hg_frame *
frame_ref(struct hg_frame *frame)
{
	atomic_fetch_add_explicit(&frame->refs, 1, memory_order_relaxed);
	return (frame);
}

void
frame_unref(struct hg_frame *frame)
{
	unsigned i;

	if (frame == NULL)
		return;
	if (!frame_is_unique(frame) && atomic_fetch_sub_explicit(&frame->refs,
	    1, memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < frame->count; i++)
		buf_unref(frame->slices[i].buf);
	frame_free(frame);
}

/* A frame that nobody else sees, with room for so many slices more. */
static struct hg_frame *
frame_grow(struct hg_frame *frame, unsigned room)
{
	struct hg_frame *grown;

	frame->head_len = 0;
	if (room <= frame->room - frame->count)
		return (frame);
	if ((grown = frame_alloc(frame->count + room, frame->flags)) == NULL) {
		frame_unref(frame);
		return (NULL);
	}
	grown->len = frame->len;
	grown->count = frame->count;
	memcpy(grown->slices, frame->slices,
	    frame->count * sizeof(frame->slices[0]));
	frame_free(frame);
	return (grown);
}

/*
 * The frame itself when it has one reference, else another with the same
 * content; with room for so many slices more.
 */
static struct hg_frame *
frame_open(struct hg_frame *frame, unsigned room)
{
	struct hg_frame *opened;

	if (frame_is_unique(frame))
		return (frame_grow(frame, room));
	opened = frame_alloc(frame->count + room, frame->flags);
	if (opened != NULL)
		frame_add_all(opened, frame);
	frame_unref(frame);
	return (opened);
}

struct hg_frame *
frame_twin(const struct hg_frame *look)
{
	struct hg_frame *twin;

	if ((twin = frame_alloc(look->count, look->flags)) == NULL)
		return (NULL);
	frame_add_all(twin, look);
	twin->head_len = look->head_len;
	return (twin);
}

struct hg_frame *
frame_flags(struct hg_frame *frame, unsigned flags)
{
	if (frame == NULL || frame->flags == flags)
		return (frame);
	if ((frame = frame_open(frame, 0)) != NULL)
		frame->flags = flags;
	return (frame);
}

/* frame_slice() of a frame that nobody else sees. */
static void
frame_cut(struct hg_frame *frame, size_t from, size_t len)
{
	struct slice part;
	unsigned i, kept;

	frame->head_len = 0;
	frame->len = len;
	for (i = kept = 0; i < frame->count; i++) {
		if (slice_part(&frame->slices[i], &from, &len, &part))
			frame->slices[kept++] = part;
		else
			buf_unref(frame->slices[i].buf);
	}
	frame->count = kept;
}

/* frame_slice() of a frame that others may see. */
static struct hg_frame *
frame_part(const struct hg_frame *look, size_t from, size_t len)
{
	struct hg_frame *frame;
	struct slice part;
	unsigned i;

	if ((frame = frame_alloc(look->count, look->flags)) == NULL)
		return (NULL);
	for (i = 0; i < look->count && len > 0; i++)
		if (slice_part(&look->slices[i], &from, &len, &part))
			frame_add(frame, &part);
	return (frame);
}

struct hg_frame *
frame_slice(struct hg_frame *frame, size_t from, size_t len)
{
	struct hg_frame *part;

	if (frame == NULL)
		return (NULL);
	if (from > frame->len)
		from = frame->len;
	if (len > frame->len - from)
		len = frame->len - from;
	if (len == frame->len)
		return (frame);
	if (frame_is_unique(frame)) {
		frame_cut(frame, from, len);
		return (frame);
	}
	part = frame_part(frame, from, len);
	frame_unref(frame);
	return (part);
}

struct hg_frame *
frame_trim(struct hg_frame *frame, size_t bytes)
{
	return (frame_slice(frame, bytes, SIZE_MAX));
}

/* Puts the slices from this one on into one buffer. */
static int
frame_merge(struct hg_frame *frame, unsigned first)
{
	struct slice *slice;
	struct buf *buf;
	size_t len;
	unsigned i;

	for (i = first, len = 0; i < frame->count; i++)
		len += frame->slices[i].len;
	if ((buf = buf_new(len)) == NULL)
		return (-1);
	for (i = first, len = 0; i < frame->count; i++) {
		slice = &frame->slices[i];
		memcpy(buf->data + len, slice->data, slice->len);
		len += slice->len;
		buf_unref(slice->buf);
	}
	frame->slices[first] = (struct slice){ buf, buf->data, len };
	frame->count = first + 1;
	return (0);
}

/*
 * Makes too many slices fewer: all from the first one on that is no longer
 * than everything behind it. Each copy thus at least doubles the run that a
 * byte is in, so that adding n bytes piece by piece copies n * log(n), and of
 * slices that each outweigh what follows there are never too many.
 */
static struct hg_frame *
frame_settle(struct hg_frame *frame)
{
	size_t behind;
	unsigned i, first;

	if (frame == NULL || frame->count <= FRAME_SLICES)
		return (frame);
	behind = 0;
	first = 0;
	for (i = frame->count; i-- > 0; behind += frame->slices[i].len)
		if (frame->slices[i].len <= behind)
			first = i;
	if (frame_merge(frame, first) == 0)
		return (frame);
	frame_unref(frame);
	return (NULL);
}

/* Opens the frame for some bytes more; NULL when there is no memory. */
static struct hg_frame *
frame_widen(struct hg_frame *frame, const void *data, size_t len,
    struct slice *slice)
{
	if (len > SIZE_MAX - frame->len ||
	    (slice->buf = frame_buf(data, len)) == NULL) {
		frame_unref(frame);
		return (NULL);
	}
	slice->data = slice->buf->data;
	slice->len = len;
	if ((frame = frame_open(frame, 1)) == NULL)
		buf_unref(slice->buf);
	return (frame);
}

struct hg_frame *
frame_prepend(struct hg_frame *frame, const void *data, size_t len)
{
	struct slice slice;

	if (frame == NULL || len == 0)
		return (frame);
	if ((frame = frame_widen(frame, data, len, &slice)) == NULL)
		return (NULL);
	memmove(frame->slices + 1, frame->slices,
	    frame->count * sizeof(slice));
	frame->slices[0] = slice;
	frame->count++;
	frame->len += len;
	return (frame_settle(frame));
}

struct hg_frame *
frame_append(struct hg_frame *frame, const void *data, size_t len)
{
	struct slice slice;

	if (frame == NULL || len == 0)
		return (frame);
	if ((frame = frame_widen(frame, data, len, &slice)) == NULL)
		return (NULL);
	frame->slices[frame->count++] = slice;
	frame->len += len;
	return (frame_settle(frame));
}

struct hg_frame *
frame_concat(struct hg_frame *frame, struct hg_frame *second)
{
	if (frame == NULL || second == NULL ||
	    second->len > SIZE_MAX - frame->len) {
		frame_unref(frame);
		frame_unref(second);
		return (NULL);
	}
	if (second->len > 0 &&
	    (frame = frame_open(frame, second->count)) != NULL)
		frame_add_all(frame, second);
	frame_unref(second);
	return (frame_settle(frame));
}
