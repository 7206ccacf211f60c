/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of HTTP messages, in one piece and byte by byte: W15. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "httpbody.h"
#include "str.h"

/* What a body of these bytes comes to, "!" and the error behind it when it is
 * wrong, "..." when it is not complete, "|" and what follows it. */
static char *
decode(struct httpbody *body, const char *text, size_t len, size_t piece)
{
	const unsigned char *at, *data;
	struct str out = { 0 };
	enum httpbody_result result = HTTPBODY_NEED;
	size_t part, left, data_len;

	str_add(&out, "");
	while (len > 0 && result == HTTPBODY_NEED) {
		part = left = piece < len ? piece : len;
		at = (const unsigned char *)text;
		while ((result = httpbody_next(body, &at, &left, &data,
		    &data_len)) == HTTPBODY_DATA)
			str_add_bytes(&out, data, data_len);
		text += part - left;
		len -= part - left;
	}
	if (result == HTTPBODY_ERROR)
		str_addf(&out, "!%s", body->error);
	else if (!httpbody_is_complete(body))
		str_add(&out, "...");
	if (result != HTTPBODY_ERROR && len > 0) {
		str_add(&out, "|");
		str_add_bytes(&out, text, len);
	}
	return (str_take(&out));
}

static const struct {
	const char	*bytes;
	const char	*wanted;
} chunked[] = {
	{ "0\r\n\r\n", "" },
	{ "5\r\nhello\r\n0\r\n\r\n", "hello" },
	{ "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET", "hello world|GET" },
	{ "00005\r\nhello\r\n00\r\n\r\n", "hello" },
	{ "a\r\n0123456789\r\n0\r\n\r\n", "0123456789" },
	{ "A\r\n0123456789\r\n0\r\n\r\n", "0123456789" },
	{ "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello" },
	{ "5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\nrest", "hello|rest" },
	{ "5\r\nhel", "hel..." },
	{ "5\r\nhello\r\n0\r\n", "hello..." },
	{ "5\r\nhello\r\n0\r\nA: b\r\n", "hello..." },
	{ "\r\n", "!malformed chunk size" },
	{ "g\r\n", "!malformed chunk size" },
	{ "0x5\r\nhello\r\n", "!malformed chunk size" },
	{ "+5\r\nhello\r\n", "!malformed chunk size" },
	{ "-5\r\nhello\r\n", "!malformed chunk size" },
	{ " 5\r\nhello\r\n", "!malformed chunk size" },
	{ "5 \r\nhello\r\n", "!malformed chunk size" },
	{ "5\nhello\r\n", "!malformed chunk size" },
	{ ";a\r\n", "!malformed chunk size" },
	{ "5\r\rhello", "!malformed end of a line" },
	{ "5;a\nhello", "!malformed chunk extension" },
	{ "5;a\x01\r\nhello", "!malformed chunk extension" },
	{ "5\r\nhello0\r\n\r\n", "hello!malformed end of a chunk" },
	{ "5\r\nhelloX", "hello!malformed end of a chunk" },
	{ "5\r\nhello\n0\r\n\r\n", "hello!malformed end of a chunk" },
	{ "5\r\nhello\r0\r\n\r\n", "hello!malformed end of a chunk" },
	{ "ffffffffffffffff\r\n", "!chunk too long" },
	{ "8000000000000000\r\n", "!chunk too long" },
	{ "10000000000000000\r\n", "!chunk too long" },
	{ "0\r\n: b\r\n\r\n", "!malformed trailer" },
	{ "0\r\n a: b\r\n\r\n", "!malformed trailer" },
	{ "0\r\na : b\r\n\r\n", "!malformed trailer" },
	{ "0\r\na\r\n\r\n", "!malformed trailer" },
	{ "0\r\na: \x01\r\n\r\n", "!malformed trailer" },
	{ "0\r\na: b\n\r\n", "!malformed trailer" },
	{ "0\r\na: b\rc\r\n", "!malformed end of a chunk" },
	{ "0\r\n\rX", "!malformed end of a chunk" },
};

static void
check(enum httpbody_kind kind, uint64_t length, const char *bytes, size_t len,
    const char *wanted)
{
	struct httpbody body;
	size_t piece;
	char *got;

	for (piece = 1; piece <= len; piece++) {
		httpbody_init(&body, kind, length);
		got = decode(&body, bytes, len, piece);
		T_STR_EQ(got, wanted);
		free(got);
	}
}

static void
test_chunked(void)
{
	size_t i;

	for (i = 0; i < T_ROWS(chunked); i++) {
		t_row("row %zu", i);
		check(HTTPBODY_CHUNKED, 0, chunked[i].bytes,
		    strlen(chunked[i].bytes), chunked[i].wanted);
	}
	t_row(NULL);
}

static void
test_other_kinds(void)
{
	check(HTTPBODY_NONE, 0, "GET", 3, "|GET");
	check(HTTPBODY_LENGTH, 0, "GET", 3, "|GET");
	check(HTTPBODY_LENGTH, 3, "GET", 3, "GET");
	check(HTTPBODY_LENGTH, 3, "GET /", 5, "GET| /");
	check(HTTPBODY_LENGTH, 9, "GET /", 5, "GET /...");
	check(HTTPBODY_REST, 0, "GET /", 5, "GET /...");
}

/* Extensions of many small chunks, and a trailer, are bounded together. */
static void
test_limits(void)
{
	struct httpbody body;
	struct str text = { 0 };
	char *got;
	int i;

	str_add(&text, "1;");
	for (i = 0; i < HTTPBODY_LINE_MAX; i++)
		str_add_char(&text, 'x');
	str_add(&text, "\r\na\r\n");
	httpbody_init(&body, HTTPBODY_CHUNKED, 0);
	got = decode(&body, text.text, text.len, text.len);
	T_STR_EQ(got, "a...");
	free(got);
	for (i = 0; i < 65; i++)
		str_add(&text, "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"
		    "b\r\n");
	httpbody_init(&body, HTTPBODY_CHUNKED, 0);
	got = decode(&body, text.text, text.len, text.len);
	T_TRUE(strstr(got, "b!chunk extensions too long") != NULL);
	free(got);
	str_free(&text);
	str_add(&text, "1;");
	for (i = 0; i <= HTTPBODY_LINE_MAX; i++)
		str_add_char(&text, 'x');
	httpbody_init(&body, HTTPBODY_CHUNKED, 0);
	got = decode(&body, text.text, text.len, text.len);
	T_STR_EQ(got, "!chunk extensions too long");
	free(got);
	str_free(&text);
	str_add(&text, "0\r\nA: ");
	for (i = 0; i < HTTPBODY_EXTRA_MAX; i++)
		str_add_char(&text, 'x');
	httpbody_init(&body, HTTPBODY_CHUNKED, 0);
	got = decode(&body, text.text, text.len, text.len);
	T_STR_EQ(got, "!trailer too long");
	free(got);
	str_free(&text);
	for (i = 0; i <= HTTPBODY_LINE_MAX; i++)
		str_add_char(&text, '0');
	httpbody_init(&body, HTTPBODY_CHUNKED, 0);
	got = decode(&body, text.text, text.len, text.len);
	T_STR_EQ(got, "!chunk too long");
	free(got);
	str_free(&text);
}

static void
test_of_request(void)
{
	static const struct {
		const char		*fields;
		int			 status;
		enum httpbody_kind	 kind;
		uint64_t		 length;
	} rows[] = {
		{ "", 0, HTTPBODY_NONE, 0 },
		{ "Content-Length: 0\r\n", 0, HTTPBODY_LENGTH, 0 },
		{ "Content-Length: 12\r\n", 0, HTTPBODY_LENGTH, 12 },
		{ "Transfer-Encoding: chunked\r\n", 0, HTTPBODY_CHUNKED, 0 },
		{ "Transfer-Encoding: Chunked\r\n", 0, HTTPBODY_CHUNKED, 0 },
		{ "Transfer-Encoding: gzip, chunked\r\n", 501, 0, 0 },
		{ "Transfer-Encoding: chunked, identity\r\n", 501, 0, 0 },
		{ "Transfer-Encoding: xchunked\r\n", 501, 0, 0 },
		{ "Transfer-Encoding:\r\n", 501, 0, 0 },
	};
	struct httpbody body;
	struct hg_head *head;
	struct str text = { 0 };
	const char *why;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		str_addf(&text, "GET / HTTP/1.1\r\n%s\r\n", rows[i].fields);
		head = http_parse(text.text, text.len, HTTP_REQUEST, NULL,
		    NULL);
		T_REQUIRE(head != NULL);
		T_EQ(httpbody_of_request(&body, head, &why), rows[i].status);
		T_EQ(why == NULL, rows[i].status == 0);
		if (rows[i].status == 0) {
			T_EQ(body.kind, rows[i].kind);
			T_EQ(body.left, rows[i].length);
		}
		http_free(head);
		str_free(&text);
		text = (struct str){ 0 };
	}
	t_row(NULL);
}

/* HTTP/1.0 is a request where it is asked for; it has no codings. */
static void
test_old(void)
{
	static const char text[] =
	    "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct httpbody body;
	struct hg_head *head;
	const char *why;
	int status = 0;

	T_NULL(http_parse(text, sizeof(text) - 1, HTTP_REQUEST, NULL,
	    &status));
	T_EQ(status, 505);
	head = http_parse(text, sizeof(text) - 1, HTTP_REQUEST_OLD, NULL,
	    NULL);
	T_REQUIRE(head != NULL);
	T_TRUE(head->is_old);
	T_EQ(head->kind, HTTP_REQUEST);
	T_EQ(httpbody_of_request(&body, head, &why), 400);
	http_free(head);
}

T_MAIN(
	{ "chunked", test_chunked },
	{ "other kinds", test_other_kinds },
	{ "limits", test_limits },
	{ "of a request", test_of_request },
	{ "HTTP/1.0", test_old }
)
