/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: new credentials for a live channel. */
#include "channels-host.h"

#include <string.h>

#define PLAIN	"window=65536"
#define ASK	"GET /app HTTP/1.1\r\nAuthorization: Basic am9lOng=\r\n"
#define OK	"HTTP/1.1 200 OK\r\n"
#define NO	"HTTP/1.1 401 Unauthorized\r\n" \
		"WWW-Authenticate: Basic\r\n"
#define NEVER	"HTTP/1.1 403 Forbidden\r\n"

static struct hg_conn *
acceptor(void)
{
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(false, PLAIN, PLAIN);
	ch_peer_open(c, 1, -1);
	ch_peer_open(c, 3, -1);
	return (c);
}

/* Obeyed, and answered behind what waits. */
static void
test_obeyed(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(false, PLAIN, "window=32");
	ch = ch_peer_open(c, 1, -1);
	ch_data(c, 1, "before", HG_WHOLE);
	ch_say_head(c, "auth 0x0001", ASK);
	FAKE_IS(fake_top(ch), "before", HG_WHOLE);
	T_STR_EQ(fake_auth_asked(ch), ASK);
	CH_QUIET(c);
	fake_from_peer(ch, "first", 5, HG_WHOLE);
	CH_SENDS(c, 1, "first", HG_WHOLE);
	fake_from_peer(ch, "waits", 5, HG_WHOLE);
	fake_auth_answer(ch, OK);
	CH_QUIET(c);
	ch_say(c, "credit 0x0001 bytes=1000");
	CH_SENDS(c, 1, "waits", HG_WHOLE);
	CH_SAYS_HEAD(c, "authed 0x0001", OK);
	/* Again, as often as one likes, but one at a time. */
	ch_say_head(c, "auth 0x0001", ASK);
	T_STR_EQ(fake_auth_asked(ch), ASK);
	fake_auth_answer(ch, NO);
	CH_SAYS_HEAD(c, "authed 0x0001", NO);
	CH_ALIVE(c);
	fake_finish();
}

/* 403 ends that channel alone, behind what is queued. */
static void
test_403(void)
{
	struct hg_channel *ch, *other;
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(false, PLAIN, PLAIN);
	ch = ch_peer_open(c, 1, -1);
	other = ch_peer_open(c, 3, -1);
	ch_say_head(c, "auth 0x0001", ASK);
	fake_from_peer(ch, "queued", 6, HG_WHOLE);
	fake_auth_answer(ch, NEVER);
	CH_SENDS(c, 1, "queued", HG_WHOLE);
	CH_SAYS_HEAD(c, "authed 0x0001", NEVER);
	CH_SAYS(c, "destroy 0x0001 code=1008 reason=credentials%20refused");
	ch_say(c, "destroy 0x0001 code=1008");
	T_TRUE(fake_is_closed(ch));
	fake_from_peer(other, "lives", 5, HG_WHOLE);
	CH_SENDS(c, 3, "lives", HG_WHOLE);
	CH_ALIVE(c);
	fake_finish();
}

/* One that ends before the answer gets none. */
static void
test_ends(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(false, PLAIN, PLAIN);
	ch = ch_peer_open(c, 1, -1);
	ch_say_head(c, "auth 0x0001", ASK);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	fake_auth_answer(ch, OK);
	CH_QUIET(c);
	/* What crosses with the end is no mistake. */
	ch = ch_peer_open(c, 3, -1);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0003 code=1000");
	ch_say_head(c, "auth 0x0003", ASK);
	CH_QUIET(c);
	CH_ALIVE(c);
	fake_finish();
}

static void
wrong(const char *first, const char *second, const char *reason)
{
	struct hg_conn *c = acceptor();

	t_row("%s, %s", first, second);
	ch_say_head(c, first, ASK);
	CH_ALIVE(c);
	ch_say_head(c, second, strncmp(second, "authed", 6) == 0 ? OK : ASK);
	CH_FAILED(c, 1002, reason);
	fake_finish();
}

static void
test_wrong(void)
{
	struct hg_conn *c;

	wrong("auth 0x0001", "auth 0x0001", "auth-unanswered");
	wrong("auth 0x0001", "authed 0x0001", "answer-without-question");
	wrong("auth 0x0003", "auth 0x0002", "unknown-id");
	wrong("auth 0x0000", "auth 0x0000", "auth-unanswered");
	c = acceptor();
	ch_say_head(c, "auth 0x0001", "GET / HTTP/1.1\r\nnonsense\r\n");
	CH_FAILED(c, 1002, "bad-head");
	fake_finish();
	/* Before there is a channel there are no new credentials for it. */
	c = acceptor();
	ch_say_head(c, "create 0x0005", CH_REQUEST);
	ch_say_head(c, "auth 0x0005", ASK);
	CH_FAILED(c, 1002, "auth-before-answer");
	fake_finish();
	/* By an acceptor. */
	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, PLAIN, PLAIN);
	ch_peer_open(c, 2, 0);
	ch_say_head(c, "auth 0x0002", ASK);
	CH_FAILED(c, 1002, "auth-by-other");
	fake_finish();
}

/* Unanswered ones are one for each channel, however many come. */
static void
test_flood(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;
	int i;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(false, PLAIN, "window=32");
	ch = ch_peer_open(c, 1, -1);
	for (i = 0; i < 100000; i++) {
		ch_say_head(c, "auth 0x0001", ASK);
		fake_auth_answer(ch, NO);
		T_REQUIRE(fake_wire(c) != NULL);
		T_STR_EQ(fake_auth_asked(ch), ASK);
	}
	CH_ALIVE(c);
	/* With data in front its answer waits, and the next is too early. */
	ch_own_run(ch, 16, HG_WHOLE);
	ch_is_run(c, 1, 16, 0);
	ch_own_run(ch, 16, HG_WHOLE);
	ch_say_head(c, "auth 0x0001", ASK);
	fake_auth_answer(ch, NO);
	ch_say_head(c, "auth 0x0001", ASK);
	CH_FAILED(c, 1002, "auth-unanswered");
	fake_finish();
}

/* --- asking --------------------------------------------------------------- */

static void
test_asks(void)
{
	struct hg_channel *ch, *other;
	struct hg_conn *c;

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, PLAIN, "window=32");
	ch = ch_open(c);
	other = ch_open(c);
	fake_from_peer(ch, "first", 5, HG_WHOLE);
	CH_SENDS(c, 1, "first", HG_WHOLE);
	fake_from_peer(ch, "waits", 5, HG_WHOLE);
	T_EQ(fake_auth_send(ch, ASK), 0);
	CH_QUIET(c);
	/* One at a time; another channel is another matter. */
	T_EQ(fake_auth_send(ch, ASK), -1);
	T_EQ(fake_auth_send(other, ASK), 0);
	CH_SAYS_HEAD(c, "auth 0x0003", ASK);
	ch_say(c, "credit 0x0001 bytes=1000");
	CH_SENDS(c, 1, "waits", HG_WHOLE);
	CH_SAYS_HEAD(c, "auth 0x0001", ASK);
	T_EQ(fake_authed(ch), 0);
	ch_say_head(c, "authed 0x0001", NO);
	T_EQ(fake_authed(ch), 401);
	T_EQ(fake_auth_send(ch, ASK), 0);
	CH_SAYS_HEAD(c, "auth 0x0001", ASK);
	ch_say_head(c, "authed 0x0001", OK);
	T_EQ(fake_authed(ch), 200);
	ch_say_head(c, "authed 0x0003", NEVER);
	T_EQ(fake_authed(other), 403);
	ch_say(c, "destroy 0x0003 code=1008");
	T_EQ(fake_top_ended(other)->code, 1008);
	/* Not after the end. */
	T_EQ(fake_auth_send(ch, ASK), 0);
	CH_SAYS_HEAD(c, "auth 0x0001", ASK);
	fake_peer_end(ch, 1000, "", false);
	CH_SAYS(c, "destroy 0x0001 code=1000");
	ch_say_head(c, "authed 0x0001", OK);
	T_EQ(fake_auth_send(ch, ASK), -1);
	CH_ALIVE(c);
	fake_finish();
}

static void
check_answer(bool asked, const char *answer, const char *reason)
{
	struct hg_channel *ch;
	struct hg_conn *c;

	t_row("%s", answer);
	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, PLAIN, PLAIN);
	ch = ch_open(c);
	if (asked)
		T_EQ(fake_auth_send(ch, ASK), 0);
	ch_say_head(c, "authed 0x0001", answer);
	CH_FAILED(c, 1002, reason);
	fake_finish();
}

static void
test_answers(void)
{
	check_answer(false, OK, "answer-without-question");
	check_answer(true, "HTTP/1.1 101 Fine\r\n", "bad-head");
	check_answer(true, "HTTP/1.1 500 Bad\r\n", "bad-head");
	check_answer(true, "GET / HTTP/1.1\r\n", "bad-head");
	check_answer(true, "nonsense\r\n", "bad-head");
}

/* Too long for a control message. */
static void
test_long(void)
{
	struct hg_channel *ch;
	struct hg_conn *c;
	char text[13000];

	fake_start();
	fake_load("channels", "store=16g", NULL);
	c = ch_trunk(true, PLAIN, PLAIN);
	ch = ch_open(c);
	memset(text, 'x', sizeof(text));
	memcpy(text, "GET / HTTP/1.1\r\nCookie: ", 24);
	for (size_t i = 8000; i < sizeof(text) - 8000; i += 4000)
		memcpy(text + i, "\r\nX: ", 5);
	memcpy(text + 12250, "\r\n", 3);
	memcpy(text + 6000, "\r\nCookie: ", 10);
	T_EQ(fake_auth_send(ch, text), -1);
	CH_QUIET(c);
	CH_ALIVE(c);
	fake_finish();
}

T_MAIN({ "obeyed", test_obeyed }, { "403", test_403 }, { "ends", test_ends },
    { "wrong", test_wrong }, { "T07 flood", test_flood },
    { "asks", test_asks }, { "answers", test_answers },
    { "too long", test_long })
