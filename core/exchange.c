/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "log.h"

struct hg_exchange *
exchange_create(struct hg_conn *conn, const struct service *service,
    const struct plugin *plugin, struct hg_head *request)
{
	size_t own = (sizeof(struct hg_exchange) + 15) & ~(size_t)15;
	struct hg_exchange *ex;

	if ((ex = calloc(1, own + plugin->http.state_size)) == NULL) {
		http_free(request);
		return (NULL);
	}
	ex->conn = conn;
	ex->service = service;
	ex->plugin = plugin;
	ex->request = request;
	ex->left = -1;
	ex->state = (char *)ex + own;
	return (ex);
}

void
exchange_free(struct hg_exchange *ex)
{
	if (ex == NULL)
		return;
	http_free(ex->request);
	free(ex);
}

void
exchange_hold(struct hg_exchange *ex, bool hold)
{
	if (hold) {
		ex->holds++;
		return;
	}
	if (ex->holds > 0 && --ex->holds == 0)
		ex->changed(ex);
}

struct hg_conn *
exchange_conn(const struct hg_exchange *ex)
{
	return (ex->conn);
}

const struct hg_head *
exchange_request(const struct hg_exchange *ex)
{
	return (ex->request);
}

const void *
exchange_options(const struct hg_exchange *ex)
{
	return (chain_options(ex->service, ex->plugin));
}

const char *
exchange_service(const struct hg_exchange *ex)
{
	return (ex->service->name);
}

const char *
exchange_path(const struct hg_exchange *ex)
{
	return (ex->service->path);
}

const char *
exchange_peer(const struct hg_exchange *ex)
{
	return (conn_peer(ex->conn));
}

bool
exchange_is_tls(const struct hg_exchange *ex)
{
	return (transport_ssl(&ex->conn->transport) != NULL);
}

int64_t
exchange_length(const struct hg_exchange *ex)
{
	return (ex->length);
}

static bool
exchange_allows(const struct listen_settings *listen, const char *extension)
{
	const struct hg_strings *names;
	size_t i, k;

	for (i = 0; i < listen->service_count; i++) {
		names = &listen->services[i]->extensions;
		for (k = 0; k < names->count; k++)
			if (strcmp(names->item[k], extension) == 0)
				return (true);
	}
	return (false);
}

const char *
exchange_browser(const struct hg_exchange *ex, unsigned index)
{
	const struct plugin *plugin;
	unsigned i;

	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		if (plugin->entry.browser != NULL &&
		    exchange_allows(ex->conn->listen,
		    plugin->entry.extension) && index-- == 0)
			return (plugin->entry.browser);
	}
	return (NULL);
}
