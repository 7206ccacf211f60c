/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "listener.h"
#include "log.h"
#include "tcp.h"

#define LISTENER_BATCH		64	/* clients accepted for one event */
#define LISTENER_REST_MS	100
#define LISTENER_LOG_MS		1000	/* of a listener, all workers */

/* What one worker has of a listener. Its own thread's, once it has started. */
struct endpoint {
	struct listener		*listener;
	struct worker		*worker;
	listener_accept		*accepted;
	void			*arg;
	struct event		*event;
	struct event		*rest;
	int			 fd;
	int			 reserve;	/* -1: was used, or never got */
};

struct listener {
	char			 name[128];
	struct bind_path	 path;		/* unix */
	_Atomic uint64_t	 logged;	/* ms; the last line */
	unsigned		 count;
	struct endpoint		 ends[];
};

static void
listener_set_name(struct listener *listener, const struct address *address,
    const struct sockaddr *sa, socklen_t len)
{
	char text[80];
	const char *port;

	address_format(text, sizeof(text), sa, len);
	if (address->is_unix)
		snprintf(listener->name, sizeof(listener->name), "unix:%s",
		    address->path);
	else if (strcmp(address->host, "*") == 0) {
		port = strrchr(text, ':');
		snprintf(listener->name, sizeof(listener->name), "*%s", port);
	} else
		snprintf(listener->name, sizeof(listener->name), "%s", text);
}

static int
listener_listen(struct listener *listener, const struct address *address)
{
	unsigned i;

	if (address->is_unix &&
	    bind_path_init(&listener->path, address->path) == -1)
		return (-1);
	for (i = 0; i < listener->count; i++) {
		tcp_tune(listener->ends[i].fd);
		if (listen(listener->ends[i].fd, SOMAXCONN) == -1)
			return (-1);
	}
	return (0);
}

static int
listener_open(struct listener *listener, const struct address *address)
{
	struct sockaddr_storage ss;
	socklen_t len;
	unsigned i;
	int *fds, result;

	if ((fds = calloc(listener->count, sizeof(*fds))) == NULL)
		return (-1);
	result = bind_all(address, &ss, &len, fds, listener->count);
	for (i = 0; result == 0 && i < listener->count; i++)
		listener->ends[i].fd = fds[i];
	free(fds);
	if (result == -1)
		return (-1);
	listener_set_name(listener, address, (struct sockaddr *)&ss, len);
	return (listener_listen(listener, address));
}

struct listener *
listener_create(const struct address *address, unsigned workers,
    const char **error)
{
	struct listener *listener;
	unsigned i;

	listener = calloc(1, sizeof(*listener) +
	    workers * sizeof(listener->ends[0]));
	if (listener == NULL) {
		*error = "out of memory";
		return (NULL);
	}
	listener->count = workers;
	for (i = 0; i < workers; i++) {
		listener->ends[i].listener = listener;
		listener->ends[i].fd = listener->ends[i].reserve = -1;
	}
	if (listener_open(listener, address) == 0)
		return (listener);
	*error = errno == EINVAL ? "no numeric address" : strerror(errno);
	listener_destroy(listener);
	return (NULL);
}

/* --- accepting ---------------------------------------------------------- */

static void
endpoint_take_reserve(struct endpoint *end)
{
	if (end->reserve == -1)
		end->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
endpoint_log(struct endpoint *end, int error)
{
	uint64_t now, last;

	now = worker_clock();
	last = atomic_load(&end->listener->logged);
	if (last != 0 && now - last < LISTENER_LOG_MS)
		return;
	if (!atomic_compare_exchange_strong(&end->listener->logged, &last,
	    now))
		return;
	log_write(HG_LOG_WARN, NULL, "%s: cannot accept: %s",
	    end->listener->name, strerror(error));
}

/*
 * The socket stays readable while clients wait, so whoever cannot accept them
 * must not look for a while. One client learns by a close that it is refused.
 */
static void
endpoint_rest(struct endpoint *end, int error)
{
	const struct timeval tv = { 0, LISTENER_REST_MS * 1000 };
	int fd;

	endpoint_log(end, error);
	if ((error == EMFILE || error == ENFILE) && end->reserve != -1) {
		close(end->reserve);
		end->reserve = -1;
		fd = accept4(end->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd != -1)
			close(fd);
		endpoint_take_reserve(end);
	}
	event_del(end->event);
	event_add(end->rest, &tv);
}

static void
endpoint_rested(evutil_socket_t fd, short what, void *arg)
{
	struct endpoint *end = arg;

	(void)fd;
	(void)what;
	worker_tick(end->worker);
	endpoint_take_reserve(end);
	event_add(end->event, NULL);
}

/* Errors of the client that is gone already, not of this socket. */
static bool
is_of_client(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case EOPNOTSUPP:
	case ETIMEDOUT:
		return (true);
	}
	return (false);
}

/* The callee may stop the listener. */
static void
endpoint_accept(evutil_socket_t unused, short what, void *arg)
{
	struct endpoint *end = arg;
	struct sockaddr_storage ss;
	socklen_t len;
	unsigned i;
	int fd;

	(void)unused;
	(void)what;
	worker_tick(end->worker);
	for (i = 0; i < LISTENER_BATCH && end->fd != -1; i++) {
		len = sizeof(ss);
		fd = accept4(end->fd, (struct sockaddr *)&ss, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			end->accepted(end->worker, fd, (struct sockaddr *)&ss,
			    len, end->arg);
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		if (is_of_client(errno))
			continue;
		endpoint_rest(end, errno);
		return;
	}
}

int
listener_start(struct listener *listener, struct worker *worker,
    listener_accept *accepted, void *arg)
{
	struct endpoint *end = &listener->ends[worker->index];

	end->worker = worker;
	end->accepted = accepted;
	end->arg = arg;
	end->event = event_new(worker->base, end->fd, EV_READ | EV_PERSIST,
	    endpoint_accept, end);
	end->rest = evtimer_new(worker->base, endpoint_rested, end);
	endpoint_take_reserve(end);
	if (end->event != NULL && end->rest != NULL &&
	    event_add(end->event, NULL) == 0)
		return (0);
	listener_stop(listener, worker);
	return (-1);
}

/* --- ending ------------------------------------------------------------- */

static void
endpoint_close(struct endpoint *end)
{
	if (end->event != NULL)
		event_free(end->event);
	if (end->rest != NULL)
		event_free(end->rest);
	if (end->fd != -1)
		close(end->fd);
	if (end->reserve != -1)
		close(end->reserve);
	end->event = end->rest = NULL;
	end->fd = end->reserve = -1;
}

void
listener_stop(struct listener *listener, struct worker *worker)
{
	endpoint_close(&listener->ends[worker->index]);
}

void
listener_destroy(struct listener *listener)
{
	unsigned i;

	if (listener == NULL)
		return;
	for (i = 0; i < listener->count; i++)
		endpoint_close(&listener->ends[i]);
	bind_path_remove(&listener->path);
	free(listener);
}

const char *
listener_name(const struct listener *listener)
{
	return (listener->name);
}
