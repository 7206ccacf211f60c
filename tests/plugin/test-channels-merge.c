/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: merged sets, from their creator's side. */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

/* Three members of one flow, on channels 2, 4 and 6. */
struct set {
	struct hg_conn		*c;
	struct hg_channel	*ch[3];
};

static void
make(struct set *s, const char *peer)
{
	int i;

	ch_chunk = false;
	fake_start();
	fake_load("channels", "unmerge-slow=yes", NULL);
	s->c = ch_trunk(false, "window=1024", peer);
	for (i = 0; i < 3; i++)
		s->ch[i] = ch_open_child(ch_root(s->c));
}

static int
merge(struct set *s, int member, int carrier, uint64_t seq)
{
	return (fake_hg()->channel_merge(s->ch[member], s->ch[carrier], seq));
}

static int
unmerge(struct set *s, int member, uint64_t seq)
{
	return (fake_hg()->channel_unmerge(s->ch[member], seq));
}

static int
handover(struct set *s, int carrier, int next, uint64_t seq)
{
	return (fake_hg()->channel_handover(s->ch[carrier],
	    next < 0 ? NULL : s->ch[next], seq));
}

static void
send(struct set *s, int i, const char *text)
{
	fake_from_peer(s->ch[i], text, strlen(text), HG_WHOLE);
}

/* The other two are on the first from message 1 on. */
static void
make_merged(struct set *s)
{
	make(s, "window=1024");
	T_EQ(merge(s, 1, 0, 0), 0);
	T_EQ(merge(s, 2, 0, 0), 0);
	CH_SAYS(s->c, "merge 0x0004 with=0x0002 at=0 seq=0");
	CH_SAYS(s->c, "merge 0x0006 with=0x0002 at=0 seq=0");
	ch_say(s->c, "merged 0x0004");
	ch_say(s->c, "merged 0x0006");
	T_EQ(fake_counter("channels", "merges"), 2);
}

static void
test_send(void)
{
	struct set s;

	make_merged(&s);
	send(&s, 0, "m1");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	T_EQ(unmerge(&s, 1, 0), -1);
	T_EQ(unmerge(&s, 1, 1), 0);
	send(&s, 0, "m2");
	send(&s, 1, "m2");
	CH_SAYS(s.c, "unmerge 0x0004 seq=1");
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	CH_SENDS(s.c, 4, "m2", HG_WHOLE);
	/* Not again before the answer, nor at another place. */
	T_EQ(merge(&s, 1, 0, 2), -1);
	ch_say(s.c, "unmerged 0x0004");
	T_EQ(merge(&s, 1, 0, 1), -1);
	T_EQ(merge(&s, 1, 0, 2), 0);
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=1 seq=2");
	/* Nothing may be sent on a member's own channel. */
	send(&s, 2, "private");
	CH_SAYS(s.c, "abort 0x0006 code=1011 reason=data%20where%20none%20"
	    "may%20be%20sent");
	T_EQ(fake_top_ended(s.ch[2])->code, 1011);
	CH_ALIVE(s.c);
	fake_finish();
}

/* Behind the data of both, and ahead of what follows on both. */
static void
test_in_line(void)
{
	struct set s;

	make(&s, "window=1024");
	fake_set_conn_full(s.c, true);
	send(&s, 0, "c1");
	send(&s, 1, "o1");
	T_EQ(merge(&s, 1, 0, 5), 0);
	send(&s, 0, "c6");
	T_EQ(unmerge(&s, 1, 6), 0);
	send(&s, 0, "c7");
	send(&s, 1, "o7");
	fake_set_conn_full(s.c, false);
	CH_SENDS(s.c, 2, "c1", HG_WHOLE);
	CH_SENDS(s.c, 4, "o1", HG_WHOLE);
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=1 seq=5");
	CH_SENDS(s.c, 2, "c6", HG_WHOLE);
	CH_QUIET(s.c);	/* one request at a time */
	ch_say(s.c, "merged 0x0004");
	CH_SAYS(s.c, "unmerge 0x0004 seq=6");
	CH_SENDS(s.c, 2, "c7", HG_WHOLE);
	CH_SENDS(s.c, 4, "o7", HG_WHOLE);
	CH_QUIET(s.c);
	ch_say(s.c, "unmerged 0x0004");
	CH_ALIVE(s.c);
	fake_finish();
}

static void
test_may_not(void)
{
	struct set s;
	struct hg_channel *other, *young;

	make(&s, "window=40");
	other = ch_flow_child(ch_root(s.c), "x-kaazing-fanout; flow=ff; "
	    "epoch=00000001");
	ch_skip(s.c);
	ch_say(s.c, "created 0x0008");
	T_EQ(fake_hg()->channel_merge(other, s.ch[0], 0), -1);
	young = ch_child(ch_root(s.c));
	ch_skip(s.c);
	T_EQ(fake_hg()->channel_merge(young, s.ch[0], 0), -1);
	T_EQ(fake_hg()->channel_merge(s.ch[0], young, 0), -1);
	T_EQ(fake_hg()->channel_merge(ch_root(s.c), s.ch[0], 0), -1);
	T_EQ(merge(&s, 0, 0, 0), -1);
	T_EQ(merge(&s, 1, 0, 7), 0);
	T_EQ(merge(&s, 2, 1, 7), -1);	/* flat */
	T_EQ(merge(&s, 0, 2, 7), -1);
	T_EQ(merge(&s, 1, 2, 7), -1);
	T_EQ(unmerge(&s, 2, 0), -1);
	T_EQ(handover(&s, 2, 1, 0), -1);
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=0 seq=7");
	/* One that has no credit for what it has would hold the carrier up. */
	send(&s, 2, "0123456789");
	send(&s, 2, "0123456789");
	CH_SENDS(s.c, 6, "0123456789", HG_WHOLE);
	T_EQ(merge(&s, 2, 0, 7), -1);
	/* And one that has left. */
	ch_say(s.c, "credit 0x0006 bytes=99");
	ch_skip(s.c);
	ch_say(s.c, "destroy 0x0006 code=1000");
	T_EQ(merge(&s, 2, 0, 7), -1);
	fake_finish();
}

static void
test_member_ends(void)
{
	struct set s;

	make_merged(&s);
	send(&s, 0, "m1");
	fake_peer_end(s.ch[1], 1000, "", false);
	send(&s, 0, "m2");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	CH_SAYS(s.c, "destroy 0x0004 code=1000 seq=1");
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	ch_say(s.c, "destroy 0x0004 code=1000");
	T_TRUE(fake_is_closed(s.ch[1]));
	fake_peer_end(s.ch[2], 1008, "", true);
	CH_SAYS(s.c, "abort 0x0006 code=1008");
	send(&s, 0, "m3");
	CH_SENDS(s.c, 2, "m3", HG_WHOLE);
	fake_peer_end(s.ch[0], 1000, "", false);
	CH_SAYS(s.c, "destroy 0x0002 code=1000");
	fake_finish();
}

static void
test_handover(void)
{
	struct set s;

	make_merged(&s);
	send(&s, 0, "m1");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	/* The other side's destroy is one member's leave and no more. */
	ch_say(s.c, "destroy 0x0002 code=1000");
	T_TRUE(fake_top_ended(s.ch[0]) != NULL);
	send(&s, 0, "m2");
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	T_EQ(handover(&s, 0, 1, 1), -1);
	T_EQ(handover(&s, 0, 1, 2), 0);
	send(&s, 1, "m3");
	CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=2 carrier=0x0004");
	CH_SENDS(s.c, 4, "m3", HG_WHOLE);
	T_TRUE(fake_is_closed(s.ch[0]));
	T_EQ(unmerge(&s, 2, 3), 0);
	CH_SAYS(s.c, "unmerge 0x0006 seq=3");
	ch_say(s.c, "unmerged 0x0006");
	CH_ALIVE(s.c);
	fake_finish();
}

/* Without another carrier the set is dissolved, behind what was sent; what the
 * members then send on their own comes behind it. */
static void
test_dissolve(void)
{
	struct set s;
	int way;

	for (way = 0; way < 3; way++) {
		t_row("way %d", way);
		make_merged(&s);
		fake_set_conn_full(s.c, true);
		send(&s, 0, "m1");
		if (way == 0)
			T_EQ(handover(&s, 0, -1, 1), 0);
		else
			fake_peer_end(s.ch[0], 1000, "", way == 2);
		send(&s, 1, "m2");
		send(&s, 2, "m2");
		fake_set_conn_full(s.c, false);
		CH_SENDS(s.c, 2, "m1", HG_WHOLE);
		CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=1");
		CH_SENDS(s.c, 6, "m2", HG_WHOLE);
		CH_SENDS(s.c, 4, "m2", HG_WHOLE);
		/* Another set at once. */
		T_EQ(merge(&s, 2, 1, 2), 0);
		CH_SAYS(s.c, "merge 0x0006 with=0x0004 at=1 seq=2");
		CH_ALIVE(s.c);
		fake_finish();
	}
}

/* An abort by the other side is one member's leave too. */
static void
test_peer_aborts_carrier(void)
{
	struct set s;

	make_merged(&s);
	ch_say(s.c, "abort 0x0002 code=1001");
	CH_QUIET(s.c);
	send(&s, 0, "m1");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	T_EQ(handover(&s, 0, 2, 1), 0);
	CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=1 carrier=0x0006");
	CH_ALIVE(s.c);
	fake_finish();
}

/* A merge that is not done loses nothing, and nobody above has to know. */
static void
test_denied(void)
{
	struct set s;

	make(&s, "window=1024");
	T_EQ(merge(&s, 1, 0, 3), 0);
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=0 seq=3");
	send(&s, 0, "m4");
	send(&s, 0, "m5");
	CH_SENDS(s.c, 2, "m4", HG_WHOLE);
	CH_SENDS(s.c, 2, "m5", HG_WHOLE);
	ch_say(s.c, "denied 0x0004 what=merge reason=ended");
	CH_SENDS(s.c, 4, "m4", HG_WHOLE);
	CH_SENDS(s.c, 4, "m5", HG_WHOLE);
	send(&s, 0, "m6");
	CH_SENDS(s.c, 2, "m6", HG_WHOLE);
	CH_SENDS(s.c, 4, "m6", HG_WHOLE);
	T_EQ(unmerge(&s, 1, 6), 0);
	send(&s, 0, "m7");
	CH_SENDS(s.c, 2, "m7", HG_WHOLE);
	CH_QUIET(s.c);
	send(&s, 1, "own");
	CH_SENDS(s.c, 4, "own", HG_WHOLE);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* The same when the member is about to leave already. */
static void
test_denied_late(void)
{
	struct set s;

	make(&s, "window=1024");
	T_EQ(merge(&s, 1, 0, 0), 0);
	send(&s, 0, "m1");
	T_EQ(unmerge(&s, 1, 1), 0);
	send(&s, 0, "m2");
	send(&s, 1, "own");
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=0 seq=0");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	CH_QUIET(s.c);
	ch_say(s.c, "denied 0x0004 what=merge reason=flow");
	/* No unmerge: there is nothing to undo. */
	CH_SENDS(s.c, 4, "m1", HG_WHOLE);
	CH_SENDS(s.c, 4, "own", HG_WHOLE);
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	CH_QUIET(s.c);
	fake_finish();
	/* By its destroy. */
	make(&s, "window=1024");
	T_EQ(merge(&s, 1, 0, 0), 0);
	send(&s, 0, "m1");
	fake_peer_end(s.ch[1], 1000, "", false);
	send(&s, 0, "m2");
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=0 seq=0");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	ch_say(s.c, "denied 0x0004 what=merge reason=flow");
	CH_SENDS(s.c, 4, "m1", HG_WHOLE);
	CH_SAYS(s.c, "destroy 0x0004 code=1000");
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	CH_QUIET(s.c);
	fake_finish();
	/* By its carrier's. */
	make(&s, "window=1024");
	T_EQ(merge(&s, 1, 0, 0), 0);
	send(&s, 0, "m1");
	fake_peer_end(s.ch[0], 1000, "", false);
	send(&s, 1, "own");
	CH_SAYS(s.c, "merge 0x0004 with=0x0002 at=0 seq=0");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	CH_QUIET(s.c);
	ch_say(s.c, "denied 0x0004 what=merge reason=flow");
	CH_SENDS(s.c, 4, "m1", HG_WHOLE);
	CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=1");
	CH_SENDS(s.c, 4, "own", HG_WHOLE);
	CH_QUIET(s.c);
	fake_finish();
}

/* A flow must not go on to reach who has left it. */
static void
test_unmerge_denied(void)
{
	struct set s;

	make_merged(&s);
	T_EQ(unmerge(&s, 1, 0), 0);
	CH_SAYS(s.c, "unmerge 0x0004 seq=0");
	ch_say(s.c, "denied 0x0004 what=unmerge reason=x");
	CH_SAYS(s.c, "abort 0x0004 code=1011 reason=an%20unmerge%20was%20"
	    "denied");
	CH_ALIVE(s.c);
	fake_finish();
}

/* The peer asks for an own copy. */
static void
test_asked_to_unmerge(void)
{
	struct set s;

	make_merged(&s);
	send(&s, 0, "m1");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	ch_say(s.c, "unmerge? 0x0004");
	ch_say(s.c, "unmerge? 0x0004");
	CH_SAYS(s.c, "unmerge 0x0004 seq=1");
	CH_SAYS(s.c, "place? 0x0004 seq=1");
	CH_QUIET(s.c);
	send(&s, 0, "m2");
	CH_SENDS(s.c, 2, "m2", HG_WHOLE);
	CH_SENDS(s.c, 4, "m2", HG_WHOLE);
	ch_say(s.c, "unmerged 0x0004");
	/* It goes along to the next carrier, but cannot be one. */
	T_EQ(handover(&s, 0, 1, 2), -1);
	T_EQ(handover(&s, 0, 2, 2), 0);
	send(&s, 2, "m3");
	CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=2 carrier=0x0006");
	CH_SENDS(s.c, 6, "m3", HG_WHOLE);
	CH_SENDS(s.c, 4, "m3", HG_WHOLE);
	fake_peer_end(s.ch[1], 1000, "", false);
	CH_SAYS(s.c, "destroy 0x0004 code=1000");
	send(&s, 2, "m4");
	CH_SENDS(s.c, 6, "m4", HG_WHOLE);
	CH_QUIET(s.c);
	CH_ALIVE(s.c);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* A carrier that breaks takes its members along: nobody has a silent gap. */
static void
test_carrier_fails(void)
{
	static char text[2000];
	struct set s;

	memset(text, 'x', sizeof(text) - 1);
	make_merged(&s);
	send(&s, 0, text);
	CH_SAYS(s.c, "abort 0x0004 code=1009 reason=message%20too%20long");
	CH_SAYS(s.c, "abort 0x0006 code=1009 reason=message%20too%20long");
	CH_SAYS(s.c, "abort 0x0002 code=1009 reason=message%20too%20long");
	CH_ALIVE(s.c);
	fake_finish();
}

T_MAIN({ "send", test_send }, { "in line", test_in_line },
    { "may not", test_may_not }, { "member ends", test_member_ends },
    { "handover", test_handover }, { "dissolve", test_dissolve },
    { "peer aborts carrier", test_peer_aborts_carrier },
    { "denied", test_denied }, { "denied late", test_denied_late },
    { "unmerge denied", test_unmerge_denied },
    { "asked to unmerge", test_asked_to_unmerge },
    { "carrier fails", test_carrier_fails })
