/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel moves to another id. In base mode that is how a channel that found
 * no text id gets one: as soon as one is free, since only its creator can move
 * it and the other side may be the one that waits to send text.
 */
#include "merge.h"

bool
channels_may_send_text(const struct chan *c)
{
	const struct item *item = TAILQ_FIRST(&c->out->queue);

	if (item == NULL || item->frame == NULL ||
	    (hg->frame_flags(item->frame) & HG_TEXT) == 0)
		return (true);
	return (channels_is_text(c->id));
}

/* Ahead of all that waits: what is sent from then on has the new id. */
static void
begin(struct chan *c, unsigned to)
{
	struct barrier *b;

	if (table_set(&c->mux->table, to, c) != 0) {
		channels_no_memory(c->mux);
		return;
	}
	c->to = (uint16_t)to;
	if ((b = channels_barrier_new(CONTROL_MIGRATE, c)) == NULL)
		return;
	b->to = to;
	if (channels_barrier_add_early(b, c) != 0)
		channels_barrier_free(b);
}

void
channels_text_id_is_free(struct mux *mux)
{
	struct chan *c, *next;
	unsigned to;

	if (mux->failed || mux->chunk != 0)
		return;
	for (c = TAILQ_FIRST(&mux->plain); c != NULL; c = next) {
		next = TAILQ_NEXT(c, plain);
		if (!c->create_sent || c->asking || c->to != 0 || c->ending ||
		    c->recv_end)
			continue;
		if ((to = channels_next_text_id(mux)) == 0)
			return;
		TAILQ_REMOVE(&mux->plain, c, plain);
		c->on_plain = false;
		begin(c, to);
	}
}

void
channels_migrate_sent(struct chan *c, unsigned to)
{
	c->id = (uint16_t)to;
	c->to = 0;
	if (c->channel != NULL)
		hg->channel_set_id(c->channel, to);
	channels_count(COUNT_MIGRATIONS, 1);
}

void
channels_migrated_sent(struct chan *c)
{
	table_clear(&c->mux->table, c->id);
	c->id = c->peer_id;
	if (c->channel != NULL)
		hg->channel_set_id(c->channel, c->id);
	channels_count(COUNT_MIGRATIONS, 1);
}

enum hg_verdict
channels_got_migrate(struct chan *c, const struct control *m)
{
	unsigned to = (unsigned)m->number[CONTROL_TO];
	struct mux *mux = c->mux;
	struct barrier *b;
	int error;

	if (c->mine || c->id == CHANNELS_ROOT)
		return (channels_wrong(mux, c, "migrate-by-other"));
	if (to == CHANNELS_ROOT || to == CHANNELS_CONTROL ||
	    channels_is_mine(mux, to) || table_get(&mux->table, to) != NULL)
		return (channels_wrong(mux, c, "migrate-to-taken-id"));
	if (c->recv_end || c->in_open || c->asked)
		return (channels_wrong(mux, c, "migrate-out-of-order"));
	if (m->number[CONTROL_AT] != c->received_messages)
		return (channels_wrong(mux, c, "migrate-at"));
	if (table_set(&mux->table, to, c) != 0)
		return (channels_no_memory(mux));
	c->peer_id = (uint16_t)to;
	c->asked = true;
	/* A last word answers it too. */
	if (c->ending || c->refused)
		return (HG_DROP);
	if ((b = channels_barrier_new(CONTROL_MIGRATED, c)) == NULL)
		return (HG_FAIL);
	/* In base mode text may be what waits, for the new id. */
	error = mux->chunk == 0 ? channels_barrier_add_early(b, c) :
	    channels_barrier_add(b, c);
	if (error != 0)
		channels_barrier_free(b);
	return (error != 0 ? HG_FAIL : HG_DROP);
}

enum hg_verdict
channels_got_migrated(struct chan *c, const struct control *m)
{
	struct mux *mux = c->mux;

	if (!c->mine || !c->asking || c->asking_verb != CONTROL_MIGRATE ||
	    m->id != c->peer_id || m->number[CONTROL_TO] != c->id)
		return (channels_wrong(mux, c, "answer-without-migrate"));
	if (c->in_open || c->recv_end ||
	    m->number[CONTROL_AT] != c->received_messages)
		return (channels_wrong(mux, c, "migrated-at"));
	table_clear(&mux->table, c->peer_id);
	c->peer_id = c->id;
	c->asking = false;
	channels_activate(c);
	channels_text_id_is_free(mux);
	return (HG_DROP);
}
