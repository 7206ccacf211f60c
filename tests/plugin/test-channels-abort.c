/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: an abort does not take along what is others': a carrier
 * that hands its set over still sends what is its members'. */
#include "channels-host.h"

#include <string.h>

/* Two parents with a child each; the second child is merged with the first. */
struct set {
	struct hg_conn		*c;
	struct hg_channel	*parent[2], *child[2];
};

static void
make(struct set *s)
{
	int i;

	ch_chunk = true;
	fake_start();
	fake_load("channels", NULL);
	s->c = ch_trunk(false, "window=65536; chunk=4096",
	    "window=65536; chunk=4096");
	for (i = 0; i < 2; i++) {
		s->parent[i] = ch_peer_open(s->c, (unsigned)(2 * i + 1), -1);
		s->child[i] = ch_open_child(s->parent[i]);
		T_REQUIRE(s->child[i] != NULL);
	}
	T_EQ(fake_hg()->channel_merge(s->child[1], s->child[0], 0), 0);
	CH_SAYS(s->c, "merge 0x0004 with=0x0002 at=0 seq=0");
	ch_say(s->c, "merged 0x0004");
}

static void
send(struct hg_channel *ch, const char *text)
{
	fake_from_peer(ch, text, strlen(text), HG_WHOLE);
}

/* The first message waits while its channel is handed over. */
static void
hand_over(struct set *s)
{
	fake_set_conn_full(s->c, true);
	send(s->child[0], "m1");
	T_EQ(fake_hg()->channel_handover(s->child[0], s->child[1], 1), 0);
	send(s->child[1], "m2");
}

/* What must come however the first child and its parent end. */
static void
expect_all(struct set *s)
{
	fake_set_conn_full(s->c, false);
	CH_SENDS(s->c, 2, "m1", HG_WHOLE);
	CH_SAYS(s->c, "destroy 0x0002 code=1000 seq=1 carrier=0x0004");
	CH_SENDS(s->c, 4, "m2", HG_WHOLE);
	CH_ALIVE(s->c);
}

static void
test_of_carrier(void)
{
	struct set s;

	make(&s);
	hand_over(&s);
	ch_say(s.c, "abort 0x0002 code=1000");
	expect_all(&s);
	CH_QUIET(s.c);
	T_TRUE(fake_is_closed(s.child[0]));
	fake_finish();
}

/* By the peer, whose client has vanished amid a message. */
static void
test_of_parent(void)
{
	struct set s;

	make(&s);
	hand_over(&s);
	ch_say(s.c, "destroy 0x0002 code=1001");
	ch_say(s.c, "abort 0x0001 code=1011");
	T_TRUE(fake_top_ended(s.parent[0]) != NULL);
	expect_all(&s);
	CH_SAYS(s.c, "destroy 0x0001 code=1011");
	CH_QUIET(s.c);
	T_TRUE(fake_is_closed(s.parent[0]));
	T_TRUE(fake_top_ended(s.child[1]) == NULL);
	fake_finish();
}

/* By what is above, which will not wait. */
static void
test_from_above(void)
{
	struct set s;

	make(&s);
	hand_over(&s);
	fake_peer_end(s.child[0], 1013, "slow", true);
	expect_all(&s);
	fake_finish();
	make(&s);
	hand_over(&s);
	fake_peer_end(s.parent[0], 1013, "slow", true);
	expect_all(&s);
	CH_SAYS(s.c, "destroy 0x0001 code=1013 reason=slow");
	fake_finish();
}

/* By this side, as the peer breaks a rule on the parent: also amid a message,
 * of which a destroy may not say the end. */
static void
test_by_us(void)
{
	static const struct {
		unsigned	 flags;
		const char	*last;
	} rows[] = {
		{ HG_WHOLE, "destroy 0x0001 code=1008 reason=more%20than%20"
		    "its%20window" },
		{ HG_FIRST, "abort 0x0001 code=1008 reason=more%20than%20"
		    "its%20window" },
	};
	struct set s;
	size_t i, n;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		make(&s);
		fake_from_peer(s.parent[0], "begin", 5, rows[i].flags);
		T_TRUE(fake_wire(s.c) != NULL);
		fake_set_paused(s.parent[0], true);
		hand_over(&s);
		for (n = 0; n < 17; n++)
			ch_peer_run(s.c, 1, 4096);
		fake_set_conn_full(s.c, false);
		CH_SAYS(s.c, "credit 0x0001 bytes=135440");
		CH_SENDS(s.c, 2, "m1", HG_WHOLE);
		CH_SAYS(s.c, "destroy 0x0002 code=1000 seq=1 carrier=0x0004");
		CH_SENDS(s.c, 4, "m2", HG_WHOLE);
		CH_SAYS(s.c, rows[i].last);
		CH_ALIVE(s.c);
		fake_finish();
	}
	t_row(NULL);
}

/* The children that carry for nobody go at once, with what they had. */
static void
test_others(void)
{
	struct set s;

	make(&s);
	fake_set_conn_full(s.c, true);
	send(s.child[0], "m1");
	ch_say(s.c, "abort 0x0003 code=1011");
	fake_set_conn_full(s.c, false);
	CH_SAYS(s.c, "abort 0x0004 code=1011");
	CH_SAYS(s.c, "destroy 0x0003 code=1011");
	CH_SENDS(s.c, 2, "m1", HG_WHOLE);
	CH_ALIVE(s.c);
	fake_finish();
}

T_MAIN({ "of the carrier", test_of_carrier }, { "of its parent",
    test_of_parent }, { "from above", test_from_above },
    { "by us", test_by_us }, { "others", test_others })
