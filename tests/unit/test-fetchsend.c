/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests. */
#include "fetches.h"

#define OK5	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct hg_frame *
text(const char *data)
{
	return (frame_copy(data, strlen(data), 0));
}

/* Behind the head. */
static const char *
origin_body(const struct origin *origin)
{
	const char *end;

	end = strstr(origin->got, "\r\n\r\n");
	return (end != NULL ? end + 4 : "");
}

static void
test_length(void)
{
	struct asked asked = { 0 };
	struct origin origin;

	fetches_start();
	origin_start(&origin);
	ask(&asked, &origin, "POST", 10);
	T_TRUE(fetch_send(asked.fetch, text("hello")));
	origin_wait(&origin, "\r\n\r\nhello");
	T_TRUE(strstr(origin.got, "\r\nContent-Length: 10\r\n") != NULL);
	T_TRUE(fetch_send(asked.fetch, text("")));
	T_TRUE(fetch_send(asked.fetch, text("world")));
	fetch_send_end(asked.fetch);
	fetch_send_end(asked.fetch);
	T_TRUE(fetch_send(asked.fetch, text("dropped")));
	origin_wait(&origin, "helloworld");
	origin_say(&origin, OK5);
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(asked.end, HG_FETCH_DONE);
	T_STR_EQ(origin_body(&origin), "helloworld");
	T_EQ(fetchconn_idle(), 1);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

/* No body is a length too, where a server waits for one. */
static void
test_nothing(void)
{
	static const struct {
		const char	*method;
		bool		 length;
	} rows[] = {
		{ "GET", false }, { "HEAD", false }, { "DELETE", false },
		{ "OPTIONS", false }, { "POST", true }, { "PUT", true },
		{ "PATCH", true },
	};
	struct asked asked = { 0 };
	struct origin origin;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].method);
		fetches_start();
		origin_start(&origin);
		ask(&asked, &origin, rows[i].method, 0);
		origin_wait(&origin, "\r\n\r\n");
		T_EQ(strstr(origin.got, "\r\nContent-Length: 0\r\n") != NULL,
		    rows[i].length);
		T_STR_EQ(origin_body(&origin), "");
		asked_free(&asked);
		origin_stop(&origin);
		fetches_stop();
	}
}

static const struct {
	const char	*pieces[4];
	const char	*body;
} chunked[] = {
	{ { NULL }, "0\r\n\r\n" },
	{ { "", NULL }, "0\r\n\r\n" },
	{ { "hello", NULL }, "5\r\nhello\r\n0\r\n\r\n" },
	{ { "a", "", "0123456789abcdef", NULL },
	    "1\r\na\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n" },
};

static void
test_chunked(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	size_t i, p;

	fetches_start();
	origin_start(&origin);
	for (i = 0; i < T_ROWS(chunked); i++) {
		t_row("%zu", i);
		origin_forget(&origin);
		ask(&asked, &origin, "PUT", -1);
		for (p = 0; chunked[i].pieces[p] != NULL; p++)
			fetch_send(asked.fetch, text(chunked[i].pieces[p]));
		fetch_send_end(asked.fetch);
		origin_wait(&origin, "0\r\n\r\n");
		T_TRUE(strstr(origin.got,
		    "\r\nTransfer-Encoding: chunked\r\n\r\n") != NULL);
		T_STR_EQ(origin_body(&origin), chunked[i].body);
		origin_say(&origin, OK5);
		ORIGIN_UNTIL(&origin, asked.ends > 0);
		T_EQ(asked.end, HG_FETCH_DONE);
		asked_free(&asked);
	}
	T_EQ(origin.accepted, 1);
	origin_stop(&origin);
	fetches_stop();
}

static const struct {
	const char	*pieces[2];
	bool		 ends;
	const char	*reason;
} misuses[] = {
	{ { "0123456789", "a" }, false, "the request's body is too long" },
	{ { "0123456789", "" }, false, NULL },
	{ { "012345678", "" }, true, "the request's body is too short" },
};

static void
test_misuse(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	size_t i;

	fetches_start();
	origin_start(&origin);
	for (i = 0; i < T_ROWS(misuses); i++) {
		t_row("%zu", i);
		ask(&asked, &origin, "POST", 10);
		fetch_send(asked.fetch, text(misuses[i].pieces[0]));
		fetch_send(asked.fetch, text(misuses[i].pieces[1]));
		if (misuses[i].ends)
			fetch_send_end(asked.fetch);
		T_EQ(asked.ends, 0);
		if (misuses[i].reason == NULL) {
			fetch_cancel(asked.fetch);
			continue;
		}
		ORIGIN_UNTIL(&origin, asked.ends > 0);
		T_EQ(asked.end, HG_FETCH_FAILED);
		T_STR_EQ(asked.reason, misuses[i].reason);
		asked_free(&asked);
	}
	origin_stop(&origin);
	fetches_stop();
}

/* A server that does not read: full, and a limit; then all comes. */
static void
test_full(void)
{
	enum { PIECE = 16384 };
	struct asked asked = { 0 };
	struct origin origin;
	static char piece[PIECE];
	size_t drained;
	bool room = true;

	fetches_start();
	origin_start(&origin);
	ask(&asked, &origin, "POST", 1 << 30);
	ORIGIN_UNTIL(&origin, origin.accepted == 1);
	while (room) {
		room = fetch_send(asked.fetch, frame_copy(piece, PIECE, 0));
		worker_turn(worker_self(), false);
		worker_turn(worker_self(), false);
	}
	T_TRUE(outq_cost(&asked.fetch->out) >= FETCH_FULL);
	T_EQ(asked.drains, 0);
	while (asked.drains == 0) {
		origin_forget(&origin);
		origin_turn(&origin);
	}
	drained = outq_cost(&asked.fetch->out);
	T_TRUE(drained <= FETCH_FULL / 2);
	/* Who does not listen is stopped. */
	while (asked.ends == 0) {
		fetch_send(asked.fetch, frame_copy(piece, PIECE, 0));
		worker_turn(worker_self(), false);
	}
	T_STR_EQ(asked.reason, "too much of the request's body waits");
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

/* A server that answers early and closes: its answer comes through. */
static void
test_early_answer(void)
{
	struct asked asked = { 0 };
	struct origin origin;
	static char piece[8192];

	fetches_start();
	origin_start(&origin);
	ask(&asked, &origin, "POST", -1);
	origin_wait(&origin, "\r\n\r\n");
	origin_say(&origin, "HTTP/1.1 413 Too Large\r\n"
	    "Content-Length: 5\r\n\r\nhello");
	origin_close(&origin);
	fetch_send(asked.fetch, frame_copy(piece, sizeof(piece), 0));
	ORIGIN_UNTIL(&origin, asked.ends > 0);
	T_EQ(asked.end, HG_FETCH_DONE);
	T_EQ(asked.status, 413);
	T_EQ(fetchconn_idle(), 0);
	asked_free(&asked);
	origin_stop(&origin);
	fetches_stop();
}

T_MAIN({ "by length", test_length },
    { "nothing", test_nothing },
    { "chunked", test_chunked },
    { "misuse", test_misuse },
    { "full", test_full },
    { "an early answer", test_early_answer })
