/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How channels end. A side's last word is its destroy or abort (or, for one
 * that it did not accept, refused); the id is free when both have passed.
 */
#include <string.h>

#include "merge.h"

/* A child of this side's making that is not about to end. */
static struct chan *
open_child(const struct chan *c)
{
	struct chan *child;

	TAILQ_FOREACH(child, &c->children, set->sibling)
		if (child->mine && !child->ending)
			return (child);
	return (NULL);
}

/* A carrier that has ended, but has yet to send what is its members', and its
 * last word, by which they know where they stand. */
static bool
is_handing_over(struct chan *c)
{
	const struct item *item = channels_queue_find(c, CONTROL_DESTROY);

	return (item != NULL && item->barrier->has_seq &&
	    item->barrier->carrier == NULL);
}

static void	tell_end(struct chan *, unsigned code, const char *reason);

/* False: some of them have to wait. */
static bool
fail_children(struct chan *c, unsigned code, const char *reason)
{
	struct chan *child, *next;
	bool all = true;

	for (child = TAILQ_FIRST(&c->children); child != NULL &&
	    !c->mux->failed; child = next) {
		next = TAILQ_NEXT(child, set->sibling);
		if (!child->mine || child->sent_end)
			continue;
		/* Who hears of it may hand its set over. */
		tell_end(child, code, reason);
		if (is_handing_over(child))
			all = false;
		else
			channels_fail(child, code, reason);
	}
	return (all);
}

/* Its last word waits for its children's. */
static void
abort_later(struct chan *c, unsigned code, const char *reason)
{
	struct barrier *b;

	c->dropping = true;
	channels_credit_forget(c);
	if (!c->mine)
		channels_answered(c);
	if (c->ending)
		return;
	c->ending = true;
	b = channels_barrier_new(channels_queue_cut(c) ? CONTROL_DESTROY :
	    CONTROL_ABORT, c);
	if (b == NULL)
		return;
	b->code = code;
	if (channels_barrier_set_text(b, reason, strnlen(reason,
	    CONTROL_REASON)) != 0 || channels_barrier_add(b, c) != 0)
		channels_barrier_free(b);
}

/* At once, and what is queued is thrown away. */
static void
abort_now(struct chan *c, enum control_verb verb, unsigned code,
    const char *reason)
{
	if (reason == NULL)
		reason = "";
	if (!fail_children(c, code, reason)) {
		abort_later(c, code, reason);
		return;
	}
	c->ending = c->dropping = true;
	if (c->mine)
		channels_leave_set(c);
	channels_sure(c);
	channels_group_leave(c);
	channels_queue_purge(c);
	channels_release_held(c);
	/* The peer's answer to a create of this side's may be on its way. */
	if (!c->mine)
		channels_answered(c);
	channels_credit_forget(c);
	if (c->mine && !c->create_sent)
		channels_free(c);	/* the peer never heard of it */
	else
		channels_emit_end(c, verb, code, reason);
}

/* A set whose flow is broken: nobody of it may miss a message silently. */
static void
fail_members(struct chan *c, unsigned code, const char *reason)
{
	struct chan *member;

	while (!c->mux->failed &&
	    ((member = TAILQ_FIRST(&c->set->members)) != NULL ||
	    (member = channels_rider(c)) != NULL)) {
		channels_leave_set(member);
		channels_fail(member, code, reason);
	}
}

static void
tell_end(struct chan *c, unsigned code, const char *reason)
{
	if (c->channel == NULL || c->told)
		return;
	c->told = true;
	hg->channel_ended(c->channel, code, reason);
}

void
channels_fail(struct chan *c, unsigned code, const char *reason)
{
	struct mux *mux = c->mux;

	if (c->gone || mux->failed)
		return;
	hg->log(mux->slot, HG_LOG_INFO, "channel 0x%04x: %s", c->id, reason);
	if (c->id == CHANNELS_ROOT) {
		mux->failed = true;
		hg->fail(mux->slot, code, "%s", reason);
		return;
	}
	fail_members(c, code, reason);
	c->dropping = true;
	if (!c->sent_end && !is_handing_over(c))
		abort_now(c, CONTROL_ABORT, code, reason);
	tell_end(c, code, reason);
}

/* Where the destroy stands in line besides its own queue: a member's behind
 * what its carrier still has for it, a carrier's ahead of what its members
 * send on their own from then on. */
static int
add_set(struct barrier *b, struct chan *c, struct chan *next)
{
	struct chan *member;

	if (c->mine && c->set->carrier != NULL && !c->copying) {
		b->has_seq = true;
		b->seq = c->set->carrier->set->flow;
		b->carrier = c->set->carrier;
		return (channels_barrier_add(b, c->set->carrier));
	}
	if (!c->mine || !channels_has_members(c))
		return (0);
	b->has_seq = true;
	b->seq = c->set->flow;
	if (next != NULL)
		return (channels_barrier_add(b, next));
	TAILQ_FOREACH(member, &c->set->members, set->fellow)
		if (!member->copying && channels_barrier_add(b, member) != 0)
			return (-1);
	return (0);
}

static void
dissolve(struct chan *c)
{
	struct chan *member;

	if (!c->mine)
		return;		/* its creator says when */
	channels_leave_set(c);
	while ((member = TAILQ_FIRST(&c->set->members)) != NULL) {
		channels_leave_set(member);
		channels_place_set(member, c->set->flow);
	}
}

int
channels_queue_destroy(struct chan *c, struct chan *next, unsigned code,
    const char *reason)
{
	struct barrier *b;

	if ((b = channels_barrier_new(CONTROL_DESTROY, c)) == NULL)
		return (-1);
	b->code = code;
	b->other = next;
	if (channels_barrier_set_text(b, reason, reason == NULL ? 0 :
	    strnlen(reason, CONTROL_REASON)) != 0 ||
	    add_set(b, c, next) != 0 || channels_barrier_add(b, c) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	c->ending = true;
	if (next == NULL)
		dissolve(c);
	return (c->mine ? channels_gate_add(c) : 0);
}

static void
end_children(struct chan *c)
{
	struct chan *child;

	while (!c->mux->failed && (child = open_child(c)) != NULL)
		channels_end(child, 1001, NULL, false);
}

/* The host sends no more. now: throw away what is queued; but a carrier's
 * queue belongs to its members too. */
void
channels_end(struct chan *c, unsigned code, const char *reason, bool now)
{
	if (c->gone || c->sent_end || c->refused)
		return;
	if (channels_rider(c) != NULL || is_handing_over(c))
		now = false;
	if (c->ending && !now)
		return;
	/* It gets no more of the flow, and so nothing behind the gap. */
	c->left = c->in_group;
	channels_group_leave(c);
	if (now || !channels_queue_cut(c)) {
		if (c->id == CHANNELS_ROOT)
			channels_fail(c, code, reason == NULL ? "" : reason);
		else
			abort_now(c, CONTROL_ABORT, code, reason);
		return;
	}
	end_children(c);
	channels_queue_destroy(c, NULL, code, reason);
}

static const char *
end_is_wrong(const struct chan *c, const struct control *m)
{
	const struct chan *child;

	if (!control_code_ok(m->number[CONTROL_CODE]))
		return ("bad-code");
	/* Half a message may be what an abort or a refusal left of it. */
	if (m->verb == CONTROL_DESTROY && c->in_open &&
	    (!c->dropping || c->set->group != NULL))
		return ("destroy-within-message");
	TAILQ_FOREACH(child, &c->children, set->sibling)
		if (!child->mine && !child->recv_end)
			return ("children-still-open");
	return (NULL);
}

/* What an abort does here; a carrier's queue is not its own. */
static void
got_abort(struct chan *c, unsigned code)
{
	if (c->sent_end || c->refused)
		return;
	if (channels_rider(c) != NULL || is_handing_over(c))
		return;
	abort_now(c, CONTROL_DESTROY, code, NULL);
}

/* A destroy or abort of the peer. */
enum hg_verdict
channels_got_end(struct chan *c, const struct control *m)
{
	unsigned code = (unsigned)m->number[CONTROL_CODE];
	char reason[CONTROL_REASON + 1];
	enum hg_verdict verdict;
	const char *error;

	if (c->recv_end) {
		if (m->verb == CONTROL_ABORT)
			got_abort(c, code);
		return (HG_DROP);
	}
	if ((error = end_is_wrong(c, m)) != NULL)
		return (channels_wrong(c->mux, c, error));
	verdict = channels_set_ends(c, m);
	if (verdict != HG_DROP)
		return (verdict);
	c->recv_end = true;
	c->in_open = false;
	/* A last word answers all. */
	if (c->mine)
		channels_answered(c);
	c->asking = false;
	channels_sure(c);
	channels_activate(c);
	control_decode(m, CONTROL_REASON_TEXT, reason, sizeof(reason));
	channels_credit_forget(c);
	if (!c->dropping)
		tell_end(c, code, reason);
	if (m->verb == CONTROL_ABORT)
		got_abort(c, code);
	channels_settle(c);
	return (HG_DROP);
}

/* --- the peer's last word does not come ----------------------------------- */

static void start_timer(struct mux *);

/* The id is never used again on this connection. */
static void
lose(struct chan *c)
{
	struct mux *mux = c->mux;
	struct hg_channel *channel = c->channel;

	hg->log(mux->slot, HG_LOG_WARN, "channel 0x%04x: the peer never ended "
	    "it", c->id);
	channels_count(COUNT_LOST_IDS, 1);
	channels_detach(c);
	channels_lost(c);
	if (channel != NULL)
		hg->channel_free(channel);
	if (++mux->lost >= CHANNELS_LOST)
		channels_drain(mux);
}

static void
closing_turn(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;
	struct chan *c;

	(void)slot;
	channels_enter(mux);
	mux->closing_timer = NULL;
	while ((c = TAILQ_FIRST(&mux->closing)) != NULL &&
	    c->deadline <= hg->now()) {
		if (c->stored)
			channels_closing_touch(c);
		else
			lose(c);
	}
	start_timer(mux);
	channels_leave(mux);
}

static void
start_timer(struct mux *mux)
{
	uint64_t now = hg->now();
	struct chan *c;

	if (mux->closing_timer != NULL || mux->failed ||
	    (c = TAILQ_FIRST(&mux->closing)) == NULL)
		return;
	mux->closing_timer = hg->timer_start(mux->slot,
	    c->deadline > now ? c->deadline - now : 1, closing_turn);
	if (mux->closing_timer == NULL)
		channels_no_memory(mux);
}

void
channels_closing_remove(struct chan *c)
{
	if (c->on_closing)
		TAILQ_REMOVE(&c->mux->closing, c, stage);
	c->on_closing = false;
}

/* It has all the time again: its last word is out, or the peer still sends. */
void
channels_closing_touch(struct chan *c)
{
	channels_closing_remove(c);
	c->deadline = hg->now() + CHANNELS_LAST_WORD;
	channels_forget_create(c);
	TAILQ_INSERT_TAIL(&c->mux->closing, c, stage);
	c->on_closing = true;
	start_timer(c->mux);
}
