/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of slots whose plugins do what their state says. The chain belongs to
 * no connection: its ends are the story.
 */
#include "model.h"

enum { SLOTS = 3 };

static struct plugin	 plugins[SLOTS];
static struct chain	 chain;
static enum hg_verdict	 verdict[SLOTS];
static struct hg_frame	*taken[SLOTS];
static int		 open_result[SLOTS];
static void		(*in_open)(struct hg_slot *);
static void		(*in_close)(struct hg_slot *);
static void		(*in_recv)(struct hg_slot *);
static unsigned		 live_states;

struct state {
	unsigned	 zero;
	unsigned	 number;
	struct hg_timer	*timer;
	unsigned	 fired;
};

static void
top(struct chain *c, struct hg_frame *frame)
{
	(void)c;
	say_frame("top", frame);
	frame_unref(frame);
}

static void
bottom(struct chain *c, struct hg_frame *frame)
{
	(void)c;
	say_frame("bottom", frame);
	frame_unref(frame);
}

static void
fail(struct chain *c, unsigned code, const char *reason)
{
	say("fail%u(%s) ", code, reason);
	c->dead = true;
}

static const char *
name(const struct chain *c)
{
	(void)c;
	return ("chain");
}

static const struct chain_ops ops = {
	.top = top,
	.bottom = bottom,
	.fail = fail,
	.name = name,
};

static int
hook_open(struct hg_slot *slot, void *data)
{
	struct state *state = data;

	T_EQ(state->zero, 0);
	state->number = slot->index;
	live_states++;
	say("open%u ", slot->index);
	if (in_open != NULL)
		in_open(slot);
	return (open_result[slot->index]);
}

static void
hook_close(struct hg_slot *slot, void *data)
{
	struct state *state = data;

	T_EQ(state->number, slot->index);
	live_states--;
	say("close%u ", slot->index);
	if (in_close != NULL)
		in_close(slot);
}

static enum hg_verdict
hook(struct hg_slot *slot, const char *way, struct hg_frame *frame)
{
	char text[16];

	snprintf(text, sizeof(text), "%s%u", way, slot->index);
	say_frame(text, frame);
	if (in_recv != NULL)
		in_recv(slot);
	if (verdict[slot->index] == HG_TAKE)
		taken[slot->index] = frame;
	if (verdict[slot->index] == HG_FAIL)
		slot->chain->ops->fail(slot->chain, 1008, "bad");
	return (verdict[slot->index]);
}

static enum hg_verdict
hook_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	return (hook(slot, "r", frame));
}

static enum hg_verdict
hook_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	return (hook(slot, "s", frame));
}

static void
hook_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	(void)state;
	say("%s-ending%u:%u ", direction == HG_RECV ? "r" : "s", slot->index,
	    *code);
	(*code)++;
}

static void
hook_drain(struct hg_slot *slot, void *state)
{
	(void)state;
	say("drain%u ", slot->index);
}

static void
hook_opened(struct hg_slot *slot, void *state, const struct hg_head *head)
{
	(void)state;
	(void)head;
	say("opened%u ", slot->index);
}

static const struct hg_hooks all = {
	.state_size = sizeof(struct state),
	.open = hook_open,
	.close = hook_close,
	.recv = hook_recv,
	.send = hook_send,
	.ending = hook_ending,
	.drain = hook_drain,
	.opened = hook_opened,
};
static const struct hg_hooks none = { .state_size = 1 };

/* Slots with all hooks where the letter is "a", whole messages for "w". */
static void
start(const char *kinds)
{
	struct chain_entry entries[SLOTS];
	struct hg_hooks hooks;
	unsigned i, count = (unsigned)strlen(kinds);

	model_start();
	memset(&chain, 0, sizeof(chain));
	memset(entries, 0, sizeof(entries));
	memset(verdict, 0, sizeof(verdict));
	memset(open_result, 0, sizeof(open_result));
	in_open = in_close = in_recv = NULL;
	chain.ops = &ops;
	chain.service = &model_service;
	for (i = 0; i < count; i++) {
		hooks = kinds[i] == 'n' ? none : all;
		hooks.whole_recv = hooks.whole_send = kinds[i] == 'w';
		model_plugin(&plugins[i], "test", &hooks, NULL);
		entries[i].plugin = &plugins[i];
	}
	T_REQUIRE(chain_init(&chain, entries, count) == 0);
}

static void
start_open(const char *kinds)
{
	start(kinds);
	T_EQ(chain_open(&chain), 0);
	story[0] = '\0';
}

static void
stop(void)
{
	chain_finish(&chain);
	T_EQ(live_states, 0);
	model_stop();
}

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
fired(struct hg_slot *slot, void *data)
{
	struct state *state = data;

	say("fired%u ", slot->index);
	state->fired++;
	slot_timer_stop(state->timer);	/* from within: nothing */
	state->timer = NULL;
}

static struct state *
state_of(unsigned index)
{
	return (chain.slots[index].state);
}

static void
stop_timer(struct hg_slot *slot)
{
	struct state *state = slot->state;

	slot_timer_stop(state->timer);
	state->timer = NULL;
}

static void
test_timers(void)
{
	struct hg_timer *timer;

	start_open("aa");
	state_of(0)->timer = slot_timer_start(&chain.slots[0], 1, fired);
	state_of(1)->timer = slot_timer_start(&chain.slots[1], 0, fired);
	timer = slot_timer_start(&chain.slots[1], 0, fired);
	slot_timer_stop(timer);
	slot_timer_stop(NULL);
	NET_UNTIL(state_of(0)->fired && state_of(1)->fired);
	T_EQ(state_of(1)->fired, 1);
	slot_timer_start(&chain.slots[1], 10000, fired);	/* goes along */
	stop();
}

static void
worker_fired(void *data)
{
	++*(int *)data;
}

/* W11: it comes due when no hook may be called any more, and is stopped by its
 * plugin only then. */
static void
test_timer_when_dead(void)
{
	struct list others;
	int count = 0;

	start_open("a");
	state_of(0)->timer = slot_timer_start(&chain.slots[0], 0, fired);
	chain.dead = true;
	list_init(&others);
	list_timer_start(&others, 1, worker_fired, &count);
	NET_UNTIL(count == 1);	/* so that the other has come due, too */
	list_timers_stop(&others);
	in_close = stop_timer;
	stop();
	T_STORY("close0 ");
}

static void
test_worker_timers(void)
{
	struct list timers;
	int count = 0;

	model_start();
	list_init(&timers);
	T_TRUE(list_timer_start(&timers, 0, worker_fired, &count) != NULL);
	list_timer_start(&timers, 10000, worker_fired, &count);
	NET_UNTIL(count == 1);
	list_timers_stop(&timers);
	T_TRUE(list_empty(&timers));
	model_stop();
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
	chain.service = &model_service;
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
    { "timers", test_timers },
    { "a timer of a dead chain (W11)", test_timer_when_dead },
    { "timers of a worker", test_worker_timers },
    { "parameters and options", test_params },
)
