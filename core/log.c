/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard error is often shared with other programs, so it must not be made
 * non-blocking. What does not wait instead: a socket is asked not to, a pipe
 * or a terminal is opened a second time, a file never waits for a reader.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LOG_LINE_MAX	4096	/* a pipe takes so much whole or not at all */
#define LOG_STAMP_MAX	32

static const struct {
	const char	*name;
	int		 priority;	/* of syslog */
} log_levels[] = {
	[HG_LOG_ERROR] = { "error", LOG_ERR },
	[HG_LOG_WARN] = { "warn", LOG_WARNING },
	[HG_LOG_INFO] = { "info", LOG_INFO },
	[HG_LOG_DEBUG] = { "debug", LOG_DEBUG },
};

static atomic_int	 log_level = HG_LOG_INFO;
static atomic_ullong	 log_lost_lines;
static bool		 log_is_syslog;
static char		 log_ident[64];		/* syslog keeps the pointer */
static int		 log_own_fd = -1;	/* does not wait; -1: none */
static atomic_bool	 log_is_cut;		/* half a line went out */
static pthread_mutex_t	 log_mutex = PTHREAD_MUTEX_INITIALIZER;

/* Standard error, opened once more where it is what can make us wait. */
static int
log_reopen(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) == -1)
		return (-1);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return (-1);
	return (open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

static void
log_close(void)
{
	if (log_is_syslog)
		closelog();
	if (log_own_fd != -1)
		close(log_own_fd);
	log_is_syslog = false;
	log_own_fd = -1;
}

void
log_open_stderr(void)
{
	log_close();
	log_own_fd = log_reopen();
}

void
log_open_syslog(const char *ident)
{
	log_close();
	snprintf(log_ident, sizeof(log_ident), "%s", ident);
	openlog(log_ident, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	log_is_syslog = true;
}

void
log_set_level(enum hg_log_level level)
{
	atomic_store_explicit(&log_level, level, memory_order_relaxed);
}

bool
log_enabled(enum hg_log_level level)
{
	return ((int)level <= atomic_load_explicit(&log_level,
	    memory_order_relaxed));
}

unsigned long long
log_lost(void)
{
	return (atomic_load_explicit(&log_lost_lines, memory_order_relaxed));
}

/*
 * For what could not be opened again: writes when there is room, and one
 * thread at a time, so that no other takes the room away.
 */
static ssize_t
log_write_ready(const char *line, size_t len)
{
	struct pollfd ready = { STDERR_FILENO, POLLOUT, 0 };
	ssize_t n = -1;

	pthread_mutex_lock(&log_mutex);
	if (poll(&ready, 1, 0) == 1)
		n = write(STDERR_FILENO, line, len);
	pthread_mutex_unlock(&log_mutex);
	return (n);
}

static ssize_t
log_write_some(const char *line, size_t len)
{
	ssize_t n;

	if (log_own_fd != -1)
		return (write(log_own_fd, line, len));
	n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1 && errno == ENOTSOCK)
		return (log_write_ready(line, len));
	return (n);
}

/* The line has an end of line in front too, for when the last one has none. */
static void
log_write_line(const char *line, size_t len)
{
	bool cut = atomic_exchange(&log_is_cut, false);
	ssize_t n;

	if (!cut) {
		line++;
		len--;
	}
	n = log_write_some(line, len);
	if (n == (ssize_t)len)
		return;
	if (n > 0 || cut)
		atomic_store(&log_is_cut, true);
	atomic_fetch_add_explicit(&log_lost_lines, 1, memory_order_relaxed);
}

static void
log_stamp(char *out, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + len, size - len, ".%03dZ",
	    (int)(now.tv_nsec / 1000000 % 1000));
}

static bool
log_is_plain(unsigned char c)
{
	return (c >= ' ' && c <= '~');
}

static size_t
log_hex(char *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'x';
	out[2] = digits[c >> 4];
	out[3] = digits[c & 15];
	return (4);
}

/*
 * Adds text as one line of printable ASCII, whatever it holds, and as much of
 * it as fits; returns the new length.
 */
static size_t
log_add(char *line, size_t len, size_t size, const char *text)
{
	for (; *text != '\0' && len + 4 <= size; text++) {
		if (log_is_plain(*text))
			line[len++] = *text;
		else
			len += log_hex(line + len, *text);
	}
	return (len);
}

static size_t log_add_text(char *, size_t, const char *, const char *, va_list)
    __attribute__((format(printf, 4, 0)));

/* "who: text", with room for an end of line. */
static size_t
log_add_text(char *line, size_t len, const char *who, const char *fmt,
    va_list ap)
{
	char text[LOG_LINE_MAX];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	if (who != NULL) {
		len = log_add(line, len, LOG_LINE_MAX - 1, who);
		len = log_add(line, len, LOG_LINE_MAX - 1, ": ");
	}
	return (log_add(line, len, LOG_LINE_MAX - 1, text));
}

static void __attribute__((noinline, format(printf, 3, 0)))
log_put(enum hg_log_level level, const char *who, const char *fmt,
    va_list ap)
{
	char line[LOG_LINE_MAX], stamp[LOG_STAMP_MAX];
	int saved = errno;
	size_t len;

	if (log_is_syslog) {
		len = log_add_text(line, 0, who, fmt, ap);
		syslog(log_levels[level].priority, "%.*s", (int)len, line);
	} else {
		log_stamp(stamp, sizeof(stamp));
		len = snprintf(line, sizeof(line), "\n%s %s ", stamp,
		    log_levels[level].name);
		len = log_add_text(line, len, who, fmt, ap);
		line[len++] = '\n';
		log_write_line(line, len);
	}
	errno = saved;
}

/* Most lines are not wanted, which costs no room for one. */
void
log_vwrite(enum hg_log_level level, const char *who, const char *fmt,
    va_list ap)
{
	if (log_enabled(level))
		log_put(level, who, fmt, ap);
}

void
log_write(enum hg_log_level level, const char *who, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vwrite(level, who, fmt, ap);
	va_end(ap);
}

static size_t
quote_width(unsigned char c)
{
	return (log_is_plain(c) && c != '\\' ? 1 : 4);
}

/* How many of the bytes fit into so much room. */
static size_t
quote_fit(const unsigned char *in, size_t len, size_t room)
{
	size_t i;

	for (i = 0; i < len && i < LOG_QUOTE_MAX; i++) {
		if (quote_width(in[i]) > room)
			break;
		room -= quote_width(in[i]);
	}
	return (i);
}

const char *
log_quote(char *out, size_t size, const void *data, size_t len)
{
	static const char more[] = "..";
	const unsigned char *in = data;
	size_t i, at, shown, dots;

	if (size == 0)
		return (out);
	dots = 0;
	if ((shown = quote_fit(in, len, size - 1)) < len) {
		dots = size - 1 < strlen(more) ? size - 1 : strlen(more);
		shown = quote_fit(in, len, size - 1 - dots);
	}
	for (i = at = 0; i < shown; i++) {
		if (quote_width(in[i]) == 1)
			out[at++] = in[i];
		else
			at += log_hex(out + at, in[i]);
	}
	memcpy(out + at, more, dots);
	out[at + dots] = '\0';
	return (out);
}
