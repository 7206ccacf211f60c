/* SPDX-License-Identifier: Apache-2.0 */
/* New credentials: slots, links, deadlines; within a worker and between two. */
#include "channelauth.h"
#include "links.h"

#define ASK	"GET /new HTTP/1.1\r\nAuthorization: x\r\n"

static enum hg_verdict	 verdict;
static int		 at_once;	/* status given within the hook */
static int		 send_result;
static struct plugin	 auth_plugin;

static struct hg_head *
head_of(const char *text, enum http_kind kind)
{
	const char *error;
	struct hg_head *head;

	head = http_parse(text, strlen(text), kind, &error, NULL);
	T_REQUIRE(head != NULL);
	return (head);
}

static struct hg_head *
status_of(int status)
{
	return (http_response(status, http_status_text(status), NULL));
}

static int
say_mux_auth(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *request)
{
	(void)slot;
	(void)state;
	(void)data;
	say("auth%u:%s ", ch->id, request->target);
	return (send_result);
}

static void
say_mux_authed(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *response)
{
	(void)slot;
	(void)state;
	(void)data;
	say("authed%u:%d ", ch->id, response->status);
}

static enum hg_verdict
say_slot_auth(struct hg_slot *slot, void *state, const struct hg_head *request)
{
	(void)state;
	say("slot:%s ", http_get(request, "Authorization"));
	if (at_once != 0)
		host_table.channel_authed(chain_channel(slot->chain), at_once,
		    NULL);
	return (verdict);
}

static void
say_slot_authed(struct hg_slot *slot, void *state,
    const struct hg_head *response)
{
	(void)slot;
	(void)state;
	say("told:%d ", response->status);
}

static struct hg_head *
relay(const struct hg_channel *ch, const struct hg_head *request)
{
	(void)ch;
	return (http_ref(request));
}

static void
slots(struct hg_channel *ch)
{
	static const struct hg_hooks hooks = {
		.auth = say_slot_auth,
		.authed = say_slot_authed,
	};
	struct chain_entry entry = { .plugin = &auth_plugin };

	model_plugin(&auth_plugin, "auth", NULL, &hooks);
	T_REQUIRE(channel_set_chain(ch, &entry, 1) == 0);
}

static void
prepare(bool trunk)
{
	mux_plugin.mux.auth = say_mux_auth;
	mux_plugin.mux.authed = say_mux_authed;
	conns[1]->is_initiator = true;
	channelauth_set_relay(relay);
	verdict = HG_PASS;
	at_once = send_result = 0;
	if (trunk)
		model_service.target.kind = TARGET_TRUNK;
	be(0);
}

static void
asked(void)
{
	struct hg_head *head = head_of(ASK, HTTP_REQUEST);

	be(0);
	channelauth_got(near, head);
	http_free(head);
	settle();
}

static void
far_answers(int status)
{
	struct hg_head *head = status_of(status);

	be(1);
	channelauth_got_answer(far, head);
	http_free(head);
	settle();
}

/* --- slots ---------------------------------------------------------------- */

static void
test_slots_with(void)
{
	prepare(false);
	slots(near);
	asked();
	T_STORY("slot:x authed2:401 ");
	verdict = HG_TAKE;
	at_once = 200;
	asked();
	T_STORY("slot:x authed2:200 ");
	at_once = 0;
	asked();
	T_STORY("slot:x ");
	asked();	/* a mux that does not keep to one at a time */
	T_STORY("authed2:401 ");
	channelauth_decide(near, 500, NULL);
	T_STORY("authed2:401 ");
	channelauth_decide(near, 200, NULL);	/* nobody has asked */
	T_STORY("");
	at_once = 403;
	asked();
	T_STORY("slot:x authed2:403 end2:1008(credentials refused) "
	    "end4:1008(credentials refused) ");
}
BOTH(test_slots)

static void
test_slow_slot_with(void)
{
	prepare(false);
	slots(near);
	model_service.limits.connect_timeout = 20;
	verdict = HG_TAKE;
	asked();
	be(0);
	NET_UNTIL(near->auth == CHANNEL_AUTH_LATE);
	T_STORY("slot:x authed2:401 ");
	asked();
	T_STORY("authed2:401 ");
	channelauth_decide(near, 200, NULL);
	T_EQ(near->auth, CHANNEL_AUTH_NONE);
	T_STORY("");
	asked();
	T_STORY("slot:x ");
	NET_UNTIL(near->auth == CHANNEL_AUTH_LATE);
	T_STORY("authed2:401 ");
	/* B06: who is out is out, however late. */
	channelauth_decide(near, 403, NULL);
	settle();
	T_STORY("end2:1008(credentials refused) "
	    "end4:1008(credentials refused) ");
}
BOTH(test_slow_slot)

/* --- over a link ---------------------------------------------------------- */

static void
test_link_with(void)
{
	prepare(true);
	slots(near);
	asked();
	T_STORY("slot:x auth4:/new ");
	far_answers(200);
	T_STORY("authed2:200 ");
	far_answers(200);	/* once more */
	T_STORY("");
	asked();
	far_answers(401);
	T_STORY("slot:x auth4:/new authed2:401 ");
	send_result = -1;
	asked();
	T_STORY("slot:x auth4:/new authed2:401 ");
	send_result = 0;
	asked();
	far_answers(403);
	T_STORY("slot:x auth4:/new authed2:403 "
	    "end2:1008(credentials refused) end4:1008(credentials refused) ");
}
BOTH(test_link)

/* Only over a trunk, and only what may be passed on. */
static void
test_no_link_with(void)
{
	prepare(false);
	asked();
	T_STORY("authed2:401 ");
	model_service.target.kind = TARGET_TRUNK;
	channelauth_set_relay(NULL);
	asked();
	T_STORY("authed2:401 ");
	channelauth_set_relay(relay);
	conns[1]->is_initiator = false;
	asked();
	T_STORY("authed2:401 ");
}
BOTH(test_no_link)

static void
test_slow_link_with(void)
{
	prepare(true);
	model_service.limits.connect_timeout = 20;
	asked();
	T_STORY("auth4:/new ");
	be(1);
	NET_UNTIL(far->auth == CHANNEL_AUTH_LATE);
	settle();
	T_STORY("authed2:401 ");
	asked();
	T_STORY("authed2:401 ");
	far_answers(200);
	T_STORY("");
	model_service.limits.connect_timeout = 10000;
	asked();
	far_answers(200);
	T_STORY("auth4:/new authed2:200 ");
}
BOTH(test_slow_link)

/* The far end goes while it is asked: the near one's end says all. */
static void
test_far_ends_with(void)
{
	prepare(true);
	asked();
	be(1);
	channel_ended(far, 1012, "gone");
	settle();
	T_STORY("auth4:/new end2:1012(gone) ");
	far_answers(200);
	T_STORY("");
	asked();
	T_STORY("");
}
BOTH(test_far_ends)

/* --- a slot asks ---------------------------------------------------------- */

static int
asks(unsigned side, struct hg_channel *ch)
{
	struct hg_fields *fields = http_fields_new();
	int result;

	http_fields_add(fields, "Authorization", "x");
	be(side);
	result = host_table.channel_auth(ch, fields);
	http_fields_free(fields);
	settle();
	return (result);
}

static void
test_asks_with(void)
{
	prepare(true);
	slots(near);
	be(1);
	slots(far);
	/* By its own wire. */
	T_EQ(asks(1, far), 0);
	T_STORY("auth4:/ ");
	T_EQ(asks(1, far), -1);
	far_answers(200);
	T_STORY("told:200 ");
	/* Over the link to there. */
	T_EQ(asks(0, near), 0);
	T_STORY("auth4:/ ");
	T_EQ(asks(0, near), -1);
	asked();	/* by the peer, meanwhile */
	T_STORY("authed2:401 ");
	far_answers(403);
	T_STORY("told:403 ");
	send_result = -1;
	T_EQ(asks(0, near), 0);
	T_STORY("auth4:/ told:401 ");
	T_EQ(asks(1, far), -1);
	T_STORY("auth4:/ ");
	/* It leads nowhere. */
	model_service.target.kind = TARGET_NONE;
	T_EQ(asks(0, near), -1);
	T_STORY("");
}
BOTH(test_asks)

static void
test_asks_in_vain_with(void)
{
	prepare(true);
	slots(far);
	model_service.limits.connect_timeout = 20;
	T_EQ(asks(1, far), 0);
	be(1);
	NET_UNTIL(far->auth == CHANNEL_AUTH_LATE);
	T_STORY("auth4:/ told:401 ");
	T_EQ(asks(1, far), -1);
	far_answers(200);
	T_STORY("");
	T_EQ(asks(1, far), 0);
	T_STORY("auth4:/ ");
}
BOTH(test_asks_in_vain)

T_MAIN({ "slots", test_slots }, { "a slow slot", test_slow_slot },
    { "over a link", test_link }, { "not over a link", test_no_link },
    { "a slow link", test_slow_link }, { "the far end ends", test_far_ends },
    { "a slot asks", test_asks }, { "in vain", test_asks_in_vain })
