/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugins that are loaded. All are loaded in main before any worker runs,
 * are constant from then on, and stay until the process ends. The only user of
 * libltdl.
 */
#ifndef CORE_PLUGIN_H
#define CORE_PLUGIN_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#define PLUGIN_MAX	64	/* plugins, and things that they provide */

struct plugin {
	unsigned		 index;		/* in the order of loading */
	struct hg_plugin	 entry;		/* a copy; zero what it lacks */
	const struct hg_plugin	*symbol;	/* the plugin's own */
	char			*path;
	struct hg_hooks		 connection;	/* copies, zero when absent */
	struct hg_hooks		 channel;
	struct hg_mux		 mux;
	struct hg_http		 http;
	struct hg_auth		 auth;
	bool			 has_connection, has_channel, has_mux;
	bool			 has_http, has_auth;
	void			*options;	/* of [plugin NAME] */
	unsigned		 counters_first;	/* of its counters in
							 * a worker's array */
	unsigned		 counters_count;
};

/* The rules of a name: a-z, 0-9, "-", at most 40, not first "-". */
bool	plugin_name_is_valid(const char *);

/*
 * Opens DIR/NAME.so: owner and modes of file and folder are checked (unless
 * dir_trusted), versions compared, options set to their defaults, hg handed
 * over. The hook load is not called yet. NULL: error says why, naming the file.
 */
struct plugin *plugin_open(const char *dir, bool dir_trusted,
    const char *name, const struct hg_host *, char *error, size_t size);
/* Fills in index and the counters' place, and keeps it. -1: error says why. */
int	plugin_register(struct plugin *, char *error, size_t size);
/* The i-th name of "needs" into out; NULL behind the last. */
const char *plugin_needs(const struct plugin *, unsigned i, char *out,
    size_t size);
/* Calls load of all, in order, but what one needs before it. -1: it was
 * logged, and those that were loaded are unloaded. */
int	plugin_load_all(void);
void	plugin_unload_all(void);

unsigned       plugin_count(void);
struct plugin *plugin_at(unsigned index);
struct plugin *plugin_find(const char *name);
struct plugin *plugin_by_extension(const char *token);
struct plugin *plugin_by_symbol(const struct hg_plugin *);
/* Who has this method of "auth"; its number in the plugin's list. */
struct plugin *plugin_by_method(const char *method, unsigned *number);
/* Counters of all plugins together: the size of a worker's array. */
unsigned       plugin_counters(void);

/* provide and find of hg. provide: -1 when the name is no "NAME/VERSION", is
 * taken, or there are too many. */
int	       plugin_provide(const char *name, const void *);
const void    *plugin_provided(const char *name);

#endif
