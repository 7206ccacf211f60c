/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sections of all files, merged by their titles, with their keys as they
 * were written. Belongs to config.c while it reads.
 */
#ifndef CORE_SECTION_H
#define CORE_SECTION_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "mistake.h"

enum section_kind {
	SECTION_HEADGATE,
	SECTION_PLUGIN,
	SECTION_LISTEN,
	SECTION_SERVICE,
	SECTION_TRUNK,
	SECTION_KINDS,
};

/* One "key = value". */
struct entry {
	struct list	 node;
	struct place	 place;
	char		*key;
	char		*value;
};

struct section {
	struct list		 node;
	enum section_kind	 kind;
	char			*title;		/* "service x" */
	const char		*name;		/* "x", in the title; "" */
	struct place		 place;		/* where it is seen first */
	struct list		 entries;
	/* Once its keys were looked at: the struct that the table fills in;
	 * NULL when they could not be. */
	const struct hg_option	*table;
	void			*values;
};

struct sections {
	struct list	list;	/* in the order of the files */
};

void	sections_init(struct sections *);
/* Not what values point to. */
void	sections_free(struct sections *);

/* The section of that title, a new one perhaps; NULL after a mistake. */
struct section *section_open(struct sections *, const char *title,
    const struct place *, struct mistakes *);
int	section_add(struct section *, const char *key, const char *value,
	    const struct place *);
struct section *section_find(const struct sections *, enum section_kind,
    const char *name);
/* The next of a kind, the first behind NULL. */
struct section *section_next(const struct sections *, enum section_kind,
    const struct section *);
/* The last entry of that key, or NULL. */
struct entry *section_entry(const struct section *, const char *key);
/* Where the key stands, or the section when it does not. */
const struct place *section_place(const struct section *, const char *key);
const char *section_kind_name(enum section_kind);

#define sections_each(section, kind, sections)				\
	for ((section) = section_next((sections), (kind), NULL);	\
	    (section) != NULL;						\
	    (section) = section_next((sections), (kind), (section)))

#endif
