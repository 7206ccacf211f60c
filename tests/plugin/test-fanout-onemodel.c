/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: random lives. Subscribers come and go, whoever feeds too;
 * copies come in the broker's order but at different speeds; the broker answers
 * late or refuses; connections are full, or break. The host compares each
 * message that a receiver gets with the broker's sequence from its subscription
 * on; here it is seen that none is missing, and that never more than a few have
 * subscriptions. Covers T05, T18, B06.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanout-host.h"
#include "harness.h"

#define SUBS	16
#define CONNS	4

struct model {
	const char	*name, *share;
	bool		 mixed;		/* some messages are equal */
	size_t		 lag;		/* copies that may be behind */
	unsigned	 churn;		/* 1 of so many steps */
	bool		 full;		/* children are full at times */
	bool		 unsure;	/* each is asked often, some refused */
	unsigned	 deny_merge;
};

#define ONE	"share=* scope=public upstream=one standby=0"

static const struct model models[] = {
	{ "calm", ONE " recheck=1h", false, 10,
	    200, false, false, 0 },
	{ "churn", ONE " recheck=1h", false, 30,
	    30, false, false, 0 },
	{ "full", ONE " recheck=1h", false, 30,
	    60, true, false, 0 },
	{ "mixed", ONE " recheck=1h", true, 20,
	    60, true, false, 0 },
	{ "denied", ONE " recheck=1h", true, 20,
	    60, true, false, 3 },
	{ "unsure", ONE " recheck=5s", false, 20,
	    60, true, true, 0 },
	{ "standby", "share=* scope=public upstream=one recheck=5s",
	    false, 20, 60, true, true, 0 },
};

static const struct model *model;
static struct hg_conn *conns[CONNS];
static struct sub *subs[SUBS], *kept[SUBS];
static uint64_t state, drained_at;
static uint32_t serial;

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
	publish(model->mixed && dice(10) < 4 ? dice(3) : serial + 100);
}

static bool
can_copy(const struct sub *sub)
{
	return (sub != NULL && sub->member != NULL && !sub->paused &&
	    sub->next < broker.count && host_holds(sub->parent) == 0);
}

/* One whose child could not go on; that is never seen here. */
static void
check_alive(void)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			T_REQUIRE(host_end_code(subs[i]->child) == 0);
	T_REQUIRE(host_counter("gaps") == 0);
}

static void
answer_one(struct sub **at)
{
	struct sub *sub = *at;

	if (sub == NULL)
		return;
	sub_answer(sub);
	if (sub->member == NULL)
		*at = NULL;
}

static void
settle(void)
{
	unsigned i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < SUBS; i++)
			if (subs[i] != NULL)
				host_set_full(subs[i]->child, false);
		for (i = 0; i < SUBS; i++) {
			while (can_copy(subs[i]))
				sub_copy(subs[i]);
			while (can_copy(kept[i]))
				sub_copy(kept[i]);
			answer_one(&subs[i]);
			answer_one(&kept[i]);
		}
	}
}

static void
drain(void)
{
	unsigned i;

	settle();
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			T_REQUIRE(subs[i]->from +
			    host_received(subs[i]->child) == broker.count);
	check_alive();
	drained_at = host.now;
}

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
	subs[i] = sub_join(conns[dice(CONNS)], "/topic/a", "alice");
	T_REQUIRE(subs[i] != NULL);
	T_REQUIRE(sub_source(subs[i]));
}

static void
keep(struct sub *sub)
{
	unsigned i;

	for (i = 0; kept[i] != NULL; i++)
		T_REQUIRE(i + 1 < SUBS);
	kept[i] = sub;
}

static void
part(unsigned i)
{
	struct sub *sub = subs[i];

	subs[i] = NULL;
	if (dice(4) == 0)
		host_peer_end(sub->child);
	if (sub_part(sub))
		keep(sub);
	host_turn();
}

/* The broker does not accept it any more: nobody else notices. */
static void
refuse(unsigned i)
{
	struct sub *sub = subs[i];

	if (!model->unsure || (!sub->resuming && !sub->checking))
		return;
	subs[i] = NULL;
	sub_leave(sub);
}

static void
drop_conn(unsigned number)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL &&
		    host_conn_of_child(subs[i]->child) == conns[number]) {
			if (sub_part(subs[i]))
				keep(subs[i]);
			subs[i] = NULL;
		}
	host_conn_drop(conns[number], dice(2) == 0);
	conns[number] = host_conn(number == 3 ? HOST_PLAIN : HOST_MUX);
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
	else
		refuse(i);
}

/* The slowest, when it is too slow; else any of them. */
static void
copy_some(void)
{
	struct sub *sub, *slowest;
	unsigned i;

	slowest = NULL;
	for (i = 0; i < 2 * SUBS; i++) {
		sub = i < SUBS ? subs[i] : kept[i - SUBS];
		if (can_copy(sub) && (slowest == NULL ||
		    sub->next < slowest->next))
			slowest = sub;
	}
	if (slowest != NULL && broker.count - slowest->next >= model->lag) {
		sub_copy(slowest);
		return;
	}
	if (dice(4) == 0)
		publish_one();
	i = dice(2 * SUBS);
	sub = i < SUBS ? subs[i] : kept[i - SUBS];
	if (can_copy(sub))
		sub_copy(sub);
	else if (slowest != NULL && dice(2) == 0)
		sub_copy(slowest);
}

static void
step(void)
{
	unsigned i;

	if (dice(model->churn) == 0)
		churn();
	i = dice(SUBS);
	if (model->full && subs[i] != NULL && dice(50) == 0)
		host_set_full(subs[i]->child, dice(3) == 0);
	if (dice(20) == 0)
		pass_time();
	if (dice(5) == 0)
		answer_one(dice(2) == 0 ? &subs[i] : &kept[i]);
	copy_some();
}

static void
run(uint64_t seed, unsigned steps)
{
	unsigned i;

	state = seed;
	serial = 0;
	memset(subs, 0, sizeof(subs));
	memset(kept, 0, sizeof(kept));
	host_start(model->share, "verify=4", "ring=256", NULL);
	host.deny_merge = model->deny_merge;
	for (i = 0; i < CONNS; i++)
		conns[i] = host_conn(i == 3 ? HOST_PLAIN : HOST_MUX);
	drained_at = host.now;
	for (i = 0; i < SUBS / 2; i++)
		join(i);
	for (i = 0; i < steps; i++)
		step();
	drain();
	host_advance(1000);
	/* In the end one is left, or as many as there should be. */
	for (i = 0; i < 40; i++) {
		publish_one();
		drain();
		host_advance(i % 10 == 0 ? 3000 : 10);
	}
	settle();
	/* Each that feeds may just be relieved. */
	T_TRUE(broker_subscriptions() <= 5);
	if (getenv("FANOUT_MODEL_SHOW") != NULL)
		printf("# %s seed %llu: messages %zu copies %lld takeovers "
		    "%lld rechecks %lld refused %lld mismatches %lld "
		    "unmerges %lld\n", model->name, (unsigned long long)seed,
		    broker.count, (long long)host_counter("copies"),
		    (long long)host_counter("takeovers"),
		    (long long)host_counter("rechecks"),
		    (long long)host_counter("refused"),
		    (long long)host_counter("mismatches"),
		    (long long)host_counter("unmerges"));
	T_EQ(host_counter("mismatches"), 0);
	T_EQ(host_counter("slow"), 0);
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			part(i);
	settle();
	T_EQ(host_counter("members"), 0);
	T_EQ(host_counter("resting"), 0);
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
			run(seed * 7919, 30000);
		}
	}
}

T_MAIN({ "no loss, no duplicate, in order", test_models })
