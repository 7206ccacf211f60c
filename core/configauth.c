/* SPDX-License-Identifier: Apache-2.0 */
/* The "auth" of a service: whose method it is, and what that lacks. */
#include <string.h>

#include "chain.h"
#include "configbuild.h"
#include "nearest.h"
#include "plugin.h"

/* ' (did you mean "x"?)' or nothing. */
static const char *
auth_near(const struct configbuild *build, const char *name, char *out,
    size_t size)
{
	struct nearest nearest = { .word = name };
	const struct plugin *plugin;
	const struct section *at;
	unsigned m;

	nearest_offer(&nearest, "upstream");
	nearest_offer(&nearest, "none");
	sections_each(at, SECTION_PLUGIN, &build->sections) {
		plugin = configplugin_find(build, at->name);
		for (m = 0; plugin != NULL && plugin->has_auth &&
		    plugin->auth.methods[m] != NULL; m++)
			nearest_offer(&nearest, plugin->auth.methods[m]);
	}
	return (nearest_text(&nearest, out, size));
}

static void
auth_check_method(struct configbuild *build, const struct section *section,
    struct service *service)
{
	const struct hg_auth *auth;
	struct plugin *plugin;
	const char *wrong;
	char text[256];

	plugin = plugin_by_method(service->auth_name, &service->auth_method);
	if (plugin != NULL)
		plugin = configplugin_find(build, plugin->entry.name);
	if (plugin == NULL) {
		if (!build->plugin_failed)
			configcheck_wrong(build, section, "auth",
			    "no plugin that is switched on has the method "
			    "\"%s\"%s", service->auth_name,
			    auth_near(build, service->auth_name, text,
			    sizeof(text)));
		return;
	}
	service->auth = plugin;
	auth = &plugin->auth;
	wrong = auth->check == NULL ? NULL : auth->check(
	    chain_options(service, plugin), service->auth_method, text,
	    sizeof(text));
	if (wrong != NULL)
		configcheck_wrong(build, section, "auth", "%s", wrong);
}

void
configcheck_auth(struct configbuild *build, const struct section *section,
    struct service *service)
{
	if (strcmp(service->auth_name, "none") == 0)
		service->forward_credentials = false;
	else if (strcmp(service->auth_name, "upstream") != 0)
		auth_check_method(build, section, service);
	if (service->is_trunk && service->auth != NULL)
		configcheck_wrong(build, section, "auth",
		    "edges are known by the listener: see edge-secret-file");
}
