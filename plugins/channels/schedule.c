/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who sends next: deficit round robin by bytes over the channels whose front
 * entry can go. A channel without credit of its own is off the list until
 * credit comes; those that wait for the connection's credit stand in a second
 * list, first come first served, so that small messages cannot keep a long one
 * waiting for ever.
 */
#include "channels.h"

void
channels_activate(struct chan *c)
{
	if (c->gone || c->on_active || c->on_starved ||
	    TAILQ_EMPTY(&c->out->queue))
		return;
	TAILQ_INSERT_TAIL(&c->mux->active, c, out->turn);
	c->on_active = true;
	c->in_turn = false;
	c->out->deficit = 0;
}

void
channels_deactivate(struct chan *c)
{
	if (c->on_active)
		TAILQ_REMOVE(&c->mux->active, c, out->turn);
	if (c->on_starved)
		TAILQ_REMOVE(&c->mux->starved, c, out->turn);
	c->on_active = c->on_starved = false;
}

static void
starve(struct chan *c)
{
	channels_deactivate(c);
	TAILQ_INSERT_TAIL(&c->mux->starved, c, out->turn);
	c->on_starved = true;
}

static void
stall(struct chan *c)
{
	if (!c->stalled)
		channels_count(COUNT_CREDIT_STALLS, 1);
	c->stalled = true;
}

static void
turn_is_over(struct chan *c)
{
	struct mux *mux = c->mux;

	TAILQ_REMOVE(&mux->active, c, out->turn);
	TAILQ_INSERT_TAIL(&mux->active, c, out->turn);
	c->in_turn = false;
}

/* The front entry of the first channel of the list. False: not now. */
static bool
serve_barrier(struct item *item)
{
	struct barrier *b = item->barrier;

	if (!item->reached) {
		item->reached = true;
		b->waits--;
	}
	if (b->waits != 0 || !channels_barrier_ready(b)) {
		channels_deactivate(item->chan);
		return (false);
	}
	channels_barrier_emit(b);
	return (true);
}

static bool
serve_gate(struct item *item)
{
	struct chan *c = item->chan;

	if (item->behind != NULL) {
		channels_deactivate(c);
		return (false);
	}
	TAILQ_REMOVE(&c->out->queue, item, entry);
	channels_queue_uncount(c, item);
	channels_item_free(item);
	return (true);
}

static bool
serve_frame(struct item *item)
{
	struct chan *c = item->chan;
	bool starved;
	size_t charge;

	starved = false;
	if (c->mux->chunk == 0 && !channels_may_send_text(c)) {
		channels_deactivate(c);
		return (false);
	}
	if ((charge = channels_piece(c, item, &starved)) == 0) {
		stall(c);
		if (starved)
			starve(c);
		else
			channels_deactivate(c);
		return (false);
	}
	if (c->is_next && c->out->deficit < charge)
		c->out->deficit = charge;
	if (c->out->deficit < charge) {
		turn_is_over(c);
		return (false);
	}
	c->is_next = false;
	c->out->deficit -= charge;
	c->stalled = false;
	return (channels_send_piece(c, item, charge) == 0);
}

/* As much of one channel as its turn allows. */
static void
serve(struct chan *c)
{
	struct mux *mux = c->mux;
	struct item *item;
	bool more;

	if (!c->in_turn) {
		c->in_turn = true;
		c->out->deficit += mux->chunk != 0 ? mux->peer_chunk +
		    CHANNELS_CHARGE : CHANNELS_QUANTUM;
	}
	more = true;
	while (more && !mux->failed && c->on_active &&
	    !hg->conn_full(mux->conn)) {
		if ((item = TAILQ_FIRST(&c->out->queue)) == NULL) {
			channels_deactivate(c);
			channels_out_done(c);
			return;
		}
		more = item->barrier != NULL ? serve_barrier(item) :
		    item->frame != NULL ? serve_frame(item) :
		    serve_gate(item);
	}
}

/* Sends until the connection is full or nothing can go. */
void
channels_pump(struct mux *mux)
{
	struct chan *c;

	if (mux->pumping)
		return;
	mux->pumping = true;
	if (!mux->failed)
		channels_credit_flush(mux);
	while (!mux->failed && (c = TAILQ_FIRST(&mux->active)) != NULL &&
	    !hg->conn_full(mux->conn))
		serve(c);
	mux->pumping = false;
}
