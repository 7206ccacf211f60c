/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: chunk mode. Messages in pieces, both ways. */
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
test_pieces_out(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(true);
	c = ch_conn(true, "chunk=8192", "chunk=4096");
	ch = ch_open(c);
	ch_own_run(ch, 10000, HG_WHOLE | HG_TEXT);
	ch_is_run(c, 1, 4096, 0x40);
	ch_is_run(c, 1, 4096, 0x40);
	ch_is_run(c, 1, 1808, 0xc0);
	ch_own_run(ch, 4096, HG_WHOLE);
	ch_is_run(c, 1, 4096, 0x80);
	ch_own_run(ch, 3, HG_FIRST | HG_RSV1 | HG_RSV3);
	ch_is_run(c, 1, 3, 0x28);
	ch_own_run(ch, 0, 0);
	CH_QUIET(c);
	ch_own_run(ch, 0, HG_LAST);
	ch_is_run(c, 1, 0, 0xa8);
	ch_own_run(ch, 0, HG_WHOLE | HG_RSV2);
	ch_is_run(c, 1, 0, 0x90);
	T_EQ(fake_counter("channels", "data_messages_sent"), 4);
	fake_finish();
}

/* Long messages of two channels take turns; a short one of a third does not
 * wait for them. */
static void
test_interleaved(void)
{
	struct hg_conn *c;
	struct hg_channel *a, *b, *d;
	int i;

	start(true);
	c = ch_conn(true, "chunk=4096", "chunk=4096");
	a = ch_open(c);
	b = ch_open(c);
	d = ch_open(c);
	fake_set_conn_full(c, true);
	ch_own_run(a, 4 * 4096, HG_WHOLE);
	ch_own_run(b, 4 * 4096, HG_WHOLE);
	ch_own_run(d, 7, HG_WHOLE);
	fake_set_conn_full(c, false);
	for (i = 0; i < 4; i++) {
		ch_is_run(c, 1, 4096, i == 3 ? 0x80 : 0);
		ch_is_run(c, 3, 4096, i == 3 ? 0x80 : 0);
		if (i == 0)
			ch_is_run(c, 5, 7, 0x80);
	}
	CH_QUIET(c);
	fake_finish();
}

/* By bytes, not by messages: small messages of one channel against long ones
 * of another. */
static void
test_fair_by_bytes(void)
{
	struct hg_conn *c;
	struct hg_channel *a, *b;
	const struct fake_frame *frame;
	size_t bytes[2] = { 0, 0 }, gap;
	int i;

	start(true);
	c = ch_conn(true, "chunk=4096", "chunk=4096; window=1048576");
	ch_say(c, "credit 0xffff bytes=10000000");
	a = ch_open(c);
	b = ch_open(c);
	fake_set_conn_full(c, true);
	for (i = 0; i < 500; i++)
		ch_own_run(a, 100, HG_WHOLE);
	ch_own_run(b, 60000, HG_WHOLE);
	fake_set_conn_full(c, false);
	while ((frame = fake_wire(c)) != NULL &&
	    bytes[0] < 500 * 116 && bytes[1] < 58000) {
		bytes[frame->bytes[1] == 1 ? 0 : 1] += frame->len - 3 + 16;
		gap = bytes[0] > bytes[1] ? bytes[0] - bytes[1] :
		    bytes[1] - bytes[0];
		if (gap > 2 * 4112)
			T_TRUE(gap <= 2 * 4112);
	}
	T_TRUE(bytes[0] > 50000);
	T_TRUE(bytes[1] > 50000);
	fake_finish();
}

static void
test_pieces_in(void)
{
	static char text[4097];
	struct hg_conn *c;
	struct hg_channel *a, *b;

	start(true);
	c = ch_conn(false, "chunk=4096", "chunk=9999");
	a = ch_peer_open(c, 1, -1);
	b = ch_peer_open(c, 3, -1);
	ch_piece(c, 1, 0x40, "one ", 4);
	ch_piece(c, 3, 0x80, "other", 5);
	ch_piece(c, 1, 0x40, "", 0);
	ch_piece(c, 0, 0x20, "zip", 3);
	ch_piece(c, 1, 0xc0, "two", 3);
	FAKE_IS(fake_top(b), "other", HG_WHOLE);
	FAKE_IS(fake_top(a), "one ", HG_FIRST | HG_TEXT);
	FAKE_IS(fake_top(a), "two", HG_LAST | HG_TEXT);
	FAKE_IS(fake_top(ch_root(c)), "zip", HG_FIRST | HG_RSV1);
	ch_piece(c, 1, 0x80, "", 0);
	FAKE_IS(fake_top(a), "", HG_WHOLE);
	ch_piece(c, 1, 0x00, "", 0);
	FAKE_NONE(fake_top(a));
	ch_piece(c, 1, 0x80, "", 0);
	FAKE_IS(fake_top(a), "", HG_WHOLE);
	ch_piece(c, 3, 0x80, text, 4096);
	CH_ALIVE(c);
	ch_piece(c, 3, 0x80, text, 4097);
	CH_FAILED(c, 1002, "piece-too-long");
	c = ch_conn(false, "chunk=4096", "chunk=9999");
	ch_piece(c, 0, 0x40, "a", 1);
	ch_piece(c, 0, 0x80, "b", 1);
	CH_FAILED(c, 1002, "pieces-differ");
	fake_finish();
}

/* A piece may come in frames of any size too. */
static void
test_piece_in_frames(void)
{
	static const unsigned char message[] = { 0, 0, 0xc0, 'a', 'b', 'c' };
	struct hg_conn *c;
	size_t i, n;
	const struct fake_frame *frame;

	start(true);
	c = ch_conn(false, "chunk=4096", "chunk=4096");
	for (i = 0; i < sizeof(message); i++)
		fake_from_wire(c, message + i, 1, (i == 0 ? HG_FIRST : 0) |
		    (i == sizeof(message) - 1 ? HG_LAST : 0));
	for (n = 0; (frame = fake_top(ch_root(c))) != NULL; n++) {
		T_EQ(frame->len, 1);
		T_EQ(frame->bytes[0], 'a' + n);
	}
	T_EQ(n, 3);
	fake_finish();
}

/* Crumbs are not sent while more credit is to come. */
static void
test_no_crumbs(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(true);
	c = ch_conn(true, "chunk=4096", "chunk=4096; window=8000");
	ch = ch_open(c);
	ch_own_run(ch, 7000, HG_WHOLE);
	ch_is_run(c, 1, 4096, 0x00);
	ch_is_run(c, 1, 2904, 0x80);
	ch_own_run(ch, 2000, HG_WHOLE);	/* 968 are left */
	CH_QUIET(c);
	ch_say(c, "credit 0x0001 bytes=8071");	/* 1039: not 1024 + 16 */
	CH_QUIET(c);
	ch_say(c, "credit 0x0001 bytes=8100");
	ch_is_run(c, 1, 1052, 0x00);
	ch_say(c, "credit 0x0001 bytes=9999");
	ch_is_run(c, 1, 948, 0x80);
	fake_finish();
}

/* Ended in the middle: what has begun cannot be destroyed politely. */
static void
test_cut_message(void)
{
	struct hg_conn *c;
	struct hg_channel *ch;

	start(true);
	c = ch_conn(true, "chunk=4096", "chunk=4096");
	ch = ch_open(c);
	ch_own_run(ch, 5, HG_FIRST);
	ch_is_run(c, 1, 5, 0);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "abort 0x0001 code=1000");
	ch = ch_open(c);
	fake_set_conn_full(c, true);
	ch_own_run(ch, 3, HG_WHOLE);
	ch_own_run(ch, 5, HG_FIRST);
	ch_own_run(ch, 5, 0);
	fake_peer_end(ch, 1000, "", false);
	fake_set_conn_full(c, false);
	ch_is_run(c, 3, 3, 0x80);
	CH_SAYS(c, "destroy 0x0003 code=1000");
	T_EQ(fake_live_frames(), 0);
	/* And so the peer may not either. */
	c = ch_conn(false, "chunk=4096", "chunk=4096");
	ch_peer_open(c, 1, -1);
	ch_piece(c, 1, 0, "x", 1);
	ch_say(c, "destroy 0x0001 code=1000");
	CH_FAILED(c, 1002, "destroy-within-message");
	c = ch_conn(false, "chunk=4096", "chunk=4096");
	ch_peer_open(c, 1, -1);
	ch_piece(c, 1, 0, "x", 1);
	ch_say(c, "abort 0x0001 code=1000");
	CH_ALIVE(c);
	fake_finish();
}

T_MAIN({ "pieces out", test_pieces_out }, { "interleaved", test_interleaved },
    { "fair by bytes", test_fair_by_bytes }, { "pieces in", test_pieces_in },
    { "piece in frames", test_piece_in_frames },
    { "no crumbs", test_no_crumbs }, { "cut message", test_cut_message })
