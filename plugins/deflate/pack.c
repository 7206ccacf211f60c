/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Towards the wire. Each frame becomes one frame, so what is sent piece by
 * piece also arrives so. A message that would not get shorter goes as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "deflate.h"

static const unsigned char empty_block[] = { 0 };

/* What deflate makes of the bytes, in scratch or in *own; -1: no memory. */
static int
pack_bytes(struct stream *stream, const unsigned char *bytes, size_t len,
    unsigned char **own, size_t *packed)
{
	struct deflate_worker *worker = hg->worker_data(&hg_plugin_entry);
	z_stream *z = &stream->z;
	size_t room = deflateBound(z, len) + 16;

	*own = NULL;
	if (room > sizeof(worker->scratch) && (*own = malloc(room)) == NULL)
		return (-1);
	z->next_in = (unsigned char *)(uintptr_t)bytes;
	z->avail_in = (uInt)len;
	z->next_out = *own != NULL ? *own : worker->scratch;
	z->avail_out = (uInt)(*own != NULL ? room : sizeof(worker->scratch));
	room = z->avail_out;
	/* Z_BUF_ERROR: there was nothing at all to be done. */
	if (deflate(z, Z_SYNC_FLUSH) == Z_STREAM_ERROR || z->avail_in != 0 ||
	    z->avail_out == 0) {
		free(*own);
		return (-1);
	}
	*packed = room - z->avail_out;
	return (0);
}

/* RFC 7692, 7.2.1: the end of the last block is left out; and 7.2.3.6. */
static struct hg_frame *
pack_frame(const unsigned char *bytes, size_t len, unsigned flags)
{
	if ((flags & HG_LAST) != 0) {
		len = len >= 4 ? len - 4 : 0;
		if (len == 0) {
			bytes = empty_block;
			len = sizeof(empty_block);
		}
	}
	return (hg->frame_new(bytes, len, flags));
}

static void
pack_count(size_t from, size_t to, unsigned flags)
{
	if ((flags & HG_LAST) != 0)
		hg->count(&hg_plugin_entry, DEFLATE_PACKED, 1);
	hg->count(&hg_plugin_entry, DEFLATE_PACKED_FROM, (int64_t)from);
	hg->count(&hg_plugin_entry, DEFLATE_PACKED_TO, (int64_t)to);
}

/* A whole message that does not get shorter, and that no window holds now. */
static bool
pack_is_vain(const struct deflate *state, unsigned flags, size_t len,
    size_t packed)
{
	return ((flags & HG_WHOLE) == HG_WHOLE && !state->agreed.own_takeover &&
	    packed >= len + 4);
}

/* What the messages share, kept for those that follow. -1: no memory. */
static int
pack_shared(struct deflate *state, struct once *once,
    const struct hg_frame *frame)
{
	const struct deflate_worker *worker =
	    hg->worker_data(&hg_plugin_entry);
	const unsigned char *bytes = once->bytes;
	unsigned char *own;
	size_t packed;

	if (pack_bytes(state->out, bytes, once->len, &own, &packed) != 0)
		return (-1);
	once->packed = pack_frame(own != NULL ? own : worker->scratch, packed,
	    HG_WHOLE);
	free(own);
	if (once->packed != NULL)
		once->shared = hg->frame_slice(hg->frame_ref(
		    (struct hg_frame *)(uintptr_t)frame),
		    hg->frame_len(frame) - once->len, once->len);
	if (once->shared != NULL)
		return (0);
	hg->frame_unref(once->packed);
	once->packed = NULL;
	return (-1);
}

/* A whole message, whose end may be one for many. */
static enum hg_verdict
pack_once(struct hg_slot *slot, struct deflate *state, struct once *once,
    struct hg_frame *frame)
{
	size_t len = hg->frame_len(frame);
	struct hg_frame *made;

	made = once->shared != NULL || pack_shared(state, once, frame) == 0 ?
	    once_make(once, frame) : NULL;
	if (made == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	if (hg->frame_len(made) >= len) {
		hg->frame_unref(made);
		hg->count(&hg_plugin_entry, DEFLATE_SKIPPED, 1);
		return (HG_PASS);
	}
	pack_count(len, hg->frame_len(made), HG_WHOLE);
	hg->count(&hg_plugin_entry, DEFLATE_SHARED, 1);
	hg->send_next(slot, made);
	return (HG_DROP);
}

static enum hg_verdict
pack(struct hg_slot *slot, struct deflate *state, struct hg_frame *frame)
{
	unsigned flags = hg->frame_flags(frame);
	size_t len = hg->frame_len(frame), packed;
	struct hg_frame *held = hg->frame_ref(frame), *made = NULL;
	const unsigned char *bytes = hg->frame_bytes(&held);
	unsigned char *own;
	bool vain = false;
	const struct deflate_worker *worker =
	    hg->worker_data(&hg_plugin_entry);

	if (bytes != NULL &&
	    pack_bytes(state->out, bytes, len, &own, &packed) == 0) {
		vain = pack_is_vain(state, flags, len, packed);
		if (!vain)
			made = pack_frame(own != NULL ? own : worker->scratch,
			    packed, (flags & HG_FIRST) != 0 ?
			    flags | HG_RSV1 : flags);
		free(own);
	}
	hg->frame_unref(held);
	if (vain) {
		hg->count(&hg_plugin_entry, DEFLATE_SKIPPED, 1);
		return (HG_PASS);
	}
	if (made == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	pack_count(len, hg->frame_len(made), flags);
	hg->send_next(slot, made);
	return (HG_DROP);
}

/* Whether this message is packed: it has a stream then. */
static bool
pack_begins(struct hg_slot *slot, struct deflate *state,
    const struct hg_frame *frame)
{
	const struct deflate_options *options = hg->options(slot);
	unsigned flags = hg->frame_flags(frame);

	if ((flags & HG_RSV1) != 0)
		return (false);
	if ((flags & HG_LAST) != 0 &&
	    (int64_t)hg->frame_len(frame) < options->min_size) {
		hg->count(&hg_plugin_entry, DEFLATE_SKIPPED, 1);
		return (false);
	}
	if (state->out == NULL)
		state->out = stream_out(state->agreed.own_bits);
	return (state->out != NULL);
}

enum hg_verdict
deflate_send(struct hg_slot *slot, void *own, struct hg_frame *frame)
{
	struct deflate *state = own;
	unsigned flags = hg->frame_flags(frame);
	enum hg_verdict verdict;
	struct once *once;

	if ((flags & HG_FIRST) != 0)
		state->out_packed = pack_begins(slot, state, frame);
	if (!state->out_packed)
		return (HG_PASS);
	once = (flags & HG_WHOLE) == HG_WHOLE && !state->agreed.own_takeover ?
	    once_find(frame, state->agreed.own_bits) : NULL;
	verdict = once != NULL ? pack_once(slot, state, once, frame) :
	    pack(slot, state, frame);
	if ((flags & HG_LAST) != 0 && !state->agreed.own_takeover) {
		stream_out_done(state->out);
		state->out = NULL;
	}
	return (verdict);
}
