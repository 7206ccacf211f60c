/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: bounds on what a peer may do, and running dry. T07. */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define PLAIN	"window=1024"

static void
start(void)
{
	ch_chunk = false;
	fake_start();
	fake_load("channels", NULL);
}

static void
test_max_channels(void)
{
	struct hg_conn *c;

	start();
	c = ch_conn(true, "max-channels=2", "max-channels=3");
	T_TRUE(fake_create(c, CH_REQUEST, NULL) != NULL);
	T_TRUE(fake_create(c, CH_REQUEST, NULL) != NULL);
	T_TRUE(fake_create(c, CH_REQUEST, NULL) != NULL);
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	ch_skip(c);
	ch_peer_open(c, 2, 0);
	ch_peer_open(c, 4, 0);
	ch_say(c, "create 0x0006 parent=0x0000");
	CH_SAYS(c, "refused 0x0006");
	ch_say(c, "place? 0x0006 seq=1");
	ch_say(c, "destroy 0x0006 code=1000");
	ch_say(c, "destroy 0x0004 code=1000");
	CH_ALIVE(c);
	fake_finish();
}

static unsigned
count_wire(struct hg_conn *c)
{
	unsigned n;

	for (n = 0; fake_wire(c) != NULL; n++)
		;
	return (n);
}

static void
test_unanswered(void)
{
	struct hg_conn *c;
	char line[80];
	unsigned i;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	for (i = 0; i < 8; i++) {
		snprintf(line, sizeof(line), "create 0x%04x", 2 * i + 1);
		ch_say_head(c, line, CH_REQUEST);
	}
	CH_ALIVE(c);
	ch_say_head(c, "create 0x0041", CH_REQUEST);
	CH_FAILED(c, 1008, "too much before a first accept");
	c = ch_trunk(false, PLAIN, PLAIN);
	for (i = 0; i < 256; i++) {
		snprintf(line, sizeof(line), "create 0x%04x", 2 * i + 1);
		ch_say_head(c, line, CH_REQUEST);
	}
	CH_ALIVE(c);
	ch_say_head(c, "create 0x2001", CH_REQUEST);
	CH_FAILED(c, 1002, "too-many-creates");
	/* Nor does this side say more. */
	c = ch_conn(true, PLAIN, PLAIN);
	for (i = 0; i < 300; i++)
		T_TRUE(fake_create(c, CH_REQUEST, NULL) != NULL);
	T_EQ(count_wire(c), 8);
	ch_say_head(c, "created 0x0001", CH_YES);
	T_EQ(count_wire(c), 257 - 8);
	fake_finish();
}

static void
test_early_bytes(void)
{
	static char text[8000];
	struct hg_conn *c;
	int i;

	memset(text, 'x', sizeof(text) - 1);
	start();
	c = ch_conn(false, "", "");
	ch_say_head(c, "create 0x0001", CH_REQUEST);
	for (i = 0; i < 4; i++)
		ch_data(c, 1, text, HG_WHOLE);
	CH_ALIVE(c);
	ch_data(c, 1, text, HG_WHOLE);
	CH_FAILED(c, 1008, "too much before a first accept");
	/* Channel 0 was let in by the opening handshake. */
	c = ch_conn(false, "", "");
	for (i = 0; i < 6; i++)
		ch_data(c, 0, text, HG_WHOLE);
	CH_ALIVE(c);
	fake_finish();
}

/* The sum of what is granted has a bound. */
static void
test_store(void)
{
	struct hg_channel *first;
	struct hg_conn *c;

	ch_chunk = false;
	fake_start();
	fake_load("channels", "store=1m", NULL);
	c = ch_trunk(false, "window=262144", "");
	first = ch_peer_open(c, 1, -1);
	ch_peer_open(c, 3, -1);
	ch_peer_open(c, 5, -1);		/* and channel 0 */
	ch_say_head(c, "create 0x0011", CH_REQUEST);
	CH_SAYS_HEAD(c, "refused 0x0011", "HTTP/1.1 503 Service Unavailable"
	    "\r\n");
	ch_say(c, "destroy 0x0001 code=1000");
	fake_peer_end(first, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	ch_peer_open(c, 0x21, 0);
	CH_ALIVE(c);
	fake_finish();
}

/* All ids, and over again: what is said stays clean, others are unaffected. */
static void
test_exhaust(void)
{
	struct hg_channel *ch, *last;
	struct hg_conn *c;
	unsigned i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, "chunk=4096; window=1024", "chunk=4096");
	last = NULL;
	for (i = 0; i < 32767; i++) {
		ch = ch_open(c);
		if (fake_id(ch) != 2 * i + 1)
			T_EQ(fake_id(ch), 2 * i + 1);
		if (i == 100)
			last = ch;
	}
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	fake_from_peer(last, "good", 4, HG_WHOLE);
	CH_SENDS(c, 201, "good", HG_WHOLE);
	fake_peer_end(last, 1000, "", false);
	CH_SAYS(c, "destroy 0x00c9 code=1000");
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	ch_say(c, "destroy 0x00c9 code=1000");
	ch = ch_open(c);
	T_EQ(fake_id(ch), 201);
	fake_finish();
	ch_chunk = false;
}

/* Used ids come again only after the whole circle. */
static void
test_circle(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;
	unsigned i;
	char line[80];

	start();
	c = NULL;
	for (i = 0; i < 20000; i++) {
		if (i % 1000 == 0) {
			fake_finish();
			start();
			c = ch_conn(true, PLAIN, PLAIN);
			ch_skip(c);
		}
		ch = ch_open(c);
		if (i % 1000 < 64)
			T_EQ(fake_id(ch), 2 * (i % 1000) + 1);
		else if (i % 1000 < 128)	/* 0x0101 ... */
			T_EQ(fake_id(ch), 0x0101 + 2 * (i % 1000 - 64));
		fake_peer_end(ch, 1000, "", false);
		snprintf(line, sizeof(line), "destroy 0x%04x code=1000",
		    fake_id(ch));
		CH_SAYS(c, line);
		ch_say(c, line);
	}
	fake_finish();
}

/* More control messages than are good come to be read slowly. */
static void
test_rate(void)
{
	struct hg_conn *c;
	int i;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	fake_advance(1000);
	for (i = 0; i < 2560; i++)
		ch_say(c, "credit 0x0000 bytes=5000");
	T_EQ(fake_counter("channels", "control_received"), 2560);
	T_EQ(fake_counter("channels", "slowed"), 0);
	for (i = 0; i < 300; i++)
		ch_say(c, "credit 0x0000 bytes=5000");
	ch_data(c, 0, "in order", HG_WHOLE);
	T_EQ(fake_counter("channels", "control_received"), 2560);
	T_EQ(fake_counter("channels", "slowed"), 1);
	FAKE_NONE(fake_top(ch_root(c)));
	fake_advance(1000);
	T_TRUE(fake_counter("channels", "control_received") <= 2560 + 257);
	T_TRUE(fake_counter("channels", "control_received") >= 2560 + 200);
	fake_advance(1000);
	T_EQ(fake_counter("channels", "control_received"), 2860);
	FAKE_IS(fake_top(ch_root(c)), "in order", HG_WHOLE);
	/* What waits is bounded. */
	for (i = 0; i < 40000 && fake_wire_ended(c) == NULL; i++)
		ch_say(c, "credit 0x0000 bytes=5000");
	CH_FAILED(c, 1008, "too many control messages");
	/* One of us may. */
	c = ch_trunk(false, PLAIN, PLAIN);
	for (i = 0; i < 5000; i++)
		ch_say(c, "credit 0x0000 bytes=5000");
	T_EQ(fake_timers(), 0);
	CH_ALIVE(c);
	/* What waits at the end is not lost. */
	c = ch_conn(false, PLAIN, PLAIN);
	for (i = 0; i < 2600; i++)
		ch_say(c, "credit 0x0000 bytes=5000");
	ch_data(c, 0, "last", HG_WHOLE);
	FAKE_NONE(fake_top(ch_root(c)));
	fake_wire_end(c, 1000);
	FAKE_IS(fake_top(ch_root(c)), "last", HG_WHOLE);
	fake_finish();
}

static void
test_drain(void)
{
	struct hg_conn *c;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	ch_open(c);
	ch_say(c, "drain odd=0xffff even=0xffff");
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	T_TRUE(fake_conn_is_retired(c));
	ch_say(c, "drain odd=0x0001 even=0x0000");
	CH_ALIVE(c);
	CH_QUIET(c);
	fake_finish();
}

/* A quarter of the ids was never given back. */
static void
test_lost_ids(void)
{
	struct hg_channel *ch, *kept;
	struct hg_conn *c;
	int i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, "chunk=4096; window=1024", "chunk=4096");
	kept = ch_open(c);
	ch_peer_open(c, 2, 0);
	for (i = 0; i < 8191; i++) {
		ch = ch_open(c);
		fake_peer_end(ch, 1000, "", false);
		ch_skip(c);
	}
	fake_advance(29999);
	CH_QUIET(c);
	fake_advance(1);
	T_EQ(fake_counter("channels", "lost_ids"), 8191);
	CH_SAYS(c, "drain odd=0xffff even=0xffff");
	T_NULL(fake_create(c, CH_REQUEST, NULL));
	ch_say(c, "create 0x0004 parent=0x0000");
	T_TRUE(fake_accepted(c) != NULL);
	fake_advance(1000);
	CH_SAYS(c, "drain odd=0x3fff even=0x0004");
	CH_SAYS(c, "destroy 0x0001 code=1012 reason=draining");
	CH_QUIET(c);
	ch_say(c, "create 0x0006 parent=0x0000");
	CH_SAYS(c, "refused 0x0006");
	T_NULL(fake_accepted(c));
	ch_say(c, "destroy 0x0001 code=1012");
	T_TRUE(fake_is_closed(kept));
	ch_say(c, "destroy 0x0006 code=1000");
	T_TRUE(fake_conn_is_retired(c));
	fake_advance(5000);
	CH_SAYS(c, "destroy 0x0002 code=1012 reason=draining");
	CH_SAYS(c, "destroy 0x0004 code=1012 reason=draining");
	ch_say(c, "destroy 0x0002 code=1012");
	fake_advance(9000);
	CH_ALIVE(c);
	ch_say(c, "destroy 0x0004 code=1012");
	CH_FAILED(c, 1001, "drained");
	fake_finish();
	ch_chunk = false;
}

T_MAIN({ "T07 max-channels", test_max_channels },
    { "T07 unanswered", test_unanswered },
    { "T07 early bytes", test_early_bytes }, { "T07 store", test_store },
    { "T07 exhaust", test_exhaust }, { "T07 circle", test_circle },
    { "T07 rate", test_rate }, { "drain", test_drain },
    { "lost ids", test_lost_ids })
