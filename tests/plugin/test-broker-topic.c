/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: topics, who may subscribe, several workers. */
#include "stompclient.h"

#include <stdio.h>

static void
test_topic(void)
{
	struct client a, b, c;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.1");
	client_start(&c, "1.0");
	client_say(&a, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_say(&a, "SUBSCRIBE\nid:2\ndestination:/topic/t\n\n");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_say(&c, "SUBSCRIBE\ndestination:/topic/t\n\n");
	client_say(&b, "SUBSCRIBE\nid:other\ndestination:/topic/T\n\n");
	client_say(&a, "SEND\ndestination:/topic/t\ncontent-type:text/x\n"
	    "receipt:77\n\nhi");
	SAYS(&a, "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
	    "destination:/topic/t\ncontent-type:text/x\ncontent-length:2\n\n"
	    "hi");
	SAYS(&a, "MESSAGE\nsubscription:2\nmessage-id:$T-1\n"
	    "destination:/topic/t\ncontent-type:text/x\ncontent-length:2\n\n"
	    "hi");
	SAYS(&a, "RECEIPT\nreceipt-id:77\n\n");
	SAYS(&b, "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
	    "destination:/topic/t\ncontent-type:text/x\ncontent-length:2\n\n"
	    "hi");
	SAYS(&c, "MESSAGE\nmessage-id:$T-1\n"
	    "destination:/topic/t\ncontent-type:text/x\ncontent-length:2\n\n"
	    "hi");
	SAYS_NOTHING(&a);
	SAYS_NOTHING(&b);
	SAYS_NOTHING(&c);
	client_say(&a, "UNSUBSCRIBE\nid:1\n\n");
	client_say(&c, "UNSUBSCRIBE\ndestination:/topic/t\nreceipt:u\n\n");
	SAYS(&c, "RECEIPT\nreceipt-id:u\n\n");
	client_lose(&b);
	client_say(&c, "SEND\ndestination:/topic/t\n\n");
	SAYS(&a, "MESSAGE\nsubscription:2\nmessage-id:$T-2\n"
	    "destination:/topic/t\ncontent-length:0\n\n");
	SAYS_NOTHING(&a);
	SAYS_NOTHING(&b);
	SAYS_NOTHING(&c);
	T_STR_EQ(fake_report("broker", "broker"),
	    "destination=/topic/t subscribers=1 messages=0 bytes=0\n");
	T_STR_EQ(fake_report("broker", "flows"), "");
	client_lose(&a);
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

/* What is sent to nobody is gone. */
static void
test_topic_keeps_nothing(void)
{
	struct client c;

	client_start_broker();
	client_start(&c, "1.2");
	client_say(&c, "SEND\ndestination:/topic/t\n\n");
	client_say(&c, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	SAYS_NOTHING(&c);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

static void
test_subscriptions_limit(void)
{
	struct client c;
	unsigned i;

	fake_start();
	fake_load("broker", "anonymous=yes", "subscriptions=3",
	    "destinations=2", NULL);
	client_start(&c, "1.2");
	for (i = 0; i < 3; i++)
		client_say(&c, "SUBSCRIBE\nid:%u\ndestination:/topic/t\n\n",
		    i);
	client_say(&c, "UNSUBSCRIBE\nid:1\n\n");
	client_say(&c, "SUBSCRIBE\nid:3\ndestination:/topic/t\n\n");
	T_NULL(fake_ended(c.root));
	client_say(&c, "SUBSCRIBE\nid:4\ndestination:/topic/t\n\n");
	SAYS_ERROR(&c, 1008, "too many subscriptions");
	client_start(&c, "1.2");
	client_say(&c, "SUBSCRIBE\nid:0\ndestination:/topic/0\n\n");
	client_say(&c, "SUBSCRIBE\nid:1\ndestination:/topic/1\n\n");
	T_NULL(fake_ended(c.root));
	client_say(&c, "SUBSCRIBE\nid:2\ndestination:/topic/2\n\n");
	SAYS_ERROR(&c, 1013, "too many destinations");
	fake_finish();
}

/* deny is by user; a pattern is matched as a whole. */
static void
test_deny(void)
{
	static const struct {
		const char	*login;
		const char	*destination;
		bool		 denied;
	} rows[] = {
		{ "joe", "/topic/joe/1", true },
		{ "joe", "/topic/joe", false },
		{ "joe", "/topic/all/x", true },
		{ "joe", "/topic/all/xy", false },
		{ "ann", "/topic/joe/1", false },
		{ "ann", "/queue/all/x", true },
		{ "ann", "/topic/ann", true },
		{ "ann", "/topic/ann2", false },
	};
	struct client c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "user=joe:x", "user=ann:x",
		    "deny=joe /topic/joe/*", "deny=* */all/x",
		    "deny=ann /topic/ann", NULL);
		client_open(&c);
		client_say(&c, "CONNECT\nlogin:%s\npasscode:x\n\n",
		    rows[i].login);
		T_REQUIRE(client_hear(&c) != NULL);
		client_say(&c, "SEND\ndestination:%s\n\n",
		    rows[i].destination);
		T_NULL(fake_ended(c.root));
		client_say(&c, "SUBSCRIBE\ndestination:%s\n\n",
		    rows[i].destination);
		if (rows[i].denied)
			SAYS_ERROR(&c, 1008,
			    "access to this destination is refused");
		else
			T_NULL(fake_ended(c.root));
		fake_finish();
	}
}

static void
test_options(void)
{
	static const char *const wrong[] = {
		"user=joe", "user=:x", "deny=joe", "deny=joe ", "deny= x",
		"headers=0", "head-max=1", "anonymous=maybe",
		"heartbeat=-1", "login-timeout=0", "store=x", "nonsense=1",
	};
	size_t i;

	fake_start();
	for (i = 0; i < T_ROWS(wrong); i++) {
		t_row("%s", wrong[i]);
		T_NULL(fake_try_load("broker", wrong[i], NULL));
	}
	fake_finish();
}

static void
workers_start(struct client *c, unsigned count)
{
	unsigned i;

	fake_start();
	fake_set_workers(count);
	fake_load("broker", "anonymous=yes", NULL);
	for (i = 0; i < count; i++) {
		fake_set_worker(i);
		client_start(&c[i], "1.2");
	}
}

/* One post for each worker that has subscribers, however many there are. */
static void
test_one_post(void)
{
	struct client c[4], more;
	unsigned i;

	workers_start(c, 4);
	fake_set_worker(1);
	client_start(&more, "1.2");
	client_say(&more, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	for (i = 0; i < 3; i++) {
		client_say(&c[i], "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
		client_say(&c[i], "SUBSCRIBE\nid:2\ndestination:/topic/t\n\n");
	}
	T_EQ(fake_posts(), 0);
	client_send(&c[0], "/topic/t", "x");
	T_EQ(fake_posts(), 3);
	T_NULL(fake_wire(c[1].conn));
	for (i = 0; i < 3; i++) {
		T_STR_EQ(client_hear_body(&c[i]), "x");
		T_STR_EQ(client_hear_body(&c[i]), "x");
		T_NULL(client_hear_body(&c[i]));
	}
	T_STR_EQ(client_hear_body(&more), "x");
	T_NULL(client_hear_body(&c[3]));
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* A publisher's order holds on each worker. */
static void
test_order(void)
{
	struct client c[2];
	char body[16];
	unsigned i;

	workers_start(c, 2);
	client_say(&c[1], "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_send_many(&c[0], "/topic/t", 50);
	for (i = 1; i <= 50; i++) {
		snprintf(body, sizeof(body), "%u", i);
		T_STR_EQ(client_hear_body(&c[1]), body);
	}
	fake_finish();
}

/*
 * What was sent before a subscription does not come to it, though it is still
 * on its way to that worker; what was sent behind its receipt does. What a
 * session has on its way comes before a receipt.
 */
static void
test_receipts_hold(void)
{
	struct client c[2];

	workers_start(c, 2);
	fake_set_worker(1);
	client_say(&c[1], "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_send(&c[0], "/topic/t", "before");
	client_say(&c[1], "SUBSCRIBE\nid:2\ndestination:/topic/t\n"
	    "receipt:r\n\n");
	SAYS(&c[1], "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
	    "destination:/topic/t\ncontent-length:6\n\nbefore");
	SAYS(&c[1], "RECEIPT\nreceipt-id:r\n\n");
	client_send(&c[0], "/topic/t", "after");
	fake_run_posts();
	SAYS(&c[1], "MESSAGE\nsubscription:1\nmessage-id:$T-2\n"
	    "destination:/topic/t\ncontent-length:5\n\nafter");
	SAYS(&c[1], "MESSAGE\nsubscription:2\nmessage-id:$T-2\n"
	    "destination:/topic/t\ncontent-length:5\n\nafter");
	SAYS_NOTHING(&c[1]);
	/* And what is on its way does not come behind an UNSUBSCRIBE. */
	client_send(&c[0], "/topic/t", "late");
	client_say(&c[1], "UNSUBSCRIBE\nid:1\nreceipt:u\n\n");
	T_STR_EQ(client_hear_body(&c[1]), "late");
	T_STR_EQ(client_hear_body(&c[1]), "late");
	SAYS(&c[1], "RECEIPT\nreceipt-id:u\n\n");
	client_send(&c[0], "/topic/t", "lost");
	client_lose(&c[1]);
	fake_run_posts();
	SAYS_NOTHING(&c[1]);
	T_EQ(fake_live_frames(), 0);
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

static void
test_queue_workers(void)
{
	struct client c[3];
	unsigned i;

	workers_start(c, 3);
	for (i = 1; i < 3; i++)
		client_say(&c[i], "SUBSCRIBE\nid:1\ndestination:/queue/q\n"
		    "ack:client\n\n");
	client_send_many(&c[0], "/queue/q", 4);
	T_EQ(fake_posts(), 2);
	T_STR_EQ(client_hear_body(&c[1]), "1");
	T_STR_EQ(client_hear_body(&c[1]), "3");
	T_STR_EQ(client_hear_body(&c[2]), "2");
	/* 4 is with the third; when it is lost, 2 and 4 come to the second. */
	client_send_many(&c[0], "/queue/q", 1);
	client_lose(&c[2]);
	T_STR_EQ(client_hear_body(&c[1]), "1");
	T_STR_EQ(client_hear_body(&c[1]), "2");
	T_STR_EQ(client_hear_body(&c[1]), "4");
	T_NULL(client_hear_body(&c[1]));
	T_NULL(fake_ended(c[1].root));
	fake_finish();
}

/* The consumer goes between a post and its run. */
static void
test_lost_before_post(void)
{
	struct client c[2];

	workers_start(c, 2);
	client_say(&c[1], "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	client_say(&c[1], "SUBSCRIBE\nid:2\ndestination:/topic/t\n\n");
	client_send(&c[0], "/queue/q", "x");
	client_send(&c[0], "/topic/t", "x");
	client_lose(&c[1]);
	T_TRUE(fake_is_closed(c[1].root));
	fake_run_posts();
	client_say(&c[0], "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	T_STR_EQ(client_hear_body(&c[0]), "x");
	fake_finish();
}

T_MAIN(
	{ "topic", test_topic },
	{ "a topic keeps nothing", test_topic_keeps_nothing },
	{ "subscriptions and destinations are bounded",
	    test_subscriptions_limit },
	{ "deny", test_deny },
	{ "options", test_options },
	{ "workers: one post", test_one_post },
	{ "workers: order", test_order },
	{ "workers: receipts hold", test_receipts_hold },
	{ "workers: queue", test_queue_workers },
	{ "workers: lost before the post", test_lost_before_post }
)
