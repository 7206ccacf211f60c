/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream.h"

#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "handshake.h"
#include "link.h"
#include "log.h"
#include "str.h"
#include "wskey.h"

/* From upstream_start until its connection is gone. */
struct upstream {
	struct link		*link;
	const struct service	*service;
	struct hg_head		*request;	/* WebSocket: ours to send */
	char			*protocols;	/* offered in it, or NULL */
	struct dial		*dial;
	struct hg_conn		*conn;		/* when dialled */
	bool			 answered;
	char			 key[WSKEY_LEN + 1];
};

static void
upstream_free(struct upstream *up)
{
	if (up == NULL)
		return;
	link_unref(up->link);
	http_free(up->request);
	free(up->protocols);
	free(up);
}

static void
upstream_answer(struct upstream *up, struct hg_head *response)
{
	if (up->answered) {
		http_free(response);
		return;
	}
	up->answered = true;
	link_when_left(up->link, NULL, NULL);
	link_answer(up->link, response);
}

static void
upstream_refuse(struct upstream *up, int status, const char *why)
{
	log_write(HG_LOG_WARN, up->service->name, "%s: %s",
	    up->service->target.text, why);
	upstream_answer(up, http_response(status, http_status_text(status),
	    NULL));
}

/* The client has left before the server was there. */
static void
upstream_left(void *arg)
{
	struct upstream *up = arg;

	up->answered = true;
	if (up->conn != NULL) {
		conn_kill(up->conn, "the client has left");
		return;
	}
	dial_cancel(up->dial);
	upstream_free(up);
}

/* The server is there: its channel is linked, then the near side hears. */
static void
upstream_open(struct hg_conn *conn, struct hg_head *response)
{
	struct upstream *up = conn->session_arg;
	struct hg_channel *ch;
	struct hg_head *copy;

	if (!link_has_near(up->link)) {
		http_free(response);
		conn_kill(conn, "the client has left");
		return;
	}
	ch = channel_create(conn, NULL, up->service, NULL);
	copy = response == NULL ? NULL : http_ref(response);
	if (ch == NULL || copy == NULL || conn_open(conn) != 0) {
		http_free(response);
		http_free(copy);
		conn_kill(conn, "out of memory");
		return;
	}
	link_attach(up->link, 1, ch);
	channel_open(ch, response);
	upstream_answer(up, copy);
}

static void
upstream_ready(struct hg_conn *conn)
{
	struct upstream *up = conn->session_arg;
	struct str head = { 0 };

	if (!conn->is_websocket) {
		upstream_open(conn, http_response(101, NULL, NULL));
		return;
	}
	handshake_write_request(&head, up->request, up->key);
	if (head.failed)
		conn_kill(conn, "out of memory");
	else
		conn_send_head(conn, head.text, head.len);
	str_free(&head);
}

/* A refusal that means something to the client is handed on as it is. */
static void
upstream_refused(struct hg_conn *conn, struct hg_head *response,
    const char *why)
{
	struct upstream *up = conn->session_arg;

	switch (response->status) {
	case 401:
	case 403:
	case 404:
	case 429:
	case 503:
		upstream_answer(up, response);
		break;
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		if (http_get(response, "Location") != NULL) {
			upstream_answer(up, response);
			break;
		}
		/* FALLTHROUGH */
	default:
		http_free(response);
		upstream_refuse(up, 502, why);
		break;
	}
	conn_kill(conn, why);
}

static void
upstream_head(struct hg_conn *conn, const char *data, size_t len)
{
	struct upstream *up = conn->session_arg;
	struct hg_head *response;
	const char *error = "its head is too long";

	response = len == 0 ? NULL :
	    http_parse(data, len, HTTP_RESPONSE, &error, NULL);
	if (response == NULL) {
		conn_kill(conn, error);
		return;
	}
	error = handshake_check_response(response, up->key, up->protocols);
	if (error == NULL && http_get(response, "Sec-WebSocket-Extensions"))
		error = "it answers an extension that was not offered";
	if (error != NULL) {
		upstream_refused(conn, response, error);
		return;
	}
	conn->head_len -= len;
	memmove(conn->head, conn->head + len, conn->head_len);
	upstream_open(conn, response);
}

static void
upstream_failed(struct hg_conn *conn, const char *why)
{
	const struct upstream *up = conn->session_arg;

	if (up->answered)
		return;
	upstream_refuse(conn->session_arg, strcmp(why, "timed out") == 0 ?
	    504 : 502, why);
}

static void
upstream_gone(struct hg_conn *conn)
{
	upstream_free(conn->session_arg);
	conn->session_arg = NULL;
}

static const struct conn_session upstream_session = {
	.ready = upstream_ready,
	.head = upstream_head,
	.failed = upstream_failed,
	.gone = upstream_gone,
};

static void
upstream_dialled(void *arg, int fd, const char *error)
{
	struct upstream *up = arg;
	const struct target *target = &up->service->target;
	struct hg_conn *conn;

	up->dial = NULL;
	if (fd < 0) {
		upstream_refuse(up, 502, error);
		upstream_free(up);
		return;
	}
	conn = conn_create(worker_self(), fd, target->tls, true,
	    target->kind == TARGET_WEBSOCKET, up->service, &upstream_session,
	    up);
	if (conn == NULL) {
		upstream_refuse(up, 503, "out of memory");
		upstream_free(up);
		return;
	}
	up->conn = conn;
	conn_set_deadline(conn,
	    (uint64_t)up->service->limits.connect_timeout);
}

/* "for" of RFC 7239: an address with its port is a quoted string. */
static int
upstream_add_forwarded(struct hg_fields *fields, const struct hg_channel *ch)
{
	struct str value = { 0 };
	const char *before = NULL, *peer = conn_peer(ch->conn);
	int result;

	if (ch->conn->is_edge && ch->request != NULL)
		before = http_get(ch->request, "Forwarded");
	if (before != NULL)
		str_addf(&value, "%s, ", before);
	if (strcmp(peer, "unix") == 0 || peer[0] == '\0')
		str_add(&value, "for=_unix");
	else
		str_addf(&value, "for=\"%s\"", peer);
	str_addf(&value, ";proto=%s", ch->conn->is_websocket ?
	    transport_ssl(&ch->conn->transport) != NULL ? "wss" : "ws" : "tcp");
	result = value.failed ? -1 :
	    http_fields_add(fields, "Forwarded", value.text);
	str_free(&value);
	return (result);
}

static int
upstream_add_copies(struct hg_fields *fields, const struct hg_channel *ch)
{
	const struct hg_head *request = ch->request;
	static const char *const names[] = { "Origin", "Authorization",
	    "Cookie" };
	const char *value;
	char *protocols;
	size_t i;
	int result = 0;

	for (i = 0; request != NULL && i < sizeof(names) / sizeof(names[0]);
	    i++) {
		value = http_get(request, names[i]);
		if (i == 1 && ch == ch->conn->root && ch->conn->is_edge)
			continue;	/* by which it is known to us */
		if (value != NULL)
			result |= http_fields_add(fields, names[i], value);
	}
	if ((protocols = handshake_protocols(request)) != NULL)
		result |= http_fields_add(fields, "Sec-WebSocket-Protocol",
		    protocols);
	free(protocols);
	return (result);
}

struct hg_fields *
upstream_fields(const struct hg_channel *ch, const char *host)
{
	struct hg_fields *fields;
	const char *own = ch->request != NULL ?
	    http_get(ch->request, "Host") : NULL;

	if (host == NULL)
		host = own != NULL ? own : "localhost";
	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	if (http_fields_add(fields, "Host", host) != 0 ||
	    upstream_add_copies(fields, ch) != 0 ||
	    upstream_add_forwarded(fields, ch) != 0) {
		http_fields_free(fields);
		return (NULL);
	}
	return (fields);
}

struct hg_head *
upstream_auth_request(const struct hg_channel *ch, const struct hg_head *asked)
{
	static const char *const names[] = { "Authorization", "Cookie" };
	const struct hg_head *own = ch->request;
	struct hg_fields *fields = http_fields_new();
	struct hg_head *request = NULL;
	const char *value;
	size_t i;
	int result = 0;

	if (fields == NULL)
		return (NULL);
	value = own != NULL ? http_get(own, "Host") : NULL;
	result |= http_fields_add(fields, "Host",
	    value != NULL ? value : "localhost");
	if (own != NULL && (value = http_get(own, "Origin")) != NULL)
		result |= http_fields_add(fields, "Origin", value);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = http_get(asked, names[i])) != NULL)
			result |= http_fields_add(fields, names[i], value);
	result |= upstream_add_forwarded(fields, ch);
	if (result == 0)
		request = http_request("GET", own != NULL ? own->target : "/",
		    fields);
	http_fields_free(fields);
	return (request);
}

static int
upstream_make_request(struct upstream *up, const struct hg_channel *ch)
{
	const struct target *target = &up->service->target;
	struct hg_fields *fields;
	const char *path = target->path;

	if (target->kind != TARGET_WEBSOCKET)
		return (0);
	if (path == NULL)
		path = ch->request != NULL ? ch->request->target : "/";
	wskey_new(up->key);
	up->protocols = handshake_protocols(ch->request);
	if ((fields = upstream_fields(ch, target->host)) == NULL)
		return (-1);
	up->request = http_request("GET", path, fields);
	http_fields_free(fields);
	return (up->request != NULL ? 0 : -1);
}

int
upstream_start(struct hg_channel *ch)
{
	struct upstream *up;
	struct worker *own = ch->conn->worker;

	if ((up = calloc(1, sizeof(*up))) == NULL)
		return (-1);
	up->service = ch->service;
	up->link = link_new(own, own);
	if (up->link == NULL || upstream_make_request(up, ch) != 0) {
		upstream_free(up);
		return (-1);
	}
	up->dial = dial_start(own, &up->service->target.address,
	    (uint64_t)up->service->limits.connect_timeout, upstream_dialled,
	    up);
	if (up->dial == NULL) {
		upstream_free(up);
		return (-1);
	}
	link_when_left(up->link, upstream_left, up);
	link_attach(up->link, 0, ch);
	return (0);
}
