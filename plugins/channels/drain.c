/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection whose ids are used up by a peer that does not end its channels
 * is drained: no new channels, please; after a while that a round trip takes,
 * none any more; then the channels end, spread over drain-time; then the
 * connection.
 */
#include "channels.h"

#define ROUND_TRIP	1000	/* ms, generously */
#define PACE		1000	/* ms between two batches */

static void
say(struct mux *mux, unsigned odd, unsigned even)
{
	struct control_line line;

	control_begin(&line, CONTROL_DRAIN);
	control_put_param_id(&line, CONTROL_ODD, odd);
	control_put_param_id(&line, CONTROL_EVEN, even);
	channels_emit(mux, &line, NULL, 0);
}

/* Others end with their parents. */
static bool
is_candidate(const struct chan *c)
{
	return ((c->parent == NULL || c->parent->id == CHANNELS_ROOT) &&
	    c->id != CHANNELS_ROOT && !c->ending && !c->refused && !c->lost);
}

/* As many as it takes to be done in time. */
static void
end_some(struct mux *mux)
{
	uint64_t now = hg->now(), batches, count;
	struct chan *c, *next;

	count = 0;
	TAILQ_FOREACH(c, &mux->chans, all)
		count += is_candidate(c);
	batches = 1;
	if (mux->drain_until > now)
		batches += (mux->drain_until - now) / PACE;
	count = (count + batches - 1) / batches;
	for (c = TAILQ_FIRST(&mux->chans); c != NULL && count > 0; c = next) {
		next = TAILQ_NEXT(c, all);
		if (!is_candidate(c))
			continue;
		channels_end(c, 1012, "draining", false);
		count--;
		/* Its children may have gone with it. */
		next = TAILQ_FIRST(&mux->chans);
	}
}

static void
turn(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;

	channels_enter(mux);
	mux->drain_timer = NULL;
	if (!mux->refusing)
		say(mux, mux->initiator ? mux->last_mine : mux->last_theirs,
		    mux->initiator ? mux->last_theirs : mux->last_mine);
	mux->refusing = true;
	end_some(mux);
	if (mux->mine + mux->theirs == 0 && !mux->failed) {
		mux->failed = true;
		hg->fail(slot, 1001, "drained");
	}
	if (!mux->failed) {
		mux->drain_timer = hg->timer_start(slot, PACE, turn);
		if (mux->drain_timer == NULL)
			channels_no_memory(mux);
	}
	channels_leave(mux);
}

void
channels_drain(struct mux *mux)
{
	if (mux->draining || mux->failed)
		return;
	hg->log(mux->slot, HG_LOG_WARN, "too few ids are left: draining");
	mux->draining = true;
	mux->drain_until = hg->now() + ROUND_TRIP +
	    (uint64_t)mux->options->drain_time;
	say(mux, CHANNELS_CONTROL, CHANNELS_CONTROL);
	mux->drain_timer = hg->timer_start(mux->slot, ROUND_TRIP, turn);
	if (mux->drain_timer == NULL)
		channels_no_memory(mux);
}

/* The peer answers the creates above its ids with refused by itself. */
enum hg_verdict
channels_got_drain(struct mux *mux, const struct control *m)
{
	(void)m;
	if (!mux->no_creates)
		hg->log(mux->slot, HG_LOG_INFO, "the peer is draining");
	mux->no_creates = true;
	return (HG_DROP);
}
