/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random lives of many subscribers: messages, copies that come in the broker's
 * order but at different speeds, joins, leaves, ends, full children, broken
 * connections, merges that the wire denies. The host compares each message that
 * a receiver gets with the broker's sequence from its subscription on; here it
 * is seen that none is missing. Covers T05, T18, B06.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanout-host.h"
#include "harness.h"

#define SUBS	24
#define CONNS	5

enum content {
	UNIQUE,		/* each message is another */
	MIXED,		/* some are one of three */
	EQUAL,		/* all are the same */
	COIN,		/* one of two */
	CYCLE,		/* 11 messages again and again */
};

struct model {
	const char	*name;
	enum content	 content;
	size_t		 lag;		/* copies that may be behind */
	const char	*verify, *ring, *window;
	unsigned	 deny_merge;
	unsigned	 churn;		/* 1 of so many steps */
	bool		 full;		/* children are full at times */
	bool		 timeless;	/* only content tells where one is */
	unsigned	 swap;		/* 1 of so many copies comes one late */
};

static const struct model *model;
static struct hg_conn *conns[CONNS];
static struct sub *subs[SUBS];
static uint64_t state, drained_at;
static uint32_t serial;
static unsigned long sends, received;

static uint32_t
dice(uint32_t sides)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)(state >> 33) % sides);
}

static void
publish_one(void)
{
	serial++;
	switch (model->content) {
	case UNIQUE:
		publish(serial + 100);
		break;
	case MIXED:
		publish(dice(10) < 6 ? serial + 100 : dice(3));
		break;
	case EQUAL:
		publish(1);
		break;
	case COIN:
		publish(dice(2));
		break;
	case CYCLE:
		publish(serial % 11);
		break;
	}
}

static size_t
behind(const struct sub *sub)
{
	return (broker.count - sub->next);
}

static bool
can_copy(const struct sub *sub)
{
	return (sub != NULL && behind(sub) > 0 && host_holds(sub->parent) == 0);
}

static void
copy_one(struct sub *sub)
{
	if (model->swap != 0 && behind(sub) >= 2 && dice(model->swap) == 0) {
		sub_copy_of(sub, broker.content[sub->next + 1]);
		sub_copy_of(sub, broker.content[sub->next]);
		sub->next += 2;
	} else
		sub_copy(sub);
	/* Its own copies at least have reached the receiver. */
	T_REQUIRE(host_received(sub->child) >= sub->next - sub->from);
}

/* In whichever order: each message once. All are different. */
static void
check_each_once(const struct sub *sub)
{
	uint32_t content;
	size_t i, count;
	bool *seen;

	count = host_received(sub->child);
	seen = calloc(broker.count + 1, sizeof(*seen));
	T_REQUIRE(seen != NULL);
	for (i = 0; i < count; i++) {
		content = sub_got(sub, i) - 101;
		if (content < sub->from || content >= broker.count ||
		    seen[content])
			T_EQ(content, 0);
		else
			seen[content] = true;
	}
	free(seen);
}

static void
forget(unsigned i)
{
	if (model->swap != 0)
		check_each_once(subs[i]);
	sends += host_sends(subs[i]->child);
	received += host_received(subs[i]->child);
	subs[i] = NULL;
}

static void
drain(void)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			host_set_full(subs[i]->child, false);
	for (i = 0; i < SUBS; i++)
		while (can_copy(subs[i]))
			copy_one(subs[i]);
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL) {
			T_REQUIRE(behind(subs[i]) == 0);
			T_REQUIRE(subs[i]->from +
			    host_received(subs[i]->child) == broker.count);
		}
	drained_at = host.now;
}

/* No copy is on its way for as long as the option "quiet" says. */
static void
pass_time(void)
{
	uint64_t ms = dice(40) == 0 ? 5000 : dice(100);

	if (host.now + ms - drained_at > 1000)
		drain();
	host_advance(ms);
}

static void
join(unsigned i)
{
	size_t early;

	subs[i] = sub_join(conns[dice(CONNS)], "/topic/a", "alice");
	T_REQUIRE(subs[i] != NULL);
	if (model->swap != 0)
		sub_unchecked(subs[i]);
	early = dice(4) == 0 ? dice((uint32_t)model->lag + 1) : 0;
	if (early > broker.count)
		early = broker.count;
	sub_from(subs[i], broker.count - early);
}

static void
part(unsigned i)
{
	struct sub *sub = subs[i];

	forget(i);
	if (dice(3) == 0)
		host_peer_end(sub->child);
	sub_leave(sub);
}

static void
drop_conn(unsigned number)
{
	struct sub *gone[SUBS];
	unsigned i, count;

	count = 0;
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL &&
		    host_conn_of_child(subs[i]->child) == conns[number]) {
			gone[count++] = subs[i];
			forget(i);
		}
	host_conn_drop(conns[number], dice(2) == 0);
	for (i = 0; i < count; i++)
		if (dice(2) == 0)
			sub_leave(gone[i]);
	conns[number] = host_conn(number == 4 ? HOST_PLAIN : HOST_MUX);
}

static void
churn(void)
{
	unsigned i = dice(SUBS);

	if (dice(60) == 0)
		drop_conn(dice(CONNS));
	else if (subs[i] == NULL)
		join(i);
	else if (dice(2) == 0)
		part(i);
}

static void
step(void)
{
	unsigned i, slowest;

	if (dice(model->churn) == 0)
		churn();
	i = dice(SUBS);
	if (model->full && subs[i] != NULL && dice(50) == 0)
		host_set_full(subs[i]->child, dice(3) == 0);
	if (!model->timeless && dice(20) == 0)
		pass_time();
	for (slowest = SUBS, i = 0; i < SUBS; i++)
		if (can_copy(subs[i]) && (slowest == SUBS ||
		    behind(subs[i]) > behind(subs[slowest])))
			slowest = i;
	i = dice(SUBS);
	if (slowest != SUBS && behind(subs[slowest]) >= model->lag)
		copy_one(subs[slowest]);
	else if (dice(8) == 0)
		publish_one();
	else if (can_copy(subs[i]))
		copy_one(subs[i]);
}

static const struct model models[] = {
	{ "swaps", UNIQUE, 20, "verify=4", "ring=128", "window=8", 0, 50,
	    true, false, 30 },
	{ "swaps, no window", UNIQUE, 20, "verify=4", "ring=128", "window=0", 0,
	    50, false, false, 200 },
	{ "unique", UNIQUE, 40, "verify=4", "ring=128", "window=8", 0, 50,
	    false, false, 0 },
	{ "timeless", UNIQUE, 40, "verify=4", "ring=256", "window=8", 0,
	    100, false, true, 0 },
	{ "timeless, mixed", MIXED, 30, "verify=8", "ring=256", "window=8", 0,
	    100, true, true, 0 },
	{ "unique, far behind", UNIQUE, 200, "verify=4", "ring=64", "window=8",
	    0, 200, false, false, 0 },
	{ "unique, full", UNIQUE, 100, "verify=4", "ring=128", "window=8", 0,
	    100, true, false, 0 },
	{ "unique, denied", UNIQUE, 20, "verify=2", "ring=1024", "window=16", 3,
	    50, true, false, 0 },
	{ "no window", UNIQUE, 20, "verify=4", "ring=256", "window=0", 0, 50,
	    true, false, 0 },
	{ "mixed", MIXED, 30, "verify=8", "ring=128", "window=8", 0, 80,
	    true, false, 0 },
	{ "mixed, denied", MIXED, 60, "verify=8", "ring=1024", "window=63", 4,
	    80, true, false, 0 },
	{ "equal", EQUAL, 30, "verify=4", "ring=64", "window=8", 0, 80,
	    true, false, 0 },
	{ "coin", COIN, 30, "verify=4", "ring=128", "window=8", 0, 80,
	    false, false, 0 },
	{ "cycle", CYCLE, 2, "verify=8", "ring=128", "window=2", 0, 80,
	    false, false, 0 },
};

static void
run(uint64_t seed, unsigned steps)
{
	unsigned i;

	state = seed;
	serial = 0;
	sends = received = 0;
	memset(subs, 0, sizeof(subs));
	host_start("share=* scope=credential", model->verify, model->ring,
	    model->window, NULL);
	host.deny_merge = model->deny_merge;
	for (i = 0; i < CONNS; i++)
		conns[i] = host_conn(i == 4 ? HOST_PLAIN : HOST_MUX);
	drained_at = host.now;
	for (i = 0; i < SUBS / 2; i++)
		join(i);
	for (i = 0; i < steps; i++)
		step();
	drain();
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			part(i);
	if (getenv("FANOUT_MODEL_SHOW") != NULL)
		printf("# %s seed %llu: received %lu sends %lu merges %u "
		    "unmerges %u handovers %u mismatches %lld holds %lld\n",
		    model->name, (unsigned long long)seed, received, sends,
		    host.merges, host.unmerges, host.handovers,
		    (long long)host_counter("mismatches"),
		    (long long)host_counter("holds"));
	if (model->swap == 0)
		T_EQ(host_counter("mismatches"), 0);
	if (model->content != COIN)
		T_TRUE(sends < received);
	host_finish();
}

static void
test_models(void)
{
	const char *more = getenv("FANOUT_MODEL_SEEDS");
	uint64_t seed, seeds;
	size_t i;

	seeds = more != NULL ? strtoull(more, NULL, 10) : 3;
	for (i = 0; i < T_ROWS(models); i++) {
		model = &models[i];
		for (seed = 1; seed <= seeds; seed++) {
			t_row("%s, seed %llu", model->name,
			    (unsigned long long)seed);
			run(seed * 7919, 40000);
		}
	}
}

T_MAIN({ "no loss, no duplicate, in order", test_models })
