/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins by a plugin: at once, later, never, called off; and new credentials of
 * a channel that has one, with who is beyond. Covers B06.
 */
#include "channelauth.h"
#include "identity.h"
#include "links.h"
#include "login.h"

#define ASK	"GET /new HTTP/1.1\r\nAuthorization: x\r\n"

static struct plugin	 method_plugin;
static struct hg_login	*asked, *owner;
static int		 at_once;	/* status given within begin */
static const char	*who = "joe";
static uint64_t		 how_long;

static void
answer(struct hg_login *login, int status)
{
	struct hg_fields *fields = http_fields_new();

	T_REQUIRE(fields != NULL);
	http_fields_add(fields, status == 200 ? "X-User" :
	    "WWW-Authenticate", "x");
	login_done(login, status, who, how_long, fields);
	http_fields_free(fields);
}

static void
method_begin(struct hg_login *login, void *data, const struct hg_head *request,
    unsigned method)
{
	T_EQ(*(uint64_t *)data, 0);
	*(uint64_t *)data = 7;
	asked = login;
	say("begin%u:%s@%s ", method, request->target, login_peer(login));
	if (at_once != 0) {
		answer(login, at_once);
		answer(login, 403);	/* once only */
	}
	T_EQ(*(uint64_t *)data, 7);
}

static void
method_cancel(struct hg_login *login, void *data)
{
	T_TRUE(login == asked);
	T_EQ(*(uint64_t *)data, 7);
	say("cancel ");
}

static void
done(void *arg, const struct login_result *result)
{
	T_TRUE(owner == NULL);
	say("done%s:%d:%s:%s ", (const char *)arg, result->status,
	    result->identity != NULL ? result->identity : "-",
	    result->target != NULL ? result->target : "-");
}

static struct hg_head *
head_of(const char *text, enum http_kind kind)
{
	const char *error;
	struct hg_head *head;

	head = http_parse(text, strlen(text), kind, &error, NULL);
	T_REQUIRE(head != NULL);
	return (head);
}

static void
use_method(void)
{
	static const char *const methods[] = { "door", "gate", NULL };

	method_plugin.entry.name = "method";
	method_plugin.auth = (struct hg_auth){ sizeof(struct hg_auth), methods,
	    sizeof(uint64_t), NULL, method_begin, method_cancel };
	method_plugin.has_auth = true;
	model_service.auth = &method_plugin;
	model_service.auth_method = 1;
	at_once = 0;
	how_long = 0;
	who = "joe";
}

static void
begin(void)
{
	static char arg[] = "A";
	struct hg_head *request = head_of("GET /x HTTP/1.1\r\n", HTTP_REQUEST);

	login_start(&owner, &model_service, request, "peer", done, arg);
	http_free(request);
}

static void
test_answers(void)
{
	char *name;

	model_start();
	use_method();
	at_once = 200;
	begin();
	T_STORY("begin1:/x@peer doneA:200:joe:- ");
	at_once = 401;
	begin();
	T_STORY("begin1:/x@peer doneA:401:-:- ");
	at_once = 302;		/* it is no refusal */
	begin();
	T_STORY("begin1:/x@peer doneA:503:-:- ");
	at_once = 0;
	begin();
	T_TRUE(owner == asked);
	T_EQ(login_set_target(asked, "x"), -1);
	T_EQ(login_set_target(asked, "/y"), 0);
	T_STR_EQ(login_service(asked), "test");
	answer(asked, 200);
	T_STORY("begin1:/x@peer doneA:200:joe:/y ");
	/* Names that fit nowhere. */
	name = calloc(1, 514);
	memset(name, 'n', 513);
	for (size_t i = 0; i < 5; i++) {
		who = (const char *const[]){ NULL, "", "a\nb", "a\x7f", name }[i];
		begin();
		answer(asked, 200);
		T_STORY("begin1:/x@peer doneA:503:-:- ");
	}
	name[512] = '\0';
	begin();
	answer(asked, 200);
	T_TRUE(strstr(story, "doneA:200:nnn") != NULL);
	story[0] = '\0';
	free(name);
	model_stop();
}

static void
test_ends(void)
{
	model_start();
	use_method();
	begin();
	login_cancel(owner);
	T_NULL(owner);
	login_cancel(owner);
	T_STORY("begin1:/x@peer cancel ");
	model_service.limits.connect_timeout = 10;
	begin();
	NET_UNTIL(owner == NULL);
	T_STORY("begin1:/x@peer cancel doneA:503:-:- ");
	model_stop();
}

/* --- a channel that has one ------------------------------------------------- */

static int
say_mux_auth(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *request)
{
	(void)slot;
	(void)state;
	(void)data;
	say("auth%u:%s ", ch->id, request->target);
	return (0);
}

static void
say_mux_authed(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *response)
{
	(void)slot;
	(void)state;
	(void)data;
	say("authed%u:%d%s ", ch->id, response->status,
	    http_get(response, "WWW-Authenticate") != NULL ? "?" : "");
}

static struct hg_head *
relay(const struct hg_channel *ch, const struct hg_head *request)
{
	(void)ch;
	return (http_ref(request));
}

static void
log_in(uint64_t expires)
{
	struct login_result result = { .status = 200, .identity = "joe",
		.expires = expires };

	use_method();
	mux_plugin.mux.auth = say_mux_auth;
	mux_plugin.mux.authed = say_mux_authed;
	conns[1]->is_initiator = true;
	channelauth_set_relay(relay);
	be(0);
	near->identity = identity_create(&result, channelauth_expired, near);
	T_REQUIRE(near->identity != NULL);
	near->request = head_of("GET /x HTTP/1.1\r\n", HTTP_REQUEST);
}

static void
ask(void)
{
	struct hg_head *head = head_of(ASK, HTTP_REQUEST);

	be(0);
	channelauth_got(near, head);
	http_free(head);
	settle();
}

static void
far_answers(int status, const char *fields)
{
	char text[128];
	struct hg_head *head;

	snprintf(text, sizeof(text), "HTTP/1.1 %d x\r\n%s", status, fields);
	head = head_of(text, HTTP_RESPONSE);
	be(1);
	channelauth_got_answer(far, head);
	http_free(head);
	settle();
}

/* Nobody is beyond: what the method says holds. */
static void
test_alone_with(void)
{
	log_in(0);
	at_once = 200;
	ask();
	/* What it was let in to, not what the new request names. */
	T_TRUE(strstr(story, "begin1:/x@") == story);
	T_TRUE(strstr(story, " authed2:200 ") != NULL);
	story[0] = '\0';
	T_STR_EQ(channel_credential(near, "Authorization"), "x");
	T_STR_EQ(http_get(near->identity->fields, "X-User"), "x");
	T_STR_EQ(channel_identity(near), "joe");
	T_NULL(channel_identity(far));
	at_once = 401;
	ask();
	T_TRUE(strstr(story, " authed2:401? ") != NULL);
	story[0] = '\0';
	at_once = 503;
	ask();
	T_TRUE(strstr(story, " authed2:401 ") != NULL);
	story[0] = '\0';
	at_once = 200;
	who = "ann";
	ask();
	T_TRUE(strstr(story, " authed2:403 end2:1008(credentials refused) ") !=
	    NULL);
	story[0] = '\0';
	T_STR_EQ(channel_identity(near), "joe");
}
BOTH(test_alone)

/* One question at a time; it is called off with the channel. */
static void
test_slow_method_with(void)
{
	log_in(0);
	ask();
	ask();
	T_TRUE(strstr(story, " authed2:401 ") != NULL);
	story[0] = '\0';
	be(0);
	answer(asked, 200);
	T_STORY("authed2:200 ");
	ask();
	story[0] = '\0';
	model_service.limits.connect_timeout = 10;
	be(0);
	answer(asked, 200);
	T_STORY("authed2:200 ");
	ask();
	be(0);
	NET_UNTIL(near->auth == CHANNEL_AUTH_NONE);
	T_TRUE(strstr(story, "cancel authed2:401 ") != NULL);
	story[0] = '\0';
	model_service.limits.connect_timeout = 10000;
	ask();
	story[0] = '\0';
	be(0);
	channel_end(near, 1000, "");
	answer(asked, 200);
	T_EQ(near->auth, CHANNEL_AUTH_NONE);
	T_TRUE(strstr(story, "authed") == NULL);
	story[0] = '\0';
}
BOTH(test_slow_method)

/* Who is beyond the trunk may know better. */
static void
test_beyond_with(void)
{
	static const struct {
		int		 status;
		const char	*fields;
		const char	*told;
		bool		 taken;
	} rows[] = {
		{ 200, "", "authed2:200 ", true },
		{ 401, "", "authed2:200 ", true },	/* nobody there knows */
		{ 401, "WWW-Authenticate: Basic\r\n", "authed2:401? ", false },
		{ 403, "", "authed2:403 end2:1008(credentials refused) "
		    "end4:1008(credentials refused) ",
		    false },
	};
	size_t i;

	log_in(1000000);
	model_service.target.kind = TARGET_TRUNK;
	at_once = 200;
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		how_long = 2000000 + i;
		near->identity->expires_at = 5;
		ask();
		T_TRUE(strstr(story, " auth4:/new ") != NULL);
		T_EQ(near->identity->expires_at, 5);	/* not yet */
		story[0] = '\0';
		far_answers(rows[i].status, rows[i].fields);
		T_STORY(rows[i].told);
		T_EQ(near->identity->expires_at != 5, rows[i].taken);
		T_FALSE(near->identity->has_next);
	}
}
BOTH(test_beyond)

/* B06: its end comes, also later than was said first. */
static void
test_expiry_with(void)
{
	log_in(30);
	NET_UNTIL(near->top_ended);
	settle();
	T_STORY("end2:1008(the login has expired) "
	    "end4:1008(the login has expired) ");
}
BOTH(test_expiry)

static void
test_renewed_with(void)
{
	uint64_t first;

	log_in(60);
	first = near->identity->expires_at;
	at_once = 200;
	how_long = 200;
	ask();
	story[0] = '\0';
	be(0);
	NET_UNTIL(near->top_ended);
	T_TRUE(worker_clock() > first + 50);
	settle();
	T_STORY("end2:1008(the login has expired) "
	    "end4:1008(the login has expired) ");
}
BOTH(test_renewed)

T_MAIN({ "answers", test_answers }, { "ends", test_ends },
    { "new credentials", test_alone }, { "a slow method", test_slow_method },
    { "who is beyond", test_beyond }, { "expiry (B06)", test_expiry },
    { "renewed", test_renewed })
