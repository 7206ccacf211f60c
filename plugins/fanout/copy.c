/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a message has come from the broker: who needs it? */
#include "fanout.h"

/* Its order has just been another than thought, so more than the window. */
#define SKIP_GRACE	16
#define SEARCH		2048	/* entries of the ring for each copy */

void
fanout_suppress(struct fanout_flow *flow, struct hg_frame *frame)
{
	flow->suppressed++;
	fanout_count(FANOUT_SUPPRESSED, 1);
	hg->frame_unref(frame);
}

uint64_t
fanout_match(const struct hg_member *member, struct fanout_digest digest,
    uint64_t limit)
{
	const struct fanout_ring *ring = &member->flow->ring;
	uint64_t seq;

	if (limit > member->cursor + 1 + member->flow->window)
		limit = member->cursor + 1 + member->flow->window;
	if (limit > ring->head)
		limit = ring->head;
	seq = member->cursor + 1;
	if (seq < ring->first)
		seq = ring->first;
	for (; seq <= limit; seq++)
		if ((member->marks >> (seq - member->cursor - 1) & 1) == 0 &&
		    fanout_same(fanout_ring_at(ring, seq), digest))
			return (seq);
	return (0);
}

void
fanout_mark(struct hg_member *member, uint64_t seq)
{
	member->marks |= (uint64_t)1 << (seq - member->cursor - 1);
	while ((member->marks & 1) != 0) {
		member->marks >>= 1;
		member->cursor++;
	}
}

/* Whether the copy was the flow's; if not, it is untouched. */
static bool
copy_merged(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	struct fanout_flow *flow = member->flow;
	struct fanout_group *group = member->group;
	uint64_t seq;

	if (++member->good == 4 * FANOUT_VERIFY_MAX)
		member->patience = 1;
	/* Not beyond the next that the group lacks. */
	if ((seq = fanout_match(member, digest, group->sent + 1)) != 0) {
		fanout_mark(member, seq);
		if (seq <= group->sent) {
			fanout_suppress(flow, frame);
			/* Its next would be one more for who is full. */
			if (member->cursor >= group->sent &&
			    hg->channel_is_full(group->carrier->channel))
				fanout_hold(member, group->carrier);
			return (true);
		}
		fanout_group_send(group, frame, member);
		fanout_group_ride(group);
		return (true);
	}
	if (member->cursor != flow->ring.head)
		return (false);
	fanout_flow_append(flow, digest);
	member->cursor = flow->ring.head;
	fanout_flow_send(flow, frame, member);
	return (true);
}

/* Newer copies than the flow has got are the flow's next. Nobody but this
 * member has them yet; the others get them from their own, or, where they have
 * none, by the newest copy, which must be the only one. */
static void
append_own(struct hg_member *member, const struct fanout_digest *digest,
    size_t count, struct hg_frame *newest)
{
	struct hg_frame *copy;

	if (count > 0 && !member->flow->one)
		fanout_backlog_clear(member->flow);
	while (count-- > 0) {
		fanout_flow_append(member->flow, digest[count]);
		fanout_store_skip(member->flow);
		member->cursor = member->flow->ring.head;
		member->group->sent = member->cursor;
		if (member->flow->one &&
		    (copy = hg->frame_ref(newest)) != NULL)
			fanout_one_send(member->flow, copy);
	}
}

/* Behind its newest copy, which it has sent on by itself. */
static void
try_align(struct hg_member *member, struct hg_frame *newest)
{
	struct fanout_digest ahead[FANOUT_WINDOW_MAX];
	struct fanout_flow *flow = member->flow;
	struct fanout_place_in_ring found;
	struct fanout_proof proof;
	size_t i;

	proof.verify = fanout_member_verify(member);
	proof.margin = flow->verify;
	proof.window = flow->one ? 1 : flow->window;
	proof.base = member->base;
	proof.floor = member->left;
	proof.strict = false;
	/* A big ring is not searched for each copy. */
	member->try_at = member->history.count + 1 +
	    fanout_ring_count(&flow->ring) / SEARCH;
	switch (fanout_align(&flow->ring, &member->history, &proof, &found)) {
	case FANOUT_ELSEWHERE:
		return;
	case FANOUT_UNPROVEN:
		/* It is dear to find out, and not soon different. */
		member->try_at += proof.verify / 4;
		return;
	case FANOUT_ALIGNED:
		break;
	}
	for (i = 0; i < found.ahead; i++)
		ahead[i] = fanout_history_at(&member->history, i);
	if (fanout_member_merge(member, found.seq) != 0)
		return;
	append_own(member, ahead, found.ahead, newest);
	if (member->group != NULL)
		fanout_group_ride(member->group);
}

static bool
copy_group(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	return (member->flow->one ? fanout_one_copy(member, digest, frame) :
	    copy_merged(member, digest, frame));
}

static void
copy_alone(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	struct fanout_flow *flow = member->flow;
	struct hg_frame *newest;

	if (flow->feed == NULL && flow->merged_count == 0 &&
	    member->skip.slot == NULL &&
	    fanout_member_merge(member, flow->ring.head) == 0) {
		fanout_group_ride(member->group);
		copy_group(member, digest, frame);
		return;
	}
	if ((newest = hg->frame_ref(frame)) == NULL) {
		hg->frame_unref(frame);
		fanout_member_abandon(member, "no memory");
		return;
	}
	if (fanout_skip_take(&member->skip, digest,
	    flow->window + SKIP_GRACE))
		fanout_suppress(flow, frame);
	else {
		fanout_count(FANOUT_SENT, 1);
		if (!hg->channel_send(member->channel, frame))
			fanout_hold(member, member);
	}
	fanout_history_push(&member->history, digest);
	if (flow->feed == NULL && member->skip.slot == NULL &&
	    member->history.count >= member->try_at)
		try_align(member, newest);
	hg->frame_unref(newest);
}

static void
copy_known(struct hg_member *member, struct fanout_digest digest,
    struct hg_frame *frame)
{
	if (member->is_fed || member->resume_by != 0) {
		fanout_suppress(member->flow, frame);
		fanout_fed_copy(member, digest);
		return;
	}
	if (member->group != NULL || member->state == FANOUT_KEPT) {
		if (copy_group(member, digest, frame))
			return;
		member->flow->mismatches++;
		fanout_count(FANOUT_MISMATCHES, 1);
		fanout_member_unmerge(member);
	}
	if (member->ending)
		hg->frame_unref(frame);
	else
		copy_alone(member, digest, frame);
}

void
fanout_copy(struct hg_member *member, struct hg_frame *frame)
{
	struct fanout_digest digest;

	fanout_count(FANOUT_COPIES, 1);
	if (member->flow == NULL || member->ending) {
		hg->frame_unref(frame);
		return;
	}
	member->copied_at = hg->now();
	fanout_busy();
	if (fanout_digest(&frame, &digest) != 0) {
		hg->frame_unref(frame);
		fanout_member_abandon(member, "no memory");
	} else
		copy_known(member, digest, frame);
	fanout_tick_start(fanout_worker());
	fanout_idle();
}
