/* SPDX-License-Identifier: Apache-2.0 */
/* STOMP over channels: a translator. The plugin's tables and hooks. */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

static int
stomp_open(struct hg_slot *slot, void *state)
{
	struct stomp *stomp = state;

	if (hg->channel_parent(hg->slot_channel(slot)) != NULL)
		stomp->child = stomp_child_create(slot);
	else
		stomp->session = stomp_session_create(slot);
	if (stomp->session != NULL)
		stomp->session->home = stomp;
	return (stomp->child != NULL || stomp->session != NULL ? 0 : -1);
}

static void
stomp_close(struct hg_slot *slot, void *state)
{
	struct stomp *stomp = state;

	(void)slot;
	stomp_child_destroy(stomp->child);
	stomp_session_destroy(stomp->session);
}

static enum hg_verdict
stomp_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	struct stomp *stomp = state;

	if (stomp->child != NULL)
		return (hg->fail(slot, 1002, "data against a child's "
		    "direction"));
	if (stomp->session != NULL)
		stomp_from_client(stomp->session, frame);
	return (stomp->session == NULL || stomp->session->is_failed ?
	    HG_FAIL : HG_DROP);
}

static enum hg_verdict
stomp_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->child != NULL)
		return (stomp_child_send(stomp->child, frame));
	if (stomp->session == NULL)
		return (HG_DROP);
	stomp_from_broker(stomp->session, frame);
	return (stomp->session == NULL || stomp->session->is_failed ?
	    HG_FAIL : HG_DROP);
}

/* What is above ends: unless it was asked to, the client is told why. */
static void
stomp_broker_ended(struct stomp_session *session, unsigned *code)
{
	bool was_asked = session->state == STOMP_LEAVING ||
	    session->state == STOMP_OVER;

	session->is_broker_lost = true;
	stomp_leave_all(session, was_asked ? 1000 : 1012,
	    was_asked ? "" : "connection to the broker lost");
	if (was_asked)
		return;
	if (session->again.phase != STOMP_NOT_LOST)
		stomp_count(STOMP_GAPS, 1);
	stomp_rejoin_over(session);
	/* Another headgate throws away what a slow client has not read. */
	if (!session->is_gateway && *code == 1013)
		stomp_send_error(session, "too slow");
	else if (*code == 1008)
		stomp_send_error(session, "access refused");
	else {
		stomp_send_error(session, "connection to the broker lost");
		*code = 1012;
	}
	session->state = STOMP_OVER;
}

/* What the broker still has to say, as a last RECEIPT, is passed on; unless
 * others live on its messages. */
static void
stomp_client_ended(struct stomp_session *session)
{
	bool is_over = session->state == STOMP_OVER;

	if (is_over)
		stomp_leave_all(session, 1000, "");
	else
		session->state = STOMP_LEAVING;
	if (!is_over && stomp_keep_all(session, 1000, "") &&
	    stomp_orphan(session) != 0)
		stomp_leave_all(session, 1000, "");
}

static void
stomp_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->child != NULL) {
		stomp_child_ending(stomp->child, direction, *code);
		return;
	}
	if (stomp->session == NULL || stomp->session->is_failed)
		return;
	if (direction == HG_SEND)
		stomp_broker_ended(stomp->session, code);
	else
		stomp_client_ended(stomp->session);
	if (stomp->session == NULL)
		return;
	hg->timer_stop(stomp->session->timer);
	stomp->session->timer = NULL;
}

static void
stomp_drain(struct hg_slot *slot, void *state)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->session != NULL)
		stomp_heard_all(stomp->session);
	else if (stomp->child != NULL && stomp->child->sub != NULL)
		stomp_heard_all(stomp->child->session);
}

static int
stomp_parks(struct hg_slot *slot, void *state, enum hg_direction direction)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->session == NULL)
		return (-1);
	return (direction == HG_RECV ? stomp_park(stomp->session) :
	    stomp_rejoin_park(stomp->session));
}

static void
stomp_rejoins(struct hg_slot *slot, void *state)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->session != NULL)
		stomp_rejoin(stomp->session);
}

static void
stomp_lost(struct hg_slot *slot, void *state, uint64_t seq)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->child == NULL || stomp->child->kept == NULL)
		return;
	stomp->child->kept->is_placed = true;
	stomp->child->kept->place = seq;
}

static void
stomp_resumed(struct hg_slot *slot, void *state, bool yes)
{
	struct stomp *stomp = state;

	(void)slot;
	if (stomp->child != NULL)
		stomp_rejoin_resumed(stomp->child, yes);
}

static const struct hg_hooks stomp_hooks = {
	.state_size = sizeof(struct stomp),
	.open = stomp_open,
	.close = stomp_close,
	.recv = stomp_recv,
	.send = stomp_send,
	.ending = stomp_ending,
	.drain = stomp_drain,
	.children = true,
	.park = stomp_parks,
	.rejoin = stomp_rejoins,
	.lost = stomp_lost,
	.resumed = stomp_resumed,
};

static const char *const stomp_counters[] = {
	[STOMP_FRAMES_FROM_CLIENT] = "frames_from_client",
	[STOMP_FRAMES_FROM_BROKER] = "frames_from_broker",
	[STOMP_MESSAGES] = "messages",
	[STOMP_SUBSCRIPTIONS] = "subscriptions",
	[STOMP_SHARED_SUBSCRIPTIONS] = "shared_subscriptions",
	[STOMP_ERRORS] = "errors",
	[STOMP_UNKNOWN_SUBSCRIPTION] = "unknown_subscription",
	[STOMP_HEARTBEATS_MISSED] = "heartbeats_missed",
	[STOMP_ORPHANS] = "orphans",
	[STOMP_LATE_MESSAGES] = "late_messages",
	[STOMP_PARKED] = "parked",
	[STOMP_RESUMED] = "resumed",
	[STOMP_GAPS] = "gaps",
	NULL
};

static const char *const stomp_content_length[] = { "always", "as-sent", NULL };

#define STOMP_OPTION(name)	offsetof(struct stomp_options, name)

static const struct hg_option stomp_options[] = {
	{ .key = "body-max", .type = HG_SIZE, .offset = STOMP_OPTION(body_max),
	    .standard = "16m", .min = 1024, .max = INT64_C(1) << 31,
	    .per_service = true,
	    .help = "the longest body of a frame" },
	{ .key = "subscriptions-max", .type = HG_INT,
	    .offset = STOMP_OPTION(subscriptions_max), .standard = "1000",
	    .min = 1, .max = 100000, .per_service = true,
	    .help = "the most subscriptions of one client" },
	{ .key = "connect-timeout", .type = HG_TIME,
	    .offset = STOMP_OPTION(connect_timeout), .standard = "10s",
	    .min = 0, .max = 3600000, .per_service = true,
	    .help = "how long CONNECT, and then its answer, may take; 0: any "
	    "time" },
	{ .key = "heart-beat", .type = HG_STRING,
	    .offset = STOMP_OPTION(heart_beat), .standard = "10000,10000",
	    .per_service = true, .check = stomp_check_beats,
	    .help = "milliseconds between heart-beats that are offered to and "
	    "wanted from clients" },
	{ .key = "upstream-heart-beat", .type = HG_STRING,
	    .offset = STOMP_OPTION(upstream_heart_beat),
	    .standard = "10000,10000", .per_service = true,
	    .check = stomp_check_beats,
	    .help = "the same towards a broker" },
	{ .key = "content-length", .type = HG_CHOICE,
	    .offset = STOMP_OPTION(content_length), .standard = "always",
	    .choices = stomp_content_length, .per_service = true,
	    .help = "whether every body gets the header, or those that came "
	    "with it" },
	{ .key = NULL }
};

static int
stomp_worker_start(void *data)
{
	struct stomp_worker *worker = data;

	TAILQ_INIT(&worker->keepers);
	stomp_made_start(worker);
	return (0);
}

static void
stomp_worker_stop(void *data)
{
	struct stomp_worker *worker = data;
	struct stomp_work *work;

	while ((work = worker->free) != NULL) {
		worker->free = work->next;
		free(work);
	}
	stomp_made_forget(worker);
}

HG_PLUGIN(
	.name = "stomp",
	.version = HG_VERSION,
	.summary = "STOMP 1.0, 1.1 and 1.2, one channel for each subscription",
	.counters = stomp_counters,
	.options = stomp_options,
	.options_size = sizeof(struct stomp_options),
	.worker_size = sizeof(struct stomp_worker),
	.worker_start = stomp_worker_start,
	.worker_stop = stomp_worker_stop,
	.channel = &stomp_hooks,
	.personalises = true,
);

void
stomp_count(enum stomp_counter counter, int64_t n)
{
	hg->count(&hg_plugin_entry, counter, n);
}

struct stomp_worker *
stomp_worker(void)
{
	return (hg->worker_data(&hg_plugin_entry));
}

/*
 * One for each hook that is running on this worker: a frame that is passed on
 * may come to another session before the hook returns.
 */
struct stomp_work *
stomp_work_get(void)
{
	struct stomp_worker *worker = stomp_worker();
	struct stomp_work *work;

	if ((work = worker->free) != NULL)
		worker->free = work->next;
	else if ((work = malloc(sizeof(*work))) == NULL)
		return (NULL);
	work->body = NULL;
	work->body_len = 0;
	return (work);
}

void
stomp_work_put(struct stomp_work *work)
{
	struct stomp_worker *worker = stomp_worker();

	stomp_work_clear(work);
	work->next = worker->free;
	worker->free = work;
}

char *
stomp_copy(const char *data, size_t len)
{
	char *copy;

	if ((copy = malloc(len + 1)) == NULL)
		return (NULL);
	memcpy(copy, data, len);
	copy[len] = '\0';
	return (copy);
}
