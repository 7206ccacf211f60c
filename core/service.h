/* SPDX-License-Identifier: Apache-2.0 */
/* What a service's configuration says to a request: without a connection. */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "http.h"
#include "settings.h"

/* The service of the path: an exact one before the longest "/x/" with "*". */
struct service *service_find(const struct listen_settings *,
    const char *path);
/* The plugin that answers its HTTP requests, or NULL. */
const struct plugin *service_http(const struct service *);
/* Whether one of the listener's services has such a plugin. */
bool	service_any_http(const struct listen_settings *);
/* Whether a WebSocket finds somebody behind it. */
bool	service_has_channels(const struct service *);
/* RFC 6454: exactly one serialised origin, or none (no browser). */
bool	service_allows_origin(const struct service *,
    const struct hg_head *request);
/*
 * The first of the client's subprotocols that the service has; NULL when the
 * service names none, or the client asks for none. False: none fits.
 */
bool	service_choose_protocol(const struct service *,
    const struct hg_head *request, const char **chosen);
/* Whether a plugin of the service understands flows' common messages. */
bool	service_personalises(const struct service *);
/* Whether the request proves the secret by which the listener knows edges. */
bool	service_knows_edge(const struct listen_settings *,
    const struct hg_head *request);

#endif
