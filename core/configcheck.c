/* SPDX-License-Identifier: Apache-2.0 */
/* Services and trunks: what their keys name must be there and fit. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "configbuild.h"
#include "configlisten.h"
#include "nearest.h"
#include "plugin.h"
#include "str.h"
#include "target.h"

#define TRUNK_PATH	"/.headgate/trunk"

void
configcheck_wrong(struct configbuild *build, const struct section *section,
    const char *key, const char *fmt, ...)
{
	struct str text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	mistake_add(&build->mistakes, section_place(section, key),
	    section->title, key, "%s", text.text != NULL ? text.text : "");
	str_free(&text);
}

const char *
configcheck_near(const struct configbuild *build, enum section_kind kind,
    const char *name, char *out, size_t size)
{
	struct nearest nearest = { .word = name };
	const struct section *section;

	sections_each(section, kind, &build->sections)
		nearest_offer(&nearest, section->name);
	return (nearest_text(&nearest, out, size));
}

static void
check_twice(struct configbuild *build, const struct section *section,
    const char *key, const struct hg_strings *names)
{
	size_t i, k;

	for (i = 0; i < names->count; i++)
		for (k = 0; k < i; k++)
			if (strcmp(names->item[i], names->item[k]) == 0) {
				configcheck_wrong(build, section, key,
				    "\"%s\" stands there twice",
				    names->item[i]);
				break;
			}
}

/* Each must be negotiated by a plugin that is switched on. */
static bool
check_extensions(struct configbuild *build, const struct section *section,
    const char *key, const struct hg_strings *names, bool channel)
{
	struct plugin *plugin;
	bool has_mux = build->plugin_failed;
	size_t i;

	check_twice(build, section, key, names);
	for (i = 0; i < names->count; i++) {
		plugin = configplugin_by_extension(build, names->item[i]);
		if (plugin == NULL && build->plugin_failed)
			continue;
		if (plugin == NULL)
			configcheck_wrong(build, section, key,
			    "no plugin that is switched on has the extension "
			    "\"%s\"", names->item[i]);
		else if (channel && !plugin->has_channel)
			configcheck_wrong(build, section, key,
			    "\"%s\" is not an extension of channels",
			    names->item[i]);
		else
			has_mux |= plugin->has_mux;
	}
	return (has_mux);
}

static void
check_plugins(struct configbuild *build, const struct section *section,
    struct service *service)
{
	const char *name;
	struct plugin *plugin;
	char near[80];
	size_t i;

	check_twice(build, section, "plugins", &service->plugin_names);
	service->plugins = calloc(service->plugin_names.count + 1,
	    sizeof(*service->plugins));
	if (service->plugins == NULL) {
		configcheck_wrong(build, section, "plugins", "out of memory");
		return;
	}
	for (i = 0; i < service->plugin_names.count; i++) {
		name = service->plugin_names.item[i];
		plugin = configplugin_find(build, name);
		if (section_find(&build->sections, SECTION_PLUGIN, name) ==
		    NULL)
			configcheck_wrong(build, section, "plugins",
			    "\"%s\" is not switched on: there is no "
			    "[plugin %s] section%s", name, name,
			    configcheck_near(build, SECTION_PLUGIN, name,
			    near, sizeof(near)));
		else if (plugin != NULL && !plugin->has_channel &&
		    !plugin->has_http)
			configcheck_wrong(build, section, "plugins",
			    "\"%s\" does nothing in a channel", name);
		else if (plugin != NULL)
			service->plugins[service->plugin_count++] = plugin;
	}
}

/* scheme://host[:port] as browsers write it (RFC 6454, 6.2). */
static bool
is_origin(const char *text)
{
	const char *c, *host = strstr(text, "://");

	if (host == NULL || host == text || host[3] == '\0' ||
	    strpbrk(host + 3, "/@?# ") != NULL)
		return (false);
	for (c = text; *c != '\0'; c++)
		if ((*c >= 'A' && *c <= 'Z') || *c <= ' ' || *c > '~')
			return (false);
	return (true);
}

static void
check_origins(struct configbuild *build, const struct section *section,
    struct service *service)
{
	const char *item;
	size_t i;

	service->origin = ORIGIN_LIST;
	for (i = 0; i < service->origins.count; i++) {
		item = service->origins.item[i];
		if (strcmp(item, "*") == 0) {
			service->origin = ORIGIN_ANY;
		} else if (strcmp(item, "same") == 0) {
			if (service->origin != ORIGIN_ANY)
				service->origin = ORIGIN_SAME;
		} else if (!is_origin(item))
			configcheck_wrong(build, section, "origin",
			    "\"%s\" is not same, * or scheme://host[:port] in "
			    "small letters", item);
	}
	if (service->origin == ORIGIN_ANY && service->origins.count > 1)
		configcheck_wrong(build, section, "origin",
		    "* stands alone or not at all");
}

static void
check_subprotocols(struct configbuild *build, const struct section *section,
    const struct hg_strings *names)
{
	size_t i;

	check_twice(build, section, "subprotocols", names);
	for (i = 0; i < names->count; i++)
		if (!str_is_token(names->item[i], strlen(names->item[i])))
			configcheck_wrong(build, section, "subprotocols",
			    "\"%s\" is no token (RFC 9110, 5.6.2)",
			    names->item[i]);
}

static void
check_limits(struct configbuild *build, const struct section *section,
    const struct limits *limits)
{
	if (limits->queue_max < limits->queue_high)
		configcheck_wrong(build, section, "queue-max",
		    "it is less than queue-high");
}

static void
check_path(struct configbuild *build, const struct section *section,
    const char *path)
{
	const char *star = strchr(path, '*');

	if (path[0] != '/' || strpbrk(path, " ?#") != NULL)
		configcheck_wrong(build, section, "path",
		    "it must begin with / and have no blank, ? or #");
	else if (star != NULL && (star[1] != '\0' || star[-1] != '/'))
		configcheck_wrong(build, section, "path",
		    "* can only be the last character, behind /");
}

/* A trunk is one connection for many: it is watched closely, and may queue more.
 * What is written holds. */
static void
trunk_service_limits(const struct section *section, struct limits *limits)
{
	static const struct limits standard = {
		.ping_interval = 1000,
		.ping_timeout = 2000,
		.queue_high = 256 * 1024,
		.queue_max = 16 * 1024 * 1024,
		.park = 10000,
	};

	if (section_entry(section, "ping-interval") == NULL)
		limits->ping_interval = standard.ping_interval;
	if (section_entry(section, "ping-timeout") == NULL)
		limits->ping_timeout = standard.ping_timeout;
	if (section_entry(section, "queue-high") == NULL)
		limits->queue_high = standard.queue_high;
	if (section_entry(section, "queue-max") == NULL)
		limits->queue_max = standard.queue_max;
	if (section_entry(section, "park") == NULL)
		limits->park = standard.park;
}

static void
check_trunk_service(struct configbuild *build, const struct section *section,
    struct service *service, bool has_mux)
{
	if (!service->is_trunk) {
		if (service->insecure)
			configcheck_wrong(build, section, "insecure",
			    "it only means something with trunk = yes");
		if (service->limits.park != 0)
			configcheck_wrong(build, section, "park",
			    "it only means something with trunk = yes");
		return;
	}
	if (service->second_handshake)
		configcheck_wrong(build, section, "second-handshake",
		    "a trunk negotiates all at once");
	trunk_service_limits(section, &service->limits);
	service->require_edge = !service->insecure;
	if (!has_mux)
		configcheck_wrong(build, section, "extensions",
		    "a trunk needs one that carries channels: "
		    "x-kaazing-channels");
	if (service->connect.url != NULL || service->plugin_names.count > 0)
		configcheck_wrong(build, section, "trunk",
		    "a trunk's own channel has neither plugins nor connect");
}

/* What a plugin that answers HTTP says of the service's options. */
static void
check_http(struct configbuild *build, const struct section *section,
    const struct service *service)
{
	const struct plugin *plugin;
	const char *wrong;
	char text[256];
	size_t i;

	for (i = 0; i < service->plugin_count; i++) {
		plugin = service->plugins[i];
		if (!plugin->has_http || plugin->http.check == NULL)
			continue;
		wrong = plugin->http.check(chain_options(service, plugin),
		    text, sizeof(text));
		if (wrong != NULL)
			configcheck_wrong(build, section, "plugins", "%s: %s",
			    plugin->entry.name, wrong);
	}
}

static void
check_application(struct configbuild *build, const struct section *section,
    struct service *service)
{
	const char *name;
	char near[80];
	size_t i;

	if (service->connect.url != NULL) {
		configcheck_connect(build, section, &service->connect,
		    &service->target);
	} else if (service->plugin_names.count == 0 && !service->is_trunk) {
		configcheck_wrong(build, section, "plugins",
		    "it has neither plugins nor connect");
	}
	name = service->target.trunk_name;
	if (name == NULL || name[0] == '\0')
		return;
	for (i = 0; i < build->settings->trunk_count; i++)
		if (strcmp(build->settings->trunks[i]->name, name) == 0)
			service->target.trunk = build->settings->trunks[i];
	if (service->target.trunk == NULL)
		configcheck_wrong(build, section, "connect",
		    "there is no [trunk %s] section%s", name,
		    configcheck_near(build, SECTION_TRUNK, name, near,
		    sizeof(near)));
}

static void
check_service(struct configbuild *build, struct service *service)
{
	const struct section *section = section_find(&build->sections,
	    SECTION_SERVICE, service->name);
	bool has_mux;

	if (service->path != NULL)
		check_path(build, section, service->path);
	if (service->path != NULL && service->listens.count == 0)
		configcheck_wrong(build, section, "listen",
		    "it has a path, but is served nowhere");
	if (service->path == NULL && service->listens.count > 0)
		configcheck_wrong(build, section, "path", "it is missing");
	has_mux = check_extensions(build, section, "extensions",
	    &service->extensions, false);
	check_subprotocols(build, section, &service->subprotocols);
	check_plugins(build, section, service);
	configplugin_check_keys(build, section, service);
	check_origins(build, section, service);
	configcheck_auth(build, section, service);
	check_trunk_service(build, section, service, has_mux);
	check_limits(build, section, &service->limits);
	check_application(build, section, service);
	check_http(build, section, service);
	configcheck_server(build, section, service);
}

static void
check_trunk_target(struct configbuild *build, const struct section *section,
    struct trunk_settings *trunk)
{
	struct target *target = &trunk->target;

	configcheck_connect(build, section, &trunk->connect, target);
	if (target->text == NULL)
		return;
	if (target->kind != TARGET_WEBSOCKET) {
		configcheck_wrong(build, section, "connect",
		    "a trunk is wss://, ws+unix:/ or ws://");
		return;
	}
	if (target->tls == NULL && !target->address.is_unix &&
	    !target_wants_tls(trunk->connect.url) && !trunk->insecure)
		configcheck_wrong(build, section, "connect",
		    "a trunk without TLS needs insecure = yes");
	if (target->path == NULL)
		target->path = strdup(TRUNK_PATH);
	if (target->path == NULL)
		configcheck_wrong(build, section, "connect", "out of memory");
}

static void
check_trunk(struct configbuild *build, struct trunk_settings *trunk)
{
	const struct section *section = section_find(&build->sections,
	    SECTION_TRUNK, trunk->name);
	char error[512];

	if (trunk->connect.url == NULL)
		configcheck_wrong(build, section, "connect",
		    "it is missing");
	else
		check_trunk_target(build, section, trunk);
	if (!check_extensions(build, section, "extensions",
	    &trunk->service.extensions, false))
		configcheck_wrong(build, section, "extensions",
		    "a trunk needs one that carries channels: "
		    "x-kaazing-channels");
	check_extensions(build, section, "channel-extensions",
	    &trunk->channel_extensions, true);
	check_limits(build, section, &trunk->service.limits);
	if (trunk->retry_max < trunk->retry_min)
		configcheck_wrong(build, section, "retry-max",
		    "it is less than retry-min");
	if (trunk->secret_file == NULL)
		return;
	trunk->secret = conffile_secret(trunk->secret_file, error,
	    sizeof(error));
	if (trunk->secret == NULL)
		configcheck_wrong(build, section, "secret-file", "%s", error);
}

static void
check_control(struct configbuild *build, const char *control)
{
	const struct section *section = section_find(&build->sections,
	    SECTION_HEADGATE, "");

	if (section != NULL && control[0] != '/' && strcmp(control, "off") != 0)
		configcheck_wrong(build, section, "control",
		    "\"%s\" is neither a path that begins with / nor off",
		    control);
}

void
configcheck(struct configbuild *build)
{
	struct settings *settings = build->settings;
	size_t i;

	check_control(build, settings->control);
	for (i = 0; i < settings->trunk_count; i++)
		check_trunk(build, settings->trunks[i]);
	for (i = 0; i < settings->service_count; i++)
		check_service(build, settings->services[i]);
	for (i = 0; i < settings->listen_count; i++)
		configlisten_check(build, settings->listens[i]);
	configlisten_connect(build);
}
