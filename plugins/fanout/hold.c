/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back-pressure. When a child is full, what flows into the parent of the member
 * whose copy was sent on it is held, so that the broker's connection of that
 * member is not read. So at most as many messages wait as the child has feeders
 * with what their connections had already read. A member is held by one child
 * at a time: its own, or its carrier's.
 */
#include "fanout.h"

/* A child without an id of its own sends into its parent, and the host holds
 * that one by itself. */
void
fanout_hold(struct hg_member *member, struct hg_member *holder)
{
	if (member->held_by != NULL || member->flow == NULL ||
	    member->state == FANOUT_KEPT ||
	    !hg->channel_is_carried(holder->channel))
		return;
	member->held_by = holder;
	TAILQ_INSERT_TAIL(&holder->holding, member, held_entry);
	fanout_count(FANOUT_HOLDS, 1);
	hg->channel_hold(member->parent, true);
}

void
fanout_release(struct hg_member *member)
{
	if (member->held_by == NULL)
		return;
	TAILQ_REMOVE(&member->held_by->holding, member, held_entry);
	member->held_by = NULL;
	hg->channel_hold(member->parent, false);
}

void
fanout_release_all(struct hg_member *holder)
{
	struct hg_member *member;

	while ((member = TAILQ_FIRST(&holder->holding)) != NULL)
		fanout_release(member);
}

bool
fanout_is_held(const struct hg_member *member)
{
	return (member->held_by != NULL || member->held);
}
