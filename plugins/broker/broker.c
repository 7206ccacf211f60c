/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin: hooks, workers, counters. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

static const char *const broker_counters[] = {
	[BROKER_COUNT_LOGINS] = "logins",
	[BROKER_COUNT_REFUSED] = "refused",
	[BROKER_COUNT_IN] = "messages-in",
	[BROKER_COUNT_OUT] = "messages-out",
	[BROKER_COUNT_REDELIVERED] = "redelivered",
	[BROKER_COUNT_SLOW] = "slow",
	[BROKER_COUNT_ERRORS] = "errors",
	NULL,
};

struct broker broker = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int
broker_load(const void *options)
{
	uint64_t id;
	size_t i;

	(void)options;
	for (i = 0; i < BROKER_BUCKETS; i++)
		broker_list_init(&broker.bucket[i]);
	hg->random(broker.key, sizeof(broker.key));
	hg->random(&id, sizeof(id));
	snprintf(broker.id, sizeof(broker.id), "%016" PRIx64, id);
	return (hg->provide(HG_FEEDS, &broker_feeds));
}

static void
broker_unload(void)
{
	broker_destinations_free();
}

static int
broker_worker_start(void *data)
{
	struct broker_worker *worker = data;
	size_t i;

	if (hg->worker_index() >= BROKER_WORKERS) {
		hg->log(NULL, HG_LOG_ERROR, "broker: more than %d workers",
		    BROKER_WORKERS);
		return (-1);
	}
	for (i = 0; i < BROKER_FORMS; i++)
		broker_list_init(&worker->form[i]);
	for (i = 0; i < BROKER_SESSIONS; i++)
		broker_list_init(&worker->session[i]);
	broker_list_init(&worker->queues);
	broker_list_init(&worker->topics);
	pthread_mutex_lock(&broker.lock);
	broker.worker[hg->worker_index()] = worker;
	pthread_mutex_unlock(&broker.lock);
	return (0);
}

static int
broker_open(struct hg_slot *slot, void *state)
{
	struct broker_session *s = state;

	s->slot = slot;
	s->channel = hg->slot_channel(slot);
	s->options = hg->options(slot);
	s->sent_at = s->received_at = hg->now();
	broker_session_list(s);
	broker_list_init(&s->input);
	broker_list_init(&s->subscriptions);
	broker_list_init(&s->transactions);
	broker_list_init(&s->waiting);
	broker_login_timer(s);
	if (s->login_timer == NULL) {
		hg->fail(slot, 1011, "out of memory");
		return (-1);
	}
	return (0);
}

static void
broker_close(struct hg_slot *slot, void *state)
{
	struct broker_session *s = state;

	(void)slot;
	broker_session_leave(s);
	broker_list_remove(&s->node);
	broker_parser_free(&s->parser);
	free(s->user);
}

static enum hg_verdict
broker_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	struct broker_session *s = state;

	(void)slot;
	if (s->ended)
		return (HG_DROP);
	broker_session_recv(s, frame);
	return (HG_TAKE);
}

/* The client has gone: others need not wait for the slot's close. */
static void
broker_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	(void)slot;
	(void)code;
	if (direction == HG_RECV)
		broker_session_leave(state);
}

static void
broker_drain(struct hg_slot *slot, void *state)
{
	(void)slot;
	broker_session_drain(state);
}

static const struct hg_hooks broker_channel = {
	.state_size = sizeof(struct broker_session),
	.open = broker_open,
	.close = broker_close,
	.recv = broker_recv,
	.ending = broker_ending,
	.drain = broker_drain,
	.auth = broker_auth,
};

HG_PLUGIN(
	.name = "broker",
	.version = HG_VERSION,
	.summary = "STOMP topics and queues without a broker",
	.counters = broker_counters,
	.options = broker_options,
	.options_size = sizeof(struct broker_options),
	.worker_size = sizeof(struct broker_worker),
	.load = broker_load,
	.unload = broker_unload,
	.worker_start = broker_worker_start,
	.channel = &broker_channel,
	.report = broker_report,
);

void
broker_count(enum broker_counter counter)
{
	broker_count_more(counter, 1);
}

void
broker_count_more(enum broker_counter counter, size_t by)
{
	hg->count(&hg_plugin_entry, counter, (int64_t)by);
}
