/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon never waits for its log, whatever standard error is. */
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>

#include "stderrs.h"

/*
 * Nobody reads: the first lines fill it, the others are lost, and it goes on
 * once there is room. A daemon that waits is killed by the alarm.
 */
static void
check_blocked(int fd)
{
	static char out[4 << 20];
	unsigned long long lost, lines;
	int flags, i;

	flags = fcntl(STDERR_FILENO, F_GETFL);
	alarm(60);
	lost = log_lost();
	for (i = 0; log_lost() - lost < 100 && i < 1000000; i++)
		log_write(HG_LOG_INFO, "c1", "number %d", i);
	lost = log_lost() - lost;
	T_EQ(lost, 100);
	drain(fd, out, sizeof(out));
	lines = count_lines(out);
	T_TRUE(lines > 10);
	T_EQ(lines + lost, i);
	log_write(HG_LOG_INFO, "c1", "number %d", i);
	drain(fd, out, sizeof(out));
	T_EQ(count_lines(out), 1);
	T_EQ(fcntl(STDERR_FILENO, F_GETFL), flags);
	alarm(0);
}

static void
test_blocked_pipe(void)
{
	int fd;

	fd = take_by_pipe();
	log_open_stderr();
	check_blocked(fd);
	restore_stderr();
	close(fd);
}

/* The same when the pipe cannot be opened again: it came later. */
static void
test_blocked_pipe_later(void)
{
	int fd;

	take_stderr(open(t_tmpdir(), O_RDONLY));
	log_open_stderr();
	fd = take_by_pipe();
	check_blocked(fd);
	restore_stderr();
	close(fd);
}

/* As under systemd. */
static void
test_blocked_socket(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	int fds[2];
	size_t i;

	for (i = 0; i < T_ROWS(types); i++) {
		t_row("socket type %d", types[i]);
		T_REQUIRE(socketpair(AF_UNIX, types[i], 0, fds) == 0);
		T_REQUIRE(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
		take_stderr(fds[1]);
		log_open_stderr();
		if (types[i] == SOCK_STREAM)
			check_blocked(fds[0]);
		else {
			log_write(HG_LOG_INFO, "c1", "number 1");
			T_TRUE(recv(fds[0], &(char[99]){ 0 }, 99, 0) > 40);
		}
		/* Nor does a reader that is gone end the daemon. */
		close(fds[0]);
		log_write(HG_LOG_INFO, "c1", "lost");
		restore_stderr();
	}
}

/* A terminal may take half a line: the next one starts anew. */
static void
test_blocked_terminal(void)
{
	static char out[1 << 20];
	unsigned long long lost;
	struct termios tio;
	const char *end;
	int fd, tty, i;

	fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd == -1 || grantpt(fd) == -1 || unlockpt(fd) == -1) {
		t_skip("no pseudo-terminals here");
		return;
	}
	T_REQUIRE((tty = open(ptsname(fd), O_RDWR | O_NOCTTY)) != -1);
	T_REQUIRE(tcgetattr(tty, &tio) == 0);
	cfmakeraw(&tio);
	T_REQUIRE(tcsetattr(tty, TCSANOW, &tio) == 0);
	take_stderr(tty);
	log_open_stderr();
	alarm(60);
	lost = log_lost();
	for (i = 0; log_lost() - lost < 3 && i < 100000; i++)
		log_write(HG_LOG_INFO, "c1", "number %d", i);
	T_EQ(log_lost() - lost, 3);
	drain(fd, out, sizeof(out));
	end = strrchr(out, '\n');
	T_REQUIRE(end != NULL);
	i = end[1] != '\0';	/* whether a line was cut */
	log_write(HG_LOG_INFO, "c1", "behind");
	drain(fd, out, sizeof(out));
	T_EQ(out[0] == '\n', i);
	T_STR_EQ(behind_stamp(out + i), "info c1: behind\n");
	alarm(0);
	restore_stderr();
	close(fd);
}

T_MAIN(
    { "pipe", test_blocked_pipe },
    { "pipe that came later", test_blocked_pipe_later },
    { "socket", test_blocked_socket },
    { "terminal", test_blocked_terminal })
