/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics. Each worker has the forms of its own subscriptions, and under the
 * lock the messages that wait for them. A message's number, taken under the
 * lock, tells apart who subscribed before it and who did later.
 */
#include <string.h>

#include "broker.h"

#define TOGETHER	64	/* messages that are sent in one walk */

int
broker_topic_join(struct broker_subscription *sub)
{
	struct broker_destination *destination = sub->destination;
	struct broker_local *local = &destination->local[sub->worker];

	if (broker_form_join(local, sub) != 0)
		return (-1);
	pthread_mutex_lock(&broker.lock);
	sub->since = destination->number;
	local->count++;
	destination->subscribers++;
	pthread_mutex_unlock(&broker.lock);
	return (0);
}

void
broker_topic_leave(struct broker_subscription *sub)
{
	struct broker_destination *destination = sub->destination;
	struct broker_local *local = &destination->local[sub->worker];

	if (sub->silent)
		broker_silent_leave(sub);
	else if (sub->form == NULL)	/* it failed to join */
		return;
	else {
		if (local->next == &sub->member)
			local->next = sub->member.next;
		broker_form_leave(sub);
	}
	pthread_mutex_lock(&broker.lock);
	local->count--;
	destination->subscribers--;
	pthread_mutex_unlock(&broker.lock);
}

/* For topics only the number has to wait for its ACK. */
static bool
remember(struct broker_subscription *sub, const struct broker_item *sent)
{
	struct broker_item *item;

	if (sub->held >= sub->held_max) {
		broker_error(sub->session, 1013,
		    "too many messages without an ACK", sub->id);
		return (false);
	}
	if ((item = broker_item_new()) == NULL) {
		broker_error(sub->session, 1011, "out of memory", NULL);
		return (false);
	}
	item->delivery = sent->delivery;
	broker_list_push(&sub->unacked, &item->node);
	sub->held++;
	return (true);
}

/* What is made of some parcels for all members of a form; NULL: not yet. */
struct frames {
	const struct broker_parcel *parcel;
	size_t			 count;
	struct hg_frame		*frame[TOGETHER];
	struct hg_frame		*tail[4][TOGETHER];	/* for who has an ACK
							 * to send */
};

static void
send_own(struct broker_subscription *sub, struct frames *all, size_t i)
{
	enum broker_version version = sub->session->version;
	struct broker_item item = { .delivery = sub->delivery + 1 };
	const struct broker_message *message = all->parcel[i].message;
	struct hg_frame **tail = &all->tail[version][i];

	if (*tail == NULL)
		*tail = broker_message_tail(message, version);
	sub->delivery++;
	if (remember(sub, &item))
		broker_message_send(sub, &item, *tail, message->text);
}

static void
send_common(struct broker_subscription *sub, struct frames *all, size_t i)
{
	struct hg_frame **frame = &all->frame[i];

	if (*frame == NULL)
		*frame = broker_form_frame(sub->form, &all->parcel[i]);
	broker_write(sub->session, *frame == NULL ? NULL :
	    hg->frame_ref(*frame));
}

/* Returns how many. */
static size_t
send_all(struct broker_subscription *sub, struct frames *all)
{
	size_t i, sent;

	sent = 0;
	sub->refs++;
	for (i = 0; i < all->count && !sub->gone; i++) {
		if (sub->since >= all->parcel[i].number)
			continue;
		sent++;
		if (sub->ack == BROKER_ACK_AUTO)
			send_common(sub, all, i);
		else
			send_own(sub, all, i);
	}
	broker_subscription_unref(sub);
	return (sent);
}

static void
frames_free(struct frames *all)
{
	size_t i, version;

	for (i = 0; i < all->count; i++) {
		hg->frame_unref(all->frame[i]);
		for (version = 0; version < 4; version++)
			hg->frame_unref(all->tail[version][i]);
	}
}

/* A member that leaves meanwhile moves "next" on. */
static void
walk_form(struct broker_local *local, struct broker_form *form,
    const struct broker_parcel *parcels, size_t count)
{
	struct broker_subscription *sub;
	struct frames all = { .parcel = parcels, .count = count };
	size_t sent;

	sent = 0;
	form->walked = true;
	local->next = form->members.next;
	while (local->next != &form->members) {
		sub = BROKER_OF(local->next, struct broker_subscription,
		    member);
		local->next = local->next->next;
		sent += send_all(sub, &all);
	}
	local->next = NULL;
	form->walked = false;
	frames_free(&all);
	broker_count_more(BROKER_COUNT_OUT, sent);
}

static void
walk(struct broker_local *local, const struct broker_parcel *parcels,
    size_t count)
{
	struct broker_node *node, *next;
	struct broker_form *form;

	for (node = local->forms.next; node != &local->forms; node = next) {
		form = BROKER_OF(node, struct broker_form, node);
		walk_form(local, form, parcels, count);
		next = node->next;
		broker_form_settle(form);
	}
	broker_feeds_send(local, parcels, count);
}

void
broker_topic_deliver(struct broker_local *local)
{
	struct broker_parcel *parcels;
	size_t i, count, size, some;

	pthread_mutex_lock(&broker.lock);
	parcels = local->parcels;
	count = local->parcel_count;
	size = local->parcel_size;
	local->parcels = NULL;
	local->parcel_count = local->parcel_size = 0;
	pthread_mutex_unlock(&broker.lock);
	for (i = 0; i < count; i += some) {
		some = count - i < TOGETHER ? count - i : TOGETHER;
		walk(local, parcels + i, some);
	}
	for (i = 0; i < count; i++)
		broker_message_unref(parcels[i].message);
	hg->recycle_put(parcels, size * sizeof(*parcels));
	pthread_mutex_lock(&broker.lock);
	broker_destination_unref(local->destination);
	pthread_mutex_unlock(&broker.lock);
}

/* With the lock held, as below. */
static int
add_parcel(struct broker_local *local, struct broker_message *message,
    uint64_t number)
{
	struct broker_parcel *grown;
	size_t size;

	if (local->parcel_count == local->parcel_size) {
		size = local->parcel_size > 0 ? 2 * local->parcel_size : 4;
		if ((grown = hg->recycle_get(size * sizeof(*grown))) == NULL)
			return (-1);
		if (local->parcel_count > 0)
			memcpy(grown, local->parcels,
			    local->parcel_count * sizeof(*grown));
		hg->recycle_put(local->parcels,
		    local->parcel_size * sizeof(*grown));
		local->parcels = grown;
		local->parcel_size = size;
	}
	broker_message_ref(message);
	local->parcels[local->parcel_count].message = message;
	local->parcels[local->parcel_count++].number = number;
	return (0);
}

/* The first parcel holds the destination, until all are delivered. */
static int
post(unsigned worker, struct broker_local *local,
    struct broker_message *message, uint64_t number)
{
	if (broker_wake(worker) != 0 ||
	    add_parcel(local, message, number) != 0)
		return (-1);
	if (local->parcel_count == 1) {
		local->destination->refs++;
		broker_list_push(&broker.worker[worker]->topics,
		    &local->ready);
	}
	return (0);
}

int
broker_topic_publish(const char *name, struct broker_message *message)
{
	struct broker_destination *destination;
	struct broker_local *local;
	unsigned i, workers;
	int error;

	workers = hg->worker_count();
	error = 0;
	pthread_mutex_lock(&broker.lock);
	if ((destination = broker_destination_find(name)) != NULL) {
		destination->number++;
		for (i = 0; i < workers; i++) {
			local = &destination->local[i];
			if (local->count > 0)
				error |= post(i, local, message,
				    destination->number);
		}
	}
	pthread_mutex_unlock(&broker.lock);
	broker_message_unref(message);
	return (error);
}
