/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One INI file through inih. inih as distributions build it cuts long lines,
 * tells no line numbers and no empty sections, and goes on with the previous
 * section behind a broken one. So it is given its lines by a reader of ours,
 * which counts them, reads the [section] lines itself, and holds back what inih
 * would misread.
 *
 * Comments begin with ";" or "#" at the beginning of a line, or with ";" behind
 * a blank. Blanks at the beginning and at the end of a line do not matter.
 */
#ifndef CORE_INIFILE_H
#define CORE_INIFILE_H

#include <stdio.h>

#define INIFILE_LINE_MAX	197	/* bytes of a line that is no comment */
#define INIFILE_SECTION_MAX	48	/* bytes between [ and ] */

struct inifile_ops {
	void	(*section)(void *arg, unsigned line, const char *name);
	/* Belongs to the section before. Both texts end with the call. */
	void	(*key)(void *arg, unsigned line, const char *key,
		    const char *value);
	/* What follows a section line with a mistake is skipped. */
	void	(*mistake)(void *arg, unsigned line, const char *text);
};

void	inifile_read(FILE *, const struct inifile_ops *, void *arg);

#endif
