/* SPDX-License-Identifier: Apache-2.0 */
/* SUBSCRIBE and UNSUBSCRIBE, and a subscription's life. */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

void
broker_subscription_unref(struct broker_subscription *sub)
{
	if (--sub->refs > 0)
		return;
	pthread_mutex_lock(&broker.lock);
	broker_destination_unref(sub->destination);
	pthread_mutex_unlock(&broker.lock);
	free(sub->id);
	free(sub);
}

/* It receives nothing from now on; what was not acknowledged goes back. */
void
broker_subscription_leave(struct broker_subscription *sub)
{
	struct broker_item *item;

	sub->gone = true;
	broker_list_remove(&sub->node);
	sub->session->subscription_count--;
	if (sub->destination->is_queue)
		broker_queue_leave(sub);
	else
		broker_topic_leave(sub);
	while (!broker_list_empty(&sub->unacked)) {
		item = BROKER_OF(sub->unacked.next, struct broker_item, node);
		broker_item_free(item);
	}
	broker_subscription_unref(sub);
}

static struct broker_subscription *
find(struct broker_session *s, const char *id, const char *destination)
{
	struct broker_subscription *sub;
	struct broker_node *node;

	for (node = s->subscriptions.next; node != &s->subscriptions;
	    node = node->next) {
		sub = BROKER_OF(node, struct broker_subscription, node);
		if (id != NULL && sub->id != NULL && strcmp(sub->id, id) == 0)
			return (sub);
		if (id == NULL && sub->id == NULL &&
		    strcmp(sub->destination->name, destination) == 0)
			return (sub);
	}
	return (NULL);
}

/* Whether an option says that this user may not. "-" is who has no name. */
static bool
denied(const struct broker_session *s, const char *destination)
{
	const struct hg_strings *deny = &s->options->deny;
	const char *user, *rule, *blank;
	size_t i, len;

	user = s->user != NULL ? s->user : "-";
	for (i = 0; i < deny->count; i++) {
		rule = deny->item[i];
		blank = strchr(rule, ' ');
		len = (size_t)(blank - rule);
		if ((len != strlen(user) || memcmp(rule, user, len) != 0) &&
		    (len != 1 || *rule != '*'))
			continue;
		if (broker_match(blank + strspn(blank, " "), destination))
			return (true);
	}
	return (false);
}

static bool
read_ack(const struct broker_session *s, const char *value,
    enum broker_ack *ack)
{
	*ack = BROKER_ACK_AUTO;
	if (value == NULL || strcmp(value, "auto") == 0)
		return (true);
	*ack = BROKER_ACK_CLIENT;
	if (strcmp(value, "client") == 0)
		return (true);
	*ack = BROKER_ACK_INDIVIDUAL;
	return (s->version > BROKER_1_0 &&
	    strcmp(value, "client-individual") == 0);
}

static struct broker_subscription *
create(struct broker_session *s, const char *id, const char *destination,
    enum broker_ack ack)
{
	struct broker_subscription *sub;

	if ((sub = calloc(1, sizeof(*sub))) == NULL)
		return (NULL);
	if (id != NULL && (sub->id = strdup(id)) == NULL)
		goto fail;
	pthread_mutex_lock(&broker.lock);
	sub->destination = broker_destination_get(destination,
	    (size_t)s->options->destinations);
	pthread_mutex_unlock(&broker.lock);
	if (sub->destination == NULL)
		goto fail;
	sub->refs = 1;
	sub->session = s;
	sub->worker = hg->worker_index();
	sub->serial = ++s->serial;
	sub->ack = ack;
	sub->held_max = (size_t)s->options->unacked;
	sub->stopped = s->full;
	broker_list_init(&sub->unacked);
	broker_list_init(&sub->inbox);
	broker_list_init(&sub->ready);
	broker_list_init(&sub->member);
	broker_list_push(&s->subscriptions, &sub->node);
	s->subscription_count++;
	return (sub);
fail:
	free(sub->id);
	free(sub);
	return (NULL);
}

/* What is wrong with the request, and its code; NULL when nothing is. */
static const char *
check(struct broker_session *s, const struct broker_frame *frame,
    const char *id, const char *destination, unsigned *code)
{
	const char *error;

	*code = 1002;
	if (destination == NULL)
		return ("SUBSCRIBE without a destination");
	if (id == NULL && s->version > BROKER_1_0)
		return ("SUBSCRIBE without an id");
	if (find(s, id, destination) != NULL)
		return ("subscribed already");
	*code = 1008;
	if ((error = broker_destination_check(destination)) != NULL)
		return (error);
	if (broker_header(frame, "selector") != NULL)
		return ("selectors are not supported");
	if (denied(s, destination))
		return ("access to this destination is refused");
	if (s->subscription_count >= (size_t)s->options->subscriptions)
		return ("too many subscriptions");
	return (NULL);
}

void
broker_subscribe(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_subscription *sub;
	const char *destination, *error, *id;
	enum broker_ack ack;
	unsigned code;

	destination = broker_header(frame, "destination");
	id = broker_header(frame, "id");
	error = check(s, frame, id, destination, &code);
	if (error != NULL) {
		broker_error(s, code, error, destination);
		return;
	}
	if (!read_ack(s, broker_header(frame, "ack"), &ack)) {
		broker_error(s, 1002, "no such ack mode",
		    broker_header(frame, "ack"));
		return;
	}
	if ((sub = create(s, id, destination, ack)) == NULL) {
		broker_error(s, 1013, "too many destinations", destination);
		return;
	}
	if (sub->destination->is_queue)
		broker_queue_join(sub);
	else if (broker_topic_join(sub) != 0)
		broker_error(s, 1011, "out of memory", NULL);
}

void
broker_unsubscribe(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_subscription *sub;
	const char *destination, *id;

	id = broker_header(frame, "id");
	destination = broker_header(frame, "destination");
	if (id == NULL && (s->version > BROKER_1_0 || destination == NULL)) {
		broker_error(s, 1002, "UNSUBSCRIBE without an id", NULL);
		return;
	}
	if ((sub = find(s, id, destination)) == NULL)
		broker_error(s, 1002, "no such subscription",
		    id != NULL ? id : destination);
	else
		broker_subscription_leave(sub);
}
