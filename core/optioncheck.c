/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a table that a plugin brings can be used at all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

static const char *
entry_problem(const struct hg_option *table, const struct hg_option *option,
    size_t values_size)
{
	size_t size;

	if (option->key[0] == '\0' || option->key[strspn(option->key,
	    "abcdefghijklmnopqrstuvwxyz-")] != '\0')
		return ("the key has other characters than a-z and \"-\"");
	if (option_find(table, option->key) != option)
		return ("the key is there twice");
	size = option_type_size(option->type);
	if (size == 0)
		return ("the type is unknown");
	if (values_size < size || option->offset > values_size - size)
		return ("the offset is outside of options_size");
	if (option->offset % (size < sizeof(void *) ? size : sizeof(void *)))
		return ("the offset is not aligned");
	if (option->min > option->max)
		return ("min is above max");
	if (option->type == HG_CHOICE &&
	    (option->choices == NULL || option->choices[0] == NULL))
		return ("there are no choices");
	return (NULL);
}

/* Needs a table whose offsets are fine. */
static int
defaults_check(const struct hg_option *table, void *values, char *error,
    size_t size)
{
	char text[256];

	for (; table->key != NULL; table++)
		if (table->standard != NULL && option_set(table, values,
		    table->standard, text, sizeof(text)) == -1) {
			snprintf(error, size, "option \"%.40s\": default: %s",
			    table->key, text);
			return (-1);
		}
	return (0);
}

int
option_check_table(const struct hg_option *table, size_t values_size,
    char *error, size_t size)
{
	const struct hg_option *option;
	const char *problem;
	void *values;
	int failed;

	for (option = table; option != NULL && option->key != NULL; option++) {
		problem = entry_problem(table, option, values_size);
		if (problem == NULL)
			continue;
		snprintf(error, size, "option \"%.40s\": %s", option->key,
		    problem);
		return (-1);
	}
	if (table == NULL)
		return (0);
	values = calloc(1, values_size > 0 ? values_size : 1);
	if (values == NULL) {
		snprintf(error, size, "out of memory");
		return (-1);
	}
	failed = defaults_check(table, values, error, size);
	option_free(table, values);
	free(values);
	return (failed);
}
