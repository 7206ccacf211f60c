/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: one subscription at the broker for all, and who takes over.
 * See fanout-host.h, which compares each message that a receiver gets with the
 * broker's sequence. Covers B06, T05, T18.
 */
#include <stdio.h>
#include <string.h>

#include "fanout-host.h"
#include "harness.h"

#define SUBS	6

static struct sub *s[SUBS];
static uint32_t serial;

static void
publish_one(void)
{
	publish(1000 + ++serial);
}

/* One message, and the copies of all who have a subscription. */
static void
tell_all(void)
{
	unsigned i;

	publish_one();
	for (i = 0; i < SUBS; i++)
		if (s[i] != NULL && s[i]->member != NULL && !s[i]->paused)
			sub_copies(s[i]);
}

static void
tell(unsigned count)
{
	while (count-- > 0)
		tell_all();
}

/* Of the first "alive" of them all that they should have. */
static void
check_all(void)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (s[i] != NULL && s[i]->member != NULL &&
		    !host_is_closed(s[i]->child))
			T_EQ(s[i]->from + host_received(s[i]->child),
			    broker.count);
}

static struct sub *
join(struct hg_conn *conn)
{
	struct sub *sub;

	sub = sub_join(conn, "/topic/a", "alice");
	T_REQUIRE(sub != NULL);
	T_TRUE(sub_source(sub));
	return (sub);
}

/* All on one connection but the last, merged; one subscription is left. */
static struct hg_conn *
start(const char *share, const char *option)
{
	struct hg_conn *conn;
	unsigned i;

	host_start(share, "verify=4", option, NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < SUBS; i++)
		s[i] = join(i + 1 < SUBS ? conn : host_conn(HOST_MUX));
	tell(10);
	host_advance(3000);
	broker_answer();
	T_EQ(host_counter("merged"), SUBS);
	tell(3);
	check_all();
	return (conn);
}

/* Who is asked to take over. */
static struct sub *
successor(void)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (s[i]->resuming)
			return (s[i]);
	T_REQUIRE(!"a successor");
	return (NULL);
}

#define ONE	"share=* scope=public upstream=one standby=0"

static void
test_one_stays(void)
{
	int64_t copies;

	start(ONE, NULL);
	T_EQ(broker_subscriptions(), 1);
	T_EQ(host_counter("resting"), SUBS - 1);
	T_FALSE(s[0]->paused);
	copies = host_counter("copies");
	tell(20);
	T_EQ(host_counter("copies") - copies, 20);
	check_all();
	T_TRUE(strstr(host_report("flows"), "upstream=one") != NULL);
	T_TRUE(strstr(host.report, "subscriptions=1 ") != NULL);
	T_TRUE(strstr(host.report, "feeding=1 ") != NULL);
	T_TRUE(strstr(host.report, "feeder=ch") != NULL);
	host_finish();
}

static void
test_standby(void)
{
	start("share=* scope=public upstream=one standby=2", NULL);
	T_EQ(broker_subscriptions(), 3);
	/* The feeder's connection is lost: nothing is missing. */
	publish_one();
	sub_leave(s[0]);
	sub_copies(s[1]);
	sub_copies(s[2]);
	check_all();
	broker_answer();
	T_EQ(broker_subscriptions(), 3);
	tell(10);
	check_all();
	T_EQ(host_counter("gaps"), 0);
	host_finish();
}

/* "each" is what it was: nobody is asked. */
static void
test_each(void)
{
	host_start("share=* scope=public", "verify=4", NULL);
	s[0] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	T_FALSE(sub_source(s[0]));
	T_FALSE(sub_part(s[0]));
	T_TRUE(strstr(host_report("flows"), "flow") == NULL);
	host_finish();
}

/* The feeder's subscriber goes; its copies go on until another feeds. */
static void
test_feeder_parts(void)
{
	unsigned got;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	T_TRUE(host_is_closed(s[0]->child) || host_end_code(s[0]->child));
	host_turn();
	got = host_received(s[0]->child);
	T_EQ(successor()->resumes, 1);
	tell(2);
	T_EQ(host_received(s[0]->child), got);
	check_all();
	broker_answer();
	T_EQ(broker_subscriptions(), 2);
	/* A proof needs some messages. */
	tell(3);
	T_FALSE(s[0]->releasing);
	tell(3);
	T_TRUE(s[0]->releasing);
	broker_answer();
	T_TRUE(s[0]->member == NULL);
	T_EQ(broker_subscriptions(), 1);
	T_EQ(host_counter("takeovers"), 1);
	T_EQ(host_counter("gaps"), 0);
	tell(10);
	check_all();
	host_finish();
}

/* Without a message time is the proof. */
static void
test_quiet_takeover(void)
{
	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	broker_answer();
	host_advance(6000);
	T_TRUE(s[0]->releasing);
	broker_answer();
	tell(5);
	check_all();
	T_EQ(broker_subscriptions(), 1);
	host_finish();
}

/* Equal messages prove nothing; then nobody is let go before it is quiet. */
static void
test_equal_takeover(void)
{
	struct sub *next;
	unsigned i;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	next = successor();
	broker_answer();
	for (i = 0; i < 40; i++) {
		publish(7);
		sub_copies(s[0]);
		sub_copies(next);
		host_advance(10);
	}
	T_FALSE(s[0]->releasing);
	host_advance(6000);
	T_TRUE(s[0]->releasing);
	broker_answer();
	tell(5);
	check_all();
	host_finish();
}

/* The successor's copies come first, by one: that one is not lost. */
static void
test_ahead(void)
{
	struct sub *next;
	unsigned i;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	next = successor();
	broker_answer();
	for (i = 0; i < 8; i++) {
		publish_one();
		sub_copies(next);
		sub_copies(s[0]);
	}
	T_TRUE(s[0]->releasing);
	sub_answer(s[0]);
	tell(5);
	check_all();
	host_finish();
}

/* Its copies are far behind those of the one that it relieves. */
static void
test_behind(void)
{
	struct sub *next;
	unsigned i;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	next = successor();
	broker_answer();
	for (i = 0; i < 30; i++) {
		publish_one();
		sub_copies(s[0]);
	}
	for (i = 0; i < 10; i++)
		sub_copy(next);
	T_TRUE(s[0]->releasing);
	sub_answer(s[0]);
	check_all();
	tell(5);
	check_all();
	host_finish();
}

/* The other side ends the feeder's child, the translator hears of it later. */
static void
test_child_ends(void)
{
	start(ONE, NULL);
	host_peer_end(s[0]->child);
	tell(3);
	T_TRUE(sub_part(s[0]));
	broker_answer();
	tell(8);
	broker_answer();
	T_TRUE(s[0]->member == NULL);
	check_all();
	T_EQ(broker_subscriptions(), 1);
	host_finish();
}

/* The whole connection of the feeder is lost, with most of the members. */
static void
test_connection_lost(void)
{
	struct hg_conn *conn;
	unsigned i;

	conn = start(ONE, NULL);
	for (i = 0; i + 1 < SUBS; i++)
		sub_part(s[i]);
	host_conn_drop(conn, true);
	tell(2);
	broker_answer();
	tell(8);
	broker_answer();
	T_EQ(broker_subscriptions(), 1);
	T_EQ(host_counter("members"), 1);
	T_FALSE(s[SUBS - 1]->paused);
	check_all();
	host_finish();
}

/* Only then somebody is told: the subscription itself is lost. */
static void
test_gap(void)
{
	unsigned i;

	start(ONE, NULL);
	publish_one();
	sub_leave(s[0]);
	for (i = 1; i < SUBS; i++)
		T_EQ(host_end_code(s[i]->child), 1012);
	T_EQ(host_counter("gaps"), SUBS - 1);
	for (i = 1; i < SUBS; i++)
		sub_part(s[i]);
	T_EQ(host_counter("members"), 0);
	host_finish();
}

/* The kept subscription is lost before another feeds. */
static void
test_gap_of_kept(void)
{
	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	broker_answer();
	tell(1);
	sub_leave(s[0]);
	T_EQ(host_counter("gaps"), SUBS - 1);
	host_finish();
}

/* All leave: nobody is kept for nobody. */
static void
test_all_part(void)
{
	unsigned i;

	start(ONE, NULL);
	for (i = SUBS; i-- > 1;)
		T_FALSE(sub_part(s[i]));
	T_FALSE(sub_part(s[0]));
	T_EQ(host_counter("flows"), 0);
	host_finish();

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	for (i = 1; i < SUBS; i++)
		T_EQ(sub_part(s[i]), false);
	broker_answer();
	T_EQ(host_counter("flows"), 0);
	host_finish();
}

/* Two go before the first successor is there. */
static void
test_successor_parts(void)
{
	struct sub *first;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	first = successor();
	T_FALSE(sub_part(first));
	T_TRUE(successor() != first);
	broker_answer();
	tell(8);
	broker_answer();
	T_EQ(broker_subscriptions(), 1);
	check_all();
	host_finish();
}

/* A successor that is not accepted: the next one is asked. */
static void
test_successor_refused(void)
{
	struct sub *first;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	first = successor();
	sub_leave(first);
	T_EQ(host_counter("refused"), 1);
	first->resuming = false;
	successor();
	broker_answer();
	tell(8);
	broker_answer();
	check_all();
	T_EQ(broker_subscriptions(), 1);
	host_finish();
}

/* A broker that does not answer it. */
static void
test_successor_silent(void)
{
	struct sub *first, *second;

	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	first = successor();
	host_advance(7000);
	first->resuming = false;
	second = successor();
	first->resuming = true;
	sub_answer(second);
	tell(8);
	T_TRUE(s[0]->releasing);
	host_finish();
}

/* Nobody is kept for ever. */
static void
test_kept_too_long(void)
{
	start(ONE, NULL);
	T_TRUE(sub_part(s[0]));
	host_advance(60000);
	T_TRUE(s[0]->releasing);
	T_EQ(host_counter("gaps"), SUBS - 1);
	broker_answer();
	host_finish();
}

/* Each is asked within the time, the feeder too; who is refused goes. */
static void
test_recheck(void)
{
	unsigned i;

	start(ONE " recheck=60s", NULL);
	for (i = 0; i < 75; i++) {
		host_advance(1000);
		broker_answer();
		tell(1);
	}
	for (i = 0; i < SUBS; i++)
		T_TRUE(s[i]->checks > 0 || s[i]->resumes > 0);
	T_TRUE(s[0]->checks > 0 && s[0]->pauses > 0);
	T_EQ(broker_subscriptions(), 1);
	check_all();
	T_EQ(host_counter("gaps"), 0);
	for (i = 0; !s[3]->checking && i < 60; i++)
		host_advance(1000);
	T_TRUE(s[3]->checking);
	sub_leave(s[3]);
	T_EQ(host_counter("refused"), 1);
	broker_answer();
	tell(5);
	check_all();
	T_EQ(host_counter("gaps"), 0);
	host_finish();
}

/* At most so many at a time, and one that is not answered is not for ever. */
static void
test_recheck_bounded(void)
{
	static struct sub *many[100];
	struct hg_conn *conn;
	unsigned i, asked;

	host_start(ONE " recheck=10s", "verify=4", NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < 100; i++)
		many[i] = join(conn);
	host_advance(3000);
	broker_answer();
	T_EQ(host_counter("resting"), 99);
	host_advance(8000);
	for (asked = 0, i = 0; i < 100; i++)
		asked += many[i]->checking;
	T_EQ(asked, 32);
	broker_answer();
	for (asked = 0, i = 0; i < 100; i++)
		asked += many[i]->checks > 0 || many[i]->resumes > 0;
	T_TRUE(asked >= 99);
	T_EQ(host_counter("refused"), 0);
	host_advance(60000);
	T_TRUE(host_counter("refused") >= 32);
	host_finish();
}

/* Of one that cannot be taken back nothing is asked, and it is no successor. */
static void
test_cannot_rest(void)
{
	start(ONE, NULL);
	host_finish();

	host_start(ONE, "verify=4", NULL);
	memset(s, 0, sizeof(s));
	s[0] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	s[1] = join(host_conn(HOST_MUX));
	s[2] = join(host_conn(HOST_MUX));
	tell(10);
	broker_answer();
	T_EQ(broker_subscriptions(), 1);
	sub_leave(s[0]);
	tell(5);
	check_all();
	T_EQ(host_counter("gaps"), 0);
	host_finish();
}

/* --- slow connections ----------------------------------------------------- */

/* What a slow one lacks waits, and comes in order. */
static void
test_slow(void)
{
	struct sub *slow;

	start(ONE, NULL);
	slow = s[SUBS - 1];
	host_set_full(slow->child, true);
	tell(100);
	T_EQ(host_holds(s[0]->parent), 0);
	T_EQ(host_received(s[1]->child), 113);
	T_EQ(host_received(slow->child), 13);
	host_set_full(slow->child, false);
	T_EQ(host_received(slow->child), 113);
	tell(1);
	check_all();
	host_finish();
}

/* One that is too slow is closed, and nobody else. */
static void
test_too_slow(void)
{
	unsigned i;

	start(ONE, "backlog=65536");
	host_set_full(s[SUBS - 1]->child, true);
	tell(1200);
	T_EQ(host_end_code(s[SUBS - 1]->child), 1013);
	T_EQ(host_counter("slow"), 1);
	sub_part(s[SUBS - 1]);
	for (i = 0; i + 1 < SUBS; i++)
		T_EQ(host_end_code(s[i]->child), 0);
	tell(1);
	check_all();
	host_finish();
}

/* The feeder's own is: its copies are needed on. */
static void
test_feeder_too_slow(void)
{
	struct hg_conn *conn;
	unsigned i;

	host_start(ONE, "verify=4", "backlog=65536", NULL);
	memset(s, 0, sizeof(s));
	s[0] = join(host_conn(HOST_MUX));
	conn = host_conn(HOST_MUX);
	for (i = 1; i < SUBS; i++)
		s[i] = join(conn);
	tell(10);
	broker_answer();
	T_EQ(broker_subscriptions(), 1);
	host_set_full(s[0]->child, true);
	tell(1200);
	T_EQ(host_end_code(s[0]->child), 1013);
	T_TRUE(sub_part(s[0]));
	broker_answer();
	tell(8);
	broker_answer();
	check_all();
	T_EQ(host_counter("gaps"), 0);
	T_EQ(broker_subscriptions(), 1);
	host_finish();
}

/* When all are, the broker waits; the first that takes more goes on. */
static void
test_all_slow(void)
{
	start(ONE, NULL);
	host_set_full(s[0]->child, true);
	host_set_full(s[SUBS - 1]->child, true);
	tell(1);
	T_EQ(host_holds(s[0]->parent), 1);
	host_set_full(s[SUBS - 1]->child, false);
	T_EQ(host_holds(s[0]->parent), 0);
	tell(3);
	host_set_full(s[0]->child, false);
	check_all();
	host_finish();
}

static void
test_options(void)
{
	static const struct {
		const char	*line, *wrong;
	} rows[] = {
		{ "share=/a scope=public upstream=one", NULL },
		{ "share=/a scope=public upstream=each", NULL },
		{ "share=/a scope=credential upstream=one recheck=5m", NULL },
		{ "share=/a scope=public  recheck=90 standby=1 upstream=one ",
		    NULL },
		{ "share=/a scope=public upstream=two",
		    "upstream must be \"each\" or \"one\"" },
		{ "share=/a scope=public standby=1",
		    "standby needs upstream=one" },
		{ "share=/a scope=public recheck=1m",
		    "recheck needs upstream=one" },
		{ "share=/a scope=public upstream=one recheck=0",
		    "recheck must be a time from 100ms to 24h" },
		{ "share=/a scope=public upstream=one recheck=1d",
		    "recheck must be a time from 100ms to 24h" },
		{ "share=/a scope=public upstream=one standby=17",
		    "standby must be a number from 0 to 16" },
		{ "share=/a scope=public upstream=one standby=",
		    "standby must be a number from 0 to 16" },
		{ "share=/a scope=public one",
		    "there is more behind the scope than upstream=, "
		    "standby= and recheck=" },
	};
	const char *wrong;
	size_t i;

	host_start(NULL, NULL);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].line);
		wrong = host_try_option(rows[i].line);
		if (rows[i].wrong == NULL)
			T_TRUE(wrong == NULL);
		else {
			T_REQUIRE(wrong != NULL);
			T_STR_EQ(wrong, rows[i].wrong);
		}
	}
	host_finish();
}

T_MAIN(
	{ "one stays", test_one_stays },
	{ "standby", test_standby },
	{ "each", test_each },
	{ "the feeder parts", test_feeder_parts },
	{ "takeover while it is quiet", test_quiet_takeover },
	{ "takeover amid equal messages", test_equal_takeover },
	{ "a successor that is ahead", test_ahead },
	{ "a successor that is behind", test_behind },
	{ "the feeder's child ends", test_child_ends },
	{ "the feeder's connection is lost", test_connection_lost },
	{ "gap", test_gap },
	{ "gap while kept", test_gap_of_kept },
	{ "all part", test_all_part },
	{ "the successor parts", test_successor_parts },
	{ "the successor is refused", test_successor_refused },
	{ "the successor is not answered", test_successor_silent },
	{ "kept too long", test_kept_too_long },
	{ "recheck", test_recheck },
	{ "recheck is bounded", test_recheck_bounded },
	{ "one that cannot rest", test_cannot_rest },
	{ "slow", test_slow },
	{ "too slow", test_too_slow },
	{ "the feeder is too slow", test_feeder_too_slow },
	{ "all are slow", test_all_slow },
	{ "options", test_options },
)
