/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's way up: from the socket to the chain. */
#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "log.h"
#include "recycle.h"

#define READ_ROUNDS	4	/* buffers of one connection in one turn */
#define COPY_BELOW	8192	/* pieces that do not pin the read buffer */

static void
conn_ready(void *arg)
{
	struct hg_conn *conn = arg;

	if (conn->state == CONN_HEAD && conn->session->ready != NULL)
		conn->session->ready(conn);
}

static void
conn_readable(void *arg)
{
	conn_read(arg);
}

static void
conn_writable(void *arg)
{
	struct hg_conn *conn = arg;

	conn_do_later(conn, CONN_FLUSH);
}

const struct transport_ops conn_transport_ops = {
	.ready = conn_ready,
	.readable = conn_readable,
	.writable = conn_writable,
};

/*
 * Small pieces are copied, so that a frame that waits does not keep the whole
 * read buffer alive; large ones share it.
 */
void
conn_got_piece(struct hg_conn *conn, const struct ws_piece *piece,
    struct buf *buf)
{
	struct hg_frame *frame;
	unsigned flags;

	flags = piece->opcode == WS_TEXT ? HG_TEXT : 0;
	if (piece->first) {
		flags |= HG_FIRST;
		flags |= (piece->rsv & 4) != 0 ? HG_RSV1 : 0;
		flags |= (piece->rsv & 2) != 0 ? HG_RSV2 : 0;
		flags |= (piece->rsv & 1) != 0 ? HG_RSV3 : 0;
	}
	if (piece->last) {
		flags |= HG_LAST;
		conn->messages_in++;
	}
	if (piece->len < COPY_BELOW)
		frame = frame_copy(piece->data, piece->len, flags);
	else
		frame = frame_over(buf, piece->data, piece->len, flags);
	if (frame == NULL) {
		conn_fail(conn, 1011, "out of memory");
		return;
	}
	chain_recv(&conn->chain, 0, frame);
}

static void
conn_got_ping(struct hg_conn *conn, const struct ws_piece *piece)
{
	if (conn->pong == NULL &&
	    (conn->pong = recycle_get(CONN_PONG_SIZE)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	conn->pong[0] = (unsigned char)piece->len;
	memcpy(conn->pong + 1, piece->data, piece->len);
	conn_do_later(conn, CONN_FLUSH);
}

static void
conn_got_close(struct hg_conn *conn, const struct ws_piece *piece)
{
	char reason[WS_CONTROL_MAX + 1];
	size_t len;

	conn->close_received = true;
	len = piece->len > 2 ? piece->len - 2 : 0;
	if (len > 0)
		memcpy(reason, piece->data + 2, len);
	reason[len] = '\0';
	conn_ended(conn, piece->code, reason);
	conn_close(conn, piece->code, "");
	conn_do_later(conn, CONN_FLUSH);
}

void
conn_got_control(struct hg_conn *conn, const struct ws_piece *piece)
{
	switch (piece->opcode) {
	case WS_PING:
		conn_got_ping(conn, piece);
		chain_alive(&conn->chain, 0);
		break;
	case WS_PONG:
		chain_alive(&conn->chain, 0);
		break;
	case WS_CLOSE:
		conn_got_close(conn, piece);
		break;
	default:
		break;
	}
}

/* May data of the peer still be handed on? */
static bool
conn_is_receiving(const struct hg_conn *conn)
{
	return (conn->state == CONN_OPEN ||
	    (conn->state == CONN_CLOSING && !conn->close_received));
}

/* How many bytes went on as they were. */
static size_t
conn_relay(struct hg_conn *conn, struct buf *buf, unsigned char *at,
    size_t len)
{
	if (conn->carried == NULL || conn->carried->relay == NULL ||
	    conn->chain.dead || conn->ended)
		return (0);
	return (conn->carried->relay(conn, buf, at, len));
}

/*
 * Of each thread, for a connection that begins a frame: between two messages
 * all readers of the same settings are alike. Nobody parses within another's
 * parse.
 */
struct shared {
	struct ws_reader	 reader;
	unsigned char		 rsv;		/* of its chain */
	bool			 ready;		/* it is between messages */
};

/* By is_initiator. */
static _Thread_local struct shared shared_readers[2];

static bool
conn_may_share(const struct hg_conn *conn, const struct shared *shared)
{
	const struct limits *limits = &conn->service->limits;
	const struct ws_reader *reader = &shared->reader;

	return (shared->ready && shared->rsv == conn->chain.rsv &&
	    reader->frame_max == (uint64_t)limits->frame_max &&
	    reader->frames_max == (unsigned)limits->fragments_max &&
	    reader->piece_max == (size_t)limits->piece_max);
}

static void
conn_init_shared(const struct hg_conn *conn, struct shared *shared)
{
	const struct limits *limits = &conn->service->limits;
	struct ws_reader *reader = &shared->reader;

	memset(reader, 0, sizeof(*reader));
	reader->is_client = conn->is_initiator;
	reader->frame_max = (uint64_t)limits->frame_max;
	reader->frames_max = (unsigned)limits->fragments_max;
	reader->piece_max = (size_t)limits->piece_max;
	reader->rsv_allowed = conn_rsv(conn);
	shared->rsv = conn->chain.rsv;
	shared->ready = true;
}

/* From within a parse. */
void
conn_change_reader(struct hg_conn *conn)
{
	if (conn->reader == NULL)
		return;
	conn->reader->rsv_allowed = conn_rsv(conn);
	shared_readers[conn->is_initiator].ready = false;
}

void
conn_drop_reader(struct hg_conn *conn)
{
	if (conn->reader == NULL)
		return;
	ws_reader_finish(conn->reader);
	recycle_put(conn->reader, sizeof(*conn->reader));
	conn->reader = NULL;
}

/* Where it stopped within something that goes on, it is the connection's. */
static void
conn_keep_reader(struct hg_conn *conn, struct shared *shared)
{
	shared->ready = false;
	conn->reader = NULL;
	if (!conn_is_receiving(conn)) {
		ws_reader_finish(&shared->reader);
		return;
	}
	conn->reader = recycle_get(sizeof(*conn->reader));
	if (conn->reader != NULL) {
		*conn->reader = shared->reader;
		return;
	}
	ws_reader_finish(&shared->reader);
	conn_kill(conn, "out of memory");
}

static void
conn_parse_on(struct hg_conn *conn, struct buf *buf, unsigned char *at,
    size_t len)
{
	struct ws_reader *reader = conn->reader;
	bool relays = true;
	size_t left = len, gone;
	struct ws_piece piece;

	while (conn_is_receiving(conn)) {
		if (relays && ws_run_may_begin(reader)) {
			gone = conn_relay(conn, buf, at, left);
			relays = gone > 0;
			at += gone;
			left -= gone;
		}
		switch (ws_reader_next(reader, &at, &left, &piece)) {
		case WS_NEED:
			return;
		case WS_PIECE:
			if (conn->chain.dead || conn->ended)
				break;
			conn_got_piece(conn, &piece, buf);
			break;
		case WS_CONTROL:
			conn_got_control(conn, &piece);
			break;
		case WS_ERROR:
			conn_fail(conn, reader->error_code, "%s",
			    reader->error);
			return;
		}
	}
}

/* Most reads end with a message: then nothing of it is kept. */
static void
conn_parse(struct hg_conn *conn, struct buf *buf, unsigned char *at,
    size_t len)
{
	struct shared *shared = &shared_readers[conn->is_initiator];

	if (conn->reader != NULL) {
		conn_parse_on(conn, buf, at, len);
		if (ws_run_may_begin(conn->reader))
			conn_drop_reader(conn);
		return;
	}
	if (!conn_may_share(conn, shared))
		conn_init_shared(conn, shared);
	conn->reader = &shared->reader;
	conn_parse_on(conn, buf, at, len);
	if (ws_run_may_begin(&shared->reader))
		conn->reader = NULL;
	else
		conn_keep_reader(conn, shared);
}

static void
conn_got_stream(struct hg_conn *conn, struct buf *buf,
    const unsigned char *data, size_t len)
{
	struct ws_piece piece = {
		.opcode = WS_BINARY,
		.first = true,
		.last = true,
	};
	size_t at, max;

	max = (size_t)conn->service->limits.piece_max;
	for (at = 0; at < len && conn_is_receiving(conn); at += piece.len) {
		piece.data = data + at;
		piece.len = len - at < max ? len - at : max;
		conn_got_piece(conn, &piece, buf);
	}
}

/*
 * Bytes of a head, up to HTTP_HEAD_MAX; what comes behind it is kept for
 * conn_open.
 */
static void
conn_got_head(struct hg_conn *conn, const unsigned char *data, size_t len)
{
	char *grown;
	int end;

	if (conn->head_len + len > 2 * HTTP_HEAD_MAX) {
		conn_kill(conn, "too much before the handshake");
		return;
	}
	if ((grown = realloc(conn->head, conn->head_len + len)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	memcpy(grown + conn->head_len, data, len);
	conn->head = grown;
	conn->head_len += len;
	if ((end = http_head_len(conn->head, conn->head_len)) == 0)
		return;
	if (conn->session->head != NULL)
		conn->session->head(conn, conn->head,
		    end < 0 ? 0 : (size_t)end);
}

static void
conn_got(struct hg_conn *conn, struct buf *buf, unsigned char *data,
    size_t len)
{
	conn->bytes_in += len;
	conn_touch(conn);
	switch (conn->state) {
	case CONN_HEAD:
		conn_got_head(conn, data, len);
		break;
	case CONN_OPEN:
	case CONN_CLOSING:
		if (conn->is_websocket)
			conn_parse(conn, buf, data, len);
		else
			conn_got_stream(conn, buf, data, len);
		break;
	case CONN_WAIT:
	case CONN_SHUT:
	case CONN_DEAD:
		break;
	}
}

/* What came in the same segment as the head. */
static void
conn_got_rest(struct hg_conn *conn)
{
	struct buf *buf;
	size_t rest = conn->head_len;
	char *head = conn->head;

	conn->head = NULL;
	conn->head_len = 0;
	if (rest == 0) {
		free(head);
		return;
	}
	if ((buf = buf_new(rest)) == NULL) {
		free(head);
		conn_kill(conn, "out of memory");
		return;
	}
	memcpy(buf->data, head, rest);
	free(head);
	conn_got(conn, buf, buf->data, rest);
	buf_unref(buf);
}

/* The peer's FIN, orderly. False: nothing is left to be done but to go. */
static bool
conn_got_fin(struct hg_conn *conn)
{
	conn->peer_shut = true;
	if (!conn->is_websocket &&
	    (conn->state == CONN_OPEN || conn->state == CONN_CLOSING)) {
		/* Half closed: what is above goes on until it ends too. */
		conn_ended(conn, 1000, "");
		if (conn->state == CONN_CLOSING)
			conn_shut(conn);
		return (true);
	}
	if (conn->state == CONN_CLOSING && conn->close_received)
		conn_shut(conn);
	return (conn->state == CONN_SHUT && !conn->transport.shut);
}

static void
conn_got_end(struct hg_conn *conn, const char *why)
{
	if (!conn->transport.eof || !conn_got_fin(conn))
		conn_kill(conn, why);
}

static bool
conn_may_read(const struct hg_conn *conn)
{
	if (conn->state == CONN_WAIT || conn->state == CONN_DEAD)
		return (false);
	return (conn->paused == 0 || conn->state == CONN_SHUT);
}

static bool
conn_has_read_much(const struct worker *worker)
{
	return (worker->read_bytes >= WORKER_READ_MAX ||
	    worker->read_bytes >= worker->read_size);
}

/*
 * Reads until nothing is left, as the event is edge-triggered, but not more
 * than some buffers before what they caused is flushed: then it goes on.
 */
void
conn_read(struct hg_conn *conn)
{
	struct buf *buf;
	unsigned char *at;
	size_t size;
	ssize_t n;
	int round;

	for (round = 0;; round++) {
		if (conn->head != NULL && conn->paused == 0 &&
		    (conn->state == CONN_OPEN || conn->state == CONN_CLOSING))
			conn_got_rest(conn);
		if (!conn_may_read(conn))
			return;
		if (round > 0 && transport_is_drained(&conn->transport))
			return;
		if (round == READ_ROUNDS || (round > 0 &&
		    conn_has_read_much(conn->worker))) {
			conn_do_later(conn, CONN_READ);
			return;
		}
		if ((buf = worker_read_buf(conn->worker, &at)) == NULL) {
			conn_kill(conn, "out of memory");
			return;
		}
		size = conn->state == CONN_HEAD ? HTTP_HEAD_MAX :
		    conn->worker->read_size;
		n = transport_read(&conn->transport, at, size);
		if (n == TRANSPORT_AGAIN)
			return;
		if (n <= 0) {
			conn_got_end(conn, n == 0 ? "closed by the peer" :
			    transport_error(&conn->transport));
			return;
		}
		worker_has_read(conn->worker, (size_t)n);
		conn_got(conn, buf, at, (size_t)n);
	}
}

void
conn_pause(struct hg_conn *conn, bool pause)
{
	if (pause) {
		conn->paused++;
		return;
	}
	if (conn->paused > 0 && --conn->paused == 0)
		conn_do_later(conn, CONN_READ);
}
