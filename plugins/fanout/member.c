/* SPDX-License-Identifier: Apache-2.0 */
/* A member's way between alone and merged, and out of its flow. */
#include <stdio.h>
#include <string.h>

#include "fanout.h"

#define PATIENCE_MAX	1024

/* Its history begins with the next copy, which is expected behind base. */
static void
alone_from(struct hg_member *member, uint64_t base)
{
	fanout_history_init(&member->history,
	    fanout_member_verify(member) + member->flow->window + 1);
	member->base = base;
	member->try_at = 0;
	if (member->can_ride)
		hg->channel_place(member->channel, false, 0);
}

void
fanout_member_alone(struct hg_member *member)
{
	alone_from(member, member->flow->ring.head);
}

size_t
fanout_member_verify(const struct hg_member *member)
{
	size_t verify;

	verify = member->flow->verify * member->patience;
	if (verify > FANOUT_VERIFY_MAX)
		verify = FANOUT_VERIFY_MAX;
	if (verify > member->flow->ring.max / 2)
		verify = member->flow->ring.max / 2;
	return (verify);
}

int
fanout_member_merge(struct hg_member *member, uint64_t seq)
{
	struct fanout_flow *flow = member->flow;

	if (fanout_group_new(member, seq) != 0)
		return (-1);
	fanout_history_finish(&member->history);
	fanout_skip_finish(&member->skip);
	member->cursor = seq;
	member->marks = member->good = 0;
	member->ride_at = member->ride_wait = 0;
	member->late_at = 0;
	if (seq < flow->floor)
		flow->floor = seq;
	flow->merged_count++;
	fanout_count(FANOUT_MERGED, 1);
	fanout_one_joined(member);
	return (0);
}

void
fanout_member_unmerge(struct hg_member *member)
{
	struct fanout_flow *flow = member->flow;
	uint64_t sent;

	if (flow->one)
		fanout_catch_up(member->group, true);
	if (member->ending)
		return;
	sent = member->group->sent;
	if (fanout_skip_init(&member->skip, &flow->ring, member->cursor,
	    member->marks, sent) != 0) {
		fanout_member_abandon(member, "no memory");
		return;
	}
	if (fanout_group_unmerge(member) != 0) {
		fanout_member_abandon(member, "it cannot leave its flow");
		return;
	}
	flow->merged_count--;
	fanout_count(FANOUT_MERGED, -1);
	flow->unmerges++;
	fanout_count(FANOUT_UNMERGES, 1);
	fanout_one_left(member);
	if (member->patience < PATIENCE_MAX)
		member->patience *= 2;
	member->left = sent;
	alone_from(member, member->cursor);
	fanout_tick_start(fanout_worker());
	if (flow->merged_count == 0)
		fanout_flow_reset(flow);
}

void
fanout_member_detach(struct hg_member *member, enum fanout_parting parting)
{
	struct fanout_flow *flow = member->flow;
	bool merged;

	if (flow == NULL)
		return;
	fanout_busy();
	fanout_release(member);
	fanout_release_all(member);
	merged = fanout_is_in_step(member);
	if (member->group != NULL)
		fanout_group_leave(member, parting);
	if (merged) {
		flow->merged_count--;
		fanout_count(FANOUT_MERGED, -1);
	}
	if (member->is_fed)
		flow->fed_count--;
	if (member->is_parked) {
		flow->parked_count--;
		fanout_count(FANOUT_PARKED, -1);
	}
	member->is_fed = member->is_parked = false;
	fanout_one_left(member);
	fanout_feed_left(member);
	fanout_history_finish(&member->history);
	fanout_skip_finish(&member->skip);
	TAILQ_REMOVE(&flow->members, member, entry);
	member->flow = NULL;
	fanout_count(FANOUT_MEMBERS, -1);
	if (--flow->member_count == 0)
		fanout_flow_free(fanout_worker(), flow);
	else if (merged && flow->merged_count == 0)
		fanout_flow_reset(flow);
	fanout_idle();
}

void
fanout_member_abandon_by(struct hg_member *member, unsigned code,
    const char *why)
{
	if (member->ending)
		return;
	member->ending = true;
	member->code = code;
	snprintf(member->reason, sizeof(member->reason), "%s", why);
	TAILQ_INSERT_TAIL(&fanout_worker()->ending, member, ending_entry);
	if (code != 1000 && !member->ended && member->channel != NULL)
		hg->log(NULL, HG_LOG_WARN, "%s: fanout: ends: %s",
		    hg->channel_name(member->channel), why);
}

void
fanout_member_abandon(struct hg_member *member, const char *why)
{
	fanout_member_abandon_by(member, 1011, why);
}

void
fanout_member_gap(struct hg_member *member, const char *why)
{
	if (!member->ending)
		fanout_count(FANOUT_GAPS, 1);
	fanout_member_abandon_by(member, 1012, why);
}

void
fanout_busy(void)
{
	fanout_worker()->busy++;
}

/* What ended while busy goes now. Ending a child can end other members. */
void
fanout_idle(void)
{
	struct fanout_worker *worker = fanout_worker();
	struct hg_member *member;

	if (--worker->busy > 0)
		return;
	while ((member = TAILQ_FIRST(&worker->ending)) != NULL) {
		TAILQ_REMOVE(&worker->ending, member, ending_entry);
		member->ending = false;
		if (member->leaving)
			fanout_leave(member);
		else if (member->part_later)
			fanout_part_late(member);
		else
			fanout_member_end(member);
	}
}
