/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: heart-beats, slow clients, ends. */
#include <string.h>

#include "stompclient.h"

static void
test_beats_out(void)
{
	static const struct {
		const char	*beat;
		const char	*option;
		uint64_t	 every;		/* 0: never */
	} rows[] = {
		{ "0,10000", "heartbeat=10s", 10000 },
		{ "0,30000", "heartbeat=10s", 30000 },
		{ "0,1", "heartbeat=10s", 10000 },
		{ "0,0", "heartbeat=10s", 0 },
		{ "0,10000", "heartbeat=0", 0 },
		{ "0,2000", "heartbeat=1s", 2000 },
	};
	const struct fake_frame *frame;
	struct client a;
	uint64_t ms, last;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "anonymous=yes", rows[i].option, NULL);
		client_open(&a);
		client_say(&a, "CONNECT\naccept-version:1.2\nheart-beat:%s\n\n",
		    rows[i].beat);
		T_REQUIRE(client_hear(&a) != NULL);
		last = 0;
		for (ms = 100; ms <= 100000; ms += 100) {
			fake_advance(100);
			while ((frame = fake_wire(a.conn)) != NULL) {
				FAKE_IS(frame, "\n", HG_WHOLE | HG_TEXT);
				last = ms;
			}
			if (rows[i].every > 0 && ms - last > rows[i].every)
				T_EQ(ms - last, rows[i].every);
		}
		T_EQ(last > 0, rows[i].every > 0);
		T_NULL(fake_ended(a.root));
		fake_finish();
	}
}

static void
test_beats_in(void)
{
	struct client a;
	unsigned i;

	client_start_broker();
	client_open(&a);
	client_say(&a, "CONNECT\naccept-version:1.1\nheart-beat:20000,0\n\n");
	T_REQUIRE(client_hear(&a) != NULL);
	/* A line, half a frame: whatever comes is a sign of life. */
	for (i = 0; i < 10; i++) {
		fake_advance(20000);
		fake_from_wire(a.conn, i < 5 ? "\n" : "S", 1, HG_WHOLE);
	}
	T_NULL(fake_ended(a.root));
	/* While it does not read us, we may be why it does not send. */
	fake_set_full(a.root, true);
	client_say(&a, "%s", "\ndestination:/topic/a\nreceipt:1\n\n");
	T_TRUE(fake_ended(a.root) != NULL);
	fake_finish();

	client_start_broker();
	client_open(&a);
	client_say(&a, "CONNECT\naccept-version:1.2\nheart-beat:10000,0\n\n");
	T_REQUIRE(client_hear(&a) != NULL);
	fake_set_full(a.root, true);
	client_say(&a, "SEND\ndestination:/topic/a\nreceipt:1\n\n");
	fake_advance(100000);
	T_NULL(fake_ended(a.root));
	fake_set_full(a.root, false);
	SAYS(&a, "RECEIPT\nreceipt-id:1\n\n");
	fake_advance(19000);
	T_NULL(fake_ended(a.root));
	fake_advance(6000);
	SAYS_ERROR(&a, 1002, "no heart-beat came");
	fake_finish();
}

static void
test_slow_topic(void)
{
	struct client a, b;
	unsigned i;

	fake_start();
	fake_load("broker", "anonymous=yes", "subscriber-queue=2k", NULL);
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	fake_set_full(a.root, true);
	/* The first is on its way and tells that it is full; the rest waits. */
	client_send_many(&b, "/topic/t", 4);
	T_STR_EQ(client_hear_body(&a), "1");
	T_NULL(client_hear_body(&a));
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "2");
	T_STR_EQ(client_hear_body(&a), "3");
	T_STR_EQ(client_hear_body(&a), "4");
	client_send(&b, "/topic/t", "5");
	T_STR_EQ(client_hear_body(&a), "5");
	fake_set_full(a.root, true);
	for (i = 0; i < 100 && fake_ended(a.root) == NULL; i++) {
		client_send(&b, "/topic/t", "x");
		fake_run_posts();
	}
	T_TRUE(i > 2 && i < 20);
	T_STR_EQ(client_hear_body(&a), "x");
	SAYS_ERROR(&a, 1013, "too slow");
	T_EQ(fake_counter("broker", "slow"), 1);
	T_NULL(fake_ended(b.root));
	client_send(&b, "/topic/t", "x");
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* The next that waits may be of any length; what is behind it counts. */
static void
test_long_wait(void)
{
	static char body[8001];
	struct client a, b;
	unsigned i;

	memset(body, 'x', sizeof(body) - 1);
	fake_start();
	fake_load("broker", "anonymous=yes", "subscriber-queue=2k", NULL);
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	fake_set_full(a.root, true);
	client_send(&b, "/topic/t", "first");
	client_send(&b, "/topic/t", body);
	client_send_many(&b, "/topic/t", 4);
	T_NULL(fake_ended(a.root));
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "first");
	T_STR_EQ(client_hear_body(&a), body);
	for (i = 1; i <= 4; i++)
		T_TRUE(client_hear_body(&a) != NULL);
	fake_set_full(a.root, true);
	client_send(&b, "/topic/t", "first");
	client_send(&b, "/topic/t", body);
	for (i = 0; i < 100 && fake_ended(a.root) == NULL; i++) {
		client_send(&b, "/topic/t", "x");
		fake_run_posts();
	}
	T_TRUE(i > 2 && i < 20);
	fake_finish();
}

/* A queue waits for its slow consumer, or takes another. */
static void
test_slow_queue(void)
{
	struct client a, b;

	fake_start();
	fake_load("broker", "anonymous=yes", "subscriber-queue=2k", NULL);
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	fake_set_full(a.root, true);
	client_send_many(&b, "/queue/q", 1);
	T_STR_EQ(client_hear_body(&a), "1");
	client_send_many(&b, "/queue/q", 500);
	T_NULL(client_hear_body(&a));
	T_NULL(fake_ended(a.root));
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&a), "2");
	fake_set_full(a.root, true);
	client_send_many(&b, "/queue/q", 3);
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	client_lose(&a);
	T_TRUE(client_hear_body(&b) != NULL);
	fake_finish();
}

/* What was given to a consumer that then turns out slow comes when it reads. */
static void
test_slow_inbox(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	client_send_many(&b, "/queue/q", 3);
	fake_set_full(a.root, true);
	T_STR_EQ(client_hear_body(&a), "1");
	T_NULL(client_hear_body(&a));
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "2");
	T_STR_EQ(client_hear_body(&a), "3");
	fake_finish();
}

/* An ERROR comes behind what waited for the client. */
static void
test_slow_error(void)
{
	struct client a;

	client_start_broker();
	client_start(&a, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	fake_set_full(a.root, true);
	client_send_many(&a, "/topic/t", 3);
	client_say(&a, "BOO\n\n");
	T_STR_EQ(client_hear_body(&a), "1");
	SAYS_NOTHING(&a);
	T_NULL(fake_ended(a.root));
	/* It is not in anybody's way any more, and hears nothing new. */
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "2");
	T_STR_EQ(client_hear_body(&a), "3");
	SAYS_ERROR(&a, 1002, "no such command");
	fake_finish();
}

/* While one consumer does not read, the other one gets all. */
static void
test_slow_queue_other(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	fake_set_full(a.root, true);
	client_send(&b, "/queue/q", "first");
	T_STR_EQ(client_hear_body(&a), "first");
	client_send_many(&b, "/queue/q", 3);
	T_STR_EQ(client_hear_body(&b), "1");
	T_STR_EQ(client_hear_body(&b), "2");
	T_STR_EQ(client_hear_body(&b), "3");
	fake_set_full(a.root, false);
	client_send_many(&b, "/queue/q", 2);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&b), "2");
	fake_finish();
}

static void
test_disconnect(void)
{
	struct client a;

	client_start_broker();
	client_start(&a, "1.2");
	client_say(&a, "DISCONNECT\n\n");
	SAYS_NOTHING(&a);
	T_REQUIRE(fake_ended(a.root) != NULL);
	T_EQ(fake_ended(a.root)->code, 1000);
	T_EQ(fake_wire_ended(a.conn)->code, 1000);
	fake_wire_end(a.conn, 1000);
	T_TRUE(fake_is_closed(a.root));
	/* What waits for a slow client comes before the receipt. */
	client_start(&a, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	fake_set_full(a.root, true);
	client_send_many(&a, "/topic/t", 2);
	client_say(&a, "DISCONNECT\nreceipt:d\n\n");
	T_STR_EQ(client_hear_body(&a), "1");
	SAYS_NOTHING(&a);
	T_NULL(fake_ended(a.root));
	fake_set_full(a.root, false);
	T_STR_EQ(client_hear_body(&a), "2");
	SAYS(&a, "RECEIPT\nreceipt-id:d\n\n");
	T_REQUIRE(fake_ended(a.root) != NULL);
	T_EQ(fake_ended(a.root)->code, 1000);
	/* It is lost before. */
	client_start(&a, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/topic/t\n\n");
	fake_set_full(a.root, true);
	client_send_many(&a, "/topic/t", 2);
	client_say(&a, "DISCONNECT\n\n");
	client_lose(&a);
	T_TRUE(fake_is_closed(a.root));
	T_EQ(fake_timers(), 0);
	fake_finish();
}

/* A session that ends itself while a topic is walked harms no other. */
static void
test_end_in_walk(void)
{
	struct client a, b, c;

	fake_start();
	fake_load("broker", "anonymous=yes", "unacked=1", NULL);
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_start(&c, "1.2");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\nack:client\n"
	    "\n");
	client_say(&b, "SUBSCRIBE\nid:2\ndestination:/topic/t\nack:client\n"
	    "\n");
	client_say(&c, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_say(&b, "SUBSCRIBE\nid:3\ndestination:/topic/t\n\n");
	client_send(&a, "/topic/t", "1");
	T_STR_EQ(client_hear_body(&b), "1");
	T_STR_EQ(client_hear_body(&b), "1");
	T_STR_EQ(client_hear_body(&b), "1");
	client_send(&a, "/topic/t", "2");
	SAYS_ERROR(&b, 1013, "too many messages without an ACK");
	T_STR_EQ(client_hear_body(&c), "1");
	T_STR_EQ(client_hear_body(&c), "2");
	T_NULL(client_hear_body(&c));
	fake_finish();
}

T_MAIN(
	{ "heart-beats out", test_beats_out },
	{ "heart-beats in", test_beats_in },
	{ "slow topic subscriber", test_slow_topic },
	{ "a long message waits", test_long_wait },
	{ "slow queue consumer", test_slow_queue },
	{ "slow queue consumer: its inbox", test_slow_inbox },
	{ "slow client: an error", test_slow_error },
	{ "slow queue consumer and another", test_slow_queue_other },
	{ "DISCONNECT", test_disconnect },
	{ "an end in a walk", test_end_in_walk }
)
