/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of links: two channels, within a worker or on two. The test's
 * thread is each worker in turn, so that what crosses between them is always in
 * the same order.
 */
#ifndef TESTS_UNIT_LINKS_H
#define TESTS_UNIT_LINKS_H

#include "link.h"
#include "modelmux.h"

static unsigned			 count;		/* of workers */
static struct hg_conn		*conns[2];
static int			 peers[2];
static struct hg_channel	*near, *far;
static struct link		*link_of_both;

static inline void
be(unsigned side)
{
	worker_become(worker_at(side % count));
}

/* Until nothing is under way any more. */
static inline void
settle(void)
{
	unsigned i;

	for (i = 0; i < 8 * count; i++) {
		be(i);
		worker_turn(worker_self(), false);
	}
	be(0);
}

static inline void
start(unsigned workers)
{
	unsigned i;

	t_row("%u workers", workers);
	alarm(NET_LIMIT);
	count = workers;
	T_REQUIRE(workers_create(workers) == 0);
	log_set_level(HG_LOG_ERROR);
	model_service_reset();
	for (i = 0; i < 2; i++) {
		be(i);
		conns[i] = model_mux(&peers[i]);
	}
	be(0);
	near = model_channel(conns[0], 2);
	be(1);
	far = model_channel(conns[1], 4);
	T_REQUIRE((link_of_both = link_new(conns[0]->worker,
	    conns[1]->worker)) != NULL);
	be(0);
	link_attach(link_of_both, 0, near);
	be(1);
	link_attach(link_of_both, 1, far);
	be(0);
	story[0] = '\0';
}

static inline void
stop(void)
{
	unsigned i;

	link_unref(link_of_both);
	for (i = 0; i < 2; i++) {
		be(i);
		conn_kill(conns[i], "the test ends");
	}
	settle();
	T_EQ(conn_count(), 0);
	worker_become(NULL);
	workers_destroy();
	alarm(0);
	close(peers[0]);
	close(peers[1]);
}

/* For one worker, then for two. */
#define BOTH(fn)							\
static void								\
fn(void)								\
{									\
	unsigned i;							\
									\
	for (i = 1; i <= 2; i++) {					\
		start(i);						\
		fn##_with();						\
		stop();							\
	}								\
}

static inline void
recv_at(unsigned side, struct hg_channel *ch, const char *text,
    unsigned flags)
{
	be(side);
	channel_recv(ch, text_frame(text, flags));
}

#endif
