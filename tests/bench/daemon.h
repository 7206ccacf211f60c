/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A headgate process of a benchmark: started with a configuration of its own,
 * watched, asked, stopped by its process id. Everything that fails ends the
 * program with a message.
 */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "bench/die.h"

struct daemon {
	pid_t	 pid;
	int	 log;			/* its standard error */
	int	 ports[4];		/* in the order of its listeners */
	int	 port_count;
	char	 control[100];
	char	 name[16];
};

/* A folder for everything, removed when the program ends. */
const char *bench_dir(void);

/* Waits until it is ready. config is the text of headgate.ini; "control" is
 * set in it already by the name. */
void	daemon_start(struct daemon *, const char *name, const char *config);
void	daemon_stop(struct daemon *);
/* A counter of a plugin. */
uint64_t daemon_counter(const struct daemon *, const char *plugin,
	    const char *counter);
/* The sum of a column of "connections" over rows of that kind. */
uint64_t daemon_connections(const struct daemon *, const char *kind,
	    const char *column);
/* User and system time so far, in seconds. */
double	daemon_cpu(const struct daemon *);

#endif
