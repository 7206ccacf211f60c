/* SPDX-License-Identifier: Apache-2.0 */
/* How to get at the bytes of a frame, and at the memory that they take. */
#include <stdint.h>
#include <string.h>

#include "frame.h"
#include "recycle.h"

#define FRAME_MALLOC	16	/* what an allocation costs beside its bytes */
#define FRAME_SLACK	256	/* so much waste is not worth a copy */

bool
slice_part(const struct slice *slice, size_t *from, size_t *len,
    struct slice *part)
{
	size_t skip = *from;

	if (skip >= slice->len) {
		*from -= slice->len;
		return (false);
	}
	*from = 0;
	part->buf = slice->buf;
	part->data = slice->data + skip;
	part->len = slice->len - skip;
	if (part->len > *len)
		part->len = *len;
	*len -= part->len;
	return (part->len > 0);
}

size_t
frame_peek(const struct hg_frame *look, size_t from, void *out, size_t len)
{
	unsigned char *to = out;
	struct slice part;
	unsigned i;

	for (i = 0; i < look->count && len > 0; i++) {
		if (!slice_part(&look->slices[i], &from, &len, &part))
			continue;
		memcpy(to, part.data, part.len);
		to += part.len;
	}
	return (to - (unsigned char *)out);
}

size_t
frame_tail(const struct hg_frame *look, const void **bytes)
{
	const struct slice *last;

	*bytes = NULL;
	if (look->count == 0)
		return (0);
	last = &look->slices[look->count - 1];
	*bytes = last->data;
	return (last->len);
}

int
frame_iov(const struct hg_frame *look, size_t from, struct iovec *iov, int max)
{
	struct slice part;
	size_t len = SIZE_MAX;
	unsigned i;
	int count;

	for (i = 0, count = 0; i < look->count && count < max; i++) {
		if (!slice_part(&look->slices[i], &from, &len, &part))
			continue;
		/* writev() takes no constant bytes, but does not write. */
		iov[count].iov_base = (void *)(uintptr_t)part.data;
		iov[count].iov_len = part.len;
		count++;
	}
	return (count);
}

/* The same content in one buffer of its own. */
static struct hg_frame *
frame_flat(const struct hg_frame *look)
{
	struct hg_frame *frame;
	struct buf *buf;

	if ((buf = buf_new(look->len)) == NULL)
		return (NULL);
	frame_peek(look, 0, buf->data, look->len);
	frame = frame_over(buf, buf->data, look->len, look->flags);
	buf_unref(buf);
	return (frame);
}

const unsigned char *
frame_bytes(struct hg_frame **frame)
{
	static const unsigned char none[1];
	struct hg_frame *run;

	if (*frame == NULL)
		return (NULL);
	if ((*frame)->count == 0)
		return (none);
	if ((*frame)->count > 1) {
		if ((run = frame_flat(*frame)) == NULL)
			return (NULL);
		frame_unref(*frame);
		*frame = run;
	}
	return ((*frame)->slices[0].data);
}

size_t
frame_cost(const struct hg_frame *look)
{
	const struct buf *last = NULL;
	size_t cost;
	unsigned i;

	cost = recycle_size(sizeof(*look) + look->room * sizeof(struct slice)) +
	    FRAME_MALLOC;
	for (i = 0; i < look->count; i++) {
		if (look->slices[i].buf == NULL || look->slices[i].buf == last)
			continue;
		last = look->slices[i].buf;
		cost += recycle_size(sizeof(*last) + last->size) + FRAME_MALLOC;
	}
	return (cost);
}

/* Never fails: without memory for a copy, the frame stays as it is. */
struct hg_frame *
frame_compact(struct hg_frame *frame)
{
	struct hg_frame *flat;

	/* One with a header has bytes of its own. */
	if (frame == NULL || frame->head_len > 0 ||
	    frame_cost(frame) / 2 <= frame->len + FRAME_SLACK)
		return (frame);
	if ((flat = frame_flat(frame)) == NULL)
		return (frame);
	frame_unref(frame);
	return (flat);
}
