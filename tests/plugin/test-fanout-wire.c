/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fanout over channels: a gateway and an edge, both real plugins in the fake
 * host, and what the edge hands to each subscriber. Covers T18.
 */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define SUBS	5

static struct hg_conn *gateway, *edge;
static const struct hg_flows *flows;
static struct hg_member *members[SUBS];
static struct hg_channel *childs[SUBS];	/* at the edge */

/* The edge takes whatever child comes. */
static void
settle(void)
{
	struct hg_channel *ch;
	unsigned i;

	ch_exchange(gateway, edge);
	while ((ch = fake_accepted(edge)) != NULL) {
		for (i = 0; childs[i] != NULL; i++)
			;
		childs[i] = ch;
		fake_set_linked(ch, true);
		fake_answer_channel(ch, CH_YES, NULL);
		ch_exchange(gateway, edge);
	}
}

static struct hg_member *
join(void)
{
	struct hg_fields *fields;
	struct hg_member *member;

	fields = fake_hg()->fields_new();
	member = flows->join(fake_hg()->conn_root(gateway), "/topic/a", "k", 1,
	    "alice", 5, fields);
	fake_hg()->fields_free(fields);
	T_REQUIRE(member != NULL);
	fake_reap();
	settle();
	return (member);
}

static void
copy(struct hg_member *member, const char *text)
{
	flows->copy(member, fake_hg()->frame_new(text, strlen(text),
	    HG_WHOLE | HG_TEXT));
	fake_reap();
}

static void
copies(unsigned from, const char *text)
{
	for (; from < SUBS; from++)
		copy(members[from], text);
}

static struct hg_conn *
connect_one(bool initiator)
{
	struct hg_conn *conn;

	conn = fake_conn(initiator, "channels|window=65536; chunk=16384|"
	    "window=65536; chunk=16384", NULL);
	fake_root(conn, CH_REQUEST, "fanout", NULL);
	return (conn);
}

static void
start(void)
{
	unsigned i;

	memset(childs, 0, sizeof(childs));
	fake_start();
	fake_load("channels", NULL);
	fake_load("fanout", "share=* scope=credential", "verify=4", NULL);
	flows = fake_find(HG_FLOWS);
	T_REQUIRE(flows != NULL && flows->size == sizeof(*flows));
	gateway = connect_one(false);
	edge = connect_one(true);
	for (i = 0; i < SUBS; i++)
		members[i] = join();
	T_REQUIRE(childs[SUBS - 1] != NULL);
	fake_advance(5000);
	settle();
	T_EQ(fake_counter("fanout", "merged"), SUBS);
}

static void
each_has(unsigned from, const char *text)
{
	const struct fake_frame *frame;

	for (; from < SUBS; from++) {
		t_row("subscriber %u", from);
		frame = fake_top(childs[from]);
		fake_is(frame, text, strlen(text), HG_WHOLE | HG_TEXT,
		    T_AT("arrives"));
		FAKE_NONE(fake_top(childs[from]));
	}
	t_row(NULL);
}

static unsigned
wire_count(void)
{
	const struct fake_frame *frame;
	unsigned count;

	count = 0;
	while ((frame = fake_wire(gateway)) != NULL) {
		fake_from_wire(edge, frame->bytes, frame->len, frame->flags);
		count++;
	}
	ch_exchange(gateway, edge);
	return (count);
}

static void
test_once_on_the_wire(void)
{
	start();
	copies(0, "one");
	T_EQ(wire_count(), 1);
	each_has(0, "one");
	copies(2, "two");
	copy(members[1], "two");
	copy(members[0], "two");
	T_EQ(wire_count(), 1);
	each_has(0, "two");
	T_EQ(fake_counter("fanout", "suppressed"), 8);
	fake_finish();
}

static void
test_carriers_go(void)
{
	char text[16];
	unsigned i;

	start();
	for (i = 0; i < SUBS - 1; i++) {
		snprintf(text, sizeof(text), "m%u", i);
		copies(i, text);
		settle();
		each_has(i, text);
		flows->leave(members[i], 1000, "");
		fake_reap();
		settle();
		fake_peer_end(childs[i], 1000, "", false);
		settle();
		T_TRUE(fake_is_closed(childs[i]));
	}
	T_EQ(fake_counter("fanout", "handovers"), SUBS - 1);
	copy(members[i], "last");
	settle();
	each_has(i, "last");
	T_EQ(fake_counter("fanout", "members"), 1);
	fake_finish();
}

/* The subscriber behind the edge goes away, and it is the carrier. */
static void
test_peer_ends_carrier(void)
{
	start();
	copies(0, "one");
	settle();
	each_has(0, "one");
	fake_peer_end(childs[0], 1000, "", false);
	copies(1, "two");
	settle();
	copies(1, "three");
	settle();
	T_EQ(fake_counter("fanout", "members"), SUBS - 1);
	T_STR_EQ((const char *)fake_top(childs[1])->bytes, "two");
	T_STR_EQ((const char *)fake_top(childs[4])->bytes, "two");
	T_STR_EQ((const char *)fake_top(childs[1])->bytes, "three");
	T_STR_EQ((const char *)fake_top(childs[4])->bytes, "three");
	FAKE_NONE(fake_top(childs[0]));
	flows->leave(members[0], 1000, "");
	fake_reap();
	T_NULL(fake_wire_ended(gateway));
	T_NULL(fake_wire_ended(edge));
	fake_finish();
}

static void
test_mismatch(void)
{
	start();
	copies(2, "one");
	copy(members[1], "other");
	copy(members[1], "one");
	copy(members[0], "one");
	settle();
	each_has(2, "one");
	T_STR_EQ((const char *)fake_top(childs[0])->bytes, "one");
	T_STR_EQ((const char *)fake_top(childs[1])->bytes, "one");
	T_STR_EQ((const char *)fake_top(childs[1])->bytes, "other");
	FAKE_NONE(fake_top(childs[1]));
	copies(0, "two");
	settle();
	each_has(0, "two");
	T_EQ(fake_counter("fanout", "unmerges"), 1);
	fake_finish();
}

/* The carrier itself is another, and comes back to carry again. */
static void
test_carrier_differs(void)
{
	char text[16];
	unsigned i;

	start();
	copies(1, "one");
	copy(members[0], "other");
	settle();
	each_has(1, "one");
	T_STR_EQ((const char *)fake_top(childs[0])->bytes, "one");
	T_STR_EQ((const char *)fake_top(childs[0])->bytes, "other");
	copy(members[0], "one");
	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "m%u", i);
		copies(0, text);
		settle();
		each_has(0, text);
	}
	copies(0, "last");
	T_EQ(wire_count(), 1);
	each_has(0, "last");
	T_NULL(fake_wire_ended(gateway));
	T_NULL(fake_wire_ended(edge));
	fake_finish();
}

static void
test_connection_vanishes(void)
{
	unsigned i;

	start();
	copies(0, "one");
	fake_wire_end(gateway, 1006);
	T_EQ(fake_counter("fanout", "members"), 0);
	T_EQ(fake_counter("fanout", "flows"), 0);
	copies(0, "two");
	for (i = 0; i < SUBS; i++)
		flows->leave(members[i], 1000, "");
	fake_finish();
}

T_MAIN(
	{ "once on the wire", test_once_on_the_wire },
	{ "carriers go (T18)", test_carriers_go },
	{ "the edge ends the carrier", test_peer_ends_carrier },
	{ "a mismatch", test_mismatch },
	{ "the carrier's mismatch", test_carrier_differs },
	{ "the connection vanishes", test_connection_vanishes },
)
