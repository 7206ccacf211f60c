/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which id a new channel gets. Ids are taken in a circle, so that one that
 * became free is used again as late as can be. Browsers check UTF-8 before a
 * library sees the label, so text ids (both bytes below 0x80) go first in base
 * mode.
 */
#include "channels.h"

/* The initiator's ids are odd, the acceptor's even; two belong to nobody. */
bool
channels_is_mine(const struct mux *mux, unsigned id)
{
	if (id == CHANNELS_ROOT || id == CHANNELS_CONTROL)
		return (false);
	return (((id & 1) != 0) == mux->initiator);
}

bool
channels_is_text(unsigned id)
{
	return ((id & 0x8080) == 0);
}

/* The first free id of this side from *next on for which want(id) is true. */
static unsigned
take(struct mux *mux, unsigned *next, bool text)
{
	unsigned id, tries;

	id = *next;
	for (tries = 0; tries < 32768; tries++, id = (id + 2) & 0xffff) {
		if (!channels_is_mine(mux, id) ||
		    table_get(&mux->table, id) != NULL)
			continue;
		if (mux->chunk == 0 && channels_is_text(id) != text)
			continue;
		*next = (id + 2) & 0xffff;
		return (id);
	}
	return (0);
}

unsigned
channels_next_text_id(struct mux *mux)
{
	return (take(mux, &mux->next_text, true));
}

unsigned
channels_next_id(struct mux *mux)
{
	unsigned id;

	if ((id = channels_next_text_id(mux)) != 0 || mux->chunk != 0)
		return (id);
	return (take(mux, &mux->next_other, false));
}
