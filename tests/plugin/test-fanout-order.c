/* SPDX-License-Identifier: Apache-2.0 */
/* How fanout finds where a subscriber is in its flow: see fanout-host.h. */
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

/* By the messages themselves, without a quiet moment. */
static void
test_join_under_load(void)
{
	struct hg_conn *conn;
	unsigned i;

	host_start(PUBLIC, "verify=4", NULL);
	conn = host_conn(HOST_MUX);
	join_many(conn, 0, 1);
	for (i = 0; i < 100; i++)
		publish(i);
	sub_copies(s[0]);
	join_many(conn, 1, 1);
	for (i = 100; i < 103; i++)
		publish(i);
	copies(2);
	T_EQ(host.merges, 0);
	T_EQ(host_sends(s[1]->child), 3);
	publish(103);
	copies(2);
	T_EQ(host.merges, 1);
	T_EQ(host.last_seq, 104);
	publish(104);
	copies(2);
	T_EQ(host_sends(s[1]->child), 4);
	check_received(2);
	host_finish();
}

/* Three that are never at the same message find each other all the same. */
static void
test_ahead_and_behind(void)
{
	struct hg_conn *conn;
	int64_t sent;
	unsigned i;

	host_start(PUBLIC, "verify=4", NULL);
	conn = host_conn(HOST_MUX);
	join_many(conn, 0, 3);
	sent = 0;
	for (i = 0; i < 40; i++) {
		if (i == 30)
			sent = host_counter("sent");
		publish(i);
		if (i >= 5)
			sub_copy(s[0]);
		sub_copy(s[1]);
		if (i >= 10)
			sub_copy(s[2]);
	}
	T_EQ(host_counter("merged"), 3);
	T_EQ(host.merges, 2);
	copies(3);
	check_received(3);
	T_EQ(host_counter("mismatches"), 0);
	T_EQ(host_counter("sent") - sent, 10);
	host_finish();
}

/* A row of equal messages proves nothing; a quiet moment does. */
static void
test_equal_messages(void)
{
	unsigned i;

	host_start(PUBLIC, "verify=4", NULL);
	join_many(host_conn(HOST_MUX), 0, 3);
	for (i = 0; i < 200; i++) {
		publish(7);
		sub_copy(s[0]);
		if (i >= 3)
			sub_copy(s[1]);
		if (i >= 9)
			sub_copy(s[2]);
	}
	T_EQ(host_counter("merged"), 1);
	copies(3);
	check_received(3);
	be_quiet();
	T_EQ(host_counter("merged"), 3);
	for (i = 0; i < 200; i++) {
		publish(7);
		sub_copy(s[i % 3]);
	}
	copies(3);
	check_received(3);
	T_EQ(host_counter("sent"), 200 + 200 + 200 + 200);
	host_finish();
}

/* One is a whole period ahead from the start. */
static void
test_periodic_messages(void)
{
	unsigned i;

	host_start(PUBLIC, "verify=4", NULL);
	join_many(host_conn(HOST_MUX), 0, 2);
	for (i = 0; i < 400; i++) {
		publish(i % 20);
		sub_copy(s[1]);
		if (i >= 20)
			sub_copy(s[0]);
	}
	T_EQ(host_counter("merged"), 1);
	copies(2);
	check_received(2);
	host_finish();
}

/* The ring is smaller than what the slow one is behind. */
static void
test_far_behind(void)
{
	unsigned i;

	host_start(PUBLIC, "verify=4", "ring=128", NULL);
	join_many(host_conn(HOST_MUX), 0, 3);
	be_quiet();
	T_EQ(host.merges, 2);
	for (i = 0; i < 1000; i++) {
		publish(i);
		sub_copies(s[0]);
		sub_copies(s[1]);
	}
	T_EQ(host.unmerges, 1);
	T_FALSE(host_is_riding(s[2]->child));
	T_TRUE(host_is_riding(s[1]->child));
	copies(3);
	check_received(3);
	for (; i < 1030; i++) {
		publish(i);
		copies(3);
	}
	T_TRUE(host_is_riding(s[2]->child));
	T_EQ(host_counter("mismatches"), 0);
	check_received(3);
	host_finish();
}

/* One that was behind when it was merged, and then more and more. */
static void
test_behind_from_the_start(void)
{
	unsigned i;

	host_start(PUBLIC, "verify=4", "ring=64", NULL);
	join_many(host_conn(HOST_MUX), 0, 2);
	be_quiet();
	for (i = 0; i < 500; i++) {
		publish(i);
		copies(2);
	}
	join_many(host_conn(HOST_MUX), 2, 1);
	for (; i < 560; i++) {
		publish(i);
		copies(2);
		if (i >= 528 && host_counter("merged") < 3)
			sub_copy(s[2]);
	}
	T_EQ(host_counter("merged"), 3);
	for (; i < 700; i++) {
		publish(i);
		copies(2);
	}
	T_EQ(host_counter("merged"), 2);
	copies(3);
	check_received(3);
	T_EQ(host_counter("mismatches"), 0);
	host_finish();
}

/* What is left of a flow when only one is there that was far behind. */
static void
test_last_is_behind(void)
{
	unsigned i;

	host_start(PUBLIC, "verify=4", "ring=64", NULL);
	join_many(host_conn(HOST_MUX), 0, 2);
	be_quiet();
	for (i = 0; i < 100; i++)
		publish(i);
	sub_copies(s[0]);
	T_EQ(host_counter("merged"), 1);
	sub_leave(s[0]);
	T_EQ(host_counter("merged"), 0);
	sub_copies(s[1]);
	T_EQ(host_received(s[1]->child), 100);
	publish(100);
	sub_copies(s[1]);
	T_EQ(host_counter("merged"), 1);
	T_EQ(host_received(s[1]->child), 101);
	host_finish();
}

T_MAIN(
	{ "join under load", test_join_under_load },
	{ "ahead and behind", test_ahead_and_behind },
	{ "equal messages", test_equal_messages },
	{ "periodic messages", test_periodic_messages },
	{ "far behind", test_far_behind },
	{ "behind from the start", test_behind_from_the_start },
	{ "the last is behind", test_last_is_behind },
)
