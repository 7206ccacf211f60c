/* SPDX-License-Identifier: Apache-2.0 */
#include "accept.h"

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "http.h"
#include "httpconn.h"
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
	    HTTP_REQUEST_OLD, &error, &status);
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
	if (httpconn_wants(conn, request))
		httpconn_start(conn, request);
	else
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

static _Thread_local bool accept_stopped;

static void
accept_here(struct worker *worker, int fd, const struct sockaddr *sa,
    socklen_t len, const struct listen_settings *listen)
{
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

/* One that another worker is to have, on its way there. */
struct accept_letter {
	int			 fd;
	const struct listen_settings *listen;
	struct sockaddr_storage	 sa;
	socklen_t		 len;
};

static void
accept_letter_open(void *arg)
{
	struct accept_letter *letter = arg;

	if (accept_stopped)
		evutil_closesocket(letter->fd);
	else
		accept_here(worker_self(), letter->fd,
		    (const struct sockaddr *)&letter->sa, letter->len,
		    letter->listen);
	free(letter);
}

void
accept_worker_stop(void)
{
	accept_stopped = true;
}

static bool
accept_by_address(const struct listen_settings *listen)
{
	if (listen->spread == LISTEN_SPREAD_AUTO)
		return (listen->edge_certificates ||
		    listen->edge_secret != NULL);
	return (listen->spread == LISTEN_SPREAD_ADDRESS);
}

/* FNV-1a of the address, without the port. */
static struct worker *
accept_worker_of(const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const unsigned char *at = NULL;
	uint32_t hash = 2166136261u;
	size_t i, len = 0;

	if (sa->sa_family == AF_INET) {
		at = (const unsigned char *)&in->sin_addr;
		len = sizeof(in->sin_addr);
	} else if (sa->sa_family == AF_INET6) {
		at = (const unsigned char *)&in6->sin6_addr;
		len = sizeof(in6->sin6_addr);
	}
	for (i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 16777619u;
	return (worker_at(hash % workers_count()));
}

void
accept_connection(struct worker *worker, int fd, const struct sockaddr *sa,
    socklen_t len, void *arg)
{
	const struct listen_settings *listen = arg;
	struct accept_letter *letter;
	struct worker *other;

	if (!accept_by_address(listen) ||
	    (other = accept_worker_of(sa)) == worker) {
		accept_here(worker, fd, sa, len, listen);
		return;
	}
	if ((letter = malloc(sizeof(*letter))) != NULL) {
		letter->fd = fd;
		letter->listen = listen;
		letter->len = len < (socklen_t)sizeof(letter->sa) ? len :
		    (socklen_t)sizeof(letter->sa);
		memcpy(&letter->sa, sa, letter->len);
		if (worker_post(other, accept_letter_open, letter) == 0)
			return;
	}
	free(letter);
	evutil_closesocket(fd);
}
