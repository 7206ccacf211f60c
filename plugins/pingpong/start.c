/* SPDX-License-Identifier: Apache-2.0 */
/* The first bytes of a text message, however it is cut. */
#include <string.h>

#include "pingpong.h"

const unsigned char start_mark[MARK] = { 1, 1, 1, 2 };

/* What another extension has packed (a reserved bit) has no mark. */
bool
start_applies(struct start *start, const struct hg_frame *frame)
{
	unsigned flags = hg->frame_flags(frame);

	if ((flags & HG_FIRST) != 0) {
		start->open = (flags & HG_TEXT) != 0 && (flags & HG_RSV) == 0;
		start->len = start->kept = 0;
	}
	return (start->open);
}

/* It can still become a mark, or more than one. */
static bool
start_may_be(const struct start *start)
{
	return (memcmp(start->bytes, start_mark,
	    start->len < MARK ? start->len : MARK) == 0);
}

enum start_result
start_add(struct start *start, const struct hg_frame *frame, unsigned max)
{
	start->kept = start->len;
	start->len += (unsigned)hg->frame_peek(frame, 0,
	    start->bytes + start->len, max - start->len);
	if ((hg->frame_flags(frame) & HG_LAST) != 0 || start->len == max ||
	    !start_may_be(start))
		return (START_KNOWN);
	return (START_MORE);
}

bool
start_is_marked(const struct start *start)
{
	return (start->len >= MARK && start_may_be(start));
}

enum hg_verdict
start_pass(struct hg_slot *slot, struct start *start, struct hg_frame *frame,
    void (*next)(struct hg_slot *, struct hg_frame *))
{
	unsigned flags = hg->frame_flags(frame) | HG_FIRST;

	if ((hg->frame_flags(frame) & HG_FIRST) != 0)
		return (HG_PASS);
	frame = hg->frame_prepend(hg->frame_ref(frame), start->bytes,
	    start->kept);
	if (frame != NULL)
		frame = hg->frame_reflag(frame, flags);
	if (frame == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	next(slot, frame);
	return (HG_DROP);
}
