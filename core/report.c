/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX	32

static void
report_add(struct hg_report *report, const char *name, const char *value,
    bool is_number)
{
	struct report_field *grown, *field;

	if (report->failed)
		return;
	if (report->count == report->size) {
		report->size = report->size == 0 ? 64 : report->size * 2;
		grown = realloc(report->fields,
		    report->size * sizeof(*grown));
		if (grown == NULL) {
			report->size = report->count;
			report->failed = true;
			return;
		}
		report->fields = grown;
	}
	field = &report->fields[report->count];
	field->name = name == NULL ? NULL : strdup(name);
	field->value = value == NULL ? NULL : strdup(value);
	field->is_number = is_number;
	if ((name != NULL && field->name == NULL) ||
	    (value != NULL && field->value == NULL)) {
		free(field->name);
		free(field->value);
		report->failed = true;
		return;
	}
	report->count++;
}

void
report_row(struct hg_report *report)
{
	report_add(report, NULL, NULL, false);
}

void
report_text(struct hg_report *report, const char *name, const char *value)
{
	report_add(report, name, value != NULL ? value : "", false);
}

void
report_number(struct hg_report *report, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	report_add(report, name, text, true);
}

void
report_join(struct hg_report *report, struct hg_report *from)
{
	struct report_field *grown;

	report->failed |= from->failed;
	if (from->count == 0)
		return;
	grown = realloc(report->fields, (report->count + from->count) *
	    sizeof(*grown));
	if (grown == NULL) {
		report->failed = true;
		return;
	}
	memcpy(grown + report->count, from->fields,
	    from->count * sizeof(*grown));
	report->fields = grown;
	report->count += from->count;
	report->size = report->count;
	free(from->fields);
	*from = (struct hg_report){ 0 };
}

void
report_free(struct hg_report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++) {
		free(report->fields[i].name);
		free(report->fields[i].value);
	}
	free(report->fields);
	*report = (struct hg_report){ 0 };
}

/* --- text ---------------------------------------------------------------- */

struct columns {
	const char	*name[COLUMNS_MAX];
	size_t		 width[COLUMNS_MAX];
	size_t		 count;
};

static size_t
columns_find(const struct columns *columns, const char *name)
{
	size_t i;

	for (i = 0; i < columns->count; i++)
		if (strcmp(columns->name[i], name) == 0)
			break;
	return (i);
}

static void
columns_measure(struct columns *columns, const struct hg_report *report)
{
	const struct report_field *field;
	size_t i, at, len;

	for (i = 0; i < report->count; i++) {
		field = &report->fields[i];
		if (field->name == NULL)
			continue;
		at = columns_find(columns, field->name);
		if (at == COLUMNS_MAX)
			continue;
		if (at == columns->count) {
			columns->name[columns->count++] = field->name;
			columns->width[at] = strlen(field->name);
		}
		len = strlen(field->value);
		if (len > columns->width[at])
			columns->width[at] = len;
	}
}

/*
 * A blank behind the last column would be in every line. What a terminal would
 * obey is not printed.
 */
static void
columns_line(struct str *out, const struct columns *columns,
    const char *const *values)
{
	size_t i, last, from = out->len;

	last = columns->count;
	while (last > 0 && (values[last - 1] == NULL ||
	    values[last - 1][0] == '\0'))
		last--;
	for (i = 0; i + 1 < last; i++)
		str_addf(out, "%-*s  ", (int)columns->width[i],
		    values[i] != NULL ? values[i] : "");
	if (last > 0)
		str_add(out, values[last - 1]);
	for (i = from; i < out->len; i++)
		if ((unsigned char)out->text[i] < 0x20 ||
		    out->text[i] == 0x7f)
			out->text[i] = '?';
	str_add_char(out, '\n');
}

void
report_print_text(struct str *out, const struct hg_report *report)
{
	struct columns columns = { 0 };
	const char *values[COLUMNS_MAX] = { 0 };
	const struct report_field *field;
	size_t i, at;
	bool begun = false;

	columns_measure(&columns, report);
	if (columns.count == 0)
		return;
	columns_line(out, &columns, columns.name);
	for (i = 0; i < report->count; i++) {
		field = &report->fields[i];
		if (field->name == NULL) {
			if (begun)
				columns_line(out, &columns, values);
			memset(values, 0, sizeof(values));
			begun = true;
			continue;
		}
		if ((at = columns_find(&columns, field->name)) < columns.count)
			values[at] = field->value;
	}
	if (begun)
		columns_line(out, &columns, values);
}

/* --- JSON ---------------------------------------------------------------- */

static void
json_text(struct str *out, const char *text)
{
	const unsigned char *c;

	str_add_char(out, '"');
	for (c = (const unsigned char *)text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			str_addf(out, "\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)
			str_addf(out, "\\u%04x", *c);
		else
			str_add_char(out, (char)*c);
	}
	str_add_char(out, '"');
}

void
report_print_json(struct str *out, const struct hg_report *report)
{
	const struct report_field *field;
	size_t i;
	bool in_row = false, first = true;

	str_add_char(out, '[');
	for (i = 0; i < report->count; i++) {
		field = &report->fields[i];
		if (field->name == NULL) {
			str_add(out, in_row ? "},\n {" : "\n {");
			in_row = first = true;
			continue;
		}
		if (!first)
			str_add(out, ", ");
		first = false;
		json_text(out, field->name);
		str_add(out, ": ");
		if (field->is_number)
			str_add(out, field->value);
		else
			json_text(out, field->value);
	}
	str_add(out, in_row ? "}\n]\n" : "]\n");
}
