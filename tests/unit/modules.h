/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests that load plugins of their own: a module is compiled from its text
 * by the compiler of the build, as an author of a plugin would.
 */
#ifndef TESTS_MODULES_H
#define TESTS_MODULES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Whether there is a compiler and the header; else the case is skipped. */
static inline bool
modules_possible(void)
{
	if (getenv("CC") != NULL && getenv("top_srcdir") != NULL &&
	    getenv("top_builddir") != NULL)
		return (true);
	t_skip("no compiler: CC, top_srcdir and top_builddir are not set");
	return (false);
}

static inline void
module_write(const char *path, const char *text)
{
	FILE *file;

	file = fopen(path, "w");
	T_REQUIRE(file != NULL);
	T_REQUIRE(fputs(text, file) >= 0);
	T_REQUIRE(fclose(file) == 0);
}

/* Makes DIR/NAME.so of the text, which follows #include <headgate/plugin.h>. */
static inline void
module_build(const char *dir, const char *name, const char *text)
{
	char source[512], body[4096], command[2048];

	snprintf(source, sizeof(source), "%s/%s.c", dir, name);
	snprintf(body, sizeof(body), "#include <headgate/plugin.h>\n%s;\n",
	    text);
	module_write(source, body);
	snprintf(command, sizeof(command), "umask 022; %s -w -std=gnu11 "
	    "-fPIC -shared -fvisibility=hidden -I'%s/include' "
	    "-I'%s/include' -o '%s/%s.so' '%s'", getenv("CC"),
	    getenv("top_builddir"), getenv("top_srcdir"), dir, name, source);
	T_REQUIRE(system(command) == 0);
	T_REQUIRE(remove(source) == 0);
}

#endif
