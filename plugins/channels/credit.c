/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credit, both ways. Counts are absolute: charged bytes since the creation.
 *
 * A channel's credit is given when what came was passed on: at once when half
 * the window is used; otherwise, when nothing is stored any more, from a list
 * that is worked off slowly, as a peer may count our control messages too.
 * Either way the peer gets the whole window in the end, which a message as
 * long as the window needs. Where messages are cut and half the window lets the
 * longest piece in, nobody needs that, and the list is empty. The connection's
 * credit is given as soon as a message is stored or dropped.
 */
#include "channels.h"

#define IDLE_PACE	20	/* ms between two turns of the idle list */
#define IDLE_BATCH	2	/* channels in a turn */

/* A message's bytes have come. False: more than was granted. */
bool
channels_receive(struct chan *c, size_t charge)
{
	c->received += charge;
	return (c->received <= c->granted);
}

static void
give(struct chan *c)
{
	struct control_line line;

	c->granted = c->consumed + c->mux->window;
	control_begin(&line, CONTROL_CREDIT);
	control_put_id(&line, c->id);
	control_put_number(&line, CONTROL_BYTES, c->granted);
	channels_emit(c->mux, &line, NULL, 0);
}

static void
give_conn(struct mux *mux)
{
	struct control_line line;

	mux->credit_due = false;
	mux->granted = mux->received + mux->conn_window;
	control_begin(&line, CONTROL_CREDIT);
	control_put_id(&line, CHANNELS_CONTROL);
	control_put_number(&line, CONTROL_BYTES, mux->granted);
	channels_emit(mux, &line, NULL, 0);
}

void
channels_credit_forget(struct chan *c)
{
	if (c->on_due)
		TAILQ_REMOVE(&c->mux->due, c, due);
	if (c->on_idle)
		TAILQ_REMOVE(&c->mux->idle, c, due);
	c->on_due = c->on_idle = false;
}

static void
make_due(struct chan *c)
{
	channels_credit_forget(c);
	TAILQ_INSERT_TAIL(&c->mux->due, c, due);
	c->on_due = true;
}

static void start_idle(struct mux *);

static void
idle_turn(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;
	struct chan *c;
	int i;

	(void)slot;
	channels_enter(mux);
	mux->idle_timer = NULL;
	mux->idle_at = hg->now();
	for (i = 0; i < IDLE_BATCH; i++)
		if ((c = TAILQ_FIRST(&mux->idle)) != NULL)
			make_due(c);
	start_idle(mux);
	channels_leave(mux);
}

static void
start_idle(struct mux *mux)
{
	uint64_t since;

	if (mux->idle_timer != NULL || TAILQ_EMPTY(&mux->idle))
		return;
	since = hg->now() - mux->idle_at;
	mux->idle_timer = hg->timer_start(mux->slot,
	    since >= IDLE_PACE ? 1 : IDLE_PACE - since, idle_turn);
	if (mux->idle_timer == NULL)
		channels_no_memory(mux);
}

static bool
needs_whole_window(const struct mux *mux)
{
	return (mux->chunk == 0 ||
	    mux->chunk + CHANNELS_CHARGE > mux->window / 2);
}

/* All that was received on it has been passed on. */
void
channels_consumed(struct chan *c)
{
	uint64_t used;

	c->consumed = c->received;
	if (c->gone || c->recv_end || !c->granting)
		return;
	used = c->consumed + c->mux->window - c->granted;
	if (used == 0)
		return;
	if (used >= c->mux->window / 2) {
		if (!c->on_due)
			make_due(c);
	} else if (!c->on_due && !c->on_idle &&
	    needs_whole_window(c->mux)) {
		TAILQ_INSERT_TAIL(&c->mux->idle, c, due);
		c->on_idle = true;
		start_idle(c->mux);
	}
}

/* A message of any channel is in its store, or was dropped. */
void
channels_conn_received(struct mux *mux)
{
	uint64_t given = mux->received + mux->conn_window - mux->granted;

	if (given >= mux->conn_window / 2)
		mux->credit_due = true;
}

/* Ahead of all data; not while the socket is full, as only the last matters. */
void
channels_credit_flush(struct mux *mux)
{
	struct chan *c;

	if (mux->credit_due && !hg->conn_full(mux->conn))
		give_conn(mux);
	while ((c = TAILQ_FIRST(&mux->due)) != NULL &&
	    !hg->conn_full(mux->conn)) {
		channels_credit_forget(c);
		if (!c->stored)
			give(c);
	}
}

static void
conn_credit(struct mux *mux, uint64_t bytes)
{
	struct chan *c;

	if (bytes <= mux->limit)
		return;
	mux->limit = bytes;
	while ((c = TAILQ_FIRST(&mux->starved)) != NULL) {
		channels_deactivate(c);
		channels_activate(c);
		c->is_next = true;
	}
}

enum hg_verdict
channels_got_credit(struct mux *mux, const struct control *m)
{
	uint64_t bytes = m->number[CONTROL_BYTES];
	struct chan *c;

	if (m->id == CHANNELS_CONTROL) {
		conn_credit(mux, bytes);
		return (HG_DROP);
	}
	if ((c = channels_find(mux, m->id)) == NULL) {
		if (table_was_alive(&mux->table, m->id))
			return (HG_DROP);
		return (channels_wrong(mux, NULL, "credit-for-unknown"));
	}
	if (bytes > c->limit) {
		c->limit = bytes;
		channels_activate(c);
	}
	return (HG_DROP);
}
