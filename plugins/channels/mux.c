/* SPDX-License-Identifier: Apache-2.0 */
/* What the host asks of whoever carries its channels. */
#include "merge.h"

static struct chan *
chan_of(void *data)
{
	return (((struct chan_ref *)data)->chan);
}

/* The same for hooks that the host may call from within channel_accept, about
 * the channel that it has not returned yet. */
static struct chan *
chan_for(struct mux *mux, struct hg_channel *channel, void *data)
{
	const struct chan_ref *ref = data;

	if (ref->chan == NULL && !ref->was_set && mux->accepting != NULL &&
	    mux->accepting->channel == NULL)
		channels_attach(mux->accepting, channel);
	return (ref->chan);
}

static int
channels_mux_create(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *request)
{
	struct hg_channel *parent = hg->channel_parent(channel);
	struct mux *mux = state;
	struct chan *above;
	int error;

	(void)slot;
	(void)data;
	above = parent == NULL ? NULL : chan_of(hg->channel_data(parent));
	if (parent != NULL && above == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_create(above, mux, channel, request);
	channels_leave(mux);
	return (error);
}

static void
channels_mux_answer(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *response)
{
	struct mux *mux = state;
	struct chan *c = chan_for(mux, channel, data);

	(void)slot;
	channels_enter(mux);
	if (c != NULL)
		channels_answer_create(c, response);
	channels_leave(mux);
}

static void
channels_mux_send(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, struct hg_frame *frame)
{
	struct mux *mux = state;
	struct chan *c = chan_for(mux, channel, data);

	(void)slot;
	channels_enter(mux);
	if (c != NULL)
		channels_send(c, frame);
	else
		hg->frame_unref(frame);
	channels_leave(mux);
}

static void
channels_mux_end(struct hg_slot *slot, void *state, struct hg_channel *channel,
    void *data, unsigned code, const char *reason, bool now)
{
	struct mux *mux = state;
	struct chan *c = chan_for(mux, channel, data);

	(void)slot;
	channels_enter(mux);
	if (c != NULL)
		channels_end(c, code, reason, now);
	channels_leave(mux);
}

static void
channels_mux_resume(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data)
{
	struct mux *mux = state;
	struct chan *c = chan_of(data);

	(void)slot;
	channels_enter(mux);
	if (c != NULL && !c->gone && c->stored &&
	    !hg->channel_paused(channel)) {
		c->stored = false;
		channels_consumed(c);
	}
	channels_leave(mux);
}

static int
channels_mux_merge(struct hg_slot *slot, void *state,
    struct hg_channel *member, struct hg_channel *carrier, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(member));
	struct chan *with = chan_of(hg->channel_data(carrier));
	struct mux *mux = state;
	int error;

	(void)slot;
	if (c == NULL || with == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_merge(c, with, seq);
	channels_leave(mux);
	return (error);
}

static int
channels_mux_unmerge(struct hg_slot *slot, void *state,
    struct hg_channel *member, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(member));
	struct mux *mux = state;
	int error;

	(void)slot;
	if (c == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_unmerge(c, seq);
	channels_leave(mux);
	return (error);
}

static int
channels_mux_handover(struct hg_slot *slot, void *state,
    struct hg_channel *carrier, struct hg_channel *next, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(carrier)), *to = NULL;
	struct mux *mux = state;
	int error;

	(void)slot;
	if (next != NULL)
		to = chan_of(hg->channel_data(next));
	if (c == NULL || (next != NULL && to == NULL))
		return (-1);
	channels_enter(mux);
	error = channels_handover(c, to, seq);
	channels_leave(mux);
	return (error);
}

static void
channels_mux_stop(struct hg_slot *slot, void *state, uint64_t ms)
{
	struct mux *mux = state;

	(void)slot;
	channels_enter(mux);
	channels_stop(mux, ms);
	channels_leave(mux);
}

static int
channels_mux_auth(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *request)
{
	struct mux *mux = state;
	struct chan *c = chan_of(data);
	int error;

	(void)slot;
	(void)channel;
	if (c == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_auth(c, request);
	channels_leave(mux);
	return (error);
}

static void
channels_mux_authed(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *response)
{
	struct mux *mux = state;
	struct chan *c = chan_of(data);

	(void)slot;
	(void)channel;
	channels_enter(mux);
	if (c != NULL)
		channels_authed(c, response);
	channels_leave(mux);
}

static int
channels_mux_say_place(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, bool known, uint64_t seq)
{
	struct mux *mux = state;
	struct chan *c = chan_of(data);
	int error;

	(void)slot;
	(void)channel;
	if (c == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_say_place(c, known, seq);
	channels_leave(mux);
	return (error);
}

static int
channels_mux_get_place(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, uint64_t *seq)
{
	const struct chan *c = chan_of(data);

	(void)slot;
	(void)state;
	(void)channel;
	return (c == NULL ? -1 : channels_get_place(c, seq));
}

static int
channels_mux_ask_resume(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const char *flow,
    const char *epoch, uint64_t seq)
{
	struct mux *mux = state;
	struct chan *c = chan_for(mux, channel, data);
	int error;

	(void)slot;
	if (c == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_ask_resume(c, flow, epoch, seq);
	channels_leave(mux);
	return (error);
}

const struct hg_mux channels_mux_table = {
	.channel_size = sizeof(struct chan_ref),
	.create = channels_mux_create,
	.answer = channels_mux_answer,
	.send = channels_mux_send,
	.end = channels_mux_end,
	.resume = channels_mux_resume,
	.merge = channels_mux_merge,
	.unmerge = channels_mux_unmerge,
	.handover = channels_mux_handover,
	.stop = channels_mux_stop,
	.auth = channels_mux_auth,
	.authed = channels_mux_authed,
	.say_place = channels_mux_say_place,
	.get_place = channels_mux_get_place,
	.ask_resume = channels_mux_ask_resume,
};
