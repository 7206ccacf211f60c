/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of slots: frames up and down through their hooks, whole messages for
 * the hooks that want them, and the queues that record what came out.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

void
fake_queue_init(struct fake_queue *queue)
{
	queue->first = queue->at = NULL;
	queue->last = &queue->first;
	queue->open = false;
}

void
fake_queue_free(struct fake_queue *queue)
{
	struct fake_record *record;

	while ((record = queue->first) != NULL) {
		queue->first = record->next;
		free(record);
	}
	fake_queue_init(queue);
}

/* What comes out must be well-formed messages. */
static void
check_flags(struct fake_queue *queue, unsigned flags, const char *where)
{
	if (((flags & HG_FIRST) != 0) == queue->open)
		fake_abort("%s: %s", where, queue->open ?
		    "a message begins within another one" :
		    "a message goes on that did not begin");
	queue->open = (flags & HG_LAST) == 0;
}

void
fake_record(struct fake_queue *queue, struct hg_frame *frame,
    const char *where)
{
	struct fake_record *record;

	check_flags(queue, frame->flags, where);
	if ((record = calloc(1, sizeof(*record) + frame->len + 1)) == NULL)
		abort();
	frame_peek(frame, 0, record->bytes, frame->len);
	record->frame.bytes = record->bytes;
	record->frame.len = frame->len;
	record->frame.flags = frame->flags;
	*queue->last = record;
	queue->last = &record->next;
	if (queue->at == NULL)
		queue->at = record;
	fake_table.frame_unref(frame);
}

const struct fake_frame *
fake_take(struct fake_queue *queue)
{
	struct fake_record *record;

	if ((record = queue->at) == NULL)
		return (NULL);
	queue->at = record->next;
	return (&record->frame);
}

static struct hg_params *
params_of(const char *name, const char *text)
{
	struct hg_params *params;
	struct wsext_list list = { 0 };
	struct str all = { 0 };

	str_addf(&all, "%s%s%s", name, text[0] != '\0' ? "; " : "", text);
	if (wsext_parse_text(&list, all.text) != 0 || list.count != 1)
		fake_abort("bad parameters: %s", text);
	params = wsext_params_copy(list.ext[0]);
	wsext_free(&list);
	str_free(&all);
	return (params);
}

struct hg_slot *
fake_slot_new(struct fake_chain *chain, struct fake_plugin *plugin)
{
	struct hg_slot *slot;
	size_t size;

	if (chain->count == FAKE_SLOTS)
		fake_abort("too many slots");
	if ((slot = calloc(1, sizeof(*slot))) == NULL)
		abort();
	slot->chain = chain;
	slot->plugin = plugin;
	slot->hooks = chain->channel == NULL ? plugin->plugin->connection :
	    plugin->plugin->channel;
	if (slot->hooks == NULL)
		fake_abort("%s has no hooks for this", plugin->plugin->name);
	size = slot->hooks->state_size;
	if ((slot->state = calloc(1, size != 0 ? size : 1)) == NULL)
		abort();
	slot->index = chain->count;
	chain->slot[chain->count++] = slot;
	return (slot);
}

void
fake_slot_add(struct fake_chain *chain, const char *spec)
{
	struct hg_slot *slot;
	const char *name;
	char *copy, *offered, *answered;

	if ((copy = str_dup(spec, strlen(spec))) == NULL)
		abort();
	answered = NULL;
	if ((offered = strchr(copy, '|')) != NULL) {
		*offered++ = '\0';
		if ((answered = strchr(offered, '|')) != NULL)
			*answered++ = '\0';
	}
	slot = fake_slot_new(chain, fake_plugin(copy));
	name = slot->plugin->plugin->extension;
	if (name != NULL) {
		slot->offered = params_of(name, offered != NULL ? offered : "");
		slot->answered = params_of(name, answered != NULL ? answered :
		    "");
	}
	free(copy);
}

static bool
chain_failed(const struct fake_chain *chain)
{
	return (chain->channel != NULL ? chain->channel->failed.yes :
	    chain->conn->failed.yes);
}

bool
fake_chain_dead(const struct fake_chain *chain)
{
	const struct hg_channel *ch = chain->channel;

	if (chain->conn->failed.yes || chain->conn->closed)
		return (true);
	return (ch != NULL && (ch->failed.yes || ch->freed || ch->closed));
}

void
fake_chain_open(struct fake_chain *chain)
{
	struct hg_slot *slot;
	unsigned previous;
	int i, error;

	for (i = 0; i < chain->count && !fake_chain_dead(chain); i++) {
		slot = chain->slot[i];
		slot->opened = true;
		if (slot->hooks->open == NULL)
			continue;
		previous = fake_enter(chain->conn->worker);
		error = slot->hooks->open(slot, slot->state);
		fake_leave(previous);
		if (error != 0 && !chain_failed(chain))
			fake_abort("%s: open failed without hg->fail",
			    slot->plugin->plugin->name);
	}
}

static void
slot_stop_timers(struct hg_slot *slot)
{
	struct hg_timer *timer;
	struct list *node, *save;

	list_each(node, save, &fake.timers) {
		timer = list_entry(node, struct hg_timer, node);
		if (timer->slot == slot)
			fake_table.timer_stop(timer);
	}
}

void
fake_chain_close(struct fake_chain *chain)
{
	struct hg_slot *slot;
	unsigned previous;
	int i;

	if (fake.depth != 0)
		fake_abort("closing within a hook");
	for (i = chain->count - 1; i >= 0; i--) {
		slot = chain->slot[i];
		if (slot->opened && slot->hooks->close != NULL) {
			previous = fake_enter(chain->conn->worker);
			slot->hooks->close(slot, slot->state);
			fake_leave(previous);
		}
		slot_stop_timers(slot);
		slot->closed = true;
		fake_table.frame_unref(slot->part[HG_RECV]);
		fake_table.frame_unref(slot->part[HG_SEND]);
		slot->part[HG_RECV] = slot->part[HG_SEND] = NULL;
		free(slot->state);
		slot->state = NULL;
	}
}

void
fake_chain_free(struct fake_chain *chain)
{
	int i;

	for (i = 0; i < chain->count; i++) {
		wsext_params_free(chain->slot[i]->offered);
		wsext_params_free(chain->slot[i]->answered);
		free(chain->slot[i]);
	}
	chain->count = 0;
}

/* The whole message when this piece completes it, else NULL. */
static struct hg_frame *
assemble(struct hg_slot *slot, enum hg_direction direction,
    struct hg_frame *frame)
{
	struct hg_frame **part, *whole;
	unsigned flags;

	part = &slot->part[direction];
	flags = frame->flags;
	if (*part == NULL && (flags & HG_FIRST) == 0)
		fake_abort("%s: a piece of no message",
		    slot->plugin->plugin->name);
	*part = *part == NULL ? frame : fake_table.frame_concat(*part, frame);
	if (*part == NULL)
		abort();
	if ((*part)->len > FAKE_MESSAGE) {
		fake_table.fail(slot, 1009, "message too long");
		return (NULL);
	}
	if ((flags & HG_LAST) == 0)
		return (NULL);
	whole = *part;
	*part = NULL;
	return (fake_table.frame_reflag(whole, whole->flags | HG_WHOLE));
}

/* Calls one hook. The frame to go on with, or NULL. */
static struct hg_frame *
run(struct hg_slot *slot, enum hg_direction direction, struct hg_frame *frame)
{
	enum hg_verdict (*hook)(struct hg_slot *, void *, struct hg_frame *);
	enum hg_verdict verdict;
	struct hg_frame *lent;
	unsigned previous;
	bool whole;

	hook = direction == HG_RECV ? slot->hooks->recv : slot->hooks->send;
	whole = direction == HG_RECV ? slot->hooks->whole_recv :
	    slot->hooks->whole_send;
	if (hook == NULL)
		return (frame);
	if (!slot->opened)
		fake_abort("%s: a frame before open",
		    slot->plugin->plugin->name);
	if (whole && (frame = assemble(slot, direction, frame)) == NULL)
		return (NULL);
	lent = slot->lent;
	slot->lent = frame;
	previous = fake_enter(slot->chain->conn->worker);
	verdict = hook(slot, slot->state, frame);
	fake_leave(previous);
	slot->lent = lent;
	switch (verdict) {
	case HG_PASS:
		return (frame);
	case HG_TAKE:
		return (NULL);
	case HG_FAIL:
		if (!chain_failed(slot->chain))
			fake_abort("%s: HG_FAIL without hg->fail",
			    slot->plugin->plugin->name);
		/* FALLTHROUGH */
	case HG_DROP:
		fake_table.frame_unref(frame);
		return (NULL);
	}
	fake_abort("%s: no verdict", slot->plugin->plugin->name);
}

void
fake_recv(struct fake_chain *chain, int index, struct hg_frame *frame)
{
	for (; index < chain->count; index++) {
		if (fake_chain_dead(chain))
			break;
		frame = run(chain->slot[index], HG_RECV, frame);
		if (frame == NULL)
			return;
	}
	if (fake_chain_dead(chain))
		fake_table.frame_unref(frame);
	else if (chain->channel != NULL)
		fake_top_reached(chain->channel, frame);
	else if (chain->conn->mux != NULL)
		fake_abort("a frame went past the mux");
	else
		fake_channel_recv(chain->conn->root, frame);
}

void
fake_send(struct fake_chain *chain, int index, struct hg_frame *frame)
{
	for (; index >= 0; index--) {
		if (fake_chain_dead(chain))
			break;
		frame = run(chain->slot[index], HG_SEND, frame);
		if (frame == NULL)
			return;
	}
	if (fake_chain_dead(chain))
		fake_table.frame_unref(frame);
	else if (chain->channel != NULL)
		fake_bottom_reached(chain->channel, frame);
	else
		fake_record(&chain->conn->wire, frame, chain->conn->name);
}

void
fake_ending(struct fake_chain *chain, enum hg_direction direction,
    unsigned *code)
{
	struct hg_slot *slot;
	unsigned previous;
	int i, at;

	for (i = 0; i < chain->count && !fake_chain_dead(chain); i++) {
		at = direction == HG_RECV ? i : chain->count - 1 - i;
		slot = chain->slot[at];
		if (slot->hooks->ending == NULL || !slot->opened)
			continue;
		previous = fake_enter(chain->conn->worker);
		slot->hooks->ending(slot, slot->state, direction, code);
		fake_leave(previous);
	}
}

void
fake_drain(struct fake_chain *chain)
{
	struct hg_slot *slot;
	unsigned previous;
	int i;

	for (i = 0; i < chain->count && !fake_chain_dead(chain); i++) {
		slot = chain->slot[i];
		if (slot->hooks->drain == NULL || !slot->opened)
			continue;
		previous = fake_enter(chain->conn->worker);
		slot->hooks->drain(slot, slot->state);
		fake_leave(previous);
	}
}
