/* SPDX-License-Identifier: Apache-2.0 */
#include "option.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "str.h"

/* What a type takes in the struct, and how its numbers may end. */
struct type {
	const char	*name;
	size_t		 size;
	const char	*example;
};

struct unit {
	enum hg_option_type	 type;
	const char		*name;
	int64_t			 factor;
};

static const struct type types[] = {
	[HG_BOOL] = { "bool", sizeof(bool), NULL },
	[HG_INT] = { "int", sizeof(int64_t), "a whole number" },
	[HG_SIZE] = { "size", sizeof(int64_t), "a size such as 512, 64k, 16m" },
	[HG_TIME] = { "time", sizeof(int64_t), "a time such as 250ms, 5s, 2m" },
	[HG_STRING] = { "string", sizeof(char *), NULL },
	[HG_CHOICE] = { "choice", sizeof(int), NULL },
	[HG_LIST] = { "list", sizeof(struct hg_strings), NULL },
};

/* The largest first, so that the first that divides a number is the best. */
static const struct unit units[] = {
	{ HG_SIZE, "g", 1 << 30 },
	{ HG_SIZE, "m", 1 << 20 },
	{ HG_SIZE, "k", 1 << 10 },
	{ HG_SIZE, "", 1 },
	{ HG_TIME, "d", 86400000 },
	{ HG_TIME, "h", 3600000 },
	{ HG_TIME, "m", 60000 },
	{ HG_TIME, "s", 1000 },
	{ HG_TIME, "", 1000 },
	{ HG_TIME, "ms", 1 },
	{ HG_INT, "", 1 },
};

static const char *const bool_words[] = { "no", "yes", "off", "on", "false",
	"true", NULL };

static void *
option_at(const struct hg_option *option, void *values)
{
	return ((char *)values + option->offset);
}

static const void *
option_in(const struct hg_option *option, const void *values)
{
	return ((const char *)values + option->offset);
}

const char *
option_type_name(enum hg_option_type type)
{
	return ((unsigned)type < sizeof(types) / sizeof(types[0]) ?
	    types[type].name : "unknown");
}

size_t
option_type_size(enum hg_option_type type)
{
	return ((unsigned)type < sizeof(types) / sizeof(types[0]) ?
	    types[type].size : 0);
}

const struct hg_option *
option_find(const struct hg_option *table, const char *key)
{
	for (; table != NULL && table->key != NULL; table++)
		if (strcmp(table->key, key) == 0)
			return (table);
	return (NULL);
}

const struct hg_option *
option_near(const struct hg_option *table, const char *key)
{
	struct nearest nearest = { .word = key };
	const struct hg_option *option;

	for (option = table; option != NULL && option->key != NULL; option++)
		nearest_offer(&nearest, option->key);
	return (nearest.best != NULL ? option_find(table, nearest.best) : NULL);
}

/* The index of the word in the list, or -1 and a text that has them all. */
static int
word_find(const char *const *words, const char *value, char *error,
    size_t size)
{
	struct nearest nearest = { .word = value };
	struct str text = { 0 };
	char near[80];
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], value) == 0)
			return (i);
	for (i = 0; words[i] != NULL; i++) {
		nearest_offer(&nearest, words[i]);
		str_addf(&text, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	snprintf(error, size, "\"%s\" is none of %s%s", value,
	    text.text != NULL ? text.text : "",
	    nearest_text(&nearest, near, sizeof(near)));
	str_free(&text);
	return (-1);
}

void
option_number(char *out, size_t size, enum hg_option_type type, int64_t n)
{
	const struct unit *unit;

	for (unit = units; unit->type != HG_INT; unit++)
		if (unit->type == type && n != 0 && n % unit->factor == 0 &&
		    (type == HG_SIZE || unit->name[0] != '\0'))
			break;
	snprintf(out, size, "%" PRId64 "%s", n / unit->factor, unit->name);
}

/* Digits and a unit; -1 when it is something else or does not fit. */
static int
number_parse(enum hg_option_type type, const char *value, int64_t *n)
{
	const struct unit *unit;
	const char *digits;
	size_t len, i;
	uint64_t u;
	bool minus;

	minus = type == HG_INT && value[0] == '-';
	digits = minus ? value + 1 : value;
	len = strspn(digits, "0123456789");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		unit = &units[i];
		if (unit->type != type || strcmp(unit->name, digits + len) != 0)
			continue;
		if (len == 0 || !str_to_u64(digits, len,
		    (uint64_t)(INT64_MAX / unit->factor), &u))
			return (-1);
		*n = minus ? -(int64_t)u : (int64_t)u * unit->factor;
		return (0);
	}
	return (-1);
}

static int
number_set(const struct hg_option *option, int64_t *to, const char *value,
    char *error, size_t size)
{
	char min[32], max[32];
	int64_t n;

	if (number_parse(option->type, value, &n) == -1) {
		snprintf(error, size, "\"%s\" is not %s", value,
		    types[option->type].example);
		return (-1);
	}
	if ((option->min != 0 || option->max != 0) &&
	    (n < option->min || n > option->max)) {
		option_number(min, sizeof(min), option->type, option->min);
		option_number(max, sizeof(max), option->type, option->max);
		snprintf(error, size, "%s is not within %s and %s", value, min,
		    max);
		return (-1);
	}
	*to = n;
	return (0);
}

static void
list_clear(struct hg_strings *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free((char *)(uintptr_t)list->item[i]);
	free((void *)(uintptr_t)list->item);
	list->item = NULL;
	list->count = 0;
}

/* The list owns its items and the array of them. */
static int
list_add(struct hg_strings *list, const char *value, char *error, size_t size)
{
	const char **item;
	char *copy;

	if (list->count == OPTION_LIST_MAX) {
		snprintf(error, size, "more than %d values", OPTION_LIST_MAX);
		return (-1);
	}
	copy = str_dup(value, strlen(value));
	item = realloc((void *)(uintptr_t)list->item,
	    (list->count + 1) * sizeof(*item));
	if (item != NULL)
		list->item = item;
	if (item == NULL || copy == NULL) {
		free(copy);
		snprintf(error, size, "out of memory");
		return (-1);
	}
	item[list->count++] = copy;
	return (0);
}

static int
string_set(const struct hg_option *option, char **to, const char *value,
    char *error, size_t size)
{
	char *copy;

	copy = NULL;
	if (value[0] != '\0' || option->standard != NULL) {
		copy = str_dup(value, strlen(value));
		if (copy == NULL) {
			snprintf(error, size, "out of memory");
			return (-1);
		}
	}
	free(*to);
	*to = copy;
	return (0);
}

/* The plugin's or section's own opinion; an empty value that takes away what
 * was there needs none. */
static int
value_check(const struct hg_option *option, const char *value, char *error,
    size_t size)
{
	const char *wrong;
	char buffer[256];

	if (option->check == NULL || (value[0] == '\0' &&
	    (option->type == HG_LIST || option->standard == NULL)))
		return (0);
	buffer[0] = '\0';
	wrong = option->check(value, buffer, sizeof(buffer));
	if (wrong == NULL)
		return (0);
	snprintf(error, size, "%s", wrong);
	return (-1);
}

int
option_set(const struct hg_option *option, void *values, const char *value,
    char *error, size_t size)
{
	void *to;
	int i;

	to = option_at(option, values);
	if (value_check(option, value, error, size) == -1)
		return (-1);
	switch (option->type) {
	case HG_BOOL:
		i = word_find(bool_words, value, error, size);
		if (i != -1)
			*(bool *)to = i % 2 == 1;
		return (i == -1 ? -1 : 0);
	case HG_CHOICE:
		i = word_find(option->choices, value, error, size);
		if (i != -1)
			*(int *)to = i;
		return (i == -1 ? -1 : 0);
	case HG_INT:
	case HG_SIZE:
	case HG_TIME:
		return (number_set(option, to, value, error, size));
	case HG_STRING:
		return (string_set(option, to, value, error, size));
	case HG_LIST:
		if (value[0] != '\0')
			return (list_add(to, value, error, size));
		list_clear(to);
		return (0);
	}
	return (-1);
}

int
option_defaults(const struct hg_option *table, void *values)
{
	char error[256];

	for (; table != NULL && table->key != NULL; table++)
		if (table->standard != NULL && option_set(table, values,
		    table->standard, error, sizeof(error)) == -1)
			return (-1);
	return (0);
}

const char *
option_text(const struct hg_option *option, const void *values, size_t i)
{
	static char number[32];
	const struct hg_strings *list;
	const void *at;

	at = option_in(option, values);
	list = at;
	if (option->type == HG_LIST)
		return (i < list->count ? list->item[i] : NULL);
	if (i > 0)
		return (NULL);
	switch (option->type) {
	case HG_BOOL:
		return (bool_words[*(const bool *)at ? 1 : 0]);
	case HG_CHOICE:
		return (option->choices[*(const int *)at]);
	case HG_STRING:
		return (*(const char *const *)at);
	default:
		option_number(number, sizeof(number), option->type,
		    *(const int64_t *)at);
		return (number);
	}
}

void
option_free(const struct hg_option *table, void *values)
{
	char **text;

	for (; table != NULL && table->key != NULL; table++) {
		if (table->type == HG_LIST)
			list_clear(option_at(table, values));
		if (table->type == HG_STRING) {
			text = option_at(table, values);
			free(*text);
			*text = NULL;
		}
	}
}

/* What the copy shares with the original becomes its own, or empty. */
static int
value_copy(const struct hg_option *option, const void *from, void *to)
{
	const struct hg_strings *list;
	const char *text;
	char error[64];
	size_t i;

	if (option->type == HG_STRING) {
		memset(option_at(option, to), 0, sizeof(char *));
		text = option_text(option, from, 0);
		return (text == NULL ? 0 : string_set(option,
		    option_at(option, to), text, error, sizeof(error)));
	}
	if (option->type != HG_LIST)
		return (0);
	memset(option_at(option, to), 0, sizeof(*list));
	list = option_in(option, from);
	for (i = 0; i < list->count; i++)
		if (list_add(option_at(option, to), list->item[i], error,
		    sizeof(error)) == -1)
			return (-1);
	return (0);
}

void *
option_copy(const struct hg_option *table, const void *values, size_t size)
{
	const struct hg_option *option;
	void *copy;
	int failed;

	copy = malloc(size > 0 ? size : 1);
	if (copy == NULL)
		return (NULL);
	memcpy(copy, values, size);
	failed = 0;
	for (option = table; option != NULL && option->key != NULL; option++)
		failed |= value_copy(option, values, copy);
	if (failed == 0)
		return (copy);
	option_free(table, copy);
	free(copy);
	return (NULL);
}
