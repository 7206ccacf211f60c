/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client sends before it is CONNECTED. How the bytes behind CONNECT are
 * to be read is not known until then, so they wait, and they are few.
 */
#include "stomp.h"

#include <stdlib.h>

int
stomp_early_count(struct stomp_session *session, size_t n)
{
	session->early_all += n;
	if (session->early_all <= STOMP_EARLY_MAX)
		return (0);
	stomp_fail(session, 1008, "too much before CONNECTED");
	return (-1);
}

static int
stomp_early_grow(struct stomp_session *session, size_t n)
{
	size_t size = session->early_size;
	char *early;

	if (n <= size - session->early_len)
		return (0);
	while (size < session->early_len + n)
		size = size == 0 ? 512 : size * 2;
	if ((early = realloc(session->early, size)) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return (-1);
	}
	session->early = early;
	session->early_size = size;
	return (0);
}

int
stomp_early_keep(struct stomp_session *session, const struct hg_frame *frame,
    size_t from)
{
	size_t n = hg->frame_len(frame) - from;

	if (n == 0)
		return (0);
	if (stomp_early_grow(session, n) != 0)
		return (-1);
	hg->frame_peek(frame, from, session->early + session->early_len, n);
	session->early_len += n;
	return (0);
}

/* It goes on as if it came now; that it was text is not known any more. */
void
stomp_early_replay(struct stomp_session *session)
{
	struct hg_frame *frame = NULL;

	if (session->early_len > 0 && !session->is_failed) {
		frame = hg->frame_new(session->early, session->early_len,
		    HG_WHOLE | (stomp_is_utf8(session->early,
		    session->early_len) ? HG_TEXT : 0));
		if (frame == NULL)
			stomp_fail(session, 1011, "out of memory");
	}
	free(session->early);
	session->early = NULL;
	session->early_len = session->early_size = 0;
	if (frame == NULL)
		return;
	stomp_from_client(session, frame);
	hg->frame_unref(frame);
}
