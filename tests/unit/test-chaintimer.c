/* SPDX-License-Identifier: Apache-2.0 */
/* Timers of slots and of workers. */
#include "chains.h"

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

T_MAIN(
    { "timers", test_timers },
    { "a timer of a dead chain (W11)", test_timer_when_dead },
    { "timers of a worker", test_worker_timers },
)
