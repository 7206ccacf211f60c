/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer that is not one of us and sends many control messages is read more
 * slowly: what it sends waits here, in order, until its rate over ten seconds
 * is what it may be. What waits is bounded.
 */

#include "channels.h"

#define SPAN		10	/* seconds that the rate is measured over */
#define TICK		100	/* ms */
#define BYTES_EACH	256	/* allowed per allowed message */
#define FRAME_COST	128	/* beside its bytes */

static int64_t
rate_of(const struct mux *mux)
{
	return (mux->trunk ? 0 : mux->options->control_rate);
}

static void
refill(struct mux *mux)
{
	struct rate *rate = &mux->rate;
	int64_t each = rate_of(mux), messages;
	uint64_t now = hg->now();

	if (rate->filled == 0) {
		rate->messages = each * SPAN;
		rate->bytes = each * SPAN * BYTES_EACH;
		rate->filled = now == 0 ? 1 : now;
		return;
	}
	messages = (int64_t)(now - rate->filled) * each / 1000;
	if (messages <= 0)
		return;
	rate->filled = now;
	rate->messages += messages;
	rate->bytes += messages * BYTES_EACH;
	if (rate->messages > each * SPAN)
		rate->messages = each * SPAN;
	if (rate->bytes > each * SPAN * BYTES_EACH)
		rate->bytes = each * SPAN * BYTES_EACH;
}

void
channels_rate_charge(struct mux *mux, size_t bytes)
{
	mux->rate.messages--;
	mux->rate.bytes -= (int64_t)bytes;
}

static bool
is_within(const struct rate *rate)
{
	return (rate->messages > 0 && rate->bytes > 0);
}

/* The oldest frame that waits. */
static enum hg_verdict
input_first(struct mux *mux)
{
	struct rate *rate = &mux->rate;
	struct item *item = TAILQ_FIRST(&rate->backlog);
	enum hg_verdict verdict;

	TAILQ_REMOVE(&rate->backlog, item, entry);
	rate->backlog_cost -= hg->frame_len(item->frame) + FRAME_COST;
	verdict = channels_input(mux, item->frame);
	channels_item_free(item);
	return (verdict);
}

static void start_timer(struct mux *);

static void
tick(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;

	(void)slot;
	channels_enter(mux);
	mux->rate.timer = NULL;
	refill(mux);
	while (!mux->failed && !TAILQ_EMPTY(&mux->rate.backlog) &&
	    is_within(&mux->rate))
		input_first(mux);
	if (!TAILQ_EMPTY(&mux->rate.backlog))
		start_timer(mux);
	channels_leave(mux);
}

static void
start_timer(struct mux *mux)
{
	if (mux->rate.timer != NULL || mux->failed)
		return;
	mux->rate.timer = hg->timer_start(mux->slot, TICK, tick);
	if (mux->rate.timer == NULL)
		channels_no_memory(mux);
}

static enum hg_verdict
wait(struct mux *mux, struct hg_frame *look)
{
	struct rate *rate = &mux->rate;
	struct item *item;

	if (TAILQ_EMPTY(&rate->backlog))
		channels_count(COUNT_SLOWED, 1);
	rate->backlog_cost += hg->frame_len(look) + FRAME_COST;
	if (rate->backlog_cost > mux->conn_window * 2)
		return (channels_policy(mux, "too many control messages"));
	if ((item = channels_item_new(NULL)) == NULL)
		return (channels_no_memory(mux));
	item->frame = hg->frame_ref(look);
	TAILQ_INSERT_TAIL(&rate->backlog, item, entry);
	start_timer(mux);
	return (mux->failed ? HG_FAIL : HG_DROP);
}

enum hg_verdict
channels_rate_input(struct mux *mux, struct hg_frame *look)
{
	struct rate *rate = &mux->rate;

	if (rate_of(mux) == 0)
		return (channels_input(mux, look));
	refill(mux);
	if (TAILQ_EMPTY(&rate->backlog) && is_within(rate))
		return (channels_input(mux, look));
	return (wait(mux, look));
}

/* Nothing more will come: what waits is taken in now. */
void
channels_rate_finish(struct mux *mux)
{
	while (!mux->failed && !TAILQ_EMPTY(&mux->rate.backlog))
		input_first(mux);
}

void
channels_rate_free(struct mux *mux)
{
	struct item *item;

	while ((item = TAILQ_FIRST(&mux->rate.backlog)) != NULL) {
		TAILQ_REMOVE(&mux->rate.backlog, item, entry);
		channels_item_free(item);
	}
}
