/* SPDX-License-Identifier: Apache-2.0 */
/* [plugin NAME] sections, and the keys of plugins in other sections. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "configbuild.h"
#include "keys.h"
#include "option.h"

/* Plugins stay opened for the life of the process; their values begin anew with
 * each reading. */
static int
plugin_defaults(struct plugin *plugin)
{
	const struct hg_plugin *entry = &plugin->entry;

	option_free(entry->options, plugin->options);
	memset(plugin->options, 0, entry->options_size);
	return (option_defaults(entry->options, plugin->options));
}

static void
plugin_section(struct configbuild *build, struct section *section)
{
	const struct config_source *source = build->source;
	struct plugin *plugin;
	char error[512];

	plugin = plugin_find(section->name);
	if (plugin == NULL)
		plugin = plugin_open(source->plugin_dir,
		    source->plugin_dir_trusted, section->name, source->host,
		    error, sizeof(error));
	if (plugin == NULL) {
		build->plugin_failed = true;
		mistake_add(&build->mistakes, &section->place, section->title,
		    NULL, "%s", error);
		return;
	}
	section->table = plugin->entry.options;
	section->values = plugin->options;
	if (plugin_defaults(plugin) == -1)
		mistake_add(&build->mistakes, &section->place, section->title,
		    NULL, "out of memory");
	keys_apply(section, &build->mistakes, NULL, NULL);
}

static void
plugin_needs_check(struct configbuild *build, const struct section *section)
{
	const struct plugin *plugin;
	char name[64];
	unsigned i;

	plugin = configplugin_find(build, section->name);
	for (i = 0; plugin != NULL && plugin_needs(plugin, i, name,
	    sizeof(name)) != NULL; i++)
		if (section_find(&build->sections, SECTION_PLUGIN, name) ==
		    NULL)
			mistake_add(&build->mistakes, &section->place,
			    section->title, NULL, "it needs \"%s\", which is "
			    "not switched on: there is no [plugin %s] "
			    "section", name, name);
}

void
configplugin_open_all(struct configbuild *build)
{
	struct section *section;

	sections_each(section, SECTION_PLUGIN, &build->sections)
		plugin_section(build, section);
	sections_each(section, SECTION_PLUGIN, &build->sections)
		plugin_needs_check(build, section);
}

struct plugin *
configplugin_find(const struct configbuild *build, const char *name)
{
	const struct section *section;

	section = section_find(&build->sections, SECTION_PLUGIN, name);
	return (section != NULL && section->values != NULL ?
	    plugin_find(name) : NULL);
}

struct plugin *
configplugin_by_extension(const struct configbuild *build, const char *token)
{
	const struct plugin *plugin;

	plugin = plugin_by_extension(token);
	return (plugin != NULL ? configplugin_find(build, plugin->entry.name) :
	    NULL);
}

/* "PLUGIN.key", or "key" of any plugin: whether the plugin's name fits, and
 * then its option. */
static const struct hg_option *
plugin_key_find(const struct plugin *plugin, const char *key)
{
	const struct hg_option *option;
	const char *dot;
	size_t len;

	dot = strchr(key, '.');
	len = dot != NULL ? (size_t)(dot - key) : 0;
	if (dot != NULL && (strlen(plugin->entry.name) != len ||
	    strncmp(plugin->entry.name, key, len) != 0))
		return (NULL);
	option = option_find(plugin->entry.options,
	    dot != NULL ? dot + 1 : key);
	return (option != NULL && option->per_service ? option : NULL);
}

/* The service's own copy of the plugin's values. NULL: no memory. */
static void *
plugin_own_options(struct service *service, const struct plugin *plugin)
{
	void **own;

	if (service->options == NULL)
		service->options = calloc(PLUGIN_MAX,
		    sizeof(*service->options));
	if (service->options == NULL)
		return (NULL);
	own = &service->options[plugin->index];
	if (*own == NULL)
		*own = option_copy(plugin->entry.options, plugin->options,
		    plugin->entry.options_size);
	return (*own);
}

static bool
plugin_is_allowed(const struct plugin *plugin, const struct service *service)
{
	size_t i;

	for (i = 0; i < service->extensions.count; i++)
		if (strcmp(service->extensions.item[i],
		    plugin->entry.extension) == 0)
			return (true);
	return (false);
}

void
configplugin_check_keys(struct configbuild *build,
    const struct section *section, const struct service *service)
{
	const struct hg_option *option;
	const struct plugin *plugin;
	const struct section *at;
	struct list *node;
	struct entry *entry;

	sections_each(at, SECTION_PLUGIN, &build->sections) {
		plugin = configplugin_find(build, at->name);
		if (plugin == NULL || plugin->entry.extension == NULL ||
		    plugin_is_allowed(plugin, service))
			continue;
		for (node = section->entries.next; node != &section->entries;
		    node = node->next) {
			entry = list_entry(node, struct entry, node);
			option = plugin_key_find(plugin, entry->key);
			if (option != NULL && option->needs_extension &&
			    option_find(section->table, entry->key) == NULL)
				mistake_add(&build->mistakes, &entry->place,
				    section->title, entry->key, "it does "
				    "nothing without %s in extensions",
				    plugin->entry.extension);
		}
	}
}

bool
configplugin_key(struct configbuild *build, const struct section *section,
    struct service *service, const struct entry *entry)
{
	const struct hg_option *option, *found;
	const struct plugin *plugin, *owner;
	const struct section *at;
	void *values;

	found = NULL;
	owner = NULL;
	sections_each(at, SECTION_PLUGIN, &build->sections) {
		plugin = configplugin_find(build, at->name);
		option = plugin != NULL ?
		    plugin_key_find(plugin, entry->key) : NULL;
		if (option == NULL)
			continue;
		if (found != NULL) {
			mistake_add(&build->mistakes, &entry->place,
			    section->title, entry->key, "several plugins have "
			    "this key: write %s.%s or %s.%s",
			    owner->entry.name, entry->key, at->name,
			    entry->key);
			return (true);
		}
		found = option;
		owner = plugin;
	}
	if (found == NULL)
		return (build->plugin_failed);
	values = plugin_own_options(service, owner);
	if (values == NULL)
		mistake_add(&build->mistakes, &entry->place, section->title,
		    entry->key, "out of memory");
	else
		keys_set(section, entry, found, values,
		    keys_is_first(section, entry), &build->mistakes);
	return (true);
}
