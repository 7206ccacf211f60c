/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: how channels begin and end, byte by byte. */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define PLAIN	"window=1024; max-channels=100"

static void
start(void)
{
	ch_chunk = false;
	fake_start();
	fake_load("channels", NULL);
}

/* The protocol's own example: a subscription on a child. */
static void
test_example(void)
{
	struct hg_conn *c;
	struct hg_channel *root, *child;

	start();
	c = ch_conn(false, "", "");
	root = ch_root(c);
	ch_data(c, 0, "CONNECT", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_top(root), "CONNECT", HG_WHOLE | HG_TEXT);
	fake_from_peer(root, "CONNECTED", 9, HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 0, "CONNECTED", HG_WHOLE | HG_TEXT);
	ch_data(c, 0, "SUBSCRIBE", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_top(root), "SUBSCRIBE", HG_WHOLE | HG_TEXT);
	fake_from_peer(root, "RECEIPT", 7, HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 0, "RECEIPT", HG_WHOLE | HG_TEXT);
	child = ch_child(root);
	T_REQUIRE(child != NULL);
	CH_SAYS_HEAD(c, "create 0x0002 parent=0x0000", CH_FLOW_HEAD);
	fake_from_peer(child, "MESSAGE", 7, HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 2, "MESSAGE", HG_WHOLE | HG_TEXT);
	ch_say(c, "created 0x0002");
	T_EQ(fake_status(child), 101);
	fake_peer_end(child, 1000, "", false);
	CH_SAYS(c, "destroy 0x0002 code=1000");
	T_FALSE(fake_is_closed(child));
	ch_say(c, "destroy 0x0002 code=1000");
	T_TRUE(fake_is_closed(child));
	CH_QUIET(c);
	fake_finish();
}

static void
test_create(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;
	int i;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	for (i = 0; i < 3; i++) {
		ch = ch_open(c);
		T_EQ(fake_id(ch), 1 + 2 * i);
	}
	fake_from_peer(ch, "hello", 5, HG_WHOLE);
	CH_SENDS(c, 5, "hello", HG_WHOLE);
	ch_data(c, 5, "world", HG_WHOLE);
	FAKE_IS(fake_top(ch), "world", HG_WHOLE);
	T_EQ(fake_counter("channels", "channels_created"), 3);
	T_EQ(fake_counter("channels", "data_bytes_sent"), 5);
	T_EQ(fake_counter("channels", "data_bytes_received"), 5);
	T_EQ(fake_counter("channels", "data_messages_sent"), 1);
	T_EQ(fake_counter("channels", "data_messages_received"), 1);
	fake_finish();
}

/* Data may follow at once; the answer may come late. */
static void
test_early_data(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	ch = fake_create(c, CH_REQUEST, NULL);
	fake_from_peer(ch, "early", 5, HG_WHOLE);
	CH_SAYS_HEAD(c, "create 0x0001", CH_REQUEST);
	CH_SENDS(c, 1, "early", HG_WHOLE);
	fake_finish();
	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_say_head(c, "create 0x0001", CH_REQUEST);
	ch = fake_accepted(c);
	ch_data(c, 1, "early", HG_WHOLE);
	FAKE_NONE(fake_top(ch));
	fake_answer_channel(ch, CH_YES, NULL);
	CH_SAYS_HEAD(c, "created 0x0001", CH_YES);
	FAKE_IS(fake_top(ch), "early", HG_WHOLE);
	fake_finish();
}

static void
test_refused(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	ch = fake_create(c, CH_REQUEST, NULL);
	fake_from_peer(ch, "lost", 4, HG_WHOLE);
	CH_SAYS_HEAD(c, "create 0x0001", CH_REQUEST);
	CH_SENDS(c, 1, "lost", HG_WHOLE);
	ch_say_head(c, "refused 0x0001", CH_NO);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	T_EQ(fake_status(ch), 403);
	T_TRUE(fake_is_closed(ch));
	/* Late ones are ignored. */
	ch_say(c, "credit 0x0001 bytes=9999");
	ch_say(c, "destroy 0x0001 code=1000");
	CH_ALIVE(c);
	fake_finish();
	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_say_head(c, "create 0x0001", CH_REQUEST);
	ch = fake_accepted(c);
	fake_answer_channel(ch, CH_NO, NULL);
	CH_SAYS_HEAD(c, "refused 0x0001", CH_NO);
	ch_data(c, 1, "dropped", HG_WHOLE);
	FAKE_NONE(fake_top(ch));
	T_FALSE(fake_is_closed(ch));
	ch_say(c, "destroy 0x0001 code=1000");
	T_TRUE(fake_is_closed(ch));
	CH_ALIVE(c);
	fake_finish();
}

/* A refused child's messages go on its parent, in order. */
static void
test_refused_child(void)
{
	struct hg_conn *c;
	struct hg_channel *child;

	start();
	c = ch_conn(false, "", "window=60");
	child = ch_child(ch_root(c));
	CH_SAYS_HEAD(c, "create 0x0002 parent=0x0000", CH_FLOW_HEAD);
	fake_from_peer(child, "one", 3, HG_WHOLE | HG_TEXT);
	fake_from_peer(child, "tw", 2, HG_FIRST);
	fake_from_peer(child, "o", 1, HG_LAST);
	fake_from_peer(child, "three", 5, HG_WHOLE);
	fake_from_peer(child, "four", 4, HG_WHOLE);
	CH_SENDS(c, 2, "one", HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 2, "two", HG_WHOLE);
	CH_SENDS(c, 2, "three", HG_WHOLE);
	CH_QUIET(c);	/* the window is used up */
	ch_say(c, "refused 0x0002");
	CH_SAYS(c, "destroy 0x0002 code=1000");
	CH_SENDS(c, 0, "one", HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 0, "two", HG_WHOLE);
	CH_SENDS(c, 0, "three", HG_WHOLE);
	CH_QUIET(c);	/* the parent's window */
	T_FALSE(fake_is_closed(child));
	ch_say(c, "credit 0x0000 bytes=200");
	CH_SENDS(c, 0, "four", HG_WHOLE);
	fake_from_peer(child, "five", 4, HG_WHOLE);
	CH_SENDS(c, 0, "five", HG_WHOLE);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* After its destroy a side goes on receiving until the peer's. */
static void
test_half_closed(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch = ch_peer_open(c, 1, -1);
	fake_peer_end(ch, 4001, "bye now", false);
	CH_SAYS(c, "destroy 0x0001 code=4001 reason=bye%20now");
	ch_data(c, 1, "still", HG_WHOLE);
	FAKE_IS(fake_top(ch), "still", HG_WHOLE);
	ch_say(c, "destroy 0x0001 code=1000 reason=%C3%A4");
	T_TRUE(fake_is_closed(ch));
	T_REQUIRE(fake_top_ended(ch) != NULL);
	T_EQ(fake_top_ended(ch)->code, 1000);
	T_STR_EQ(fake_top_ended(ch)->reason, "\xc3\xa4");
	CH_QUIET(c);
	fake_finish();
	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch = ch_peer_open(c, 1, -1);
	ch_say(c, "destroy 0x0001 code=1000");
	fake_from_peer(ch, "rest", 4, HG_WHOLE);
	fake_peer_end(ch, 1000, "", false);
	CH_SENDS(c, 1, "rest", HG_WHOLE);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	T_TRUE(fake_is_closed(ch));
	ch_data(c, 1, "stray", HG_WHOLE);
	T_EQ(fake_counter("channels", "messages_dropped"), 1);
	CH_ALIVE(c);
	fake_finish();
}

static void
test_codes(void)
{
	static const unsigned rows[][2] = {
		{ 0, 1000 }, { 1000, 1000 }, { 1001, 1001 }, { 1005, 1000 },
		{ 1006, 1011 }, { 1015, 1011 }, { 1012, 1012 },
		{ 4999, 4999 }, { 5000, 1011 },
	};
	struct hg_conn *c;
	struct hg_channel *ch;
	char line[80];
	unsigned i, id;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%u", rows[i][0]);
		ch = ch_open(c);
		id = fake_id(ch);
		fake_peer_end(ch, rows[i][0], "", false);
		snprintf(line, sizeof(line), "destroy 0x%04x code=%u", id,
		    rows[i][1]);
		CH_SAYS(c, line);
	}
	fake_finish();
	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_peer_open(c, 1, -1);
	ch_say(c, "destroy 0x0001 code=1006");
	CH_FAILED(c, 1002, "bad-code");
	fake_finish();
}

/* An abort throws away what is queued, both ways. */
static void
test_abort(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(true, "", "window=30");
	ch = ch_open(c);
	fake_from_peer(ch, "one", 3, HG_WHOLE);
	fake_from_peer(ch, "two", 3, HG_WHOLE);
	CH_SENDS(c, 1, "one", HG_WHOLE);
	CH_QUIET(c);
	fake_peer_end(ch, 1008, "enough", true);
	CH_SAYS(c, "abort 0x0001 code=1008 reason=enough");
	ch_data(c, 1, "dropped", HG_WHOLE);
	FAKE_NONE(fake_top(ch));
	ch_say(c, "destroy 0x0001 code=1008");
	T_TRUE(fake_is_closed(ch));
	T_EQ(fake_live_frames(), 0);
	ch = ch_open(c);
	fake_from_peer(ch, "one", 3, HG_WHOLE);
	fake_from_peer(ch, "two", 3, HG_WHOLE);
	CH_SENDS(c, 3, "one", HG_WHOLE);
	ch_say(c, "abort 0x0003 code=1011");
	CH_SAYS(c, "destroy 0x0003 code=1011");
	T_TRUE(fake_is_closed(ch));
	T_EQ(fake_top_ended(ch)->code, 1011);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* Children go before their parent, also when the peer ends it. */
static void
test_children_first(void)
{
	struct hg_conn *c;
	struct hg_channel *ch, *child;

	start();
	c = ch_conn(true, "", "window=40");
	ch = ch_open(c);
	child = ch_open_child(ch);
	fake_from_peer(child, "abcdefgh", 8, HG_WHOLE);
	CH_SENDS(c, 3, "abcdefgh", HG_WHOLE);
	fake_from_peer(child, "ijklmnop", 8, HG_WHOLE);
	fake_peer_end(ch, 1000, "", false);
	CH_QUIET(c);	/* the child has no credit for what it has */
	ch_say(c, "credit 0x0003 bytes=100");
	CH_SENDS(c, 3, "ijklmnop", HG_WHOLE);
	CH_SAYS(c, "destroy 0x0003 code=1000");
	CH_SAYS(c, "destroy 0x0001 code=1000");
	fake_finish();
	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_peer_open(c, 1, -1);
	ch_peer_open(c, 3, 1);
	ch_say(c, "destroy 0x0001 code=1000");
	CH_FAILED(c, 1002, "children-still-open");
	fake_finish();
}

/* The peer never says its last word: the id stays taken. */
static void
test_lost(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch = ch_peer_open(c, 1, -1);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	fake_advance(29000);
	ch_data(c, 1, "I live", HG_WHOLE);
	ch_skip(c);
	fake_advance(29000);
	ch_skip(c);
	T_FALSE(fake_is_closed(ch));
	fake_advance(2000);
	T_TRUE(fake_is_closed(ch));
	T_EQ(fake_counter("channels", "lost_ids"), 1);
	ch_data(c, 1, "late", HG_WHOLE);
	ch_say(c, "destroy 0x0001 code=1000");
	CH_ALIVE(c);
	ch_say_head(c, "create 0x0001", CH_REQUEST);
	CH_FAILED(c, 1002, "create-of-live-id");
	fake_finish();
}

/* Nothing was said of it while the socket was full: nothing need be. */
static void
test_vanish(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start();
	c = ch_conn(true, PLAIN, PLAIN);
	fake_set_conn_full(c, true);
	ch = fake_create(c, CH_REQUEST, NULL);
	fake_from_peer(ch, "x", 1, HG_WHOLE);
	fake_peer_end(ch, 1000, "", true);
	T_TRUE(fake_is_closed(ch));
	fake_set_conn_full(c, false);
	CH_QUIET(c);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

static void
test_error_and_optional(void)
{
	struct hg_conn *c;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_say(c, "error reason=what%1B id=0x0001");
	ch_say(c, "future? 0x0005 x=y");
	CH_ALIVE(c);
	CH_QUIET(c);
	ch_say(c, "future 0x0005 x=y");
	CH_FAILED(c, 1002, "control-syntax");
	fake_finish();
}

/* What has no answer above gets one all the same. */
static void
test_resume(void)
{
	struct hg_conn *c;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_peer_open(c, 1, -1);
	ch_say(c, "resume 0x0001 flow=00 epoch=01 seq=7");
	CH_SAYS(c, "gap 0x0001 from=8 to=0");
	CH_ALIVE(c);
	fake_finish();
}

T_MAIN({ "example", test_example }, { "create", test_create },
    { "early data", test_early_data }, { "refused", test_refused },
    { "refused child", test_refused_child },
    { "half closed", test_half_closed }, { "codes", test_codes },
    { "abort", test_abort }, { "children first", test_children_first },
    { "lost", test_lost }, { "vanish", test_vanish },
    { "error and optional", test_error_and_optional },
    { "resume", test_resume })
