/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a turn: what ended is closed, who waits for room is told. */
#include "fake.h"

static void
channel_close(struct hg_channel *ch)
{
	struct hg_channel *child;
	struct list *node, *save;

	if (ch->closed)
		return;
	if (ch->has_children)
		list_each(node, save, &ch->conn->channels) {
			child = list_entry(node, struct hg_channel, node);
			if (child->parent == ch)
				channel_close(child);
		}
	fake_leave_groups(ch);
	fake_chain_close(&ch->chain);
	fake_table.frame_unref(ch->message);
	fake_table.frame_unref(ch->late);
	ch->message = ch->late = NULL;
	ch->closed = true;
	if (ch->peer != NULL) {
		ch->peer->peer = NULL;
		if (!fake_chain_dead(&ch->peer->chain))
			fake_channel_end(ch->peer, 1011, "", false);
		ch->peer = NULL;
	}
}

static void
conn_close(struct hg_conn *conn)
{
	struct list *node, *save;
	struct hg_channel *ch;
	unsigned code;

	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->kept == NULL)
			fake_set_how(&ch->top_end, 1006, "", false);
		code = 1006;
		if (!ch->recv_ended && ch->state == FAKE_OPEN)
			fake_ending(&ch->chain, HG_RECV, &code);
		ch->recv_ended = true;
		channel_close(ch);
	}
	fake_chain_close(&conn->chain);
	conn->closed = true;
}

/* Whether it did something. */
static bool
turn_channel(struct hg_channel *ch)
{
	bool unmuxed;

	if (ch->closed || ch->conn->failed.yes)
		return (false);
	if (ch->drain && !ch->full) {
		ch->drain = false;
		fake_drain(&ch->chain);
		return (true);
	}
	if (ch->state == FAKE_REFUSED && ch->parent == NULL && ch->muxed &&
	    !ch->send_ended && !ch->freed) {
		fake_channel_end(ch, 1000, "", false);
		return (true);
	}
	unmuxed = ch != ch->conn->root && !ch->muxed && ch->send_ended;
	if (!ch->freed && !unmuxed)
		return (false);
	channel_close(ch);
	return (true);
}

static bool
turn_conn(struct hg_conn *conn)
{
	struct list *node, *save;
	bool busy;

	busy = false;
	if (conn->closed || conn->root == NULL)
		return (false);
	if (conn->drain && !conn->full) {
		conn->drain = false;
		fake_drain(&conn->chain);
		if (conn->mux == NULL)
			fake_drain(&conn->root->chain);
		busy = true;
	}
	if (conn->stir) {
		conn->stir = false;
		list_each(node, save, &conn->channels)
			busy |= turn_channel(list_entry(node,
			    struct hg_channel, node));
	}
	if (!conn->failed.yes && !conn->vanished &&
	    !(conn->send_ended && conn->recv_ended))
		return (busy);
	conn_close(conn);
	return (true);
}

void
fake_turn(void)
{
	struct list *node, *save;
	bool busy;

	if (fake.depth != 0)
		fake_abort("a turn within a hook");
	fake_http_turn();
	do {
		busy = false;
		list_each(node, save, &fake.conns)
			busy |= turn_conn(list_entry(node, struct hg_conn,
			    node));
	} while (busy);
}

void
fake_close_all(void)
{
	struct list *node, *save;
	struct hg_conn *conn;

	list_each(node, save, &fake.conns) {
		conn = list_entry(node, struct hg_conn, node);
		conn->vanished = true;
		if (!conn->closed)
			conn_close(conn);
		fake_kept_lose_all(conn);
	}
}
