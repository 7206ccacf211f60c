/* SPDX-License-Identifier: Apache-2.0 */
/* What processes use, as the kernel counts it. */
#ifndef BENCH_PROC_H
#define BENCH_PROC_H

#include <sys/types.h>

#define PROC_MAX	16

/* Those of --pids. */
struct proc_list {
	pid_t	pids[PROC_MAX];
	int	count;
};

/* "PID,PID"; NULL for none. One that does not live ends the program. */
void	proc_list_parse(struct proc_list *, const char *);
/*
 * Seconds of CPU used so far by these processes, each with all of its threads,
 * and by their descendants, the living ones and those waited for.
 */
double	proc_cpu(const struct proc_list *);
/* The same of the calling process alone. */
double	proc_cpu_own(void);
/* Proportional set size in KiB, of the process alone. */
long	proc_pss(pid_t);

#endif
