/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the model and session layers: a service and plugins that are
 * made in memory, a connection whose other end the test holds, and the story of
 * what was called.
 */
#ifndef TESTS_UNIT_MODEL_H
#define TESTS_UNIT_MODEL_H

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "channel.h"
#include "conn.h"
#include "frame.h"
#include "log.h"
#include "mask.h"
#include "net.h"
#include "plugin.h"
#include "wsframe.h"

#define STORY_MAX	16384

static char		 story[STORY_MAX];
static struct service	 model_service;
static unsigned		 model_gone_count;
static size_t		 model_head_len;

static inline void __attribute__((format(printf, 1, 2)))
say(const char *fmt, ...)
{
	size_t len = strlen(story);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(story + len, sizeof(story) - len, fmt, ap);
	va_end(ap);
}

/* What was said since the last time is this. */
#define T_STORY(expected) do {						\
	T_STR_EQ(story, expected);					\
	story[0] = '\0';						\
} while (0)

static inline void
say_frame(const char *who, const struct hg_frame *frame)
{
	char text[64];
	size_t len;

	len = frame_peek(frame, 0, text, sizeof(text) - 1);
	text[len] = '\0';
	say("%s%s%s%s(%s) ", who,
	    (frame->flags & HG_FIRST) != 0 ? "F" : "",
	    (frame->flags & HG_LAST) != 0 ? "L" : "",
	    (frame->flags & HG_TEXT) != 0 ? "T" : "", text);
}

static inline struct hg_frame *
text_frame(const char *text, unsigned flags)
{
	struct hg_frame *frame;

	frame = frame_copy(text, strlen(text), flags);
	T_REQUIRE(frame != NULL);
	return (frame);
}

static inline void
model_service_reset(void)
{
	memset(&model_service, 0, sizeof(model_service));
	model_service.name = (char *)(uintptr_t)"test";
	model_service.limits = (struct limits){
		.message_max = 1 << 20,
		.fragments_max = 4096,
		.piece_max = 16384,
		.queue_high = 64 * 1024,
		.queue_max = 1 << 20,
		.connect_timeout = 10000,
		.close_timeout = 5000,
		.ping_timeout = 10000,
	};
}

/* One worker, an empty story, a fresh service. */
static inline void
model_start(void)
{
	net_start();
	log_set_level(HG_LOG_ERROR);
	story[0] = '\0';
	model_gone_count = 0;
	model_head_len = 0;
	model_service_reset();
}

static inline void
model_stop(void)
{
	T_EQ(conn_count(), 0);
	net_stop();
}

static inline void
turns(int count)
{
	while (count-- > 0)
		worker_turn(worker_self(), false);
}

/* --- a connection -------------------------------------------------------- */

static inline void
model_ready(struct hg_conn *conn)
{
	if (conn->session_arg == NULL)
		conn_wait(conn);
	say("ready ");
}

static inline void
model_head(struct hg_conn *conn, const char *head, size_t len)
{
	(void)head;
	model_head_len = len;
	say("head%zu ", len);
	conn_wait(conn);
	conn->head_len -= len;
	memmove(conn->head, conn->head + len, conn->head_len);
}

static inline void
model_failed(struct hg_conn *conn, const char *why)
{
	(void)conn;
	say("failed(%s) ", why);
}

static inline void
model_gone(struct hg_conn *conn)
{
	(void)conn;
	model_gone_count++;
}

static const struct conn_session model_session = {
	.ready = model_ready,
	.head = model_head,
	.failed = model_failed,
	.gone = model_gone,
};

/* What a layer above the connection sees. */
static inline void
model_recv(struct hg_conn *conn, struct hg_frame *frame)
{
	(void)conn;
	say_frame("r", frame);
	frame_unref(frame);
}

static inline void
model_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	(void)conn;
	say("ended%u(%s) ", code, reason);
}

static inline void
model_drained(struct hg_conn *conn)
{
	(void)conn;
	say("drained ");
}

static inline void
model_full(struct hg_conn *conn)
{
	(void)conn;
	say("full ");
}

static inline size_t
model_relay(struct hg_conn *conn, struct buf *buf, unsigned char *data,
    size_t len)
{
	(void)conn;
	(void)buf;
	(void)data;
	(void)len;
	return (0);
}

static inline void
model_nothing(struct hg_conn *conn)
{
	(void)conn;
}

static const struct conn_channels model_carried = {
	.recv = model_recv,
	.ended = model_ended,
	.drained = model_drained,
	.full = model_full,
	.relay = model_relay,
	.close = model_nothing,
	.gone = model_nothing,
};

/* The test holds *peer, which does not wait. */
static inline struct hg_conn *
model_conn(int *peer, bool is_initiator, bool is_websocket, int buffer)
{
	struct hg_conn *conn;
	int fds[2];

	net_pair(fds, buffer);
	*peer = fds[1];
	conn = conn_create(worker_self(), fds[0], NULL, is_initiator,
	    is_websocket, &model_service, &model_session, NULL);
	T_REQUIRE(conn != NULL);
	NET_UNTIL(conn->state == CONN_WAIT);
	story[0] = '\0';
	return (conn);
}

/* The same, opened, without channels. */
static inline struct hg_conn *
model_open(int *peer, bool is_initiator, bool is_websocket)
{
	struct hg_conn *conn = model_conn(peer, is_initiator, is_websocket,
	    0);

	conn->carried = &model_carried;
	T_REQUIRE(conn_open(conn) == 0);
	turns(1);
	return (conn);
}

/* One that waits does not read: it would not see the end. */
static inline void
model_end(int peer)
{
	struct list *node, *save;
	struct hg_conn *conn;

	if (peer != -1)
		close(peer);
	list_each(node, save, &worker_self()->conns) {
		conn = list_entry(node, struct hg_conn, node);
		if (conn->state == CONN_WAIT)
			conn_kill(conn, "the test ends");
	}
	NET_UNTIL(conn_count() == 0);
}

/* --- its other end ------------------------------------------------------- */

static inline void
peer_write(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, at, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN) {
			worker_turn(worker_self(), false);
			continue;
		}
		T_REQUIRE(n > 0);
		at += n;
		len -= (size_t)n;
	}
}

/* A frame; key: masked with this, or NULL. */
static inline void
peer_frame(int fd, unsigned char first, const void *data, size_t len,
    const char *key)
{
	struct ws_head head = { .opcode = first & 15, .len = len };
	unsigned char *out;
	size_t head_len;

	T_REQUIRE((out = malloc(len + WS_HEAD_MAX)) != NULL);
	head.fin = (first & 0x80) != 0;
	head.rsv = first >> 4 & 7;
	head.masked = key != NULL;
	if (key != NULL)
		memcpy(head.key, key, 4);
	head_len = ws_head_format(out, &head);
	if (len > 0)
		memcpy(out + head_len, data, len);
	if (key != NULL && len > 0)
		mask_apply(out + head_len, out + head_len, len, head.key, 0);
	peer_write(fd, out, head_len + len);
	free(out);
}

#define KEY	"abcd"		/* of a client's frame */
#define FIN	0x80

/* What came within some turns, at most size bytes; -1 at the end. */
static inline ssize_t
peer_read(int fd, void *out, size_t size)
{
	ssize_t n;

	n = recv(fd, out, size, 0);
	if (n == -1 && (errno == EAGAIN || errno == ECONNRESET))
		return (errno == EAGAIN ? 0 : -1);
	return (n == 0 ? -1 : n);
}

/* Waits for exactly so many bytes. */
static inline void
peer_need(int fd, void *out, size_t len)
{
	unsigned char *to = out;
	ssize_t n;

	while (len > 0) {
		worker_turn(worker_self(), false);
		n = peer_read(fd, to, len);
		T_REQUIRE(n != -1);
		to += n;
		len -= (size_t)n;
	}
}

/* Waits for FIN; returns the bytes that came before it. */
static inline size_t
peer_until_end(int fd)
{
	char data[65536];
	size_t total = 0;
	ssize_t n;

	for (;;) {
		worker_turn(worker_self(), false);
		if ((n = peer_read(fd, data, sizeof(data))) == -1)
			return (total);
		total += (size_t)n;
	}
}

/* The next frame, unmasked; returns its payload's length. */
static inline size_t
peer_next(int fd, struct ws_head *head, void *out, size_t size)
{
	unsigned char bytes[WS_HEAD_MAX];
	size_t len = 0;
	int n;

	for (;;) {
		peer_need(fd, bytes + len, 1);
		len++;
		n = ws_head_parse(head, bytes, len);
		T_REQUIRE(n >= 0);
		if (n > 0)
			break;
	}
	T_REQUIRE(head->len <= size);
	peer_need(fd, out, head->len);
	if (head->masked)
		mask_apply(out, out, head->len, head->key, 0);
	return (head->len);
}

/* The next frame is a close; returns its code, 1005 when there is none. */
static inline unsigned
peer_close_code(int fd)
{
	unsigned char data[WS_CONTROL_MAX];
	struct ws_head head;
	size_t len;

	len = peer_next(fd, &head, data, sizeof(data));
	T_EQ(head.opcode, WS_CLOSE);
	return (len < 2 ? 1005 : (unsigned)data[0] << 8 | data[1]);
}

/* --- plugins ------------------------------------------------------------- */

/* A plugin that is in nobody's registry. */
static inline void
model_plugin(struct plugin *plugin, const char *name,
    const struct hg_hooks *connection, const struct hg_hooks *channel)
{
	memset(plugin, 0, sizeof(*plugin));
	plugin->entry.name = name;
	plugin->path = (char *)(uintptr_t)name;
	plugin->symbol = &plugin->entry;
	if (connection != NULL) {
		plugin->connection = *connection;
		plugin->has_connection = true;
	}
	if (channel != NULL) {
		plugin->channel = *channel;
		plugin->has_channel = true;
	}
}

#endif
