/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/link.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/die.h"

#define REST_MAX	(256 * 1024)	/* then no more of it is read */

void
flow_watch(struct flow *f, bool on)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (f->reading == on)
		return;
	f->reading = on;
	event.data.ptr = f;
	if (epoll_ctl(f->lane->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
	    f->from, &event) != 0)
		bench_die("epoll: %s", strerror(errno));
}

/* No piece of either flow is under way when both ends have arrived. */
static void
end_flow(struct flow *f)
{
	struct link_conn *c = f->conn;

	f->done = true;
	shutdown(f->to, SHUT_WR);
	if (!c->flows[0].done || !c->flows[1].done)
		return;
	close(f->from);
	close(f->to);
	free(c);
}

/* How many of the bytes are done with. */
static size_t
write_flow(struct flow *f, const unsigned char *data, size_t len)
{
	ssize_t n;

	if (f->broken)
		return (len);
	n = send(f->to, data, len, MSG_NOSIGNAL);
	if (n >= 0)
		return ((size_t)n);
	if (errno == EAGAIN || errno == EINTR)
		return (0);
	f->broken = true;
	return (len);
}

static void
keep_rest(struct flow *f, const unsigned char *data, size_t len)
{
	if ((f->rest = realloc(f->rest, f->rest_len + len)) == NULL)
		bench_die("no memory");
	memcpy(f->rest + f->rest_len, data, len);
	if (f->rest_len == 0)
		loop_add(f->to, &f->watch, EPOLLOUT);
	f->rest_len += len;
	if (f->rest_len > REST_MAX && f->reading) {
		flow_watch(f, false);
		f->held = true;
	}
}

static void
flow_ready(struct loop_watch *w, uint32_t events)
{
	struct flow *f = (struct flow *)w;
	size_t n;

	(void)events;
	n = write_flow(f, f->rest, f->rest_len);
	f->rest_len -= n;
	memmove(f->rest, f->rest + n, f->rest_len);
	if (f->rest_len > 0)
		return;
	loop_remove(f->to);
	free(f->rest);
	f->rest = NULL;
	if (f->held)
		flow_watch(f, true);
	f->held = false;
	if (f->ended)
		end_flow(f);
}

void
flow_arrive(struct flow *f, const unsigned char *data, size_t len)
{
	size_t n = 0;

	if (len == 0) {
		f->ended = true;
		if (f->rest_len == 0)
			end_flow(f);
		return;
	}
	if (f->rest_len == 0)
		n = write_flow(f, data, len);
	if (n < len)
		keep_rest(f, data + n, len - n);
}

static void
flow_start(struct flow *f, struct link_conn *c, struct lane *lane, int from,
    int to)
{
	f->watch.ready = flow_ready;
	f->conn = c;
	f->lane = lane;
	f->from = from;
	f->to = to;
	flow_watch(f, true);
}

void
link_conn_start(int from, int to, struct lane *up, struct lane *down)
{
	struct link_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		bench_die("no memory");
	flow_start(&c->flows[0], c, up, from, to);
	flow_start(&c->flows[1], c, down, to, from);
}
