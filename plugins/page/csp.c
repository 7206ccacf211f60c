/* SPDX-License-Identifier: Apache-2.0 */
#include "csp.h"

#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

static char
lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c);
}

/* In any case, both. */
static bool
is_same(struct html_span a, struct html_span b)
{
	size_t i;

	if (a.len != b.len)
		return (false);
	for (i = 0; i < a.len; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return (false);
	return (true);
}

static struct html_span
span_of(const char *text)
{
	return ((struct html_span){ text, strlen(text) });
}

/* Cuts off the bytes before the next separator. False: nothing is left. */
static bool
next_part(struct html_span *rest, char separator, struct html_span *part)
{
	const char *end;

	if (rest->at == NULL)
		return (false);
	end = memchr(rest->at, separator, rest->len);
	part->at = rest->at;
	part->len = end != NULL ? (size_t)(end - rest->at) : rest->len;
	rest->at = end != NULL ? end + 1 : NULL;
	rest->len -= end != NULL ? part->len + 1 : rest->len;
	return (true);
}

static bool
next_word(struct html_span *rest, struct html_span *word)
{
	while (rest->len > 0 && html_is_blank(rest->at[0])) {
		rest->at++;
		rest->len--;
	}
	word->at = rest->at;
	for (word->len = 0; word->len < rest->len &&
	    !html_is_blank(rest->at[word->len]); word->len++)
		continue;
	rest->at += word->len;
	rest->len -= word->len;
	return (word->len > 0);
}

/* What the policy says first about a directive. False: nothing. */
static bool
find_directive(struct html_span policy, const char *name,
    struct html_span *sources)
{
	struct html_span word;

	while (next_part(&policy, ';', sources))
		if (next_word(sources, &word) && html_is(word, name))
			return (true);
	return (false);
}

/* --- one source ----------------------------------------------------------- */

/* What a URL is cut into: all but the host may be of length 0. */
struct source {
	struct html_span scheme, host, port, path;
};

static void
source_parse(struct html_span word, struct source *source)
{
	const char *mark;

	memset(source, 0, sizeof(*source));
	mark = memmem(word.at, word.len, "://", 3);
	if (mark != NULL) {
		source->scheme.at = word.at;
		source->scheme.len = (size_t)(mark - word.at);
		word.len -= source->scheme.len + 3;
		word.at = mark + 3;
	}
	source->host.at = word.at;
	while (source->host.len < word.len &&
	    strchr(":/", word.at[source->host.len]) == NULL)
		source->host.len++;
	word.at += source->host.len;
	word.len -= source->host.len;
	if (word.len > 0 && word.at[0] == ':') {
		source->port.at = word.at + 1;
		while (source->port.len + 1 < word.len &&
		    word.at[source->port.len + 1] != '/')
			source->port.len++;
		word.at += source->port.len + 1;
		word.len -= source->port.len + 1;
	}
	source->path = word;
}

static bool
scheme_fits(struct html_span scheme, bool is_tls)
{
	return (html_is(scheme, "http") ||
	    (is_tls && html_is(scheme, "https")));
}

/* Addresses match by 127.0.0.1 only. */
static bool
host_fits(struct html_span pattern, struct html_span host)
{
	struct in_addr address;
	char text[INET_ADDRSTRLEN];

	if (html_is(pattern, "*"))
		return (true);
	if (pattern.len > 2 && memcmp(pattern.at, "*.", 2) == 0) {
		pattern.at++;
		pattern.len--;
		if (host.len <= pattern.len)
			return (false);
		host.at += host.len - pattern.len;
		host.len = pattern.len;
		return (is_same(pattern, host));
	}
	if (pattern.len < sizeof(text)) {
		snprintf(text, sizeof(text), "%.*s", (int)pattern.len,
		    pattern.at);
		if (inet_pton(AF_INET, text, &address) == 1 &&
		    strcmp(text, "127.0.0.1") != 0)
			return (false);
	}
	return (is_same(pattern, host));
}

static bool
port_fits(struct html_span pattern, struct html_span port, bool is_tls)
{
	struct html_span standard = span_of(is_tls ? "443" : "80");

	if (port.len == 0)
		port = standard;
	if (pattern.len == 0)
		pattern = standard;
	return (html_is(pattern, "*") || is_same(pattern, port) ||
	    (is_tls && html_is(pattern, "80") && html_is(port, "443")));
}

static bool
path_fits(struct html_span pattern, const char *path)
{
	size_t len = strlen(path);

	if (pattern.len == 0)
		return (true);
	if (pattern.at[pattern.len - 1] == '/')
		return (len >= pattern.len &&
		    memcmp(path, pattern.at, pattern.len) == 0);
	return (len == pattern.len && memcmp(path, pattern.at, len) == 0);
}

static bool
url_fits(struct html_span word, const struct csp_script *script)
{
	struct source source, own;

	if (html_is(word, "'self'") || html_is(word, "*"))
		return (true);
	if (word.len == 0 || word.at[0] == '\'')
		return (false);
	if (word.len > 1 && word.at[word.len - 1] == ':') {
		word.len--;
		return (scheme_fits(word, script->is_tls));
	}
	source_parse(word, &source);
	source_parse(span_of(script->host), &own);
	if (script->host[0] == '[')	/* no source can name it */
		return (false);
	return ((source.scheme.len == 0 ||
	    scheme_fits(source.scheme, script->is_tls)) &&
	    host_fits(source.host, own.host) &&
	    port_fits(source.port, own.port, script->is_tls) &&
	    path_fits(source.path, script->path));
}

static bool
nonce_fits(struct html_span word, struct html_span nonce)
{
	static const char prefix[] = "'nonce-";
	size_t len = sizeof(prefix) - 1;
	struct html_span head = { word.at, len };

	return (nonce.len > 0 && word.len == len + nonce.len + 1 &&
	    html_is(head, prefix) && word.at[word.len - 1] == '\'' &&
	    memcmp(word.at + len, nonce.at, nonce.len) == 0);
}

/* --- policies ------------------------------------------------------------- */

/* With 'strict-dynamic' a URL counts for nothing. */
static bool
sources_allow(struct html_span sources, const struct csp_script *script,
    struct html_span nonce)
{
	struct html_span word;
	bool by_url = false, by_nonce = false, strict = false;

	while (next_word(&sources, &word)) {
		if (html_is(word, "'strict-dynamic'"))
			strict = true;
		else if (nonce_fits(word, nonce))
			by_nonce = true;
		else if (url_fits(word, script))
			by_url = true;
	}
	return (by_nonce || (by_url && !strict));
}

/* The empty sandbox, or one that does not name scripts, runs none. */
static bool
sandbox_allows(struct html_span policy)
{
	struct html_span words, word;

	if (!find_directive(policy, "sandbox", &words))
		return (true);
	while (next_word(&words, &word))
		if (html_is(word, "allow-scripts"))
			return (true);
	return (false);
}

static bool
policy_allows(struct html_span policy, const struct csp_script *script,
    struct html_span nonce)
{
	struct html_span sources;

	if (!sandbox_allows(policy))
		return (false);
	if (find_directive(policy, "script-src-elem", &sources) ||
	    find_directive(policy, "script-src", &sources) ||
	    find_directive(policy, "default-src", &sources))
		return (sources_allow(sources, script, nonce));
	return (true);
}

bool
csp_allows(const char *value, const struct csp_script *script,
    struct html_span nonce)
{
	struct html_span rest = span_of(value), policy;

	while (next_part(&rest, ',', &policy))
		if (!policy_allows(policy, script, nonce))
			return (false);
	return (true);
}
