/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that are kept, and all that can be wrong with one. */
#include "fetches.h"

#define OK5	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* One exchange, whose connection is kept. */
static void
exchange(struct origin *origin)
{
	struct asked asked = { 0 };

	origin_forget(origin);
	ask(&asked, origin, "GET", 0);
	origin_wait(origin, "\r\n\r\n");
	origin_say(origin, OK5);
	ORIGIN_UNTIL(origin, asked.ends > 0);
	T_EQ(asked.end, HG_FETCH_DONE);
	T_EQ(fetchconn_idle(), 1);
	asked_free(&asked);
}

static void
test_closed_while_idle(void)
{
	struct origin origin;

	fetches_start();
	origin_start(&origin);
	exchange(&origin);
	origin_close(&origin);
	ORIGIN_UNTIL(&origin, fetchconn_idle() == 0);
	exchange(&origin);
	T_EQ(origin.accepted, 2);
	origin_stop(&origin);
	fetches_stop();
}

/* W15: a second response is no answer to the next request, whether its event
 * was seen or not. */
static void
test_unasked(void)
{
	struct asked asked = { 0 };
	struct origin origin;

	fetches_start();
	origin_start(&origin);
	exchange(&origin);
	origin_say(&origin, OK5);
	ORIGIN_UNTIL(&origin, fetchconn_idle() == 0);
	exchange(&origin);
	T_EQ(origin.accepted, 2);
	origin_say(&origin, OK5);
	ask(&asked, &origin, "GET", 0);
	T_EQ(fetchconn_idle(), 0);
	ORIGIN_UNTIL(&origin, origin.accepted == 3);
	T_EQ(asked.responses, 0);
	fetch_cancel(asked.fetch);
	origin_stop(&origin);
	fetches_stop();
}

static const struct {
	const char	*method;
	int64_t		 length;
	const char	*said;		/* before the close */
	bool		 again;
} lost[] = {
	{ "GET", 0, "", true },
	{ "HEAD", 0, "", true },
	{ "DELETE", 0, "", true },
	{ "POST", 0, "", false },
	{ "PATCH", 0, "", false },
	{ "PUT", 5, "", false },
	{ "GET", 0, "H", false },
};

/* The server closes a kept connection when the request is on its way. */
static void
test_retry(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	size_t i;

	for (i = 0; i < T_ROWS(lost); i++) {
		t_row("%zu", i);
		fetches_start();
		origin_start(&origin);
		exchange(&origin);
		origin_forget(&origin);
		ask(&asked, &origin, lost[i].method, lost[i].length);
		origin_wait(&origin, "\r\n\r\n");
		T_EQ(origin.accepted, 1);
		origin_say(&origin, lost[i].said);
		origin_close(&origin);
		ORIGIN_UNTIL(&origin, asked.ends > 0 || origin.accepted == 2);
		T_EQ(origin.accepted, lost[i].again ? 2 : 1);
		if (lost[i].again) {
			origin_wait(&origin, "\r\n\r\n");
			origin_close(&origin);
			ORIGIN_UNTIL(&origin, asked.ends > 0);
			T_EQ(origin.accepted, 2);
		}
		T_EQ(asked.end, HG_FETCH_FAILED);
		T_STR_EQ(asked.reason, "closed before its answer");
		asked_free(&asked);
		origin_stop(&origin);
		fetches_stop();
	}
}

static const struct {
	const char	*authorization;
	bool		 kept;
} logins[] = {
	{ "Basic eDp5", true },
	{ "Bearer NTLM", true },
	{ "NTLM TlRMTVNTUAAB", false },
	{ "negotiate YII=", false },
	{ "Negotiate\tYII=", false },
};

/* Where a login is of the connection, the next request is somebody else's. */
static void
test_logins(void)
{
	struct hg_request request = { .size = sizeof(request) };
	struct asked asked = { 0 };
	struct hg_fields *fields;
	struct origin origin;
	size_t i;

	request.method = "GET";
	for (i = 0; i < T_ROWS(logins); i++) {
		t_row("%s", logins[i].authorization);
		fetches_start();
		origin_start(&origin);
		exchange(&origin);
		origin_forget(&origin);
		T_REQUIRE((fields = http_fields_new()) != NULL);
		T_EQ(http_fields_add(fields, "Authorization",
		    logins[i].authorization), 0);
		request.fields = fields;
		T_REQUIRE(ask_with(&asked, &origin, &request) != NULL);
		http_fields_free(fields);
		origin_wait(&origin, "\r\n\r\n");
		origin_say(&origin, OK5);
		ORIGIN_UNTIL(&origin, asked.ends > 0);
		T_EQ(asked.end, HG_FETCH_DONE);
		T_EQ(fetchconn_idle(), logins[i].kept ? 1 : 0);
		asked_free(&asked);
		exchange(&origin);
		T_EQ(origin.accepted, logins[i].kept ? 1 : 2);
		origin_stop(&origin);
		fetches_stop();
	}
}

static void
test_idle_ends(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	uint64_t from;

	fetches_start();
	origin_start(&origin);
	ask(&asked, &origin, "GET", 0);
	origin_wait(&origin, "\r\n\r\n");
	from = worker_clock();
	origin_say(&origin, "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\n"
	    "Content-Length: 0\r\n\r\n");
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(fetchconn_idle(), 1);
	ORIGIN_UNTIL(&origin, origin.ended);
	T_TRUE(worker_clock() - from >= 990);
	T_EQ(fetchconn_idle(), 0);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

/* Not more than their share are kept; the oldest goes. */
static void
test_kept_are_few(void)
{
	enum { COUNT = FETCHCONN_TARGET_MAX + 3 };
	struct asked asked[COUNT] = { { 0 } };
	struct origin origin;
	int fds[COUNT];
	unsigned i;

	fetches_start();
	origin_start(&origin);
	for (i = 0; i < COUNT; i++) {
		ask(&asked[i], &origin, "GET", 0);
		ORIGIN_UNTIL(&origin, origin.accepted == i + 1);
		origin_wait(&origin, "\r\n\r\n");
		fds[i] = origin.fd;
		origin.fd = -1;
	}
	for (i = 0; i < COUNT; i++) {
		origin.fd = fds[i];
		origin_say(&origin, OK5);
		ORIGIN_UNTIL(&origin, asked[i].ends > 0);
		T_EQ(fetchconn_idle(), i < FETCHCONN_TARGET_MAX ? i + 1 :
		    FETCHCONN_TARGET_MAX);
		asked_free(&asked[i]);
	}
	for (i = 0; i < COUNT; i++)
		if (i != COUNT - 1)
			close(fds[i]);
	ORIGIN_UNTIL(&origin, fetchconn_idle() == 1);
	origin_stop(&origin);
	fetches_stop();
}

/* --- deadlines ------------------------------------------------------------ */

static const struct {
	const char	*name;
	const char	*said;		/* NULL: nobody listens */
	unsigned	 response_ms, idle_ms;
	enum hg_fetch_end end;
	const char	*reason;
} slow[] = {
	{ "refused", NULL, 0, 0, HG_FETCH_CONNECT, "Connection refused" },
	{ "silent", "", 60, 60000, HG_FETCH_TIMEOUT, "no answer came" },
	{ "half a head", "HTTP/1.1 200 OK\r\n", 60, 60000, HG_FETCH_TIMEOUT,
	    "no answer came" },
	{ "half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
	    60000, 60, HG_FETCH_TIMEOUT, "no more of its answer came" },
};

static void
test_deadlines(void)
{
	struct hg_request request = { .size = sizeof(request),
	    .method = "GET" };
	struct asked asked = { 0 };
	struct origin origin;
	uint64_t from;
	size_t i;

	for (i = 0; i < T_ROWS(slow); i++) {
		t_row("%s", slow[i].name);
		fetches_start();
		origin_start(&origin);
		if (slow[i].said == NULL)
			close(origin.listening);
		request.response_ms = slow[i].response_ms;
		request.idle_ms = slow[i].idle_ms;
		from = worker_clock();
		T_REQUIRE(ask_with(&asked, &origin, &request) != NULL);
		if (slow[i].said != NULL) {
			origin_wait(&origin, "\r\n\r\n");
			origin_say(&origin, slow[i].said);
		}
		while (asked.ends == 0)
			worker_turn(worker_self(), true);
		T_EQ(asked.end, slow[i].end);
		T_STR_EQ(asked.reason, slow[i].reason);
		if (asked.end == HG_FETCH_TIMEOUT)
			T_TRUE(worker_clock() - from >= 55);
		asked_free(&asked);
		if (slow[i].said != NULL)
			origin_stop(&origin);
		fetches_stop();
	}
}

/* Who waits for the plugin has no deadline here. */
static void
test_no_deadline(void)
{
	struct hg_request request = { .size = sizeof(request),
	    .method = "POST", .length = -1, .response_ms = 40, .idle_ms = 40 };
	struct asked asked = { .hold_at_response = true };
	struct origin origin;
	uint64_t until;

	fetches_start();
	origin_start(&origin);
	T_REQUIRE(ask_with(&asked, &origin, &request) != NULL);
	origin_wait(&origin, "\r\n\r\n");
	until = worker_clock() + 120;
	ORIGIN_UNTIL(&origin, worker_clock() >= until);
	T_EQ(asked.ends, 0);
	origin_say(&origin, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
	ORIGIN_UNTIL(&origin, asked.responses > 0);
	until = worker_clock() + 120;
	ORIGIN_UNTIL(&origin, worker_clock() >= until);
	T_EQ(asked.ends, 0);
	fetch_hold(asked.fetch, false);
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_STR_EQ(asked.reason, "no more of its answer came");
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

/* --- targets and TLS ------------------------------------------------------ */

static const struct {
	const char	*url, *ca, *certificate;
	const char	*error;		/* NULL: it is fine */
	const char	*host, *path;
} urls[] = {
	{ "http://a.example", NULL, NULL, NULL, "a.example", "/" },
	{ "http://a.example:81/x?y", NULL, NULL, NULL, "a.example:81",
	    "/x?y" },
	{ "http://[::1]:81", NULL, NULL, NULL, "[::1]:81", "/" },
	{ "http+unix:/run/x", NULL, NULL, NULL, "localhost", "/" },
	{ "ftp://a", NULL, NULL, "\"ftp://a\" begins with none of http://, "
	    "https://, http+unix:/", NULL, NULL },
	{ "ws://a/", NULL, NULL, "\"ws://a/\" begins with none of http://, "
	    "https://, http+unix:/", NULL, NULL },
	{ "http://", NULL, NULL, NULL, NULL, NULL },
	{ "http://a b/", NULL, NULL, NULL, NULL, NULL },
	{ "http://u@a/", NULL, NULL, "\"http://u@a/\": no user can stand in "
	    "it", NULL, NULL },
	{ "http://a/x#y", NULL, NULL, "\"http://a/x#y\": the path has a "
	    "character that no request can have", NULL, NULL },
	{ "http://a", "/ca", NULL, "\"http://a\": it has files for TLS, but "
	    "the URL asks for none", NULL, NULL },
	{ "https://a", NULL, "/c", "a certificate and its key go together",
	    NULL, NULL },
	{ "https://a", "/nonexistent/ca", NULL, "/nonexistent/ca: No such "
	    "file or directory", NULL, NULL },
};

static void
test_targets(void)
{
	struct hg_target *to;
	char error[256];
	size_t i;

	for (i = 0; i < T_ROWS(urls); i++) {
		t_row("%s", urls[i].url);
		error[0] = '\0';
		to = fetchtarget_get(urls[i].url, urls[i].ca,
		    urls[i].certificate, NULL, error, sizeof(error));
		T_EQ(to != NULL, urls[i].host != NULL);
		if (urls[i].error != NULL)
			T_STR_EQ(error, urls[i].error);
		if (to == NULL)
			continue;
		T_STR_EQ(fetchtarget_host(to), urls[i].host);
		T_STR_EQ(fetchtarget_path(to), urls[i].path);
		T_NULL(fetchtarget_check(urls[i].url, error, sizeof(error)));
		T_PTR_EQ(fetchtarget_get(urls[i].url, NULL, NULL, NULL, error,
		    sizeof(error)), to);
	}
	T_PTR_EQ(fetchtarget_check("ws://a", error, sizeof(error)), error);
	fetchtarget_finish();
}

T_MAIN({ "closed while idle", test_closed_while_idle },
    { "W15: unasked for", test_unasked },
    { "trying again", test_retry },
    { "logins of a connection", test_logins },
    { "idle ones end", test_idle_ends },
    { "few are kept", test_kept_are_few },
    { "deadlines", test_deadlines },
    { "no deadline", test_no_deadline },
    { "targets", test_targets })
