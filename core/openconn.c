/* SPDX-License-Identifier: Apache-2.0 */
/* Openings that are a whole connection: a WebSocket's, and a stream's. */
#include "openconn.h"

#include <stdlib.h>

#include "handshake.h"
#include "inner.h"
#include "innerhead.h"
#include "log.h"
#include "opening.h"
#include "service.h"
#include "str.h"

/* --- a WebSocket ---------------------------------------------------------- */

void
openconn_refuse(struct hg_conn *conn, int status, struct hg_fields *fields,
    const char *why)
{
	struct hg_head *response;
	struct str out = { 0 };

	response = http_response(status, http_status_text(status), fields);
	http_fields_free(fields);
	log_write(HG_LOG_INFO, conn->name, "refused with %d: %s (from %s)",
	    status, why, conn_peer(conn));
	if (response != NULL)
		handshake_write_refusal(&out, response, why);
	http_free(response);
	if (out.text != NULL && !out.failed)
		conn_send_head(conn, out.text, out.len);
	str_free(&out);
	conn_shut(conn);
}

static void
openconn_refuse_websocket(struct hg_channel *ch, struct hg_head *response)
{
	struct str out = { 0 };

	log_write(HG_LOG_INFO, channel_name(ch), "refused with %d",
	    response->status);
	handshake_write_refusal(&out, response,
	    http_status_text(response->status));
	if (!out.failed)
		conn_send_head(ch->conn, out.text, out.len);
	str_free(&out);
	conn_shut(ch->conn);
}

/* The connection's chain. -1: it cannot be. */
static int
openconn_open(struct hg_conn *conn, struct opening *opening)
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
openconn_accept_websocket(struct hg_channel *ch, struct opening *opening,
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
	if (openconn_open(conn, opening) != 0) {
		http_free(response);
		conn_fail(conn, 1011, "a plugin could not begin");
		return;
	}
	log_write(HG_LOG_INFO, conn->name, "open: %s %s from %s",
	    opening->service->name, ch->request->path,
	    conn_peer(conn));
	if (opening->is_legacy && conn->mux == NULL)
		inner_send_marker(conn);
	opening_open_channel(ch, opening, response);
	http_free(conn->request);
	conn->request = NULL;
}

static void
openconn_refuse_status(struct hg_conn *conn, int status, const char *why)
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
	openconn_refuse(conn, status, fields, why);
}

static bool
openconn_knows_edge(const struct hg_conn *conn)
{
	return (service_knows_edge(conn->listen, conn->request) ||
	    (conn->listen->edge_certificates &&
	    transport_ssl(&conn->transport) != NULL &&
	    tls_peer_is_proven(transport_ssl(&conn->transport))));
}

/*
 * What follows the checks of a request that may have another one in it; the
 * query of clients of old is for us alone.
 */
static int
openconn_start_inner(struct hg_conn *conn, const struct service *service,
    bool *is_legacy, bool *started, const char **why)
{
	struct hg_head *clean;
	int status;

	*is_legacy = innerhead_is_legacy(conn->request);
	*why = "out of memory";
	if ((clean = innerhead_clean(conn->request)) == NULL)
		return (503);
	http_free(conn->request);
	conn->request = clean;
	if (!inner_is_wanted(service, clean))
		return (101);
	status = inner_start(conn, *is_legacy, why);
	*started = status == 101;
	return (status);
}

/* The checks, and who is above the channel: the opening, or none was made. */
static int
openconn_check(struct hg_conn *conn, struct opening **out, bool *started,
    const char **why)
{
	const struct service *service;
	struct opening *opening;
	bool is_legacy = false;
	int status;

	status = handshake_check_request(conn->request, why);
	service = service_find(conn->listen, conn->request->path);
	if (status == 101 && service != NULL && service->second_handshake)
		status = openconn_start_inner(conn, service, &is_legacy,
		    started, why);
	if (status != 101 || *started)
		return (status);
	*why = "out of memory";
	if ((opening = calloc(1, sizeof(*opening))) == NULL)
		return (503);
	*out = opening;
	opening->is_legacy = is_legacy;
	return (opening_check(opening, conn, conn->request, false, why));
}

void
openconn_websocket(struct hg_conn *conn, struct hg_head *request)
{
	struct opening *opening = NULL;
	struct hg_channel *ch;
	const char *why;
	bool started = false;
	int status;

	conn->request = request;
	conn_wait(conn);
	conn->is_edge = openconn_knows_edge(conn);
	status = openconn_check(conn, &opening, &started, &why);
	if (started)
		return;
	if (status != 101) {
		opening_free(opening);
		openconn_refuse_status(conn, status, why);
		return;
	}
	opening->accept = openconn_accept_websocket;
	opening->refuse = openconn_refuse_websocket;
	conn->service = opening->service;
	ch = channel_create(conn, NULL, opening->service,
	    http_ref(conn->request));
	if (ch == NULL) {
		opening_free(opening);
		openconn_refuse_status(conn, 503, "out of memory");
		return;
	}
	conn_set_deadline(conn, opening_time(opening->service));
	opening_start(ch, opening);
}

/* --- a stream ------------------------------------------------------------- */

static void
openconn_refuse_stream(struct hg_channel *ch, struct hg_head *response)
{
	log_write(HG_LOG_INFO, channel_name(ch), "refused with %d",
	    response->status);
	conn_shut(ch->conn);
}

static void
openconn_accept_stream(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	if (conn_open(ch->conn) != 0) {
		http_free(response);
		conn_kill(ch->conn, "a plugin could not begin");
		return;
	}
	log_write(HG_LOG_INFO, channel_name(ch), "open: %s from %s",
	    ch->service->name, conn_peer(ch->conn));
	opening_open_channel(ch, opening, response);
}

void
openconn_stream(struct hg_conn *conn)
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
	opening->accept = openconn_accept_stream;
	opening->refuse = openconn_refuse_stream;
	conn_set_deadline(conn, opening_time(conn->service));
	opening_start(ch, opening);
}
