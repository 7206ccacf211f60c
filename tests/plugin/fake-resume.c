/* SPDX-License-Identifier: Apache-2.0 */
/* What the table and the test have for a trunk that was lost. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "fake-table.h"

static const struct hg_mux *
mux_of(const struct hg_channel *ch)
{
	if (ch->conn->mux == NULL || !ch->carried)
		return (NULL);
	return (ch->conn->mux->plugin->plugin->mux);
}

int
fake_hg_channel_place(struct hg_channel *ch, bool known, uint64_t seq)
{
	const struct hg_mux *mux = mux_of(ch);

	fake_live(ch, "channel_place");
	if (mux == NULL || mux->say_place == NULL)
		return (-1);
	return (mux->say_place(ch->conn->mux, ch->conn->mux->state, ch,
	    ch->data, known, seq));
}

/* Without a mux, as at an edge, what is asked for is kept for the test. */
int
fake_hg_channel_ask_resume(struct hg_channel *ch, const char *flow,
    const char *epoch, uint64_t seq)
{
	const struct hg_mux *mux = mux_of(ch);

	fake_live(ch, "channel_ask_resume");
	if (mux != NULL)
		return (mux->ask_resume == NULL ? -1 :
		    mux->ask_resume(ch->conn->mux, ch->conn->mux->state, ch,
		    ch->data, flow, epoch, seq));
	snprintf(ch->asked, sizeof(ch->asked), "%s %s %llu", flow, epoch,
	    (unsigned long long)seq);
	return (0);
}

int
fake_hg_channel_resume(struct hg_channel *ch, const char *flow,
    const char *epoch, uint64_t seq, uint64_t *last)
{
	struct hg_slot *slot;
	unsigned previous;
	int i, result = -1;

	fake_live(ch, "channel_resume");
	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->resume == NULL)
			continue;
		previous = fake_enter(ch->conn->worker);
		result = slot->hooks->resume(slot, slot->state, flow, epoch,
		    seq, last);
		fake_leave(previous);
		break;
	}
	return (result);
}

static void
run_resumed(struct hg_channel *ch, bool yes)
{
	struct hg_slot *slot;
	unsigned previous;
	int i;

	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->resumed == NULL)
			continue;
		previous = fake_enter(ch->conn->worker);
		slot->hooks->resumed(slot, slot->state, yes);
		fake_leave(previous);
	}
}

void
fake_hg_channel_resumed(struct hg_channel *ch, bool yes)
{
	fake_live(ch, "channel_resumed");
	ch->resumed = yes ? 1 : -1;
	run_resumed(ch, yes);
}

void
fake_hg_channel_rejoined(struct hg_channel *ch)
{
	fake_live(ch, "channel_rejoined");
	ch->rejoined++;
}

/* --- for the test --------------------------------------------------------- */

bool
fake_park(struct hg_channel *ch, enum hg_direction direction)
{
	unsigned previous = fake_enter(ch->conn->worker);
	bool yes = false, no = false;
	struct hg_slot *slot;
	int i, result;

	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->park == NULL)
			continue;
		result = slot->hooks->park(slot, slot->state, direction);
		yes |= result == 0;
		no |= result < 0;
	}
	fake_leave(previous);
	return (yes && !no);
}

void
fake_rejoin(struct hg_channel *ch)
{
	unsigned previous = fake_enter(ch->conn->worker);
	struct hg_slot *slot;
	int i;

	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->rejoin != NULL)
			slot->hooks->rejoin(slot, slot->state);
	}
	fake_leave(previous);
}

void
fake_lost(struct hg_channel *ch, uint64_t seq)
{
	unsigned previous = fake_enter(ch->conn->worker);
	struct hg_slot *slot;
	int i;

	for (i = 0; i < ch->chain.count && !fake_chain_dead(&ch->chain); i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->lost != NULL)
			slot->hooks->lost(slot, slot->state, seq);
	}
	fake_leave(previous);
}

void
fake_resumed(struct hg_channel *ch, bool yes)
{
	unsigned previous = fake_enter(ch->conn->worker);

	run_resumed(ch, yes);
	fake_leave(previous);
}

int
fake_get_place(struct hg_channel *ch, uint64_t *seq)
{
	return (mux_of(ch)->get_place(ch->conn->mux, ch->conn->mux->state, ch,
	    ch->data, seq));
}

unsigned
fake_rejoined(const struct hg_channel *ch)
{
	return (ch->rejoined);
}

int
fake_was_resumed(const struct hg_channel *ch)
{
	return (ch->resumed);
}

const char *
fake_asked(const struct hg_channel *ch)
{
	return (ch->asked);
}
