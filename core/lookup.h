/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names to addresses. getaddrinfo() blocks, so it runs on a few threads of its
 * own, which end when nothing waits; the result comes back by letter.
 */
#ifndef CORE_LOOKUP_H
#define CORE_LOOKUP_H

#include <netdb.h>

#include "worker.h"

#define LOOKUP_THREADS	16	/* at most, of the process */

struct lookup;

/* The addresses, the callee's to freeaddrinfo(); or NULL and why. The lookup
 * is gone when it returns. */
typedef void lookup_done(void *arg, struct addrinfo *, const char *error);

/* On the worker's thread, where done is called, never from within. NULL without
 * memory or threads. */
struct lookup *lookup_start(struct worker *, const char *host,
    const char *port, lookup_done *, void *arg);
/* It will not call any more. NULL is fine. */
void	lookup_cancel(struct lookup *);

#endif
