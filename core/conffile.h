/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make up the configuration, and what stands in them. */
#ifndef CORE_CONFFILE_H
#define CORE_CONFFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "mistake.h"
#include "section.h"

#define CONFFILE_MAX	1000	/* files in conf.d */

/* The names of the files that were read; places point to them. */
struct conffiles {
	char	**name;
	size_t	 count;
};

/*
 * Reads PATH, then conf.d/NAME.ini beside it in the order of the names; hidden
 * files and what package tools leave behind are passed over. trusted: the
 * files may belong to anybody and be written to by anybody.
 */
void	conffiles_read(struct conffiles *, const char *path, bool trusted,
	    struct sections *, struct mistakes *);
void	conffiles_free(struct conffiles *);

/*
 * The one line of a file that holds a secret, for free(). NULL: error says what
 * is wrong with the file, naming it.
 */
char   *conffile_secret(const char *path, char *error, size_t size);
/* The same for the value of an Authorization. */
char   *conffile_credential(const char *path, char *error, size_t size);

#endif
