/* SPDX-License-Identifier: Apache-2.0 */
/* Responses, as all kinds of servers give them. */
#include "fetches.h"

#define OK		"HTTP/1.1 200 OK\r\n"
#define LEN5		"Content-Length: 5\r\n\r\nhello"
#define CHUNKED		"Transfer-Encoding: chunked\r\n\r\n"

/* The fields that are ours are not the plugin's. */
static void
test_request(void)
{
	struct hg_request request = { .size = sizeof(request) };
	struct asked asked = { 0 };
	struct origin origin;
	char expected[512];

	fetches_start();
	origin_start(&origin);
	request.method = "GET";
	request.target = "/a?b=c";
	request.fields = http_fields_new();
	T_REQUIRE(request.fields != NULL);
	http_fields_add((struct hg_fields *)(uintptr_t)request.fields,
	    "Accept", "*/*");
	http_fields_add((struct hg_fields *)(uintptr_t)request.fields,
	    "connection", "upgrade");
	http_fields_add((struct hg_fields *)(uintptr_t)request.fields,
	    "Upgrade", "websocket");
	http_fields_add((struct hg_fields *)(uintptr_t)request.fields,
	    "Content-Length", "7");
	http_fields_add((struct hg_fields *)(uintptr_t)request.fields,
	    "HOST", "evil.example");
	T_REQUIRE(ask_with(&asked, &origin, &request) != NULL);
	http_fields_free((struct hg_fields *)(uintptr_t)request.fields);
	origin_wait(&origin, "\r\n\r\n");
	snprintf(expected, sizeof(expected), "GET /a?b=c HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%u\r\nAccept: */*\r\n\r\n", origin.port);
	T_STR_EQ(origin.got, expected);
	origin_say(&origin, OK LEN5);
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(asked.end, HG_FETCH_DONE);
	T_EQ(asked.status, 200);
	T_MEM_EQ(asked.body, asked.body_len, "hello", 5);
	T_EQ(fetchconn_idle(), 1);
	/* The next one takes the same connection. */
	asked_free(&asked);
	origin_forget(&origin);
	request = (struct hg_request){ .size = sizeof(request),
	    .method = "HEAD", .host = "other.example" };
	T_REQUIRE(ask_with(&asked, &origin, &request) != NULL);
	origin_wait(&origin, "\r\n\r\n");
	T_STR_EQ(origin.got, "HEAD / HTTP/1.1\r\nHost: other.example\r\n\r\n");
	T_EQ(origin.accepted, 1);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

/* NULL for what cannot be said, and nothing is opened. */
static void
test_impossible(void)
{
	struct hg_request request = { .size = sizeof(request) };
	struct asked asked = { 0 };
	struct origin origin;

	fetches_start();
	origin_start(&origin);
	request.method = "GET /";
	T_NULL(ask_with(&asked, &origin, &request));
	request.method = "GET";
	request.target = "http://x/";
	T_NULL(ask_with(&asked, &origin, &request));
	request.target = "/a b";
	T_NULL(ask_with(&asked, &origin, &request));
	request.target = "/\r\nX: y";
	T_NULL(ask_with(&asked, &origin, &request));
	request.target = "/";
	request.host = "a\r\nX: y";
	T_NULL(ask_with(&asked, &origin, &request));
	T_EQ(fetch_count(), 0);
	origin_stop(&origin);
	fetches_stop();
}

static const struct row {
	const char		*method;
	const char		*said;
	int			 status;	/* 0: none was told */
	const char		*body;
	enum hg_fetch_end	 end;
	const char		*reason;
	unsigned		 kept;
	bool			 closes;	/* the server, behind it */
} rows[] = {
	{ "GET", OK LEN5, 200, "hello", HG_FETCH_DONE, "", 1, false },
	{ "GET", OK "Content-Length: 0\r\n\r\n", 200, "", HG_FETCH_DONE, "", 1,
	    false },
	{ "GET", OK CHUNKED "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nA: b\r\n\r\n",
	    200, "hello!", HG_FETCH_DONE, "", 1, false },
	{ "GET", OK "\r\nhello", 200, "hello", HG_FETCH_DONE, "", 0, true },
	{ "GET", OK "Connection: close\r\n" LEN5, 200, "hello", HG_FETCH_DONE,
	    "", 0, false },
	{ "GET", OK "Connection: x, Close\r\n" LEN5, 200, "hello",
	    HG_FETCH_DONE, "", 0, false },
	{ "GET", "HTTP/1.0 200 OK\r\n" LEN5, 200, "hello", HG_FETCH_DONE, "",
	    0, false },
	{ "GET", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello", HG_FETCH_DONE,
	    "", 0, true },
	{ "GET", OK "Keep-Alive: timeout=5, max=9\r\n" LEN5, 200, "hello",
	    HG_FETCH_DONE, "", 1, false },
	{ "GET", OK "Keep-Alive: timeout=1\r\n" LEN5, 200, "hello",
	    HG_FETCH_DONE, "", 0, false },
	{ "GET", "HTTP/1.1 404 Not Found\r\n" LEN5, 404, "hello",
	    HG_FETCH_DONE, "", 1, false },
	{ "HEAD", OK "Content-Length: 5\r\n\r\n", 200, "", HG_FETCH_DONE, "",
	    1, false },
	{ "HEAD", OK CHUNKED, 200, "", HG_FETCH_DONE, "", 1, false },
	{ "HEAD", OK "\r\n", 200, "", HG_FETCH_DONE, "", 1, false },
	{ "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", HG_FETCH_DONE,
	    "", 1, false },
	{ "GET", "HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n", 304, "",
	    HG_FETCH_DONE, "", 1, false },
	{ "GET", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
	    "HTTP/1.1 100 Continue\r\n\r\n" OK LEN5, 200, "hello",
	    HG_FETCH_DONE, "", 1, false },
	/* What is behind the response is nobody's: threats W15. */
	{ "GET", OK LEN5 "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200,
	    "hello", HG_FETCH_DONE, "", 0, false },
	{ "HEAD", OK LEN5, 200, "", HG_FETCH_DONE, "", 0, false },
	/* W15: what could be read in two ways. */
	{ "GET", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 0,
	    "", HG_FETCH_FAILED, "several lengths of the body", 0, false },
	{ "GET", OK "Content-Length: 5, 5\r\n\r\nhello", 0, "",
	    HG_FETCH_FAILED, "malformed Content-Length", 0, false },
	{ "GET", OK "Content-Length: +5\r\n\r\nhello", 0, "", HG_FETCH_FAILED,
	    "malformed Content-Length", 0, false },
	{ "GET", OK "Transfer-Encoding: chunked\r\n" LEN5, 0, "",
	    HG_FETCH_FAILED, "several lengths of the body", 0, false },
	{ "GET", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", 0, "",
	    HG_FETCH_FAILED, "a transfer coding that is not chunked alone", 0,
	    false },
	{ "GET", "HTTP/1.0 200 OK\r\n" CHUNKED, 0, "", HG_FETCH_FAILED,
	    "Transfer-Encoding in HTTP/1.0", 0, false },
	{ "GET", OK "A : b\r\n" LEN5, 0, "", HG_FETCH_FAILED, "malformed name",
	    0, false },
	{ "GET", OK "A: b\r\n c\r\n" LEN5, 0, "", HG_FETCH_FAILED,
	    "folded field", 0, false },
	{ "GET", OK "A: b\n\r\n", 0, "", HG_FETCH_FAILED, "bare LF", 0,
	    false },
	{ "GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\n\r\n", 0, "", HG_FETCH_FAILED,
	    "101 that nobody asked for", 0, false },
	{ "GET", "HTTP/2 200\r\n\r\n", 0, "", HG_FETCH_FAILED,
	    "malformed HTTP version", 0, false },
	{ "GET", "HTTP/0.9 200 OK\r\n\r\n", 0, "", HG_FETCH_FAILED,
	    "HTTP version not 1.1", 0, false },
	{ "GET", "<html>\r\n\r\n", 0, "", HG_FETCH_FAILED,
	    "malformed status line", 0, false },
	{ "GET", OK CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", 200, "",
	    HG_FETCH_FAILED, "malformed chunk size", 0, false },
	{ "GET", OK CHUNKED "5\r\nhelloX\r\n", 200, "hello", HG_FETCH_FAILED,
	    "malformed end of a chunk", 0, false },
	/* Cut off. */
	{ "GET", "", 0, "", HG_FETCH_FAILED, "closed before its answer", 0,
	    true },
	{ "GET", "HTTP/1.1 200 OK\r\n", 0, "", HG_FETCH_FAILED,
	    "closed before its answer", 0, true },
	{ "GET", OK "Content-Length: 9\r\n\r\nhello", 200, "hello",
	    HG_FETCH_FAILED, "closed within its answer", 0, true },
	{ "GET", OK CHUNKED "5\r\nhello\r\n", 200, "hello", HG_FETCH_FAILED,
	    "closed within its answer", 0, true },
	{ "GET", OK CHUNKED "5\r\nhello\r\n0\r\n", 200, "hello",
	    HG_FETCH_FAILED, "closed within its answer", 0, true },
};

static void
try_row(const struct row *row, size_t run)
{
	struct asked asked = { 0 };
	struct origin origin;

	fetches_start();
	origin_start(&origin);
	ask(&asked, &origin, row->method, 0);
	origin_wait(&origin, "\r\n\r\n");
	origin_say_bytes(&origin, row->said, strlen(row->said), run);
	if (row->closes)
		origin_close(&origin);
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(asked.status, row->status);
	T_MEM_EQ(asked.body != NULL ? asked.body : "", asked.body_len,
	    row->body, strlen(row->body));
	T_EQ(asked.end, row->end);
	T_STR_EQ(asked.reason, row->reason);
	/* Whether extra bytes come with the response or behind it, the
	 * connection is gone when they are there. */
	if (run > 0 && row->kept == 0)
		ORIGIN_UNTIL(&origin, fetchconn_idle() == 0);
	T_EQ(fetchconn_idle(), row->kept);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

static void
test_responses(void)
{
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu: %s", i, rows[i].said);
		try_row(&rows[i], 0);
		t_row("%zu, in bytes: %s", i, rows[i].said);
		try_row(&rows[i], 1);
	}
}

static void
test_bounds(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	char line[1100];
	unsigned i;

	fetches_start();
	origin_start(&origin);
	for (i = 0; i < 2; i++) {
		ask(&asked, &origin, "GET", 0);
		origin_wait(&origin, "\r\n\r\n");
		if (i == 0)
			origin_say(&origin, "HTTP/1.1 200 OK\r\n");
		snprintf(line, sizeof(line), i == 0 ? "X: %01000d\r\n" :
		    "HTTP/1.1 100 Continue\r\n\r\n", 0);
		while (asked.ends == 0) {
			origin_say(&origin, line);
			origin_turn(&origin);
		}
		T_EQ(asked.end, HG_FETCH_FAILED);
		T_STR_EQ(asked.reason, i == 0 ? "its head is too long" :
		    "too many interim responses");
		asked_free(&asked);
	}
	origin_stop(&origin);
	fetches_stop();
}

/* In each callback, and before any. */
static void
test_cancel(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	unsigned i;
	int fds;

	fetches_start();
	origin_start(&origin);
	fds = net_open_fds();
	fetch_cancel(NULL);
	for (i = 0; i < 5; i++) {
		t_row("%u", i);
		asked.cancel_at_response = i == 3;
		asked.cancel_at_body = i == 4;
		ask(&asked, &origin, "GET", 0);
		if (i >= 1)
			ORIGIN_UNTIL(&origin, origin.accepted == i);
		if (i >= 2)
			origin_wait(&origin, "\r\n\r\n");
		if (i >= 3) {
			origin_say(&origin, OK CHUNKED "1\r\na\r\n1\r\nb\r\n");
			ORIGIN_UNTIL(&origin, fetch_count() == 0);
		} else
			fetch_cancel(asked.fetch);
		T_EQ(fetch_count(), 0);
		if (i >= 1)
			ORIGIN_UNTIL(&origin, origin.ended);
		T_EQ(asked.ends, 0);
		T_EQ(asked.pieces, i == 4);
		origin_close(&origin);
		T_EQ(net_open_fds(), fds);
		asked_free(&asked);
	}
	origin_stop(&origin);
	fetches_stop();
}

/* Much is not read while it is held, and nothing is lost. */
static void
test_hold(void)
{
	enum { SIZE = 8 << 20 };
	struct asked asked = { .hold_at_response = true };
	struct origin origin;
	size_t said = 0, before = 0;
	char head[80], *data;
	ssize_t n;

	fetches_start();
	origin_start(&origin);
	data = calloc(1, SIZE);
	T_REQUIRE(data != NULL);
	ask(&asked, &origin, "GET", 0);
	origin_wait(&origin, "\r\n\r\n");
	snprintf(head, sizeof(head), OK "Content-Length: %d\r\n\r\n", SIZE);
	origin_say(&origin, head);
	while (said < SIZE) {
		n = send(origin.fd, data, SIZE - said, MSG_NOSIGNAL);
		if (n > 0)
			said += (size_t)n;
		origin_turn(&origin);
		if (n > 0 || asked.responses == 0)
			continue;
		/* The kernel's buffers are full. */
		if (before == 0) {
			before = asked.body_len + 1;
			T_TRUE(asked.body_len <= 4 * 80 * 1024);
			fetch_hold(asked.fetch, false);
		}
	}
	T_TRUE(before > 0);
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(asked.end, HG_FETCH_DONE);
	T_MEM_EQ(asked.body, asked.body_len, data, (size_t)SIZE);
	free(data);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

T_MAIN({ "a request", test_request },
    { "requests that cannot be", test_impossible },
    { "responses", test_responses },
    { "bounds of a response", test_bounds },
    { "cancel", test_cancel },
    { "hold", test_hold })
