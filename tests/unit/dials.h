/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of dials. The resolver here is ours: getaddrinfo() of the program
 * stands in front of the C library's, and knows a few names of its own.
 */
#ifndef TESTS_UNIT_DIALS_H
#define TESTS_UNIT_DIALS_H

#include <netinet/tcp.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>

#include "dial.h"
#include "lookup.h"
#include "net.h"

/* --- the resolver --------------------------------------------------------- */

static pthread_mutex_t	fake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t	fake_cond = PTHREAD_COND_INITIALIZER;
static bool		fake_closed;	/* "slow" names wait */
static unsigned		fake_inside, fake_most, fake_calls, fake_left;
static unsigned		fake_ports[2];	/* of the addresses of a name */
static bool		connect_to_self;
static int		acks_at_once;	/* of who connected last */

int	getaddrinfo(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
void	freeaddrinfo(struct addrinfo *);
int	connect(int, const struct sockaddr *, socklen_t);

static inline struct addrinfo *
fake_address(unsigned port, struct addrinfo *next)
{
	struct sockaddr_in *sin;
	struct addrinfo *info;

	info = calloc(1, sizeof(*info) + sizeof(*sin));
	if (info == NULL)
		abort();
	sin = (struct sockaddr_in *)(void *)(info + 1);
	*sin = net_loopback(port);
	info->ai_family = AF_INET;
	info->ai_socktype = SOCK_STREAM;
	info->ai_addr = (struct sockaddr *)sin;
	info->ai_addrlen = sizeof(*sin);
	info->ai_next = next;
	return (info);
}

static inline void
fake_enter(bool slow, unsigned ports[2])
{
	pthread_mutex_lock(&fake_lock);
	fake_calls++;
	if (++fake_inside > fake_most)
		fake_most = fake_inside;
	pthread_cond_broadcast(&fake_cond);
	while (slow && fake_closed)
		pthread_cond_wait(&fake_cond, &fake_lock);
	memcpy(ports, fake_ports, sizeof(fake_ports));
	fake_inside--;
	fake_left++;
	pthread_cond_broadcast(&fake_cond);
	pthread_mutex_unlock(&fake_lock);
}

int
getaddrinfo(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	unsigned ports[2];

	fake_enter(strncmp(host, "slow", 4) == 0, ports);
	if (strcmp(host, "nobody.test") == 0)
		return (EAI_NONAME);
	if (strcmp(host, "localhost") == 0) {
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
		return (real(host, port, hints, found));
	}
	*found = fake_address(ports[0], ports[1] != 0 ?
	    fake_address(ports[1], NULL) : NULL);
	return (0);
}

/* The C library makes each address in one piece too. */
void
freeaddrinfo(struct addrinfo *info)
{
	struct addrinfo *next;

	for (; info != NULL; info = next) {
		next = info->ai_next;
		free(info->ai_canonname);
		free(info);
	}
}

/* The kernel's choice of our own port may be the one that we connect to. */
int
connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	socklen_t size = sizeof(acks_at_once);

	getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &acks_at_once, &size);
	if (connect_to_self && bind(fd, sa, len) == -1)
		return (-1);
	return ((int)syscall(SYS_connect, fd, sa, len));
}

static inline void
fake_set(bool closed)
{
	pthread_mutex_lock(&fake_lock);
	fake_closed = closed;
	pthread_cond_broadcast(&fake_cond);
	pthread_mutex_unlock(&fake_lock);
}

static inline void
fake_reset(unsigned port, unsigned second_port)
{
	pthread_mutex_lock(&fake_lock);
	fake_calls = fake_most = fake_left = 0;
	fake_ports[0] = port;
	fake_ports[1] = second_port;
	pthread_mutex_unlock(&fake_lock);
}

static inline void
fake_wait_for(const unsigned *counter, unsigned value)
{
	pthread_mutex_lock(&fake_lock);
	while (*counter < value)
		pthread_cond_wait(&fake_cond, &fake_lock);
	pthread_mutex_unlock(&fake_lock);
}

/* --- dialing -------------------------------------------------------------- */

struct outcome {
	unsigned	 calls;
	int		 fd;
	char		 error[128];
	struct dial	*cancel;	/* from within done */
};

static bool	in_start;
static bool	speaks_first;

static inline void
on_done(void *arg, int fd, const char *error)
{
	struct outcome *outcome = arg;

	T_FALSE(in_start);
	T_EQ(fd == -1, error != NULL);
	outcome->calls++;
	outcome->fd = fd;
	snprintf(outcome->error, sizeof(outcome->error), "%s",
	    error != NULL ? error : "");
	dial_cancel(outcome->cancel);
}

static inline struct dial *
start(struct outcome *outcome, const char *text, uint64_t timeout)
{
	struct address address;
	struct dial *dial;
	const char *error;

	memset(outcome, 0, sizeof(*outcome));
	outcome->fd = -1;
	T_REQUIRE(address_parse(&address, text, &error) == 0);
	in_start = true;
	dial = dial_start(worker_self(), &address, speaks_first, timeout,
	    on_done, outcome);
	in_start = false;
	address_free(&address);
	T_REQUIRE(dial != NULL);
	T_EQ(outcome->calls, 0);
	return (dial);
}

static inline struct dial *
start_port(struct outcome *outcome, unsigned port, uint64_t timeout)
{
	char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	return (start(outcome, text, timeout));
}

/* A port where nobody listens. */
static inline unsigned
closed_port(void)
{
	unsigned port;

	close(net_listen(1, &port));
	return (port);
}

/* A port where nobody answers: its queue is full. */
static inline int
silent_port(unsigned *port, int *filler)
{
	int fd;

	fd = net_listen(0, port);
	*filler = net_connect(*port);
	return (fd);
}

#endif
