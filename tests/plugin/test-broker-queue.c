/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: queues, and transactions. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

static void
test_kept(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_say(&a, "SEND\ndestination:/queue/q\nreceipt:1\nx:y\n\none");
	SAYS(&a, "RECEIPT\nreceipt-id:1\n\n");
	client_send(&a, "/queue/q", "two");
	client_lose(&a);
	T_EQ(fake_posts(), 0);
	client_start(&b, "1.2");
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\nreceipt:2\n\n");
	SAYS(&b, "RECEIPT\nreceipt-id:2\n\n");
	T_NULL(fake_wire(b.conn));
	fake_run_posts();
	SAYS(&b, "MESSAGE\nsubscription:s\nmessage-id:$S-1-1\n"
	    "destination:/queue/q\nx:y\ncontent-length:3\n\none");
	T_STR_EQ(client_hear_body(&b), "two");
	SAYS_NOTHING(&b);
	T_STR_EQ(fake_report("broker", "broker"),
	    "destination=/queue/q subscribers=1 messages=0 bytes=0\n");
	client_say(&b, "UNSUBSCRIBE\nid:s\n\n");
	T_STR_EQ(fake_report("broker", "broker"), "");
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

static void
test_round_robin(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.1");
	client_say(&a, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	client_send_many(&a, "/queue/q", 5);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&a), "3");
	T_STR_EQ(client_hear_body(&a), "5");
	T_NULL(client_hear_body(&a));
	T_STR_EQ(client_hear_body(&b), "2");
	T_STR_EQ(client_hear_body(&b), "4");
	T_NULL(client_hear_body(&b));
	fake_finish();
}

/* What waits at the end is freed; finish tells when it is not. */
static void
test_left_behind(void)
{
	struct client a;

	client_start_broker();
	client_start(&a, "1.2");
	client_send_many(&a, "/queue/q", 3);
	T_TRUE(fake_live_frames() > 0);
	fake_finish();
}

/* Who leaves before its worker ran gives all back, as never delivered. */
static void
test_inbox_returns(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	client_send_many(&b, "/queue/q", 3);
	client_lose(&a);
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
	fake_run_posts();
	SAYS(&b, "MESSAGE\nsubscription:1\nmessage-id:$S-1-1\n"
	    "destination:/queue/q\ncontent-length:1\n\n1");
	T_STR_EQ(client_hear_body(&b), "2");
	T_STR_EQ(client_hear_body(&b), "3");
	SAYS_NOTHING(&a);
	fake_finish();
}

static void
test_queue_limits(void)
{
	static const struct {
		const char	*option;
		unsigned	 fine;
		const char	*error;
	} rows[] = {
		{ "queue-messages=3", 3, "the queue is full" },
		/* 128 and a byte each. */
		{ "queue-bytes=1k", 7, "the queue is full" },
		{ "store=1k", 7, "the broker's store is full" },
	};
	struct client a, b;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "anonymous=yes", rows[i].option, NULL);
		client_start(&a, "1.2");
		client_start(&b, "1.2");
		client_send_many(&a, "/queue/q", rows[i].fine);
		T_NULL(fake_ended(a.root));
		client_send(&a, "/queue/q", "x");
		SAYS_ERROR(&a, 1013, rows[i].error);
		client_say(&b, "SUBSCRIBE\nid:1\ndestination:/queue/q\n\n");
		T_STR_EQ(client_hear_body(&b), "1");
		client_send(&b, "/queue/q", "x");
		T_NULL(fake_ended(b.root));
		fake_finish();
	}
}

static void
test_destinations_limit(void)
{
	struct client a;

	fake_start();
	fake_load("broker", "anonymous=yes", "destinations=2", NULL);
	client_start(&a, "1.2");
	client_send(&a, "/queue/1", "");
	client_send(&a, "/queue/2", "");
	client_send(&a, "/queue/1", "");
	client_send(&a, "/topic/3", "");
	T_NULL(fake_ended(a.root));
	client_send(&a, "/queue/3", "");
	SAYS_ERROR(&a, 1013, "too many destinations");
	fake_finish();
}

static void
test_transaction(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&b, "SUBSCRIBE\nid:1\ndestination:/topic/t\n\n");
	client_say(&a, "BEGIN\ntransaction:x\nreceipt:b\n\n");
	SAYS(&a, "RECEIPT\nreceipt-id:b\n\n");
	client_say(&a, "BEGIN\ntransaction:y\n\n");
	client_say(&a, "SEND\ndestination:/topic/t\ntransaction:x\n"
	    "receipt:s\n\nx1");
	SAYS(&a, "RECEIPT\nreceipt-id:s\n\n");
	client_say(&a, "SEND\ndestination:/topic/t\ntransaction:y\n\ny1");
	client_say(&a, "SEND\ndestination:/topic/t\n\nnow");
	client_say(&a, "SEND\ndestination:/topic/t\ntransaction:x\n\nx2");
	T_STR_EQ(client_hear_body(&b), "now");
	T_NULL(client_hear_body(&b));
	client_say(&a, "ABORT\ntransaction:y\n\n");
	client_say(&a, "COMMIT\ntransaction:x\nreceipt:c\n\n");
	SAYS(&a, "RECEIPT\nreceipt-id:c\n\n");
	T_STR_EQ(client_hear_body(&b), "x1");
	T_STR_EQ(client_hear_body(&b), "x2");
	T_NULL(client_hear_body(&b));
	/* The name is free again, and the last one ends with its session. */
	client_say(&a, "BEGIN\ntransaction:x\n\n");
	client_say(&a, "SEND\ndestination:/topic/t\ntransaction:x\n\nx3");
	client_say(&a, "DISCONNECT\nreceipt:d\n\n");
	SAYS(&a, "RECEIPT\nreceipt-id:d\n\n");
	T_NULL(client_hear_body(&b));
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

static void
test_transaction_ack(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n"
	    "ack:client-individual\n\n");
	client_send_many(&b, "/queue/q", 4);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&a), "2");
	T_STR_EQ(client_hear_body(&a), "3");
	T_STR_EQ(client_hear_body(&a), "4");
	client_say(&a, "BEGIN\ntransaction:t\n\n");
	client_say(&a, "BEGIN\ntransaction:u\n\n");
	client_acknowledge(&a, "1.2", "ACK", 1, "transaction:t\n");
	client_acknowledge(&a, "1.2", "ACK", 2, "transaction:u\n");
	client_acknowledge(&a, "1.2", "NACK", 3, "transaction:t\n");
	T_NULL(client_hear_body(&a));
	client_say(&a, "COMMIT\ntransaction:t\n\n");
	T_STR_EQ(client_hear_body(&a), "3");
	client_say(&a, "ABORT\ntransaction:u\n\n");
	T_NULL(fake_ended(a.root));
	client_lose(&a);
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	T_STR_EQ(client_hear_body(&b), "2");
	T_STR_EQ(client_hear_body(&b), "3");
	T_STR_EQ(client_hear_body(&b), "4");
	T_NULL(client_hear_body(&b));
	fake_finish();
}

/* What a transaction acknowledges must still be there; nothing is done else. */
static void
test_transaction_stale(void)
{
	struct client a;

	client_start_broker();
	client_start(&a, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\nack:client\n\n");
	client_send(&a, "/queue/q", "1");
	T_STR_EQ(client_hear_body(&a), "1");
	client_say(&a, "BEGIN\ntransaction:t\n\n");
	client_say(&a, "SEND\ndestination:/queue/r\ntransaction:t\n\nx");
	client_acknowledge(&a, "1.2", "ACK", 1, "transaction:t\n");
	client_acknowledge(&a, "1.2", "ACK", 1, "");
	client_say(&a, "COMMIT\ntransaction:t\n\n");
	SAYS_ERROR(&a, 1002, "no such message to acknowledge");
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

static void
test_transaction_limits(void)
{
	static const struct {
		const char	*option, *frame;
		unsigned	 fine;
		const char	*error;
	} rows[] = {
		{ "transactions=3", "BEGIN\ntransaction:t%u\n\n", 3,
		  "too many transactions" },
		{ "transaction-frames=4",
		  "SEND\ndestination:/topic/a\ntransaction:t\nn:%u\n\n", 4,
		  "too much in transactions" },
		/* 128 for the step, 128 for the message, and its header. */
		{ "transaction-bytes=1k",
		  "SEND\ndestination:/topic/a\ntransaction:t\nn:%u\n\n", 3,
		  "too much in transactions" },
	};
	struct client a;
	char n[16];
	const char *at;
	unsigned j;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "anonymous=yes", rows[i].option, NULL);
		client_start(&a, "1.2");
		if (i > 0)
			client_say(&a, "BEGIN\ntransaction:t\n\n");
		at = strstr(rows[i].frame, "%u");
		for (j = 0; j <= rows[i].fine; j++) {
			T_NULL(fake_ended(a.root));
			snprintf(n, sizeof(n), "%u", j);
			client_say(&a, "%.*s%s%s", (int)(at - rows[i].frame),
			    rows[i].frame, n, at + 2);
		}
		SAYS_ERROR(&a, 1013, rows[i].error);
		T_EQ(fake_live_frames(), 0);
		fake_finish();
	}
	client_start_broker();
	client_start(&a, "1.2");
	client_say(&a, "BEGIN\ntransaction:t\n\n");
	client_say(&a, "BEGIN\ntransaction:t\n\n");
	SAYS_ERROR(&a, 1002, "the transaction is open already");
	fake_finish();
}

/* Both ends of a transaction give its bytes back. */
static void
test_transaction_bytes(void)
{
	static const char *const ends[] = { "COMMIT", "ABORT" };
	struct client a;
	unsigned i, j;

	fake_start();
	fake_load("broker", "anonymous=yes", "transaction-bytes=1k", NULL);
	client_start(&a, "1.2");
	for (i = 0; i < 10; i++) {
		client_say(&a, "BEGIN\ntransaction:t\n\n");
		for (j = 0; j < 3; j++)
			client_say(&a, "SEND\ndestination:/topic/a\n"
			    "transaction:t\n\n");
		client_say(&a, "%s\ntransaction:t\n\n", ends[i % 2]);
		T_NULL(fake_ended(a.root));
	}
	fake_finish();
}

/* A commit that fails half-way frees all of it once. */
static void
test_commit_fails(void)
{
	struct client a;

	fake_start();
	fake_load("broker", "anonymous=yes", "queue-messages=1", NULL);
	client_start(&a, "1.2");
	client_say(&a, "BEGIN\ntransaction:t\n\n");
	client_say(&a, "SEND\ndestination:/queue/q\ntransaction:t\n\n1");
	client_say(&a, "SEND\ndestination:/queue/q\ntransaction:t\n\n2");
	client_say(&a, "SEND\ndestination:/queue/q\ntransaction:t\n\n3");
	client_say(&a, "COMMIT\ntransaction:t\nreceipt:r\n\n");
	SAYS_ERROR(&a, 1013, "the queue is full");
	fake_finish();
}

T_MAIN(
	{ "queue: kept until somebody comes", test_kept },
	{ "queue: round robin", test_round_robin },
	{ "queue: left behind", test_left_behind },
	{ "queue: an inbox goes back", test_inbox_returns },
	{ "queue: limits", test_queue_limits },
	{ "queue: destinations", test_destinations_limit },
	{ "transaction", test_transaction },
	{ "transaction: ACK", test_transaction_ack },
	{ "transaction: stale", test_transaction_stale },
	{ "transaction: limits", test_transaction_limits },
	{ "transaction: bytes", test_transaction_bytes },
	{ "transaction: a commit that fails", test_commit_fails }
)
