/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: B01 and B08, frames in any pieces; B02, escapes. */
#include "stompclient.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
test_escapes(void)
{
	/* What 1.0, 1.1 and 1.2 subscribers hear; "" when it is left out. */
	static const struct {
		const char	*version;
		const char	*header;
		const char	*heard[3];
	} rows[] = {
		{ "1.2", "x:a\\cb", { "x:a:b\n", "x:a\\cb\n", "x:a\\cb\n" } },
		{ "1.2", "x:a:b", { "x:a:b\n", "x:a\\cb\n", "x:a\\cb\n" } },
		{ "1.2", "x:a\\\\n", { "x:a\\n\n", "x:a\\\\n\n",
		  "x:a\\\\n\n" } },
		{ "1.2", "x:a\\nevil\\c1", { "", "x:a\\nevil\\c1\n",
		  "x:a\\nevil\\c1\n" } },
		{ "1.2", "x:a\\rb", { "", "", "x:a\\rb\n" } },
		{ "1.2", "x\\cy:z", { "", "x\\cy:z\n", "x\\cy:z\n" } },
		{ "1.2", "x\\n:z", { "", "x\\n:z\n", "x\\n:z\n" } },
		{ "1.2", "x: a ", { "x: a \n", "x: a \n", "x: a \n" } },
		{ "1.2", "x:", { "x:\n", "x:\n", "x:\n" } },
		{ "1.2", "x:1\nx:2", { "x:1\n", "x:1\n", "x:1\n" } },
		{ "1.2", "subscription:evil\nmessage-id:evil\nack:evil\n"
		  "redelivered:true", { "", "", "" } },
		{ "1.1", "x:a\\cb\\n\\\\", { "", "x:a\\cb\\n\\\\\n",
		  "x:a\\cb\\n\\\\\n" } },
		{ "1.0", "x: a\\nb", { "x:a\\nb\n", "x:a\\\\nb\n",
		  "x:a\\\\nb\n" } },
		{ "1.0", "x:\\q", { "x:\\q\n", "x:\\\\q\n", "x:\\\\q\n" } },
		{ "1.2", "x:\xc3\xa9", { "x:\xc3\xa9\n", "x:\xc3\xa9\n",
		  "x:\xc3\xa9\n" } },
	};
	static const char *const versions[] = { "1.0", "1.1", "1.2" };
	struct client from, to[3];
	size_t i, j;

	for (i = 0; i < T_ROWS(rows); i++) {
		client_start_broker();
		client_start(&from, rows[i].version);
		for (j = 0; j < 3; j++) {
			client_start(&to[j], versions[j]);
			client_say(&to[j], "SUBSCRIBE\nid:s\n"
			    "destination:/topic/a\n\n");
		}
		client_say(&from, "SEND\ndestination:/topic/a\n%s\n\nB",
		    rows[i].header);
		for (j = 0; j < 3; j++) {
			t_row("row %zu, heard by %s", i, versions[j]);
			SAYS(&to[j], "MESSAGE\nsubscription:s\n"
			    "message-id:$T-1\ndestination:/topic/a\n%s"
			    "content-length:1\n\nB", rows[i].heard[j]);
		}
		fake_finish();
	}
}

static void
test_bad_escapes(void)
{
	static const struct {
		const char	*version;
		const char	*header;
		unsigned	 code;
		const char	*error;
	} rows[] = {
		{ "1.1", "x:a\\r", 1002, "an escape that is none" },
		{ "1.1", "x:a\\t", 1002, "an escape that is none" },
		{ "1.2", "x:a\\t", 1002, "an escape that is none" },
		{ "1.2", "x:a\\", 1002, "an escape that is none" },
		{ "1.2", "\\x:a", 1002, "an escape that is none" },
		{ "1.2", "destination:/topic/a\\nb", 1008,
		  "a control character in the destination" },
		{ "1.2", "destination:/topic/a\\rb", 1008,
		  "a control character in the destination" },
		{ "1.2", "destination:/topic/\x01", 1008,
		  "a control character in the destination" },
	};
	struct client c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		client_start_broker();
		client_start(&c, rows[i].version);
		client_say(&c, "SEND\n%s\ndestination:/topic/a\n\n",
		    rows[i].header);
		SAYS_ERROR(&c, rows[i].code, rows[i].error);
		fake_finish();
	}
}

/* Ids and receipts come back as they were, whatever is in them. */
static void
test_odd_ids(void)
{
	struct client c;

	client_start_broker();
	client_start(&c, "1.2");
	client_say(&c, "SUBSCRIBE\nid:a\\n\\cb\\r\ndestination:/topic/a\\cb\n"
	    "receipt:r\\n1\n\n");
	SAYS(&c, "RECEIPT\nreceipt-id:r\\n1\n\n");
	client_say(&c, "SEND\ndestination:/topic/a:b\n\n");
	SAYS(&c, "MESSAGE\nsubscription:a\\n\\cb\\r\nmessage-id:$T-1\n"
	    "destination:/topic/a\\cb\ncontent-length:0\n\n");
	client_say(&c, "UNSUBSCRIBE\nid:a\\n\\cb\\r\nreceipt:\n\n");
	SAYS(&c, "RECEIPT\nreceipt-id:\n\n");
	fake_finish();
}

static const char talk[] =
	"\n\r\nCONNECT\r\naccept-version:1.2\r\n\r\n\0\n\n"
	"SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:s\n\n\0"
	"SEND\ndestination:/topic/a\nreceipt:1\n\nhello\0\r\n"
	"SEND\ndestination:/topic/a\ncontent-length:3\n\na\0b\0"
	"SEND\r\ndestination:/topic/a\r\ncontent-length:0\r\n\r\n\0"
	"SEND\ndestination:/topic/a\n\n\xff\0\n"
	"DISCONNECT\nreceipt:d\n\n\0\n";

/* Takes all that was said in the talk. */
static void
check_talk(struct client *c)
{
	const struct fake_frame *frame;
	const char *reply, *session;
	char want[256];

	reply = client_hear(c);
	T_REQUIRE(reply != NULL);
	session = strstr(reply, "session:");
	T_REQUIRE(session != NULL);
	snprintf(c->session, sizeof(c->session), "%.16s", session + 8);
	SAYS(c, "RECEIPT\nreceipt-id:s\n\n");
	SAYS(c, "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
	    "destination:/topic/a\ncontent-length:5\n\nhello");
	SAYS(c, "RECEIPT\nreceipt-id:1\n\n");
	frame = fake_wire(c->conn);
	snprintf(want, sizeof(want), "MESSAGE\nsubscription:1\nmessage-id:"
	    "%s-2\ndestination:/topic/a\ncontent-length:3\n\na", c->topic);
	T_REQUIRE(frame != NULL);
	T_EQ(frame->flags, HG_WHOLE | HG_TEXT);
	T_EQ(frame->len, strlen(want) + 3);
	T_MEM_EQ(frame->bytes, strlen(want), want, strlen(want));
	T_MEM_EQ(frame->bytes + strlen(want), 3, "\0b\0", 3);
	SAYS(c, "MESSAGE\nsubscription:1\nmessage-id:$T-3\n"
	    "destination:/topic/a\ncontent-length:0\n\n");
	frame = fake_wire(c->conn);
	T_REQUIRE(frame != NULL);
	T_EQ(frame->flags, HG_WHOLE);
	T_EQ(frame->bytes[frame->len - 2], 0xff);
	SAYS(c, "RECEIPT\nreceipt-id:d\n\n");
	SAYS_NOTHING(c);
	T_EQ(fake_ended(c->root)->code, 1000);
}

static void
test_split_everywhere(void)
{
	const size_t len = sizeof(talk) - 1;
	struct client c;
	size_t cut;

	for (cut = 0; cut <= len; cut++) {
		t_row("cut %zu", cut);
		client_start_broker();
		client_open(&c);
		fake_from_wire(c.conn, talk, cut, HG_FIRST | HG_TEXT);
		fake_from_wire(c.conn, talk + cut, len - cut,
		    HG_LAST | HG_TEXT);
		check_talk(&c);
		fake_finish();
	}
}

static void
test_pieces(void)
{
	const size_t len = sizeof(talk) - 1;
	struct client c;
	size_t size, at, n;

	for (size = 1; size < 40; size++) {
		t_row("pieces of %zu", size);
		client_start_broker();
		client_open(&c);
		for (at = 0; at < len; at += n) {
			n = size < len - at ? size : len - at;
			fake_from_wire(c.conn, talk + at, n, HG_WHOLE);
		}
		check_talk(&c);
		fake_finish();
	}
}

/* B08: many frames in one message, one frame in many messages. */
static void
test_accumulation(void)
{
	static const char one[] = "SEND\ndestination:/topic/a\n\nx";
	const size_t count = 10000;
	struct client c;
	char *all;
	size_t i, len;

	client_start_broker();
	client_start(&c, "1.1");
	client_say(&c, "SUBSCRIBE\nid:1\ndestination:/topic/a\n\n");
	len = count * sizeof(one);
	T_REQUIRE((all = malloc(len)) != NULL);
	for (i = 0; i < count; i++)
		memcpy(all + i * sizeof(one), one, sizeof(one));
	fake_from_wire(c.conn, all, len, HG_WHOLE);
	free(all);
	fake_run_posts();
	T_EQ(fake_counter("broker", "messages-out"), count);
	for (i = 0; i < count; i++)
		T_REQUIRE(client_hear(&c) != NULL);
	fake_from_wire(c.conn, "SEND\ndestination:/topic/a\n\n", 27, HG_WHOLE);
	for (i = 0; i < 100000; i++)
		fake_from_wire(c.conn, "y", 1, HG_WHOLE);
	SAYS_NOTHING(&c);
	fake_from_wire(c.conn, "", 1, HG_WHOLE);
	T_TRUE(strstr(client_hear(&c), "\ncontent-length:100000\n") != NULL);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

/* Whatever bytes come, nothing breaks, and one session hurts no other. */
static void
test_noise(void)
{
	static char bytes[sizeof(talk)];
	struct client c, other;
	uint32_t seed;
	size_t i, j, n;

	client_start_broker();
	client_start(&other, "1.2");
	client_say(&other, "SUBSCRIBE\nid:1\ndestination:/topic/z\n\n");
	seed = 1;
	for (i = 0; i < 3000; i++) {
		memcpy(bytes, talk, sizeof(talk));
		client_open(&c);
		for (j = 0; j < 1 + i % 5; j++) {
			seed = seed * 1664525 + 1013904223;
			n = (seed >> 8) % (sizeof(talk) - 1);
			bytes[n] = (char)(seed >> 3);
		}
		n = (seed >> 16) % sizeof(talk);
		fake_from_wire(c.conn, bytes, n, HG_WHOLE);
		fake_from_wire(c.conn, bytes + n, sizeof(talk) - n, HG_WHOLE);
		client_lose(&c);
	}
	fake_run_posts();
	T_EQ(fake_live_frames(), 0);
	client_say(&other, "SEND\ndestination:/topic/z\n\n");
	SAYS(&other, "MESSAGE\nsubscription:1\nmessage-id:$T-1\n"
	    "destination:/topic/z\ncontent-length:0\n\n");
	fake_finish();
}

T_MAIN(
	{ "B02: escapes of each version", test_escapes },
	{ "B02: what is no escape", test_bad_escapes },
	{ "B02: odd ids", test_odd_ids },
	{ "B01: split at every byte", test_split_everywhere },
	{ "B01: pieces of every size", test_pieces },
	{ "B08: many in one, one in many", test_accumulation },
	{ "noise", test_noise }
)
