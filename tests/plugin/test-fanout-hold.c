/* SPDX-License-Identifier: Apache-2.0 */
/* What fanout does when a child is full: see fanout-host.h. Covers T09. */
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

/* Equal messages: the time of quiet must have been for both. */
static void
test_not_quiet(void)
{
	start(1, NULL);
	s[1] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	publish(1);
	sub_copies(s[0]);
	sub_copies(s[1]);
	host_advance(1900);
	publish(1);
	sub_copies(s[0]);
	host_advance(1900);
	sub_copies(s[1]);
	T_EQ(host_received(s[0]->child), 3);
	T_EQ(host_counter("merged"), 1);
	host_advance(1900);
	T_EQ(host_counter("merged"), 1);
	host_advance(2000);
	T_EQ(host_counter("merged"), 2);
	host_finish();
}

/* The one whose copies are the sequence is held; the other has had them. */
static void
test_leader_is_held(void)
{
	start(1, NULL);
	s[1] = sub_join(host_conn(HOST_MUX), "/topic/a", NULL);
	host_set_full(s[0]->child, true);
	publish(1);
	publish(1);
	publish(1);
	sub_copy(s[0]);
	T_EQ(host_holds(s[0]->parent), 1);
	sub_copies(s[1]);
	host_advance(60000);
	T_EQ(host_counter("merged"), 1);
	host_set_full(s[0]->child, false);
	sub_copies(s[0]);
	T_EQ(host_received(s[0]->child), 4);
	T_EQ(host_received(s[1]->child), 3);
	host_finish();
}

/* Who would have the next copy for a full child is held, once, until there is
 * room; who is behind goes on until then. */
static void
test_hold(void)
{
	struct hg_conn *other;
	unsigned i;

	start(3, NULL);
	other = host_conn(HOST_MUX);
	s[3] = sub_join(other, "/topic/a", NULL);
	host_advance(5000);
	host_set_full(s[0]->child, true);
	publish(2);
	publish(3);
	sub_copies(s[1]);
	T_EQ(host_holds(s[1]->parent), 1);
	T_EQ(host_holds(s[0]->parent), 0);
	T_EQ(host_counter("holds"), 1);
	T_EQ(host_received(s[3]->child), 2);
	/* Another connection is not held for this one (T09). */
	for (i = 4; i < 20; i++)
		publish(i);
	sub_copies(s[3]);
	T_EQ(host_holds(s[3]->parent), 0);
	T_EQ(host_received(s[3]->child), 18);
	T_EQ(host_received(s[0]->child), 3);
	sub_copy(s[2]);
	T_EQ(host_holds(s[2]->parent), 0);
	sub_copy(s[2]);
	T_EQ(host_holds(s[2]->parent), 1);
	/* Lest each of many adds a message. */
	T_EQ(host_received(s[0]->child), 3);
	host_set_full(s[0]->child, false);
	T_EQ(host_holds(s[1]->parent), 0);
	T_EQ(host_holds(s[2]->parent), 0);
	for (i = 0; i < 3; i++)
		sub_copies(s[i]);
	for (i = 0; i < 3; i++)
		T_EQ(host_received(s[i]->child), 19);
	T_EQ(host_counter("mismatches"), 0);
	host_finish();
}

/* Who is held, or holds, may go. */
static void
test_hold_ends(void)
{
	static const char *const names[] = {
		"the held leaves", "the holder leaves", "the holder is ended",
		"the held differs"
	};
	unsigned k;

	for (k = 0; k < T_ROWS(names); k++) {
		t_row("%s", names[k]);
		start(3, NULL);
		host_set_full(s[0]->child, true);
		publish(2);
		sub_copies(s[1]);
		T_EQ(host_holds(s[1]->parent), 1);
		sub_unchecked(s[1]);
		if (k == 0)
			sub_leave(s[1]);
		else if (k == 1)
			sub_leave(s[0]);
		else if (k == 2)
			host_peer_end(s[0]->child);
		else {
			publish(3);
			sub_copies(s[0]);
			copy_text(s[1], "9");
		}
		T_EQ(host_holds(s[1]->parent), 0);
		host_finish();
	}
}

/* No time of quiet runs for who is held. */
static void
test_hold_is_not_quiet(void)
{
	unsigned k;

	for (k = 0; k < 2; k++) {
		start(1, NULL);
		s[1] = sub_join(host_conn(k == 0 ? HOST_MUX : HOST_PLAIN),
		    "/topic/a", NULL);
		host_set_full(s[1]->child, true);
		publish(1);
		sub_copy(s[0]);
		sub_copy(s[1]);
		T_EQ(host_holds(s[1]->parent), k == 0 ? 1 : 0);
		publish(1);
		publish(1);
		sub_copies(s[0]);
		host_advance(60000);
		T_EQ(host_counter("merged"), 1);
		host_set_full(s[1]->child, false);
		sub_copies(s[1]);
		T_EQ(host_received(s[1]->child), 3);
		host_advance(60000);
		T_EQ(host_counter("merged"), 2);
		host_finish();
	}
}

T_MAIN(
	{ "not quiet", test_not_quiet },
	{ "the leader is held", test_leader_is_held },
	{ "hold", test_hold },
	{ "hold and ends", test_hold_ends },
	{ "hold is not quiet", test_hold_is_not_quiet },
)
