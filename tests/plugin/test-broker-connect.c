/* SPDX-License-Identifier: Apache-2.0 */
/* The broker plugin: CONNECT, and W26, what may come when. */
#include "stompclient.h"

#include <stdio.h>
#include <string.h>

static void
test_connect(void)
{
	static const struct {
		const char	*frame;
		const char	*version;	/* NULL: refused */
		const char	*beats;		/* or the error's message */
		unsigned	 code;
	} rows[] = {
		{ "CONNECT\n\n", "1.0", "0,0", 0 },
		{ "CONNECT\r\n\r\n", "1.0", "0,0", 0 },
		{ "STOMP\naccept-version:1.2\nhost:x\n\n", "1.2",
		  "10000,10000", 0 },
		{ "CONNECT\naccept-version:1.0\n\n", "1.0", "0,0", 0 },
		{ "CONNECT\naccept-version:1.1\n\n", "1.1", "10000,10000", 0 },
		{ "CONNECT\naccept-version:1.0,1.2,1.1\n\n", "1.2",
		  "10000,10000", 0 },
		{ "CONNECT\naccept-version:2.0, 1.1\n\n", "1.1",
		  "10000,10000", 0 },
		{ "CONNECT\naccept-version:1.1\naccept-version:1.2\n\n",
		  "1.1", "10000,10000", 0 },
		{ "CONNECT\nlogin:joe\npasscode:wel:come\n\n", "1.0", "0,0",
		  0 },
		{ "CONNECT\nlogin: joe \npasscode: wel:come\n\n", "1.0",
		  "0,0", 0 },
		{ "CONNECT\naccept-version:1.2\nlogin:joe\n"
		  "passcode:wel:come\n\n", "1.2", "10000,10000", 0 },
		{ "CONNECT\naccept-version:1.2\nlogin:a\\nb\npasscode:c\\d\n\n",
		  "1.2", "10000,10000", 0 },
		{ "CONNECT\naccept-version:1.2\nlogin:joe\n"
		  "passcode: wel:come\n\n", NULL, "access refused", 1008 },
		{ "CONNECT\nlogin:joe\npasscode:wel\n\n", NULL,
		  "access refused", 1008 },
		{ "CONNECT\nlogin:joe\npasscode:wel:comewel:come\n\n", NULL,
		  "access refused", 1008 },
		{ "CONNECT\nlogin:joe\n\n", NULL, "access refused", 1008 },
		{ "CONNECT\nlogin:jim\npasscode:wel:come\n\n", NULL,
		  "access refused", 1008 },
		{ "CONNECT\nlogin:jo\npasscode:e:wel:come\n\n", NULL,
		  "access refused", 1008 },
		{ "CONNECT\naccept-version:3.0\n\n", NULL, "no such version",
		  1002 },
		{ "CONNECT\naccept-version:\n\n", NULL, "no such version",
		  1002 },
		{ "CONNECT\naccept-version:1.2\nheart-beat:1\n\n", NULL,
		  "bad heart-beat", 1002 },
		{ "CONNECT\naccept-version:1.2\nheart-beat:-1,0\n\n", NULL,
		  "bad heart-beat", 1002 },
		{ "CONNECT\naccept-version:1.2\nheart-beat:1,2,3\n\n", NULL,
		  "bad heart-beat", 1002 },
		{ "CONNECT\naccept-version:1.2\n"
		  "heart-beat:99999999999999999999,0\n\n", NULL,
		  "bad heart-beat", 1002 },
		{ "CONNECT\naccept-version:1.2\nreceipt:1\n\n", NULL,
		  "CONNECT with a receipt", 1002 },
		{ "CONNECT\ncontent-length:1\n\n", NULL,
		  "a body where none may be", 1002 },
		{ "CONNECT\n\nx", NULL, "no NUL behind the body", 1002 },
		{ "CONNECT\nlogin\n\n", NULL, "a header without a colon",
		  1002 },
		{ "CONNECT\n:joe\n\n", NULL, "a header without a name", 1002 },
		{ "CONNECT\nlogin:\xff\n\n", NULL,
		  "the headers are not UTF-8", 1002 },
	};
	struct client c;
	const char *reply;
	char want[128];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "user=ann:x", "user=joe:wel:come",
		    "user=a\\nb:c\\d", "anonymous=yes", NULL);
		client_open(&c);
		client_say(&c, "%s", rows[i].frame);
		if (rows[i].version == NULL) {
			SAYS_ERROR(&c, rows[i].code, rows[i].beats);
			T_TRUE(fake_counter("broker", "logins") == 0);
			fake_finish();
			continue;
		}
		reply = client_hear(&c);
		T_REQUIRE(reply != NULL);
		snprintf(want, sizeof(want), "CONNECTED\nversion:%s\nsession:",
		    rows[i].version);
		T_TRUE(strncmp(reply, want, strlen(want)) == 0);
		snprintf(want, sizeof(want),
		    "\nserver:headgate/" HG_VERSION "\nheart-beat:%s\n\n",
		    rows[i].beats);
		T_TRUE(strstr(reply, want) != NULL);
		T_EQ(fake_counter("broker", "logins"), 1);
		SAYS_NOTHING(&c);
		fake_finish();
	}
}

/* New credentials of a live session: see auth.c. */
static void
test_auth(void)
{
	static const struct {
		const char	*login;
		const char	*field;
		int		 status;
	} rows[] = {
		/* joe:wel:come */
		{ "joe", "Authorization: Basic am9lOndlbDpjb21l", 200 },
		{ "joe", "authorization: basic  am9lOndlbDpjb21l", 200 },
		{ "joe", "Authorization: Basic am9lOndlbDpjb20=", 401 },
		{ "joe", "Authorization: Basic am9lOndlbDpjb21lbA==", 401 },
		/* ann:x */
		{ "joe", "Authorization: Basic YW5uOng=", 403 },
		{ "ann", "Authorization: Basic YW5uOng=", 200 },
		{ "ann", "Authorization: Basic YW5uOng", 401 },
		{ "ann", "Authorization: Basic YW5uOng=x", 401 },
		{ "ann", "Authorization: Basic YW5u", 401 },
		{ "ann", "Authorization: Basic ", 401 },
		{ "ann", "Authorization: Basic =", 401 },
		{ "ann", "Authorization: Basic Y", 401 },
		/* ann, NUL, :x */
		{ "ann", "Authorization: Basic YW5uADp4", 401 },
		{ "ann", "Authorization: Bearer YW5uOng=", 401 },
		{ "ann", "Authorization: Basic YW5uOng=\r\n"
		  "Authorization: Basic YW5uOng=", 401 },
		{ "ann", "Cookie: a=b", 401 },
		/* jim:x is nobody. */
		{ "joe", "Authorization: Basic amltOng=", 401 },
		{ "", "Authorization: Basic YW5uOng=", 403 },
		{ "", "Authorization: Basic Og==", 401 },
		{ NULL, "Authorization: Basic YW5uOng=", 0 },
	};
	struct client c;
	char text[256];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("broker", "user=ann:x", "user=joe:wel:come",
		    "anonymous=yes", NULL);
		client_open(&c);
		if (rows[i].login != NULL) {
			client_say(&c, "CONNECT\nlogin:%s\npasscode:%s\n\n",
			    rows[i].login, rows[i].login[0] == 'a' ? "x" :
			    "wel:come");
			T_REQUIRE(client_hear(&c) != NULL);
		}
		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s\r\n",
		    rows[i].field);
		T_EQ(fake_auth_hooks(c.root, text), rows[i].status);
		T_EQ(fake_counter("broker", "refused"),
		    rows[i].status > 200);
		SAYS_NOTHING(&c);
		fake_finish();
	}
	/* Without users there is nothing to check. */
	fake_start();
	fake_load("broker", "anonymous=yes", NULL);
	client_start(&c, "1.2");
	T_EQ(fake_auth_hooks(c.root, "GET / HTTP/1.1\r\n"
	    "Authorization: Basic Og==\r\n"), 0);
	fake_finish();
}

static void
test_anonymous(void)
{
	struct client c;

	fake_start();
	fake_load("broker", NULL);
	client_open(&c);
	client_say(&c, "CONNECT\n\n");
	SAYS_ERROR(&c, 1008, "access refused");
	T_EQ(fake_counter("broker", "refused"), 1);
	client_open(&c);
	client_say(&c, "CONNECT\nlogin:\npasscode:\n\n");
	SAYS_ERROR(&c, 1008, "access refused");
	fake_finish();
}

static void
test_login_timeout(void)
{
	struct client silent, quick;

	fake_start();
	fake_load("broker", "anonymous=yes", "login-timeout=5s", NULL);
	client_open(&silent);
	client_start(&quick, "1.2");
	fake_from_wire(silent.conn, "CONN", 4, HG_WHOLE);
	fake_advance(4999);
	SAYS_NOTHING(&silent);
	fake_advance(1);
	SAYS_ERROR(&silent, 1008, "no CONNECT came in time");
	fake_advance(100000);
	T_NULL(fake_ended(quick.root));
	fake_finish();
}

static const char *const all_commands[] = {
	"CONNECT", "STOMP", "SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK",
	"BEGIN", "COMMIT", "ABORT", "DISCONNECT",
};

static void
test_not_connected(void)
{
	struct client c;
	size_t i;

	for (i = 2; i < T_ROWS(all_commands); i++) {
		t_row("%s", all_commands[i]);
		client_start_broker();
		client_open(&c);
		client_say(&c, "%s\ndestination:/topic/a\nid:1\nreceipt:r\n\n",
		    all_commands[i]);
		SAYS_ERROR(&c, 1002, "not connected");
		fake_finish();
	}
}

/* Nothing is kept of a body before CONNECT. */
static void
test_not_connected_body(void)
{
	static const char head[] =
	    "SEND\ndestination:/topic/a\ncontent-length:1000\n\n";
	struct client c;

	client_start_broker();
	client_open(&c);
	fake_from_wire(c.conn, head, sizeof(head) - 1, HG_WHOLE);
	SAYS_ERROR(&c, 1002, "not connected");
	fake_finish();
}

static void
test_connected_twice(void)
{
	struct client c;
	size_t i;

	for (i = 0; i < 2; i++) {
		client_start_broker();
		client_start(&c, "1.2");
		client_say(&c, "%s\naccept-version:1.2\n\n", all_commands[i]);
		SAYS_ERROR(&c, 1002, "connected already");
		fake_finish();
	}
}

/*
 * All sequences of four of these: a model of what a session knows says whether
 * the next is fine.
 */
static void
test_sequences(void)
{
	static const char *const frames[] = {
		"CONNECT\naccept-version:1.2\n\n",
		"SUBSCRIBE\nid:1\ndestination:/topic/a\n\n",
		"UNSUBSCRIBE\nid:1\n\n",
		"SEND\ndestination:/topic/b\n\n",
		"BEGIN\ntransaction:t\n\n",
		"COMMIT\ntransaction:t\n\n",
		"ACK\nid:1-1\n\n",
		"DISCONNECT\n\n",
		"NONSENSE\n\n",
	};
	const size_t n = T_ROWS(frames);
	bool connected, subscribed, begun, over, fine;
	struct client c;
	size_t i, step, rest, at;

	client_start_broker();
	for (i = 0; i < n * n * n * n; i++) {
		connected = subscribed = begun = over = false;
		client_open(&c);
		rest = i;
		for (step = 0; step < 4 && !over; step++, rest /= n) {
			at = rest % n;
			t_row("sequence %zu, step %zu", i, step);
			client_say(&c, "%s", frames[at]);
			fine = at == 0 ? !connected : connected;
			if (at == 1)
				fine = fine && !subscribed;
			else if (at == 2)
				fine = fine && subscribed;
			else if (at == 4)
				fine = fine && !begun;
			else if (at == 5)
				fine = fine && begun;
			else if (at == 6 || at == 8)
				fine = false;
			over = !fine || at == 7;
			connected = connected || at == 0;
			subscribed = at == 1 || (subscribed && at != 2);
			begun = at == 4 || (begun && at != 5);
			if ((fake_ended(c.root) != NULL) != over)
				T_EQ(fake_ended(c.root) != NULL, over);
			if (over && fake_ended(c.root)->code !=
			    (fine ? 1000u : 1002u))
				T_EQ(fake_ended(c.root)->code, 0);
		}
		client_lose(&c);
	}
	t_row(NULL);
	T_EQ(fake_live_frames(), 0);
	T_STR_EQ(fake_report("broker", "broker"), "");
	fake_finish();
}

T_MAIN(
	{ "CONNECT", test_connect },
	{ "new credentials", test_auth },
	{ "anonymous is off unless said", test_anonymous },
	{ "login-timeout", test_login_timeout },
	{ "W26: nothing before CONNECT", test_not_connected },
	{ "W26: no body before CONNECT", test_not_connected_body },
	{ "W26: CONNECT once", test_connected_twice },
	{ "W26: sequences of four", test_sequences }
)
