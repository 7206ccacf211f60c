/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: ACK and NACK, and what comes again. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

/*
 * Five messages; some are acknowledged, and the consumer is lost. The rest must
 * come again, in order.
 */
static void
test_ack_modes(void)
{
	static const struct {
		const char	*version, *mode, *acks, *again;
	} rows[] = {
		{ "1.0", "auto", "", "" },
		{ "1.2", "auto", "", "" },
		{ "1.0", "client", "", "12345" },
		{ "1.0", "client", "3", "45" },
		{ "1.0", "client", "14", "5" },
		{ "1.1", "client", "2", "345" },
		{ "1.2", "client", "5", "" },
		{ "1.1", "client-individual", "3", "1245" },
		{ "1.2", "client-individual", "42", "135" },
		{ "1.2", "client-individual", "12345", "" },
		{ "1.2", "client-individual", "", "12345" },
	};
	struct client a, b;
	const char *reply, *ack;
	char want[8];
	size_t i, j;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		client_start_broker();
		client_start(&a, rows[i].version);
		client_start(&b, "1.2");
		client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n"
		    "ack:%s\n\n", rows[i].mode);
		client_send_many(&b, "/queue/q", 5);
		for (j = 1; j <= 5; j++) {
			fake_run_posts();
			reply = client_hear(&a);
			T_REQUIRE(reply != NULL);
			snprintf(want, sizeof(want), "\n\n%zu", j);
			T_TRUE(strstr(reply, want) != NULL);
			T_NULL(strstr(reply, "redelivered"));
			T_EQ(strstr(reply, "\nack:") != NULL,
			    strcmp(rows[i].version, "1.2") == 0 &&
			    strcmp(rows[i].mode, "auto") != 0);
		}
		for (ack = rows[i].acks; *ack != '\0'; ack++)
			client_acknowledge(&a, rows[i].version, "ACK",
			    (unsigned)(*ack - '0'), "");
		T_NULL(fake_ended(a.root));
		client_lose(&a);
		client_say(&b, "SUBSCRIBE\nid:2\ndestination:/queue/q\n\n");
		for (ack = rows[i].again; *ack != '\0'; ack++) {
			fake_run_posts();
			SAYS(&b, "MESSAGE\nsubscription:2\nmessage-id:$S-1-%d"
			    "\ndestination:/queue/q\nredelivered:true\n"
			    "content-length:1\n\n%c",
			    (int)(ack - rows[i].again) + 1, *ack);
		}
		T_NULL(client_hear_body(&b));
		T_EQ(fake_counter("broker", "redelivered"),
		    strlen(rows[i].again));
		fake_finish();
	}
}

static void
test_ack_twice(void)
{
	static const char *const versions[] = { "1.0", "1.1", "1.2" };
	static const char *const commands[] = { "ACK", "NACK" };
	struct client a;
	size_t i, j;

	for (i = 0; i < 3; i++) {
		for (j = i == 0 ? 1 : 0; j < 2; j++) {
			t_row("%s, %s", versions[i], commands[j]);
			client_start_broker();
			client_start(&a, versions[i]);
			client_say(&a, "SUBSCRIBE\nid:s\n"
			    "destination:/topic/q\nack:client\n\n");
			client_send_many(&a, "/topic/q", 2);
			T_STR_EQ(client_hear_body(&a), "1");
			T_STR_EQ(client_hear_body(&a), "2");
			client_acknowledge(&a, versions[i], i == 0 ? "ACK" :
			    commands[j], 2, "receipt:r\n");
			SAYS(&a, "RECEIPT\nreceipt-id:r\n\n");
			client_acknowledge(&a, versions[i], i == 0 ? "ACK" :
			    commands[j], 1, "");
			SAYS_ERROR(&a, 1002, "no such message to acknowledge");
			fake_finish();
		}
	}
}

/* Names that are nearly right. */
static void
test_ack_names(void)
{
	static const struct {
		const char	*version;
		const char	*headers;
	} rows[] = {
		{ "1.2", "id:1-2" }, { "1.2", "id:2-1" }, { "1.2", "id:1-" },
		{ "1.2", "id:-1" }, { "1.2", "id:1-1 " }, { "1.2", "id:1" },
		{ "1.2", "id:$S-1-1" }, { "1.2", "message-id:$S-1-1" },
		{ "1.2", "id:18446744073709551617-1" },
		{ "1.1", "message-id:$S-1-1" },
		{ "1.1", "subscription:x\nmessage-id:$S-1-1" },
		{ "1.1", "subscription:s\nmessage-id:1-1" },
		{ "1.1", "subscription:s\nmessage-id:0$S-1-1" },
		{ "1.0", "message-id:$S1-1" }, { "1.0", "id:1-1" },
	};
	struct client a;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		client_start_broker();
		client_start(&a, rows[i].version);
		client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n"
		    "ack:client\n\n");
		client_send(&a, "/queue/q", "1");
		T_STR_EQ(client_hear_body(&a), "1");
		client_say(&a, "ACK\n%s\n\n", rows[i].headers);
		SAYS_ERROR(&a, 1002, "no such message to acknowledge");
		fake_finish();
	}
}

/* What is refused is offered to the next consumer. */
static void
test_nack(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n"
	    "ack:client-individual\n\n");
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	client_send_many(&b, "/queue/q", 2);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&b), "2");
	client_acknowledge(&a, "1.2", "NACK", 1, "");
	fake_run_posts();
	/* a had its turn first again: it is not skipped for refusing. */
	SAYS(&a, "MESSAGE\nsubscription:s\nmessage-id:$S-1-2\n"
	    "destination:/queue/q\nack:1-2\nredelivered:true\n"
	    "content-length:1\n\n1");
	client_acknowledge(&a, "1.2", "NACK", 2, "");
	T_STR_EQ(client_hear_body(&b), "1");
	T_NULL(client_hear_body(&a));
	fake_finish();
}

/* No more than "unacked" are with a consumer; the rest waits in the queue. */
static void
test_unacked_limit(void)
{
	struct client a, b;

	fake_start();
	fake_load("broker", "anonymous=yes", "unacked=2", NULL);
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\n"
	    "ack:client-individual\n\n");
	client_send_many(&b, "/queue/q", 4);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&a), "2");
	T_NULL(client_hear_body(&a));
	client_acknowledge(&a, "1.2", "ACK", 2, "");
	T_STR_EQ(client_hear_body(&a), "3");
	T_NULL(client_hear_body(&a));
	/* A topic cannot wait. */
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/topic/t\nack:client\n"
	    "\n");
	client_send_many(&b, "/topic/t", 2);
	T_STR_EQ(client_hear_body(&b), "1");
	client_acknowledge(&b, "1.2", "ACK", 1, "");
	T_STR_EQ(client_hear_body(&b), "2");
	client_send_many(&b, "/topic/t", 1);
	T_STR_EQ(client_hear_body(&b), "1");
	client_send(&b, "/topic/t", "x");
	SAYS_ERROR(&b, 1013, "too many messages without an ACK");
	fake_finish();
}

/* Unsubscribing is enough for what was not acknowledged to come again. */
static void
test_unsubscribe_returns(void)
{
	struct client a, b;

	client_start_broker();
	client_start(&a, "1.2");
	client_start(&b, "1.2");
	client_say(&a, "SUBSCRIBE\nid:s\ndestination:/queue/q\nack:client\n\n");
	client_send_many(&b, "/queue/q", 2);
	T_STR_EQ(client_hear_body(&a), "1");
	T_STR_EQ(client_hear_body(&a), "2");
	client_say(&b, "SUBSCRIBE\nid:s\ndestination:/queue/q\n\n");
	client_say(&a, "UNSUBSCRIBE\nid:s\n\n");
	T_STR_EQ(client_hear_body(&b), "1");
	T_STR_EQ(client_hear_body(&b), "2");
	client_acknowledge(&a, "1.2", "ACK", 1, "");
	SAYS_ERROR(&a, 1002, "no such message to acknowledge");
	fake_finish();
}

T_MAIN(
	{ "ACK: modes and versions", test_ack_modes },
	{ "ACK: twice", test_ack_twice },
	{ "ACK: names", test_ack_names },
	{ "NACK", test_nack },
	{ "ACK: limit", test_unacked_limit },
	{ "UNSUBSCRIBE returns", test_unsubscribe_returns }
)
