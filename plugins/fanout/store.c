/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow's newest messages, for members that come back behind a lost trunk.
 * Each is there once, whoever wants it: a copy of its own, so that it holds no
 * big buffer. Bounded in bytes and in time, for each flow and for all of the
 * worker, and without a gap up to the flow's head.
 */
#include <stdlib.h>
#include <string.h>

#include "fanout.h"

#define OVERHEAD	128	/* of each message */
#define START		64	/* slots at first */

static struct fanout_kept *
slot_of(const struct fanout_store *store, uint64_t seq)
{
	return (&store->slot[seq % store->size]);
}

static void
drop_oldest(struct fanout_store *store)
{
	struct fanout_kept *kept = slot_of(store, store->first);
	size_t cost = hg->frame_len(kept->frame) + OVERHEAD;

	hg->frame_unref(kept->frame);
	store->bytes -= cost;
	fanout_worker()->kept -= cost;
	store->first++;
}

static void
store_clear(struct fanout_store *store)
{
	while (store->first <= store->head)
		drop_oldest(store);
}

void
fanout_store_age(struct fanout_flow *flow)
{
	struct fanout_store *store = &flow->store;
	uint64_t now = hg->now();

	while (store->first <= store->head &&
	    now - slot_of(store, store->first)->at > store->age)
		drop_oldest(store);
}

void
fanout_store_finish(struct fanout_flow *flow)
{
	store_clear(&flow->store);
	free(flow->store.slot);
	flow->store.slot = NULL;
}

static int
store_grow(struct fanout_store *store)
{
	struct fanout_kept *slot;
	size_t size = store->size == 0 ? START : 2 * store->size;
	uint64_t seq;

	if ((slot = calloc(size, sizeof(*slot))) == NULL)
		return (-1);
	for (seq = store->first; seq <= store->head; seq++)
		slot[seq % size] = *slot_of(store, seq);
	free(store->slot);
	store->slot = slot;
	store->size = size;
	return (0);
}

/* It begins behind the flow's head. */
void
fanout_store_skip(struct fanout_flow *flow)
{
	store_clear(&flow->store);
	flow->store.head = flow->ring.head;
	flow->store.first = flow->ring.head + 1;
}

static void
make_room(struct fanout_store *store, size_t cost)
{
	size_t total = fanout_store_total();

	while (store->first <= store->head &&
	    (store->bytes + cost > store->max ||
	    fanout_worker()->kept + cost > total))
		drop_oldest(store);
}

void
fanout_store_push(struct fanout_flow *flow, struct hg_frame *look)
{
	struct fanout_store *store = &flow->store;
	size_t len = hg->frame_len(look), cost = len + OVERHEAD;
	struct hg_frame *copy = NULL, *ref;
	const unsigned char *bytes;

	if (store->head + 1 != flow->ring.head)
		store_clear(store);
	if (store->on && cost <= store->max)
		make_room(store, cost);
	if (store->on && cost <= store->max &&
	    fanout_worker()->kept + cost <= fanout_store_total() &&
	    (store->head - store->first + 1 < store->size ||
	    store_grow(store) == 0) && (ref = hg->frame_ref(look)) != NULL) {
		if ((bytes = hg->frame_bytes(&ref)) != NULL)
			copy = hg->frame_new(bytes, len, hg->frame_flags(ref));
		hg->frame_unref(ref);
	}
	if (copy == NULL) {
		fanout_store_skip(flow);
		return;
	}
	if (store->first > store->head)
		store->first = flow->ring.head;
	store->head = flow->ring.head;
	slot_of(store, store->head)->frame = copy;
	slot_of(store, store->head)->at = hg->now();
	store->bytes += cost;
	fanout_worker()->kept += cost;
	fanout_store_age(flow);
}

bool
fanout_store_has(struct fanout_flow *flow, uint64_t seq)
{
	const struct fanout_store *store = &flow->store;

	if (seq >= flow->ring.head)
		return (seq == flow->ring.head);
	fanout_store_age(flow);
	return (store->head == flow->ring.head && store->first <= store->head &&
	    store->first <= seq + 1);
}

/* Nobody of the group has copies that it could go on by. */
static bool
is_only_fed(const struct fanout_group *group)
{
	const struct hg_member *member;

	TAILQ_FOREACH(member, &group->members, group_entry)
		if (!member->is_fed)
			return (false);
	return (true);
}

void
fanout_store_feed(struct fanout_group *group)
{
	struct fanout_flow *flow = group->flow;
	struct hg_member *member;
	struct hg_frame *frame;

	while (group->sent < flow->ring.head && !group->carrier->ended) {
		if (!fanout_store_has(flow, group->sent)) {
			if (!is_only_fed(group))
				return;
			TAILQ_FOREACH(member, &group->members, group_entry)
				fanout_member_gap(member, "too slow to be "
				    "resumed");
			return;
		}
		if (hg->channel_is_full(group->carrier->channel) ||
		    (frame = hg->frame_ref(slot_of(&flow->store,
		    group->sent + 1)->frame)) == NULL)
			return;
		fanout_group_send(group, frame, NULL);
	}
}
