/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's messages on a child: each gets the member's own headers exactly
 * once, where the last one who can put them in is, and nothing else changes.
 */
#include "stomp-session.h"

#include <stdlib.h>

#define REQUEST		"GET /stomp HTTP/1.1\r\nHost: x\r\n"
#define WORKER		"00000000000000ab"	/* see is_member */
#define FLOW		"MESSAGE\ndestination:/t\ncontent-length:2\n\nhi\0"
#define REST		"destination:/t\ncontent-length:2\n\nhi\0"

/* With WORKER in place of what this worker's message-ids begin with. */
static size_t
normal(char *out, size_t size, const void *bytes, size_t len)
{
	static const char field[] = "\nmessage-id:";
	char *at;

	T_REQUIRE(len < size);
	memcpy(out, bytes, len);
	out[len] = '\0';
	at = memmem(out, len, field, sizeof(field) - 1);
	T_REQUIRE(at != NULL);
	at += sizeof(field) - 1;
	T_EQ(strspn(at, "0123456789abcdef"), 16);
	memcpy(at, WORKER, 16);
	return (len);
}

static void
is_member(const struct fake_frame *frame, const char *text, size_t len,
    unsigned flags, struct t_at at)
{
	char got[512];

	T_REQUIRE(frame != NULL);
	t_eq(frame->flags, flags, at);
	t_mem_eq(got, normal(got, sizeof(got), frame->bytes, frame->len), text,
	    len, at);
}

#define IS_MEMBER(frame, text, flags)					\
	is_member((frame), (text), sizeof(text) - 1, (flags), T_AT("member"))

/* A child as it comes over a trunk; fields that are NULL are left out. */
static struct hg_channel *
child_open(struct hg_channel *root, const char *id, const char *version)
{
	const struct hg_host *host = fake_hg();
	struct hg_channel *child;
	struct hg_fields *fields;

	fields = host->fields_new();
	if (id != NULL)
		host->fields_add(fields, "X-Stomp-Subscription", id);
	if (version != NULL)
		host->fields_add(fields, "X-Stomp-Version", version);
	child = host->channel_child(root, fields);
	host->fields_free(fields);
	fake_reap();
	return (child);
}

static void
setup(struct session *s)
{
	fake_start();
	fake_load("stomp", NULL);
	session_open(s, HG_UPSTREAM_TRUNK);
}

static void
send_flow(struct hg_channel *child, unsigned flags)
{
	fake_from_peer(child, FLOW, sizeof(FLOW) - 1, flags);
}

static void
test_versions(void)
{
	static const struct {
		const char	*version;
		const char	*field;
		const char	*written;
	} rows[] = {
		{ "1.0", "1", "1" },
		{ "1.0", "a%5Cc", "a\\c" },
		{ NULL, "a%3Ab", "a:b" },
		{ "1.1", "a%3Ab%5C", "a\\cb\\\\" },
		{ "1.2", "a%3Ab%5C", "a\\cb\\\\" },
		{ "1.2", "", "" },
		{ "1.2", "%C3%A9", "\xc3\xa9" },
	};
	struct hg_channel *child;
	struct session s;
	char text[256];
	int len;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		setup(&s);
		child = child_open(s.root, rows[i].field, rows[i].version);
		send_flow(child, TEXT);
		send_flow(child, HG_WHOLE);
		len = snprintf(text, sizeof(text), "MESSAGE\nsubscription:%s\n"
		    "message-id:" WORKER "-1\n%s", rows[i].written, REST);
		is_member(fake_wire(s.conn), text, (size_t)len + 1, TEXT,
		    T_AT("text"));
		len = snprintf(text, sizeof(text), "MESSAGE\nsubscription:%s\n"
		    "message-id:" WORKER "-2\n%s", rows[i].written, REST);
		is_member(fake_wire(s.conn), text, (size_t)len + 1, HG_WHOLE,
		    T_AT("binary"));
		NOTHING(&s);
		fake_finish();
	}
	t_row(NULL);
}

/* B02, and fields that a gateway of ours does not write. */
static void
test_bad_fields(void)
{
	static const char *const ids[] = {
		"a%0Ab", "a%0Db", "%00", "%", "%4", "%4g", "a b",
	};
	struct hg_channel *child;
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(ids); i++) {
		t_row("row %zu", i);
		setup(&s);
		child = child_open(s.root, ids[i], "1.2");
		T_REQUIRE(fake_ended(child) != NULL);
		T_EQ(fake_ended(child)->code, 1002);
		T_NULL(fake_ended(s.root));
		fake_finish();
	}
	t_row(NULL);
}

/* A child without the fields is of one subscriber only. */
static void
test_plain_child(void)
{
	struct hg_channel *child;
	struct session s;

	setup(&s);
	child = child_open(s.root, NULL, "1.2");
	send_flow(child, TEXT);
	DOWN(&s, FLOW);
	fake_from_peer(child, "anything", 8, HG_WHOLE);
	FAKE_IS(fake_wire(s.conn), "anything", HG_WHOLE);
	fake_finish();
}

/* Sent again after a refusal, it has its headers already. */
static void
test_once(void)
{
	struct hg_channel *child;
	struct session s;

	setup(&s);
	child = child_open(s.root, "1", "1.2");
	fake_from_peer(child, "MESSAGE\nsubscription:1\nmessage-id:x-1\n\n\0",
	    40, TEXT);
	DOWN(&s, "MESSAGE\nsubscription:1\nmessage-id:x-1\n\n\0");
	NOTHING(&s);
	fake_finish();
}

static void
test_not_a_message(void)
{
	static const char *const wrong[] = { "", "MESS", "MESSAGE",
	    "RECEIPT\nreceipt-id:1\n\n", "message\n\n" };
	struct hg_channel *child;
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(wrong); i++) {
		t_row("%s", wrong[i]);
		setup(&s);
		child = child_open(s.root, "1", "1.2");
		fake_from_peer(child, wrong[i], strlen(wrong[i]), HG_WHOLE);
		T_REQUIRE(fake_ended(child) != NULL);
		T_EQ(fake_ended(child)->code, 1002);
		NOTHING(&s);
		fake_finish();
	}
	t_row(NULL);
}

/* An id that is no text cannot go in a text message. */
static void
test_binary_id(void)
{
	struct hg_channel *child;
	struct session s;

	setup(&s);
	child = child_open(s.root, "%FF", "1.2");
	send_flow(child, TEXT);
	IS_MEMBER(fake_wire(s.conn), "MESSAGE\nsubscription:\xff\nmessage-id:"
	    WORKER "-1\n" REST, HG_WHOLE);
	fake_finish();
}

/* A child with an id on the wire, with and without fan-out there. */
static struct hg_channel *
setup_carried(struct session *s, bool has_fanout, const char *id)
{
	struct hg_channel *child;
	const struct fake_frame *frame;

	fake_start();
	fake_load("stomp", NULL);
	fake_load("channels", NULL);
	s->conn = fake_conn(false,
	    "channels|extensions=x-kaazing-fanout|extensions=x-kaazing-fanout",
	    NULL);
	fake_set_upstream(s->conn, HG_UPSTREAM_TRUNK);
	if (has_fanout)
		fake_set_has(s->conn, "x-kaazing-fanout");
	s->root = fake_root(s->conn, REQUEST, "stomp", NULL);
	fake_set_linked(s->root, true);
	child = child_open(s->root, id, "1.2");
	frame = fake_wire(s->conn);
	T_REQUIRE(frame != NULL);
	T_TRUE(strncmp((const char *)frame->bytes + 2, "create 0x0002", 13) ==
	    0);
	return (child);
}

static void
test_carried(void)
{
	struct hg_channel *child;
	struct session s;

	child = setup_carried(&s, true, "1");
	send_flow(child, TEXT);
	FAKE_IS(fake_wire(s.conn), "\0\2" FLOW, TEXT);
	fake_finish();

	child = setup_carried(&s, false, "1");
	send_flow(child, TEXT);
	IS_MEMBER(fake_wire(s.conn), "\0\2MESSAGE\nsubscription:1\n"
	    "message-id:" WORKER "-1\n" REST, TEXT);
	fake_finish();
}

/* In pieces, cut anywhere: the first bytes wait until they can be told. */
static void
test_pieces(void)
{
	static const char *const ids[] = { "1", "%FF" };
	static const char flow[] = FLOW;
	static const char written[] = "\0\2MESSAGE\nsubscription:%c\n"
	    "message-id:" WORKER "-1\n" REST;
	const struct fake_frame *frame;
	char expected[sizeof(written)], got[256], whole[257];
	struct hg_channel *child;
	struct session s;
	size_t cut, len, i;

	for (cut = 1; cut < sizeof(flow) - 1; cut++) {
		for (i = 0; i < T_ROWS(ids); i++) {
			t_row("cut %zu, id %s", cut, ids[i]);
			child = setup_carried(&s, false, ids[i]);
			fake_from_peer(child, flow, cut, HG_FIRST | HG_TEXT);
			fake_from_peer(child, flow + cut, 1, HG_TEXT);
			fake_from_peer(child, flow + cut + 1,
			    sizeof(flow) - 2 - cut, HG_LAST | HG_TEXT);
			len = 0;
			while ((frame = fake_wire(s.conn)) != NULL) {
				T_REQUIRE(len + frame->len <= sizeof(got));
				memcpy(got + len, frame->bytes, frame->len);
				len += frame->len;
				T_EQ(frame->flags & HG_TEXT, i == 0 ? HG_TEXT :
				    0);
				if ((frame->flags & HG_LAST) != 0)
					break;
			}
			T_TRUE(frame != NULL);
			memcpy(expected, written, 25);
			expected[23] = i == 0 ? '1' : '\xff';
			memcpy(expected + 24, written + 25,
			    sizeof(written) - 26);
			T_MEM_EQ(whole, normal(whole, sizeof(whole), got, len),
			    expected, sizeof(written) - 2);
			fake_finish();
		}
	}
	t_row(NULL);
}

/*
 * Members that are alike get one frame, whatever comes between; each message
 * has a message-id of its own, also for who comes again.
 */
static void
test_alike(void)
{
	static const char *const ids[] = { "1", "1", "2", "%FF", "1" };
	const struct hg_host *host = fake_hg();
	struct session s[T_ROWS(ids)];
	struct hg_channel *child[T_ROWS(ids)];
	struct hg_frame *flow;
	const struct fake_frame *frame;
	char seen[4][512];
	unsigned round, i;
	size_t len;

	fake_start();
	fake_load("stomp", NULL);
	for (i = 0; i < T_ROWS(ids); i++) {
		session_open(&s[i], HG_UPSTREAM_TRUNK);
		child[i] = child_open(s[i].root, ids[i], "1.2");
	}
	for (round = 0; round < 4; round++) {
		flow = host->frame_new(FLOW, sizeof(FLOW) - 1, TEXT);
		for (i = 0; i < T_ROWS(ids); i++)
			host->channel_send(child[i], host->frame_ref(flow));
		host->frame_unref(flow);
		fake_reap();
		for (i = 0; i < T_ROWS(ids); i++) {
			t_row("round %u, member %u", round, i);
			T_REQUIRE((frame = fake_wire(s[i].conn)) != NULL);
			T_EQ(frame->flags, i == 3 ? HG_WHOLE : TEXT);
			len = frame->len < 512 ? frame->len : 512;
			if (i == 0)
				memcpy(seen[round], frame->bytes, len);
			T_EQ(memcmp(seen[round], frame->bytes, len) == 0,
			    i < 2 || i == 4);
		}
		for (i = 0; i < round; i++)
			T_TRUE(memcmp(seen[i], seen[round], len) != 0);
		fake_wire_end(s[4].conn, 1006);
		session_open(&s[4], HG_UPSTREAM_TRUNK);
		child[4] = child_open(s[4].root, "1", "1.2");
	}
	fake_finish();
}

/* More than is copied, and an id longer than what is kept: still right. */
static void
test_long(void)
{
	static char flow[20001], id[401];
	const struct fake_frame *frame;
	struct hg_channel *child;
	struct session s;
	unsigned i;

	memset(flow, 'x', sizeof(flow) - 1);
	memcpy(flow, FLOW, sizeof(FLOW) - 2);
	memset(id, 'i', sizeof(id) - 1);
	for (i = 0; i < 3; i++) {
		t_row("%u", i);
		setup(&s);
		child = child_open(s.root, i == 1 ? "1" : id, "1.2");
		fake_from_peer(child, flow, i == 0 ? sizeof(FLOW) - 1 :
		    sizeof(flow), TEXT);
		T_REQUIRE((frame = fake_wire(s.conn)) != NULL);
		T_EQ(frame->len, (i == 0 ? sizeof(FLOW) - 1 : sizeof(flow)) +
		    (i == 1 ? 1 : 400) + sizeof("subscription:\n"
		    "message-id:" WORKER "-1\n") - 1);
		T_MEM_EQ(frame->bytes, 22, i == 1 ?
		    "MESSAGE\nsubscription:1" : "MESSAGE\nsubscription:i", 22);
		NOTHING(&s);
		fake_finish();
	}
	t_row(NULL);
}

T_MAIN(
	{ "versions", test_versions },
	{ "bad fields", test_bad_fields },
	{ "plain child", test_plain_child },
	{ "once", test_once },
	{ "not a message", test_not_a_message },
	{ "binary id", test_binary_id },
	{ "carried", test_carried },
	{ "pieces", test_pieces },
	{ "alike", test_alike },
	{ "long", test_long },
)
