/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Edge-triggered: an event tells of a change, once. So whoever was told
 * TRANSPORT_AGAIN is called back after the next change, and a write that was
 * refused is not tried again before.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tlsio.h"
#include "transport.h"

#define TRANSPORT_VECTORS	256	/* of one system call */
#define KEEPALIVE_IDLE		60	/* seconds */
#define KEEPALIVE_INTERVAL	20
#define KEEPALIVE_COUNT		3

static int
transport_fail(struct transport *t, const char *error)
{
	if (!t->failed)
		snprintf(t->error, sizeof(t->error), "%s", error);
	t->failed = true;
	return (TRANSPORT_ERROR);
}

/* What the session says, with its error text. */
static ssize_t
transport_told(struct transport *t, ssize_t result)
{
	t->blocked = t->tls->blocked;
	if (result == TLSIO_ERROR)
		return (transport_fail(t, t->tls->error));
	return (result == TLSIO_AGAIN ? TRANSPORT_AGAIN : result);
}

static ssize_t
plain_read(struct transport *t, void *data, size_t size)
{
	ssize_t n;

	do
		n = recv(t->fd, data, size, 0);
	while (n == -1 && errno == EINTR);
	if (n >= 0)
		return (n);
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return (TRANSPORT_AGAIN);
	return (transport_fail(t, strerror(errno)));
}

static int
plain_write(struct transport *t, struct outq *queue)
{
	struct iovec vectors[TRANSPORT_VECTORS];
	struct msghdr message;
	size_t bytes;
	ssize_t n;

	memset(&message, 0, sizeof(message));
	message.msg_iov = vectors;
	while (!outq_empty(queue)) {
		message.msg_iovlen = (size_t)outq_iov(queue, vectors,
		    TRANSPORT_VECTORS, &bytes);
		n = sendmsg(t->fd, &message, MSG_NOSIGNAL);
		if (n >= 0) {
			outq_consume(queue, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return (transport_fail(t, strerror(errno)));
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
transport_begin(struct transport *t)
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
	if (t->fd != -1)
		t->ops->readable(t->arg);
	if (t->fd != -1 && result == 0)
		t->ops->writable(t->arg);
}

static void
transport_event(evutil_socket_t fd, short what, void *arg)
{
	struct transport *t = arg;
	bool readable, writable, was_blocked;

	(void)fd;
	worker_tick(t->worker);
	if (!t->ready) {
		transport_begin(t);
		return;
	}
	readable = (what & EV_READ) != 0;
	writable = (what & EV_WRITE) != 0;
	was_blocked = t->blocked;
	if (t->tls != NULL) {
		readable = readable || t->tls->read_wants_write;
		tlsio_changed(t->tls, what & EV_READ, writable);
		transport_told(t, t->tls->failed ? TLSIO_ERROR : 0);
	} else if (writable)
		t->blocked = false;
	if (t->shut && !t->blocked)
		transport_try_shut(t);
	if (readable || t->failed)
		t->ops->readable(t->arg);
	if (was_blocked && t->fd != -1 && !t->blocked && !t->shut)
		t->ops->writable(t->arg);
}

/* Fails on a unix socket, which needs none of it. */
static void
transport_tune(int fd)
{
	static const struct {
		int	 level;
		int	 option;
		int	 value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
	};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (setsockopt(fd, options[i].level, options[i].option,
		    &options[i].value, sizeof(options[i].value)) == -1)
			return;
}

int
transport_init(struct transport *t, struct worker *worker, int fd,
    const struct tls *tls, const struct transport_ops *ops, void *arg)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->worker = worker;
	t->ops = ops;
	t->arg = arg;
	transport_tune(fd);
	if (tls != NULL) {
		if ((t->tls = tlsio_new(tls, fd)) == NULL)
			goto fail;
		t->ssl = t->tls->ssl;
	}
	t->event = event_new(worker->base, fd,
	    EV_READ | EV_WRITE | EV_PERSIST | EV_ET, transport_event, t);
	if (t->event == NULL || event_add(t->event, NULL) == -1)
		goto fail;
	return (0);

fail:
	transport_fail(t, "out of memory");
	transport_finish(t);
	return (-1);
}

void
transport_finish(struct transport *t)
{
	if (t->fd == -1)
		return;
	if (t->event != NULL)
		event_free(t->event);
	tlsio_free(t->tls);
	close(t->fd);
	t->event = NULL;
	t->tls = NULL;
	t->ssl = NULL;
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
	if (!t->ready || size == 0)
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

const char *
transport_error(const struct transport *t)
{
	return (t->error);
}

void
transport_set_abort(struct transport *t)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (t->fd != -1)
		setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger));
}
