/* SPDX-License-Identifier: Apache-2.0 */
#include "configlisten.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "tls.h"

static const struct section *
listen_section(const struct configbuild *build,
    const struct listen_settings *listen)
{
	return (section_find(&build->sections, SECTION_LISTEN, listen->name));
}

static void
listen_check_addresses(struct configbuild *build,
    const struct section *section, const struct listen_settings *listen)
{
	struct address address;
	const char *error;
	size_t i;

	if (listen->addresses.count == 0)
		configcheck_wrong(build, section, "address", "it is missing");
	for (i = 0; i < listen->addresses.count; i++) {
		memset(&address, 0, sizeof(address));
		error = "out of memory";
		if (address_parse(&address, listen->addresses.item[i],
		    &error) != 0) {
			configcheck_wrong(build, section, "address",
			    "\"%s\": %s", listen->addresses.item[i], error);
			continue;
		}
		if (!address.is_unix && strcmp(address.host, "*") != 0 &&
		    address_resolve_numeric(&address,
		    &(struct sockaddr_storage){ 0 },
		    &(socklen_t){ 0 }) != 0)
			configcheck_wrong(build, section, "address",
			    "\"%s\": give a numeric address, or *",
			    listen->addresses.item[i]);
		address_free(&address);
	}
}

/* With SO_REUSEPORT two listeners of one address would share its clients. */
static void
listen_check_others(struct configbuild *build, const struct section *section,
    const struct listen_settings *listen)
{
	const struct listen_settings *other;
	const char *address, *port;
	size_t n, i, k;

	for (n = 0; (other = build->settings->listens[n]) != listen; n++)
		for (i = 0; i < listen->addresses.count; i++)
			for (k = 0; k < other->addresses.count; k++) {
				address = listen->addresses.item[i];
				port = strrchr(address, ':');
				if (strcmp(address,
				    other->addresses.item[k]) == 0 &&
				    port != NULL && strcmp(port, ":0") != 0)
					configcheck_wrong(build, section,
					    "address", "%s is that of "
					    "[listen %s] too", address,
					    other->name);
			}
}

static void
listen_check_tls(struct configbuild *build, const struct section *section,
    struct listen_settings *listen)
{
	char error[512];

	if ((listen->certificate == NULL) !=
	    (listen->certificate_key == NULL)) {
		configcheck_wrong(build, section, listen->certificate != NULL ?
		    "certificate" : "certificate-key",
		    "certificate and certificate-key go together");
		return;
	}
	if (listen->certificate == NULL && listen->client_ca != NULL)
		configcheck_wrong(build, section, "client-ca",
		    "it needs a certificate of our own");
	if (listen->edge_certificates && listen->client_ca == NULL)
		configcheck_wrong(build, section, "edge-certificates",
		    "it needs client-ca");
	if (listen->certificate == NULL)
		return;
	listen->tls = tls_server(listen->certificate, listen->certificate_key,
	    listen->client_ca, error, sizeof(error));
	if (listen->tls == NULL)
		configcheck_wrong(build, section, "certificate", "%s", error);
}

static struct service *
listen_find_service(struct configbuild *build, const char *name)
{
	size_t i;

	for (i = 0; i < build->settings->service_count; i++)
		if (strcmp(build->settings->services[i]->name, name) == 0)
			return (build->settings->services[i]);
	return (NULL);
}

static void
listen_check_protocol(struct configbuild *build,
    const struct section *section, struct listen_settings *listen)
{
	char near[80];

	if (listen->protocol != LISTEN_STREAM) {
		if (listen->service_name != NULL)
			configcheck_wrong(build, section, "service",
			    "it only means something with protocol = tcp");
		return;
	}
	if (listen->edge_certificates || listen->edge_secret_file != NULL)
		configcheck_wrong(build, section, listen->edge_certificates ?
		    "edge-certificates" : "edge-secret-file",
		    "it only means something with protocol = websocket");
	if (listen->service_name == NULL) {
		configcheck_wrong(build, section, "service", "it is missing");
		return;
	}
	listen->service = listen_find_service(build, listen->service_name);
	if (listen->service == NULL)
		configcheck_wrong(build, section, "service",
		    "there is no [service %s] section%s",
		    listen->service_name, configcheck_near(build,
		    SECTION_SERVICE, listen->service_name, near,
		    sizeof(near)));
	else if (listen->service->is_trunk)
		configcheck_wrong(build, section, "service",
		    "a trunk cannot come by protocol = tcp");
	else if (listen->service->auth != NULL)
		configcheck_wrong(build, section, "service",
		    "auth = %s needs an opening handshake, and protocol = tcp "
		    "has none", listen->service->auth_name);
}

void
configlisten_check(struct configbuild *build, struct listen_settings *listen)
{
	const struct section *section = listen_section(build, listen);
	char error[512];

	listen_check_addresses(build, section, listen);
	listen_check_others(build, section, listen);
	listen_check_tls(build, section, listen);
	listen_check_protocol(build, section, listen);
	if (listen->edge_secret_file == NULL)
		return;
	listen->edge_secret = conffile_secret(listen->edge_secret_file, error,
	    sizeof(error));
	if (listen->edge_secret == NULL)
		configcheck_wrong(build, section, "edge-secret-file", "%s",
		    error);
}

/* --- services and listeners ----------------------------------------------- */

static bool
listen_is_private(const struct listen_settings *listen)
{
	size_t i;

	if (listen->certificate != NULL)
		return (true);
	for (i = 0; i < listen->addresses.count; i++)
		if (strncmp(listen->addresses.item[i], "unix:", 5) != 0)
			return (false);
	return (true);
}

/* Who may speak for others must prove it, and nobody may listen in. */
static void
listen_check_trunk(struct configbuild *build, const struct section *section,
    const struct service *service, const struct listen_settings *listen)
{
	if (!service->is_trunk || service->insecure)
		return;
	if (listen->edge_secret_file == NULL && !listen->edge_certificates)
		configcheck_wrong(build, section, "trunk",
		    "[listen %s] knows no edges: it needs edge-secret-file or "
		    "edge-certificates", listen->name);
	if (!listen_is_private(listen))
		configcheck_wrong(build, section, "trunk",
		    "[listen %s] is neither TLS nor a unix socket",
		    listen->name);
}

static void
listen_add_service(struct configbuild *build, const struct section *section,
    struct listen_settings *listen, struct service *service)
{
	struct service **grown;
	size_t i;

	if (listen->protocol == LISTEN_STREAM) {
		configcheck_wrong(build, section, "listen",
		    "[listen %s] has protocol = tcp and knows no paths",
		    listen->name);
		return;
	}
	for (i = 0; i < listen->service_count; i++)
		if (service->path != NULL &&
		    listen->services[i]->path != NULL &&
		    strcmp(listen->services[i]->path, service->path) == 0)
			configcheck_wrong(build, section, "path",
			    "[service %s] has it already on [listen %s]",
			    listen->services[i]->name, listen->name);
	listen_check_trunk(build, section, service, listen);
	grown = realloc(listen->services,
	    (listen->service_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return;
	grown[listen->service_count++] = service;
	listen->services = grown;
}

static void
listen_connect_service(struct configbuild *build, struct service *service)
{
	const struct section *section = section_find(&build->sections,
	    SECTION_SERVICE, service->name);
	struct settings *settings = build->settings;
	const char *name;
	char near[80];
	size_t i, l;

	for (i = 0; i < service->listens.count; i++) {
		name = service->listens.item[i];
		for (l = 0; l < settings->listen_count; l++)
			if (strcmp(settings->listens[l]->name, name) == 0)
				break;
		if (l < settings->listen_count)
			listen_add_service(build, section,
			    settings->listens[l], service);
		else
			configcheck_wrong(build, section, "listen",
			    "there is no [listen %s] section%s", name,
			    configcheck_near(build, SECTION_LISTEN, name,
			    near, sizeof(near)));
	}
}

void
configlisten_connect(struct configbuild *build)
{
	struct settings *settings = build->settings;
	size_t i;

	for (i = 0; i < settings->service_count; i++)
		listen_connect_service(build, settings->services[i]);
	for (i = 0; i < settings->listen_count; i++)
		if (settings->listens[i]->protocol == LISTEN_WEBSOCKET &&
		    settings->listens[i]->service_count == 0)
			configcheck_wrong(build, listen_section(build,
			    settings->listens[i]), "protocol",
			    "no service is served here");
}
