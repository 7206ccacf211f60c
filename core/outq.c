/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Always true: every entry has bytes left, and only of the first one may some
 * be gone.
 */
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "outq.h"
#include "recycle.h"

#define OUTQ_MIN	8	/* entries of the smallest ring */

/* Of all empty queues. */
static const struct outq_ring none;

static struct outq_entry *
ring_at(struct outq_ring *ring, unsigned index)
{
	return (&ring->entry[(ring->first + index) & (ring->size - 1)]);
}

static struct outq_entry *
outq_at(const struct outq *q, unsigned index)
{
	return (ring_at(q->ring, index));
}

static size_t
entry_len(const struct outq_entry *entry)
{
	return (entry->head_len + (entry->frame ? entry->frame->len : 0));
}

static size_t
ring_bytes(unsigned size)
{
	return (sizeof(struct outq_ring) + size * sizeof(struct outq_entry));
}

void
outq_init(struct outq *q)
{
	q->ring = (struct outq_ring *)(uintptr_t)&none;
}

/* An empty queue keeps no memory. */
static void
outq_drop_ring(struct outq *q)
{
	if (q->ring != &none)
		recycle_put(q->ring, ring_bytes(q->ring->size));
	outq_init(q);
}

void
outq_finish(struct outq *q)
{
	unsigned i;

	for (i = 0; i < q->ring->count; i++)
		frame_unref(outq_at(q, i)->frame);
	outq_drop_ring(q);
}

static void
outq_note_long(struct outq *q, const struct outq_entry *entry)
{
	if (entry_len(entry) >= OUTQ_LONG &&
	    entry_len(entry) > q->ring->longest)
		q->ring->longest = entry_len(entry);
}

/* Behind a long entry, which is seldom, all others are looked at. */
static void
outq_forget_long(struct outq *q, size_t len)
{
	unsigned i;

	if (len < OUTQ_LONG || len < q->ring->longest)
		return;
	q->ring->longest = 0;
	for (i = 0; i < q->ring->count; i++)
		outq_note_long(q, outq_at(q, i));
}

/* Room for one entry more. */
static int
outq_grow(struct outq *q)
{
	struct outq_ring *ring;
	unsigned size, i;

	if (q->ring->count < q->ring->size)
		return (0);
	if (q->ring->size > UINT_MAX / 2)
		return (-1);
	size = q->ring->size > 0 ? q->ring->size * 2 : OUTQ_MIN;
	if ((ring = recycle_get(ring_bytes(size))) == NULL)
		return (-1);
	*ring = *q->ring;
	for (i = 0; i < ring->count; i++)
		ring->entry[i] = *outq_at(q, i);
	ring->size = size;
	ring->first = 0;
	outq_drop_ring(q);
	q->ring = ring;
	return (0);
}

/*
 * Puts it in front of the entry at index, which is the number of entries, or 0
 * or 1. What has no bytes is not worth an entry.
 */
static int
outq_insert(struct outq *q, unsigned index, const struct outq_entry *entry)
{
	size_t len = entry_len(entry);
	struct outq_ring *ring;

	if (len == 0) {
		frame_unref(entry->frame);
		return (0);
	}
	if (outq_grow(q) == -1) {
		frame_unref(entry->frame);
		return (-1);
	}
	ring = q->ring;
	if (index < ring->count) {
		ring->first = (ring->first - 1) & (ring->size - 1);
		if (index == 1)
			*ring_at(ring, 0) = *ring_at(ring, 1);
	}
	*ring_at(ring, index) = *entry;
	ring->count++;
	ring->bytes += len;
	outq_note_long(q, entry);
	return (0);
}

static int
outq_insert_head(struct outq *q, unsigned index, const void *head,
    size_t head_len, struct hg_frame *frame)
{
	struct outq_entry entry = { .frame = frame };

	if (head_len > sizeof(entry.head)) {
		frame_unref(frame);
		return (-1);
	}
	entry.head_len = (unsigned char)head_len;
	if (head_len > 0)
		memcpy(entry.head, head, head_len);
	return (outq_insert(q, index, &entry));
}

int
outq_push(struct outq *q, const void *head, size_t head_len,
    struct hg_frame *frame)
{
	return (outq_insert_head(q, q->ring->count, head, head_len, frame));
}

int
outq_push_headed(struct outq *q, struct hg_frame *frame)
{
	struct outq_entry entry = { .frame = frame, .headed = true };

	entry.head_len = frame->head_len;
	return (outq_insert(q, q->ring->count, &entry));
}

int
outq_push_front(struct outq *q, const void *head, size_t head_len,
    struct hg_frame *frame)
{
	return (outq_insert_head(q, q->ring->sent > 0 ? 1 : 0, head, head_len,
	    frame));
}

size_t
outq_longest(const struct outq *q)
{
	if (q->ring->longest != 0 &&
	    entry_len(outq_at(q, 0)) == q->ring->longest)
		return (q->ring->longest - q->ring->sent);
	return (q->ring->longest);
}

/* All bytes of one whose frame has the header: one run. */
static const unsigned char *
entry_run(const struct outq_entry *entry)
{
	return (entry->frame->slices[0].data - entry->head_len);
}

const unsigned char *
outq_run(const struct outq *q, size_t *bytes)
{
	const struct outq_entry *entry;

	if (q->ring->count != 1)
		return (NULL);
	entry = outq_at(q, 0);
	if ((entry->head_len > 0 && !entry->headed) ||
	    entry->frame == NULL || entry->frame->count != 1)
		return (NULL);
	*bytes = q->ring->bytes;
	return (entry_run(entry) + q->ring->sent);
}

/* The bytes of one entry without its first ones; returns the vectors used. */
static int
entry_iov(struct outq_entry *entry, size_t skip, struct iovec *iov, int max)
{
	int count = 0;

	if (max <= 0)
		return (0);
	if (entry->headed) {
		iov[0].iov_base = (void *)(uintptr_t)(entry_run(entry) + skip);
		iov[0].iov_len = entry_len(entry) - skip;
		return (1);
	}
	if (skip < entry->head_len) {
		iov[0].iov_base = entry->head + skip;
		iov[0].iov_len = entry->head_len - skip;
		count = 1;
		skip = 0;
	} else
		skip -= entry->head_len;
	if (entry->frame != NULL)
		count += frame_iov(entry->frame, skip, iov + count,
		    max - count);
	return (count);
}

int
outq_iov(const struct outq *q, struct iovec *iov, int max, size_t *bytes)
{
	struct outq_ring *ring = q->ring;
	unsigned i;
	int count, at;

	count = 0;
	for (i = 0; i < ring->count && count < max; i++)
		count += entry_iov(ring_at(ring, i), i == 0 ? ring->sent : 0,
		    iov + count, max - count);
	for (at = 0, *bytes = 0; at < count; at++)
		*bytes += iov[at].iov_len;
	return (count);
}

/* Copies bytes of one entry, without its first ones; returns how many. */
static size_t
entry_peek(const struct outq_entry *entry, size_t skip, unsigned char *out,
    size_t size)
{
	size_t len = 0;

	if (entry->headed) {
		len = entry_len(entry) - skip;
		len = len < size ? len : size;
		memcpy(out, entry_run(entry) + skip, len);
		return (len);
	}
	if (skip < entry->head_len) {
		len = entry->head_len - skip;
		if (len > size)
			len = size;
		memcpy(out, entry->head + skip, len);
		skip = 0;
	} else
		skip -= entry->head_len;
	if (entry->frame != NULL)
		len += frame_peek(entry->frame, skip, out + len, size - len);
	return (len);
}

size_t
outq_peek(const struct outq *q, void *out, size_t size)
{
	struct outq_ring *ring = q->ring;
	unsigned char *to = out;
	size_t len;
	unsigned i;

	len = 0;
	for (i = 0; i < ring->count && len < size; i++)
		len += entry_peek(ring_at(ring, i), i == 0 ? ring->sent : 0,
		    to + len, size - len);
	return (len);
}

void
outq_consume(struct outq *q, size_t bytes)
{
	struct outq_ring *ring = q->ring;
	struct outq_entry *entry;
	size_t len, left;

	while (ring->count > 0) {
		entry = ring_at(ring, 0);
		len = entry_len(entry);
		left = len - ring->sent;
		if (bytes < left) {
			ring->sent += bytes;
			ring->bytes -= bytes;
			return;
		}
		bytes -= left;
		ring->bytes -= left;
		ring->sent = 0;
		frame_unref(entry->frame);
		ring->first = (ring->first + 1) & (ring->size - 1);
		ring->count--;
		outq_forget_long(q, len);
	}
	outq_drop_ring(q);
}

void
outq_compact(struct outq *q)
{
	struct outq_entry *entry;
	unsigned i;

	for (i = 0; i < q->ring->count; i++) {
		entry = outq_at(q, i);
		entry->frame = frame_compact(entry->frame);
	}
}

void
outq_cut(struct outq *q)
{
	unsigned keep = q->ring->sent > 0 ? 1 : 0;
	struct outq_entry *entry;

	while (q->ring->count > keep) {
		entry = outq_at(q, q->ring->count - 1);
		q->ring->bytes -= entry_len(entry);
		frame_unref(entry->frame);
		entry->frame = NULL;
		q->ring->count--;
	}
	if (q->ring == &none)
		return;
	q->ring->longest = 0;
	if (keep > 0)
		outq_note_long(q, outq_at(q, 0));
	else
		outq_drop_ring(q);
}
