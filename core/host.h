/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of functions that plugins are handed, and what belongs to plugins
 * on each worker: their data, counters and timers.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <headgate/plugin.h>

#include <stdint.h>

#include "channel.h"
#include "plugin.h"
#include "worker.h"

extern const struct hg_host host_table;

/* Who decides on a channel that a peer began: the session layer. */
void	host_set_accept(void (*)(struct hg_channel *));

/* In main, behind plugin_load_all, before the workers start. -1: no memory. */
int	host_init(void);
void	host_finish(void);
/* On each worker. */
void	host_worker_start(struct worker *);
void	host_worker_stop(struct worker *);
/* The sum over all workers. Any thread. */
int64_t	host_counter(const struct plugin *, unsigned index);

#endif
