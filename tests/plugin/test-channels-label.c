/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: negotiation and labels. T04. */
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

static void
test_offer(void)
{
	start();
	fake_set_negotiation(false, "");
	T_STR_EQ(fake_offer("channels"),
	    "window=65536; max-channels=4096; chunk=16384");
	fake_set_negotiation(true, "x-kaazing-fanout+x-kaazing-encryption");
	T_STR_EQ(fake_offer("channels"),
	    "extensions=x-kaazing-fanout+x-kaazing-encryption; window=65536; "
	    "max-channels=32767; chunk=16384");
	fake_finish();
	fake_start();
	fake_load("channels", "chunk=0", "window=2k", "max-channels=7", NULL);
	T_STR_EQ(fake_offer("channels"), "window=2048; max-channels=7");
	fake_finish();
}

static void
test_answer(void)
{
	static const struct {
		const char	*offered, *answer;
	} rows[] = {
		{ "", "window=65536; max-channels=4096" },
		{ "chunk=4096", "window=65536; max-channels=4096; "
		    "chunk=16384" },
		{ "extensions=a+b", "extensions=a+b; window=65536; "
		    "max-channels=4096" },
		{ "extensions=\"b, a\"", "extensions=b+a; window=65536; "
		    "max-channels=4096" },
		{ "extensions=\"a,c,a\"", "extensions=a; window=65536; "
		    "max-channels=4096" },
		{ "extensions=c+aa", "window=65536; max-channels=4096" },
		{ "unknown=1", "window=65536; max-channels=4096" },
		{ "window=99999999999", "window=65536; max-channels=4096" },
		{ "window", NULL }, { "window=0", NULL },
		{ "window=-1", NULL }, { "window=1k", NULL },
		{ "window=9999999999999999", NULL }, { "chunk=4095", NULL },
		{ "chunk", NULL }, { "max-channels=x", NULL },
	};
	size_t i;

	start();
	fake_set_negotiation(false, "a+b");
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].offered);
		T_STR_EQ(fake_answer("channels", rows[i].offered),
		    rows[i].answer);
	}
	fake_finish();
}

/* What comes and goes by itself on a connection is not what ends with it. */
static void
test_no_root(void)
{
	static const struct {
		const char	*offered;
		bool		 trunk, taken;
	} rows[] = {
		{ "root=none", false, true },
		{ "root=none; chunk=4096", false, true },
		{ "", false, false }, { "root", false, false },
		{ "root=other", false, false }, { "root=none", true, false },
	};
	const char *answer;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].offered);
		start();
		fake_set_negotiation(rows[i].trunk, "");
		answer = fake_answer("channels", rows[i].offered);
		T_EQ(strstr(answer, "root=none") != NULL, rows[i].taken);
		T_EQ(fake_no_root(), rows[i].taken);
		fake_finish();
	}
}

static void
test_check(void)
{
	static const struct {
		const char	*answered;
		bool		 good;
	} rows[] = {
		{ "", true }, { "window=1; chunk=4096", true },
		{ "extensions=a", true }, { "extensions=\"a, b\"", true },
		{ "extensions=a+c", false }, { "chunk=1", false },
		{ "window", false }, { "max-channels=1x", false },
	};
	size_t i;

	start();
	fake_set_negotiation(false, "a+b");
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].answered);
		T_EQ(fake_check("channels", rows[i].answered) == 0,
		    rows[i].good);
	}
	fake_finish();
	fake_start();
	fake_load("channels", "chunk=0", NULL);
	t_row("not offered");
	T_NE(fake_check("channels", "chunk=4096"), 0);
	fake_finish();
}

static void
test_options(void)
{
	fake_start();
	T_NULL(fake_try_load("channels", "chunk=4095", NULL));
	T_NULL(fake_try_load("channels", "chunk=1k", NULL));
	T_NULL(fake_try_load("channels", "window=0", NULL));
	T_NULL(fake_try_load("channels", "max-channels=32768", NULL));
	fake_finish();
}

/* The connection's credit beyond the standard is said at once. */
static void
test_trunk_window(void)
{
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "trunk-window=4m", NULL);
	c = ch_conn(true, PLAIN, PLAIN);
	CH_SAYS(c, "credit 0xffff bytes=4194304");
	CH_QUIET(c);
	fake_finish();
}

/* A message on channel 0, cut at every two places. */
static void
test_label_cut(void)
{
	static const unsigned char message[] = { 0, 0, 'h', 'e', 'y' };
	struct hg_conn *c;
	const struct fake_frame *frame;
	char got[8];
	size_t i, j, n;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	for (i = 0; i <= 5; i++)
		for (j = i; j <= 5; j++) {
			t_row("%zu %zu", i, j);
			fake_from_wire(c, message, i, HG_FIRST | HG_TEXT);
			fake_from_wire(c, message + i, j - i, HG_TEXT);
			fake_from_wire(c, message + j, 5 - j,
			    HG_LAST | HG_TEXT);
			n = 0;
			while ((frame = fake_top(ch_root(c))) != NULL) {
				T_TRUE((frame->flags & HG_TEXT) != 0);
				T_REQUIRE(n + frame->len < sizeof(got));
				memcpy(got + n, frame->bytes, frame->len);
				n += frame->len;
			}
			T_MEM_EQ(got, n, "hey", 3);
		}
	CH_ALIVE(c);
	fake_finish();
}

/* A control message byte by byte. */
static void
test_control_cut(void)
{
	static const char text[] = "\xff\xff" "create 0x0001\r\n"
	    "GET /x HTTP/1.1\r\n\r\n";
	struct hg_conn *c;
	struct hg_channel *ch;
	size_t i, len = sizeof(text) - 1;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	for (i = 0; i < len; i++)
		fake_from_wire(c, text + i, 1, (i == 0 ? HG_FIRST : 0) |
		    (i == len - 1 ? HG_LAST : 0));
	ch = fake_accepted(c);
	T_REQUIRE(ch != NULL);
	T_STR_EQ(fake_hg()->head_target(fake_hg()->channel_request(ch)),
	    "/x");
	fake_finish();
}

static void
test_bad_messages(void)
{
	static const struct {
		bool		 chunk;
		const char	*bytes;
		size_t		 len;
		unsigned	 flags;
		const char	*reason;
	} rows[] = {
		{ false, "", 0, HG_WHOLE, "no-label" },
		{ false, "\0", 1, HG_WHOLE, "no-label" },
		{ true, "\0\0", 2, HG_WHOLE, "no-label" },
		{ false, "\0\1x", 3, HG_WHOLE, "data-on-unknown" },
		{ false, "\0\2x", 3, HG_WHOLE, "data-on-unknown" },
		{ false, "\xff\xffx", 3, HG_WHOLE, "control-syntax" },
		{ false, "\xff\xff", 2, HG_WHOLE, "control-syntax" },
		{ false, "\xff\xffx", 3, HG_WHOLE | HG_TEXT,
		    "control-as-text" },
		{ true, "\0\0\x80x", 4, HG_WHOLE | HG_TEXT,
		    "text-in-chunk-mode" },
		{ true, "\0\0\x81x", 4, HG_WHOLE, "bad-flag-byte" },
		{ true, "\0\0\x84x", 4, HG_WHOLE, "bad-flag-byte" },
		{ true, "\xff\xff\x00x", 4, HG_WHOLE, "control-in-pieces" },
		{ true, "\xff\xff\xc0x", 4, HG_WHOLE, "control-in-pieces" },
	};
	struct hg_conn *c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		start();
		ch_chunk = rows[i].chunk;
		c = ch_conn(false, ch_chunk ? "chunk=4096" : "",
		    ch_chunk ? "chunk=4096" : "");
		fake_from_wire(c, rows[i].bytes, rows[i].len, rows[i].flags);
		CH_FAILED(c, 1002, rows[i].reason);
		T_EQ(fake_counter("channels", "protocol_errors"), 1);
		fake_finish();
	}
}

/* Text only on text ids: T04's other half, as a browser could not check it. */
static void
test_text_on_other_id(void)
{
	struct hg_conn *c;

	start();
	c = ch_conn(false, PLAIN, PLAIN);
	ch_peer_open(c, 0x0081, -1);
	ch_data(c, 0x0081, "binary", HG_WHOLE);
	CH_ALIVE(c);
	ch_data(c, 0x0081, "text", HG_WHOLE | HG_TEXT);
	CH_FAILED(c, 1002, "text-on-other-id");
	fake_finish();
}

/* A payload that begins like a control message is only data (T04). */
static void
test_payload_like_control(void)
{
	static const char evil[] = "\xff\xff"
	    "destroy 0x0001 code=1000\r\n\r\n";
	struct hg_conn *a, *b;
	struct hg_channel *ch, *peer;

	start();
	a = ch_conn(true, PLAIN, PLAIN);
	b = ch_conn(false, PLAIN, PLAIN);
	ch = fake_create(a, CH_REQUEST, NULL);
	ch_exchange(a, b);
	peer = fake_accepted(b);
	T_REQUIRE(peer != NULL);
	fake_answer_channel(peer, CH_YES, NULL);
	ch_exchange(a, b);
	fake_from_peer(ch, evil, sizeof(evil) - 1, HG_WHOLE);
	fake_from_peer(ch_root(a), evil, sizeof(evil) - 1, HG_WHOLE);
	ch_exchange(a, b);
	FAKE_IS(fake_top(peer), evil, HG_WHOLE);
	FAKE_IS(fake_top(ch_root(b)), evil, HG_WHOLE);
	T_NULL(fake_top_ended(peer));
	fake_finish();
}

T_MAIN({ "offer", test_offer }, { "answer", test_answer },
    { "no root", test_no_root }, { "check", test_check },
    { "options", test_options },
    { "trunk window", test_trunk_window }, { "label cut", test_label_cut },
    { "control cut", test_control_cut },
    { "bad messages", test_bad_messages },
    { "text on another id", test_text_on_other_id },
    { "T04 payload like control", test_payload_like_control })
