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

/* Fields that are this file's to say, of one hop only, or about to change the
 * protocol. */
static const char *const own_fields[] = {
	"Host", "Content-Length", "Transfer-Encoding", "Connection",
	"Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
	"Expect", "HTTP2-Settings",
};

/* RFC 9110, 9.2.2: may be sent again when nobody knows what became of it. */
static const char *const idempotent[] = {
	"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE",
};

static void	fetch_dial(struct hg_fetch *);

/* --- the head ------------------------------------------------------------- */

static bool
is_among(const char *name, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_equal_nocase(name, names[i]))
			return (true);
	return (false);
}

static int
add_length(struct hg_fields *fields, int64_t length)
{
	char number[32];

	if (length == 0)
		return (0);
	if (length < 0)
		return (http_fields_add(fields, "Transfer-Encoding",
		    "chunked"));
	snprintf(number, sizeof(number), "%lld", (long long)length);
	return (http_fields_add(fields, "Content-Length", number));
}

static struct hg_head *
make_request(const struct hg_target *target, const struct hg_request *request)
{
	const struct hg_fields *given = request->fields;
	struct hg_fields *fields;
	struct hg_head *head = NULL;
	const char *name;
	size_t i;
	int result;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	result = http_fields_add(fields, "Host", request->host != NULL ?
	    request->host : fetchtarget_host(target));
	for (i = 0; given != NULL && i < given->count && result == 0; i++) {
		name = given->field[i].name;
		if (!is_among(name, own_fields,
		    sizeof(own_fields) / sizeof(own_fields[0])))
			result = http_fields_add(fields, name,
			    given->field[i].value);
	}
	if (result == 0)
		result = add_length(fields, request->length);
	if (result == 0)
		head = http_request(request->method, request->target != NULL ?
		    request->target : fetchtarget_path(target), fields);
	http_fields_free(fields);
	return (head);
}

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
	    is_among(fetch->request->method, idempotent,
	    sizeof(idempotent) / sizeof(idempotent[0])));
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
	if ((fetch->request = make_request(target, request)) == NULL ||
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

static void
fetch_misused(struct hg_fetch *fetch, const char *how)
{
	fetch->misuse = how;
	worker_flush_later(fetch->worker, &fetch->flush);
}

static int
fetch_queue(struct hg_fetch *fetch, struct hg_frame *frame)
{
	char head[OUTQ_HEAD_MAX + 1];
	int len = 0;

	if (fetch->length < 0) {
		len = snprintf(head, sizeof(head), "%s%zx\r\n",
		    fetch->chunk_begun ? "\r\n" : "", frame->len);
		fetch->chunk_begun = true;
	}
	return (outq_push(&fetch->out, head, (size_t)len, frame));
}

bool
fetch_send(struct hg_fetch *fetch, struct hg_frame *frame)
{
	if (fetch->over || fetch->misuse != NULL || fetch->send_ended ||
	    frame == NULL || frame->len == 0) {
		frame_unref(frame);
		return (!fetch->full);
	}
	fetch->sent += frame->len;
	if (fetch->length > 0 && fetch->sent > (uint64_t)fetch->length) {
		frame_unref(frame);
		fetch_misused(fetch, "the request's body is too long");
		return (false);
	}
	if (fetch_queue(fetch, frame) == -1)
		fetch_misused(fetch, "out of memory");
	else if (outq_cost(&fetch->out) - outq_longest(&fetch->out) >
	    FETCH_LIMIT)
		fetch_misused(fetch, "too much of the request's body waits");
	worker_flush_later(fetch->worker, &fetch->flush);
	if (outq_cost(&fetch->out) >= FETCH_FULL)
		fetch->full = true;
	return (!fetch->full);
}

void
fetch_send_end(struct hg_fetch *fetch)
{
	static const char end[] = "\r\n0\r\n\r\n";

	if (fetch->over || fetch->misuse != NULL || fetch->send_ended)
		return;
	fetch->send_ended = true;
	if (fetch->length > 0 && fetch->sent < (uint64_t)fetch->length)
		fetch_misused(fetch, "the request's body is too short");
	else if (fetch->length < 0 && outq_push(&fetch->out,
	    fetch->chunk_begun ? end : end + 2,
	    sizeof(end) - 1 - (fetch->chunk_begun ? 0 : 2), NULL) == -1)
		fetch_misused(fetch, "out of memory");
	worker_flush_later(fetch->worker, &fetch->flush);
}

void
fetch_hold(struct hg_fetch *fetch, bool hold)
{
	if (fetch->over)
		return;
	if (hold) {
		fetch->holds++;
		return;
	}
	if (fetch->holds == 0 || --fetch->holds > 0)
		return;
	fetch->progress = fetch->worker->now;
	worker_flush_later(fetch->worker, &fetch->again);
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
