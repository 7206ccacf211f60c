/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What time proves. When for a while ("quiet") neither the flow nor a member
 * has had a message, none is on its way, and what comes next is the same for
 * both. And a merged member whose copies stay away although the flow goes on
 * does not receive what the others do: it is unmerged. Neither is said of those
 * whose copies wait because a child is full.
 */
#include "fanout.h"

#define LATE	10	/* times quiet that a copy may stay away */

/* Whether copies may wait unread. */
static bool
is_blocked(const struct hg_member *member)
{
	if (fanout_is_held(member))
		return (true);
	/* What a group that follows cannot take waits in the backlog. */
	if (member->state == FANOUT_KEPT ||
	    (member->group != NULL && member->group->following))
		return (false);
	return (hg->channel_is_full(member->channel));
}

/* Whether the member has had what the flow has, as far as can be seen. */
static bool
is_alike(const struct hg_member *member)
{
	const struct fanout_flow *flow = member->flow;

	if (flow->merged_count == 0)
		return (true);
	if (member->history.count == 0)
		return (flow->ring.head == member->base);
	return (fanout_ring_count(&flow->ring) == 0 ||
	    fanout_align_tail(&flow->ring, &member->history,
	    fanout_member_verify(member)));
}

static void
align_quiet(struct hg_member *member, uint64_t now)
{
	struct fanout_flow *flow = member->flow;
	uint64_t wait = flow->quiet * member->patience;

	if (now - member->copied_at < wait ||
	    (flow->ring.head != 0 && now - flow->appended_at < wait))
		return;
	fanout_skip_finish(&member->skip);
	if (!is_alike(member))
		return;
	if (member->is_fed) {
		fanout_fed_in_step(member, flow->ring.head);
		return;
	}
	if (fanout_member_merge(member, flow->ring.head) == 0)
		fanout_group_ride(member->group);
}

static void
unmerge_late(struct hg_member *member, uint64_t now)
{
	struct fanout_flow *flow = member->flow;

	if (member->late_at == 0 || member->late_cursor != member->cursor) {
		member->late_cursor = member->cursor;
		member->late_at = now;
	} else if (now - member->late_at >= LATE * flow->quiet) {
		flow->mismatches++;
		fanout_count(FANOUT_MISMATCHES, 1);
		fanout_member_unmerge(member);
	}
}

/* The time of quiet begins anew for who is blocked, and for the flow when one
 * whose copies are its sequence is. */
static void
note_blocked(struct fanout_flow *flow, uint64_t now)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &flow->members, entry) {
		if (!is_blocked(member))
			continue;
		member->copied_at = now;
		member->late_at = 0;
		if (fanout_is_in_step(member))
			flow->appended_at = now;
	}
}

/* Whether there is something to wait for. */
static bool
tick_flow(struct fanout_flow *flow, uint64_t now)
{
	struct hg_member *member;
	bool more;

	more = false;
	note_blocked(flow, now);
	fanout_store_age(flow);
	more |= flow->store.bytes > 0;
	TAILQ_FOREACH(member, &flow->members, entry) {
		if (member->ending || (flow->one &&
		    member->state != FANOUT_AWAKE))
			continue;
		if (member->resume_by != 0)
			fanout_fed_tick(member, now);
		else if (flow->feed != NULL)
			continue;
		else if (member->group == NULL || member->is_fed)
			align_quiet(member, now);
		else if (member->cursor != flow->ring.head)
			unmerge_late(member, now);
		else
			member->late_at = 0;
		more |= !fanout_is_in_step(member) ||
		    member->cursor != flow->ring.head;
	}
	return (fanout_one_tick(flow, now) || more);
}

static void
fanout_tick(void *data)
{
	struct fanout_worker *worker = data;
	struct fanout_node *node;
	uint64_t now = hg->now();
	bool more;

	more = false;
	worker->timer = NULL;
	fanout_busy();
	for (node = fanout_table_each(&worker->flows); node != NULL;
	    node = fanout_table_each_next(&worker->flows, node))
		more |= tick_flow(FANOUT_OF(node, struct fanout_flow, node),
		    now);
	if (more)
		fanout_tick_start(worker);
	fanout_idle();
	if (!worker->posted)
		fanout_balance(worker);
}

void
fanout_tick_start(struct fanout_worker *worker)
{
	if (worker->timer == NULL)
		worker->timer = hg->worker_timer(&hg_plugin_entry,
		    worker->tick, fanout_tick);
}
