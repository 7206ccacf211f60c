/* SPDX-License-Identifier: Apache-2.0 */
/* Promises of idletimeout kept and watched, alone and above pingpong. */
#include "fakehost.h"

#include <string.h>

#define PONG	"\1\1\1\2\x0a\0"

static struct hg_conn	 *conn;
static struct hg_channel *root;

/* With a promise of a second. */
static void
start(bool initiator)
{
	fake_start();
	fake_load("idletimeout", "timeout=1s", NULL);
	conn = fake_conn(initiator, "idletimeout||timeout=1000", NULL);
	root = fake_root(conn, "GET / HTTP/1.1\r\nHost: x\r\n", NULL);
	fake_set_linked(root, true);
}

static void
test_answers(void)
{
	static const struct {
		const char	*answer;
		int		 result;
	} rows[] = {
		{ "timeout=1000", 0 }, { "timeout=1", 0 },
		{ "timeout=86400000", 0 }, { "timeout=86400001", -1 },
		{ "timeout=0", -1 }, { "timeout=-1", -1 },
		{ "timeout=\"+1\"", -1 }, { "timeout=1s", -1 },
		{ "timeout=18446744073709551617", -1 }, { "timeout", -1 },
		{ "", -1 }, { "time=5", -1 },
	};
	size_t i;

	fake_start();
	fake_load("idletimeout", "timeout=1500ms", NULL);
	T_STR_EQ(fake_offer("idletimeout"), "");
	T_STR_EQ(fake_answer("idletimeout", ""), "timeout=1500");
	T_STR_EQ(fake_answer("idletimeout", "timeout=7"), "timeout=1500");
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].answer);
		T_EQ(fake_check("idletimeout", rows[i].answer) == 0,
		    rows[i].result == 0);
	}
	t_row(NULL);
	fake_finish();
}

/* A frame at least every second, and none where data goes. */
static void
test_kept(void)
{
	unsigned i;

	start(false);
	for (i = 1; i <= 20; i++) {
		fake_advance(500);
		T_EQ(fake_beats(conn), i);
	}
	for (i = 0; i < 20; i++) {
		fake_from_peer(root, "x", 1, HG_WHOLE);
		fake_advance(400);
	}
	T_EQ(fake_beats(conn), 20);
	T_EQ(fake_counter("idletimeout", "beats_sent"), 20);
	fake_advance(100);
	T_EQ(fake_beats(conn), 21);
	fake_finish();
}

/* What the client sends is no frame of ours. */
static void
test_received(void)
{
	start(false);
	fake_advance(400);
	fake_from_wire(conn, "x", 1, HG_WHOLE);
	fake_ping(conn);
	fake_advance(100);
	T_EQ(fake_beats(conn), 1);
	fake_advance(10000);
	T_NULL(fake_wire_ended(conn));
	fake_finish();
}

/* T18: a peer that has gone silent is noticed at its promise, not before. */
static void
test_broken(void)
{
	start(true);
	fake_advance(900);
	fake_from_wire(conn, "x", 1, HG_WHOLE);
	fake_advance(900);
	fake_ping(conn);
	fake_advance(900);
	fake_from_peer(root, "x", 1, HG_WHOLE);
	fake_advance(99);
	T_NULL(fake_wire_ended(conn));
	fake_advance(1);
	T_REQUIRE(fake_wire_ended(conn) != NULL);
	T_EQ(fake_wire_ended(conn)->code, 1011);
	T_EQ(fake_counter("idletimeout", "promises_broken"), 1);
	T_EQ(fake_beats(conn), 0);
	fake_finish();
}

static void
start_both(bool initiator)
{
	fake_start();
	fake_load("idletimeout", NULL);
	fake_load("pingpong", NULL);
	conn = fake_conn(initiator, "pingpong||01010102",
	    "idletimeout||timeout=1000", NULL);
	root = fake_root(conn, "GET / HTTP/1.1\r\nHost: x\r\n", NULL);
	fake_set_linked(root, true);
}

/* A page can see a text message only; inside of another there is room for none.
 */
static void
test_page(void)
{
	start_both(false);
	fake_advance(500);
	FAKE_IS(fake_wire(conn), PONG, HG_WHOLE | HG_TEXT);
	T_EQ(fake_beats(conn), 0);
	fake_from_peer(root, "one", 3, HG_FIRST | HG_TEXT);
	FAKE_IS(fake_wire(conn), "one", HG_FIRST | HG_TEXT);
	fake_advance(500);
	FAKE_NONE(fake_wire(conn));
	T_EQ(fake_beats(conn), 1);
	fake_finish();
}

static void
test_heard(void)
{
	unsigned i;

	start_both(true);
	for (i = 0; i < 5; i++) {
		fake_advance(900);
		fake_from_wire(conn, PONG, 6, HG_WHOLE | HG_TEXT);
		T_NULL(fake_wire_ended(conn));
	}
	fake_advance(1000);
	T_TRUE(fake_wire_ended(conn) != NULL);
	fake_finish();
}

T_MAIN({ "answers", test_answers }, { "kept", test_kept },
    { "what is received", test_received }, { "broken", test_broken },
    { "for a page", test_page }, { "pongs of a page", test_heard })
