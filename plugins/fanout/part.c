/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: the last that feeds loses its subscriber. Its subscription at
 * the broker is the translator's to keep, with no channel and no group, until
 * another's copies feed. For the wire it has left like any other.
 */
#include <stdio.h>

#include "fanout.h"

static void
keep(struct hg_member *member, enum fanout_parting parting)
{
	struct fanout_flow *flow = member->flow;
	struct hg_channel *child;

	fanout_busy();
	child = member->ended ? NULL : member->channel;
	fanout_release(member);
	fanout_release_all(member);
	if (member->group != NULL) {
		fanout_group_leave(member, parting);
		flow->merged_count--;
		fanout_count(FANOUT_MERGED, -1);
	}
	fanout_history_finish(&member->history);
	fanout_skip_finish(&member->skip);
	fanout_set_state(member, FANOUT_KEPT);
	fanout_member_unbind(member);
	member->ended = true;
	if (child != NULL && parting == FANOUT_LEAVES)
		hg->channel_end(child, member->code, member->reason);
	fanout_idle();
}

bool
fanout_member_keep(struct hg_member *member, enum fanout_parting parting)
{
	if (fanout_worker()->stopping || !fanout_is_needed(member))
		return (false);
	keep(member, parting);
	return (true);
}

void
fanout_spend(struct hg_member *member)
{
	if (member->spent)
		return;
	member->spent = true;
	fanout_starve(member->flow);
	fanout_unbalance(member->flow);
}

void
fanout_spend_all(struct fanout_flow *flow)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &flow->kept, source_entry)
		member->spent = true;
}

/* It is not relied on from here on, but may be what it is. */
static void
part_soon(struct hg_member *member)
{
	member->parting = true;
	if (member->group != NULL)
		fanout_set_state(member, member->state);
}

bool
fanout_part(struct hg_member *member, unsigned code, const char *reason)
{
	struct fanout_flow *flow = member->flow;

	if (flow == NULL || !flow->one)
		return (false);
	if (member->state == FANOUT_KEPT)
		return (!member->released);
	member->code = code;
	snprintf(member->reason, sizeof(member->reason), "%s",
	    reason != NULL ? reason : "");
	if (!fanout_is_needed(member)) {
		part_soon(member);
		return (false);
	}
	if (fanout_worker()->busy == 0)
		return (fanout_member_keep(member, FANOUT_LEAVES));
	member->part_later = true;
	if (!member->ending) {
		member->ending = true;
		TAILQ_INSERT_TAIL(&fanout_worker()->ending, member,
		    ending_entry);
	}
	return (true);
}

/* Meanwhile another may feed; then it is released at once. */
void
fanout_part_late(struct hg_member *member)
{
	bool needed;

	member->part_later = false;
	if (member->flow == NULL || member->state == FANOUT_KEPT)
		return;
	needed = fanout_is_needed(member);
	keep(member, FANOUT_LEAVES);
	if (!needed)
		fanout_spend(member);
}
