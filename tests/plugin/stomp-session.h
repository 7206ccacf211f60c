/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the stomp plugin: a client's connection with stomp in its
 * channel's chain, the client on the wire, the broker at the top.
 */
#ifndef TESTS_STOMP_SESSION_H
#define TESTS_STOMP_SESSION_H

#include "fakehost.h"

#include <stdio.h>
#include <string.h>

#define TEXT		(HG_WHOLE | HG_TEXT)
#define CONNECT_12	"CONNECT\naccept-version:1.0,1.1,1.2\nlogin:joe\n" \
			"passcode:pw\nhost:vh\nheart-beat:0,0\n\n\0"

#define CLIENT(s, text)	\
	fake_from_wire((s)->conn, (text), sizeof(text) - 1, TEXT)
#define BROKER(s, text)	\
	fake_from_peer((s)->root, (text), sizeof(text) - 1, HG_WHOLE)
/* The next thing that goes to the broker, to the client. */
#define UP(s, text)	FAKE_IS(fake_top((s)->root), (text), TEXT)
#define DOWN(s, text)	FAKE_IS(fake_wire((s)->conn), (text), TEXT)
#define NOTHING(s)	do {						\
	FAKE_NONE(fake_top((s)->root));					\
	FAKE_NONE(fake_wire((s)->conn));				\
} while (0)

struct session {
	struct hg_conn		*conn;
	struct hg_channel	*root;
};

static inline void
session_open(struct session *s, enum hg_upstream upstream)
{
	s->conn = fake_conn(false, NULL);
	fake_set_upstream(s->conn, upstream);
	s->root = fake_root(s->conn, "GET /stomp HTTP/1.1\r\nHost: x\r\n",
	    "stomp", NULL);
	fake_set_linked(s->root, true);
}

/* Up to RUNNING, in that version, without heart-beats. */
static inline void
session_connect(struct session *s, const char *version)
{
	char text[128];
	int len;

	CLIENT(s, CONNECT_12);
	T_REQUIRE(fake_top(s->root) != NULL);
	len = snprintf(text, sizeof(text),
	    "CONNECTED\nversion:%s\nheart-beat:0,0\n\n", version);
	fake_from_peer(s->root, text, (size_t)len + 1, HG_WHOLE);
	T_REQUIRE(fake_wire(s->conn) != NULL);
	NOTHING(s);
}

/*
 * The receipt in the next frame for the broker; the rest of it must be as
 * given, with %s in the receipt's place.
 */
static inline const char *
session_receipt(struct session *s, const char *format)
{
	static char receipt[4][64];
	static unsigned at;
	const struct fake_frame *frame;
	char expected[1024];
	const char *found;
	size_t len;

	at = (at + 1) % 4;
	frame = fake_top(s->root);
	T_REQUIRE(frame != NULL);
	found = strstr((const char *)frame->bytes, "receipt:");
	T_REQUIRE(found != NULL);
	len = strcspn(found + 8, "\n");
	T_REQUIRE(len < sizeof(receipt[at]));
	snprintf(receipt[at], sizeof(receipt[at]), "%.*s", (int)len,
	    found + 8);
	/* The format's only argument is a string. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(expected, sizeof(expected), format, receipt[at]);
#pragma GCC diagnostic pop
	T_STR_EQ((const char *)frame->bytes, expected);
	T_EQ(frame->len, strlen(expected) + 1);
	return (receipt[at]);
}

static inline void
session_answer(struct session *s, const char *receipt)
{
	char text[128];
	int len;

	len = snprintf(text, sizeof(text), "RECEIPT\nreceipt-id:%s\n\n",
	    receipt);
	fake_from_peer(s->root, text, (size_t)len + 1, HG_WHOLE);
}

#endif
