/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake host checks: there is no test case here that could go on. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

bool
t_true(bool yes, struct t_at at)
{
	if (!yes)
		fuzz_fail(at.file, (int)at.line, at.text);
	return (true);
}

void
t_require(bool yes, struct t_at at)
{
	t_true(yes, at);
}

bool
t_eq(intmax_t a, intmax_t b, struct t_at at)
{
	return (t_true(a == b, at));
}

bool
t_ne(intmax_t a, intmax_t b, struct t_at at)
{
	return (t_true(a != b, at));
}

bool
t_ptr_eq(const void *a, const void *b, struct t_at at)
{
	return (t_true(a == b, at));
}

bool
t_str_eq(const char *a, const char *b, struct t_at at)
{
	return (t_true(a == b ||
	    (a != NULL && b != NULL && strcmp(a, b) == 0), at));
}

bool
t_mem_eq(const void *a, size_t alen, const void *b, size_t blen,
    struct t_at at)
{
	return (t_true(alen == blen && memcmp(a, b, alen) == 0, at));
}

void
t_row(const char *fmt, ...)
{
	(void)fmt;
}
