/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/epoll.h>

#include <unistd.h>

#include "poller.h"

/* What does not fit stays there: the descriptor is readable again at once. */
static void
poller_ready(evutil_socket_t fd, short what, void *arg)
{
	struct poller *poller = arg;
	struct epoll_event events[POLLER_BATCH];
	struct watch *watch;
	int i, count;

	(void)what;
	count = epoll_wait(fd, events, POLLER_BATCH, 0);
	poller->before(poller->arg);
	for (i = 0; i < count; i++) {
		watch = events[i].data.ptr;
		watch->fn(watch, events[i].events);
		poller->after(poller->arg);
	}
}

int
poller_init(struct poller *poller, struct event_base *base,
    void (*before)(void *), void (*after)(void *), void *arg)
{
	poller->before = before;
	poller->after = after;
	poller->arg = arg;
	if ((poller->fd = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return (-1);
	poller->event = event_new(base, poller->fd, EV_READ | EV_PERSIST,
	    poller_ready, poller);
	if (poller->event != NULL && event_add(poller->event, NULL) == 0)
		return (0);
	poller_finish(poller);
	return (-1);
}

void
poller_finish(struct poller *poller)
{
	if (poller->event != NULL)
		event_free(poller->event);
	close(poller->fd);
}

int
poller_add(struct poller *poller, int fd, struct watch *watch)
{
	struct epoll_event event = { .data.ptr = watch };

	event.events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET;
	return (epoll_ctl(poller->fd, EPOLL_CTL_ADD, fd, &event));
}
