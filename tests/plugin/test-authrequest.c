/* SPDX-License-Identifier: Apache-2.0 */
/* authrequest in the fake host: what is asked, and what becomes of answers. */
#include "fakehost.h"

#include <stdio.h>
#include <string.h>

#define REQUEST	"GET /chat?a=b HTTP/1.1\r\nHost: x\r\n"		\
		"Authorization: Bearer abc\r\nCookie: c=d\r\n"		\
		"X-Tenant: red\r\nX-Role: forged\r\n"

static struct hg_fetch	*fetch;

static void
start(void)
{
	fake_start();
	fake_load("authrequest", "auth-url=http://127.0.0.1:1/may?x=y",
	    "auth-identity=X-User", "auth-expires=X-Expires",
	    "auth-pass=X-Role", "auth-pass=X-Group", "auth-send=X-Tenant",
	    NULL);
}

static struct hg_login *
begin(void)
{
	struct hg_login *login = fake_login("authrequest", 0, REQUEST);

	fetch = fake_fetch();
	T_REQUIRE(fetch != NULL);
	T_NULL(fake_login_answer(login));
	return (login);
}

static void
test_question(void)
{
	struct hg_login *login;

	start();
	login = begin();
	T_STR_EQ(fake_fetch_request(fetch), "GET /may?x=y HTTP/1.1\r\n"
	    "Host: 127.0.0.1:1\r\nAuthorization: Bearer abc\r\n"
	    "Cookie: c=d\r\nX-Tenant: red\r\nX-Original-URI: /chat?a=b\r\n"
	    "X-Original-Method: GET\r\nX-Forwarded-For: 192.0.2.1\r\n");
	T_EQ(fake_fetch_length(fetch), 0);
	fake_login_free(login);		/* the client leaves */
	T_TRUE(fake_fetch_is_cancelled(fetch));
	fake_finish();
}

static void
test_answers(void)
{
	static const struct {
		const char	*head;
		int		 status;
		const char	*identity;
		uint64_t	 expires;
		const char	*fields;
	} rows[] = {
		{ "200 OK\r\nX-User: joe\r\n", 200, "joe", 0, "" },
		{ "204 x\r\nX-User: joe\r\nX-Expires: 9\r\n", 200, "joe",
		    9000, "" },
		{ "200 OK\r\nX-User: joe\r\nX-Role: a\r\nX-Other: c\r\n"
		    "X-Role: b\r\nX-Group: d\r\n", 200, "joe", 0,
		    "X-Role: a\nX-Role: b\nX-Group: d\n" },
		{ "200 OK\r\nX-User: joe\r\nX-Expires: "
		    "99999999999999999999999\r\n", 200, "joe",
		    100ull * 365 * 24 * 3600 * 1000, "" },
		{ "200 OK\r\n", 503, "", 0, "" },
		{ "200 OK\r\nX-User:\r\n", 503, "", 0, "" },
		{ "200 OK\r\nX-User: joe\r\nX-User: ann\r\n", 503, "", 0,
		    "" },
		{ "200 OK\r\nX-User: joe\r\nX-Expires: 0\r\n", 503, "", 0,
		    "" },
		{ "200 OK\r\nX-User: joe\r\nX-Expires: -1\r\n", 503, "", 0,
		    "" },
		{ "200 OK\r\nX-User: joe\r\nX-Expires: 1x\r\n", 503, "", 0,
		    "" },
		{ "401 No\r\nWWW-Authenticate: A\r\nWWW-Authenticate: B\r\n"
		    "X-Role: a\r\n", 401, "", 0,
		    "WWW-Authenticate: A\nWWW-Authenticate: B\n" },
		{ "403 No\r\n", 403, "", 0, "" },
		{ "429 No\r\nRetry-After: 5\r\n", 429, "", 0,
		    "Retry-After: 5\n" },
		{ "302 Away\r\nLocation: /x\r\nX-User: joe\r\n", 503, "", 0,
		    "" },
		{ "404 No\r\n", 503, "", 0, "" },
		{ "500 No\r\nX-User: joe\r\n", 503, "", 0, "" },
	};
	const struct fake_login_answer *answer;
	struct hg_login *login;
	char head[512];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		start();
		login = begin();
		snprintf(head, sizeof(head), "HTTP/1.1 %s", rows[i].head);
		fake_fetch_respond(fetch, head);
		answer = fake_login_answer(login);
		T_REQUIRE(answer != NULL);
		T_EQ(answer->status, rows[i].status);
		T_STR_EQ(answer->identity, rows[i].identity);
		T_EQ(answer->expires, rows[i].expires);
		T_STR_EQ(answer->fields, rows[i].fields);
		fake_login_free(login);
		/* The rest is awaited, for the connection to be kept. */
		T_FALSE(fake_fetch_is_cancelled(fetch));
		fake_fetch_body(fetch, "body", 4);
		fake_fetch_end(fetch, HG_FETCH_DONE, "");
		fake_finish();
	}
	t_row(NULL);
}

static void
test_failures(void)
{
	static const enum hg_fetch_end ends[] = { HG_FETCH_CONNECT,
	    HG_FETCH_TIMEOUT, HG_FETCH_FAILED, HG_FETCH_DONE };
	static const char body[32 * 1024];
	struct hg_login *login;
	size_t i;

	for (i = 0; i < T_ROWS(ends); i++) {
		start();
		login = begin();
		fake_fetch_end(fetch, ends[i], "a reason");
		T_EQ(fake_login_answer(login)->status, 503);
		fake_login_free(login);
		fake_finish();
	}
	/* A body without an end. */
	start();
	login = begin();
	fake_fetch_respond(fetch, "HTTP/1.1 200 OK\r\nX-User: joe\r\n");
	for (i = 0; i < 3; i++) {
		T_FALSE(fake_fetch_is_cancelled(fetch));
		fake_fetch_body(fetch, body, sizeof(body));
	}
	T_TRUE(fake_fetch_is_cancelled(fetch));
	T_EQ(fake_login_answer(login)->status, 200);
	fake_login_free(login);
	/* An answer that has not ended when the worker stops. */
	login = begin();
	fake_fetch_respond(fetch, "HTTP/1.1 200 OK\r\nX-User: joe\r\n");
	fake_login_free(login);
	fake_finish();
}

static void
test_options(void)
{
	static const struct {
		const char	*option;
		bool		 fine;
	} rows[] = {
		{ "auth-url=https://x.example/y", true },
		{ "auth-url=ws://x", false },
		{ "auth-url=x", false },
		{ "auth-send=X-Tenant", true },
		{ "auth-send=Host", false },
		{ "auth-send=X-Original-URI", false },
		{ "auth-send=x-forwarded-for", false },
		{ "auth-send=Sec-WebSocket-Key", false },
		{ "auth-send=a b", false },
		{ "auth-pass=X-User", true },
		{ "auth-pass=Authorization", false },
		{ "auth-pass=Forwarded", false },
		{ "auth-pass=content-length", false },
		{ "auth-pass=X:Y", false },
		{ "auth-timeout=0", false },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].option);
		fake_start();
		T_EQ(fake_try_load("authrequest", rows[i].option, NULL) !=
		    NULL, rows[i].fine);
		fake_finish();
	}
	t_row(NULL);
}

T_MAIN({ "what is asked", test_question }, { "answers", test_answers },
    { "failures", test_failures }, { "options", test_options })
