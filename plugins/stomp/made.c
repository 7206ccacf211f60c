/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's message as its members get it. Members with the same intro get the
 * very same frame, with one message-id: it is made for the first of them, and
 * found again by the frame that it was made of. A few are kept, each until
 * another takes its place; so no other message can have the address of one.
 */
#include "stomp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STOMP_FLAT_MAX	16384	/* longer ones are not copied */

/* Few bytes tell intros apart: the id of the subscription ends it. */
static struct stomp_made *
stomp_made_at(const struct stomp_child *child, const struct hg_frame *frame)
{
	uintptr_t hash = (uintptr_t)frame >> 5;

	hash += child->intro_len + 7u * child->intro_hash;
	return (&stomp_worker()->made[hash % STOMP_MADE]);
}

static bool
stomp_is_made(const struct stomp_made *made, const struct stomp_child *child,
    const struct hg_frame *frame)
{
	return (made->from == frame && made->intro_len == child->intro_len &&
	    memcmp(made->intro, child->intro, child->intro_len) == 0);
}

static void
stomp_made_drop(struct stomp_made *made)
{
	if (made->from != NULL)
		hg->frame_unref(made->from);
	if (made->to != NULL)
		hg->frame_unref(made->to);
	made->from = made->to = NULL;
}

void
stomp_made_start(struct stomp_worker *worker)
{
	uint64_t random;

	hg->random(&random, sizeof(random));
	snprintf(worker->id, sizeof(worker->id), "%016" PRIx64, random);
}

void
stomp_made_stop(struct stomp_worker *worker)
{
	size_t i;

	for (i = 0; i < STOMP_MADE; i++)
		stomp_made_drop(&worker->made[i]);
}

struct hg_frame *
stomp_made(const struct stomp_child *child, const struct hg_frame *frame)
{
	const struct stomp_made *made = stomp_made_at(child, frame);

	if (!stomp_is_made(made, child, frame))
		return (NULL);
	return (hg->frame_ref(made->to));
}

/* One run, which costs each of those it is sent to less than three. */
static struct hg_frame *
stomp_put_flat(const struct stomp_child *child, struct hg_frame *frame,
    const char *number, size_t number_len)
{
	char bytes[STOMP_FLAT_MAX + 2 * STOMP_SHARED_ID_MAX + 128];
	size_t len, skip = strlen(STOMP_COMMAND_LINE);

	memcpy(bytes, child->intro, child->intro_len);
	len = child->intro_len;
	memcpy(bytes + len, number, number_len);
	len += number_len;
	len += hg->frame_peek(frame, skip, bytes + len,
	    hg->frame_len(frame) - skip);
	return (hg->frame_new(bytes, len, hg->frame_flags(frame)));
}

static struct hg_frame *
stomp_put(const struct stomp_child *child, struct hg_frame *frame)
{
	char number[24];
	int len;

	len = snprintf(number, sizeof(number), "%" PRIu64 "\n",
	    ++stomp_worker()->number);
	if (hg->frame_len(frame) <= STOMP_FLAT_MAX)
		return (stomp_put_flat(child, frame, number, (size_t)len));
	frame = hg->frame_trim(hg->frame_ref(frame),
	    strlen(STOMP_COMMAND_LINE));
	if (frame != NULL)
		frame = hg->frame_prepend(frame, number, (size_t)len);
	if (frame != NULL)
		frame = hg->frame_prepend(frame, child->intro,
		    child->intro_len);
	return (frame);
}

static void
stomp_made_keep(const struct stomp_child *child, struct hg_frame *frame,
    struct hg_frame *to)
{
	struct stomp_made *made = stomp_made_at(child, frame);

	stomp_made_drop(made);
	made->from = hg->frame_ref(frame);
	made->to = hg->frame_ref(to);
	made->intro_len = child->intro_len;
	memcpy(made->intro, child->intro, child->intro_len);
}

struct hg_frame *
stomp_make(const struct stomp_child *child, struct hg_frame *frame)
{
	unsigned flags = hg->frame_flags(frame);
	struct hg_frame *to;

	to = stomp_put(child, frame);
	if (to != NULL && !child->is_text && (flags & HG_TEXT) != 0)
		to = hg->frame_reflag(to, flags & ~(unsigned)HG_TEXT);
	if (to != NULL && (flags & HG_WHOLE) == HG_WHOLE &&
	    child->intro_len <= STOMP_MADE_INTRO &&
	    hg->frame_len(frame) <= STOMP_FLAT_MAX)
		stomp_made_keep(child, frame, to);
	return (to);
}
