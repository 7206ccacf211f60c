/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration while it is read: sections as they were written, and the
 * settings that are made of them. For the files of the configuration only.
 */
#ifndef CORE_CONFIGBUILD_H
#define CORE_CONFIGBUILD_H

#include "conffile.h"
#include "mistake.h"
#include "section.h"
#include "settings.h"

struct config_source;

struct configbuild {
	const struct config_source	*source;
	struct conffiles		 files;
	struct sections			 sections;
	struct mistakes			 mistakes;
	struct settings			*settings;
};

/* Reads and checks everything; mistakes holds what is wrong. -1: no memory. */
int	configbuild_read(struct configbuild *, const struct config_source *);
/* Not the settings. */
void	configbuild_free(struct configbuild *);

/* Names are resolved, files read, and what does not fit is a mistake. */
void	configcheck(struct configbuild *);
/* What is said of one section of the settings, for a mistake at that key. */
void	configcheck_wrong(struct configbuild *, const struct section *,
	    const char *key, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
/* An upstream or a trunk's gateway: the URL and its files. */
void	configcheck_connect(struct configbuild *, const struct section *,
	    const struct connect_settings *, struct target *);

#endif
