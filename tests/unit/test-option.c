/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of keys: values as they are written, defaults, copies, bad tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "nearest.h"
#include "option.h"

struct values {
	bool			 yes;
	int64_t			 number;
	int64_t			 bounded;
	int64_t			 size;
	int64_t			 time;
	char			*text;
	char			*preset;
	int			 colour;
	struct hg_strings	 words;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const char *
no_x(const char *value, char *buffer, size_t size)
{
	if (strchr(value, 'x') == NULL)
		return (NULL);
	snprintf(buffer, size, "\"%s\" has an x", value);
	return (buffer);
}

#define ROW(name, t, field, preset, ...)				\
	{ .key = name, .type = t, .offset = offsetof(struct values, field),\
	    .standard = preset, __VA_ARGS__ }

static const struct hg_option table[] = {
	ROW("yes", HG_BOOL, yes, "yes", .help = "a bool"),
	ROW("number", HG_INT, number, "-7", .help = "any number"),
	ROW("bounded", HG_INT, bounded, NULL, .min = 1, .max = 10),
	ROW("size", HG_SIZE, size, "64k", .min = 1024, .max = 1 << 30),
	ROW("time", HG_TIME, time, "250ms", .min = 0, .max = 86400000),
	ROW("text", HG_STRING, text, NULL, .check = no_x),
	ROW("preset", HG_STRING, preset, "abc", .check = NULL),
	ROW("colour", HG_CHOICE, colour, "green", .choices = colours),
	ROW("words", HG_LIST, words, "one", .check = no_x),
	{ .key = NULL },
};

static const struct hg_option *
row(const char *key)
{
	const struct hg_option *option;

	option = option_find(table, key);
	T_REQUIRE(option != NULL);
	return (option);
}

static void
values_init(struct values *values)
{
	memset(values, 0, sizeof(*values));
	T_REQUIRE(option_defaults(table, values) == 0);
}

static void
test_defaults(void)
{
	struct values values;

	values_init(&values);
	T_TRUE(values.yes);
	T_EQ(values.number, -7);
	T_EQ(values.bounded, 0);
	T_EQ(values.size, 65536);
	T_EQ(values.time, 250);
	T_NULL(values.text);
	T_STR_EQ(values.preset, "abc");
	T_EQ(values.colour, 1);
	T_EQ(values.words.count, 1);
	T_STR_EQ(values.words.item[0], "one");
	option_free(table, &values);
	T_NULL(values.preset);
	T_EQ(values.words.count, 0);
}

/* What is written, and what it is then; error instead when it is refused. */
static const struct {
	const char	*key, *value, *text, *error;
} written[] = {
	{ "yes", "no", "no", NULL },
	{ "yes", "on", "yes", NULL },
	{ "yes", "off", "no", NULL },
	{ "yes", "true", "yes", NULL },
	{ "yes", "false", "no", NULL },
	{ "yes", "maybe", NULL,
	    "\"maybe\" is none of no, yes, off, on, false, true" },
	{ "yes", "", NULL, "\"\" is none of no, yes, off, on, false, true" },
	{ "yes", "YES", NULL,
	    "\"YES\" is none of no, yes, off, on, false, true" },
	{ "number", "9223372036854775807", "9223372036854775807", NULL },
	{ "number", "9223372036854775808", NULL,
	    "\"9223372036854775808\" is not a whole number" },
	{ "number", "-1", "-1", NULL },
	{ "number", "--1", NULL, "\"--1\" is not a whole number" },
	{ "number", "+1", NULL, "\"+1\" is not a whole number" },
	{ "number", "0x10", NULL, "\"0x10\" is not a whole number" },
	{ "number", "1 ", NULL, "\"1 \" is not a whole number" },
	{ "number", "", NULL, "\"\" is not a whole number" },
	{ "number", "-", NULL, "\"-\" is not a whole number" },
	{ "number", "1k", NULL, "\"1k\" is not a whole number" },
	{ "bounded", "1", "1", NULL },
	{ "bounded", "10", "10", NULL },
	{ "bounded", "0", NULL, "0 is not within 1 and 10" },
	{ "bounded", "11", NULL, "11 is not within 1 and 10" },
	{ "size", "1024", "1k", NULL },
	{ "size", "1536", "1536", NULL },
	{ "size", "16m", "16m", NULL },
	{ "size", "1048576", "1m", NULL },
	{ "size", "1g", "1g", NULL },
	{ "size", "2g", NULL, "2g is not within 1k and 1g" },
	{ "size", "1023", NULL, "1023 is not within 1k and 1g" },
	{ "size", "-1", NULL,
	    "\"-1\" is not a size such as 512, 64k, 16m" },
	{ "size", "16M", NULL,
	    "\"16M\" is not a size such as 512, 64k, 16m" },
	{ "size", "k", NULL, "\"k\" is not a size such as 512, 64k, 16m" },
	{ "size", "1.5k", NULL,
	    "\"1.5k\" is not a size such as 512, 64k, 16m" },
	/* 2^63 bytes as a number of g. */
	{ "size", "8589934592g", NULL,
	    "\"8589934592g\" is not a size such as 512, 64k, 16m" },
	{ "time", "0", "0", NULL },
	{ "time", "5", "5s", NULL },
	{ "time", "5s", "5s", NULL },
	{ "time", "1500ms", "1500ms", NULL },
	{ "time", "90s", "90s", NULL },
	{ "time", "120", "2m", NULL },
	{ "time", "24h", "1d", NULL },
	{ "time", "1d", "1d", NULL },
	{ "time", "2d", NULL, "2d is not within 0 and 1d" },
	{ "time", "5 s", NULL,
	    "\"5 s\" is not a time such as 250ms, 5s, 2m" },
	{ "time", "s", NULL, "\"s\" is not a time such as 250ms, 5s, 2m" },
	{ "text", "hello world", "hello world", NULL },
	{ "text", "", NULL, NULL },
	{ "text", "xx", NULL, "\"xx\" has an x" },
	{ "preset", "", "", NULL },
	{ "colour", "blue", "blue", NULL },
	{ "colour", "gren", NULL, "\"gren\" is none of red, green, blue "
	    "(did you mean \"green\"?)" },
	{ "colour", "mauve", NULL, "\"mauve\" is none of red, green, blue" },
};

static void
test_values(void)
{
	struct values values;
	const struct hg_option *option;
	char error[256];
	size_t i;
	int result;

	for (i = 0; i < T_ROWS(written); i++) {
		t_row("%s = %s", written[i].key, written[i].value);
		values_init(&values);
		option = row(written[i].key);
		result = option_set(option, &values, written[i].value, error,
		    sizeof(error));
		T_EQ(result, written[i].error != NULL ? -1 : 0);
		if (written[i].error != NULL)
			T_STR_EQ(error, written[i].error);
		else
			T_STR_EQ(option_text(option, &values, 0),
			    written[i].text);
		option_free(table, &values);
	}
}

/* A value that was refused leaves the one before in place. */
static void
test_refused_keeps(void)
{
	struct values values;
	char error[256];

	values_init(&values);
	T_EQ(option_set(row("size"), &values, "9", error, sizeof(error)), -1);
	T_EQ(values.size, 65536);
	T_EQ(option_set(row("words"), &values, "x", error, sizeof(error)), -1);
	T_EQ(values.words.count, 1);
	option_free(table, &values);
}

static void
test_lists(void)
{
	struct values values;
	char error[256];

	values_init(&values);
	T_EQ(option_set(row("words"), &values, "a, b c", error,
	    sizeof(error)), 0);
	T_EQ(values.words.count, 2);
	T_STR_EQ(option_text(row("words"), &values, 0), "one");
	T_STR_EQ(option_text(row("words"), &values, 1), "a, b c");
	T_NULL(option_text(row("words"), &values, 2));
	T_EQ(option_set(row("words"), &values, "", error, sizeof(error)), 0);
	T_EQ(values.words.count, 0);
	T_NULL(option_text(row("words"), &values, 0));
	option_free(table, &values);
}

static void
test_list_is_bounded(void)
{
	struct values values;
	char error[256];
	int i, result;

	memset(&values, 0, sizeof(values));
	result = 0;
	for (i = 0; i < OPTION_LIST_MAX; i++)
		result |= option_set(row("words"), &values, "w", error,
		    sizeof(error));
	T_EQ(result, 0);
	T_EQ(option_set(row("words"), &values, "w", error, sizeof(error)), -1);
	T_STR_EQ(error, "more than 1024 values");
	option_free(table, &values);
}

/* A copy shares nothing with its original. */
static void
test_copy(void)
{
	struct values values, *copy;
	char error[256];

	values_init(&values);
	T_EQ(option_set(row("text"), &values, "t", error, sizeof(error)), 0);
	copy = option_copy(table, &values, sizeof(values));
	T_REQUIRE(copy != NULL);
	T_EQ(option_set(row("words"), &values, "two", error, sizeof(error)),
	    0);
	option_free(table, &values);
	T_EQ(copy->number, -7);
	T_STR_EQ(copy->text, "t");
	T_STR_EQ(copy->preset, "abc");
	T_EQ(copy->words.count, 1);
	T_STR_EQ(copy->words.item[0], "one");
	option_free(table, copy);
	free(copy);
}

static void
test_find(void)
{
	T_PTR_EQ(option_find(table, "size"), &table[3]);
	T_NULL(option_find(table, "siz"));
	T_NULL(option_find(NULL, "size"));
	T_PTR_EQ(option_near(table, "sizes"), &table[3]);
	T_PTR_EQ(option_near(table, "nubmer"), &table[1]);
	T_NULL(option_near(table, "zzz"));
	T_NULL(option_near(NULL, "size"));
}

static void
test_nearest(void)
{
	struct nearest nearest = { .word = "workrs" };
	char text[80];

	T_STR_EQ(nearest_text(&nearest, text, sizeof(text)), "");
	nearest_offer(&nearest, "w");
	T_NULL(nearest.best);
	nearest_offer(&nearest, "workshop");
	nearest_offer(&nearest, "workers");
	nearest_offer(&nearest, "worker");
	T_STR_EQ(nearest_text(&nearest, text, sizeof(text)),
	    " (did you mean \"workers\"?)");
}

static void
test_type_names(void)
{
	T_STR_EQ(option_type_name(HG_SIZE), "size");
	T_STR_EQ(option_type_name(HG_LIST), "list");
	T_STR_EQ(option_type_name((enum hg_option_type)99), "unknown");
	T_EQ(option_type_size((enum hg_option_type)99), 0);
}

/* Tables of a plugin that were not thought through. */
static const struct {
	const char		*error;
	struct hg_option	 option;
} bad_tables[] = {
	{ "option \"Big\": the key has other characters than a-z and \"-\"",
	    { .key = "Big", .type = HG_INT } },
	{ "option \"a.b\": the key has other characters than a-z and \"-\"",
	    { .key = "a.b", .type = HG_INT } },
	{ "option \"\": the key has other characters than a-z and \"-\"",
	    { .key = "", .type = HG_INT } },
	{ "option \"a\": the type is unknown",
	    { .key = "a", .type = (enum hg_option_type)77 } },
	{ "option \"a\": the offset is outside of options_size",
	    { .key = "a", .type = HG_INT, .offset = sizeof(struct values) } },
	{ "option \"a\": the offset is outside of options_size",
	    { .key = "a", .type = HG_INT, .offset = (size_t)-4 } },
	{ "option \"a\": the offset is not aligned",
	    { .key = "a", .type = HG_INT, .offset = 4 } },
	{ "option \"a\": min is above max",
	    { .key = "a", .type = HG_INT, .offset = 8, .min = 2, .max = 1 } },
	{ "option \"a\": there are no choices",
	    { .key = "a", .type = HG_CHOICE, .offset = 8 } },
	{ "option \"a\": default: 5 is not within 1 and 2",
	    { .key = "a", .type = HG_INT, .offset = 8, .min = 1, .max = 2,
	    .standard = "5" } },
	{ "option \"a\": default: \"x\" has an x",
	    { .key = "a", .type = HG_LIST, .standard = "x", .check = no_x,
	    .offset = offsetof(struct values, words) } },
};

static void
test_bad_tables(void)
{
	struct hg_option pair[3];
	char error[256];
	size_t i;

	for (i = 0; i < T_ROWS(bad_tables); i++) {
		t_row("%s", bad_tables[i].error);
		memset(pair, 0, sizeof(pair));
		pair[0] = table[1];
		pair[1] = bad_tables[i].option;
		T_EQ(option_check_table(pair, sizeof(struct values), error,
		    sizeof(error)), -1);
		T_STR_EQ(error, bad_tables[i].error);
	}
	t_row("twice");
	memset(pair, 0, sizeof(pair));
	pair[0] = pair[1] = table[1];
	T_EQ(option_check_table(pair, sizeof(struct values), error,
	    sizeof(error)), -1);
	T_STR_EQ(error, "option \"number\": the key is there twice");
	t_row("good");
	T_EQ(option_check_table(table, sizeof(struct values), error,
	    sizeof(error)), 0);
	T_EQ(option_check_table(NULL, 0, error, sizeof(error)), 0);
}

T_MAIN({ "defaults", test_defaults },
    { "values", test_values },
    { "refused-keeps", test_refused_keeps },
    { "lists", test_lists },
    { "list-is-bounded", test_list_is_bounded },
    { "copy", test_copy },
    { "find", test_find },
    { "nearest", test_nearest },
    { "type-names", test_type_names },
    { "bad-tables", test_bad_tables })
