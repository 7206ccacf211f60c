/* SPDX-License-Identifier: Apache-2.0 */
/* One frame for many channels, whose peers are on this worker or on another. */
#include "group.h"
#include "link.h"
#include "modelmux.h"

enum { MEMBERS = 4 };

static struct hg_conn		*conns[2];
static int			 peers[2];
static struct hg_group		*group;
static struct hg_channel	*members[MEMBERS], *fars[MEMBERS];

static void
be(unsigned index)
{
	worker_become(worker_at(index));
}

static void
settle(void)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		be(i % 2);
		worker_turn(worker_self(), false);
	}
	be(0);
}

/* Members 2, 4, 6, 8 of a mux on worker 0. Where the letter is "0" or "1" the
 * peer is on that worker, and has ten times the id; "u": something else is
 * above. */
static void
start(const char *where)
{
	struct link *link;
	unsigned i, at;

	alarm(NET_LIMIT);
	T_REQUIRE(workers_create(2) == 0);
	log_set_level(HG_LOG_ERROR);
	model_service_reset();
	for (i = 0; i < 2; i++) {
		be(i);
		conns[i] = model_mux(&peers[i]);
	}
	be(0);
	group = group_new(conns[0]);
	T_REQUIRE(group != NULL);
	for (i = 0; where[i] != '\0'; i++) {
		be(0);
		members[i] = model_channel(conns[0], 2 * (i + 1));
		T_EQ(group_add(group, members[i]), 0);
		members[i]->upper = &model_upper;
		if (where[i] == 'u')
			continue;
		at = where[i] - '0';
		link = link_new(worker_at(0), worker_at(at));
		link_attach(link, 0, members[i]);
		be(at);
		fars[i] = model_channel(conns[at], 20 * (i + 1));
		link_attach(link, 1, fars[i]);
		link_unref(link);
	}
	be(0);
	story[0] = '\0';
}

static void
stop(void)
{
	unsigned i;

	be(0);
	group_free(group);	/* as the mux does when its slot closes */
	for (i = 0; i < 2; i++) {
		be(i);
		conn_kill(conns[i], "the test ends");
	}
	settle();
	T_EQ(conn_count(), 0);
	worker_become(NULL);
	workers_destroy();
	alarm(0);
	close(peers[0]);
	close(peers[1]);
}

static void
recv_text(const char *text, unsigned flags)
{
	group_recv(group, text_frame(text, flags));
}

static void
test_all(void)
{
	start("0u11");
	recv_text("a", HG_FIRST | HG_TEXT);
	recv_text("b", HG_LAST | HG_TEXT);
	T_STORY("m20FT(a) u4FT(a) m20LT(b) u4LT(b) ");
	settle();
	T_STORY("m60FT(a) m80FT(a) m60LT(b) m80LT(b) ");
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
	T_STORY("m20FL(b) ");
	stop();
}

/* One whose plugin looks at frames gets them like any other. */
static enum hg_verdict
look(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	(void)frame;
	say("look%u ", slot->chain->channel->id);
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

/* --- W11: what a member does to the others, and to the group ------------- */

static enum { REMOVE_ALL, FREE, FAIL_NEXT, FREE_ALL } act;

static void
act_send(struct hg_channel *ch, struct hg_frame *frame)
{
	unsigned i;

	say("u%u ", ch->id);
	frame_unref(frame);
	switch (act) {
	case REMOVE_ALL:
		for (i = 0; i < MEMBERS; i++)
			group_remove(group, members[i]);
		break;
	case FREE:
		group_free(group);
		group = NULL;
		break;
	case FAIL_NEXT:
		group_remove(group, members[1]);
		channel_fail(members[1], 1013, "slow");
		group_remove(group, members[2]);
		break;
	case FREE_ALL:
		for (i = 0; i < MEMBERS; i++)
			group_remove(group, members[i]);
		group_free(group);
		group = NULL;
		break;
	}
}

static void
test_within(void)
{
	static const char *const stories[] = { "u2 ", "u2 ",
	    "u2 end4:1013(slow) u8FL(a) ", "u2 " };
	static const struct channel_upper upper = {
		.send = act_send,
		.end = up_end,
		.full = up_full,
		.detach = up_detach,
	};
	unsigned i;

	for (i = 0; i < T_ROWS(stories); i++) {
		t_row("%u", i);
		start("uuuu");
		members[1]->upper = NULL;
		members[0]->upper = &upper;
		act = i;
		recv_text("a", HG_WHOLE);
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
	story[0] = '\0';
	recv_text("\xc3", HG_FIRST | HG_TEXT);
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
    { "members that go meanwhile (W11)", test_gone_meanwhile },
)
