/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening sockets. TCP: one socket per worker on the same port
 * (SO_REUSEPORT); unix: one socket that all workers accept from. Out of
 * descriptors a listener gives up its reserve to refuse the client, and rests
 * for a moment (threats W19).
 */
#ifndef CORE_LISTENER_H
#define CORE_LISTENER_H

#include <sys/socket.h>

#include "address.h"
#include "worker.h"

struct listener;

/* On the worker's thread; the callee owns the non-blocking descriptor. */
typedef void listener_accept(struct worker *, int fd, const struct sockaddr *,
    socklen_t, void *arg);

/* Binds and listens; in main, before workers start. NULL: *error (a static or
 * strerror text) says why. Port 0 is the kernel's choice, for all workers the
 * same. A unix socket's stale path is removed when nobody answers there; its
 * mode is 0660. */
struct listener *listener_create(const struct address *, unsigned workers,
    const char **error);
/* On each worker: begins to accept. -1 without memory. */
int	listener_start(struct listener *, struct worker *, listener_accept *,
	    void *arg);
/* On each worker: no more. */
void	listener_stop(struct listener *, struct worker *);
/* After the workers have ended; removes a unix socket's path. */
void	listener_destroy(struct listener *);
/* "127.0.0.1:8080", with the port that the kernel chose. */
const char *listener_name(const struct listener *);

#endif
