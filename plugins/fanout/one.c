/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: of a flow's subscriptions at the broker only one stays, and
 * as many more as "standby" says. Who is merged can live without: what it
 * receives is what the copies of those that are awake bring. So the rule is that
 * somebody feeds as long as somebody rests:
 *
 *  - too many are awake: the newest is asked to pause. Its copies are followed
 *    until the broker has taken the subscription back;
 *  - too few: one that rests is asked to resume. Its copies feed from when it
 *    is known where they stand (learn.c);
 *  - the last one's subscriber goes: its subscription is kept until another
 *    feeds (part.c);
 *  - its subscription is lost: then messages may be missing, and all who lived
 *    on it are told, by their end (1012).
 *
 * Translators are asked between turns, so never from within a call of theirs.
 */
#include <string.h>

#include "fanout.h"

static struct fanout_members *
list_of(const struct hg_member *member)
{
	switch (member->state) {
	case FANOUT_AWAKE:
		return (&member->flow->awake);
	case FANOUT_RESTING:
		return (&member->flow->resting);
	case FANOUT_KEPT:
		return (&member->flow->kept);
	default:
		return (NULL);
	}
}

static void
count_in(const struct hg_member *member, int by)
{
	if (member->state == FANOUT_PAUSING)
		member->flow->pausing += (size_t)by;
	else if (member->state == FANOUT_WAKING ||
	    member->state == FANOUT_LEARNING)
		member->flow->waking += (size_t)by;
}

static void
unlist(struct hg_member *member)
{
	struct fanout_members *list = list_of(member);

	if (!member->listed)
		return;
	member->listed = false;
	if (list != NULL)
		TAILQ_REMOVE(list, member, source_entry);
	count_in(member, -1);
	if (member->held) {
		member->held = false;
		hg->channel_hold(member->parent, false);
	}
}

static void
enlist(struct hg_member *member)
{
	struct fanout_members *list = list_of(member);

	if (member->parting && member->state != FANOUT_KEPT)
		return;
	member->listed = true;
	if (list != NULL)
		TAILQ_INSERT_TAIL(list, member, source_entry);
	count_in(member, 1);
}

void
fanout_set_state(struct hg_member *member, enum fanout_source state)
{
	unlist(member);
	if (member->state == FANOUT_RESTING)
		fanout_count(FANOUT_RESTING_NOW, -1);
	member->state = state;
	member->state_at = hg->now();
	if (state == FANOUT_RESTING)
		fanout_count(FANOUT_RESTING_NOW, 1);
	enlist(member);
	fanout_unbalance(member->flow);
}

void
fanout_one_joined(struct hg_member *member)
{
	if (member->flow->one)
		fanout_set_state(member, FANOUT_AWAKE);
}

/* Out of its group; also out of the flow, perhaps. */
void
fanout_one_left(struct hg_member *member)
{
	struct fanout_flow *flow = member->flow;

	if (!flow->one)
		return;
	unlist(member);
	if (member->state == FANOUT_RESTING)
		fanout_count(FANOUT_RESTING_NOW, -1);
	member->state = FANOUT_AWAKE;
	if (flow->merged_count == 0)
		fanout_spend_all(flow);
	fanout_starve(flow);
	fanout_unbalance(flow);
}

bool
fanout_is_fed(const struct fanout_flow *flow, const struct hg_member *but)
{
	const struct hg_member *member;

	TAILQ_FOREACH(member, &flow->awake, source_entry)
		if (member != but)
			return (true);
	TAILQ_FOREACH(member, &flow->kept, source_entry)
		if (member != but && !member->spent)
			return (true);
	return (false);
}

bool
fanout_is_needed(const struct hg_member *member)
{
	const struct fanout_flow *flow = member->flow;

	if (flow == NULL || !flow->one || !member->listed ||
	    member->state != FANOUT_AWAKE || member->source == NULL ||
	    fanout_is_fed(flow, member))
		return (false);
	return (!TAILQ_EMPTY(&flow->resting) || flow->pausing > 0 ||
	    flow->waking > 0);
}

void
fanout_starve(struct fanout_flow *flow)
{
	struct hg_member *member;
	char shown[256];
	size_t told;

	if (!flow->one || fanout_is_fed(flow, NULL))
		return;
	told = 0;
	fanout_busy();
	TAILQ_FOREACH(member, &flow->members, entry) {
		if (member->group == NULL || member->state == FANOUT_AWAKE ||
		    member->ending)
			continue;
		told++;
		fanout_member_abandon_by(member, 1012,
		    "messages may be missing: the subscription that all lived "
		    "on was lost");
	}
	if (told > 0) {
		fanout_count(FANOUT_GAPS, (int64_t)told);
		hg->log(NULL, HG_LOG_WARN, "fanout: %s: the only subscription "
		    "was lost: %zu members are closed",
		    hg->quote(shown, sizeof(shown), flow->destination,
		    strlen(flow->destination)), told);
	}
	fanout_idle();
}

/* --- what translators are asked ------------------------------------------- */

static void
balance_posted(void *arg)
{
	struct fanout_worker *worker = fanout_worker();

	(void)arg;
	worker->posted = false;
	if (!worker->stopping)
		fanout_balance(worker);
}

/* Without memory for a post the next tick does it. */
void
fanout_unbalance(struct fanout_flow *flow)
{
	struct fanout_worker *worker = fanout_worker();

	if (!flow->one || worker->stopping)
		return;
	if (!flow->unbalanced) {
		flow->unbalanced = true;
		TAILQ_INSERT_TAIL(&worker->unbalanced, flow, unbalanced_entry);
	}
	if (!worker->posted)
		worker->posted = hg->post(hg->worker_index(), balance_posted,
		    NULL) == 0;
	fanout_tick_start(worker);
}

/* One whose copies nobody needs: they are somebody else's now, too. */
static bool
release_kept(struct fanout_flow *flow, size_t awake)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &flow->kept, source_entry) {
		if (member->released || (!member->spent && awake == 0))
			continue;
		member->released = member->spent = true;
		member->source->release(member->source_arg);
		return (true);
	}
	return (false);
}

/* Who has been asked to be checked first, then the newest. */
static struct hg_member *
pick_to_pause(const struct fanout_flow *flow)
{
	struct hg_member *member, *picked;

	picked = NULL;
	TAILQ_FOREACH(member, &flow->awake, source_entry) {
		if (member->source == NULL || !member->group->following ||
		    member->ending)
			continue;
		if (picked == NULL || !picked->rotate)
			picked = member;
	}
	return (picked);
}

static bool
pause_one(struct fanout_flow *flow, size_t awake)
{
	struct hg_member *member;

	if (awake <= 1 + flow->standby ||
	    (member = pick_to_pause(flow)) == NULL)
		return (false);
	member->rotate = false;
	fanout_set_state(member, FANOUT_PAUSING);
	member->source->pause(member->source_arg);
	return (true);
}

static bool
wake_one(struct fanout_flow *flow, size_t good)
{
	struct hg_member *member;

	if (good + flow->waking >= 1 + flow->standby)
		return (false);
	TAILQ_FOREACH(member, &flow->resting, source_entry)
		if (!member->ending && !member->checking)
			break;
	if (member == NULL)
		return (false);
	fanout_set_state(member, FANOUT_WAKING);
	member->base = flow->ring.head;
	member->source->resume(member->source_arg);
	return (true);
}

/* Asks one thing of one translator; false: nothing is to be asked. Who cannot
 * rest feeds too, but cannot be kept: it is not counted. */
static bool
balance_step(struct fanout_flow *flow)
{
	struct hg_member *member;
	size_t awake, good;

	awake = good = 0;
	TAILQ_FOREACH(member, &flow->awake, source_entry) {
		if (member->source == NULL)
			continue;
		awake++;
		if (!member->rotate)
			good++;
	}
	return (release_kept(flow, awake) || pause_one(flow, awake) ||
	    wake_one(flow, good) || fanout_check_one(flow));
}

/* The flow may be gone after a step, and is in the list while it is not. */
void
fanout_balance(struct fanout_worker *worker)
{
	struct fanout_flow *flow;

	while ((flow = TAILQ_FIRST(&worker->unbalanced)) != NULL) {
		if (balance_step(flow))
			continue;
		TAILQ_REMOVE(&worker->unbalanced, flow, unbalanced_entry);
		flow->unbalanced = false;
	}
}

/* --- what translators say -------------------------------------------------- */

bool
fanout_set_source(struct hg_member *member, const struct hg_source *source,
    void *arg)
{
	if (member->flow == NULL || !member->flow->one ||
	    source->size < sizeof(*source))
		return (false);
	member->source = source;
	member->source_arg = arg;
	fanout_check_later(member);
	fanout_unbalance(member->flow);
	return (true);
}

void
fanout_paused(struct hg_member *member)
{
	if (member->flow != NULL && member->state == FANOUT_PAUSING)
		fanout_set_state(member, FANOUT_RESTING);
}

void
fanout_resumed(struct hg_member *member)
{
	if (member->flow == NULL || member->state != FANOUT_WAKING)
		return;
	fanout_check_later(member);
	fanout_learn_begin(member);
}

void
fanout_checked(struct hg_member *member)
{
	if (!member->checking)
		return;
	member->checking = false;
	fanout_worker()->checks--;
	if (member->flow == NULL)
		return;
	fanout_check_later(member);
	fanout_unbalance(member->flow);
}
