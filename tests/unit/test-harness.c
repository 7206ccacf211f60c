/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The harness must be able to fail: this program runs itself with cases that
 * fail on purpose, and looks at what they print.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void
bad_eq(void)
{
	T_EQ(6 * 7, 41);
}

static void
bad_mem(void)
{
	t_row("row %d", 3);
	T_MEM_EQ("abc", 3, "abd", 3);
}

static void
bad_require(void)
{
	T_REQUIRE(1 > 2);
	abort();
}

static void
skipped(void)
{
	t_skip("no such thing here");
}

static const struct t_case bad_cases[] = {
	{ "bad-eq", bad_eq },
	{ "bad-mem", bad_mem },
	{ "bad-require", bad_require },
	{ "skipped", skipped },
};

/* Runs this program as its own failing child; returns its exit status. */
static int
run_bad(char *out, size_t size)
{
	FILE *pipe;
	size_t len;
	char self[256], command[300];
	ssize_t n;

	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	T_REQUIRE(n > 0);
	self[n] = '\0';
	snprintf(command, sizeof(command), "T_BAD=1 '%s'", self);
	T_REQUIRE((pipe = popen(command, "r")) != NULL);
	len = fread(out, 1, size - 1, pipe);
	out[len] = '\0';
	return (pclose(pipe));
}

static void
test_failures_are_told(void)
{
	char out[4096];
	int status;

	status = run_bad(out, sizeof(out));
	T_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	T_TRUE(strncmp(out, "1..4\n", 5) == 0);
	T_TRUE(strstr(out, "\nnot ok 1 - bad-eq\n") != NULL);
	T_TRUE(strstr(out, "6 * 7 == 41: 42 (0x2a) and 41 (0x29)") != NULL);
	T_TRUE(strstr(out, "\nnot ok 2 - bad-mem\n") != NULL);
	T_TRUE(strstr(out, "row 3: ") != NULL);
	T_TRUE(strstr(out, "differ at 2") != NULL);
	T_TRUE(strstr(out, "\nnot ok 3 - bad-require\n") != NULL);
	T_TRUE(strstr(out, "\nok 4 - skipped # SKIP no such") != NULL);
}

static void
test_checks_pass(void)
{
	static const char *none = NULL;

	T_TRUE(true);
	T_FALSE(false);
	T_REQUIRE(true);
	T_EQ(-1, -1);
	T_NE(-1, UINT32_MAX);
	T_PTR_EQ(none, none);
	T_NULL(none);
	T_STR_EQ("a", "a");
	T_STR_EQ(none, none);
	T_MEM_EQ("\0a", 2, "\0a", 2);
	T_MEM_EQ(none, 0, "", 0);
}

static void
test_tmpdir(void)
{
	struct stat st;

	T_REQUIRE(stat(t_tmpdir(), &st) == 0);
	T_TRUE(S_ISDIR(st.st_mode));
	T_EQ(st.st_mode & 077, 0);
	T_STR_EQ(t_tmpdir(), t_tmpdir());
}

static const struct t_case cases[] = {
	{ "checks pass", test_checks_pass },
	{ "failures are told", test_failures_are_told },
	{ "tmpdir", test_tmpdir },
};

int
main(int argc, char **argv)
{
	if (getenv("T_BAD") != NULL)
		return (t_main("bad", bad_cases, T_ROWS(bad_cases), argc,
		    argv));
	return (t_main("harness", cases, T_ROWS(cases), argc, argv));
}
