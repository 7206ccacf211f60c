/* SPDX-License-Identifier: Apache-2.0 */
/* The "connect" of a service or a trunk, and the keys that go with it. */
#include <stdlib.h>
#include <string.h>

#include "configbuild.h"
#include "target.h"

/* A Host field: nothing that could end it, or be of another field. */
static bool
is_host(const char *host)
{
	static const char fine[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]";

	return (host[0] != '\0' && host[strspn(host, fine)] == '\0');
}

static void
check_host(struct configbuild *build, const struct section *section,
    const char *host, struct target *target)
{
	if (target->kind != TARGET_WEBSOCKET) {
		configcheck_wrong(build, section, "host",
		    "only ws://, wss:// and ws+unix: have it");
		return;
	}
	if (!is_host(host))
		configcheck_wrong(build, section, "host",
		    "\"%s\" is not HOST or HOST:PORT", host);
	free(target->host);
	target->host = strdup(host);
	if (target->host == NULL)
		configcheck_wrong(build, section, "host", "out of memory");
}

void
configcheck_connect(struct configbuild *build, const struct section *section,
    const struct connect_settings *connect, struct target *target)
{
	char error[512];

	if (target_parse(target, connect->url, error, sizeof(error)) != 0) {
		configcheck_wrong(build, section, "connect", "%s", error);
		return;
	}
	if ((connect->certificate == NULL) !=
	    (connect->certificate_key == NULL)) {
		configcheck_wrong(build, section, "connect",
		    "a certificate and its key go together");
		return;
	}
	if (target_wants_tls(connect->url)) {
		if (target_secure(target, connect, error, sizeof(error)) != 0)
			configcheck_wrong(build, section, "connect", "%s",
			    error);
	} else if (connect->ca != NULL || connect->certificate != NULL) {
		configcheck_wrong(build, section, "connect",
		    "it has files for TLS, but the URL asks for none");
	}
	if (connect->host != NULL)
		check_host(build, section, connect->host, target);
}

/* What is only for a WebSocket server. */
void
configcheck_server(struct configbuild *build, const struct section *section,
    struct service *service)
{
	const char *key = service->connect_handshake != CONNECT_OUTER ?
	    "connect-handshake" : "authorization-file";
	char error[512];

	if (service->connect_handshake == CONNECT_OUTER &&
	    service->authorization_file == NULL)
		return;
	if (service->target.text != NULL &&
	    service->target.kind != TARGET_WEBSOCKET)
		configcheck_wrong(build, section, key,
		    "only ws://, wss:// and ws+unix: have it");
	if (service->connect.url == NULL)
		configcheck_wrong(build, section, key,
		    "it only means something with connect");
	if (service->authorization_file == NULL)
		return;
	service->target.authorization = conffile_credential(
	    service->authorization_file, error, sizeof(error));
	if (service->target.authorization == NULL)
		configcheck_wrong(build, section, "authorization-file", "%s",
		    error);
}
