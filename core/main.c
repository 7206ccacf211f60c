/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon headgate: see headgate(8). */
#include <stdio.h>
#include <sys/stat.h>

#include "cli.h"
#include "config.h"
#include "log.h"
#include "server.h"

int
main(int argc, char **argv)
{
	struct settings *settings;
	struct cli cli;
	int status;

	if (cli_parse(&cli, argc, argv) != 0)
		return (2);
	log_open_stderr();
	if (cli.action != CLI_SERVE)
		return (cli_run(&cli));
	umask(077);
	if ((settings = config_read(&cli.source, stderr)) == NULL)
		return (1);
	status = server_run(settings);
	config_free(settings);
	return (status);
}
