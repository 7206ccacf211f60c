/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections and channels: their two ends, and how they end: what
 * ends is marked at once, and closed by fake_turn().
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
fake_set_how(struct fake_how *how, unsigned code, const char *reason,
    bool failed)
{
	if (how->yes)
		return;
	how->yes = true;
	how->end.code = code;
	how->end.failed = failed;
	snprintf(how->end.reason, sizeof(how->end.reason), "%s",
	    reason != NULL ? reason : "");
}

struct hg_channel *
fake_channel_new(struct hg_conn *conn, struct hg_channel *parent,
    struct hg_head *request)
{
	struct hg_channel *ch;
	size_t size;

	if ((ch = calloc(1, sizeof(*ch))) == NULL)
		abort();
	ch->conn = conn;
	ch->parent = parent;
	if (parent != NULL)
		parent->has_children = true;
	ch->request = request;
	ch->state = FAKE_OPEN;
	ch->chain.conn = conn;
	ch->chain.channel = ch;
	fake_queue_init(&ch->top);
	fake_queue_init(&ch->early);
	list_push(&conn->channels, &ch->node);
	snprintf(ch->name, sizeof(ch->name), "%s", conn->name);
	if (conn->mux != NULL) {
		size = conn->mux->plugin->plugin->mux->channel_size;
		ch->data = calloc(1, size != 0 ? size : 1);
		if (ch->data == NULL)
			abort();
	}
	return (ch);
}

/* A child's slots: those of the parent's plugins that want children. */
void
fake_inherit(struct hg_channel *child)
{
	struct fake_chain *chain = &child->parent->chain;
	int i;

	for (i = 0; i < chain->count; i++)
		if (chain->slot[i]->hooks->children)
			fake_slot_new(&child->chain, chain->slot[i]->plugin);
}

int
fake_mux_create(struct hg_channel *ch)
{
	struct hg_slot *mux = ch->conn->mux;
	unsigned previous;
	int error;

	previous = fake_enter(ch->conn->worker);
	ch->muxed = true;
	ch->state = FAKE_ASKED;
	ch->carried = true;
	error = mux->plugin->plugin->mux->create(mux, mux->state, ch, ch->data,
	    ch->request);
	fake_leave(previous);
	if (error == 0)
		return (0);
	ch->muxed = ch->carried = false;
	ch->state = FAKE_REFUSED;
	ch->conn->stir = true;
	return (-1);
}

bool
fake_blocked(const struct hg_channel *ch)
{
	return (ch->full || ch->holds > 0 ||
	    (ch == ch->conn->root && ch->conn->mux == NULL && ch->conn->full));
}

/* The channel takes from above again: its peer may give credit. */
void
fake_unblocked(struct hg_channel *ch)
{
	struct hg_slot *mux;
	unsigned previous;

	if (fake_blocked(ch) || (ch = ch->peer) == NULL || ch->paused)
		return;
	mux = ch->conn->mux;
	if (mux == NULL || !(ch->muxed || ch == ch->conn->root) ||
	    fake_chain_dead(&ch->chain) ||
	    mux->plugin->plugin->mux->resume == NULL)
		return;
	previous = fake_enter(ch->conn->worker);
	mux->plugin->plugin->mux->resume(mux, mux->state, ch, ch->data);
	fake_leave(previous);
}

void
fake_top_reached(struct hg_channel *ch, struct hg_frame *frame)
{
	if (ch->peer != NULL)
		fake_table.channel_send(ch->peer, frame);
	else
		fake_record(&ch->top, frame, ch->name);
}

/*
 * A child without an id sends whole messages into its parent. One may wait for
 * the end of the parent's own; a test that needs more aborts.
 */
static void
carry_in_parent(struct hg_channel *ch, struct hg_frame *frame)
{
	unsigned flags;

	flags = frame->flags;
	if (ch->message != NULL)
		frame = fake_table.frame_concat(ch->message, frame);
	ch->message = frame;
	if ((flags & HG_LAST) == 0)
		return;
	ch->message = NULL;
	frame = fake_table.frame_reflag(frame, frame->flags | HG_WHOLE);
	if (!ch->parent->sending)
		fake_bottom_reached(ch->parent, frame);
	else if (ch->parent->late == NULL)
		ch->parent->late = frame;
	else
		fake_abort("%s: too much waits", ch->name);
}

void
fake_bottom_reached(struct hg_channel *ch, struct hg_frame *frame)
{
	struct hg_conn *conn = ch->conn;
	struct hg_slot *mux = conn->mux;
	unsigned previous;

	if (conn->send_ended || fake_chain_dead(&conn->chain)) {
		fake_table.frame_unref(frame);
		return;
	}
	if (ch->parent != NULL && !ch->carried) {
		carry_in_parent(ch, frame);
		return;
	}
	ch->sending = (frame->flags & HG_LAST) == 0;
	if (mux != NULL) {
		previous = fake_enter(conn->worker);
		mux->plugin->plugin->mux->send(mux, mux->state, ch, ch->data,
		    frame);
		fake_leave(previous);
	} else
		fake_send(&conn->chain, conn->chain.count - 1, frame);
	while (!ch->sending && (frame = ch->late) != NULL) {
		ch->late = NULL;
		fake_bottom_reached(ch, frame);
	}
}

void
fake_channel_recv(struct hg_channel *ch, struct hg_frame *frame)
{
	if (ch->recv_ended)
		fake_abort("%s: a frame behind its end", ch->name);
	if (fake_chain_dead(&ch->chain))
		fake_table.frame_unref(frame);
	else if (ch->state == FAKE_PENDING)
		fake_record(&ch->early, frame, ch->name);
	else
		fake_recv(&ch->chain, 0, frame);
}

static void
conn_end(struct hg_conn *conn, unsigned code, const char *reason)
{
	if (conn->send_ended || conn->failed.yes)
		return;
	fake_ending(&conn->chain, HG_SEND, &code);
	conn->send_ended = true;
	fake_set_how(&conn->wire_end, code, reason, false);
}

static void
end_children(struct hg_channel *parent, unsigned code, const char *reason)
{
	struct hg_channel *ch;
	struct list *node, *save;

	list_each(node, save, &parent->conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->parent == parent)
			fake_channel_end(ch, code, reason, false);
	}
}

/* The carrier is told that no more is sent on the channel. */
static void
end_carrier(struct hg_channel *ch, unsigned code, const char *reason, bool now)
{
	struct hg_slot *mux = ch->conn->mux;
	unsigned previous;

	if (ch == ch->conn->root)
		conn_end(ch->conn, code, reason);
	if (ch == ch->conn->root || !ch->carried || ch->freed ||
	    ch->conn->failed.yes)
		return;
	previous = fake_enter(ch->conn->worker);
	mux->plugin->plugin->mux->end(mux, mux->state, ch, ch->data, code,
	    reason != NULL ? reason : "", now);
	fake_leave(previous);
}

/* This side ends it, from above. */
void
fake_channel_end(struct hg_channel *ch, unsigned code, const char *reason,
    bool now)
{
	if (ch->send_ended || fake_chain_dead(&ch->chain))
		return;
	fake_set_how(&ch->ended, code, reason, false);
	if (ch->state != FAKE_PENDING)
		fake_ending(&ch->chain, HG_SEND, &code);
	if (ch->send_ended || fake_chain_dead(&ch->chain))
		return;
	ch->send_ended = true;
	ch->conn->stir = true;
	end_children(ch, code, reason);
	end_carrier(ch, code, reason, now);
}

void
fake_leave_groups(struct hg_channel *ch)
{
	struct list *node, *save;

	list_each(node, save, &fake.groups)
		fake_table.group_remove(list_entry(node, struct hg_group,
		    node), ch);
}

/* Children that their parent carries have no other end of their own. */
static void
end_unborn(struct hg_channel *parent, unsigned code, const char *reason)
{
	struct hg_channel *ch;
	struct list *node, *save;

	list_each(node, save, &parent->conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->parent == parent && !ch->carried)
			fake_channel_ended(ch, code, reason);
	}
}

/* The other end of the wire sends no more on it. */
void
fake_channel_ended(struct hg_channel *ch, unsigned code, const char *reason)
{
	if (ch->recv_ended || fake_chain_dead(&ch->chain))
		return;
	if (ch->state == FAKE_PENDING) {
		fake_set_how(&ch->early_end, code, reason, false);
		return;
	}
	fake_leave_groups(ch);
	fake_ending(&ch->chain, HG_RECV, &code);
	ch->recv_ended = true;
	if (ch->kept == NULL)
		fake_set_how(&ch->top_end, code, reason, false);
	end_unborn(ch, code, reason);
	if (ch->peer != NULL)
		fake_channel_end(ch->peer, code, reason, false);
	else if (!ch->linked)
		fake_channel_end(ch, code, reason, false);
}

void
fake_conn_failed(struct hg_conn *conn, unsigned code, const char *reason)
{
	fake_set_how(&conn->failed, code, reason, true);
	fake_set_how(&conn->wire_end, code, reason, true);
}

void
fake_channel_failed(struct hg_channel *ch, unsigned code, const char *reason)
{
	fake_leave_groups(ch);
	fake_set_how(&ch->failed, code, reason, true);
	fake_set_how(&ch->ended, code, reason, true);
	if (ch->kept == NULL)
		fake_set_how(&ch->top_end, code, reason, true);
	if (ch == ch->conn->root) {
		fake_conn_failed(ch->conn, code, reason);
		return;
	}
	if (ch->send_ended)
		return;
	ch->send_ended = true;
	ch->conn->stir = true;
	end_children(ch, code, reason);
	end_carrier(ch, code, reason, false);
}

void
fake_run_opened(struct hg_channel *ch, const struct hg_head *response)
{
	struct hg_slot *slot;
	unsigned previous;
	int i;

	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->opened == NULL)
			continue;
		previous = fake_enter(ch->conn->worker);
		slot->hooks->opened(slot, slot->state, response);
		fake_leave(previous);
	}
}
