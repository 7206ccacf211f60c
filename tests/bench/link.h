/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slow link: bytes of all connections share one line in each direction. A
 * piece of data leaves when the line is free, takes its time by the line's
 * rate, and arrives after the delay.
 */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/loop.h"

/* Of both directions. */
struct lane_rules {
	double		 ns_per_byte;
	uint64_t	 delay;		/* nanoseconds */
	uint64_t	 queue;		/* ns of line that may wait */
	uint64_t	 overhead;	/* bytes of a segment's headers */
	uint64_t	 segment;	/* most payload in one */
};

/* One direction of one connection. */
struct flow {
	struct loop_watch	 watch;		/* first: room to write to */
	struct link_conn	*conn;
	struct lane		*lane;
	int			 from, to;
	unsigned char		*rest;		/* has arrived, not written */
	size_t			 rest_len;
	bool			 reading;	/* watched by its lane */
	bool			 held;		/* not read because of rest */
	bool			 ended;		/* its end has arrived */
	bool			 done;		/* and was passed on */
	bool			 broken;	/* nobody takes it any more */
};

struct link_conn {
	struct flow	flows[2];	/* up, down */
};

/* What has left and not arrived, in the order of arrival. */
struct lane_piece {
	struct lane_piece	*next;
	struct flow		*flow;
	uint64_t		 arrival;
	size_t			 len;		/* 0: its end */
	unsigned char		 data[];
};

struct lane {
	struct loop_watch	 watch;		/* first: of its own epoll */
	const struct lane_rules	*rules;
	int			 epoll;		/* sockets it reads from */
	uint64_t		 free_at;	/* when the line is free */
	struct lane_piece	*first, **last;
	/* What has left so far. */
	uint64_t		 payload, segments, bytes;
};

void	lane_start(struct lane *, const struct lane_rules *);
/* Passes on what has arrived; reads, unless too much waits for the line. */
void	lane_turn(struct lane *);
/* When lane_turn() has something to do again. */
uint64_t lane_wake(const struct lane *);

/* A connection between these sockets, which it closes in the end. */
void	link_conn_start(int from, int to, struct lane *up, struct lane *down);
/* For lanes: a piece has arrived; len 0: the end. */
void	flow_arrive(struct flow *, const unsigned char *, size_t len);
/* Whether the lane reads it. */
void	flow_watch(struct flow *, bool on);

#endif
