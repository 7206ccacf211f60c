/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STOMP's bytes without sessions: the parser and the writer, compiled into this
 * program. Covers B01, B02, B03, B05 and B08.
 */
#include "fakehost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/stomp/parse.h"

#define BODY_MAX	(1024 * 1024)
#define OUT_MAX		(4 * 1024 * 1024)

const struct hg_host *hg;

/* What a stream became: all frames behind each other, as they were written. */
struct result {
	char		*out;
	size_t		 len;
	unsigned	 frames;
	unsigned	 code;		/* 0: no error */
	const char	*error;
	bool		 is_text;	/* of the last frame */
	bool		 is_between;	/* nothing of a frame is left */
};

/* One parser for the whole of a stream, fed in pieces. */
struct stream {
	struct stomp_parser	 parser;
	struct stomp_work	*work;
	struct result		 result;
};

static void
setup(void)
{
	fake_start();
	hg = fake_hg();
}

static void
teardown(void)
{
	T_EQ(fake_live_frames(), 0);
	fake_finish();
}

static void
stream_init(struct stream *stream, enum stomp_version version,
    bool from_broker)
{
	memset(stream, 0, sizeof(*stream));
	stomp_parser_init(&stream->parser, from_broker, BODY_MAX);
	stream->parser.version = version;
	stream->work = calloc(1, sizeof(*stream->work));
	stream->result.out = malloc(OUT_MAX);
	if (stream->work == NULL || stream->result.out == NULL)
		abort();
}

static void
stream_finish(struct stream *stream)
{
	stomp_parser_finish(&stream->parser);
	free(stream->work);
	free(stream->result.out);
}

static void
stream_take(struct stream *stream)
{
	struct result *result = &stream->result;
	struct hg_frame *frame;
	size_t len;

	result->is_text = stream->work->is_text;
	frame = stomp_write(stream->work, stream->parser.version, true);
	if (frame == NULL)
		abort();
	len = hg->frame_len(frame);
	if (len <= OUT_MAX - result->len)
		hg->frame_peek(frame, 0, result->out + result->len, len);
	result->len += len;
	result->frames++;
	hg->frame_unref(frame);
}

static void
stream_feed(struct stream *stream, const void *data, size_t len,
    unsigned flags)
{
	enum stomp_result parsed;
	struct hg_frame *piece;
	size_t at = 0;

	if ((piece = hg->frame_new(data, len, flags)) == NULL)
		abort();
	while ((parsed = stomp_parse(&stream->parser, piece, &at,
	    stream->work)) == STOMP_FRAME)
		stream_take(stream);
	if (parsed == STOMP_BAD) {
		stream->result.code = stream->parser.code;
		stream->result.error = stream->parser.error;
	} else if (at != len)
		abort();
	stream->result.is_between = stream->parser.phase == STOMP_BETWEEN;
	hg->frame_unref(piece);
}

struct row {
	const char		*name;
	enum stomp_version	 version;
	bool			 from_broker;
	const char		*in;
	size_t			 in_len;
	const char		*out;		/* NULL: an error */
	size_t			 out_len;
	unsigned		 frames;
	const char		*error;
};

#define V0	STOMP_1_0
#define V1	STOMP_1_1
#define V2	STOMP_1_2
#define S(text)	text, sizeof(text) - 1
#define CLIENT	false
#define BROKER	true

static const struct row rows[] = {
	{ "SEND", V1, CLIENT, S("SEND\ndestination:/q\n\nhi\0"),
	    S("SEND\ndestination:/q\ncontent-length:2\n\nhi\0"), 1, NULL },
	{ "a length", V1, CLIENT,
	    S("SEND\ncontent-length:3\ndestination:/q\n\na\0b\0"),
	    S("SEND\ndestination:/q\ncontent-length:3\n\na\0b\0"), 1, NULL },
	{ "empty body", V1, CLIENT, S("SEND\ncontent-length:0\n\n\0"),
	    S("SEND\n\n\0"), 1, NULL },
	{ "ends of lines around", V2, CLIENT,
	    S("\n\n\r\nACK\nid:1\n\n\0\n\r\n\nNACK\nid:2\n\n\0\n"),
	    S("ACK\nid:1\n\n\0NACK\nid:2\n\n\0"), 2, NULL },
	{ "CRLF in 1.2", V2, CLIENT, S("SEND\r\na:b\r\n\r\nx\0"),
	    S("SEND\na:b\ncontent-length:1\n\nx\0"), 1, NULL },
	{ "CRLF in CONNECT", V0, CLIENT,
	    S("CONNECT\r\nlogin:u\r\nhost:\r\n\r\n\0"),
	    S("CONNECT\nlogin:u\nhost:\n\n\0"), 1, NULL },
	{ "CONNECT is not escaped", V2, CLIENT,
	    S("CONNECT\npasscode:a\\tb\\c:d\n\n\0"),
	    S("CONNECT\npasscode:a\\tb\\c:d\n\n\0"), 1, NULL },
	{ "CONNECTED is not escaped", V2, BROKER,
	    S("CONNECTED\nsession:a\\q\n\n\0"),
	    S("CONNECTED\nsession:a\\q\n\n\0"), 1, NULL },
	{ "1.0 has no escapes", V0, CLIENT, S("SEND\na\\n:b\\tc:d\n\n\0"),
	    S("SEND\na\\n:b\\tc:d\n\n\0"), 1, NULL },
	{ "1.1 escapes", V1, CLIENT, S("SEND\na\\c\\n:\\\\n\\c\n\n\0"),
	    S("SEND\na\\c\\n:\\\\n\\c\n\n\0"), 1, NULL },
	{ "1.2 escapes", V2, CLIENT, S("SEND\na\\r:\\r\\n\n\n\0"),
	    S("SEND\na\\r:\\r\\n\n\n\0"), 1, NULL },
	{ "a bare colon", V2, CLIENT, S("SEND\na:b:c\n\n\0"),
	    S("SEND\na:b\\cc\n\n\0"), 1, NULL },
	{ "first length wins", V1, CLIENT,
	    S("SEND\ncontent-length:1\ncontent-length:5\n\nx\0"),
	    S("SEND\ncontent-length:1\n\nx\0"), 1, NULL },
	{ "first id wins", V1, CLIENT,
	    S("SUBSCRIBE\nid:1\nid:2\ndestination:/a\ndestination:/b\n\n\0"),
	    S("SUBSCRIBE\nid:1\ndestination:/a\n\n\0"), 1, NULL },
	{ "others may repeat", V1, CLIENT,
	    S("SEND\nx:1\ny:2\nx:3\n\n\0"),
	    S("SEND\nx:1\ny:2\nx:3\n\n\0"), 1, NULL },
	{ "blanks stay", V1, CLIENT, S("SEND\n a : b \n\n\0"),
	    S("SEND\n a : b \n\n\0"), 1, NULL },
	{ "CR is data in 1.1", V1, BROKER, S("MESSAGE\na:b\rc\r\n\n\0"),
	    S("MESSAGE\na:b\rc\r\n\n\0"), 1, NULL },
	{ "a broker's \\r in 1.1", V1, BROKER, S("MESSAGE\na:b\\rc\n\n\0"),
	    S("MESSAGE\na:b\rc\n\n\0"), 1, NULL },
	{ "all of a broker", V1, BROKER,
	    S("MESSAGE\n\n\0RECEIPT\nreceipt-id:1\n\n\0ERROR\n\nwhy\0"),
	    S("MESSAGE\n\n\0RECEIPT\nreceipt-id:1\n\n\0"
	    "ERROR\ncontent-length:3\n\nwhy\0"), 3, NULL },

	{ "lower case", V1, CLIENT, S("send\n\n\0"), NULL, 0, 0,
	    "unknown command" },
	{ "no command", V1, CLIENT, S("\0"), NULL, 0, 0,
	    "a NUL within the head" },
	{ "a broker's command", V1, CLIENT, S("MESSAGE\n\n\0"), NULL, 0, 0,
	    "unknown command" },
	{ "a client's command", V1, BROKER, S("SEND\n\n\0"), NULL, 0, 0,
	    "unknown command" },
	{ "CR behind a command of 1.1", V1, CLIENT, S("SEND\r\n\n\0"), NULL, 0,
	    0, "unknown command" },
	{ "CRLF in 1.1", V1, CLIENT, S("SEND\na:b\n\r\n\0"), NULL, 0, 0,
	    "a NUL within the head" },
	{ "a sign", V1, CLIENT, S("SEND\ncontent-length:+5\n\nhello\0"), NULL,
	    0, 0, "the content-length is no number" },
	{ "a blank", V1, CLIENT, S("SEND\ncontent-length: 5\n\nhello\0"), NULL,
	    0, 0, "the content-length is no number" },
	{ "a blank behind", V1, CLIENT, S("SEND\ncontent-length:5 \n\nhello\0"),
	    NULL, 0, 0, "the content-length is no number" },
	{ "negative", V1, CLIENT, S("SEND\ncontent-length:-1\n\n\0"), NULL, 0,
	    0, "the content-length is no number" },
	{ "CR behind a length", V1, CLIENT,
	    S("SEND\ncontent-length:1\r\n\nx\0"), NULL, 0, 0,
	    "the content-length is no number" },
	{ "no digits", V1, CLIENT, S("SEND\ncontent-length:\n\n\0"), NULL, 0, 0,
	    "the content-length is no number" },
	{ "2^64 - 1", V1, CLIENT,
	    S("SEND\ncontent-length:18446744073709551615\n\n"), NULL, 0, 0,
	    "the content-length is no number" },
	{ "10^18 - 1", V1, CLIENT,
	    S("SEND\ncontent-length:999999999999999999\n\n"), NULL, 0, 0,
	    "a body is too long" },
	{ "too small", V1, CLIENT, S("SEND\ncontent-length:1\n\nxy\0"), NULL, 0,
	    0, "a body is longer than its content-length" },
	{ "0 and a body", V1, CLIENT, S("SEND\ncontent-length:0\n\nxy\0"), NULL,
	    0, 0, "a body is longer than its content-length" },
	{ "no name", V1, CLIENT, S("SEND\n:b\n\n\0"), NULL, 0, 0,
	    "a header has no name" },
	{ "no colon", V1, CLIENT, S("SEND\nab\n\n\0"), NULL, 0, 0,
	    "a header has no colon" },
	{ "NUL in the head", V1, CLIENT, S("SEND\na:\0b\n\n\0"), NULL, 0, 0,
	    "a NUL within the head" },
	{ "undefined escape", V1, CLIENT, S("SEND\na:\\t\n\n\0"), NULL, 0, 0,
	    "an undefined escape in a header" },
	{ "\\r of a 1.1 client", V1, CLIENT, S("SEND\na:\\r\n\n\0"), NULL, 0,
	    0, "an undefined escape in a header" },
	{ "half an escape", V2, CLIENT, S("SEND\na:b\\\n\n\0"), NULL, 0, 0,
	    "an undefined escape in a header" },
	{ "undefined in 1.2", V2, BROKER, S("MESSAGE\n\\a:b\n\n\0"), NULL, 0, 0,
	    "an undefined escape in a header" },
	{ "CR in 1.2", V2, CLIENT, S("SEND\na:b\rc\n\n\0"), NULL, 0, 0,
	    "a carriage return within a header" },
	{ "two CR", V2, CLIENT, S("SEND\na:b\r\r\n\n\0"), NULL, 0, 0,
	    "a carriage return within a header" },
	{ "CR in CONNECT", V0, CLIENT, S("CONNECT\na:b\rc\n\n\0"), NULL, 0, 0,
	    "a carriage return within a header" },
	{ "CR in a name", V1, BROKER, S("MESSAGE\na\\r:b\n\n\0"), NULL, 0, 0,
	    "a carriage return in a header's name" },
	{ "CR between", V2, CLIENT, S("\rSEND\n\n\0"), NULL, 0, 0,
	    "a carriage return between frames" },
	{ "a body of SUBSCRIBE", V1, CLIENT, S("SUBSCRIBE\nid:1\n\nx\0"), NULL,
	    0, 0, "a body where none may be" },
	{ "a length of ACK", V1, CLIENT, S("ACK\ncontent-length:1\n\nx\0"),
	    NULL, 0, 0, "a body where none may be" },
	{ "a body of RECEIPT", V1, BROKER, S("RECEIPT\n\nabc\0"), NULL, 0, 0,
	    "a body where none may be" },
};

static void
check_row(const struct row *row, const struct result *result)
{
	if (row->error != NULL) {
		T_STR_EQ(result->error != NULL ? result->error : "none",
		    row->error);
		T_EQ(result->frames, 0);
		return;
	}
	T_STR_EQ(result->error != NULL ? result->error : "none", "none");
	T_EQ(result->frames, row->frames);
	T_TRUE(result->is_between);
	T_MEM_EQ(result->out, result->len, row->out, row->out_len);
}

static void
test_rows(void)
{
	struct stream stream;
	size_t i;

	setup();
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		stream_init(&stream, rows[i].version, rows[i].from_broker);
		stream_feed(&stream, rows[i].in, rows[i].in_len, HG_WHOLE);
		check_row(&rows[i], &stream.result);
		stream_finish(&stream);
	}
	t_row(NULL);
	teardown();
}

/* The same at every cut, and byte by byte. */
static void
test_splits(void)
{
	struct stream stream;
	size_t i, j, at;

	setup();
	for (i = 0; i < T_ROWS(rows); i++) {
		for (at = 0; at <= rows[i].in_len; at++) {
			t_row("%s at %zu", rows[i].name, at);
			stream_init(&stream, rows[i].version,
			    rows[i].from_broker);
			stream_feed(&stream, rows[i].in, at, HG_WHOLE);
			stream_feed(&stream, rows[i].in + at,
			    rows[i].in_len - at, HG_WHOLE);
			check_row(&rows[i], &stream.result);
			stream_finish(&stream);
		}
		t_row("%s in bytes", rows[i].name);
		stream_init(&stream, rows[i].version, rows[i].from_broker);
		for (j = 0; j < rows[i].in_len; j++) {
			stream_feed(&stream, rows[i].in + j, 1, HG_FIRST);
			stream_feed(&stream, "", 0, HG_LAST);
		}
		check_row(&rows[i], &stream.result);
		stream_finish(&stream);
	}
	t_row(NULL);
	teardown();
}

/* What was canonical stays as it is. */
static void
test_canonical_again(void)
{
	struct stream stream;
	size_t i;

	setup();
	for (i = 0; i < T_ROWS(rows); i++) {
		if (rows[i].out == NULL)
			continue;
		t_row("%s", rows[i].name);
		stream_init(&stream, rows[i].version, rows[i].from_broker);
		stream_feed(&stream, rows[i].out, rows[i].out_len, HG_WHOLE);
		check_row(&rows[i], &stream.result);
		stream_finish(&stream);
	}
	t_row(NULL);
	teardown();
}

/* Puts n times the byte at the end of a text; returns the new length. */
static size_t
fill(char *text, size_t len, char byte, size_t n)
{
	memset(text + len, byte, n);
	return (len + n);
}

static size_t
add(char *text, size_t len, const char *more)
{
	memcpy(text + len, more, strlen(more));
	return (len + strlen(more));
}

static size_t
head_of_headers(char *text, unsigned count)
{
	size_t len;
	unsigned i;

	len = add(text, 0, "SEND\n");
	for (i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "h%u:v\n", i);
	len = add(text, len, "\n");
	text[len++] = '\0';
	return (len);
}

static size_t
head_of_line(char *text, size_t line)
{
	size_t len;

	len = add(text, 0, "SEND\na:");
	len = fill(text, len, 'x', line - 2);
	len = add(text, len, "\n\n");
	text[len++] = '\0';
	return (len);
}

/* A head of exactly so many bytes, of lines of at most 8,000. */
static size_t
head_of_size(char *text, size_t size)
{
	size_t len, n;

	len = add(text, 0, "SEND\n");
	while (len + 1 < size) {
		n = size - 1 - len;
		if (n > 8000)
			n = n - 8000 < 10 ? 7000 : 8000;
		len = add(text, len, "a:");
		len = fill(text, len, 'x', n - 3);
		len = add(text, len, "\n");
	}
	len = add(text, len, "\n");
	text[len++] = '\0';
	return (len);
}

static size_t
body_of(char *text, size_t body)
{
	size_t len;

	len = add(text, 0, "SEND\n\n");
	len = fill(text, len, 'x', body);
	text[len++] = '\0';
	return (len);
}

static size_t
body_of_length(char *text, size_t body)
{
	size_t len;

	len = (size_t)sprintf(text, "SEND\ncontent-length:%zu\n\n", body);
	len = fill(text, len, 'x', body);
	text[len++] = '\0';
	return (len);
}

static size_t
headers(char *text, size_t count)
{
	return (head_of_headers(text, (unsigned)count));
}

static void
test_limits(void)
{
	static const struct {
		const char	*name;
		size_t		 (*make)(char *, size_t);
		size_t		 most;
		unsigned	 code;
	} limits[] = {
		{ "headers", headers, STOMP_HEADERS_MAX, 1002 },
		{ "line", head_of_line, STOMP_LINE_MAX + 1, 1002 },
		{ "head", head_of_size, STOMP_HEAD_MAX, 1002 },
		{ "body", body_of, BODY_MAX, 1009 },
		{ "body with a length", body_of_length, BODY_MAX, 1009 },
	};
	static const size_t cuts[] = { 1, 7, 4096, 16384, SIZE_MAX };
	struct stream stream;
	size_t i, j, at, len, over;
	char *text;

	setup();
	text = malloc(BODY_MAX + 1024);
	for (i = 0; i < T_ROWS(limits); i++) {
		for (j = 0; j < 2 * T_ROWS(cuts); j++) {
			over = j % 2;
			t_row("%s %s, cut %zu", limits[i].name,
			    over ? "over" : "full", cuts[j / 2]);
			len = limits[i].make(text, limits[i].most + over);
			stream_init(&stream, V1, CLIENT);
			for (at = 0; at < len; at += cuts[j / 2]) {
				stream_feed(&stream, text + at,
				    cuts[j / 2] < len - at ? cuts[j / 2] :
				    len - at, HG_WHOLE);
				if (cuts[j / 2] > len - at)
					break;
			}
			T_EQ(stream.result.frames, over ? 0 : 1);
			T_EQ(stream.result.code, over ? limits[i].code : 0);
			stream_finish(&stream);
		}
	}
	t_row(NULL);
	free(text);
	teardown();
}

/* Nothing of what a length promises is reserved before it comes. B05. */
static void
test_nothing_held(void)
{
	struct stream stream;
	size_t i;

	setup();
	stream_init(&stream, V1, CLIENT);
	for (i = 0; i < 100000; i++)
		stream_feed(&stream, "\n", 1, HG_WHOLE);
	T_TRUE(stream.parser.raw == NULL);
	T_EQ(fake_live_frames(), 0);
	stream_feed(&stream, S("SEND\ncontent-length:1000000\n\nabc"),
	    HG_WHOLE);
	T_EQ(hg->frame_len(stream.parser.body), 3);
	stream_finish(&stream);
	teardown();
}

/* B08: budgets count the sum, and time is linear in it. */
static void
test_accumulation(void)
{
	static const char begin[] = "SEND\na:b\n\n";
	struct stream stream;
	char *text, *body;
	size_t i, len;

	setup();
	stream_init(&stream, V1, CLIENT);
	stream_feed(&stream, begin, sizeof(begin) - 1, HG_WHOLE);
	for (i = 0; i < 100000; i++)
		stream_feed(&stream, "x", 1, HG_WHOLE);
	T_EQ(stream.result.frames, 0);
	stream_feed(&stream, "\0", 1, HG_WHOLE);
	T_EQ(stream.result.frames, 1);
	body = strstr(stream.result.out, "\n\n");
	T_REQUIRE(body != NULL);
	T_EQ(strspn(body + 2, "x"), 100000);
	stream_finish(&stream);

	text = malloc(100000 * 12);
	for (i = len = 0; i < 100000; i++) {
		memcpy(text + len, "SEND\n\nx\0", 8);
		len += 8;
	}
	stream_init(&stream, V1, CLIENT);
	stream_feed(&stream, text, len, HG_WHOLE);
	T_EQ(stream.result.frames, 100000);
	stream_finish(&stream);
	free(text);
	teardown();
}

/* A message is text when all that it came in was. */
static void
test_text(void)
{
	struct stream stream;

	setup();
	stream_init(&stream, V1, CLIENT);
	stream_feed(&stream, S("SEND\n\nx\0SEND\n"), HG_WHOLE | HG_TEXT);
	T_TRUE(stream.result.is_text);
	stream_feed(&stream, S("\ny\0"), HG_WHOLE);
	T_FALSE(stream.result.is_text);
	stream_feed(&stream, S("\nSEND\n\nx"), HG_WHOLE);
	stream_feed(&stream, S("\0"), HG_WHOLE | HG_TEXT);
	T_FALSE(stream.result.is_text);
	stream_feed(&stream, S("SEND\n\nx\0"), HG_WHOLE | HG_TEXT);
	T_TRUE(stream.result.is_text);
	T_EQ(stream.result.frames, 4);
	stream_finish(&stream);
	teardown();
}

/* Changing a head keeps the others in their order. */
static void
test_edit(void)
{
	static const char in[] =
	    "MESSAGE\nsubscription:1\nx:1\nmessage-id:7\ny:2\nack:3\n\n\0";
	static const char edited[] =
	    "MESSAGE\nx:1\ny:2\nack:44\nreceipt-id:a\\cb\n\n\0";
	struct stomp_parser parser;
	struct stomp_work *work;
	struct stomp_text text;
	struct hg_frame *piece, *frame;
	size_t at = 0, len;
	char out[256];

	setup();
	work = calloc(1, sizeof(*work));
	stomp_parser_init(&parser, true, BODY_MAX);
	parser.version = V1;
	piece = hg->frame_new(in, sizeof(in) - 1, HG_WHOLE);
	T_EQ(stomp_parse(&parser, piece, &at, work), STOMP_FRAME);
	stomp_remove(work, STOMP_SUBSCRIPTION);
	stomp_remove(work, STOMP_MESSAGE_ID);
	stomp_remove(work, STOMP_SELECTOR);
	T_TRUE(stomp_get(work, STOMP_ACK_MODE, &text));
	T_TRUE(stomp_is(text, "3"));
	T_EQ(stomp_set(work, STOMP_ACK_MODE, "44", 2), 0);
	T_EQ(stomp_set(work, STOMP_RECEIPT_ID, "a:b", 3), 0);
	frame = stomp_write(work, V1, true);
	len = hg->frame_peek(frame, 0, out, sizeof(out));
	T_MEM_EQ(out, len,
	    edited, sizeof(edited) - 1);
	hg->frame_unref(frame);
	hg->frame_unref(piece);
	stomp_parser_finish(&parser);
	free(work);
	teardown();
}

/* B02: for all strings of bytes that matter. */
static void
test_escapes(void)
{
	static const char bytes[] = { '\n', '\r', ':', '\\', 'n', 'c', 'r',
	    'x' };
	char in[4], out[8];
	unsigned i, j, n;
	int len;

	for (i = 0; i < 8 * 8 * 8 * 8; i++) {
		for (j = 0, n = i; j < 4; j++, n /= 8)
			in[j] = bytes[n % 8];
		n = (unsigned)stomp_escape(out, in, 4, STOMP_ESC_1_2);
		T_NULL(memchr(out, '\n', n));
		T_NULL(memchr(out, '\r', n));
		T_NULL(memchr(out, ':', n));
		len = stomp_unescape(out, n, STOMP_ESC_1_2);
		T_REQUIRE(len == 4);
		T_MEM_EQ(out, 4, in, 4);
		n = (unsigned)stomp_escape(out, in, 4, STOMP_ESC_1_1);
		T_NULL(memchr(out, '\n', n));
		len = stomp_unescape(out, n, STOMP_ESC_1_1);
		T_REQUIRE(len == 4);
		T_MEM_EQ(out, 4, in, 4);
	}
}

static void
test_utf8(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		bool		 valid;
	} texts[] = {
		{ S(""), true },
		{ S("plain text of more than eight"), true },
		{ S("\xc2\x80"), true },
		{ S("\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"), true },
		{ S("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true },
		{ S("abcdefg\xc3\xa9"), true },
		{ S("\x80"), false },
		{ S("\xc0\x80"), false },
		{ S("\xc1\xbf"), false },
		{ S("\xe0\x9f\xbf"), false },
		{ S("\xed\xa0\x80"), false },
		{ S("\xf0\x8f\xbf\xbf"), false },
		{ S("\xf4\x90\x80\x80"), false },
		{ S("\xf5\x80\x80\x80"), false },
		{ S("\xc3"), false },
		{ S("abcdefgh\xe2\x82"), false },
		{ S("\xe2\x82x"), false },
		{ S("\xff"), false },
	};
	struct hg_frame *frame;
	char *big;
	size_t i;

	setup();
	for (i = 0; i < T_ROWS(texts); i++) {
		t_row("row %zu", i);
		T_EQ(stomp_is_utf8(texts[i].bytes, texts[i].len),
		    texts[i].valid);
		/* Across the border between two windows. */
		big = malloc(4095 + texts[i].len);
		memset(big, 'x', 4095);
		memcpy(big + 4095, texts[i].bytes, texts[i].len);
		frame = hg->frame_new(big, 4095 + texts[i].len, HG_WHOLE);
		T_EQ(stomp_frame_is_utf8(frame), texts[i].valid);
		hg->frame_unref(frame);
		free(big);
	}
	t_row(NULL);
	teardown();
}

/*
 * Another parser, as lenient as those of brokers are: any blanks and a sign
 * about the length, CRLF or LF, any command. Returns how many frames it sees in
 * what should be one, 0 when it cannot tell.
 */
static unsigned
lenient_frames(const char *text, size_t len)
{
	const char *at = text, *end = text + len, *lf, *colon;
	long length;
	unsigned frames = 0;

	while (at < end) {
		if (*at == '\n' || *at == '\r') {
			at++;
			continue;
		}
		length = -1;
		for (;;) {
			lf = memchr(at, '\n', (size_t)(end - at));
			if (lf == NULL)
				return (0);
			if (lf == at || (lf == at + 1 && *at == '\r'))
				break;
			colon = memchr(at, ':', (size_t)(lf - at));
			if (colon == at + 14 && length < 0 &&
			    memcmp(at, "content-length", 14) == 0)
				length = strtol(colon + 1, NULL, 10);
			at = lf + 1;
		}
		at = lf + 1;
		if (length >= 0 && length < end - at && at[length] == '\0')
			at += length + 1;
		else if (length >= 0)
			return (0);
		else if ((at = memchr(at, '\0', (size_t)(end - at))) == NULL)
			return (0);
		else
			at++;
		frames++;
	}
	return (frames);
}

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return (*state);
}

static size_t
mutate(char *text, size_t len, size_t max, uint32_t *random)
{
	static const char bytes[] = "\n\r:\\0159 nrcx\xff";
	size_t at, n;
	unsigned times;

	for (times = next_random(random) % 6; times > 0 && len > 0; times--) {
		at = next_random(random) % len;
		switch (next_random(random) % 4) {
		case 0:
			text[at] = bytes[next_random(random) % sizeof(bytes)];
			break;
		case 1:
			memmove(text + at, text + at + 1, len - at - 1);
			len--;
			break;
		case 2:
			if (len == max)
				break;
			memmove(text + at + 1, text + at, len - at);
			text[at] = bytes[next_random(random) % sizeof(bytes)];
			len++;
			break;
		default:
			n = next_random(random) % 24;
			if (n > len - at)
				n = len - at;
			if (len + n > max)
				break;
			memmove(text + at + n, text + at, len - at);
			len += n;
			break;
		}
	}
	return (len);
}

/* Each frame that was written is one to everybody, and always the same. */
static void
check_written(struct stream *again, const struct stream *stream)
{
	const struct result *result = &stream->result;
	char *out = again->result.out;
	unsigned lenient;

	again->parser.version = stream->parser.version;
	again->parser.from_broker = stream->parser.from_broker;
	memset(&again->result, 0, sizeof(again->result));
	again->result.out = out;
	stream_feed(again, result->out, result->len, HG_WHOLE);
	T_EQ(again->result.code, 0);
	T_TRUE(again->result.is_between);
	T_EQ(again->result.frames, result->frames);
	T_MEM_EQ(again->result.out, again->result.len, result->out,
	    result->len);
	lenient = lenient_frames(result->out, result->len);
	T_EQ(lenient, result->frames);
}

static void
test_mutations(void)
{
	char text[4096];
	struct stream stream, again;
	uint32_t random = 20120322;
	size_t bytes, len, at, n;
	unsigned frames = 0, errors = 0;
	const struct row *row;
	char *out;

	setup();
	stream_init(&again, V1, CLIENT);
	stream_init(&stream, V1, CLIENT);
	for (bytes = 0; bytes < 3000000; bytes += len + 1) {
		row = &rows[next_random(&random) % T_ROWS(rows)];
		len = 0;
		do {
			memcpy(text + len, row->in, row->in_len);
			len += row->in_len;
		} while (next_random(&random) % 2 != 0 && len < 1024);
		len = mutate(text, len, sizeof(text), &random);
		t_row("\"%.*s\" near %zu", (int)len, text, bytes);
		out = stream.result.out;
		stomp_parser_finish(&stream.parser);
		stomp_parser_init(&stream.parser, row->from_broker, BODY_MAX);
		stream.parser.version = (enum stomp_version)(
		    next_random(&random) % 3);
		memset(&stream.result, 0, sizeof(stream.result));
		stream.result.out = out;
		for (at = 0; at < len && stream.result.code == 0; at += n) {
			n = 1 + next_random(&random) % len;
			if (n > len - at)
				n = len - at;
			stream_feed(&stream, text + at, n, HG_WHOLE);
		}
		if (stream.result.frames > 0)
			check_written(&again, &stream);
		frames += stream.result.frames;
		errors += stream.result.code != 0;
	}
	t_row(NULL);
	T_TRUE(frames > 10000);
	T_TRUE(errors > 10000);
	stream_finish(&stream);
	stream_finish(&again);
	teardown();
}

T_MAIN(
	{ "rows", test_rows },
	{ "splits", test_splits },
	{ "canonical again", test_canonical_again },
	{ "limits", test_limits },
	{ "nothing held", test_nothing_held },
	{ "accumulation", test_accumulation },
	{ "text", test_text },
	{ "edit", test_edit },
	{ "escapes", test_escapes },
	{ "utf8", test_utf8 },
	{ "mutations", test_mutations },
)
