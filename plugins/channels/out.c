/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be sent on a channel: most have nothing, and the memory for it is
 * there only as long as something waits. A mux keeps one for the next.
 */
#include <stdlib.h>
#include <string.h>

#include "channels.h"

static const struct out no_out = {
	.queue = { NULL, (struct item **)(uintptr_t)&no_out.queue.tqh_first },
};

void
channels_no_out(struct chan *c)
{
	c->out = (struct out *)(uintptr_t)&no_out;
}

int
channels_need_out(struct chan *c)
{
	struct out *out = c->mux->spare_out;

	if (c->out != &no_out)
		return (0);
	c->mux->spare_out = NULL;
	if (out == NULL && (out = hg->recycle_get(sizeof(*out))) == NULL)
		return (-1);
	memset(out, 0, sizeof(*out));
	TAILQ_INIT(&out->queue);
	c->out = out;
	return (0);
}

static void
free_out(struct mux *mux, struct out *out)
{
	if (mux->spare_out == NULL)
		mux->spare_out = out;
	else
		hg->recycle_put(out, sizeof(*out));
}

void
channels_drop_part(struct chan *c)
{
	if (c->out == &no_out)
		return;
	free(c->out->part);
	c->out->part = NULL;
	c->out->part_len = c->out->part_size = 0;
}

void
channels_out_done(struct chan *c)
{
	struct out *out = c->out;

	if (out == &no_out || out->queued != 0 || out->part != NULL ||
	    !TAILQ_EMPTY(&out->queue) || c->on_active || c->on_starved)
		return;
	channels_no_out(c);
	free_out(c->mux, out);
}

void
channels_out_free(struct chan *c)
{
	channels_drop_part(c);
	if (c->out != &no_out)
		free_out(c->mux, c->out);
}
