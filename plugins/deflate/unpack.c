/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the wire. A frame may become many times its length, so its bytes are
 * counted as they are made; no more than the scratch is made beyond the limit
 * (W02).
 */
#include <string.h>

#include "deflate.h"

/* RFC 7692, 7.2.2: what the sender has left out. */
static const unsigned char tail[] = { 0, 0, 0xff, 0xff };

/* A block that says it is the last one; what follows goes on with the same
 * window (RFC 7692, 7.2.3.5). */
static int
unpack_go_on(z_stream *z)
{
	unsigned char window[1 << DEFLATE_BITS_MAX];
	uInt len = sizeof(window);

	if (inflateGetDictionary(z, window, &len) != Z_OK ||
	    inflateReset(z) != Z_OK)
		return (-1);
	return (len == 0 || inflateSetDictionary(z, window, len) == Z_OK ?
	    0 : -1);
}

/* Hands on what is in scratch; the last frame may be empty. */
static enum hg_verdict
unpack_hand_on(struct hg_slot *slot, struct deflate *state,
    const unsigned char *bytes, size_t len, unsigned kind, bool last)
{
	const struct deflate_options *options = hg->options(slot);
	struct hg_frame *made;

	state->inflated += len;
	if (state->inflated > (uint64_t)options->inflated_max) {
		hg->count(&hg_plugin_entry, DEFLATE_TOO_LONG, 1);
		return (hg->fail(slot, 1009, "more than inflated-max"));
	}
	if (len == 0 && !last)
		return (HG_PASS);
	made = hg->frame_new(bytes, len, kind | (last ? HG_LAST : 0) |
	    (state->in_first ? HG_FIRST : 0));
	if (made == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	hg->count(&hg_plugin_entry, DEFLATE_UNPACKED_TO, (int64_t)len);
	state->in_first = false;
	hg->recv_next(slot, made);
	return (HG_PASS);
}

/* All of these bytes; end: nothing of the message is behind them. */
static enum hg_verdict
unpack_bytes(struct hg_slot *slot, struct deflate *state,
    const unsigned char *bytes, size_t len, unsigned kind, bool end)
{
	struct deflate_worker *worker = hg->worker_data(&hg_plugin_entry);
	z_stream *z = &state->in->z;
	enum hg_verdict verdict;
	int result;

	z->next_in = (unsigned char *)(uintptr_t)bytes;
	z->avail_in = (uInt)len;
	do {
		z->next_out = worker->scratch;
		z->avail_out = sizeof(worker->scratch);
		result = inflate(z, Z_SYNC_FLUSH);
		if (result == Z_STREAM_END && unpack_go_on(z) != 0)
			result = Z_DATA_ERROR;
		if (result != Z_OK && result != Z_STREAM_END &&
		    result != Z_BUF_ERROR)
			return (hg->fail(slot, 1007, "no deflated data: %s",
			    z->msg != NULL ? z->msg : "it cannot be read"));
		verdict = unpack_hand_on(slot, state, worker->scratch,
		    sizeof(worker->scratch) - z->avail_out, kind,
		    end && z->avail_in == 0 && z->avail_out != 0);
		if (verdict != HG_PASS)
			return (verdict);
	} while (z->avail_in != 0 || z->avail_out == 0);
	return (HG_PASS);
}

static enum hg_verdict
unpack(struct hg_slot *slot, struct deflate *state, struct hg_frame *frame)
{
	unsigned kind = hg->frame_flags(frame) & HG_TEXT;
	bool last = (hg->frame_flags(frame) & HG_LAST) != 0;
	struct hg_frame *held = hg->frame_ref(frame);
	const unsigned char *bytes = hg->frame_bytes(&held);
	size_t len = hg->frame_len(frame);
	enum hg_verdict verdict;

	hg->count(&hg_plugin_entry, DEFLATE_UNPACKED_FROM, (int64_t)len);
	hg->count(&hg_plugin_entry, DEFLATE_UNPACKED, last);
	verdict = bytes == NULL ? hg->fail(slot, 1011, "out of memory") :
	    unpack_bytes(slot, state, bytes, len, kind, false);
	if (verdict == HG_PASS && last)
		verdict = unpack_bytes(slot, state, tail, sizeof(tail), kind,
		    true);
	hg->frame_unref(held);
	return (verdict == HG_PASS ? HG_DROP : verdict);
}

enum hg_verdict
deflate_recv(struct hg_slot *slot, void *own, struct hg_frame *frame)
{
	struct deflate *state = own;
	unsigned flags = hg->frame_flags(frame);
	enum hg_verdict verdict;

	if ((flags & HG_FIRST) != 0) {
		state->in_packed = (flags & HG_RSV1) != 0;
		state->in_first = true;
		state->inflated = 0;
	}
	if (!state->in_packed)
		return (HG_PASS);
	if (state->in == NULL && (state->in = stream_in()) == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	verdict = unpack(slot, state, frame);
	if (verdict != HG_FAIL && (flags & HG_LAST) != 0 &&
	    !state->agreed.peer_takeover) {
		stream_in_done(state->in);
		state->in = NULL;
	}
	return (verdict);
}
