/* SPDX-License-Identifier: Apache-2.0 */
#include "html.h"

#include <string.h>

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
}

static bool
is_letter(char c)
{
	return (lower(c) >= 'a' && lower(c) <= 'z');
}

bool
html_is_blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r');
}

bool
html_is(struct html_span span, const char *word)
{
	size_t i;

	for (i = 0; i < span.len; i++)
		if (word[i] == '\0' || lower(span.at[i]) != word[i])
			return (false);
	return (word[i] == '\0');
}

/* Where the text begins from "at" on, or the page's end. */
static size_t
find(struct html_span page, size_t at, const char *text)
{
	const char *found;

	if (at >= page.len)
		return (page.len);
	found = memmem(page.at + at, page.len - at, text, strlen(text));
	return (found != NULL ? (size_t)(found - page.at) : page.len);
}

static void
finish(struct html_span page, struct html_token *token, size_t end, size_t len)
{
	token->kind = end == page.len ? HTML_CUT : HTML_COMMENT;
	token->end = end == page.len ? end : end + len;
}

static bool
begins_with(struct html_span page, size_t at, const char *text)
{
	size_t len = strlen(text);

	return (page.len - at >= len && memcmp(page.at + at, text, len) == 0);
}

/* From behind "<!--": "-->" or "--!>" ends it, and so does ">" or "->" at
 * once. No byte behind its end is looked at: there may be many. */
static void
comment_token(struct html_span page, size_t at, struct html_token *token)
{
	if (begins_with(page, at, ">")) {
		finish(page, token, at, 1);
		return;
	}
	if (begins_with(page, at, "->")) {
		finish(page, token, at, 2);
		return;
	}
	while ((at = find(page, at, "--")) < page.len) {
		if (begins_with(page, at + 2, ">")) {
			finish(page, token, at, 3);
			return;
		}
		if (begins_with(page, at + 2, "!>")) {
			finish(page, token, at, 4);
			return;
		}
		at++;
	}
	finish(page, token, page.len, 0);
}

/* A text that is cut, and may yet become this one. */
static bool
may_become(struct html_span page, size_t at, const char *text)
{
	size_t len = page.len - at;

	return (len < strlen(text) && memcmp(page.at + at, text, len) == 0);
}

static void
tag_token(struct html_span page, size_t at, struct html_token *token)
{
	struct html_span name, value;
	size_t end = at;

	while (end < page.len && !html_is_blank(page.at[end]) &&
	    page.at[end] != '/' && page.at[end] != '>')
		end++;
	token->name.at = page.at + at;
	token->name.len = end - at;
	token->attributes = end;
	while (html_attribute(page, &end, &name, &value))
		continue;
	token->end = end;
	if (end > page.len || page.at[end - 1] != '>')
		token->kind = HTML_CUT;
}

void
html_token(struct html_span page, size_t at, struct html_token *token)
{
	memset(token, 0, sizeof(*token));
	token->kind = HTML_TEXT;
	token->end = at + 1;
	if (page.at[at] != '<')
		return;
	if (begins_with(page, at, "<!--")) {
		comment_token(page, at + 4, token);
		return;
	}
	if (at + 1 == page.len || may_become(page, at, "<!--") ||
	    may_become(page, at, "</x")) {
		finish(page, token, page.len, 0);
		return;
	}
	if (is_letter(page.at[at + 1])) {
		token->kind = HTML_START;
		tag_token(page, at + 1, token);
		return;
	}
	if (page.at[at + 1] == '/' && at + 2 < page.len &&
	    is_letter(page.at[at + 2])) {
		token->kind = HTML_END;
		tag_token(page, at + 2, token);
		return;
	}
	if (page.at[at + 1] == '!' || page.at[at + 1] == '?' ||
	    page.at[at + 1] == '/')
		finish(page, token, find(page, at, ">"), 1);
}

static size_t
skip_blanks(struct html_span page, size_t at)
{
	while (at < page.len && html_is_blank(page.at[at]))
		at++;
	return (at);
}

/* From behind "=". */
static size_t
value_read(struct html_span page, size_t at, struct html_span *value)
{
	const char *end;
	char quote;

	at = skip_blanks(page, at);
	value->at = page.at + at;
	value->len = 0;
	if (at < page.len && (page.at[at] == '"' || page.at[at] == '\'')) {
		quote = page.at[at++];
		value->at = page.at + at;
		end = memchr(value->at, quote, page.len - at);
		value->len = end != NULL ? (size_t)(end - value->at) :
		    page.len - at;
		return (end != NULL ? at + value->len + 1 : page.len + 1);
	}
	while (at < page.len && !html_is_blank(page.at[at]) &&
	    page.at[at] != '>')
		at++;
	value->len = (size_t)(page.at + at - value->at);
	return (at);
}

/* An *at beyond the page: it ends within quotes. */
bool
html_attribute(struct html_span page, size_t *at, struct html_span *name,
    struct html_span *value)
{
	size_t from = *at, end, equals;

	while (from < page.len &&
	    (html_is_blank(page.at[from]) || page.at[from] == '/'))
		from++;
	if (from >= page.len || page.at[from] == '>') {
		*at = from < page.len ? from + 1 : page.len + 1;
		return (false);
	}
	/* An equals sign that comes first is part of the name. */
	for (end = from + 1; end < page.len && !html_is_blank(page.at[end]) &&
	    page.at[end] != '/' && page.at[end] != '>' && page.at[end] != '=';)
		end++;
	name->at = page.at + from;
	name->len = end - from;
	value->at = page.at + end;
	value->len = 0;
	equals = skip_blanks(page, end);
	if (equals < page.len && page.at[equals] == '=')
		end = value_read(page, equals + 1, value);
	*at = end;
	return (true);
}

bool
html_is_raw(struct html_span name)
{
	static const char *const raw[] = { "script", "style", "title",
	    "textarea", "noscript", "xmp", "iframe", "noembed", "noframes",
	    "plaintext" };
	size_t i;

	for (i = 0; i < sizeof(raw) / sizeof(raw[0]); i++)
		if (html_is(name, raw[i]))
			return (true);
	return (false);
}

static bool
ends_element(struct html_span page, size_t at, struct html_span name)
{
	size_t i;

	if (page.len - at < name.len + 3 || page.at[at + 1] != '/')
		return (false);
	for (i = 0; i < name.len; i++)
		if (lower(page.at[at + 2 + i]) != lower(name.at[i]))
			return (false);
	return (html_is_blank(page.at[at + 2 + i]) ||
	    page.at[at + 2 + i] == '/' || page.at[at + 2 + i] == '>');
}

size_t
html_raw_end(struct html_span page, size_t at, struct html_span name)
{
	if (html_is(name, "plaintext"))
		return (page.len);
	for (;;) {
		at = find(page, at, "<");
		if (at == page.len || ends_element(page, at, name))
			return (at);
		at++;
	}
}
