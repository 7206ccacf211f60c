/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/options.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"

static const struct option_row *
find(const struct option_row *row, const char *name, size_t len)
{
	for (; row->name != NULL; row++)
		if (strlen(row->name) == len &&
		    memcmp(row->name, name, len) == 0)
			return (row);
	return (NULL);
}

static void
take(const struct option_row *row, const char *text)
{
	double number;
	char *end;

	if (row->kind == OPTION_TEXT) {
		*(const char **)row->value = text;
		return;
	}
	number = strtod(text, &end);
	if (end == text || *end != '\0' || !(number >= 0) || number > 1e15)
		bench_die("--%s=%s is no number", row->name, text);
	if (row->kind == OPTION_COUNT)
		*(uint64_t *)row->value = (uint64_t)number;
	else if (row->kind == OPTION_REAL)
		*(double *)row->value = number;
	else
		*(bool *)row->value = number != 0;
}

void
options_read(const struct option_row *rows, int argc, char **argv)
{
	const struct option_row *row;
	const char *name, *equals;
	int i;

	for (i = 0; i < argc; i++) {
		name = argv[i] + 2;
		equals = strchr(argv[i], '=');
		if (strncmp(argv[i], "--", 2) != 0 || equals == NULL ||
		    (row = find(rows, name, (size_t)(equals - name))) == NULL)
			bench_die("what is %s?", argv[i]);
		take(row, equals + 1);
	}
}
