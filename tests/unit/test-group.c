/* SPDX-License-Identifier: Apache-2.0 */
/* One frame for many channels, whose peers are on this worker or on another. */
#include "groups.h"

/* To each all of a turn, then to the next. */
static void
test_all(void)
{
	start("0u11");
	recv_text("a", HG_FIRST | HG_TEXT);
	recv_text("b", HG_LAST | HG_TEXT);
	T_STORY("");
	turn();
	T_STORY("m20FT(a) m20LT(b) u4FT(a) u4LT(b) ");
	settle();
	T_STORY("m60FT(a) m60LT(b) m80FT(a) m80LT(b) ");
	T_EQ(members[2]->messages_in, 1);
	T_EQ(members[2]->bytes_in, 2);
	T_EQ(group_add(group, members[0]), -1);
	stop();
}

/* In the order of what each member gets on its own. */
static void
test_order(void)
{
	start("1");
	channel_recv(members[0], text_frame("a", HG_WHOLE));
	recv_text("b", HG_WHOLE);
	channel_recv(members[0], text_frame("c", HG_WHOLE));
	settle();
	T_STORY("m20FL(a) m20FL(b) m20FL(c) ");
	stop();
}

/* B06: who has left gets nothing more; so do those that have ended. */
static void
test_leave(void)
{
	start("0101");
	group_remove(group, members[0]);
	group_remove(group, members[0]);
	channel_free(members[1]);
	channel_ended(members[2], 1000, "");
	channel_fail(members[3], 1008, "bad");
	settle();
	story[0] = '\0';
	recv_text("a", HG_WHOLE);
	settle();
	T_STORY("");
	T_EQ(group_add(group, members[0]), 0);
	recv_text("b", HG_WHOLE);
	turn();
	T_STORY("m20FL(b) ");
	stop();
}

/* One whose plugin looks at frames gets them like any other. */
static enum hg_verdict
look(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	(void)frame;
	say("look%u ", chain_channel(slot->chain)->id);
	return (HG_PASS);
}

static const struct hg_hooks look_hooks = { .recv = look };

static void
test_hooks(void)
{
	static struct plugin plugin;
	struct chain_entry entry = { .plugin = &plugin };

	start("11");
	model_plugin(&plugin, "look", NULL, &look_hooks);
	T_EQ(channel_set_chain(members[0], &entry, 1), 0);
	recv_text("a", HG_WHOLE);
	settle();
	T_STORY("look2 m40FL(a) m20FL(a) ");
	stop();
}

/* Only to members that have the extension whose bit it is. */
static void
test_reserved_bits(void)
{
	start("11u");
	members[0]->chain.rsv = members[2]->chain.rsv = HG_RSV2;
	recv_text("a", HG_WHOLE | HG_RSV2);
	settle();
	T_STORY("end4:1002(a reserved bit without an extension) u6FL(a) "
	    "m20FL(a) end40:1002(a reserved bit without an extension) ");
	stop();
}

static void
test_within(void)
{
	static const char *const stories[] = { "u2 ", "u2 ",
	    "u2 end4:1013(slow) u2 u8FL(a) u8FL(b) ", "u2 " };
	unsigned i;

	for (i = 0; i < T_ROWS(stories); i++) {
		t_row("%u", i);
		start("uuuu");
		members[1]->upper = NULL;
		members[0]->upper = &act_upper;
		act = i;
		recv_text("a", HG_WHOLE);
		recv_text("b", HG_WHOLE);
		turn();
		T_STORY(stories[i]);
		stop();
	}
}

/* T09: text that is none ends its readers, not the connection of all. */
static void
test_bad_text(void)
{
	start("uu");
	channel_free(members[1]);
	recv_text("\xff", HG_WHOLE);	/* binary may be anything */
	turn();
	story[0] = '\0';
	recv_text("\xc3", HG_FIRST | HG_TEXT);
	turn();
	recv_text("\xff", HG_LAST | HG_TEXT);
	T_STORY("u2FT(\xc3) uend2:1007(text is not UTF-8) "
	    "end2:1007(text is not UTF-8) ");
	T_EQ(conns[0]->state, CONN_OPEN);
	stop();
}

/* A worker that does not get on stops who sends, however it sends; also when
 * the group goes meanwhile. */
static void
test_bounded(void)
{
	static char text[16384];
	struct hg_frame *frame;
	unsigned i, way;

	for (way = 0; way < 2; way++) {
		t_row("%u", way);
		start("11");
		for (i = 0; i < 1000 && conns[0]->paused == 0; i++) {
			frame = frame_copy(text, sizeof(text), HG_WHOLE);
			group_recv(group, frame);
		}
		T_TRUE(i >= LINK_ROUNDS / sizeof(text) / 2 &&
		    i <= LINK_ROUNDS / sizeof(text) + 1);
		T_EQ(conns[0]->paused, 1);
		if (way == 1) {
			group_free(group);
			group = NULL;
			T_EQ(conns[0]->paused, 0);
		}
		story[0] = '\0';
		settle();
		T_EQ(conns[0]->paused, 0);
		T_EQ(conns[0]->rounds, 0);
		stop();
	}
	t_row(NULL);
}

/* Members that go while the letter is under way. */
static void
test_gone_meanwhile(void)
{
	start("11");
	recv_text("a", HG_WHOLE);
	turn();
	be(1);
	channel_free(fars[0]);
	turns(1);
	be(0);
	channel_free(members[1]);
	settle();
	T_STORY("m40FL(a) end2:1011() end40:1011() ");
	stop();
}

T_MAIN(
    { "members of two workers", test_all },
    { "in order with what is a member's own", test_order },
    { "who has left (B06)", test_leave },
    { "a member with hooks", test_hooks },
    { "reserved bits", test_reserved_bits },
    { "members that end others (W11)", test_within },
    { "text that is not UTF-8 (T09)", test_bad_text },
    { "a worker that does not get on (T09)", test_bounded },
    { "members that go meanwhile (W11)", test_gone_meanwhile } )
