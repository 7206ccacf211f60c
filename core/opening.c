/* SPDX-License-Identifier: Apache-2.0 */
#include "opening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "log.h"
#include "negotiate.h"
#include "service.h"
#include "str.h"
#include "trunk.h"
#include "upstream.h"
#include "wskey.h"

/* From the checks until the answer. */
struct opening {
	struct negotiated	 agreed;
	const struct service	*service;
	const char		*protocol;	/* the service's, or NULL */
	/* Tell the client; the response is the caller's. */
	void			(*accept)(struct hg_channel *,
				    struct opening *, struct hg_head *);
	void			(*refuse)(struct hg_channel *,
				    struct hg_head *);
};

static void
opening_free(struct opening *opening)
{
	if (opening == NULL)
		return;
	negotiated_free(&opening->agreed);
	free(opening);
}

/* --- the checks ----------------------------------------------------------- */

static int
opening_check_service(const struct hg_conn *conn,
    const struct service *service, bool in_mux, const char **why)
{
	*why = "no such path";
	if (service == NULL || (service->is_trunk && in_mux))
		return (404);
	*why = "not known as an edge";
	if (service->is_trunk && service->require_edge && !conn->is_edge)
		return (401);
	return (101);
}

/* 101, or the status that refuses; fills opening in. */
static int
opening_check(struct opening *opening, const struct hg_conn *conn,
    const struct hg_head *request, bool in_mux, const char **why)
{
	struct negotiate_place place = { 0 };
	struct service *service;
	int status;

	service = service_find(conn->listen, request->path);
	status = opening_check_service(conn, service, in_mux, why);
	if (status != 101)
		return (status);
	*why = "origin refused";
	if (!service_allows_origin(service, request))
		return (403);
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
	*why = "too many plugins";
	if (negotiate_add_plugins(&opening->agreed, service) != 0)
		return (503);
	opening->service = service;
	return (101);
}

/* --- the answer ----------------------------------------------------------- */

static struct hg_head *
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
	    "Retry-After" };
	struct hg_fields *fields;
	struct hg_head *refusal;
	const char *value;
	size_t i;
	int status = response != NULL ? response->status : 503;

	if (status < 300 || status > 599)
		status = 502;
	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; response != NULL && i < 2; i++)
		if ((value = http_get(response, kept[i])) != NULL)
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
		return (ch->conn->state == CONN_WAIT);
	return (channel_mux(ch) != NULL && !ch->top_ended);
}

static void
opening_answered(struct hg_channel *ch, struct hg_head *response)
{
	const char *protocol;
	struct opening *opening = ch->session_arg;

	if (!opening_is_awaited(ch)) {
		ch->session = NULL;
		ch->session_arg = NULL;
		opening_free(opening);
	} else if (response == NULL || response->status != 101)
		opening_say_no(ch, response);
	else if (!opening_protocol(opening, ch, response, &protocol)) {
		log_write(HG_LOG_WARN, ch->name,
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

/* The checks are behind: what is above? */
static void
opening_start(struct hg_channel *ch, struct opening *opening)
{
	int result = 0;

	ch->service = opening->service;
	ch->session = &opening_session;
	ch->session_arg = opening;
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
	}
	if (result != 0)
		opening_say_no(ch, NULL);
}

/* The slots of the channel, and what came early. */
static void
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

/* --- a WebSocket ---------------------------------------------------------- */

void
opening_refuse(struct hg_conn *conn, int status, struct hg_fields *fields,
    const char *why)
{
	struct hg_head *response;
	struct str out = { 0 };

	response = http_response(status, http_status_text(status), fields);
	http_fields_free(fields);
	log_write(HG_LOG_INFO, conn->name, "refused with %d: %s (from %s)",
	    status, why, conn->peer);
	if (response != NULL)
		handshake_write_refusal(&out, response, why);
	http_free(response);
	if (out.text != NULL && !out.failed)
		conn_send_head(conn, out.text, out.len);
	str_free(&out);
	conn_shut(conn);
}

static void
opening_refuse_websocket(struct hg_channel *ch, struct hg_head *response)
{
	struct str out = { 0 };

	log_write(HG_LOG_INFO, ch->name, "refused with %d", response->status);
	handshake_write_refusal(&out, response,
	    http_status_text(response->status));
	if (!out.failed)
		conn_send_head(ch->conn, out.text, out.len);
	str_free(&out);
	conn_shut(ch->conn);
}

/* The connection's chain. -1: it cannot be. */
static int
opening_open_conn(struct hg_conn *conn, struct opening *opening)
{
	unsigned count = opening->agreed.conn_count;

	opening->agreed.conn_count = 0;
	if (conn_set_chain(conn, opening->agreed.conn, count) != 0)
		return (-1);
	conn->is_trunk = opening->service->is_trunk;
	if (conn->mux != NULL && channel_set_carried(conn->root) != 0)
		return (-1);
	if (conn->is_trunk && conn->mux == NULL)
		return (-1);
	return (conn_open(conn));
}

static void
opening_accept_websocket(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	struct hg_conn *conn = ch->conn;
	struct str out = { 0 };

	handshake_write_101(&out,
	    http_get(conn->request, "Sec-WebSocket-Key"), response);
	if (out.failed) {
		str_free(&out);
		http_free(response);
		conn_kill(conn, "out of memory");
		return;
	}
	conn_send_head(conn, out.text, out.len);
	str_free(&out);
	if (opening_open_conn(conn, opening) != 0) {
		http_free(response);
		conn_fail(conn, 1011, "a plugin could not begin");
		return;
	}
	log_write(HG_LOG_INFO, conn->name, "open: %s %s from %s",
	    opening->service->name, ch->request->path, conn->peer);
	opening_open_channel(ch, opening, response);
}

static void
opening_refuse_status(struct hg_conn *conn, int status, const char *why)
{
	struct hg_fields *fields = http_fields_new();

	if (fields != NULL && status == 426) {
		http_fields_add(fields, "Upgrade", "websocket");
		http_fields_add(fields, "Sec-WebSocket-Version", "13");
	}
	if (fields != NULL && status == 405)
		http_fields_add(fields, "Allow", "GET");
	if (fields != NULL && status == 401)
		http_fields_add(fields, "WWW-Authenticate", "Bearer");
	opening_refuse(conn, status, fields, why);
}

void
opening_websocket(struct hg_conn *conn, struct hg_head *request)
{
	struct opening *opening;
	struct hg_channel *ch;
	struct hg_head *copy;
	const char *why;
	int status;

	conn->request = request;
	conn_wait(conn);
	conn->is_edge = service_knows_edge(conn->listen, request) ||
	    (conn->listen->edge_certificates &&
	    conn->transport.ssl != NULL &&
	    tls_peer_is_proven(conn->transport.ssl));
	status = handshake_check_request(request, &why);
	opening = status != 101 ? NULL : calloc(1, sizeof(*opening));
	if (opening != NULL)
		status = opening_check(opening, conn, request, false, &why);
	else if (status == 101) {
		status = 503;
		why = "out of memory";
	}
	if (status != 101) {
		opening_free(opening);
		opening_refuse_status(conn, status, why);
		return;
	}
	opening->accept = opening_accept_websocket;
	opening->refuse = opening_refuse_websocket;
	conn->service = opening->service;
	copy = http_copy(request);
	ch = copy == NULL ? NULL :
	    channel_create(conn, NULL, opening->service, copy);
	if (ch == NULL) {
		opening_free(opening);
		opening_refuse_status(conn, 503, "out of memory");
		return;
	}
	conn_set_deadline(conn, 2 *
	    (uint64_t)opening->service->limits.connect_timeout);
	opening_start(ch, opening);
}

/* --- a stream ------------------------------------------------------------- */

static void
opening_refuse_stream(struct hg_channel *ch, struct hg_head *response)
{
	log_write(HG_LOG_INFO, ch->name, "refused with %d", response->status);
	conn_shut(ch->conn);
}

static void
opening_accept_stream(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	if (conn_open(ch->conn) != 0) {
		http_free(response);
		conn_kill(ch->conn, "a plugin could not begin");
		return;
	}
	log_write(HG_LOG_INFO, ch->name, "open: %s from %s",
	    ch->service->name, ch->conn->peer);
	opening_open_channel(ch, opening, response);
}

void
opening_stream(struct hg_conn *conn)
{
	struct opening *opening = calloc(1, sizeof(*opening));
	struct hg_channel *ch;

	conn_wait(conn);
	if (opening == NULL ||
	    negotiate_add_plugins(&opening->agreed, conn->service) != 0 ||
	    (ch = channel_create(conn, NULL, conn->service, NULL)) == NULL) {
		opening_free(opening);
		conn_kill(conn, "out of memory");
		return;
	}
	opening->service = conn->service;
	opening->accept = opening_accept_stream;
	opening->refuse = opening_refuse_stream;
	conn_set_deadline(conn, 2 *
	    (uint64_t)conn->service->limits.connect_timeout);
	opening_start(ch, opening);
}

/* --- a channel in a connection -------------------------------------------- */

static void
opening_refuse_channel(struct hg_channel *ch, struct hg_head *response)
{
	struct hg_slot *mux = ch->conn->mux;

	log_write(HG_LOG_INFO, ch->name, "refused with %d", response->status);
	ch->wire_ended = ch->top_ended = true;
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
}

static void
opening_accept_channel(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	struct hg_slot *mux = ch->conn->mux;

	log_write(HG_LOG_DEBUG, ch->name, "open: %s %s",
	    opening->service->name, ch->request->path);
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
	opening_open_channel(ch, opening, response);
}

static int
opening_copy_field(struct hg_fields *fields, const struct hg_head *from,
    const char *name)
{
	const char *value;

	if (from == NULL || (value = http_get(from, name)) == NULL)
		return (0);
	return (http_fields_add(fields, name, value));
}

/*
 * Only an edge may say who is behind a channel: for anybody else it is who made
 * the connection (protocol 2, "who may speak for others").
 */
static struct hg_head *
opening_own_identity(const struct hg_conn *conn, const struct hg_head *request)
{
	struct hg_fields *fields = http_fields_new();
	struct hg_head *own = NULL;
	size_t i;

	if (fields == NULL)
		return (NULL);
	for (i = 0; i < request->count; i++) {
		if (str_equal_nocase(request->fields[i].name, "Origin") ||
		    str_equal_nocase(request->fields[i].name, "Forwarded") ||
		    str_equal_nocase(request->fields[i].name, "Host"))
			continue;
		if (http_fields_add(fields, request->fields[i].name,
		    request->fields[i].value) != 0)
			goto out;
	}
	if (opening_copy_field(fields, conn->request, "Origin") != 0 ||
	    opening_copy_field(fields, conn->request, "Host") != 0)
		goto out;
	if (http_get(request, "Authorization") == NULL &&
	    opening_copy_field(fields, conn->request, "Authorization") != 0)
		goto out;
	own = http_request(request->method, request->target, fields);
out:
	http_fields_free(fields);
	return (own);
}

static void
opening_refuse_create(struct hg_channel *ch, int status, const char *why)
{
	struct hg_head *response;

	log_write(HG_LOG_INFO, ch->name, "refused with %d: %s", status, why);
	response = http_response(status, http_status_text(status), NULL);
	if (response != NULL)
		opening_refuse_channel(ch, response);
	http_free(response);
}

void
opening_channel(struct hg_channel *ch)
{
	struct hg_conn *conn = ch->conn;
	struct opening *opening;
	struct hg_head *own;
	const char *why = "out of memory";
	int status = 503;

	if (conn->listen == NULL) {
		opening_refuse_create(ch, 404, "nothing is served here");
		return;
	}
	if (!conn->is_edge) {
		own = opening_own_identity(conn, ch->request);
		if (own == NULL) {
			opening_refuse_create(ch, 503, why);
			return;
		}
		http_free(ch->request);
		ch->request = own;
	}
	opening = calloc(1, sizeof(*opening));
	if (opening != NULL)
		status = strcmp(ch->request->method, "GET") != 0 ? 405 :
		    opening_check(opening, conn, ch->request, true, &why);
	if (status != 101) {
		opening_free(opening);
		opening_refuse_create(ch, status, why);
		return;
	}
	opening->accept = opening_accept_channel;
	opening->refuse = opening_refuse_channel;
	opening_start(ch, opening);
}
