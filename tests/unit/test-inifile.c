/* SPDX-License-Identifier: Apache-2.0 */
/* What an INI file says, line by line, and what no INI file may be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "inifile.h"
#include "str.h"

/* Everything that was told, as lines: "2[a]", "3 k=v", "4! mistake". */
static void
told_section(void *arg, unsigned line, const char *name)
{
	str_addf(arg, "%u[%s]\n", line, name);
}

static void
told_key(void *arg, unsigned line, const char *key, const char *value)
{
	str_addf(arg, "%u %s=%s\n", line, key, value);
}

static void
told_mistake(void *arg, unsigned line, const char *text)
{
	str_addf(arg, "%u! %s\n", line, text);
}

static const struct inifile_ops ops = {
	.section = told_section,
	.key = told_key,
	.mistake = told_mistake,
};

/* For free(). */
static char *
read_bytes(const char *bytes, size_t len)
{
	struct str told = { 0 };
	FILE *file;

	file = tmpfile();
	T_REQUIRE(file != NULL);
	T_REQUIRE(fwrite(bytes, 1, len, file) == len);
	rewind(file);
	inifile_read(file, &ops, &told);
	fclose(file);
	str_add(&told, "");
	return (str_take(&told));
}

#define BYTES(text)	(text), sizeof(text) - 1

static const struct {
	const char	*name;
	const char	*bytes;
	size_t		 len;
	const char	*told;
} rows[] = {
	{ "empty file", BYTES(""), "" },
	{ "blank lines and comments", BYTES("\n \t\n; c\n  # d\n"), "" },
	{ "sections and keys", BYTES("[a b]\nk = v\n[c]\n[d]\nx=1\n"),
	    "1[a b]\n2 k=v\n3[c]\n4[d]\n5 x=1\n" },
	{ "blanks", BYTES("  [ a b ]  \n\tk\t=\tv w \t\n"),
	    "1[a b]\n2 k=v w\n" },
	{ "no blanks, more =", BYTES("[a]\nk=v=w\n"), "1[a]\n2 k=v=w\n" },
	{ "no value", BYTES("[a]\nk =\nl=\n"), "1[a]\n2 k=\n3 l=\n" },
	{ "indented keys are keys", BYTES("[a]\nk = v\n  l = w\n"),
	    "1[a]\n2 k=v\n3 l=w\n" },
	{ "repeated keys", BYTES("[a]\nk = 1\nk = 2\n[a]\nk = 3\n"),
	    "1[a]\n2 k=1\n3 k=2\n4[a]\n5 k=3\n" },
	{ "comments behind", BYTES("[a] ; one\n[b] # two\nk = v ; three\n"
	    "l = a;b\nm = #x\n"), "1[a]\n2[b]\n3 k=v\n4 l=a;b\n5 m=#x\n" },
	{ "CRLF", BYTES("[a]\r\nk = v\r\n"), "1[a]\n2 k=v\n" },
	{ "byte order mark", BYTES("\xef\xbb\xbf[a]\nk = v\n"),
	    "1[a]\n2 k=v\n" },
	{ "UTF-8", BYTES("[a]\nk = \xc3\xa4\n"), "1[a]\n2 k=\xc3\xa4\n" },
	{ "a key first", BYTES("k = v\n[a]\nl = w\n"),
	    "1! a key before the first [section]\n2[a]\n3 l=w\n" },
	{ "no equals sign", BYTES("[a]\nword\nk = v\nmore words\n"),
	    "1[a]\n2! neither a [section] nor \"key = value\"\n3 k=v\n"
	    "4! neither a [section] nor \"key = value\"\n" },
	{ "commented away equals sign", BYTES("[a]\nk ;= v\n"),
	    "1[a]\n2! neither a [section] nor \"key = value\"\n" },
	{ "no key", BYTES("[a]\n = v\n"),
	    "1[a]\n2! there is no key before the \"=\"\n" },
	{ "unclosed section", BYTES("[a]\nk = v\n[b\nl = w\n[c]\nm = x\n"),
	    "1[a]\n2 k=v\n3! the section has no \"]\"\n5[c]\n6 m=x\n" },
	{ "text behind a section", BYTES("[a] k = v\nl = w\n"),
	    "1! something stands behind the \"]\"\n" },
	{ "nameless section", BYTES("[ ]\nk = v\n[]\n"),
	    "1! the section has no name\n3! the section has no name\n" },
	{ "NUL", BYTES("[a]\nk = v\0w\nl = x\n"),
	    "1[a]\n2! the line has a NUL byte\n3 l=x\n" },
	{ "NUL in a comment", BYTES("; \0\n"),
	    "1! the line has a NUL byte\n" },
	{ "control characters", BYTES("[a]\nk = \x1b[2J\nl = a\rb\nm\x7f=\n"),
	    "1[a]\n2! the line has the control character 0x1b\n"
	    "3! the line has the control character 0x0d\n"
	    "4! the line has the control character 0x7f\n" },
	{ "a bad section's keys are skipped", BYTES("[a]\n[b\x01]\nk = v\n"),
	    "1[a]\n2! the line has the control character 0x01\n" },
	{ "half a file", BYTES("[a]\nk = v\nl = 1"), "1[a]\n2 k=v\n"
	    "3! the last line has no newline: is the file complete?\n" },
	{ "half a section", BYTES("[a]\nk = v\n[servi"), "1[a]\n2 k=v\n"
	    "3! the last line has no newline: is the file complete?\n" },
	{ "UTF-16", BYTES("\xff\xfe[\0a\0]\0\n\0"),
	    "1! the line has a NUL byte\n2! the line has a NUL byte\n" },
};

static void
test_lines(void)
{
	char *told;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].name);
		told = read_bytes(rows[i].bytes, rows[i].len);
		T_STR_EQ(told, rows[i].told);
		free(told);
	}
}

/* "[a]", a line that ends with len times "x", a good key. */
static char *
read_long(const char *begin, size_t len)
{
	struct str text = { 0 };
	char *told;

	str_addf(&text, "[a]\n%s", begin);
	for (; len > 0; len--)
		str_add_char(&text, 'x');
	str_add(&text, "\nlast = 1\n");
	T_REQUIRE(!text.failed);
	told = read_bytes(text.text, text.len);
	str_free(&text);
	return (told);
}

/* 197 bytes arrive whole, one more is told; so is no line ever cut. */
static void
test_long_lines(void)
{
	static const char too_long[] = "1[a]\n2! the line is longer than 197 "
	    "bytes\n3 last=1\n";
	static const size_t lengths[] = { 198, 199, 200, 201, 250, 1000,
		10 << 20 };
	char *told;
	size_t i;

	told = read_long("k=", INIFILE_LINE_MAX - 2);
	T_EQ(strlen(told), strlen("1[a]\n2 k=\n3 last=1\n") +
	    INIFILE_LINE_MAX - 2);
	free(told);
	for (i = 0; i < T_ROWS(lengths); i++) {
		t_row("%zu bytes", lengths[i]);
		told = read_long("k=", lengths[i] - 2);
		T_STR_EQ(told, too_long);
		free(told);
	}
	t_row("a comment may be long");
	told = read_long("; ", 500);
	T_STR_EQ(told, "1[a]\n3 last=1\n");
	free(told);
	t_row("a long section: its keys are not the previous one's");
	told = read_long("[b ", 500);
	T_STR_EQ(told, "1[a]\n2! the line is longer than 197 bytes\n");
	free(told);
}

/* A key behind more blanks than fit is not taken for an empty line. */
static void
test_long_blanks(void)
{
	struct str text = { 0 };
	char *told;
	int i;

	str_add(&text, "[a]\n");
	for (i = 0; i < 300; i++)
		str_add_char(&text, ' ');
	str_add(&text, "k = v\n");
	T_REQUIRE(!text.failed);
	told = read_bytes(text.text, text.len);
	T_STR_EQ(told, "1[a]\n2! the line is longer than 197 bytes\n");
	free(told);
	str_free(&text);
}

/* inih itself keeps 49 bytes of a section's name. */
static void
test_long_section(void)
{
	char text[128], name[64], expected[160], *told;

	memset(name, 'n', sizeof(name));
	name[INIFILE_SECTION_MAX] = '\0';
	snprintf(text, sizeof(text), "[%s]\nk = v\n", name);
	snprintf(expected, sizeof(expected), "1[%s]\n2 k=v\n", name);
	told = read_bytes(text, strlen(text));
	T_STR_EQ(told, expected);
	free(told);
	snprintf(text, sizeof(text), "[%sx]\nk = v\n", name);
	told = read_bytes(text, strlen(text));
	T_STR_EQ(told,
	    "1! the section's name is longer than 48 bytes\n");
	free(told);
}

/* inih keeps 49 bytes of a key for lines that go on; keys are not cut. */
static void
test_long_key(void)
{
	char text[256], key[101], expected[160], *told;

	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	snprintf(text, sizeof(text), "[a]\n%s = 1\n  l = 2\n", key);
	snprintf(expected, sizeof(expected), "1[a]\n2 %s=1\n3 l=2\n", key);
	told = read_bytes(text, strlen(text));
	T_STR_EQ(told, expected);
	free(told);
}

T_MAIN({ "lines", test_lines },
    { "long-lines", test_long_lines },
    { "long-blanks", test_long_blanks },
    { "long-section", test_long_section },
    { "long-key", test_long_key })
