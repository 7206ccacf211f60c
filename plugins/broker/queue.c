/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues. Under the lock a message is given to the next consumer that has
 * room, into its inbox; that consumer's worker is woken, takes it out and sends
 * it. Who leaves gives inbox and unacknowledged ones back, in their old order.
 */
#include <string.h>

#include "broker.h"

struct broker_item *
broker_item_new(void)
{
	struct broker_item *item;

	if ((item = hg->recycle_get(sizeof(*item))) == NULL)
		return (NULL);
	memset(item, 0, sizeof(*item));
	broker_list_init(&item->node);
	return (item);
}

void
broker_item_free(struct broker_item *item)
{
	broker_list_remove(&item->node);
	broker_message_unref(item->message);
	hg->recycle_put(item, sizeof(*item));
}

static void
add_item(struct broker_destination *queue, struct broker_item *item,
    struct broker_node *before)
{
	broker_list_insert(before, &item->node);
	queue->item_count++;
	queue->item_bytes += item->message->cost;
}

/* Oldest ones come last, so that most find their place at the front. */
static void
give_back(struct broker_destination *queue, struct broker_node *list)
{
	struct broker_node *place;
	struct broker_item *item;

	while (!broker_list_empty(list)) {
		item = BROKER_OF(list->prev, struct broker_item, node);
		broker_list_remove(&item->node);
		place = queue->items.next;
		while (place != &queue->items && BROKER_OF(place,
		    struct broker_item, node)->number < item->number)
			place = place->next;
		add_item(queue, item, place);
	}
}

static bool
has_room(const struct broker_subscription *sub)
{
	return (!sub->stopped && sub->inbox_count < BROKER_INBOX &&
	    sub->held + sub->inbox_count < sub->held_max);
}

static void
make_ready(struct broker_subscription *sub)
{
	if (broker_list_empty(&sub->ready))
		broker_list_push(&broker.worker[sub->worker]->queues,
		    &sub->ready);
	broker_wake(sub->worker);
}

/* The consumer whose turn it is, which then is the last one; or NULL. */
static struct broker_subscription *
next_consumer(struct broker_destination *queue)
{
	struct broker_subscription *sub;
	struct broker_node *node;

	for (node = queue->consumers.next; node != &queue->consumers;
	    node = node->next) {
		sub = BROKER_OF(node, struct broker_subscription, member);
		if (!has_room(sub))
			continue;
		broker_list_remove(node);
		broker_list_push(&queue->consumers, node);
		return (sub);
	}
	return (NULL);
}

/* With the lock held: all that can be given is given. */
static void
assign(struct broker_destination *queue)
{
	struct broker_subscription *sub;
	struct broker_item *item;

	while (!broker_list_empty(&queue->items) &&
	    (sub = next_consumer(queue)) != NULL) {
		item = BROKER_OF(queue->items.next, struct broker_item, node);
		broker_list_remove(&item->node);
		queue->item_count--;
		queue->item_bytes -= item->message->cost;
		if (queue->item_count == 0)
			queue->refs--;
		broker_list_push(&sub->inbox, &item->node);
		sub->inbox_count++;
		make_ready(sub);
	}
}

/* A queue that keeps messages holds a reference to itself. */
static void
assign_kept(struct broker_destination *queue, bool was_empty)
{
	if (was_empty && queue->item_count > 0)
		queue->refs++;
	assign(queue);
}

const char *
broker_queue_publish(const struct broker_options *options, const char *name,
    struct broker_message *message)
{
	struct broker_destination *queue;
	struct broker_item *item;
	const char *error;
	bool was_empty;

	item = broker_item_new();
	pthread_mutex_lock(&broker.lock);
	queue = broker_destination_get(name, (size_t)options->destinations);
	error = NULL;
	if (item == NULL)
		error = "out of memory";
	else if (queue == NULL)
		error = "too many destinations";
	else if (queue->item_count >= (size_t)options->queue_messages ||
	    queue->item_bytes + message->cost > (size_t)options->queue_bytes)
		error = "the queue is full";
	if (error == NULL) {
		was_empty = queue->item_count == 0;
		item->message = message;
		item->number = ++queue->number;
		add_item(queue, item, &queue->items);
		assign_kept(queue, was_empty);
	}
	if (queue != NULL)
		broker_destination_unref(queue);
	pthread_mutex_unlock(&broker.lock);
	if (error != NULL) {
		if (item != NULL)
			broker_item_free(item);
		broker_message_unref(message);
	}
	return (error);
}

void
broker_queue_join(struct broker_subscription *sub)
{
	pthread_mutex_lock(&broker.lock);
	broker_list_push(&sub->destination->consumers, &sub->member);
	sub->destination->subscribers++;
	assign(sub->destination);
	pthread_mutex_unlock(&broker.lock);
}

static void
mark_redelivered(struct broker_node *list)
{
	struct broker_node *node;

	for (node = list->next; node != list; node = node->next) {
		BROKER_OF(node, struct broker_item, node)->redelivered = true;
		broker_count(BROKER_COUNT_REDELIVERED);
	}
}

void
broker_queue_leave(struct broker_subscription *sub)
{
	struct broker_destination *queue = sub->destination;
	bool was_empty;

	mark_redelivered(&sub->unacked);
	pthread_mutex_lock(&broker.lock);
	broker_list_remove(&sub->member);
	broker_list_remove(&sub->ready);
	queue->subscribers--;
	was_empty = queue->item_count == 0;
	give_back(queue, &sub->inbox);
	give_back(queue, &sub->unacked);
	sub->inbox_count = sub->held = 0;
	assign_kept(queue, was_empty);
	pthread_mutex_unlock(&broker.lock);
}

void
broker_queue_settle(struct broker_subscription *sub, struct broker_node *items,
    bool back)
{
	struct broker_destination *queue = sub->destination;
	struct broker_node *node;
	bool was_empty;

	if (back)
		mark_redelivered(items);
	pthread_mutex_lock(&broker.lock);
	for (node = items->next; node != items; node = node->next)
		sub->held--;
	was_empty = queue->item_count == 0;
	if (back)
		give_back(queue, items);
	assign_kept(queue, was_empty);
	pthread_mutex_unlock(&broker.lock);
	while (!broker_list_empty(items))
		broker_item_free(BROKER_OF(items->next, struct broker_item,
		    node));
}

void
broker_queue_stop(struct broker_subscription *sub, bool stop)
{
	pthread_mutex_lock(&broker.lock);
	sub->stopped = stop;
	if (!stop && sub->inbox_count > 0)
		make_ready(sub);
	if (!stop)
		assign(sub->destination);
	pthread_mutex_unlock(&broker.lock);
}

/* The next one for this consumer, or NULL. */
static struct broker_item *
take(struct broker_subscription *sub)
{
	struct broker_item *item;

	if (sub->gone || sub->session->full)
		return (NULL);
	item = NULL;
	pthread_mutex_lock(&broker.lock);
	if (!broker_list_empty(&sub->inbox)) {
		item = BROKER_OF(sub->inbox.next, struct broker_item, node);
		broker_list_remove(&item->node);
		sub->inbox_count--;
		if (sub->ack != BROKER_ACK_AUTO)
			sub->held++;
		else
			assign(sub->destination);
	}
	pthread_mutex_unlock(&broker.lock);
	return (item);
}

void
broker_queue_deliver(struct broker_subscription *sub)
{
	struct broker_message *message;
	struct broker_item *item;
	struct broker_item sent;
	struct hg_frame *tail;

	while ((item = take(sub)) != NULL) {
		item->delivery = ++sub->delivery;
		sent = *item;
		message = item->message;
		broker_message_ref(message);
		/* An ACK may come before the sending has returned. */
		if (sub->ack != BROKER_ACK_AUTO)
			broker_list_push(&sub->unacked, &item->node);
		else
			broker_item_free(item);
		tail = broker_message_tail(message, sub->session->version);
		broker_count(BROKER_COUNT_OUT);
		broker_message_send(sub, &sent, tail, message->text);
		hg->frame_unref(tail);
		broker_message_unref(message);
	}
}
