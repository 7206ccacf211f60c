/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the log: something else in place of standard error. */
#ifndef TESTS_UNIT_STDERRS_H
#define TESTS_UNIT_STDERRS_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "log.h"

static int	saved_stderr = -1;

/* Standard error goes to fd, which is closed, until restore_stderr(). */
static inline void
take_stderr(int fd)
{
	T_REQUIRE(fd != -1);
	if (saved_stderr == -1)
		saved_stderr = dup(STDERR_FILENO);
	T_REQUIRE(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

static inline void
restore_stderr(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	saved_stderr = -1;
	log_set_level(HG_LOG_INFO);
	log_open_stderr();
}

/* A pipe in its place; returns the end to read from, which does not wait. */
static inline int
take_by_pipe(void)
{
	int fds[2];

	T_REQUIRE(pipe(fds) == 0);
	T_REQUIRE(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	take_stderr(fds[1]);
	return (fds[0]);
}

/* All that is there to be read now. */
static inline size_t
drain(int fd, char *out, size_t size)
{
	size_t len;
	ssize_t n;

	for (len = 0; len < size - 1; len += (size_t)n)
		if ((n = read(fd, out + len, size - 1 - len)) <= 0)
			break;
	out[len] = '\0';
	return (len);
}

/* The text behind a stamp like 2026-01-02T03:04:05.678Z, or "". */
static inline const char *
behind_stamp(const char *line)
{
	static const char form[] = "0000-00-00T00:00:00.000Z ";
	size_t i;

	for (i = 0; i < sizeof(form) - 1; i++) {
		if (form[i] == '0' ? line[i] < '0' || line[i] > '9' :
		    line[i] != form[i])
			return ("");
	}
	return (line + i);
}

/* The lines in what was read, each of which must be a whole one. */
static inline unsigned long long
count_lines(const char *text)
{
	unsigned long long lines;
	const char *end;

	for (lines = 0; *text != '\0'; text = end + 1) {
		T_REQUIRE((end = strchr(text, '\n')) != NULL);
		T_REQUIRE(strncmp(behind_stamp(text), "info c1: number ",
		    16) == 0);
		lines++;
	}
	return (lines);
}

#endif
