/* SPDX-License-Identifier: Apache-2.0 */
/* The two sides of "fanout": subscribers, and the publisher. */
#ifndef BENCH_LOAD_FANOUT_H
#define BENCH_LOAD_FANOUT_H

#include "bench/load.h"
#include "bench/numbered.h"

struct fanout {
	struct load	*load;
	struct numbered	 messages;
	bool		 stomp;		/* else plain text */
	uint64_t	 published;	/* the next message's number */
	uint64_t	 doubles, misordered;

	/* Until all subscribers hear: how many have got the last one. */
	bool		 probing;
	uint64_t	 heard;

	/* Numbers at both ends of the measured interval. */
	uint64_t	 measured_begin, measured_end;
	uint64_t	 behind;	/* deliveries due at its end */
};

extern struct fanout fanout;

/* A subscriber got this one, for the first time. */
void	fanout_delivered(uint64_t number);
/* Probes, warms up, measures, and waits for what is due. */
void	fanout_publish(struct load *);

#endif
