/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients whose trunk was lost, at the edge. While one waits nothing is read
 * from it; its slots keep what they need. Its channel is opened again as soon
 * as the trunk has a connection, and its slots then say when all is as it was.
 */
#ifndef CORE_REJOIN_H
#define CORE_REJOIN_H

/* In main, before workers start. */
void	rejoin_init(void);
/* On each worker: those that wait end. */
void	rejoin_worker_stop(void);

#endif
