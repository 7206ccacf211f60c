/* SPDX-License-Identifier: Apache-2.0 */
/* Signs of life: hg->beat and hg->alive, and their hooks. */
#include "fake.h"

#include "fake-table.h"

void
fake_hg_beat(struct hg_slot *slot)
{
	struct fake_chain *chain = &slot->chain->conn->chain;
	int i;

	i = slot->chain == chain ? slot->index : chain->count;
	while (--i >= 0)
		if (chain->slot[i]->hooks->beat != NULL &&
		    chain->slot[i]->hooks->beat(chain->slot[i],
		    chain->slot[i]->state) == HG_TAKE)
			return;
	chain->conn->beats++;
}

static void
alive_from(struct fake_chain *chain, int i)
{
	for (; i < chain->count && !fake_chain_dead(chain); i++)
		if (chain->slot[i]->hooks->alive != NULL)
			chain->slot[i]->hooks->alive(chain->slot[i],
			    chain->slot[i]->state);
}

void
fake_hg_alive(struct hg_slot *slot)
{
	if (slot->chain->channel == NULL)
		alive_from(slot->chain, slot->index + 1);
}

void
fake_ping(struct hg_conn *conn)
{
	unsigned previous;

	previous = fake_enter(conn->worker);
	alive_from(&conn->chain, 0);
	fake_leave(previous);
	fake_turn();
}

unsigned
fake_beats(const struct hg_conn *conn)
{
	return (conn->beats);
}
