/* SPDX-License-Identifier: Apache-2.0 */
/* The control tool: asks a running headgate for a table and prints it; or writes
 * the file of those who may log in. */
#include <headgate/version.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "passwd.h"

static void
usage(FILE *out)
{
	fprintf(out,
	    "usage: headgatectl [-s SOCKET] [--json] TABLE\n"
	    "       headgatectl passwd [--stdin | --delete] FILE USER\n"
	    "\n"
	    "TABLE is one of\n"
	    "  status       the process and its trunks\n"
	    "  connections  one row for each connection\n"
	    "  channels     one row for each channel\n"
	    "  flows        what is fanned out, one row for each flow\n"
	    "  counters     the counters of all plugins\n"
	    "\n"
	    "  -s, --socket SOCKET  the daemon's control socket\n"
	    "                       (default %s/control.sock)\n"
	    "  -j, --json           as JSON instead of columns\n"
	    "  -V, --version        the version\n"
	    "  -h, --help           this text\n"
	    "\n"
	    "passwd sets USER's password in FILE, for the plugin basic.\n"
	    "\n"
	    "      --stdin          read it from standard input, a line\n"
	    "      --delete         take the user out of FILE\n", RUNDIR);
}

static int
ask(const char *path, const char *table, bool json)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	strcpy(address.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return (-1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    dprintf(fd, "%s%s\n", json ? "json " : "", table) < 0) {
		close(fd);
		return (-1);
	}
	return (fd);
}

/* Prints what comes; an answer that begins with "error:" goes to stderr. */
static int
print_answer(int fd)
{
	char data[16384];
	size_t total = 0;
	ssize_t n;
	bool failed = false;

	while ((n = read(fd, data, sizeof(data))) > 0) {
		if (total == 0 && n >= 6 && memcmp(data, "error:", 6) == 0)
			failed = true;
		fwrite(data, 1, (size_t)n, failed ? stderr : stdout);
		total += (size_t)n;
	}
	if (n < 0) {
		fprintf(stderr, "headgatectl: %s\n", strerror(errno));
		failed = true;
	}
	if (fflush(stdout) != 0)
		failed = true;
	return (failed ? 1 : 0);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = RUNDIR "/control.sock";
	bool json = false;
	int c, fd, status;

	if (argc > 1 && strcmp(argv[1], "passwd") == 0)
		return (passwd_main(argc - 1, argv + 1));
	while ((c = getopt_long(argc, argv, "s:jVh", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			printf("headgatectl %s\n", HG_VERSION);
			return (0);
		case 'h':
			usage(stdout);
			return (0);
		default:
			usage(stderr);
			return (2);
		}
	}
	if (optind + 1 != argc) {
		usage(stderr);
		return (2);
	}
	if ((fd = ask(path, argv[optind], json)) < 0) {
		fprintf(stderr, "headgatectl: %s: %s\n", path,
		    strerror(errno));
		return (1);
	}
	status = print_answer(fd);
	close(fd);
	return (status);
}
