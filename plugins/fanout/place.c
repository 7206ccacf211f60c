/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's slots: in each channel that has negotiated fan-out, where they
 * tell the service's options, and in its children, where they tell a member
 * that its child has opened, has room, ends.
 */
#include "fanout.h"

struct fanout_place *
fanout_place_find(struct fanout_worker *worker,
    const struct hg_channel *channel)
{
	struct fanout_node *node;
	struct fanout_place *place;

	for (node = fanout_table_first(&worker->places,
	    fanout_hash_address(channel)); node != NULL;
	    node = fanout_table_next(node)) {
		place = FANOUT_OF(node, struct fanout_place, node);
		if (place->channel == channel)
			return (place);
	}
	return (NULL);
}

static struct hg_member *
member_find(struct fanout_worker *worker, const struct hg_channel *channel)
{
	struct fanout_node *node;
	struct hg_member *member;

	for (node = fanout_table_first(&worker->members,
	    fanout_hash_address(channel)); node != NULL;
	    node = fanout_table_next(node)) {
		member = FANOUT_OF(node, struct hg_member, node);
		if (member->channel == channel)
			return (member);
	}
	return (NULL);
}

/* Once the other side has accepted the child, its data can travel on another
 * channel; before, it may still have to go into the parent. */
static void
place_ready(struct fanout_place *place)
{
	struct hg_member *member = place->member;

	if (member == NULL || !place->opened)
		return;
	member->can_ride = hg->channel_is_carried(member->channel) &&
	    hg->channel_has(member->parent, FANOUT_NAME);
	if (member->can_ride && member->flow != NULL && !member->flow->one)
		member->flow->store.on = true;
	if (member->flow != NULL && member->group != NULL) {
		fanout_busy();
		fanout_group_ride(member->group);
		fanout_idle();
	}
}

void
fanout_place_bind(struct fanout_worker *worker, struct hg_member *member)
{
	struct fanout_place *place;

	if ((place = fanout_place_find(worker, member->channel)) == NULL)
		return;
	place->member = member;
	place_ready(place);
}

void
fanout_place_unbind(struct fanout_worker *worker, struct hg_member *member)
{
	struct fanout_place *place;

	if ((place = fanout_place_find(worker, member->channel)) != NULL)
		place->member = NULL;
}

static int
fanout_open(struct hg_slot *slot, void *state)
{
	struct fanout_worker *worker = fanout_worker();
	struct fanout_place *place = state;

	place->slot = slot;
	place->channel = hg->slot_channel(slot);
	if (fanout_table_add(&worker->places, &place->node,
	    fanout_hash_address(place->channel)) != 0) {
		hg->fail(slot, 1011, "no memory");
		return (-1);
	}
	place->listed = true;
	place->member = member_find(worker, place->channel);
	return (0);
}

static void
fanout_opened(struct hg_slot *slot, void *state, const struct hg_head *response)
{
	struct fanout_place *place = state;

	(void)slot;
	(void)response;
	place->opened = true;
	place_ready(place);
}

static void
fanout_drain(struct hg_slot *slot, void *state)
{
	struct fanout_place *place = state;
	struct hg_member *member = place->member;

	(void)slot;
	if (member == NULL)
		return;
	fanout_release_all(member);
	if (member->is_fed && member->group->carrier == member) {
		fanout_busy();
		fanout_store_feed(member->group);
		fanout_group_ride(member->group);
		fanout_idle();
	}
	if (member->flow == NULL || !fanout_is_common(member->flow))
		return;
	fanout_busy();
	if (member->group != NULL && member->group->carrier == member) {
		fanout_catch_up(member->group, false);
		fanout_group_ride(member->group);
	}
	fanout_flow_release(member->flow);
	fanout_idle();
}

static int
fanout_asked(struct hg_slot *slot, void *state, const char *flow,
    const char *epoch, uint64_t seq, uint64_t *last)
{
	struct fanout_place *place = state;

	(void)slot;
	if (place->member == NULL)
		return (-1);
	return (fanout_resume(place->member, flow, epoch, seq, last));
}

/* In either direction: the child receives nothing more. */
static void
fanout_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	struct fanout_place *place = state;
	struct hg_member *member = place->member;

	(void)slot;
	(void)direction;
	(void)code;
	if (member == NULL || member->flow == NULL)
		return;
	member->ended = true;
	if (fanout_worker()->busy > 0)
		fanout_member_abandon(member, "it has ended");
	else if (!fanout_member_keep(member, FANOUT_ENDS))
		fanout_member_detach(member, FANOUT_ENDS);
}

static void
fanout_close(struct hg_slot *slot, void *state)
{
	struct fanout_worker *worker = fanout_worker();
	struct fanout_place *place = state;
	struct hg_member *member = place->member;

	(void)slot;
	if (member != NULL && !fanout_member_keep(member, FANOUT_CLOSED)) {
		fanout_member_detach(member, FANOUT_CLOSED);
		fanout_member_unbind(member);
	}
	if (place->listed)
		fanout_table_remove(&worker->places, &place->node);
}

const struct hg_hooks fanout_hooks = {
	.state_size = sizeof(struct fanout_place),
	.open = fanout_open,
	.close = fanout_close,
	.ending = fanout_ending,
	.drain = fanout_drain,
	.opened = fanout_opened,
	.children = true,
	.resume = fanout_asked,
};
