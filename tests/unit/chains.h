/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of chains: slots whose plugins tell the story and do what the test
 * says. The chain belongs to no connection: its ends are the story, too.
 */
#ifndef TESTS_UNIT_CHAINS_H
#define TESTS_UNIT_CHAINS_H

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

static inline void
top(struct chain *c, struct hg_frame *frame)
{
	(void)c;
	say_frame("top", frame);
	frame_unref(frame);
}

static inline void
bottom(struct chain *c, struct hg_frame *frame)
{
	(void)c;
	say_frame("bottom", frame);
	frame_unref(frame);
}

static inline void
fail(struct chain *c, unsigned code, const char *reason)
{
	say("fail%u(%s) ", code, reason);
	c->dead = true;
}

static inline const char *
name(const struct chain *c)
{
	(void)c;
	return ("chain");
}

static const struct service *
service(const struct chain *any)
{
	(void)any;
	return (&model_service);
}

static const struct chain_ops ops = {
	.service = service,
	.top = top,
	.bottom = bottom,
	.fail = fail,
	.name = name,
};

static inline int
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

static inline void
hook_close(struct hg_slot *slot, void *data)
{
	struct state *state = data;

	T_EQ(state->number, slot->index);
	live_states--;
	say("close%u ", slot->index);
	if (in_close != NULL)
		in_close(slot);
}

static inline enum hg_verdict
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

static inline enum hg_verdict
hook_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	return (hook(slot, "r", frame));
}

static inline enum hg_verdict
hook_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	return (hook(slot, "s", frame));
}

static inline void
hook_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	(void)state;
	say("%s-ending%u:%u ", direction == HG_RECV ? "r" : "s", slot->index,
	    *code);
	(*code)++;
}

static inline void
hook_drain(struct hg_slot *slot, void *state)
{
	(void)state;
	say("drain%u ", slot->index);
}

static inline void
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
static inline void
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
	for (i = 0; i < count; i++) {
		hooks = kinds[i] == 'n' ? none : all;
		hooks.whole_recv = hooks.whole_send = kinds[i] == 'w';
		model_plugin(&plugins[i], "test", &hooks, NULL);
		entries[i].plugin = &plugins[i];
	}
	T_REQUIRE(chain_init(&chain, entries, count) == 0);
}

static inline void
start_open(const char *kinds)
{
	start(kinds);
	T_EQ(chain_open(&chain), 0);
	story[0] = '\0';
}

static inline void
stop(void)
{
	chain_finish(&chain);
	T_EQ(live_states, 0);
	model_stop();
}

#endif
