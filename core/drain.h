/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of one worker, once the daemon stops: those with many
 * channels are drained by their mux; plain clients are closed with 1001,
 * spread over the time; those to servers end with who they were made for. When
 * the time is over, all that is left is closed.
 */
#ifndef CORE_DRAIN_H
#define CORE_DRAIN_H

#include <stdint.h>

#include "worker.h"

/* Belongs to its worker. All zero: nothing to finish. */
struct drain {
	struct worker	*worker;
	struct event	*timer;
	uint64_t	 until;
	uint64_t	 pace;
};

/* ms: 0 closes all at once. */
void	drain_start(struct drain *, struct worker *, uint64_t ms);
void	drain_finish(struct drain *);

#endif
