/* SPDX-License-Identifier: Apache-2.0 */
#include "handshake.h"

#include <string.h>

#include "wskey.h"

static bool
handshake_has_body(const struct hg_head *head)
{
	const char *length = http_get(head, "Content-Length");

	return (http_get(head, "Transfer-Encoding") != NULL ||
	    (length != NULL && strcmp(length, "0") != 0));
}

static bool
handshake_has_upgrade(const struct hg_head *head)
{
	return (http_count(head, "Upgrade") == 1 &&
	    str_equal_nocase(http_get(head, "Upgrade"), "websocket"));
}

int
handshake_check_request(const struct hg_head *head, const char **why)
{
	*why = "HTTP version not 1.1";
	if (head->is_old)
		return (505);
	*why = "not a GET";
	if (strcmp(head->method, "GET") != 0)
		return (405);
	*why = "a body, or more than one Host";
	if (handshake_has_body(head) || http_count(head, "Host") != 1)
		return (400);
	*why = "this is a WebSocket: send Upgrade: websocket";
	if (http_get(head, "Upgrade") == NULL)
		return (426);
	*why = "the upgrade is not to websocket alone";
	if (!handshake_has_upgrade(head) ||
	    !http_has_token(head, "Connection", "Upgrade"))
		return (400);
	*why = "only version 13 of the protocol";
	if (http_count(head, "Sec-WebSocket-Version") != 1)
		return (http_count(head, "Sec-WebSocket-Version") == 0 ?
		    426 : 400);
	if (strcmp(http_get(head, "Sec-WebSocket-Version"), "13") != 0)
		return (426);
	*why = "not exactly one Sec-WebSocket-Key of 16 bytes";
	if (http_count(head, "Sec-WebSocket-Key") != 1 ||
	    !wskey_is_valid(http_get(head, "Sec-WebSocket-Key")))
		return (400);
	*why = "malformed Sec-WebSocket-Protocol";
	if (!handshake_protocols_are_valid(head))
		return (400);
	*why = NULL;
	return (101);
}

/* Tokens, at least one where the field stands. */
bool
handshake_protocols_are_valid(const struct hg_head *head)
{
	const char *value, *at, *element;
	size_t len, count;

	value = http_get(head, "Sec-WebSocket-Protocol");
	for (count = 0; value != NULL; value = http_next(head,
	    "Sec-WebSocket-Protocol", value)) {
		at = value;
		while ((element = http_element(&at, &len)) != NULL) {
			if (!str_is_token(element, len))
				return (false);
			count++;
		}
	}
	return (count > 0 || http_get(head, "Sec-WebSocket-Protocol") == NULL);
}

bool
handshake_offers_protocol(const struct hg_head *head, const char *name)
{
	const char *value, *at, *element;
	size_t len;

	value = http_get(head, "Sec-WebSocket-Protocol");
	for (; value != NULL; value = http_next(head,
	    "Sec-WebSocket-Protocol", value)) {
		at = value;
		while ((element = http_element(&at, &len)) != NULL)
			if (strlen(name) == len &&
			    memcmp(element, name, len) == 0)
				return (true);
	}
	return (false);
}

char *
handshake_protocols(const struct hg_head *head)
{
	struct str all = { 0 };
	const char *value;

	if (head == NULL || http_get(head, "Sec-WebSocket-Protocol") == NULL)
		return (NULL);
	value = http_get(head, "Sec-WebSocket-Protocol");
	for (; value != NULL; value = http_next(head,
	    "Sec-WebSocket-Protocol", value)) {
		if (all.len > 0)
			str_add(&all, ", ");
		str_add(&all, value);
	}
	return (str_take(&all));
}

static bool
handshake_list_has(const char *list, const char *name)
{
	const char *at = list, *element;
	size_t len;

	while (at != NULL && (element = http_element(&at, &len)) != NULL)
		if (strlen(name) == len && memcmp(element, name, len) == 0)
			return (true);
	return (false);
}

const char *
handshake_check_response(const struct hg_head *head, const char *key,
    const char *offered)
{
	const char *protocol;

	if (head->status != 101)
		return ("its status is not 101");
	if (!handshake_has_upgrade(head) ||
	    !http_has_token(head, "Connection", "Upgrade"))
		return ("it does not upgrade to websocket");
	if (http_count(head, "Sec-WebSocket-Accept") != 1 ||
	    !wskey_matches(http_get(head, "Sec-WebSocket-Accept"), key))
		return ("its Sec-WebSocket-Accept is wrong");
	if (handshake_has_body(head))
		return ("it has a body");
	protocol = http_get(head, "Sec-WebSocket-Protocol");
	if (protocol != NULL && (http_count(head,
	    "Sec-WebSocket-Protocol") != 1 ||
	    !handshake_list_has(offered, protocol)))
		return ("it chose a subprotocol that was not offered");
	return (NULL);
}

static void
handshake_write_field(struct str *out, const char *name, const char *value)
{
	str_add(out, name);
	str_add(out, ": ");
	str_add(out, value);
	str_add(out, "\r\n");
}

static void
handshake_write_fields(struct str *out, const struct hg_head *head)
{
	size_t i;

	for (i = 0; head != NULL && i < head->count; i++)
		handshake_write_field(out, http_name(head, i),
		    http_value(head, i));
}

void
handshake_write_request(struct str *out, const struct hg_head *request,
    const char *key)
{
	str_add(out, "GET ");
	str_add(out, request->target);
	str_add(out, " HTTP/1.1\r\n");
	handshake_write_fields(out, request);
	str_add(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n");
	handshake_write_field(out, "Sec-WebSocket-Key", key);
	str_add(out, "\r\n");
}

void
handshake_write_101(struct str *out, const char *key,
    const struct hg_head *with)
{
	char accept[WSKEY_ACCEPT + 1];

	wskey_accept(accept, key);
	str_add(out, "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n");
	handshake_write_field(out, "Sec-WebSocket-Accept", accept);
	handshake_write_fields(out, with);
	str_add(out, "\r\n");
}

void
handshake_write_response(struct str *out, const struct hg_head *response)
{
	str_addf(out, "HTTP/1.1 %d %s\r\n", response->status,
	    http_status_text(response->status));
	handshake_write_fields(out, response);
	str_add(out, "\r\n");
}

void
handshake_write_refusal(struct str *out, const struct hg_head *response,
    const char *body)
{
	str_addf(out, "HTTP/1.1 %d %s\r\n", response->status,
	    http_status_text(response->status));
	handshake_write_fields(out, response);
	str_addf(out, "Connection: close\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n\r\n%s\n", strlen(body) + 1, body);
}
