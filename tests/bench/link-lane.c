/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/link.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/die.h"

#define READ_MAX	(16 * 1024)
#define READS		16	/* sockets in one go, in turn */

static bool
is_full(const struct lane *l)
{
	return (l->free_at > clock_now() + l->rules->queue);
}

/* Onto the line: it is busy for as long as the bytes take. */
static void
depart(struct lane *l, struct flow *f, const unsigned char *data, size_t len)
{
	struct lane_piece *p = malloc(sizeof(*p) + len);
	const struct lane_rules *r = l->rules;
	uint64_t segments = (len + r->segment - 1) / r->segment;
	uint64_t bytes = len + segments * r->overhead, now = clock_now();

	if (p == NULL)
		bench_die("no memory");
	l->payload += len;
	l->segments += segments;
	l->bytes += bytes;
	if (l->free_at < now)
		l->free_at = now;
	l->free_at += (uint64_t)((double)bytes * r->ns_per_byte);
	p->next = NULL;
	p->flow = f;
	p->arrival = l->free_at + r->delay;
	p->len = len;
	memcpy(p->data, data, len);
	*l->last = p;
	l->last = &p->next;
}

static void
read_flow(struct flow *f)
{
	static unsigned char data[READ_MAX];
	ssize_t n;

	n = recv(f->from, data, sizeof(data), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		flow_watch(f, false);
		n = 0;
	}
	depart(f->lane, f, data, (size_t)n);
}

/*
 * While the lane is full its epoll is not watched, whatever the number of its
 * sockets; epoll hands out ready ones in turn.
 */
static void
lane_ready(struct loop_watch *w, uint32_t events)
{
	struct lane *l = (struct lane *)w;
	struct epoll_event ready[READS];
	int i, n;

	(void)events;
	n = epoll_wait(l->epoll, ready, READS, 0);
	for (i = 0; i < n && !is_full(l); i++)
		read_flow(ready[i].data.ptr);
}

void
lane_turn(struct lane *l)
{
	struct lane_piece *p;
	uint64_t now = clock_now();

	while ((p = l->first) != NULL && p->arrival <= now) {
		if ((l->first = p->next) == NULL)
			l->last = &l->first;
		flow_arrive(p->flow, p->data, p->len);
		free(p);
	}
	loop_change(l->epoll, &l->watch, is_full(l) ? 0 : EPOLLIN);
}

uint64_t
lane_wake(const struct lane *l)
{
	uint64_t wake = UINT64_MAX;

	if (l->first != NULL)
		wake = l->first->arrival;
	if (l->watch.events == 0 && l->free_at - l->rules->queue < wake)
		wake = l->free_at - l->rules->queue;
	return (wake);
}

void
lane_start(struct lane *l, const struct lane_rules *rules)
{
	memset(l, 0, sizeof(*l));
	l->watch.ready = lane_ready;
	l->rules = rules;
	l->last = &l->first;
	if ((l->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
		bench_die("epoll: %s", strerror(errno));
	loop_add(l->epoll, &l->watch, EPOLLIN);
}
