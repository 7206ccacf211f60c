/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "lookup.h"

#define DIAL_AGAIN_MS	20	/* a unix socket's backlog is full */

/*
 * Goes from step to step by the event "step": a new attempt, or that the time
 * of an attempt is over. While a name is looked up, only the deadline runs.
 */
struct dial {
	struct worker		*worker;
	dial_done		*done;
	void			*arg;
	uint64_t		 deadline;	/* of worker_clock */
	struct event		*step;
	struct event		*end;		/* the deadline */
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
dial_set_timer(struct event *event, uint64_t ms)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	event_add(event, &tv);
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
	if (dial->step != NULL)
		event_free(dial->step);
	if (dial->end != NULL)
		event_free(dial->end);
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
	dial_set_timer(dial->step, 0);
}

/*
 * Nobody listens, but the kernel chose the port that we connect to as our own,
 * and TCP lets a socket connect to itself.
 */
static bool
is_self(int fd)
{
	struct sockaddr_storage own, peer;
	socklen_t own_len, peer_len;

	own_len = sizeof(own);
	peer_len = sizeof(peer);
	memset(&own, 0, sizeof(own));
	memset(&peer, 0, sizeof(peer));
	if (getsockname(fd, (struct sockaddr *)&own, &own_len) == -1 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1)
		return (false);
	return (own.ss_family != AF_UNIX && own_len == peer_len &&
	    memcmp(&own, &peer, own_len) == 0);
}

static void
dial_check(struct dial *dial, int error)
{
	if (error == 0 && is_self(dial->fd))
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
	event_del(dial->step);
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
	if (dial->next->ai_next != NULL)
		dial_set_timer(dial->step, dial_share(dial));
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
	if (connect(dial->fd, info->ai_addr, info->ai_addrlen) == 0)
		dial_check(dial, 0);
	else if (errno == EINPROGRESS || errno == EINTR)
		dial_wait(dial);
	else if (errno == EAGAIN && info->ai_family == AF_UNIX) {
		dial_close(dial);
		dial_set_timer(dial->step, DIAL_AGAIN_MS);
	} else
		dial_check(dial, errno);
}

static void
dial_on_step(evutil_socket_t fd, short what, void *arg)
{
	struct dial *dial = arg;

	(void)fd;
	(void)what;
	worker_tick(dial->worker);
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
dial_on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct dial *dial = arg;

	(void)fd;
	(void)what;
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
	dial_set_timer(dial->step, 0);
}

/* Where to, or a lookup, or an error text for the first step. */
static int
dial_begin(struct dial *dial, const struct address *address)
{
	socklen_t len;

	if (!address->is_unix && strcmp(address->host, "*") == 0) {
		dial_set_error(dial, "* is no host to connect to");
		dial_set_timer(dial->step, 0);
		return (0);
	}
	if (address_resolve_numeric(address, &dial->ss, &len) == 0) {
		dial->numeric.ai_family = dial->ss.ss_family;
		dial->numeric.ai_addr = (struct sockaddr *)&dial->ss;
		dial->numeric.ai_addrlen = len;
		dial->next = &dial->numeric;
		dial_set_timer(dial->step, 0);
		return (0);
	}
	dial->lookup = lookup_start(dial->worker, address->host,
	    address->port, dial_on_found, dial);
	return (dial->lookup != NULL ? 0 : -1);
}

struct dial *
dial_start(struct worker *worker, const struct address *address,
    uint64_t timeout_ms, dial_done *done, void *arg)
{
	struct dial *dial;

	if ((dial = calloc(1, sizeof(*dial))) == NULL)
		return (NULL);
	dial->worker = worker;
	dial->done = done;
	dial->arg = arg;
	dial->fd = -1;
	dial->deadline = worker_clock() + timeout_ms;
	dial->step = evtimer_new(worker->base, dial_on_step, dial);
	dial->end = evtimer_new(worker->base, dial_on_deadline, dial);
	if (dial->step == NULL || dial->end == NULL ||
	    dial_begin(dial, address) == -1) {
		dial_free(dial);
		return (NULL);
	}
	dial_set_timer(dial->end, timeout_ms);
	return (dial);
}

/* From within done it does nothing: the dial is about to be freed. */
void
dial_cancel(struct dial *dial)
{
	if (dial != NULL && !dial->over)
		dial_free(dial);
}
