/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a plugin, filled in from "key=value" and from the defaults. */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char error_text[256];

static const char *
wrong(const char *key, const char *value, const char *what)
{
	snprintf(error_text, sizeof(error_text), "%s: %s: %s", key, value,
	    what);
	return (error_text);
}

static bool
read_bool(const char *value, bool *out)
{
	static const char *const yes[] = { "yes", "on", "true" };
	static const char *const no[] = { "no", "off", "false" };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*out = strcmp(value, yes[i]) == 0;
			return (true);
		}
	}
	return (false);
}

/* A number with one of the units behind it, or none. */
static bool
read_number(const char *value, enum hg_option_type type, int64_t *out)
{
	static const struct {
		enum hg_option_type	 type;
		const char		*name;
		int64_t			 factor;
	} units[] = {
		{ HG_INT, "", 1 },
		{ HG_SIZE, "", 1 },
		{ HG_SIZE, "k", 1 << 10 },
		{ HG_SIZE, "m", 1 << 20 },
		{ HG_SIZE, "g", 1 << 30 },
		{ HG_TIME, "", 1000 },
		{ HG_TIME, "ms", 1 },
		{ HG_TIME, "s", 1000 },
		{ HG_TIME, "m", 60000 },
		{ HG_TIME, "h", 3600000 },
		{ HG_TIME, "d", 86400000 },
	};
	long long number;
	char *end;
	size_t i;

	errno = 0;
	number = strtoll(value, &end, 10);
	if (end == value || errno != 0)
		return (false);
	for (i = 0; i < T_ROWS(units); i++) {
		if (units[i].type != type || strcmp(end, units[i].name) != 0)
			continue;
		return (!__builtin_mul_overflow(number, units[i].factor, out));
	}
	return (false);
}

static bool
read_choice(const char *value, const char *const *choices, int *out)
{
	int i;

	for (i = 0; choices[i] != NULL; i++) {
		if (strcmp(value, choices[i]) == 0) {
			*out = i;
			return (true);
		}
	}
	return (false);
}

static void
list_add(struct hg_strings *strings, const char *value)
{
	char **item;
	size_t i;

	item = calloc(strings->count + 1, sizeof(*item));
	if (item == NULL)
		abort();
	for (i = 0; i < strings->count; i++)
		item[i] = (char *)(uintptr_t)strings->item[i];
	item[i] = str_dup(value, strlen(value));
	free((void *)(uintptr_t)strings->item);
	strings->item = (const char *const *)item;
	strings->count++;
}

static void *
place(void *options, const struct hg_option *option)
{
	return ((char *)options + option->offset);
}

/* NULL, or what is wrong with the value. */
static const char *
set(void *options, const struct hg_option *option, const char *value)
{
	static char buffer[256];
	const char *what;
	int64_t number;
	void *at;

	at = place(options, option);
	if (option->check != NULL &&
	    (what = option->check(value, buffer, sizeof(buffer))) != NULL)
		return (wrong(option->key, value, what));
	switch (option->type) {
	case HG_BOOL:
		if (!read_bool(value, at))
			return (wrong(option->key, value, "not yes or no"));
		break;
	case HG_INT:
	case HG_SIZE:
	case HG_TIME:
		if (!read_number(value, option->type, &number))
			return (wrong(option->key, value, "not a number"));
		if ((option->min != 0 || option->max != 0) &&
		    (number < option->min || number > option->max))
			return (wrong(option->key, value, "out of range"));
		memcpy(at, &number, sizeof(number));
		break;
	case HG_STRING:
		*(char **)at = str_dup(value, strlen(value));
		break;
	case HG_CHOICE:
		if (!read_choice(value, option->choices, at))
			return (wrong(option->key, value, "no such choice"));
		break;
	case HG_LIST:
		list_add(at, value);
		break;
	}
	return (NULL);
}

static const char *
set_all(void *options, const struct hg_option *option, char *const *pairs,
    size_t count)
{
	const char *error;
	size_t i, len, found;

	found = 0;
	len = strlen(option->key);
	for (i = 0; i < count; i++) {
		if (strncmp(pairs[i], option->key, len) != 0 ||
		    pairs[i][len] != '=')
			continue;
		if (found++ != 0 && option->type != HG_LIST)
			return (wrong(option->key, pairs[i], "twice"));
		error = set(options, option, pairs[i] + len + 1);
		if (error != NULL)
			return (error);
	}
	if (found == 0 && option->standard != NULL &&
	    set(options, option, option->standard) != NULL)
		fake_abort("bad default: %s", error_text);
	return (NULL);
}

static bool
known(const struct hg_plugin *plugin, const char *pair)
{
	const struct hg_option *option;
	size_t len;

	for (option = plugin->options; option != NULL && option->key != NULL;
	    option++) {
		len = strlen(option->key);
		if (strncmp(pair, option->key, len) == 0 && pair[len] == '=')
			return (true);
	}
	return (false);
}

const char *
fake_options(void *options, const struct hg_plugin *plugin,
    char *const *pairs, size_t count)
{
	const struct hg_option *option;
	const char *error;
	size_t i;

	for (i = 0; i < count; i++)
		if (!known(plugin, pairs[i]))
			return (wrong(plugin->name, pairs[i], "no such key"));
	for (option = plugin->options; option != NULL && option->key != NULL;
	    option++) {
		if (option->offset >= plugin->options_size)
			fake_abort("%s: outside of the options", option->key);
		error = set_all(options, option, pairs, count);
		if (error != NULL)
			return (error);
	}
	return (NULL);
}

void
fake_options_free(void *options, const struct hg_plugin *plugin)
{
	const struct hg_option *option;
	struct hg_strings *strings;
	size_t i;

	for (option = plugin->options; option != NULL && option->key != NULL;
	    option++) {
		if (option->type == HG_STRING)
			free(*(char **)place(options, option));
		if (option->type != HG_LIST)
			continue;
		strings = place(options, option);
		for (i = 0; i < strings->count; i++)
			free((void *)(uintptr_t)strings->item[i]);
		free((void *)(uintptr_t)strings->item);
	}
	free(options);
}
