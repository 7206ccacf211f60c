/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client at an edge whose trunk was lost. It notices nothing: heart-beats go
 * on, what it sends waits, and when there is a way to the broker again CONNECT
 * and each SUBSCRIBE are said for it. Each child that comes goes on where the
 * former one was lost. When something does not come back as it was, the client
 * gets ERROR and 1012.
 */
#include "stomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOMP_LOST_MESSAGES	"messages were lost with the trunk"

static bool
stomp_can_rejoin(const struct stomp_session *session)
{
	const struct stomp_again *keep = &session->again;
	const struct stomp_kept *kept;

	if (session->is_gateway || session->is_failed ||
	    session->state != STOMP_RUNNING || session->has_nameless ||
	    session->has_temp_queues || keep->connect == NULL ||
	    keep->is_hopeless || keep->is_unproven || keep->awaited > 0)
		return (false);
	TAILQ_FOREACH(kept, &keep->subs, entry)
		if (!kept->has_flow || !kept->is_placed)
			return (false);
	return (keep->phase != STOMP_NOT_LOST ||
	    session->broker.phase == STOMP_BETWEEN);
}

int
stomp_rejoin_park(struct stomp_session *session)
{
	struct stomp_kept *kept;

	if (!stomp_can_rejoin(session)) {
		stomp_rejoin_over(session);
		if (session->state == STOMP_RUNNING && !session->is_gateway)
			stomp_count(STOMP_GAPS, 1);
		return (-1);
	}
	if (session->again.phase == STOMP_NOT_LOST)
		stomp_count(STOMP_PARKED, 1);
	session->again.phase = STOMP_LOST;
	/* Their ends are on the way. */
	TAILQ_FOREACH(kept, &session->again.subs, entry) {
		if (kept->child != NULL)
			kept->child->kept = NULL;
		kept->child = NULL;
		kept->is_awaited = true;
	}
	return (0);
}

/* It goes on, or ends. */
void
stomp_rejoin_over(struct stomp_session *session)
{
	if (session->again.phase == STOMP_NOT_LOST)
		return;
	session->again.phase = STOMP_NOT_LOST;
	stomp_count(STOMP_PARKED, -1);
}

static void
stomp_rejoin_fail(struct stomp_session *session, unsigned code,
    const char *why)
{
	if (!session->is_failed)
		stomp_count(STOMP_GAPS, 1);
	stomp_fail(session, code, "%s", why);
	stomp_rejoin_over(session);
}

bool
stomp_rejoin_hold(struct stomp_session *session, const struct hg_frame *look)
{
	struct stomp_again *keep = &session->again;
	size_t len = hg->frame_len(look);
	struct stomp_held *held;
	char *bytes;

	if (keep->phase == STOMP_NOT_LOST || session->is_failed)
		return (false);
	keep->held_bytes += len + sizeof(*held);
	if (keep->held_bytes > STOMP_HELD_MAX) {
		stomp_rejoin_fail(session, 1013, "too much while waiting for "
		    "the trunk");
		return (true);
	}
	held = malloc(sizeof(*held));
	bytes = malloc(len + 1);
	if (held == NULL || bytes == NULL)
		stomp_rejoin_fail(session, 1011, "out of memory");
	else {
		hg->frame_peek(look, 0, bytes, len);
		held->frame = hg->frame_new(bytes, len, hg->frame_flags(look));
		if (held->frame == NULL)
			stomp_rejoin_fail(session, 1011, "out of memory");
		else {
			STAILQ_INSERT_TAIL(&keep->held, held, entry);
			held = NULL;
		}
	}
	free(bytes);
	free(held);
	return (true);
}

static void
stomp_say_again(struct stomp_session *session, const char *bytes, size_t len)
{
	struct hg_frame *frame;

	frame = hg->frame_new(bytes, len, HG_WHOLE |
	    (stomp_is_utf8(bytes, len) ? HG_TEXT : 0));
	if (frame == NULL)
		stomp_rejoin_fail(session, 1011, "out of memory");
	else
		stomp_send_up(session, frame);
}

/* With the number of subscriptions that follow, behind the command. */
static void
stomp_say_connect(struct stomp_session *session)
{
	const struct stomp_again *keep = &session->again;
	const struct stomp_kept *kept;
	size_t line = (size_t)((const char *)memchr(keep->connect, '\n',
	    keep->connect_len) - keep->connect) + 1;
	char own[sizeof(STOMP_RESUMES) + 16], *bytes;
	unsigned count = 0;
	int len;

	TAILQ_FOREACH(kept, &keep->subs, entry)
		count++;
	len = snprintf(own, sizeof(own), STOMP_RESUMES ":%u\n", count);
	if ((bytes = malloc(keep->connect_len + (size_t)len)) == NULL) {
		stomp_rejoin_fail(session, 1011, "out of memory");
		return;
	}
	memcpy(bytes, keep->connect, line);
	memcpy(bytes + line, own, (size_t)len);
	memcpy(bytes + line + len, keep->connect + line,
	    keep->connect_len - line);
	stomp_say_again(session, bytes, keep->connect_len + (size_t)len);
	explicit_bzero(bytes, keep->connect_len + (size_t)len);
	free(bytes);
}

void
stomp_rejoin(struct stomp_session *session)
{
	if (session->again.phase != STOMP_LOST)
		return;
	stomp_parser_finish(&session->broker);
	stomp_parser_init(&session->broker, true,
	    (uint64_t)session->options->body_max);
	session->again.phase = STOMP_SAYS_CONNECT;
	stomp_say_connect(session);
}

/* What the client has sent meanwhile. */
static void
stomp_release_held(struct stomp_session *session)
{
	struct stomp_again *keep = &session->again;
	struct stomp_held *held;

	while (keep->phase == STOMP_NOT_LOST &&
	    (held = STAILQ_FIRST(&keep->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&keep->held, entry);
		keep->held_bytes -= hg->frame_len(held->frame) +
		    sizeof(*held);
		stomp_from_client(session, held->frame);
		hg->frame_unref(held->frame);
		free(held);
	}
}

static void
stomp_rejoin_check(struct stomp_session *session)
{
	const struct stomp_kept *kept;

	if (session->again.phase != STOMP_SAYS_SUBSCRIBE || session->is_failed)
		return;
	TAILQ_FOREACH(kept, &session->again.subs, entry)
		if (kept->is_awaited)
			return;
	stomp_rejoin_over(session);
	stomp_count(STOMP_RESUMED, 1);
	session->above.heard_at = hg->now();
	hg->channel_rejoined(session->channel);
	stomp_release_held(session);
}

static void
stomp_rejoin_connected(struct stomp_session *session,
    const struct stomp_work *work)
{
	const struct stomp_kept *kept;

	if (stomp_agreed_version(session, work) != (int)session->version) {
		stomp_rejoin_fail(session, 1012, "the broker came back with "
		    "another version");
		return;
	}
	session->broker.version = session->version;
	session->again.phase = STOMP_SAYS_SUBSCRIBE;
	TAILQ_FOREACH(kept, &session->again.subs, entry)
		if (!session->is_failed)
			stomp_say_again(session, kept->frame, kept->frame_len);
	stomp_rejoin_check(session);
}

bool
stomp_rejoin_frame(struct stomp_session *session, struct stomp_work *work)
{
	enum stomp_command command = work->head.command;

	if (session->again.phase == STOMP_NOT_LOST || command == STOMP_ERROR)
		return (false);
	if (session->again.phase == STOMP_SAYS_CONNECT &&
	    command == STOMP_CONNECTED)
		stomp_rejoin_connected(session, work);
	else
		stomp_rejoin_fail(session, 1012, STOMP_LOST_MESSAGES);
	return (true);
}

/* --- children -------------------------------------------------------------- */

/* Its link is there by now. */
static void
stomp_rejoin_ask(struct hg_slot *slot, void *state)
{
	struct stomp_child *child = ((struct stomp *)state)->child;
	const struct stomp_kept *kept = child->kept;

	if (kept == NULL || !kept->is_awaited)
		return;
	if (child->is_other || hg->channel_ask_resume(hg->slot_channel(slot),
	    kept->flow, kept->epoch, kept->place) != 0)
		stomp_rejoin_resumed(child, false);
}

/* Not from within its open hook. */
void
stomp_rejoin_child(struct stomp_child *child)
{
	if (hg->timer_start(child->slot, 0, stomp_rejoin_ask) == NULL)
		hg->fail(child->slot, 1011, "out of memory");
}

void
stomp_rejoin_resumed(struct stomp_child *child, bool yes)
{
	struct stomp_kept *kept = child->kept;

	if (kept == NULL || !kept->is_awaited)
		return;
	if (!yes) {
		stomp_rejoin_fail(child->kept_by, 1012, STOMP_LOST_MESSAGES);
		return;
	}
	kept->is_awaited = kept->is_placed = false;
	stomp_rejoin_check(child->kept_by);
}
