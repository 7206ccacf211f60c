/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request, and its way out. */
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

/* Those of this thread's worker. */
static _Thread_local struct list fetches;
static _Thread_local unsigned count;

static void	fetch_dial(struct hg_fetch *);

/* --- ends ----------------------------------------------------------------- */

static void
fetch_free(struct work *work)
{
	struct hg_fetch *fetch = list_entry(work, struct hg_fetch, reap);

	outq_finish(&fetch->out);
	http_free(fetch->request);
	str_free(&fetch->head);
	free(fetch);
}

static void
fetch_drop_conn(struct hg_fetch *fetch)
{
	dial_cancel(fetch->dial);
	fetch->dial = NULL;
	fetchconn_destroy(fetch->conn);
	fetch->conn = NULL;
}

static void
fetch_end(struct hg_fetch *fetch)
{
	fetch->over = true;
	fetch_drop_conn(fetch);
	due_finish(&fetch->worker->dues, &fetch->due);
	list_remove(&fetch->node);
	list_remove(&fetch->flush.node);
	list_remove(&fetch->again.node);
	count--;
	worker_reap_later(fetch->worker, &fetch->reap);
}

void
fetch_cancel(struct hg_fetch *fetch)
{
	if (fetch != NULL && !fetch->over)
		fetch_end(fetch);
}

void
fetch_finish(struct hg_fetch *fetch, enum hg_fetch_end end, const char *why)
{
	char reason[160];

	if (fetch->over)
		return;
	snprintf(reason, sizeof(reason), "%s", why);
	fetch_end(fetch);
	fetch->ops.ended(fetch->arg, end, reason);
}

static bool
fetch_may_retry(const struct hg_fetch *fetch)
{
	return (fetch->conn != NULL && fetch->conn->reused &&
	    !fetch->received && !fetch->retried && fetch->length == 0 &&
	    fetch_is_repeatable(fetch->request));
}

void
fetch_broken(struct hg_fetch *fetch, const char *why)
{
	bool is_ready;

	if (!fetch_may_retry(fetch)) {
		is_ready = fetch->conn != NULL && fetch->conn->transport.ready;
		fetch_finish(fetch, is_ready ? HG_FETCH_FAILED :
		    HG_FETCH_CONNECT, why);
		return;
	}
	fetch->retried = true;
	fetch_drop_conn(fetch);
	outq_finish(&fetch->out);
	outq_init(&fetch->out);
	fetch_dial(fetch);
	if (fetch->dial == NULL)
		fetch_finish(fetch, HG_FETCH_CONNECT, "out of memory");
}

/* The connection can be used again when both sides are where they should be. */
void
fetch_complete(struct hg_fetch *fetch, bool extra)
{
	struct fetchconn *conn = fetch->conn;

	if (!extra && fetch->send_ended && outq_empty(&fetch->out) &&
	    !fetch->old_version && !fetch->server_closes &&
	    fetch->body.kind != HTTPBODY_REST && fetch->keep_ms > 0 &&
	    !conn->transport.eof && !conn->transport.failed) {
		fetch->conn = NULL;
		fetchconn_keep(conn, fetch->keep_ms);
	}
	fetch_finish(fetch, HG_FETCH_DONE, "");
}

/* --- deadlines ------------------------------------------------------------ */

/*
 * 0: none. What the plugin waits for elsewhere, more of a body or room for it,
 * has a deadline there.
 */
static uint64_t
fetch_deadline(const struct hg_fetch *fetch)
{
	if (fetch->conn == NULL)
		return (0);	/* the dial has its own */
	if (!fetch->conn->transport.ready)
		return (fetch->connect_by);
	if (!outq_empty(&fetch->out))
		return (fetch->progress + fetch->idle_ms);
	if (!fetch->answered)
		return (!fetch->send_ended ? 0 :
		    fetch->progress + fetch->response_ms);
	return (fetch->holds > 0 ? 0 : fetch->progress + fetch->idle_ms);
}

/* It seldom moves to an earlier time, and later ones are seen when it fires. */
void
fetch_arm(struct hg_fetch *fetch)
{
	uint64_t at;

	at = fetch_deadline(fetch);
	if (at == 0)
		due_clear(&fetch->worker->dues, &fetch->due);
	else if (fetch->due.place == 0 || at < fetch->due.at)
		due_set(&fetch->worker->dues, &fetch->due, at);
}

static void
fetch_on_due(struct due *due)
{
	struct hg_fetch *fetch = list_entry(due, struct hg_fetch, due);
	uint64_t at;

	worker_tick(fetch->worker);
	at = fetch_deadline(fetch);
	if (at == 0)
		return;
	if (at > fetch->worker->now) {
		due_set(&fetch->worker->dues, &fetch->due, at);
		return;
	}
	fetch_finish(fetch, HG_FETCH_TIMEOUT,
	    !fetch->conn->transport.ready ? "the TLS handshake took too long" :
	    fetch->answered ? "no more of its answer came" :
	    "no answer came");
}

/* --- the way out ---------------------------------------------------------- */

static void
fetch_drained(struct hg_fetch *fetch)
{
	fetch->full = false;
	if (fetch->ops.drain != NULL)
		fetch->ops.drain(fetch->arg);
}

/*
 * What the server says is read before more is written: one that answers early
 * and closes would have its answer lost to the error of a write.
 */
static void
fetch_on_flush(struct work *work)
{
	struct hg_fetch *fetch = list_entry(work, struct hg_fetch, flush);
	size_t before;
	int result;

	if (fetch->misuse != NULL) {
		fetch_finish(fetch, HG_FETCH_FAILED, fetch->misuse);
		return;
	}
	if (fetch->conn == NULL)
		return;
	if (fetch->length != 0)
		fetch_read(fetch);
	if (fetch->over || fetch->conn == NULL)
		return;
	before = outq_bytes(&fetch->out);
	result = transport_write(&fetch->conn->transport, &fetch->out);
	if (result == TRANSPORT_ERROR) {
		fetch_broken(fetch, transport_error(&fetch->conn->transport));
		return;
	}
	if (outq_bytes(&fetch->out) != before)
		fetch->progress = fetch->worker->now;
	if (result == TRANSPORT_AGAIN)
		outq_compact(&fetch->out);
	fetch_arm(fetch);
	if (fetch->full && outq_cost(&fetch->out) <= FETCH_FULL / 2)
		fetch_drained(fetch);
}

static void
fetch_on_again(struct work *work)
{
	struct hg_fetch *fetch = list_entry(work, struct hg_fetch, again);

	if (fetch->conn != NULL)
		fetch_read(fetch);
}

static void
fetch_on_ready(void *arg)
{
	struct hg_fetch *fetch = arg;

	fetch->progress = fetch->worker->now;
	fetch_arm(fetch);
}

static void
fetch_on_readable(void *arg)
{
	struct hg_fetch *fetch = arg;

	fetch_read(fetch);
}

static void
fetch_on_writable(void *arg)
{
	struct hg_fetch *fetch = arg;

	worker_flush_later(fetch->worker, &fetch->flush);
}

static const struct transport_ops fetch_transport_ops = {
	.ready = fetch_on_ready,
	.readable = fetch_on_readable,
	.writable = fetch_on_writable,
};

/* The head goes before what the plugin has sent already. -1: no memory. */
static int
fetch_push_head(struct hg_fetch *fetch)
{
	struct hg_frame *frame;
	const char *text;
	size_t len;

	text = http_text(fetch->request, &len);
	frame = frame_append(frame_copy(text, len, 0), "\r\n", 2);
	if (frame == NULL)
		return (-1);
	return (outq_push_front(&fetch->out, NULL, 0, frame));
}

static int
fetch_use(struct hg_fetch *fetch, struct fetchconn *conn)
{
	fetch->conn = conn;
	fetch->progress = fetch->worker->now;
	fetchconn_use(conn, &fetch_transport_ops, fetch);
	if (fetch_push_head(fetch) == -1)
		return (-1);
	worker_flush_later(fetch->worker, &fetch->flush);
	fetch_arm(fetch);
	return (0);
}

static void
fetch_on_dialled(void *arg, int fd, const char *error)
{
	struct hg_fetch *fetch = arg;
	struct fetchconn *conn;

	fetch->dial = NULL;
	if (fd == -1) {
		fetch_finish(fetch, worker_clock() >= fetch->connect_by ?
		    HG_FETCH_TIMEOUT : HG_FETCH_CONNECT, error);
		return;
	}
	conn = fetchconn_create(fetch->worker, fetch->target, fd);
	if (conn == NULL || fetch_use(fetch, conn) == -1)
		fetch_finish(fetch, HG_FETCH_CONNECT, "out of memory");
}

static void
fetch_dial(struct hg_fetch *fetch)
{
	fetch->connect_by = worker_clock() + fetch->connect_ms;
	fetch->dial = dial_start(fetch->worker, &fetch->target->target.address,
	    true, fetch->connect_ms, fetch_on_dialled, fetch);
}

/* --- for plugins ---------------------------------------------------------- */

static struct hg_fetch *
fetch_new(struct hg_target *target, const struct hg_request *request,
    const struct hg_fetch_ops *ops, void *arg)
{
	struct worker *worker = worker_self();
	struct hg_fetch *fetch;

	if ((fetch = calloc(1, sizeof(*fetch))) == NULL)
		return (NULL);
	if ((fetch->request = fetch_make_request(target, request)) == NULL ||
	    due_init(&worker->dues, &fetch->due, fetch_on_due) == -1) {
		http_free(fetch->request);
		free(fetch);
		return (NULL);
	}
	fetch->worker = worker;
	fetch->target = target;
	memcpy(&fetch->ops, ops, ops->size < sizeof(*ops) ? ops->size :
	    sizeof(*ops));
	fetch->arg = arg;
	fetch->length = request->length;
	fetch->send_ended = request->length == 0;
	fetch->connect_ms = request->connect_ms > 0 ? request->connect_ms :
	    FETCH_CONNECT;
	fetch->response_ms = request->response_ms > 0 ? request->response_ms :
	    FETCH_WAIT;
	fetch->idle_ms = request->idle_ms > 0 ? request->idle_ms : FETCH_WAIT;
	outq_init(&fetch->out);
	list_init(&fetch->flush.node);
	list_init(&fetch->again.node);
	list_init(&fetch->reap.node);
	fetch->flush.fn = fetch_on_flush;
	fetch->again.fn = fetch_on_again;
	fetch->reap.fn = fetch_free;
	return (fetch);
}

struct hg_fetch *
fetch_start(struct hg_target *target, const struct hg_request *request,
    const struct hg_fetch_ops *ops, void *arg)
{
	struct hg_request own = { 0 };
	struct fetchconn *conn;
	struct hg_fetch *fetch;
	int result;

	memcpy(&own, request, request->size < sizeof(own) ? request->size :
	    sizeof(own));
	if (count == FETCH_MAX ||
	    (fetch = fetch_new(target, &own, ops, arg)) == NULL)
		return (NULL);
	if (fetches.next == NULL)
		list_init(&fetches);
	list_push(&fetches, &fetch->node);
	count++;
	if ((conn = fetchconn_take(target)) != NULL)
		result = fetch_use(fetch, conn);
	else {
		fetch_dial(fetch);
		result = fetch->dial != NULL ? 0 : -1;
	}
	if (result == 0)
		return (fetch);
	fetch_cancel(fetch);
	return (NULL);
}

unsigned
fetch_count(void)
{
	return (count);
}

void
fetch_worker_stop(void)
{
	while (fetches.next != NULL && !list_empty(&fetches))
		fetch_cancel(list_entry(fetches.next, struct hg_fetch, node));
	fetchconn_worker_stop();
}
