/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two of the channels plugin on one wire: channels that live at random.
 * Each message arrives once, in order, and ends pass as what they are.
 */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIVES	24

/* One channel, from both ends: [0] its creator's. */
struct life {
	struct hg_channel	*ch[2];
	struct life		*parent;
	unsigned		 number;
	int			 side;		/* of the creator: 0 is a */
	bool			 used, child, no;
	bool			 ended[2], aborted, paused[2];
	unsigned		 sent[2], got[2];
};

static struct life lives[LIVES];
static unsigned births, deaths;

static struct hg_conn *
side(int n)
{
	return (n == 0 ? ch_a : ch_b);
}

static struct life *
life_of(unsigned number)
{
	int i;

	for (i = 0; i < LIVES; i++)
		if (lives[i].used && lives[i].number == number)
			return (&lives[i]);
	return (NULL);
}

static void
born(int who, struct life *parent)
{
	struct hg_fields *fields;
	struct life *l;
	char text[80];
	int i;

	for (i = 0; i < LIVES && lives[i].used; i++)
		;
	if (i == LIVES)
		return;
	l = &lives[i];
	memset(l, 0, sizeof(*l));
	l->number = births + 1;
	l->side = who;
	l->parent = parent;
	l->child = parent != NULL || who == 1;
	if (!l->child) {
		snprintf(text, sizeof(text), "GET /%u HTTP/1.1\r\n",
		    l->number);
		l->ch[0] = fake_create(ch_a, text, NULL);
	} else {
		struct hg_channel *above = ch_root(side(who));

		if (parent != NULL)
			above = parent->ch[parent->side == who ? 0 : 1];
		snprintf(text, sizeof(text), "%u", l->number);
		fields = fake_hg()->fields_new();
		fake_hg()->fields_add(fields, "X-Number", text);
		l->ch[0] = fake_hg()->channel_child(above, fields);
		fake_hg()->fields_free(fields);
	}
	if (l->ch[0] == NULL || !fake_hg()->channel_is_carried(l->ch[0]))
		return;
	fake_set_linked(l->ch[0], true);
	births++;
	l->used = true;
}

/* Answers what the peers began. */
static void
answer(void)
{
	const struct hg_head *head;
	struct hg_channel *ch;
	const char *number;
	struct life *l;
	int i;

	for (i = 0; i < 2; i++)
		while ((ch = fake_accepted(side(i))) != NULL) {
			head = fake_hg()->channel_request(ch);
			number = fake_hg()->head_get(head, "X-Number");
			if (number == NULL)
				number = fake_hg()->head_target(head) + 1;
			l = life_of((unsigned)atoi(number));
			T_REQUIRE(l != NULL);
			l->ch[1] = ch;
			l->no = !l->child && ch_dice(8) == 0;
			fake_set_linked(ch, true);
			fake_answer_channel(ch, l->no ? CH_NO : CH_YES, NULL);
		}
}

static void
check_arrived(struct life *l, int to)
{
	const struct fake_frame *frame;
	static unsigned char at[LIVES][2][8];
	unsigned char *head = at[l - lives][to];
	struct life *other;
	unsigned number, n;
	size_t have;

	if (l->ch[to] == NULL)
		return;
	while ((frame = fake_top(l->ch[to])) != NULL) {
		if ((frame->flags & HG_FIRST) != 0) {
			T_REQUIRE(frame->len >= 8);
			memcpy(head, frame->bytes, 8);
		}
		if ((frame->flags & HG_LAST) == 0)
			continue;
		memcpy(&number, head, 4);
		memcpy(&n, head + 4, 4);
		/* A child that was refused talks through its parent. */
		if ((other = life_of(number)) != NULL && other->parent == l &&
		    fake_status(other->ch[0]) != 101)
			continue;
		have = l->got[to]++;
		if (number != l->number || n != have) {
			T_EQ(number, l->number);
			T_EQ(n, have);
		}
	}
}

static bool
may_send(const struct life *l, int from)
{
	return (l->ch[from] != NULL && !l->ended[from] &&
	    !fake_is_closed(l->ch[from]) &&
	    fake_top_ended(l->ch[from]) == NULL &&
	    !(l->child && from == 1) && !(l->no && from == 1) &&
	    !fake_is_full(l->ch[from]));
}

static void
speak(struct life *l, int from)
{
	unsigned char bytes[2032];
	size_t len, cut;
	unsigned kind;

	if (!may_send(l, from))
		return;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, &l->number, 4);
	memcpy(bytes + 4, &l->sent[from], 4);
	l->sent[from]++;
	len = 8 + ch_dice(ch_dice(4) == 0 ? 2000 : 60);
	kind = ch_dice(3) == 0 ? HG_RSV1 : 0;
	if (ch_dice(4) != 0) {
		fake_from_peer(l->ch[from], bytes, len, HG_WHOLE | kind);
		return;
	}
	cut = 8 + ch_dice((unsigned)len - 7);
	fake_from_peer(l->ch[from], bytes, cut, HG_FIRST | kind);
	if (fake_is_closed(l->ch[from]))
		return;
	fake_from_peer(l->ch[from], bytes + cut, len - cut, HG_LAST | kind);
}

/* As what is above would: children first. */
static void
finish(struct life *l, int who, bool now)
{
	int i;

	if (l->ch[who] == NULL || l->ended[who] || (l->no && who == 1) ||
	    fake_is_closed(l->ch[who]))
		return;
	for (i = 0; i < LIVES; i++)
		if (lives[i].used && lives[i].parent == l) {
			lives[i].aborted |= now;
			if ((l->side == lives[i].side ? 0 : 1) ==
			    (who == 0 ? 0 : 1))
				finish(&lives[i], 0, now);
			else
				finish(&lives[i], 1, now);
		}
	l->aborted |= now;
	l->ended[who] = true;
	fake_peer_end(l->ch[who], 1000, "", now);
}

/* Who is told of an end ends too; who is gone on both sides is forgotten. */
static void
settle(void)
{
	struct life *l;
	int i, n;

	for (i = 0; i < LIVES; i++) {
		l = &lives[i];
		if (!l->used)
			continue;
		check_arrived(l, 0);
		check_arrived(l, 1);
		for (n = 0; n < 2; n++)
			if (l->ch[n] != NULL && !l->ended[n] &&
			    fake_top_ended(l->ch[n]) != NULL && ch_dice(2) == 0)
				finish(l, n, false);
	}
}

static void
forget(void)
{
	struct life *l;
	int i;

	for (i = 0; i < LIVES; i++) {
		l = &lives[i];
		if (!l->used || !fake_is_closed(l->ch[0]) ||
		    (l->ch[1] != NULL && !fake_is_closed(l->ch[1])))
			continue;
		if (!l->no && !l->aborted && l->ch[1] != NULL) {
			T_EQ(l->got[1], l->sent[0]);
			T_EQ(l->got[0], l->sent[1]);
		}
		l->used = false;
		deaths++;
	}
}

static void
unpause(struct life *l, int who)
{
	if (!l->paused[who])
		return;
	l->paused[who] = false;
	if (!fake_is_closed(l->ch[who]))
		fake_set_paused(l->ch[who], false);
}

/* Everything on the way arrives. */
static void
calm(void)
{
	int i, n;

	fake_set_conn_full(ch_a, false);
	fake_set_conn_full(ch_b, false);
	for (i = 0; i < LIVES; i++)
		for (n = 0; n < 2; n++)
			if (lives[i].used)
				unpause(&lives[i], n);
	for (n = 0; n < 20; n++) {
		while (ch_step(ch_a, ch_b) || ch_step(ch_b, ch_a))
			answer();
		fake_advance(20);
		answer();
		settle();
	}
	for (i = 0; i < LIVES; i++)
		if (lives[i].used && !lives[i].no && !lives[i].aborted &&
		    lives[i].ch[1] != NULL) {
			t_row("channel %u", lives[i].number);
			T_EQ(lives[i].got[1], lives[i].sent[0]);
			T_EQ(lives[i].got[0], lives[i].sent[1]);
		}
	forget();
}

static void
act(void)
{
	struct life *l = &lives[ch_dice(LIVES)];
	int who = (int)ch_dice(2), n;

	switch (ch_dice(16)) {
	case 0:
		born(0, NULL);
		break;
	case 1:
		born(1, NULL);
		break;
	case 2:
		n = l->side == who ? 0 : 1;
		if (l->used && !l->no && l->ch[1] != NULL && !l->child &&
		    may_send(l, n) && fake_status(l->ch[0]) == 101)
			born(who, l);
		break;
	case 3:
		if (l->used && ch_dice(3) == 0)
			finish(l, who, ch_dice(4) == 0);
		break;
	case 4:
		if (l->used && l->ch[who] != NULL && !l->paused[who] &&
		    !fake_is_closed(l->ch[who])) {
			l->paused[who] = true;
			fake_set_paused(l->ch[who], true);
		}
		break;
	case 5:
		if (l->used)
			unpause(l, who);
		break;
	case 6:
		fake_set_conn_full(side(who), ch_dice(2) == 0);
		break;
	case 7:
		fake_advance(ch_dice(10));
		break;
	case 8:
	case 9:
	case 10:
	case 11:
		if (l->used)
			speak(l, who);
		break;
	default:
		ch_step(side(who), side(1 - who));
		answer();
		settle();
	}
}

static void
random_life(bool chunk)
{
	int i, round;

	memset(lives, 0, sizeof(lives));
	births = deaths = 0;
	for (round = 0; round < 100; round++) {
		ch_seed((uint64_t)round * 7919 + chunk);
		t_row("round %d", round);
		ch_pair(chunk);
		memset(lives, 0, sizeof(lives));
		for (i = 0; i < 1500; i++) {
			act();
			if (!ch_pair_is_alive())
				break;
		}
		calm();
		for (i = 0; i < LIVES; i++)
			if (lives[i].used && lives[i].parent == NULL) {
				finish(&lives[i], 0, false);
				finish(&lives[i], 1, false);
			}
		calm();
		T_EQ(fake_channels(ch_a), 1);
		T_EQ(fake_channels(ch_b), 1);
		T_EQ(fake_live_frames(), 0);
		T_EQ(fake_counter("channels", "protocol_errors"), 0);
		fake_finish();
	}
	T_TRUE(births > 2000);
	T_EQ(births, deaths);
}

static void
test_life(void)
{
	random_life(false);
}

static void
test_life_chunk(void)
{
	random_life(true);
}

T_MAIN({ "random life", test_life },
    { "random life in chunk mode", test_life_chunk })
