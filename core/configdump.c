/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headgate --dump-config: what is in force, and where it is from. The output
 * can be read as a configuration again.
 */
#include <string.h>

#include "config.h"
#include "configbuild.h"
#include "inifile.h"
#include "option.h"

/* place: NULL for a default. A comment that would make the line too long to be
 * read again stands before it. */
static void
write_line(FILE *out, const char *key, const char *value,
    const struct place *place)
{
	char from[512];
	size_t len;

	if (place == NULL)
		snprintf(from, sizeof(from), "default");
	else
		snprintf(from, sizeof(from), "%s:%u", place->file,
		    place->line);
	len = strlen(key) + strlen(value) + strlen(from) + strlen(" =  ; ");
	if (len > INIFILE_LINE_MAX)
		fprintf(out, "; %s\n", from);
	fprintf(out, "%s =%s%s", key, value[0] != '\0' ? " " : "", value);
	if (len <= INIFILE_LINE_MAX)
		fprintf(out, " ; %s", from);
	fprintf(out, "\n");
}

/* The values of a list key as they were written, from the last empty one on. */
static void
write_entries(FILE *out, const struct section *section, const char *key)
{
	const struct list *node, *from;
	const struct entry *entry;

	from = section->entries.next;
	for (node = from; node != &section->entries; node = node->next) {
		entry = list_entry(node, struct entry, node);
		if (strcmp(entry->key, key) == 0 && entry->value[0] == '\0')
			from = node;
	}
	for (node = from; node != &section->entries; node = node->next) {
		entry = list_entry(node, struct entry, node);
		if (strcmp(entry->key, key) == 0)
			write_line(out, key, entry->value, &entry->place);
	}
}

static void
write_option(FILE *out, const struct section *section,
    const struct hg_option *option)
{
	const struct entry *entry;
	const char *text;
	size_t i;

	entry = section_entry(section, option->key);
	if (entry != NULL && option->type == HG_LIST) {
		write_entries(out, section, option->key);
		return;
	}
	for (i = 0; (text = option_text(option, section->values, i)) != NULL;
	    i++)
		write_line(out, option->key, text,
		    entry != NULL ? &entry->place : NULL);
	if (i == 0 && entry == NULL)
		fprintf(out, ";%s =\n", option->key);
}

/* Keys of plugins in a service: as they were written, each once. */
static void
write_others(FILE *out, const struct section *section)
{
	const struct list *node;
	const struct entry *entry;

	for (node = section->entries.next; node != &section->entries;
	    node = node->next) {
		entry = list_entry(node, struct entry, node);
		if (option_find(section->table, entry->key) == NULL)
			write_line(out, entry->key, entry->value,
			    &entry->place);
	}
}

static void
write_section(FILE *out, const struct section *section)
{
	const struct hg_option *option;

	fprintf(out, "[%s]\n", section->title);
	for (option = section->table; option != NULL && option->key != NULL;
	    option++)
		write_option(out, section, option);
	write_others(out, section);
	fputc('\n', out);
}

int
config_dump(const struct config_source *source, FILE *out, FILE *errors)
{
	struct configbuild build;
	struct section *section;
	int kind, result;

	result = configbuild_read(&build, source);
	if (result != 0)
		fprintf(errors, "%s: out of memory\n", source->path);
	mistakes_print(&build.mistakes, errors);
	if (build.mistakes.count > 0)
		result = -1;
	for (kind = 0; result == 0 && kind < SECTION_KINDS; kind++)
		sections_each(section, (enum section_kind)kind,
		    &build.sections)
			write_section(out, section);
	config_free(build.settings);
	configbuild_free(&build);
	return (result);
}
