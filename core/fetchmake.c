/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: what its plugin says, and what is not its to say. */
#include <stdio.h>
#include <string.h>

#include "fetch.h"

/* Fields that are the host's to say, of one hop only, or about to change the
 * protocol. */
static const char *const own_fields[] = {
	"Host", "Content-Length", "Transfer-Encoding", "Connection",
	"Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade",
	"Expect", "HTTP2-Settings",
};

/* RFC 9110, 9.2.2: may be sent again when nobody knows what became of it. */
static const char *const idempotent[] = {
	"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE",
};

/* Whose body means something. */
static const char *const bodied[] = { "POST", "PUT", "PATCH" };

static bool
is_among(const char *name, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_equal_nocase(name, names[i]))
			return (true);
	return (false);
}

/* Many servers answer 411 when there is none (RFC 9110, 8.6). */
static bool
needs_length(const char *method)
{
	return (is_among(method, bodied, sizeof(bodied) / sizeof(bodied[0])));
}

static int
add_length(struct hg_fields *fields, const char *method, int64_t length)
{
	char number[32];

	if (length == 0 && !needs_length(method))
		return (0);
	if (length < 0)
		return (http_fields_add(fields, "Transfer-Encoding",
		    "chunked"));
	snprintf(number, sizeof(number), "%lld", (long long)length);
	return (http_fields_add(fields, "Content-Length", number));
}

struct hg_head *
fetch_make_request(const struct hg_target *target,
    const struct hg_request *request)
{
	const struct hg_fields *given = request->fields;
	struct hg_fields *fields;
	struct hg_head *head = NULL;
	const char *name;
	size_t i;
	int result;

	if ((fields = http_fields_new()) == NULL)
		return (NULL);
	result = http_fields_add(fields, "Host", request->host != NULL ?
	    request->host : fetchtarget_host(target));
	for (i = 0; given != NULL && i < given->count && result == 0; i++) {
		name = given->field[i].name;
		if (!is_among(name, own_fields,
		    sizeof(own_fields) / sizeof(own_fields[0])))
			result = http_fields_add(fields, name,
			    given->field[i].value);
	}
	if (result == 0)
		result = add_length(fields, request->method,
		    request->length);
	if (result == 0)
		head = http_request(request->method, request->target != NULL ?
		    request->target : fetchtarget_path(target), fields);
	http_fields_free(fields);
	return (head);
}

/*
 * Some logins are of the connection, not of the request (RFC 4559, 5): who
 * comes next on it would be taken for who was there before.
 */
bool
fetch_is_login(const struct hg_head *request)
{
	static const char name[] = "Authorization";
	const char *value;
	size_t len;

	for (value = http_get(request, name); value != NULL;
	    value = http_next(request, name, value)) {
		len = strcspn(value, " \t,");
		if (str_equal_nocase_n(value, len, "NTLM", 4) ||
		    str_equal_nocase_n(value, len, "Negotiate", 9))
			return (true);
	}
	return (false);
}

bool
fetch_is_repeatable(const struct hg_head *request)
{
	return (is_among(request->method, idempotent,
	    sizeof(idempotent) / sizeof(idempotent[0])));
}
