/* SPDX-License-Identifier: Apache-2.0 */
/* The name and password of a request's Authorization (RFC 7617). */
#include <string.h>
#include <strings.h>

#include "basic.h"

#define PAIR_MAX	(BASIC_USER_MAX + 1 + BASIC_PASSWORD_MAX)

static int
digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return (at == NULL ? -1 : (int)(at - digits));
}

/* Base64 (RFC 4648) as text without NUL. False: it is none, or too long. */
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
		if (len + 1 >= size || (bits >> have & 0xff) == 0)
			return (false);
		out[len++] = (char)(bits >> have);
	}
	out[len] = '\0';
	/* Whole bytes only, nothing behind them, and as much padding as is
	 * right. */
	if (digits % 4 == 1 || (bits & ((1u << have) - 1)) != 0)
		return (false);
	return (strcmp(in + digits, digits % 4 == 0 ? "" :
	    digits % 4 == 2 ? "==" : "=") == 0);
}

/* Behind the scheme, or NULL. */
static const char *
behind(const char *value, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(value, scheme, len) != 0 || value[len] != ' ')
		return (NULL);
	value += len;
	return (value + strspn(value, " "));
}

/* A name goes into logs and fields. */
static bool
is_name(const char *name)
{
	const unsigned char *c = (const unsigned char *)name;

	for (; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f)
			return (false);
	return (name[0] != '\0' && (size_t)((const char *)c - name) <=
	    BASIC_USER_MAX);
}

bool
basic_given(const struct hg_head *request, bool application,
    struct basic_credentials *given)
{
	const char *value = hg->head_get(request, "Authorization"), *code;
	char pair[PAIR_MAX + 1];
	char *colon;
	bool fine;

	if (value == NULL ||
	    hg->head_next(request, "Authorization", value) != NULL)
		return (false);
	code = behind(value, "Basic");
	if (code == NULL && application &&
	    (value = behind(value, "Application")) != NULL)
		code = behind(value, "Basic");
	if (code == NULL)
		return (false);
	fine = decode(code, pair, sizeof(pair)) &&
	    (colon = strchr(pair, ':')) != NULL;
	if (fine) {
		*colon++ = '\0';
		fine = is_name(pair) && strlen(colon) <= BASIC_PASSWORD_MAX;
	}
	if (fine) {
		strcpy(given->user, pair);
		strcpy(given->password, colon);
	}
	explicit_bzero(pair, sizeof(pair));
	return (fine);
}
