/* SPDX-License-Identifier: Apache-2.0 */
/* fanout: a server of this process gives a flow each message once. Covers B06,
 * T05, T06, T09, T18. */
#include <stdlib.h>

#include "fanout-host.h"
#include "harness.h"

#define SUBS	24
#define CONNS	4

static uint32_t content = 1;

static void
start(const char *option)
{
	host_start("share=* scope=public upstream=one", "quiet=200ms", option,
	    NULL);
	host_feeds(false);
}

static struct sub *
join(struct hg_conn *conn)
{
	struct sub *sub;

	sub = sub_join(conn, "/topic/a", NULL);
	T_REQUIRE(sub != NULL);
	return (sub);
}

static struct sub *
fed(struct hg_conn *conn)
{
	struct sub *sub = join(conn);

	T_TRUE(sub_feed(sub));
	return (sub);
}

/* Merged at once, at whatever message, and once on each connection. */
static void
test_each_once(void)
{
	struct hg_conn *conn[2];
	struct sub *sub[6];
	unsigned i;

	start(NULL);
	for (i = 0; i < 2; i++)
		conn[i] = host_conn(HOST_MUX);
	for (i = 0; i < 6; i++) {
		sub[i] = fed(conn[i % 2]);
		feed_message(content++);
	}
	T_EQ(host_counter("merged"), 6);
	for (i = 0; i < 6; i++) {
		T_EQ(host_received(sub[i]->child), 6 - i);
		T_EQ(host_sends(sub[i]->child), i < 2 ? 6 - i : 0);
	}
	T_EQ(host_counter("suppressed"), 0);
	/* The carrier goes, then all. */
	sub_leave(sub[0]);
	feed_message(content++);
	T_EQ(host_received(sub[2]->child), 5);
	for (i = 1; i < 6; i++)
		sub_leave(sub[i]);
	T_FALSE(host_has_feed());
	T_EQ(host_counter("flows"), 0);
	host_finish();
}

/* The subscription ends at the server: nothing more, whoever hears of it. */
static void
test_ended(void)
{
	struct hg_conn *conn;
	struct sub *sub[3];
	unsigned i;

	start(NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < 3; i++)
		sub[i] = fed(conn);
	feed_message(content++);
	for (i = 0; i < 2; i++) {
		sub_ended(sub[i]);
		feed_message(content++);
		T_EQ(host_received(sub[i]->child), 1 + i);
	}
	T_EQ(host_received(sub[2]->child), 3);
	sub_leave(sub[0]);
	sub_ended(sub[2]);
	T_FALSE(host_has_feed());
	sub_leave(sub[1]);
	sub_leave(sub[2]);
	host_finish();
}

static struct sub *victim;

static void
end_victim(struct hg_channel *ch)
{
	struct sub *sub = victim;

	(void)ch;
	victim = NULL;
	if (sub != NULL)
		sub_ended(sub);
}

/* The same while a message is sent. */
static void
test_ended_within(void)
{
	struct sub *sub[2];

	start(NULL);
	sub[0] = fed(host_conn(HOST_MUX));
	sub[1] = fed(host_conn(HOST_MUX));
	host_on_send(end_victim);
	victim = sub[0];
	feed_message(content++);
	feed_message(content++);
	T_TRUE(host_received(sub[0]->child) <= 1);
	T_EQ(host_received(sub[1]->child), 2);
	sub_leave(sub[0]);
	sub_leave(sub[1]);
	host_finish();
}

/* A slow connection catches up, or is cut; the other does not wait. */
static void
test_slow(void)
{
	struct sub *sub[2];
	unsigned i;

	start("backlog=64k");
	for (i = 0; i < 2; i++)
		sub[i] = fed(host_conn(HOST_MUX));
	host_set_full(sub[0]->child, true);
	for (i = 0; i < 100; i++)
		feed_message(content++);
	T_EQ(host_received(sub[0]->child), 0);
	T_EQ(host_received(sub[1]->child), 100);
	host_set_full(sub[0]->child, false);
	T_EQ(host_received(sub[0]->child), 100);
	host_set_full(sub[0]->child, true);
	for (i = 0; i < 2000; i++)
		feed_message(content++);
	T_TRUE(host_is_closed(sub[0]->child));
	T_EQ(host_end_code(sub[0]->child), 1013);
	T_EQ(host_received(sub[1]->child), 2100);
	host_finish();
}

/* Who cannot be silent has its own copies; a flow that begins so has no feed. */
static void
test_refused(void)
{
	struct sub *first, *second, *own;

	start(NULL);
	first = fed(host_conn(HOST_MUX));
	host_feeds(true);
	own = join(host_conn(HOST_MUX));
	T_FALSE(sub_feed(own));
	feed_message(content++);
	sub_copies(own);
	sub_leave(first);
	T_TRUE(host_has_feed());
	feed_message(content++);
	sub_copies(own);
	host_advance(10000);
	host_feeds(false);
	second = fed(host_conn(HOST_MUX));
	feed_message(content++);
	sub_copies(own);
	T_EQ(host_received(own->child), 3);
	T_EQ(host_received(second->child), 1);
	sub_leave(own);
	sub_leave(second);
	host_feeds(true);
	own = join(host_conn(HOST_MUX));
	T_FALSE(sub_feed(own));
	T_FALSE(host_has_feed());
	publish(content++);
	sub_copies(own);
	host_feeds(false);
	second = join(host_conn(HOST_MUX));
	T_FALSE(sub_feed(second));
	publish(content++);
	sub_copies(own);
	sub_copies(second);
	T_EQ(host_received(second->child), 1);
	host_finish();
}

/* Nobody misses a message without a word. */
static void
test_lost(void)
{
	struct sub *sub[2];
	unsigned i;

	start(NULL);
	for (i = 0; i < 2; i++)
		sub[i] = fed(host_conn(HOST_MUX));
	feed_message(content++);
	feed_lost();
	for (i = 0; i < 2; i++) {
		T_TRUE(host_is_closed(sub[i]->child));
		T_EQ(host_end_code(sub[i]->child), 1012);
		sub_leave(sub[i]);
	}
	T_EQ(host_counter("gaps"), 2);
	host_finish();
}

/* Behind a lost trunk the messages that are kept come first. */
static void
test_resume(void)
{
	struct hg_channel *parent;
	struct sub *stays, *gone[2], *again[2];
	struct hg_conn *conn;
	unsigned i;

	start(NULL);
	conn = host_conn(HOST_MUX);
	stays = fed(host_conn(HOST_MUX));
	for (i = 0; i < 2; i++)
		gone[i] = fed(conn);
	for (i = 0; i < 5; i++)
		feed_message(content++);
	T_EQ(host_place(gone[1]->child), 5);
	T_TRUE(sub_park(gone[0], true));
	host_conn_lose(conn);
	for (i = 0; i < 3; i++)
		feed_message(content++);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < 2; i++) {
		parent = host_parent(conn);
		host_resumes(parent);
		again[i] = sub_join_on(parent, "/topic/a", "key", NULL);
		T_TRUE(sub_feed(again[i]));
		feed_message(content++);
		if (i == 1)
			host_set_full(again[1]->child, true);
		T_EQ(sub_resume(again[i], gone[i]), 0);
	}
	T_EQ(host_received(again[0]->child), 5);
	T_EQ(host_received(again[1]->child), 0);
	host_set_full(again[1]->child, false);
	T_EQ(host_received(again[1]->child), 5);
	feed_message(content++);
	feed_message(content++);
	T_EQ(host_received(again[0]->child), 7);
	T_EQ(host_received(again[1]->child), 7);
	T_EQ(host_riders(again[0]->child) + host_riders(again[1]->child), 1);
	sub_leave(stays);
	sub_leave(gone[0]);
	feed_message(content++);
	T_EQ(host_received(again[1]->child), 8);
	T_EQ(host_counter("gaps"), 0);
	host_finish();
}

/* --- random lives ---------------------------------------------------------- */

static struct sub *subs[SUBS];
static struct hg_conn *conns[CONNS];

static unsigned
dice(unsigned sides)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((unsigned)(state >> 33) % sides);
}

static void
come_or_go(struct sub **sub)
{
	if (*sub == NULL)
		*sub = fed(conns[dice(CONNS)]);
	else if (dice(3) == 0) {
		sub_ended(*sub);
		sub_leave(*sub);
		*sub = NULL;
	} else if (dice(2) == 0) {
		host_peer_end((*sub)->child);
		sub_leave(*sub);
		*sub = NULL;
	} else {
		sub_leave(*sub);
		*sub = NULL;
	}
}

static void
check_all(void)
{
	unsigned i;

	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			host_set_full(subs[i]->child, false);
	for (i = 0; i < SUBS; i++)
		if (subs[i] != NULL)
			T_REQUIRE(subs[i]->from +
			    host_received(subs[i]->child) == broker.count);
}

static void
test_random(void)
{
	unsigned i, step;

	start("backlog=64k");
	for (i = 0; i < CONNS; i++)
		conns[i] = host_conn(i < CONNS - 1 ? HOST_MUX : HOST_PLAIN);
	for (step = 0; step < 50000; step++) {
		i = dice(SUBS);
		if (dice(4) == 0)
			come_or_go(&subs[i]);
		else if (dice(4) == 0 && subs[i] != NULL)
			host_set_full(subs[i]->child, dice(2) == 0);
		else if (host_has_feed())
			feed_message(content++);
		if (step % 500 == 0)
			check_all();
	}
	T_EQ(host_counter("slow"), 0);
	host_finish();
}

T_MAIN(
	{ "each message once", test_each_once },
	{ "ended at the server", test_ended },
	{ "ended within a send", test_ended_within },
	{ "slow", test_slow },
	{ "refused", test_refused },
	{ "lost", test_lost },
	{ "resume", test_resume },
	{ "random lives", test_random },
)
