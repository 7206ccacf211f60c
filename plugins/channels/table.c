/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "table.h"

struct chan *
table_get(const struct table *table, unsigned id)
{
	const struct table_page *page = table->page[id / TABLE_PAGE];

	return (page == NULL ? NULL : page->chan[id % TABLE_PAGE]);
}

int
table_set(struct table *table, unsigned id, struct chan *chan)
{
	struct table_page **page = &table->page[id / TABLE_PAGE];
	uint8_t **seen = &table->seen[id / TABLE_SEEN];

	if (*page == NULL && (*page = calloc(1, sizeof(**page))) == NULL)
		return (-1);
	if (*seen == NULL && (*seen = calloc(1, TABLE_SEEN / 8)) == NULL)
		return (-1);
	if ((*page)->chan[id % TABLE_PAGE] == NULL)
		(*page)->used++;
	(*page)->chan[id % TABLE_PAGE] = chan;
	(*seen)[id % TABLE_SEEN / 8] |= (uint8_t)(1u << id % 8);
	return (0);
}

void
table_clear(struct table *table, unsigned id)
{
	struct table_page **page = &table->page[id / TABLE_PAGE];

	if (*page == NULL || (*page)->chan[id % TABLE_PAGE] == NULL)
		return;
	(*page)->chan[id % TABLE_PAGE] = NULL;
	if (--(*page)->used == 0) {
		free(*page);
		*page = NULL;
	}
}

bool
table_was_alive(const struct table *table, unsigned id)
{
	const uint8_t *seen = table->seen[id / TABLE_SEEN];

	return (seen != NULL &&
	    (seen[id % TABLE_SEEN / 8] & 1u << id % 8) != 0);
}

void
table_finish(struct table *table)
{
	unsigned i;

	for (i = 0; i < 65536 / TABLE_PAGE; i++)
		free(table->page[i]);
	for (i = 0; i < 65536 / TABLE_SEEN; i++)
		free(table->seen[i]);
}
