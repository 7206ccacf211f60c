/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines to standard error or syslog. Every function may be called from
 * any thread; a line is written by one system call, so lines never mix. A
 * destination that does not take a line loses it: the daemon never waits for
 * its log. Bytes of a peer are printed through log_quote() only.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <headgate/plugin.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LOG_QUOTE_MAX	256	/* bytes of a peer that a line shows */

/* Before any thread starts. The default is standard error and HG_LOG_INFO. */
void	log_open_stderr(void);
void	log_open_syslog(const char *ident);
void	log_set_level(enum hg_log_level);

bool	log_enabled(enum hg_log_level);

/* "who" names the connection or channel ("c12", "c3/0x0004"), or is NULL. */
void	log_write(enum hg_log_level, const char *who, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	log_vwrite(enum hg_log_level, const char *who, const char *fmt,
	    va_list) __attribute__((format(printf, 3, 0)));

/* Lines that were lost since the start. */
unsigned long long log_lost(void);

/*
 * Writes the bytes as printable text into out and returns out: all but
 * printable ASCII as \xNN, the backslash too, cut after LOG_QUOTE_MAX bytes or
 * what fits, with ".." at the end. Always terminated when size > 0.
 */
const char *log_quote(char *out, size_t size, const void *data, size_t len);

#endif
