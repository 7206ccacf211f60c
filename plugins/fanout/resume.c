/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member that comes back behind a lost trunk. It joins as one that will be
 * resumed, so nothing is sent on its child until
 * the other side has named the place where it stands: what it gets then are the
 * flow's messages from there on, first those that are kept.
 *
 * Its own copies begin somewhere else, and where in the flow is to be found
 * out, as for each member that is new. Until then it is "fed": it is in a
 * group, but its cursor means nothing; the group gets on by the copies of
 * others. A fed member is not counted as merged, so when nobody is merged any
 * more its flow is lost for it, and it is told.
 */
#include <openssl/crypto.h>

#include <stdio.h>
#include <string.h>

#include "fanout.h"

/* Whether both texts are this flow's: what a peer says is only compared. */
static bool
is_named(const struct fanout_flow *flow, const char *id, const char *epoch)
{
	char own[9];

	snprintf(own, sizeof(own), "%08x", (unsigned)flow->epoch);
	return (strlen(id) == FANOUT_ID - 1 && strlen(epoch) == 8 &&
	    (CRYPTO_memcmp(id, flow->id, FANOUT_ID - 1) |
	    CRYPTO_memcmp(epoch, own, 8)) == 0);
}

static bool
is_kept(struct fanout_flow *flow, uint64_t seq)
{
	return ((flow->merged_count > 0 || flow->feed != NULL) &&
	    (!flow->has_broken || seq > flow->broken) &&
	    fanout_store_has(flow, seq));
}

static void
feed(struct hg_member *member)
{
	member->resume_by = 0;
	member->is_fed = true;
	member->flow->fed_count++;
	fanout_busy();
	/* What follows is told by the answer. */
	member->group->is_placed = true;
	fanout_store_feed(member->group);
	fanout_feed_in_step(member);
	fanout_group_ride(member->group);
	fanout_tick_start(fanout_worker());
	fanout_idle();
}

int
fanout_resume(struct hg_member *member, const char *id, const char *epoch,
    uint64_t seq, uint64_t *last)
{
	struct fanout_flow *flow = member->flow;

	if (flow == NULL || member->ending)
		return (-1);
	*last = flow->ring.head;
	if (member->resume_by == 0 || !is_named(flow, id, epoch) ||
	    !is_kept(flow, seq) || fanout_group_new(member, seq) != 0) {
		fanout_count(FANOUT_GAPS, 1);
		return (-1);
	}
	fanout_count(FANOUT_RESUMED, 1);
	feed(member);
	return (0);
}

/* --- where its copies are -------------------------------------------------- */

void
fanout_fed_in_step(struct hg_member *member, uint64_t seq)
{
	struct fanout_flow *flow = member->flow;

	/* Its copies are behind what the group has got. */
	if (seq > member->group->sent)
		return;
	member->is_fed = false;
	flow->fed_count--;
	flow->merged_count++;
	fanout_count(FANOUT_MERGED, 1);
	fanout_history_finish(&member->history);
	member->cursor = seq;
	member->marks = member->good = 0;
	member->late_at = 0;
	if (seq < flow->floor)
		flow->floor = seq;
}

/* Copies that are ahead of the flow are found when it has them too. */
static void
align(struct hg_member *member)
{
	struct fanout_flow *flow = member->flow;
	struct fanout_place_in_ring found;
	struct fanout_proof proof = {
		.verify = fanout_member_verify(member),
		.margin = flow->verify,
		.window = flow->window,
		.base = member->base,
	};

	if (flow->feed != NULL) {
		fanout_feed_in_step(member);
		return;
	}
	if (fanout_align(&flow->ring, &member->history, &proof, &found) ==
	    FANOUT_ALIGNED && found.ahead == 0)
		fanout_fed_in_step(member, found.seq);
}

void
fanout_fed_copy(struct hg_member *member, struct fanout_digest digest)
{
	fanout_history_push(&member->history, digest);
	if (member->is_fed)
		align(member);
}

void
fanout_fed_align(struct fanout_flow *flow)
{
	struct fanout_group *group, *next;
	struct hg_member *member;

	if (flow->fed_count == 0)
		return;
	for (group = TAILQ_FIRST(&flow->groups); group != NULL; group = next) {
		next = TAILQ_NEXT(group, entry);
		if (group->sent != flow->ring.head && !group->is_parked &&
		    group->carrier->is_fed && !group->carrier->ending) {
			fanout_store_feed(group);
			fanout_group_ride(group);
		}
	}
	TAILQ_FOREACH(member, &flow->members, entry)
		if (member->is_fed && !member->ending)
			align(member);
}

/* The other side never said where it stands. */
void
fanout_fed_tick(struct hg_member *member, uint64_t now)
{
	if (now >= member->resume_by)
		fanout_member_gap(member, "it was not resumed in time");
}

void
fanout_fed_lost(struct fanout_flow *flow)
{
	struct hg_member *member;

	TAILQ_FOREACH(member, &flow->members, entry)
		if (member->is_fed)
			fanout_member_gap(member, "nobody has the flow's "
			    "messages any more");
}
