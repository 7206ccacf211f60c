/* SPDX-License-Identifier: Apache-2.0 */
/* Merged sets as their creator sees them: see merge.h. */
#include "merge.h"

bool
channels_has_members(const struct chan *carrier)
{
	const struct chan *member;

	TAILQ_FOREACH(member, &carrier->set->members, set->fellow)
		if (!member->copying)
			return (true);
	return (false);
}

/* Somebody whose place in the flow is, or begins or ends, in what this channel
 * has yet to send. NULL: nobody. */
struct chan *
channels_rider(const struct chan *c)
{
	const struct item *item;

	if (!c->mine)
		return (NULL);
	if (!TAILQ_EMPTY(&c->set->members))
		return (TAILQ_FIRST(&c->set->members));
	TAILQ_FOREACH(item, &c->out->queue, entry)
		if (item->barrier != NULL && item->barrier->carrier == c)
			return (item->barrier->chan);
	return (NULL);
}

/* A channel of this side's that is fully there, and not amid a message. */
static bool
is_ready(const struct chan *c)
{
	return (!c->gone && c->mine && c->child && c->opened && !c->ending &&
	    !c->recv_end && !c->out_open && !c->mux->failed);
}

/* Whether a request about it is in line or unanswered. */
static bool
is_busy(struct chan *c)
{
	return (c->asking ||
	    channels_queue_find(c, CONTROL_MERGE) != NULL ||
	    channels_queue_find(c, CONTROL_UNMERGE) != NULL ||
	    channels_queue_find(c, CONTROL_MIGRATE) != NULL);
}

/* Whether the credit at hand covers all that is queued. A merge waits for it
 * and the carrier with it, so a slow member must not begin one. */
static bool
can_drain(const struct chan *c)
{
	const struct item *item;
	uint64_t need;
	size_t len;

	need = 0;
	TAILQ_FOREACH(item, &c->out->queue, entry) {
		if (item->frame == NULL)
			continue;
		len = hg->frame_len(item->frame) - item->offset;
		need += len + CHANNELS_CHARGE;
		if (c->mux->chunk != 0)
			need += len / c->mux->peer_chunk * CHANNELS_CHARGE;
	}
	return (c->sent + need <= c->limit);
}

/* Queues a request about a member behind its carrier's data and its own. */
static int
request(enum control_verb verb, struct chan *member, struct chan *carrier,
    uint64_t seq)
{
	struct barrier *b;

	if ((b = channels_barrier_new(verb, member)) == NULL)
		return (-1);
	b->other = b->carrier = carrier;
	b->has_seq = true;
	b->seq = seq;
	if (channels_barrier_add(b, member) != 0 ||
	    channels_barrier_add(b, carrier) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	return (0);
}

int
channels_merge(struct chan *member, struct chan *carrier, uint64_t seq)
{
	if (member == carrier || member->mux != carrier->mux ||
	    !is_ready(member) || !is_ready(carrier) || is_busy(member))
		return (-1);
	if (member->set->carrier != NULL || carrier->set->carrier != NULL ||
	    !TAILQ_EMPTY(&member->set->members))
		return (-1);
	if (!channels_same_flow(member, carrier) || !can_drain(member) ||
	    (carrier->flow_known && carrier->set->flow != seq))
		return (-1);
	if (request(CONTROL_MERGE, member, carrier, seq) != 0)
		return (-1);
	carrier->flow_known = true;
	carrier->set->flow = member->set->joined = seq;
	member->flow_known = false;
	channels_place_set(carrier, seq);
	channels_place_forget(member);
	member->set->carrier = member->set->logger = carrier;
	TAILQ_INSERT_TAIL(&carrier->set->members, member, set->fellow);
	TAILQ_INSERT_TAIL(&carrier->set->unsures, member, set->unsure);
	return (0);
}

int
channels_unmerge(struct chan *member, uint64_t seq)
{
	struct chan *carrier = member->set->carrier;

	if (member->gone || !member->mine || carrier == NULL ||
	    carrier->set->flow != seq || carrier->out_open)
		return (-1);
	if (!member->copying &&
	    request(CONTROL_UNMERGE, member, carrier, seq) != 0)
		return (-1);
	channels_leave_set(member);
	return (0);
}

/* All but next receive next's messages now. */
static void
move_members(struct chan *carrier, struct chan *next)
{
	struct chan *member;

	channels_leave_set(next);
	while ((member = TAILQ_FIRST(&carrier->set->members)) != NULL) {
		TAILQ_REMOVE(&carrier->set->members, member, set->fellow);
		TAILQ_INSERT_TAIL(&next->set->members, member, set->fellow);
		member->set->carrier = next;
		if (!member->copying)
			continue;
		TAILQ_REMOVE(&carrier->set->copies, member, set->copied);
		TAILQ_INSERT_TAIL(&next->set->copies, member, set->copied);
	}
	next->flow_known = true;
	next->set->flow = carrier->set->flow;
	channels_place_set(next, carrier->set->flow);
}

int
channels_handover(struct chan *carrier, struct chan *next, uint64_t seq)
{
	if (carrier->gone || !carrier->mine || carrier->ending ||
	    carrier->out_open || !carrier->flow_known || carrier->set->flow != seq)
		return (-1);
	if (next == NULL)
		return (channels_queue_destroy(carrier, NULL, 1000, NULL));
	if (next->set->carrier != carrier || next->copying || !is_ready(next) ||
	    is_busy(next) || !TAILQ_EMPTY(&carrier->set->unsures))
		return (-1);
	if (channels_queue_destroy(carrier, next, 1000, NULL) != 0)
		return (-1);
	move_members(carrier, next);
	return (0);
}

enum hg_verdict
channels_got_merged(struct chan *c)
{
	if (!c->mine || !c->asking || c->asking_verb != CONTROL_MERGE)
		return (channels_wrong(c->mux, c, "answer-without-merge"));
	c->asking = false;
	channels_count(COUNT_MERGES, 1);
	channels_sure(c);
	channels_activate(c);
	return (HG_DROP);
}

enum hg_verdict
channels_got_unmerged(struct chan *c)
{
	if (!c->mine || !c->asking || c->asking_verb != CONTROL_UNMERGE)
		return (channels_wrong(c->mux, c, "answer-without-unmerge"));
	c->asking = false;
	channels_count(COUNT_UNMERGES, 1);
	channels_activate(c);
	return (HG_DROP);
}

/* The peer asks for the member's own copy: the flow is copied to it from here
 * on, and nobody above needs to know. */
enum hg_verdict
channels_got_beg(struct chan *c)
{
	struct chan *carrier = c->set->carrier;

	if (!c->mine)
		return (channels_wrong(c->mux, c, "unmerge-of-own"));
	if (carrier == NULL || c->copying || carrier->out_open ||
	    channels_queue_find(c, CONTROL_UNMERGE) != NULL)
		return (HG_DROP);
	if (request(CONTROL_UNMERGE, c, carrier, carrier->set->flow) != 0)
		return (HG_FAIL);
	channels_copy_begin(c);
	channels_say_place(c, true, carrier->set->flow);
	return (HG_DROP);
}
