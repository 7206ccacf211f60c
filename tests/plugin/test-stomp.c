/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STOMP session but for its subscriptions: the login, the order of messages
 * (W26), heart-beats, errors, and how it ends. Covers B01, B03, B10, T11, W14.
 */
#include "stomp-session.h"

#include <stdlib.h>

static void
setup(struct session *s, enum hg_upstream upstream)
{
	fake_start();
	fake_load("stomp", NULL);
	session_open(s, upstream);
}

/* Everything was given back, and the client's channel is gone. */
static void
teardown(void)
{
	T_EQ(fake_counter("stomp", "subscriptions") >= 0, 1);
	fake_finish();
}

static void
check_failed(struct session *s, unsigned code, const char *reason)
{
	const struct fake_end *end = fake_ended(s->root);

	T_REQUIRE(end != NULL);
	T_TRUE(end->failed);
	T_EQ(end->code, code);
	T_STR_EQ(end->reason, reason);
	T_EQ(fake_counter("stomp", "errors"), 1);
}

static void
test_connect(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, "\n\r\nCONNECT\r\naccept-version:1.1,3.0, 1.2,1.1\r\n"
	    "host:h\r\nlogin:a:b\r\nheart-beat:0,0\r\n\r\n\0\n");
	UP(&s, "CONNECT\naccept-version:1.1,1.2\nhost:h\nlogin:a:b\n"
	    "heart-beat:10000,10000\n\n\0");
	NOTHING(&s);
	BROKER(&s, "CONNECTED\nversion:1.2\nheart-beat:5,6\n"
	    "server:x:y\n\n\0\n");
	DOWN(&s, "CONNECTED\nversion:1.2\nheart-beat:10000,10000\n"
	    "server:x:y\n\n\0");
	NOTHING(&s);
	T_EQ(fake_counter("stomp", "frames_from_client"), 1);
	T_EQ(fake_counter("stomp", "frames_from_broker"), 1);
	CLIENT(&s, "SEND\ndestination:/q\n\nhello\0");
	UP(&s, "SEND\ndestination:/q\ncontent-length:5\n\nhello\0");
	teardown();
}

static void
test_connect_hops(void)
{
	static const struct {
		enum hg_upstream upstream;
		const char	*up;
	} rows[] = {
		{ HG_UPSTREAM_WIRE, "heart-beat:10000,10000\n" },
		{ HG_UPSTREAM_TRUNK, "heart-beat:0,0\n" },
		{ HG_UPSTREAM_NONE, "heart-beat:0,0\n" },
	};
	const struct fake_frame *frame;
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("upstream %d", rows[i].upstream);
		setup(&s, rows[i].upstream);
		CLIENT(&s, CONNECT_12);
		frame = fake_top(s.root);
		T_REQUIRE(frame != NULL);
		T_TRUE(strstr((const char *)frame->bytes, rows[i].up) != NULL);
		teardown();
	}
	t_row(NULL);
}

static void
test_connect_1_0(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, "CONNECT\nlogin:u\nheart-beat:100,100\n\n\0");
	UP(&s, "CONNECT\nlogin:u\n\n\0");
	BROKER(&s, "CONNECTED\nsession:1\n\n\0");
	DOWN(&s, "CONNECTED\nsession:1\n\n\0");
	T_EQ(fake_timers(), 0);
	/* No escapes, and ids are not needed. */
	CLIENT(&s, "SEND\ndestination:a\\tb\n\n\0");
	UP(&s, "SEND\ndestination:a\\tb\n\n\0");
	CLIENT(&s, "SUBSCRIBE\ndestination:/q\n\n\0");
	UP(&s, "SUBSCRIBE\ndestination:/q\n\n\0");
	BROKER(&s, "MESSAGE\ndestination:/q\nmessage-id:1\n\nx\0");
	DOWN(&s, "MESSAGE\ndestination:/q\nmessage-id:1\ncontent-length:1\n\n"
	    "x\0");
	CLIENT(&s, "UNSUBSCRIBE\ndestination:/q\n\n\0");
	UP(&s, "UNSUBSCRIBE\ndestination:/q\n\n\0");
	NOTHING(&s);
	teardown();
}

/* What comes behind CONNECT is read once its version is known. */
static void
test_early(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, CONNECT_12 "SEND\ndestination:\\c\n\n\0SEND\r\ndest");
	T_REQUIRE(fake_top(s.root) != NULL);
	CLIENT(&s, "ination:2\r\n\n\0");
	NOTHING(&s);
	BROKER(&s, "CONNECTED\nversion:1.2\n\n\0");
	DOWN(&s, "CONNECTED\nversion:1.2\nheart-beat:10000,10000\n\n\0");
	UP(&s, "SEND\ndestination:\\c\n\n\0");
	UP(&s, "SEND\ndestination:2\n\n\0");
	NOTHING(&s);
	teardown();
}

/* B03: 64 KiB in all before CONNECTED, whatever they are. */
static void
test_early_limit(void)
{
	struct session s;
	char *bytes;
	size_t before;
	int i;

	bytes = calloc(1, 65536);
	T_REQUIRE(bytes != NULL);
	memset(bytes, '\n', 65536);
	for (i = 0; i < 2; i++) {
		t_row("case %d", i);
		setup(&s, HG_UPSTREAM_WIRE);
		before = 0;
		if (i == 1) {
			CLIENT(&s, CONNECT_12);
			T_REQUIRE(fake_top(s.root) != NULL);
			before = sizeof(CONNECT_12) - 1;
		}
		fake_from_wire(s.conn, bytes, 65536 - before, TEXT);
		T_NULL(fake_ended(s.root));
		CLIENT(&s, "\n");
		check_failed(&s, 1008, "too much before CONNECTED");
		DOWN(&s, "ERROR\nversion:1.0,1.1,1.2\n"
		    "message:too much before CONNECTED\n\n\0");
		teardown();
	}
	t_row(NULL);
	free(bytes);
}

/* W26, and what is malformed. Before, RUNNING was reached in version 1.1. */
static void
test_client_errors(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		bool		 connected;
		unsigned	 code;
		const char	*reason;
	} rows[] = {
#define ROW(text)	text, sizeof(text) - 1
		{ ROW("SEND\ndestination:/q\n\n\0"), false, 1002,
		    "the first frame must be CONNECT" },
		{ ROW("SUBSCRIBE\nid:1\ndestination:/q\n\n\0"), false, 1002,
		    "the first frame must be CONNECT" },
		{ ROW("DISCONNECT\n\n\0"), false, 1002,
		    "the first frame must be CONNECT" },
		{ ROW("CONNECTED\n\n\0"), false, 1002, "unknown command" },
		{ ROW("GET / HTTP/1.1\r\n\r\n\0"), false, 1002,
		    "a NUL within the head" },
		{ ROW("CONNECT\naccept-version:1.3\n\n\0"), false, 1002,
		    "the supported versions are 1.0, 1.1 and 1.2" },
		{ ROW("CONNECT\nheart-beat:1\n\n\0"), false, 1002,
		    "malformed heart-beat" },
		{ ROW("CONNECT\nheart-beat:-1,0\n\n\0"), false, 1002,
		    "malformed heart-beat" },
		{ ROW("CONNECT\n\nbody\0"), false, 1002,
		    "a body where none may be" },
		{ ROW("CONNECT\n\n\0"), true, 1002, "a second CONNECT" },
		{ ROW("STOMP\n\n\0"), true, 1002, "a second CONNECT" },
		{ ROW("MESSAGE\n\n\0"), true, 1002, "unknown command" },
		{ ROW("SEND\n\nx\0"), true, 1002,
		    "SEND without a destination" },
		{ ROW("SEND\ndestination:a\\nb\n\nx\0"), true, 1002,
		    "a line's end in a destination" },
		{ ROW("SUBSCRIBE\nid:1\n\n\0"), true, 1002,
		    "SUBSCRIBE without a destination" },
		{ ROW("SUBSCRIBE\ndestination:/q\n\n\0"), true, 1002,
		    "SUBSCRIBE without an id" },
		{ ROW("SUBSCRIBE\nid:a\\nb\ndestination:/q\n\n\0"), true, 1002,
		    "a line's end in a destination or an id" },
		{ ROW("UNSUBSCRIBE\n\n\0"), true, 1002,
		    "UNSUBSCRIBE without an id" },
		{ ROW("BEGIN\n\n\0"), true, 1002, "no transaction is named" },
		{ ROW("SEND\ncontent-length:1\n\nxy\0"), true, 1002,
		    "a body is longer than its content-length" },
		{ ROW("SEND\ncontent-length:5000\n\n"), true, 1009,
		    "a body is too long" },
#undef ROW
	};
	const struct fake_frame *frame;
	char message[256];
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("stomp", "body-max=4k", NULL);
		session_open(&s, HG_UPSTREAM_WIRE);
		if (rows[i].connected)
			session_connect(&s, "1.1");
		fake_from_wire(s.conn, rows[i].bytes, rows[i].len, TEXT);
		check_failed(&s, rows[i].code, rows[i].reason);
		snprintf(message, sizeof(message), "ERROR\n%smessage:%s\n\n",
		    rows[i].connected ? "" : "version:1.0,1.1,1.2\n",
		    rows[i].reason);
		frame = fake_wire(s.conn);
		T_REQUIRE(frame != NULL);
		T_STR_EQ((const char *)frame->bytes, message);
		NOTHING(&s);
		teardown();
	}
	t_row(NULL);
}

/* B10: a broker that cannot be understood is not used any more. */
static void
test_broker_errors(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		bool		 connected;
		const char	*reason;
	} rows[] = {
#define ROW(text)	text, sizeof(text) - 1
		{ ROW("MESSAGE\n\n\0"), false,
		    "unexpected MESSAGE of the broker" },
		{ ROW("RECEIPT\nreceipt-id:1\n\n\0"), false,
		    "unexpected RECEIPT of the broker" },
		{ ROW("CONNECTED\nversion:1.3\n\n\0"), false,
		    "the broker answered with another version" },
		{ ROW("CONNECTED\nversion:1.2\nheart-beat:x\n\n\0"), false,
		    "malformed heart-beat of the broker" },
		{ ROW("HTTP/1.1 400 Bad\r\n\r\n\0"), false,
		    "from the broker: a NUL within the head" },
		{ ROW("CONNECTED\nversion:1.2\n\n\0"), true,
		    "unexpected CONNECTED of the broker" },
		{ ROW("MESSAGE\ncontent-length:x\n\n\0"), true,
		    "from the broker: the content-length is no number" },
		{ ROW("SEND\n\n\0"), true, "from the broker: unknown command" },
#undef ROW
	};
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		setup(&s, HG_UPSTREAM_WIRE);
		if (rows[i].connected)
			session_connect(&s, "1.2");
		else {
			CLIENT(&s, CONNECT_12);
			T_REQUIRE(fake_top(s.root) != NULL);
		}
		fake_from_peer(s.root, rows[i].bytes, rows[i].len, HG_WHOLE);
		check_failed(&s, 1011, rows[i].reason);
		T_REQUIRE(fake_wire(s.conn) != NULL);
		NOTHING(&s);
		teardown();
	}
	t_row(NULL);
	setup(&s, HG_UPSTREAM_WIRE);
	BROKER(&s, "CONNECTED\n\n\0");
	check_failed(&s, 1011, "unexpected CONNECTED of the broker");
	teardown();
}

/* A version is the broker's to choose, out of those that were offered. */
static void
test_version_not_offered(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, "CONNECT\naccept-version:1.0,1.1\n\n\0");
	T_REQUIRE(fake_top(s.root) != NULL);
	BROKER(&s, "CONNECTED\nversion:1.2\n\n\0");
	check_failed(&s, 1011, "the broker answered with another version");
	teardown();
}

/* The broker's own ERROR, and its end behind it. */
static void
test_broker_says_error(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, CONNECT_12);
	T_REQUIRE(fake_top(s.root) != NULL);
	BROKER(&s, "ERROR\nmessage:access\\refused\n\nwhy\0\nMESSAGE\n\n\0");
	DOWN(&s, "ERROR\nmessage:access\\refused\ncontent-length:3\n\nwhy\0");
	CLIENT(&s, "SEND\ndestination:/q\n\n\0");
	NOTHING(&s);
	fake_peer_end(s.root, 1000, "", false);
	NOTHING(&s);
	T_REQUIRE(fake_wire_ended(s.conn) != NULL);
	T_EQ(fake_wire_ended(s.conn)->code, 1000);
	teardown();
}

static void
test_broker_lost(void)
{
	static const struct {
		enum hg_upstream upstream;
		unsigned	 code, told;
		bool		 is_slow;
	} rows[] = {
		{ HG_UPSTREAM_WIRE, 1006, 1012, false },
		{ HG_UPSTREAM_WIRE, 1013, 1012, false },
		{ HG_UPSTREAM_TRUNK, 1000, 1012, false },
		{ HG_UPSTREAM_TRUNK, 1013, 1013, true },
	};
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		setup(&s, rows[i].upstream);
		session_connect(&s, "1.2");
		fake_peer_end(s.root, rows[i].code, "", false);
		if (rows[i].is_slow)
			DOWN(&s, "ERROR\nmessage:too slow\n\n\0");
		else
			DOWN(&s, "ERROR\nmessage:connection to the broker "
			    "lost\n\n\0");
		T_REQUIRE(fake_wire_ended(s.conn) != NULL);
		T_EQ(fake_wire_ended(s.conn)->code, rows[i].told);
		NOTHING(&s);
		teardown();
	}
	t_row(NULL);
}

/* What was asked for is no error; nothing is heard after DISCONNECT. */
static void
test_disconnect(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	session_connect(&s, "1.2");
	CLIENT(&s, "DISCONNECT\nreceipt:77\n\n\0SEND\ndestination:/q\n\n\0");
	UP(&s, "DISCONNECT\nreceipt:77\n\n\0");
	CLIENT(&s, "garbage");
	NOTHING(&s);
	BROKER(&s, "RECEIPT\nreceipt-id:77\n\n\0");
	DOWN(&s, "RECEIPT\nreceipt-id:77\n\n\0");
	fake_peer_end(s.root, 1000, "", false);
	T_REQUIRE(fake_wire_ended(s.conn) != NULL);
	T_EQ(fake_wire_ended(s.conn)->code, 1000);
	NOTHING(&s);
	T_EQ(fake_counter("stomp", "errors"), 0);
	teardown();
}

/* A stream in both directions, whatever the messages are. */
static void
test_stream(void)
{
	static const char down[] =
	    "\nMESSAGE\na:b\n\nx\0\n\nRECEIPT\nreceipt-id:1\n\n\0\n";
	struct session s;
	size_t i;

	setup(&s, HG_UPSTREAM_TRUNK);
	session_connect(&s, "1.2");
	for (i = 0; i < sizeof(down) - 1; i++)
		fake_from_peer(s.root, down + i, 1, HG_WHOLE);
	FAKE_IS(fake_wire(s.conn), "MESSAGE\na:b\ncontent-length:1\n\nx\0",
	    HG_WHOLE);
	FAKE_IS(fake_wire(s.conn), "RECEIPT\nreceipt-id:1\n\n\0", HG_WHOLE);
	CLIENT(&s, "\nACK\nid:1\n\n\0\nNACK\nid:2\n\n\0ABO");
	UP(&s, "ACK\nid:1\n\n\0");
	UP(&s, "NACK\nid:2\n\n\0");
	CLIENT(&s, "RT\ntransaction:1\n\n\0");
	UP(&s, "ABORT\ntransaction:1\n\n\0");
	NOTHING(&s);
	teardown();
}

/* The gateway finds out what is text; the edge is told. */
static void
test_text(void)
{
	static const struct {
		enum hg_upstream upstream;
		const char	*body;
		unsigned	 in, out;
	} rows[] = {
		{ HG_UPSTREAM_WIRE, "a\xc3\xa9", HG_WHOLE, TEXT },
		{ HG_UPSTREAM_WIRE, "a\xff", HG_WHOLE, HG_WHOLE },
		{ HG_UPSTREAM_NONE, "a\xff", HG_WHOLE, HG_WHOLE },
		{ HG_UPSTREAM_TRUNK, "abc", HG_WHOLE, HG_WHOLE },
		{ HG_UPSTREAM_TRUNK, "abc", TEXT, TEXT },
	};
	const struct fake_frame *frame;
	struct session s;
	char text[64];
	int len;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		setup(&s, rows[i].upstream);
		session_connect(&s, "1.2");
		len = snprintf(text, sizeof(text), "ERROR\n\n%s",
		    rows[i].body);
		fake_from_peer(s.root, text, (size_t)len + 1, rows[i].in);
		frame = fake_wire(s.conn);
		T_REQUIRE(frame != NULL);
		T_EQ(frame->flags, rows[i].out);
		teardown();
	}
	t_row(NULL);
}

static void
setup_beats(struct session *s, const char *client, const char *broker)
{
	char text[128];
	int len;

	fake_start();
	fake_load("stomp", "heart-beat=4000,8000",
	    "upstream-heart-beat=3000,6000", NULL);
	session_open(s, HG_UPSTREAM_WIRE);
	len = snprintf(text, sizeof(text),
	    "CONNECT\naccept-version:1.2\nheart-beat:%s\n\n", client);
	fake_from_wire(s->conn, text, (size_t)len + 1, TEXT);
	UP(s, "CONNECT\naccept-version:1.2\nheart-beat:3000,6000\n\n\0");
	len = snprintf(text, sizeof(text),
	    "CONNECTED\nversion:1.2\nheart-beat:%s\n\n", broker);
	fake_from_peer(s->root, text, (size_t)len + 1, HG_WHOLE);
	DOWN(s, "CONNECTED\nversion:1.2\nheart-beat:4000,8000\n\n\0");
	NOTHING(s);
}

static unsigned
count_down(struct session *s)
{
	const struct fake_frame *frame;
	unsigned count = 0;

	while ((frame = fake_wire(s->conn)) != NULL && frame->len == 1)
		count++;
	return (count);
}

static unsigned
count_up(struct session *s)
{
	const struct fake_frame *frame;
	unsigned count = 0;

	while ((frame = fake_top(s->root)) != NULL && frame->len == 1)
		count++;
	return (count);
}

/* Each hop has its own interval, the longer of promise and wish. */
static void
test_beats_sent(void)
{
	struct session s;

	setup_beats(&s, "0,1000", "0,30000");
	fake_advance(2999);
	NOTHING(&s);
	fake_advance(1);
	DOWN(&s, "\n");
	NOTHING(&s);
	fake_advance(24000 - 3000);
	T_EQ(count_down(&s), 7);
	T_EQ(count_up(&s), 1);
	/* What is sent anyway is a beat as well. */
	fake_advance(1500);
	BROKER(&s, "RECEIPT\nreceipt-id:1\n\n\0");
	T_REQUIRE(fake_wire(s.conn) != NULL);
	fake_advance(2999);
	NOTHING(&s);
	fake_advance(1);
	T_EQ(count_down(&s), 1);
	teardown();
}

static void
test_beats_none(void)
{
	struct session s;

	setup_beats(&s, "0,0", "0,0");
	T_EQ(fake_timers(), 0);
	fake_advance(3600000);
	NOTHING(&s);
	T_NULL(fake_ended(s.root));
	teardown();
}

/* Beats never pass: each is of one hop. */
static void
test_beats_do_not_pass(void)
{
	struct session s;

	setup_beats(&s, "0,0", "0,0");
	CLIENT(&s, "\n");
	BROKER(&s, "\n");
	CLIENT(&s, "\r\n\n");
	NOTHING(&s);
	teardown();
}

static void
test_beats_missed_by_client(void)
{
	struct session s;

	setup_beats(&s, "5000,0", "0,0");
	fake_advance(15999);
	CLIENT(&s, "\n");
	fake_advance(15999);
	T_NULL(fake_ended(s.root));
	fake_advance(1);
	check_failed(&s, 1002, "client heart-beat missed");
	DOWN(&s, "ERROR\nmessage:client heart-beat missed\n\n\0");
	T_EQ(fake_counter("stomp", "heartbeats_missed"), 1);
	T_EQ(fake_timers(), 0);
	teardown();
}

static void
test_beats_missed_by_broker(void)
{
	struct session s;

	setup_beats(&s, "0,0", "20000,0");
	fake_advance(39999);
	BROKER(&s, "\n");
	fake_advance(39999);
	T_NULL(fake_ended(s.root));
	fake_advance(1);
	check_failed(&s, 1012, "broker heart-beat missed");
	DOWN(&s, "ERROR\nmessage:broker heart-beat missed\n\n\0");
	T_EQ(fake_counter("stomp", "heartbeats_missed"), 1);
	teardown();
}

/* While it is us who do not read the broker, its silence means nothing. */
static void
test_beats_while_full(void)
{
	struct session s;

	setup_beats(&s, "0,0", "5000,0");
	fake_set_full(s.root, true);
	fake_advance(100000);
	T_NULL(fake_ended(s.root));
	fake_set_full(s.root, false);
	fake_advance(11999);
	T_NULL(fake_ended(s.root));
	fake_advance(1);
	check_failed(&s, 1012, "broker heart-beat missed");
	teardown();
}

/* W14: both halves of the login have a deadline. */
static void
test_login_deadlines(void)
{
	struct session s;

	setup(&s, HG_UPSTREAM_WIRE);
	fake_advance(5000);
	CLIENT(&s, "\nCONN");
	fake_advance(4999);
	T_NULL(fake_ended(s.root));
	fake_advance(1);
	check_failed(&s, 1008, "no CONNECT in time");
	teardown();

	setup(&s, HG_UPSTREAM_WIRE);
	fake_advance(9999);
	CLIENT(&s, CONNECT_12);
	fake_advance(9999);
	T_NULL(fake_ended(s.root));
	fake_advance(1);
	check_failed(&s, 1012, "the broker does not answer CONNECT");
	teardown();

	fake_start();
	fake_load("stomp", "connect-timeout=0", NULL);
	session_open(&s, HG_UPSTREAM_WIRE);
	T_EQ(fake_timers(), 0);
	teardown();
}

static void
test_options(void)
{
	static const char *const wrong[] = {
		"heart-beat=1", "heart-beat=10,10000", "heart-beat=a,b",
		"heart-beat=10000,10000,1", "upstream-heart-beat=0,99",
		"upstream-heart-beat=86400001,0", "body-max=1",
		"subscriptions-max=0", "content-length=never",
	};
	size_t i;

	for (i = 0; i < T_ROWS(wrong); i++) {
		t_row("%s", wrong[i]);
		fake_start();
		T_NULL(fake_try_load("stomp", wrong[i], NULL));
		fake_finish();
	}
	t_row(NULL);
}

/* Some brokers take the header as a sign that the body is binary. */
static void
test_content_length_as_sent(void)
{
	struct session s;

	fake_start();
	fake_load("stomp", "content-length=as-sent", NULL);
	session_open(&s, HG_UPSTREAM_WIRE);
	session_connect(&s, "1.2");
	CLIENT(&s, "SEND\ndestination:/q\n\nhi\0");
	UP(&s, "SEND\ndestination:/q\n\nhi\0");
	CLIENT(&s, "SEND\ncontent-length:2\ndestination:/q\n\nhi\0");
	UP(&s, "SEND\ndestination:/q\ncontent-length:2\n\nhi\0");
	teardown();
}

/*
 * W26: all sequences of up to four of these, against a model of what may
 * follow what.
 */
static const struct {
	bool		 is_broker;
	const char	*bytes;
	size_t		 len;
} steps[] = {
#define STEP(broker, text)	{ broker, text, sizeof(text) - 1 }
	STEP(false, "CONNECT\naccept-version:1.2\n\n\0"),
	STEP(false, "SEND\ndestination:/q\n\n\0"),
	STEP(false, "DISCONNECT\n\n\0"),
	STEP(false, "\n"),
	STEP(true, "CONNECTED\nversion:1.2\n\n\0"),
	STEP(true, "RECEIPT\nreceipt-id:9\n\n\0"),
	STEP(true, "ERROR\n\n\0"),
#undef STEP
};

enum model {
	START, LOGIN, RUN, BYE, OVER, FAILED,
};

static enum model
model_next(enum model model, unsigned step, unsigned *early)
{
	static const enum model next[][T_ROWS(steps)] = {
		/* CONNECT, SEND, DISCONNECT, LF, CONNECTED, RECEIPT, ERROR */
		{ LOGIN, FAILED, FAILED, START, FAILED, FAILED, OVER },
		{ LOGIN, LOGIN, LOGIN, LOGIN, RUN, FAILED, OVER },
		{ FAILED, RUN, BYE, RUN, FAILED, RUN, OVER },
		{ BYE, BYE, BYE, BYE, FAILED, BYE, OVER },
		{ OVER, OVER, OVER, OVER, OVER, OVER, OVER },
	};

	/* What the client says during the login is read behind it. */
	if (model == LOGIN && step < 3) {
		*early = *early * 4 + step + 1;
		return (LOGIN);
	}
	return (next[model][step]);
}

static enum model
model_replay(enum model model, unsigned early)
{
	unsigned unused = 0;

	if (early == 0)
		return (model);
	model = model_replay(model, early / 4);
	if (model == FAILED)
		return (FAILED);
	return (model_next(model, early % 4 - 1, &unused));
}

static void
run_sequence(unsigned sequence, unsigned length)
{
	unsigned i, step, early = 0;
	enum model model = START;
	struct session s;

	session_open(&s, HG_UPSTREAM_WIRE);
	for (i = 0; i < length && model != FAILED; i++) {
		step = sequence % T_ROWS(steps);
		sequence /= T_ROWS(steps);
		if (steps[step].is_broker)
			fake_from_peer(s.root, steps[step].bytes,
			    steps[step].len, HG_WHOLE);
		else
			fake_from_wire(s.conn, steps[step].bytes,
			    steps[step].len, TEXT);
		model = model_next(model, step, &early);
		if (model == RUN && early != 0) {
			model = model_replay(RUN, early);
			early = 0;
		}
		T_EQ(fake_ended(s.root) != NULL, model == FAILED);
	}
	if (model != FAILED)
		fake_wire_end(s.conn, 1006);
}

static void
test_sequences(void)
{
	unsigned length, count, i;

	fake_start();
	fake_load("stomp", NULL);
	for (length = 1, count = 1; length <= 4; length++) {
		count *= T_ROWS(steps);
		for (i = 0; i < count; i++) {
			t_row("length %u, number %u", length, i);
			run_sequence(i, length);
		}
	}
	t_row(NULL);
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

T_MAIN(
	{ "connect", test_connect },
	{ "connect: hops", test_connect_hops },
	{ "connect: 1.0", test_connect_1_0 },
	{ "early", test_early },
	{ "early: limit", test_early_limit },
	{ "client errors", test_client_errors },
	{ "broker errors", test_broker_errors },
	{ "version not offered", test_version_not_offered },
	{ "broker says ERROR", test_broker_says_error },
	{ "broker lost", test_broker_lost },
	{ "disconnect", test_disconnect },
	{ "stream", test_stream },
	{ "text", test_text },
	{ "beats sent", test_beats_sent },
	{ "beats: none", test_beats_none },
	{ "beats do not pass", test_beats_do_not_pass },
	{ "beats missed by the client", test_beats_missed_by_client },
	{ "beats missed by the broker", test_beats_missed_by_broker },
	{ "beats while full", test_beats_while_full },
	{ "login deadlines", test_login_deadlines },
	{ "options", test_options },
	{ "content-length as sent", test_content_length_as_sent },
	{ "sequences", test_sequences },
)
