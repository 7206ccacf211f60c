/* SPDX-License-Identifier: Apache-2.0 */
#include "rejoin.h"

#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "hostmux.h"
#include "http.h"
#include "link.h"
#include "log.h"
#include "service.h"
#include "trunk.h"

#define REJOIN_AGAIN	200	/* ms at most, when an attempt failed */

/* From lost to rejoined: the channel's session_arg. */
struct rejoin {
	struct list		 node;		/* of this worker's */
	struct hg_channel	*ch;
	struct event		*timer;
	uint64_t		 deadline;
	uint64_t		 again;		/* the next attempt; 0: when the
						 * trunk is up */
	bool			 opening;
	bool			 opened;	/* its slots are at it */
};

static _Thread_local struct list rejoin_all;

static struct list *
rejoin_list(void)
{
	if (rejoin_all.next == NULL)
		list_init(&rejoin_all);
	return (&rejoin_all);
}

static const struct channel_session rejoin_session;

static struct rejoin *
rejoin_of(const struct hg_channel *ch)
{
	return (ch->session == &rejoin_session ? ch->session_arg : NULL);
}

static void
rejoin_free(struct rejoin *r)
{
	list_remove(&r->node);
	if (r->timer != NULL)
		event_free(r->timer);
	free(r);
}

static void
rejoin_finish(struct rejoin *r)
{
	struct hg_channel *ch = r->ch;

	ch->session = NULL;
	ch->session_arg = NULL;
	ch->parked = false;
	rejoin_free(r);
	channel_pause(ch, false);
}

static void
rejoin_give_up(struct rejoin *r)
{
	struct hg_channel *ch = r->ch;

	rejoin_finish(r);
	channel_end(ch, 1012, "the way to the server was lost");
}

static void
rejoin_arm(struct rejoin *r)
{
	uint64_t now = worker_clock(), due = r->deadline;
	struct timeval tv;

	if (r->again != 0 && r->again < due)
		due = r->again;
	due = due > now ? due - now : 0;
	tv.tv_sec = (time_t)(due / 1000);
	tv.tv_usec = (suseconds_t)(due % 1000 * 1000 + 500);
	event_add(r->timer, &tv);
}

/* A random moment, as all of a trunk would come at once. */
static void
rejoin_again(struct rejoin *r)
{
	uint16_t random;

	evutil_secure_rng_get_bytes(&random, sizeof(random));
	r->again = worker_clock() + 1 + random % REJOIN_AGAIN;
	rejoin_arm(r);
}

static void
rejoin_try(struct rejoin *r)
{
	const struct trunk_settings *settings = r->ch->service->target.trunk;

	r->again = 0;
	if (r->opening || r->opened || trunk_up(settings) == 0)
		return;
	r->opening = true;
	if (trunk_open(r->ch) != 0) {
		r->opening = false;
		rejoin_again(r);
	}
}

static void
rejoin_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rejoin *r = arg;

	(void)fd;
	(void)what;
	worker_tick(worker_self());
	if (worker_clock() >= r->deadline) {
		rejoin_give_up(r);
		return;
	}
	rejoin_try(r);
	rejoin_arm(r);
}

/* The client knows its subprotocol. */
static bool
rejoin_is_same(const struct hg_channel *ch, const struct hg_head *response)
{
	const char *now = http_get(response, "Sec-WebSocket-Protocol");

	if (now == NULL || ch->subprotocol == NULL)
		return (now == ch->subprotocol);
	return (strcmp(now, ch->subprotocol) == 0);
}

static void
rejoin_answered(struct hg_channel *ch, struct hg_head *response)
{
	struct rejoin *r = ch->session_arg;
	int status = response != NULL ? response->status : 503;
	bool same = status == 101 && rejoin_is_same(ch, response);

	http_free(response);
	if (!r->opening)
		return;
	r->opening = false;
	if (same) {
		r->opened = true;
		ch->parked = false;
		chain_rejoin(&ch->chain);
		return;
	}
	link_leave(ch);
	if (status >= 500)
		rejoin_again(r);
	else
		rejoin_give_up(r);
}

static void
rejoin_gone(struct hg_channel *ch)
{
	rejoin_free(ch->session_arg);
	ch->session_arg = NULL;
}

static void
rejoin_expired(struct hg_channel *ch)
{
	rejoin_finish(ch->session_arg);
}

static const struct channel_session rejoin_session = {
	.answered = rejoin_answered,
	.gone = rejoin_gone,
	.expired = rejoin_expired,
};

static struct rejoin *
rejoin_new(struct hg_channel *ch, uint64_t wait)
{
	struct rejoin *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	list_init(&r->node);
	r->ch = ch;
	r->deadline = worker_clock() + wait;
	r->timer = evtimer_new(ch->conn->worker->base, rejoin_tick, r);
	if (r->timer == NULL) {
		free(r);
		return (NULL);
	}
	list_push(rejoin_list(), &r->node);
	ch->session = &rejoin_session;
	ch->session_arg = r;
	channel_pause(ch, true);
	return (r);
}

static bool
rejoin_may(const struct hg_channel *ch)
{
	return (ch == ch->conn->root && ch->conn->mux == NULL && ch->opened &&
	    ch->conn->state == CONN_OPEN && !ch->conn->close_sent &&
	    !ch->wire_ended && !ch->top_ended && !ch->top_ending &&
	    !ch->chain.dead && ch->service->target.kind == TARGET_TRUNK &&
	    (ch->session == NULL || ch->session == &rejoin_session));
}

/* Its trunk was lost: perhaps again, while it was at it. */
static int
rejoin_park(struct hg_channel *ch)
{
	const struct trunk_settings *settings = ch->service->target.trunk;
	struct rejoin *r = rejoin_of(ch);

	if (!rejoin_may(ch) || settings->service.limits.park == 0)
		return (-1);
	if (!chain_park(&ch->chain, HG_SEND) ||
	    (r == NULL && (r = rejoin_new(ch,
	    (uint64_t)settings->service.limits.park)) == NULL)) {
		if (r != NULL)
			rejoin_finish(r);
		return (-1);
	}
	log_write(HG_LOG_DEBUG, channel_name(ch), "waits for the trunk");
	link_leave(ch);
	ch->parked = true;
	r->opening = r->opened = false;
	/* Not from within: another connection may be up. */
	r->again = worker_clock();
	rejoin_arm(r);
	return (0);
}

static void
rejoin_done(struct hg_channel *ch)
{
	struct rejoin *r = rejoin_of(ch);

	if (r != NULL && r->opened)
		rejoin_finish(r);
}

/* A connection of that trunk has come up. */
static void
rejoin_wake(void *settings)
{
	struct list *node, *save;
	struct rejoin *r;

	list_each(node, save, rejoin_list()) {
		r = list_entry(node, struct rejoin, node);
		if (r->ch->service->target.trunk == settings)
			rejoin_try(r);
	}
}

void
rejoin_init(void)
{
	link_set_park(rejoin_park);
	host_set_rejoined(rejoin_done);
	trunk_set_when_up(rejoin_wake);
}

void
rejoin_worker_stop(void)
{
	while (!list_empty(rejoin_list()))
		rejoin_give_up(list_entry(rejoin_list()->next, struct rejoin,
		    node));
}
