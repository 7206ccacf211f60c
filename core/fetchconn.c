/* SPDX-License-Identifier: Apache-2.0 */
#include "fetchconn.h"

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Idle ones of this thread's worker, the one that waits longest first. */
static _Thread_local struct list idle;
static _Thread_local unsigned idle_count;

static void
fetchconn_free(struct work *work)
{
	struct fetchconn *conn = list_entry(work, struct fetchconn, reap);

	free(conn);
}

static void
fetchconn_unlink(struct fetchconn *conn)
{
	if (!list_linked(&conn->node))
		return;
	list_remove(&conn->node);
	idle_count--;
	due_clear(&conn->worker->dues, &conn->due);
}

void
fetchconn_destroy(struct fetchconn *conn)
{
	if (conn == NULL || conn->transport.fd == -1)
		return;
	fetchconn_unlink(conn);
	conn->ops = NULL;
	if (conn->transport.ready && !conn->transport.failed)
		transport_farewell(&conn->transport);
	transport_finish(&conn->transport);
	due_finish(&conn->worker->dues, &conn->due);
	worker_reap_later(conn->worker, &conn->reap);
}

static void
fetchconn_on_ready(void *arg)
{
	struct fetchconn *conn = arg;

	if (conn->ops != NULL)
		conn->ops->ready(conn->arg);
}

/* While idle, TLS may have something to say to itself, but nobody to us. */
static void
fetchconn_on_readable(void *arg)
{
	struct fetchconn *conn = arg;
	unsigned char byte;

	if (conn->ops != NULL)
		conn->ops->readable(conn->arg);
	else if (transport_read(&conn->transport, &byte, 1) != TRANSPORT_AGAIN)
		fetchconn_destroy(conn);
}

static void
fetchconn_on_writable(void *arg)
{
	struct fetchconn *conn = arg;

	if (conn->ops != NULL)
		conn->ops->writable(conn->arg);
}

static const struct transport_ops fetchconn_ops = {
	.ready = fetchconn_on_ready,
	.readable = fetchconn_on_readable,
	.writable = fetchconn_on_writable,
};

static void
fetchconn_on_due(struct due *due)
{
	struct fetchconn *conn = list_entry(due, struct fetchconn, due);

	worker_tick(conn->worker);
	fetchconn_destroy(conn);
}

struct fetchconn *
fetchconn_create(struct worker *worker, const struct hg_target *target, int fd)
{
	struct fetchconn *conn;

	if ((conn = calloc(1, sizeof(*conn))) == NULL) {
		close(fd);
		return (NULL);
	}
	list_init(&conn->node);
	list_init(&conn->reap.node);
	conn->reap.fn = fetchconn_free;
	conn->worker = worker;
	conn->target = target;
	if (due_init(&worker->dues, &conn->due, fetchconn_on_due) == -1) {
		close(fd);
		free(conn);
		return (NULL);
	}
	if (transport_init(&conn->transport, worker, fd, target->target.tls,
	    &fetchconn_ops, conn) == 0)
		return (conn);
	due_finish(&worker->dues, &conn->due);
	free(conn);
	return (NULL);
}

void
fetchconn_use(struct fetchconn *conn, const struct transport_ops *ops,
    void *arg)
{
	conn->ops = ops;
	conn->arg = arg;
}

/* The oldest one to that target when it has its share, or of all. */
static struct fetchconn *
fetchconn_surplus(const struct hg_target *target)
{
	struct fetchconn *conn, *oldest = NULL;
	struct list *node;
	unsigned count = 0;

	for (node = idle.next; node != &idle; node = node->next) {
		conn = list_entry(node, struct fetchconn, node);
		if (conn->target != target)
			continue;
		if (count++ == 0)
			oldest = conn;
	}
	if (count >= FETCHCONN_TARGET_MAX)
		return (oldest);
	return (idle_count >= FETCHCONN_IDLE_MAX ?
	    list_entry(idle.next, struct fetchconn, node) : NULL);
}

/* What came since the last event is seen by asking only. */
static bool
fetchconn_is_silent(const struct fetchconn *conn)
{
	char byte;

	return (!transport_pending(&conn->transport) &&
	    recv(conn->transport.fd, &byte, 1,
	    MSG_PEEK | MSG_DONTWAIT) == -1 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK));
}

void
fetchconn_keep(struct fetchconn *conn, uint64_t ms)
{
	if (idle.next == NULL)
		list_init(&idle);
	if (!fetchconn_is_silent(conn)) {
		fetchconn_destroy(conn);
		return;
	}
	fetchconn_destroy(fetchconn_surplus(conn->target));
	conn->ops = NULL;
	conn->reused = true;
	list_push(&idle, &conn->node);
	idle_count++;
	due_set(&conn->worker->dues, &conn->due, conn->worker->now + ms);
}

struct fetchconn *
fetchconn_take(const struct hg_target *target)
{
	struct fetchconn *conn;
	struct list *node, *prev;

	for (node = idle.prev; node != NULL && node != &idle; node = prev) {
		prev = node->prev;
		conn = list_entry(node, struct fetchconn, node);
		if (conn->target != target)
			continue;
		if (fetchconn_is_silent(conn)) {
			fetchconn_unlink(conn);
			return (conn);
		}
		fetchconn_destroy(conn);
	}
	return (NULL);
}

unsigned
fetchconn_idle(void)
{
	return (idle_count);
}

void
fetchconn_worker_stop(void)
{
	while (idle.next != NULL && !list_empty(&idle))
		fetchconn_destroy(list_entry(idle.next, struct fetchconn,
		    node));
}
