/* SPDX-License-Identifier: Apache-2.0 */
/* Channels of clients that are opened over a trunk. */
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "link.h"
#include "log.h"
#include "service.h"
#include "str.h"
#include "trunk.h"
#include "trunkparts.h"
#include "upstream.h"

/* A channel to be, on its way to the trunk's worker. */
struct trunk_letter {
	struct letter		 letter;
	struct trunk_conn	*tc;
	struct link		*link;
	struct hg_head		*request;
};

/* The gateway has answered: from here on data passes. */
static void
trunk_channel_opened(struct hg_channel *ch, const struct hg_head *response)
{
	struct trunk_conn *tc = ch->session_arg;
	struct negotiate_place place;
	struct negotiated agreed;
	struct wsext_list offered = { 0 };
	struct hg_head *copy, *own;
	const char *error;

	copy = http_ref(response);
	if (response->status != 101 || copy == NULL) {
		link_answer(ch->link, copy);
		ch->wire_ended = ch->top_ended = true;
		return;
	}
	trunk_place(tc->trunk->settings, &place, true);
	wsext_parse(&offered, ch->request);
	error = negotiate_check(&place, &offered, response, &agreed);
	wsext_free(&offered);
	own = http_ref(response);
	if (error == NULL && own == NULL) {
		negotiated_free(&agreed);
		error = "no memory";
	}
	if (error != NULL || channel_set_chain(ch, agreed.channel,
	    agreed.channel_count) != 0) {
		http_free(copy);
		http_free(own);
		channel_fail(ch, 1002, "its answer: %s",
		    error != NULL ? error : "a plugin could not begin");
		return;
	}
	wsext_free(&agreed.answer);
	/* Who the client is was for the gateway. */
	ch->request = http_keep(ch->request, "Forwarded");
	channel_open(ch, own);
	link_answer(ch->link, copy);
}

static const struct channel_session trunk_channel_session = {
	.opened = trunk_channel_opened,
};

static void
trunk_refuse(struct link *link, int status)
{
	link_answer(link, http_response(status, http_status_text(status),
	    NULL));
}

/* On the trunk's worker. Takes the link's reference and the request. */
static void
trunk_create_channel(struct trunk_conn *tc, struct link *link,
    struct hg_head *request)
{
	struct hg_conn *conn = tc->conn;
	struct hg_channel *ch;
	struct hg_slot *mux;

	if (!link_has_near(link) || !atomic_load(&tc->up) || conn == NULL ||
	    conn->state != CONN_OPEN) {
		http_free(request);
		trunk_refuse(link, 503);
		return;
	}
	mux = conn->mux;
	ch = channel_create(conn, NULL, &tc->trunk->settings->service,
	    request);
	if (ch == NULL) {
		trunk_refuse(link, 503);
		return;
	}
	ch->session = &trunk_channel_session;
	ch->session_arg = tc;
	/* First, as the connection may fail in create. */
	link_attach(link, 1, ch);
	if (channel_set_carried(ch) != 0 || mux->plugin->mux.create(mux,
	    mux->state, ch, ch->mux_data, request) != 0) {
		free(ch->mux_data);
		ch->mux_data = NULL;
		ch->wire_ended = ch->top_ended = true;
		channel_free(ch);
		trunk_refuse(link, 503);
	}
}

static void
trunk_letter_open(struct letter *letter)
{
	struct trunk_letter *own = list_entry(letter, struct trunk_letter,
	    letter);

	trunk_create_channel(own->tc, own->link, own->request);
	link_unref(own->link);
	free(own);
}

/* The client's own request, on one hop further. */
static struct hg_head *
trunk_request(const struct hg_channel *ch,
    const struct trunk_settings *settings)
{
	struct negotiate_place place;
	struct wsext_list offers = { 0 };
	struct str value = { 0 };
	struct hg_fields *fields;
	struct hg_head *request = NULL;
	const char *target = ch->request != NULL ? ch->request->target :
	    ch->service->path != NULL ? ch->service->path : "/";

	if ((fields = upstream_fields(ch, NULL)) == NULL)
		return (NULL);
	trunk_place(settings, &place, true);
	if (service_personalises(ch->service) &&
	    negotiate_offer(&place, &offers) == 0 && offers.count > 0) {
		wsext_format(&value, &offers);
		if (value.failed || http_fields_add(fields,
		    "Sec-WebSocket-Extensions", value.text) != 0)
			goto out;
	}
	if (ch->parked && http_fields_add(fields, TRUNK_RESUMES, "1") != 0)
		goto out;
	request = http_request("GET", target, fields);
out:
	wsext_free(&offers);
	str_free(&value);
	http_fields_free(fields);
	return (request);
}

/*
 * All channels of one service share a connection while it has ids, so that
 * flows meet on it; services spread over the connections.
 */
static struct trunk_conn *
trunk_choose(struct trunk *trunk, const struct hg_channel *ch)
{
	const char *c;
	unsigned i, at = 0;

	for (c = ch->service->name; *c != '\0'; c++)
		at = at * 31 + (unsigned char)*c;
	for (i = 0; i < trunk->count; i++)
		if (atomic_load(&trunk->conns[(at + i) % trunk->count].up))
			return (&trunk->conns[(at + i) % trunk->count]);
	return (NULL);
}

int
trunk_open(struct hg_channel *ch)
{
	struct trunk_settings *settings = ch->service->target.trunk;
	struct trunk_conn *tc = trunk_choose(settings->trunk, ch);
	struct trunk_letter *own;

	if (tc == NULL) {
		ch->session->answered(ch, http_response(503,
		    http_status_text(503), NULL));
		return (0);
	}
	if ((own = calloc(1, sizeof(*own))) == NULL)
		return (-1);
	own->letter.open = trunk_letter_open;
	own->tc = tc;
	own->link = link_new(ch->conn->worker, tc->worker);
	own->request = trunk_request(ch, settings);
	if (own->link == NULL || own->request == NULL) {
		link_unref(own->link);
		http_free(own->request);
		free(own);
		return (-1);
	}
	link_attach(own->link, 0, ch);
	mailbox_post(&tc->worker->mailbox, &own->letter);
	return (0);
}
