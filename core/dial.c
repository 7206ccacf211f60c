/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "lookup.h"

#define DIAL_AGAIN_MS	20	/* a unix socket's backlog is full */

/*
 * Goes from step to step: at the end of the turn by "now", or when "later" is
 * due, as the time of an attempt is over or it is to be tried again. While a
 * name is looked up, only the end runs; and most connections, to a machine that
 * is near, need no timer at all.
 */
struct dial {
	struct worker		*worker;
	dial_done		*done;
	void			*arg;
	bool			 speaks;
	uint64_t		 deadline;	/* of worker_clock */
	struct work		 now;
	struct due		 later;
	struct due		 end;		/* the deadline */
	struct event		*connected;	/* while fd is connecting */
	int			 fd;
	struct lookup		*lookup;
	struct addrinfo		*found;		/* of the lookup */
	struct addrinfo		*next;		/* the attempt at hand */
	struct addrinfo		 numeric;	/* or this one address */
	struct sockaddr_storage	 ss;
	bool			 over;		/* done is being called */
	char			 error[128];
};

static void
dial_later(struct dial *dial, uint64_t ms)
{
	due_set(&dial->worker->dues, &dial->later, worker_clock() + ms);
}

static void
dial_now(struct dial *dial)
{
	due_clear(&dial->worker->dues, &dial->later);
	worker_flush_later(dial->worker, &dial->now);
}

static void
dial_set_error(struct dial *dial, const char *error)
{
	snprintf(dial->error, sizeof(dial->error), "%s", error);
}

static void
dial_close(struct dial *dial)
{
	if (dial->connected != NULL)
		event_free(dial->connected);
	dial->connected = NULL;
	if (dial->fd != -1)
		close(dial->fd);
	dial->fd = -1;
}

static void
dial_free(struct dial *dial)
{
	dial_close(dial);
	lookup_cancel(dial->lookup);
	if (dial->found != NULL)
		freeaddrinfo(dial->found);
	list_remove(&dial->now.node);
	due_finish(&dial->worker->dues, &dial->later);
	due_finish(&dial->worker->dues, &dial->end);
	free(dial);
}

static void
dial_finish(struct dial *dial, int fd)
{
	dial->over = true;
	dial->done(dial->arg, fd, fd != -1 ? NULL : dial->error);
	dial_free(dial);
}

static void
dial_succeed(struct dial *dial)
{
	int fd;

	fd = dial->fd;
	dial->fd = -1;
	dial_close(dial);
	dial_finish(dial, fd);
}

/* The next address, in the next turn. */
static void
dial_try_next(struct dial *dial)
{
	dial_close(dial);
	dial->next = dial->next->ai_next;
	dial_now(dial);
}

static bool
has_port_of(const struct sockaddr *one, const struct sockaddr *other)
{
	const struct sockaddr_in *in = (const void *)one, *to =
	    (const void *)other;

	/* It lies in the same place in both families. */
	_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
	    offsetof(struct sockaddr_in6, sin6_port), "ports");
	return (in->sin_port == to->sin_port);
}

/*
 * Nobody listens, but the kernel chose the port that we connect to as our own,
 * and TCP lets a socket connect to itself.
 */
static bool
is_self(int fd, const struct sockaddr *to)
{
	struct sockaddr_storage own, peer;
	socklen_t own_len, peer_len;

	if (to->sa_family == AF_UNIX)
		return (false);
	own_len = sizeof(own);
	peer_len = sizeof(peer);
	memset(&own, 0, sizeof(own));
	memset(&peer, 0, sizeof(peer));
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) == -1 ||
	    !has_port_of((struct sockaddr *)&own, to) ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1)
		return (false);
	return (own_len == peer_len && memcmp(&own, &peer, own_len) == 0);
}

static void
dial_check(struct dial *dial, int error)
{
	if (error == 0 && is_self(dial->fd, dial->next->ai_addr))
		error = ECONNREFUSED;
	if (error == 0) {
		dial_succeed(dial);
		return;
	}
	dial_set_error(dial, strerror(error));
	dial_try_next(dial);
}

static void
dial_on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct dial *dial = arg;
	socklen_t len;
	int error;

	(void)what;
	worker_tick(dial->worker);
	due_clear(&dial->worker->dues, &dial->later);
	len = sizeof(error);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	dial_check(dial, error);
}

/* One address of several gets its share of the time that is left. */
static uint64_t
dial_share(const struct dial *dial)
{
	const struct addrinfo *info;
	uint64_t now, count;

	count = 0;
	for (info = dial->next; info != NULL; info = info->ai_next)
		count++;
	now = worker_clock();
	return (now < dial->deadline ? (dial->deadline - now) / count : 0);
}

static void
dial_wait(struct dial *dial)
{
	dial->connected = event_new(dial->worker->base, dial->fd, EV_WRITE,
	    dial_on_connected, dial);
	if (dial->connected == NULL || event_add(dial->connected, NULL) == -1) {
		dial_set_error(dial, "out of memory");
		dial_try_next(dial);
		return;
	}
	due_set(&dial->worker->dues, &dial->end, dial->deadline);
	if (dial->next->ai_next != NULL)
		dial_later(dial, dial_share(dial));
}

/*
 * Whoever speaks first acknowledges the server's answer with its own words,
 * instead of a segment before them.
 */
static void
dial_hold_ack(const struct dial *dial)
{
	const int no = 0;

	if (dial->speaks && dial->next->ai_family != AF_UNIX)
		setsockopt(dial->fd, IPPROTO_TCP, TCP_QUICKACK, &no,
		    sizeof(no));
}

/* A machine that is near may have answered meanwhile. */
static bool
is_connected(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return (getpeername(fd, (struct sockaddr *)&peer, &len) == 0);
}

static void
dial_in_progress(struct dial *dial)
{
	if (is_connected(dial->fd))
		dial_check(dial, 0);
	else
		dial_wait(dial);
}

static void
dial_connect(struct dial *dial)
{
	const struct addrinfo *info = dial->next;

	dial->fd = socket(info->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (dial->fd == -1) {
		dial_check(dial, errno);
		return;
	}
	dial_hold_ack(dial);
	if (connect(dial->fd, info->ai_addr, info->ai_addrlen) == 0)
		dial_check(dial, 0);
	else if (errno == EINPROGRESS || errno == EINTR)
		dial_in_progress(dial);
	else if (errno == EAGAIN && info->ai_family == AF_UNIX) {
		dial_close(dial);
		due_set(&dial->worker->dues, &dial->end, dial->deadline);
		dial_later(dial, DIAL_AGAIN_MS);
	} else
		dial_check(dial, errno);
}

static void
dial_step(struct dial *dial)
{
	if (dial->fd != -1) {
		dial_set_error(dial, strerror(ETIMEDOUT));
		dial_try_next(dial);
		return;
	}
	if (dial->next != NULL)
		dial_connect(dial);
	else
		dial_finish(dial, -1);
}

static void
dial_on_now(struct work *work)
{
	dial_step(list_entry(work, struct dial, now));
}

static void
dial_on_later(struct due *due)
{
	struct dial *dial = list_entry(due, struct dial, later);

	worker_tick(dial->worker);
	dial_step(dial);
}

static void
dial_on_end(struct due *due)
{
	struct dial *dial = list_entry(due, struct dial, end);

	worker_tick(dial->worker);
	dial_close(dial);
	dial_set_error(dial, dial->lookup != NULL ?
	    "looking up the name took too long" : strerror(ETIMEDOUT));
	dial_finish(dial, -1);
}

static void
dial_on_found(void *arg, struct addrinfo *found, const char *error)
{
	struct dial *dial = arg;

	dial->lookup = NULL;
	dial->found = dial->next = found;
	if (error != NULL)
		dial_set_error(dial, error);
	dial_now(dial);
}

/* Where to, or a lookup, or an error text for the first step. */
static int
dial_begin(struct dial *dial, const struct address *address)
{
	socklen_t len;

	if (!address->is_unix && strcmp(address->host, "*") == 0) {
		dial_set_error(dial, "* is no host to connect to");
		dial_now(dial);
		return (0);
	}
	if (address_resolve_numeric(address, &dial->ss, &len) == 0) {
		dial->numeric.ai_family = dial->ss.ss_family;
		dial->numeric.ai_addr = (struct sockaddr *)&dial->ss;
		dial->numeric.ai_addrlen = len;
		dial->next = &dial->numeric;
		dial_now(dial);
		return (0);
	}
	due_set(&dial->worker->dues, &dial->end, dial->deadline);
	dial->lookup = lookup_start(dial->worker, address->host,
	    address->port, dial_on_found, dial);
	return (dial->lookup != NULL ? 0 : -1);
}

static struct dial *
dial_new(struct worker *worker)
{
	struct dial *dial;

	if ((dial = calloc(1, sizeof(*dial))) == NULL)
		return (NULL);
	if (due_init(&worker->dues, &dial->later, dial_on_later) == -1) {
		free(dial);
		return (NULL);
	}
	if (due_init(&worker->dues, &dial->end, dial_on_end) == -1) {
		due_finish(&worker->dues, &dial->later);
		free(dial);
		return (NULL);
	}
	dial->worker = worker;
	dial->fd = -1;
	list_init(&dial->now.node);
	dial->now.fn = dial_on_now;
	return (dial);
}

struct dial *
dial_start(struct worker *worker, const struct address *address, bool speaks,
    uint64_t timeout_ms, dial_done *done, void *arg)
{
	struct dial *dial;

	if ((dial = dial_new(worker)) == NULL)
		return (NULL);
	dial->done = done;
	dial->arg = arg;
	dial->speaks = speaks;
	dial->deadline = worker_clock() + timeout_ms;
	if (dial_begin(dial, address) == -1) {
		dial_free(dial);
		return (NULL);
	}
	return (dial);
}

/* From within done it does nothing: the dial is about to be freed. */
void
dial_cancel(struct dial *dial)
{
	if (dial != NULL && !dial->over)
		dial_free(dial);
}
