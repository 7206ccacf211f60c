/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream.h"

#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "handshake.h"
#include "innerhead.h"
#include "innerinit.h"
#include "link.h"
#include "log.h"
#include "str.h"
#include "wskey.h"

/* From upstream_start until its connection is gone. */
struct upstream {
	struct link		*link;
	const struct service	*service;
	struct hg_head		*request;	/* WebSocket: what is asked */
	struct hg_head		*outer;		/* and by what: the same, or
						 * with the rest inside */
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
	http_free(up->outer);
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
	if (ch == NULL || copy == NULL ||
	    (conn->state != CONN_OPEN && conn_open(conn) != 0)) {
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
	handshake_write_request(&head, up->outer, up->key);
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
	int status = response->status;

	/* It is not the client who was not believed. */
	if (status == 401 && up->service->target.authorization != NULL)
		status = 502;
	switch (status) {
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

/* NULL, or what is wrong with the response to what "asked" asks. */
static const char *
upstream_check(const struct upstream *up, const struct hg_head *asked,
    const struct hg_head *response)
{
	char *protocols = handshake_protocols(asked);
	const char *error;

	error = handshake_check_response(response, up->key, protocols);
	if (error == NULL && http_get(response, "Sec-WebSocket-Extensions"))
		error = "it answers an extension that was not offered";
	free(protocols);
	return (error);
}

/* How the second handshake has ended. */
static void
upstream_inner_done(struct hg_conn *conn, struct hg_head *response,
    const char *why)
{
	struct upstream *up = conn->session_arg;

	if (response == NULL) {
		upstream_refuse(up, strcmp(why, "timed out") == 0 ? 504 : 502,
		    why);
		conn_kill(conn, why);
	} else if ((why = upstream_check(up, up->request, response)) != NULL) {
		upstream_refused(conn, response, why);
	} else {
		upstream_open(conn, response);
	}
}

/* The outer response is a right one: is a second handshake behind it? */
static void
upstream_switched(struct hg_conn *conn, struct hg_head *response)
{
	struct upstream *up = conn->session_arg;
	const char *protocol = http_get(response, "Sec-WebSocket-Protocol");
	bool is_legacy = up->service->connect_handshake == CONNECT_LEGACY;

	if (up->service->connect_handshake == CONNECT_OUTER) {
		upstream_open(conn, response);
		return;
	}
	if (protocol == NULL || strcmp(protocol, INNER_PROTOCOL) != 0) {
		if (!is_legacy) {
			upstream_open(conn, response);
			return;
		}
		http_free(response);
		conn_kill(conn, "it knows no second handshake");
		return;
	}
	http_free(response);
	if (innerinit_start(conn, up->request, is_legacy,
	    (uint64_t)up->service->limits.connect_timeout,
	    upstream_inner_done) != 0)
		conn_kill(conn, "out of memory");
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
	error = upstream_check(up, up->outer, response);
	if (error != NULL) {
		upstream_refused(conn, response, error);
		return;
	}
	conn->head_len -= len;
	memmove(conn->head, conn->head + len, conn->head_len);
	upstream_switched(conn, response);
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
	if ((fields = upstream_fields(ch, target->host)) == NULL)
		return (-1);
	up->request = http_request("GET", path, fields);
	http_fields_free(fields);
	if (up->request == NULL)
		return (-1);
	up->outer = ch->service->connect_handshake == CONNECT_OUTER ?
	    http_ref(up->request) : innerhead_outer(up->request,
	    ch->service->connect_handshake == CONNECT_LEGACY);
	return (up->outer != NULL ? 0 : -1);
}

/* Whether the first bytes are always ours. */
static bool
upstream_speaks(const struct target *target)
{
	return (target->kind == TARGET_WEBSOCKET || target->tls != NULL);
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
	    upstream_speaks(&up->service->target),
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
