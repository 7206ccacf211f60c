/* SPDX-License-Identifier: Apache-2.0 */
/* A request on a connection of HTTP: whether it is one, and who answers it. */
#include <string.h>

#include "httpconn.h"
#include "openconn.h"
#include "service.h"
#include "str.h"

static void
request_changed(struct hg_exchange *ex)
{
	httpconn_later(ex->reader);
}

/* A name or address with a port, by its characters (RFC 3986, 3.2). */
static bool
request_host_is_valid(const struct hg_head *request)
{
	const char *host = http_get(request, "Host");

	if (http_count(request, "Host") != 1)
		return (request->is_old && host == NULL);
	return (host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+,;=:[]")] ==
	    '\0');
}

/* 0, or the status that refuses it. */
static int
request_check(struct hg_exchange *ex, const char **why)
{
	const struct hg_head *request = ex->request;
	const char *expect = http_get(request, "Expect");
	int64_t max = ex->service->http_body_max;
	int status;

	*why = "not exactly one Host";
	if (!request_host_is_valid(request))
		return (400);
	*why = "no such method here";
	if (strcmp(request->method, "CONNECT") == 0)
		return (501);
	if ((status = httpbody_of_request(&ex->body, request, why)) != 0)
		return (status);
	*why = "only 100-continue can be expected";
	if (expect != NULL && !request->is_old &&
	    (!str_equal_nocase(expect, "100-continue") ||
	    http_count(request, "Expect") > 1))
		return (417);
	ex->expects = expect != NULL && !request->is_old;
	ex->length = ex->body.kind == HTTPBODY_CHUNKED ? -1 :
	    (int64_t)ex->body.left;
	*why = "the body is too long";
	if (max != 0 && ex->length > max)
		return (413);
	return (0);
}

/* A client that asked for another protocol is not understood beyond this. */
static bool
request_is_last(struct httpconn *http, const struct hg_head *request)
{
	return (request->is_old || http->fin || http->stopping ||
	    ++http->requests >= http->conn->listen->http_requests ||
	    http_has_token(request, "Connection", "close") ||
	    http_get(request, "Upgrade") != NULL);
}

static void
request_open(struct httpconn *http, struct hg_exchange *ex)
{
	const char *why;
	int status;

	ex->reader = http;
	ex->changed = request_changed;
	http->exchange = ex;
	http->conn->service = ex->service;
	ex->last = request_is_last(http, ex->request);
	httpconn_wait(http, http->conn->listen->http_timeout);
	if ((status = request_check(ex, &why)) != 0) {
		http->exchange = NULL;
		http->closing = true;
		exchange_free(ex);
		openconn_refuse(http->conn, status, NULL, why);
	} else
		httpconn_login(ex);
}

/* Who is it is settled. */
void
httpconn_call(struct hg_exchange *ex)
{
	ex->begun = true;
	if (ex->plugin->http.begin(ex, ex->state, ex->request) != 0)
		exchange_refuse(ex, 500, "the request cannot be answered");
	httpconn_later(ex->reader);
}

void
httpconn_begin(struct httpconn *http, struct hg_head *request)
{
	const struct service *service;
	struct hg_exchange *ex;

	if (!httpconn_wants(http->conn, request)) {
		http->upgrade = request;	/* at the end of the turn */
		httpconn_later(http);
		return;
	}
	service = service_find(http->conn->listen, request->path);
	if (service == NULL) {
		http_free(request);
		http->closing = true;
		openconn_refuse(http->conn, 404, NULL, "no such path");
		return;
	}
	ex = exchange_create(http->conn, service, service_http(service),
	    request);
	if (ex == NULL)
		conn_kill(http->conn, "out of memory");
	else
		request_open(http, ex);
}
