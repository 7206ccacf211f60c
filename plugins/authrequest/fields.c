/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields go where. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "authrequest.h"

#define SECONDS_MAX	(100 * 365 * 24 * 3600ull)

static bool
is_token(const char *name)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return (name[0] != '\0' && name[strspn(name, fine)] == '\0');
}

/* Those of one hop, of framing, and those that we make ourselves. */
static bool
is_ours(const char *name)
{
	static const char *const names[] = { "Host", "Connection", "Upgrade",
	    "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Expect",
	    "Content-Length", "Forwarded", "Origin", "Authorization",
	    "Cookie" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return (true);
	return (strncasecmp(name, "Sec-", 4) == 0 ||
	    strncasecmp(name, "Proxy-", 6) == 0);
}

const char *
authrequest_check_send(const char *name, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	if (!is_token(name) || is_ours(name) ||
	    strncasecmp(name, "X-Original-", 11) == 0 ||
	    strcasecmp(name, "X-Forwarded-For") == 0)
		return ("it is no name of a field that can be handed on");
	return (NULL);
}

const char *
authrequest_check_pass(const char *name, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	if (!is_token(name) || is_ours(name))
		return ("it is no name of a field that can be handed on");
	return (NULL);
}

static int
copy_lines(struct hg_fields *fields, const struct hg_head *from,
    const char *name)
{
	const char *value;
	int result = 0;

	for (value = hg->head_get(from, name); value != NULL;
	    value = hg->head_next(from, name, value))
		result |= hg->fields_add(fields, name, value);
	return (result);
}

struct hg_fields *
authrequest_copy(const struct hg_head *from, const char *const *names,
    size_t count)
{
	struct hg_fields *fields = hg->fields_new();
	size_t i;

	for (i = 0; fields != NULL && i < count; i++)
		if (copy_lines(fields, from, names[i]) != 0) {
			hg->fields_free(fields);
			return (NULL);
		}
	return (fields);
}

/* The client's address without its port: 192.0.2.1:4000, [2001:db8::1]:4000. */
static int
add_peer(struct hg_fields *fields, const char *peer)
{
	char address[64];
	const char *from = peer[0] == '[' ? peer + 1 : peer;
	size_t len = strcspn(from, peer[0] == '[' ? "]" : ":");

	if (strcmp(peer, "unix") == 0 || len == 0 || len >= sizeof(address))
		return (0);
	memcpy(address, from, len);
	address[len] = '\0';
	return (hg->fields_add(fields, "X-Forwarded-For", address));
}

struct hg_fields *
authrequest_question(const struct hg_login *login,
    const struct hg_head *request, const struct hg_strings *send)
{
	static const char *const always[] = { "Authorization", "Cookie",
	    "Origin" };
	struct hg_fields *fields = authrequest_copy(request, always, 3);
	int result = 0;
	size_t i;

	if (fields == NULL)
		return (NULL);
	for (i = 0; i < send->count; i++)
		result |= copy_lines(fields, request, send->item[i]);
	result |= hg->fields_add(fields, "X-Original-URI",
	    hg->head_target(request));
	result |= hg->fields_add(fields, "X-Original-Method", "GET");
	result |= add_peer(fields, hg->login_peer(login));
	if (result == 0)
		return (fields);
	hg->fields_free(fields);
	return (NULL);
}

uint64_t
authrequest_expires(const char *value)
{
	unsigned long long seconds;
	char *end;

	if (value[0] < '0' || value[0] > '9')
		return (0);
	seconds = strtoull(value, &end, 10);
	if (*end != '\0' || seconds == 0)
		return (0);
	return ((seconds < SECONDS_MAX ? seconds : SECONDS_MAX) * 1000);
}
