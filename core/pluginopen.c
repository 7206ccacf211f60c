/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a file to a registered plugin. No code of the plugin runs here but what
 * the C library runs at dlopen; versions are compared before anything in its
 * tables is believed.
 */
#include <dlfcn.h>
#include <ltdl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "option.h"
#include "plugin.h"
#include "pluginpath.h"
#include "str.h"

#define ENTRY_SYMBOL	"hg_plugin_entry"
#define TABLE_MAX	65536	/* bytes of a struct that may be sane */
#define OPTIONS_MAX	256	/* options of a plugin, and counters */

/* They would make libltdl, or what a plugin starts, look elsewhere. */
static const char *const forget[] = { "LTDL_LIBRARY_PATH", "LD_LIBRARY_PATH",
	"LD_PRELOAD" };

static int
loader_start(char *error, size_t size)
{
	static bool started;
	size_t i;

	if (started)
		return (0);
	for (i = 0; i < sizeof(forget) / sizeof(forget[0]); i++) {
		if (getenv(forget[i]) == NULL)
			continue;
		log_write(HG_LOG_WARN, NULL, "%s is set and is ignored",
		    forget[i]);
		unsetenv(forget[i]);
	}
	if (lt_dlinit() != 0) {
		snprintf(error, size, "libltdl: %s", lt_dlerror());
		return (-1);
	}
	started = true;
	return (0);
}

/*
 * libltdl binds lazily and says "file not found" whatever the reason. So the
 * file is opened by dlopen first, which tells the reason and binds all; that
 * handle is kept. Nothing is ever unloaded.
 */
static const struct hg_plugin *
symbol_open(const char *path, char *error, size_t size)
{
	lt_dladvise advise;
	lt_dlhandle handle;
	void *first, *symbol;

	first = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (first == NULL) {
		snprintf(error, size, "%s", dlerror());
		return (NULL);
	}
	handle = NULL;
	if (lt_dladvise_init(&advise) == 0) {
		if (lt_dladvise_local(&advise) == 0)
			handle = lt_dlopenadvise(path, advise);
		lt_dladvise_destroy(&advise);
	}
	if (handle == NULL || lt_dlmakeresident(handle) != 0) {
		snprintf(error, size, "%s: %s", path, lt_dlerror());
		return (NULL);
	}
	symbol = lt_dlsym(handle, ENTRY_SYMBOL);
	if (symbol == NULL)
		snprintf(error, size, "%s: it has no symbol " ENTRY_SYMBOL
		    ", so it is not a plugin", path);
	else if (symbol != dlsym(first, ENTRY_SYMBOL)) {
		/* libltdl prefers NAME_LTX_..., of preloaded modules. */
		snprintf(error, size, "%s: it has more than one symbol for "
		    ENTRY_SYMBOL, path);
		symbol = NULL;
	}
	return (symbol);
}

/* The members before "name" never change place, in any version. */
static int
versions_check(const struct hg_plugin *symbol, char *error, size_t size)
{
	if (symbol->api_major != HG_API_MAJOR ||
	    symbol->api_minor > HG_API_MINOR) {
		snprintf(error, size, "it is made for plugin API %u.%u, and "
		    "this headgate has %d.%d", symbol->api_major,
		    symbol->api_minor, HG_API_MAJOR, HG_API_MINOR);
		return (-1);
	}
	if (symbol->plugin_size < offsetof(struct hg_plugin, load) ||
	    symbol->plugin_size > TABLE_MAX || symbol->hooks_size == 0 ||
	    symbol->hooks_size > TABLE_MAX || symbol->mux_size == 0 ||
	    symbol->mux_size > TABLE_MAX ||
	    symbol->option_size < offsetof(struct hg_option, standard) ||
	    symbol->option_size > TABLE_MAX || symbol->host == NULL) {
		snprintf(error, size, "its tables have impossible sizes; it "
		    "was not made by HG_PLUGIN()");
		return (-1);
	}
	return (0);
}

/* to is zeroed. */
static void
table_copy(void *to, size_t to_size, const void *from, size_t from_size)
{
	memcpy(to, from, to_size < from_size ? to_size : from_size);
}

/* A table of our size of entry; NULL: too long, or no memory. */
static struct hg_option *
options_copy(const struct hg_option *from, size_t stride)
{
	const struct hg_option *at;
	struct hg_option *table;
	size_t i;

	table = calloc(OPTIONS_MAX + 1, sizeof(*table));
	for (i = 0; table != NULL && i <= OPTIONS_MAX; i++) {
		at = (const void *)((const char *)from + i * stride);
		if (at->key == NULL)
			return (table);
		table_copy(&table[i], sizeof(table[i]), at, stride);
	}
	free(table);
	return (NULL);
}

static int
tables_copy(struct plugin *plugin, char *error, size_t size)
{
	const struct hg_plugin *symbol = plugin->symbol;
	struct hg_plugin *entry = &plugin->entry;

	table_copy(entry, sizeof(*entry), symbol, symbol->plugin_size);
	plugin->has_connection = entry->connection != NULL;
	plugin->has_channel = entry->channel != NULL;
	plugin->has_mux = entry->mux != NULL;
	plugin->has_auth = entry->auth != NULL;
	if (plugin->has_connection)
		table_copy(&plugin->connection, sizeof(plugin->connection),
		    entry->connection, symbol->hooks_size);
	if (plugin->has_channel)
		table_copy(&plugin->channel, sizeof(plugin->channel),
		    entry->channel, symbol->hooks_size);
	if (plugin->has_mux)
		table_copy(&plugin->mux, sizeof(plugin->mux), entry->mux,
		    symbol->mux_size);
	plugin->has_http = entry->http != NULL;
	if (plugin->has_http)
		table_copy(&plugin->http, sizeof(plugin->http), entry->http,
		    entry->http->size);
	if (plugin->has_auth)
		table_copy(&plugin->auth, sizeof(plugin->auth), entry->auth,
		    entry->auth->size <= TABLE_MAX ? entry->auth->size : 0);
	while (entry->counters != NULL && plugin->counters_count <=
	    OPTIONS_MAX && entry->counters[plugin->counters_count] != NULL)
		plugin->counters_count++;
	if (entry->options != NULL)
		entry->options = options_copy(entry->options,
		    symbol->option_size);
	if (plugin->counters_count <= OPTIONS_MAX &&
	    (symbol->options == NULL || entry->options != NULL))
		return (0);
	snprintf(error, size, "it has more than %d options or counters",
	    OPTIONS_MAX);
	return (-1);
}

/* A file's name without a folder, that is not hidden. */
static bool
browser_is_valid(const char *name)
{
	size_t len = strlen(name);

	return (len > 0 && len <= 64 && name[0] != '.' && name[strspn(name,
	    "abcdefghijklmnopqrstuvwxyz0123456789.-")] == '\0');
}

static bool
auth_is_sane(const struct hg_auth *auth)
{
	unsigned i;

	if (auth->methods == NULL || auth->methods[0] == NULL ||
	    auth->begin == NULL || auth->data_size > TABLE_MAX)
		return (false);
	for (i = 0; auth->methods[i] != NULL; i++)
		if (!plugin_name_is_valid(auth->methods[i]))
			return (false);
	return (true);
}

static int
entry_check(const struct plugin *plugin, const char *name, char *error,
    size_t size)
{
	const struct hg_plugin *entry = &plugin->entry;
	char need[64];
	unsigned i;

	if (entry->name == NULL || strcmp(entry->name, name) != 0) {
		snprintf(error, size, "it calls itself \"%.64s\"",
		    entry->name != NULL ? entry->name : "");
		return (-1);
	}
	for (i = 0; plugin_needs(plugin, i, need, sizeof(need)) != NULL; i++)
		if (!plugin_name_is_valid(need)) {
			snprintf(error, size, "it needs \"%s\", which is no "
			    "name of a plugin", need);
			return (-1);
		}
	if (entry->extension != NULL && !str_is_token(entry->extension,
	    strlen(entry->extension))) {
		snprintf(error, size, "its extension \"%.64s\" is no token",
		    entry->extension);
		return (-1);
	}
	if ((unsigned)entry->place > HG_PLACE_MARKING) {
		snprintf(error, size, "its place %u is unknown",
		    (unsigned)entry->place);
		return (-1);
	}
	if (entry->extension != NULL && !plugin->has_connection &&
	    !plugin->has_channel) {
		snprintf(error, size, "it names an extension and has no hooks");
		return (-1);
	}
	if (plugin->has_auth && !auth_is_sane(&plugin->auth)) {
		snprintf(error, size, "its ways to log in have no names, or "
		    "no begin");
		return (-1);
	}
	if (plugin->has_mux && (!plugin->has_connection ||
	    entry->extension == NULL)) {
		snprintf(error, size, "it carries channels without an "
		    "extension and connection hooks");
		return (-1);
	}
	if (plugin->has_http && (plugin->http.begin == NULL ||
	    plugin->http.state_size > TABLE_MAX)) {
		snprintf(error, size, "it answers HTTP without a hook begin, "
		    "or its state is too large");
		return (-1);
	}
	if (entry->browser != NULL && (entry->extension == NULL ||
	    !browser_is_valid(entry->browser))) {
		snprintf(error, size, "its half for browsers is no file of an "
		    "extension's");
		return (-1);
	}
	if (entry->options_size > TABLE_MAX) {
		snprintf(error, size, "its options have an impossible size");
		return (-1);
	}
	return (option_check_table(entry->options, entry->options_size, error,
	    size));
}

/* Everything that can be wrong, the versions first. -1: error says what,
 * without the file. The checks of options may use the host. */
static int
plugin_fill(struct plugin *plugin, const char *name,
    const struct hg_host *host, char *error, size_t size)
{
	if (versions_check(plugin->symbol, error, size) == -1)
		return (-1);
	*plugin->symbol->host = host;
	if (tables_copy(plugin, error, size) == -1 ||
	    entry_check(plugin, name, error, size) == -1)
		return (-1);
	plugin->options = calloc(1, plugin->entry.options_size > 0 ?
	    plugin->entry.options_size : 1);
	if (plugin->options == NULL || option_defaults(plugin->entry.options,
	    plugin->options) == -1) {
		snprintf(error, size, "out of memory");
		return (-1);
	}
	return (0);
}

static void
plugin_discard(struct plugin *plugin)
{
	if (plugin->options != NULL) {
		option_free(plugin->entry.options, plugin->options);
		free(plugin->options);
	}
	if (plugin->symbol != NULL &&
	    plugin->entry.options != plugin->symbol->options)
		free((void *)(uintptr_t)plugin->entry.options);
	free(plugin->path);
	free(plugin);
}

struct plugin *
plugin_open(const char *dir, bool dir_trusted, const char *name,
    const struct hg_host *host, char *error, size_t size)
{
	struct plugin *plugin;
	char text[256];

	if (!plugin_name_is_valid(name)) {
		snprintf(error, size, "\"%.64s\" is no name of a plugin", name);
		return (NULL);
	}
	plugin = calloc(1, sizeof(*plugin));
	if (plugin == NULL) {
		snprintf(error, size, "out of memory");
		return (NULL);
	}
	plugin->path = pluginpath_find(dir, dir_trusted, name, error, size);
	if (plugin->path == NULL || loader_start(error, size) == -1)
		goto fail;
	plugin->symbol = symbol_open(plugin->path, error, size);
	if (plugin->symbol == NULL)
		goto fail;
	if (plugin_fill(plugin, name, host, text, sizeof(text)) == -1) {
		snprintf(error, size, "%s: %s", plugin->path, text);
		goto fail;
	}
	if (plugin_register(plugin, error, size) == -1)
		goto fail;
	return (plugin);
fail:
	plugin_discard(plugin);
	return (NULL);
}
