/* SPDX-License-Identifier: Apache-2.0 */
/* Marks in text messages, in every cut, both ways. */
#include "fakehost.h"

#include <stdio.h>
#include <string.h>

#define M	"\1\1\1\2"

static struct hg_conn	 *conn;
static struct hg_channel *root;

static void
start(void)
{
	fake_start();
	fake_load("pingpong", NULL);
	conn = fake_conn(false, "pingpong||01010102", NULL);
	root = fake_root(conn, "GET / HTTP/1.1\r\nHost: x\r\n", NULL);
	fake_set_linked(root, true);
}

/* In pieces of "cut" bytes; what comes out is joined again by what(). */
static void
feed(bool up, const char *bytes, size_t len, size_t cut, unsigned kind)
{
	unsigned flags;
	size_t at = 0, n;

	do {
		n = len - at < cut ? len - at : cut;
		flags = kind | (at == 0 ? HG_FIRST : 0) |
		    (at + n == len ? HG_LAST : 0);
		if (up)
			fake_from_wire(conn, bytes + at, n, flags);
		else
			fake_from_peer(root, bytes + at, n, flags);
		at += n;
	} while (at < len && fake_wire_ended(conn) == NULL);
}

/* Messages that came out, each as its bytes and "|"; kinds must not change. */
static const char *
what(bool up, unsigned kind)
{
	static char text[256];
	const struct fake_frame *frame;
	size_t len = 0;
	bool first = true;

	while ((frame = up ? fake_top(root) : fake_wire(conn)) != NULL) {
		T_EQ((frame->flags & HG_FIRST) != 0, first);
		T_EQ(frame->flags & (HG_TEXT | (first ? HG_RSV : 0)),
		    kind & (HG_TEXT | (first ? HG_RSV : 0)));
		memcpy(text + len, frame->bytes, frame->len);
		len += frame->len;
		first = (frame->flags & HG_LAST) != 0;
		if (first)
			text[len++] = '|';
	}
	T_TRUE(first);
	text[len] = '\0';
	return (text);
}

static void
test_ordinary(void)
{
	static const char *const rows[] = { "", "a", "hello world", "\1", "\1a",
	    "\1\1\1", "\1\1\1\3abc", ("a" M) };
	char expected[64];
	size_t i, cut;
	int up;

	for (up = 0; up < 2; up++)
		for (i = 0; i < T_ROWS(rows); i++)
			for (cut = 1; cut <= 12; cut++) {
				t_row("%d %zu %zu", up, i, cut);
				start();
				feed(up, rows[i], strlen(rows[i]), cut,
				    HG_TEXT);
				snprintf(expected, sizeof(expected), "%s|",
				    rows[i]);
				T_STR_EQ(what(up, HG_TEXT), expected);
				T_STR_EQ(what(!up, HG_TEXT), "");
				T_NULL(fake_wire_ended(conn));
				fake_finish();
			}
	t_row(NULL);
}

/* Binary messages and packed ones are not looked at. */
static void
test_others(void)
{
	static const unsigned kinds[] = { 0, HG_TEXT | HG_RSV1, HG_RSV3 };
	size_t i;
	int up;

	for (up = 0; up < 2; up++)
		for (i = 0; i < T_ROWS(kinds); i++) {
			t_row("%d %zu", up, i);
			start();
			feed(up, M "xyz", 7, 7, kinds[i]);
			T_STR_EQ(what(up, kinds[i]), M "xyz|");
			T_STR_EQ(what(!up, 0), "");
			T_NULL(fake_wire_ended(conn));
			fake_finish();
		}
	t_row(NULL);
}

static void
test_ping(void)
{
	const struct fake_frame *frame;
	size_t cut;

	for (cut = 1; cut <= 6; cut++) {
		t_row("%zu", cut);
		start();
		feed(true, M "\x09\0", 6, cut, HG_TEXT);
		frame = fake_wire(conn);
		FAKE_IS(frame, M "\x0a\0", HG_WHOLE | HG_TEXT);
		FAKE_NONE(fake_wire(conn));
		FAKE_NONE(fake_top(root));
		feed(true, M "\x0a\0", 6, cut, HG_TEXT);	/* a pong */
		FAKE_NONE(fake_wire(conn));
		FAKE_NONE(fake_top(root));
		T_EQ(fake_counter("pingpong", "pings_answered"), 1);
		fake_finish();
	}
	t_row(NULL);
}

/* W06: while the peer does not read, one answer waits for all its pings. */
static void
test_flood(void)
{
	unsigned i;

	start();
	fake_set_conn_full(conn, true);
	for (i = 0; i < 1000; i++)
		feed(true, M "\x09\0", 6, 6, HG_TEXT);
	FAKE_NONE(fake_wire(conn));
	fake_set_conn_full(conn, false);
	FAKE_IS(fake_wire(conn), M "\x0a\0", HG_WHOLE | HG_TEXT);
	FAKE_NONE(fake_wire(conn));
	fake_finish();
}

/* A pong waits for the end of a message that is being sent. */
static void
test_between(void)
{
	start();
	fake_from_peer(root, "one", 3, HG_FIRST | HG_TEXT);
	feed(true, M "\x09\0", 6, 6, HG_TEXT);
	FAKE_IS(fake_wire(conn), "one", HG_FIRST | HG_TEXT);
	FAKE_NONE(fake_wire(conn));
	fake_from_peer(root, "two", 3, HG_LAST | HG_TEXT);
	FAKE_IS(fake_wire(conn), "two", HG_LAST | HG_TEXT);
	FAKE_IS(fake_wire(conn), M "\x0a\0", HG_WHOLE | HG_TEXT);
	FAKE_NONE(fake_wire(conn));
	/* Also when only a piece of it that is kept back was sent. */
	fake_from_peer(root, "\1\1", 2, HG_FIRST | HG_TEXT);
	feed(true, M "\x09\0", 6, 6, HG_TEXT);
	FAKE_NONE(fake_wire(conn));
	fake_from_peer(root, "x", 1, HG_LAST | HG_TEXT);
	FAKE_IS(fake_wire(conn), "\1\1x", HG_WHOLE | HG_TEXT);
	FAKE_IS(fake_wire(conn), M "\x0a\0", HG_WHOLE | HG_TEXT);
	fake_finish();
}

static void
test_escape(void)
{
	static const char *const rows[] = { M, M "x", M "\x09y", M "more bytes",
	    M M };
	char expected[64];
	size_t i, cut;

	for (i = 0; i < T_ROWS(rows); i++)
		for (cut = 1; cut <= 8; cut++) {
			t_row("%zu %zu", i, cut);
			start();
			feed(false, rows[i], strlen(rows[i]), cut, HG_TEXT);
			snprintf(expected, sizeof(expected), M "|%s|",
			    rows[i]);
			T_STR_EQ(what(false, HG_TEXT), expected);
			T_EQ(fake_counter("pingpong", "escapes"), 1);
			feed(true, M, 4, cut, HG_TEXT);
			T_STR_EQ(what(true, HG_TEXT), "");
			feed(true, "bin", 3, cut, 0);
			T_STR_EQ(what(true, 0), "bin|");
			feed(true, rows[i], strlen(rows[i]), cut, HG_TEXT);
			T_STR_EQ(what(true, HG_TEXT), expected + 5);
			feed(true, "next", 4, cut, HG_TEXT);
			T_STR_EQ(what(true, HG_TEXT), "next|");
			T_NULL(fake_wire_ended(conn));
			fake_finish();
		}
	t_row(NULL);
}

static void
test_wrong(void)
{
	static const struct {
		const char	*escape, *bytes;
		size_t		 len;
	} rows[] = {
		{ "", M "\x09", 5 }, { "", M "\x09\1", 6 },
		{ "", M "\x0b\0", 6 }, { "", M "\x09\0\0", 7 },
		{ "", M M, 8 }, { M, "hello", 5 }, { M, "", 0 },
		{ M, "\1\1\1", 3 },
	};
	size_t i, cut;

	for (i = 0; i < T_ROWS(rows); i++)
		for (cut = 1; cut <= 8; cut++) {
			t_row("%zu %zu", i, cut);
			start();
			if (rows[i].escape[0] != '\0')
				feed(true, rows[i].escape, 4, cut, HG_TEXT);
			feed(true, rows[i].bytes, rows[i].len, cut, HG_TEXT);
			T_STR_EQ(what(true, HG_TEXT), "");
			T_REQUIRE(fake_wire_ended(conn) != NULL);
			T_EQ(fake_wire_ended(conn)->code, 1002);
			fake_finish();
		}
	t_row(NULL);
}

static void
test_negotiation(void)
{
	fake_start();
	fake_load("pingpong", NULL);
	T_STR_EQ(fake_offer("pingpong"), "");
	T_STR_EQ(fake_answer("pingpong", ""), "01010102");
	T_STR_EQ(fake_answer("pingpong", "01010102"), "01010102");
	T_STR_EQ(fake_answer("pingpong", "a=b"), "01010102");
	T_EQ(fake_check("pingpong", "01010102"), 0);
	T_TRUE(fake_check("pingpong", "") != 0);
	T_TRUE(fake_check("pingpong", "01010103") != 0);
	T_TRUE(fake_check("pingpong", "01010102=1") != 0);
	fake_finish();
}

T_MAIN({ "ordinary messages", test_ordinary }, { "others", test_others },
    { "ping", test_ping }, { "W06 ping flood", test_flood },
    { "between messages", test_between }, { "escape", test_escape },
    { "wrong", test_wrong }, { "negotiation", test_negotiation })
