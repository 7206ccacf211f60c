/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member whose subscription has been made again lives on the flow's messages
 * until it is known where its own copies stand; then these feed. They cannot be
 * from before the flow's message that was the newest when the subscription was
 * asked for, so few of them prove it when none of those stands twice in the
 * ring. Else the proof is that of one who joins; and else time tells, as it
 * does there (quiet.c).
 */
#include "fanout.h"

#define LEARN_VERIFY	4
#define LEARN_SLOW	4	/* times quiet: nothing is on the way at all */
#define LEARN_URGENT	8	/* one of so many of quiet is enough */

void
fanout_learn_begin(struct hg_member *member)
{
	fanout_history_init(&member->history, fanout_member_verify(member) + 2);
	member->copied_at = hg->now();
	fanout_set_state(member, FANOUT_LEARNING);
}

static void
learnt(struct hg_member *member, uint64_t seq)
{
	struct fanout_flow *flow = member->flow;

	fanout_history_finish(&member->history);
	member->cursor = seq;
	member->marks = member->good = 0;
	member->late_at = 0;
	if (seq < flow->floor)
		flow->floor = seq;
	flow->takeovers++;
	fanout_count(FANOUT_TAKEOVERS, 1);
	fanout_set_state(member, FANOUT_AWAKE);
}

static bool
is_found(const struct hg_member *member, bool strict,
    struct fanout_place_in_ring *found)
{
	const struct fanout_flow *flow = member->flow;
	struct fanout_proof proof;

	proof.verify = strict && flow->verify > LEARN_VERIFY ? LEARN_VERIFY :
	    fanout_member_verify(member);
	proof.margin = strict ? proof.verify : flow->verify;
	proof.window = 1;
	proof.base = member->base;
	proof.floor = member->base;
	proof.strict = strict;
	return (fanout_align(&flow->ring, &member->history, &proof, found) ==
	    FANOUT_ALIGNED);
}

/* Only the copy at hand may be one that the flow has not got. */
bool
fanout_learn(struct hg_member *member, struct fanout_digest digest)
{
	struct fanout_place_in_ring found;

	fanout_history_push(&member->history, digest);
	if (!is_found(member, true, &found) &&
	    !is_found(member, false, &found))
		return (false);
	learnt(member, found.seq);
	return (found.ahead == 1);
}

/* Somebody waits for it who may not be kept for ever. */
static bool
is_urgent(const struct hg_member *member, uint64_t now)
{
	const struct hg_member *kept = TAILQ_FIRST(&member->flow->kept);

	return (kept != NULL && now - kept->state_at >=
	    FANOUT_KEEP_MAX / 2 && member->history.count ==
	    member->flow->ring.head - member->base);
}

void
fanout_learn_quiet(struct hg_member *member, uint64_t now)
{
	const struct fanout_flow *flow = member->flow;
	uint64_t wait, quiet = flow->quiet;

	wait = now - member->copied_at;
	if (flow->ring.head != 0 && now - flow->appended_at < wait)
		wait = now - flow->appended_at;
	if (is_urgent(member, now))
		quiet /= LEARN_URGENT;
	if (wait < quiet)
		return;
	if (member->history.count == 0 ? flow->ring.head == member->base ||
	    wait >= LEARN_SLOW * flow->quiet :
	    fanout_align_tail(&flow->ring, &member->history,
	    fanout_member_verify(member)))
		learnt(member, flow->ring.head);
}
