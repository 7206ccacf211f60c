/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of life that are no data: a chain hands on who wants one sent, and that
 * one came. */
#include "chain.h"

bool
chain_beat(struct chain *chain, unsigned below)
{
	struct hg_slot *slot;

	while (below-- > 0) {
		slot = &chain->slots[below];
		if (slot->hooks->beat != NULL &&
		    slot->hooks->beat(slot, slot->state) == HG_TAKE)
			return (true);
	}
	return (false);
}

void
chain_alive(struct chain *chain, unsigned from)
{
	struct hg_slot *slot;

	for (; from < chain->count && !chain->dead; from++) {
		slot = &chain->slots[from];
		if (slot->hooks->alive != NULL)
			slot->hooks->alive(slot, slot->state);
	}
}
