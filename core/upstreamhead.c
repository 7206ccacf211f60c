/* SPDX-License-Identifier: Apache-2.0 */
/* What a client's request takes along to the next hop. */
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "handshake.h"
#include "str.h"
#include "upstream.h"

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

/* Our own for the server, before the client's. */
static int
upstream_add_credentials(struct hg_fields *fields, const struct hg_channel *ch)
{
	const char *own = ch->service->target.authorization, *value = NULL;
	bool forward = ch->service->forward_credentials;
	int result = 0;

	/* By its Authorization an edge is known to us. */
	if (forward && (ch != ch->conn->root || !ch->conn->is_edge))
		value = channel_credential(ch, "Authorization");
	if (own != NULL)
		value = own;
	if (value != NULL)
		result |= http_fields_add(fields, "Authorization", value);
	value = forward ? channel_credential(ch, "Cookie") : NULL;
	if (value != NULL)
		result |= http_fields_add(fields, "Cookie", value);
	return (result);
}

/* What the service's "auth" wants the server to know. */
static int
upstream_add_all(struct hg_fields *fields, const struct hg_head *from)
{
	unsigned i;
	int result = 0;

	for (i = 0; i < from->count; i++)
		result |= http_fields_add(fields, http_name(from, i),
		    http_value(from, i));
	return (result);
}

static int
upstream_add_copies(struct hg_fields *fields, const struct hg_channel *ch)
{
	const struct hg_head *request = ch->request;
	const char *value;
	char *protocols;
	int result = 0;

	if (request != NULL && (value = http_get(request, "Origin")) != NULL)
		result |= http_fields_add(fields, "Origin", value);
	result |= upstream_add_credentials(fields, ch);
	if (ch->identity != NULL && ch->identity->fields != NULL)
		result |= upstream_add_all(fields, ch->identity->fields);
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
	for (i = 0; ch->service->forward_credentials &&
	    i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = http_get(asked, names[i])) != NULL)
			result |= http_fields_add(fields, names[i], value);
	result |= upstream_add_forwarded(fields, ch);
	if (result == 0)
		request = http_request("GET", own != NULL ? own->target : "/",
		    fields);
	http_fields_free(fields);
	return (request);
}
