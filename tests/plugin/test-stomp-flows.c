/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gateway with the real channels, fanout, broker and stomp: two clients of an edge,
 * each with its own login and subscription at the broker. Covers B06, T05, T11.
 */
#include "fakehost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS		2
#define TEXT		(HG_WHOLE | HG_TEXT)

static struct hg_conn *trunk;
static struct hg_channel *client[CLIENTS];

/* From the edge: on that id. */
static void
from_edge(unsigned id, const void *data, size_t len, unsigned flags)
{
	char text[1024];

	T_REQUIRE(len <= sizeof(text) - 2);
	text[0] = (char)(id >> 8);
	text[1] = (char)id;
	memcpy(text + 2, data, len);
	fake_from_wire(trunk, text, len + 2, flags);
}

static void
control(const char *text)
{
	from_edge(0xffff, text, strlen(text), HG_WHOLE);
}

static void
from_broker(unsigned n, const char *text)
{
	fake_from_peer(client[n], text, strlen(text) + 1, HG_WHOLE);
}

/* Everything that went to the edge, ids and bytes: how often it is there. */
struct seen {
	unsigned	 messages;	/* STOMP's */
	unsigned	 on[8];		/* by id */
	char		 last[512];	/* of them */
	size_t		 last_len;
	char		 controls[4096];
};

static void
look(struct seen *seen)
{
	const struct fake_frame *frame;
	unsigned id;

	memset(seen, 0, sizeof(*seen));
	while ((frame = fake_wire(trunk)) != NULL) {
		T_REQUIRE(frame->len >= 2);
		id = (unsigned)frame->bytes[0] << 8 | frame->bytes[1];
		if (id == 0xffff) {
			strncat(seen->controls, (const char *)frame->bytes + 2,
			    sizeof(seen->controls) -
			    strlen(seen->controls) - 1);
			continue;
		}
		if (frame->len < 9 ||
		    memcmp(frame->bytes + 2, "MESSAGE", 7) != 0)
			continue;
		T_REQUIRE(id < T_ROWS(seen->on));
		seen->messages++;
		seen->on[id]++;
		T_REQUIRE(frame->len - 2 <= sizeof(seen->last));
		seen->last_len = frame->len - 2;
		memcpy(seen->last, frame->bytes + 2, frame->len - 2);
	}
}

/* Logs in with that name and subscribes to /topic/a. */
static void
client_open(unsigned n, const char *login)
{
	const struct fake_frame *frame;
	unsigned id = 2 * n + 1;
	char text[256];
	int len;

	snprintf(text, sizeof(text), "create 0x%04x\r\nGET /stomp HTTP/1.1\r\n"
	    "Sec-WebSocket-Extensions: x-kaazing-fanout\r\n\r\n", id);
	control(text);
	client[n] = fake_accepted(trunk);
	T_REQUIRE(client[n] != NULL);
	fake_set_linked(client[n], true);
	fake_answer_channel(client[n], "HTTP/1.1 101 Switching Protocols\r\n"
	    "Sec-WebSocket-Extensions: x-kaazing-fanout\r\n", "fanout||",
	    "stomp", NULL);
	len = snprintf(text, sizeof(text), "CONNECT\naccept-version:1.2\n"
	    "login:%s\npasscode:p\n\n", login);
	from_edge(id, text, (size_t)len + 1, TEXT);
	from_broker(n, "CONNECTED\nversion:1.2\n\n");
	len = snprintf(text, sizeof(text),
	    "SUBSCRIBE\nid:s%u\ndestination:/topic/a\n\n", n);
	from_edge(id, text, (size_t)len + 1, TEXT);
	while ((frame = fake_top(client[n])) != NULL)
		if (strncmp((const char *)frame->bytes, "SUBSCRIBE", 9) == 0)
			break;
	T_REQUIRE(frame != NULL);
	len = snprintf(text, sizeof(text), "RECEIPT\nreceipt-id:%s",
	    strstr((const char *)frame->bytes, "receipt:") + 8);
	from_broker(n, text);
	/* The edge takes the child: the creator's ids are even. */
	snprintf(text, sizeof(text), "created 0x%04x\r\n"
	    "HTTP/1.1 101 OK\r\n\r\n", 2 * n + 2);
	control(text);
}

static void
setup(const char *share, const char *first, const char *second)
{
	struct seen seen;

	fake_start();
	fake_set_negotiation(true, "x-kaazing-fanout");
	fake_load("channels", NULL);
	fake_load("fanout", share, "verify=4", NULL);
	fake_load("stomp", NULL);
	trunk = fake_conn(false,
	    "channels|extensions=x-kaazing-fanout|extensions=x-kaazing-fanout",
	    NULL);
	fake_set_upstream(trunk, HG_UPSTREAM_WIRE);
	fake_root(trunk, "GET /.headgate/trunk HTTP/1.1\r\n", NULL);
	client_open(0, first);
	client_open(1, second);
	look(&seen);
	T_TRUE(strstr(seen.controls, "create 0x0002 parent=0x0001") != NULL);
	T_TRUE(strstr(seen.controls, "create 0x0004 parent=0x0003") != NULL);
}

/* Both of the broker's copies of message n. */
static void
publish(unsigned number)
{
	char text[256];
	unsigned n;

	for (n = 0; n < CLIENTS; n++) {
		snprintf(text, sizeof(text), "MESSAGE\nsubscription:s%u\n"
		    "message-id:T_s%u@@x@@%u\ndestination:/topic/a\n\n"
		    "number %u", n, n, number, number);
		from_broker(n, text);
	}
}

/* Until one copy crosses; the edge says yes to each merge. */
static unsigned
publish_until_merged(void)
{
	struct seen seen;
	unsigned number;

	for (number = 1; number < 100; number++) {
		publish(number);
		look(&seen);
		if (strstr(seen.controls, "merge 0x0004") != NULL)
			control("merged 0x0004\r\n\r\n");
		if (strstr(seen.controls, "merge 0x0002") != NULL)
			control("merged 0x0002\r\n\r\n");
		if (seen.messages == 1)
			return (number);
		T_EQ(seen.messages, 2);
	}
	return (0);
}

static void
test_merged(void)
{
	static const char message[] = "MESSAGE\ndestination:/topic/a\n"
	    "content-length:9\n\nnumber 99";
	struct seen seen;

	setup("share=/topic/* scope=public", "ann", "bob");
	T_TRUE(publish_until_merged() > 0);
	publish(99);
	look(&seen);
	T_EQ(seen.messages, 1);
	T_MEM_EQ(seen.last, seen.last_len, message, sizeof(message));
	T_EQ(fake_counter("stomp", "shared_subscriptions"), 2);
	fake_finish();
}

/* T05: by credential, two logins share nothing. */
static void
test_not_merged(void)
{
	static const struct {
		const char	*share, *second;
		bool		 merges;
	} rows[] = {
		{ "share=/topic/* scope=credential", "ann", true },
		{ "share=/topic/* scope=credential", "bob", false },
		{ "share=/queue/* scope=public", "bob", false },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		setup(rows[i].share, "ann", rows[i].second);
		T_EQ(publish_until_merged() > 0, rows[i].merges);
		fake_finish();
	}
	t_row(NULL);
}

/* B06: a member whose right has ended is out before the next message. */
static void
test_revoked(void)
{
	struct seen seen;

	setup("share=/topic/* scope=public", "ann", "bob");
	T_TRUE(publish_until_merged() > 0);
	from_broker(1, "ERROR\nmessage:expired\n\n");
	from_broker(0, "MESSAGE\nsubscription:s0\nmessage-id:1\n"
	    "destination:/topic/a\n\nafter");
	look(&seen);
	T_TRUE(strstr(seen.controls, "unmerge 0x0004") != NULL ||
	    strstr(seen.controls, "destroy 0x0004") != NULL);
	T_EQ(seen.on[2], 1);
	T_EQ(seen.on[4], 0);
	T_EQ(fake_counter("stomp", "shared_subscriptions"), 1);
	fake_finish();
}

/* UNSUBSCRIBE of one: the other goes on. */
static void
test_unsubscribed(void)
{
	const struct fake_frame *frame;
	struct seen seen;
	char text[128];

	setup("share=/topic/* scope=public", "ann", "bob");
	T_TRUE(publish_until_merged() > 0);
	from_edge(1, "UNSUBSCRIBE\nid:s0\n\n", 20, TEXT);
	frame = fake_top(client[0]);
	T_REQUIRE(frame != NULL);
	snprintf(text, sizeof(text), "RECEIPT\nreceipt-id:%s",
	    strstr((const char *)frame->bytes, "receipt:") + 8);
	from_broker(0, text);
	look(&seen);
	T_TRUE(strstr(seen.controls, "destroy 0x0002") != NULL);
	from_broker(1, "MESSAGE\nsubscription:s1\nmessage-id:1\n"
	    "destination:/topic/a\n\nafter");
	look(&seen);
	T_EQ(seen.messages, 1);
	T_EQ(seen.on[4], 1);
	T_EQ(fake_counter("stomp", "shared_subscriptions"), 1);
	fake_finish();
}

/* The trunk breaks: everybody is out, nothing is held. */
static void
test_trunk_lost(void)
{
	setup("share=/topic/* scope=public", "ann", "bob");
	T_TRUE(publish_until_merged() > 0);
	fake_wire_end(trunk, 1006);
	T_EQ(fake_counter("stomp", "shared_subscriptions"), 0);
	T_EQ(fake_counter("fanout", "members"), 0);
	fake_finish();
}

/* The next message for a plain client; heart-beats are not counted. */
static const char *
next_text(struct hg_conn *conn)
{
	const struct fake_frame *frame;

	while ((frame = fake_wire(conn)) != NULL)
		if (frame->len > 1)
			return ((const char *)frame->bytes);
	return ("nothing");
}

/*
 * The broker is the next plugin of the chain: it answers from within, and what
 * one client sends comes to the other before the first one's hook returns.
 */
static void
test_embedded_broker(void)
{
	static const char hello[] = "CONNECT\naccept-version:1.2\nhost:/\n\n"
	    "\0SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n";
	static const char sent[] = "SEND\ndestination:/topic/a\n\none\0"
	    "SEND\ndestination:/topic/a\n\ntwo";
	struct hg_conn *conn[2];
	struct hg_channel *root;
	const char *text;
	unsigned n, i;

	fake_start();
	fake_load("broker", "anonymous=yes", NULL);
	fake_load("stomp", NULL);
	for (n = 0; n < 2; n++) {
		conn[n] = fake_conn(false, NULL);
		fake_set_upstream(conn[n], HG_UPSTREAM_NONE);
		root = fake_root(conn[n], "GET / HTTP/1.1\r\nHost: x\r\n",
		    "stomp", "broker", NULL);
		T_REQUIRE(root != NULL);
		fake_from_wire(conn[n], hello, sizeof(hello), TEXT);
		fake_run_posts();
		T_TRUE(strncmp(next_text(conn[n]), "CONNECTED\nversion:1.2\n",
		    22) == 0);
		T_STR_EQ(next_text(conn[n]), "RECEIPT\nreceipt-id:r\n\n");
	}
	fake_from_wire(conn[0], sent, sizeof(sent), TEXT);
	fake_run_posts();
	for (n = 0; n < 2; n++) {
		for (i = 0; i < 2; i++) {
			text = next_text(conn[n]);
			T_TRUE(strncmp(text, "MESSAGE\n", 8) == 0);
			T_TRUE(strstr(text, "subscription:1\n") != NULL);
			T_TRUE(strstr(text, i == 0 ? "\n\none" : "\n\ntwo") !=
			    NULL);
		}
	}
	T_EQ(fake_counter("stomp", "messages"), 4);
	fake_finish();
}

T_MAIN(
	{ "merged", test_merged },
	{ "not merged", test_not_merged },
	{ "revoked", test_revoked },
	{ "unsubscribed", test_unsubscribed },
	{ "trunk lost", test_trunk_lost },
	{ "embedded broker", test_embedded_broker },
)
