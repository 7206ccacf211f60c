/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of listeners: what they accept is counted and kept. */
#ifndef TESTS_UNIT_LISTENERS_H
#define TESTS_UNIT_LISTENERS_H

#include "listener.h"
#include "net.h"

/* What the callback saw. */
static unsigned		 accepted;
static unsigned		 accepted_by[2];
static int		 accepted_fds[256];
static char		 accepted_from[64];
static bool		 stop_after_one;
static struct listener	*the_listener;

static inline void
on_accept(struct worker *worker, int fd, const struct sockaddr *sa,
    socklen_t len, void *arg)
{
	T_PTR_EQ(arg, &accepted);
	T_TRUE((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	T_TRUE((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	address_format(accepted_from, sizeof(accepted_from), sa, len);
	accepted_by[worker->index]++;
	accepted_fds[accepted++] = fd;
	if (stop_after_one)
		listener_stop(the_listener, worker);
}

static inline void
close_accepted(void)
{
	while (accepted > 0)
		close(accepted_fds[--accepted]);
	accepted_by[0] = accepted_by[1] = 0;
}

static inline struct listener *
try_create(const char *text, unsigned workers, const char **error)
{
	struct address address;
	struct listener *listener;

	T_REQUIRE(address_parse(&address, text, error) == 0);
	*error = NULL;
	listener = listener_create(&address, workers, error);
	address_free(&address);
	return (listener);
}

static inline struct listener *
create(const char *text, unsigned workers)
{
	struct listener *listener;
	const char *error;

	listener = try_create(text, workers, &error);
	T_STR_EQ(error, NULL);
	T_REQUIRE(listener != NULL);
	T_FALSE(stop_after_one);
	return (listener);
}

static inline unsigned
port_of(const struct listener *listener)
{
	return ((unsigned)atoi(strrchr(listener_name(listener), ':') + 1));
}

static inline void
start_all(struct listener *listener)
{
	unsigned i;

	for (i = 0; i < workers_count(); i++)
		T_EQ(listener_start(listener, worker_at(i), on_accept,
		    &accepted), 0);
}

static inline void
turn_all(void)
{
	unsigned i;

	for (i = 0; i < workers_count(); i++) {
		worker_become(worker_at(i));
		worker_turn(worker_at(i), false);
	}
}

#endif
