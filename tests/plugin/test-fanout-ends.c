/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fanout does when channels and connections end, and when the wire cannot
 * do what it should: see fanout-host.h.
 */
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
copy_text(struct sub *sub, const char *text)
{
	for (; *text != '\0'; text++)
		sub_copy_of(sub, (uint32_t)(*text - '0'));
}

static void
test_unmerge_fails(void)
{
	start(3, NULL);
	sub_unchecked(s[1]);
	host.deny_unmerge = true;
	publish(2);
	publish(3);
	sub_copies(s[0]);
	copy_text(s[1], "9");
	T_EQ(host_end_code(s[1]->child), 1011);
	host_turn();
	T_TRUE(host_is_closed(s[1]->child));
	copy_text(s[1], "9");
	sub_leave(s[1]);
	T_EQ(host_counter("members"), 2);
	host_finish();
}

static void
leave_within(struct hg_channel *ch)
{
	struct hg_member *member;
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (s[i]->child != ch || (member = s[i]->member) == NULL)
			continue;
		s[i]->member = NULL;
		host.flows->leave(member, 1000, "within");
	}
}

/* W11: the translator leaves when it is told of the end, and the member is
 * freed, while the channel has still to say why it ends. */
static void
test_leaves_within(void)
{
	start(3, NULL);
	sub_unchecked(s[1]);
	host.deny_unmerge = true;
	host.on_end = leave_within;
	publish(2);
	publish(3);
	sub_copies(s[0]);
	copy_text(s[1], "9");
	T_EQ(host_end_code(s[1]->child), 1011);
	T_NULL(s[1]->member);
	host_turn();
	T_TRUE(host_is_closed(s[1]->child));
	T_EQ(host_counter("members"), 2);
	host.on_end = NULL;
	host_finish();
}

/* With a wire that cannot hand over, each goes on by itself at first. */
static void
test_no_handover(void)
{
	unsigned k;

	for (k = 0; k < 2; k++) {
		start(4, NULL);
		host.deny_handover = true;
		host.deny_dissolve = k == 1;
		sub_leave(s[0]);
		T_EQ(host.handovers, 0);
		T_EQ(host.unmerges, k == 0 ? 0 : 3);
		T_EQ(host_riders(s[1]->child), 2);
		publish(2);
		sub_copies(s[3]);
		T_EQ(host_received(s[1]->child), 2);
		T_EQ(host_sends(s[1]->child), 1);
		host_finish();
	}
}

/* Neither; then nobody is left in a set that nobody carries. */
static void
test_nothing_works(void)
{
	start(4, NULL);
	host.deny_handover = host.deny_dissolve = host.deny_unmerge = true;
	host_conn_drop(host_conn_of_child(s[0]->child), true);
	T_EQ(host_counter("members"), 0);
	host_finish();
}

/* The other side ends a child; the translator leaves later or never. */
static void
test_peer_ends(void)
{
	start(4, NULL);
	host_peer_end(s[0]->child);
	T_TRUE(host_is_closed(s[0]->child));
	T_EQ(host.handovers, 1);
	T_EQ(host_counter("members"), 3);
	host_peer_end(s[2]->child);
	publish(2);
	sub_copies(s[0]);
	sub_copies(s[2]);
	T_EQ(host_counter("sent"), 1);
	sub_copies(s[1]);
	T_EQ(host_received(s[3]->child), 2);
	T_EQ(host_received(s[0]->child), 1);
	T_EQ(host_received(s[2]->child), 1);
	sub_leave(s[0]);
	T_EQ(host_counter("members"), 2);
	host_finish();
}

/* In the turn in which the other side has ended it, the translator leaves. */
static void
test_both_end(void)
{
	start(2, NULL);
	host_peer_says_end(s[0]->child);
	sub_leave(s[0]);
	T_EQ(host.ends, 1);
	T_TRUE(host_is_closed(s[0]->child));
	host_finish();
}

static void
test_connection_breaks(void)
{
	struct hg_conn *conn, *other;
	unsigned i, k;

	for (k = 0; k < 2; k++) {
		conn = start(5, NULL);
		other = host_conn(HOST_MUX);
		for (i = 5; i < 8; i++)
			s[i] = sub_join(other, "/topic/a", NULL);
		host_advance(5000);
		host_conn_drop(conn, k == 1);
		T_EQ(host_counter("members"), 3);
		T_EQ(host_counter("merged"), 3);
		publish(2);
		for (i = 0; i < 8; i++)
			sub_copies(s[i]);
		for (i = 5; i < 8; i++)
			T_EQ(host_received(s[i]->child), 1);
		T_EQ(host_sends(s[5]->child), 1);
		for (i = 0; i < 4; i++)
			sub_leave(s[i]);
		host_finish();
	}
}

/* Only the carrier's child is gone, and nobody said so before. The wire may
 * have dissolved the set, or not. */
static void
test_carrier_closes(void)
{
	unsigned i, k;

	for (k = 0; k < 2; k++) {
		start(4, NULL);
		host.keep_merged = k == 1;
		host_close_child(s[0]->child);
		T_EQ(host_counter("members"), 3);
		T_EQ(host.merges, 3);
		publish(2);
		for (i = 1; i < 4; i++)
			sub_copies(s[i]);
		for (i = 1; i < 4; i++)
			T_EQ(host_received(s[i]->child), 2);
		publish(3);
		sub_copies(s[1]);
		T_EQ(host_riders(s[1]->child) + host_riders(s[2]->child) +
		    host_riders(s[3]->child), 2);
		T_EQ(host_received(s[3]->child), 3);
		host_finish();
	}
}

static void
leave_all(struct hg_channel *ch)
{
	unsigned i;

	(void)ch;
	host_on_send(NULL);
	for (i = 0; i < 4; i++)
		sub_leave(s[i]);
	s[4] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
}

/* A translator that acts from within its own hooks. */
static void
test_within(void)
{
	unsigned i;

	start(3, NULL);
	s[3] = sub_join(host_conn(HOST_PLAIN), "/topic/a", NULL);
	host_advance(5000);
	publish(2);
	host_on_send(leave_all);
	sub_copies(s[1]);
	T_EQ(host_counter("members"), 1);
	T_TRUE(s[4] != NULL);
	host_turn();
	for (i = 0; i < 4; i++)
		T_TRUE(host_is_closed(s[i]->child));
	publish(3);
	sub_copies(s[4]);
	T_EQ(host_received(s[4]->child), 1);
	host_finish();
}

static void
end_carrier(struct hg_channel *ch)
{
	if (ch != s[3]->child)
		return;
	host_on_send(NULL);
	host_end_child(s[0]->child);
}

/* The same, for the carrier that is to be sent on next. Its members are told,
 * so that none misses a message silently. */
static void
test_carrier_ends_within(void)
{
	unsigned i;

	start(3, NULL);
	s[3] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	s[4] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	host_advance(5000);
	publish(2);
	for (i = 0; i < 3; i++)
		sub_unchecked(s[i]);
	host_on_send(end_carrier);
	sub_copies(s[3]);
	T_EQ(host_received(s[3]->child), 1);
	T_EQ(host_received(s[4]->child), 1);
	T_EQ(host_counter("members"), 2);
	T_EQ(host_end_code(s[1]->child), 1011);
	T_EQ(host_end_code(s[2]->child), 1011);
	for (i = 0; i < 3; i++)
		sub_leave(s[i]);
	host_finish();
}

static void
test_never_leaves(void)
{
	struct hg_conn *conn;

	conn = start(3, NULL);
	host_conn_drop(conn, true);
	T_EQ(host_counter("flows"), 0);
	host_finish();
}

T_MAIN(
	{ "an unmerge fails", test_unmerge_fails },
	{ "W11 left within its end", test_leaves_within },
	{ "no handover", test_no_handover },
	{ "nothing works", test_nothing_works },
	{ "the other side ends a child", test_peer_ends },
	{ "both end a child", test_both_end },
	{ "a connection breaks (T18)", test_connection_breaks },
	{ "a carrier closes", test_carrier_closes },
	{ "from within a hook", test_within },
	{ "a carrier ends within", test_carrier_ends_within },
	{ "never leaves", test_never_leaves },
)
