/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: merged sets, from their receiver's side. */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

/* Three members of one flow, on channels 2, 4 and 6. */
struct set {
	struct hg_conn		*c;
	struct hg_channel	*ch[3];
};

static void
make_theirs(struct set *s)
{
	int i;

	ch_chunk = false;
	fake_start();
	fake_load("channels", "unmerge-slow=yes", NULL);
	s->c = ch_trunk(true, "window=1024", "window=1024");
	for (i = 0; i < 3; i++)
		s->ch[i] = ch_peer_open(s->c, (unsigned)(2 + 2 * i), 0);
}

static void
make_theirs_merged(struct set *s)
{
	make_theirs(s);
	ch_say(s->c, "merge 0x0004 with=0x0002 at=0 seq=7");
	CH_SAYS(s->c, "merged 0x0004");
	ch_say(s->c, "merge 0x0006 with=0x0002 at=0 seq=7");
	CH_SAYS(s->c, "merged 0x0006");
}

/* Arrives at these, as bits, and at no other. */
static void
arrives(struct set *s, const char *text, unsigned where)
{
	const struct fake_frame *frame;
	int i;

	for (i = 0; i < 3; i++) {
		if (fake_is_closed(s->ch[i]))
			continue;
		frame = fake_top(s->ch[i]);
		if ((where & 1u << i) != 0)
			fake_is(frame, text, strlen(text), HG_WHOLE,
			    T_AT(text));
		else
			fake_is_none(frame, T_AT(text));
	}
}

static void
test_receive(void)
{
	struct set s;

	make_theirs(&s);
	ch_data(s.c, 2, "a", HG_WHOLE);
	arrives(&s, "a", 1);
	ch_data(s.c, 4, "b", HG_WHOLE);
	arrives(&s, "b", 2);
	ch_say(s.c, "merge 0x0004 with=0x0002 at=1 seq=7");
	CH_SAYS(s.c, "merged 0x0004");
	ch_data(s.c, 2, "m8", HG_WHOLE);
	arrives(&s, "m8", 3);
	ch_say(s.c, "merge 0x0006 with=0x0002 at=0 seq=8");
	CH_SAYS(s.c, "merged 0x0006");
	ch_data(s.c, 2, "m9", HG_WHOLE);
	arrives(&s, "m9", 7);
	ch_say(s.c, "unmerge 0x0004 seq=9");
	CH_SAYS(s.c, "unmerged 0x0004");
	ch_data(s.c, 2, "m10", HG_WHOLE);
	arrives(&s, "m10", 5);
	ch_data(s.c, 4, "own", HG_WHOLE);
	arrives(&s, "own", 2);
	CH_ALIVE(s.c);
	fake_finish();
}

static void
test_receive_order(void)
{
	struct set s;

	make_theirs_merged(&s);
	ch_say(s.c, "unmerge 0x0004 seq=7");
	CH_SAYS(s.c, "unmerged 0x0004");
	ch_data(s.c, 4, "own", HG_WHOLE);
	arrives(&s, "own", 2);
	ch_data(s.c, 2, "m8", HG_WHOLE);
	arrives(&s, "m8", 5);
	ch_say(s.c, "destroy 0x0006 code=1000 seq=8");
	T_TRUE(fake_top_ended(s.ch[2]) != NULL);
	ch_data(s.c, 2, "m9", HG_WHOLE);
	arrives(&s, "m9", 1);
	CH_ALIVE(s.c);
	fake_finish();
}

/* A carrier's own channel ends here: its id goes on for the others. */
static void
test_carrier_leaves(void)
{
	struct set s;
	int way;

	for (way = 0; way < 2; way++) {
		make_theirs_merged(&s);
		fake_peer_end(s.ch[0], 1000, "", way == 1);
		CH_SAYS(s.c, way == 1 ? "abort 0x0002 code=1000" :
		    "destroy 0x0002 code=1000");
		ch_data(s.c, 2, "m8", HG_WHOLE);
		arrives(&s, "m8", 6);
		T_FALSE(fake_is_closed(s.ch[0]));
		ch_say(s.c, "destroy 0x0002 code=1000 seq=8 carrier=0x0004");
		T_TRUE(fake_is_closed(s.ch[0]));
		ch_data(s.c, 4, "m9", HG_WHOLE);
		arrives(&s, "m9", 6);
		ch_say(s.c, "destroy 0x0004 code=1000 seq=9");
		ch_data(s.c, 6, "own", HG_WHOLE);
		arrives(&s, "own", 4);
		CH_ALIVE(s.c);
		fake_finish();
	}
}

/* A member that leaves here gets no more, and hinders nobody. */
static void
test_member_leaves(void)
{
	struct set s;

	make_theirs_merged(&s);
	fake_peer_end(s.ch[1], 1000, "", false);
	CH_SAYS(s.c, "destroy 0x0004 code=1000");
	ch_data(s.c, 2, "m8", HG_WHOLE);
	arrives(&s, "m8", 5);
	ch_say(s.c, "destroy 0x0004 code=1000 seq=8");
	T_TRUE(fake_is_closed(s.ch[1]));
	fake_peer_end(s.ch[2], 1000, "", false);
	CH_SAYS(s.c, "destroy 0x0006 code=1000");
	ch_data(s.c, 2, "m9", HG_WHOLE);
	arrives(&s, "m9", 1);
	ch_say(s.c, "destroy 0x0002 code=1000 seq=9");
	CH_ALIVE(s.c);
	fake_finish();
}

/* Credit for a carrier does not wait for its own channel. */
static void
test_group_credit(void)
{
	static char text[500];
	struct set s;

	memset(text, 'x', sizeof(text) - 1);
	make_theirs_merged(&s);
	fake_set_paused(s.ch[0], true);
	ch_data(s.c, 2, text, HG_WHOLE);
	CH_SAYS(s.c, "credit 0x0002 bytes=1539");
	/* One that is slow asks for its own copy, once. */
	fake_set_paused(s.ch[1], true);
	ch_data(s.c, 2, "m", HG_WHOLE);
	ch_data(s.c, 2, "m", HG_WHOLE);
	CH_SAYS(s.c, "unmerge? 0x0004");
	ch_data(s.c, 2, "m", HG_WHOLE);
	ch_data(s.c, 2, "m", HG_WHOLE);
	CH_QUIET(s.c);
	ch_say(s.c, "unmerge 0x0004 seq=12");
	CH_SAYS(s.c, "unmerged 0x0004");
	ch_data(s.c, 4, text, HG_WHOLE);
	CH_QUIET(s.c);
	CH_ALIVE(s.c);
	fake_finish();
}

static void
test_receive_wrong(void)
{
	static const struct {
		const char	*line, *answer, *fail;
	} rows[] = {
		{ "merge 0x0008 with=0x0002 at=0 seq=8", NULL, "merge-seq" },
		{ "merge 0x0008 with=0x0002 at=1 seq=7", NULL, "merge-at" },
		{ "merge 0x0008 with=0x0008 at=0 seq=7", NULL,
		    "merge-with-other" },
		{ "merge 0x0008 with=0x0010 at=0 seq=7", NULL,
		    "merge-with-other" },
		{ "merge 0x0004 with=0x0008 at=0 seq=0",
		    "denied 0x0004 what=merge reason=nested", NULL },
		{ "merge 0x0008 with=0x0004 at=0 seq=7",
		    "denied 0x0008 what=merge reason=nested", NULL },
		{ "merge 0x0002 with=0x0008 at=0 seq=7",
		    "denied 0x0002 what=merge reason=nested", NULL },
		{ "merge 0x000a with=0x0002 at=0 seq=7",
		    "denied 0x000a what=merge reason=flow", NULL },
		{ "merge 0x000c with=0x0002 at=0 seq=7",
		    "denied 0x000c what=merge reason=not-open", NULL },
		{ "unmerge 0x0004 seq=8", NULL, "unmerge-seq" },
		{ "unmerge 0x0008 seq=7",
		    "denied 0x0008 what=unmerge reason=not-merged", NULL },
		{ "destroy 0x0004 code=1000 seq=6", NULL, "destroy-seq" },
		{ "destroy 0x0004 code=1000 carrier=0x0006", NULL,
		    "carrier-of-none" },
		{ "destroy 0x0002 code=1000", NULL, "carrier-without-seq" },
		{ "destroy 0x0002 code=1000 seq=8", NULL, "destroy-seq" },
		{ "destroy 0x0002 code=1000 seq=7 carrier=0x0008", NULL,
		    "carrier-of-other" },
		{ "destroy 0x0002 code=1000 seq=7 carrier=0x0002", NULL,
		    "carrier-of-other" },
		{ "merge 0x0008 with=0x0002 at=0 seq=7", "merged 0x0008",
		    NULL },
	};
	struct set s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].line);
		make_theirs_merged(&s);
		ch_peer_open(s.c, 8, 0);
		ch_say_head(s.c, "create 0x000a parent=0x0000",
		    "Sec-WebSocket-Extensions: x-kaazing-fanout; flow=ff; "
		    "epoch=00000001\r\n");
		fake_answer_channel(fake_accepted(s.c), CH_YES, NULL);
		CH_SAYS(s.c, "created 0x000a");
		ch_say_head(s.c, "create 0x000c parent=0x0000", CH_FLOW_HEAD);
		ch_say(s.c, rows[i].line);
		if (rows[i].fail != NULL)
			CH_FAILED(s.c, 1002, rows[i].fail);
		else {
			ch_says(s.c, rows[i].answer, "", T_AT("answer"));
			CH_ALIVE(s.c);
		}
		fake_finish();
	}
}

/* No place in a set begins or ends within a message. */
static void
test_within_message(void)
{
	static const char *const rows[] = {
		"merge 0x0006 with=0x0002 at=0 seq=0",
		"unmerge 0x0004 seq=0",
		"destroy 0x0004 code=1000 seq=0",
		"destroy 0x0002 code=1000 seq=0 carrier=0x0004",
	};
	struct hg_channel *ch[3];
	struct hg_conn *c;
	size_t i;
	unsigned n;

	for (i = 0; i < T_ROWS(rows) + 1; i++) {
		ch_chunk = true;
		fake_start();
		fake_load("channels", NULL);
		c = ch_trunk(true, "chunk=4096", "chunk=4096");
		for (n = 0; n < 3; n++)
			ch[n] = ch_peer_open(c, 2 + 2 * n, 0);
		ch_say(c, "merge 0x0004 with=0x0002 at=0 seq=0");
		CH_SAYS(c, "merged 0x0004");
		ch_piece(c, 2, 0, "half", 4);
		if (i < T_ROWS(rows)) {
			t_row("%s", rows[i]);
			ch_say(c, rows[i]);
			T_REQUIRE(fake_wire_ended(c) != NULL);
			T_EQ(fake_wire_ended(c)->code, 1002);
		} else {
			t_row("abort");
			ch_say(c, "abort 0x0002 code=1011");
			CH_SAYS(c, "abort 0x0004 code=1011 reason=half%20a%20"
			    "message");
			T_TRUE(fake_top_ended(ch[1]) != NULL);
			T_NULL(fake_top_ended(ch[2]));
			CH_ALIVE(c);
		}
		fake_finish();
	}
	ch_chunk = false;
}

T_MAIN({ "receive", test_receive }, { "receive order", test_receive_order },
    { "carrier leaves", test_carrier_leaves },
    { "member leaves", test_member_leaves },
    { "group credit", test_group_credit },
    { "receive wrong", test_receive_wrong },
    { "within message", test_within_message })
