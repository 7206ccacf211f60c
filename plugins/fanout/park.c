/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Members whose connection has vanished. A few of each flow stay for a while,
 * with nobody at the other end, so that the flow goes on and is kept for those
 * that come back; others are not needed for that. They stay on as long as
 * somebody is fed by them.
 */
#include "fanout.h"

static bool
is_wanted(const struct hg_member *member)
{
	const struct fanout_flow *flow = member->flow;

	if (member->is_parked)
		return (flow->fed_count > 0);
	return (fanout_is_in_step(member) && flow->store.on &&
	    flow->store.max > 0 && flow->parked_count < FANOUT_PARKED_MAX);
}

/* Out of its group and into one of its own, of which the wire knows nothing. */
static void
set_apart(struct hg_member *member)
{
	struct fanout_group *group = member->group;

	if (TAILQ_NEXT(TAILQ_FIRST(&group->members), group_entry) != NULL ||
	    group->is_carried)
		fanout_group_strand(group);
	if ((group = member->group) == NULL)
		return;
	group->is_parked = true;
	group->stranded = false;
	group->sent = group->flow->ring.head;
}

static void
park(struct hg_member *member)
{
	fanout_busy();
	fanout_release(member);
	fanout_release_all(member);
	member->can_ride = false;
	member->is_parked = true;
	member->flow->parked_count++;
	fanout_count(FANOUT_PARKED, 1);
	if (member->group != NULL)
		set_apart(member);
	fanout_idle();
}

bool
fanout_park(struct hg_member *member, bool really)
{
	if (member->flow == NULL || member->ending || member->is_fed)
		return (false);
	if (!really)
		return (is_wanted(member));
	if (!member->is_parked)
		park(member);
	return (true);
}
