/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edge-triggered: an event tells of a change, once. So whoever was told
 * TRANSPORT_AGAIN is called back after the next change, and a write that was
 * refused is not tried again before.
 *
 * A read that was short has emptied the socket: what comes later is a change of
 * its own. That is not so when the end, an error or urgent data was told of
 * (all of which stay behind the data without a change), or where a message of a
 * unix socket ends with descriptors; then it is read until nothing is left.
 */
#include <sys/epoll.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcp.h"
#include "tlsio.h"
#include "transport.h"

#define TRANSPORT_VECTORS	256	/* of one system call */
#define TRANSPORT_RUN		65536	/* the same, in bytes of short frames */
#define TRANSPORT_SHORT		512	/* bytes of a frame, on average */
#define EPOLL_GONE		(EPOLLERR | EPOLLHUP)
#define EPOLL_UNSURE		(EPOLL_GONE | EPOLLRDHUP | EPOLLPRI)

/* Nothing is kept in it between calls. */
static _Thread_local unsigned char scratch[TRANSPORT_RUN];

static int
transport_fail(struct transport *t, int error)
{
	if (!t->failed)
		t->error = error;
	t->failed = true;
	return (TRANSPORT_ERROR);
}

/* What the session says, with its error text. */
static ssize_t
transport_told(struct transport *t, ssize_t result)
{
	t->blocked = t->tls->blocked;
	if (result == TLSIO_ERROR)
		return (transport_fail(t, 0));
	return (result == TLSIO_AGAIN ? TRANSPORT_AGAIN : result);
}

static ssize_t
plain_read(struct transport *t, void *data, size_t size)
{
	ssize_t n;

	do
		n = recv(t->fd, data, size, 0);
	while (n == -1 && errno == EINTR);
	if (n >= 0) {
		t->drained = (size_t)n < size && !t->unsure;
		return (n);
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK) {
		t->drained = true;
		return (TRANSPORT_AGAIN);
	}
	return (transport_fail(t, errno));
}

static int
plain_flags(const struct transport *t)
{
	return (MSG_NOSIGNAL | (t->corked ? MSG_MORE : 0));
}

/* For the kernel, one run of bytes is less work than many short ones. */
static ssize_t
plain_write_copy(struct transport *t, const struct outq *queue)
{
	size_t len;

	len = outq_peek(queue, scratch, sizeof(scratch));
	return (send(t->fd, scratch, len, plain_flags(t)));
}

static ssize_t
plain_write_vectors(struct transport *t, const struct outq *queue)
{
	struct iovec vectors[TRANSPORT_VECTORS];
	struct msghdr message;
	size_t bytes;

	memset(&message, 0, sizeof(message));
	message.msg_iov = vectors;
	message.msg_iovlen = (size_t)outq_iov(queue, vectors,
	    TRANSPORT_VECTORS, &bytes);
	return (sendmsg(t->fd, &message, plain_flags(t)));
}

static ssize_t
plain_write_some(struct transport *t, const struct outq *queue)
{
	const unsigned char *run;
	size_t len;

	if ((run = outq_run(queue, &len)) != NULL)
		return (send(t->fd, run, len, plain_flags(t)));
	if (outq_bytes(queue) / outq_count(queue) < TRANSPORT_SHORT)
		return (plain_write_copy(t, queue));
	return (plain_write_vectors(t, queue));
}

static int
plain_write(struct transport *t, struct outq *queue)
{
	ssize_t n;

	while (!outq_empty(queue)) {
		n = plain_write_some(t, queue);
		if (n >= 0) {
			outq_consume(queue, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return (transport_fail(t, errno));
		t->blocked = true;
		return (TRANSPORT_AGAIN);
	}
	return (0);
}

/* FIN goes behind close_notify, which may have to wait. */
static void
transport_try_shut(struct transport *t)
{
	if (t->fin)
		return;
	if (t->tls != NULL &&
	    transport_told(t, tlsio_shut(t->tls)) == TRANSPORT_AGAIN)
		return;
	shutdown(t->fd, SHUT_WR);
	t->fin = true;
}

/* Each callback may finish the transport, whose memory stays. */
static void
transport_begin(struct transport *t, bool readable)
{
	ssize_t result;

	result = 0;
	if (t->tls != NULL)
		result = transport_told(t, tlsio_handshake(t->tls));
	if (result == TRANSPORT_AGAIN)
		return;
	if (result == 0) {
		t->ready = true;
		t->ops->ready(t->arg);
	}
	if (t->fd != -1 && (readable || t->tls != NULL))
		t->ops->readable(t->arg);
	if (t->fd != -1 && result == 0)
		t->ops->writable(t->arg);
}

/* Of a TLS session, which may want either for both; true: it may read. */
static bool
transport_tls_event(struct transport *t, bool readable, bool writable)
{
	if (t->tls->read_wants_write && writable)
		readable = true;
	tlsio_changed(t->tls, readable, writable);
	transport_told(t, t->tls->failed ? TLSIO_ERROR : 0);
	return (readable || t->failed);
}

static void
transport_event(struct watch *watch, uint32_t events)
{
	struct transport *t = (struct transport *)watch;
	bool readable, writable, was_blocked;

	if (t->fd == -1)
		return;
	readable = (events & (EPOLLIN | EPOLL_UNSURE)) != 0;
	writable = (events & (EPOLLOUT | EPOLL_GONE)) != 0;
	if (readable)
		t->drained = false;
	if ((events & EPOLL_UNSURE) != 0)
		t->unsure = true;
	if (t->tls != NULL)
		t->tls->unsure = t->unsure;
	if (!t->ready) {
		transport_begin(t, readable);
		return;
	}
	was_blocked = t->blocked;
	if (t->tls != NULL)
		readable = transport_tls_event(t, readable, writable);
	else if (writable)
		t->blocked = false;
	if (t->shut && !t->blocked)
		transport_try_shut(t);
	if (readable || t->failed)
		t->ops->readable(t->arg);
	if (was_blocked && t->fd != -1 && !t->blocked && !t->shut)
		t->ops->writable(t->arg);
}

/*
 * False: a unix socket, which needs none of it. What was accepted has it from
 * the socket that listens.
 */
static bool
transport_tune(int fd)
{
	socklen_t len = sizeof(int);
	int tuned;

	if (getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &tuned, &len) == -1)
		return (false);
	if (!tuned)
		tcp_set_nodelay(fd);
	return (true);
}

void
transport_set_keepalive(struct transport *t)
{
	if (t->fd != -1)
		tcp_set_keepalive(t->fd);
}

void
transport_set_patience(struct transport *t, uint64_t ms)
{
	unsigned value = ms > UINT_MAX ? UINT_MAX : (unsigned)ms;

	if (t->fd != -1)
		setsockopt(t->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value,
		    sizeof(value));
}

int
transport_init(struct transport *t, struct worker *worker, int fd,
    const struct tls *tls, const struct transport_ops *ops, void *arg)
{
	memset(t, 0, sizeof(*t));
	t->watch.fn = transport_event;
	t->fd = fd;
	t->ops = ops;
	t->arg = arg;
	t->unsure = !transport_tune(fd);
	if ((tls == NULL || (t->tls = tlsio_new(tls, fd)) != NULL) &&
	    poller_add(&worker->poller, fd, &t->watch) == 0)
		return (0);
	transport_finish(t);
	return (-1);
}

void
transport_finish(struct transport *t)
{
	if (t->fd == -1)
		return;
	tlsio_free(t->tls);
	close(t->fd);
	t->tls = NULL;
	t->fd = -1;
}

ssize_t
transport_read(struct transport *t, void *data, size_t size)
{
	ssize_t n;

	if (t->failed || t->fd == -1)
		return (TRANSPORT_ERROR);
	if (t->eof)
		return (0);
	if (!t->ready || t->drained || size == 0)
		return (TRANSPORT_AGAIN);
	if (t->tls != NULL)
		n = transport_told(t, tlsio_read(t->tls, data, size));
	else
		n = plain_read(t, data, size);
	if (n == 0)
		t->eof = true;
	return (n);
}

bool
transport_pending(const struct transport *t)
{
	return (t->tls != NULL && !t->eof && tlsio_pending(t->tls));
}

int
transport_write(struct transport *t, struct outq *queue)
{
	if (t->failed || t->fd == -1)
		return (TRANSPORT_ERROR);
	if (t->shut)
		return (outq_empty(queue) ? 0 : TRANSPORT_ERROR);
	if (!t->ready || t->blocked)
		return (TRANSPORT_AGAIN);
	if (t->tls != NULL)
		return ((int)transport_told(t, tlsio_write(t->tls, queue)));
	return (plain_write(t, queue));
}

void
transport_shut(struct transport *t)
{
	if (t->shut || t->fd == -1)
		return;
	t->shut = true;
	transport_try_shut(t);
}

void
transport_cork(struct transport *t, bool corked)
{
	int value = corked;

	if (t->corked == corked || t->fd == -1)
		return;
	t->corked = corked;
	if (t->tls != NULL)
		setsockopt(t->fd, IPPROTO_TCP, TCP_CORK, &value,
		    sizeof(value));
}

SSL *
transport_ssl(const struct transport *t)
{
	return (t->tls != NULL ? t->tls->ssl : NULL);
}

bool
transport_is_drained(const struct transport *t)
{
	return (t->tls != NULL ? t->tls->drained : t->drained);
}

bool
transport_farewell(struct transport *t)
{
	if (t->tls == NULL || t->fin)
		return (true);
	return (transport_told(t, tlsio_shut(t->tls)) != TRANSPORT_AGAIN);
}

const char *
transport_error(const struct transport *t)
{
	if (t->error != 0)
		return (strerror(t->error));
	if (t->tls != NULL)
		return (tlsio_error(t->tls));
	return ("");
}

void
transport_set_abort(struct transport *t)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (t->fd != -1)
		setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger));
}
