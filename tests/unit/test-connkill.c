/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W11: a connection that is ended from within each hook of a plugin, in every
 * way, while the peer does something, too. Its slot closes once, and nothing is
 * called behind that.
 */
#include "model.h"

enum where { OPEN, RECV, SEND, ENDING, DRAIN, WHERE };
enum action { FAIL, KILL, CLOSE, SHUT, ACTIONS };
enum cause { DATA, HUNG_UP, RESET, CLOSED, CAUSES };

static enum where	 do_where;
static enum action	 do_action;
static unsigned		 hooks_open, hooks_close, hooks_after;

static void
act(struct hg_slot *slot, enum where where)
{
	struct hg_conn *conn = chain_conn(slot->chain);

	if (hooks_close > 0)
		hooks_after++;
	if (where != do_where)
		return;
	switch (do_action) {
	case FAIL:
		conn_fail(conn, 1011, "no");
		break;
	case KILL:
		conn_kill(conn, "no");
		break;
	case CLOSE:
		conn_close(conn, 1000, "");
		break;
	default:
		conn_shut(conn);
		break;
	}
}

static int
act_open(struct hg_slot *slot, void *state)
{
	(void)state;
	hooks_open++;
	act(slot, OPEN);
	return (0);
}

static void
act_close(struct hg_slot *slot, void *state)
{
	(void)slot;
	(void)state;
	hooks_close++;
}

static enum hg_verdict
act_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	(void)frame;
	act(slot, RECV);
	conn_send(chain_conn(slot->chain), text_frame("echo", HG_WHOLE));
	return (HG_PASS);
}

static enum hg_verdict
act_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	(void)frame;
	act(slot, SEND);
	return (HG_PASS);
}

static void
act_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	(void)state;
	(void)direction;
	(void)code;
	act(slot, ENDING);
}

static void
act_drain(struct hg_slot *slot, void *state)
{
	(void)state;
	act(slot, DRAIN);
}

static const struct hg_hooks act_hooks = {
	.state_size = 24,
	.open = act_open,
	.close = act_close,
	.recv = act_recv,
	.send = act_send,
	.ending = act_ending,
	.drain = act_drain,
};

static void
kill_one(bool is_websocket, enum cause cause)
{
	struct chain_entry entry = { 0 };
	struct plugin plugin;
	struct hg_conn *conn;
	int peer;

	model_plugin(&plugin, "act", &act_hooks, NULL);
	entry.plugin = &plugin;
	hooks_open = hooks_close = hooks_after = 0;
	model_start();
	model_service.limits.close_timeout = 1;
	model_service.limits.queue_high = 1;
	conn = model_conn(&peer, false, is_websocket, 0);
	conn->carried = &model_carried;
	T_REQUIRE(conn_set_chain(conn, &entry, 1) == 0);
	conn_open(conn);
	if (is_websocket)
		peer_frame(peer, FIN | WS_TEXT, "a", 1, KEY);
	else
		peer_write(peer, "a", 1);
	if (cause == CLOSED && is_websocket)
		peer_frame(peer, FIN | WS_CLOSE, "", 0, KEY);
	if (cause == RESET)
		net_abort(peer);
	else if (cause == HUNG_UP)
		close(peer);
	if (cause == RESET || cause == HUNG_UP)
		peer = -1;
	turns(3);
	if (conn_count() > 0)
		conn_close(conn, 1001, "");
	NET_UNTIL(conn_count() == 0);
	T_EQ(hooks_open, 1);
	T_EQ(hooks_close, 1);
	T_EQ(hooks_after, 0);
	T_EQ(model_gone_count, 1);
	model_end(peer);
	model_stop();
}

static void
test_kill_matrix(void)
{
	unsigned i;

	for (i = 0; i < WHERE * ACTIONS * CAUSES * 2; i++) {
		do_where = i / 2 / CAUSES / ACTIONS;
		do_action = i / 2 / CAUSES % ACTIONS;
		t_row("hook %u, action %u, cause %u, websocket %u", do_where,
		    do_action, i / 2 % CAUSES, i % 2);
		kill_one(i % 2 == 1, i / 2 % CAUSES);
	}
}

T_MAIN(
    { "ended from within each hook (W11)", test_kill_matrix },
)
