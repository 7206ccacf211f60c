/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <syslog.h>

#include "stderrs.h"

static void
test_format(void)
{
	char out[1000];
	int fd;

	fd = take_by_pipe();
	log_open_stderr();
	log_set_level(HG_LOG_DEBUG);
	log_write(HG_LOG_ERROR, NULL, "no %s", "memory");
	drain(fd, out, sizeof(out));
	T_STR_EQ(behind_stamp(out), "error no memory\n");
	log_write(HG_LOG_WARN, "c12", "text %d", 5);
	drain(fd, out, sizeof(out));
	T_STR_EQ(behind_stamp(out), "warn c12: text 5\n");
	log_write(HG_LOG_INFO, "c3/0x0004", "%s", "");
	drain(fd, out, sizeof(out));
	T_STR_EQ(behind_stamp(out), "info c3/0x0004: \n");
	log_write(HG_LOG_DEBUG, NULL, "%%");
	drain(fd, out, sizeof(out));
	T_STR_EQ(behind_stamp(out), "debug %\n");
	restore_stderr();
	close(fd);
}

static void
test_level(void)
{
	static const enum hg_log_level levels[] = { HG_LOG_ERROR, HG_LOG_WARN,
		HG_LOG_INFO, HG_LOG_DEBUG };
	char out[1000];
	size_t set, at;
	int fd;

	T_TRUE(log_enabled(HG_LOG_INFO));
	T_FALSE(log_enabled(HG_LOG_DEBUG));
	fd = take_by_pipe();
	log_open_stderr();
	for (set = 0; set < T_ROWS(levels); set++) {
		log_set_level(levels[set]);
		for (at = 0; at < T_ROWS(levels); at++) {
			t_row("%zu of %zu", at, set);
			T_EQ(log_enabled(levels[at]), at <= set);
			log_write(levels[at], NULL, "x");
			T_EQ(drain(fd, out, sizeof(out)) > 0, at <= set);
		}
	}
	restore_stderr();
	close(fd);
}

/* W20: whatever gets into a message, a line stays one line of plain text. */
static void
test_one_line(void)
{
	char out[9000], longest[6000];
	int fd;

	fd = take_by_pipe();
	log_open_stderr();
	log_write(HG_LOG_INFO, "c1\n", "a\r\nb\x1b[31m\x80\t\\x");
	drain(fd, out, sizeof(out));
	T_STR_EQ(behind_stamp(out),
	    "info c1\\x0a: a\\x0d\\x0ab\\x1b[31m\\x80\\x09\\x\n");
	memset(longest, 'y', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	log_write(HG_LOG_INFO, NULL, "%s", longest);
	T_TRUE(drain(fd, out, sizeof(out)) <= 4096);
	T_PTR_EQ(strchr(out, '\n'), out + strlen(out) - 1);
	T_TRUE(strlen(out) > 4000);
	memset(longest, '\n', sizeof(longest) - 1);
	log_write(HG_LOG_INFO, longest, "x");
	T_TRUE(drain(fd, out, sizeof(out)) <= 4096);
	T_PTR_EQ(strchr(out, '\n'), out + strlen(out) - 1);
	restore_stderr();
	close(fd);
}

static void
test_errno(void)
{
	take_stderr(open("/dev/full", O_WRONLY));
	log_open_stderr();
	errno = EXDEV;
	log_write(HG_LOG_INFO, NULL, "%m");
	T_EQ(errno, EXDEV);
	log_write(HG_LOG_DEBUG, NULL, "x");
	T_EQ(errno, EXDEV);
	restore_stderr();
}

static void
test_full(void)
{
	unsigned long long lost;
	int i;

	take_stderr(open("/dev/full", O_WRONLY));
	log_open_stderr();
	lost = log_lost();
	for (i = 0; i < 10; i++)
		log_write(HG_LOG_ERROR, NULL, "lost");
	log_write(HG_LOG_DEBUG, NULL, "not even tried");
	T_EQ(log_lost() - lost, 10);
	close(STDERR_FILENO);
	log_open_stderr();
	log_write(HG_LOG_ERROR, NULL, "nowhere to go");
	T_EQ(log_lost() - lost, 11);
	restore_stderr();
}

/* Into the file, behind what others wrote. */
static void
test_file(void)
{
	char path[300], out[1000];
	int fd;

	snprintf(path, sizeof(path), "%s/log", t_tmpdir());
	take_stderr(open(path, O_RDWR | O_CREAT, 0600));
	log_open_stderr();
	dprintf(STDERR_FILENO, "before\n");
	log_write(HG_LOG_INFO, NULL, "line");
	dprintf(STDERR_FILENO, "after\n");
	restore_stderr();
	T_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	drain(fd, out, sizeof(out));
	T_TRUE(strncmp(out, "before\n", 7) == 0);
	T_STR_EQ(behind_stamp(out + 7), "info line\nafter\n");
	close(fd);
}

enum { THREADS = 4, EACH = 2000 };

static void *
write_lines(void *arg)
{
	int i;

	for (i = 0; i < EACH; i++)
		log_write(HG_LOG_INFO, "c1", "number %d %s", i, (char *)arg);
	return (NULL);
}

/* Lines of several threads never mix. */
static void
test_threads(void)
{
	static char out[4 << 20], text[THREADS][200];
	unsigned long long lost, lines;
	pthread_t threads[THREADS];
	char path[300];
	size_t i;
	int fd;

	snprintf(path, sizeof(path), "%s/threads", t_tmpdir());
	take_stderr(open(path, O_RDWR | O_CREAT | O_APPEND, 0600));
	log_open_stderr();
	lost = log_lost();
	for (i = 0; i < THREADS; i++) {
		memset(text[i], 'a' + (int)i, sizeof(text[i]) - 1);
		T_REQUIRE(pthread_create(&threads[i], NULL, write_lines,
		    text[i]) == 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	restore_stderr();
	T_REQUIRE((fd = open(path, O_RDONLY)) != -1);
	drain(fd, out, sizeof(out));
	lines = count_lines(out);
	T_EQ(log_lost(), lost);
	T_EQ(lines, THREADS * EACH);
	close(fd);
}

/* In place of the C library's. */
static char	syslog_text[5000];
static int	syslog_priority, syslog_opened;

static void
record(int priority, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
record(int priority, const char *fmt, va_list ap)
{
	syslog_priority = priority;
	vsnprintf(syslog_text, sizeof(syslog_text), fmt, ap);
}

void
openlog(const char *ident, int option, int facility)
{
	T_STR_EQ(ident, "headgate");
	T_EQ(facility, LOG_DAEMON);
	T_TRUE((option & LOG_PID) != 0);
	syslog_opened++;
}

void
closelog(void)
{
	syslog_opened--;
}

/* A macro in some programs that are built with _FORTIFY_SOURCE. */
#undef syslog

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(priority, fmt, ap);
	va_end(ap);
}

/* What it calls there. */
void	__syslog_chk(int, int, const char *, ...)
	    __attribute__((format(printf, 3, 4)));

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	record(priority, fmt, ap);
	va_end(ap);
}

static void
test_syslog(void)
{
	static const struct {
		enum hg_log_level	 level;
		int			 priority;
	} rows[] = {
		{ HG_LOG_ERROR, LOG_ERR },
		{ HG_LOG_WARN, LOG_WARNING },
		{ HG_LOG_INFO, LOG_INFO },
		{ HG_LOG_DEBUG, LOG_DEBUG },
	};
	char ident[] = "headgate", out[100];
	size_t i;
	int fd;

	fd = take_by_pipe();
	log_set_level(HG_LOG_DEBUG);
	log_open_syslog(ident);
	memset(ident, 'x', 8);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("level %zu", i);
		log_write(rows[i].level, "c7", "%%s\n%d", 7);
		T_STR_EQ(syslog_text, "c7: %s\\x0a7");
		T_EQ(syslog_priority, rows[i].priority);
	}
	log_set_level(HG_LOG_ERROR);
	strcpy(syslog_text, "as before");
	log_write(HG_LOG_WARN, NULL, "x");
	T_STR_EQ(syslog_text, "as before");
	T_EQ(syslog_opened, 1);
	T_EQ(drain(fd, out, sizeof(out)), 0);
	restore_stderr();
	T_EQ(syslog_opened, 0);
	close(fd);
}

T_MAIN(
    { "format", test_format },
    { "level", test_level },
    { "one line (W20)", test_one_line },
    { "errno stays", test_errno },
    { "full device", test_full },
    { "file", test_file },
    { "threads", test_threads },
    { "syslog", test_syslog })
