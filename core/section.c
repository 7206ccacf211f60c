/* SPDX-License-Identifier: Apache-2.0 */
#include "section.h"

#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "plugin.h"
#include "str.h"

static const char *const kind_names[] = {
	[SECTION_HEADGATE] = "headgate",
	[SECTION_PLUGIN] = "plugin",
	[SECTION_LISTEN] = "listen",
	[SECTION_SERVICE] = "service",
	[SECTION_TRUNK] = "trunk",
};

const char *
section_kind_name(enum section_kind kind)
{
	return (kind_names[kind]);
}

void
sections_init(struct sections *sections)
{
	list_init(&sections->list);
}

static void
section_free(struct section *section)
{
	struct list *node, *save;
	struct entry *entry;

	list_each(node, save, &section->entries) {
		entry = list_entry(node, struct entry, node);
		free(entry->key);
		free(entry->value);
		free(entry);
	}
	free(section->title);
	free(section);
}

void
sections_free(struct sections *sections)
{
	struct list *node, *save;

	list_each(node, save, &sections->list)
		section_free(list_entry(node, struct section, node));
	list_init(&sections->list);
}

struct section *
section_next(const struct sections *sections, enum section_kind kind,
    const struct section *section)
{
	const struct list *node;

	node = section != NULL ? section->node.next : sections->list.next;
	for (; node != &sections->list; node = node->next)
		if (list_entry(node, struct section, node)->kind == kind)
			return (list_entry(node, struct section, node));
	return (NULL);
}

struct section *
section_find(const struct sections *sections, enum section_kind kind,
    const char *name)
{
	struct section *section;

	sections_each(section, kind, sections)
		if (strcmp(section->name, name) == 0)
			return (section);
	return (NULL);
}

struct entry *
section_entry(const struct section *section, const char *key)
{
	const struct list *node;
	struct entry *entry;

	for (node = section->entries.prev; node != &section->entries;
	    node = node->prev) {
		entry = list_entry(node, struct entry, node);
		if (strcmp(entry->key, key) == 0)
			return (entry);
	}
	return (NULL);
}

const struct place *
section_place(const struct section *section, const char *key)
{
	struct entry *entry;

	entry = section_entry(section, key);
	return (entry != NULL ? &entry->place : &section->place);
}

/* Splits a title at its first blank. -1 after a mistake. */
static int
title_parse(const char *title, enum section_kind *kind, const char **name,
    const struct place *place, struct mistakes *mistakes)
{
	struct nearest nearest = { 0 };
	char word[64], near[80];
	size_t len;
	int i;

	len = strcspn(title, " \t");
	if (len >= sizeof(word))
		len = sizeof(word) - 1;
	memcpy(word, title, len);
	word[len] = '\0';
	*name = title + len + strspn(title + len, " \t");
	nearest.word = word;
	for (i = 0; i < SECTION_KINDS; i++) {
		nearest_offer(&nearest, kind_names[i]);
		if (strcmp(word, kind_names[i]) == 0)
			break;
	}
	if (i == SECTION_KINDS) {
		mistake_add(mistakes, place, title, NULL,
		    "there is no such section%s",
		    nearest_text(&nearest, near, sizeof(near)));
		return (-1);
	}
	*kind = (enum section_kind)i;
	return (0);
}

static const char *
name_problem(enum section_kind kind, const char *name)
{
	if (kind == SECTION_HEADGATE)
		return (name[0] == '\0' ? NULL : "it has no name");
	if (name[0] == '\0')
		return ("the name is missing");
	if (kind == SECTION_PLUGIN)
		return (plugin_name_is_valid(name) ? NULL :
		    "the name of a plugin has a-z, 0-9 and \"-\" only");
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")] != '\0')
		return ("a name has letters, digits, \".\", \"_\" and \"-\" "
		    "only");
	return (NULL);
}

static struct section *
section_new(enum section_kind kind, const char *name,
    const struct place *place)
{
	struct str title = { 0 };
	struct section *section;

	section = calloc(1, sizeof(*section));
	if (section == NULL)
		return (NULL);
	list_init(&section->entries);
	section->kind = kind;
	section->place = *place;
	str_addf(&title, "%s%s%s", kind_names[kind],
	    name[0] != '\0' ? " " : "", name);
	section->title = str_take(&title);
	if (section->title == NULL) {
		free(section);
		return (NULL);
	}
	section->name = section->title + strlen(section->title) - strlen(name);
	return (section);
}

struct section *
section_open(struct sections *sections, const char *title,
    const struct place *place, struct mistakes *mistakes)
{
	struct section *section;
	enum section_kind kind;
	const char *name, *problem;

	if (title_parse(title, &kind, &name, place, mistakes) == -1)
		return (NULL);
	problem = name_problem(kind, name);
	if (problem == NULL) {
		section = section_find(sections, kind, name);
		if (section != NULL)
			return (section);
		section = section_new(kind, name, place);
		if (section != NULL) {
			list_push(&sections->list, &section->node);
			return (section);
		}
		problem = "out of memory";
	}
	mistake_add(mistakes, place, title, NULL, "%s", problem);
	return (NULL);
}

int
section_add(struct section *section, const char *key, const char *value,
    const struct place *place)
{
	struct entry *entry;

	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return (-1);
	entry->place = *place;
	entry->key = str_dup(key, strlen(key));
	entry->value = str_dup(value, strlen(value));
	if (entry->key == NULL || entry->value == NULL) {
		free(entry->key);
		free(entry->value);
		free(entry);
		return (-1);
	}
	list_push(&section->entries, &entry->node);
	return (0);
}
