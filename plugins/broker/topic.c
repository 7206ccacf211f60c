/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Topics. Each worker has the list of its own subscriptions; a message is
 * posted once to each other worker that has any. Its number, taken under the
 * lock, tells apart who subscribed before it and who did later.
 */
#include <stdlib.h>

#include "broker.h"

/* A message on its way to one worker. */
struct broker_parcel {
	struct broker_destination	*destination;
	struct broker_message		*message;
	uint64_t			 number;
};

void
broker_topic_join(struct broker_subscription *sub)
{
	struct broker_destination *destination = sub->destination;
	struct broker_local *local = &destination->local[sub->worker];

	broker_list_push(&local->subscriptions, &sub->member);
	pthread_mutex_lock(&broker.lock);
	sub->since = destination->number;
	local->count++;
	destination->subscribers++;
	pthread_mutex_unlock(&broker.lock);
}

void
broker_topic_leave(struct broker_subscription *sub)
{
	struct broker_destination *destination = sub->destination;
	struct broker_local *local = &destination->local[sub->worker];
	struct broker_walk *walk;

	for (walk = local->walks; walk != NULL; walk = walk->outer)
		if (walk->next == &sub->member)
			walk->next = sub->member.next;
	broker_list_remove(&sub->member);
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

	if (sub->ack == BROKER_ACK_AUTO)
		return (true);
	if (sub->held >= sub->held_max) {
		broker_error(sub->session, 1013,
		    "too many messages without an ACK", sub->id);
		return (false);
	}
	if ((item = calloc(1, sizeof(*item))) == NULL) {
		broker_error(sub->session, 1011, "out of memory", NULL);
		return (false);
	}
	item->delivery = sent->delivery;
	broker_list_push(&sub->unacked, &item->node);
	sub->held++;
	return (true);
}

static void
deliver_one(struct broker_subscription *sub,
    const struct broker_message *message, struct hg_frame *tails[4])
{
	enum broker_version version = sub->session->version;
	struct broker_item item = { .delivery = sub->delivery + 1 };

	if (tails[version] == NULL)
		tails[version] = broker_message_tail(message, version);
	sub->delivery++;
	sub->refs++;
	if (remember(sub, &item))
		broker_message_send(sub, &item, tails[version],
		    message->text);
	broker_subscription_unref(sub);
}

/* To the subscriptions of this worker. */
static void
deliver(struct broker_destination *destination,
    const struct broker_message *message, uint64_t number)
{
	struct broker_local *local;
	struct hg_frame *tails[4] = { NULL };
	struct broker_subscription *sub;
	struct broker_walk walk;
	size_t i;

	local = &destination->local[hg->worker_index()];
	walk.outer = local->walks;
	walk.next = local->subscriptions.next;
	local->walks = &walk;
	while (walk.next != &local->subscriptions) {
		sub = BROKER_OF(walk.next, struct broker_subscription, member);
		walk.next = walk.next->next;
		if (sub->since < number)
			deliver_one(sub, message, tails);
	}
	local->walks = walk.outer;
	for (i = 0; i < 4; i++)
		hg->frame_unref(tails[i]);
}

static void
parcel_free(struct broker_parcel *parcel)
{
	pthread_mutex_lock(&broker.lock);
	broker_destination_unref(parcel->destination);
	pthread_mutex_unlock(&broker.lock);
	broker_message_unref(parcel->message);
	free(parcel);
}

static void
arrived(void *arg)
{
	struct broker_parcel *parcel = arg;

	deliver(parcel->destination, parcel->message, parcel->number);
	parcel_free(parcel);
}

static int
post(unsigned worker, struct broker_destination *destination,
    struct broker_message *message, uint64_t number)
{
	struct broker_parcel *parcel;

	if ((parcel = malloc(sizeof(*parcel))) == NULL)
		return (-1);
	pthread_mutex_lock(&broker.lock);
	destination->refs++;
	pthread_mutex_unlock(&broker.lock);
	broker_message_ref(message);
	parcel->destination = destination;
	parcel->message = message;
	parcel->number = number;
	if (hg->post(worker, arrived, parcel) == 0)
		return (0);
	parcel_free(parcel);
	return (-1);
}

/* Who wants the message, and its number. NULL: nobody; else a reference. */
static struct broker_destination *
look_up(const char *name, bool *wanted, unsigned workers, uint64_t *number)
{
	struct broker_destination *destination;
	unsigned i;

	pthread_mutex_lock(&broker.lock);
	if ((destination = broker_destination_find(name)) != NULL) {
		destination->refs++;
		*number = ++destination->number;
		for (i = 0; i < workers; i++)
			wanted[i] = destination->local[i].count > 0;
	}
	pthread_mutex_unlock(&broker.lock);
	return (destination);
}

int
broker_topic_publish(const char *name, struct broker_message *message)
{
	struct broker_destination *destination;
	bool wanted[BROKER_WORKERS];
	unsigned i, self, workers;
	uint64_t number = 0;
	int error;

	workers = hg->worker_count();
	self = hg->worker_index();
	destination = look_up(name, wanted, workers, &number);
	if (destination == NULL) {
		broker_message_unref(message);
		return (0);
	}
	error = 0;
	for (i = 0; i < workers; i++)
		if (wanted[i] && i != self)
			error |= post(i, destination, message, number);
	if (wanted[self])
		deliver(destination, message, number);
	pthread_mutex_lock(&broker.lock);
	broker_destination_unref(destination);
	pthread_mutex_unlock(&broker.lock);
	broker_message_unref(message);
	return (error);
}
