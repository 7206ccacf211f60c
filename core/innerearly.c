/* SPDX-License-Identifier: Apache-2.0 */
/* What comes before an inner request is answered. */
#include <stdlib.h>

#include "frame.h"
#include "innerparts.h"

#define INNER_EARLY	(16 * 1024)	/* bytes that wait: no more is read */
#define INNER_OVERHEAD	128		/* of each frame that waits */

void
inner_drop_early(struct list *early)
{
	struct list *node, *save;
	struct waiting *waiting;

	list_each(node, save, early) {
		waiting = list_entry(node, struct waiting, node);
		list_remove(node);
		frame_unref(waiting->frame);
		free(waiting);
	}
}

void
inner_pause(struct inner *inner, bool pause)
{
	if (inner->paused == pause)
		return;
	inner->paused = pause;
	conn_pause(inner->conn, pause);
}

void
inner_keep_early(struct inner *inner, struct hg_frame *frame)
{
	struct waiting *waiting = malloc(sizeof(*waiting));

	frame = frame_compact(frame);
	inner->early_bytes += frame->len + INNER_OVERHEAD;
	inner_pause(inner, inner->early_bytes > INNER_EARLY);
	if (waiting == NULL || inner->early_bytes > CHANNEL_EARLY_MAX +
	    (size_t)WORKER_READ_SIZE) {
		free(waiting);
		frame_unref(frame);
		conn_fail(inner->conn, 1008, "too much before the answer");
		return;
	}
	waiting->frame = frame;
	list_push(&inner->early, &waiting->node);
}

void
inner_recv_early(struct hg_conn *conn, struct list *early, unsigned from)
{
	struct waiting *waiting;

	while (!list_empty(early)) {
		waiting = list_entry(early->next, struct waiting, node);
		list_remove(&waiting->node);
		chain_recv(&conn->chain, from, waiting->frame);
		free(waiting);
	}
}

void
inner_take_early(struct inner *inner, struct list *early)
{
	list_init(early);
	list_splice(early, &inner->early);
	inner->early_bytes = 0;
	inner_pause(inner, false);
}
