/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session whose client has gone while flows live on what the broker sends for
 * it: the host keeps the broker's connection, and the session goes on without a
 * slot. Only messages for kept subscriptions are of interest any more. It ends
 * when none is kept, with DISCONNECT, or when the broker ends it.
 */
#include "stomp.h"

#define STOMP_KEEPER_MIN	25	/* ms between two looks */

void
stomp_orphan_end(struct stomp_session *session)
{
	struct hg_kept *orphan = session->orphan;
	struct hg_frame *frame = session->disconnect;

	session->disconnect = NULL;
	if (frame == NULL)
		frame = hg->frame_new("DISCONNECT\n\n", 13, HG_WHOLE | HG_TEXT);
	if (frame != NULL)
		hg->kept_send(orphan, frame);
	hg->kept_end(orphan, 1000, "");
	stomp_count(STOMP_ORPHANS, -1);
	stomp_session_destroy(session);
}

static void
stomp_orphan_recv(void *arg, struct hg_frame *frame)
{
	struct stomp_session *session = arg;

	stomp_from_broker(session, frame);
	if (session->is_failed || session->state == STOMP_OVER)
		stomp_orphan_end(session);
}

static void
stomp_orphan_ended(void *arg)
{
	struct stomp_session *session = arg;

	stomp_count(STOMP_ORPHANS, -1);
	stomp_session_destroy(session);
}

static const struct hg_kept_ops stomp_orphan_ops = {
	.recv = stomp_orphan_recv,
	.ended = stomp_orphan_ended,
};

int
stomp_orphan(struct stomp_session *session)
{
	struct hg_kept *orphan;

	if (!STOMP_HAS(hg, kept_end))
		return (-1);
	orphan = hg->keep_upstream(session->slot, &stomp_orphan_ops, session);
	if (orphan == NULL)
		return (-1);
	hg->timer_stop(session->timer);
	session->timer = NULL;
	session->orphan = orphan;
	session->home->session = NULL;
	session->home = NULL;
	session->slot = NULL;
	session->channel = NULL;
	session->is_failed = false;
	session->state = STOMP_LEAVING;
	stomp_count(STOMP_ORPHANS, 1);
	stomp_keep_only(session);
	return (0);
}

/* --- heart-beats ----------------------------------------------------------- */

static void stomp_keeper_arm(struct stomp_worker *);

/* While it runs, its own timer sees to them. */
static void
stomp_keeper_beat(struct stomp_session *session, uint64_t now)
{
	struct hg_frame *frame;

	if (session->state == STOMP_RUNNING || session->above.send_ms == 0 ||
	    now - session->above.sent_at < session->above.send_ms / 2)
		return;
	frame = hg->frame_new("\n", 1, HG_WHOLE | HG_TEXT);
	if (frame != NULL)
		stomp_send_up(session, frame);
}

static void
stomp_keeper_tick(void *data)
{
	struct stomp_worker *worker = data;
	struct stomp_session *session, *next;
	uint64_t now = hg->now();

	worker->timer = NULL;
	for (session = TAILQ_FIRST(&worker->keepers); session != NULL;
	    session = next) {
		next = TAILQ_NEXT(session, keeper);
		stomp_keeper_beat(session, now);
	}
	stomp_keeper_arm(worker);
}

static void
stomp_keeper_arm(struct stomp_worker *worker)
{
	const struct stomp_session *session;
	uint64_t ms = UINT64_MAX;

	TAILQ_FOREACH(session, &worker->keepers, keeper)
		if (session->above.send_ms != 0 &&
		    session->above.send_ms / 4 < ms)
			ms = session->above.send_ms / 4;
	if (ms == UINT64_MAX || worker->timer != NULL)
		return;
	worker->timer = hg->worker_timer(&hg_plugin_entry,
	    ms < STOMP_KEEPER_MIN ? STOMP_KEEPER_MIN : ms, stomp_keeper_tick);
}

void
stomp_keeper_add(struct stomp_session *session)
{
	struct stomp_worker *worker = stomp_worker();

	if (session->is_keeper)
		return;
	session->is_keeper = true;
	TAILQ_INSERT_TAIL(&worker->keepers, session, keeper);
	stomp_keeper_arm(worker);
}

void
stomp_keeper_remove(struct stomp_session *session)
{
	if (session->is_keeper)
		TAILQ_REMOVE(&stomp_worker()->keepers, session, keeper);
	session->is_keeper = false;
}
