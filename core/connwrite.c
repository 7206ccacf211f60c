/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's way down: from the chain to the socket, and its ends. */
#include "conn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "frame.h"
#include "log.h"
#include "mask.h"
#include "recycle.h"
#include "utf8.h"

#define CLOSE_REASON_MAX	123

void
conn_send(struct hg_conn *conn, struct hg_frame *frame)
{
	chain_send(&conn->chain, conn->chain.count, frame);
}

/* A masked copy: the frame's bytes are shared and stay as they are. */
static struct hg_frame *
conn_mask(struct hg_frame *frame, const unsigned char key[4])
{
	struct hg_frame *masked;
	struct buf *buf;
	size_t at;
	unsigned i;

	if ((buf = buf_new(frame->len)) == NULL) {
		frame_unref(frame);
		return (NULL);
	}
	at = 0;
	for (i = 0; i < frame->count; i++) {
		mask_apply(buf->data + at, frame->slices[i].data,
		    frame->slices[i].len, key, at);
		at += frame->slices[i].len;
	}
	masked = frame_over(buf, buf->data, at, frame->flags);
	buf_unref(buf);
	frame_unref(frame);
	return (masked);
}

/* What waits is given up, so that the close frame is next when it reads on. */
static void
conn_drop_slow(struct hg_conn *conn, size_t cost)
{
	outq_cut(&conn->out);
	conn->sending = false;
	conn_fail(conn, 1013, "slow consumer: %zu bytes wait", cost);
}

static void
conn_check_queue(struct hg_conn *conn)
{
	if (!conn->full && outq_cost(&conn->out) >=
	    (size_t)conn->service->limits.queue_high) {
		conn->full = true;
		if (conn->carried != NULL)
			conn->carried->full(conn);
	}
}

static void
conn_queued(struct hg_conn *conn, int error)
{
	if (error != 0)
		conn_kill(conn, "out of memory");
	else
		conn_do_later(conn, CONN_FLUSH);
}

static void
conn_queue(struct hg_conn *conn, const struct ws_head *head,
    struct hg_frame *frame, bool front)
{
	unsigned char bytes[WS_HEAD_MAX];
	size_t len = 0;

	if (head != NULL)
		len = ws_head_format(bytes, head);
	conn_queued(conn, front ?
	    outq_push_front(&conn->out, bytes, len, frame) :
	    outq_push(&conn->out, bytes, len, frame));
}

static void
conn_write_ws(struct hg_conn *conn, struct hg_frame *frame)
{
	struct ws_head head = { .fin = (frame->flags & HG_LAST) != 0 };

	/* One that comes with its header is a whole message. */
	if (frame->head_len > 0 && !conn->is_initiator && !conn->sending) {
		conn->messages_out++;
		conn_queued(conn, outq_push_headed(&conn->out, frame));
		return;
	}
	head.len = frame->len;
	head.opcode = conn->sending ? WS_CONTINUATION :
	    (frame->flags & HG_TEXT) != 0 ? WS_TEXT : WS_BINARY;
	if (!conn->sending) {
		head.rsv |= (frame->flags & HG_RSV1) != 0 ? 4 : 0;
		head.rsv |= (frame->flags & HG_RSV2) != 0 ? 2 : 0;
		head.rsv |= (frame->flags & HG_RSV3) != 0 ? 1 : 0;
	}
	if (head.rsv != 0)
		head.rsv &= conn_rsv(conn);
	conn->sending = !head.fin;
	if (head.fin)
		conn->messages_out++;
	if (conn->is_initiator) {
		head.masked = true;
		mask_key(head.key);
		if ((frame = conn_mask(frame, head.key)) == NULL) {
			conn_kill(conn, "out of memory");
			return;
		}
	}
	conn_queue(conn, &head, frame, false);
}

/*
 * One message of any length may be added to a queue that is not over its limit,
 * and what follows is not to blame for it.
 */
void
conn_write(struct hg_conn *conn, struct hg_frame *frame)
{
	size_t cost = outq_cost(&conn->out) - outq_longest(&conn->out);

	if (conn->state != CONN_OPEN || conn->close_sent) {
		frame_unref(frame);
		return;
	}
	if (cost > (size_t)conn->service->limits.queue_max) {
		frame_unref(frame);
		conn_drop_slow(conn, cost);
		return;
	}
	if (conn->is_websocket) {
		conn_write_ws(conn, frame);
	} else {
		conn->messages_out += (frame->flags & HG_LAST) != 0;
		conn_queue(conn, NULL, frame, false);
	}
	if (conn->state == CONN_OPEN)
		conn_check_queue(conn);
}

bool
conn_may_write_run(const struct hg_conn *conn)
{
	return (conn->is_websocket && conn->state == CONN_OPEN &&
	    !conn->close_sent && !conn->sending && !conn->chain.dead &&
	    outq_cost(&conn->out) - outq_longest(&conn->out) <=
	    (size_t)conn->service->limits.queue_max);
}

void
conn_write_run(struct hg_conn *conn, struct buf *buf,
    const unsigned char *data, const struct ws_run *run)
{
	struct hg_frame *frame;

	if ((frame = frame_over(buf, data, run->len, HG_WHOLE)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	conn->messages_out += run->messages;
	conn_queue(conn, NULL, frame, false);
	if (conn->state == CONN_OPEN)
		conn_check_queue(conn);
}

static void
conn_put_control(struct hg_conn *conn, enum ws_opcode opcode,
    const void *data, size_t len, bool front)
{
	struct ws_head head = { .opcode = opcode, .fin = true };
	struct hg_frame *frame;
	unsigned char masked[WS_CONTROL_MAX];

	head.len = len;
	if (conn->is_initiator) {
		head.masked = true;
		mask_key(head.key);
		mask_apply(masked, data, len, head.key, 0);
		data = masked;
	}
	if ((frame = frame_copy(data, len, HG_WHOLE)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	conn_queue(conn, &head, frame, front);
}

void
conn_write_control(struct hg_conn *conn, enum ws_opcode opcode,
    const void *data, size_t len)
{
	if (conn->state == CONN_OPEN && conn->is_websocket &&
	    !conn->close_sent)
		conn_put_control(conn, opcode, data, len, true);
}

void
conn_send_head(struct hg_conn *conn, const char *data, size_t len)
{
	struct hg_frame *frame;

	if ((frame = frame_copy(data, len, HG_WHOLE)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	conn_queue(conn, NULL, frame, false);
}

void
conn_wait(struct hg_conn *conn)
{
	conn->state = CONN_WAIT;
}

static void
conn_drained(struct hg_conn *conn)
{
	conn->full = false;
	chain_drain(&conn->chain);
	if (conn->carried != NULL)
		conn->carried->drained(conn);
}

/*
 * Whether nothing can come any more: FIN has, or both close frames are through
 * and nothing is behind the peer's. The close of the socket sends FIN then.
 */
static bool
conn_is_over(const struct hg_conn *conn)
{
	return (conn->peer_shut || (conn->close_sent && conn->close_received &&
	    transport_is_drained(&conn->transport)));
}

/* With what waits, if anything does, and then it is closed at once. */
static bool
conn_is_leaving(const struct hg_conn *conn)
{
	return ((conn->state == CONN_SHUT || (conn->state == CONN_CLOSING &&
	    conn->close_received)) && conn_is_over(conn));
}

/* Everything that waited is out: what was to follow? */
static void
conn_emptied(struct hg_conn *conn)
{
	if (conn_is_leaving(conn) && transport_farewell(&conn->transport)) {
		conn_kill(conn, "closed by both");
		return;
	}
	if (conn->state == CONN_SHUT) {
		transport_shut(&conn->transport);
		if (conn->peer_shut)
			conn_kill(conn, "closed by both");
		return;
	}
	if (conn->state != CONN_CLOSING) {
		if (!conn->is_websocket && conn->carried != NULL &&
		    conn->carried->emptied != NULL)
			conn->carried->emptied(conn);
		return;
	}
	if (conn->close_received)
		conn_shut(conn);
	else if (!conn->is_websocket)
		transport_shut(&conn->transport);
}

void
conn_flush(struct hg_conn *conn)
{
	unsigned char *pong;
	size_t before;
	int result;

	if (conn->state == CONN_DEAD)
		return;
	if ((pong = conn->pong) != NULL) {
		conn->pong = NULL;
		conn_write_control(conn, WS_PONG, pong + 1, pong[0]);
		recycle_put(pong, CONN_PONG_SIZE);
		conn->work_due &= (unsigned char)~CONN_FLUSH;
	}
	transport_cork(&conn->transport, conn_is_leaving(conn));
	before = outq_bytes(&conn->out);
	result = transport_write(&conn->transport, &conn->out);
	conn->bytes_out += before - outq_bytes(&conn->out);
	if (result == TRANSPORT_ERROR) {
		conn_kill(conn, transport_error(&conn->transport));
		return;
	}
	if (conn->full && outq_cost(&conn->out) <=
	    (size_t)conn->service->limits.queue_high / 2)
		conn_drained(conn);
	if (result != 0)
		outq_compact(&conn->out);
	else if (outq_empty(&conn->out))	/* a drain hook may have sent */
		conn_emptied(conn);
}

/* What waits already is a sign of life, or nobody reads it. */
void
conn_beat(struct hg_conn *conn)
{
	if (conn->state != CONN_OPEN || !conn->is_websocket ||
	    conn->pong != NULL || !outq_empty(&conn->out))
		return;
	if ((conn->pong = recycle_get(CONN_PONG_SIZE)) == NULL) {
		conn_kill(conn, "out of memory");
		return;
	}
	conn->pong[0] = 0;
	conn_do_later(conn, CONN_FLUSH);
}

void
conn_shut(struct hg_conn *conn)
{
	if (conn->state == CONN_SHUT || conn->state == CONN_DEAD)
		return;
	conn->state = CONN_SHUT;
	conn->ping_due = 0;
	conn_set_deadline(conn, (uint64_t)conn->service->limits.close_timeout);
	conn_do_later(conn, CONN_FLUSH);
	conn_do_later(conn, CONN_READ);
}

/* At most CLOSE_REASON_MAX bytes, and whole characters. */
static size_t
conn_reason_len(const char *reason)
{
	unsigned char state = UTF8_START;
	size_t len;

	len = strnlen(reason, CLOSE_REASON_MAX);
	while (len > 0) {
		state = UTF8_START;
		if (utf8_check(&state, reason, len) && utf8_is_complete(state))
			break;
		len--;
	}
	return (len);
}

/* What may not be on the wire (RFC 6455, 7.4.1); 1005 is a close without. */
static unsigned
conn_wire_code(unsigned code)
{
	if (code != 1005 && !ws_close_code_is_valid(code))
		return (1011);
	return (code);
}

static void
conn_send_close(struct hg_conn *conn, unsigned code, const char *reason)
{
	unsigned char data[WS_CONTROL_MAX];
	size_t len = 0;

	code = conn_wire_code(code);
	if (code != 1005) {
		data[0] = (unsigned char)(code >> 8);
		data[1] = (unsigned char)code;
		len = conn_reason_len(reason);
		memcpy(data + 2, reason, len);
		len += 2;
	}
	conn_put_control(conn, WS_CLOSE, data, len, false);
	conn->close_sent = true;
}

void
conn_close(struct hg_conn *conn, unsigned code, const char *reason)
{
	if (conn->state == CONN_HEAD || conn->state == CONN_WAIT) {
		conn_shut(conn);
		return;
	}
	if (conn->state != CONN_OPEN || conn->send_ended)
		return;
	conn->send_ended = true;
	chain_ending(&conn->chain, HG_SEND, &code);
	if (conn->state != CONN_OPEN)
		return;
	if (!conn->is_websocket && conn->peer_shut) {
		conn_shut(conn);
		return;
	}
	if (conn->is_websocket)
		conn_send_close(conn, code, reason);
	if (conn->state != CONN_OPEN)
		return;
	conn->state = CONN_CLOSING;
	conn->ping_due = 0;
	conn_set_deadline(conn, (uint64_t)conn->service->limits.close_timeout);
	conn_do_later(conn, CONN_FLUSH);
}

void
conn_fail(struct hg_conn *conn, unsigned code, const char *fmt, ...)
{
	char reason[160];
	va_list ap;

	if (conn->chain.dead || conn->state == CONN_DEAD)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	log_write(HG_LOG_INFO, conn->name, "failed with %u: %s", code, reason);
	conn_ended(conn, code, reason);
	conn->chain.dead = true;
	conn_close(conn, code, reason);
	if (conn->state == CONN_CLOSING)
		conn_shut(conn);
}
