/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <openssl/crypto.h>

#include <string.h>

#include "handshake.h"
#include "str.h"

static bool
service_path_is_tree(const char *path)
{
	size_t len = strlen(path);

	return (len > 0 && path[len - 1] == '*');
}

/* The byte at *at, decoded once, for servers that do so before they look. */
static char
service_path_byte(const char **at)
{
	uint64_t byte;

	if (**at == '%' && (*at)[1] != '\0' &&
	    str_hex_to_u64(*at + 1, 2, 255, &byte)) {
		*at += 3;
		return ((char)byte);
	}
	return (*(*at)++);
}

/* Whether a segment is "." or "..", by itself or with the parameters behind ";"
 * that some servers cut off: a server may take it for another path than the one
 * that was found here. */
static bool
service_path_climbs(const char *path)
{
	size_t dots = 0;
	bool other = false;
	char c;

	do {
		c = *path == '\0' ? '\0' : service_path_byte(&path);
		if (c == '.') {
			dots++;
		} else if (c == '/' || c == '\\' || c == ';' || c == '\0') {
			if (!other && (dots == 1 || dots == 2))
				return (true);
			dots = 0;
			other = c == ';';
		} else {
			other = true;
		}
	} while (*path != '\0' || c != '\0');
	return (false);
}

struct service *
service_find(const struct listen_settings *listen, const char *path)
{
	struct service *service, *best = NULL;
	size_t i, len, best_len = 0;

	for (i = 0; i < listen->service_count; i++) {
		service = listen->services[i];
		if (service->path == NULL)
			continue;
		if (!service_path_is_tree(service->path)) {
			if (strcmp(service->path, path) == 0)
				return (service);
			continue;
		}
		len = strlen(service->path) - 1;
		if (strncmp(service->path, path, len) == 0 &&
		    (best == NULL || len > best_len) &&
		    !service_path_climbs(path)) {
			best = service;
			best_len = len;
		}
	}
	return (best);
}

const struct plugin *
service_http(const struct service *service)
{
	size_t i;

	for (i = 0; i < service->plugin_count; i++)
		if (service->plugins[i]->has_http)
			return (service->plugins[i]);
	return (NULL);
}

bool
service_any_http(const struct listen_settings *listen)
{
	size_t i;

	for (i = 0; i < listen->service_count; i++)
		if (service_http(listen->services[i]) != NULL)
			return (true);
	return (false);
}

bool
service_has_channels(const struct service *service)
{
	size_t i;

	for (i = 0; i < service->plugin_count; i++)
		if (service->plugins[i]->has_channel)
			return (true);
	return (service->is_trunk || service->target.kind != TARGET_NONE);
}

/* Without the port that the scheme implies, in one case. */
static bool
service_same_authority(const char *origin, const char *host)
{
	const char *authority, *port;
	size_t len, host_len;

	if (strncmp(origin, "http://", 7) == 0) {
		authority = origin + 7;
		port = ":80";
	} else if (strncmp(origin, "https://", 8) == 0) {
		authority = origin + 8;
		port = ":443";
	} else {
		return (false);
	}
	len = strlen(authority);
	host_len = strlen(host);
	if (host_len > strlen(port) &&
	    strcmp(host + host_len - strlen(port), port) == 0)
		host_len -= strlen(port);
	return (len > 0 && strpbrk(authority, "/@?#") == NULL &&
	    str_equal_nocase_n(authority, len, host, host_len));
}

bool
service_allows_origin(const struct service *service,
    const struct hg_head *request)
{
	const char *origin, *host;
	size_t i;

	if (service->origin == ORIGIN_ANY)
		return (true);
	if (http_count(request, "Origin") == 0)
		return (true);
	if (http_count(request, "Origin") != 1)
		return (false);
	origin = http_get(request, "Origin");
	for (i = 0; i < service->origins.count; i++)
		if (strcmp(service->origins.item[i], origin) == 0)
			return (true);
	host = http_get(request, "Host");
	return (service->origin == ORIGIN_SAME && host != NULL &&
	    service_same_authority(origin, host));
}

static const char *
service_protocol(const struct service *service, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < service->subprotocols.count; i++)
		if (strlen(service->subprotocols.item[i]) == len &&
		    memcmp(service->subprotocols.item[i], name, len) == 0)
			return (service->subprotocols.item[i]);
	return (NULL);
}

bool
service_choose_protocol(const struct service *service,
    const struct hg_head *request, const char **chosen)
{
	const char *value, *at, *element;
	size_t len;

	*chosen = NULL;
	value = http_get(request, "Sec-WebSocket-Protocol");
	if (value == NULL || service->subprotocols.count == 0)
		return (true);
	for (; value != NULL; value = http_next(request,
	    "Sec-WebSocket-Protocol", value)) {
		at = value;
		while ((element = http_element(&at, &len)) != NULL) {
			*chosen = service_protocol(service, element, len);
			if (*chosen != NULL)
				return (true);
		}
	}
	return (false);
}

bool
service_personalises(const struct service *service)
{
	size_t i;

	for (i = 0; i < service->plugin_count; i++)
		if (service->plugins[i]->entry.personalises)
			return (true);
	return (false);
}

bool
service_knows_edge(const struct listen_settings *listen,
    const struct hg_head *request)
{
	const char *value = http_get(request, "Authorization");
	size_t len;

	if (listen->edge_secret == NULL || value == NULL ||
	    http_count(request, "Authorization") != 1 ||
	    strncmp(value, "Bearer ", 7) != 0)
		return (false);
	value += 7;
	len = strlen(listen->edge_secret);
	return (strlen(value) == len &&
	    CRYPTO_memcmp(value, listen->edge_secret, len) == 0);
}
