/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscriptions at the gateway: receipts, children, members of flows. What
 * fans out is a provider in this file, that says what it was asked for. Covers
 * B02, B06, B07, T05, T12.
 */
#include "stomp-session.h"

#include <stdlib.h>

/* One call of join, and what followed. */
struct hg_member {
	struct hg_channel	*parent, *child;
	char			 destination[64];
	unsigned char		 key[512];
	size_t			 key_len;
	char			 credential[256];
	size_t			 credential_len;
	unsigned		 copies;
	char			 copy[512];	/* the last */
	size_t			 copy_len;
	unsigned		 copy_flags;
	bool			 left;
	unsigned		 left_code;
};

static struct hg_member members[1024];
static unsigned member_count;
static bool is_shared, passes_on;

static struct hg_member *
flows_join(struct hg_channel *parent, const char *destination, const void *key,
    size_t key_len, const void *credential, size_t credential_len,
    struct hg_fields *fields)
{
	struct hg_member *member;

	if (!is_shared || member_count == T_ROWS(members))
		return (NULL);
	member = &members[member_count++];
	memset(member, 0, sizeof(*member));
	member->parent = parent;
	snprintf(member->destination, sizeof(member->destination), "%s",
	    destination);
	T_TRUE(key_len <= sizeof(member->key));
	memcpy(member->key, key, key_len);
	member->key_len = key_len;
	T_TRUE(credential_len <= sizeof(member->credential));
	if (credential_len > 0)
		memcpy(member->credential, credential, credential_len);
	member->credential_len = credential_len;
	member->child = fake_hg()->channel_child(parent, fields);
	return (member);
}

static struct hg_channel *
flows_channel(const struct hg_member *member)
{
	return (member->child);
}

static void
flows_copy(struct hg_member *member, struct hg_frame *frame)
{
	T_FALSE(member->left);
	member->copies++;
	member->copy_len = fake_hg()->frame_peek(frame, 0, member->copy,
	    sizeof(member->copy));
	member->copy_flags = fake_hg()->frame_flags(frame);
	if (passes_on)
		fake_hg()->channel_send(member->child, frame);
	else
		fake_hg()->frame_unref(frame);
}

static void
flows_leave(struct hg_member *member, unsigned code, const char *reason)
{
	T_FALSE(member->left);
	member->left = true;
	member->left_code = code;
	if (!fake_is_closed(member->child))
		fake_hg()->channel_end(member->child, code, reason);
}

static const struct hg_flows flows = {
	.size = sizeof(struct hg_flows),
	.join = flows_join,
	.channel = flows_channel,
	.copy = flows_copy,
	.leave = flows_leave,
};

enum sharing {
	NO_FLOWS,	/* the plugin is not loaded */
	NOT_SHARED,
	SHARED,
};

static void
setup(struct session *s, enum sharing sharing, const char *version)
{
	fake_start();
	fake_load("stomp", "subscriptions-max=10", NULL);
	if (sharing != NO_FLOWS)
		fake_provide(HG_FLOWS, &flows);
	is_shared = sharing == SHARED;
	passes_on = true;
	member_count = 0;
	session_open(s, HG_UPSTREAM_WIRE);
	session_connect(s, version);
}

/* Each member was left exactly once (flows_leave checks "at most"). */
static void
teardown(void)
{
	unsigned i;

	fake_finish();
	for (i = 0; i < member_count; i++)
		T_TRUE(members[i].left);
}

#define SUBSCRIBE(s, id, destination, more)				\
	CLIENT(s, "SUBSCRIBE\nid:" id "\ndestination:" destination "\n"	\
	    more "\n\0")

/* One subscription that the broker has accepted. */
static void
subscribe(struct session *s)
{
	const char *receipt;

	SUBSCRIBE(s, "1", "/topic/a", "");
	receipt = session_receipt(s, "SUBSCRIBE\nid:1\n"
	    "destination:/topic/a\nreceipt:%s\n\n");
	session_answer(s, receipt);
	NOTHING(s);
}

static void
test_unshared(void)
{
	static const enum sharing kinds[] = { NO_FLOWS, NOT_SHARED };
	struct hg_channel *child;
	struct session s;
	const char *receipt;
	size_t i;

	for (i = 0; i < T_ROWS(kinds); i++) {
		t_row("kind %d", kinds[i]);
		setup(&s, kinds[i], "1.2");
		SUBSCRIBE(&s, "1", "/topic/a", "");
		receipt = session_receipt(&s, "SUBSCRIBE\nid:1\n"
		    "destination:/topic/a\nreceipt:%s\n\n");
		T_NULL(fake_child(s.root, NULL));
		session_answer(&s, receipt);
		child = fake_child(s.root, NULL);
		T_REQUIRE(child != NULL);
		T_NULL(fake_child(s.root, child));
		T_NULL(fake_hg()->head_get(fake_hg()->channel_request(child),
		    "X-Stomp-Subscription"));
		NOTHING(&s);
		BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:7\n"
		    "destination:/topic/a\n\nhi\0\n");
		DOWN(&s, "MESSAGE\nsubscription:1\nmessage-id:7\n"
		    "destination:/topic/a\ncontent-length:2\n\nhi\0");
		T_EQ(fake_counter("stomp", "subscriptions"), 1);
		T_EQ(fake_counter("stomp", "shared_subscriptions"), 0);
		T_EQ(fake_counter("stomp", "messages"), 1);
		CLIENT(&s, "UNSUBSCRIBE\nid:1\n\n\0");
		receipt = session_receipt(&s,
		    "UNSUBSCRIBE\nid:1\nreceipt:%s\n\n");
		/* What is on its way still arrives. */
		BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:8\n\n\0");
		DOWN(&s, "MESSAGE\nsubscription:1\nmessage-id:8\n\n\0");
		T_FALSE(fake_is_closed(child));
		session_answer(&s, receipt);
		T_TRUE(fake_is_closed(child));
		T_EQ(fake_ended(child)->code, 1000);
		T_EQ(fake_counter("stomp", "subscriptions"), 0);
		BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:9\n\n\0");
		NOTHING(&s);
		T_EQ(fake_counter("stomp", "unknown_subscription"), 1);
		teardown();
	}
	t_row(NULL);
}

/* The client's RECEIPT is before the child's creation, and behind its end. */
static void
test_receipts(void)
{
	struct session s;
	const char *receipt;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "receipt:sub\n");
	receipt = session_receipt(&s, "SUBSCRIBE\nid:1\n"
	    "destination:/topic/a\nreceipt:%s\n\n");
	T_EQ(member_count, 0);
	session_answer(&s, receipt);
	DOWN(&s, "RECEIPT\nreceipt-id:sub\n\n\0");
	T_EQ(member_count, 1);
	CLIENT(&s, "UNSUBSCRIBE\nid:1\nreceipt:a:b\n\n\0");
	receipt = session_receipt(&s, "UNSUBSCRIBE\nid:1\nreceipt:%s\n\n");
	T_FALSE(members[0].left);
	session_answer(&s, receipt);
	DOWN(&s, "RECEIPT\nreceipt-id:a\\cb\n\n\0");
	T_TRUE(members[0].left);
	T_EQ(members[0].left_code, 1000);
	NOTHING(&s);
	teardown();
}

/*
 * T05: that a receipt came proves nothing when the client chose its id. Here it
 * has one more frame with the same receipt, which the broker does answer.
 */
static void
test_receipt_of_another(void)
{
	struct session s;

	setup(&s, SHARED, "1.2");
	CLIENT(&s, "SEND\ndestination:/q\nreceipt:x\n\n\0");
	UP(&s, "SEND\ndestination:/q\nreceipt:x\n\n\0");
	SUBSCRIBE(&s, "1", "/topic/secret", "receipt:x\n");
	session_receipt(&s, "SUBSCRIBE\nid:1\n"
	    "destination:/topic/secret\nreceipt:%s\n\n");
	BROKER(&s, "RECEIPT\nreceipt-id:x\n\n\0");
	DOWN(&s, "RECEIPT\nreceipt-id:x\n\n\0");
	T_EQ(member_count, 0);
	BROKER(&s, "ERROR\nmessage:denied\n\n\0");
	DOWN(&s, "ERROR\nmessage:denied\n\n\0");
	T_EQ(member_count, 0);
	NOTHING(&s);
	teardown();
}

/* Receipts that look like ours, but are not. */
static void
test_foreign_receipts(void)
{
	static const char *const receipts[] = {
		"hg-0000000000000000-1", "hg-", "", "hg-zzzzzzzzzzzzzzzz-1",
		"1",
	};
	const struct fake_frame *frame;
	struct session s;
	size_t i;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "");
	T_REQUIRE(fake_top(s.root) != NULL);
	for (i = 0; i < T_ROWS(receipts); i++) {
		t_row("%s", receipts[i]);
		session_answer(&s, receipts[i]);
		frame = fake_wire(s.conn);
		T_TRUE(frame != NULL);
		T_EQ(member_count, 0);
	}
	t_row(NULL);
	teardown();
}

/* Without a receipt in time, a first message says as much. */
static void
test_message_first(void)
{
	struct session s;
	const char *receipt;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "receipt:r\n");
	receipt = session_receipt(&s, "SUBSCRIBE\nid:1\n"
	    "destination:/topic/a\nreceipt:%s\n\n");
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:7\n\nx\0");
	T_EQ(member_count, 1);
	T_EQ(members[0].copies, 1);
	T_REQUIRE(fake_wire(s.conn) != NULL);
	session_answer(&s, receipt);
	DOWN(&s, "RECEIPT\nreceipt-id:r\n\n\0");
	T_EQ(member_count, 1);
	teardown();
}

/* What a flow gets, and what its member's client gets. */
static void
test_shared(void)
{
	const struct hg_head *request;
	const struct fake_frame *frame;
	struct session s;
	char text[256];
	int len;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "a\\c b", "/topic/a", "ack:auto\nx:1\n");
	session_answer(&s, session_receipt(&s, "SUBSCRIBE\nid:a\\c b\n"
	    "destination:/topic/a\nack:auto\nx:1\nreceipt:%s\n\n"));
	T_EQ(member_count, 1);
	T_STR_EQ(members[0].destination, "/topic/a");
	T_MEM_EQ(members[0].credential, members[0].credential_len, "joe\0pw",
	    6);
	T_EQ(fake_counter("stomp", "shared_subscriptions"), 1);
	request = fake_hg()->channel_request(members[0].child);
	T_STR_EQ(fake_hg()->head_get(request, "X-Stomp-Subscription"),
	    "a%3A%20b");
	T_STR_EQ(fake_hg()->head_get(request, "X-Stomp-Version"), "1.2");

	BROKER(&s, "MESSAGE\nsubscription:a\\c b\nmessage-id:T_7\nk:v\n"
	    "ack:9\ncontent-length:3\ndestination:/topic/a\n\n\xc3\xa9\0\0");
	T_MEM_EQ(members[0].copy, members[0].copy_len, "MESSAGE\nk:v\n"
	    "destination:/topic/a\ncontent-length:3\n\n\xc3\xa9\0\0", 55);
	T_EQ(members[0].copy_flags, TEXT);
	frame = fake_wire(s.conn);
	T_REQUIRE(frame != NULL);
	len = snprintf(text, sizeof(text), "MESSAGE\nsubscription:a\\c b\n"
	    "message-id:%.16s-1\nk:v\ndestination:/topic/a\n"
	    "content-length:3\n\n\xc3\xa9",
	    strstr((const char *)frame->bytes, "message-id:") + 11);
	memset(text + len, '\0', 2);
	T_MEM_EQ(frame->bytes, frame->len, text, (size_t)len + 2);
	T_EQ(frame->flags, TEXT);

	BROKER(&s, "MESSAGE\nsubscription:a\\c b\nmessage-id:T_8\n\n\xff\0");
	T_EQ(members[0].copy_flags, HG_WHOLE);
	frame = fake_wire(s.conn);
	T_REQUIRE(frame != NULL);
	T_EQ(frame->flags, HG_WHOLE);
	T_TRUE(strstr((const char *)frame->bytes, "-2\n") != NULL);
	NOTHING(&s);
	teardown();
}

/* Who is not acknowledged by the broker itself is not merged. */
static void
test_not_mergeable(void)
{
	struct session s;
	size_t i;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "ack:client\n");
	session_answer(&s, session_receipt(&s, "SUBSCRIBE\nid:1\n"
	    "destination:/topic/a\nack:client\nreceipt:%s\n\n"));
	SUBSCRIBE(&s, "2", "/topic/a", "ack:client-individual\n");
	session_answer(&s, session_receipt(&s, "SUBSCRIBE\nid:2\n"
	    "destination:/topic/a\nack:client-individual\nreceipt:%s\n\n"));
	T_EQ(member_count, 0);
	T_REQUIRE(fake_child(s.root, NULL) != NULL);
	for (i = 0; i < 2; i++) {
		BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\nack:1\n\n"
		    "\0");
		DOWN(&s, "MESSAGE\nsubscription:1\nmessage-id:1\nack:1\n\n\0");
	}
	CLIENT(&s, "ACK\nid:1\n\n\0");
	UP(&s, "ACK\nid:1\n\n\0");
	teardown();
}

/* B07: what makes another flow, and what does not. */
static void
test_keys(void)
{
	static const struct {
		const char	*version;
		const char	*head;
		bool		 same;		/* as the first row */
	} rows[] = {
		{ "1.2", "id:1\ndestination:/topic/a\nx:1\ny:2\n", true },
		{ "1.2", "id:2\ndestination:/topic/a\nx:1\ny:2\n", true },
		{ "1.2", "y:2\nid:1\nreceipt:5\ndestination:/topic/a\nx:1\n",
		    true },
		{ "1.2", "id:1\ndestination:/topic/a\nx:1\ny:2\nack:auto\n",
		    true },
		{ "1.2", "id:1\ndestination:/topic/b\nx:1\ny:2\n", false },
		{ "1.2", "id:1\ndestination:/topic/a\nx:2\ny:2\n", false },
		{ "1.2", "id:1\ndestination:/topic/a\nx:1\n", false },
		{ "1.2", "id:1\ndestination:/topic/a\nx:1y\\c2\n", false },
		{ "1.2", "id:1\ndestination:/topic/a\nx:1\ny:2\nselector:\n",
		    false },
		{ "1.2", "id:1\ndestination:/topic/*\nx:1\ny:2\n", false },
		{ "1.2", "id:1\ndestination:/topic/a\nx:1\ny:2\nx:0\n", false },
		{ "1.1", "id:1\ndestination:/topic/a\nx:1\ny:2\n", false },
	};
	const struct fake_frame *frame;
	struct hg_member first = { 0 };
	struct session s;
	char text[256];
	bool same;
	int len;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		setup(&s, SHARED, rows[i].version);
		len = snprintf(text, sizeof(text), "SUBSCRIBE\n%s\n",
		    rows[i].head);
		fake_from_wire(s.conn, text, (size_t)len + 1, TEXT);
		frame = fake_top(s.root);
		T_REQUIRE(frame != NULL);
		len = snprintf(text, sizeof(text),
		    "MESSAGE\nsubscription:%c\n\n",
		    strstr(rows[i].head, "id:")[3]);
		fake_from_peer(s.root, text, (size_t)len + 1, HG_WHOLE);
		T_REQUIRE(member_count == 1);
		if (i == 0)
			first = members[0];
		same = first.key_len == members[0].key_len &&
		    memcmp(first.key, members[0].key, first.key_len) == 0;
		T_EQ(same, rows[i].same);
		teardown();
	}
	t_row(NULL);
}

/* T05: what tells subscribers from each other. */
static void
test_credentials(void)
{
	static const struct {
		const char	*connect;
		const char	*http;
		const char	*credential;
		size_t		 len;
	} rows[] = {
#define IS(text)	text, sizeof(text) - 1
		{ "login:a\npasscode:b\nhost:x\n", "", IS("a\0b") },
		{ "host:y\npasscode:b\nlogin:a\n", "Cookie: c\r\n",
		    IS("a\0b") },
		{ "login:\npasscode:ab\n", "", IS("\0ab") },
		{ "login:a\npasscode:b\nAuthorization:t\n", "",
		    IS("a\0b\0Authorization\0t") },
		{ "host:x\n", "", IS("") },
		{ "host:x\n", "Authorization: Bearer t\r\nCookie: c\r\n",
		    IS("\0\0Bearer t\0c") },
#undef IS
	};
	const struct hg_member *member = &members[0];
	struct session s;
	char text[256];
	int len;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("stomp", NULL);
		fake_provide(HG_FLOWS, &flows);
		is_shared = true;
		member_count = 0;
		s.conn = fake_conn(false, NULL);
		fake_set_upstream(s.conn, HG_UPSTREAM_WIRE);
		snprintf(text, sizeof(text),
		    "GET /stomp HTTP/1.1\r\nHost: x\r\n%s", rows[i].http);
		s.root = fake_root(s.conn, text, "stomp", NULL);
		len = snprintf(text, sizeof(text),
		    "CONNECT\naccept-version:1.2\n%s\n", rows[i].connect);
		fake_from_wire(s.conn, text, (size_t)len + 1, TEXT);
		BROKER(&s, "CONNECTED\nversion:1.2\n\n\0");
		SUBSCRIBE(&s, "1", "/topic/a", "");
		BROKER(&s, "MESSAGE\nsubscription:1\n\n\0");
		T_REQUIRE(member_count == 1);
		T_MEM_EQ(member->credential, member->credential_len,
		    rows[i].credential, rows[i].len);
		teardown();
	}
	t_row(NULL);
}

/* B06: whatever ends a subscription ends its part in the flow first. */
static void
test_revoked(void)
{
	static const struct {
		const char	*name;
		unsigned	 code;
	} rows[] = {
		{ "the broker's ERROR", 1000 },
		{ "the broker is lost", 1012 },
		{ "the broker is malformed", 1011 },
		{ "the client is malformed", 1002 },
		{ "the client is gone", 1000 },
		{ "the client has gone without a word", 1000 },
	};
	struct session s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		setup(&s, SHARED, "1.2");
		subscribe(&s);
		T_REQUIRE(member_count == 1);
		switch (i) {
		case 0:
			BROKER(&s, "ERROR\nmessage:no\n\n\0"
			    "MESSAGE\nsubscription:1\n\nx\0");
			DOWN(&s, "ERROR\nmessage:no\n\n\0");
			break;
		case 1:
			fake_set_linked(s.root, true);
			fake_peer_end(s.root, 1006, "", false);
			break;
		case 2:
			BROKER(&s, "what\n\n\0");
			break;
		case 3:
			CLIENT(&s, "what\n\n\0");
			break;
		case 4:
			fake_wire_end(s.conn, 1000);
			break;
		default:
			fake_wire_end(s.conn, 1006);
			break;
		}
		T_TRUE(members[0].left);
		T_EQ(members[0].copies, 0);
		if (i != 1)
			T_EQ(members[0].left_code, rows[i].code);
		T_EQ(fake_counter("stomp", "shared_subscriptions"), 0);
		teardown();
	}
	t_row(NULL);
}

/* A child that is ended by somebody else. */
static void
test_child_ended(void)
{
	static const enum sharing kinds[] = { NOT_SHARED, SHARED };
	static const struct {
		unsigned	 code;
		bool		 is_told;
	} ends[] = {
		{ 1000, false }, { 1001, false }, { 4000, false },
		{ 1009, true }, { 1011, true }, { 1013, true },
	};
	struct hg_channel *child;
	struct session s;
	const char *receipt;
	size_t i, n;

	for (i = 0; i < T_ROWS(kinds); i++) {
		t_row("by us, kind %d", kinds[i]);
		setup(&s, kinds[i], "1.2");
		subscribe(&s);
		child = fake_child(s.root, NULL);
		T_REQUIRE(child != NULL);
		/* Messages would be missing, so the client is told. */
		fake_peer_end(child, 1013, "slow", false);
		T_REQUIRE(fake_ended(s.root) != NULL);
		T_EQ(fake_ended(s.root)->code, 1013);
		T_REQUIRE(fake_wire(s.conn) != NULL);
		teardown();

		for (n = 0; n < T_ROWS(ends); n++) {
			t_row("by the wire, kind %d, %u", kinds[i],
			    ends[n].code);
			setup(&s, kinds[i], "1.2");
			subscribe(&s);
			child = fake_child(s.root, NULL);
			T_REQUIRE(child != NULL);
			fake_hg()->channel_ended(child, ends[n].code, "");
			fake_reap();
			T_EQ(fake_ended(s.root) != NULL, ends[n].is_told);
			teardown();
		}

		t_row("quietly, kind %d", kinds[i]);
		setup(&s, kinds[i], "1.2");
		subscribe(&s);
		child = fake_child(s.root, NULL);
		T_REQUIRE(child != NULL);
		fake_peer_end(child, 1000, "", false);
		T_TRUE(fake_is_closed(child));
		T_NULL(fake_ended(s.root));
		BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\n\n\0");
		NOTHING(&s);
		/* The subscription can still be ended, and made anew. */
		CLIENT(&s, "UNSUBSCRIBE\nid:1\nreceipt:u\n\n\0");
		receipt = session_receipt(&s,
		    "UNSUBSCRIBE\nid:1\nreceipt:%s\n\n");
		session_answer(&s, receipt);
		DOWN(&s, "RECEIPT\nreceipt-id:u\n\n\0");
		subscribe(&s);
		T_REQUIRE(fake_child(s.root, NULL) != NULL);
		teardown();
	}
	t_row(NULL);
}

/* An id may be used again before the broker has answered. */
static void
test_same_id_again(void)
{
	struct session s;
	const char *first, *leave, *second;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "");
	first = session_receipt(&s, "SUBSCRIBE\nid:1\ndestination:/topic/a\n"
	    "receipt:%s\n\n");
	session_answer(&s, first);
	CLIENT(&s, "UNSUBSCRIBE\nid:1\n\n\0");
	leave = session_receipt(&s, "UNSUBSCRIBE\nid:1\nreceipt:%s\n\n");
	SUBSCRIBE(&s, "1", "/topic/b", "");
	second = session_receipt(&s, "SUBSCRIBE\nid:1\ndestination:/topic/b\n"
	    "receipt:%s\n\n");
	/* Until the broker has answered, they are for the first. */
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\n\n1\0");
	T_EQ(member_count, 1);
	T_EQ(members[0].copies, 1);
	session_answer(&s, leave);
	T_TRUE(members[0].left);
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:2\n\n2\0");
	T_EQ(member_count, 2);
	T_STR_EQ(members[1].destination, "/topic/b");
	T_EQ(members[1].copies, 1);
	T_EQ(members[0].copies, 1);
	session_answer(&s, second);
	T_EQ(fake_counter("stomp", "subscriptions"), 1);
	teardown();
}

/* UNSUBSCRIBE overtakes the broker's yes: no child is made any more. */
static void
test_unsubscribe_before_receipt(void)
{
	struct session s;
	const char *first, *leave;

	setup(&s, SHARED, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "receipt:a\n");
	first = session_receipt(&s, "SUBSCRIBE\nid:1\ndestination:/topic/a\n"
	    "receipt:%s\n\n");
	CLIENT(&s, "UNSUBSCRIBE\nid:1\nreceipt:b\n\n\0");
	leave = session_receipt(&s, "UNSUBSCRIBE\nid:1\nreceipt:%s\n\n");
	session_answer(&s, first);
	DOWN(&s, "RECEIPT\nreceipt-id:a\n\n\0");
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\n\n\0");
	T_EQ(member_count, 0);
	session_answer(&s, leave);
	DOWN(&s, "RECEIPT\nreceipt-id:b\n\n\0");
	NOTHING(&s);
	T_EQ(fake_counter("stomp", "subscriptions"), 0);
	teardown();
}

static void
test_id_in_use(void)
{
	struct session s;

	setup(&s, NO_FLOWS, "1.2");
	subscribe(&s);
	SUBSCRIBE(&s, "1", "/topic/b", "");
	DOWN(&s, "ERROR\nmessage:the subscription's id is in use\n\n\0");
	T_REQUIRE(fake_ended(s.root) != NULL);
	T_EQ(fake_ended(s.root)->code, 1008);
	NOTHING(&s);
	teardown();
}

static void
send_subscribe(struct session *s, unsigned id)
{
	char text[128];
	int len;

	len = snprintf(text, sizeof(text),
	    "SUBSCRIBE\nid:%u\ndestination:/topic/%u\n\n", id, id);
	fake_from_wire(s->conn, text, (size_t)len + 1, TEXT);
}

static void
send_message(struct session *s, unsigned id)
{
	char text[128];
	int len;

	len = snprintf(text, sizeof(text),
	    "MESSAGE\nsubscription:%u\nmessage-id:1\n\n", id);
	fake_from_peer(s->root, text, (size_t)len + 1, HG_WHOLE);
}

static void
test_too_many(void)
{
	struct session s;
	unsigned i;

	setup(&s, NO_FLOWS, "1.2");
	for (i = 0; i < 10; i++)
		send_subscribe(&s, i);
	T_NULL(fake_ended(s.root));
	T_EQ(fake_counter("stomp", "subscriptions"), 10);
	send_subscribe(&s, i);
	DOWN(&s, "ERROR\nmessage:too many subscriptions\n\n\0");
	T_REQUIRE(fake_ended(s.root) != NULL);
	T_EQ(fake_ended(s.root)->code, 1008);
	T_EQ(fake_counter("stomp", "subscriptions"), 0);
	teardown();
}

/* All ids are told from each other; the table grows and empties. */
static void
test_many(void)
{
	const char *receipt;
	struct session s;
	char text[128];
	unsigned i;
	int len;

	fake_start();
	fake_load("stomp", NULL);
	fake_provide(HG_FLOWS, &flows);
	is_shared = true;
	passes_on = false;
	member_count = 0;
	session_open(&s, HG_UPSTREAM_WIRE);
	session_connect(&s, "1.2");
	for (i = 0; i < 1000; i++) {
		send_subscribe(&s, i);
		T_REQUIRE(fake_top(s.root) != NULL);
		send_message(&s, i);
	}
	T_EQ(member_count, 1000);
	for (i = 0; i < 1000; i++) {
		send_message(&s, i);
		t_row("%u", i);
		T_EQ(members[i].copies, 2);
	}
	for (i = 0; i < 1000; i++) {
		len = snprintf(text, sizeof(text), "UNSUBSCRIBE\nid:%u\n\n",
		    (i * 7) % 1000);
		fake_from_wire(s.conn, text, (size_t)len + 1, TEXT);
		snprintf(text, sizeof(text),
		    "UNSUBSCRIBE\nid:%u\nreceipt:%%s\n\n", (i * 7) % 1000);
		receipt = session_receipt(&s, text);
		session_answer(&s, receipt);
		T_TRUE(members[(i * 7) % 1000].left);
	}
	t_row(NULL);
	T_EQ(fake_counter("stomp", "subscriptions"), 0);
	teardown();
}

/* A broker that makes the subscription itself, for the reply to a request. */
static void
test_temp_queue(void)
{
	struct session s;

	setup(&s, NO_FLOWS, "1.2");
	BROKER(&s, "MESSAGE\nsubscription:/temp-queue/r\nmessage-id:1\n\n\0");
	NOTHING(&s);
	T_EQ(fake_counter("stomp", "unknown_subscription"), 1);
	CLIENT(&s, "SEND\ndestination:/q\nreply-to:/temp-queue/r\n\n\0");
	UP(&s, "SEND\ndestination:/q\nreply-to:/temp-queue/r\n\n\0");
	BROKER(&s, "MESSAGE\nsubscription:/temp-queue/r\nmessage-id:1\n\n\0");
	DOWN(&s, "MESSAGE\nsubscription:/temp-queue/r\nmessage-id:1\n\n\0");
	NOTHING(&s);
	teardown();
}

/* An id that would make the child's fields too long is not merged. */
static void
test_long_id(void)
{
	char text[700];
	struct session s;
	int len;

	setup(&s, SHARED, "1.2");
	len = snprintf(text, sizeof(text),
	    "SUBSCRIBE\nid:%0513d\ndestination:/topic/a\n\n", 1);
	fake_from_wire(s.conn, text, (size_t)len + 1, TEXT);
	T_REQUIRE(fake_top(s.root) != NULL);
	len = snprintf(text, sizeof(text),
	    "MESSAGE\nsubscription:%0513d\nmessage-id:1\n\n", 1);
	fake_from_peer(s.root, text, (size_t)len + 1, HG_WHOLE);
	T_EQ(member_count, 0);
	T_TRUE(fake_child(s.root, NULL) != NULL);
	fake_is(fake_wire(s.conn), text, (size_t)len + 1, TEXT,
	    T_AT("unchanged"));
	teardown();
}

/* T12: what a client sends never gets into a flow. */
static void
test_client_cannot_publish_into_a_flow(void)
{
	struct session s;

	setup(&s, SHARED, "1.2");
	subscribe(&s);
	CLIENT(&s, "MESSAGE\nsubscription:1\n\nx\0");
	T_EQ(members[0].copies, 0);
	T_TRUE(fake_ended(s.root) != NULL);
	teardown();

	setup(&s, SHARED, "1.2");
	subscribe(&s);
	fake_from_below(members[0].child, "MESSAGE\n\nx\0", 11, TEXT);
	T_EQ(members[0].copies, 0);
	T_REQUIRE(fake_ended(members[0].child) != NULL);
	T_EQ(fake_ended(members[0].child)->code, 1002);
	teardown();
}

/* At an edge nothing is subscribed here. */
static void
test_edge(void)
{
	struct session s;

	fake_start();
	fake_load("stomp", NULL);
	fake_provide(HG_FLOWS, &flows);
	is_shared = true;
	member_count = 0;
	session_open(&s, HG_UPSTREAM_TRUNK);
	session_connect(&s, "1.2");
	SUBSCRIBE(&s, "1", "/topic/a", "receipt:r\n");
	UP(&s, "SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n\0");
	BROKER(&s, "RECEIPT\nreceipt-id:r\n\n\0");
	FAKE_IS(fake_wire(s.conn), "RECEIPT\nreceipt-id:r\n\n\0", HG_WHOLE);
	BROKER(&s, "MESSAGE\nsubscription:1\nmessage-id:1\n\n\0");
	FAKE_IS(fake_wire(s.conn),
	    "MESSAGE\nsubscription:1\nmessage-id:1\n\n\0", HG_WHOLE);
	CLIENT(&s, "UNSUBSCRIBE\nid:1\n\n\0");
	UP(&s, "UNSUBSCRIBE\nid:1\n\n\0");
	T_EQ(member_count, 0);
	T_NULL(fake_child(s.root, NULL));
	teardown();
}

T_MAIN(
	{ "unshared", test_unshared },
	{ "receipts", test_receipts },
	{ "receipt of another frame", test_receipt_of_another },
	{ "foreign receipts", test_foreign_receipts },
	{ "message first", test_message_first },
	{ "shared", test_shared },
	{ "not mergeable", test_not_mergeable },
	{ "keys", test_keys },
	{ "credentials", test_credentials },
	{ "revoked", test_revoked },
	{ "child ended", test_child_ended },
	{ "same id again", test_same_id_again },
	{ "unsubscribe before receipt", test_unsubscribe_before_receipt },
	{ "id in use", test_id_in_use },
	{ "too many", test_too_many },
	{ "many", test_many },
	{ "temporary queue", test_temp_queue },
	{ "long id", test_long_id },
	{ "client cannot publish", test_client_cannot_publish_into_a_flow },
	{ "edge", test_edge },
)
