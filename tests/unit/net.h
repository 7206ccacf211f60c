/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the net layer: one worker, run by the test itself. */
#ifndef TESTS_UNIT_NET_H
#define TESTS_UNIT_NET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "worker.h"

#define NET_LIMIT	120	/* seconds until a test that hangs is killed */

/* Turns until the condition holds; net_start's alarm ends what never does. */
#define NET_UNTIL(condition)						\
	while (!(condition))						\
		worker_turn(worker_self(), true)

static inline void
net_start(void)
{
	alarm(NET_LIMIT);
	T_REQUIRE(workers_create(1) == 0);
	worker_become(worker_at(0));
}

static inline void
net_stop(void)
{
	worker_become(NULL);
	workers_destroy();
	alarm(0);
}

static inline struct sockaddr_in
net_loopback(unsigned port)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (sin);
}

/* A socket that listens on a port of the kernel's choice. */
static inline int
net_listen(int backlog, unsigned *port)
{
	struct sockaddr_in sin = net_loopback(0);
	socklen_t len = sizeof(sin);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	T_REQUIRE(fd != -1);
	T_REQUIRE(bind(fd, (struct sockaddr *)&sin, len) == 0);
	T_REQUIRE(listen(fd, backlog) == 0);
	T_REQUIRE(getsockname(fd, (struct sockaddr *)&sin, &len) == 0);
	*port = ntohs(sin.sin_port);
	return (fd);
}

static inline int
net_connect(unsigned port)
{
	struct sockaddr_in sin = net_loopback(port);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	T_REQUIRE(fd != -1);
	T_REQUIRE(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	return (fd);
}

static inline void
net_nonblock(int fd)
{
	T_REQUIRE(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
}

/* Two ends of one TCP connection; buffer: bytes of SO_SNDBUF and SO_RCVBUF of
 * both, 0 for the default. */
static inline void
net_pair(int fds[2], int buffer)
{
	struct sockaddr_in sin;
	unsigned port;
	int i, listening;

	listening = net_listen(1, &port);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (i = 0; buffer > 0 && i < 2; i++) {
		setsockopt(i == 0 ? fds[0] : listening, SOL_SOCKET, SO_RCVBUF,
		    &buffer, sizeof(buffer));
		setsockopt(i == 0 ? fds[0] : listening, SOL_SOCKET, SO_SNDBUF,
		    &buffer, sizeof(buffer));
	}
	sin = net_loopback(port);
	T_REQUIRE(connect(fds[0], (struct sockaddr *)&sin,
	    sizeof(sin)) == 0);
	fds[1] = accept(listening, NULL, NULL);
	T_REQUIRE(fds[1] != -1);
	close(listening);
	net_nonblock(fds[0]);
	net_nonblock(fds[1]);
}

/* So that its close sends RST. */
static inline void
net_abort(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* The number of descriptors that are open. */
static inline int
net_open_fds(void)
{
	int fd, count;

	count = 0;
	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			count++;
	return (count);
}

#endif
