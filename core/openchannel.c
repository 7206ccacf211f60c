/* SPDX-License-Identifier: Apache-2.0 */
/* Openings of channels that a peer began in its connection. */
#include "openchannel.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "opening.h"
#include "str.h"

static void
openchannel_refuse(struct hg_channel *ch, struct hg_head *response)
{
	struct hg_slot *mux = ch->conn->mux;

	log_write(HG_LOG_INFO, channel_name(ch), "refused with %d",
	    response->status);
	ch->wire_ended = ch->top_ended = true;
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
}

static void
openchannel_accept(struct hg_channel *ch, struct opening *opening,
    struct hg_head *response)
{
	struct hg_slot *mux = ch->conn->mux;

	log_write(HG_LOG_DEBUG, channel_name(ch), "open: %s %s",
	    opening->service->name, ch->request->path);
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
	opening_open_channel(ch, opening, response);
}

static int
openchannel_copy_field(struct hg_fields *fields, const struct hg_head *from,
    const char *name)
{
	const char *value;

	if (from == NULL || (value = http_get(from, name)) == NULL)
		return (0);
	return (http_fields_add(fields, name, value));
}

/* What the connection's own channel was last accepted by. */
static int
openchannel_inherit(struct hg_fields *fields, const struct hg_conn *conn,
    const struct hg_head *request, const char *name)
{
	const char *value;

	if (http_get(request, name) != NULL || conn->root == NULL ||
	    (value = channel_credential(conn->root, name)) == NULL)
		return (0);
	return (http_fields_add(fields, name, value));
}

/*
 * Only an edge may say who is behind a channel: for anybody else it is who made
 * the connection (protocol 2, "who may speak for others").
 */
static struct hg_head *
openchannel_own_identity(const struct hg_conn *conn,
    const struct hg_head *request)
{
	static const char *const proofs[] = { "Authorization", "Cookie" };
	const struct hg_head *made = conn->root->request;
	struct hg_fields *fields = http_fields_new();
	struct hg_head *own = NULL;
	size_t i;

	if (fields == NULL)
		return (NULL);
	for (i = 0; i < request->count; i++) {
		if (str_equal_nocase(http_name(request, i), "Origin") ||
		    str_equal_nocase(http_name(request, i), "Forwarded") ||
		    str_equal_nocase(http_name(request, i), "Host"))
			continue;
		if (http_fields_add(fields, http_name(request, i),
		    http_value(request, i)) != 0)
			goto out;
	}
	if (openchannel_copy_field(fields, made, "Origin") != 0 ||
	    openchannel_copy_field(fields, made, "Host") != 0)
		goto out;
	for (i = 0; i < 2; i++)
		if (openchannel_inherit(fields, conn, request,
		    proofs[i]) != 0)
			goto out;
	own = http_request(request->method, request->target, fields);
out:
	http_fields_free(fields);
	return (own);
}

static void
openchannel_refuse_create(struct hg_channel *ch, int status, const char *why)
{
	struct hg_head *response;

	log_write(HG_LOG_INFO, channel_name(ch), "refused with %d: %s", status,
	    why);
	response = http_response(status, http_status_text(status), NULL);
	if (response != NULL)
		openchannel_refuse(ch, response);
	http_free(response);
}

void
openchannel_start(struct hg_channel *ch)
{
	struct hg_conn *conn = ch->conn;
	struct opening *opening;
	struct hg_head *own;
	const char *why = "out of memory";
	int status = 503;

	if (conn->listen == NULL) {
		openchannel_refuse_create(ch, 404, "nothing is served here");
		return;
	}
	if (!conn->is_edge) {
		own = openchannel_own_identity(conn, ch->request);
		if (own == NULL) {
			openchannel_refuse_create(ch, 503, why);
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
		openchannel_refuse_create(ch, status, why);
		return;
	}
	opening->accept = openchannel_accept;
	opening->refuse = openchannel_refuse;
	opening_start(ch, opening);
}
