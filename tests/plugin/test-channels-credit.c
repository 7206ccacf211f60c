/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: credit, given and had. T09. */
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

static void
test_half_window(void)
{
	struct hg_conn *c;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch_peer_open(c, 1, -1);
	ch_peer_run(c, 1, 495);
	CH_QUIET(c);
	ch_peer_run(c, 1, 0);
	CH_SAYS(c, "credit 0x0001 bytes=1551");	/* 1024 + 495 + 2 * 16 */
	ch_peer_run(c, 0, 500);
	CH_SAYS(c, "credit 0x0000 bytes=1540");
	fake_finish();
}

/* What is used of less than half comes back too, but not at once for each. */
static void
test_idle(void)
{
	struct hg_conn *c;
	char line[80];
	int i;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch_peer_open(c, 1, -1);
	fake_advance(100);
	ch_peer_run(c, 1, 10);
	ch_peer_run(c, 1, 10);
	CH_QUIET(c);
	fake_advance(1);
	CH_SAYS(c, "credit 0x0001 bytes=1076");
	ch_peer_run(c, 1, 10);
	fake_advance(19);
	CH_QUIET(c);
	fake_advance(1);
	CH_SAYS(c, "credit 0x0001 bytes=1102");
	for (i = 0; i < 6; i++)
		ch_peer_open(c, (unsigned)(2 * i + 3), -1);
	for (i = 0; i < 6; i++)
		ch_peer_run(c, (unsigned)(2 * i + 3), 4);
	for (i = 0; i < 6; i++) {
		if (i % 2 == 0) {
			CH_QUIET(c);
			fake_advance(20);
		}
		snprintf(line, sizeof(line), "credit 0x%04x bytes=1044",
		    2 * i + 3);
		CH_SAYS(c, line);
	}
	fake_advance(100);
	CH_QUIET(c);
	T_EQ(fake_timers(), 0);
	fake_finish();
}

static void
test_paused(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch = ch_peer_open(c, 1, -1);
	fake_set_paused(ch, true);
	ch_peer_run(c, 1, 600);
	fake_advance(100);
	CH_QUIET(c);
	fake_set_paused(ch, false);
	CH_SAYS(c, "credit 0x0001 bytes=1640");
	/* Its end takes it off the list. */
	ch_peer_run(c, 1, 1);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	ch_say(c, "destroy 0x0001 code=1000");
	fake_advance(100);
	CH_QUIET(c);
	fake_finish();
}

/* What is dropped is credited too, until the creator's last word. */
static void
test_dropped(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch = ch_peer_open(c, 1, -1);
	fake_peer_end(ch, 1008, "", true);
	CH_SAYS(c, "abort 0x0001 code=1008");
	ch_peer_run(c, 1, 600);
	CH_SAYS(c, "credit 0x0001 bytes=1640");
	FAKE_NONE(fake_top(ch));
	fake_finish();
}

/* T09's rule: more than the channel's window ends the channel only. */
static void
test_over_window(void)
{
	struct hg_conn *c;
	struct hg_channel *ch, *good;

	start(false);
	c = ch_conn(false, "window=1024", "");
	ch = ch_peer_open(c, 1, -1);
	good = ch_peer_open(c, 3, -1);
	fake_set_paused(ch, true);
	ch_peer_run(c, 1, 1008);
	CH_QUIET(c);
	ch_peer_run(c, 1, 0);
	CH_SAYS(c, "abort 0x0001 code=1008 reason=more%20than%20its%20window");
	T_EQ(fake_top_ended(ch)->code, 1008);
	ch_say(c, "destroy 0x0001 code=1008");
	T_TRUE(fake_is_closed(ch));
	ch_data(c, 3, "good", HG_WHOLE);
	FAKE_IS(fake_top(good), "good", HG_WHOLE);
	CH_ALIVE(c);
	/* The same in the middle of a message. */
	fake_advance(100);
	ch_skip(c);
	ch = ch_peer_open(c, 5, -1);
	fake_set_paused(ch, true);
	fake_from_wire(c, "\0\5abc", 5, HG_FIRST);
	fake_from_wire(c, "defg", 4, 0);
	fake_set_paused(ch, false);
	ch_chunk = false;
	fake_from_wire(c, "", 0, HG_LAST);
	CH_ALIVE(c);
	fake_finish();
}

static void
test_connection_window(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;
	int i;

	start(false);
	c = ch_conn(false, "window=1048576", "");
	/* Twice the window at least. */
	CH_SAYS(c, "credit 0xffff bytes=2097152");
	ch = ch_peer_open(c, 1, -1);
	fake_set_paused(ch, true);
	for (i = 0; i < 15; i++)
		ch_peer_run(c, 1, 65536 - 16);
	CH_QUIET(c);
	ch_peer_run(c, 1, 65536 - 16);
	CH_SAYS(c, "credit 0xffff bytes=3145728");
	CH_QUIET(c);
	fake_finish();
	start(false);
	c = ch_conn(false, "", "");
	for (i = 0; i < 8; i++) {
		ch = ch_peer_open(c, (unsigned)(2 * i + 1), -1);
		fake_set_paused(ch, true);
		ch_peer_run(c, (unsigned)(2 * i + 1), 65536 - 16);
	}
	CH_SAYS(c, "credit 0xffff bytes=1572864");
	CH_QUIET(c);
	/* While the socket is full credit waits; a peer that does not wait for
	 * it is cut. */
	fake_set_conn_full(c, true);
	for (i = 8; i < 24; i++) {
		ch_say_head(c, "create 0x0101", CH_REQUEST);
		fake_answer_channel(fake_accepted(c), CH_YES, NULL);
		ch_bytes(c, 0x0101, "", 0, HG_WHOLE);
		ch_say(c, "abort 0x0101 code=1000");
		ch_peer_run(c, 0, 0);
	}
	CH_ALIVE(c);
	fake_finish();
}

static void
test_connection_overrun(void)
{
	struct hg_conn *c;
	char line[80];
	int i;

	start(false);
	c = ch_trunk(false, "", "");
	fake_set_conn_full(c, true);
	for (i = 0; i < 16; i++) {
		snprintf(line, sizeof(line), "create 0x%04x", 2 * i + 1);
		ch_say_head(c, line, CH_REQUEST);
		fake_accepted(c);
		ch_peer_run(c, (unsigned)(2 * i + 1), 65536 - 16);
	}
	CH_ALIVE(c);
	ch_peer_run(c, 0, 0);
	CH_FAILED(c, 1008, "more than the connection's window");
	fake_finish();
}

static void
test_send_window(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(false);
	c = ch_conn(true, "", "window=100");
	ch = ch_open(c);
	ch_own_run(ch, 50, HG_WHOLE);
	ch_is_run(c, 1, 50, 0);
	ch_own_run(ch, 20, HG_WHOLE);	/* 66 + 36 is more than 100 */
	CH_QUIET(c);
	T_EQ(fake_counter("channels", "credit_stalls"), 1);
	ch_say(c, "credit 0x0001 bytes=101");
	CH_QUIET(c);
	ch_say(c, "credit 0x0001 bytes=50");	/* less: ignored */
	ch_say(c, "credit 0x0001 bytes=102");
	ch_is_run(c, 1, 20, 0);
	ch_own_run(ch, 0, HG_WHOLE);
	CH_QUIET(c);
	ch_say(c, "credit 0x0001 bytes=18446744073709551615");
	ch_is_run(c, 1, 0, 0);
	ch_own_run(ch, 84, HG_WHOLE);
	ch_is_run(c, 1, 84, 0);
	fake_finish();
}

static void
test_too_long(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;
	int way;

	for (way = 0; way < 2; way++) {
		start(false);
		c = ch_conn(true, "", "window=100");
		ch = ch_open(c);
		if (way == 0)
			ch_own_run(ch, 85, HG_WHOLE);
		else {
			ch_own_run(ch, 50, HG_FIRST);
			CH_QUIET(c);
			ch_own_run(ch, 35, 0);
		}
		CH_SAYS(c, "abort 0x0001 code=1009 reason=message%20too%20"
		    "long");
		T_EQ(fake_top_ended(ch)->code, 1009);
		if (way == 1)
			ch_own_run(ch, 1, HG_LAST);
		CH_QUIET(c);
		CH_ALIVE(c);
		fake_finish();
	}
}

/* In base mode pieces are put together: one message, one WebSocket message. */
static void
test_put_together(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;
	int i;

	start(false);
	c = ch_conn(true, "", "");
	ch = ch_open(c);
	fake_from_peer(ch, "he", 2, HG_FIRST | HG_TEXT | HG_RSV1);
	fake_from_peer(ch, "", 0, HG_TEXT);
	fake_from_peer(ch, "llo", 3, HG_TEXT);
	CH_QUIET(c);
	fake_from_peer(ch_root(c), "between", 7, HG_WHOLE);
	CH_SENDS(c, 0, "between", HG_WHOLE);
	fake_from_peer(ch, "", 0, HG_LAST | HG_TEXT);
	CH_SENDS(c, 1, "hello", HG_WHOLE | HG_TEXT | HG_RSV1);
	ch_own_run(ch, 1, HG_FIRST);
	for (i = 0; i < 40000; i++)
		fake_from_peer(ch, "x", 1, 0);
	ch_own_run(ch, 1, HG_LAST);
	ch_is_run(c, 1, 40002, 0);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* A message waits for the connection's credit; a later small one does not
 * overtake it for ever, and no other channel's own window matters. */
static void
test_starved(void)
{
	struct hg_conn *c;
	struct hg_channel *a, *b;

	start(false);
	c = ch_conn(true, "", "window=1048576");
	a = ch_open(c);
	b = ch_open(c);
	ch_own_run(a, 1000000, HG_WHOLE);
	ch_is_run(c, 1, 1000000, 0);
	ch_own_run(b, 50000, HG_WHOLE);
	CH_QUIET(c);
	ch_own_run(a, 10, HG_WHOLE);
	CH_QUIET(c);
	fake_peer_end(ch_open(c), 1000, "", false);	/* needs no credit */
	CH_SAYS(c, "destroy 0x0005 code=1000");
	ch_say(c, "credit 0xffff bytes=1048577");
	CH_QUIET(c);
	ch_say(c, "credit 0xffff bytes=1050100");
	ch_is_run(c, 3, 50000, 0);
	ch_is_run(c, 1, 10, 0);
	fake_finish();
}

/* Nor where any piece fits into what is left; own is what this side states. */
static void
test_idle_chunks(void)
{
	static const struct {
		const char	*own, *line;
	} rows[] = {
		{ "window=8224; chunk=4096", NULL },
		{ "window=8223; chunk=4096", "credit 0x0001 bytes=8249" },
		{ "window=8224", "credit 0x0001 bytes=8250" },
	};
	struct hg_conn *c;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(false);
		ch_chunk = strstr(rows[i].own, "chunk") != NULL;
		c = ch_trunk(false, rows[i].own, "chunk=4096");
		ch_peer_open(c, 1, -1);
		fake_advance(100);
		ch_peer_run(c, 1, 10);
		fake_advance(100);
		if (rows[i].line != NULL)
			CH_SAYS(c, rows[i].line);
		CH_QUIET(c);
		T_EQ(fake_timers(), 0);
		fake_finish();
	}
	ch_chunk = false;
}

T_MAIN({ "half window", test_half_window }, { "idle", test_idle },
    { "idle, in chunks", test_idle_chunks },
    { "paused", test_paused }, { "dropped", test_dropped },
    { "T09 over window", test_over_window },
    { "connection window", test_connection_window },
    { "connection overrun", test_connection_overrun },
    { "send window", test_send_window }, { "too long", test_too_long },
    { "put together", test_put_together }, { "starved", test_starved })
