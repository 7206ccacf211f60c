/* SPDX-License-Identifier: Apache-2.0 */
/* permessage-deflate: what is agreed on, and messages in every cut. */
#include "fakehost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE	"server_no_context_takeover; client_no_context_takeover"

static struct hg_conn	 *conn;
static struct hg_channel *root;

/* As acceptor, or as initiator, with these options. */
static void
start_with(bool initiator, const char *offered, const char *answered,
    const char *one, const char *two)
{
	static char slot[512];

	fake_start();
	fake_load("deflate", one != NULL ? one : "min-size=0", two, NULL);
	snprintf(slot, sizeof(slot), "deflate|%s|%s", offered, answered);
	conn = fake_conn(initiator, slot, NULL);
	root = fake_root(conn, "GET / HTTP/1.1\r\nHost: x\r\n", NULL);
	fake_set_linked(root, true);
}

static void
start(const char *answered)
{
	start_with(false, "", answered, NULL, NULL);
}

static void
feed(bool up, const void *data, size_t len, size_t cut, unsigned first)
{
	const unsigned char *bytes = data;
	unsigned flags;
	size_t at = 0, n;

	do {
		n = len - at < cut ? len - at : cut;
		flags = (first & HG_TEXT) | (at == 0 ? first | HG_FIRST : 0) |
		    (at + n == len ? HG_LAST : 0);
		if (up)
			fake_from_wire(conn, bytes + at, n, flags);
		else
			fake_from_peer(root, bytes + at, n, flags);
		at += n;
	} while (at < len && fake_wire_ended(conn) == NULL);
}

static unsigned char	 got[1 << 21];
static size_t		 got_len;
static unsigned		 got_flags;	/* of the first frame */

/* The next message, joined. False: there is none, or not all of it. */
static bool
take(bool up)
{
	const struct fake_frame *frame;
	bool first = true;

	got_len = 0;
	while ((frame = up ? fake_top(root) : fake_wire(conn)) != NULL) {
		T_EQ((frame->flags & HG_FIRST) != 0, first);
		if (first)
			got_flags = frame->flags;
		T_EQ(frame->flags & HG_TEXT, got_flags & HG_TEXT);
		T_REQUIRE(got_len + frame->len <= sizeof(got));
		memcpy(got + got_len, frame->bytes, frame->len);
		got_len += frame->len;
		first = false;
		if ((frame->flags & HG_LAST) != 0)
			return (true);
	}
	return (false);
}

static void
test_negotiation(void)
{
	static const struct {
		const char	*takeover, *offered, *answer;
	} rows[] = {
		{ "no", "", NONE },
		{ "no", "client_max_window_bits", NONE },
		{ "no", "client_max_window_bits=8", NONE },
		{ "no", "client_max_window_bits=15", NONE },
		{ "no", "server_max_window_bits=15",
		    "server_max_window_bits=15; " NONE },
		{ "no", "server_max_window_bits=9",
		    "server_max_window_bits=9; " NONE },
		{ "no", "server_no_context_takeover", NONE },
		{ "no", "Server_No_Context_Takeover", NONE },
		{ "yes", "", "" },
		{ "yes", "server_no_context_takeover",
		    "server_no_context_takeover" },
		{ "yes", "client_no_context_takeover",
		    "client_no_context_takeover" },
		/* W02b and RFC 7692, 7.1: declined, not an error */
		{ "no", "server_max_window_bits", NULL },
		{ "no", "server_max_window_bits=8", NULL },
		{ "no", "server_max_window_bits=0", NULL },
		{ "no", "server_max_window_bits=7", NULL },
		{ "no", "server_max_window_bits=16", NULL },
		{ "no", "server_max_window_bits=99", NULL },
		{ "no", "server_max_window_bits=\"08\"", NULL },
		{ "no", "server_max_window_bits=09", NULL },
		{ "no", "server_max_window_bits=\"+9\"", NULL },
		{ "no", "server_max_window_bits=115", NULL },
		{ "no", "server_max_window_bits=1x", NULL },
		{ "no", "client_max_window_bits=7", NULL },
		{ "no", "client_max_window_bits=16", NULL },
		{ "no", "server_no_context_takeover=1", NULL },
		{ "no", "client_no_context_takeover=true", NULL },
		{ "no", "unknown", NULL },
		{ "no", "server_no_context_takeover; x=1", NULL },
	};
	const char *answer;
	char option[32];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		fake_start();
		snprintf(option, sizeof(option), "context-takeover=%s",
		    rows[i].takeover);
		fake_load("deflate", option, NULL);
		answer = fake_answer("deflate", rows[i].offered);
		if (rows[i].answer == NULL)
			T_NULL(answer);
		else
			T_STR_EQ(answer != NULL ? answer : "nothing",
			    rows[i].answer);
		fake_finish();
	}
	t_row(NULL);
}

/* Where channels are, no window lasts (protocol 2). */
static void
test_negotiation_mux(void)
{
	fake_start();
	fake_load("deflate", "context-takeover=yes", "window-bits=12", NULL);
	T_STR_EQ(fake_answer("deflate", ""), "server_max_window_bits=12");
	fake_set_negotiation_mux(true);
	T_STR_EQ(fake_answer("deflate", ""), "server_max_window_bits=12; "
	    NONE);
	fake_set_negotiation_mux(false);
	T_STR_EQ(fake_offer("deflate"), "");
	fake_set_negotiation(true, "");
	T_STR_EQ(fake_answer("deflate", "server_max_window_bits=10"),
	    "server_max_window_bits=10; " NONE);
	T_STR_EQ(fake_offer("deflate"), NONE);
	fake_finish();
}

static void
test_check(void)
{
	static const struct {
		const char	*takeover, *answered;
		int		 ok;
	} rows[] = {
		{ "no", NONE, 1 }, { "no", "server_no_context_takeover", 1 },
		{ "no", "", 0 }, { "no", "client_no_context_takeover", 0 },
		{ "yes", "", 1 }, { "yes", NONE, 1 },
		{ "yes", "server_max_window_bits=9", 1 },
		{ "yes", "client_max_window_bits=15", 0 },
		{ "yes", "client_max_window_bits", 0 },
		{ "yes", "server_max_window_bits=7", 0 },
		{ "yes", "other", 0 },
	};
	char option[32];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		fake_start();
		snprintf(option, sizeof(option), "context-takeover=%s",
		    rows[i].takeover);
		fake_load("deflate", option, NULL);
		T_EQ(fake_check("deflate", rows[i].answered) == 0,
		    rows[i].ok);
		fake_finish();
	}
	t_row(NULL);
}

/* The examples of RFC 7692, 7.2.3. */
static void
test_examples(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
	} rows[] = {
		{ "\xf2\x48\xcd\xc9\xc9\x07\x00", 7 },
		{ "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11 },
		{ "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8 },
		{ "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13 },
	};
	size_t i, cut;

	for (i = 0; i < T_ROWS(rows); i++)
		for (cut = 1; cut <= rows[i].len; cut++) {
			t_row("%zu %zu", i, cut);
			start(NONE);
			feed(true, rows[i].bytes, rows[i].len, cut,
			    HG_TEXT | HG_RSV1);
			T_REQUIRE(take(true));
			T_MEM_EQ(got, got_len, "Hello", 5);
			T_EQ(got_flags & (HG_TEXT | HG_RSV), HG_TEXT);
			T_FALSE(take(true));
			fake_finish();
		}
	/* 7.2.3.2: the second with the first one's window */
	t_row("takeover");
	start("");
	feed(true, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 7, HG_TEXT | HG_RSV1);
	T_TRUE(take(true));
	feed(true, "\xf2\x00\x11\x00\x00", 5, 1, HG_TEXT | HG_RSV1);
	T_REQUIRE(take(true));
	T_MEM_EQ(got, got_len, "Hello", 5);
	fake_finish();
	t_row(NULL);
	start(NONE);
	feed(false, "Hello", 5, 5, HG_TEXT);
	T_REQUIRE(take(false));
	/* It does not get shorter: 7 bytes for 5. */
	T_MEM_EQ(got, got_len, "Hello", 5);
	T_EQ(got_flags & HG_RSV, 0);
	fake_finish();
}

/* What one side packs, the other unpacks, piece by piece. */
static void
test_round(void)
{
	static const char *const answers[] = { NONE, "",
	    ("server_max_window_bits=9; " NONE), "server_max_window_bits=9" };
	static const size_t lens[] = { 0, 1, 300, 5000, 100000 };
	static const size_t cuts[] = { 1, 7, 1000, 16384, 1000000 };
	unsigned char *packed = malloc(1 << 21), *data = malloc(100000);
	size_t a, l, c, i, packed_len;
	unsigned flags, round;

	T_REQUIRE(packed != NULL && data != NULL);
	srand(7);
	for (i = 0; i < 100000; i++)
		data[i] = (unsigned char)("abcdefgh"[rand() % 8]);
	for (a = 0; a < T_ROWS(answers); a++)
		for (l = 0; l < T_ROWS(lens); l++)
			for (c = 0; c < T_ROWS(cuts); c++) {
				if (lens[l] / cuts[c] > 3000)
					continue;
				t_row("%zu %zu %zu", a, l, c);
				start(answers[a]);
				for (round = 0; round < 3; round++) {
					feed(false, data, lens[l], cuts[c], 0);
					T_REQUIRE(take(false));
					memcpy(packed, got, got_len);
					packed_len = got_len;
					flags = got_flags & HG_RSV1;
					T_TRUE(lens[l] < 5000 ||
					    cuts[c] < 1000 || flags != 0);
					T_TRUE(lens[l] < 5000 ||
					    cuts[c] < 1000 ||
					    got_len < lens[l] / 2);
					feed(true, packed, packed_len, cuts[c],
					    flags);
					T_REQUIRE(take(true));
					T_MEM_EQ(got, got_len, data, lens[l]);
				}
				T_NULL(fake_wire_ended(conn));
				fake_finish();
			}
	t_row(NULL);
	free(packed);
	free(data);
}

/* W02: a message that is small on the wire ends at the limit. */
static void
test_bomb(void)
{
	static unsigned char zeros[1 << 20];
	static unsigned char packed[1 << 16];
	size_t len;

	start(NONE);
	feed(false, zeros, sizeof(zeros), sizeof(zeros), 0);
	T_REQUIRE(take(false));
	T_REQUIRE(got_len < sizeof(packed));
	memcpy(packed, got, len = got_len);
	feed(true, packed, len, len, HG_RSV1);	/* as long as allowed */
	T_TRUE(take(true));
	T_EQ(got_len, sizeof(zeros));
	fake_finish();

	start_with(false, "", NONE, "inflated-max=100000", NULL);
	feed(true, packed, len, 1, HG_RSV1);
	T_REQUIRE(fake_wire_ended(conn) != NULL);
	T_EQ(fake_wire_ended(conn)->code, 1009);
	T_FALSE(take(true));
	T_TRUE(got_len <= 100000);
	T_EQ(fake_counter("deflate", "messages_too_long"), 1);
	fake_finish();
}

static void
test_garbage(void)
{
	static const char *const rows[] = { "\xff", "\x06", "\x00\x05\x00\x00" };
	size_t i, cut;

	for (i = 0; i < T_ROWS(rows); i++)
		for (cut = 1; cut < 7; cut++) {
			t_row("%zu %zu", i, cut);
			start(NONE);
			feed(true, rows[i], i == 2 ? 5 : strlen(rows[i]), cut,
			    HG_RSV1);
			T_REQUIRE(fake_wire_ended(conn) != NULL);
			T_EQ(fake_wire_ended(conn)->code, 1007);
			fake_finish();
		}
	t_row(NULL);
	/* A window that does not last does not reach back. */
	start(NONE);
	feed(true, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, 7, HG_TEXT | HG_RSV1);
	T_TRUE(take(true));
	feed(true, "\xf2\x00\x11\x00\x00", 5, 5, HG_TEXT | HG_RSV1);
	T_REQUIRE(fake_wire_ended(conn) != NULL);
	T_EQ(fake_wire_ended(conn)->code, 1007);
	fake_finish();
}

static void
test_min_size(void)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	start_with(false, "", NONE, "min-size=40", NULL);
	feed(false, text, 39, 39, HG_TEXT);
	T_REQUIRE(take(false));
	T_EQ(got_flags & HG_RSV1, 0);
	T_EQ(got_len, 39);
	feed(false, text, 40, 40, HG_TEXT);
	T_REQUIRE(take(false));
	T_EQ(got_flags & HG_RSV1, HG_RSV1);
	T_TRUE(got_len < 20);
	T_EQ(fake_counter("deflate", "messages_skipped"), 1);
	T_EQ(fake_counter("deflate", "messages_packed"), 1);
	fake_finish();
}

/* Those who want to send more at once than there are streams. */
static void
test_streams(void)
{
	struct hg_conn *conns[3];
	struct hg_channel *roots[3];
	const struct fake_frame *frame;
	char slot[128];
	unsigned i;

	fake_start();
	fake_load("deflate", "streams-max=2", NULL);
	snprintf(slot, sizeof(slot), "deflate||%s", NONE);
	for (i = 0; i < 3; i++) {
		conns[i] = fake_conn(false, slot, NULL);
		roots[i] = fake_root(conns[i], NULL, NULL);
		fake_set_linked(roots[i], true);
		fake_from_peer(roots[i], "aaaaaaaaaaaaaaaaaaaa", 20, HG_FIRST);
		frame = fake_wire(conns[i]);
		T_REQUIRE(frame != NULL);
		T_EQ((frame->flags & HG_RSV1) != 0, i < 2);
		fake_from_wire(conns[i], "\xf2\x48", 2,
		    HG_FIRST | HG_RSV1);
		/* Half a message takes nothing away from others. */
		T_NULL(fake_wire_ended(conns[i]));
	}
	T_EQ(fake_counter("deflate", "streams_missing"), 1);
	for (i = 0; i < 3; i++) {
		fake_from_wire(conns[i], "\xcd\xc9\xc9\x07\x00", 5,
		    HG_LAST);
		while ((frame = fake_top(roots[i])) != NULL &&
		    frame->len == 0)
			;
		T_REQUIRE(frame != NULL);
		T_MEM_EQ(frame->bytes, 1, "H", 1);
	}
	fake_from_wire(conns[0], "\xf2\x48\xcd\xc9\xc9\x07\x00", 7,
	    HG_WHOLE | HG_RSV1);
	T_NULL(fake_wire_ended(conns[0]));
	fake_finish();
}

/* Windows that last are promised to no more than half of the streams, also
 * before any of them has sent a byte. */
static void
test_promises(void)
{
	struct hg_conn *conns[2];
	unsigned i;

	fake_start();
	fake_load("deflate", "streams-max=4", "context-takeover=yes", NULL);
	for (i = 0; i < 2; i++) {
		T_STR_EQ(fake_answer("deflate", ""), "");
		conns[i] = fake_conn(false, "deflate||", NULL);
		fake_root(conns[i], NULL, NULL);
	}
	T_STR_EQ(fake_answer("deflate", ""), NONE);
	fake_wire_end(conns[0], 1000);
	fake_reap();
	T_STR_EQ(fake_answer("deflate", ""), "");
	fake_finish();
}

/* The initiator's promise of the offer holds even if nobody repeats it. */
static void
test_initiator(void)
{
	static const char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	size_t len;

	start_with(true, NONE, "server_no_context_takeover", NULL, NULL);
	feed(false, text, 40, 40, HG_TEXT);
	T_REQUIRE(take(false));
	len = got_len;
	feed(false, text, 40, 40, HG_TEXT);
	T_REQUIRE(take(false));
	T_EQ(got_len, len);
	fake_finish();
	start_with(true, "", "", "context-takeover=yes", "min-size=0");
	feed(false, text, 40, 40, HG_TEXT);
	T_REQUIRE(take(false));
	len = got_len;
	feed(false, text, 40, 40, HG_TEXT);
	T_REQUIRE(take(false));
	T_TRUE(got_len < len);
	fake_finish();
}

T_MAIN({ "negotiation (W02b)", test_negotiation },
    { "negotiation with channels", test_negotiation_mux },
    { "the check of an answer", test_check },
    { "the RFC's examples", test_examples }, { "round", test_round },
    { "W02 bomb", test_bomb }, { "garbage", test_garbage },
    { "min-size", test_min_size }, { "streams-max", test_streams },
    { "promises", test_promises },
    { "initiator", test_initiator })
