/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a token is: the field Authorization with the scheme Bearer (RFC 6750),
 * a cookie, or a parameter of the query. Two of one name say nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "token.h"

/* NAME of "cookie NAME" and "query NAME", else NULL. */
static const char *
name_of(const char *source, const char *kind)
{
	size_t len = strlen(kind);

	if (strncmp(source, kind, len) != 0 || source[len] != ' ')
		return (NULL);
	return (source + len + strspn(source + len, " "));
}

const char *
token_source_check(const char *value, char *buffer, size_t size)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
	const char *name;

	(void)buffer;
	(void)size;
	if (strcmp(value, "header") == 0)
		return (NULL);
	name = name_of(value, "cookie");
	if (name == NULL)
		name = name_of(value, "query");
	if (name == NULL || name[0] == '\0' || name[strspn(name, fine)] != '\0')
		return ("it is not header, cookie NAME or query NAME");
	return (NULL);
}

/* Three parts of the alphabet of base64url. */
static enum token_found
take(const char *value, size_t len, char *token, size_t size)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	unsigned dots = 0;
	size_t i;

	if (len == 0 || len >= size)
		return (TOKEN_WRONG);
	memcpy(token, value, len);
	token[len] = '\0';
	for (i = 0; i < len; i++)
		dots += token[i] == '.';
	return (strspn(token, fine) == len && dots == 2 ? TOKEN_ONE :
	    TOKEN_WRONG);
}

static enum token_found
find_header(const struct hg_head *request, char *token, size_t size)
{
	const char *value = hg->head_get(request, "Authorization");

	if (value == NULL || strncasecmp(value, "Bearer", 6) != 0 ||
	    (value[6] != ' ' && value[6] != '\0'))
		return (TOKEN_NONE);
	if (hg->head_next(request, "Authorization", value) != NULL)
		return (TOKEN_WRONG);
	value += 6 + strspn(value + 6, " ");
	return (take(value, strlen(value), token, size));
}

/* One NAME=VALUE of a list, where an empty value is none; end: what stands between them. */
static enum token_found
find_pair(const char *list, const char *end, const char *name, char *token,
    size_t size, enum token_found before)
{
	size_t len, name_len = strlen(name);

	for (; *list != '\0'; list += len + (list[len] != '\0')) {
		list += strspn(list, " ");
		len = strcspn(list, end);
		if (len <= name_len + 1 || list[name_len] != '=' ||
		    memcmp(list, name, name_len) != 0)
			continue;
		if (before != TOKEN_NONE)
			return (TOKEN_WRONG);
		before = take(list + name_len + 1, len - name_len - 1, token,
		    size);
	}
	return (before);
}

static enum token_found
find_cookie(const struct hg_head *request, const char *name, char *token,
    size_t size)
{
	enum token_found found = TOKEN_NONE;
	const char *value;

	for (value = hg->head_get(request, "Cookie"); value != NULL;
	    value = hg->head_next(request, "Cookie", value))
		found = find_pair(value, ";", name, token, size, found);
	return (found);
}

static enum token_found
find_query(const struct hg_head *request, const char *name, char *token,
    size_t size)
{
	const char *query = strchr(hg->head_target(request), '?');

	return (query == NULL ? TOKEN_NONE : find_pair(query + 1, "&", name,
	    token, size, TOKEN_NONE));
}

enum token_found
token_find(const struct hg_head *request, const struct hg_strings *sources,
    char *token, size_t size, const char **query)
{
	enum token_found found = TOKEN_NONE;
	const char *name;
	size_t i;

	for (i = 0; i < sources->count && found == TOKEN_NONE; i++) {
		if ((name = name_of(sources->item[i], "cookie")) != NULL) {
			found = find_cookie(request, name, token, size);
		} else if ((name = name_of(sources->item[i], "query")) !=
		    NULL) {
			found = find_query(request, name, token, size);
			*query = found == TOKEN_ONE ? name : NULL;
		} else {
			found = find_header(request, token, size);
		}
	}
	return (found);
}

char *
token_strip_query(const char *target, const char *name)
{
	size_t len, name_len = strlen(name), at;
	const char *from = strchr(target, '?');
	char *out = malloc(strlen(target) + 1);

	if (out == NULL)
		return (NULL);
	at = from != NULL ? (size_t)(from - target) : strlen(target);
	memcpy(out, target, at);
	for (; from != NULL && *from != '\0'; from += len) {
		from++;		/* ? or & */
		len = strcspn(from, "&");
		if (len > name_len && from[name_len] == '=' &&
		    memcmp(from, name, name_len) == 0)
			continue;
		out[at] = memchr(out, '?', at) != NULL ? '&' : '?';
		memcpy(out + at + 1, from, len);
		at += 1 + len;
	}
	out[at] = '\0';
	return (out);
}
