/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's table: frames are counted by reference, handles are checked for
 * life and for their worker, everything else goes to core or to our files.
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

/* A channel that a plugin named: alive, and on its own worker. */
void
fake_live(const struct hg_channel *ch, const char *fn)
{
	if (ch == NULL)
		fake_abort("%s: no channel", fn);
	if (ch->closed)
		fake_abort("%s: %s is closed", fn, ch->name);
	if (fake.depth > 0 && ch->conn->worker != fake.worker)
		fake_abort("%s: %s is of worker %u, called on %u", fn,
		    ch->name, ch->conn->worker, fake.worker);
}

void
fake_live_slot(const struct hg_slot *slot, const char *fn)
{
	if (slot == NULL)
		fake_abort("%s: no slot", fn);
	if (slot->closed)
		fake_abort("%s: the slot is closed", fn);
	if (fake.depth > 0 && slot->chain->conn->worker != fake.worker)
		fake_abort("%s: the slot is of worker %u, called on %u", fn,
		    slot->chain->conn->worker, fake.worker);
}

/* --- slots ---------------------------------------------------------------- */

static struct hg_channel *
hg_slot_channel(const struct hg_slot *slot)
{
	fake_live_slot(slot, "slot_channel");
	return (slot->chain->channel);
}

static struct hg_conn *
hg_slot_conn(const struct hg_slot *slot)
{
	fake_live_slot(slot, "slot_conn");
	return (slot->chain->conn);
}

static const void *
hg_options(const struct hg_slot *slot)
{
	fake_live_slot(slot, "options");
	return (slot->plugin->options);
}

static const struct hg_params *
hg_offered(const struct hg_slot *slot)
{
	fake_live_slot(slot, "offered");
	return (slot->offered);
}

static const struct hg_params *
hg_answered(const struct hg_slot *slot)
{
	fake_live_slot(slot, "answered");
	return (slot->answered);
}

static enum hg_verdict hg_fail(struct hg_slot *, unsigned, const char *, ...)
    HG_PRINTF(3, 4);

static enum hg_verdict
hg_fail(struct hg_slot *slot, unsigned code, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	fake_live_slot(slot, "fail");
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (slot->chain->channel != NULL)
		fake_channel_failed(slot->chain->channel, code, reason);
	else
		fake_conn_failed(slot->chain->conn, code, reason);
	return (HG_FAIL);
}

/* The frame must be the caller's own, not the one it was only lent. */
static void
check_own(const struct hg_slot *slot, const struct hg_frame *frame)
{
	if (slot->lent == frame && frame != NULL &&
	    atomic_load(&frame->refs) == 0)
		fake_abort("a frame that was given back");
}

static void
hg_recv_next(struct hg_slot *slot, struct hg_frame *frame)
{
	fake_live_slot(slot, "recv_next");
	check_own(slot, frame);
	if (frame != NULL)
		fake_recv(slot->chain, slot->index + 1, frame);
}

static void
hg_send_next(struct hg_slot *slot, struct hg_frame *frame)
{
	fake_live_slot(slot, "send_next");
	check_own(slot, frame);
	if (frame != NULL)
		fake_send(slot->chain, slot->index - 1, frame);
}

/* --- connections and channels --------------------------------------------- */

static bool
hg_conn_is_initiator(const struct hg_conn *conn)
{
	return (conn->initiator);
}

static struct hg_channel *
hg_conn_root(struct hg_conn *conn)
{
	return (conn->root);
}

static const char *
hg_conn_name(const struct hg_conn *conn)
{
	return (conn->name);
}

static bool
hg_conn_full(const struct hg_conn *conn)
{
	return (conn->full);
}

static struct hg_conn *
hg_channel_conn(const struct hg_channel *ch)
{
	fake_live(ch, "channel_conn");
	return (ch->conn);
}

static struct hg_channel *
hg_channel_parent(const struct hg_channel *ch)
{
	fake_live(ch, "channel_parent");
	return (ch->parent);
}

static struct hg_channel *
hg_channel_peer(const struct hg_channel *ch)
{
	fake_live(ch, "channel_peer");
	return (ch->peer);
}

static const char *
hg_channel_name(const struct hg_channel *ch)
{
	fake_live(ch, "channel_name");
	return (ch->name);
}

static const struct hg_head *
hg_channel_request(const struct hg_channel *ch)
{
	fake_live(ch, "channel_request");
	return (ch->request);
}

static const char *
hg_channel_subprotocol(const struct hg_channel *ch)
{
	fake_live(ch, "channel_subprotocol");
	return (ch->conn->subprotocol[0] != '\0' ? ch->conn->subprotocol :
	    NULL);
}

static const char *
hg_channel_service(const struct hg_channel *ch)
{
	fake_live(ch, "channel_service");
	return (ch->conn->service);
}

static bool
has(const struct fake_chain *chain, const struct hg_conn *conn,
    const char *ext)
{
	const char *name;
	char padded[80];
	int i;

	for (i = 0; i < chain->count; i++) {
		name = chain->slot[i]->plugin->plugin->extension;
		if (name != NULL && strcmp(name, ext) == 0)
			return (true);
	}
	snprintf(padded, sizeof(padded), " %s ", ext);
	return (strstr(conn->has, padded) != NULL);
}

static bool
hg_channel_has(const struct hg_channel *ch, const char *ext)
{
	fake_live(ch, "channel_has");
	return (has(&ch->chain, ch->conn, ext));
}

static bool
hg_conn_has(const struct hg_conn *conn, const char *ext)
{
	return (has(&conn->chain, conn, ext));
}

static bool
hg_channel_is_carried(const struct hg_channel *ch)
{
	fake_live(ch, "channel_is_carried");
	return (ch->carried);
}

static enum hg_upstream
hg_channel_upstream(const struct hg_channel *ch)
{
	fake_live(ch, "channel_upstream");
	return (ch->conn->upstream);
}

static bool
hg_channel_is_full(const struct hg_channel *ch)
{
	fake_live(ch, "channel_is_full");
	if (ch->parent != NULL && !ch->carried)
		return (ch->full || hg_channel_is_full(ch->parent));
	return (ch->full || (ch->conn->mux == NULL && ch->conn->full));
}

static bool
hg_channel_send(struct hg_channel *ch, struct hg_frame *frame)
{
	fake_live(ch, "channel_send");
	if (frame == NULL)
		return (true);
	if (ch->send_ended || fake_chain_dead(&ch->chain))
		fake_table.frame_unref(frame);
	else
		fake_send(&ch->chain, ch->chain.count - 1, frame);
	return (!hg_channel_is_full(ch));
}

static void
hg_channel_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	fake_live(ch, "channel_end");
	fake_channel_end(ch, code, reason, false);
}

static void
hg_channel_hold(struct hg_channel *ch, bool hold)
{
	fake_live(ch, "channel_hold");
	ch->holds += hold ? 1 : -1;
	if (ch->holds < 0)
		fake_abort("%s: more releases than holds", ch->name);
	if (!hold)
		fake_unblocked(ch);
}

static struct hg_channel *
hg_channel_child(struct hg_channel *parent, const struct hg_fields *fields)
{
	struct hg_channel *ch;
	struct hg_head *request;

	fake_live(parent, "channel_child");
	if ((request = http_fields(fields)) == NULL)
		return (NULL);
	ch = fake_channel_new(parent->conn, parent, request);
	fake_inherit(ch);
	if (parent->conn->mux != NULL && parent->carried)
		fake_mux_create(ch);
	fake_chain_open(&ch->chain);
	return (ch);
}

const struct hg_host fake_table = {
	.size = sizeof(struct hg_host),
	FAKE_REST_OF_TABLE,
	.slot_channel = hg_slot_channel,
	.slot_conn = hg_slot_conn,
	.options = hg_options,
	.offered = hg_offered,
	.answered = hg_answered,
	.fail = hg_fail,
	.recv_next = hg_recv_next,
	.send_next = hg_send_next,
	.conn_is_initiator = hg_conn_is_initiator,
	.conn_root = hg_conn_root,
	.conn_name = hg_conn_name,
	.conn_full = hg_conn_full,
	.channel_conn = hg_channel_conn,
	.channel_parent = hg_channel_parent,
	.channel_peer = hg_channel_peer,
	.channel_name = hg_channel_name,
	.channel_request = hg_channel_request,
	.channel_subprotocol = hg_channel_subprotocol,
	.channel_service = hg_channel_service,
	.channel_has = hg_channel_has,
	.conn_has = hg_conn_has,
	.channel_is_carried = hg_channel_is_carried,
	.channel_upstream = hg_channel_upstream,
	.channel_send = hg_channel_send,
	.channel_is_full = hg_channel_is_full,
	.channel_end = hg_channel_end,
	.channel_hold = hg_channel_hold,
	.channel_child = hg_channel_child,
	.channel_accept = fake_hg_channel_accept,
	.channel_data = fake_hg_channel_data,
	.channel_set_id = fake_hg_channel_set_id,
	.channel_opened = fake_hg_channel_opened,
	.channel_recv = fake_hg_channel_recv,
	.channel_ended = fake_hg_channel_ended,
	.channel_set_full = fake_hg_channel_set_full,
	.channel_paused = fake_hg_channel_paused,
	.channel_free = fake_hg_channel_free,
	.channel_resend = fake_hg_channel_resend,
	.channel_merge = fake_hg_channel_merge,
	.channel_unmerge = fake_hg_channel_unmerge,
	.channel_handover = fake_hg_channel_handover,
	.conn_retire = fake_hg_conn_retire,
	.channel_auth = fake_hg_channel_auth,
	.channel_authed = fake_hg_channel_authed,
	.channel_got_auth = fake_hg_channel_got_auth,
	.channel_got_authed = fake_hg_channel_got_authed,
	.group_new = fake_hg_group_new,
	.group_free = fake_hg_group_free,
	.group_add = fake_hg_group_add,
	.group_remove = fake_hg_group_remove,
	.group_recv = fake_hg_group_recv,
	.channel_place = fake_hg_channel_place,
	.channel_ask_resume = fake_hg_channel_ask_resume,
	.channel_resume = fake_hg_channel_resume,
	.channel_resumed = fake_hg_channel_resumed,
	.channel_rejoined = fake_hg_channel_rejoined,
	.beat = fake_hg_beat,
	.alive = fake_hg_alive,
};
