/* SPDX-License-Identifier: Apache-2.0 */
/* Children of a channel, with and without an id; and back-pressure. */
#include "modelmux.h"

/* A channel of a mux that creates nothing, so that its children have no id. */
static struct hg_channel *
parent_of_none(int *peer)
{
	struct hg_channel *ch;

	ch = model_channel(model_mux(peer), 2);
	ch->upper = &model_upper;
	mux_create_result = -1;
	return (ch);
}

static struct hg_channel *
child_of(struct hg_channel *parent, unsigned id)
{
	struct hg_channel *child;

	child = channel_new_child(parent, NULL);
	T_REQUIRE(child != NULL);
	child->upper = &model_upper;
	if (!channel_is_carried(child))
		child->id = id;		/* for the story only */
	story[0] = '\0';
	return (child);
}

static void
send_text(struct hg_channel *ch, const char *text, unsigned flags)
{
	channel_send(ch, text_frame(text, flags));
}

/* Whole messages of children go between the parent's own, in their order. */
static void
test_interleaved(void)
{
	struct hg_channel *parent, *a, *b;
	int peer;

	model_start();
	parent = parent_of_none(&peer);
	a = child_of(parent, 10);
	b = child_of(parent, 11);
	T_FALSE(channel_is_carried(a));
	send_text(a, "a1", HG_FIRST);
	send_text(b, "b", HG_WHOLE);
	T_STORY("m2FL(b) ");
	send_text(parent, "p1", HG_FIRST | HG_TEXT);
	send_text(a, "a2", HG_LAST);
	send_text(b, "c", HG_WHOLE | HG_TEXT);
	T_STORY("m2FT(p1) ");
	send_text(parent, "p2", HG_TEXT);
	T_STORY("m2T(p2) ");
	send_text(parent, "p3", HG_LAST | HG_TEXT);
	T_STORY("m2LT(p3) m2FL(a1a2) m2FLT(c) ");
	send_text(b, "d", HG_WHOLE);
	T_STORY("m2FL(d) ");
	T_TRUE(parent->waits == NULL || parent->waits->late_bytes == 0);
	model_end(peer);
	model_stop();
}

/* The same in a plain WebSocket. */
static void
test_interleaved_plain(void)
{
	struct hg_channel *root, *child;
	struct hg_conn *conn;
	struct ws_head head;
	char data[16];
	int peer;

	model_start();
	conn = model_conn(&peer, false, true, 0);
	root = channel_create(conn, NULL, &model_service, NULL);
	T_EQ(conn_open(conn), 0);
	channel_open(root, NULL);
	child = child_of(root, 0);
	send_text(root, "p1", HG_FIRST | HG_TEXT);
	send_text(child, "c", HG_WHOLE | HG_TEXT);
	send_text(root, "p2", HG_LAST | HG_TEXT);
	T_EQ(peer_next(peer, &head, data, sizeof(data)), 2);
	T_EQ(peer_next(peer, &head, data, sizeof(data)), 2);
	T_EQ(head.opcode, WS_CONTINUATION);
	T_TRUE(head.fin);
	T_EQ(peer_next(peer, &head, data, sizeof(data)), 1);
	T_EQ(head.opcode, WS_TEXT);
	T_EQ(data[0], 'c');
	model_end(peer);
	model_stop();
}

/* A child's child waits for the child's message, too. */
static void
test_grandchild(void)
{
	struct hg_channel *parent, *child, *grand;
	int peer;

	model_start();
	parent = parent_of_none(&peer);
	child = child_of(parent, 10);
	grand = child_of(child, 11);
	send_text(child, "c1", HG_FIRST);
	send_text(grand, "g", HG_WHOLE);
	T_STORY("");
	send_text(child, "c2", HG_LAST);
	T_STORY("m2FL(c1c2) m2FL(g) ");
	channel_set_full(parent, true);
	T_TRUE(channel_is_full(grand));
	channel_set_full(parent, false);
	model_end(peer);
	model_stop();
}

/* However many wait, they need no deep stack; and their number is limited. */
static void
test_many_late(void)
{
	struct hg_channel *parent, *child;
	unsigned i, sent = 0;
	int peer;

	model_start();
	model_service.limits.queue_max = 64 << 20;
	parent = parent_of_none(&peer);
	child = child_of(parent, 10);
	send_text(parent, "p", HG_FIRST);
	for (i = 0; i < 200000; i++)
		send_text(child, "", HG_WHOLE);
	T_TRUE(parent->waits != NULL && parent->waits->late_bytes > 200000);
	story[0] = '\0';
	send_text(parent, "p", HG_LAST);
	T_TRUE(parent->waits == NULL || parent->waits->late_bytes == 0);
	T_EQ(parent->messages_out, 200001);

	model_service.limits.queue_max = 65536;
	send_text(parent, "p", HG_FIRST);
	story[0] = '\0';
	while (!parent->chain.dead && sent++ < 100000)
		send_text(child, "", HG_WHOLE);
	T_TRUE(sent < 65536);
	T_TRUE(strstr(story, "end2:1013(slow consumer)") != NULL);
	model_end(peer);
	model_stop();
}

static void
test_too_long(void)
{
	struct hg_channel *parent, *child;
	int peer;

	model_start();
	model_service.limits.message_max = 4;
	parent = parent_of_none(&peer);
	child = child_of(parent, 10);
	send_text(child, "123", HG_FIRST);
	send_text(child, "45", HG_LAST);
	T_STORY("uend10:1009(message too long) ");
	turns(1);
	T_STORY("detach10 ");
	T_NULL(channel_first_child(parent));
	send_text(parent, "12345", HG_WHOLE);
	T_STORY("m2FL(12345) ");
	model_end(peer);
	model_stop();
}

/* Whoever is above a child without an id learns that it is over, as nobody
 * else will say so. */
static void
test_child_ends(void)
{
	static const struct {
		const char *acts;	/* of the child, P: of the parent */
		const char *story;
	} rows[] = {
		{ "t", "uend10:1000() | detach10 " },
		{ "tw", "uend10:1000() | detach10 " },
		{ "wt", "uend10:1001() | detach10 " },
		{ "f", "uend10:1008(bad) | detach10 " },
		{ "P", "uend10:1002() end2:1002() | detach10 " },
		{ "W", "uend10:1001() uend2:1003() | " },
		{ "WP", "uend10:1001() uend2:1003() end2:1002() | detach10 " },
		{ "X", "| detach2 detach10 " },
	};
	struct hg_channel *parent, *child;
	const char *act;
	size_t i;
	int peer;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].acts);
		model_start();
		parent = parent_of_none(&peer);
		child = child_of(parent, 10);
		for (act = rows[i].acts; *act != '\0'; act++)
			switch (*act) {
			case 't':
				channel_end(child, 1000, "");
				break;
			case 'w':
				channel_ended(child, 1001, "");
				break;
			case 'f':
				channel_fail(child, 1008, "bad");
				break;
			case 'P':
				channel_end(parent, 1002, "");
				break;
			case 'W':
				channel_ended(parent, 1003, "");
				break;
			default:
				free(parent->mux_data);
				parent->mux_data = NULL;
				channel_free(parent);
				break;
			}
		say("| ");
		turns(2);
		T_STORY(rows[i].story);
		model_end(peer);
		model_stop();
	}
}

/* Refused: it goes on in its parent, and what was sent is sent again. */
static void
test_refused(void)
{
	struct hg_channel *parent, *child;
	struct hg_head *no;
	int peer;

	model_start();
	no = http_response(503, NULL, NULL);
	parent = parent_of_none(&peer);
	mux_create_result = 0;
	child = child_of(parent, 0);
	T_TRUE(channel_is_carried(child));
	send_text(child, "a", HG_WHOLE);
	T_STORY("m7FL(a) ");
	channel_answered(child, no);
	channel_answered(child, no);
	channel_resend(child, text_frame("a", HG_WHOLE));
	send_text(child, "b", HG_WHOLE);
	T_STORY("m2FL(a) m2FL(b) ");
	channel_free(child);		/* the mux's part in it */
	turns(1);
	T_STORY("");
	send_text(child, "c", HG_WHOLE);
	T_STORY("m2FL(c) ");
	channel_end(child, 1000, "");
	turns(1);
	T_STORY("uend7:1000() detach7 ");
	http_free(no);
	model_end(peer);
	model_stop();
}

/* W11: its parent is gone before the mux lets go of it. */
static void
test_refused_orphan(void)
{
	struct hg_channel *parent, *child;
	struct hg_head *no;
	int peer;

	model_start();
	no = http_response(503, NULL, NULL);
	parent = parent_of_none(&peer);
	mux_create_result = 0;
	child = child_of(parent, 0);
	channel_answered(child, no);
	channel_free(parent);
	turns(2);
	T_STORY("detach2 ");
	send_text(child, "a", HG_WHOLE);
	T_STORY("");
	channel_free(child);
	turns(2);
	T_STORY("detach7 ");
	http_free(no);
	model_end(peer);
	model_stop();
}

/* --- holds --------------------------------------------------------------- */

static void
test_full(void)
{
	struct hg_channel *parent, *a, *b;
	int peer;

	model_start();
	parent = parent_of_none(&peer);
	a = child_of(parent, 10);
	channel_set_full(parent, true);
	channel_set_full(parent, true);
	T_STORY("stop2 stop10 ");
	T_FALSE(channel_send(a, text_frame("x", HG_WHOLE)));
	b = channel_new_child(parent, NULL);	/* one that comes meanwhile */
	T_EQ(b->fulls, 1);
	b->upper = &model_upper;
	b->id = 11;
	channel_hold(a, true);
	story[0] = '\0';
	channel_set_full(parent, false);
	channel_set_full(parent, false);
	T_STORY("go2 go11 ");
	channel_hold(a, false);
	channel_hold(a, false);
	T_STORY("go10 ");
	T_TRUE(channel_send(a, text_frame("x", HG_WHOLE)));
	model_end(peer);
	model_stop();
}

/* A carried child that is full stops its parent as well; also when it goes. */
static void
test_full_child(void)
{
	struct hg_channel *parent, *child;
	int i, peer;

	for (i = 0; i < 2; i++) {
		model_start();
		parent = parent_of_none(&peer);
		mux_create_result = 0;
		child = child_of(parent, 0);
		channel_set_full(child, true);
		T_STORY("stop7 stop2 ");
		channel_set_full(parent, true);
		if (i == 0) {
			channel_set_full(child, false);
			T_STORY("go7 ");
		} else {
			channel_free(child);
			turns(1);
			T_STORY("detach7 ");
		}
		T_EQ(parent->fulls, 1);
		channel_set_full(parent, false);
		T_STORY("go2 ");
		T_EQ(parent->fulls, 0);
		model_end(peer);
		model_stop();
	}
}

/* The counts stay right when a full child is refused. */
static void
test_full_refused(void)
{
	struct hg_channel *parent, *child;
	struct hg_head *no;
	int i, peer;

	for (i = 0; i < 4; i++) {
		t_row("%d", i);
		model_start();
		no = http_response(503, NULL, NULL);
		parent = parent_of_none(&peer);
		mux_create_result = 0;
		child = child_of(parent, 0);
		channel_set_full(child, i & 1);
		channel_set_full(parent, i >> 1 & 1);
		channel_answered(child, no);
		T_EQ(child->fulls, i >> 1 & 1);
		T_EQ(parent->fulls, i >> 1 & 1);
		channel_free(child);
		channel_set_full(parent, false);
		T_EQ(child->fulls, 0);
		T_EQ(parent->fulls, 0);
		http_free(no);
		model_end(peer);
		model_stop();
	}
}

/* One that is told of the connection's queue. */
static void
test_full_plain(void)
{
	struct hg_channel *root;
	struct hg_conn *conn;
	int peer;

	model_start();
	model_service.limits.queue_high = 100;
	conn = model_conn(&peer, false, true, 0);
	root = channel_create(conn, NULL, &model_service, NULL);
	root->upper = &model_upper;
	T_EQ(conn_open(conn), 0);
	channel_open(root, NULL);
	T_TRUE(channel_send(root, text_frame("x", HG_WHOLE)));
	T_FALSE(channel_send(root, text_frame("x", HG_WHOLE)));
	T_STORY("stop0 ");
	turns(1);
	T_STORY("go0 ");
	T_FALSE(channel_is_full(root));
	model_end(peer);
	model_stop();
}

T_MAIN(
    { "messages between the parent's fragments", test_interleaved },
    { "the same in a plain WebSocket", test_interleaved_plain },
    { "a child's child", test_grandchild },
    { "very many that wait", test_many_late },
    { "a message that is too long", test_too_long },
    { "ends of parent and child", test_child_ends },
    { "a refused child", test_refused },
    { "a refused child without a parent (W11)", test_refused_orphan },
    { "full parents hold their children (T09)", test_full },
    { "full children hold their parents (T09)", test_full_child },
    { "full children that are refused", test_full_refused },
    { "a full connection", test_full_plain },
)
