/* SPDX-License-Identifier: Apache-2.0 */
/* One channel from its first to its last moment. */
#include <stdlib.h>

#include "merge.h"

static const struct set no_set;

/* NULL: no memory. */
struct chan *
channels_new(struct mux *mux, bool mine, unsigned id)
{
	struct chan *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	if (table_set(&mux->table, id, c) != 0) {
		free(c);
		return (NULL);
	}
	c->mux = mux;
	c->mine = mine;
	c->id = c->peer_id = (uint16_t)id;
	c->limit = mux->peer_window;
	c->set = (struct set *)(uintptr_t)&no_set;
	channels_no_out(c);
	TAILQ_INIT(&c->children);
	TAILQ_INSERT_TAIL(&mux->chans, c, all);
	if (id == CHANNELS_ROOT)
		return (c);
	c->counted = true;
	if (mine) {
		mux->mine++;
		c->serial = ++mux->serial_mine;
	} else {
		mux->theirs++;
		c->serial = ++mux->serial_theirs;
	}
	return (c);
}

int
channels_add_set(struct chan *c)
{
	struct set *set;

	if ((set = calloc(1, sizeof(*set))) == NULL)
		return (-1);
	TAILQ_INIT(&set->held);
	TAILQ_INIT(&set->members);
	TAILQ_INIT(&set->copies);
	TAILQ_INIT(&set->unsures);
	TAILQ_INIT(&set->log);
	c->set = set;
	return (0);
}

bool
channels_has_set(const struct chan *c)
{
	return (c->set != &no_set);
}

/* The live channel with that id. Lost ones are not. */
struct chan *
channels_find(const struct mux *mux, unsigned id)
{
	struct chan *c;

	c = table_get(&mux->table, id);
	return (c == NULL || c->lost ? NULL : c);
}

void
channels_attach(struct chan *c, struct hg_channel *channel)
{
	struct chan_ref *ref = hg->channel_data(channel);

	c->channel = channel;
	ref->chan = c;
	ref->was_set = true;
	hg->channel_set_id(channel, c->id);
}

/* The host's channel is not this plugin's any more. */
void
channels_detach(struct chan *c)
{
	struct chan_ref *ref;

	if (c->channel == NULL)
		return;
	ref = hg->channel_data(c->channel);
	ref->chan = NULL;
	c->channel = NULL;
}

void
channels_set_parent(struct chan *c, struct chan *parent)
{
	c->child = true;
	c->parent = parent;
	TAILQ_INSERT_TAIL(&parent->children, c, set->sibling);
}

bool
channels_store(struct chan *c)
{
	struct mux *mux = c->mux;
	uint64_t store;

	store = (uint64_t)mux->options->store / hg->worker_count();
	if (mux->worker->granted + mux->window > store &&
	    c->id != CHANNELS_ROOT)
		return (false);
	mux->worker->granted += mux->window;
	c->granting = true;
	c->granted = mux->window;
	return (true);
}

static void
uncount(struct chan *c)
{
	if (c->granting)
		c->mux->worker->granted -= c->mux->window;
	c->granting = false;
	if (!c->counted)
		return;
	c->counted = false;
	if (c->mine)
		c->mux->mine--;
	else
		c->mux->theirs--;
}

/* Off every list but that of all. */
static void
unlist(struct chan *c)
{
	struct mux *mux = c->mux;

	channels_deactivate(c);
	channels_credit_forget(c);
	channels_closing_remove(c);
	channels_forget_create(c);
	if (c->on_plain)
		TAILQ_REMOVE(&mux->plain, c, plain);
	c->on_plain = false;
	if (c->parent != NULL)
		channels_activate(c->parent);
	if (mux->in.chan == c)
		mux->in.chan = NULL;
}

static void
clear_ids(struct chan *c)
{
	struct table *table = &c->mux->table;

	if (table_get(table, c->id) == c)
		table_clear(table, c->id);
	if (table_get(table, c->peer_id) == c)
		table_clear(table, c->peer_id);
	if (c->to != 0 && table_get(table, c->to) == c)
		table_clear(table, c->to);
}

/* Sets it aside: its ids are free. Its memory and the host's channel stay until
 * the end of the outermost hook, and as long as it has children. */
void
channels_free(struct chan *c)
{
	struct mux *mux = c->mux;
	bool mine = c->mine;

	if (c->gone)
		return;
	c->gone = c->sent_end = c->recv_end = true;
	channels_gate_open(c);
	channels_answered(c);
	channels_queue_purge(c);
	channels_merge_forget(c);
	unlist(c);
	clear_ids(c);
	uncount(c);
	TAILQ_REMOVE(&mux->chans, c, all);
	TAILQ_INSERT_TAIL(&mux->gone, c, all);
	if (mine)
		channels_text_id_is_free(mux);
}

void
channels_settle(struct chan *c)
{
	if (c->sent_end && c->recv_end)
		channels_free(c);
}

static void
free_items(struct items *items)
{
	struct item *item;

	while ((item = TAILQ_FIRST(items)) != NULL) {
		TAILQ_REMOVE(items, item, entry);
		channels_item_free(item);
	}
}

static void
leave_family(struct chan *c)
{
	struct chan *child;

	while ((child = TAILQ_FIRST(&c->children)) != NULL) {
		TAILQ_REMOVE(&c->children, child, set->sibling);
		child->parent = NULL;
	}
	if (c->parent != NULL)
		TAILQ_REMOVE(&c->parent->children, c, set->sibling);
	c->parent = NULL;
}

void
channels_destroy(struct chan *c)
{
	struct item *item;

	leave_family(c);
	channels_resume_forget(c);
	while ((item = TAILQ_FIRST(&c->out->queue)) != NULL)
		if (item->barrier != NULL)
			channels_barrier_drop(item->barrier);
		else {
			TAILQ_REMOVE(&c->out->queue, item, entry);
			channels_item_free(item);
		}
	free_items(&c->set->held);
	free_items(&c->set->log);
	if (c->set->group != NULL)
		hg->group_free(c->set->group);
	uncount(c);
	if (c->set != &no_set)
		free(c->set);
	channels_out_free(c);
	free(c);
}

/* What was kept in case that a child is refused. */
void
channels_release_held(struct chan *c)
{
	struct item *item;

	while ((item = TAILQ_FIRST(&c->set->held)) != NULL) {
		TAILQ_REMOVE(&c->set->held, item, entry);
		channels_queue_uncount(c, item);
		channels_item_free(item);
	}
}

/* Its create has its answer, of whatever kind, or never gets one. */
void
channels_answered(struct chan *c)
{
	if (!c->waiting)
		return;
	c->waiting = false;
	if (!c->mine)
		c->mux->waiting_theirs--;
	else if (c->create_sent) {
		c->mux->waiting_mine--;
		channels_next_create(c->mux);
	}
	channels_release_held(c);
}

void
channels_sent_end(struct chan *c)
{
	struct chan *parent = c->parent;

	c->ending = c->sent_end = true;
	channels_gate_open(c);
	if (parent != NULL)
		channels_activate(parent);
	if (c->recv_end)
		channels_free(c);
	else
		channels_closing_touch(c);
}

void
channels_received_end(struct chan *c)
{
	c->recv_end = true;
	channels_credit_forget(c);
	channels_settle(c);
}

/* Nobody waits for its end any more; only its ids stay taken. */
void
channels_lost(struct chan *c)
{
	c->lost = c->sent_end = c->recv_end = true;
	channels_gate_open(c);
	channels_answered(c);
	channels_queue_purge(c);
	channels_merge_forget(c);
	unlist(c);
	uncount(c);
}
