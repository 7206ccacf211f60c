/* SPDX-License-Identifier: Apache-2.0 */
#include "opening.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "handshake.h"
#include "log.h"
#include "service.h"
#include "str.h"
#include "trunk.h"
#include "upstream.h"

void
opening_free(struct opening *opening)
{
	if (opening == NULL)
		return;
	login_cancel(opening->login);
	negotiated_free(&opening->agreed);
	free(opening);
}

/* --- the checks ----------------------------------------------------------- */

/* Also with insecure = yes a listener that knows edges wants one. */
static bool
opening_needs_edge(const struct service *service,
    const struct listen_settings *listen)
{
	return (service->is_trunk && (service->require_edge ||
	    listen->edge_secret != NULL || listen->edge_certificates));
}

static int
opening_check_service(const struct hg_conn *conn,
    const struct service *service, bool in_mux, const char **why)
{
	*why = "no such path";
	if (service == NULL || (service->is_trunk && in_mux) ||
	    !service_has_channels(service))
		return (404);
	*why = "not known as an edge";
	if (!conn->is_edge && opening_needs_edge(service, conn->listen))
		return (401);
	return (101);
}

/* Who may come at all. */
static int
opening_find(const struct hg_conn *conn, const struct hg_head *request,
    bool in_mux, struct service **service, const char **why)
{
	int status;

	*service = service_find(conn->listen, request->path);
	status = opening_check_service(conn, *service, in_mux, why);
	if (status != 101)
		return (status);
	*why = "origin refused";
	return (service_allows_origin(*service, request) ? 101 : 403);
}

int
opening_check_outer(struct opening *opening, const struct hg_conn *conn,
    const struct hg_head *request, const char **why)
{
	struct negotiate_place place = { .is_outer = true };
	struct service *service;
	int status;

	status = opening_find(conn, request, false, &service, why);
	if (status != 101)
		return (status);
	place.service = service;
	place.allowed = &service->extensions;
	*why = "malformed Sec-WebSocket-Extensions";
	if (negotiate_accept(&place, request, &opening->agreed) != 0)
		return (400);
	opening->service = service;
	return (101);
}

int
opening_check(struct opening *opening, const struct hg_conn *conn,
    const struct hg_head *request, bool in_mux, const char **why)
{
	struct negotiate_place place = { 0 };
	struct service *service;
	int status;

	status = opening_find(conn, request, in_mux, &service, why);
	if (status != 101)
		return (status);
	*why = "no common subprotocol";
	if (!handshake_protocols_are_valid(request) ||
	    !service_choose_protocol(service, request, &opening->protocol))
		return (400);
	place.service = service;
	place.in_mux = in_mux;
	place.is_trunk = service->is_trunk;
	place.allowed = place.channel_allowed = &service->extensions;
	*why = "malformed Sec-WebSocket-Extensions";
	if (negotiate_accept(&place, request, &opening->agreed) != 0)
		return (400);
	*why = "a trunk must carry channels";
	if (service->is_trunk && !negotiated_has_mux(&opening->agreed))
		return (400);
	opening->service = service;
	if (opening->agreed.no_root) {
		opening->protocol = NULL;
		return (101);
	}
	*why = "too many plugins";
	if (negotiate_add_plugins(&opening->agreed, service) != 0)
		return (503);
	return (101);
}

uint64_t
opening_time(const struct service *service)
{
	return ((auth_is_needed(service) ? 3 : 2) *
	    (uint64_t)service->limits.connect_timeout);
}

/* --- the answer ----------------------------------------------------------- */

struct hg_head *
opening_response(const struct opening *opening, const char *protocol)
{
	struct hg_fields *fields;
	struct hg_head *response = NULL;
	struct str value = { 0 };

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	if (protocol != NULL &&
	    http_fields_add(fields, "Sec-WebSocket-Protocol", protocol) != 0)
		goto out;
	if (opening->agreed.answer.count > 0) {
		wsext_format(&value, &opening->agreed.answer);
		if (value.failed || http_fields_add(fields,
		    "Sec-WebSocket-Extensions", value.text) != 0)
			goto out;
	}
	response = http_response(101, http_status_text(101), fields);
out:
	str_free(&value);
	http_fields_free(fields);
	return (response);
}

static bool
opening_serves_protocol(const struct service *service, const char *name)
{
	size_t i;

	for (i = 0; i < service->subprotocols.count; i++)
		if (strcmp(service->subprotocols.item[i], name) == 0)
			return (true);
	return (service->subprotocols.count == 0);
}

/*
 * An upstream that speaks WebSocket chooses the subprotocol, or none; one that
 * nobody asked for, or that the service does not have, is a broken upstream.
 */
static bool
opening_protocol(const struct opening *opening, const struct hg_channel *ch,
    const struct hg_head *response, const char **protocol)
{
	const char *answered;

	*protocol = opening->protocol;
	if (opening->service->target.kind == TARGET_STREAM)
		return (true);
	answered = http_get(response, "Sec-WebSocket-Protocol");
	if (answered == NULL) {
		*protocol = NULL;
		return (true);
	}
	*protocol = answered;
	return (ch->request != NULL &&
	    opening_serves_protocol(opening->service, answered) &&
	    handshake_offers_protocol(ch->request, answered));
}

static struct hg_head *
opening_refusal(const struct hg_head *response)
{
	static const char *const kept[] = { "WWW-Authenticate",
	    "Retry-After", "Location" };
	struct hg_fields *fields;
	struct hg_head *refusal;
	const char *value;
	size_t i;		/* a challenge may have several lines */
	int status = response != NULL ? response->status : 503;

	if (status < 300 || status > 599)
		status = 502;
	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; response != NULL &&
	    i < sizeof(kept) / sizeof(kept[0]); i++)
		for (value = http_get(response, kept[i]); value != NULL;
		    value = http_next(response, kept[i], value))
			http_fields_add(fields, kept[i], value);
	refusal = http_response(status, http_status_text(status), fields);
	http_fields_free(fields);
	return (refusal);
}

static void
opening_say_no(struct hg_channel *ch, const struct hg_head *response)
{
	struct opening *opening = ch->session_arg;
	struct hg_head *refusal = opening_refusal(response);

	ch->session = NULL;
	ch->session_arg = NULL;
	ch->chain.dead = true;
	if (refusal != NULL)
		opening->refuse(ch, refusal);
	http_free(refusal);
	opening_free(opening);
}

static void
opening_say_yes(struct hg_channel *ch, const char *protocol)
{
	struct opening *opening = ch->session_arg;
	struct hg_head *response;

	if (protocol != NULL && (ch->subprotocol = strdup(protocol)) == NULL)
		response = NULL;
	else
		response = opening_response(opening, protocol);
	if (response == NULL) {
		opening_say_no(ch, NULL);
		return;
	}
	ch->session = NULL;
	ch->session_arg = NULL;
	opening->accept(ch, opening, response);
	opening_free(opening);
}

/* Whether there is still somebody to be told. */
static bool
opening_is_awaited(const struct hg_channel *ch)
{
	if (ch == ch->conn->root)
		return (ch->conn->state == CONN_WAIT ||
		    (ch->conn->state == CONN_OPEN && !ch->conn->ended));
	return (channel_mux(ch) != NULL && !ch->top_ended);
}

/* Nobody waits for it any more. */
static void
opening_drop(struct hg_channel *ch)
{
	struct opening *opening = ch->session_arg;

	ch->session = NULL;
	ch->session_arg = NULL;
	opening_free(opening);
}

static void
opening_answered(struct hg_channel *ch, struct hg_head *response)
{
	const struct opening *opening = ch->session_arg;
	const char *protocol;

	if (!opening_is_awaited(ch))
		opening_drop(ch);
	else if (response == NULL || response->status != 101)
		opening_say_no(ch, response);
	else if (!opening_protocol(opening, ch, response, &protocol)) {
		log_write(HG_LOG_WARN, channel_name(ch),
		    "the upstream chose a subprotocol that was not offered");
		opening_say_no(ch, NULL);
	} else
		opening_say_yes(ch, protocol);
	http_free(response);
}

static void
opening_gone(struct hg_channel *ch)
{
	opening_free(ch->session_arg);
	ch->session_arg = NULL;
}

static const struct channel_session opening_session = {
	.answered = opening_answered,
	.gone = opening_gone,
};

/* Who is it is settled: what is above the channel? */
static void
opening_go_on(struct hg_channel *ch)
{
	const struct opening *opening = ch->session_arg;
	int result = 0;

	switch (ch->service->target.kind) {
	case TARGET_NONE:
		opening_say_yes(ch, opening->protocol);
		return;
	case TARGET_TRUNK:
		result = trunk_open(ch);
		break;
	case TARGET_STREAM:
	case TARGET_WEBSOCKET:
		result = upstream_start(ch);
		break;
	case TARGET_HTTP:	/* no service's */
		result = -1;
		break;
	}
	if (result != 0)
		opening_say_no(ch, NULL);
}

static void
opening_logged_in(void *arg, const struct login_result *result)
{
	struct hg_channel *ch = arg;

	if (!opening_is_awaited(ch))
		opening_drop(ch);
	else if (result->status != 200)
		opening_say_no(ch, result->head);
	else if (auth_accept(ch, result) != 0)
		opening_say_no(ch, NULL);
	else
		opening_go_on(ch);
}

void
opening_start(struct hg_channel *ch, struct opening *opening)
{
	ch->service = opening->service;
	ch->session = &opening_session;
	ch->session_arg = opening;
	if (opening->agreed.no_root) {
		ch->conn->no_root = true;	/* each channel logs in */
		opening_say_yes(ch, NULL);
	} else if (auth_is_needed(ch->service))
		auth_start(&opening->login, ch, opening_logged_in);
	else
		opening_go_on(ch);
}

void
opening_open_channel(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	unsigned count = opening->agreed.channel_count;

	opening->agreed.channel_count = 0;
	if (channel_set_chain(ch, opening->agreed.channel, count) != 0) {
		http_free(response);
		channel_fail(ch, 1011, "a plugin could not begin");
		return;
	}
	channel_open(ch, response);
}
