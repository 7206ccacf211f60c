/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection for requests of plugins, in use for one exchange, or idle: kept
 * for the next one to the same target, a few for each and not for long. One on
 * which anything comes while it is idle is closed, so that nothing but the
 * answer to a request can be taken for it. Belongs to one worker.
 */
#ifndef CORE_FETCHCONN_H
#define CORE_FETCHCONN_H

#include <stdbool.h>
#include <stdint.h>

#include "due.h"
#include "fetchtarget.h"
#include "list.h"
#include "transport.h"
#include "worker.h"

#define FETCHCONN_IDLE_MAX	64	/* idle ones of a worker, */
#define FETCHCONN_TARGET_MAX	16	/* of them to one target */

struct fetchconn {
	struct transport		 transport;
	struct worker			*worker;
	const struct hg_target		*target;
	const struct transport_ops	*ops;	/* NULL: it is idle */
	void				*arg;
	struct list			 node;	/* idle */
	struct due			 due;	/* idle */
	struct work			 reap;
	bool				 reused;
};

/* Takes the descriptor over, also on failure (NULL). */
struct fetchconn *fetchconn_create(struct worker *, const struct hg_target *,
    int fd);
/* Who is told from now on what the transport tells. */
void	fetchconn_use(struct fetchconn *, const struct transport_ops *, void *);
/* Closes at once; the memory stays until the worker reaps. NULL is fine. */
void	fetchconn_destroy(struct fetchconn *);
/* It is idle, for at most so many milliseconds. */
void	fetchconn_keep(struct fetchconn *, uint64_t ms);
/* An idle one of the calling worker, the one that was used last; or NULL. */
struct fetchconn *fetchconn_take(const struct hg_target *);
unsigned fetchconn_idle(void);	/* of the calling worker */
/* Closes those that are idle. Before the worker's last reap. */
void	fetchconn_worker_stop(void);

#endif
