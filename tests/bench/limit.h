/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that does nothing but the system calls that its service cannot do
 * without: what any server can at best be compared with. One thread, sockets
 * read into one buffer that all share, WebSocket frames, no checks but those
 * that keep it from going astray.
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include <sys/types.h>

#include "bench/loop.h"
#include "bench/wire.h"
#include "bench/wsio.h"

#define LIMIT_READ	(256 * 1024)
#define LIMIT_PATH	32

/* A client's connection, of the one thread; free()d when it is closed. */
struct limit_conn {
	struct loop_watch	 watch;		/* first */
	struct wire		 wire;
	const struct limit_mode	*mode;
	enum { LIMIT_TLS, LIMIT_HTTP, LIMIT_OPEN } state;
	bool			 ending;	/* closes when all is written */
	bool			 dead;		/* closes after ready() */
	char			*head;		/* of its request, until open */
	size_t			 head_len;
	struct wsio		 in;
	unsigned char		*rest;		/* what could not be written */
	size_t			 rest_at, rest_len;
	char			 path[LIMIT_PATH];
	size_t			 index;		/* for the mode */
};

struct limit_mode {
	/* The upgrade is answered. */
	void	(*opened)(struct limit_conn *);
	/* Bytes of one read, in a buffer that may be written to. */
	void	(*bytes)(struct limit_conn *, unsigned char *, size_t);
	void	(*closed)(struct limit_conn *);
	/* At the end of each turn of the loop. */
	void	(*turn)(void);
};

extern const struct limit_mode limit_echo, limit_fanout;

/* A connection that has been accepted. */
void	limit_conn_start(const struct limit_mode *, int fd, SSL_CTX *);
/* The rest waits until the socket takes it, and nothing is read meanwhile. */
void	limit_conn_write(struct limit_conn *, const void *, size_t);
void	limit_conn_keep(struct limit_conn *, const void *, size_t);
/* Outside of its own callbacks. */
void	limit_conn_free(struct limit_conn *);

#endif
