/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which channel an id of one connection is, and which ids were ever alive.
 * Memory grows with the ids that are in use; that of the second is 8 KiB at
 * most.
 */
#ifndef CHANNELS_TABLE_H
#define CHANNELS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define TABLE_PAGE	256	/* ids */
#define TABLE_SEEN	4096	/* ids */

struct chan;

struct table_page {
	unsigned	 used;
	struct chan	*chan[TABLE_PAGE];
};

struct table {
	struct table_page	*page[65536 / TABLE_PAGE];
	uint8_t			*seen[65536 / TABLE_SEEN];
};

struct chan	*table_get(const struct table *, unsigned id);
/* -1: no memory. */
int		 table_set(struct table *, unsigned id, struct chan *);
void		 table_clear(struct table *, unsigned id);
bool		 table_was_alive(const struct table *, unsigned id);
void		 table_finish(struct table *);

#endif
