/* SPDX-License-Identifier: Apache-2.0 */
#include "channelauth.h"

#include "log.h"
#include "str.h"

/* How long for an answer, in halves of connect-timeout: of a slot; of the next
 * headgate, which has that for its own; of the link to there. */
#define ANSWER_SLOT	2
#define ANSWER_WIRE	3
#define ANSWER_LINK	4

static struct hg_head *(*channelauth_relay)(const struct hg_channel *,
    const struct hg_head *);

void
channelauth_set_relay(struct hg_head *(*relay)(const struct hg_channel *,
    const struct hg_head *))
{
	channelauth_relay = relay;
}

/* Only three answers have a meaning; all others say no. NULL: no memory. */
static struct hg_head *
channelauth_no(void)
{
	return (http_response(401, http_status_text(401), NULL));
}

static void
channelauth_end(struct hg_channel *ch, const char *reason)
{
	struct hg_slot *mux = channel_mux(ch);
	struct hg_channel *child, *next;

	if (ch != ch->conn->root || mux == NULL) {
		channel_end(ch, 1008, reason);
		return;
	}
	for (child = channel_first_child(ch); child != NULL; child = next) {
		next = channel_next_child(child);
		channel_end(child, 1008, reason);
	}
	mux->plugin->mux.end(mux, mux->state, ch, ch->mux_data, 1008, reason,
	    false);
}

/*
 * The channel alone, behind what is queued; of channel 0 the connection. The
 * peer need not agree: what it sends from here on is nobody's.
 */
static void
channelauth_refuse(struct hg_channel *ch, const char *reason)
{
	channelauth_end(ch, reason);
	ch->deaf = true;
	/* What is above channel 0 goes with the connection: its end says so
	 * too, and would not wait for what is queued. */
	if (ch->opened && (ch != ch->conn->root || channel_mux(ch) == NULL))
		channel_ended(ch, 1008, reason);
}

/* To the other end of the wire. */
static void
channelauth_say(struct hg_channel *ch, const struct hg_head *response)
{
	struct hg_slot *mux = channel_mux(ch);

	if (mux == NULL || mux->plugin->mux.authed == NULL || ch->top_ended)
		return;
	log_write(HG_LOG_INFO, channel_name(ch), "new credentials: %d",
	    response->status);
	mux->plugin->mux.authed(mux, mux->state, ch, ch->mux_data, response);
	if (response->status == 403)
		channelauth_refuse(ch, "credentials refused");
}

void
channelauth_expired(void *arg)
{
	static const char reason[] = "the login has expired";
	struct hg_channel *ch = arg;

	log_write(HG_LOG_INFO, channel_name(ch), "%s", reason);
	if (!ch->opened && ch->session != NULL &&
	    ch->session->answered != NULL) {
		/* Its opening is what the peer waits for. */
		ch->session->answered(ch, channelauth_no());
		return;
	}
	if (ch->parked && ch->conn->state == CONN_DEAD)
		channel_ended(ch, 1008, reason);	/* it has no wire */
	else
		channelauth_refuse(ch, reason);
	if (ch->session != NULL && ch->session->expired != NULL)
		ch->session->expired(ch);
}

/*
 * The service's own "auth" has accepted them. It is refused all the same when
 * who is further on does; a 401 without a challenge says that nobody there
 * knows of credentials. Takes the response, and returns it or another.
 */
static struct hg_head *
channelauth_settle(struct hg_channel *ch, struct hg_head *response)
{
	struct identity *identity = ch->identity;

	if (identity == NULL || !identity->has_next || response == NULL)
		return (response);
	if (response->status == 401 &&
	    http_get(response, "WWW-Authenticate") == NULL) {
		http_free(response);
		response = http_response(200, http_status_text(200), NULL);
	}
	if (response == NULL || response->status != 200)
		identity_drop_next(identity);
	else if (identity_take_next(identity) != 0) {
		http_free(response);
		response = NULL;
	}
	return (response);
}

/* Also by somebody further on credentials are accepted for what follows. */
static void
channelauth_keep(struct hg_channel *ch, bool accepted)
{
	struct channel_waits *waits = ch->waits;

	if (waits == NULL || waits->asked == NULL)
		return;
	http_free(accepted ? waits->credentials : waits->asked);
	if (accepted)
		waits->credentials = waits->asked;
	waits->asked = NULL;
}

static void
channelauth_stop(struct hg_channel *ch)
{
	if (ch->waits != NULL)
		list_timers_stop(&ch->waits->auth_timers);
}

/* To whoever waits. Takes the response; NULL: no memory for one. */
static void
channelauth_answer(struct hg_channel *ch, struct hg_head *response,
    enum channel_auth next)
{
	enum channel_auth before = (enum channel_auth)ch->auth;

	channelauth_stop(ch);
	ch->auth = (unsigned char)next;
	response = channelauth_settle(ch, response);
	channelauth_keep(ch, response != NULL && response->status == 200);
	if (response == NULL) {
		channel_fail(ch, 1011, "out of memory");
		return;
	}
	switch (before) {
	case CHANNEL_AUTH_WIRE:
		channelauth_say(ch, response);
		break;
	case CHANNEL_AUTH_SLOTS:
		chain_authed(&ch->chain, response);
		break;
	case CHANNEL_AUTH_UPPER:
		if (ch->upper == NULL)
			break;
		ch->upper->authed(ch, response);
		return;
	case CHANNEL_AUTH_LATE:
		/* Too late to be told; but who is out is out. */
		if (response->status == 403 && !ch->conn->is_initiator)
			channelauth_refuse(ch, "credentials refused");
		break;
	case CHANNEL_AUTH_NONE:
		break;
	}
	http_free(response);
}

static void
channelauth_late(void *data)
{
	struct hg_channel *ch = data;

	log_write(HG_LOG_WARN, channel_name(ch), "new credentials: no answer");
	if (ch->identity != NULL)
		identity_drop_next(ch->identity);
	channelauth_answer(ch, channelauth_no(), CHANNEL_AUTH_LATE);
}

static void
channelauth_wait(struct hg_channel *ch, enum channel_auth who, uint64_t halves)
{
	uint64_t ms = (uint64_t)ch->service->limits.connect_timeout * halves /
	    2;
	struct channel_waits *waits = channel_waits(ch);

	ch->auth = (unsigned char)who;
	channelauth_stop(ch);
	if (waits == NULL || list_timer_start(&waits->auth_timers, ms,
	    channelauth_late, ch) == NULL)
		channel_fail(ch, 1011, "out of memory");
}

/* Over this channel's own wire. -1: it is none of this side's. */
static int
channelauth_send(struct hg_channel *ch, const struct hg_head *request)
{
	struct hg_slot *mux = channel_mux(ch);

	if (ch->auth != CHANNEL_AUTH_NONE || !ch->opened || ch->top_ended ||
	    ch->wire_ended || ch->parent != NULL || mux == NULL || !ch->conn->is_initiator ||
	    mux->plugin->mux.auth == NULL)
		return (-1);
	return (mux->plugin->mux.auth(mux, mux->state, ch, ch->mux_data,
	    request));
}

/* Over the trunk that its service is connected to. */
static int
channelauth_pass_on(struct hg_channel *ch, const struct hg_head *request)
{
	struct hg_head *head;

	if (ch->upper == NULL || channelauth_relay == NULL ||
	    ch->parent != NULL || ch->conn->is_initiator ||
	    ch->service->target.kind != TARGET_TRUNK ||
	    (head = channelauth_relay(ch, request)) == NULL)
		return (-1);
	ch->upper->auth(ch, head);
	return (0);
}

/* Who is beyond the service's own "auth": a slot, or who is over the trunk. */
static void
channelauth_go_on(struct hg_channel *ch, const struct hg_head *request)
{
	channelauth_wait(ch, CHANNEL_AUTH_WIRE, ANSWER_SLOT);
	switch (chain_auth(&ch->chain, request)) {
	case HG_PASS:
	case HG_DROP:
		break;
	case HG_TAKE:
	case HG_FAIL:
		return;
	}
	if (ch->auth != CHANNEL_AUTH_WIRE)
		return;
	channelauth_wait(ch, CHANNEL_AUTH_WIRE, ANSWER_LINK);
	if (channelauth_pass_on(ch, request) != 0)
		channelauth_answer(ch, channelauth_no(), CHANNEL_AUTH_NONE);
}

/* By the service's own "auth": nobody becomes somebody else by them. */
static void
channelauth_checked(void *arg, const struct login_result *result)
{
	struct hg_channel *ch = arg;
	struct hg_head *request = ch->identity->asked;

	ch->identity->asked = NULL;
	if (ch->top_ended)
		ch->auth = CHANNEL_AUTH_NONE;
	else if (result->status == 200 && !identity_is(ch->identity,
	    result->identity)) {
		channelauth_answer(ch, http_response(403,
		    http_status_text(403), NULL), CHANNEL_AUTH_NONE);
	} else if (result->status == 200) {
		identity_set_next(ch->identity, result, request);
		channelauth_go_on(ch, request);
	} else if (result->status == 403 || result->status == 401)
		channelauth_answer(ch, result->head != NULL ?
		    http_ref(result->head) : NULL, CHANNEL_AUTH_NONE);
	else
		channelauth_answer(ch, channelauth_no(), CHANNEL_AUTH_NONE);
	http_free(request);
}

/* Nobody here can tell whether they are right. */
static void
channelauth_ask_others(struct hg_channel *ch, const struct hg_head *request)
{
	struct channel_waits *waits = channel_waits(ch);

	if (waits != NULL)
		waits->asked = http_ref(request);
	channelauth_go_on(ch, request);
}

static bool
channelauth_is_credential(const char *name)
{
	return (str_equal_nocase(name, "Authorization") ||
	    str_equal_nocase(name, "Cookie"));
}

static int
channelauth_copy(struct hg_fields *fields, const struct hg_head *from,
    bool credentials)
{
	unsigned i;

	for (i = 0; from != NULL && i < from->count; i++)
		if (channelauth_is_credential(http_name(from, i)) ==
		    credentials && http_fields_add(fields, http_name(from, i),
		    http_value(from, i)) != 0)
			return (-1);
	return (0);
}

/*
 * What the service's own "auth" is asked with: the credentials are new, but all
 * else is as it was accepted. A peer that could say here what it wants to reach,
 * or from where, would be let in to one thing for another. NULL: too long, or no
 * memory.
 */
static struct hg_head *
channelauth_claim(const struct hg_channel *ch, const struct hg_head *request)
{
	struct hg_fields *fields = http_fields_new();
	struct hg_head *claim = NULL;

	if (fields != NULL && channelauth_copy(fields, request, true) == 0 &&
	    channelauth_copy(fields, ch->request, false) == 0)
		claim = http_request("GET", ch->request != NULL ?
		    ch->request->target : "/", fields);
	http_fields_free(fields);
	return (claim);
}

static void
channelauth_check(struct hg_channel *ch, const struct hg_head *request)
{
	struct hg_head *claim = channelauth_claim(ch, request);

	ch->auth = CHANNEL_AUTH_WIRE;
	if (claim == NULL) {
		channelauth_answer(ch, channelauth_no(), CHANNEL_AUTH_NONE);
		return;
	}
	ch->identity->asked = http_ref(request);
	login_start(&ch->identity->check, ch->service, claim,
	    conn_peer(ch->conn), channelauth_checked, ch);
	http_free(claim);
}

void
channelauth_got(struct hg_channel *ch, const struct hg_head *request)
{
	struct hg_head *no;

	if (ch->top_ended)
		return;		/* its end crosses it, and says all */
	if (ch->auth != CHANNEL_AUTH_NONE || !ch->opened) {
		if ((no = channelauth_no()) != NULL)
			channelauth_say(ch, no);
		http_free(no);
		return;
	}
	if (ch->identity == NULL || ch->service->auth == NULL)
		channelauth_ask_others(ch, request);
	else
		channelauth_check(ch, request);
}

void
channelauth_got_answer(struct hg_channel *ch, const struct hg_head *response)
{
	if (ch->conn->is_initiator)
		channelauth_answer(ch, http_ref(response),
		    CHANNEL_AUTH_NONE);
}

void
channelauth_decide(struct hg_channel *ch, int status,
    const struct hg_fields *fields)
{
	if (status != 200 && status != 403)
		status = 401;
	if (ch->auth == CHANNEL_AUTH_WIRE || ch->auth == CHANNEL_AUTH_LATE)
		channelauth_answer(ch, http_response(status,
		    http_status_text(status), fields), CHANNEL_AUTH_NONE);
}

int
channelauth_ask(struct hg_channel *ch, const struct hg_fields *fields)
{
	struct hg_head *request;
	int result;

	if (ch->auth != CHANNEL_AUTH_NONE || !ch->opened)
		return (-1);
	request = http_request("GET", ch->request != NULL ?
	    ch->request->target : "/", fields);
	if (request == NULL)
		return (-1);
	result = channelauth_send(ch, request);
	if (result == 0)
		channelauth_wait(ch, CHANNEL_AUTH_SLOTS, ANSWER_WIRE);
	else {
		/* The answer may come from within. */
		channelauth_wait(ch, CHANNEL_AUTH_SLOTS, ANSWER_LINK);
		result = channelauth_pass_on(ch, request);
		if (result != 0) {
			channelauth_stop(ch);
			ch->auth = CHANNEL_AUTH_NONE;
		}
	}
	http_free(request);
	return (result);
}

void
channelauth_upper_asks(struct hg_channel *ch, struct hg_head *request)
{
	struct hg_head *no;

	if (channelauth_send(ch, request) == 0)
		channelauth_wait(ch, CHANNEL_AUTH_UPPER, ANSWER_WIRE);
	else if (ch->upper != NULL && (no = channelauth_no()) != NULL)
		ch->upper->authed(ch, no);
	http_free(request);
}

void
channelauth_upper_answers(struct hg_channel *ch, struct hg_head *response)
{
	if (ch->auth == CHANNEL_AUTH_UPPER) {
		http_free(response);	/* nobody up there was asked */
		return;
	}
	channelauth_answer(ch, response, CHANNEL_AUTH_NONE);
}
