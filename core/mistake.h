/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mistakes of a configuration. They are found in the order of the checks
 * and printed in the order of files and lines.
 */
#ifndef CORE_MISTAKE_H
#define CORE_MISTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MISTAKES_MAX	200	/* kept; more are only counted */

/* Where something stands. file lives longer than all places in it. */
struct place {
	const char	*file;
	unsigned	 order;		/* of the file among all */
	unsigned	 line;		/* 0: the file as such */
};

struct mistake {
	struct place	 place;
	size_t		 number;	/* in the order of finding */
	char		*text;
};

struct mistakes {
	struct mistake	*item;
	size_t		 kept;
	size_t		 count;
};

/* title: what stands between [ and ], or NULL; key: or NULL. */
void	mistake_add(struct mistakes *, const struct place *, const char *title,
	    const char *key, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
void	mistakes_print(struct mistakes *, FILE *);
void	mistakes_free(struct mistakes *);

#endif
