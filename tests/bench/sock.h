/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets that do not block. What goes wrong here ends the program. */
#ifndef BENCH_SOCK_H
#define BENCH_SOCK_H

#include <sys/socket.h>

struct sock_address {
	struct sockaddr_storage	 addr;
	socklen_t		 len;
	const char		*text;
};

/* HOST:PORT or unix:PATH. */
void	sock_parse(struct sock_address *, const char *);
/*
 * A connection under way. Each source has 28,000 ports of its own: 0 is the
 * system's choice, 1 127.0.0.1 and so on, for an address that begins with 127.
 */
int	sock_dial(const struct sock_address *, unsigned source);
/* 0, or the errno of a connection that could not be made. */
int	sock_error(int fd);
/* Listens, and prints the line "listening PORT" (or PATH). */
int	sock_listen(const struct sock_address *);
/* -1 when nobody waits. */
int	sock_accept(int fd);
/* As many descriptors as the system allows; too few end the program. */
void	sock_limit(unsigned long wanted);

#endif
