/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: from its plugin to the queue. */
#include "fetch.h"

#include <stdio.h>

#include "frame.h"

static void
fetch_misused(struct hg_fetch *fetch, const char *how)
{
	fetch->misuse = how;
	worker_flush_later(fetch->worker, &fetch->flush);
}

static int
fetch_queue(struct hg_fetch *fetch, struct hg_frame *frame)
{
	char head[OUTQ_HEAD_MAX + 1];
	int len = 0;

	if (fetch->length < 0) {
		len = snprintf(head, sizeof(head), "%s%zx\r\n",
		    fetch->chunk_begun ? "\r\n" : "", frame->len);
		fetch->chunk_begun = true;
	}
	return (outq_push(&fetch->out, head, (size_t)len, frame));
}

bool
fetch_send(struct hg_fetch *fetch, struct hg_frame *frame)
{
	if (fetch->over || fetch->misuse != NULL || fetch->send_ended ||
	    frame == NULL || frame->len == 0) {
		frame_unref(frame);
		return (!fetch->full);
	}
	fetch->sent += frame->len;
	if (fetch->length > 0 && fetch->sent > (uint64_t)fetch->length) {
		frame_unref(frame);
		fetch_misused(fetch, "the request's body is too long");
		return (false);
	}
	if (fetch_queue(fetch, frame) == -1)
		fetch_misused(fetch, "out of memory");
	else if (outq_cost(&fetch->out) - outq_longest(&fetch->out) >
	    FETCH_LIMIT)
		fetch_misused(fetch, "too much of the request's body waits");
	worker_flush_later(fetch->worker, &fetch->flush);
	if (outq_cost(&fetch->out) >= FETCH_FULL)
		fetch->full = true;
	return (!fetch->full);
}

void
fetch_send_end(struct hg_fetch *fetch)
{
	static const char end[] = "\r\n0\r\n\r\n";

	if (fetch->over || fetch->misuse != NULL || fetch->send_ended)
		return;
	fetch->send_ended = true;
	if (fetch->length > 0 && fetch->sent < (uint64_t)fetch->length)
		fetch_misused(fetch, "the request's body is too short");
	else if (fetch->length < 0 && outq_push(&fetch->out,
	    fetch->chunk_begun ? end : end + 2,
	    sizeof(end) - 1 - (fetch->chunk_begun ? 0 : 2), NULL) == -1)
		fetch_misused(fetch, "out of memory");
	worker_flush_later(fetch->worker, &fetch->flush);
}
