/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer takes only so many creates that it has not answered. When many clients
 * come at once, the others wait here, in their order, and with them what stands
 * behind them in their queues.
 */
#include "channels.h"

/* Whether one more create may be unanswered. */
static bool
has_room(const struct mux *mux)
{
	bool known = !mux->initiator || mux->trunk || mux->proven;

	return (mux->waiting_mine <
	    (known ? CHANNELS_WAITING : CHANNELS_EARLY));
}

/* False: it is said when others have their answer. */
bool
channels_may_say_create(struct chan *c)
{
	if (has_room(c->mux))
		return (true);
	if (c->on_closing)
		return (false);
	if (!c->on_creating)
		TAILQ_INSERT_TAIL(&c->mux->creating, c, stage);
	c->on_creating = true;
	return (false);
}

void
channels_next_create(struct mux *mux)
{
	struct chan *c;

	if ((c = TAILQ_FIRST(&mux->creating)) != NULL && has_room(mux))
		channels_activate(c);
}

void
channels_forget_create(struct chan *c)
{
	if (!c->on_creating)
		return;
	TAILQ_REMOVE(&c->mux->creating, c, stage);
	c->on_creating = false;
	channels_next_create(c->mux);
}

void
channels_said_create(struct chan *c)
{
	c->create_sent = true;
	if (c->waiting)
		c->mux->waiting_mine++;
	channels_forget_create(c);
}
