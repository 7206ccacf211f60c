/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flow's message as its members get it. Members with the same intro get the
 * very same frame, with one message-id: it is made for the first of them, and
 * found again by the frame that it was made of. So that no other message can
 * have the address of one, these are held, but no longer than they are of use:
 * a member's messages come together, and the next one's right behind.
 */
#include "stomp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STOMP_FLAT_MAX	16384	/* longer ones are not copied */
#define STOMP_MADE_MS	1000	/* until all are forgotten */

static bool
stomp_is_made(const struct stomp_made *made, const struct stomp_child *child)
{
	return (made->intro_len == child->intro_len &&
	    memcmp(made->intro, child->intro, child->intro_len) == 0);
}

void
stomp_made_start(struct stomp_worker *worker)
{
	uint64_t random;

	hg->random(&random, sizeof(random));
	snprintf(worker->id, sizeof(worker->id), "%016" PRIx64, random);
}

static void
stomp_made_drop(struct stomp_worker *worker, unsigned i)
{
	if (worker->made_from[i] == NULL)
		return;
	hg->frame_unref(worker->made_from[i]);
	hg->frame_unref(worker->made[i].to);
	worker->made_from[i] = worker->made[i].to = NULL;
}

void
stomp_made_forget(void *data)
{
	struct stomp_worker *worker = data;
	unsigned i;

	worker->made_timer = false;
	for (i = 0; i < STOMP_MADE; i++)
		stomp_made_drop(worker, i);
}

/* The next member's messages come in the order of the last one's. */
struct hg_frame *
stomp_made(const struct stomp_child *child, const struct hg_frame *frame)
{
	struct stomp_worker *worker = stomp_worker();
	unsigned i, at;

	at = worker->made_found;
	for (i = 0; i < STOMP_MADE; i++, at = (at + 1) % STOMP_MADE) {
		if (worker->made_from[at] != frame ||
		    !stomp_is_made(&worker->made[at], child))
			continue;
		worker->made_found = (at + 1) % STOMP_MADE;
		return (hg->frame_ref(worker->made[at].to));
	}
	return (NULL);
}

/* One run, which costs each of those it is sent to less than three; but only
 * a run that is the same for all can be packed once for all of them. */
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
	if (hg->frame_len(frame) <= STOMP_FLAT_MAX && !child->is_packed)
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
	struct stomp_worker *worker = stomp_worker();
	unsigned at = worker->made_next;

	if (!worker->made_timer && hg->worker_timer(&hg_plugin_entry,
	    STOMP_MADE_MS, stomp_made_forget) == NULL)
		return;
	worker->made_timer = true;
	stomp_made_drop(worker, at);
	worker->made_next = (at + 1) % STOMP_MADE;
	worker->made_from[at] = hg->frame_ref(frame);
	worker->made[at].to = hg->frame_ref(to);
	worker->made[at].intro_len = child->intro_len;
	memcpy(worker->made[at].intro, child->intro, child->intro_len);
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
