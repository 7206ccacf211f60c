/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readiness of connected sockets, which are too many for an event of
 * libevent each: an epoll descriptor of the worker's own, itself an event. All
 * that it tells comes as it is, so that a reader knows of an end or an error
 * behind the data. Edge-triggered. Belongs to one thread.
 */
#ifndef CORE_POLLER_H
#define CORE_POLLER_H

#include <event2/event.h>

#include <stdint.h>

#define POLLER_BATCH	256	/* events taken at a time */

/* Embedded in who is told. Its memory stays until the worker reaps: an event
 * that was taken already may still come for a descriptor that was closed. */
struct watch {
	void	(*fn)(struct watch *, uint32_t events);	/* EPOLL* */
};

struct poller {
	int		 fd;
	struct event	*event;
	void		(*before)(void *arg);	/* the first of a batch */
	void		(*after)(void *arg);	/* each */
	void		*arg;
};

/* -1: no descriptor or no memory. */
int	poller_init(struct poller *, struct event_base *,
	    void (*before)(void *), void (*after)(void *), void *arg);
void	poller_finish(struct poller *);
/* Until the descriptor is closed. -1: the kernel refuses. */
int	poller_add(struct poller *, int fd, struct watch *);

#endif
