/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: text ids, and channels that move to another id. */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_IDS	8192	/* odd ones */

static void
start(bool chunk)
{
	ch_chunk = chunk;
	fake_start();
	fake_load("channels", "store=16g", NULL);
}

static void
end_both(struct hg_conn *c, struct hg_channel *ch)
{
	char line[80];

	fake_peer_end(ch, 1000, "", false);
	snprintf(line, sizeof(line), "destroy 0x%04x code=1000", fake_id(ch));
	CH_SAYS(c, line);
	ch_say(c, line);
}

/* Text ids first; then the rest, which carry binary until one is free. */
static void
test_creator(void)
{
	struct hg_channel *ch, *second, *last;
	struct hg_channel **text;
	struct hg_conn *c;
	unsigned i;

	start(false);
	text = calloc(TEXT_IDS, sizeof(*text));
	T_REQUIRE(text != NULL);
	c = ch_trunk(true, "window=1024", "window=1024");
	for (i = 0; i < TEXT_IDS; i++) {
		text[i] = ch_open(c);
		if ((fake_id(text[i]) & 0x8080) != 0)
			T_EQ(fake_id(text[i]) & 0x8080, 0);
	}
	ch = ch_open(c);
	T_EQ(fake_id(ch), 0x0081);
	second = ch_open(c);
	T_EQ(fake_id(second), 0x0083);
	fake_from_peer(ch, "bin", 3, HG_WHOLE);
	CH_SENDS(c, 0x81, "bin", HG_WHOLE);
	fake_from_peer(ch, "text", 4, HG_WHOLE | HG_TEXT);
	fake_from_peer(ch, "more", 4, HG_WHOLE);
	CH_QUIET(c);
	end_both(c, text[700]);
	CH_SAYS(c, "migrate 0x0081 to=0x0a79 at=1");
	CH_SENDS(c, 0x0a79, "text", HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 0x0a79, "more", HG_WHOLE);
	T_EQ(fake_id(ch), 0x0a79);
	/* The peer may still use the old one, and both may be named. */
	ch_data(c, 0x81, "old", HG_WHOLE);
	FAKE_IS(fake_top(ch), "old", HG_WHOLE);
	ch_say(c, "credit 0x0081 bytes=2000");
	ch_say(c, "migrated 0x0081 to=0x0a79 at=1");
	ch_data(c, 0x0a79, "new", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_top(ch), "new", HG_WHOLE | HG_TEXT);
	T_EQ(fake_counter("channels", "migrations"), 1);
	/* The old id is free: the next one without a text id gets it last. */
	last = ch_open(c);
	T_EQ(fake_id(last), 0x0085);
	end_both(c, text[701]);
	CH_SAYS(c, "migrate 0x0083 to=0x0a7b at=0");
	ch_say(c, "destroy 0x0083 code=1000");
	fake_peer_end(second, 1000, "", false);
	CH_SAYS(c, "destroy 0x0a7b code=1000");
	T_TRUE(fake_is_closed(second));
	CH_SAYS(c, "migrate 0x0085 to=0x0a7b at=0");
	ch_say(c, "migrated 0x0085 to=0x0a7b at=0");
	CH_ALIVE(c);
	free(text);
	fake_finish();
}

/* The other side's text waits for the creator's migrate. */
static void
test_acceptor(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	start(false);
	c = ch_conn(false, "window=1024", "window=1024");
	ch = ch_peer_open(c, 0x81, -1);
	ch_data(c, 0x81, "one", HG_WHOLE);
	fake_from_peer(ch, "bin", 3, HG_WHOLE);
	CH_SENDS(c, 0x81, "bin", HG_WHOLE);
	fake_from_peer(ch, "text", 4, HG_WHOLE | HG_TEXT);
	fake_from_peer(ch, "bin", 3, HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "migrate 0x0081 to=0x0003 at=1");
	CH_SAYS(c, "migrated 0x0081 to=0x0003 at=1");
	CH_SENDS(c, 3, "text", HG_WHOLE | HG_TEXT);
	CH_SENDS(c, 3, "bin", HG_WHOLE);
	FAKE_IS(fake_top(ch), "one", HG_WHOLE);
	ch_data(c, 3, "two", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_top(ch), "two", HG_WHOLE | HG_TEXT);
	/* Counts and credit moved along: 2 * 19 received. */
	ch_say(c, "migrate 0x0003 to=0x0005 at=2");
	CH_SAYS(c, "migrated 0x0003 to=0x0005 at=3");
	fake_advance(50);
	CH_SAYS(c, "credit 0x0005 bytes=1062");
	/* The old ids are free again. */
	ch_peer_open(c, 3, -1);
	ch_peer_open(c, 0x81, -1);
	CH_ALIVE(c);
	fake_finish();
}

/* In chunk mode the answer stands behind the data. */
static void
test_chunk(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	start(true);
	c = ch_conn(false, "chunk=4096", "chunk=4096; window=40");
	ch = ch_peer_open(c, 1, -1);
	fake_from_peer(ch, "0123456789abcdef", 16, HG_WHOLE);
	CH_SENDS(c, 1, "0123456789abcdef", HG_WHOLE);
	fake_from_peer(ch, "0123456789", 10, HG_WHOLE);
	ch_say(c, "migrate 0x0001 to=0x8001 at=0");
	CH_QUIET(c);
	ch_data(c, 0x8001, "new", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_top(ch), "new", HG_WHOLE | HG_TEXT);
	/* The waiting data is named by the old id yet. */
	ch_say(c, "credit 0x8001 bytes=100");
	CH_SENDS(c, 1, "0123456789", HG_WHOLE);
	CH_SAYS(c, "migrated 0x0001 to=0x8001 at=2");
	fake_from_peer(ch, "x", 1, HG_WHOLE);
	CH_SENDS(c, 0x8001, "x", HG_WHOLE);
	CH_ALIVE(c);
	fake_finish();
}

static void
test_wrong(void)
{
	static const struct {
		const char	*first, *line, *fail;
	} rows[] = {
		{ NULL, "migrate 0x0001 to=0x0005 at=1", "migrate-at" },
		{ NULL, "migrate 0x0001 to=0x0002 at=0",
		    "migrate-to-taken-id" },
		{ NULL, "migrate 0x0001 to=0x0003 at=0",
		    "migrate-to-taken-id" },
		{ NULL, "migrate 0x0001 to=0x0001 at=0",
		    "migrate-to-taken-id" },
		{ NULL, "migrate 0x0001 to=0x0000 at=0",
		    "migrate-to-taken-id" },
		{ NULL, "migrate 0x0001 to=0xffff at=0",
		    "migrate-to-taken-id" },
		{ "destroy 0x0001 code=1000", "migrate 0x0001 to=0x0005 at=0",
		    "migrate-out-of-order" },
		{ "migrate 0x0001 to=0x0005 at=0", "data 0x0001",
		    "data-on-former-id" },
		{ "migrate 0x0001 to=0x0005 at=0",
		    "create 0x0005", "create-of-live-id" },
	};
	struct hg_channel *ch;
	struct hg_conn *c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		start(false);
		c = ch_conn(false, "", "window=17");
		ch = ch_peer_open(c, 1, -1);
		ch_peer_open(c, 3, -1);
		/* The answer to a migrate has to wait for this. */
		fake_from_peer(ch, "x", 1, HG_WHOLE);
		fake_set_conn_full(c, true);
		if (rows[i].first != NULL)
			ch_say(c, rows[i].first);
		if (strncmp(rows[i].line, "data", 4) == 0)
			ch_data(c, 1, "x", HG_WHOLE);
		else if (strncmp(rows[i].line, "create", 6) == 0)
			ch_say_head(c, rows[i].line, CH_REQUEST);
		else
			ch_say(c, rows[i].line);
		CH_FAILED(c, 1002, rows[i].fail);
		fake_finish();
	}
}

/* Answers to what was not asked, or that do not fit. */
static void
test_wrong_answers(void)
{
	static const char *const rows[] = {
		"migrated 0x0081 to=0x0001 at=1",
		"migrated 0x0081 to=0x0003 at=0",
		"migrated 0x0001 to=0x0001 at=0",
		"denied 0x0001 what=migrate reason=x",
		"denied 0x0001 what=merge reason=x",
		"merged 0x0001",
	};
	struct hg_channel *first;
	struct hg_conn *c;
	size_t i, n;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i]);
		start(false);
		c = ch_trunk(true, "window=1024", "window=1024");
		first = ch_open(c);
		for (n = 1; n < TEXT_IDS; n++)
			ch_open(c);
		ch_open(c);
		end_both(c, first);
		CH_SAYS(c, "migrate 0x0081 to=0x0001 at=0");
		ch_say(c, rows[i]);
		T_REQUIRE(fake_wire_ended(c) != NULL);
		T_EQ(fake_wire_ended(c)->code, 1002);
		fake_finish();
	}
}

/* Ended on both sides while it moves: both ids are free. */
static void
test_end_while_moving(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	start(false);
	c = ch_conn(false, "", "");
	ch = ch_peer_open(c, 1, -1);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	ch_say(c, "migrate 0x0001 to=0x0003 at=0");
	CH_QUIET(c);
	ch_data(c, 3, "x", HG_WHOLE);
	FAKE_IS(fake_top(ch), "x", HG_WHOLE);
	ch_say(c, "destroy 0x0003 code=1000");
	T_TRUE(fake_is_closed(ch));
	ch_peer_open(c, 1, -1);
	ch_peer_open(c, 3, -1);
	CH_ALIVE(c);
	fake_finish();
}

T_MAIN({ "creator", test_creator }, { "acceptor", test_acceptor },
    { "chunk", test_chunk }, { "wrong", test_wrong },
    { "wrong answers", test_wrong_answers },
    { "end while moving", test_end_while_moving })
