/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of both heads. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proxy.h"

#define HOPS_MAX	8	/* of us, see proxy_is_loop */
#define VIA		"1.1 headgate"

/* RFC 9110, 7.6.1, and what is the host's to say. */
static const char *const hop_fields[] = {
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
	"Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
	"HTTP2-Settings",
};

/*
 * By these an origin knows who asks: only who is in front of it may say so.
 * A name with "_" is the same as one with "-" to many of them.
 */
static const char *const identity_fields[] = {
	"Forwarded", "Forwarded-For", "X-Forwarded", "X-Real-IP", "X-Client-IP",
	"True-Client-IP", "X-Remote-IP", "X-Remote-Addr", "X-Originating-IP",
	"X-ProxyUser-IP", "Proxy-Client-IP", "WL-Proxy-Client-IP",
	"CF-Connecting-IP", "Fastly-Client-IP", "Client-IP",
	"X-Cluster-Client-IP", "X-Original-URL", "X-Rewrite-URL",
	"X-Original-Host", "X-Host", "X-HTTP-Host-Override",
	"Remote-User", "X-Remote-User", "X-Auth-User", "X-Authenticated-User",
	"X-WebAuth-User", "Proxy", "X-Client-Verify", "X-Client-Cert",
	"SSL-Client-Cert",
};

static const char *const identity_prefixes[] = {
	"X-Forwarded-", "X-Headgate-", "X-SSL-", "X-Auth-Request-",
};

static bool
is_among(const char *name, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(name, names[i]) == 0)
			return (true);
	return (false);
}

#define IS_AMONG(name, names)						\
	is_among((name), (names), sizeof(names) / sizeof((names)[0]))

static bool
is_identity(const char *name)
{
	size_t i;

	if (IS_AMONG(name, identity_fields))
		return (true);
	for (i = 0; i < sizeof(identity_prefixes) /
	    sizeof(identity_prefixes[0]); i++)
		if (strncasecmp(name, identity_prefixes[i],
		    strlen(identity_prefixes[i])) == 0)
			return (true);
	return (false);
}

/* Whether a Connection field names it. */
static bool
is_named(const struct hg_head *head, const char *name)
{
	const char *value = NULL, *found;
	size_t len = strlen(name);

	while ((value = value == NULL ? hg->head_get(head, "Connection") :
	    hg->head_next(head, "Connection", value)) != NULL)
		for (found = value; (found = strcasestr(found, name)) != NULL;
		    found++)
			if ((found == value ||
			    strchr(", \t", found[-1]) != NULL) &&
			    (found[len] == '\0' ||
			    strchr(", \t", found[len]) != NULL))
				return (true);
	return (false);
}

bool
proxy_is_loop(const struct hg_head *request)
{
	const char *value = NULL;
	unsigned count = 0;

	while ((value = value == NULL ? hg->head_get(request, "Via") :
	    hg->head_next(request, "Via", value)) != NULL)
		if (strstr(value, VIA) != NULL)
			count++;
	return (count >= HOPS_MAX);
}

/* --- the request ---------------------------------------------------------- */

/* Whether a page may come back, which must be readable then. */
static bool
wants_page(const struct hg_head *request)
{
	const char *accept = hg->head_get(request, "Accept");

	return (accept == NULL || strcasestr(accept, "text/html") != NULL);
}

static bool
is_stripped(const struct page_options *options, const char *name)
{
	return (is_among(name, options->strip.item, options->strip.count) ||
	    (!options->trust_forwarded && is_identity(name)));
}

static bool
is_for_origin(const struct hg_head *request, const char *name,
    const struct page_options *options)
{
	if (IS_AMONG(name, hop_fields) || strcasecmp(name, "Host") == 0 ||
	    strcasecmp(name, "Content-Length") == 0 ||
	    strcasecmp(name, "Expect") == 0 || strchr(name, '_') != NULL)
		return (false);
	if (options->inject && strcasecmp(name, "Accept-Encoding") == 0 &&
	    wants_page(request))
		return (false);
	return (!is_stripped(options, name) && !is_named(request, name));
}

/* What is in quotes: no quote, no backslash, nothing that a peer made up. */
static bool
is_plain(const char *text)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";

	return (text[0] != '\0' && text[strspn(text, fine)] == '\0');
}

/* RFC 7239; an address of IPv6 is in brackets already. */
static int
add_forwarded(struct hg_fields *fields, struct hg_exchange *ex)
{
	const char *peer = hg->http_peer(ex);
	const char *host = hg->head_get(hg->http_request(ex), "Host");
	char text[400];
	int len;

	len = snprintf(text, sizeof(text), "for=\"%s\";proto=%s",
	    is_plain(peer) ? peer : "unknown",
	    hg->http_is_tls(ex) ? "https" : "http");
	if (host != NULL && strlen(host) < 256 && is_plain(host))
		snprintf(text + len, sizeof(text) - (size_t)len,
		    ";host=\"%s\"", host);
	return (hg->fields_add(fields, "Forwarded", text));
}

/* The address alone, as is usual there. */
static void
peer_address(const char *peer, char *out, size_t size)
{
	const char *colon = strrchr(peer, ':');
	size_t len = colon != NULL ? (size_t)(colon - peer) : strlen(peer);

	if (len > 1 && peer[0] == '[' && peer[len - 1] == ']') {
		peer++;
		len -= 2;
	}
	snprintf(out, size, "%.*s", (int)len, peer);
}

static int
add_x_forwarded(struct hg_fields *fields, struct hg_exchange *ex,
    const struct page_options *options)
{
	const struct hg_head *request = hg->http_request(ex);
	const char *host = hg->head_get(request, "Host");
	char address[128];

	peer_address(hg->http_peer(ex), address, sizeof(address));
	if (hg->fields_add(fields, "X-Forwarded-For", address[0] != '\0' ?
	    address : "unknown") != 0)
		return (-1);
	/* Who is in front has said it. */
	if (options->trust_forwarded &&
	    hg->head_get(request, "X-Forwarded-Proto") != NULL)
		return (0);
	if (hg->fields_add(fields, "X-Forwarded-Proto",
	    hg->http_is_tls(ex) ? "https" : "http") != 0)
		return (-1);
	if (host == NULL || !is_plain(host))
		return (0);
	return (hg->fields_add(fields, "X-Forwarded-Host", host));
}

static int
add_request_fields(struct hg_fields *fields, struct hg_exchange *ex,
    const struct page_options *options)
{
	const struct hg_head *request = hg->http_request(ex);
	const char *name, *value;
	size_t i;

	for (i = 0; hg->head_field(request, i, &name, &value); i++)
		if (is_for_origin(request, name, options) &&
		    hg->fields_add(fields, name, value) != 0)
			return (-1);
	if (options->inject && wants_page(request) &&
	    hg->fields_add(fields, "Accept-Encoding", "identity") != 0)
		return (-1);
	if (hg->fields_add(fields, "Via", VIA) != 0 ||
	    add_forwarded(fields, ex) != 0)
		return (-1);
	return (options->x_forwarded ?
	    add_x_forwarded(fields, ex, options) : 0);
}

struct hg_fields *
proxy_request_fields(struct hg_exchange *ex,
    const struct page_options *options)
{
	struct hg_fields *fields;

	if ((fields = hg->fields_new()) == NULL)
		return (NULL);
	if (add_request_fields(fields, ex, options) == 0)
		return (fields);
	hg->fields_free(fields);
	return (NULL);
}

/* --- the response --------------------------------------------------------- */

/* A validator of the origin's bytes is a weak one of ours. */
static int
add_weak(struct hg_fields *fields, const char *etag)
{
	char text[1024];

	if (strncmp(etag, "W/", 2) == 0)
		return (hg->fields_add(fields, "ETag", etag));
	if (snprintf(text, sizeof(text), "W/%s", etag) >= (int)sizeof(text))
		return (0);
	return (hg->fields_add(fields, "ETag", text));
}

/* What leads to the origin by its own name leads a browser astray. Two slashes
 * would too, and browsers take "\" for one and leave tabs out. */
static const char *
own_location(const char *value, const char *origin)
{
	size_t len;

	len = strcspn(origin, ":");
	if (strncmp(origin + len, "://", 3) != 0)
		return (value);
	len += 3 + strcspn(origin + len + 3, "/?#");
	if (strncasecmp(value, origin, len) != 0 || value[len] != '/' ||
	    strspn(value + len + 1, "/\\\t") > 0)
		return (value);
	return (value + len);
}

/* With another body, ranges of it cannot be asked for, and a time cannot stand
 * for its bytes where a tag does. */
static int
add_changed(struct hg_fields *fields, const struct hg_head *response,
    const char *name, const char *value)
{
	if (strcasecmp(name, "Content-Length") == 0 ||
	    strcasecmp(name, "Accept-Ranges") == 0)
		return (0);
	if (strcasecmp(name, "Last-Modified") == 0 &&
	    hg->head_get(response, "ETag") != NULL)
		return (0);
	if (strcasecmp(name, "ETag") == 0)
		return (add_weak(fields, value));
	return (hg->fields_add(fields, name, value));
}

static int
add_response_fields(struct hg_fields *fields, const struct hg_head *response,
    const char *origin, bool changed)
{
	const char *name, *value;
	int result;
	size_t i;

	for (i = 0; hg->head_field(response, i, &name, &value); i++) {
		if (IS_AMONG(name, hop_fields) || is_named(response, name))
			continue;
		if (strcasecmp(name, "Location") == 0)
			value = own_location(value, origin);
		result = changed ?
		    add_changed(fields, response, name, value) :
		    hg->fields_add(fields, name, value);
		if (result != 0)
			return (-1);
	}
	return (0);
}

struct hg_fields *
proxy_response_fields(const struct hg_head *response, const char *origin,
    bool changed)
{
	struct hg_fields *fields;

	if ((fields = hg->fields_new()) == NULL)
		return (NULL);
	if (add_response_fields(fields, response, origin, changed) == 0)
		return (fields);
	hg->fields_free(fields);
	return (NULL);
}
