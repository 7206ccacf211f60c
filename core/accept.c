/* SPDX-License-Identifier: Apache-2.0 */
#include "accept.h"

#include <string.h>

#include "conn.h"
#include "http.h"
#include "log.h"
#include "openconn.h"

static void
accept_ready(struct hg_conn *conn)
{
	if (!conn->is_websocket)
		openconn_stream(conn);
}

static void
accept_head(struct hg_conn *conn, const char *data, size_t len)
{
	struct hg_head *request;
	const char *error = "the head is too long";
	int status = 431;

	request = http_parse(data, len == 0 ? conn->head_len : len,
	    HTTP_REQUEST, &error, &status);
	if (len == 0 && request != NULL) {
		http_free(request);
		request = NULL;
	}
	if (request == NULL) {
		openconn_refuse(conn, status, NULL, error);
		return;
	}
	conn->head_len -= len;
	memmove(conn->head, conn->head + len, conn->head_len);
	openconn_websocket(conn, request);
}

static void
accept_failed(struct hg_conn *conn, const char *why)
{
	log_write(HG_LOG_INFO, conn->name, "no handshake from %s: %s",
	    conn_peer(conn), why);
}

static const struct conn_session accept_session = {
	.ready = accept_ready,
	.head = accept_head,
	.failed = accept_failed,
};

void
accept_connection(struct worker *worker, int fd, const struct sockaddr *sa,
    socklen_t len, void *arg)
{
	const struct listen_settings *listen = arg;
	const struct service *service;
	struct hg_conn *conn;

	service = listen->protocol == LISTEN_STREAM ? listen->service :
	    listen->services[0];
	conn = conn_create(worker, fd, listen->tls, false,
	    listen->protocol == LISTEN_WEBSOCKET, service, &accept_session,
	    NULL);
	if (conn == NULL)
		return;
	conn->listen = listen;
	conn_set_peer(conn, sa, len);
	conn_set_deadline(conn, (uint64_t)listen->handshake_timeout);
}
