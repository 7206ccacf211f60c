/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow's newest messages, kept only while somebody could catch up by them:
 * a group that is a few messages behind would else stay behind as long as
 * messages come without a pause. Copies of their own, so that they hold no big
 * buffers; bounded in number and bytes, and without a gap up to the head.
 */
#include "fanout.h"

#define BACKLOG_BYTES	65536

void
fanout_backlog_clear(struct fanout_flow *flow)
{
	struct fanout_backlog *backlog = &flow->backlog;
	size_t i;

	for (i = 0; i < backlog->count; i++)
		hg->frame_unref(backlog->frame[(backlog->at + i) %
		    FANOUT_BACKLOG]);
	backlog->count = backlog->bytes = 0;
}

static void
drop_oldest(struct fanout_backlog *backlog)
{
	struct hg_frame *frame = backlog->frame[backlog->at];

	backlog->bytes -= hg->frame_len(frame);
	hg->frame_unref(frame);
	backlog->at = (backlog->at + 1) % FANOUT_BACKLOG;
	backlog->count--;
}

/* The message at the flow's head. */
static void
backlog_push(struct fanout_flow *flow, struct hg_frame **frame)
{
	struct fanout_backlog *backlog = &flow->backlog;
	const unsigned char *bytes;
	struct hg_frame *copy;
	size_t len;

	len = hg->frame_len(*frame);
	copy = NULL;
	if (len <= BACKLOG_BYTES / 4 &&
	    (bytes = hg->frame_bytes(frame)) != NULL)
		copy = hg->frame_new(bytes, len, hg->frame_flags(*frame));
	if (copy == NULL) {
		fanout_backlog_clear(flow);
		return;
	}
	while (backlog->count == FANOUT_BACKLOG ||
	    (backlog->count > 0 && backlog->bytes + len > BACKLOG_BYTES))
		drop_oldest(backlog);
	backlog->frame[(backlog->at + backlog->count) % FANOUT_BACKLOG] = copy;
	backlog->count++;
	backlog->bytes += len;
}

/* Sends a group that is behind what is kept. */
static void
catch_up(struct fanout_group *group)
{
	struct fanout_flow *flow = group->flow;
	struct fanout_backlog *backlog = &flow->backlog;
	struct hg_frame *frame;
	uint64_t behind;

	for (;;) {
		behind = flow->ring.head - group->sent;
		if (behind == 0 || behind > backlog->count ||
		    group->carrier->ended ||
		    hg->channel_is_full(group->carrier->channel))
			return;
		frame = hg->frame_ref(backlog->frame[(backlog->at +
		    backlog->count - behind) % FANOUT_BACKLOG]);
		if (frame == NULL)
			return;
		fanout_group_send(group, frame, NULL);
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
		catch_up(group);
		fanout_group_ride(group);
	}
}
