/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subscription that a flow takes back at the broker and makes again, and what
 * is left of a client that goes. What fans out is a provider in this file; the
 * real one is in test-fanout-one. Covers B06, T05.
 */
#include "stomp-session.h"

#include <stdlib.h>

struct hg_member {
	struct hg_channel	*child;
	const struct hg_source	*source;
	void			*arg;
	unsigned		 copies, paused, resumed, checked, parts;
	bool			 kept, left;
};

static struct hg_member members[8];
static unsigned member_count;
static bool is_needed;		/* what part says */
static bool is_held;

static struct hg_member *
flows_join(struct hg_channel *parent, const char *destination, const void *key,
    size_t key_len, const void *credential, size_t credential_len,
    struct hg_fields *fields)
{
	struct hg_member *member = &members[member_count++];

	(void)destination;
	(void)key;
	(void)key_len;
	(void)credential;
	(void)credential_len;
	T_REQUIRE(member_count <= T_ROWS(members));
	memset(member, 0, sizeof(*member));
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
	fake_hg()->frame_unref(frame);
}

static void
flows_leave(struct hg_member *member, unsigned code, const char *reason)
{
	T_FALSE(member->left);
	member->left = true;
	if (!member->kept && !fake_is_closed(member->child))
		fake_hg()->channel_end(member->child, code, reason);
}

static bool
flows_set_source(struct hg_member *member, const struct hg_source *source,
    void *arg)
{
	member->source = source;
	member->arg = arg;
	return (true);
}

static void
flows_paused(struct hg_member *member)
{
	member->paused++;
}

static void
flows_resumed(struct hg_member *member)
{
	member->resumed++;
}

static void
flows_checked(struct hg_member *member)
{
	member->checked++;
}

static bool
flows_part(struct hg_member *member, unsigned code, const char *reason)
{
	T_FALSE(member->left);
	member->parts++;
	if (!is_needed)
		return (false);
	if (!member->kept && !fake_is_closed(member->child)) {
		member->kept = true;
		fake_hg()->channel_end(member->child, code, reason);
	}
	return (true);
}

static bool
flows_is_held(const struct hg_member *member)
{
	T_FALSE(member->left);
	return (is_held);
}

static const struct hg_flows flows = {
	.size = sizeof(struct hg_flows),
	.join = flows_join,
	.channel = flows_channel,
	.copy = flows_copy,
	.leave = flows_leave,
	.set_source = flows_set_source,
	.paused = flows_paused,
	.resumed = flows_resumed,
	.checked = flows_checked,
	.part = flows_part,
	.is_held = flows_is_held,
};

/* One member of /topic/a, with that id; more: other headers. */
static void
subscribe(struct session *s, const char *id, const char *more)
{
	char text[256], expected[256];
	int len;

	len = snprintf(text, sizeof(text),
	    "SUBSCRIBE\nid:%s\ndestination:/topic/a\n%s\n", id, more);
	fake_from_wire(s->conn, text, (size_t)len + 1, TEXT);
	snprintf(expected, sizeof(expected), "SUBSCRIBE\nid:%s\n"
	    "destination:/topic/a\n%sreceipt:%%s\n\n", id, more);
	session_answer(s, session_receipt(s, expected));
	fake_reap();
}

static void
setup(struct session *s, const char *version)
{
	fake_start();
	fake_load("stomp", NULL);
	fake_provide(HG_FLOWS, &flows);
	member_count = 0;
	is_needed = false;
	session_open(s, HG_UPSTREAM_WIRE);
	session_connect(s, version);
}

/* All members were left once. */
static void
teardown(void)
{
	unsigned i;

	fake_finish();
	for (i = 0; i < member_count; i++)
		T_TRUE(members[i].left);
}

static void
message(struct session *s, const char *id, const char *body)
{
	char text[256];
	int len;

	len = snprintf(text, sizeof(text), "MESSAGE\nsubscription:%s\n"
	    "message-id:1\ndestination:/topic/a\n\n%s", id, body);
	if (fake_is_kept(s->root))
		fake_from_kept(s->root, text, (size_t)len + 1);
	else
		fake_from_peer(s->root, text, (size_t)len + 1, HG_WHOLE);
}

/* A header of the next frame for the broker, which must begin so. */
static const char *
up_header(struct session *s, const char *command, const char *header)
{
	static char value[4][128];
	static unsigned at;
	const struct fake_frame *frame;
	const char *found;

	at = (at + 1) % 4;
	frame = fake_top(s->root);
	T_REQUIRE(frame != NULL);
	T_TRUE(strncmp((const char *)frame->bytes, command,
	    strlen(command)) == 0);
	found = strstr((const char *)frame->bytes, header);
	T_REQUIRE(found != NULL);
	found += strlen(header);
	snprintf(value[at], sizeof(value[at]), "%.*s",
	    (int)strcspn(found, "\n"), found);
	return (value[at]);
}

static void
pause_member(struct session *s, struct hg_member *m, const char *id)
{
	char expected[128];

	m->source->pause(m->arg);
	snprintf(expected, sizeof(expected), "UNSUBSCRIBE\nid:%s\n"
	    "receipt:%%s\n\n", id);
	session_answer(s, session_receipt(s, expected));
	T_EQ(m->paused, 1);
	NOTHING(s);
}

/* Its id at the broker from then on. */
static const char *
resume_member(struct session *s, struct hg_member *m, const char *more)
{
	static char id[64];
	const struct fake_frame *frame;
	char expected[256], receipt[64];
	const char *text;

	m->source->resume(m->arg);
	frame = fake_top(s->root);
	T_REQUIRE(frame != NULL);
	text = (const char *)frame->bytes;
	T_REQUIRE(sscanf(strstr(text, "id:") + 3, "%63s", id) == 1);
	T_REQUIRE(sscanf(strstr(text, "receipt:") + 8, "%63s", receipt) == 1);
	T_TRUE(strncmp(id, "hg-", 3) == 0);
	snprintf(expected, sizeof(expected), "SUBSCRIBE\nid:%s\n"
	    "destination:/topic/a\n%sack:auto\nreceipt:%s\n\n", id, more,
	    receipt);
	T_STR_EQ(text, expected);
	session_answer(s, receipt);
	T_EQ(m->resumed, 1);
	NOTHING(s);
	return (id);
}

/* Copies come until the broker has taken it back, then under another id. */
static void
test_pause_resume(void)
{
	static const char *const versions[] = { "1.0", "1.1", "1.2" };
	struct session s;
	const char *id;
	size_t i;

	for (i = 0; i < T_ROWS(versions); i++) {
		setup(&s, versions[i]);
		subscribe(&s, "s1", "selector:x = 1\n");
		message(&s, "s1", "one");
		T_EQ(members[0].copies, 1);
		members[0].source->pause(members[0].arg);
		message(&s, "s1", "two");
		T_EQ(members[0].copies, 2);
		session_answer(&s, session_receipt(&s,
		    "UNSUBSCRIBE\nid:s1\nreceipt:%s\n\n"));
		T_EQ(members[0].paused, 1);
		id = resume_member(&s, &members[0], "selector:x = 1\n");
		message(&s, id, "three");
		T_EQ(members[0].copies, 3);
		NOTHING(&s);
		teardown();
	}
}

/* A message can be there before the receipt: it is accepted then. */
static void
test_resumed_by_message(void)
{
	struct hg_member *m = &members[0];
	struct session s;
	char id[64];

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, m, "s1");
	m->source->resume(m->arg);
	snprintf(id, sizeof(id), "%s", up_header(&s, "SUBSCRIBE", "id:"));
	message(&s, id, "one");
	T_EQ(m->resumed, 1);
	T_EQ(m->copies, 1);
	teardown();
}

/* Both at once; what comes between is nobody's. */
static void
test_check(void)
{
	struct hg_member *m = &members[0];
	struct session s;
	char id[64], receipt[64];

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, m, "s1");
	m->source->check(m->arg);
	snprintf(id, sizeof(id), "%s", up_header(&s, "SUBSCRIBE", "id:"));
	snprintf(receipt, sizeof(receipt), "UNSUBSCRIBE\nid:%s\n"
	    "receipt:%%s\n\n", id);
	message(&s, id, "between");
	T_EQ(m->copies, 0);
	session_answer(&s, session_receipt(&s, receipt));
	T_EQ(m->checked, 1);
	T_EQ(fake_counter("stomp", "unknown_subscription"), 0);
	NOTHING(&s);
	teardown();
}

/* Refused: it is out, and the client hears the broker's own word. */
static void
test_check_refused(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, &members[0], "s1");
	members[0].source->check(members[0].arg);
	BROKER(&s, "ERROR\nmessage:access_refused\n\n\0");
	T_TRUE(members[0].left);
	DOWN(&s, "ERROR\nmessage:access_refused\n\n\0");
	teardown();
}

/* RabbitMQ's word on a message that was under way is nobody's end. */
static void
test_late_message(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, &members[0], "s1");
	BROKER(&s, "ERROR\nmessage:Subscription not found\n\n"
	    "There is no current subscription with tag 'T_s1'.\0");
	NOTHING(&s);
	T_FALSE(members[0].left);
	T_EQ(fake_counter("stomp", "late_messages"), 1);
	T_EQ(fake_counter("stomp", "errors"), 0);
	BROKER(&s, "ERROR\nmessage:x\n\nThere is no current subscription\0");
	T_TRUE(members[0].left);
	teardown();
}

/* What a broker may keep by other headers is never taken back. */
static void
test_not_simple(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "durable:true\n");
	T_TRUE(members[0].source == NULL);
	teardown();
}

/* --- the client ends it ----------------------------------------------------- */

#define UNSUBSCRIBE(s, id)						\
	CLIENT(s, "UNSUBSCRIBE\nid:" id "\nreceipt:bye\n\n\0")

static void
test_unsubscribe_paused(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, &members[0], "s1");
	UNSUBSCRIBE(&s, "s1");
	DOWN(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	NOTHING(&s);
	T_TRUE(members[0].left);
	T_EQ(fake_counter("stomp", "subscriptions"), 0);
	subscribe(&s, "s1", "");
	teardown();
}

/* While it is being taken back: nothing is said twice. */
static void
test_unsubscribe_pausing(void)
{
	struct session s;
	const char *receipt;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	members[0].source->pause(members[0].arg);
	receipt = session_receipt(&s, "UNSUBSCRIBE\nid:s1\nreceipt:%s\n\n");
	UNSUBSCRIBE(&s, "s1");
	DOWN(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	T_TRUE(members[0].left);
	message(&s, "s1", "late");
	NOTHING(&s);
	session_answer(&s, receipt);
	NOTHING(&s);
	teardown();
}

/* While it is being made again: by the id that it has there. */
static void
test_unsubscribe_waking(void)
{
	struct session s;
	char id[64], expected[128];
	const char *receipt;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	pause_member(&s, &members[0], "s1");
	members[0].source->resume(members[0].arg);
	snprintf(id, sizeof(id), "%s", up_header(&s, "SUBSCRIBE", "id:"));
	UNSUBSCRIBE(&s, "s1");
	snprintf(expected, sizeof(expected), "UNSUBSCRIBE\nid:%s\n"
	    "receipt:%%s\n\n", id);
	receipt = session_receipt(&s, expected);
	T_FALSE(members[0].left);
	session_answer(&s, receipt);
	T_TRUE(members[0].left);
	DOWN(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	teardown();
}

/* A kept one goes on for the flow; to the client it is over. */
static void
test_unsubscribe_kept(void)
{
	struct hg_member *m = &members[0];
	struct session s;
	char id[64];

	setup(&s, "1.1");
	subscribe(&s, "s1", "");
	is_needed = true;
	UNSUBSCRIBE(&s, "s1");
	DOWN(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	NOTHING(&s);
	message(&s, "s1", "one");
	T_EQ(m->copies, 1);

	/* The same id is another one now, at the broker too. */
	is_needed = false;
	CLIENT(&s, "SUBSCRIBE\nid:s1\ndestination:/queue/q\nack:client\n\n\0");
	snprintf(id, sizeof(id), "%s", up_header(&s, "SUBSCRIBE", "id:"));
	T_TRUE(strncmp(id, "hg-", 3) == 0);
	message(&s, id, "two");
	DOWN(&s, "MESSAGE\nsubscription:s1\nmessage-id:1\n"
	    "destination:/topic/a\ncontent-length:3\n\ntwo\0");
	T_EQ(m->copies, 1);
	CLIENT(&s, "ACK\nmessage-id:1\nsubscription:s1\n\n\0");
	T_STR_EQ(up_header(&s, "ACK", "subscription:"), id);

	m->source->release(m->arg);
	T_TRUE(m->left);
	session_answer(&s, session_receipt(&s,
	    "UNSUBSCRIBE\nid:s1\nreceipt:%s\n\n"));
	teardown();
}

static void
test_disconnect_kept(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	subscribe(&s, "s2", "");
	CLIENT(&s, "SUBSCRIBE\nid:q\ndestination:/queue/q\nack:client\n\n\0");
	T_REQUIRE(fake_top(s.root) != NULL);
	pause_member(&s, &members[1], "s2");
	is_needed = true;
	members[1].kept = false;
	CLIENT(&s, "DISCONNECT\nreceipt:bye\n\n\0");
	/* What else there is, is taken back; the rest waits. */
	session_receipt(&s, "UNSUBSCRIBE\nid:q\nreceipt:%s\n\n");
	NOTHING(&s);
	message(&s, "s1", "one");
	T_EQ(members[0].copies, 1);
	members[0].source->release(members[0].arg);
	session_receipt(&s, "UNSUBSCRIBE\nid:s1\nreceipt:%s\n\n");
	members[1].source->release(members[1].arg);
	session_receipt(&s, "UNSUBSCRIBE\nid:s2\nreceipt:%s\n\n");
	UP(&s, "DISCONNECT\nreceipt:bye\n\n\0");
	BROKER(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	DOWN(&s, "RECEIPT\nreceipt-id:bye\n\n\0");
	teardown();
}

/* --- the client is gone ------------------------------------------------------ */

/* Its broker connection stays, in half a message too, until it is enough. */
static void
test_vanished(void)
{
	static const char half[] = "MESSAGE\nsubscription:s1\nmessage-id:1\n"
	    "destination:/topic/a\n";
	struct hg_member *m = &members[0];
	struct session s;
	unsigned how;

	for (how = 0; how < 3; how++) {
		t_row("way %u", how);
		setup(&s, "1.2");
		subscribe(&s, "s1", "");
		is_needed = true;
		fake_from_peer(s.root, half, sizeof(half) - 1, HG_WHOLE);
		if (how == 2)
			CLIENT(&s, "CONNECT\n\n\0");
		else
			fake_wire_end(s.conn, how == 0 ? 1006 : 1001);
		T_TRUE(fake_is_kept(s.root));
		T_TRUE(fake_top_ended(s.root) == NULL);
		T_EQ(fake_counter("stomp", "orphans"), 1);
		fake_from_kept(s.root, "\none", 5);
		T_EQ(m->copies, 1);
		message(&s, "s1", "two");
		T_EQ(m->copies, 2);
		FAKE_NONE(fake_top(s.root));
		m->source->release(m->arg);
		T_TRUE(m->left);
		session_receipt(&s, "UNSUBSCRIBE\nid:s1\nreceipt:%s\n\n");
		UP(&s, "DISCONNECT\n\n\0");
		T_FALSE(fake_is_kept(s.root));
		T_EQ(fake_top_ended(s.root)->code, 1000);
		T_EQ(fake_counter("stomp", "orphans"), 0);
		teardown();
	}
	t_row(NULL);
}

/* Nobody needs it: all is as ever. */
static void
test_vanished_alone(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	fake_wire_end(s.conn, 1006);
	T_FALSE(fake_is_kept(s.root));
	T_TRUE(members[0].left);
	T_EQ(members[0].parts, 1);
	T_REQUIRE(fake_top_ended(s.root) != NULL);
	teardown();
}

/* The broker of one whose client has gone goes as well, or says ERROR. */
static void
test_orphan_lost(void)
{
	static const char error[] = "ERROR\nmessage:x\n\n";
	struct session s;
	unsigned how;

	for (how = 0; how < 3; how++) {
		t_row("way %u", how);
		setup(&s, "1.2");
		subscribe(&s, "s1", "");
		is_needed = true;
		fake_wire_end(s.conn, 1006);
		T_TRUE(fake_is_kept(s.root));
		if (how == 0)
			fake_kept_lose(s.root);
		else if (how == 1)
			fake_from_kept(s.root, error, sizeof(error));
		else
			fake_from_kept(s.root, "GARBAGE\n\n", 10);
		T_TRUE(members[0].left);
		T_FALSE(fake_is_kept(s.root));
		T_EQ(fake_counter("stomp", "orphans"), 0);
		teardown();
	}
	t_row(NULL);
}

/* The broker goes first: nothing can be kept. */
static void
test_broker_lost(void)
{
	struct session s;

	setup(&s, "1.2");
	subscribe(&s, "s1", "");
	is_needed = true;
	fake_peer_end(s.root, 1006, "", false);
	T_TRUE(members[0].left);
	T_EQ(members[0].parts, 0);
	teardown();
}

/* A broker that wants heart-beats gets them from an orphan too. */
static void
test_orphan_beats(void)
{
	struct session s;
	unsigned i, beats;

	fake_start();
	fake_load("stomp", NULL);
	fake_provide(HG_FLOWS, &flows);
	member_count = 0;
	session_open(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, CONNECT_12);
	T_REQUIRE(fake_top(s.root) != NULL);
	BROKER(&s, "CONNECTED\nversion:1.2\nheart-beat:0,10000\n\n\0");
	T_REQUIRE(fake_wire(s.conn) != NULL);
	subscribe(&s, "s1", "");
	is_needed = true;
	fake_wire_end(s.conn, 1006);
	for (beats = 0, i = 0; i < 30; i++) {
		fake_advance(1000);
		if (fake_top(s.root) != NULL)
			beats++;
	}
	T_TRUE(beats >= 3 && beats <= 8);
	teardown();
}

/* A broker that is not read, for the sake of another, cannot be heard. */
static void
test_held_beats(void)
{
	struct session s;

	fake_start();
	fake_load("stomp", NULL);
	fake_provide(HG_FLOWS, &flows);
	member_count = 0;
	is_needed = false;
	session_open(&s, HG_UPSTREAM_WIRE);
	CLIENT(&s, CONNECT_12);
	T_REQUIRE(fake_top(s.root) != NULL);
	BROKER(&s, "CONNECTED\nversion:1.2\nheart-beat:10000,0\n\n\0");
	T_REQUIRE(fake_wire(s.conn) != NULL);
	subscribe(&s, "s1", "");
	is_held = true;
	fake_advance(60000);
	T_FALSE(members[0].left);
	is_held = false;
	fake_advance(60000);
	T_TRUE(members[0].left);
	T_EQ(fake_counter("stomp", "heartbeats_missed"), 1);
	teardown();
}

T_MAIN(
	{ "pause and resume", test_pause_resume },
	{ "resumed by a message", test_resumed_by_message },
	{ "check", test_check },
	{ "check refused", test_check_refused },
	{ "late message", test_late_message },
	{ "not simple", test_not_simple },
	{ "UNSUBSCRIBE, paused", test_unsubscribe_paused },
	{ "UNSUBSCRIBE, pausing", test_unsubscribe_pausing },
	{ "UNSUBSCRIBE, waking", test_unsubscribe_waking },
	{ "UNSUBSCRIBE, kept", test_unsubscribe_kept },
	{ "DISCONNECT, kept", test_disconnect_kept },
	{ "vanished", test_vanished },
	{ "vanished, not needed", test_vanished_alone },
	{ "orphan lost", test_orphan_lost },
	{ "broker lost", test_broker_lost },
	{ "heart-beats of an orphan", test_orphan_beats },
	{ "heart-beats of one that is held", test_held_beats },
)
