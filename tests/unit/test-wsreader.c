/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of frames: every cut gives the same, and limits hold. W03, W04. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "str.h"
#include "wsframe.h"

#define PAYLOAD	"abcdefghijklmnopqrstuvwxyz0123456789"

/* A stream that is put together, masked for a server or not. */
struct stream {
	struct str	 out;
	bool		 masked;
	unsigned	 count;
};

static void
frame(struct stream *stream, unsigned first, const void *payload, size_t len)
{
	struct ws_head head = { 0 };
	unsigned char bytes[WS_HEAD_MAX];
	const char *in;
	size_t i;

	in = payload;
	head.fin = first >> 7;
	head.rsv = first >> 4 & 7;
	head.opcode = first & 0xf;
	head.masked = stream->masked;
	head.len = len;
	for (i = 0; i < 4; i++)
		head.key[i] = (stream->count * 31 + i * 57 + 9) & 0xff;
	stream->count++;
	str_add_bytes(&stream->out, bytes, ws_head_format(bytes, &head));
	for (i = 0; i < len; i++)
		str_add_char(&stream->out, (char)(in[i] ^
		    (head.masked ? head.key[i & 3] : 0)));
}

static void
frame_text(struct stream *stream, unsigned first, const char *text)
{
	frame(stream, first, text, strlen(text));
}

/* A frame of many bytes; from tells one from another. */
static void
frame_long(struct stream *stream, unsigned first, size_t len, size_t from)
{
	char *payload;
	size_t i;

	payload = malloc(len);
	T_REQUIRE(payload != NULL);
	for (i = 0; i < len; i++)
		payload[i] = PAYLOAD[(from + i) % (sizeof(PAYLOAD) - 1)];
	frame(stream, first, payload, len);
	free(payload);
}

/* Writes what is read as text in which the cuts can not be seen. */
static void
note(struct str *log, const struct ws_piece *piece, bool whole)
{
	if (whole) {
		str_addf(log, "{%d %u ", piece->opcode, piece->code);
		str_add_bytes(log, piece->data, piece->len);
		str_add(log, "}");
		return;
	}
	if (piece->first)
		str_addf(log, "%d.%d(", piece->opcode, piece->rsv);
	str_add_bytes(log, piece->data, piece->len);
	if (piece->last)
		str_add(log, ")\n");
}

/* Whether the reader goes on. */
static bool
feed(struct ws_reader *r, const char *data, size_t len, struct str *log)
{
	struct ws_piece piece;
	unsigned char *copy, *at;
	enum ws_event event;
	size_t left, before;

	/* Memory of just that size, so that a sanitizer sees its ends. */
	copy = malloc(len > 0 ? len : 1);
	T_REQUIRE(copy != NULL);
	memcpy(copy, data, len);
	at = copy;
	left = len;
	do {
		before = left;
		event = ws_reader_next(r, &at, &left, &piece);
		if (event == WS_PIECE || event == WS_CONTROL)
			note(log, &piece, event == WS_CONTROL);
		if (event == WS_PIECE) {
			if (r->piece_max != 0 && piece.len > r->piece_max)
				str_add(log, "<too long a piece>");
			if (piece.len == 0 && !piece.last)
				str_add(log, "<empty piece>");
		}
		if (event != WS_NEED && event != WS_ERROR && before == left)
			str_add(log, "<nothing used up>");
	} while (event == WS_PIECE || event == WS_CONTROL);
	if (event == WS_NEED)
		T_EQ(left, 0);
	free(copy);
	if (event == WS_ERROR)
		str_addf(log, "<%u>", r->error_code);
	return (event != WS_ERROR);
}

/* The whole stream in steps, the first of another size. */
static char *
run(const struct ws_reader *limits, const struct stream *stream, size_t first,
    size_t step)
{
	struct ws_reader r;
	struct str log = { 0 };
	size_t at, n;

	r = *limits;
	str_add(&log, "");
	for (at = 0, n = first; at < stream->out.len; at += n, n = step) {
		if (n > stream->out.len - at)
			n = stream->out.len - at;
		if (!feed(&r, stream->out.text + at, n, &log))
			break;
	}
	ws_reader_finish(&r);
	return (str_take(&log));
}

static void
check(const struct ws_reader *limits, const struct stream *stream,
    size_t first, size_t step, const char *wanted)
{
	char *log;

	t_row("first %zu step %zu piece-max %zu", first, step,
	    limits->piece_max);
	log = run(limits, stream, first, step);
	T_STR_EQ(log, wanted);
	free(log);
}

static void
stream_fill(struct stream *stream)
{
	frame_text(stream, 0x81, "hello");
	frame_text(stream, 0x82, "");
	frame_text(stream, 0x01, "one ");
	frame_text(stream, 0x89, "p1");
	frame_text(stream, 0x00, "");
	frame_text(stream, 0x00, "two ");
	frame_text(stream, 0x8a, "");
	frame_text(stream, 0x80, "three");
	frame_text(stream, 0x02, "");
	frame_text(stream, 0x89, "p2");
	frame_text(stream, 0x00, "x");
	frame_text(stream, 0x80, "");
	frame_text(stream, 0x01, "");
	frame_text(stream, 0x80, "");
	frame_long(stream, 0x89, 125, 0);
	frame_long(stream, 0x82, 125, 1);
	frame_long(stream, 0xc2, 126, 2);
	frame_long(stream, 0x01, 300, 3);
	frame_text(stream, 0x89, "p3");
	frame_long(stream, 0x80, 200, 303);
	frame_text(stream, 0x88, "\x03\xe8" "bye");
	frame_text(stream, 0x81, "never");
	frame_text(stream, 0xff, "nor this");
}

static char *
wanted_log(void)
{
	struct str log = { 0 };
	size_t i;

	str_add(&log, "1.0(hello)\n2.0()\n1.0(one {9 0 p1}two {10 0 }three)\n"
	    "{9 0 p2}2.0(x)\n1.0()\n{9 0 ");
	for (i = 0; i < 125; i++)
		str_add_char(&log, PAYLOAD[i % 36]);
	str_add(&log, "}2.0(");
	for (i = 1; i < 126; i++)
		str_add_char(&log, PAYLOAD[i % 36]);
	str_add(&log, ")\n2.4(");
	for (i = 2; i < 128; i++)
		str_add_char(&log, PAYLOAD[i % 36]);
	str_add(&log, ")\n1.0(");
	for (i = 3; i < 503; i++) {
		if (i == 303)
			str_add(&log, "{9 0 p3}");
		str_add_char(&log, PAYLOAD[i % 36]);
	}
	str_add(&log, ")\n{8 1000 \x03\xe8" "bye}");
	return (str_take(&log));
}

static void
test_every_cut(void)
{
	static const size_t piece_max[] = { 0, 1, 3, 100, 16384 };
	struct ws_reader limits = { .rsv_allowed = 4 };
	char *wanted;
	size_t cut, i;
	int masked;

	wanted = wanted_log();
	for (masked = 0; masked < 2; masked++) {
		struct stream stream = { .masked = masked };

		stream_fill(&stream);
		limits.is_client = !masked;
		for (i = 0; i < T_ROWS(piece_max); i++) {
			limits.piece_max = piece_max[i];
			for (cut = 0; cut <= stream.out.len; cut++)
				check(&limits, &stream, cut, SIZE_MAX, wanted);
			for (cut = 1; cut <= 40; cut++)
				check(&limits, &stream, cut, cut, wanted);
			for (cut = 1; cut <= 20; cut++)
				check(&limits, &stream, cut, 1, wanted);
		}
		str_free(&stream.out);
	}
	free(wanted);
}

/* Frames with the long form of the length. */
static void
test_long_frames(void)
{
	static const size_t steps[] = {
		1, 2, 3, 13, 14, 15, 4095, 4096, 16384, 65536, SIZE_MAX,
	};
	struct ws_reader limits = { .piece_max = 16384 };
	struct stream stream = { .masked = true };
	char *wanted;
	size_t i;

	frame_long(&stream, 0x02, 65535, 0);
	frame_long(&stream, 0x00, 65536, 65535);
	frame_long(&stream, 0x80, 70001, 131071);
	wanted = run(&limits, &stream, SIZE_MAX, SIZE_MAX);
	T_REQUIRE(wanted != NULL);
	T_EQ(strlen(wanted), 4 + 65535 + 65536 + 70001 + 2);
	for (i = 0; i < 201072; i++)
		if (wanted[4 + i] != PAYLOAD[i % 36])
			break;
	T_EQ(i, 201072);
	for (i = 0; i < T_ROWS(steps); i++)
		check(&limits, &stream, steps[i], steps[i], wanted);
	free(wanted);
	str_free(&stream.out);
}

/* Every cut of streams that fail: always the same code, nothing behind it. */
static void
test_every_cut_of_errors(void)
{
	static const struct {
		unsigned	 first;
		const char	*payload;
		const char	*wanted;
	} rows[] = {
		{ 0x83, "abc", "1.0(hello)\n1.0(one <1002>" },
		{ 0x81, "abc", "1.0(hello)\n1.0(one <1002>" },
		{ 0xc0, "abc", "1.0(hello)\n1.0(one <1002>" },
		{ 0x09, "abc", "1.0(hello)\n1.0(one <1002>" },
		{ 0x88, "a", "1.0(hello)\n1.0(one <1002>" },
		{ 0x88, "\x03\xed", "1.0(hello)\n1.0(one <1002>" },
		{ 0x88, "\x03\xe8\xff", "1.0(hello)\n1.0(one <1007>" },
		{ 0x80, "0123456789a", "1.0(hello)\n1.0(one <1009>" },
		{ 0x00, "0123456", "1.0(hello)\n1.0(one <1009>" },
	};
	struct ws_reader limits = { .frame_max = 10, .message_max = 10 };
	size_t cut, i;

	for (i = 0; i < T_ROWS(rows); i++) {
		struct stream stream = { .masked = true };

		frame_text(&stream, 0x81, "hello");
		frame_text(&stream, 0x01, "one ");
		frame_text(&stream, rows[i].first, rows[i].payload);
		frame_text(&stream, 0x80, "never");
		for (cut = 0; cut <= stream.out.len; cut++)
			check(&limits, &stream, cut, SIZE_MAX,
			    rows[i].wanted);
		check(&limits, &stream, 1, 1, rows[i].wanted);
		str_free(&stream.out);
	}
}

/* W04: limits are met exactly, and told by the header alone. */
static void
test_limits(void)
{
	struct ws_reader limits = { .frame_max = 6, .message_max = 10 };
	struct stream stream = { .masked = true };

	frame_text(&stream, 0x01, "123456");
	frame_text(&stream, 0x89, "a ping does not count");
	frame_text(&stream, 0x80, "7890");
	frame_text(&stream, 0x01, "1234");
	frame_text(&stream, 0x80, "567890");
	check(&limits, &stream, 1, 1, "1.0(123456{9 0 a ping does not "
	    "count}7890)\n1.0(1234567890)\n");
	frame_text(&stream, 0x82, "1234567");
	stream.out.len -= 7;	/* the header only */
	check(&limits, &stream, SIZE_MAX, SIZE_MAX, "1.0(123456{9 0 a ping "
	    "does not count}7890)\n1.0(1234567890)\n<1009>");
	str_free(&stream.out);
}

/* The sum of a message's frames can not wrap, with or without a limit. */
static void
test_sum(void)
{
	static const struct {
		uint64_t	 before, max;
		const char	*hex;		/* the length, 8 bytes */
		const char	*wanted;
	} rows[] = {
		{ UINT64_MAX - 65536, 0, "\0\0\0\0\0\1\0\0", "" },
		{ UINT64_MAX - 65535, 0, "\0\0\0\0\0\1\0\0", "<1009>" },
		{ UINT64_MAX, 0, "\x7f\xff\xff\xff\xff\xff\xff\xff", "<1009>" },
		{ UINT64_MAX, UINT64_MAX, "\0\0\0\0\0\1\0\0", "<1009>" },
		{ 5, 70000, "\x7f\xff\xff\xff\xff\xff\xff\xff", "<1009>" },
		{ 5, 0, "\x7f\xff\xff\xff\xff\xff\xff\xff", "" },
	};
	char data[10];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		struct ws_reader r = {
			.is_client = true,
			.message_max = rows[i].max,
			.in_message = true,
			.message_begun = true,
			.message_opcode = WS_BINARY,
			.message_len = rows[i].before,
		};
		struct str log = { 0 };

		t_row("%zu", i);
		memcpy(data, "\x80\x7f", 2);
		memcpy(data + 2, rows[i].hex, 8);
		str_add(&log, "");
		feed(&r, data, sizeof(data), &log);
		T_STR_EQ(log.text, rows[i].wanted);
		str_free(&log);
	}
}

/* W03: fragments, as many as one likes or not. */
static void
test_fragments(void)
{
	struct ws_reader limits = { .frames_max = 1000 };
	struct stream stream = { .masked = true };
	char *log;
	int i;

	for (i = 0; i < 1000; i++)
		frame(&stream, i == 0 ? 0x01 : i == 999 ? 0x80 : 0x00, "x", 1);
	frame(&stream, 0x82, "y", 1);
	log = run(&limits, &stream, SIZE_MAX, SIZE_MAX);
	T_EQ(strlen(log), 4 + 1000 + 2 + 4 + 1 + 2);
	T_NULL(strchr(log, '<'));
	free(log);
	limits.frames_max = 999;
	log = run(&limits, &stream, 7, 7);
	T_EQ(strlen(log), 4 + 999 + 6);
	T_STR_EQ(log + 4 + 999, "<1009>");
	free(log);
	str_free(&stream.out);
}

static void
test_many_fragments(void)
{
	struct ws_reader limits = { 0 };
	struct stream stream = { .masked = true };
	struct stream empty = { .masked = true };
	char *log;
	int i;

	for (i = 0; i < 131000; i++)
		frame(&stream, i == 0 ? 0x02 : 0x00, "x", 1);
	log = run(&limits, &stream, 7, 7);
	T_EQ(strlen(log), 4 + 131000);
	free(log);
	for (i = 0; i < 16384; i++)
		frame(&empty, i == 0 ? 0x02 : 0x00, "", 0);
	check(&limits, &empty, 6, 6, "");
	frame(&empty, 0x80, "", 0);
	check(&limits, &empty, SIZE_MAX, SIZE_MAX, "2.0()\n");
	limits.frames_max = 16384;
	check(&limits, &empty, SIZE_MAX, SIZE_MAX, "<1009>");
	str_free(&stream.out);
	str_free(&empty.out);
}

T_MAIN(
	{ "every cut", test_every_cut },
	{ "long frames", test_long_frames },
	{ "every cut of errors", test_every_cut_of_errors },
	{ "limits (W04)", test_limits },
	{ "sum of lengths (W05)", test_sum },
	{ "fragments (W03)", test_fragments },
	{ "many fragments (W03)", test_many_fragments })
