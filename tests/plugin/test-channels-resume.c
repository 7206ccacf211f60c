/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: a child's place in its flow, and going on from there
 * after a trunk was lost (threats T06, T18). */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define FLOW	"0123456789abcdef0123456789abcdef"
#define ASK	"resume 0x0002 flow=" FLOW " epoch=00000001 seq="

static int
place(struct hg_channel *ch, bool known, uint64_t seq)
{
	return (fake_hg()->channel_place(ch, known, seq));
}

static void
send(struct hg_channel *ch, const char *text)
{
	fake_from_peer(ch, text, strlen(text), HG_WHOLE);
}

/* The gateway: it creates the children. */
static struct hg_conn *
gateway(void)
{
	fake_start();
	fake_load("channels", "unmerge-slow=yes", NULL);
	return (ch_trunk(false, "window=1024", "window=1024"));
}

/* Said when it is news, behind the data, and not on what is no trunk. */
static void
test_say(void)
{
	struct hg_conn *c = gateway(), *other;
	struct hg_channel *ch = ch_open_child(ch_root(c));

	T_EQ(place(ch, false, 0), 0);
	T_EQ(place(ch, true, 7), 0);
	CH_SAYS(c, "place? 0x0002 seq=7");
	T_EQ(place(ch, true, 7), 0);
	send(ch, "a");
	T_EQ(place(ch, true, 8), 0);
	CH_SENDS(c, 2, "a", HG_WHOLE);
	T_EQ(place(ch, true, 20), 0);
	CH_SAYS(c, "place? 0x0002 seq=20");
	T_EQ(place(ch, false, 0), 0);
	T_EQ(place(ch, false, 0), 0);
	CH_SAYS(c, "place? 0x0002");
	CH_QUIET(c);
	other = ch_conn(false, "window=1024", "window=1024");
	ch = ch_open_child(ch_root(other));
	T_EQ(place(ch, true, 7), 0);
	CH_QUIET(other);
	fake_finish();
}

/* A merge, a handover and the end of a set say it too. */
static void
test_say_merged(void)
{
	struct hg_conn *c = gateway();
	struct hg_channel *ch[3];
	int i;

	for (i = 0; i < 3; i++)
		ch[i] = ch_open_child(ch_root(c));
	T_EQ(place(ch[0], true, 4), 0);
	CH_SAYS(c, "place? 0x0002 seq=4");
	for (i = 1; i < 3; i++)
		T_EQ(fake_hg()->channel_merge(ch[i], ch[0], 4), 0);
	CH_SAYS(c, "merge 0x0004 with=0x0002 at=0 seq=4");
	CH_SAYS(c, "merge 0x0006 with=0x0002 at=0 seq=4");
	ch_say(c, "merged 0x0004");
	ch_say(c, "merged 0x0006");
	T_EQ(place(ch[1], true, 4), -1);
	send(ch[0], "e");
	T_EQ(place(ch[0], true, 5), 0);
	CH_SENDS(c, 2, "e", HG_WHOLE);
	T_EQ(fake_hg()->channel_handover(ch[0], ch[1], 5), 0);
	CH_SAYS(c, "destroy 0x0002 code=1000 seq=5 carrier=0x0004");
	T_EQ(place(ch[1], true, 5), 0);
	/* Who asks for a copy of its own keeps the number. */
	ch_say(c, "unmerge? 0x0006");
	CH_SAYS(c, "unmerge 0x0006 seq=5");
	CH_SAYS(c, "place? 0x0006 seq=5");
	CH_QUIET(c);
	fake_finish();
}

/* The edge: the children are the peer's. -1: it does not know. */
static int64_t
placed(struct hg_channel *ch)
{
	uint64_t seq;

	return (fake_get_place(ch, &seq) == 0 ? (int64_t)seq : -1);
}

static struct hg_conn *
edge(void)
{
	fake_start();
	fake_load("channels", NULL);
	return (ch_trunk(true, "window=1024", "window=1024"));
}

static struct hg_channel *
peer_child(struct hg_conn *c, unsigned id)
{
	struct hg_channel *ch;
	char line[64];

	snprintf(line, sizeof(line), "create 0x%04x parent=0x0000", id);
	ch_say_head(c, line, CH_FLOW_HEAD);
	ch = fake_accepted(c);
	T_REQUIRE(ch != NULL);
	fake_answer_channel(ch, CH_YES, NULL);
	snprintf(line, sizeof(line), "created 0x%04x", id);
	CH_SAYS(c, line);
	return (ch);
}

static void
test_know(void)
{
	struct hg_conn *c = edge();
	struct hg_channel *ch[3];
	int i;

	for (i = 0; i < 3; i++)
		ch[i] = peer_child(c, 2 + 2 * (unsigned)i);
	T_EQ(placed(ch[0]), -1);
	ch_data(c, 2, "x", HG_WHOLE);
	T_EQ(placed(ch[0]), -1);
	ch_say(c, "place? 0x0002 seq=4");
	T_EQ(placed(ch[0]), 4);
	ch_data(c, 2, "x", HG_FIRST);
	T_EQ(placed(ch[0]), 4);
	ch_data(c, 2, "y", HG_WHOLE);
	T_EQ(placed(ch[0]), 5);
	ch_say(c, "merge 0x0004 with=0x0002 at=0 seq=5");
	ch_say(c, "merge 0x0006 with=0x0002 at=0 seq=5");
	T_EQ(placed(ch[1]), 5);
	ch_data(c, 2, "z", HG_WHOLE);
	for (i = 0; i < 3; i++)
		T_EQ(placed(ch[i]), 6);
	ch_say(c, "unmerge 0x0006 seq=6");
	T_EQ(placed(ch[2]), -1);
	ch_say(c, "place? 0x0006 seq=6");
	ch_data(c, 6, "z", HG_WHOLE);
	T_EQ(placed(ch[2]), 7);
	ch_say(c, "destroy 0x0002 code=1000 seq=6 carrier=0x0004");
	ch_data(c, 4, "z", HG_WHOLE);
	T_EQ(placed(ch[1]), 7);
	ch_say(c, "place? 0x0004");
	T_EQ(placed(ch[1]), -1);
	CH_ALIVE(c);
	fake_finish();
}

static void
test_wrong_place(void)
{
	static const struct {
		const char *line, *reason;
	} rows[] = {
		{ "place? 0x0000 seq=1", "reserved-id" },
		{ "place? 0x0001 seq=1", "place-by-other" },
		{ "place? 0x0004 seq=1", "place-out-of-order" },
		{ "place? 0x000a seq=1", "unknown-id" },
	};
	struct hg_conn *c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		c = edge();
		ch_open(c);
		peer_child(c, 2);
		peer_child(c, 4);
		ch_say(c, "merge 0x0004 with=0x0002 at=0 seq=5");
		ch_skip(c);
		ch_say(c, rows[i].line);
		CH_FAILED(c, 1002, rows[i].reason);
		fake_finish();
	}
}

/* Asking: once at a time, and the answer is handed on. */
static void
test_ask(void)
{
	struct hg_conn *c = edge();
	struct hg_channel *ch = peer_child(c, 2);

	T_EQ(fake_hg()->channel_ask_resume(ch, FLOW, "00000001", 9), 0);
	CH_SAYS(c, ASK "9");
	T_EQ(fake_hg()->channel_ask_resume(ch, FLOW, "00000001", 9), -1);
	T_EQ(placed(ch), -1);
	ch_data(c, 2, "early", HG_WHOLE);
	T_EQ(fake_was_resumed(ch), 0);
	ch_say(c, "resumed 0x0002 seq=9");
	T_EQ(fake_was_resumed(ch), 1);
	T_EQ(placed(ch), 9);
	ch_data(c, 2, "ten", HG_WHOLE);
	T_EQ(placed(ch), 10);
	T_EQ(fake_hg()->channel_ask_resume(ch, FLOW, "00000001", 10), 0);
	CH_SAYS(c, ASK "10");
	ch_say(c, "gap 0x0002 from=11 to=30");
	T_EQ(fake_was_resumed(ch), -1);
	T_EQ(fake_counter("channels", "resumed"), 1);
	T_EQ(fake_counter("channels", "gaps"), 1);
	CH_ALIVE(c);
	ch_say(c, "resumed 0x0002 seq=9");
	CH_FAILED(c, 1002, "answer-without-question");
	fake_finish();
}

/* It is said behind "created", however early it is asked for. */
static void
test_ask_early(void)
{
	struct hg_conn *c = edge();
	struct hg_channel *ch;

	ch_say_head(c, "create 0x0002 parent=0x0000", CH_FLOW_HEAD);
	ch = fake_accepted(c);
	T_REQUIRE(ch != NULL);
	T_EQ(fake_hg()->channel_ask_resume(ch, FLOW, "00000001", 9), 0);
	CH_QUIET(c);
	fake_answer_channel(ch, CH_YES, NULL);
	CH_SAYS(c, "created 0x0002");
	CH_SAYS(c, ASK "9");
	/* And not at all, when it is gone. */
	ch_say_head(c, "create 0x0004 parent=0x0000", CH_FLOW_HEAD);
	ch = fake_accepted(c);
	T_EQ(fake_hg()->channel_ask_resume(ch, FLOW, "00000001", 9), 0);
	ch_say(c, "destroy 0x0004 code=1000");
	fake_reap();
	CH_ALIVE(c);
	fake_finish();
}

/* Nobody above knows of flows, ids are of other channels or of none: a gap. */
static void
test_gap(void)
{
	struct hg_conn *c = gateway();
	struct hg_channel *ch = ch_open_child(ch_root(c));

	ch_say(c, ASK "9");
	CH_SAYS(c, "gap 0x0002 from=10 to=0");
	T_EQ(place(ch, true, 3), 0);
	CH_SAYS(c, "place? 0x0002 seq=3");
	ch_say(c, ASK "1");
	CH_SAYS(c, "gap 0x0002 from=2 to=0");
	send(ch, "d");
	T_EQ(place(ch, true, 4), 0);
	CH_SENDS(c, 2, "d", HG_WHOLE);
	ch_say(c, "resume 0x0000 flow=" FLOW " epoch=00000001 seq=1");
	CH_SAYS(c, "gap 0x0000 from=2 to=0");
	T_EQ(fake_counter("channels", "gaps"), 3);
	CH_ALIVE(c);
	ch_say(c, ASK "18446744073709551615");
	CH_FAILED(c, 1002, "resume-seq");
	fake_finish();
}

T_MAIN({ "say", test_say }, { "say, merged", test_say_merged },
    { "know", test_know }, { "wrong place", test_wrong_place },
    { "ask", test_ask }, { "ask early", test_ask_early }, { "gap", test_gap })
