/* SPDX-License-Identifier: Apache-2.0 */
/* What is above a channel, without the channel: hg->keep_upstream. */
#include "fake.h"
#include "fake-table.h"

#include <stdlib.h>

struct hg_kept {
	struct hg_channel		*channel;
	const struct hg_kept_ops	*ops;
	void				*arg;
	bool				 gone;
};

struct hg_kept *
fake_keep_upstream(struct hg_slot *slot, const struct hg_kept_ops *ops,
    void *arg)
{
	struct hg_channel *ch = slot->chain->channel;
	struct hg_kept *kept;

	fake_live_slot(slot, "keep_upstream");
	if (ch == NULL || !ch->linked || ch->kept != NULL ||
	    ch->conn->upstream != HG_UPSTREAM_WIRE || ch->top_end.yes ||
	    slot->index + 1 != slot->chain->count)
		return (NULL);
	if ((kept = calloc(1, sizeof(*kept))) == NULL)
		abort();
	kept->channel = ch;
	kept->ops = ops;
	kept->arg = arg;
	ch->kept = kept;
	ch->linked = false;
	return (kept);
}

void
fake_kept_send(struct hg_kept *kept, struct hg_frame *frame)
{
	if (kept->gone)
		fake_abort("%s: kept_send behind its end", kept->channel->name);
	fake_record(&kept->channel->top, frame, kept->channel->name);
}

void
fake_kept_end(struct hg_kept *kept, unsigned code, const char *reason)
{
	if (kept->gone)
		fake_abort("%s: kept_end twice", kept->channel->name);
	kept->gone = true;
	fake_set_how(&kept->channel->top_end, code, reason, false);
}

bool
fake_is_kept(const struct hg_channel *ch)
{
	return (ch->kept != NULL && !ch->kept->gone);
}

void
fake_from_kept(struct hg_channel *ch, const void *data, size_t len)
{
	struct hg_frame *frame;
	unsigned previous;

	if (!fake_is_kept(ch))
		fake_abort("%s: is not kept", ch->name);
	frame = fake_table.frame_new(data, len, HG_WHOLE);
	previous = fake_enter(ch->conn->worker);
	ch->kept->ops->recv(ch->kept->arg, frame);
	fake_leave(previous);
	fake_table.frame_unref(frame);
	fake_turn();
}

static void
lose(struct hg_channel *ch)
{
	unsigned previous;

	if (!fake_is_kept(ch))
		return;
	ch->kept->gone = true;
	previous = fake_enter(ch->conn->worker);
	ch->kept->ops->ended(ch->kept->arg);
	fake_leave(previous);
}

void
fake_kept_lose(struct hg_channel *ch)
{
	lose(ch);
	fake_turn();
}

void
fake_kept_lose_all(struct hg_conn *conn)
{
	struct list *node, *save;

	list_each(node, save, &conn->channels)
		lose(list_entry(node, struct hg_channel, node));
}
