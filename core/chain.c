/* SPDX-License-Identifier: Apache-2.0 */
#include "chain.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "recycle.h"
#include "worker.h"

struct hg_timer {
	struct list	 node;
	struct event	 event;
	struct hg_slot	*slot;
	void		(*fn)(struct hg_slot *, void *);
	void		(*worker_fn)(void *);	/* slot is NULL */
	void		*data;
	bool		 firing;	/* freed behind fn */
};

static const struct hg_hooks *
chain_hooks(const struct chain *chain, struct plugin *plugin)
{
	return (chain->ops->is_channel ? &plugin->channel :
	    &plugin->connection);
}

static size_t
chain_state_size(const struct hg_hooks *hooks)
{
	return ((hooks->state_size + 15) & ~(size_t)15);
}

static void
chain_free_params(const struct chain_entry *entries, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		wsext_params_free(entries[i].offered);
		wsext_params_free(entries[i].answered);
	}
}

static void
slot_init(struct hg_slot *slot, struct chain *chain,
    const struct chain_entry *entry, void *state)
{
	slot->plugin = entry->plugin;
	slot->hooks = chain_hooks(chain, slot->plugin);
	slot->chain = chain;
	slot->index = (unsigned)(slot - chain->slots);
	slot->offered = entry->offered;
	slot->answered = entry->answered;
	slot->state = state;
	chain->has_recv |= slot->hooks->recv != NULL;
	chain->has_send |= slot->hooks->send != NULL;
	if (slot->answered != NULL)
		chain->rsv |= (unsigned char)slot->hooks->rsv;
	list_init(&slot->timers);
}

int
chain_init(struct chain *chain, const struct chain_entry *entries,
    unsigned count)
{
	return (chain_init_room(chain, entries, count, 0));
}

/* Slots and their states are one piece of memory. */
int
chain_init_room(struct chain *chain, const struct chain_entry *entries,
    unsigned count, unsigned room)
{
	size_t size, at;
	unsigned i;

	chain->slots = NULL;
	chain->count = 0;
	if (count + room == 0)
		return (0);
	at = ((count + room) * sizeof(struct hg_slot) + 15) & ~(size_t)15;
	size = at;
	for (i = 0; i < count; i++)
		size += chain_state_size(chain_hooks(chain, entries[i].plugin));
	if ((chain->slots = calloc(1, size)) == NULL) {
		chain_free_params(entries, count);
		return (-1);
	}
	for (i = 0; i < count; i++) {
		slot_init(&chain->slots[i], chain, &entries[i],
		    (char *)chain->slots + at);
		at += chain_state_size(chain->slots[i].hooks);
	}
	chain->count = (unsigned short)count;
	chain->room = (unsigned char)room;
	return (0);
}

int
chain_add(struct chain *chain, const struct chain_entry *entries,
    unsigned count)
{
	struct hg_slot *slot;
	size_t size;
	void *state;
	unsigned i;

	for (i = 0; i < count; i++) {
		size = chain_hooks(chain, entries[i].plugin)->state_size;
		if (chain->room == 0 ||
		    (state = calloc(1, size > 0 ? size : 1)) == NULL) {
			chain_free_params(entries + i, count - i);
			return (-1);
		}
		slot = &chain->slots[chain->count++];
		chain->room--;
		slot_init(slot, chain, &entries[i], state);
		slot->own_state = true;
	}
	return (0);
}

int
chain_open(struct chain *chain)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count; i++) {
		slot = &chain->slots[i];
		if (slot->opened)
			continue;
		slot->opened = true;
		if (slot->hooks->open != NULL &&
		    slot->hooks->open(slot, slot->state) != 0)
			return (-1);
	}
	return (0);
}

static void
slot_finish(struct hg_slot *slot)
{
	if (slot->opened && slot->hooks->close != NULL)
		slot->hooks->close(slot, slot->state);
	list_timers_stop(&slot->timers);
	frame_unref(slot->whole[HG_RECV]);
	frame_unref(slot->whole[HG_SEND]);
	wsext_params_free(slot->offered);
	wsext_params_free(slot->answered);
	if (slot->own_state)
		free(slot->state);
}

void
chain_finish(struct chain *chain)
{
	unsigned i;

	chain->dead = true;
	for (i = 0; i < chain->count; i++)
		slot_finish(&chain->slots[i]);
	free(chain->slots);
	chain->slots = NULL;
	chain->count = 0;
}

/*
 * Adds the frame to the message that the slot waits for. Returns the message
 * when it is whole, else NULL. The limit holds for one that came whole too. Few
 * slots want it, so it is kept out of slot_call.
 */
static __attribute__((noinline)) struct hg_frame *
slot_assemble(struct hg_slot *slot, enum hg_direction direction,
    struct hg_frame *frame)
{
	struct hg_frame *whole;
	unsigned flags = frame->flags;

	whole = slot->whole[direction];
	slot->whole[direction] = NULL;
	whole = whole == NULL ? frame : frame_concat(whole, frame);
	if (whole == NULL) {
		slot->chain->ops->fail(slot->chain, 1011, "out of memory");
		return (NULL);
	}
	if (whole->len > (size_t)slot->chain->ops->service(slot->chain)->
	    limits.message_max) {
		frame_unref(whole);
		slot->chain->ops->fail(slot->chain, 1009, "message too long");
		return (NULL);
	}
	if ((flags & HG_LAST) == 0) {
		slot->whole[direction] = whole;
		return (NULL);
	}
	whole = frame_flags(whole, whole->flags | HG_LAST);
	if (whole == NULL)
		slot->chain->ops->fail(slot->chain, 1011, "out of memory");
	return (whole);
}

/*
 * One hook. Returns the frame when it goes on, NULL when it ended here. A slot
 * that is not open yet, as one below it sends in its open, sees nothing.
 */
static struct hg_frame *
slot_call(struct hg_slot *slot, enum hg_direction direction,
    struct hg_frame *frame)
{
	enum hg_verdict (*hook)(struct hg_slot *, void *, struct hg_frame *);
	bool whole;

	hook = direction == HG_RECV ? slot->hooks->recv : slot->hooks->send;
	if (hook == NULL || !slot->opened)
		return (frame);
	whole = direction == HG_RECV ? slot->hooks->whole_recv :
	    slot->hooks->whole_send;
	if (whole && (frame = slot_assemble(slot, direction, frame)) == NULL)
		return (NULL);
	switch (hook(slot, slot->state, frame)) {
	case HG_PASS:
		if (!slot->chain->dead)
			return (frame);
		break;
	case HG_TAKE:
		return (NULL);
	case HG_DROP:
	case HG_FAIL:
		break;
	}
	frame_unref(frame);
	return (NULL);
}

void
chain_recv(struct chain *chain, unsigned from, struct hg_frame *frame)
{
	unsigned i;

	if (chain->dead) {
		frame_unref(frame);
		return;
	}
	for (i = from; i < chain->count; i++)
		if ((frame = slot_call(&chain->slots[i], HG_RECV, frame)) ==
		    NULL)
			return;
	chain->ops->top(chain, frame);
}

void
chain_send(struct chain *chain, unsigned from, struct hg_frame *frame)
{
	unsigned i;

	if (chain->dead) {
		frame_unref(frame);
		return;
	}
	for (i = from; i > 0; i--)
		if ((frame = slot_call(&chain->slots[i - 1], HG_SEND,
		    frame)) == NULL)
			return;
	chain->ops->bottom(chain, frame);
}

void
chain_ending(struct chain *chain, enum hg_direction direction, unsigned *code)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[direction == HG_RECV ? i :
		    chain->count - 1 - i];
		if (slot->opened && slot->hooks->ending != NULL)
			slot->hooks->ending(slot, slot->state, direction, code);
	}
}

void
chain_drain(struct chain *chain)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->drain != NULL)
			slot->hooks->drain(slot, slot->state);
	}
}

void
chain_opened(struct chain *chain, const struct hg_head *response)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->opened != NULL)
			slot->hooks->opened(slot, slot->state, response);
	}
}

enum hg_verdict
chain_auth(struct chain *chain, const struct hg_head *request)
{
	enum hg_verdict verdict = HG_PASS;
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead && verdict == HG_PASS;
	    i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->auth != NULL)
			verdict = slot->hooks->auth(slot, slot->state,
			    request);
	}
	return (verdict);
}

void
chain_authed(struct chain *chain, const struct hg_head *response)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->authed != NULL)
			slot->hooks->authed(slot, slot->state, response);
	}
}

bool
chain_park(struct chain *chain, enum hg_direction direction)
{
	struct hg_slot *slot;
	bool yes = false;
	unsigned i;
	int result;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (!slot->opened || slot->hooks->park == NULL)
			continue;
		result = slot->hooks->park(slot, slot->state, direction);
		if (result < 0)
			return (false);
		yes |= result == 0;
	}
	return (yes && !chain->dead);
}

void
chain_rejoin(struct chain *chain)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->rejoin != NULL)
			slot->hooks->rejoin(slot, slot->state);
	}
}

void
chain_lost(struct chain *chain, uint64_t seq)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->lost != NULL)
			slot->hooks->lost(slot, slot->state, seq);
	}
}

void
chain_resumed(struct chain *chain, bool yes)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < chain->count && !chain->dead; i++) {
		slot = &chain->slots[i];
		if (slot->opened && slot->hooks->resumed != NULL)
			slot->hooks->resumed(slot, slot->state, yes);
	}
}

bool
chain_has(const struct chain *chain, const char *extension)
{
	unsigned i;

	for (i = 0; i < chain->count; i++)
		if (chain->slots[i].answered != NULL &&
		    strcmp(chain->slots[i].answered->name, extension) == 0)
			return (true);
	return (false);
}

const void *
chain_options(const struct service *service, const struct plugin *plugin)
{
	if (service != NULL && service->options != NULL &&
	    service->options[plugin->index] != NULL)
		return (service->options[plugin->index]);
	return (plugin->options);
}

static void
timer_fire(evutil_socket_t fd, short what, void *arg)
{
	struct hg_timer *timer = arg;
	struct hg_slot *slot = timer->slot;

	(void)fd;
	(void)what;
	worker_tick(worker_self());
	/* The plugin may still stop it in close: it goes with the slot. */
	if (slot != NULL && slot->chain->dead)
		return;
	timer->firing = true;
	list_remove(&timer->node);
	if (slot == NULL)
		timer->worker_fn(timer->data);
	else
		timer->fn(slot, slot->state);
	timer->firing = false;
	slot_timer_stop(timer);
}

static struct hg_timer *
timer_start(struct list *list, uint64_t ms)
{
	struct hg_timer *timer;
	struct timeval tv;

	if ((timer = recycle_get(sizeof(*timer))) == NULL)
		return (NULL);
	memset(timer, 0, sizeof(*timer));
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (event_assign(&timer->event, worker_self()->base, -1, 0,
	    timer_fire, timer) != 0 || event_add(&timer->event, &tv) != 0) {
		recycle_put(timer, sizeof(*timer));
		return (NULL);
	}
	list_push(list, &timer->node);
	return (timer);
}

struct hg_timer *
slot_timer_start(struct hg_slot *slot, uint64_t ms,
    void (*fn)(struct hg_slot *, void *))
{
	struct hg_timer *timer;

	if ((timer = timer_start(&slot->timers, ms)) == NULL)
		return (NULL);
	timer->slot = slot;
	timer->fn = fn;
	return (timer);
}

struct hg_timer *
list_timer_start(struct list *list, uint64_t ms, void (*fn)(void *),
    void *data)
{
	struct hg_timer *timer;

	if ((timer = timer_start(list, ms)) == NULL)
		return (NULL);
	timer->worker_fn = fn;
	timer->data = data;
	return (timer);
}

void
list_timers_stop(struct list *list)
{
	while (!list_empty(list))
		slot_timer_stop(list_entry(list->next, struct hg_timer, node));
}

void
slot_timer_stop(struct hg_timer *timer)
{
	if (timer == NULL || timer->firing)
		return;
	list_remove(&timer->node);
	event_del(&timer->event);
	recycle_put(timer, sizeof(*timer));
}
