/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page plugin between a client and an origin that does what the test says:
 * who waits for whom, who is told of whose end. The wire is in
 * tests/wire/page-proxy.test.mjs.
 */
#include "fakehost.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GET	"GET /a HTTP/1.1\r\nHost: gate.example\r\n\r\n"
#define POST	"POST /a HTTP/1.1\r\nHost: gate.example\r\n\r\n"
#define OK	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
#define HTML	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
#define ELEMENT	"<script src=\"/.headgate/headgate.js\" data-install>" \
			"</script>"

static struct hg_exchange	*ex;
static struct hg_fetch		*fetch;

static void
start(const char *request, int64_t length, const char *inject)
{
	fake_start();
	fake_load("page", "proxy=http://origin.example:81", inject, NULL);
	ex = fake_http("page", "/*", request, length);
	fetch = fake_fetch();
	T_REQUIRE(fetch != NULL);
}

static void
text_is(const char *expected)
{
	size_t len;
	const char *text = fake_http_text(ex, &len);

	T_MEM_EQ(text, len, expected, strlen(expected));
}

static void
test_exchange(void)
{
	start(POST, 10, NULL);
	T_STR_EQ(fake_fetch_request(fetch), "POST /a HTTP/1.1\r\n"
	    "Host: origin.example:81\r\nVia: 1.1 headgate\r\n"
	    "Forwarded: for=\"192.0.2.1:4711\";proto=http;"
	    "host=\"gate.example\"\r\n");
	T_EQ(fake_fetch_length(fetch), 10);
	fake_http_body(ex, "hello", 5, false);
	T_FALSE(fake_fetch_is_sent(fetch));
	fake_http_body(ex, "world", 5, true);
	T_TRUE(fake_fetch_is_sent(fetch));
	T_STR_EQ(fake_fetch_sent(fetch), "helloworld");
	T_EQ(fake_http_status(ex), 0);
	fake_fetch_respond(fetch, OK);
	T_EQ(fake_http_status(ex), 200);
	fake_fetch_body(fetch, "one ", 4);
	text_is("one ");
	fake_fetch_body(fetch, "two", 3);
	T_FALSE(fake_http_is_ended(ex));
	fake_fetch_end(fetch, HG_FETCH_DONE, "");
	T_TRUE(fake_http_is_ended(ex));
	text_is("one two");
	T_EQ(fake_counter("page", "proxied"), 1);
	fake_finish();
}

/* Each stops the other, and only once. */
static void
test_pressure(void)
{
	start(POST, -1, NULL);
	fake_fetch_set_full(fetch, true);
	fake_http_body(ex, "a", 1, false);
	T_EQ(fake_http_holds(ex), 1);
	fake_fetch_set_full(fetch, false);
	T_EQ(fake_http_holds(ex), 0);
	fake_http_body(ex, "", 0, true);
	fake_fetch_respond(fetch, OK);
	fake_http_set_full(ex, true);
	fake_fetch_body(fetch, "b", 1);
	T_EQ(fake_fetch_holds(fetch), 1);
	/* What was read already still comes. */
	fake_fetch_body(fetch, "c", 1);
	T_EQ(fake_fetch_holds(fetch), 1);
	fake_http_set_full(ex, false);
	T_EQ(fake_fetch_holds(fetch), 0);
	fake_fetch_end(fetch, HG_FETCH_DONE, "");
	text_is("bc");
	fake_finish();
}

/* The origin answers while the client's body is held: nothing holds it. */
static void
test_ended_while_held(void)
{
	start(POST, 100, NULL);
	fake_fetch_set_full(fetch, true);
	fake_http_body(ex, "a", 1, false);
	T_EQ(fake_http_holds(ex), 1);
	fake_fetch_respond(fetch, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n"
	    "\r\n");
	fake_fetch_end(fetch, HG_FETCH_DONE, "");
	T_EQ(fake_http_holds(ex), 0);
	T_EQ(fake_http_status(ex), 413);
	T_TRUE(fake_http_is_ended(ex));
	fake_finish();
}

static void
test_client_vanishes(void)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		t_row("%u", i);
		start(POST, -1, "inject=yes");
		if (i >= 1)
			fake_http_body(ex, "a", 1, i > 1);
		if (i >= 2)
			fake_fetch_respond(fetch, HTML "\r\n");
		if (i >= 3)
			fake_fetch_body(fetch, "<p>hello", 8);
		fake_http_vanish(ex);
		T_TRUE(fake_fetch_is_cancelled(fetch));
		fake_finish();
	}
}

static const struct {
	enum hg_fetch_end	 end;
	int			 status;
} ends[] = {
	{ HG_FETCH_CONNECT, 502 },
	{ HG_FETCH_TIMEOUT, 504 },
	{ HG_FETCH_FAILED, 502 },
};

static void
test_origin_fails(void)
{
	size_t i;

	for (i = 0; i < T_ROWS(ends); i++) {
		t_row("%zu", i);
		start(GET, 0, NULL);
		fake_fetch_end(fetch, ends[i].end, "secret reason");
		T_EQ(fake_http_status(ex), ends[i].status);
		T_TRUE(fake_http_is_ended(ex));
		T_NULL(strstr(fake_http_text(ex, NULL), "secret"));
		T_EQ(fake_counter("page", "origin-failed"), 1);
		fake_finish();
		/* Behind the head it is too late for a status. */
		start(GET, 0, NULL);
		fake_fetch_respond(fetch, OK);
		fake_fetch_body(fetch, "a", 1);
		fake_fetch_end(fetch, ends[i].end, "gone");
		T_EQ(fake_http_status(ex), 200);
		T_TRUE(fake_http_is_aborted(ex));
		fake_finish();
	}
}

/* Cut in all places, the page is the same. */
static void
test_inject_pieces(void)
{
	static const char page[] = "<!doctype html><!-- x --><html>"
	    "<head a='>'><title>x</title></head><p>hello";
	const char *place = strstr(page, "<title>");
	char expected[512];
	size_t cut;

	snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(place - page),
	    page, ELEMENT, place);
	for (cut = 0; cut < sizeof(page); cut++) {
		t_row("%zu", cut);
		start(GET, 0, "inject=yes");
		fake_fetch_respond(fetch, HTML "Content-Length: 99\r\n\r\n");
		T_NULL(fake_http_field(ex, "Content-Length"));
		if (cut > 0)
			fake_fetch_body(fetch, page, cut);
		text_is("");
		if (cut < sizeof(page) - 1)
			fake_fetch_body(fetch, page + cut,
			    sizeof(page) - 1 - cut);
		fake_fetch_end(fetch, HG_FETCH_DONE, "");
		text_is(cut < sizeof(page) ? expected : page);
		T_EQ(fake_counter("page", "injected"), 1);
		fake_finish();
	}
}

/* A page that is cut off before its place was known is cut off. */
static void
test_inject_fails(void)
{
	start(GET, 0, "inject=yes");
	fake_fetch_respond(fetch, HTML "\r\n");
	fake_fetch_body(fetch, "<head>", 6);
	fake_fetch_end(fetch, HG_FETCH_FAILED, "cut");
	T_TRUE(fake_http_is_aborted(ex));
	text_is("");
	T_EQ(fake_counter("page", "injected"), 0);
	fake_finish();
}

/* A page in parts, of which the last takes its time. */
static void
test_inject_pause(void)
{
	start(GET, 0, "inject=yes");
	fake_fetch_respond(fetch, HTML "\r\n");
	fake_fetch_body(fetch, "<!doctype html><he", 18);
	fake_advance(1000);
	text_is("");
	fake_fetch_body(fetch, "ad>a", 4);
	text_is("");
	fake_advance(40);
	fake_fetch_body(fetch, "b", 1);
	fake_advance(40);
	text_is("");
	fake_advance(100);
	text_is("<!doctype html><head>" ELEMENT "ab");
	T_EQ(fake_timers(), 0);
	fake_fetch_body(fetch, "c", 1);
	text_is("<!doctype html><head>" ELEMENT "abc");
	fake_fetch_end(fetch, HG_FETCH_DONE, "");
	T_EQ(fake_counter("page", "injected"), 1);
	fake_finish();
}

/* A nonce may come with what is still to come. */
static void
test_inject_pause_nonce(void)
{
	start(GET, 0, "inject=yes");
	fake_fetch_respond(fetch, HTML
	    "Content-Security-Policy: script-src 'nonce-abc'\r\n\r\n");
	fake_fetch_body(fetch, "<head>", 6);
	fake_advance(1000);
	text_is("");
	fake_fetch_body(fetch, "<script nonce=abc>", 18);
	fake_advance(1000);
	text_is("<head><script src=\"/.headgate/headgate.js\" nonce=\"abc\""
	    " data-install></script><script nonce=abc>");
	fake_http_vanish(ex);
	T_TRUE(fake_fetch_is_cancelled(fetch));
	fake_finish();
}

/* Several wait on one worker, and one of them goes. */
static void
test_inject_pause_several(void)
{
	struct hg_exchange *exs[3];
	struct hg_fetch *fetches[3];
	size_t len;
	unsigned i, gone;

	for (gone = 0; gone < 3; gone++) {
		start(GET, 0, "inject=yes");
		for (i = 0; i < 3; i++) {
			exs[i] = i == 0 ? ex : fake_http("page", "/*", GET, 0);
			fetches[i] = i == 0 ? fetch : fake_fetch();
			fake_fetch_respond(fetches[i], HTML "\r\n");
			fake_fetch_body(fetches[i], "<head>", 6);
		}
		fake_http_vanish(exs[gone]);
		fake_advance(200);
		for (i = 0; i < 3; i++) {
			if (i == gone)
				continue;
			fake_http_text(exs[i], &len);
			T_EQ(len, strlen("<head>" ELEMENT));
			fake_fetch_end(fetches[i], HG_FETCH_DONE, "");
		}
		fake_finish();
	}
}

static const struct {
	const char	*key;
	bool		 fine;
} options[] = {
	{ "proxy=http://a", true },
	{ "proxy=https://a.example:8443/base", true },
	{ "proxy=http+unix:/run/x", true },
	{ "proxy=ws://a", false },
	{ "proxy=a", false },
	{ "proxy-ca=x", false },
	{ "proxy-host=client", true },
	{ "proxy-host=a b", false },
	{ "script=/a\"b", false },
	{ "script=//evil.example/x.js", false },
	{ "proxy-timeout=0", false },
	{ "proxy-ca=/etc/passwd", false },
};

static void
test_options(void)
{
	size_t i;

	for (i = 0; i < T_ROWS(options); i++) {
		t_row("%s", options[i].key);
		fake_start();
		T_EQ(fake_try_load("page", options[i].key, NULL) != NULL,
		    options[i].fine);
		fake_finish();
	}
}

T_MAIN({ "an exchange", test_exchange },
    { "pressure", test_pressure },
    { "an end while held", test_ended_while_held },
    { "the client vanishes", test_client_vanishes },
    { "the origin fails", test_origin_fails },
    { "the script, in pieces", test_inject_pieces },
    { "a page cut off", test_inject_fails },
    { "a page that pauses", test_inject_pause },
    { "a pause before the nonce", test_inject_pause_nonce },
    { "several that pause", test_inject_pause_several },
    { "options", test_options })
