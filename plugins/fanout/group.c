/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups, and what the wire is told of them: merge when a member begins to
 * share a carrier, unmerge when it does not any more, a handover when the
 * carrier itself goes. A carrier's own child needs no word: it receives what is
 * sent on it.
 *
 * When a carrier has closed before a handover could be said (its connection
 * broke, most likely), each other member gets a group of its own, and is
 * "stranded": whether the other side takes it for merged is not known, so it is
 * unmerged before anything is sent on its own child. Mostly it closes first.
 */
#include <stdlib.h>

#include "fanout.h"

#define RIDE_WAIT	16	/* messages until the next attempt */
#define RIDE_WAIT_MAX	65536

int
fanout_group_new(struct hg_member *member, uint64_t sent)
{
	struct fanout_group *group;

	if ((group = calloc(1, sizeof(*group))) == NULL)
		return (-1);
	group->flow = member->flow;
	group->carrier = member;
	group->sent = sent;
	group->following = fanout_is_common(member->flow) &&
	    sent == member->flow->ring.head;
	TAILQ_INIT(&group->members);
	TAILQ_INSERT_TAIL(&group->members, member, group_entry);
	TAILQ_INSERT_TAIL(&member->flow->groups, group, entry);
	member->group = group;
	return (0);
}

static void
group_free(struct fanout_group *group)
{
	fanout_flow_release(group->flow);
	TAILQ_REMOVE(&group->flow->groups, group, entry);
	if (group->is_carried)
		TAILQ_REMOVE(&group->flow->carried, group, carried_entry);
	free(group);
}

/* Others of the connection join in here. It is served before them, so that
 * they find it where they are themselves. */
static void
group_set_carried(struct fanout_group *group)
{
	struct fanout_flow *flow = group->flow;

	TAILQ_INSERT_TAIL(&flow->carried, group, carried_entry);
	TAILQ_REMOVE(&flow->groups, group, entry);
	TAILQ_INSERT_HEAD(&flow->groups, group, entry);
	group->is_carried = true;
}

/* After this the member's own child is its own again. */
static void
group_unstrand(struct fanout_group *group)
{
	if (!group->stranded)
		return;
	group->stranded = false;
	hg->channel_unmerge(group->carrier->channel, group->sent);
}

/* What follows on the child are the flow's messages behind "sent". Merging and
 * a handover say it by themselves. */
static void
group_place(struct fanout_group *group)
{
	if (group->is_placed || group->stranded)
		return;
	group->is_placed = true;
	hg->channel_place(group->carrier->channel, true, group->sent);
}

/* Out of its group, into one of its own, at the same place. */
static void
group_split(struct hg_member *member, bool stranded)
{
	struct fanout_group *group = member->group;

	TAILQ_REMOVE(&group->members, member, group_entry);
	member->group = NULL;
	if (fanout_group_new(member, group->sent) == 0) {
		member->group->stranded = stranded;
		member->group->following = group->following;
		return;
	}
	if (!member->is_fed) {
		group->flow->merged_count--;
		fanout_count(FANOUT_MERGED, -1);
	}
	fanout_member_abandon(member, "no memory");
}

/* The oldest that is not about to go. */
static struct hg_member *
group_next(struct fanout_group *group)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &group->members, group_entry)
		if (!member->ending)
			return (member);
	return (TAILQ_FIRST(&group->members));
}

/* How the wire sees the members of a group that is dissolved. */
enum group_wire {
	GROUP_MERGED,
	GROUP_FREE,
	GROUP_UNKNOWN,		/* and is not to be asked now */
};

/* Each of the members goes on by itself, and they choose another carrier. */
static void
group_dissolve(struct fanout_group *group, enum group_wire wire)
{
	struct fanout_group *first, *next;
	struct hg_member *member;

	if (group->is_carried)
		TAILQ_REMOVE(&group->flow->carried, group, carried_entry);
	group->is_carried = false;
	first = NULL;
	while ((member = TAILQ_FIRST(&group->members)) != NULL) {
		if (wire == GROUP_MERGED &&
		    hg->channel_unmerge(member->channel, group->sent) != 0)
			fanout_member_abandon(member,
			    "it cannot leave its carrier");
		group_split(member, wire == GROUP_UNKNOWN);
		if (first == NULL)
			first = member->group;
	}
	for (; wire != GROUP_UNKNOWN && first != NULL; first = next) {
		next = TAILQ_NEXT(first, entry);
		fanout_group_ride(first);
	}
}

void
fanout_group_strand(struct fanout_group *group)
{
	group_dissolve(group, GROUP_UNKNOWN);
	group_free(group);
}

/* The carrier's place, which goes, is taken. The wire may not be able to move
 * the others to one of them now, but can let each go on by itself. */
static void
carrier_leave(struct fanout_group *group, struct hg_channel *channel)
{
	struct hg_member *next = group_next(group);

	if (hg->channel_handover(channel, next->channel, group->sent) == 0) {
		group->carrier = next;
		fanout_count(FANOUT_HANDOVERS, 1);
		return;
	}
	if (hg->channel_handover(channel, NULL, group->sent) == 0)
		group_dissolve(group, GROUP_FREE);
	else
		group_dissolve(group, GROUP_MERGED);
	group_free(group);
}

void
fanout_group_leave(struct hg_member *member, enum fanout_parting parting)
{
	struct fanout_group *group = member->group;

	TAILQ_REMOVE(&group->members, member, group_entry);
	member->group = NULL;
	if (group->carrier != member) {
		if (parting == FANOUT_LEAVES)
			hg->channel_unmerge(member->channel, group->sent);
	} else if (TAILQ_EMPTY(&group->members))
		group_free(group);
	else if (parting != FANOUT_CLOSED)
		carrier_leave(group, member->channel);
	else {
		group_dissolve(group, GROUP_UNKNOWN);
		group_free(group);
	}
}

int
fanout_group_unmerge(struct hg_member *member)
{
	struct fanout_group *group = member->group;

	if (group->carrier != member &&
	    hg->channel_unmerge(member->channel, group->sent) != 0)
		return (-1);
	group_unstrand(group);
	fanout_release(member);
	TAILQ_REMOVE(&group->members, member, group_entry);
	member->group = NULL;
	if (group->carrier != member)
		return (0);
	fanout_release_all(member);
	group_dissolve(group, GROUP_MERGED);
	group_free(group);
	return (0);
}

static struct fanout_group *
carried_find(const struct fanout_flow *flow, const struct hg_conn *conn)
{
	struct fanout_group *group;

	TAILQ_FOREACH(group, &flow->carried, carried_entry)
		if (group->carrier->conn == conn)
			return (group);
	return (NULL);
}

static void
ride_failed(struct hg_member *member, uint64_t sent)
{
	if (member->ride_wait == 0)
		member->ride_wait = RIDE_WAIT;
	else if (member->ride_wait < RIDE_WAIT_MAX)
		member->ride_wait *= 2;
	member->ride_at = sent + member->ride_wait;
}

/* Perhaps the other way round, if nobody rides there yet. */
static void
group_swap(struct fanout_group *group, struct fanout_group *main)
{
	if (TAILQ_NEXT(TAILQ_FIRST(&main->members), group_entry) != NULL)
		return;
	TAILQ_REMOVE(&main->flow->carried, main, carried_entry);
	main->is_carried = false;
	main->carrier->ride_at = group->carrier->ride_at;
	group_set_carried(group);
}

void
fanout_group_ride(struct fanout_group *group)
{
	struct hg_member *member = group->carrier;
	struct fanout_group *main;

	if (!member->can_ride || member->ending)
		return;
	group_place(group);
	if (group->is_carried)
		return;
	if ((main = carried_find(group->flow, member->conn)) == NULL) {
		group_set_carried(group);
		return;
	}
	if (main->sent != group->sent || main->carrier->ending ||
	    main->following != group->following ||
	    group->sent < member->ride_at)
		return;
	group_unstrand(group);
	group_unstrand(main);
	if (hg->channel_merge(member->channel, main->carrier->channel,
	    group->sent) != 0) {
		ride_failed(member, group->sent);
		group_swap(group, main);
		return;
	}
	fanout_release_all(member);
	TAILQ_REMOVE(&group->members, member, group_entry);
	TAILQ_INSERT_TAIL(&main->members, member, group_entry);
	member->group = main;
	group_free(group);
}

/* The carrier's child was ended from within a send, so its group's place on the
 * wire is lost: nobody of it may miss a message silently. */
static void
group_abandon(struct fanout_group *group)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &group->members, group_entry)
		fanout_member_abandon(member, "its carrier has ended");
}

void
fanout_group_send(struct fanout_group *group, struct hg_frame *frame,
    struct hg_member *from)
{
	struct hg_member *carrier = group->carrier;

	if (group->is_parked) {
		group->sent++;
		hg->frame_unref(frame);
		return;
	}
	if (carrier->ended) {
		group_abandon(group);
		hg->frame_unref(frame);
		return;
	}
	group_unstrand(group);
	group->sent++;
	if (!group->following && fanout_is_common(group->flow) &&
	    group->sent == group->flow->ring.head) {
		group->following = true;
		fanout_unbalance(group->flow);
	}
	fanout_count(FANOUT_SENT, 1);
	if (!hg->channel_send(carrier->channel, frame) && from != NULL)
		fanout_hold(from, carrier);
}

/* For the group whose own copy it is, so that no other need be waited for. */
static void
send_own(struct fanout_group *group, struct hg_frame *frame,
    struct hg_member *from)
{
	if (hg->frame_ref(frame) == NULL)
		fanout_member_abandon(from, "no memory");
	else
		fanout_group_send(group, frame, from);
}

void
fanout_flow_send(struct fanout_flow *flow, struct hg_frame *frame,
    struct hg_member *from)
{
	struct fanout_group *group, *next;
	struct hg_frame *copy;
	uint64_t before = flow->ring.head - 1;
	bool behind;

	behind = false;
	fanout_store_push(flow, frame);
	for (group = TAILQ_FIRST(&flow->groups); group != NULL; group = next) {
		next = TAILQ_NEXT(group, entry);
		if (group->sent != before) {
			behind = true;
			continue;
		}
		if (group == from->group)
			send_own(group, frame, from);
		else if (!hg->channel_is_full(group->carrier->channel) &&
		    (copy = hg->frame_ref(frame)) != NULL)
			fanout_group_send(group, copy, NULL);
		behind |= group->sent != flow->ring.head;
		fanout_group_ride(group);
	}
	fanout_backlog_note(flow, &frame, behind);
	hg->frame_unref(frame);
	fanout_fed_align(flow);
}
