/* SPDX-License-Identifier: Apache-2.0 */
/* What fanout does with well-behaved subscribers: see fanout-host.h. */
#include <string.h>

#include "fanout-host.h"
#include "harness.h"

#define PUBLIC	"share=* scope=public"

static struct sub *s[100];

static void
join_many(struct hg_conn *conn, unsigned from, unsigned count)
{
	unsigned i;

	for (i = from; i < from + count; i++) {
		s[i] = sub_join(conn, "/topic/a", "alice");
		T_REQUIRE(s[i] != NULL);
	}
}

/* Long enough that no message can be on its way. */
static void
be_quiet(void)
{
	host_advance(5000);
}

static void
copies(unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++)
		sub_copies(s[i]);
}

/* All have got all. */
static void
check_received(unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		t_row("subscriber %u", i);
		T_EQ(host_received(s[i]->child), broker.count - s[i]->from);
	}
	t_row(NULL);
}

static void
test_one_copy(void)
{
	struct hg_conn *conn;
	unsigned i;

	host_start(PUBLIC, NULL);
	conn = host_conn(HOST_MUX);
	join_many(conn, 0, 10);
	be_quiet();
	T_EQ(host.merges, 9);
	T_EQ(host_counter("merged"), 10);
	T_EQ(host_riders(s[0]->child), 9);
	for (i = 0; i < 100; i++) {
		publish(i);
		copies(10);
	}
	check_received(10);
	T_EQ(host_sends(s[0]->child), 100);
	for (i = 1; i < 10; i++)
		T_EQ(host_sends(s[i]->child), 0);
	T_EQ(host_counter("sent"), 100);
	T_EQ(host_counter("copies"), 1000);
	T_EQ(host_counter("suppressed"), 900);
	T_EQ(host_counter("mismatches"), 0);
	T_EQ(host_counter("flows"), 1);
	T_EQ(host_counter("members"), 10);
	host_finish();
}

/* Whoever is first sends: the carrier need not be. */
static void
test_first_copy_is_sent(void)
{
	host_start(PUBLIC, NULL);
	join_many(host_conn(HOST_MUX), 0, 3);
	be_quiet();
	publish(1);
	publish(2);
	sub_copies(s[2]);
	check_received(3);
	T_EQ(host_sends(s[0]->child), 2);
	sub_copies(s[0]);
	sub_copies(s[1]);
	check_received(3);
	T_EQ(host_sends(s[0]->child), 2);
	host_finish();
}

static void
test_connections(void)
{
	unsigned i;

	host_start(PUBLIC, NULL);
	for (i = 0; i < 4; i++)
		join_many(host_conn(HOST_MUX), 5 * i, 5);
	be_quiet();
	T_EQ(host.merges, 16);
	for (i = 0; i < 50; i++)
		publish(i);
	copies(20);
	check_received(20);
	T_EQ(host_counter("sent"), 200);
	T_EQ(host_counter("suppressed"), 20 * 50 - 50);
	host_finish();
}

static void
test_carrier_leaves(void)
{
	unsigned i;

	host_start(PUBLIC, NULL);
	join_many(host_conn(HOST_MUX), 0, 4);
	be_quiet();
	for (i = 0; i < 3; i++) {
		publish(i);
		publish(100 + i);
		sub_copies(s[3]);
		sub_leave(s[i]);
		T_EQ(host.handovers, i + 1);
		T_EQ(host.last_seq, 2 * (i + 1));
		T_EQ(host_end_code(s[i]->child), 1000);
		T_TRUE(host_is_closed(s[i]->child));
		T_EQ(host_received(s[i]->child), 2 * (i + 1));
		T_EQ(host_riders(s[i + 1]->child), 2 - i);
	}
	publish(200);
	sub_copies(s[3]);
	T_EQ(host_received(s[3]->child), 7);
	T_EQ(host_sends(s[3]->child), 1);
	T_EQ(host_counter("handovers"), 3);
	sub_leave(s[3]);
	T_EQ(host_counter("flows"), 0);
	host_finish();
}

/* B06: what comes next is not for who has left. */
static void
test_rider_leaves(void)
{
	host_start(PUBLIC, NULL);
	join_many(host_conn(HOST_MUX), 0, 3);
	be_quiet();
	publish(1);
	sub_copies(s[0]);
	sub_leave(s[1]);
	T_EQ(host.unmerges, 1);
	T_EQ(host.last_seq, 1);
	publish(2);
	sub_copies(s[0]);
	T_EQ(host_received(s[1]->child), 1);
	T_EQ(host_received(s[2]->child), 2);
	host_finish();
}

/* Those that share no wire get each message by the first copy too. */
static void
test_local(void)
{
	static const enum host_conn_kind kinds[] = {
		HOST_PLAIN, HOST_NOTHING, HOST_MUX_PLAIN
	};
	unsigned i, k;

	for (k = 0; k < T_ROWS(kinds); k++) {
		t_row("kind %u", k);
		host_start(PUBLIC, NULL);
		for (i = 0; i < 3; i++)
			join_many(host_conn(kinds[k]), i, 1);
		join_many(host_conn(kinds[k]), 3, 3);
		be_quiet();
		T_EQ(host_counter("merged"), 6);
		T_EQ(host.merges, 0);
		publish(1);
		publish(2);
		sub_copies(s[5]);
		T_EQ(host_counter("sent"), 12);
		copies(6);
		check_received(6);
		T_EQ(host_counter("sent"), 12);
		while (i-- > 0)
			sub_leave(s[i]);
		for (i = 3; i < 6; i++)
			sub_leave(s[i]);
		host_finish();
	}
}

/* Before the other side has accepted the child, its data may still have to go
 * into the parent; a refused child never shares. */
static void
test_created_late(void)
{
	host_start(PUBLIC, NULL);
	host.slow_created = true;
	join_many(host_conn(HOST_MUX), 0, 3);
	be_quiet();
	T_EQ(host_counter("merged"), 3);
	T_EQ(host.merges, 0);
	publish(1);
	sub_copies(s[1]);
	check_received(3);
	host_created(s[0]->child, true);
	host_created(s[1]->child, true);
	T_EQ(host.merges, 1);
	host_created(s[2]->child, false);
	T_EQ(host.merges, 1);
	publish(2);
	copies(3);
	check_received(3);
	T_EQ(host_counter("sent"), 3 + 2);
	host_finish();
}

static void
test_denied(void)
{
	unsigned i;

	host_start(PUBLIC, NULL);
	host.deny_merge = 1;
	join_many(host_conn(HOST_MUX), 0, 2);
	be_quiet();
	for (i = 0; i < 10; i++)
		publish(i);
	copies(2);
	check_received(2);
	T_EQ(host.merges, 0);
	T_EQ(host_counter("suppressed"), 10);
	host.deny_merge = 0;
	for (i = 0; i < 20; i++)
		publish(i);
	copies(2);
	check_received(2);
	T_EQ(host.merges, 1);
	host_finish();
}

static void
test_report(void)
{
	const char *report;

	host_start("share=* scope=credential", NULL);
	T_STR_EQ(host_report("flows"), "");
	join_many(host_conn(HOST_MUX), 0, 2);
	s[2] = sub_join_on(host_parent(host_conn(HOST_MUX)), "/topic/b\n",
	    "key", "bob");
	be_quiet();
	publish(1);
	copies(2);
	T_STR_EQ(host_report("channels"), "");
	report = host_report("flows");
	T_TRUE(strstr(report, "service=svc destination=/topic/a "
	    "scope=credential members=2 merged=2 carriers=1 seq=1 ring=1 "
	    "suppressed=1 mismatches=0 unmerges=0 ") != NULL);
	T_TRUE(strstr(report, "destination=/topic/b\\x0a ") != NULL);
	host_finish();
}

T_MAIN(
	{ "one copy for a connection", test_one_copy },
	{ "the first copy is the one that is sent", test_first_copy_is_sent },
	{ "several connections", test_connections },
	{ "the carrier leaves", test_carrier_leaves },
	{ "another leaves (B06)", test_rider_leaves },
	{ "local", test_local },
	{ "accepted late or refused", test_created_late },
	{ "denied merges are tried again", test_denied },
	{ "report", test_report },
)
