/* SPDX-License-Identifier: Apache-2.0 */
#include "secretin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t caught;

static void
secretin_signal(int signal)
{
	caught = signal;
}

/* A line of fd; 0: it is fine. */
static int
secretin_line(int fd, char *out, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, out + len, 1)) == 1 && out[len] != '\n') {
		if (out[len] == '\0' || ++len == size) {
			fprintf(stderr, "headgatectl: the password is too "
			    "long, or has a NUL\n");
			return (-1);
		}
	}
	if (n < 0) {
		fprintf(stderr, "headgatectl: %s\n", strerror(errno));
		return (-1);
	}
	if (len > 0 && out[len - 1] == '\r')
		len--;
	out[len] = '\0';
	return (0);
}

int
secretin_read(char *out, size_t size)
{
	return (secretin_line(STDIN_FILENO, out, size));
}

/* Echo comes back whatever ends the question. */
static int
secretin_quietly(int fd, char *out, size_t size)
{
	struct sigaction action = { .sa_handler = secretin_signal }, old[2];
	struct termios before, quiet;
	int result;

	if (tcgetattr(fd, &before) != 0) {
		fprintf(stderr, "headgatectl: %s\n", strerror(errno));
		return (-1);
	}
	caught = 0;
	sigaction(SIGINT, &action, &old[0]);
	sigaction(SIGTERM, &action, &old[1]);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	tcsetattr(fd, TCSAFLUSH, &quiet);
	result = secretin_line(fd, out, size);
	tcsetattr(fd, TCSAFLUSH, &before);
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGTERM, &old[1], NULL);
	if (caught != 0)
		raise(caught);
	return (caught != 0 ? -1 : result);
}

int
secretin_ask(char *out, size_t size, const char *prompt)
{
	int fd, result;

	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		fprintf(stderr, "headgatectl: there is no terminal to ask on; "
		    "use --stdin\n");
		return (-1);
	}
	dprintf(fd, "%s: ", prompt);
	result = secretin_quietly(fd, out, size);
	dprintf(fd, "\n");
	close(fd);
	return (result);
}
