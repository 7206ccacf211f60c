/* SPDX-License-Identifier: Apache-2.0 */
/* One frame for many links with one other worker. */
#include <stdlib.h>

#include "conn.h"
#include "frame.h"
#include "link.h"
#include "linkparts.h"
#include "recycle.h"

/*
 * What one group has under way. Belongs to the sending worker, to which each
 * letter comes back.
 */
struct link_gauge {
	unsigned	 refs;		/* the group, and letters */
	struct hg_conn	*conn;		/* NULL: the group is gone */
	size_t		 under_way;
};

struct link_round {
	struct letter	 letter;
	struct worker	*from, *worker;
	struct link_gauge *gauge;
	size_t		 cost, size;	/* size: of this struct */
	struct hg_frame	*frame;
	size_t		 count;
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
	if (--gauge->refs == 0)
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

	if (round->gauge->conn != NULL)
		link_gauge_count(round->gauge, 0, round->cost);
	link_gauge_unref(round->gauge);
	recycle_put(round, round->size);
}

static void
link_round_open(struct letter *letter)
{
	struct link_round *round = list_entry(letter, struct link_round,
	    letter);
	struct hg_channel *ch;
	struct link *link;
	size_t i;
	int to;

	for (i = 0; i < round->count; i++) {
		link = round->links[i];
		to = link->end[0].worker == round->worker ? 0 : 1;
		if ((ch = link->end[to].channel) != NULL)
			channel_send(ch, frame_ref(round->frame));
		link_unref(link);
	}
	frame_unref(round->frame);
	round->letter.open = link_round_back;
	mailbox_post(&round->from->mailbox, &round->letter);
}

struct link_round *
link_round_new(struct link_gauge *gauge, struct worker *worker, size_t max,
    struct hg_frame *frame)
{
	struct link_round *round;
	size_t size = sizeof(*round) + max * sizeof(round->links[0]);

	if ((round = recycle_get(size)) == NULL) {
		frame_unref(frame);
		return (NULL);
	}
	round->letter.open = link_round_open;
	round->from = worker_self();
	round->worker = worker;
	round->gauge = gauge;
	round->cost = frame->len + size;
	round->size = size;
	round->frame = frame;
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
