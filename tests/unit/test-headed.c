/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that come with their header: made, changed, queued, sent. */
#include "host.h"
#include "model.h"
#include "outq.h"

static struct hg_frame *
headed(void)
{
	struct hg_frame *frame;

	frame = frame_copy_headed("HEAD", 4, "hello", 5, HG_WHOLE);
	T_REQUIRE(frame != NULL);
	T_EQ(frame->len, 5);
	T_EQ(frame->head_len, 4);
	T_MEM_EQ(frame_bytes(&frame), 5, "hello", 5);
	T_EQ(frame->head_len, 4);
	return (frame);
}

static struct hg_frame *
same(struct hg_frame *frame)
{
	return (frame);
}

static struct hg_frame *
reflag(struct hg_frame *frame)
{
	return (frame_flags(frame, HG_WHOLE | HG_TEXT));
}

static struct hg_frame *
cut(struct hg_frame *frame)
{
	return (frame_slice(frame, 0, 4));
}

static struct hg_frame *
trim(struct hg_frame *frame)
{
	return (frame_trim(frame, 1));
}

static struct hg_frame *
longer(struct hg_frame *frame)
{
	return (frame_append(frame, "x", 1));
}

static struct hg_frame *
before(struct hg_frame *frame)
{
	return (frame_prepend(frame, "x", 1));
}

static struct hg_frame *
join(struct hg_frame *frame)
{
	return (frame_concat(frame, frame_copy("x", 1, 0)));
}

static struct hg_frame *
behind(struct hg_frame *frame)
{
	return (frame_concat(frame_copy("x", 1, 0), frame));
}

/* A header is of the very same content, whoever else holds the frame. */
static void
test_changes(void)
{
	static const struct {
		struct hg_frame	*(*fn)(struct hg_frame *);
		const char	*bytes;
		unsigned	 head_len;
	} rows[] = {
		{ same, "hello", 4 }, { frame_compact, "hello", 4 },
		{ reflag, "hello", 0 }, { cut, "hell", 0 },
		{ trim, "ello", 0 }, { longer, "hellox", 0 },
		{ before, "xhello", 0 }, { join, "hellox", 0 },
		{ behind, "xhello", 0 },
	};
	struct hg_frame *frame, *other;
	size_t i, len;
	int shared;

	for (i = 0; i < T_ROWS(rows); i++) {
		for (shared = 0; shared < 2; shared++) {
			t_row("row %zu, shared %d", i, shared);
			frame = headed();
			other = shared ? frame_ref(frame) : NULL;
			frame = rows[i].fn(frame);
			T_REQUIRE(frame != NULL);
			len = strlen(rows[i].bytes);
			T_EQ(frame->head_len, rows[i].head_len);
			T_MEM_EQ(frame_bytes(&frame), len, rows[i].bytes, len);
			if (shared)
				T_EQ(other->head_len, 4);
			frame_unref(frame);
			frame_unref(other);
		}
	}
}

static void
test_odd(void)
{
	struct hg_frame *frame;
	char head[300] = "";

	frame = frame_copy_headed("H", 1, "", 0, HG_WHOLE);
	T_EQ(frame->head_len, 0);
	T_EQ(frame->len, 0);
	frame_unref(frame);
	frame = frame_copy_headed(head, sizeof(head), "x", 1, HG_WHOLE);
	T_EQ(frame->head_len, 0);
	T_MEM_EQ(frame_bytes(&frame), 1, "x", 1);
	frame_unref(frame);
	T_NULL(frame_copy_headed("H", 1, "", SIZE_MAX, HG_WHOLE));
}

/* In the queue it is one run, cut at every byte. */
static void
test_queue(void)
{
	static const char all[] = "AoneHEADhelloBtwo";
	struct iovec iov[8];
	struct outq q;
	size_t at, bytes, left, sum;
	char out[32];
	int i, n;

	for (at = 0; at < strlen(all); at++) {
		t_row("%zu bytes sent", at);
		outq_init(&q);
		outq_push(&q, "A", 1, frame_copy("one", 3, 0));
		T_EQ(outq_push_headed(&q, headed()), 0);
		outq_push(&q, "B", 1, frame_copy("two", 3, 0));
		outq_consume(&q, at);
		left = strlen(all) - at;
		T_EQ(outq_bytes(&q), left);
		T_EQ(outq_peek(&q, out, sizeof(out)), left);
		T_MEM_EQ(out, left, all + at, left);
		T_EQ(outq_peek(&q, out, 1), 1);
		T_EQ(out[0], all[at]);
		n = outq_iov(&q, iov, 8, &bytes);
		T_EQ(bytes, left);
		T_TRUE(n <= 5);
		for (i = 0, sum = 0; i < n; sum += iov[i++].iov_len)
			T_MEM_EQ(iov[i].iov_base, iov[i].iov_len,
			    all + at + sum, iov[i].iov_len);
		outq_compact(&q);
		T_EQ(outq_peek(&q, out, sizeof(out)), left);
		T_MEM_EQ(out, left, all + at, left);
		outq_cut(&q);
		outq_finish(&q);
	}
}

/* What plugins make is sent with its header where that is right. */
static void
test_send(void)
{
	static char text[70000];
	static unsigned char data[sizeof(text)];
	static const size_t lengths[] = { 1, 125, 126, 65535, 65536 };
	struct hg_frame *frame;
	struct ws_head head;
	struct hg_conn *conn;
	int i, peer;
	size_t l;

	memset(text, 'x', sizeof(text));
	for (i = 0; i < 2; i++) {
		model_start();
		conn = model_open(&peer, i == 1, true);
		for (l = 0; l < T_ROWS(lengths); l++) {
			t_row("initiator %d, %zu bytes", i, lengths[l]);
			frame = host_table.frame_new(text, lengths[l],
			    HG_WHOLE | (l % 2 == 0 ? HG_TEXT : 0));
			T_TRUE(frame->head_len > 0);
			conn_send(conn, frame_ref(frame));
			T_EQ(outq_count(&conn->out), 1);
			T_EQ(peer_next(peer, &head, data, sizeof(data)),
			    (int)lengths[l]);
			T_TRUE(head.fin);
			T_EQ(head.rsv, 0);
			T_EQ(head.masked, i == 1);
			T_EQ(head.opcode, l % 2 == 0 ? WS_TEXT : WS_BINARY);
			T_MEM_EQ(data, lengths[l], text, lengths[l]);
			frame_unref(frame);
		}
		/* Within a message it is not the first frame of one. */
		conn_send(conn, text_frame("a", HG_FIRST | HG_TEXT));
		conn_send(conn, host_table.frame_new("b", 1,
		    HG_WHOLE | HG_TEXT));
		T_EQ(peer_next(peer, &head, data, sizeof(data)), 1);
		T_EQ(peer_next(peer, &head, data, sizeof(data)), 1);
		T_EQ(head.opcode, WS_CONTINUATION);
		T_EQ(conn->messages_out, T_ROWS(lengths) + 1);
		model_end(peer);
		model_stop();
	}
}

static void
test_made(void)
{
	static const struct {
		unsigned	 flags;
		bool		 headed;
	} rows[] = {
		{ HG_WHOLE, true }, { HG_WHOLE | HG_TEXT, true },
		{ HG_FIRST, false }, { HG_LAST, false }, { 0, false },
		{ HG_WHOLE | HG_RSV1, false },
		{ HG_WHOLE | HG_TEXT | HG_RSV3, false },
	};
	struct hg_frame *frame;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		frame = host_table.frame_new("x", 1, rows[i].flags);
		T_EQ(frame->head_len > 0, rows[i].headed);
		T_EQ(frame->flags, rows[i].flags);
		frame_unref(frame);
	}
}

T_MAIN(
	{ "changes", test_changes },
	{ "odd ones", test_odd },
	{ "in the queue", test_queue },
	{ "sent", test_send },
	{ "made by plugins", test_made }
)
