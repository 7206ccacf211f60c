/* SPDX-License-Identifier: Apache-2.0 */
#include "channels-host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ch_chunk;

static struct hg_conn *
conn_of(bool initiator, const char *own, const char *peer, const char *request)
{
	struct hg_conn *conn;
	char spec[512];

	snprintf(spec, sizeof(spec), "channels|%s|%s", initiator ? own : peer,
	    initiator ? peer : own);
	conn = fake_conn(initiator, spec, NULL);
	fake_root(conn, request, NULL);
	return (conn);
}

struct hg_conn *
ch_conn(bool initiator, const char *own, const char *peer)
{
	return (conn_of(initiator, own, peer, CH_REQUEST));
}

struct hg_conn *
ch_trunk(bool initiator, const char *own, const char *peer)
{
	return (conn_of(initiator, own, peer,
	    "GET /.headgate/trunk HTTP/1.1\r\n"));
}

struct hg_channel *
ch_root(struct hg_conn *conn)
{
	return (fake_hg()->conn_root(conn));
}

struct hg_channel *
ch_flow_child(struct hg_channel *parent, const char *extension)
{
	struct hg_fields *fields;
	struct hg_channel *child;

	fields = fake_hg()->fields_new();
	T_REQUIRE(fields != NULL);
	if (extension != NULL)
		fake_hg()->fields_add(fields, "Sec-WebSocket-Extensions",
		    extension);
	child = fake_hg()->channel_child(parent, fields);
	fake_hg()->fields_free(fields);
	if (child != NULL)
		fake_set_linked(child, true);
	return (child);
}

struct hg_channel *
ch_child(struct hg_channel *parent)
{
	return (ch_flow_child(parent, CH_FLOW));
}

struct hg_channel *
ch_open_child(struct hg_channel *parent)
{
	struct hg_conn *conn = fake_hg()->channel_conn(parent);
	struct hg_channel *child;
	char line[80];

	child = ch_child(parent);
	T_REQUIRE(child != NULL);
	snprintf(line, sizeof(line), "create 0x%04x parent=0x%04x",
	    fake_id(child), fake_id(parent));
	CH_SAYS_HEAD(conn, line, CH_FLOW_HEAD);
	snprintf(line, sizeof(line), "created 0x%04x", fake_id(child));
	ch_say(conn, line);
	T_EQ(fake_status(child), 101);
	return (child);
}

struct hg_channel *
ch_open(struct hg_conn *conn)
{
	struct hg_channel *ch;
	char line[80];

	ch = fake_create(conn, CH_REQUEST, NULL);
	T_REQUIRE(ch != NULL);
	fake_set_linked(ch, true);
	snprintf(line, sizeof(line), "create 0x%04x", fake_id(ch));
	CH_SAYS_HEAD(conn, line, CH_REQUEST);
	snprintf(line, sizeof(line), "created 0x%04x", fake_id(ch));
	ch_say_head(conn, line, CH_YES);
	T_EQ(fake_status(ch), 101);
	return (ch);
}

void
ch_bytes(struct hg_conn *conn, unsigned id, const void *bytes, size_t len,
    unsigned flags)
{
	unsigned char *message;
	size_t n;

	message = malloc(len + 3);
	T_REQUIRE(message != NULL);
	message[0] = (unsigned char)(id >> 8);
	message[1] = (unsigned char)id;
	message[2] = (unsigned char)(((flags & HG_LAST) != 0 ? 0x80 : 0) |
	    ((flags & HG_TEXT) != 0 ? 0x40 : 0));
	n = ch_chunk ? 3 : 2;
	memcpy(message + n, bytes, len);
	fake_from_wire(conn, message, len + n, ch_chunk ? HG_WHOLE : flags);
	free(message);
}

void
ch_piece(struct hg_conn *conn, unsigned id, unsigned flag, const void *bytes,
    size_t len)
{
	unsigned char *message;

	message = malloc(len + 3);
	T_REQUIRE(message != NULL);
	message[0] = (unsigned char)(id >> 8);
	message[1] = (unsigned char)id;
	message[2] = (unsigned char)flag;
	memcpy(message + 3, bytes, len);
	fake_from_wire(conn, message, len + 3, HG_WHOLE);
	free(message);
}

void
ch_data(struct hg_conn *conn, unsigned id, const char *text, unsigned flags)
{
	ch_bytes(conn, id, text, strlen(text), flags);
}

void
ch_say_head(struct hg_conn *conn, const char *line, const char *head)
{
	char text[13000];

	snprintf(text, sizeof(text), "%s\r\n%s\r\n", line, head);
	ch_data(conn, 0xffff, text, HG_WHOLE);
}

void
ch_say(struct hg_conn *conn, const char *line)
{
	ch_say_head(conn, line, "");
}

static struct hg_channel *
peer_create(struct hg_conn *conn, unsigned id, int parent)
{
	struct hg_channel *ch;
	char line[80];

	if (parent < 0) {
		snprintf(line, sizeof(line), "create 0x%04x", id);
		ch_say_head(conn, line, CH_REQUEST);
	} else {
		snprintf(line, sizeof(line), "create 0x%04x parent=0x%04x",
		    id, (unsigned)parent);
		ch_say_head(conn, line, CH_FLOW_HEAD);
	}
	ch = fake_accepted(conn);
	T_REQUIRE(ch != NULL);
	fake_set_linked(ch, true);
	T_EQ(fake_id(ch), id);
	return (ch);
}

struct hg_channel *
ch_peer_open(struct hg_conn *conn, unsigned id, int parent)
{
	struct hg_channel *ch;
	char line[80];

	ch = peer_create(conn, id, parent);
	fake_answer_channel(ch, CH_YES, NULL);
	snprintf(line, sizeof(line), "created 0x%04x", id);
	ch_says(conn, line, parent < 0 ? CH_YES : "", T_AT("created"));
	return (ch);
}

struct hg_channel *
ch_peer_open_refused(struct hg_conn *conn, unsigned id, int parent)
{
	struct hg_channel *ch;
	char line[80];

	ch = peer_create(conn, id, parent);
	fake_answer_channel(ch, CH_NO, NULL);
	snprintf(line, sizeof(line), "refused 0x%04x", id);
	ch_says(conn, line, parent < 0 ? CH_NO : "", T_AT("refused"));
	return (ch);
}

void
ch_says(struct hg_conn *conn, const char *line, const char *head,
    struct t_at at)
{
	unsigned char text[13000];
	size_t n;

	text[0] = text[1] = 0xff;
	text[2] = 0x80;
	n = ch_chunk ? 3 : 2;
	n += (size_t)snprintf((char *)text + n, sizeof(text) - n,
	    "%s\r\n%s\r\n", line, head);
	fake_is(fake_wire(conn), text, n, HG_WHOLE, at);
}

void
ch_sends(struct hg_conn *conn, unsigned id, const char *text, unsigned flags,
    struct t_at at)
{
	unsigned char bytes[4096];
	size_t n;

	bytes[0] = (unsigned char)(id >> 8);
	bytes[1] = (unsigned char)id;
	bytes[2] = (unsigned char)(((flags & HG_LAST) != 0 ? 0x80 : 0) |
	    ((flags & HG_TEXT) != 0 ? 0x40 : 0));
	n = ch_chunk ? 3 : 2;
	memcpy(bytes + n, text, strlen(text));
	fake_is(fake_wire(conn), bytes, n + strlen(text),
	    ch_chunk ? HG_WHOLE : flags, at);
}

void
ch_skip(struct hg_conn *conn)
{
	while (fake_wire(conn) != NULL)
		;
}

void
ch_failed(struct hg_conn *conn, unsigned code, const char *reason,
    struct t_at at)
{
	const struct fake_end *end = fake_wire_ended(conn);
	const struct fake_frame *frame, *last;
	char text[80];

	last = NULL;
	while ((frame = fake_wire(conn)) != NULL)
		last = frame;
	if (code == 1002) {
		snprintf(text, sizeof(text), "error reason=%s", reason);
		t_true(last != NULL && strstr((const char *)last->bytes +
		    (ch_chunk ? 3 : 2), text) != NULL, at);
	}
	if (!t_true(end != NULL, at))
		return;
	t_eq(end->code, code, at);
	t_str_eq(end->reason, reason, at);
}

bool
ch_step(struct hg_conn *from, struct hg_conn *to)
{
	const struct fake_frame *frame;

	if ((frame = fake_wire(from)) == NULL)
		return (false);
	if (!fake_conn_is_closed(to))
		fake_from_wire(to, frame->bytes, frame->len, frame->flags);
	return (true);
}

void
ch_exchange(struct hg_conn *a, struct hg_conn *b)
{
	while (ch_step(a, b) || ch_step(b, a))
		;
}

void
ch_peer_run(struct hg_conn *c, unsigned id, size_t len)
{
	char *bytes;

	bytes = calloc(1, len + 1);
	T_REQUIRE(bytes != NULL);
	ch_bytes(c, id, bytes, len, HG_WHOLE);
	free(bytes);
}

bool
ch_own_run(struct hg_channel *ch, size_t len, unsigned flags)
{
	char *bytes;
	bool more;

	bytes = malloc(len + 1);
	T_REQUIRE(bytes != NULL);
	memset(bytes, 'r', len);
	more = fake_from_peer(ch, bytes, len, flags);
	free(bytes);
	return (more);
}

void
ch_is_run(struct hg_conn *c, unsigned id, size_t len, unsigned flag)
{
	const struct fake_frame *frame;

	frame = fake_wire(c);
	if (!T_TRUE(frame != NULL))
		return;
	T_EQ(frame->bytes[0] << 8 | frame->bytes[1], id);
	if (ch_chunk)
		T_EQ(frame->bytes[2], flag);
	T_EQ(frame->len, len + (ch_chunk ? 3 : 2));
	T_EQ(frame->flags & HG_WHOLE, HG_WHOLE);
}

struct hg_conn *ch_a, *ch_b;
static uint64_t seed;

void
ch_seed(uint64_t value)
{
	seed = value;
}

unsigned
ch_dice(unsigned sides)
{
	seed = seed * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return ((unsigned)(seed >> 33) % sides);
}

void
ch_pair(bool chunk)
{
	const char *params = chunk ? "window=2048; chunk=4096" :
	    "window=2048";

	ch_chunk = chunk;
	fake_start();
	fake_load("channels", "store=16g", "unmerge-slow=yes", NULL);
	ch_a = ch_trunk(true, params, params);
	ch_b = ch_trunk(false, params, params);
}

bool
ch_pair_is_alive(void)
{
	const struct fake_end *a = fake_wire_ended(ch_a);
	const struct fake_end *b = fake_wire_ended(ch_b);

	if (a != NULL)
		T_STR_EQ(a->reason, NULL);
	if (b != NULL)
		T_STR_EQ(b->reason, NULL);
	return (a == NULL && b == NULL);
}
