/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds: one copy of a topic's messages for all subscribers that a plugin below
 * serves by itself, such as the members of a flow. A subscription that it has
 * silenced stays in its session, with its id and its place in all limits, and
 * is only not sent to.
 *
 * Both begin between two walks (topic.c), when all subscriptions of the worker
 * have been sent the same, so what comes next is the same for a feed and for
 * who is silent.
 */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

static struct broker_node *
bucket_of(struct broker_worker *worker, const struct hg_channel *channel)
{
	uint64_t hash = (uint64_t)(uintptr_t)channel;

	hash *= UINT64_C(0x9e3779b97f4a7c15);
	return (&worker->session[(hash >> 32) % BROKER_SESSIONS]);
}

void
broker_session_list(struct broker_session *s)
{
	broker_list_push(bucket_of(broker.worker[hg->worker_index()],
	    s->channel), &s->node);
}

static struct broker_session *
session_find(struct broker_worker *worker, const struct hg_channel *channel)
{
	struct broker_node *bucket, *node;
	struct broker_session *s;

	bucket = bucket_of(worker, channel);
	for (node = bucket->next; node != bucket; node = node->next) {
		s = BROKER_OF(node, struct broker_session, node);
		if (s->channel == channel)
			return (s);
	}
	return (NULL);
}

/* Of a topic, without ACK, and up to date: nothing for it is under way. */
static struct broker_subscription *
find(const struct hg_channel *channel, const void *name, size_t len)
{
	struct broker_worker *worker = broker.worker[hg->worker_index()];
	struct broker_subscription *sub;
	struct broker_session *s;
	struct broker_node *node;

	if (worker->busy || (s = session_find(worker, channel)) == NULL ||
	    s->ended || !broker_list_empty(&s->waiting))
		return (NULL);
	/* It is mostly the newest one. */
	for (node = s->subscriptions.prev; node != &s->subscriptions;
	    node = node->prev) {
		sub = BROKER_OF(node, struct broker_subscription, node);
		if (sub->id != NULL && strlen(sub->id) == len &&
		    memcmp(sub->id, name, len) == 0)
			break;
	}
	if (node == &s->subscriptions || sub->form == NULL ||
	    sub->ack != BROKER_ACK_AUTO)
		return (NULL);
	return (sub);
}

static void
count_in(struct broker_local *local, int by)
{
	pthread_mutex_lock(&broker.lock);
	local->count += (unsigned)by;
	if (by > 0)
		local->destination->refs++;
	else
		broker_destination_unref(local->destination);
	pthread_mutex_unlock(&broker.lock);
}

static struct hg_feed *
feed_open(struct hg_channel *channel, const void *name, size_t len,
    void (*fn)(void *arg, struct hg_frame *frame), void *arg)
{
	struct broker_subscription *sub;
	struct hg_feed *feed;

	if ((sub = find(channel, name, len)) == NULL ||
	    (feed = calloc(1, sizeof(*feed))) == NULL)
		return (NULL);
	if ((feed->form = broker_form_bare(sub)) == NULL) {
		free(feed);
		return (NULL);
	}
	feed->fn = fn;
	feed->arg = arg;
	feed->local = &sub->destination->local[sub->worker];
	broker_list_push(&feed->local->feeds, &feed->node);
	count_in(feed->local, 1);
	return (feed);
}

static void
feed_settle(struct hg_feed *feed)
{
	struct broker_local *local = feed->local;

	if (feed->walked || feed->fn != NULL)
		return;
	broker_list_remove(&feed->node);
	free(feed->form);
	free(feed);
	count_in(local, -1);
}

static void
feed_close(struct hg_feed *feed)
{
	feed->fn = NULL;
	feed_settle(feed);
}

static struct hg_silent *
feed_silence(struct hg_feed *feed, struct hg_channel *channel,
    const void *name, size_t len, void (*ended)(void *arg), void *arg)
{
	struct broker_subscription *sub;

	sub = find(channel, name, len);
	if (sub == NULL || sub->form->version != feed->form->version ||
	    &sub->destination->local[sub->worker] != feed->local)
		return (NULL);
	broker_form_leave(sub);
	sub->form = NULL;
	sub->silent = true;
	sub->ended = ended;
	sub->arg = arg;
	return ((struct hg_silent *)sub);
}

static void
feed_forget(struct hg_silent *silent)
{
	((struct broker_subscription *)silent)->ended = NULL;
}

void
broker_silent_leave(struct broker_subscription *sub)
{
	void (*ended)(void *) = sub->ended;

	sub->ended = NULL;
	if (ended != NULL)
		ended(sub->arg);
}

/* It may be closed from within. */
static void
feed_send(struct hg_feed *feed, const struct broker_parcel *parcel)
{
	if (feed->fn == NULL)
		return;
	broker_count(BROKER_COUNT_OUT);
	feed->fn(feed->arg, broker_form_frame(feed->form, parcel));
}

void
broker_feeds_send(struct broker_local *local,
    const struct broker_parcel *parcels, size_t count)
{
	struct broker_node *node, *next;
	struct hg_feed *feed;
	size_t i;

	for (node = local->feeds.next; node != &local->feeds; node = next) {
		feed = BROKER_OF(node, struct hg_feed, node);
		feed->walked = true;
		for (i = 0; i < count; i++)
			feed_send(feed, &parcels[i]);
		feed->walked = false;
		next = node->next;
		feed_settle(feed);
	}
}

const struct hg_feeds broker_feeds = {
	.size = sizeof(struct hg_feeds),
	.open = feed_open,
	.close = feed_close,
	.silence = feed_silence,
	.forget = feed_forget,
};
