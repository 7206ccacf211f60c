/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the host's frames to labelled messages. In chunk mode each frame is cut
 * to pieces of its own. In base mode, and on the carrier of a flow, messages
 * are put together first: one WebSocket message each, sent only when credit
 * covers all of it; or one entry in the log of a merge.
 */
#include <stdlib.h>
#include <string.h>

#include "merge.h"

#define PIECE_WORTH	1024	/* less is not sent while credit is short */

static size_t
message_max(const struct chan *c)
{
	uint64_t max = c->mux->peer_window;

	if (c->mux->chunk != 0)
		return ((size_t)c->mux->options->queue_max / 2);
	return (max > CHANNELS_CHARGE ? (size_t)max - CHANNELS_CHARGE : 0);
}

static void
too_long(struct chan *c)
{
	channels_fail(c, 1009, "message too long");
}

void
channels_send_whole(struct chan *c, struct hg_frame *frame)
{
	if (c->mux->chunk == 0 && hg->frame_len(frame) > message_max(c)) {
		hg->frame_unref(frame);
		too_long(c);
		return;
	}
	hg->frame_ref(frame);
	if (channels_queue_frame(c, frame) == 0)
		channels_carried(c, frame);
	hg->frame_unref(frame);
}

/* Room for more bytes of the message that is put together. */
static int
part_grow(struct chan *c, size_t more)
{
	unsigned char *part;
	size_t size;

	if (channels_need_out(c) != 0) {
		channels_no_memory(c->mux);
		return (-1);
	}
	if (more > message_max(c) - c->out->part_len) {
		too_long(c);
		return (-1);
	}
	if (c->out->part_len + more <= c->out->part_size)
		return (0);
	for (size = 4096; size < c->out->part_len + more; size *= 2)
		;
	if ((part = realloc(c->out->part, size)) == NULL) {
		channels_no_memory(c->mux);
		return (-1);
	}
	c->out->part = part;
	c->out->part_size = size;
	return (0);
}

static void
put_together(struct chan *c, struct hg_frame *frame, unsigned flags)
{
	size_t len = hg->frame_len(frame);
	struct hg_frame *whole;

	if (part_grow(c, len) == 0) {
		if (len != 0)
			hg->frame_peek(frame, 0, c->out->part + c->out->part_len, len);
		c->out->part_len += len;
	} else
		flags &= ~(unsigned)HG_LAST;
	hg->frame_unref(frame);
	if ((flags & HG_LAST) == 0)
		return;
	whole = hg->frame_new(c->out->part, c->out->part_len, HG_WHOLE | c->part_kind);
	channels_drop_part(c);
	if (whole == NULL)
		channels_no_memory(c->mux);
	else
		channels_send_whole(c, whole);
}

/* Takes the frame over. */
void
channels_send(struct chan *c, struct hg_frame *frame)
{
	unsigned flags = hg->frame_flags(frame);
	bool in_order;

	in_order = ((flags & HG_FIRST) != 0) == !c->out_open;
	if (c->gone || c->ending || c->refused || !in_order ||
	    c->mux->failed) {
		hg->frame_unref(frame);
		return;
	}
	if (c->child && (!c->mine || c->set->carrier != NULL)) {
		hg->frame_unref(frame);
		channels_fail(c, 1011, "data where none may be sent");
		return;
	}
	if ((flags & HG_FIRST) != 0) {
		c->part_kind = (unsigned char)(flags & CHANNELS_KIND);
		c->out_whole = c->mux->chunk == 0 || c->flow_known;
	}
	c->out_open = (flags & HG_LAST) == 0;
	if ((flags & HG_WHOLE) == HG_WHOLE)
		channels_send_whole(c, frame);
	else if (c->out_whole)
		put_together(c, frame, flags);
	else if (c->out_open && hg->frame_len(frame) == 0 &&
	    (flags & HG_FIRST) == 0)
		hg->frame_unref(frame);
	else
		channels_queue_frame(c, frame);
}

/*
 * What the next piece is charged: of both credits the smaller, at most the
 * peer's chunk. A message is not cut in crumbs while more credit is to come.
 */
size_t
channels_piece(struct chan *c, struct item *item, bool *starved)
{
	struct mux *mux = c->mux;
	uint64_t own, conn, want, least;

	own = c->limit > c->sent ? c->limit - c->sent : 0;
	conn = mux->limit > mux->sent ? mux->limit - mux->sent : 0;
	want = hg->frame_len(item->frame) - item->offset;
	if (mux->chunk != 0 && want > mux->peer_chunk)
		want = mux->peer_chunk;
	least = want;
	if (mux->chunk != 0 && least > PIECE_WORTH)
		least = PIECE_WORTH;
	if (mux->chunk != 0 && least > mux->peer_window / 4 + 1)
		least = mux->peer_window / 4 + 1;
	if (own < least + CHANNELS_CHARGE)
		return (0);
	if (conn < least + CHANNELS_CHARGE || !TAILQ_EMPTY(&mux->starved)) {
		*starved = true;
		return (0);
	}
	want += CHANNELS_CHARGE;
	if (want > own)
		want = own;
	if (want > conn)
		want = conn;
	return ((size_t)want);
}

/* The label, and in chunk mode what kind of piece it is. */
static struct hg_frame *
labelled(const struct chan *c, struct hg_frame *frame, bool last)
{
	unsigned char label[3];
	unsigned kind = c->out_kind;

	label[0] = (unsigned char)(c->id >> 8);
	label[1] = (unsigned char)c->id;
	if (c->mux->chunk == 0)
		return (hg->frame_prepend(frame, label, 2));
	label[2] = (unsigned char)((last ? CHANNELS_LAST : 0) |
	    ((kind & HG_TEXT) != 0 ? CHANNELS_TEXT : 0) |
	    ((kind & HG_RSV1) != 0 ? CHANNELS_RSV1 : 0) |
	    ((kind & HG_RSV2) != 0 ? CHANNELS_RSV2 : 0) |
	    ((kind & HG_RSV3) != 0 ? CHANNELS_RSV3 : 0));
	if ((frame = hg->frame_reflag(frame, HG_WHOLE)) == NULL)
		return (NULL);
	return (hg->frame_prepend(frame, label, 3));
}

/* The front entry is done: kept while a child may yet be refused. */
static void
item_done(struct chan *c, struct item *item)
{
	TAILQ_REMOVE(&c->out->queue, item, entry);
	if (c->mine && c->child && c->waiting) {
		TAILQ_INSERT_TAIL(&c->set->held, item, entry);
		return;
	}
	channels_queue_uncount(c, item);
	channels_item_free(item);
	channels_queue_changed(c);
}

int
channels_send_piece(struct chan *c, struct item *item, size_t charge)
{
	struct mux *mux = c->mux;
	unsigned flags = hg->frame_flags(item->frame);
	size_t bytes = charge - CHANNELS_CHARGE;
	struct hg_frame *piece;
	bool end, last;

	if ((flags & HG_FIRST) != 0 && item->offset == 0)
		c->out_kind = (unsigned char)(flags & CHANNELS_KIND);
	end = item->offset + bytes == hg->frame_len(item->frame);
	last = end && (flags & HG_LAST) != 0;
	piece = hg->frame_ref(item->frame);
	if (item->offset != 0 || !end)
		piece = hg->frame_slice(piece, item->offset, bytes);
	if (piece == NULL || (piece = labelled(c, piece, last)) == NULL) {
		channels_no_memory(mux);
		return (-1);
	}
	item->offset += bytes;
	c->sent += charge;
	mux->sent += charge;
	c->out_begun = !last;
	channels_count(COUNT_DATA_BYTES_SENT, (int64_t)bytes);
	if (last) {
		c->sent_messages++;
		channels_count(COUNT_DATA_MESSAGES_SENT, 1);
	}
	if (end)
		item_done(c, item);
	hg->send_next(mux->slot, piece);
	return (0);
}
