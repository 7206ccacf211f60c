/* SPDX-License-Identifier: Apache-2.0 */
/* Time and timers. */
#include "fake.h"

#include <stdlib.h>

#include "fake-table.h"

uint64_t
fake_now(void)
{
	return (fake.now);
}

static struct hg_timer *
timer_new(uint64_t ms, unsigned worker)
{
	struct hg_timer *timer;

	if ((timer = calloc(1, sizeof(*timer))) == NULL)
		abort();
	timer->due = fake.now + ms;
	timer->worker = worker;
	list_push(&fake.timers, &timer->node);
	return (timer);
}

struct hg_timer *
fake_timer_start(struct hg_slot *slot, uint64_t ms,
    void (*fn)(struct hg_slot *, void *))
{
	struct hg_timer *timer;

	if (slot->closed)
		fake_abort("timer_start: the slot is closed");
	if (fake.depth > 0 && fake.worker != slot->chain->conn->worker)
		fake_abort("timer_start on another worker");
	timer = timer_new(ms, slot->chain->conn->worker);
	timer->slot = slot;
	timer->slot_fn = fn;
	return (timer);
}

struct hg_timer *
fake_worker_timer(const struct hg_plugin *plugin, uint64_t ms,
    void (*fn)(void *))
{
	struct hg_timer *timer;

	timer = timer_new(ms, fake.worker);
	timer->plugin = fake_of(plugin);
	timer->worker_fn = fn;
	return (timer);
}

/* The struct of one that runs now stays until its function returned. */
void
fake_timer_stop(struct hg_timer *timer)
{
	if (timer == NULL)
		return;
	if (!list_linked(&timer->node)) {
		timer->worker_fn = NULL;
		return;
	}
	list_remove(&timer->node);
	free(timer);
}

static void
run_timer(struct hg_timer *timer)
{
	unsigned previous;

	list_remove(&timer->node);
	previous = fake_enter(timer->worker);
	if (timer->slot != NULL)
		timer->slot_fn(timer->slot, timer->slot->state);
	else
		timer->worker_fn(timer->plugin->worker[timer->worker]);
	fake_leave(previous);
	free(timer);
	fake_turn();
}

static struct hg_timer *
next_timer(uint64_t until)
{
	struct hg_timer *timer, *best;
	struct list *node, *save;

	best = NULL;
	list_each(node, save, &fake.timers) {
		timer = list_entry(node, struct hg_timer, node);
		if (timer->due <= until &&
		    (best == NULL || timer->due < best->due))
			best = timer;
	}
	return (best);
}

void
fake_advance(uint64_t ms)
{
	struct hg_timer *timer;
	uint64_t until;

	fake_work();
	until = fake.now + ms;
	while ((timer = next_timer(until)) != NULL) {
		if (timer->due > fake.now)
			fake.now = timer->due;
		run_timer(timer);
	}
	fake.now = until;
}

unsigned
fake_timers(void)
{
	struct list *node, *save;
	unsigned count;

	count = 0;
	list_each(node, save, &fake.timers)
		count++;
	return (count);
}
