/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow's newest messages, without a gap up to the head. With "upstream =
 * each" they are few and are kept only while somebody could catch up by them: a
 * group that is a few messages behind would else stay behind as long as
 * messages come without a pause. With "one", and with a feed, they are all that
 * a group lacks, as nobody else has them; who lacks more than the option
 * "backlog" is closed.
 *
 * Small ones are copies of their own, so that they hold no big buffers.
 */
#include <stdlib.h>

#include "fanout.h"

#define BACKLOG_COUNT	32
#define BACKLOG_BYTES	65536
#define BACKLOG_COPY	(BACKLOG_BYTES / 4)
#define BACKLOG_COST	64		/* of an entry */

static struct hg_frame **
entry_at(const struct fanout_backlog *backlog, size_t i)
{
	return (&backlog->frame[(backlog->at + i) % backlog->size]);
}

static size_t
cost_of(const struct hg_frame *frame)
{
	return (hg->frame_len(frame) + BACKLOG_COST);
}

static void
drop_oldest(struct fanout_backlog *backlog)
{
	struct hg_frame *frame = *entry_at(backlog, 0);

	backlog->bytes -= cost_of(frame);
	hg->frame_unref(frame);
	backlog->at = (backlog->at + 1) % backlog->size;
	backlog->count--;
}

void
fanout_backlog_clear(struct fanout_flow *flow)
{
	while (flow->backlog.count > 0)
		drop_oldest(&flow->backlog);
}

static int
backlog_grow(struct fanout_backlog *backlog)
{
	struct hg_frame **frame;
	size_t i, size;

	size = backlog->size == 0 ? BACKLOG_COUNT : 2 * backlog->size;
	if ((frame = calloc(size, sizeof(*frame))) == NULL)
		return (-1);
	for (i = 0; i < backlog->count; i++)
		frame[i] = *entry_at(backlog, i);
	free(backlog->frame);
	backlog->frame = frame;
	backlog->size = size;
	backlog->at = 0;
	return (0);
}

/* The oldest that must be kept: head + 1 when none. */
static uint64_t
oldest_needed(const struct fanout_flow *flow)
{
	const struct fanout_group *group;
	uint64_t needed;

	needed = flow->ring.head + 1;
	if (!fanout_is_common(flow))
		return (needed);
	TAILQ_FOREACH(group, &flow->groups, entry)
		if (group->following && group->sent + 1 < needed)
			needed = group->sent + 1;
	return (needed);
}

static void
backlog_trim(struct fanout_flow *flow, uint64_t needed)
{
	struct fanout_backlog *backlog = &flow->backlog;

	while (backlog->count > 0 &&
	    (backlog->count > BACKLOG_COUNT ||
	    backlog->bytes > BACKLOG_BYTES) &&
	    flow->ring.head - backlog->count + 1 < needed)
		drop_oldest(backlog);
}

/* The message at the flow's head. */
static void
backlog_push(struct fanout_flow *flow, struct hg_frame **frame)
{
	struct fanout_backlog *backlog = &flow->backlog;
	const unsigned char *bytes;
	struct hg_frame *copy = NULL;
	size_t len = hg->frame_len(*frame);

	if (backlog->count < backlog->size || backlog_grow(backlog) == 0) {
		if (len > BACKLOG_COPY && fanout_is_common(flow))
			copy = hg->frame_ref(*frame);
		else if (len <= BACKLOG_COPY &&
		    (bytes = hg->frame_bytes(frame)) != NULL)
			copy = hg->frame_new(bytes, len,
			    hg->frame_flags(*frame));
	}
	if (copy == NULL) {
		fanout_backlog_clear(flow);
		return;
	}
	*entry_at(backlog, backlog->count) = copy;
	backlog->count++;
	backlog->bytes += cost_of(copy);
}

void
fanout_catch_up(struct fanout_group *group, bool force)
{
	struct fanout_flow *flow = group->flow;
	struct fanout_backlog *backlog = &flow->backlog;
	struct hg_frame *frame;
	uint64_t behind;

	for (;;) {
		behind = flow->ring.head - group->sent;
		if (behind == 0 || behind > backlog->count ||
		    group->carrier->ended || group->carrier->ending ||
		    (!force && hg->channel_is_full(group->carrier->channel)))
			return;
		frame = hg->frame_ref(*entry_at(backlog,
		    backlog->count - behind));
		if (frame == NULL)
			return;
		fanout_group_send(group, frame, NULL);
	}
}

/* What they lack cannot be kept any more. */
static void
group_cut(struct fanout_group *group)
{
	struct hg_member *member;

	group->following = false;
	TAILQ_FOREACH(member, &group->members, group_entry) {
		fanout_count(FANOUT_SLOW, 1);
		fanout_member_abandon_by(member, 1013, "too slow");
	}
}

/* Those that are behind most go, and first of all who lacks what is lost. */
static void
cut_slow(struct fanout_flow *flow)
{
	struct fanout_group *group;
	uint64_t needed, oldest;

	for (;;) {
		needed = oldest_needed(flow);
		oldest = flow->ring.head - flow->backlog.count + 1;
		if (needed > flow->ring.head || (needed >= oldest &&
		    flow->backlog.bytes <= flow->backlog_max))
			break;
		TAILQ_FOREACH(group, &flow->groups, entry)
			if (group->following && group->sent + 1 == needed)
				group_cut(group);
		backlog_trim(flow, oldest_needed(flow));
	}
}

void
fanout_backlog_note(struct fanout_flow *flow, struct hg_frame **frame,
    bool behind)
{
	struct fanout_group *group, *next;

	if (!behind && flow->merged_count == flow->member_count) {
		fanout_backlog_clear(flow);
		return;
	}
	backlog_push(flow, frame);
	for (group = TAILQ_FIRST(&flow->groups); behind && group != NULL;
	    group = next) {
		next = TAILQ_NEXT(group, entry);
		if (group->sent == flow->ring.head)
			continue;
		fanout_catch_up(group, false);
		fanout_group_ride(group);
	}
	backlog_trim(flow, behind ? oldest_needed(flow) :
	    flow->ring.head + 1);
	if (behind && fanout_is_common(flow))
		cut_slow(flow);
}
