/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin when the daemon stops. */
#include "channels-host.h"

#include <stdio.h>

#define PLAIN	"window=65536"

static void
start(void)
{
	fake_start();
	fake_load("channels", "store=16g", NULL);
}

/* What the other end began ends, a few at a time. */
static void
test_acceptor(void)
{
	struct hg_conn *c;
	unsigned id;

	start();
	c = ch_trunk(false, PLAIN, PLAIN);
	for (id = 1; id < 9; id += 2)
		ch_peer_open(c, id, -1);
	fake_stop(c, 4000);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	CH_QUIET(c);
	T_FALSE(fake_conn_is_retired(c));	/* it is the daemon that goes */
	/* One that was under way is still served. */
	ch_peer_open(c, 9, -1);
	fake_advance(999);
	CH_QUIET(c);
	fake_advance(1);
	CH_SAYS(c, "drain odd=0x0009 even=0x0000");
	CH_SAYS(c, "destroy 0x0001 code=1012 reason=draining");
	CH_QUIET(c);
	ch_say_head(c, "create 0x000b", CH_REQUEST);
	CH_SAYS_HEAD(c, "refused 0x000b",
	    "HTTP/1.1 503 Service Unavailable\r\n");
	ch_say(c, "destroy 0x000b code=1000");
	for (id = 3; id <= 9; id += 2) {
		char line[64];

		fake_advance(4000 / 64);
		snprintf(line, sizeof(line),
		    "destroy 0x%04x code=1012 reason=draining", id);
		CH_SAYS(c, line);
		CH_QUIET(c);
	}
	for (id = 1; id <= 9; id += 2) {
		char line[64];

		CH_ALIVE(c);
		snprintf(line, sizeof(line), "destroy 0x%04x code=1012", id);
		ch_say(c, line);
	}
	CH_FAILED(c, 1001, "drained");
	fake_finish();
}

/* Many end within the time: none is left for the last moment. */
static void
test_spread(void)
{
	struct hg_conn *c;
	unsigned id, ms, ended, most = 0, count;

	start();
	c = ch_trunk(false, PLAIN, PLAIN);
	for (id = 1; id < 2000; id += 2)
		ch_peer_open(c, id, -1);
	fake_stop(c, 10000);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	for (ms = ended = 0; ms < 10000 && ended < 1000; ms += 100) {
		fake_advance(100);
		for (count = 0; fake_wire(c) != NULL; count++)
			;
		ended += count;
		if (count > most)
			most = count;
	}
	T_EQ(ended, 1001);	/* with the second drain */
	T_TRUE(ms >= 5000 && ms <= 8000);
	T_TRUE(most < 50);
	CH_ALIVE(c);
	fake_finish();
}

/* Whoever began the channels waits for their ends. */
static void
test_initiator(void)
{
	struct hg_channel *one, *two;
	struct hg_conn *c;

	start();
	c = ch_trunk(true, PLAIN, PLAIN);
	one = ch_open(c);
	two = ch_open(c);
	ch_peer_open(c, 2, 1);
	fake_stop(c, 400);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	fake_peer_end(one, 1001, "", false);
	CH_SAYS(c, "destroy 0x0002 code=1001");
	CH_SAYS(c, "destroy 0x0001 code=1001");
	fake_advance(100);
	CH_SAYS(c, "drain odd=0x0003 even=0x0002");
	fake_advance(5000);
	CH_QUIET(c);
	ch_say(c, "destroy 0x0002 code=1001");
	ch_say(c, "destroy 0x0001 code=1001");
	CH_QUIET(c);
	T_TRUE(fake_is_closed(one));
	CH_ALIVE(c);
	fake_peer_end(two, 1001, "", false);
	CH_SAYS(c, "destroy 0x0003 code=1001");
	ch_say(c, "destroy 0x0003 code=1001");
	CH_FAILED(c, 1001, "drained");
	fake_finish();
}

/* Without a channel there is nothing to say for an initiator; an acceptor
 * gives those that are under way their time. */
static void
test_idle(void)
{
	struct hg_conn *c;

	start();
	c = ch_trunk(true, PLAIN, PLAIN);
	fake_stop(c, 8000);
	CH_QUIET(c);
	CH_FAILED(c, 1001, "drained");
	c = ch_trunk(false, PLAIN, PLAIN);
	fake_stop(c, 8000);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	fake_advance(999);
	CH_ALIVE(c);
	fake_advance(1);
	CH_SAYS(c, "drain odd=0x0000 even=0x0000");
	CH_FAILED(c, 1001, "drained");
	fake_finish();
}

/* A set's carrier that is drained first hands over; nobody misses a message
 * before its own end. */
static void
test_merged(void)
{
	struct hg_channel *parent[2], *child[2];
	struct hg_conn *c;
	int i;

	start();
	c = ch_trunk(false, PLAIN, PLAIN);
	for (i = 0; i < 2; i++)
		parent[i] = ch_peer_open(c, 1 + 2 * (unsigned)i, -1);
	for (i = 0; i < 2; i++)
		child[i] = ch_open_child(parent[i]);
	T_EQ(fake_hg()->channel_merge(child[1], child[0], 0), 0);
	CH_SAYS(c, "merge 0x0004 with=0x0002 at=0 seq=0");
	ch_say(c, "merged 0x0004");
	fake_stop(c, 400);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	fake_from_peer(child[0], "a", 1, HG_WHOLE);
	CH_SENDS(c, 2, "a", HG_WHOLE);
	fake_advance(100);
	CH_SAYS(c, "drain odd=0x0003 even=0x0004");
	/* Here nobody above hands over, so the set is dissolved by name. */
	CH_SAYS(c, "destroy 0x0002 code=1012 reason=draining seq=1");
	CH_SAYS(c, "destroy 0x0001 code=1012 reason=draining");
	T_TRUE(fake_ended(child[0]) != NULL);
	fake_from_peer(child[1], "b", 1, HG_WHOLE);
	CH_SENDS(c, 4, "b", HG_WHOLE);
	fake_finish();
}

T_MAIN({ "acceptor", test_acceptor }, { "spread", test_spread },
    { "initiator", test_initiator }, { "idle", test_idle },
    { "merged", test_merged })
