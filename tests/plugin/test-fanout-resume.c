/* SPDX-License-Identifier: Apache-2.0 */
/* fanout: members that come back behind a lost trunk get each message once and
 * in order, or are told of a gap (threats T06, T18, B06). */
#include "fanout-host.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

#define MEMBERS	4

struct set {
	struct hg_conn	*conn;
	struct sub	*sub[MEMBERS];
};

static uint32_t next_content = 1000;

static void
publish_to(struct sub **subs, int count, int messages)
{
	int i;

	while (messages-- > 0) {
		publish(next_content++);
		for (i = 0; i < count; i++)
			if (subs[i]->member != NULL)
				sub_copies(subs[i]);
	}
}

static void
join(struct set *s, bool resumes)
{
	struct hg_channel *parent;
	int i;

	s->conn = host_conn(HOST_MUX);
	for (i = 0; i < MEMBERS; i++) {
		parent = host_parent(s->conn);
		if (resumes)
			host_resumes(parent);
		s->sub[i] = sub_join_on(parent, "/topic/a", "key", "alice");
		T_REQUIRE(s->sub[i] != NULL);
	}
}

/* Merged, and with some messages behind them. */
static void
make(struct set *s, const char *option)
{
	int i;

	host_start("share=* scope=public", "verify=4", "quiet=200ms", option,
	    NULL);
	join(s, false);
	publish_to(s->sub, MEMBERS, 20);
	for (i = 0; i < MEMBERS; i++)
		T_EQ(host_place(s->sub[i]->child), 20);
}

/* The trunk is lost; the first member stays. */
static void
lose(struct set *s)
{
	T_TRUE(sub_park(s->sub[0], false));
	T_TRUE(sub_park(s->sub[0], true));
	host_conn_lose(s->conn);
	T_EQ(host_counter("parked"), 1);
}

static void
resume_all(struct set *s, const struct set *former)
{
	int i;

	join(s, true);
	for (i = 0; i < MEMBERS; i++)
		T_EQ(sub_resume(s->sub[i], former->sub[i]), 0);
}

static void
test_resume(void)
{
	struct set old, new;
	struct sub *all[MEMBERS + 1];
	int i;

	make(&old, NULL);
	lose(&old);
	publish_to(old.sub, 1, 7);
	resume_all(&new, &old);
	for (i = 0; i < MEMBERS; i++)
		T_EQ(host_received(new.sub[i]->child), 7);
	T_EQ(host_counter("resumed"), MEMBERS);
	/* One carries them, long before their own copies are known. */
	T_EQ(host_riders(new.sub[0]->child), MEMBERS - 1);
	T_TRUE(sub_park(old.sub[0], false));
	all[0] = old.sub[0];
	for (i = 0; i < MEMBERS; i++)
		all[1 + i] = new.sub[i];
	publish_to(all, MEMBERS + 1, 1);
	T_EQ(host_counter("merged"), 1);
	/* The parked one's copies come first, and then last. */
	publish_to(all, MEMBERS + 1, 10);
	T_EQ(host_counter("merged"), MEMBERS + 1);
	T_FALSE(sub_park(old.sub[0], false));
	sub_leave(old.sub[0]);
	T_EQ(host_counter("parked"), 0);
	publish_to(new.sub, MEMBERS, 50);
	for (i = 0; i < MEMBERS; i++) {
		T_EQ(host_received(new.sub[i]->child), 68);
		T_EQ(host_place(new.sub[i]->child), 88);
	}
	T_EQ(host_counter("mismatches"), 0);
	host_finish();
}

/* Copies of those that came back are always ahead of the one that stayed. */
static void
test_ahead(void)
{
	struct set old, new;
	struct sub *all[MEMBERS + 1];
	int i;

	make(&old, NULL);
	lose(&old);
	resume_all(&new, &old);
	for (i = 0; i < MEMBERS; i++)
		all[i] = new.sub[i];
	all[MEMBERS] = old.sub[0];
	publish_to(all, MEMBERS + 1, 20);
	T_EQ(host_counter("merged"), MEMBERS + 1);
	sub_leave(old.sub[0]);
	publish_to(new.sub, MEMBERS, 20);
	T_EQ(host_received(new.sub[2]->child), 40);
	host_finish();
}

/* Nothing comes for a while: then all are where the flow is. */
static void
test_quiet(void)
{
	struct set old, new;

	make(&old, NULL);
	lose(&old);
	publish_to(old.sub, 1, 3);
	resume_all(&new, &old);
	T_EQ(host_counter("merged"), 1);
	host_advance(1000);
	T_EQ(host_counter("merged"), MEMBERS + 1);
	sub_leave(old.sub[0]);
	publish_to(new.sub, MEMBERS, 5);
	T_EQ(host_received(new.sub[3]->child), 8);
	host_finish();
}

/* While they are found out, who feeds them goes: that is told. */
static void
test_feeder_leaves(void)
{
	struct set old, new;
	int i;

	make(&old, NULL);
	lose(&old);
	resume_all(&new, &old);
	publish_to(old.sub, 1, 2);
	sub_leave(old.sub[0]);
	host_turn();
	for (i = 0; i < MEMBERS; i++) {
		T_TRUE(host_is_closed(new.sub[i]->child));
		T_EQ(host_end_code(new.sub[i]->child), 1012);
		sub_leave(new.sub[i]);
	}
	T_EQ(host_counter("gaps"), MEMBERS);
	host_finish();
}

/* What is not kept cannot be had: too many bytes, or too old. */
static void
test_gap(void)
{
	static const struct {
		const char	*option;
		int		 messages;
		uint64_t	 wait;
		bool		 gap;
	} rows[] = {
		{ "replay=1k", 7, 0, false },	/* of 4 + 128 bytes */
		{ "replay=1k", 8, 0, true },
		{ "replay-total=1k", 8, 0, true },
		{ "replay=0", 0, 0, true },
		{ "replay=0", 1, 0, true },
		{ "replay-age=5s", 1, 4900, false },
		{ "replay-age=5s", 1, 5100, true },
		{ "replay-age=5s", 0, 5100, false },
	};
	struct set old, new;
	size_t i;
	int result;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s, %d messages", rows[i].option, rows[i].messages);
		make(&old, rows[i].option);
		if (strcmp(rows[i].option, "replay=0") == 0) {
			T_FALSE(sub_park(old.sub[0], false));
			host_finish();
			continue;
		}
		lose(&old);
		publish_to(old.sub, 1, rows[i].messages);
		host_advance(rows[i].wait);
		join(&new, true);
		result = sub_resume(new.sub[0], old.sub[0]);
		T_EQ(result != 0, rows[i].gap);
		result = sub_resume(new.sub[1], old.sub[1]);
		T_EQ(result != 0, rows[i].gap);
		T_EQ(host.newest, (uint64_t)(20 + rows[i].messages));
		T_EQ(host_received(new.sub[1]->child),
		    rows[i].gap ? 0u : (unsigned)rows[i].messages);
		host_finish();
	}
}

/* Another's flow, guessed ids, numbers that are not yet: never believed. */
static void
test_not_believed(void)
{
	static const char *const epochs[] = { "", "0", "00000000", "0000000g" };
	struct set old, new;
	struct sub *other;
	const char *field;
	char flow[33], epoch[9], wrong[33];
	size_t i;

	make(&old, NULL);
	lose(&old);
	publish_to(old.sub, 1, 3);
	join(&new, true);
	field = host_field(new.sub[0]->child, "Sec-WebSocket-Extensions");
	T_EQ(sscanf(field, "x-kaazing-fanout; flow=%32[0-9a-f]; "
	    "epoch=%8[0-9a-f]", flow, epoch), 2);
	for (i = 0; i < T_ROWS(epochs); i++)
		T_EQ(sub_resume_as(new.sub[0], flow, epochs[i], 20), -1);
	for (i = 0; i < 32; i++) {
		strcpy(wrong, flow);
		wrong[i] = wrong[i] == '0' ? '1' : '0';
		T_EQ(sub_resume_as(new.sub[0], wrong, epoch, 20), -1);
	}
	flow[31] = '\0';
	T_EQ(sub_resume_as(new.sub[0], flow, epoch, 20), -1);
	sscanf(field, "x-kaazing-fanout; flow=%32[0-9a-f]", flow);
	T_EQ(sub_resume_as(new.sub[0], flow, epoch, 24), -1);
	T_EQ(sub_resume_as(new.sub[0], flow, epoch, UINT64_MAX - 1), -1);
	/* A member of another flow names this one. */
	other = sub_join_on(new.sub[1]->parent, "/topic/b", "key", "alice");
	T_EQ(sub_resume_as(other, flow, epoch, 20), -1);
	/* One that never said that it would. */
	other = sub_join(new.conn, "/topic/a", "alice");
	T_EQ(sub_resume_as(other, flow, epoch, 20), -1);
	/* And not twice. */
	T_EQ(sub_resume(new.sub[2], old.sub[2]), 0);
	T_EQ(sub_resume_as(new.sub[2], flow, epoch, 21), -1);
	sub_unchecked(new.sub[2]);
	host_finish();
}

/* Nothing is sent to who is to be resumed, and not for ever. */
static void
test_never_asks(void)
{
	struct set old, new;
	struct sub *both[2];

	make(&old, NULL);
	lose(&old);
	join(&new, true);
	both[0] = new.sub[0];
	both[1] = old.sub[0];
	publish_to(both, 2, 30);
	T_EQ(host_sends(new.sub[0]->child), 0);
	host_advance(9000);
	T_FALSE(host_is_closed(new.sub[0]->child));
	host_advance(2000);
	T_TRUE(host_is_closed(new.sub[0]->child));
	T_EQ(host_end_code(new.sub[0]->child), 1012);
	host_finish();
}

/* A slow one is fed as it takes it; too slow, and it is told. */
static void
test_slow(void)
{
	struct set old, new;
	int i;

	make(&old, "replay=2k");
	lose(&old);
	publish_to(old.sub, 1, 5);
	join(&new, true);
	host_set_full(new.sub[0]->child, true);
	T_EQ(sub_resume(new.sub[0], old.sub[0]), 0);
	T_EQ(host_received(new.sub[0]->child), 0);
	publish_to(old.sub, 1, 5);
	host_set_full(new.sub[0]->child, false);
	T_EQ(host_received(new.sub[0]->child), 10);
	host_set_full(new.sub[0]->child, true);
	for (i = 0; i < 40; i++)
		publish_to(old.sub, 1, 1);
	host_set_full(new.sub[0]->child, false);
	host_turn();
	T_TRUE(host_is_closed(new.sub[0]->child));
	T_EQ(host_end_code(new.sub[0]->child), 1012);
	host_finish();
}

/* Only a few of each flow stay, and they need nobody. */
static void
test_few(void)
{
	struct set old;
	int i;

	make(&old, NULL);
	for (i = 0; i < 2; i++) {
		T_TRUE(sub_park(old.sub[i], false));
		T_TRUE(sub_park(old.sub[i], true));
	}
	T_FALSE(sub_park(old.sub[2], false));
	host_conn_lose(old.conn);
	T_EQ(host_counter("parked"), 2);
	T_EQ(host_counter("members"), 2);
	publish_to(old.sub, 2, 20);
	T_FALSE(sub_park(old.sub[0], false));
	sub_leave(old.sub[0]);
	publish_to(old.sub + 1, 1, 20);
	sub_leave(old.sub[1]);
	T_EQ(host_counter("flows"), 0);
	host_finish();
}

static unsigned
dice(unsigned sides)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005 + 1442695040888963407;
	return ((unsigned)(seed >> 33) % sides);
}

/* Copies come in any order among members, trunks are lost again and again. */
static void
test_many(void)
{
	struct set now, before;
	struct sub *stayed = NULL;
	int round, step, i, kept;

	make(&now, NULL);
	for (round = 0; round < 1000; round++) {
		for (step = 0; step < 200; step++) {
			if (dice(4) == 0)
				publish(next_content++);
			i = (int)dice(MEMBERS + 1);
			if (i < MEMBERS && now.sub[i]->next < broker.count)
				sub_copy(now.sub[i]);
			else if (i == MEMBERS && stayed != NULL &&
			    stayed->next < broker.count)
				sub_copy(stayed);
			if (dice(20) == 0 && i < MEMBERS)
				host_set_full(now.sub[i]->child, true);
			if (dice(10) == 0)
				for (i = 0; i < MEMBERS; i++)
					host_set_full(now.sub[i]->child,
					    false);
		}
		for (i = 0; i < MEMBERS; i++)
			host_set_full(now.sub[i]->child, false);
		for (step = 0; step < 3; step++) {
			publish_to(now.sub, MEMBERS, 10);
			if (stayed != NULL)
				sub_copies(stayed);
			host_advance(400);
		}
		if (stayed != NULL)
			sub_leave(stayed);
		stayed = NULL;
		for (i = 0; i < MEMBERS; i++)
			if (host_place(now.sub[i]->child) < 0)
				T_TRUE(false);
		before = now;
		kept = (int)dice(MEMBERS);
		T_REQUIRE(sub_park(before.sub[kept], true));
		stayed = before.sub[kept];
		host_conn_lose(before.conn);
		publish_to(&stayed, 1, (int)dice(30));
		join(&now, true);
		for (i = 0; i < MEMBERS; i++) {
			T_REQUIRE(sub_resume(now.sub[i], before.sub[i]) == 0);
			publish(next_content++);
			sub_copies(stayed);
		}
	}
	T_EQ(host_counter("gaps"), 0);
	host_finish();
}

T_MAIN({ "T18 resume", test_resume }, { "ahead", test_ahead },
    { "quiet", test_quiet }, { "feeder leaves", test_feeder_leaves },
    { "gap", test_gap }, { "T06 not believed", test_not_believed },
    { "never asks", test_never_asks }, { "slow", test_slow },
    { "few", test_few }, { "T18 a thousand trunks", test_many })
