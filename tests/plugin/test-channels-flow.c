/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two of the channels plugin on one wire: a flow whose members merge, leave and
 * hand over at random. Each gets every message of its time once, in order.
 */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS	12

/* One subscriber: b creates its channel, a receives. The flow's messages are
 * their numbers, as text. */
struct member {
	struct hg_channel	*ch, *far;
	unsigned		 joined, left;	/* as told to the mux */
	unsigned		 got;
	bool			 used, merged, ended, paused;
};

static struct member members[MEMBERS];
static struct member *carrier;
static unsigned flow, rides;

static void
join_flow(struct member *m)
{
	memset(m, 0, sizeof(*m));
	if ((m->ch = ch_child(ch_root(ch_b))) == NULL ||
	    !fake_hg()->channel_is_carried(m->ch)) {
		m->ch = NULL;
		return;
	}
	m->used = true;
	m->joined = m->got = flow;
}

static void
accept_members(void)
{
	struct hg_channel *ch;
	int i;

	while ((ch = fake_accepted(ch_a)) != NULL) {
		for (i = 0; i < MEMBERS; i++)
			if (members[i].used && members[i].far == NULL &&
			    fake_id(members[i].ch) == fake_id(ch))
				break;
		T_REQUIRE(i < MEMBERS);
		members[i].far = ch;
		fake_set_linked(ch, true);
		fake_answer_channel(ch, CH_YES, NULL);
	}
}

static void
publish(void)
{
	char text[12];
	int i;

	flow++;
	snprintf(text, sizeof(text), "%u", flow);
	for (i = 0; i < MEMBERS; i++)
		if (members[i].used && !members[i].ended &&
		    !members[i].merged && !fake_is_closed(members[i].ch))
			fake_from_peer(members[i].ch, text, strlen(text),
			    HG_WHOLE);
}

/* The carrier goes: to another, or the set is no more. */
static void
carrier_goes(void)
{
	struct member *next = &members[ch_dice(MEMBERS)];
	int i;

	if (next->used && next->merged && ch_dice(3) != 0 &&
	    fake_hg()->channel_handover(carrier->ch, next->ch, flow) == 0) {
		next->merged = false;
		carrier->ended = true;
		carrier->left = flow;
		carrier = next;
		return;
	}
	if (fake_hg()->channel_handover(carrier->ch, NULL, flow) != 0)
		fake_peer_end(carrier->ch, 1000, "", false);
	carrier->ended = true;
	carrier->left = flow;
	for (i = 0; i < MEMBERS; i++)
		members[i].merged = false;
	carrier = NULL;
}

static void
leave_flow(struct member *m)
{
	if (m == carrier) {
		carrier_goes();
		return;
	}
	m->ended = true;
	m->left = flow;
	m->merged = false;
	fake_peer_end(m->ch, 1000, "", false);
}

static void
ride(struct member *m)
{
	if (carrier == NULL) {
		if (!m->ended)
			carrier = m;
		return;
	}
	if (m == carrier || m->merged || m->ended ||
	    fake_hg()->channel_merge(m->ch, carrier->ch, flow) != 0)
		return;
	m->merged = true;
	rides++;
}

/* Each message of the flow once, in order, from where it joined. */
static void
check_member(struct member *m)
{
	const struct fake_frame *frame;
	unsigned n;

	while (m->far != NULL && (frame = fake_top(m->far)) != NULL) {
		n = (unsigned)atoi((const char *)frame->bytes);
		if (n != m->got + 1) {
			t_row("member %d", (int)(m - members));
			T_EQ(n, m->got + 1);
		}
		m->got = n;
		T_TRUE(!m->ended || n <= m->left);
	}
}

static void
check_members(void)
{
	struct member *m;
	int i;

	for (i = 0; i < MEMBERS; i++) {
		m = &members[i];
		if (!m->used)
			continue;
		check_member(m);
		if (!m->ended && fake_top_ended(m->ch) != NULL) {
			T_EQ(fake_top_ended(m->ch)->code, 1001);
			T_STR_EQ(fake_top_ended(m->ch)->reason, "");
			T_REQUIRE(!fake_is_closed(m->ch));
			leave_flow(m);
		}
		if (m->ended && fake_is_closed(m->ch) &&
		    (m->far == NULL || fake_is_closed(m->far)))
			m->used = false;
		else if (m->far != NULL && !fake_is_closed(m->far) &&
		    fake_top_ended(m->far) != NULL)
			fake_peer_end(m->far, 1000, "", false);
	}
}

static void
flow_act(void)
{
	struct member *m = &members[ch_dice(MEMBERS)];

	switch (ch_dice(16)) {
	case 0:
		if (!m->used)
			join_flow(m);
		break;
	case 1:
		if (m->used && !m->ended && ch_dice(3) == 0)
			leave_flow(m);
		break;
	case 2:
	case 3:
		if (m->used)
			ride(m);
		break;
	case 4:
		if (m->used && m->merged && !m->ended &&
		    fake_hg()->channel_unmerge(m->ch, flow) == 0)
			m->merged = false;
		break;
	case 5:
		/* The receiver leaves by itself: its last word counts. */
		if (m->used && m->far != NULL && !fake_is_closed(m->far) &&
		    ch_dice(4) == 0)
			fake_peer_end(m->far, 1001, "", false);
		break;
	case 6:
		if (m->used && m->far != NULL && !fake_is_closed(m->far)) {
			m->paused = !m->paused;
			fake_set_paused(m->far, m->paused);
		}
		break;
	case 7:
	case 8:
	case 9:
		publish();
		break;
	default:
		if (ch_dice(2) == 0)
			ch_step(ch_a, ch_b);
		else
			ch_step(ch_b, ch_a);
		accept_members();
		check_members();
		fake_advance(ch_dice(4));
	}
}

/* All that was sent has arrived at everybody who is still there. */
static void
flow_calm(void)
{
	struct member *m;
	int i;

	for (i = 0; i < MEMBERS; i++)
		if (members[i].used && members[i].paused) {
			members[i].paused = false;
			if (!fake_is_closed(members[i].far))
				fake_set_paused(members[i].far, false);
		}
	for (i = 0; i < 20; i++) {
		while (ch_step(ch_b, ch_a) || ch_step(ch_a, ch_b))
			accept_members();
		fake_advance(20);
		check_members();
	}
	for (i = 0; i < MEMBERS; i++) {
		m = &members[i];
		t_row("member %d", i);
		if (m->used && !m->ended && fake_top_ended(m->ch) == NULL)
			T_EQ(m->got, flow);
	}
}

static void
random_flow(bool chunk)
{
	int i, round;

	rides = 0;
	for (round = 0; round < 60; round++) {
		ch_seed((uint64_t)round * 104729 + chunk);
		t_row("round %d", round);
		ch_pair(chunk);
		memset(members, 0, sizeof(members));
		carrier = NULL;
		flow = 0;
		for (i = 0; i < 2000; i++) {
			flow_act();
			if (i % 500 == 499)
				flow_calm();
			if (!ch_pair_is_alive())
				break;
		}
		for (i = 0; i < MEMBERS; i++)
			if (members[i].used && !members[i].ended)
				leave_flow(&members[i]);
		flow_calm();
		T_EQ(fake_channels(ch_a), 1);
		T_EQ(fake_channels(ch_b), 1);
		T_EQ(fake_live_frames(), 0);
		T_EQ(fake_counter("channels", "protocol_errors"), 0);
		fake_finish();
	}
	T_TRUE(rides > 300);
}

static void
test_flow(void)
{
	random_flow(false);
}

static void
test_flow_chunk(void)
{
	random_flow(true);
}

T_MAIN({ "random flow", test_flow },
    { "random flow in chunk mode", test_flow_chunk })
