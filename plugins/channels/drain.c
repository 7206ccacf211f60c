/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection is drained when the daemon stops, and when its ids are used up
 * by a peer that does not end its channels: no new channels, please; after a
 * while that a round trip takes, none any more; then the channels end, spread
 * over some time; then the connection.
 */
#include "channels.h"

#define LOST_IDS_TIME	120000	/* ms: nobody waits for the end */
#define ROUND_TRIP	1000	/* ms, generously */
#define PACE		1000	/* ms between two batches, at most */
#define PACE_MIN	10

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
	    c->id != CHANNELS_ROOT && !c->ending && !c->refused && !c->lost &&
	    !c->gone);
}

/* By way of the host, so that who fans out hands over first. */
static void
end_one(struct chan *c)
{
	if (c->channel != NULL)
		hg->channel_end(c->channel, 1012, "draining");
	if (is_candidate(c))
		channels_end(c, 1012, "draining", false);
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
		batches += (mux->drain_until - now) / mux->drain_pace;
	count = (count + batches - 1) / batches;
	for (c = TAILQ_FIRST(&mux->chans); c != NULL && count > 0 &&
	    !mux->failed; c = next) {
		next = TAILQ_NEXT(c, all);
		if (!is_candidate(c))
			continue;
		end_one(c);
		count--;
		/* Its children may have gone with it. */
		next = TAILQ_FIRST(&mux->chans);
	}
}

void
channels_drained(struct mux *mux)
{
	if (!mux->refusing || mux->failed || mux->mine + mux->theirs > 0)
		return;
	mux->failed = true;
	hg->fail(mux->slot, 1001, "drained");
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
	if (!mux->patient)
		end_some(mux);
	if (!mux->failed && !mux->patient) {
		mux->drain_timer = hg->timer_start(slot, mux->drain_pace,
		    turn);
		if (mux->drain_timer == NULL)
			channels_no_memory(mux);
	}
	channels_leave(mux);
}

static void
begin(struct mux *mux, uint64_t round, uint64_t ms, uint64_t pace)
{
	mux->draining = true;
	mux->drain_until = hg->now() + round + ms;
	mux->drain_pace = pace;
	say(mux, CHANNELS_CONTROL, CHANNELS_CONTROL);
	mux->drain_timer = hg->timer_start(mux->slot, round, turn);
	if (mux->drain_timer == NULL)
		channels_no_memory(mux);
}

void
channels_drain(struct mux *mux)
{
	if (mux->draining || mux->failed)
		return;
	hg->log(mux->slot, HG_LOG_WARN, "too few ids are left: draining");
	begin(mux, ROUND_TRIP, LOST_IDS_TIME, PACE);
	if (!mux->failed)
		hg->conn_retire(mux->conn);
}

/*
 * A quarter of the time, at most, is for the round trip, and a quarter of the
 * rest for what the last ones still have to send. An initiator's channels end
 * when those do that they were made for.
 */
void
channels_stop(struct mux *mux, uint64_t ms)
{
	uint64_t round = ms / 4, pace = ms / 64;

	if (mux->failed)
		return;
	if (round > ROUND_TRIP)
		round = ROUND_TRIP;
	if (round == 0)
		round = 1;
	pace = pace > PACE ? PACE : pace < PACE_MIN ? PACE_MIN : pace;
	if (mux->draining) {
		mux->drain_until = hg->now() + ms / 2;
		mux->drain_pace = pace;
		return;
	}
	mux->patient = mux->initiator;
	if (mux->initiator && mux->mine + mux->theirs == 0) {
		mux->refusing = true;	/* it is done with the words */
		return;
	}
	begin(mux, round, (ms - ms / 4) * 3 / 4, pace);
}

/* The peer answers the creates above its ids with refused by itself. */
enum hg_verdict
channels_got_drain(struct mux *mux, const struct control *m)
{
	(void)m;
	if (mux->no_creates)
		return (HG_DROP);
	hg->log(mux->slot, HG_LOG_INFO, "the peer is draining");
	mux->no_creates = true;
	hg->conn_retire(mux->conn);
	return (HG_DROP);
}
