/* SPDX-License-Identifier: Apache-2.0 */
#include "drain.h"

#include <stdbool.h>

#include "conn.h"
#include "httpconn.h"

#define PACE_MIN	10	/* ms between two batches */
#define PACE_MAX	250

static void
drain_close(struct hg_conn *conn)
{
	conn_close(conn, 1001, "the server is stopping");
}

/* Others are drained by their mux, or end with their client. */
static bool
drain_is_client(const struct hg_conn *conn)
{
	return (!conn->is_initiator && conn->mux == NULL &&
	    conn->state == CONN_OPEN && !httpconn_is(conn));
}

static void
drain_begin(struct hg_conn *conn, uint64_t ms)
{
	struct hg_slot *mux = conn->mux;

	if (mux != NULL && mux->plugin->mux.stop != NULL &&
	    conn->state == CONN_OPEN && !conn->chain.dead)
		mux->plugin->mux.stop(mux, mux->state, ms);
	else if (httpconn_is(conn))
		httpconn_stop(conn);
	else if (conn->state != CONN_OPEN && !conn->is_initiator)
		drain_close(conn);	/* nobody is let in any more */
}

/* As many as it takes to be done in time. */
static void
drain_some(struct drain *drain, uint64_t left)
{
	struct list *node, *save;
	struct hg_conn *conn;
	uint64_t batches, count;

	count = 0;
	list_each(node, save, &drain->worker->conns)
		count += drain_is_client(list_entry(node, struct hg_conn,
		    node));
	batches = left / drain->pace + 1;
	count = (count + batches - 1) / batches;
	list_each(node, save, &drain->worker->conns) {
		if (count == 0)
			return;
		conn = list_entry(node, struct hg_conn, node);
		if (!drain_is_client(conn))
			continue;
		drain_close(conn);
		count--;
	}
}

static void
drain_rest(struct worker *worker)
{
	struct list *node, *save;

	list_each(node, save, &worker->conns)
		drain_close(list_entry(node, struct hg_conn, node));
}

static void
drain_turn(evutil_socket_t fd, short what, void *arg)
{
	struct drain *drain = arg;
	struct timeval tv = { .tv_usec = (suseconds_t)(drain->pace * 1000) };

	(void)fd;
	(void)what;
	worker_tick(drain->worker);
	if (drain->worker->now >= drain->until) {
		drain_rest(drain->worker);
		return;
	}
	drain_some(drain, drain->until - drain->worker->now);
	event_add(drain->timer, &tv);
}

void
drain_start(struct drain *drain, struct worker *worker, uint64_t ms)
{
	struct list *node, *save;

	drain->worker = worker;
	drain->until = worker_clock() + ms;
	drain->pace = ms / 64;
	if (drain->pace < PACE_MIN)
		drain->pace = PACE_MIN;
	if (drain->pace > PACE_MAX)
		drain->pace = PACE_MAX;
	drain->timer = ms == 0 ? NULL :
	    evtimer_new(worker->base, drain_turn, drain);
	if (drain->timer == NULL) {
		drain_rest(worker);
		return;
	}
	list_each(node, save, &worker->conns)
		drain_begin(list_entry(node, struct hg_conn, node), ms);
	drain_turn(-1, 0, drain);
}

void
drain_finish(struct drain *drain)
{
	if (drain->timer != NULL)
		event_free(drain->timer);
	drain->timer = NULL;
}
