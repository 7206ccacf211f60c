/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of a carrier's messages at their creator: for members that the wire
 * does not carry, and the log from which a denied merge is made good.
 */
#include <string.h>

#include "merge.h"

static void
log_shorten(struct chan *carrier, size_t cost)
{
	struct item *item;

	while (carrier->set->log_cost > cost &&
	    (item = TAILQ_FIRST(&carrier->set->log)) != NULL) {
		TAILQ_REMOVE(&carrier->set->log, item, entry);
		carrier->set->log_cost -= channels_item_cost(item);
		channels_item_free(item);
	}
}

/* Without memory the log gets a hole; who needs it then fails. */
static void
log_message(struct chan *carrier, struct hg_frame *look)
{
	struct item *item;

	if ((item = channels_item_new(carrier)) == NULL)
		return;
	item->frame = hg->frame_ref(look);
	item->seq = carrier->set->flow;
	TAILQ_INSERT_TAIL(&carrier->set->log, item, entry);
	carrier->set->log_cost += channels_item_cost(item);
	log_shorten(carrier, (size_t)carrier->mux->options->queue_max);
}

void
channels_carried(struct chan *c, struct hg_frame *look)
{
	struct chan *member, *next;

	if (c->placed)
		c->set->place++;
	if (!c->flow_known || !c->mine)
		return;
	c->set->flow++;
	if (!TAILQ_EMPTY(&c->set->unsures))
		log_message(c, look);
	for (member = TAILQ_FIRST(&c->set->copies); member != NULL; member = next) {
		next = TAILQ_NEXT(member, set->copied);
		channels_send_whole(member, hg->frame_ref(look));
	}
}

void
channels_copy_begin(struct chan *c)
{
	c->copying = true;
	TAILQ_INSERT_TAIL(&c->set->carrier->set->copies, c, set->copied);
}

void
channels_sure(struct chan *c)
{
	struct chan *carrier = c->set->logger;

	if (carrier == NULL)
		return;
	TAILQ_REMOVE(&carrier->set->unsures, c, set->unsure);
	c->set->logger = NULL;
	if (TAILQ_EMPTY(&carrier->set->unsures))
		log_shorten(carrier, 0);
	if (!carrier->gone)
		channels_activate(carrier);
}

/* Where the member's place in the set ends by what is in line already: an
 * unmerge, its destroy, or its carrier's. NULL: nowhere. */
static struct item *
place_ends(struct chan *c)
{
	struct item *item;

	TAILQ_FOREACH(item, &c->out->queue, entry)
		if (item->barrier != NULL && item->barrier->has_seq &&
		    (item->barrier->verb == CONTROL_UNMERGE ||
		    item->barrier->verb == CONTROL_DESTROY))
			return (item);
	return (NULL);
}

/* The flow's messages that went out for it on the carrier, on its own id. */
static int
replay(struct chan *c, struct chan *carrier, struct item *before)
{
	uint64_t next, until;
	struct item *item;

	next = c->set->joined + 1;
	until = before != NULL ? before->barrier->seq : carrier->set->flow;
	TAILQ_FOREACH(item, &carrier->set->log, entry) {
		if (item->seq < next || item->seq > until)
			continue;
		if (item->seq != next)
			return (-1);
		if (channels_insert_frame(c, before,
		    hg->frame_ref(item->frame)) != 0)
			return (0);
		next++;
	}
	return (next == until + 1 ? 0 : -1);
}

static enum hg_verdict
denied_merge(struct chan *c)
{
	struct chan *carrier = c->set->logger;
	struct item *end = place_ends(c);

	c->asking = false;
	if (carrier == NULL || replay(c, carrier, end) != 0) {
		channels_fail(c, 1013, "a merge was denied too late");
		return (HG_DROP);
	}
	if (end != NULL && end->barrier->chan == c) {
		end->barrier->has_seq = false;
		if (end->barrier->verb == CONTROL_UNMERGE)
			channels_barrier_drop(end->barrier);
	} else if (end == NULL && c->set->carrier != NULL)
		channels_copy_begin(c);
	channels_sure(c);
	channels_activate(c);
	channels_queue_changed(c);
	return (HG_DROP);
}

enum hg_verdict
channels_got_denied(struct chan *c, const struct control *m)
{
	char what[16];

	control_decode(m, CONTROL_WHAT, what, sizeof(what));
	if (!c->mine || !c->asking ||
	    strcmp(what, control_verb_name(c->asking_verb)) != 0)
		return (channels_wrong(c->mux, c, "denied-nothing"));
	switch (c->asking_verb) {
	case CONTROL_MERGE:
		return (denied_merge(c));
	case CONTROL_UNMERGE:
		/* The flow must not reach who left it. */
		channels_fail(c, 1011, "an unmerge was denied");
		return (HG_DROP);
	default:
		/* What is on the new id already cannot be taken back. */
		return (channels_wrong(c->mux, c, "migrate-denied"));
	}
}
