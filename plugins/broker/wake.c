/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker has to deliver. One post wakes it for all that has come since
 * it was woken last, from whatever worker, its own too. So a topic's messages
 * that come together are sent together: a subscriber is turned to once.
 */
#include "broker.h"

/* With the lock held, but for while something is sent. What comes meanwhile is
 * sent too, by who is at it already. */
static void
deliver_topics(struct broker_worker *worker)
{
	struct broker_local *local;

	if (worker->busy)
		return;
	worker->busy = true;
	while (!broker_list_empty(&worker->topics)) {
		local = BROKER_OF(worker->topics.next, struct broker_local,
		    ready);
		broker_list_remove(&local->ready);
		pthread_mutex_unlock(&broker.lock);
		broker_topic_deliver(local);
		pthread_mutex_lock(&broker.lock);
	}
	worker->busy = false;
}

static void
deliver_queues(struct broker_worker *worker)
{
	struct broker_subscription *sub;

	while (!broker_list_empty(&worker->queues)) {
		sub = BROKER_OF(worker->queues.next,
		    struct broker_subscription, ready);
		broker_list_remove(&sub->ready);
		sub->refs++;
		pthread_mutex_unlock(&broker.lock);
		broker_queue_deliver(sub);
		broker_subscription_unref(sub);
		pthread_mutex_lock(&broker.lock);
	}
}

static void
wake(void *arg)
{
	struct broker_worker *worker = arg;

	pthread_mutex_lock(&broker.lock);
	worker->woken = false;
	deliver_topics(worker);
	deliver_queues(worker);
	pthread_mutex_unlock(&broker.lock);
}

void
broker_catch_up_all(void)
{
	pthread_mutex_lock(&broker.lock);
	deliver_topics(broker.worker[hg->worker_index()]);
	pthread_mutex_unlock(&broker.lock);
}

void
broker_catch_up(const struct broker_session *s)
{
	if (s->subscription_count > 0)
		broker_catch_up_all();
}

int
broker_wake(unsigned index)
{
	struct broker_worker *worker = broker.worker[index];

	if (worker->woken)
		return (0);
	if (hg->post(index, wake, worker) != 0)
		return (-1);
	worker->woken = true;
	return (0);
}
