/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that headgatectl shows. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"
#include "worker.h"

/* Whether it is a table of ours, which may be empty; plugins have more. */
bool	stats_is_known(const char *what);
/* On that worker: its rows. */
void	stats_of_worker(struct worker *, const char *what, struct hg_report *);
/* In main: the rows that concern no single worker. */
void	stats_of_process(const struct settings *, uint64_t started_at,
    const char *what, struct hg_report *);

#endif
