/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdlib.h>

#include "channel.h"
#include "frame.h"
#include "link.h"
#include "log.h"

struct hg_kept {
	struct hg_channel		*channel;	/* of the server */
	const struct hg_kept_ops	*ops;
	void				*arg;
};

static void
kept_recv(struct hg_channel *ch, struct hg_frame *frame)
{
	const struct hg_kept *kept = ch->more->kept;

	kept->ops->recv(kept->arg, frame);
	frame_unref(frame);
}

/* The plugin hears of it once; the channel has nobody above it any more. */
static void
kept_leave(struct hg_channel *ch)
{
	struct hg_kept *kept = ch->more->kept;

	ch->more->kept = NULL;
	ch->upper = NULL;
	kept->ops->ended(kept->arg);
	free(kept);
}

static void
kept_ended(struct hg_channel *ch, unsigned code, const char *reason)
{
	kept_leave(ch);
	channel_end(ch, code, reason);
}

static void
kept_full(struct hg_channel *ch, bool full)
{
	(void)ch;
	(void)full;
}

/* Nobody wants it. */
static void
kept_child(struct hg_channel *child)
{
	channel_fail(child, 1011, "its client has gone");
}

static const struct channel_upper kept_upper = {
	.send = kept_recv,
	.end = kept_ended,
	.full = kept_full,
	.child = kept_child,
	.detach = kept_leave,
};

/* A server's connection has one channel, and no slots of plugins. */
static bool
kept_can_be(const struct hg_channel *far)
{
	return (far != NULL && far == far->conn->root &&
	    far->conn->mux == NULL && far->opened && !far->wire_ended &&
	    !far->top_ended && !far->chain.dead &&
	    far->conn->state != CONN_DEAD);
}

struct hg_kept *
kept_new(struct hg_slot *slot, const struct hg_kept_ops *ops, void *arg)
{
	struct hg_channel *ch = chain_channel(slot->chain), *far;
	struct hg_kept *kept;

	if (ch == NULL || slot->index + 1 != slot->chain->count ||
	    !kept_can_be(far = link_peer(ch)) || channel_more(far) == NULL ||
	    (kept = calloc(1, sizeof(*kept))) == NULL)
		return (NULL);
	log_write(HG_LOG_DEBUG, channel_name(ch),
	    "goes without its server's %s", channel_name(far));
	link_cut(ch);
	kept->channel = far;
	kept->ops = ops;
	kept->arg = arg;
	far->more->kept = kept;
	far->upper = &kept_upper;
	return (kept);
}

void
kept_send(struct hg_kept *kept, struct hg_frame *frame)
{
	channel_send(kept->channel, frame);
}

void
kept_end(struct hg_kept *kept, unsigned code, const char *reason)
{
	struct hg_channel *ch = kept->channel;

	ch->more->kept = NULL;
	ch->upper = NULL;
	free(kept);
	channel_end(ch, code, reason);
}
