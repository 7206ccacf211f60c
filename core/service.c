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
		    (best == NULL || len > best_len)) {
			best = service;
			best_len = len;
		}
	}
	return (best);
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
