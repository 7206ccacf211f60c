/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a plugin's file is, and whether nobody but root and the daemon's own
 * user can have put it there.
 */
#ifndef CORE_PLUGINPATH_H
#define CORE_PLUGINPATH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* The absolute path of DIR/NAME.so, for free(). dir_trusted: only the type of
 * the file is checked. NULL: error says why, naming the file or folder. */
char   *pluginpath_find(const char *dir, bool dir_trusted, const char *name,
    char *error, size_t size);
/* NULL, or what is wrong with such an owner and mode. */
const char *pluginpath_problem(uid_t owner, mode_t mode, uid_t self);

#endif
