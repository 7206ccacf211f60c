/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recycled memory, for what comes and goes with every message. Cells have a few
 * dozen sizes; any thread may give back what another has got. Each thread has
 * some free cells of its own; what is more goes in batches to a depot, where
 * threads that have none take them, so that one thread may for ever get what
 * another gives back without a call of malloc. The depot is bounded.
 */
#ifndef CORE_RECYCLE_H
#define CORE_RECYCLE_H

#include <stddef.h>

#define RECYCLE_DEPOT	(8 * 1024 * 1024)	/* bytes in the depot at most */

/* Not zeroed, aligned as malloc does. NULL without memory. */
void	*recycle_get(size_t size);
/* The size must be the one it was got with; NULL is fine. */
void	 recycle_put(void *, size_t size);
/* How many bytes there really are in a cell for that size. */
size_t	 recycle_size(size_t size);
/* Bytes in the depot. */
size_t	 recycle_depot(void);
/* Before a thread ends: what it has goes to the depot. */
void	 recycle_thread_finish(void);

#endif
