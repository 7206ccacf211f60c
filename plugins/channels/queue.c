/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel's send queue, and the control messages that stand in several of
 * them. Costs count the overhead of entries too.
 */
#include <stdlib.h>
#include <string.h>

#include "merge.h"

#define ITEM_COST	64	/* beside the bytes */
#define ITEM_LONG	65536	/* bytes */

size_t
channels_item_cost(const struct item *item)
{
	size_t len;

	len = item->frame == NULL ? 0 : hg->frame_len(item->frame);
	return (len + ITEM_COST);
}

static void
note_long(struct chan *c, const struct item *item)
{
	size_t cost = channels_item_cost(item);

	if (cost >= ITEM_LONG && cost > c->out->longest)
		c->out->longest = cost;
}

static void
count(struct chan *c, const struct item *item)
{
	c->out->queued += channels_item_cost(item);
	note_long(c, item);
}

/* Behind a long one, which is seldom, all others are looked at. */
void
channels_queue_uncount(struct chan *c, const struct item *item)
{
	size_t cost = channels_item_cost(item);
	const struct item *other;

	c->out->queued -= cost;
	if (cost < ITEM_LONG || cost < c->out->longest)
		return;
	c->out->longest = 0;
	TAILQ_FOREACH(other, &c->out->queue, entry)
		note_long(c, other);
	TAILQ_FOREACH(other, &c->set->held, entry)
		note_long(c, other);
}

/* NULL without memory. */
struct item *
channels_item_new(struct chan *c)
{
	struct item *item;

	if ((item = hg->recycle_get(sizeof(*item))) == NULL)
		return (NULL);
	memset(item, 0, sizeof(*item));
	item->chan = c;
	return (item);
}

/* For one that is in no queue any more. */
void
channels_item_free(struct item *item)
{
	if (item->behind != NULL)
		item->behind->set->gate = NULL;
	if (item->frame != NULL)
		hg->frame_unref(item->frame);
	hg->recycle_put(item, sizeof(*item));
}

/* Tells the host when the queue gets long or is short again. */
void
channels_queue_changed(struct chan *c)
{
	size_t high, max;
	bool full;

	if (c->gone || c->channel == NULL)
		return;
	max = (size_t)c->mux->options->queue_max;
	high = max / 4;
	full = c->full ? c->out->queued > high / 2 : c->out->queued > high;
	if (full == c->full)
		return;
	c->full = full;
	hg->channel_set_full(c->channel, full);
}

/* before: NULL for the end. */
int
channels_insert_frame(struct chan *c, struct item *before,
    struct hg_frame *frame)
{
	struct item *item;

	if (frame == NULL || channels_need_out(c) != 0 ||
	    (item = channels_item_new(c)) == NULL) {
		hg->frame_unref(frame);
		channels_no_memory(c->mux);
		return (-1);
	}
	item->frame = frame;
	if (before == NULL)
		TAILQ_INSERT_TAIL(&c->out->queue, item, entry);
	else {
		TAILQ_INSERT_BEFORE(before, item, entry);
		if (before->reached)
			before->barrier->waits++;
		before->reached = false;
	}
	count(c, item);
	return (0);
}

/* One frame of any length may be added to a queue that is not over its limit,
 * and what follows is not to blame for it. */
int
channels_queue_frame(struct chan *c, struct hg_frame *frame)
{
	if (c->out->queued - c->out->longest > (size_t)c->mux->options->queue_max) {
		hg->frame_unref(frame);
		channels_fail(c, 1013, "too much is queued");
		return (-1);
	}
	if (channels_insert_frame(c, NULL, frame) != 0)
		return (-1);
	channels_activate(c);
	channels_queue_changed(c);
	return (0);
}

/* What its parent has to say from now on is behind this child's last word. */
int
channels_gate_add(struct chan *c)
{
	struct chan *parent = c->parent;
	struct item *item;

	if (parent == NULL || parent->gone || parent->ending ||
	    c->set->gate != NULL)
		return (0);
	if (channels_need_out(parent) != 0 ||
	    (item = channels_item_new(parent)) == NULL) {
		channels_no_memory(c->mux);
		return (-1);
	}
	item->behind = c;
	c->set->gate = item;
	TAILQ_INSERT_TAIL(&parent->out->queue, item, entry);
	count(parent, item);
	channels_activate(parent);
	return (0);
}

void
channels_gate_open(struct chan *c)
{
	if (c->set->gate == NULL)
		return;
	c->set->gate->behind = NULL;
	channels_activate(c->set->gate->chan);
	c->set->gate = NULL;
}

/* NULL: no memory, and the connection ends. */
struct barrier *
channels_barrier_new(enum control_verb verb, struct chan *c)
{
	struct barrier *b;

	if ((b = calloc(1, sizeof(*b))) == NULL) {
		channels_no_memory(c->mux);
		return (NULL);
	}
	b->verb = verb;
	b->chan = c;
	TAILQ_INIT(&b->items);
	return (b);
}

int
channels_barrier_set_text(struct barrier *b, const char *text, size_t len)
{
	if (len == 0)
		return (0);
	if ((b->text = malloc(len + 1)) == NULL) {
		channels_no_memory(b->chan->mux);
		return (-1);
	}
	memcpy(b->text, text, len);
	b->text[len] = '\0';
	b->text_len = len;
	return (0);
}

/* At the end of this channel's queue. */
int
channels_barrier_add(struct barrier *b, struct chan *c)
{
	struct item *item;

	if (channels_need_out(c) != 0 ||
	    (item = channels_item_new(c)) == NULL) {
		channels_no_memory(c->mux);
		return (-1);
	}
	item->barrier = b;
	TAILQ_INSERT_TAIL(&b->items, item, twin);
	TAILQ_INSERT_TAIL(&c->out->queue, item, entry);
	count(c, item);
	b->waits++;
	channels_activate(c);
	return (0);
}

int
channels_barrier_add_early(struct barrier *b, struct chan *c)
{
	struct item *item, *frame;

	if (channels_barrier_add(b, c) != 0)
		return (-1);
	item = TAILQ_LAST(&b->items, items);
	TAILQ_FOREACH(frame, &c->out->queue, entry)
		if (frame->frame != NULL)
			break;
	if (frame != NULL) {
		TAILQ_REMOVE(&c->out->queue, item, entry);
		TAILQ_INSERT_BEFORE(frame, item, entry);
	}
	return (0);
}

/* Out of all queues; the memory too. */
void
channels_barrier_free(struct barrier *b)
{
	struct item *item;
	struct chan *c;

	while ((item = TAILQ_FIRST(&b->items)) != NULL) {
		c = item->chan;
		TAILQ_REMOVE(&b->items, item, twin);
		TAILQ_REMOVE(&c->out->queue, item, entry);
		channels_queue_uncount(c, item);
		channels_item_free(item);
		if (!c->gone)
			channels_activate(c);
	}
	free(b->text);
	free(b);
}

void
channels_barrier_drop(struct barrier *b)
{
	struct chan *c = b->chan;

	if (b->verb == CONTROL_MERGE) {
		channels_sure(c);
		channels_leave_set(c);
	}
	if (b->verb == CONTROL_MIGRATE && c->to != 0) {
		if (table_get(&c->mux->table, c->to) == c)
			table_clear(&c->mux->table, c->to);
		c->to = 0;
	}
	channels_barrier_free(b);
}

struct item *
channels_queue_find(struct chan *c, enum control_verb verb)
{
	struct item *item;

	TAILQ_FOREACH(item, &c->out->queue, entry)
		if (item->barrier != NULL && item->barrier->chan == c &&
		    item->barrier->verb == verb)
			return (item);
	return (NULL);
}

/* Only its place in this queue is gone; the message still goes out. */
static void
leave_barrier(struct item *item)
{
	struct barrier *b = item->barrier;
	struct chan *c = item->chan;

	if (!item->reached)
		b->waits--;
	TAILQ_REMOVE(&b->items, item, twin);
	TAILQ_REMOVE(&c->out->queue, item, entry);
	channels_queue_uncount(c, item);
	channels_item_free(item);
	if (b->other == c)
		b->other = NULL;
	if (b->carrier == c)
		b->carrier = NULL;
	if (!b->chan->gone)
		channels_activate(b->chan);
}

/*
 * Throws away all that waits. Control messages about other channels stay in
 * those channels' queues, except for a merge, which has lost its carrier.
 */
void
channels_queue_purge(struct chan *c)
{
	struct item *item;
	struct barrier *b;

	while ((item = TAILQ_FIRST(&c->out->queue)) != NULL) {
		if ((b = item->barrier) == NULL) {
			TAILQ_REMOVE(&c->out->queue, item, entry);
			channels_queue_uncount(c, item);
			channels_item_free(item);
		} else if (b->chan == c || b->verb == CONTROL_MERGE)
			channels_barrier_drop(b);
		else
			leave_barrier(item);
	}
	c->out_begun = c->out_open = false;
	channels_drop_part(c);
	channels_queue_changed(c);
}

bool
channels_queue_cut(struct chan *c)
{
	struct item *item;

	channels_drop_part(c);
	if (!c->out_open)
		return (true);
	c->out_open = false;
	if (c->out_whole)
		return (true);	/* it was not queued yet */
	while ((item = TAILQ_LAST(&c->out->queue, items)) != NULL &&
	    item->frame != NULL && item->offset == 0 &&
	    (hg->frame_flags(item->frame) & HG_LAST) == 0) {
		bool first = (hg->frame_flags(item->frame) & HG_FIRST) != 0;

		TAILQ_REMOVE(&c->out->queue, item, entry);
		channels_queue_uncount(c, item);
		channels_item_free(item);
		if (first)
			return (true);
	}
	return (false);
}
