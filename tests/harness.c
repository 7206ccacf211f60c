/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CUnit underneath, TAP outside. CUnit runs the cases and collects failures
 * as text; our text carries the compared values. The plan is printed first,
 * so that a program that crashes half-way is seen as incomplete.
 */
#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define T_TEXT	1024	/* longest message of a check */
#define T_SHOWN	48	/* bytes of a memory block that are printed */

static char		 t_row_name[256];
static const char	*t_skip_reason;
static char		 t_dir[256];
static unsigned int	 t_number;

static bool
t_check(bool ok, bool fatal, struct t_at at, const char *values)
{
	char text[T_TEXT];

	snprintf(text, sizeof(text), "%s%s%s%s%s", t_row_name,
	    t_row_name[0] != '\0' ? ": " : "", at.text,
	    values[0] != '\0' ? ": " : "", values);
	CU_assertImplementation(ok ? CU_TRUE : CU_FALSE, at.line, text,
	    at.file, "", fatal ? CU_TRUE : CU_FALSE);
	return (ok);
}

bool
t_true(bool ok, struct t_at at)
{
	return (t_check(ok, false, at, ""));
}

void
t_require(bool ok, struct t_at at)
{
	t_check(ok, true, at, "");
}

static bool
t_numbers(bool ok, intmax_t a, intmax_t b, struct t_at at)
{
	char values[128];

	snprintf(values, sizeof(values), "%jd (%#jx) and %jd (%#jx)", a,
	    (uintmax_t)a, b, (uintmax_t)b);
	return (t_check(ok, false, at, values));
}

bool
t_eq(intmax_t a, intmax_t b, struct t_at at)
{
	return (t_numbers(a == b, a, b, at));
}

bool
t_ne(intmax_t a, intmax_t b, struct t_at at)
{
	return (t_numbers(a != b, a, b, at));
}

bool
t_ptr_eq(const void *a, const void *b, struct t_at at)
{
	char values[64];

	snprintf(values, sizeof(values), "%p and %p", a, b);
	return (t_check(a == b, false, at, values));
}

bool
t_str_eq(const char *a, const char *b, struct t_at at)
{
	char values[T_TEXT / 2];
	bool ok;

	ok = a != NULL && b != NULL ? strcmp(a, b) == 0 : a == b;
	snprintf(values, sizeof(values), "\"%.200s\" and \"%.200s\"",
	    a != NULL ? a : "(null)", b != NULL ? b : "(null)");
	return (t_check(ok, false, at, values));
}

/* Bytes as hex, cut after T_SHOWN of them. */
static void
t_hex(char *out, const unsigned char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < T_SHOWN; i++)
		out += sprintf(out, "%02x", data[i]);
	strcpy(out, len > T_SHOWN ? ".." : "");
}

bool
t_mem_eq(const void *a, size_t alen, const void *b, size_t blen,
    struct t_at at)
{
	const unsigned char *ac = a, *bc = b;
	char values[T_TEXT / 2], ahex[2 * T_SHOWN + 3], bhex[2 * T_SHOWN + 3];
	size_t i, from;
	bool ok;

	ok = alen == blen && (alen == 0 || memcmp(a, b, alen) == 0);
	if (ok)
		return (t_check(ok, false, at, ""));
	for (i = 0; i < alen && i < blen && ac[i] == bc[i]; i++)
		;
	from = i > 8 ? i - 8 : 0;
	t_hex(ahex, ac == NULL ? ac : ac + from, alen - from);
	t_hex(bhex, bc == NULL ? bc : bc + from, blen - from);
	snprintf(values, sizeof(values),
	    "%zu and %zu bytes, differ at %zu; from %zu: %s and %s", alen,
	    blen, i, from, ahex, bhex);
	return (t_check(ok, false, at, values));
}

void
t_row(const char *fmt, ...)
{
	va_list ap;

	t_row_name[0] = '\0';
	if (fmt == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(t_row_name, sizeof(t_row_name), fmt, ap);
	va_end(ap);
}

void
t_skip(const char *reason)
{
	t_skip_reason = reason;
}

static int
t_rm(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return (remove(path));
}

static void
t_rm_tmpdir(void)
{
	if (t_dir[0] != '\0')
		nftw(t_dir, t_rm, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
t_tmpdir(void)
{
	const char *base;

	if (t_dir[0] != '\0')
		return (t_dir);
	base = getenv("TMPDIR");
	snprintf(t_dir, sizeof(t_dir), "%s/headgate-test-XXXXXX",
	    base != NULL && base[0] != '\0' ? base : "/tmp");
	if (mkdtemp(t_dir) == NULL) {
		printf("Bail out! cannot make %s\n", t_dir);
		exit(99);
	}
	atexit(t_rm_tmpdir);
	return (t_dir);
}

/* A message may hold anything; a TAP comment is one line. */
static void
t_print_failure(const struct CU_FailureRecord *failure)
{
	const char *c;

	printf("# %s:%u: ", failure->strFileName, failure->uiLineNumber);
	for (c = failure->strCondition; *c != '\0'; c++)
		putchar((unsigned char)*c < ' ' ? ' ' : *c);
	putchar('\n');
}

static void
t_case_start(const CU_pTest test, const CU_pSuite suite)
{
	(void)test;
	(void)suite;
	t_row(NULL);
	t_skip_reason = NULL;
}

static void
t_case_done(const CU_pTest test, const CU_pSuite suite,
    const CU_pFailureRecord failures)
{
	const struct CU_FailureRecord *failure;

	(void)suite;
	printf("%sok %u - %s", failures != NULL ? "not " : "", ++t_number,
	    test->pName);
	if (failures == NULL && t_skip_reason != NULL)
		printf(" # SKIP %s", t_skip_reason);
	putchar('\n');
	for (failure = failures; failure != NULL; failure = failure->pNext)
		t_print_failure(failure);
	fflush(stdout);
}

/* A case runs when the command line names none, or names it. */
static bool
t_wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return (true);
	return (argc < 2);
}

int
t_main(const char *suite_name, const struct t_case *cases, size_t count,
    int argc, char **argv)
{
	CU_pSuite suite;
	unsigned int failed, planned;
	size_t i;

	planned = 0;
	if (CU_initialize_registry() != CUE_SUCCESS)
		return (99);
	if ((suite = CU_add_suite(suite_name, NULL, NULL)) == NULL)
		return (99);
	for (i = 0; i < count; i++) {
		if (!t_wanted(cases[i].name, argc, argv))
			continue;
		if (CU_add_test(suite, cases[i].name, cases[i].fn) == NULL)
			return (99);
		planned++;
	}
	CU_set_test_start_handler(t_case_start);
	CU_set_test_complete_handler(t_case_done);
	printf("1..%u\n", planned);
	fflush(stdout);
	CU_run_all_tests();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return (failed != 0 ? 1 : 0);
}
