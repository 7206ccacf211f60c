/* SPDX-License-Identifier: Apache-2.0 */
/* Slots in their order, verdicts, whole messages. */
#include "chains.h"

static void
test_empty(void)
{
	start("");
	T_EQ(chain_open(&chain), 0);
	chain_recv(&chain, 0, text_frame("a", HG_WHOLE));
	chain_send(&chain, 0, text_frame("b", HG_WHOLE));
	T_STORY("topFL(a) bottomFL(b) ");
	T_FALSE(chain_has(&chain, "x"));
	stop();
}

static void
test_order(void)
{
	start("ana");
	T_EQ(chain_open(&chain), 0);
	T_STORY("open0 open2 ");
	T_TRUE(chain.has_recv);
	chain_recv(&chain, 0, text_frame("a", HG_WHOLE | HG_TEXT));
	T_STORY("r0FLT(a) r2FLT(a) topFLT(a) ");
	chain_send(&chain, 3, text_frame("b", HG_FIRST));
	T_STORY("s2F(b) s0F(b) bottomF(b) ");
	chain_recv(&chain, 1, text_frame("c", HG_WHOLE));
	chain_send(&chain, 2, text_frame("d", HG_WHOLE));
	T_STORY("r2FL(c) topFL(c) s0FL(d) bottomFL(d) ");
	chain_drain(&chain);
	chain_opened(&chain, NULL);
	T_STORY("drain0 drain2 opened0 opened2 ");
	stop();
	T_STORY("close0 close2 ");
}

static void
test_ending(void)
{
	unsigned code = 1000;

	start_open("aa");
	chain_ending(&chain, HG_RECV, &code);
	T_EQ(code, 1002);
	chain_ending(&chain, HG_SEND, &code);
	T_EQ(code, 1004);
	T_STORY("r-ending0:1000 r-ending1:1001 s-ending1:1002 "
	    "s-ending0:1003 ");
	stop();
}

static void
test_verdicts(void)
{
	struct hg_frame *frame;

	start_open("aa");
	verdict[0] = HG_DROP;
	frame = text_frame("a", HG_WHOLE);
	chain_recv(&chain, 0, frame_ref(frame));
	T_EQ(frame->refs, 1);
	verdict[0] = HG_TAKE;
	chain_recv(&chain, 0, frame_ref(frame));
	T_EQ(frame->refs, 2);
	T_PTR_EQ(taken[0], frame);
	T_STORY("r0FL(a) r0FL(a) ");
	chain_recv(&chain, 1, taken[0]);
	T_STORY("r1FL(a) topFL(a) ");
	T_EQ(frame->refs, 1);
	verdict[0] = HG_FAIL;
	chain_recv(&chain, 0, frame_ref(frame));
	T_EQ(frame->refs, 1);
	T_STORY("r0FL(a) fail1008(bad) ");
	/* From then on no hook but close. */
	chain_recv(&chain, 0, frame_ref(frame));
	chain_send(&chain, 2, frame_ref(frame));
	chain_drain(&chain);
	T_EQ(frame->refs, 1);
	frame_unref(frame);
	T_STORY("");
	stop();
	T_STORY("close0 close1 ");
}

static void
fail_self(struct hg_slot *slot)
{
	slot->chain->ops->fail(slot->chain, 1011, "self");
}

/* One that fails the chain and says PASS all the same. */
static void
test_pass_when_dead(void)
{
	start_open("aa");
	in_recv = fail_self;
	chain_recv(&chain, 0, text_frame("a", HG_WHOLE));
	T_STORY("r0FL(a) fail1011(self) ");
	stop();
}

static void
test_whole(void)
{
	start_open("wa");
	chain_recv(&chain, 0, text_frame("a", HG_FIRST | HG_TEXT));
	chain_recv(&chain, 0, text_frame("b", 0));
	chain_send(&chain, 2, text_frame("x", HG_FIRST));
	T_STORY("s1F(x) ");
	chain_recv(&chain, 0, text_frame("c", HG_LAST));
	T_STORY("r0FLT(abc) r1FLT(abc) topFLT(abc) ");
	chain_send(&chain, 2, text_frame("y", HG_LAST));
	T_STORY("s1L(y) s0FL(xy) bottomFL(xy) ");
	chain_recv(&chain, 0, text_frame("d", HG_FIRST));
	stop();		/* half a message is dropped */
	T_STORY("close0 close1 ");
}

/* W03, W04: 1009 for what is too long, whole or in pieces. */
static void
test_whole_too_long(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		t_row("%d", i);
		start_open("w");
		model_service.limits.message_max = 4;
		if (i == 0) {
			chain_recv(&chain, 0, text_frame("123", HG_FIRST));
			chain_recv(&chain, 0, text_frame("45", 0));
		} else {
			chain_recv(&chain, 0, text_frame("1234", HG_WHOLE));
			T_STORY("r0FL(1234) topFL(1234) ");
			chain_recv(&chain, 0, text_frame("12345", HG_WHOLE));
		}
		T_STORY("fail1009(message too long) ");
		stop();
	}
}

static void
send_down(struct hg_slot *slot)
{
	chain_send(slot->chain, slot->chain->count, text_frame("x", HG_WHOLE));
}

/* What is sent in open passes those that are not open yet unseen. */
static void
test_send_in_open(void)
{
	start("aa");
	in_open = send_down;
	T_EQ(chain_open(&chain), 0);
	T_STORY("open0 s0FL(x) bottomFL(x) "
	    "open1 s1FL(x) s0FL(x) bottomFL(x) ");
	stop();
}

static void
test_open_fails(void)
{
	start("aaa");
	open_result[1] = -1;
	T_EQ(chain_open(&chain), -1);
	stop();
	T_STORY("open0 open1 close0 close1 ");
}

static void
test_use_in_close(void)
{
	start_open("aa");
	in_close = send_down;
	stop();
	T_STORY("close0 close1 ");
}

static void
test_params(void)
{
	struct chain_entry entries[2] = { 0 };
	int special, plain;
	void *options[4] = { NULL, &special, NULL, NULL };

	start_open("a");
	stop();
	model_start();
	memset(&chain, 0, sizeof(chain));
	chain.ops = &ops;
	entries[0].plugin = &plugins[0];
	entries[1].plugin = &plugins[0];
	entries[0].offered = wsext_params_new("x-a");
	entries[0].answered = wsext_params_new("x-b");
	T_EQ(chain_init(&chain, entries, 2), 0);
	T_TRUE(chain_has(&chain, "x-b"));
	T_FALSE(chain_has(&chain, "x-a"));
	chain_finish(&chain);
	plugins[0].options = &plain;
	plugins[0].index = 1;
	T_PTR_EQ(chain_options(&model_service, &plugins[0]), &plain);
	model_service.options = options;
	T_PTR_EQ(chain_options(&model_service, &plugins[0]), &special);
	plugins[0].index = 2;
	T_PTR_EQ(chain_options(&model_service, &plugins[0]), &plain);
	T_PTR_EQ(chain_options(NULL, &plugins[0]), &plain);
	model_stop();
}

/* Slots that come on top later: those that are there stay where they are. */
static void
test_add(void)
{
	struct chain_entry entry = { .plugin = &plugins[0] };
	const struct hg_slot *slots;
	struct hg_params *params;

	start("a");
	chain_finish(&chain);
	model_plugin(&plugins[1], "test", &all, NULL);
	model_plugin(&plugins[2], "test", &none, NULL);
	plugins[1].connection.rsv = plugins[1].channel.rsv = HG_RSV1;
	chain.dead = false;
	T_REQUIRE(chain_init_room(&chain, &entry, 1, 2) == 0);
	T_EQ(chain_open(&chain), 0);
	T_STORY("open0 ");
	slots = chain.slots;
	entry = (struct chain_entry){
		.plugin = &plugins[1],
		.offered = wsext_params_new("x"),
		.answered = wsext_params_new("x"),
	};
	T_EQ(chain_add(&chain, &entry, 1), 0);
	T_EQ(chain.count, 2);
	T_EQ(chain.rsv, HG_RSV1);
	T_PTR_EQ(chain.slots, slots);
	T_TRUE(chain_has(&chain, "x"));
	/* Not open yet: it sees nothing. */
	chain_recv(&chain, 0, text_frame("a", HG_WHOLE));
	T_STORY("r0FL(a) topFL(a) ");
	T_EQ(chain_open(&chain), 0);
	T_STORY("open1 ");
	chain_recv(&chain, 0, text_frame("b", HG_WHOLE));
	chain_send(&chain, 2, text_frame("c", HG_WHOLE));
	T_STORY("r0FL(b) r1FL(b) topFL(b) s1FL(c) s0FL(c) bottomFL(c) ");
	entry = (struct chain_entry){ .plugin = &plugins[2] };
	T_EQ(chain_add(&chain, &entry, 1), 0);
	params = wsext_params_new("y");
	entry.offered = params;
	T_EQ(chain_add(&chain, &entry, 1), -1);
	T_EQ(chain.count, 3);
	stop();
	T_STORY("close0 close1 ");
}

/* Room alone: nothing was negotiated below. */
static void
test_add_to_none(void)
{
	struct chain_entry entry = { .plugin = &plugins[0] };

	start("a");
	chain_finish(&chain);
	chain.dead = false;
	T_REQUIRE(chain_init_room(&chain, NULL, 0, 1) == 0);
	T_EQ(chain_open(&chain), 0);
	T_EQ(chain_add(&chain, &entry, 1), 0);
	T_EQ(chain_open(&chain), 0);
	T_STORY("open0 ");
	stop();
}

T_MAIN(
    { "no slots", test_empty },
    { "the order of slots", test_order },
    { "ending", test_ending },
    { "verdicts and references", test_verdicts },
    { "PASS of what has just failed", test_pass_when_dead },
    { "whole messages", test_whole },
    { "whole messages that are too long (W03, W04)", test_whole_too_long },
    { "sending in open", test_send_in_open },
    { "an open that fails", test_open_fails },
    { "sending in close", test_use_in_close },
    { "parameters and options", test_params },
    { "slots that come later", test_add },
    { "slots above none", test_add_to_none },
)
