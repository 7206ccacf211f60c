/* SPDX-License-Identifier: Apache-2.0 */
/* What align.c looks at: the ring, the history, and what is to be skipped. */
#include <stdlib.h>
#include <string.h>

#include "align.h"

#define RING_START	64	/* entries at first; a power of two */

int
fanout_ring_init(struct fanout_ring *ring, size_t max)
{
	ring->max = max;
	ring->size = RING_START < max ? RING_START : max;
	ring->first = 1;
	ring->head = 0;
	ring->slot = calloc(ring->size, sizeof(*ring->slot));
	return (ring->slot == NULL ? -1 : 0);
}

void
fanout_ring_finish(struct fanout_ring *ring)
{
	free(ring->slot);
	ring->slot = NULL;
}

void
fanout_ring_clear(struct fanout_ring *ring)
{
	ring->first = ring->head + 1;
}

size_t
fanout_ring_count(const struct fanout_ring *ring)
{
	return (ring->head - ring->first + 1);
}

struct fanout_digest
fanout_ring_at(const struct fanout_ring *ring, uint64_t seq)
{
	return (ring->slot[seq % ring->size]);
}

/* Without memory it stays as it is. */
static void
ring_grow(struct fanout_ring *ring)
{
	struct fanout_digest *slot;
	uint64_t seq;
	size_t size;

	size = ring->size <= ring->max / 2 ? 2 * ring->size : ring->max;
	if ((slot = calloc(size, sizeof(*slot))) == NULL)
		return;
	for (seq = ring->first; seq <= ring->head; seq++)
		slot[seq % size] = fanout_ring_at(ring, seq);
	free(ring->slot);
	ring->slot = slot;
	ring->size = size;
}

bool
fanout_ring_will_evict(struct fanout_ring *ring)
{
	if (fanout_ring_count(ring) == ring->size && ring->size < ring->max)
		ring_grow(ring);
	return (fanout_ring_count(ring) == ring->size);
}

void
fanout_ring_push(struct fanout_ring *ring, struct fanout_digest digest)
{
	if (fanout_ring_will_evict(ring))
		ring->first++;
	ring->head++;
	ring->slot[ring->head % ring->size] = digest;
}

void
fanout_history_init(struct fanout_history *history, size_t size)
{
	fanout_history_finish(history);
	history->slot = calloc(size, sizeof(*history->slot));
	history->size = history->slot != NULL ? size : 0;
	history->count = 0;
}

void
fanout_history_finish(struct fanout_history *history)
{
	free(history->slot);
	history->slot = NULL;
	history->size = 0;
}

void
fanout_history_push(struct fanout_history *history, struct fanout_digest digest)
{
	if (history->slot != NULL)
		history->slot[history->count % history->size] = digest;
	history->count++;
}

struct fanout_digest
fanout_history_at(const struct fanout_history *history, size_t back)
{
	return (history->slot[(history->count - 1 - back) % history->size]);
}

size_t
fanout_history_kept(const struct fanout_history *history)
{
	return (history->count < history->size ? history->count :
	    history->size);
}

int
fanout_skip_init(struct fanout_skip *skip, const struct fanout_ring *ring,
    uint64_t cursor, uint64_t marks, uint64_t seq)
{
	uint64_t i;

	fanout_skip_finish(skip);
	if (seq <= cursor)
		return (0);
	skip->slot = calloc(seq - cursor, sizeof(*skip->slot));
	if (skip->slot == NULL)
		return (-1);
	for (i = 0; cursor + 1 + i <= seq; i++)
		if (i >= 64 || (marks >> i & 1) == 0)
			skip->slot[skip->len++] =
			    fanout_ring_at(ring, cursor + 1 + i);
	if (skip->len == 0)
		fanout_skip_finish(skip);
	return (0);
}

void
fanout_skip_finish(struct fanout_skip *skip)
{
	free(skip->slot);
	memset(skip, 0, sizeof(*skip));
}

bool
fanout_skip_take(struct fanout_skip *skip, struct fanout_digest digest,
    size_t window)
{
	size_t i;

	for (i = skip->at; i < skip->len; i++)
		if (fanout_same(skip->slot[i], digest))
			break;
	if (i == skip->len) {
		if (skip->slot != NULL && ++skip->misses > window)
			fanout_skip_finish(skip);
		return (false);
	}
	if (i - skip->at > window)
		skip->at = i - window;
	memmove(&skip->slot[skip->at + 1], &skip->slot[skip->at],
	    (i - skip->at) * sizeof(*skip->slot));
	if (++skip->at == skip->len)
		fanout_skip_finish(skip);
	return (true);
}
