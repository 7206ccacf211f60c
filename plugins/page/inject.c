/* SPDX-License-Identifier: Apache-2.0 */
#include "inject.h"

#include <stdio.h>
#include <string.h>

#define SNIFFED	1024	/* bytes in which browsers look for a charset */

static const char bom[] = "\xef\xbb\xbf";

static size_t
begin(struct html_span page)
{
	return (page.len >= 3 && memcmp(page.at, bom, 3) == 0 ? 3 : 0);
}

/* A head begins with anything but what may stand before it. */
static bool
begins_head(const struct html_token *token)
{
	switch (token->kind) {
	case HTML_COMMENT:
		return (false);
	case HTML_START:
		return (!html_is(token->name, "html"));
	case HTML_END:
		return (html_is(token->name, "head") ||
		    html_is(token->name, "body") ||
		    html_is(token->name, "html") ||
		    html_is(token->name, "br"));
	case HTML_TEXT:
	case HTML_CUT:
		break;
	}
	return (true);
}

/* False: it is not in what is there. */
static bool
find_place(struct html_span page, size_t *place)
{
	struct html_token token;
	size_t at = begin(page);

	for (;;) {
		while (at < page.len && html_is_blank(page.at[at]))
			at++;
		if (at == page.len)
			return (false);
		html_token(page, at, &token);
		if (token.kind == HTML_CUT)
			return (false);
		if (begins_head(&token))
			break;
		at = token.end;
	}
	*place = token.kind == HTML_START && html_is(token.name, "head") ?
	    token.end : at;
	return (true);
}

static bool
is_nonce_char(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || strchr("+/-_=", c) != NULL);
}

/* A value that is no nonce cannot get into the element. */
static void
keep_nonce(struct inject_view *view, struct html_span nonce)
{
	size_t i;

	if (nonce.len == 0 || nonce.len > INJECT_NONCE_MAX ||
	    view->nonces == INJECT_NONCES)
		return;
	for (i = 0; i < nonce.len; i++)
		if (nonce.at[i] == '\0' || !is_nonce_char(nonce.at[i]))
			return;
	for (i = 0; i < view->nonces; i++)
		if (view->nonce[i].len == nonce.len &&
		    memcmp(view->nonce[i].at, nonce.at, nonce.len) == 0)
			return;
	view->nonce[view->nonces++] = nonce;
}

/* The URL's path is the script's, or ends in it from a "/" on. */
static bool
is_reference(struct html_span url, const char *script)
{
	size_t len = strlen(script) - 1, path;

	while (url.len > 0 && html_is_blank(url.at[0])) {
		url.at++;
		url.len--;
	}
	for (path = 0; path < url.len && url.at[path] != '?' &&
	    url.at[path] != '#' && !html_is_blank(url.at[path]); path++)
		continue;
	return (path >= len &&
	    memcmp(url.at + path - len, script + 1, len) == 0 &&
	    (path == len || url.at[path - len - 1] == '/'));
}

/* Returns whether it refers to the script. Of attributes of one name the first
 * counts. */
static bool
look_at_script(struct html_span page, const struct html_token *token,
    const char *script, struct inject_view *view)
{
	struct html_span name, value;
	size_t at = token->attributes;
	bool found = false, has_nonce = false, has_src = false;

	while (html_attribute(page, &at, &name, &value)) {
		if (html_is(name, "nonce") && !has_nonce) {
			has_nonce = true;
			keep_nonce(view, value);
		}
		if (html_is(name, "src") && !has_src) {
			has_src = true;
			found = is_reference(value, script);
		}
	}
	return (found);
}

/* Whether it declares a charset, for what has none in the response's head. */
static bool
is_charset(struct html_span page, const struct html_token *token)
{
	struct html_span name, value;
	size_t at = token->attributes;

	while (html_attribute(page, &at, &name, &value))
		if (html_is(name, "charset") || (html_is(name, "http-equiv") &&
		    html_is(value, "content-type")))
			return (true);
	return (false);
}

/* All scripts that would run, and a charset that must stay where it is. */
static enum inject_verdict
look_at_tags(struct html_span page, const char *script, bool has_charset,
    struct inject_view *view)
{
	const size_t longest = strlen(script) + INJECT_NONCE_MAX + 64;
	struct html_token token;
	size_t at;
	unsigned templates = 0;

	for (at = begin(page); at < page.len; at = token.end) {
		html_token(page, at, &token);
		if (token.kind == HTML_CUT)
			break;
		if (html_is(token.name, "template")) {
			if (token.kind == HTML_START)
				templates++;
			else if (templates > 0)
				templates--;
		}
		if (token.kind != HTML_START)
			continue;
		if (templates == 0 && html_is(token.name, "script") &&
		    look_at_script(page, &token, script, view))
			return (INJECT_PRESENT);
		if (!has_charset && html_is(token.name, "meta") &&
		    token.end <= SNIFFED && token.end + longest > SNIFFED &&
		    is_charset(page, &token))
			return (INJECT_CHARSET);
		if (html_is_raw(token.name))
			token.end = html_raw_end(page, token.end, token.name);
	}
	return (INJECT_DONE);
}

enum inject_verdict
inject_look(struct html_span page, const char *script, bool has_charset,
    struct inject_view *view)
{
	memset(view, 0, sizeof(*view));
	if (page.len > INJECT_WINDOW)
		page.len = INJECT_WINDOW;
	/* Wide characters, with a mark or without. */
	if (page.len >= 2 && (memcmp(page.at, "\xff\xfe", 2) == 0 ||
	    memcmp(page.at, "\xfe\xff", 2) == 0))
		return (INJECT_CHARSET);
	if (page.len > 0 && memchr(page.at, '\0', page.len) != NULL)
		return (INJECT_CHARSET);
	if (!find_place(page, &view->place))
		return (INJECT_PLACE);
	return (look_at_tags(page, script, has_charset || begin(page) > 0,
	    view));
}

bool
inject_is_path(const char *script)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
	size_t len = strlen(script);

	return (len > 1 && len <= 512 && script[0] == '/' &&
	    script[1] != '/' && script[strspn(script, fine)] == '\0');
}

size_t
inject_element(char out[INJECT_ELEMENT_MAX], const char *script,
    struct html_span nonce)
{
	int len;

	if (nonce.len == 0)
		len = snprintf(out, INJECT_ELEMENT_MAX,
		    "<script src=\"%s\" data-install></script>", script);
	else
		len = snprintf(out, INJECT_ELEMENT_MAX,
		    "<script src=\"%s\" nonce=\"%.*s\" data-install></script>",
		    script, (int)nonce.len, nonce.at);
	return (len > 0 && len < INJECT_ELEMENT_MAX ? (size_t)len : 0);
}
