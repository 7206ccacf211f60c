/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the server is a plugin of this process it gives the flow each message
 * once (struct hg_feeds). The members' subscriptions are there, and silent: a
 * member that joins has received exactly what the flow has, so it is merged at
 * once, and no copies need be put in line. A subscription that ends takes its
 * member out before the flow's next message.
 *
 * A member whose subscription cannot be silenced now lives on its own copies,
 * alone, as long as it is there. A flow whose first one is such has no feed.
 */
#include "fanout.h"

static const struct hg_feeds *
feeds(void)
{
	return (hg->find(HG_FEEDS));
}

/* One is missing: nobody may miss it silently. */
static void
feed_broken(struct fanout_flow *flow)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &flow->members, entry)
		if (member->state == FANOUT_SILENT)
			fanout_member_gap(member, "no memory");
}

/* The message has no digest, as nothing is found by it. */
static void
feed_recv(void *arg, struct hg_frame *frame)
{
	struct fanout_flow *flow = arg;

	fanout_busy();
	fanout_count(FANOUT_COPIES, 1);
	flow->ring.head++;
	fanout_ring_clear(&flow->ring);
	flow->floor = flow->ring.head;
	flow->appended_at = hg->now();
	if (frame != NULL) {
		fanout_store_push(flow, frame);
		fanout_one_send(flow, frame);
		fanout_fed_align(flow);
	} else
		feed_broken(flow);
	fanout_idle();
}

/* The translator may hear of it later, or has asked for it. */
static void
feed_ended(void *arg)
{
	struct hg_member *member = arg;

	fanout_busy();
	member->silent = NULL;
	fanout_member_abandon_by(member, 1000, "");
	fanout_idle();
}

/* Nobody's copies have made the flow so far, but for its first member's. */
static bool
can_begin(const struct fanout_flow *flow)
{
	return (flow->member_count == 1 && flow->ring.head == 0);
}

static void
merge(struct hg_member *member)
{
	fanout_busy();
	if (member->group == NULL && member->resume_by == 0) {
		if (fanout_member_merge(member,
		    member->flow->ring.head) != 0)
			fanout_member_abandon(member, "no memory");
		else
			fanout_group_ride(member->group);
	}
	if (member->group != NULL)
		member->group->following = true;
	fanout_set_state(member, FANOUT_SILENT);
	fanout_idle();
}

bool
fanout_feed(struct hg_member *member, const void *name, size_t len)
{
	struct fanout_flow *flow = member->flow;
	bool is_new;

	if (flow == NULL || member->ending || flow->one || feeds() == NULL)
		return (false);
	is_new = flow->feed == NULL && can_begin(flow);
	if (is_new)
		flow->feed = feeds()->open(member->parent, name, len,
		    feed_recv, flow);
	if (flow->feed == NULL)
		return (false);
	member->silent = feeds()->silence(flow->feed, member->parent, name,
	    len, feed_ended, member);
	if (member->silent != NULL)
		merge(member);
	else if (is_new)
		fanout_feed_close(flow);
	return (member->silent != NULL);
}

void
fanout_feed_in_step(struct hg_member *member)
{
	struct fanout_flow *flow = member->flow;

	if (flow->feed != NULL && member->is_fed &&
	    member->group->sent == flow->ring.head)
		fanout_fed_in_step(member, flow->ring.head);
}

void
fanout_feed_left(struct hg_member *member)
{
	if (member->silent != NULL)
		feeds()->forget(member->silent);
	member->silent = NULL;
}

void
fanout_feed_close(struct fanout_flow *flow)
{
	if (flow->feed != NULL)
		feeds()->close(flow->feed);
	flow->feed = NULL;
}
