/* SPDX-License-Identifier: Apache-2.0 */
#include "innerhead.h"

#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "str.h"
#include "wskey.h"

#define FIELD_PROTOCOL	"Sec-WebSocket-Protocol"
#define FIELD_EXTENSIONS	"Sec-WebSocket-Extensions"
#define FIELD_VERSION		"Sec-WebSocket-Version"
#define FIELD_KEY		"Sec-WebSocket-Key"

/* --- the outer request ---------------------------------------------------- */

static bool
innerhead_is(const char *element, size_t len, const char *name)
{
	return (strlen(name) == len && memcmp(element, name, len) == 0);
}

bool
innerhead_is_offered(const struct hg_head *outer)
{
	const char *value = http_get(outer, FIELD_PROTOCOL), *element = NULL;
	size_t len;

	for (; value != NULL && element == NULL;
	    value = http_next(outer, FIELD_PROTOCOL, value)) {
		const char *at = value;

		element = http_element(&at, &len);
	}
	return (element != NULL && innerhead_is(element, len, INNER_PROTOCOL));
}

bool
innerhead_is_legacy(const struct hg_head *outer)
{
	const char *at = outer->query;
	size_t len;

	for (; at != NULL; at = at[len] == '\0' ? NULL : at + len + 1) {
		len = strcspn(at, "&");
		if (innerhead_is(at, len, ".kl=Y"))
			return (true);
	}
	return (false);
}

static void
innerhead_clean_target(struct str *out, const struct hg_head *outer)
{
	const char *at;
	size_t len;
	char before = '?';

	str_add(out, outer->path);
	for (at = outer->query; at != NULL;
	    at = at[len] == '\0' ? NULL : at + len + 1) {
		len = strcspn(at, "&");
		if (strncmp(at, ".k", 2) == 0)
			continue;
		str_add_char(out, before);
		str_add_bytes(out, at, len);
		before = '&';
	}
}

static int
innerhead_copy(struct hg_fields *fields, const struct hg_head *head, size_t i)
{
	return (http_fields_add(fields, http_name(head, i),
	    http_value(head, i)));
}

struct hg_head *
innerhead_clean(const struct hg_head *outer)
{
	struct hg_fields *fields;
	struct hg_head *clean = NULL;
	struct str target = { 0 };
	size_t i;

	if (outer->query == NULL)
		return (http_ref(outer));
	fields = http_fields_new();
	innerhead_clean_target(&target, outer);
	for (i = 0; fields != NULL && i < outer->count; i++)
		if (innerhead_copy(fields, outer, i) != 0)
			goto out;
	if (fields != NULL && !target.failed)
		clean = http_request(outer->method, target.text, fields);
out:
	http_fields_free(fields);
	str_free(&target);
	return (clean);
}

/* --- the inner request ---------------------------------------------------- */

/* What has a meaning for the way of a request, or a body, has none in here. */
static bool
innerhead_is_forbidden(const char *name)
{
	static const char *const names[] = { "Content-Length",
	    "Transfer-Encoding", "TE", "Trailer", "Expect", "Keep-Alive" };
	static const char *const known[] = { FIELD_PROTOCOL,
	    FIELD_EXTENSIONS, FIELD_VERSION, FIELD_KEY };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_equal_nocase(name, names[i]))
			return (true);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_equal_nocase(name, known[i]))
			return (false);
	return (str_equal_nocase_n(name, strnlen(name, 6), "Proxy-", 6) ||
	    str_equal_nocase_n(name, strnlen(name, 4), "Sec-", 4));
}

/* What need not be there, and says nothing new, is at least not wrong. */
static bool
innerhead_makes_sense(const struct hg_head *inner)
{
	const char *upgrade = http_get(inner, "Upgrade");
	const char *version = http_get(inner, FIELD_VERSION);
	const char *key = http_get(inner, FIELD_KEY);

	return (http_count(inner, "Host") <= 1 &&
	    http_count(inner, "Upgrade") <= 1 &&
	    http_count(inner, FIELD_VERSION) <= 1 &&
	    http_count(inner, FIELD_KEY) <= 1 &&
	    (upgrade == NULL || str_equal_nocase(upgrade, "websocket")) &&
	    (http_get(inner, "Connection") == NULL ||
	    http_has_token(inner, "Connection", "Upgrade")) &&
	    (version == NULL || strcmp(version, "13") == 0) &&
	    (key == NULL || wskey_is_valid(key)));
}

static int
innerhead_check(const struct hg_head *inner, const struct hg_head *outer,
    const char **why)
{
	size_t i;

	*why = "not a GET";
	if (strcmp(inner->method, "GET") != 0)
		return (405);
	*why = "another path than that of the outer request";
	if (strcmp(inner->path, outer->path) != 0)
		return (400);
	*why = "a field that may not stand in an inner request";
	for (i = 0; i < inner->count; i++)
		if (innerhead_is_forbidden(http_name(inner, i)))
			return (400);
	*why = "a field that does not fit a WebSocket";
	if (!innerhead_makes_sense(inner))
		return (400);
	*why = "more than one Authorization";
	if (http_count(inner, "Authorization") > 1)
		return (400);
	*why = "a second handshake inside the second handshake";
	if (handshake_offers_protocol(inner, INNER_PROTOCOL))
		return (400);
	return (101);
}

static bool
innerhead_is_taken(const char *name)
{
	return (str_equal_nocase(name, "Authorization") ||
	    str_equal_nocase(name, FIELD_PROTOCOL) ||
	    str_equal_nocase(name, FIELD_EXTENSIONS));
}

/* An empty list of subprotocols, as some clients send, is none. */
static struct hg_head *
innerhead_join(const struct hg_head *inner, const struct hg_head *outer)
{
	struct hg_fields *fields;
	struct hg_head *merged = NULL;
	size_t i;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; i < outer->count; i++)
		if (!innerhead_is_taken(http_name(outer, i)) &&
		    innerhead_copy(fields, outer, i) != 0)
			goto out;
	for (i = 0; i < inner->count; i++)
		if (innerhead_is_taken(http_name(inner, i)) &&
		    http_value(inner, i)[0] != '\0' &&
		    innerhead_copy(fields, inner, i) != 0)
			goto out;
	merged = http_request("GET", outer->target, fields);
out:
	http_fields_free(fields);
	return (merged);
}

int
innerhead_merge(const void *data, size_t len, const struct hg_head *outer,
    struct hg_head **merged, const char **why)
{
	struct hg_head *inner;
	int end = http_head_len(data, len), status = 400;

	*merged = NULL;
	*why = "not one whole request";
	if (end != (int)len)
		return (400);
	inner = http_parse(data, len, HTTP_REQUEST, why, &status);
	if (inner == NULL)
		return (status);
	status = innerhead_check(inner, outer, why);
	if (status == 101 &&
	    (*merged = innerhead_join(inner, outer)) == NULL) {
		*why = "too long together with the outer request";
		status = 431;
	}
	http_free(inner);
	return (status);
}

bool
innerhead_asks_again(const struct hg_head *merged,
    const struct wsext_list *accepted)
{
	struct wsext_list asked = { 0 };
	bool again = false;
	size_t i;

	if (wsext_parse(&asked, merged) != 0)
		return (false);		/* refused by who reads the list */
	for (i = 0; i < accepted->count && !again; i++)
		again = wsext_find(&asked, accepted->ext[i]->name) != NULL;
	wsext_free(&asked);
	return (again);
}

/* --- the response --------------------------------------------------------- */

static int
innerhead_add_extension(struct hg_fields *fields, struct hg_params *params)
{
	struct wsext_list one = { .count = 1, .ext = { params } };
	struct str value = { 0 };
	int result = -1;

	wsext_format(&value, &one);
	if (!value.failed)
		result = http_fields_add(fields, FIELD_EXTENSIONS, value.text);
	str_free(&value);
	return (result);
}

struct hg_head *
innerhead_response(const struct hg_head *response,
    const struct wsext_list *answered)
{
	struct hg_fields *fields;
	struct hg_head *own = NULL;
	size_t i;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; i < response->count; i++)
		if (!str_equal_nocase(http_name(response, i),
		    FIELD_EXTENSIONS) &&
		    innerhead_copy(fields, response, i) != 0)
			goto out;
	for (i = 0; i < answered->count; i++)
		if (innerhead_add_extension(fields, answered->ext[i]) != 0)
			goto out;
	own = http_response(response->status, response->reason, fields);
out:
	http_fields_free(fields);
	return (own);
}

/* --- as initiator --------------------------------------------------------- */

static int
innerhead_add_protocols(struct hg_fields *fields,
    const struct hg_head *request)
{
	char *protocols = handshake_protocols(request);
	struct str all = { 0 };
	int result = -1;

	str_add(&all, INNER_PROTOCOL);
	if (protocols != NULL)
		str_addf(&all, ", %s", protocols);
	if (!all.failed)
		result = http_fields_add(fields, FIELD_PROTOCOL, all.text);
	free(protocols);
	str_free(&all);
	return (result);
}

struct hg_head *
innerhead_outer(const struct hg_head *request, bool is_legacy)
{
	struct hg_fields *fields;
	struct hg_head *outer = NULL;
	struct str target = { 0 };
	size_t i;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	for (i = 0; i < request->count; i++)
		if (!innerhead_is_taken(http_name(request, i)) &&
		    innerhead_copy(fields, request, i) != 0)
			goto out;
	if (innerhead_add_protocols(fields, request) != 0)
		goto out;
	str_add(&target, request->target);
	if (is_legacy)
		str_addf(&target, "%c.kl=Y", request->query == NULL ? '?' :
		    '&');
	if (!target.failed)
		outer = http_request("GET", target.text, fields);
out:
	http_fields_free(fields);
	str_free(&target);
	return (outer);
}

void
innerhead_write_request(struct str *out, const struct hg_head *request)
{
	size_t i;

	str_addf(out, "GET %s HTTP/1.1\r\n", request->target);
	for (i = 0; i < request->count; i++)
		if (innerhead_is_taken(http_name(request, i)))
			str_addf(out, "%s: %s\r\n", http_name(request, i),
			    http_value(request, i));
	str_add(out, "\r\n");
}
