/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACK and NACK. A delivery is named "SERIAL-DELIVERY" (1.2), the subscription's
 * number in the session and the message's in the subscription; a message-id is
 * the session's id before that (1.0, 1.1).
 */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

static struct broker_subscription *
find(struct broker_session *s, uint64_t serial)
{
	struct broker_subscription *sub;
	struct broker_node *node;

	for (node = s->subscriptions.next; node != &s->subscriptions;
	    node = node->next) {
		sub = BROKER_OF(node, struct broker_subscription, node);
		if (sub->serial == serial)
			return (sub);
	}
	return (NULL);
}

struct broker_subscription *
broker_ack_find(struct broker_session *s, uint64_t serial, uint64_t delivery)
{
	struct broker_subscription *sub;
	struct broker_node *node;

	if ((sub = find(s, serial)) == NULL)
		return (NULL);
	for (node = sub->unacked.next; node != &sub->unacked;
	    node = node->next)
		if (BROKER_OF(node, struct broker_item, node)->delivery ==
		    delivery)
			return (sub);
	return (NULL);
}

void
broker_ack_apply(struct broker_subscription *sub, uint64_t delivery, bool nack)
{
	struct broker_node items, *node, *next;
	struct broker_item *item;

	broker_list_init(&items);
	for (node = sub->unacked.next; node != &sub->unacked; node = next) {
		next = node->next;
		item = BROKER_OF(node, struct broker_item, node);
		if (item->delivery > delivery)
			break;
		if (item->delivery != delivery &&
		    sub->ack == BROKER_ACK_INDIVIDUAL)
			continue;
		broker_list_remove(node);
		broker_list_push(&items, node);
	}
	if (sub->destination->is_queue) {
		broker_queue_settle(sub, &items, nack);
		return;
	}
	while (!broker_list_empty(&items)) {
		item = BROKER_OF(items.next, struct broker_item, node);
		broker_item_free(item);
		sub->held--;
	}
}

static bool
read_name(const char *name, uint64_t *serial, uint64_t *delivery)
{
	const char *dash;

	if ((dash = strchr(name, '-')) == NULL)
		return (false);
	return (broker_number(name, (size_t)(dash - name), UINT64_MAX,
	    serial) && broker_number(dash + 1, strlen(dash + 1), UINT64_MAX,
	    delivery));
}

/* Which delivery is meant. False: none that could be. */
static bool
read_ack(struct broker_session *s, const struct broker_frame *frame,
    uint64_t *serial, uint64_t *delivery)
{
	struct broker_subscription *sub;
	const char *name, *id;
	size_t len;

	if (s->version == BROKER_1_2) {
		name = broker_header(frame, "id");
		return (name != NULL && read_name(name, serial, delivery));
	}
	name = broker_header(frame, "message-id");
	len = strlen(s->id);
	if (name == NULL || strncmp(name, s->id, len) != 0 ||
	    name[len] != '-' || !read_name(name + len + 1, serial, delivery))
		return (false);
	if (s->version == BROKER_1_0)
		return (true);
	id = broker_header(frame, "subscription");
	sub = find(s, *serial);
	return (id != NULL && sub != NULL && strcmp(sub->id, id) == 0);
}

void
broker_ack(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_step step = { .command = frame->command };
	struct broker_subscription *sub;
	const char *transaction;

	if (!read_ack(s, frame, &step.serial, &step.delivery) ||
	    (sub = broker_ack_find(s, step.serial, step.delivery)) == NULL) {
		broker_error(s, 1002, "no such message to acknowledge",
		    broker_header(frame, s->version == BROKER_1_2 ? "id" :
		    "message-id"));
		return;
	}
	transaction = broker_header(frame, "transaction");
	if (transaction != NULL)
		broker_transaction_add(s, transaction, &step);
	else
		broker_ack_apply(sub, step.delivery,
		    frame->command == BROKER_NACK);
}
