/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: who is loaded, in which order, and who provides what. */
#include "plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "str.h"

#define NAME_MAX_LEN	40

struct provided {
	char		*name;
	const void	*what;
};

static struct plugin	*plugins[PLUGIN_MAX];
static unsigned		 plugins_count;
static unsigned		 counters_count;
/* In the order in which their load was called. */
static struct plugin	*loaded[PLUGIN_MAX];
static unsigned		 loaded_count;
static struct provided	 provided[PLUGIN_MAX];
static unsigned		 provided_count;

bool
plugin_name_is_valid(const char *name)
{
	size_t len;

	len = strlen(name);
	return (len > 0 && len <= NAME_MAX_LEN && name[0] != '-' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
	    '\0');
}

/* A method that another plugin has already, or NULL. */
static const char *
plugin_taken_method(const struct plugin *plugin)
{
	const char *const *methods = plugin->auth.methods;
	unsigned i, number;

	for (i = 0; methods != NULL && methods[i] != NULL; i++)
		if (plugin_by_method(methods[i], &number) != NULL)
			return (methods[i]);
	return (NULL);
}

int
plugin_register(struct plugin *plugin, char *error, size_t size)
{
	const char *extension, *method;
	struct plugin *other;

	extension = plugin->entry.extension;
	other = extension != NULL ? plugin_by_extension(extension) : NULL;
	method = plugin_taken_method(plugin);
	if (plugins_count == PLUGIN_MAX)
		snprintf(error, size, "%s: there are %d plugins already",
		    plugin->path, PLUGIN_MAX);
	else if (plugin_find(plugin->entry.name) != NULL)
		snprintf(error, size, "%s: it is loaded already",
		    plugin->path);
	else if (other != NULL)
		snprintf(error, size, "%s: its extension \"%s\" is that of "
		    "plugin %s too", plugin->path, extension,
		    other->entry.name);
	else if (method != NULL)
		snprintf(error, size, "%s: another plugin has its method "
		    "\"%s\" too", plugin->path, method);
	else {
		plugin->index = plugins_count;
		plugin->counters_first = counters_count;
		counters_count += plugin->counters_count;
		plugins[plugins_count++] = plugin;
		return (0);
	}
	return (-1);
}

unsigned
plugin_count(void)
{
	return (plugins_count);
}

struct plugin *
plugin_at(unsigned index)
{
	return (index < plugins_count ? plugins[index] : NULL);
}

struct plugin *
plugin_find(const char *name)
{
	unsigned i;

	for (i = 0; i < plugins_count; i++)
		if (strcmp(plugins[i]->entry.name, name) == 0)
			return (plugins[i]);
	return (NULL);
}

struct plugin *
plugin_by_extension(const char *token)
{
	unsigned i;

	for (i = 0; i < plugins_count; i++)
		if (plugins[i]->entry.extension != NULL &&
		    strcmp(plugins[i]->entry.extension, token) == 0)
			return (plugins[i]);
	return (NULL);
}

struct plugin *
plugin_by_method(const char *method, unsigned *number)
{
	const char *const *methods;
	unsigned i, m;

	for (i = 0; i < plugins_count; i++) {
		methods = plugins[i]->auth.methods;
		for (m = 0; methods != NULL && methods[m] != NULL; m++)
			if (strcmp(methods[m], method) == 0) {
				*number = m;
				return (plugins[i]);
			}
	}
	return (NULL);
}

struct plugin *
plugin_by_symbol(const struct hg_plugin *symbol)
{
	unsigned i;

	for (i = 0; i < plugins_count; i++)
		if (plugins[i]->symbol == symbol)
			return (plugins[i]);
	return (NULL);
}

unsigned
plugin_counters(void)
{
	return (counters_count);
}

const char *
plugin_needs(const struct plugin *plugin, unsigned i, char *out, size_t size)
{
	const char *at;
	size_t len;

	at = plugin->entry.needs != NULL ? plugin->entry.needs : "";
	for (;; i--, at += len) {
		at += strspn(at, " ");
		len = strcspn(at, " ");
		if (len == 0)
			return (NULL);
		if (i == 0)
			break;
	}
	snprintf(out, size, "%.*s", (int)len, at);
	return (out);
}

static bool
plugin_is_loaded(const struct plugin *plugin)
{
	unsigned i;

	for (i = 0; i < loaded_count; i++)
		if (loaded[i] == plugin)
			return (true);
	return (false);
}

/* What it needs and is not loaded yet, or NULL. */
static const char *
plugin_lacks(const struct plugin *plugin, char *out, size_t size)
{
	struct plugin *other;
	unsigned i;

	for (i = 0; plugin_needs(plugin, i, out, size) != NULL; i++) {
		other = plugin_find(out);
		if (other == NULL || !plugin_is_loaded(other))
			return (out);
	}
	return (NULL);
}

static int
plugin_load(struct plugin *plugin)
{
	if (plugin->entry.load != NULL &&
	    plugin->entry.load(plugin->options) != 0) {
		log_write(HG_LOG_ERROR, NULL, "plugin %s: it does not start",
		    plugin->entry.name);
		return (-1);
	}
	loaded[loaded_count++] = plugin;
	return (0);
}

/* Those that can be loaded now. Returns how many were, or -1. */
static int
plugin_load_round(void)
{
	unsigned before, i;
	char name[64];

	before = loaded_count;
	for (i = 0; i < plugins_count; i++) {
		if (plugin_is_loaded(plugins[i]) ||
		    plugin_lacks(plugins[i], name, sizeof(name)) != NULL)
			continue;
		if (plugin_load(plugins[i]) == -1)
			return (-1);
	}
	return ((int)(loaded_count - before));
}

int
plugin_load_all(void)
{
	char name[64];
	unsigned i;
	int n;

	do
		n = plugin_load_round();
	while (n > 0);
	for (i = 0; n == 0 && i < plugins_count; i++)
		if (plugin_lacks(plugins[i], name, sizeof(name)) != NULL) {
			log_write(HG_LOG_ERROR, NULL, "plugin %s: it needs "
			    "plugin %s, which %s", plugins[i]->entry.name,
			    name, plugin_find(name) == NULL ?
			    "is not switched on" : "is not loaded either");
			n = -1;
		}
	if (n == -1)
		plugin_unload_all();
	return (n);
}

/* What they provided goes with them, so that load may be called again. */
void
plugin_unload_all(void)
{
	struct plugin *plugin;

	while (loaded_count > 0) {
		plugin = loaded[--loaded_count];
		if (plugin->entry.unload != NULL)
			plugin->entry.unload();
	}
	while (provided_count > 0)
		free(provided[--provided_count].name);
}

int
plugin_provide(const char *name, const void *what)
{
	const char *slash;
	char *copy;

	slash = strrchr(name, '/');
	if (slash == NULL || slash == name || slash[1] == '\0' ||
	    slash[1 + strspn(slash + 1, "0123456789")] != '\0' ||
	    what == NULL || plugin_provided(name) != NULL ||
	    provided_count == PLUGIN_MAX)
		return (-1);
	copy = str_dup(name, strlen(name));
	if (copy == NULL)
		return (-1);
	provided[provided_count].name = copy;
	provided[provided_count++].what = what;
	return (0);
}

const void *
plugin_provided(const char *name)
{
	unsigned i;

	for (i = 0; i < provided_count; i++)
		if (strcmp(provided[i].name, name) == 0)
			return (provided[i].what);
	return (NULL);
}
