/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "due.h"
#include "net.h"

#define MANY	500

struct item {
	struct due	 due;
	unsigned	 fired;
	uint64_t	 wanted;
	uint64_t	 again;		/* sets itself to this once it fires */
	struct item	*clears;
};

static struct dues dues;
static struct event_base *base;
static uint64_t now;
static uint64_t last;		/* when the last one that fired wanted to */
static unsigned fired;

static uint64_t
test_clock(void)
{
	return (now);
}

static void
item_fire(struct due *due)
{
	struct item *item = (struct item *)due;

	T_TRUE(item->wanted <= now);
	T_TRUE(item->wanted >= last);
	last = item->wanted;
	item->fired++;
	fired++;
	if (item->again != 0) {
		item->wanted = item->again;
		item->again = 0;
		due_set(&dues, due, item->wanted);
	}
	if (item->clears != NULL)
		due_clear(&dues, &item->clears->due);
}

static void
start(void)
{
	base = event_base_new();
	T_REQUIRE(base != NULL);
	now = 1000;
	last = 0;
	fired = 0;
	T_REQUIRE(dues_init(&dues, base, test_clock) == 0);
}

static void
stop(void)
{
	T_EQ(dues.count, 0);
	T_EQ(dues.members, 0);
	dues_finish(&dues);
	event_base_free(base);
}

/* The loop's timer goes by the real clock: it is not waited for. */
static void
fire(void)
{
	event_active(dues.timer, EV_TIMEOUT, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	last = 0;
}

static void
set(struct item *item, uint64_t at)
{
	item->wanted = at;
	due_set(&dues, &item->due, at);
}

/* However they are set, moved and cleared: each fires once, in order. */
static void
test_order(void)
{
	static struct item items[MANY];
	unsigned seed = 1, i, round, left;

	start();
	for (i = 0; i < MANY; i++)
		T_REQUIRE(due_init(&dues, &items[i].due, item_fire) == 0);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < MANY; i++) {
			seed = seed * 1664525 + 1013904223;
			if (seed >> 30 == 0)
				due_clear(&dues, &items[i].due);
			else
				set(&items[i], now + (seed >> 16) % 1000);
		}
		now += 500;
		left = dues.count;
		fired = 0;
		fire();
		T_EQ(dues.count, left - fired);
		for (i = 0; i < MANY; i++)
			T_TRUE(items[i].due.place == 0 ||
			    items[i].wanted > now);
	}
	T_TRUE(dues.count > 0);
	for (i = 0; i < MANY; i++)
		due_finish(&dues, &items[i].due);
	stop();
}

/* From within: set again, also to what is over, and clear another. */
static void
test_from_within(void)
{
	struct item a = { .again = 1000 }, b = { 0 }, c = { .clears = &b };

	start();
	T_REQUIRE(due_init(&dues, &a.due, item_fire) == 0);
	T_REQUIRE(due_init(&dues, &b.due, item_fire) == 0);
	T_REQUIRE(due_init(&dues, &c.due, item_fire) == 0);
	set(&a, 1000);
	set(&c, 1000);
	set(&b, 1000);
	due_set(&dues, &b.due, b.wanted = 1001);
	now = 1001;
	event_active(dues.timer, EV_TIMEOUT, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	T_TRUE(a.fired >= 1);
	T_EQ(b.fired, 0);
	T_EQ(c.fired, 1);
	last = 0;
	fire();
	T_EQ(a.fired, 2);
	T_EQ(dues.count, 0);
	due_finish(&dues, &a.due);
	due_finish(&dues, &b.due);
	due_finish(&dues, &c.due);
	stop();
}

/* On a worker, by its clock and loop: not before its time. */
static void
test_worker(void)
{
	struct item a = { 0 };
	struct worker *worker;

	net_start();
	worker = worker_self();
	T_REQUIRE(due_init(&worker->dues, &a.due, item_fire) == 0);
	now = a.wanted = worker_clock() + 30;
	last = 0;
	due_set(&worker->dues, &a.due, a.wanted);
	NET_UNTIL(a.fired == 1);
	T_TRUE(worker_clock() >= a.wanted);
	/* An earlier one goes ahead of what the timer was armed for. */
	now = a.wanted = worker_clock() + 1000 * NET_LIMIT;
	due_set(&worker->dues, &a.due, a.wanted);
	now = a.wanted = worker_clock() + 20;
	due_set(&worker->dues, &a.due, a.wanted);
	last = 0;
	NET_UNTIL(a.fired == 2);
	due_finish(&worker->dues, &a.due);
	net_stop();
}

T_MAIN({ "order", test_order },
    { "from within", test_from_within },
    { "on a worker", test_worker })
