/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: the way of a message. The copies of those that are awake are
 * the sequence; what a group cannot take at once it takes from the backlog, as
 * none of its members need have copies of its own. A group that has just begun
 * and is not at the head yet is the exception: it has one member, which is
 * awake and feeds it, as with "each".
 */
#include "fanout.h"

/* Its copies are not the flow's any more. */
static bool
one_mismatch(struct hg_member *member, struct hg_frame *frame)
{
	struct fanout_flow *flow = member->flow;

	if (member->state == FANOUT_AWAKE)
		return (false);
	flow->mismatches++;
	fanout_count(FANOUT_MISMATCHES, 1);
	if (member->state == FANOUT_KEPT)
		fanout_spend(member);
	fanout_suppress(flow, frame);
	return (true);
}

static bool
one_follow(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	struct fanout_flow *flow = member->flow;
	struct fanout_group *group = member->group;
	uint64_t seq, limit;
	bool own;

	own = group != NULL && !group->following;
	limit = own ? group->sent + 1 : flow->ring.head;
	if ((seq = fanout_match(member, digest, limit)) != 0) {
		fanout_mark(member, seq);
		if (own && seq > group->sent) {
			fanout_group_send(group, frame, member);
			fanout_group_ride(group);
		} else
			fanout_suppress(flow, frame);
		return (true);
	}
	if (member->cursor != flow->ring.head)
		return (one_mismatch(member, frame));
	fanout_flow_append(flow, digest);
	member->cursor = flow->ring.head;
	fanout_one_send(flow, frame);
	return (true);
}

bool
fanout_one_copy(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	if (++member->good == 4 * FANOUT_VERIFY_MAX)
		member->patience = 1;
	switch (member->state) {
	case FANOUT_LEARNING:
		if (fanout_learn(member, digest))
			return (one_follow(member, digest, frame));
		break;
	case FANOUT_KEPT:
		if (!member->spent)
			return (one_follow(member, digest, frame));
		break;
	case FANOUT_AWAKE:
	case FANOUT_PAUSING:
		return (one_follow(member, digest, frame));
	case FANOUT_RESTING:
	case FANOUT_WAKING:
	case FANOUT_SILENT:
		break;
	}
	fanout_suppress(member->flow, frame);
	return (true);
}

static void
one_send_group(struct fanout_group *group, struct hg_frame *frame)
{
	struct hg_frame *copy;

	if ((!group->is_parked &&
	    hg->channel_is_full(group->carrier->channel)) ||
	    (copy = hg->frame_ref(frame)) == NULL)
		return;
	fanout_group_send(group, copy, NULL);
}

void
fanout_one_send(struct fanout_flow *flow, struct hg_frame *frame)
{
	struct fanout_group *group, *next;
	bool behind, ready;

	behind = ready = false;
	for (group = TAILQ_FIRST(&flow->groups); group != NULL; group = next) {
		next = TAILQ_NEXT(group, entry);
		if (group->sent == flow->ring.head - 1)
			one_send_group(group, frame);
		behind |= group->sent != flow->ring.head;
		fanout_group_ride(group);
	}
	fanout_backlog_note(flow, &frame, behind);
	TAILQ_FOREACH(group, &flow->groups, entry)
		ready |= group->sent == flow->ring.head;
	if (!ready)
		fanout_flow_hold(flow);
	hg->frame_unref(frame);
}

void
fanout_flow_hold(struct fanout_flow *flow)
{
	struct hg_member *member;

	flow->held = true;
	TAILQ_FOREACH(member, &flow->awake, source_entry) {
		if (member->held)
			continue;
		member->held = true;
		fanout_count(FANOUT_HOLDS, 1);
		hg->channel_hold(member->parent, true);
	}
}

void
fanout_flow_release(struct fanout_flow *flow)
{
	struct hg_member *member;

	if (!flow->held)
		return;
	flow->held = false;
	TAILQ_FOREACH(member, &flow->awake, source_entry) {
		if (!member->held)
			continue;
		member->held = false;
		hg->channel_hold(member->parent, false);
	}
}
