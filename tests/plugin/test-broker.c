/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: mistakes and their ERROR frames, limits (B03), options. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

static void
test_errors(void)
{
	static const struct {
		const char	*version;
		const char	*frame;
		unsigned	 code;
		const char	*message;
	} rows[] = {
		{ "1.2", "send\ndestination:/topic/a\n\n", 1002,
		  "no such command" },
		{ "1.2", "MESSAGE\n\n", 1002, "no such command" },
		{ "1.2", "SEND \ndestination:/topic/a\n\n", 1002,
		  "no such command" },
		{ "1.0", "NACK\nmessage-id:1\n\n", 1002, "no such command" },
		{ "1.2", "SEND\n\n", 1002, "SEND without a destination" },
		{ "1.2", "SEND\ndestination:/topic/\n\n", 1008,
		  "a destination without a name" },
		{ "1.2", "SEND\ndestination:/exchange/a\n\n", 1008,
		  "a destination must begin with /topic/ or /queue/" },
		{ "1.2", "SEND\ndestination:\n\n", 1008,
		  "a destination must begin with /topic/ or /queue/" },
		{ "1.2", "SEND\ndestination:/topic/a*\n\n", 1008,
		  "wildcards are not supported" },
		{ "1.2", "SUBSCRIBE\nid:1\ndestination:/topic/#\n\n", 1008,
		  "wildcards are not supported" },
		{ "1.2", "SUBSCRIBE\nid:1\ndestination:/topic/a.>\n\n", 1008,
		  "wildcards are not supported" },
		{ "1.2", "SUBSCRIBE\nid:1\n\n", 1002,
		  "SUBSCRIBE without a destination" },
		{ "1.1", "SUBSCRIBE\ndestination:/topic/a\n\n", 1002,
		  "SUBSCRIBE without an id" },
		{ "1.2", "SUBSCRIBE\nid:old\ndestination:/topic/b\n\n", 1002,
		  "subscribed already" },
		{ "1.2", "SUBSCRIBE\nid:1\ndestination:/topic/a\nack:no\n\n",
		  1002, "no such ack mode" },
		{ "1.0", "SUBSCRIBE\ndestination:/topic/a\n"
		  "ack:client-individual\n\n", 1002, "no such ack mode" },
		{ "1.2", "SUBSCRIBE\nid:1\ndestination:/topic/a\n"
		  "selector:a=1\n\n", 1008, "selectors are not supported" },
		{ "1.2", "SUBSCRIBE\nid:1\ndestination:/topic/secret/x\n\n",
		  1008, "access to this destination is refused" },
		{ "1.2", "UNSUBSCRIBE\n\n", 1002, "UNSUBSCRIBE without an id" },
		{ "1.1", "UNSUBSCRIBE\ndestination:/topic/a\n\n", 1002,
		  "UNSUBSCRIBE without an id" },
		{ "1.2", "UNSUBSCRIBE\nid:new\n\n", 1002,
		  "no such subscription" },
		{ "1.0", "UNSUBSCRIBE\ndestination:/topic/none\n\n", 1002,
		  "no such subscription" },
		{ "1.2", "ACK\n\n", 1002, "no such message to acknowledge" },
		{ "1.2", "ACK\nid:1-1\n\n", 1002,
		  "no such message to acknowledge" },
		{ "1.2", "NACK\nid:x\n\n", 1002,
		  "no such message to acknowledge" },
		{ "1.1", "ACK\nsubscription:old\nmessage-id:$S-1-1\n\n", 1002,
		  "no such message to acknowledge" },
		{ "1.2", "BEGIN\n\n", 1002, "no transaction is named" },
		{ "1.2", "COMMIT\ntransaction:t\n\n", 1002,
		  "no such transaction" },
		{ "1.2", "ABORT\ntransaction:t\n\n", 1002,
		  "no such transaction" },
		{ "1.2", "SEND\ndestination:/topic/a\ntransaction:t\n\nx",
		  1002, "no such transaction" },
		{ "1.2", "BEGIN\ntransaction:t\n\nbody", 1002,
		  "no NUL behind the body" },
		{ "1.2", "SUBSCRIBE\nid:1\ncontent-length:3\n\nabc", 1002,
		  "a body where none may be" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:+5\n\nabcde", 1002, "bad content-length" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:5 \n\nabcde", 1002, "bad content-length" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:-1\n\nabcde", 1002, "bad content-length" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:\n\nabcde", 1002, "bad content-length" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:18446744073709551616\n\n", 1002,
		  "bad content-length" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:18446744073709551615\n\n", 1009,
		  "the body is too long" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:4\n\nabcde", 1002,
		  "no NUL behind the body" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:4\ncontent-length:5\n\nabcde", 1002,
		  "no NUL behind the body" },
		{ "1.2", "SEND\ndestination:/topic/a\n"
		  "content-length:2147483648\n\nabcde", 1009,
		  "the body is too long" },
		{ "1.1", "SEND\r\ndestination:/topic/a\r\n\r\n", 1002,
		  "CR in the headers" },
		{ "1.2", "SEND\ndestination:/topic/a\nx:a\rb\n\n", 1002,
		  "CR in the headers" },
		{ "1.2", "\rSEND\n\n", 1002, "CR without LF" },
		{ "1.2", "SEND\ndestination:/topic/a", 1002,
		  "NUL in the headers" },
		{ "1.2", "SEND\ndestination:/topic/a\n", 1002,
		  "NUL in the headers" },
	};
	struct client c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu, %s", i, rows[i].version);
		fake_start();
		fake_load("broker", "anonymous=yes", "deny=joe *",
		    "deny=- /topic/secret/*", NULL);
		client_start(&c, rows[i].version);
		client_say(&c, "SUBSCRIBE\nid:old\ndestination:/topic/b\n\n");
		client_say(&c, "%s", rows[i].frame);
		SAYS_ERROR(&c, rows[i].code, rows[i].message);
		T_EQ(fake_counter("broker", "errors"), 1);
		/* It is over: what still comes does nothing. */
		client_say(&c, "SEND\ndestination:/topic/b\nreceipt:1\n\n");
		SAYS_NOTHING(&c);
		fake_finish();
	}
}

static void
test_error_frame(void)
{
	struct client c;

	client_start_broker();
	client_start(&c, "1.2");
	client_say(&c, "UNSUBSCRIBE\nid:a\\cb\nreceipt:r\\c1\n\n");
	SAYS(&c, "ERROR\nmessage:no such subscription\nreceipt-id:r\\c1\n"
	    "content-type:text/plain\ncontent-length:26\n\n"
	    "no such subscription: a:b\n");
	T_EQ(fake_ended(c.root)->code, 1002);
	T_STR_EQ(fake_ended(c.root)->reason, "no such subscription");
	client_open(&c);
	client_say(&c, "CONNECT\naccept-version:9\n\n");
	SAYS(&c, "ERROR\nversion:1.0,1.1,1.2\nmessage:no such version\n"
	    "content-type:text/plain\ncontent-length:19\n\n"
	    "no such version: 9\n");
	fake_finish();
}

static void
repeat(char *out, const char *text, size_t times)
{
	for (; times > 0; times--)
		out += sprintf(out, "%s", text);
}

static void
test_limits(void)
{
	static const struct {
		const char	*option;
		const char	*front, *text;
		size_t		 fine;		/* so often it is fine */
		const char	*back;
		unsigned	 code;
		const char	*error;		/* once more it is this */
	} rows[] = {
		{ "headers=100", "SEND\ndestination:/topic/a\n", "x:y\n", 99,
		  "\n", 1009, "too many headers" },
		{ "header-max=8k", "SEND\ndestination:/topic/a\nx:", "y",
		  8190, "\n\n", 1009, "a header is too long" },
		{ "header-max=64", "SEND\ndestination:/topic/", "y",
		  45, "\n\n", 1009, "a header is too long" },
		/* 30 + 7 lines, and one for the end. */
		{ "head-max=256", "SEND\ndestination:/topic/abcd\n",
		  "abcdef:890123456\n", 13, "\n", 1009,
		  "the headers are too long" },
		{ "body-max=10", "SEND\ndestination:/topic/a\n\n", "b", 10, "",
		  1009, "the body is too long" },
		{ "subscriptions=1000", "SEND\ndestination:/topic/", "n",
		  1017, "\n\n", 1008, "the destination is too long" },
	};
	static char text[70000];
	struct client c;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "anonymous=yes", rows[i].option, NULL);
		client_start(&c, "1.2");
		repeat(text, rows[i].text, rows[i].fine);
		client_say(&c, "%s%s%s", rows[i].front, text, rows[i].back);
		T_NULL(fake_ended(c.root));
		repeat(text, rows[i].text, rows[i].fine + 1);
		client_say(&c, "%s%s%s", rows[i].front, text, rows[i].back);
		SAYS_ERROR(&c, rows[i].code, rows[i].error);
		fake_finish();
	}
}

/* A head that never ends is stopped by its size, not by its end. */
static void
test_endless_head(void)
{
	static char bytes[4096];
	struct client c;
	unsigned i;

	memset(bytes, 'A', sizeof(bytes));
	client_start_broker();
	client_open(&c);
	for (i = 0; i < 3 && fake_ended(c.root) == NULL; i++)
		fake_from_wire(c.conn, bytes, sizeof(bytes), HG_WHOLE);
	SAYS_ERROR(&c, 1009, "a header is too long");
	T_EQ(i, 3);
	fake_finish();
}

T_MAIN(
	{ "errors", test_errors },
	{ "ERROR frame", test_error_frame },
	{ "B03: limits", test_limits },
	{ "B03: a head without end", test_endless_head }
)
