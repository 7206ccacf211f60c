/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fan-out: what comes on a connection to /publish goes to all others. The
 * frames of one turn are made once and gathered; at its end each subscriber
 * gets them by one writev.
 */
#include "bench/limit.h"

#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "mask.h"

#define FRAMES		1024		/* of one writev */
#define GATHER		(2 * 1024 * 1024)
#define FULL		(GATHER / 2)
#define BACKLOG		(64 * 1024 * 1024)	/* of one subscriber */

static struct limit_conn	**subscribers;
static size_t			 subscriber_count, subscriber_room;
static unsigned char		 gathered[GATHER];
static size_t			 gathered_len;	/* with a frame not whole */
static struct iovec		 frames[FRAMES];
static int			 frame_count;
static size_t			 frame_begin;	/* of the last one */
static bool			 some_dead;

static bool
is_publisher(const struct limit_conn *c)
{
	return (strcmp(c->path, "/publish") == 0);
}

static void
fanout_opened(struct limit_conn *c)
{
	if (is_publisher(c))
		return;
	if (subscriber_count == subscriber_room) {
		subscriber_room = subscriber_room * 2 + 1024;
		subscribers = realloc(subscribers,
		    subscriber_room * sizeof(*subscribers));
		if (subscribers == NULL)
			bench_die("no memory");
	}
	c->index = subscriber_count;
	subscribers[subscriber_count++] = c;
}

static void
fanout_closed(struct limit_conn *c)
{
	if (is_publisher(c))
		return;
	subscribers[c->index] = subscribers[--subscriber_count];
	subscribers[c->index]->index = c->index;
}

/* Bytes of whole frames; those of one that is not follow. */
static size_t
whole_len(void)
{
	const struct iovec *last;

	if (frame_count == 0)
		return (0);
	last = &frames[frame_count - 1];
	return ((size_t)((unsigned char *)last->iov_base + last->iov_len -
	    gathered));
}

/* What this turn has for a subscriber, from that many bytes on. */
static void
keep_rest(struct limit_conn *c, size_t written)
{
	size_t whole = whole_len();

	if (written == whole)
		return;
	if (c->rest_len > BACKLOG)
		c->dead = true;
	else
		limit_conn_keep(c, gathered + written, whole - written);
}

static void
deliver(struct limit_conn *c)
{
	ssize_t n = 0;

	if (c->dead)
		return;
	if (c->rest_len == 0)
		n = wire_writev(&c->wire, frames, frame_count);
	if (n < 0)
		c->dead = true;
	else
		keep_rest(c, (size_t)n);
	some_dead |= c->dead;
}

static void
flush(void)
{
	size_t i, whole = whole_len();

	for (i = 0; i < subscriber_count; i++)
		deliver(subscribers[i]);
	gathered_len -= whole;
	memmove(gathered, gathered + whole, gathered_len);
	frame_count = 0;
	frame_begin = 0;
}

/* No event of this turn is left: the dead can go. */
static void
fanout_turn(void)
{
	size_t i;

	if (frame_count > 0)
		flush();
	if (!some_dead)
		return;
	/* The last takes the place of one that goes. */
	for (i = subscriber_count; i-- > 0;)
		if (subscribers[i]->dead)
			limit_conn_free(subscribers[i]);
	some_dead = false;
}

/* One publisher at a time: frames lie one behind the other. */
static void
gather(struct limit_conn *c, const struct wsio_piece *p)
{
	if (p->first) {
		if (frame_count == FRAMES || gathered_len > FULL)
			flush();
		frame_begin = whole_len();
		gathered_len = frame_begin + wsio_head(gathered + frame_begin,
		    c->in.opcode, c->in.fin, c->in.frame_len, NULL);
	}
	if (p->len > GATHER - gathered_len - WSIO_HEAD)
		bench_die("a frame of %llu bytes",
		    (unsigned long long)c->in.frame_len);
	mask_apply(gathered + gathered_len, p->data, p->len, c->in.key,
	    p->offset);
	gathered_len += p->len;
	if (!p->last)
		return;
	frames[frame_count].iov_base = gathered + frame_begin;
	frames[frame_count++].iov_len = gathered_len - frame_begin;
}

static void
fanout_bytes(struct limit_conn *c, unsigned char *data, size_t len)
{
	static const unsigned char goodbye[2] = { 0x80 | WSIO_CLOSE, 0 };
	const unsigned char *from = data;
	struct wsio_piece p;

	while (!c->ending && wsio_next(&c->in, &from, data + len, &p)) {
		if (!wsio_is_control(&c->in) && is_publisher(c))
			gather(c, &p);
		if (c->in.opcode != WSIO_CLOSE || !p.last)
			continue;
		c->ending = true;
		limit_conn_write(c, goodbye, sizeof(goodbye));
	}
	if (c->in.bad)
		c->dead = true;
}

const struct limit_mode limit_fanout = {
	.opened = fanout_opened, .bytes = fanout_bytes,
	.closed = fanout_closed, .turn = fanout_turn
};
