/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of each kind of section: the tables by which files are read, checked
 * and dumped. They fill in the structs of settings.h.
 */
#ifndef CORE_KEYS_H
#define CORE_KEYS_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#include "plugin.h"
#include "section.h"

/* NULL for SECTION_PLUGIN: each plugin has its own. */
const struct hg_option *keys_of(enum section_kind);

/*
 * Puts what the section's keys say into its values by its table. Lists may hold
 * several items in one value, separated by blanks or commas, unless they are a
 * plugin's. Keys that the table does not have are left to "other", which may
 * be NULL: it returns false when it does not know the key either.
 */
void	keys_apply(struct section *, struct mistakes *,
	    bool (*other)(void *arg, const struct entry *), void *arg);
/* One entry into values; first: the list's default, or what stood there, is
 * replaced. */
void	keys_set(const struct section *, const struct entry *,
	    const struct hg_option *, void *values, bool first,
	    struct mistakes *);
/* Whether no entry of that key stands before it. */
bool	keys_is_first(const struct section *, const struct entry *);

#endif
