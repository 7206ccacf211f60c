/* SPDX-License-Identifier: Apache-2.0 */
/* What the modes of the load generator share. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/client.h"
#include "bench/histogram.h"
#include "bench/proc.h"

struct load {
	/* The options, by their names. */
	const char	*connect, *path, *subprotocol, *protocol;
	const char	*publish_connect, *publish_path, *subscribe, *login;
	const char	*pids;
	uint64_t	 at_once, connections, size, depth, warm_messages, big;
	double		 warm, seconds, rate;
	bool		 tls, publish_tls, resume, raw, stomp, hold;

	/* Made of them. */
	struct client_target	 target;
	struct proc_list	 procs;
	struct client		*clients;	/* "connections" of them */

	/* Of a mode that does more than answer, or NULL. */
	void	(*step)(struct load *);		/* after each turn */
	void	(*begun)(struct load *);	/* the interval begins */
	uint64_t		 wake;		/* when step() has work; or 0 */

	/* What is counted in the measured interval; errors at any time. */
	bool			 measuring;
	uint64_t		 messages;
	uint64_t		 errors;
	struct histogram	 latency;	/* nanoseconds */
	uint64_t		 began;
	double			 elapsed;	/* seconds, at the end of it */
	double			 cpu, own_cpu;	/* at the begin, then used */
};

/* The modes. */
void	load_echo(struct load *);
void	load_fanout(struct load *);
void	load_connect(struct load *);
void	load_idle(struct load *);
void	load_mixed(struct load *);

/* load-open.c */
/* Opens them all, few at a time; calls opened() of each. */
void	load_open(struct load *, struct client *, uint64_t count,
	    const struct client_target *, const struct client_ops *);
/* For opened() of ops: it counts. */
void	load_opened(struct client *);
/* A close frame for each, then the end of the connection. */
void	load_close(struct client *, uint64_t count);

/* load-measure.c */
static inline void
load_count(struct load *l, uint64_t latency)
{
	if (!l->measuring)
		return;
	l->messages++;
	histogram_add(&l->latency, latency);
}

void	load_begin(struct load *);
void	load_end(struct load *);
/* Runs the loop for the time to warm up, then for the measured interval. */
void	load_measure(struct load *);
/* The line of JSON: its begin with the common results; more; its end. */
void	load_print(const struct load *);
void	load_print_number(const char *name, double);
void	load_print_end(void);
/* Counts, and tells of the first ones on standard error. */
void	load_error(struct load *, const char *why);

#endif
