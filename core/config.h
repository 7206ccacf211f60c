/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: headgate.ini, and conf.d/NAME.ini beside it in the order
 * of names. Every mistake of every file is reported as
 * "FILE:LINE: [SECTION] KEY: what is wrong"; nothing is used when there is one.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdio.h>

#include "settings.h"

/* Where plugins come from, and what they are handed. */
struct config_source {
	const char		*path;		/* of headgate.ini */
	const char		*plugin_dir;
	bool			 plugin_dir_trusted;
	const struct hg_host	*host;
};

/*
 * Reads, loads the plugins that have a [plugin NAME] section, checks. NULL: the
 * mistakes were printed to "errors", a line each.
 */
struct settings *config_read(const struct config_source *, FILE *errors);
void	config_free(struct settings *);
/* The merged result as it would be written, each line with its place. -1:
 * there are mistakes, printed to "errors". */
int	config_dump(const struct config_source *, FILE *out, FILE *errors);

#endif
