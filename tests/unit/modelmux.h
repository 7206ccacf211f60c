/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of channels: a connection whose mux only tells the story, and
 * something above a channel that does the same. */
#ifndef TESTS_UNIT_MODELMUX_H
#define TESTS_UNIT_MODELMUX_H

#include "host.h"
#include "hostmux.h"
#include "hostworker.h"
#include "model.h"

/* What the mux knows of a channel. */
struct model_data {
	struct hg_channel	*channel;
};

static int			 mux_create_result;
static struct plugin		 mux_plugin;
static struct hg_channel	*mux_channels[8];	/* seen by its close */
static unsigned			 mux_channels_seen;

static inline int
mux_create(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *request)
{
	(void)slot;
	(void)state;
	(void)request;
	if (mux_create_result == 0) {
		((struct model_data *)data)->channel = ch;
		channel_set_id(ch, 7);
	}
	say("create ");
	return (mux_create_result);
}

static inline void
mux_answer(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data, const struct hg_head *response)
{
	(void)slot;
	(void)state;
	(void)data;
	say("answer%u:%d ", ch->id, response->status);
}

static inline void
mux_send(struct hg_slot *slot, void *state, struct hg_channel *ch, void *data,
    struct hg_frame *frame)
{
	char text[16];

	(void)slot;
	(void)state;
	(void)data;
	snprintf(text, sizeof(text), "m%u", ch->id);
	say_frame(text, frame);
	frame_unref(frame);
}

static inline void
mux_end(struct hg_slot *slot, void *state, struct hg_channel *ch, void *data,
    unsigned code, const char *reason, bool now)
{
	(void)slot;
	(void)state;
	(void)data;
	say("%s%u:%u(%s) ", now ? "abort" : "end", ch->id, code, reason);
}

static inline void
mux_resume(struct hg_slot *slot, void *state, struct hg_channel *ch,
    void *data)
{
	(void)slot;
	(void)state;
	(void)data;
	say("resume%u ", ch->id);
}

/* Its channels are still there, though their hooks are over. */
static inline void
mux_close(struct hg_slot *slot, void *state)
{
	unsigned i;

	(void)slot;
	(void)state;
	for (i = 0; i < mux_channels_seen; i++) {
		T_NULL(mux_channels[i]->chain.slots);
		((struct model_data *)mux_channels[i]->mux_data)->channel =
		    NULL;
		channel_free(mux_channels[i]);
	}
	say("muxclose ");
}

static const struct hg_hooks mux_hooks = { .close = mux_close };
static const struct hg_mux mux_table = {
	.channel_size = sizeof(struct model_data),
	.create = mux_create,
	.answer = mux_answer,
	.send = mux_send,
	.end = mux_end,
	.resume = mux_resume,
};

/* A WebSocket that carries channels; its root is open. */
static inline struct hg_conn *
model_mux(int *peer)
{
	struct chain_entry entry = { .plugin = &mux_plugin };
	struct hg_conn *conn = model_conn(peer, false, true, 0);
	struct hg_channel *root;

	mux_create_result = 0;
	mux_channels_seen = 0;
	model_plugin(&mux_plugin, "mux", &mux_hooks, NULL);
	mux_plugin.mux = mux_table;
	mux_plugin.has_mux = true;
	T_REQUIRE(conn_set_chain(conn, &entry, 1) == 0);
	root = channel_create(conn, NULL, &model_service, NULL);
	T_REQUIRE(root != NULL);
	T_REQUIRE(channel_set_carried(root) == 0);
	T_REQUIRE(conn_open(conn) == 0);
	channel_open(root, NULL);
	turns(1);
	story[0] = '\0';
	return (conn);
}

/* A channel that the other end began, and that was accepted. */
static inline struct hg_channel *
model_channel(struct hg_conn *conn, unsigned id)
{
	struct hg_channel *ch;

	ch = channel_create(conn, NULL, &model_service, NULL);
	T_REQUIRE(ch != NULL);
	T_REQUIRE(channel_set_carried(ch) == 0);
	channel_set_id(ch, id);
	channel_open(ch, NULL);
	return (ch);
}

/* --- above --------------------------------------------------------------- */

static inline void
up_send(struct hg_channel *ch, struct hg_frame *frame)
{
	char text[16];

	snprintf(text, sizeof(text), "u%u", ch->id);
	say_frame(text, frame);
	frame_unref(frame);
}

static inline void
up_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	say("uend%u:%u(%s) ", ch->id, code, reason);
}

static inline void
up_full(struct hg_channel *ch, bool full)
{
	say("%s%u ", full ? "stop" : "go", ch->id);
}

static inline void
up_child(struct hg_channel *ch)
{
	(void)ch;
}

static inline void
up_detach(struct hg_channel *ch)
{
	say("detach%u ", ch->id);
	ch->upper = NULL;
}

static const struct channel_upper model_upper = {
	.send = up_send,
	.end = up_end,
	.full = up_full,
	.child = up_child,
	.detach = up_detach,
};

#endif
