/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/loop.h"

#include <sys/epoll.h>

#include <errno.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/die.h"

#define EVENTS	512

static int epoll;

void
loop_open(void)
{
	if ((epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		bench_die("epoll: %s", strerror(errno));
}

static void
control(int how, int fd, struct loop_watch *w, uint32_t events)
{
	struct epoll_event event = { .events = events };

	event.data.ptr = w;
	w->events = events;
	if (epoll_ctl(epoll, how, fd, &event) != 0)
		bench_die("epoll: %s", strerror(errno));
}

void
loop_add(int fd, struct loop_watch *w, uint32_t events)
{
	control(EPOLL_CTL_ADD, fd, w, events);
}

void
loop_change(int fd, struct loop_watch *w, uint32_t events)
{
	if (w->events != events)
		control(EPOLL_CTL_MOD, fd, w, events);
}

void
loop_remove(int fd)
{
	epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

void
loop_turn(uint64_t until)
{
	static struct epoll_event events[EVENTS];
	struct loop_watch *w;
	struct timespec wait;
	uint64_t now = clock_now(), ns;
	int i, n;

	ns = until > now ? until - now : 0;
	wait.tv_sec = (time_t)(ns / CLOCK_SECOND);
	wait.tv_nsec = (long)(ns % CLOCK_SECOND);
	n = epoll_pwait2(epoll, events, EVENTS, &wait, NULL);
	if (n < 0 && errno != EINTR)
		bench_die("epoll: %s", strerror(errno));
	for (i = 0; i < n; i++) {
		w = events[i].data.ptr;
		w->ready(w, events[i].events);
	}
}
