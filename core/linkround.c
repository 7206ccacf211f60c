/* SPDX-License-Identifier: Apache-2.0 */
/* Some frames, each for many links with one other worker. */
#include <stdlib.h>

#include "conn.h"
#include "frame.h"
#include "link.h"
#include "linkparts.h"

/*
 * What one group has under way. Belongs to the sending worker, to which each
 * letter comes back.
 */
struct link_gauge {
	unsigned	 refs;		/* the group, and letters */
	struct hg_conn	*conn;		/* NULL: the group is gone */
	size_t		 under_way;
	struct link_round *spare;	/* the last one that came back */
};

struct link_round {
	struct letter	 letter;
	struct worker	*from, *worker;
	struct link_gauge *gauge;
	size_t		 cost;
	struct hg_frame	*frames[LINK_TOGETHER];
	unsigned	 frame_count;
	size_t		 count, max;
	struct link	*links[];
};

struct link_gauge *
link_gauge_new(struct hg_conn *conn)
{
	struct link_gauge *gauge;

	if ((gauge = calloc(1, sizeof(*gauge))) == NULL)
		return (NULL);
	gauge->refs = 1;
	gauge->conn = conn;
	return (gauge);
}

static void
link_gauge_unref(struct link_gauge *gauge)
{
	if (--gauge->refs > 0)
		return;
	free(gauge->spare);
	free(gauge);
}

/* What all groups of a connection have under way stops it. */
static void
link_gauge_count(struct link_gauge *gauge, size_t more, size_t less)
{
	struct hg_conn *conn = gauge->conn;
	bool stop;

	gauge->under_way += more - less;
	conn->rounds += more - less;
	stop = conn->rounds >= (conn->rounds_stop ? LINK_ROUNDS / 2 :
	    LINK_ROUNDS);
	if (stop == conn->rounds_stop)
		return;
	conn->rounds_stop = stop;
	conn_pause(conn, stop);
}

void
link_gauge_close(struct link_gauge *gauge)
{
	link_gauge_count(gauge, 0, gauge->under_way);
	gauge->conn = NULL;
	link_gauge_unref(gauge);
}

/* Back at the sending worker. */
static void
link_round_back(struct letter *letter)
{
	struct link_round *round = list_entry(letter, struct link_round,
	    letter);

	struct link_gauge *gauge = round->gauge;

	if (gauge->conn != NULL)
		link_gauge_count(gauge, 0, round->cost);
	free(gauge->spare);
	gauge->spare = round;
	link_gauge_unref(gauge);
}

/*
 * A frame's references are counted for each who gets it; two workers that do so
 * at the same time would be in each other's way.
 */
static void
link_round_make_own(struct link_round *round)
{
	struct hg_frame *own;
	unsigned i;

	for (i = 0; i < round->frame_count; i++) {
		if ((own = frame_twin(round->frames[i])) == NULL)
			continue;
		frame_unref(round->frames[i]);
		round->frames[i] = own;
	}
}

/* All to one, then to the next, who may go at any of them. */
static void
link_round_give(struct link_round *round, struct link *link)
{
	int to = link->end[0].worker == round->worker ? 0 : 1;
	struct hg_channel *ch;
	unsigned i;

	for (i = 0; i < round->frame_count; i++)
		if ((ch = link->end[to].channel) != NULL)
			channel_send(ch, frame_ref(round->frames[i]));
}

static void
link_round_open(struct letter *letter)
{
	struct link_round *round = list_entry(letter, struct link_round,
	    letter);
	size_t i;

	link_round_make_own(round);
	for (i = 0; i < round->count; i++) {
		link_round_give(round, round->links[i]);
		link_unref(round->links[i]);
	}
	for (i = 0; i < round->frame_count; i++)
		frame_unref(round->frames[i]);
	round->letter.open = link_round_back;
	mailbox_post(&round->from->mailbox, &round->letter);
}

/* Mostly as large as the last one. */
static struct link_round *
link_round_get(struct link_gauge *gauge, size_t max)
{
	struct link_round *round = gauge->spare;

	gauge->spare = NULL;
	if (round != NULL && round->max >= max && round->max / 2 <= max)
		return (round);
	free(round);
	round = malloc(sizeof(*round) + max * sizeof(round->links[0]));
	if (round != NULL)
		round->max = max;
	return (round);
}

struct link_round *
link_round_new(struct link_gauge *gauge, struct worker *worker, size_t max,
    struct hg_frame *const *frames, unsigned count)
{
	struct link_round *round;
	unsigned i;

	if ((round = link_round_get(gauge, max)) == NULL)
		return (NULL);
	round->letter.open = link_round_open;
	round->from = worker_self();
	round->worker = worker;
	round->gauge = gauge;
	round->cost = sizeof(*round) + max * sizeof(round->links[0]);
	for (i = 0; i < count; i++) {
		round->frames[i] = frame_ref(frames[i]);
		round->cost += frames[i]->len;
	}
	round->frame_count = count;
	round->count = 0;
	return (round);
}

void
link_round_add(struct link_round *round, struct hg_channel *ch)
{
	if (ch->link != NULL)
		round->links[round->count++] = link_ref(ch->link);
}

void
link_round_post(struct link_round *round)
{
	struct link_gauge *gauge = round->gauge;

	gauge->refs++;
	link_gauge_count(gauge, round->cost, 0);
	mailbox_post(&round->worker->mailbox, &round->letter);
}
