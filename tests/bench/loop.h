/* SPDX-License-Identifier: Apache-2.0 */
/* One epoll for the program. Whoever adds a socket is told by its handler. */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* First member of whatever has a socket; stays where it is while watched. */
struct loop_watch {
	void		(*ready)(struct loop_watch *, uint32_t events);
	uint32_t	 events;	/* EPOLLIN, EPOLLOUT */
};

void	loop_open(void);
void	loop_add(int fd, struct loop_watch *, uint32_t events);
/* No call to the system when they are the same. */
void	loop_change(int fd, struct loop_watch *, uint32_t events);
void	loop_remove(int fd);
/* One turn, which waits at most until then (of clock_now()). */
void	loop_turn(uint64_t until);

#endif
