/* SPDX-License-Identifier: Apache-2.0 */
/* What passes through a channel: up from the wire, down to its carrier. */
#include <stdlib.h>

#include "channel.h"
#include "frame.h"
#include "utf8.h"

#define LATE_OVERHEAD	128	/* of each message that waits, in bytes */

bool
channel_check_text(unsigned char *state, const struct hg_frame *frame)
{
	unsigned i;

	if ((frame->flags & HG_FIRST) != 0)
		*state = UTF8_START;
	for (i = 0; i < frame->count; i++)
		if (!utf8_check(state, frame->slices[i].data,
		    frame->slices[i].len))
			return (false);
	return ((frame->flags & HG_LAST) == 0 || utf8_is_complete(*state));
}

void
channel_settle_groups(struct hg_conn *conn)
{
	if (conn->settle != NULL)
		conn->settle(conn);
}

/* Before it is open, what comes is kept; nothing more is read meanwhile. */
static void
channel_keep_early(struct hg_channel *ch, struct hg_frame *frame)
{
	struct channel_waits *waits = channel_waits(ch);
	struct waiting *waiting = NULL;

	if (waits != NULL) {
		if (waits->early_bytes == 0)
			channel_pause(ch, true);
		waits->early_bytes += frame->len + sizeof(*waiting);
		waiting = malloc(sizeof(*waiting));
	}
	if (waiting == NULL || waits->early_bytes > CHANNEL_EARLY_MAX +
	    (size_t)WORKER_READ_SIZE) {
		free(waiting);
		frame_unref(frame);
		channel_fail(ch, 1008, "too much before it was opened");
		return;
	}
	waiting->frame = frame;
	list_push(&waits->early, &waiting->node);
}

void
channel_recv_checked(struct hg_channel *ch, struct hg_frame *frame)
{
	if (ch->wire_ended || ch->early_code != 0 || ch->chain.dead ||
	    ch->deaf) {
		frame_unref(frame);
		return;
	}
	ch->bytes_in += frame->len;
	ch->messages_in += (frame->flags & HG_LAST) != 0;
	if (!ch->opened || channel_has_early(ch)) {
		channel_keep_early(ch, frame);
		return;
	}
	chain_recv(&ch->chain, 0, frame);
}

/*
 * An extension that uses a reserved bit has changed the bytes: they are text
 * again only above its slot, which then is who clears the bit.
 */
static bool
channel_is_text(struct hg_channel *ch, const struct hg_frame *frame)
{
	if ((frame->flags & HG_FIRST) != 0)
		ch->in_text = (frame->flags & HG_TEXT) != 0 &&
		    (frame->flags & HG_RSV) == 0;
	return (ch->in_text);
}

void
channel_recv(struct hg_channel *ch, struct hg_frame *frame)
{
	if (ch == ch->conn->root && (ch->conn->is_trunk ||
	    ch->conn->no_root)) {
		frame_unref(frame);
		conn_fail(ch->conn, 1008, ch->conn->is_trunk ?
		    "data on channel 0 of a trunk" :
		    "data on channel 0, where nothing is");
		return;
	}
	channel_settle_groups(ch->conn);
	if ((frame->flags & HG_RSV & ~ch->chain.rsv) != 0) {
		frame_unref(frame);
		channel_fail(ch, 1002, "a reserved bit without an extension");
		return;
	}
	if (channel_is_text(ch, frame) &&
	    !channel_check_text(&ch->utf8, frame)) {
		frame_unref(frame);
		channel_fail(ch, 1007, "text is not UTF-8");
		return;
	}
	channel_recv_checked(ch, frame);
}

bool
channel_send(struct hg_channel *ch, struct hg_frame *frame)
{
	if (ch->top_ended) {
		frame_unref(frame);
		return (true);
	}
	chain_send(&ch->chain, ch->chain.count, frame);
	return (!channel_is_full(ch));
}

static void
channel_wait(struct hg_channel *parent, struct hg_frame *frame)
{
	struct channel_waits *waits = channel_waits(parent);
	struct waiting *waiting = NULL;
	size_t cost = frame->len + LATE_OVERHEAD;

	if (waits != NULL)
		waiting = malloc(sizeof(*waiting));
	if (waiting == NULL || waits->late_bytes >
	    (size_t)parent->service->limits.queue_max) {
		free(waiting);
		frame_unref(frame);
		channel_fail(parent, 1013, "slow consumer");
		return;
	}
	waiting->frame = frame;
	waits->late_bytes += cost;
	list_push(&waits->late, &waiting->node);
}

/*
 * A child without an id sends whole messages into its parent, between the
 * parent's own.
 */
static void
channel_carry_in_parent(struct hg_channel *ch, struct hg_frame *frame)
{
	unsigned flags = frame->flags;

	if (ch->parent == NULL || ch->parent->chain.dead) {
		frame_unref(frame);
		return;
	}
	if (ch->more->message != NULL) {
		frame = frame_concat(ch->more->message, frame);
		ch->more->message = NULL;
	}
	if (frame == NULL || frame->len >
	    (size_t)ch->service->limits.message_max) {
		frame_unref(frame);
		channel_fail(ch, 1009, "message too long");
		return;
	}
	if ((flags & HG_LAST) == 0) {
		ch->more->message = frame;
		return;
	}
	frame = frame_flags(frame, frame->flags | HG_WHOLE);
	if (frame == NULL)
		channel_fail(ch, 1011, "out of memory");
	else if (ch->parent->sending)
		channel_wait(ch->parent, frame);
	else
		channel_carry(ch->parent, frame);
}

static void
channel_carry_one(struct hg_channel *ch, struct hg_frame *frame)
{
	struct hg_slot *mux = channel_mux(ch);

	ch->sending = (frame->flags & HG_LAST) == 0;
	ch->bytes_out += frame->len;
	ch->messages_out += !ch->sending;
	if (mux != NULL)
		mux->plugin->mux.send(mux, mux->state, ch, ch->mux_data,
		    frame);
	else if (channel_is_carried(ch))
		frame_unref(frame);
	else if (ch != ch->conn->root)
		channel_carry_in_parent(ch, frame);
	else
		conn_send(ch->conn, frame);
}

/* Behind each message of its own go those of children that waited for it. */
void
channel_carry(struct hg_channel *ch, struct hg_frame *frame)
{
	struct channel_waits *waits;
	struct waiting *waiting;

	channel_carry_one(ch, frame);
	while (!ch->sending && (waits = ch->waits) != NULL &&
	    !list_empty(&waits->late)) {
		waiting = list_entry(waits->late.next, struct waiting, node);
		list_remove(&waiting->node);
		frame = waiting->frame;
		free(waiting);
		waits->late_bytes -= frame->len + LATE_OVERHEAD;
		channel_carry_one(ch, frame);
	}
}

void
channel_resend(struct hg_channel *ch, struct hg_frame *frame)
{
	chain_send(&ch->chain, ch->chain.count, frame);
}
