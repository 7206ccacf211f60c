/* SPDX-License-Identifier: Apache-2.0 */
#include "trunk.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "handshake.h"
#include "log.h"
#include "negotiate.h"
#include "str.h"
#include "trunkparts.h"
#include "wskey.h"

static void trunk_dial(struct trunk_conn *);
static void (*trunk_when_up)(void *settings);

void
trunk_set_when_up(void (*fn)(void *settings))
{
	trunk_when_up = fn;
}

/* On each worker: who waits may try. Without memory it tries by itself. */
static void
trunk_wake(struct trunk_settings *settings)
{
	unsigned i;

	for (i = 0; trunk_when_up != NULL && i < workers_count(); i++)
		worker_post(worker_at(i), trunk_when_up, settings);
}

void
trunk_place(const struct trunk_settings *settings,
    struct negotiate_place *place, bool in_mux)
{
	memset(place, 0, sizeof(*place));
	place->service = &settings->service;
	place->is_trunk = true;
	place->in_mux = in_mux;
	place->allowed = in_mux ? &settings->channel_extensions :
	    &settings->service.extensions;
	place->channel_allowed = &settings->channel_extensions;
}

/* --- the connection ------------------------------------------------------- */

/* A random moment up to an end that doubles (full jitter). */
static void
trunk_retry_later(struct trunk_conn *tc)
{
	const struct trunk_settings *settings = tc->trunk->settings;
	uint64_t ms, max = (uint64_t)settings->retry_min;
	unsigned i;
	struct timeval tv;

	if (tc->stopping)
		return;
	for (i = 0; i < tc->failures && max < (uint64_t)settings->retry_max;
	    i++)
		max *= 2;
	if (max > (uint64_t)settings->retry_max)
		max = (uint64_t)settings->retry_max;
	tc->failures++;
	evutil_secure_rng_get_bytes(&ms, sizeof(ms));
	ms %= max + 1;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	event_add(tc->retry, &tv);
}

static void
trunk_down(struct trunk_conn *tc, const char *why)
{
	bool was_up = atomic_exchange(&tc->up, false);

	if (was_up || !tc->reported)
		log_write(HG_LOG_WARN, tc->trunk->settings->name,
		    "trunk to %s is down: %s",
		    tc->trunk->settings->target.text, why);
	tc->reported = true;
}

static void
trunk_ready(struct hg_conn *conn)
{
	struct trunk_conn *tc = conn->session_arg;
	const struct trunk_settings *settings = tc->trunk->settings;
	struct negotiate_place place;
	struct str head = { 0 };

	trunk_place(settings, &place, false);
	wskey_new(tc->key);
	wsext_free(&tc->offered);
	if (negotiate_offer(&place, &tc->offered) != 0) {
		conn_kill(conn, "out of memory");
		return;
	}
	str_addf(&head, "GET %s HTTP/1.1\r\nHost: %s\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
	    settings->target.path, settings->target.host, tc->key);
	str_add(&head, "Sec-WebSocket-Extensions: ");
	wsext_format(&head, &tc->offered);
	str_add(&head, "\r\n");
	if (settings->secret != NULL)
		str_addf(&head, "Authorization: Bearer %s\r\n",
		    settings->secret);
	str_add(&head, "\r\n");
	if (head.failed)
		conn_kill(conn, "out of memory");
	else
		conn_send_head(conn, head.text, head.len);
	str_free(&head);
}

/* Channel 0 was opened by the request that made the trunk. */
static struct hg_head *
trunk_root_request(const struct hg_conn *conn)
{
	const struct trunk_conn *tc = conn->session_arg;
	struct hg_fields *fields = http_fields_new();
	struct hg_head *request = NULL;

	if (fields != NULL && http_fields_add(fields, "Host",
	    tc->trunk->settings->target.host) == 0)
		request = http_request("GET",
		    tc->trunk->settings->target.path, fields);
	http_fields_free(fields);
	return (request);
}

/* -1: it cannot be opened. */
static int
trunk_open_conn(struct hg_conn *conn, struct negotiated *agreed)
{
	struct hg_channel *root;
	int result;

	result = conn_set_chain(conn, agreed->conn, agreed->conn_count);
	agreed->conn_count = 0;
	negotiated_free(agreed);
	if (result != 0 || conn->mux == NULL)
		return (-1);
	conn->is_trunk = true;
	root = channel_create(conn, NULL, conn->service,
	    trunk_root_request(conn));
	if (root == NULL || channel_set_carried(root) != 0)
		return (-1);
	root->opened = true;
	return (conn_open(conn));
}

static void
trunk_head(struct hg_conn *conn, const char *data, size_t len)
{
	struct trunk_conn *tc = conn->session_arg;
	struct negotiate_place place;
	struct negotiated agreed;
	struct hg_head *response;
	const char *error = "its head is too long";
	char why[64];

	response = len == 0 ? NULL :
	    http_parse(data, len, HTTP_RESPONSE, &error, NULL);
	if (response != NULL) {
		trunk_place(tc->trunk->settings, &place, false);
		error = handshake_check_response(response, tc->key, NULL);
		if (error != NULL && response->status != 101) {
			snprintf(why, sizeof(why), "it answers %d",
			    response->status);
			error = why;
		}
		if (error == NULL)
			error = negotiate_check(&place, &tc->offered,
			    response, &agreed);
		http_free(response);
	}
	if (error != NULL) {
		conn_kill(conn, error);
		return;
	}
	conn->head_len -= len;
	memmove(conn->head, conn->head + len, conn->head_len);
	if (trunk_open_conn(conn, &agreed) != 0) {
		conn_kill(conn, "it does not carry channels");
		return;
	}
	tc->failures = 0;
	tc->reported = false;
	atomic_store(&tc->up, true);
	log_write(HG_LOG_INFO, conn->name, "trunk %s to %s is up",
	    tc->trunk->settings->name, tc->trunk->settings->target.text);
	trunk_wake(tc->trunk->settings);
}

static void
trunk_failed(struct hg_conn *conn, const char *why)
{
	trunk_down(conn->session_arg, why);
}

/* Whoever looks for a connection now must not find this one. */
static void
trunk_ended(struct hg_conn *conn)
{
	struct trunk_conn *tc = conn->session_arg;

	if (atomic_exchange(&tc->up, false))
		tc->reported = false;
}

static void
trunk_gone(struct hg_conn *conn)
{
	struct trunk_conn *tc = conn->session_arg;

	trunk_down(tc, conn_why(conn));
	tc->conn = NULL;
	trunk_retry_later(tc);
}

/* --- a connection that the gateway drains --------------------------------- */

static void
trunk_retired_gone(struct hg_conn *conn)
{
	struct trunk_conn *tc = conn->session_arg;
	unsigned i;

	log_write(HG_LOG_INFO, conn->name, "trunk %s: what was drained has "
	    "ended: %s", tc->trunk->settings->name, conn->why);
	for (i = 0; i < TRUNK_RETIRED; i++)
		if (tc->retired[i] == conn)
			tc->retired[i] = NULL;
}

static const struct conn_session trunk_retired_session = {
	.gone = trunk_retired_gone,
};

/* Only so many: the oldest has to go for one more. False: it is not alone. */
static bool
trunk_keep_retired(struct trunk_conn *tc, struct hg_conn *conn)
{
	struct hg_conn **free_place = NULL, *oldest = NULL;
	unsigned i;

	for (i = 0; i < TRUNK_RETIRED; i++) {
		if (tc->retired[i] == NULL)
			free_place = &tc->retired[i];
		else if (oldest == NULL ||
		    tc->retired[i]->created_at < oldest->created_at)
			oldest = tc->retired[i];
	}
	if (free_place == NULL) {
		for (i = 0; tc->retired[i] != oldest; i++)
			;
		free_place = &tc->retired[i];
		conn_close(oldest, 1001, "too many are drained");
	}
	*free_place = conn;
	return (oldest == NULL);
}

/*
 * It takes no new channels. Those that it has end there, while another is
 * dialled, at once unless the gateway does this again and again.
 */
static void
trunk_retire(struct hg_conn *conn)
{
	struct trunk_conn *tc = conn->session_arg;
	bool alone;

	if (tc->conn != conn || !atomic_exchange(&tc->up, false))
		return;
	log_write(HG_LOG_INFO, conn->name, "trunk %s to %s is drained",
	    tc->trunk->settings->name, tc->trunk->settings->target.text);
	conn->session = &trunk_retired_session;
	tc->conn = NULL;
	alone = trunk_keep_retired(tc, conn);
	if (tc->stopping)
		return;
	if (alone)
		trunk_dial(tc);
	else
		trunk_retry_later(tc);
}

static const struct conn_session trunk_session = {
	.ready = trunk_ready,
	.head = trunk_head,
	.failed = trunk_failed,
	.retire = trunk_retire,
	.ended = trunk_ended,
	.gone = trunk_gone,
};

static void
trunk_dialled(void *arg, int fd, const char *error)
{
	struct trunk_conn *tc = arg;
	const struct trunk_settings *settings = tc->trunk->settings;

	tc->dial = NULL;
	if (fd < 0) {
		trunk_down(tc, error);
		trunk_retry_later(tc);
		return;
	}
	tc->conn = conn_create(tc->worker, fd, settings->target.tls, true,
	    true, &settings->service, &trunk_session, tc);
	if (tc->conn == NULL) {
		trunk_retry_later(tc);
		return;
	}
	conn_set_deadline(tc->conn,
	    (uint64_t)settings->service.limits.connect_timeout);
}

static void
trunk_dial(struct trunk_conn *tc)
{
	const struct trunk_settings *settings = tc->trunk->settings;

	tc->dial = dial_start(tc->worker, &settings->target.address, true,
	    (uint64_t)settings->service.limits.connect_timeout, trunk_dialled,
	    tc);
	if (tc->dial == NULL)
		trunk_retry_later(tc);
}

static void
trunk_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	trunk_dial(arg);
}

/* --- start and stop ------------------------------------------------------- */

int
trunk_create(struct trunk_settings *settings)
{
	struct trunk *trunk;
	unsigned i, count = (unsigned)settings->connections;

	trunk = calloc(1, sizeof(*trunk) + count * sizeof(trunk->conns[0]));
	if (trunk == NULL)
		return (-1);
	trunk->settings = settings;
	trunk->count = count;
	for (i = 0; i < count; i++) {
		trunk->conns[i].trunk = trunk;
		trunk->conns[i].worker = worker_at(i % workers_count());
	}
	settings->trunk = trunk;
	return (0);
}

void
trunk_destroy(struct trunk_settings *settings)
{
	free(settings->trunk);
	settings->trunk = NULL;
}

void
trunk_worker_start(const struct trunk_settings *settings)
{
	struct trunk *trunk = settings->trunk;
	struct trunk_conn *tc;
	unsigned i;

	for (i = 0; i < trunk->count; i++) {
		tc = &trunk->conns[i];
		if (tc->worker != worker_self())
			continue;
		tc->retry = evtimer_new(tc->worker->base, trunk_retry, tc);
		if (tc->retry != NULL)
			trunk_dial(tc);
	}
}

void
trunk_worker_stop(const struct trunk_settings *settings)
{
	struct trunk *trunk = settings->trunk;
	struct trunk_conn *tc;
	unsigned i;

	for (i = 0; i < trunk->count; i++) {
		tc = &trunk->conns[i];
		if (tc->worker != worker_self())
			continue;
		tc->stopping = true;
		if (tc->retry != NULL)
			event_free(tc->retry);
		tc->retry = NULL;
		dial_cancel(tc->dial);
		tc->dial = NULL;
		wsext_free(&tc->offered);
		if (tc->conn != NULL && tc->conn->state != CONN_OPEN)
			conn_close(tc->conn, 1001, "stopping");
	}
}

unsigned
trunk_up(const struct trunk_settings *settings)
{
	const struct trunk *trunk = settings->trunk;
	unsigned i, up = 0;

	for (i = 0; trunk != NULL && i < trunk->count; i++)
		up += atomic_load(&trunk->conns[i].up);
	return (up);
}
