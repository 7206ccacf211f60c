/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that come: W13, W15, W16. What is made is in test-httpmake.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "http.h"
#include "str.h"

#define BYTES(text)	(text), sizeof(text) - 1

struct row {
	const char	*text;
	size_t		 len;
	int		 status;	/* 0: it is fine */
};

static void
check_rows(const struct row *rows, size_t count, enum http_kind kind)
{
	struct hg_head *head;
	const char *error;
	char *copy;
	size_t i;
	int status;

	for (i = 0; i < count; i++) {
		t_row("%zu %.*s", i, (int)(rows[i].len < 60 ? rows[i].len : 60),
		    rows[i].text);
		copy = malloc(rows[i].len + 1);
		T_REQUIRE(copy != NULL);
		/* At the end of the memory, so that a sanitizer sees it. */
		memcpy(copy + 1, rows[i].text, rows[i].len);
		error = NULL;
		status = 0;
		head = http_parse(copy + 1, rows[i].len, kind, &error, &status);
		T_EQ(status, rows[i].status);
		T_EQ(head == NULL, rows[i].status != 0);
		T_EQ(error != NULL, rows[i].status != 0);
		http_free(head);
		head = http_parse(copy + 1, rows[i].len, kind, NULL, NULL);
		T_EQ(head == NULL, rows[i].status != 0);
		http_free(head);
		free(copy);
	}
}

static void
test_request_lines(void)
{
	static const struct row rows[] = {
		{ BYTES("GET / HTTP/1.1\r\n"), 0 },
		{ BYTES("GET / HTTP/1.1\r\n\r\n"), 0 },
		{ BYTES("GET /a/b?c=d&e=%20 HTTP/1.1\r\n\r\n"), 0 },
		{ BYTES("GET /? HTTP/1.1\r\n\r\n"), 0 },
		{ BYTES("GET //a HTTP/1.1\r\n\r\n"), 0 },
		{ BYTES("get /~ HTTP/1.1\r\n\r\n"), 0 },
		{ BYTES("M-SEARCH /!$'()*+,;=:@[]|{}^` HTTP/1.1\r\n"), 0 },
		{ BYTES(""), 400 },
		{ BYTES("\r\n"), 400 },
		{ BYTES("\r\n\r\n"), 400 },
		{ BYTES("\r\nGET / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1\r\n\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1\r\n\r\nGET"), 400 },
		{ BYTES("GET / HTTP/1.1\r\n\r\nA: b\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1"), 400 },
		{ BYTES("GET / HTTP/1.1\r"), 400 },
		{ BYTES("GET / HTTP/1.1\n"), 400 },
		{ BYTES("GET / HTTP/1.1\n\n"), 400 },
		{ BYTES("GET / HTTP/1.1\r\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1\r\nA: b"), 400 },
		{ BYTES("GET\r\n\r\n"), 400 },
		{ BYTES("GET \r\n\r\n"), 400 },
		{ BYTES("GET /\r\n\r\n"), 400 },
		{ BYTES("GET / \r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1.0\r\n\r\n"), 505 },
		{ BYTES("GET / HTTP/1.2\r\n\r\n"), 505 },
		{ BYTES("GET / HTTP/2.0\r\n\r\n"), 505 },
		{ BYTES("GET / HTTP/0.9\r\n\r\n"), 505 },
		{ BYTES("PRI * HTTP/2.0\r\n\r\n"), 505 },
		{ BYTES("GET / HTTP/1.10\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1\r\n\r\n"), 400 },
		{ BYTES("GET / http/1.1\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1,1\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/x.1\r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1 \r\n\r\n"), 400 },
		{ BYTES("GET / HTTP/1.1\t\r\n\r\n"), 400 },
		{ BYTES("GET /  HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET  / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET\t/ HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES(" GET / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES(" / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("G\0T / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("G(T / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("G\xc3\xa9T / HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET * HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET http://a/ HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("CONNECT a:443 HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET a HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET ?a HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /#a HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /a b HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /a\tb HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\0 HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\x7f HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\x1b HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\xc3\xa9 HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\r HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("GET /\n HTTP/1.1\r\n\r\n"), 400 },
	};

	check_rows(rows, T_ROWS(rows), HTTP_REQUEST);
}

static void
test_status_lines(void)
{
	static const struct row rows[] = {
		{ BYTES("HTTP/1.1 101 Switching Protocols\r\n\r\n"), 0 },
		{ BYTES("HTTP/1.1 101 \r\n\r\n"), 0 },
		{ BYTES("HTTP/1.1 101\r\n\r\n"), 0 },
		{ BYTES("HTTP/1.1 599 \t x\xc3\xa9 y\r\n"), 0 },
		{ BYTES(""), 400 },
		{ BYTES("HTTP/1.1\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 \r\n\r\n"), 400 },
		{ BYTES("HTTP/1.0 200 OK\r\n\r\n"), 505 },
		{ BYTES("HTTP/2.0 200 OK\r\n\r\n"), 505 },
		{ BYTES("HTTP/2 200 OK\r\n\r\n"), 400 },
		{ BYTES("http/1.1 200 OK\r\n\r\n"), 400 },
		{ BYTES("ICY 200 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1  200 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 20 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 2000 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 099 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 000 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 600 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 +10 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 1e1 OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101\tOK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101OK\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101 a\0b\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101 a\rb\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101 a\x7f\r\n\r\n"), 400 },
		{ BYTES("HTTP/1.1 101 OK\n\n"), 400 },
		{ BYTES("GET / HTTP/1.1\r\n\r\n"), 400 },
	};

	check_rows(rows, T_ROWS(rows), HTTP_RESPONSE);
}

/* W15, W16 and the rest, in bare fields. */
static const struct row field_rows[] = {
	{ BYTES("A: b\r\n"), 0 },
	{ BYTES("A: b\r\n\r\n"), 0 },
	{ BYTES("A:b\r\nA:\r\nB: \t \r\nC:\td\t\r\n"), 0 },
	{ BYTES("!#$%&'*+-.^_`|~09azAZ: x\r\n"), 0 },
	{ BYTES("A: b:c;\"d\" \\ , =\r\n"), 0 },
	{ BYTES("A: b\tc\r\n"), 0 },
	{ BYTES("A: \x80\xff\xc3\xa9\r\n"), 0 },
	{ BYTES("A: b\r\n\r\n\r\n"), 400 },
	{ BYTES("\r\nA: b\r\n"), 400 },
	{ BYTES("A: b\r\n\r\nC: d\r\n"), 400 },
	{ BYTES("A: b"), 400 },
	{ BYTES("A: b\r"), 400 },
	{ BYTES("A: b\n"), 400 },
	{ BYTES("\n"), 400 },
	{ BYTES("\r"), 400 },
	{ BYTES("A: b\nC: d\r\n"), 400 },
	{ BYTES("A: b\r\nC: d\n\r\n"), 400 },
	{ BYTES("A: b\rC: d\r\n"), 400 },
	{ BYTES("A: b\r\r\n"), 400 },
	{ BYTES("A: b\r\n c\r\n"), 400 },
	{ BYTES("A: b\r\n\tc\r\n"), 400 },
	{ BYTES(" A: b\r\n"), 400 },
	{ BYTES("A: b\r\n \r\n"), 400 },
	{ BYTES("A : b\r\n"), 400 },
	{ BYTES("A\t: b\r\n"), 400 },
	{ BYTES(": b\r\n"), 400 },
	{ BYTES(":\r\n"), 400 },
	{ BYTES("A\r\n"), 400 },
	{ BYTES("A b\r\n"), 400 },
	{ BYTES("A b: c\r\n"), 400 },
	{ BYTES("A(b): c\r\n"), 400 },
	{ BYTES("A\"b: c\r\n"), 400 },
	{ BYTES("A@b: c\r\n"), 400 },
	{ BYTES("A\0: b\r\n"), 400 },
	{ BYTES("A\xc3\xa9: b\r\n"), 400 },
	{ BYTES("A\x7f: b\r\n"), 400 },
	{ BYTES("A: b\0c\r\n"), 400 },
	{ BYTES("A: \0\r\n"), 400 },
	{ BYTES("A: b\x01\r\n"), 400 },
	{ BYTES("A: b\x0b\r\n"), 400 },
	{ BYTES("A: b\x1b[0m\r\n"), 400 },
	{ BYTES("A: b\x7f\r\n"), 400 },
	{ BYTES("Content-Length: 0\r\n"), 0 },
	{ BYTES("Content-Length: 9223372036854775807\r\n"), 0 },
	{ BYTES("Content-Length: 9223372036854775808\r\n"), 400 },
	{ BYTES("Content-Length: +1\r\n"), 400 },
	{ BYTES("content-length: -1\r\n"), 400 },
	{ BYTES("Content-Length: 0x1\r\n"), 400 },
	{ BYTES("Content-Length: 1 1\r\n"), 400 },
	{ BYTES("Content-Length:\r\n"), 400 },
	{ BYTES("Content-Length: 1, 1\r\n"), 400 },
	{ BYTES("Content-Length: 1\r\nCONTENT-LENGTH: 1\r\n"), 400 },
	{ BYTES("Transfer-Encoding: chunked\r\n"), 0 },
	{ BYTES("Transfer-Encoding: a\r\nTransfer-Encoding: b\r\n"), 400 },
	{ BYTES("Content-Length: 1\r\ntransfer-encoding: chunked\r\n"), 400 },
};

static void
test_fields(void)
{
	static const struct row none[] = {
		{ BYTES(""), 0 },
		{ BYTES("\r\n"), 0 },
		{ BYTES("\r\n\r\n"), 400 },
	};
	struct row rows[T_ROWS(field_rows)];
	char *text[T_ROWS(field_rows)];
	size_t i, start;

	check_rows(field_rows, T_ROWS(field_rows), HTTP_FIELDS);
	check_rows(none, T_ROWS(none), HTTP_FIELDS);
	/* The same behind a request line. */
	start = strlen("GET / HTTP/1.1\r\n");
	for (i = 0; i < T_ROWS(rows); i++) {
		rows[i] = field_rows[i];
		text[i] = malloc(start + rows[i].len);
		T_REQUIRE(text[i] != NULL);
		memcpy(text[i], "GET / HTTP/1.1\r\n", start);
		memcpy(text[i] + start, rows[i].text, rows[i].len);
		rows[i].text = text[i];
		rows[i].len += start;
	}
	check_rows(rows, T_ROWS(rows), HTTP_REQUEST);
	for (i = 0; i < T_ROWS(rows); i++)
		free(text[i]);
}

static void
test_content(void)
{
	static const char text[] = "GET /a/b?c?d HTTP/1.1\r\nHost:x \r\n"
	    "Connection: keep-alive ,\tUPGRADE,,\r\nconnection:\tfoo\r\n"
	    "Empty:\r\nUpgrade: websocket\r\n\r\n";
	struct hg_head *head;
	const char *value;
	size_t len;

	head = http_parse(BYTES(text), HTTP_REQUEST, NULL, NULL);
	T_REQUIRE(head != NULL);
	T_EQ(head->kind, HTTP_REQUEST);
	T_STR_EQ(head->method, "GET");
	T_STR_EQ(head->target, "/a/b?c?d");
	T_STR_EQ(head->path, "/a/b");
	T_STR_EQ(head->query, "c?d");
	T_EQ(head->status, 0);
	T_NULL(head->reason);
	T_EQ(head->count, 5);
	T_STR_EQ(http_name(head, 0), "Host");
	T_STR_EQ(http_get(head, "host"), "x");
	T_STR_EQ(http_get(head, "EMPTY"), "");
	T_NULL(http_get(head, "Hos"));
	T_NULL(http_get(head, "Hostx"));
	value = http_get(head, "Connection");
	T_STR_EQ(value, "keep-alive ,\tUPGRADE,,");
	value = http_next(head, "CONNECTION", value);
	T_STR_EQ(value, "foo");
	T_NULL(http_next(head, "connection", value));
	T_NULL(http_next(head, "connection", "foo"));
	T_EQ(http_count(head, "connection"), 2);
	T_EQ(http_count(head, "upgrade"), 1);
	T_EQ(http_count(head, "no"), 0);
	T_TRUE(http_has_token(head, "connection", "upgrade"));
	T_TRUE(http_has_token(head, "connection", "Keep-Alive"));
	T_TRUE(http_has_token(head, "connection", "FOO"));
	T_FALSE(http_has_token(head, "connection", "keep"));
	T_FALSE(http_has_token(head, "connection", ""));
	T_FALSE(http_has_token(head, "empty", ""));
	T_FALSE(http_has_token(head, "no", "upgrade"));
	T_STR_EQ(http_text(head, &len), "GET /a/b?c?d HTTP/1.1\r\nHost: x\r\n"
	    "Connection: keep-alive ,\tUPGRADE,,\r\nconnection: foo\r\n"
	    "Empty: \r\nUpgrade: websocket\r\n");
	T_EQ(strlen(http_text(head, &len)), len);
	http_free(head);
	head = http_parse(BYTES("HTTP/1.1 404  Not  there \r\n"),
	    HTTP_RESPONSE, NULL, NULL);
	T_REQUIRE(head != NULL);
	T_EQ(head->status, 404);
	T_STR_EQ(head->reason, "Not  there");
	T_NULL(head->target);
	T_STR_EQ(http_text(head, &len), "HTTP/1.1 404 Not  there\r\n");
	http_free(head);
	http_free(NULL);
}

static void
test_elements(void)
{
	static const struct {
		const char	*text, *wanted;
	} rows[] = {
		{ "", "" }, { " ", "" }, { ",", "" }, { " ,\t, ", "" },
		{ "a", "[a]" }, { " a ", "[a]" }, { "a,b", "[a][b]" },
		{ ",a ,, b\t,", "[a][b]" }, { "a b, c", "[a b][c]" },
		{ "13, 8", "[13][8]" },
	};
	const char *at, *element;
	struct str out;
	size_t i, len;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].text);
		out = (struct str){ 0 };
		str_add(&out, "");
		at = rows[i].text;
		while ((element = http_element(&at, &len)) != NULL) {
			str_add(&out, "[");
			str_add_bytes(&out, element, len);
			str_add(&out, "]");
		}
		T_STR_EQ(out.text, rows[i].wanted);
		T_EQ(*at, '\0');
		str_free(&out);
	}
}

static void
test_head_len(void)
{
	static const struct {
		const char	*text;
		int		 len;
	} rows[] = {
		{ "", 0 }, { "\r\n", 0 }, { "GET / HTTP/1.1\r\n", 0 },
		{ "A\r\n\r", 0 }, { "A\r\n\r\n", 5 }, { "A\r\n\r\nmore", 5 },
		{ "A\r\nB\r\n\r\nC\r\n\r\n", 8 }, { "\r\n\r\n", 4 },
		{ "A\n\n", 3 }, { "A\n\r\nB", 4 }, { "A\r\n\nB", 4 },
		{ "A\r\r\n", 0 }, { "A\n", 0 }, { "A\n\r", 0 },
	};
	char big[HTTP_HEAD_MAX + 8];
	size_t i, len;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		T_EQ(http_head_len(rows[i].text, strlen(rows[i].text)),
		    rows[i].len);
		/* Not before its last byte has come. */
		for (len = 0; (int)len < rows[i].len; len++)
			T_EQ(http_head_len(rows[i].text, len), 0);
	}
	t_row(NULL);
	T_EQ(http_head_len(NULL, 0), 0);
	memset(big, 'a', sizeof(big));
	T_EQ(http_head_len(big, HTTP_HEAD_MAX - 1), 0);
	T_EQ(http_head_len(big, HTTP_HEAD_MAX), -1);
	T_EQ(http_head_len(big, sizeof(big)), -1);
	memcpy(big + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	T_EQ(http_head_len(big, HTTP_HEAD_MAX - 1), 0);
	T_EQ(http_head_len(big, HTTP_HEAD_MAX), HTTP_HEAD_MAX);
	T_EQ(http_head_len(big, sizeof(big)), HTTP_HEAD_MAX);
	memcpy(big + HTTP_HEAD_MAX - 4, "a\r\n\r\n", 5);
	T_EQ(http_head_len(big, sizeof(big)), -1);
}

T_MAIN(
	{ "request lines (W15)", test_request_lines },
	{ "status lines (W15)", test_status_lines },
	{ "fields (W13, W15, W16)", test_fields },
	{ "content", test_content },
	{ "elements", test_elements },
	{ "length of a head", test_head_len })
