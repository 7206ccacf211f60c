/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publisher: as many messages under way as "depth" says, where a message
 * is under way until all subscribers have it; or so many in a second.
 */
#include "bench/load-fanout.h"

#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "bench/stomp.h"

#define WINDOW		65536	/* messages under way at most */
#define BATCH		256	/* messages of one write */
#define UNSENT_MAX	(1024 * 1024)
#define PROBE_MS	100
#define PATIENCE	20	/* seconds for all to hear, and of the drain */

static struct client		 publisher;
static struct client_target	 target;
static struct stomp_session	 session;
static uint64_t			 sent_at[WINDOW];
static uint32_t			 arrived[WINDOW];	/* at how many */
static uint64_t			 complete;	/* arrived at all */
static uint64_t			 rate_begin, rate_first;
static unsigned char		*batch;

void
fanout_delivered(uint64_t number)
{
	struct load *l = fanout.load;
	size_t slot = number % WINDOW;

	load_count(l, client_time - sent_at[slot]);
	if (++arrived[slot] == l->connections)
		complete++;
}

static void
publish(uint64_t count)
{
	uint64_t now = clock_now(), left = WINDOW;
	size_t len = 0;

	left -= fanout.published - complete;
	count = count < left ? count : left;
	count = count < BATCH ? count : BATCH;
	if (count == 0 || publisher.rest_len > UNSENT_MAX)
		return;
	for (; count > 0; count--) {
		sent_at[fanout.published % WINDOW] = now;
		arrived[fanout.published % WINDOW] = 0;
		len += numbered_put(&fanout.messages, batch + len,
		    fanout.published++);
	}
	client_send(&publisher, batch, len);
}

static void
step_depth(struct load *l)
{
	if (fanout.published - complete < l->depth)
		publish(l->depth - (fanout.published - complete));
}

static void
step_rate(struct load *l)
{
	double each = 1e9 / l->rate;
	uint64_t due, done = fanout.published - rate_first;

	due = (uint64_t)((double)(clock_now() - rate_begin) / each) + 1;
	if (due > done)
		publish(due - done);
	done = fanout.published - rate_first;
	l->wake = rate_begin + (uint64_t)((double)done * each);
}

static void
on_piece(struct client *c, const struct wsio_piece *p)
{
	if (fanout.stomp)
		stomp_bytes(&session, c, p->data, p->len);
}

static void
on_opened(struct client *c)
{
	if (fanout.stomp)
		stomp_opened(&session, c);
	else
		load_opened(c);
}

static void
on_message(struct client *c, const unsigned char *frame, size_t len)
{
	(void)c;
	(void)frame;
	(void)len;
	load_error(fanout.load, "the publisher gets a MESSAGE");
}

static void
on_error(struct client *c, const char *text)
{
	(void)c;
	load_error(fanout.load, text);
}

static void
on_closed(struct client *c, const char *why)
{
	(void)c;
	bench_die("the publisher: %s", why != NULL ? why : "closed");
}

static const struct stomp_ops stomp_ops = {
	.ready = load_opened, .message = on_message, .error = on_error
};
static const struct client_ops ops = {
	.opened = on_opened, .piece = on_piece, .closed = on_closed
};

static void
open_publisher(struct load *l)
{
	session.ops = &stomp_ops;
	session.login = l->login;
	target = l->target;
	if (l->publish_path != NULL)
		target.path = l->publish_path;
	if (l->publish_connect != NULL)
		sock_parse(&target.address, l->publish_connect);
	if (l->publish_connect != NULL && !l->publish_tls)
		target.tls = NULL;
	load_open(l, &publisher, 1, &target, &ops);
	if ((batch = malloc(BATCH * fanout.messages.max)) == NULL)
		bench_die("no memory");
}

/*
 * A server may confirm a subscription before it acts, or not at all: messages
 * until one has come to all. What was missed until then is no loss. The wait for
 * one of them doubles: a slow server must not drown in them.
 */
static void
probe(struct load *l)
{
	uint64_t limit = clock_after(PATIENCE), next, wait;
	size_t i;

	wait = PROBE_MS * 1000000ULL + l->connections * 200000ULL;
	for (fanout.probing = true; fanout.heard < l->connections;) {
		if (clock_now() > limit)
			bench_die("only %llu of %llu subscribers hear",
			    (unsigned long long)fanout.heard,
			    (unsigned long long)l->connections);
		fanout.heard = 0;
		publish(1);
		next = clock_now() + wait;
		wait *= 2;
		while (fanout.heard < l->connections && clock_now() < next)
			loop_turn(next);
	}
	fanout.probing = false;
	for (i = 0; i < WINDOW; i++)
		arrived[i] = (uint32_t)l->connections;
	complete = fanout.published;
}

static void
warm(struct load *l)
{
	uint64_t end = fanout.published + l->warm_messages;
	uint64_t limit = clock_after(PATIENCE), before;

	while (complete < end) {
		if (fanout.published < end)
			step_depth(l);
		before = complete;
		loop_turn(limit);
		if (complete > before)
			limit = clock_after(PATIENCE);
		else if (clock_now() > limit)
			bench_die("messages stay away while warming up");
	}
}

/* What is under way arrives, or is lost. */
static void
drain(void)
{
	uint64_t limit = clock_after(PATIENCE);

	while (complete < fanout.published && clock_now() < limit)
		loop_turn(limit);
}

static uint64_t
due_now(const struct load *l)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < WINDOW; i++)
		sum += l->connections - arrived[i];
	return (sum);
}

static void
mark_begin(struct load *l)
{
	(void)l;
	fanout.measured_begin = fanout.published;
}

void
fanout_publish(struct load *l)
{
	open_publisher(l);
	probe(l);
	warm(l);
	l->step = l->rate > 0 ? step_rate : step_depth;
	l->begun = mark_begin;
	rate_begin = clock_now();
	rate_first = fanout.published;
	l->step(l);
	load_measure(l);
	fanout.measured_end = fanout.published;
	fanout.behind = due_now(l);
	drain();
	load_close(&publisher, 1);
}
