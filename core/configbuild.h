/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration while it is read: sections as they were written, and the
 * settings that are made of them. For the files of the configuration only.
 */
#ifndef CORE_CONFIGBUILD_H
#define CORE_CONFIGBUILD_H

#include <stdbool.h>

#include "conffile.h"
#include "mistake.h"
#include "plugin.h"
#include "section.h"
#include "settings.h"

struct config_source;

struct configbuild {
	const struct config_source	*source;
	struct conffiles		 files;
	struct sections			 sections;
	struct mistakes			 mistakes;
	struct settings			*settings;
	bool				 plugin_failed;	/* one did not open:
							 * what lacks may be
							 * its */
};

/* Reads and checks everything; mistakes holds what is wrong. -1: no memory. */
int	configbuild_read(struct configbuild *, const struct config_source *);
/* Not the settings. */
void	configbuild_free(struct configbuild *);

/* Opens the plugins that have a section, and sets their options. */
void	configplugin_open_all(struct configbuild *);
/* A plugin that has a section here and was opened, or NULL. */
struct plugin *configplugin_find(const struct configbuild *, const char *name);
struct plugin *configplugin_by_extension(const struct configbuild *,
	    const char *token);
/* A key of a service that its table does not have: a plugin's option, for the
 * service's own copy. False: nobody knows it. */
bool	configplugin_key(struct configbuild *, const struct section *,
	    struct service *, const struct entry *);

/* Those that do nothing, as the service lacks their plugin's extension. */
void	configplugin_check_keys(struct configbuild *, const struct section *,
	    const struct service *);

/* Names are resolved, files read, and what does not fit is a mistake. */
void	configcheck(struct configbuild *);
/* What is said of one section of the settings, for a mistake at that key. */
void	configcheck_wrong(struct configbuild *, const struct section *,
	    const char *key, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
/* ' (did you mean "x"?)' or nothing: a name of a section of that kind. */
const char *configcheck_near(const struct configbuild *, enum section_kind,
	    const char *name, char *out, size_t size);
/* How clients of a service log in. */
void	configcheck_auth(struct configbuild *, const struct section *,
	    struct service *);
/* An upstream or a trunk's gateway: the URL and its files. */
void	configcheck_connect(struct configbuild *, const struct section *,
	    const struct connect_settings *, struct target *);
/* How a service meets a WebSocket server. */
void	configcheck_server(struct configbuild *, const struct section *,
	    struct service *);

#endif
