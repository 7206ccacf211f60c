/* SPDX-License-Identifier: Apache-2.0 */
/* headgate --dump-config: what is in force, and where it is from. */
#include <string.h>

#include "config.h"
#include "configbuild.h"
#include "keys.h"
#include "option.h"

static void
dump_from(FILE *out, const struct section *section, const char *key)
{
	const struct entry *entry = section_entry(section, key);

	if (entry == NULL)
		fputs("\t; default\n", out);
	else
		fprintf(out, "\t; %s:%u\n", entry->place.file,
		    entry->place.line);
}

static void
dump_option(FILE *out, const struct section *section,
    const struct hg_option *option)
{
	const char *text;
	size_t i;

	if (option->type == HG_STRING &&
	    *(char *const *)(const void *)((const char *)section->values +
	    option->offset) == NULL)
		return;
	for (i = 0; (text = option_text(option, section->values, i)) != NULL;
	    i++) {
		fprintf(out, "%s = %s", option->key, text);
		dump_from(out, section, option->key);
		if (option->type != HG_LIST)
			break;
	}
}

/* Keys of plugins, as they were written. */
static void
dump_others(FILE *out, const struct section *section)
{
	const struct list *node;
	const struct entry *entry;

	if (section->kind == SECTION_PLUGIN)
		return;
	for (node = section->entries.next; node != &section->entries;
	    node = node->next) {
		entry = list_entry(node, struct entry, node);
		if (section->table == NULL ||
		    option_find(section->table, entry->key) != NULL)
			continue;
		fprintf(out, "%s = %s", entry->key, entry->value);
		fprintf(out, "\t; %s:%u\n", entry->place.file,
		    entry->place.line);
	}
}

static void
dump_section(FILE *out, const struct section *section)
{
	const struct hg_option *option;

	fprintf(out, "[%s]\n", section->title);
	for (option = section->table; option != NULL && option->key != NULL &&
	    section->values != NULL; option++)
		dump_option(out, section, option);
	dump_others(out, section);
	fputc('\n', out);
}

int
config_dump(const struct config_source *source, FILE *out, FILE *errors)
{
	struct configbuild build;
	struct section *section;
	int kind, result;

	result = configbuild_read(&build, source);
	sections_each(section, SECTION_HEADGATE, &build.sections)
		dump_section(out, section);
	for (kind = 0; kind < SECTION_KINDS; kind++)
		if (kind != SECTION_HEADGATE)
			sections_each(section, (enum section_kind)kind,
			    &build.sections)
				dump_section(out, section);
	mistakes_print(&build.mistakes, errors);
	if (build.mistakes.count > 0)
		result = -1;
	config_free(build.settings);
	configbuild_free(&build);
	return (result);
}
