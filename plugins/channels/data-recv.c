/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from the wire: the label, which may be cut anywhere, then control
 * or a channel's message. Frames come in pieces of any size.
 */
#include <string.h>

#include "merge.h"

static unsigned
label_len(const struct mux *mux)
{
	return (mux->chunk != 0 ? 3 : 2);
}

static unsigned
kind_of(unsigned char flag)
{
	return (((flag & CHANNELS_TEXT) != 0 ? HG_TEXT : 0) |
	    ((flag & CHANNELS_RSV1) != 0 ? HG_RSV1 : 0) |
	    ((flag & CHANNELS_RSV2) != 0 ? HG_RSV2 : 0) |
	    ((flag & CHANNELS_RSV3) != 0 ? HG_RSV3 : 0));
}

/* Whether this WebSocket message ends its channel's message. */
static bool
is_last_piece(const struct mux *mux)
{
	return (mux->chunk == 0 || (mux->in.label[2] & CHANNELS_LAST) != 0);
}

static enum hg_verdict
begin_control(struct mux *mux)
{
	if ((mux->in.flags & HG_TEXT) != 0)
		return (channels_wrong(mux, NULL, "control-as-text"));
	if (mux->chunk != 0 && mux->in.label[2] != CHANNELS_LAST)
		return (channels_wrong(mux, NULL, "control-in-pieces"));
	if (mux->in.text == NULL &&
	    (mux->in.text = hg->recycle_get(CONTROL_MAX)) == NULL)
		return (channels_no_memory(mux));
	mux->in.text_len = 0;
	return (HG_DROP);
}

/* What is wrong with a message that begins on this channel. */
static const char *
data_is_wrong(const struct chan *c, unsigned id, unsigned kind)
{
	if (id != c->peer_id)
		return ("data-on-former-id");
	if (c->recv_end)
		return ("data-after-end");
	if (c->mine && c->child)
		return ("data-against-direction");
	if (!c->mine && c->set->carrier != NULL)
		return ("data-on-merged");
	if (c->in_open && kind != c->in_kind)
		return ("pieces-differ");
	return (NULL);
}

/* A channel's message, or piece, begins. */
static enum hg_verdict
begin_data(struct mux *mux)
{
	struct input *in = &mux->in;
	struct chan *c;
	const char *error;
	unsigned kind;

	c = table_get(&mux->table, in->id);
	if (c == NULL && !table_was_alive(&mux->table, in->id))
		return (channels_wrong(mux, NULL, "data-on-unknown"));
	kind = mux->chunk != 0 ? kind_of(in->label[2]) :
	    in->flags & CHANNELS_KIND;
	if (mux->chunk == 0 && (kind & HG_TEXT) != 0 &&
	    !channels_is_text(in->id))
		return (channels_wrong(mux, NULL, "text-on-other-id"));
	mux->received += CHANNELS_CHARGE;
	in->chan = NULL;
	if (c == NULL || c->lost) {
		channels_count(COUNT_MESSAGES_DROPPED, 1);
		return (HG_DROP);
	}
	if ((error = data_is_wrong(c, in->id, kind)) != NULL)
		return (channels_wrong(mux, c, error));
	in->chan = c;
	c->in_first |= !c->in_open;
	c->in_open = true;
	c->in_kind = (unsigned char)kind;
	if (!channels_receive(c, CHANNELS_CHARGE) && !c->dropping)
		channels_fail(c, 1008, "more than its window");
	if (c->on_closing)
		channels_closing_touch(c);
	return (HG_DROP);
}

/* The label is complete. */
static enum hg_verdict
begin(struct mux *mux)
{
	struct input *in = &mux->in;

	in->begun = true;
	in->id = (unsigned)in->label[0] << 8 | in->label[1];
	if (mux->chunk != 0 && (in->flags & HG_TEXT) != 0)
		return (channels_wrong(mux, NULL, "text-in-chunk-mode"));
	if (mux->chunk != 0 && (in->label[2] & CHANNELS_NO_BITS) != 0)
		return (channels_wrong(mux, NULL, "bad-flag-byte"));
	if (in->id == CHANNELS_CONTROL)
		return (begin_control(mux));
	return (begin_data(mux));
}

static enum hg_verdict
control_body(struct mux *mux, struct hg_frame *frame, size_t from, size_t len,
    bool last)
{
	struct input *in = &mux->in;
	enum hg_verdict verdict;

	if (len > CONTROL_MAX - in->text_len)
		return (channels_wrong(mux, NULL, "control-too-long"));
	if (len != 0)
		hg->frame_peek(frame, from, in->text + in->text_len, len);
	in->text_len += len;
	if (!last)
		return (HG_DROP);
	channels_rate_charge(mux, in->text_len);
	verdict = channels_got_control(mux, in->text, in->text_len);
	hg->recycle_put(in->text, CONTROL_MAX);
	in->text = NULL;
	return (verdict);
}

/* The frame's bytes from there on, as the channel's frame. NULL: no memory. */
static struct hg_frame *
body_of(struct chan *c, struct hg_frame *frame, size_t from, bool last)
{
	struct hg_frame *body;
	unsigned flags = c->in_kind;

	if (c->in_first)
		flags |= HG_FIRST;
	if (last)
		flags |= HG_LAST;
	body = hg->frame_ref(frame);
	if (from != 0)
		body = hg->frame_trim(body, from);
	if (body != NULL && hg->frame_flags(body) != flags)
		body = hg->frame_reflag(body, flags);
	return (body);
}

/* What a message's end means. */
static void
message_done(struct chan *c)
{
	c->in_open = c->in_first = false;
	c->received_messages++;
	if (c->flow_known && !c->mine)
		c->set->flow++;
	if (!c->mine && c->placed)
		c->set->place++;
	channels_count(COUNT_DATA_MESSAGES_RECEIVED, 1);
}

static void
stored_or_not(struct chan *c)
{
	if (c->set->group != NULL || c->dropping || c->left || c->channel == NULL)
		c->stored = false;
	else
		c->stored = hg->channel_paused(c->channel);
	if (!c->stored)
		channels_consumed(c);
}

static enum hg_verdict
data_body(struct mux *mux, struct hg_frame *frame, size_t from, size_t len,
    bool last)
{
	struct chan *c = mux->in.chan;
	struct hg_frame *body;

	mux->received += len;
	if (mux->received > mux->granted)
		return (channels_policy(mux, "more than the connection's "
		    "window"));
	if (c == NULL)
		return (HG_DROP);
	channels_count(COUNT_DATA_BYTES_RECEIVED, (int64_t)len);
	if (!c->mine && c->waiting && !mux->proven && !mux->trunk)
		mux->early_bytes += len;
	if (mux->early_bytes > CHANNELS_EARLY_BYTES && !mux->proven &&
	    !mux->trunk)
		return (channels_policy(mux, "too much before a first "
		    "accept"));
	if (!channels_receive(c, len) && !c->dropping)
		channels_fail(c, 1008, "more than its window");
	if (c->dropping && c->set->group == NULL) {
		if (last)
			channels_count(COUNT_MESSAGES_DROPPED, 1);
	} else if (len != 0 || last) {
		if ((body = body_of(c, frame, from, last)) == NULL)
			return (channels_no_memory(mux));
		c->in_first = false;
		channels_deliver(c, body);
	}
	if (c->gone)
		return (mux->failed ? HG_FAIL : HG_DROP);
	if (last)
		message_done(c);
	if (last && c->set->group != NULL)
		channels_beg(c);
	stored_or_not(c);
	return (mux->failed ? HG_FAIL : HG_DROP);
}

static enum hg_verdict
body(struct mux *mux, struct hg_frame *frame, size_t from)
{
	struct input *in = &mux->in;
	size_t len = hg->frame_len(frame) - from;
	bool end = (hg->frame_flags(frame) & HG_LAST) != 0;
	enum hg_verdict verdict;

	if (in->id == CHANNELS_CONTROL)
		return (control_body(mux, frame, from, len, end));
	in->bytes += len;
	if (mux->chunk != 0 && in->bytes > mux->chunk)
		return (channels_wrong(mux, in->chan, "piece-too-long"));
	verdict = data_body(mux, frame, from, len, end && is_last_piece(mux));
	channels_conn_received(mux);
	return (verdict);
}

enum hg_verdict
channels_input(struct mux *mux, struct hg_frame *frame)
{
	struct input *in = &mux->in;
	unsigned flags = hg->frame_flags(frame);
	enum hg_verdict verdict;
	size_t from;

	if ((flags & HG_FIRST) != 0) {
		in->have = 0;
		in->begun = false;
		in->bytes = 0;
		in->flags = flags;
		in->chan = NULL;
	}
	from = 0;
	if (!in->begun) {
		from = hg->frame_peek(frame, 0, in->label + in->have,
		    label_len(mux) - in->have);
		in->have += (unsigned)from;
		if (in->have < label_len(mux))
			return ((flags & HG_LAST) == 0 ? HG_DROP :
			    channels_wrong(mux, NULL, "no-label"));
		if ((verdict = begin(mux)) != HG_DROP)
			return (verdict);
		if (mux->failed)
			return (HG_FAIL);
	}
	return (body(mux, frame, from));
}
