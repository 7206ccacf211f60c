/* SPDX-License-Identifier: Apache-2.0 */
/* Merged sets as their receiver sees them: see merge.h. */
#include <string.h>

#include "merge.h"

static enum hg_verdict
answer(struct chan *c, enum control_verb verb, enum control_verb what,
    const char *reason)
{
	struct barrier *b;

	/* A last word answers all. */
	if (c->ending || c->refused)
		return (HG_DROP);
	if ((b = channels_barrier_new(verb, c)) == NULL)
		return (HG_FAIL);
	b->code = what;
	c->asked = true;
	if (channels_barrier_set_text(b, reason, reason == NULL ? 0 :
	    strlen(reason)) != 0 || channels_barrier_add(b, c) != 0) {
		channels_barrier_free(b);
		return (HG_FAIL);
	}
	return (HG_DROP);
}

void
channels_group_leave(struct chan *c)
{
	struct chan *carrier = c->set->carrier != NULL ? c->set->carrier : c;

	if (!c->in_group)
		return;
	c->in_group = false;
	hg->group_remove(carrier->set->group, c->channel);
}

static int
group_join(struct chan *c, struct hg_group *group)
{
	if (c->ending || c->dropping || c->channel == NULL)
		return (0);
	if (hg->group_add(group, c->channel) != 0)
		return (-1);
	c->in_group = true;
	return (0);
}

static int
join(struct chan *c, struct chan *carrier)
{
	if (carrier->set->group == NULL) {
		carrier->set->group = hg->group_new(carrier->mux->conn);
		if (carrier->set->group == NULL ||
		    group_join(carrier, carrier->set->group) != 0)
			return (-1);
	}
	if (group_join(c, carrier->set->group) != 0)
		return (-1);
	c->set->carrier = carrier;
	TAILQ_INSERT_TAIL(&carrier->set->members, c, set->fellow);
	return (0);
}

/* Against the rules, whatever this side thinks of it. */
static const char *
merge_is_wrong(const struct chan *c, const struct chan *carrier,
    const struct control *m)
{
	if (c->mine || !c->child)
		return ("merge-by-other");
	if (carrier == NULL || carrier->mine || !carrier->child ||
	    carrier == c)
		return ("merge-with-other");
	if (c->recv_end || carrier->recv_end || c->asked || c->in_open ||
	    carrier->in_open)
		return ("merge-out-of-order");
	if (m->number[CONTROL_AT] != c->received_messages)
		return ("merge-at");
	if (carrier->flow_known &&
	    carrier->set->flow != m->number[CONTROL_SEQ])
		return ("merge-seq");
	return (NULL);
}

static const char *
merge_is_denied(const struct chan *c, const struct chan *carrier)
{
	if (c->set->carrier != NULL || carrier->set->carrier != NULL ||
	    !TAILQ_EMPTY(&c->set->members))
		return ("nested");
	if (!c->opened || !carrier->opened)
		return ("not-open");
	if (c->ending || c->dropping)
		return ("ended");
	if ((carrier->ending || carrier->dropping) && carrier->set->group == NULL)
		return ("ended");
	if (!channels_same_flow(c, carrier))
		return ("flow");
	return (NULL);
}

enum hg_verdict
channels_got_merge(struct chan *c, const struct control *m)
{
	struct chan *carrier;
	const char *error;

	carrier = channels_find(c->mux, (unsigned)m->number[CONTROL_WITH]);
	if ((error = merge_is_wrong(c, carrier, m)) != NULL)
		return (channels_wrong(c->mux, c, error));
	if ((error = merge_is_denied(c, carrier)) != NULL) {
		/* Not even denied, if it has ended: the flow is over for it. */
		c->left |= c->ending;
		return (answer(c, CONTROL_DENIED, CONTROL_MERGE, error));
	}
	carrier->flow_known = true;
	carrier->set->flow = m->number[CONTROL_SEQ];
	if (join(c, carrier) != 0)
		return (channels_no_memory(c->mux));
	channels_place_set(carrier, carrier->set->flow);
	channels_place_forget(c);
	channels_count(COUNT_MERGES, 1);
	return (answer(c, CONTROL_MERGED, 0, NULL));
}

enum hg_verdict
channels_got_unmerge(struct chan *c, const struct control *m)
{
	struct chan *carrier = c->set->carrier;

	if (c->mine || !c->child)
		return (channels_wrong(c->mux, c, "unmerge-by-other"));
	if (c->recv_end || c->asked || (carrier != NULL && carrier->in_open))
		return (channels_wrong(c->mux, c, "unmerge-out-of-order"));
	if (carrier == NULL)
		return (answer(c, CONTROL_DENIED, CONTROL_UNMERGE,
		    "not-merged"));
	if (carrier->set->flow != m->number[CONTROL_SEQ])
		return (channels_wrong(c->mux, c, "unmerge-seq"));
	channels_leave_set(c);
	channels_count(COUNT_UNMERGES, 1);
	return (answer(c, CONTROL_UNMERGED, 0, NULL));
}

/* The set and its group go over to a member. */
static void
set_moves(struct chan *carrier, struct chan *next)
{
	struct chan *member;

	channels_group_leave(carrier);
	TAILQ_REMOVE(&carrier->set->members, next, set->fellow);
	next->set->carrier = NULL;
	next->set->group = carrier->set->group;
	carrier->set->group = NULL;
	while ((member = TAILQ_FIRST(&carrier->set->members)) != NULL) {
		TAILQ_REMOVE(&carrier->set->members, member, set->fellow);
		TAILQ_INSERT_TAIL(&next->set->members, member, set->fellow);
		member->set->carrier = next;
	}
	next->flow_known = true;
	next->set->flow = carrier->set->flow;
	channels_place_set(next, carrier->set->flow);
	if (TAILQ_EMPTY(&next->set->members)) {
		channels_group_leave(next);
		hg->group_free(next->set->group);
		next->set->group = NULL;
	}
}

static enum hg_verdict
carrier_ends(struct chan *c, const struct control *m)
{
	struct chan *next, *member;

	if (m->verb == CONTROL_DESTROY && !control_has(m, CONTROL_SEQ))
		return (channels_wrong(c->mux, c, "carrier-without-seq"));
	if (control_has(m, CONTROL_SEQ) && m->number[CONTROL_SEQ] != c->set->flow)
		return (channels_wrong(c->mux, c, "destroy-seq"));
	if (control_has(m, CONTROL_CARRIER) && !c->in_open) {
		next = channels_find(c->mux,
		    (unsigned)m->number[CONTROL_CARRIER]);
		if (next == NULL || next->set->carrier != c)
			return (channels_wrong(c->mux, c, "carrier-of-other"));
		set_moves(c, next);
		return (HG_DROP);
	}
	while ((member = TAILQ_FIRST(&c->set->members)) != NULL) {
		channels_leave_set(member);
		channels_place_set(member, c->set->flow);
		/* An abort in the middle leaves all with half a message. */
		if (c->in_open)
			channels_fail(member, 1011, "half a message");
	}
	return (HG_DROP);
}

enum hg_verdict
channels_set_ends(struct chan *c, const struct control *m)
{
	struct chan *carrier = c->set->carrier;

	if (!c->mine && !TAILQ_EMPTY(&c->set->members))
		return (carrier_ends(c, m));
	if (control_has(m, CONTROL_CARRIER))
		return (channels_wrong(c->mux, c, "carrier-of-none"));
	if (c->mine || carrier == NULL)
		return (HG_DROP);
	if (m->verb == CONTROL_DESTROY && carrier->in_open)
		return (channels_wrong(c->mux, c, "destroy-within-message"));
	if (m->verb == CONTROL_DESTROY && control_has(m, CONTROL_SEQ) &&
	    m->number[CONTROL_SEQ] != carrier->set->flow)
		return (channels_wrong(c->mux, c, "destroy-seq"));
	channels_leave_set(c);
	return (HG_DROP);
}

void
channels_deliver(struct chan *c, struct hg_frame *frame)
{
	if (c->set->group != NULL)
		hg->group_recv(c->set->group, frame);
	else if (c->dropping || c->left || c->channel == NULL)
		hg->frame_unref(frame);
	else
		hg->channel_recv(c->channel, frame);
}

/* One member at each message, so that large sets cost no more. */
void
channels_beg(struct chan *carrier)
{
	struct control_line line;
	struct chan *c;

	c = TAILQ_FIRST(&carrier->set->members);
	if (!carrier->mux->options->unmerge_slow || c == NULL)
		return;
	TAILQ_REMOVE(&carrier->set->members, c, set->fellow);
	TAILQ_INSERT_TAIL(&carrier->set->members, c, set->fellow);
	if (c->begged || !c->in_group || c->asked ||
	    !hg->channel_paused(c->channel))
		return;
	c->begged = true;
	control_begin(&line, CONTROL_ASK_UNMERGE);
	control_put_id(&line, c->id);
	channels_emit(c->mux, &line, NULL, 0);
}
