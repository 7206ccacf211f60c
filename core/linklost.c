/* SPDX-License-Identifier: Apache-2.0 */
/* What crosses a link about a trunk that was lost. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "linkparts.h"

static int (*link_park)(struct hg_channel *);

void
link_set_park(int (*park)(struct hg_channel *))
{
	link_park = park;
}

/* --- at the sending end ---------------------------------------------------- */

static void
link_tell(struct hg_channel *ch, enum link_what what, unsigned code,
    uint64_t seq)
{
	if (ch->link == NULL)
		return;
	link_cross(&(struct link_letter){
	    .link = ch->link,
	    .to = !ch->side,
	    .what = what,
	    .code = code,
	    .seq = seq,
	});
}

void
link_lost(struct hg_channel *ch)
{
	link_tell(ch, LINK_LOST, 0, 0);
}

void
link_place(struct hg_channel *ch, uint64_t seq)
{
	link_tell(ch, LINK_PLACE, 0, seq);
}

void
link_resumed(struct hg_channel *ch, bool yes)
{
	link_tell(ch, LINK_RESUMED, yes, 0);
}

int
link_ask_resume(struct hg_channel *ch, const char *flow, const char *epoch,
    uint64_t seq)
{
	struct link_letter op = { .link = ch->link, .to = !ch->side };
	int len;

	op.what = LINK_ASK_RESUME;
	op.seq = seq;
	len = snprintf(op.reason, sizeof(op.reason), "%s %s", flow, epoch);
	if (ch->link == NULL || len < 0 || (size_t)len >= sizeof(op.reason))
		return (-1);
	link_cross(&op);
	return (0);
}

/*
 * The near channel lives on. Who is lost does not care, but what it had stopped
 * goes on, and a hold stops the channel itself now: see link_attach.
 */
void
link_leave(struct hg_channel *ch)
{
	struct link *link = ch->link;

	if (link == NULL)
		return;
	link->end[ch->side].channel = NULL;
	atomic_store(&link->near_left, true);
	if (link->end[0].worker == link->end[1].worker)
		link_near_left(link);
	ch->link = NULL;
	ch->upper = NULL;
	if (ch->fulls > 0)
		channel_pause(ch, true);
	if (ch->link_held)
		channel_pause(ch, false);
	if (ch->link_full)
		channel_pause(ch, false);
	ch->link_held = ch->link_full = false;
	link_unref(link);
}

/* --- at the receiving end -------------------------------------------------- */

static void
link_do_ask_resume(struct hg_channel *ch, const struct link_letter *op)
{
	struct hg_slot *mux = channel_mux(ch);
	char flow[sizeof(op->reason)], *epoch;

	strcpy(flow, op->reason);
	epoch = strchr(flow, ' ');
	*epoch++ = '\0';
	if (mux == NULL || mux->plugin->mux.ask_resume == NULL ||
	    mux->plugin->mux.ask_resume(mux, mux->state, ch, ch->mux_data,
	    flow, epoch, op->seq) != 0)
		link_resumed(ch, false);
}

void
link_do_lost(struct hg_channel *ch, const struct link_letter *op)
{
	switch (op->what) {
	case LINK_LOST:
		if (link_park == NULL || link_park(ch) != 0)
			channel_end(ch, 1012,
			    "the way to the server was lost");
		break;
	case LINK_PLACE:
		chain_lost(&ch->chain, op->seq);
		break;
	case LINK_ASK_RESUME:
		link_do_ask_resume(ch, op);
		break;
	default:
		chain_resumed(&ch->chain, op->code != 0);
		break;
	}
}
