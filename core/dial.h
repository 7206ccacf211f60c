/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting to a server. Names are resolved on a thread of their own for each
 * (bounded in number), numeric addresses at once; the addresses of a name are
 * tried in turn. One deadline for all of it.
 */
#ifndef CORE_DIAL_H
#define CORE_DIAL_H

#include <stdint.h>

#include "address.h"
#include "worker.h"

struct dial;

/* fd, or -1 and why (valid during the call). Not from within dial_start; the
 * dial is gone when it returns. The callee owns the descriptor. */
typedef void dial_done(void *arg, int fd, const char *error);

/* On the worker's thread. speaks: the server waits for our bytes, which are
 * there at once. NULL without memory, descriptors or threads. */
struct dial *dial_start(struct worker *, const struct address *, bool speaks,
    uint64_t timeout_ms, dial_done *, void *arg);
/* It will not call any more. NULL is fine. */
void	dial_cancel(struct dial *);

#endif
