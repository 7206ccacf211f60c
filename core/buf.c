/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "buf.h"
#include "recycle.h"

struct buf *
buf_new(size_t size)
{
	struct buf *buf;

	if (size > SIZE_MAX - sizeof(*buf))
		return (NULL);
	if ((buf = recycle_get(sizeof(*buf) + size)) == NULL)
		return (NULL);
	atomic_init(&buf->refs, 1);
	buf->size = size;
	return (buf);
}

struct buf *
buf_ref(struct buf *buf)
{
	atomic_fetch_add_explicit(&buf->refs, 1, memory_order_relaxed);
	return (buf);
}

bool
buf_is_shared(const struct buf *buf)
{
	return (atomic_load_explicit(&buf->refs, memory_order_acquire) > 1);
}

/*
 * The only holder needs no locked instruction: nobody else is there to take or
 * drop a reference.
 */
void
buf_unref(struct buf *buf)
{
	if (buf == NULL)
		return;
	if (!buf_is_shared(buf) || atomic_fetch_sub_explicit(&buf->refs, 1,
	    memory_order_acq_rel) == 1)
		recycle_put(buf, sizeof(*buf) + buf->size);
}
