/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of keys, see struct hg_option in <headgate/plugin.h>, for plugins and
 * for the daemon's own sections: values are parsed, checked and kept in a
 * struct that the table describes. For main's thread, before workers run.
 */
#ifndef CORE_OPTION_H
#define CORE_OPTION_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#define OPTION_LIST_MAX	1024	/* items of one list */

const struct hg_option *option_find(const struct hg_option *table,
    const char *key);
/* The key that is spelled nearly so, or NULL. */
const struct hg_option *option_near(const struct hg_option *table,
    const char *key);

/* All defaults into zeroed values. -1 without memory. */
int	option_defaults(const struct hg_option *table, void *values);
/*
 * One value as written in a file. A list gets one item more: one value is one
 * item, blanks and commas are not special, and an empty value empties the
 * list. An empty text is the same as no value, NULL, unless there is a
 * default. -1: error (of size bytes) says what is wrong with it, without
 * naming the key.
 */
int	option_set(const struct hg_option *, void *values, const char *value,
    char *error, size_t size);
/* What the value is now, as it would be written in a file; lists: item i, NULL
 * behind the last; others: i = 0 only. Valid until the next call. */
const char *option_text(const struct hg_option *, const void *values,
    size_t i);
/* A number in the way that the option's type is written. */
void	option_number(char *out, size_t size, enum hg_option_type, int64_t);
/* A deep copy of size bytes described by the table. NULL without memory. */
void   *option_copy(const struct hg_option *table, const void *values,
    size_t size);
void	option_free(const struct hg_option *table, void *values);
/* "size", "time" and so on, for messages and --dump-plugin. */
const char *option_type_name(enum hg_option_type);
/* Bytes of a value in the struct; 0: no such type. */
size_t	option_type_size(enum hg_option_type);
/* Whether a table that a plugin brings fits a struct of that many bytes, and
 * its defaults obey its own rules. -1: error says what is wrong. */
int	option_check_table(const struct hg_option *table, size_t values_size,
    char *error, size_t size);

#endif
