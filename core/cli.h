/* SPDX-License-Identifier: Apache-2.0 */
/* headgate's command line, and what it does beside serving. */
#ifndef CORE_CLI_H
#define CORE_CLI_H

#include <stdbool.h>

#include "config.h"

enum cli_action {
	CLI_SERVE,
	CLI_TEST,
	CLI_HELP,
	CLI_VERSION,
	CLI_LIST_PLUGINS,
	CLI_DUMP_PLUGIN,
	CLI_DUMP_CONFIG,
};

struct cli {
	enum cli_action		 action;
	struct config_source	 source;
	const char		*plugin;	/* CLI_DUMP_PLUGIN */
};

/* -1: it was printed what is wrong. */
int	cli_parse(struct cli *, int argc, char **argv);
/* Every action but CLI_SERVE; returns the exit status. */
int	cli_run(const struct cli *);

#endif
