/* SPDX-License-Identifier: Apache-2.0 */
/* What fanout does when copies do not agree: see fanout-host.h. */
#include "fanout-host.h"
#include "harness.h"

static struct sub *s[100];

/* That many on one connection, merged, and one message for each of them. */
static struct hg_conn *
start(unsigned count, const char *option)
{
	struct hg_conn *conn;
	unsigned i;

	host_start("share=* scope=public", "verify=4", option, NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < count; i++) {
		s[i] = sub_join(conn, "/topic/a", NULL);
		T_REQUIRE(s[i] != NULL);
	}
	host_advance(5000);
	publish(1);
	for (i = 0; i < count; i++)
		sub_copies(s[i]);
	T_EQ(host_counter("merged"), count);
	return (conn);
}

static void
check_got(const struct sub *sub, const char *want)
{
	char got[100];
	size_t i;

	for (i = 0; i < host_received(sub->child) && i < sizeof(got) - 1; i++)
		got[i] = (char)('0' + sub_got(sub, i));
	got[i] = '\0';
	T_STR_EQ(got, want);
}

static void
copy_text(struct sub *sub, const char *text)
{
	for (; *text != '\0'; text++)
		sub_copy_of(sub, (uint32_t)(*text - '0'));
}

/*
 * Subscriber 0 carries for 1 and gets "first"; then 1 gets its copies, which
 * are not the same, and then 0 the rest. Each digit is a message.
 */
static void
test_copies_differ(void)
{
	static const struct {
		const char	*name, *first, *other, *rest;
		const char	*got0, *got1;
		unsigned	 mismatches, unmerges;
	} rows[] = {
		{ "the same", "234", "234", "5", "12345", "12345", 0, 0 },
		{ "another order", "2345", "3254", "6", "123456", "123456", 0,
		    0 },
		{ "another order, equal ones", "22334", "23243", "5", "122334"
		    "5", "1223345", 0, 0 },
		/* What 1 got twice from the broker it gets twice. */
		{ "one is twice", "234", "22345", "5", "12345", "123425", 1,
		    1 },
		/* It was given it by its flow before its own failed to come. */
		{ "one is lost", "2345", "2456", "6", "123456", "123456", 1,
		    1 },
		{ "one more", "234", "29345", "5", "12345", "123495", 1, 1 },
		{ "all are others", "234", "789", "5", "12345", "1234789", 1,
		    1 },
		/* Who is first makes the sequence, and the other differs. */
		{ "more than first", "2", "2934", "34", "12934", "12934", 0,
		    0 },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		start(2, NULL);
		sub_unchecked(s[0]);
		sub_unchecked(s[1]);
		copy_text(s[0], rows[i].first);
		copy_text(s[1], rows[i].other);
		copy_text(s[0], rows[i].rest);
		check_got(s[0], rows[i].got0);
		check_got(s[1], rows[i].got1);
		T_EQ(host_counter("mismatches"), rows[i].mismatches);
		T_EQ(host_counter("unmerges"), rows[i].unmerges);
		host_finish();
	}
}

/* The carrier itself gets other copies: the rest find another carrier. */
static void
test_carrier_differs(void)
{
	unsigned i;

	start(5, NULL);
	for (i = 0; i < 5; i++)
		sub_unchecked(s[i]);
	copy_text(s[1], "234");
	copy_text(s[0], "7");
	T_EQ(host_counter("unmerges"), 1);
	T_EQ(host.unmerges, 4);
	T_EQ(host_riders(s[0]->child), 0);
	T_EQ(host_riders(s[1]->child), 3);
	T_EQ(host.last_seq, 4);
	copy_text(s[0], "2345");
	for (i = 1; i < 5; i++)
		copy_text(s[i], i == 1 ? "5" : "2345");
	check_got(s[0], "123475");
	for (i = 1; i < 5; i++)
		check_got(s[i], "12345");
	T_EQ(host_counter("merged"), 4);
	host_finish();
}

/* It is patient for twice as long after each mismatch. */
static void
test_patience(void)
{
	uint32_t message = 100;
	unsigned round, own;

	start(2, NULL);
	sub_unchecked(s[0]);
	sub_unchecked(s[1]);
	for (round = 0; round < 5; round++) {
		copy_text(s[0], "23");
		copy_text(s[1], "9");
		T_FALSE(host_is_riding(s[1]->child));
		copy_text(s[1], "23");
		for (own = 0; !host_is_riding(s[1]->child); own++) {
			T_REQUIRE(own < 500);
			sub_copy_of(s[0], ++message);
			sub_copy_of(s[1], message);
		}
		/* 2 and 3 count, too. */
		T_TRUE(own + 2 >= 4u << (round + 1));
		T_TRUE(own <= 4u << (round + 3));
	}
	T_EQ(host_counter("mismatches"), 5);
	host_finish();
}

/* A member whose copies do not come at all is not given the others' for ever:
 * perhaps the broker does not let it have them (T05). */
static void
test_silent(void)
{
	unsigned i;

	start(3, NULL);
	for (i = 0; i < 30; i++) {
		publish(i);
		sub_copies(s[0]);
		sub_copies(s[1]);
		host_advance(1000);
	}
	T_FALSE(host_is_riding(s[2]->child));
	T_TRUE(host_is_riding(s[1]->child));
	T_TRUE(host_received(s[2]->child) < 25);
	T_EQ(host_counter("mismatches"), 1);
	i = host_received(s[2]->child);
	publish(1);
	sub_copies(s[0]);
	T_EQ(host_received(s[2]->child), i);
	host_finish();
}

/* Nor is one merged by a quiet moment that had none of what others had, or
 * something else. */
static void
test_quiet_and_different(void)
{
	start(2, NULL);
	s[2] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	s[3] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	sub_unchecked(s[3]);
	publish(2);
	sub_copies(s[0]);
	sub_copies(s[1]);
	copy_text(s[3], "9");
	host_advance(60000);
	T_EQ(host_counter("merged"), 2);
	publish(3);
	sub_from(s[2], broker.count - 1);
	sub_copies(s[0]);
	sub_copies(s[1]);
	sub_copies(s[2]);
	copy_text(s[3], "8");
	host_advance(60000);
	T_EQ(host_counter("merged"), 3);
	host_finish();
}

/* It carried, was alone, and comes back: the wire's count is another. So it
 * does not carry again, but rides. */
static void
test_carries_no_more(void)
{
	unsigned i;

	start(2, NULL);
	sub_unchecked(s[0]);
	sub_unchecked(s[1]);
	copy_text(s[1], "23");
	copy_text(s[0], "789");
	T_EQ(host_counter("unmerges"), 1);
	sub_leave(s[1]);
	for (i = 0; i < 40; i++)
		sub_copy_of(s[0], 100 + i);
	T_EQ(host_counter("merged"), 1);
	s[2] = sub_join(host_conn_of_child(s[0]->child), "/topic/a", NULL);
	sub_unchecked(s[2]);
	host_advance(60000);
	T_EQ(host_counter("merged"), 2);
	for (i = 0; i < 40; i++) {
		sub_copy_of(s[0], i);
		sub_copy_of(s[2], i);
	}
	T_TRUE(host_is_riding(s[0]->child));
	T_EQ(host_received(s[2]->child), 40);
	host_finish();
}

T_MAIN(
	{ "copies differ", test_copies_differ },
	{ "the carrier's copies differ", test_carrier_differs },
	{ "patience", test_patience },
	{ "a silent member (T05)", test_silent },
	{ "quiet and different (T05)", test_quiet_and_different },
	{ "one that carried", test_carries_no_more },
)
