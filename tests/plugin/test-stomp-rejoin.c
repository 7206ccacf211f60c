/* SPDX-License-Identifier: Apache-2.0 */
/* stomp at an edge whose trunk was lost: what is said again for the client, and
 * who cannot wait (threats T18). */
#include "stomp-session.h"

#define FLOW	"0123456789abcdef0123456789abcdef"
#define SUB(id)	"SUBSCRIBE\nid:" id "\ndestination:/topic/a\n\n\0"
#define MESSAGE(n) "MESSAGE\ndestination:/topic/a\ncontent-length:1\n\n" n "\0"

static struct hg_channel *
child_open(struct session *s, const char *id, const char *epoch)
{
	const struct hg_host *host = fake_hg();
	struct hg_fields *fields = host->fields_new();
	struct hg_channel *child;
	char flow[128];

	host->fields_add(fields, "X-Stomp-Subscription", id);
	host->fields_add(fields, "X-Stomp-Message-Id", "ab");
	host->fields_add(fields, "X-Stomp-Version", "1.2");
	snprintf(flow, sizeof(flow), "x-kaazing-fanout; flow=" FLOW
	    "; epoch=%s", epoch);
	if (epoch[0] != '\0')
		host->fields_add(fields, "Sec-WebSocket-Extensions", flow);
	child = host->channel_child(s->root, fields);
	host->fields_free(fields);
	fake_reap();
	T_REQUIRE(child != NULL);
	return (child);
}

static void
setup(struct session *s)
{
	fake_start();
	fake_load("stomp", NULL);
	session_open(s, HG_UPSTREAM_TRUNK);
	session_connect(s, "1.2");
}

/* The client gets it. */
static void
is_message(struct session *s, char body)
{
	const struct fake_frame *frame = fake_wire(s->conn);

	T_REQUIRE(frame != NULL);
	T_EQ(strncmp((const char *)frame->bytes, "MESSAGE\nsubscription:1\n"
	    "message-id:", 34), 0);
	T_EQ(frame->bytes[frame->len - 2], body);
	T_EQ(frame->bytes[frame->len - 1], '\0');
}

/* One subscription, lost behind the flow's message 7. */
static void
lose(struct session *s)
{
	struct hg_channel *child;

	setup(s);
	CLIENT(s, SUB("1"));
	UP(s, SUB("1"));
	child = child_open(s, "1", "00000001");
	fake_from_peer(child, MESSAGE("x"), sizeof(MESSAGE("x")) - 1, TEXT);
	is_message(s, 'x');
	fake_lost(child, 7);
	T_TRUE(fake_park(s->root, HG_SEND));
	fake_peer_end(child, 1012, "", false);
	NOTHING(s);
	T_EQ(fake_counter("stomp", "parked"), 1);
}

static void
reconnect(struct session *s)
{
	fake_rejoin(s->root);
	UP(s, "CONNECT\nx-headgate-resumes:1\naccept-version:1.0,1.1,1.2\n"
	    "login:joe\npasscode:pw\nhost:vh\nheart-beat:0,0\n\n\0");
	BROKER(s, "CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0");
	UP(s, SUB("1"));
	NOTHING(s);
}

static void
test_rejoin(void)
{
	struct hg_channel *child;
	struct session s;

	lose(&s);
	CLIENT(&s, "SEND\ndestination:/queue/q\nreceipt:r\n\nhi\0");
	NOTHING(&s);
	reconnect(&s);
	child = child_open(&s, "1", "00000001");
	fake_advance(1);
	T_STR_EQ(fake_asked(child), FLOW " 00000001 7");
	/* What comes before the answer is for nobody. */
	fake_from_peer(child, MESSAGE("z"), sizeof(MESSAGE("z")) - 1, TEXT);
	NOTHING(&s);
	T_EQ(fake_rejoined(s.root), 0);
	fake_resumed(child, true);
	T_EQ(fake_rejoined(s.root), 1);
	UP(&s, "SEND\ndestination:/queue/q\nreceipt:r\ncontent-length:2\n\n"
	    "hi\0");
	fake_from_peer(child, MESSAGE("y"), sizeof(MESSAGE("y")) - 1, TEXT);
	is_message(&s, 'y');
	T_EQ(fake_counter("stomp", "parked"), 0);
	T_EQ(fake_counter("stomp", "resumed"), 1);
	T_EQ(fake_counter("stomp", "gaps"), 0);
	fake_finish();
}

static void
is_told(struct session *s, unsigned code)
{
	const struct fake_frame *frame = fake_wire(s->conn);
	const struct fake_end *end = fake_ended(s->root);

	T_REQUIRE(frame != NULL);
	T_EQ(strncmp((const char *)frame->bytes, "ERROR\n", 6), 0);
	T_REQUIRE(end != NULL);
	T_EQ(end->code, code);
	T_EQ(fake_counter("stomp", "parked"), 0);
	T_EQ(fake_counter("stomp", "gaps"), 1);
}

/* A gap, another flow or epoch, no flow: nobody asks for the latter. */
static void
test_gap(void)
{
	static const char *const epochs[] = { "00000001", "00000002", "" };
	struct hg_channel *child;
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(epochs); i++) {
		t_row("epoch \"%s\"", epochs[i]);
		lose(&s);
		reconnect(&s);
		child = child_open(&s, "1", epochs[i]);
		fake_advance(1);
		T_EQ(fake_asked(child)[0] != '\0', i == 0);
		if (i == 0)
			fake_resumed(child, false);
		is_told(&s, 1012);
		fake_finish();
	}
}

/* The broker says something else than is expected. */
static void
test_unexpected(void)
{
	struct session s;

	lose(&s);
	fake_rejoin(s.root);
	T_REQUIRE(fake_top(s.root) != NULL);
	BROKER(&s, "CONNECTED\nversion:1.1\n\n\0");
	is_told(&s, 1012);
	fake_finish();

	lose(&s);
	reconnect(&s);
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\ndestination:/x\n\n"
	    "x\0");
	is_told(&s, 1012);
	fake_finish();
}

/* Lost once more before all is back: from the same place. */
static void
test_lost_again(void)
{
	struct hg_channel *child;
	struct session s;

	lose(&s);
	reconnect(&s);
	child = child_open(&s, "1", "00000001");
	fake_advance(1);
	T_TRUE(fake_park(s.root, HG_SEND));
	fake_peer_end(child, 1012, "", false);
	fake_resumed(child, true);
	T_EQ(fake_rejoined(s.root), 0);
	reconnect(&s);
	child = child_open(&s, "1", "00000001");
	fake_advance(1);
	T_STR_EQ(fake_asked(child), FLOW " 00000001 7");
	fake_resumed(child, true);
	T_EQ(fake_rejoined(s.root), 1);
	fake_finish();
}

/* Too much of a client that waits. */
static void
test_held(void)
{
	static char text[32 * 1024];
	struct session s;
	int i;

	memset(text, '\n', sizeof(text));
	lose(&s);
	for (i = 0; i < 7; i++)
		fake_from_wire(s.conn, text, sizeof(text), TEXT);
	NOTHING(&s);
	fake_from_wire(s.conn, text, sizeof(text), TEXT);
	is_told(&s, 1013);
	fake_finish();
}

/* Whether a client can wait that has said this behind its first frames. */
static void
test_may_wait(void)
{
	static const struct {
		const char	*says, *then;
		bool		 yes;
	} rows[] = {
		{ "", "", true },
		{ "\n\n", "", true },
		{ "SEND\ndestination:/q\n\nx", "", false },
		{ "SEND\ndestination:/q\nreceipt:1\n\nx", "", false },
		{ "SEND\ndestination:/q\nreceipt:1\n\nx",
		    "RECEIPT\nreceipt-id:1\n\n", true },
		{ "BEGIN\ntransaction:t\nreceipt:1\n\n",
		    "RECEIPT\nreceipt-id:1\n\n", false },
		{ "ACK\nid:1\n\n", "", false },
		{ "SUBSCRIBE\nid:9\ndestination:/q\n\n", "", false },
		{ "SUBSCRIBE\nid:9\ndestination:/q\nack:client\n\n", "",
		    false },
		{ "SUBSCRIBE\nid:9\ndestination:/q\n\n\0"
		    "UNSUBSCRIBE\nid:9\n\n", "", true },
		{ "SEND\ndestination:/q\nreply-to:/temp-queue/x\nreceipt:1\n\n",
		    "RECEIPT\nreceipt-id:1\n\n", false },
		{ "DISCONNECT\n\n", "", false },
	};
	struct hg_channel *child;
	struct session s;
	size_t i, len;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].says);
		setup(&s);
		CLIENT(&s, SUB("1"));
		child = child_open(&s, "1", "00000001");
		len = strlen(rows[i].says) + 1;
		if (rows[i].says[0] == '\n')
			len--;		/* no frame: no NUL */
		if (i == 9)
			len += strlen(rows[i].says + len) + 1;
		if (len > 1)
			fake_from_wire(s.conn, rows[i].says, len, TEXT);
		if (rows[i].then[0] != '\0')
			fake_from_peer(s.root, rows[i].then,
			    strlen(rows[i].then) + 1, HG_WHOLE);
		fake_lost(child, 7);
		T_EQ(fake_park(s.root, HG_SEND), rows[i].yes);
		fake_finish();
	}
	/* Nobody knows where it stands. */
	setup(&s);
	CLIENT(&s, SUB("1"));
	child_open(&s, "1", "00000001");
	T_FALSE(fake_park(s.root, HG_SEND));
	fake_finish();
}

T_MAIN({ "T18 rejoin", test_rejoin }, { "gap", test_gap },
    { "unexpected", test_unexpected }, { "lost again", test_lost_again },
    { "held", test_held }, { "may wait", test_may_wait })
