/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What many are sent is packed once. Messages of a flow end in the same bytes in
 * memory, and begin with what is each member's own: nothing, a channel's label,
 * a few header lines. What is shared is packed for the second of them, and found
 * again for the others by where its bytes are; what is a member's own goes in
 * front, in a block that is stored as it is (RFC 1951, 3.2.4).
 *
 * So that no other bytes can be where these were, they are held, but no longer
 * than they are of use. The first message is only noted: most are sent to one.
 */
#include "deflate.h"

#define ONCE_OWN_MAX	1024		/* bytes in front */
#define ONCE_MIN	64		/* shared bytes worth a look */
#define ONCE_MAX	(1 << 20)	/* and those worth to be held */
#define ONCE_MS		1000		/* until all are forgotten */
#define ONCE_BLOCK	5		/* of a stored block's head */

static void
once_drop(struct once *once)
{
	hg->frame_unref(once->shared);
	hg->frame_unref(once->packed);
	*once = (struct once){ 0 };
}

void
once_forget(struct deflate_worker *worker)
{
	unsigned i;

	for (i = 0; i < ONCE_COUNT; i++)
		once_drop(&worker->once[i]);
}

static void
once_expired(void *data)
{
	struct deflate_worker *worker = data;

	worker->once_timer = false;
	once_forget(worker);
}

static struct once *
once_note(struct deflate_worker *worker, const struct once *key)
{
	struct once *once = &worker->once[worker->once_next];

	worker->once_next = (worker->once_next + 1) % ONCE_COUNT;
	once_drop(once);
	if (!worker->once_timer && hg->worker_timer(&hg_plugin_entry, ONCE_MS,
	    once_expired) == NULL)
		return (NULL);
	worker->once_timer = true;
	*once = *key;
	return (NULL);
}

struct once *
once_find(const struct hg_frame *frame, int bits)
{
	struct deflate_worker *worker = hg->worker_data(&hg_plugin_entry);
	struct once key = { .bits = bits };
	struct once *once;
	unsigned i;

	key.len = hg->frame_tail(frame, &key.bytes);
	if (key.len < ONCE_MIN || key.len > ONCE_MAX ||
	    hg->frame_len(frame) - key.len > ONCE_OWN_MAX)
		return (NULL);
	for (i = 0; i < ONCE_COUNT; i++) {
		once = &worker->once[i];
		if (once->bytes == key.bytes && once->len == key.len &&
		    once->bits == bits)
			return (once);
	}
	return (once_note(worker, &key));
}

/* The stored block in front, of "own" bytes. */
static struct hg_frame *
once_prepend(struct hg_frame *packed, const struct hg_frame *frame, size_t own)
{
	unsigned char block[ONCE_BLOCK + ONCE_OWN_MAX];

	block[0] = 0;
	block[1] = (unsigned char)own;
	block[2] = (unsigned char)(own >> 8);
	block[3] = (unsigned char)~block[1];
	block[4] = (unsigned char)~block[2];
	hg->frame_peek(frame, 0, block + ONCE_BLOCK, own);
	return (hg->frame_prepend(packed, block, ONCE_BLOCK + own));
}

struct hg_frame *
once_make(const struct once *once, const struct hg_frame *frame)
{
	size_t own = hg->frame_len(frame) - once->len;
	struct hg_frame *made = hg->frame_ref(once->packed);

	if (own > 0)
		made = once_prepend(made, frame, own);
	return (made == NULL ? NULL : hg->frame_reflag(made,
	    hg->frame_flags(frame) | HG_RSV1));
}
