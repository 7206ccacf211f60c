/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New credentials for a session that is logged in: HTTP's Basic scheme (RFC
 * 7617), checked against the users. They say once more who it is; nobody
 * becomes somebody else by them.
 */
#include <string.h>
#include <strings.h>

#include "broker.h"

#define PAIR_MAX	512	/* bytes of NAME:PASSWORD */

static int
digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at;

	at = c == '\0' ? NULL : strchr(digits, c);
	return (at == NULL ? -1 : (int)(at - digits));
}

/* base64 as text without NUL. False: it is none, or too long. */
static bool
decode(const char *in, char *out, size_t size)
{
	unsigned bits = 0, have = 0;
	size_t len = 0, digits;
	int value;

	for (digits = 0; (value = digit(in[digits])) >= 0; digits++) {
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		if ((have += 6) < 8)
			continue;
		have -= 8;
		if (len + 1 >= size || (char)(bits >> have) == '\0')
			return (false);
		out[len++] = (char)(bits >> have);
	}
	out[len] = '\0';
	if (digits % 4 == 1)
		return (false);
	for (; in[digits] == '='; digits++)
		;
	return (digits % 4 == 0 && in[digits] == '\0');
}

/* The user and, behind its end, the password; false: no such credentials. */
static bool
parse(const struct hg_head *request, char *pair, size_t size,
    const char **password)
{
	const char *value;
	char *colon;

	value = hg->head_get(request, "Authorization");
	if (value == NULL || hg->head_next(request, "Authorization", value) !=
	    NULL || strncasecmp(value, "Basic ", 6) != 0)
		return (false);
	value += 6;
	value += strspn(value, " ");
	if (!decode(value, pair, size) || (colon = strchr(pair, ':')) == NULL)
		return (false);
	*colon = '\0';
	*password = colon + 1;
	return (true);
}

static void
answer(struct broker_session *s, int status)
{
	struct hg_fields *fields = NULL;

	if (status != 200)
		broker_count(BROKER_COUNT_REFUSED);
	if (status == 401 && (fields = hg->fields_new()) != NULL)
		hg->fields_add(fields, "WWW-Authenticate",
		    "Basic realm=\"broker\", charset=\"UTF-8\"");
	hg->channel_authed(s->channel, status, fields);
	hg->fields_free(fields);
}

enum hg_verdict
broker_auth(struct hg_slot *slot, void *state, const struct hg_head *request)
{
	struct broker_session *s = state;
	const char *password;
	char pair[PAIR_MAX];

	(void)slot;
	if (s->options->users.count == 0 || s->ended ||
	    s->version == BROKER_NO_VERSION)
		return (HG_PASS);
	if (!parse(request, pair, sizeof(pair), &password) ||
	    !broker_is_user(s->options, pair, password))
		answer(s, 401);
	else if (s->user == NULL || strcmp(s->user, pair) != 0)
		answer(s, 403);
	else
		answer(s, 200);
	return (HG_TAKE);
}
