/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that knows its size, and is not zeroed. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

struct fake_cell {
	size_t		 size;
	max_align_t	 data[];
};

void *
fake_recycle_get(size_t size)
{
	struct fake_cell *cell;

	if ((cell = malloc(sizeof(*cell) + size)) == NULL)
		abort();
	cell->size = size;
	memset(cell->data, 0xa5, size);
	return (cell->data);
}

void
fake_recycle_put(void *data, size_t size)
{
	struct fake_cell *cell;

	if (data == NULL)
		return;
	cell = (struct fake_cell *)((char *)data -
	    offsetof(struct fake_cell, data));
	if (cell->size != size)
		fake_abort("recycle_put of %zu bytes, got with %zu", size,
		    cell->size);
	free(cell);
}
