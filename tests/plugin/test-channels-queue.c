/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: queues that get long, and who waits for whom. T09. */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
start(bool chunk)
{
	ch_chunk = chunk;
	fake_start();
	fake_load("channels", NULL);
}

/* The peer lets the n-th of the 1900 bytes go. */
static void
let_go(struct hg_conn *c, int n)
{
	char line[80];

	snprintf(line, sizeof(line), "credit 0x0001 bytes=%d",
	    1916 * (n + 2));
	ch_say(c, line);
	ch_is_run(c, 1, 1900, 0);
}

static void
test_full(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;
	int i;

	ch_chunk = false;
	fake_start();
	fake_load("channels", "queue-max=64k", NULL);
	c = ch_conn(true, "", "window=2000");
	ch = ch_open(c);
	T_TRUE(ch_own_run(ch, 1900, HG_WHOLE));
	ch_is_run(c, 1, 1900, 0);
	for (i = 0; i < 8; i++)		/* 8 * (1900 + 64) */
		T_TRUE(ch_own_run(ch, 1900, HG_WHOLE));
	T_FALSE(ch_own_run(ch, 1900, HG_WHOLE));
	T_TRUE(fake_is_full(ch));
	for (i = 0; i < 4; i++) {
		T_TRUE(fake_is_full(ch));
		let_go(c, i);
	}
	let_go(c, 4);
	T_FALSE(fake_is_full(ch));
	for (i = 0; i < 40 && fake_top_ended(ch) == NULL; i++)
		ch_own_run(ch, 1900, HG_WHOLE);
	T_EQ(i, 31);
	CH_SAYS(c, "abort 0x0001 code=1013 reason=too%20much%20is%20queued");
	T_EQ(fake_top_ended(ch)->code, 1013);
	T_EQ(fake_live_frames(), 0);
	CH_ALIVE(c);
	fake_finish();
}

/* A long one may wait, and neither it nor what is behind it ends the channel;
 * but what waits beside the longest is bounded. */
static void
test_long(void)
{
	static char text[100000];
	struct hg_conn *c;
	struct hg_channel *ch;
	int i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", "queue-max=64k", NULL);
	c = ch_conn(true, "chunk=4096", "chunk=4096; window=8192");
	ch = ch_open(c);
	T_FALSE(fake_from_peer(ch, text, sizeof(text), HG_WHOLE));
	for (i = 0; i < 30; i++)
		ch_own_run(ch, 1900, HG_WHOLE);
	T_TRUE(fake_top_ended(ch) == NULL);
	/* The first of two is gone: the second is the longest now. */
	fake_from_peer(ch, text, 90000, HG_WHOLE);
	ch_say(c, "credit 0x0001 bytes=150000");
	ch_skip(c);
	T_TRUE(fake_is_full(ch));
	for (i = 0; i < 25; i++)
		ch_own_run(ch, 1900, HG_WHOLE);
	T_TRUE(fake_top_ended(ch) == NULL);
	for (i = 0; i < 40 && fake_top_ended(ch) == NULL; i++)
		ch_own_run(ch, 1900, HG_WHOLE);
	T_TRUE(i > 0 && i < 10);
	T_EQ(fake_top_ended(ch)->code, 1013);
	T_EQ(fake_live_frames(), 0);
	CH_ALIVE(c);
	fake_finish();
}

/* Nothing but what must be is said while the socket is full; credit first. */
static void
test_conn_full(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch = ch_peer_open(c, 1, -1);
	fake_set_conn_full(c, true);
	fake_from_peer(ch, "data", 4, HG_WHOLE);
	ch_peer_run(c, 1, 600);
	ch_peer_run(c, 1, 300);
	CH_QUIET(c);
	fake_set_conn_full(c, false);
	CH_SAYS(c, "credit 0x0001 bytes=1956");
	CH_SENDS(c, 1, "data", HG_WHOLE);
	CH_QUIET(c);
	fake_finish();
}

/* A child is announced behind what its parent has to say. */
static void
test_create_in_line(void)
{
	struct hg_conn *c;
	struct hg_channel *child;

	start(false);
	c = ch_conn(false, "", "window=30");
	fake_from_peer(ch_root(c), "first", 5, HG_WHOLE);
	CH_SENDS(c, 0, "first", HG_WHOLE);
	fake_from_peer(ch_root(c), "RECEIPT", 7, HG_WHOLE);
	child = ch_child(ch_root(c));
	fake_from_peer(child, "MESSAGE", 7, HG_WHOLE);
	fake_from_peer(ch_root(c), "later", 5, HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "credit 0x0000 bytes=44");
	CH_SENDS(c, 0, "RECEIPT", HG_WHOLE);
	CH_SAYS_HEAD(c, "create 0x0002 parent=0x0000", CH_FLOW_HEAD);
	CH_SENDS(c, 2, "MESSAGE", HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "credit 0x0000 bytes=100");
	CH_SENDS(c, 0, "later", HG_WHOLE);
	fake_finish();
}

/* A child of no flow passes pieces on as they come, however long the message
 * gets; one of a flow waits for all of it. */
static void
test_child_pieces(void)
{
	struct hg_conn *c;
	struct hg_channel *child[2];
	int i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", "queue-max=64k", NULL);
	c = ch_trunk(false, "chunk=4096", "chunk=4096; window=1000000");
	child[0] = ch_open_child(ch_root(c));
	child[1] = ch_open_child(ch_root(c));
	ch_own_run(child[0], 4000, HG_FIRST);
	ch_is_run(c, 2, 4000, 0);
	for (i = 0; i < 60; i++)
		ch_own_run(child[0], 4000, 0);
	ch_own_run(child[0], 4000, HG_LAST);
	ch_skip(c);
	T_TRUE(fake_top_ended(child[0]) == NULL);
	T_EQ(fake_hg()->channel_merge(child[1], child[0], 0), 0);
	CH_SAYS(c, "merge 0x0004 with=0x0002 at=0 seq=0");
	ch_say(c, "merged 0x0004");
	fake_from_peer(child[0], "m", 1, HG_FIRST);
	CH_QUIET(c);
	fake_from_peer(child[0], "1", 1, HG_LAST);
	CH_SENDS(c, 2, "m1", HG_WHOLE);
	/* Half of one is not to be seen, or is the reason for an abort. */
	fake_from_peer(child[0], "m", 1, HG_FIRST);
	fake_peer_end(child[0], 1000, "", false);
	CH_SAYS(c, "destroy 0x0002 code=1000 seq=1");
	fake_from_peer(child[1], "m", 1, HG_FIRST);
	ch_skip(c);
	fake_peer_end(child[1], 1000, "", false);
	CH_SAYS(c, "abort 0x0004 code=1000");
	CH_ALIVE(c);
	fake_finish();
}

/* What a parent says once its child has ended is behind the child's messages:
 * no message follows the RECEIPT of an UNSUBSCRIBE. */
static void
test_end_in_line(void)
{
	struct hg_conn *c;
	struct hg_channel *child, *other;

	start(false);
	c = ch_conn(false, "", "window=40");
	child = ch_open_child(ch_root(c));
	other = ch_open_child(ch_root(c));
	fake_from_peer(child, "0123456789", 10, HG_WHOLE);
	CH_SENDS(c, 2, "0123456789", HG_WHOLE);
	fake_from_peer(child, "MESSAGE", 7, HG_WHOLE);
	fake_from_peer(ch_root(c), "before", 6, HG_WHOLE);
	CH_SENDS(c, 0, "before", HG_WHOLE);
	fake_peer_end(child, 1000, "", false);
	fake_from_peer(ch_root(c), "RECEIPT", 7, HG_WHOLE);
	fake_from_peer(other, "other", 5, HG_WHOLE);
	CH_SENDS(c, 4, "other", HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "credit 0x0000 bytes=200");
	CH_QUIET(c);
	ch_say(c, "credit 0x0002 bytes=200");
	CH_SENDS(c, 2, "MESSAGE", HG_WHOLE);
	CH_SAYS(c, "destroy 0x0002 code=1000");
	CH_SENDS(c, 0, "RECEIPT", HG_WHOLE);
	CH_QUIET(c);
	/* An abort of the child, or its own failure, opens the way too. */
	fake_from_peer(other, "0123456789", 10, HG_WHOLE);
	CH_QUIET(c);
	fake_peer_end(other, 1000, "", false);
	fake_from_peer(ch_root(c), "later", 5, HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "abort 0x0004 code=1000");
	CH_SAYS(c, "destroy 0x0004 code=1000");
	CH_SENDS(c, 0, "later", HG_WHOLE);
	fake_finish();
}

/* But the child does not wait for its parent, nor for it those whom a merged
 * child's carrier serves (T09). */
static void
test_end_not_in_line(void)
{
	struct hg_conn *c;
	struct hg_channel *parent, *child[2];

	start(false);
	c = ch_trunk(false, "", "window=100");
	parent = ch_peer_open(c, 1, -1);
	child[0] = ch_open_child(ch_root(c));
	child[1] = ch_open_child(parent);
	T_EQ(fake_hg()->channel_merge(child[1], child[0], 0), 0);
	CH_SAYS(c, "merge 0x0004 with=0x0002 at=0 seq=0");
	ch_say(c, "merged 0x0004");
	fake_from_peer(parent, "0123456789012345678901234567890123456789"
	    "0123456789", 50, HG_WHOLE);
	ch_skip(c);
	fake_from_peer(parent, "without credit, for a very long time", 36,
	    HG_WHOLE);
	CH_QUIET(c);
	fake_peer_end(child[1], 1000, "", false);
	CH_SAYS(c, "destroy 0x0004 code=1000 seq=0");
	fake_from_peer(child[0], "m1", 2, HG_WHOLE);
	CH_SENDS(c, 2, "m1", HG_WHOLE);
	CH_QUIET(c);
	fake_finish();
}

/* T09: one that gets no credit, and one that is not read, among others. */
static void
test_slow_one(void)
{
	struct hg_conn *a, *b;
	struct hg_channel *near[10], *far[10];
	int i, n;

	start(false);
	a = ch_trunk(true, "window=2000", "window=2000");
	b = ch_trunk(false, "window=2000", "window=2000");
	for (i = 0; i < 10; i++) {
		near[i] = fake_create(a, CH_REQUEST, NULL);
		ch_exchange(a, b);
		far[i] = fake_accepted(b);
		T_REQUIRE(far[i] != NULL);
		fake_answer_channel(far[i], CH_YES, NULL);
	}
	ch_exchange(a, b);
	fake_set_paused(far[0], true);
	for (n = 0; n < 100; n++) {
		ch_own_run(near[0], 1000, HG_WHOLE);
		for (i = 1; i < 10; i++)
			ch_own_run(near[i], 1000, HG_WHOLE);
		ch_exchange(a, b);
		for (i = 1; i < 10; i++)
			if (fake_top(far[i]) == NULL)
				T_TRUE(false);
	}
	T_TRUE(fake_top(far[0]) != NULL);
	FAKE_NONE(fake_top(far[0]));
	T_TRUE(fake_is_full(near[0]) == false);
	fake_set_paused(far[0], false);
	ch_exchange(a, b);
	for (n = 1; fake_top(far[0]) != NULL; n++)
		;
	T_EQ(n, 100);
	fake_finish();
}

T_MAIN({ "full", test_full }, { "long", test_long },
    { "connection full", test_conn_full },
    { "create in line", test_create_in_line },
    { "pieces of a child", test_child_pieces },
    { "end in line", test_end_in_line },
    { "end not in line", test_end_not_in_line },
    { "T09 slow one", test_slow_one })
