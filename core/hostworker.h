/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What belongs to plugins on each worker: data, counters, timers; and the
 * functions of hg for it. Made in main, used by each worker for its own.
 */
#ifndef CORE_HOSTWORKER_H
#define CORE_HOSTWORKER_H

#include <headgate/plugin.h>

#include <stdint.h>

#include "plugin.h"
#include "worker.h"

/* In main, behind plugin_load_all, before the workers start. -1: no memory. */
int	host_init(void);
void	host_finish(void);
/* On each worker. */
void	host_worker_start(struct worker *);
void	host_worker_stop(struct worker *);
/* The sum over all workers. Any thread. */
int64_t	host_counter(const struct plugin *, unsigned index);

void	host_count(const struct hg_plugin *, unsigned index, int64_t by);
unsigned host_worker_index(void);
void   *host_worker_data(const struct hg_plugin *);
int	host_post(unsigned worker, void (*fn)(void *), void *arg);
struct hg_timer *host_worker_timer(const struct hg_plugin *, uint64_t ms,
    void (*fn)(void *));

#endif
