/* SPDX-License-Identifier: Apache-2.0 */
/* A session's life, and what leaves it in both directions. */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

struct stomp_session *
stomp_session_create(struct hg_slot *slot)
{
	struct stomp_session *session;

	if ((session = calloc(1, sizeof(*session))) == NULL) {
		hg->fail(slot, 1011, "out of memory");
		return (NULL);
	}
	session->slot = slot;
	session->channel = hg->slot_channel(slot);
	session->options = hg->options(slot);
	session->flows = hg->find(HG_FLOWS);
	session->is_gateway = hg->channel_upstream(session->channel) !=
	    HG_UPSTREAM_TRUNK;
	stomp_parser_init(&session->client, false,
	    (uint64_t)session->options->body_max);
	stomp_parser_init(&session->broker, true,
	    (uint64_t)session->options->body_max);
	TAILQ_INIT(&session->waiting);
	TAILQ_INIT(&session->wired);
	TAILQ_INIT(&session->sources);
	hg->random(&session->seed, sizeof(session->seed));
	hg->random(&session->secret, sizeof(session->secret));
	if (session->options->connect_timeout != 0)
		session->deadline = hg->now() +
		    (uint64_t)session->options->connect_timeout;
	stomp_again_start(session);
	stomp_beat_start(session);
	return (session);
}

void
stomp_session_destroy(struct stomp_session *session)
{
	struct stomp_source *source;

	if (session == NULL)
		return;
	stomp_leave_all(session, 1000, "");
	stomp_table_finish(session);
	while ((source = TAILQ_FIRST(&session->sources)) != NULL)
		stomp_sub_free(session, source->sub);
	stomp_keeper_remove(session);
	if (session->disconnect != NULL)
		hg->frame_unref(session->disconnect);
	stomp_again_finish(session);
	stomp_parser_finish(&session->client);
	stomp_parser_finish(&session->broker);
	free(session->early);
	if (session->credential != NULL)
		explicit_bzero(session->credential, session->credential_len);
	free(session->credential);
	free(session->host);
	free(session);
}

void
stomp_send_up(struct stomp_session *session, struct hg_frame *frame)
{
	session->above.sent_at = hg->now();
	if (session->orphan != NULL)
		hg->kept_send(session->orphan, frame);
	else
		hg->recv_next(session->slot, frame);
}

void
stomp_send_down(struct stomp_session *session, struct hg_frame *frame)
{
	session->below.sent_at = hg->now();
	if (session->orphan != NULL)
		hg->frame_unref(frame);
	else
		hg->send_next(session->slot, frame);
}

static struct hg_frame *
stomp_frame(struct stomp_session *session, struct stomp_work *work)
{
	struct hg_frame *frame;

	frame = stomp_write(work, session->version,
	    session->options->content_length == 0);
	if (frame == NULL)
		stomp_fail(session, 1011, "out of memory");
	return (frame);
}

static struct hg_frame *
stomp_frame_flag(struct stomp_session *session, struct hg_frame *frame,
    bool is_text)
{
	frame = hg->frame_reflag(frame, HG_WHOLE | (is_text ? HG_TEXT : 0));
	if (frame == NULL)
		stomp_fail(session, 1011, "out of memory");
	return (frame);
}

struct hg_frame *
stomp_frame_up(struct stomp_session *session, struct stomp_work *work)
{
	bool is_text = work->is_text;
	struct hg_frame *frame;

	if ((frame = stomp_frame(session, work)) == NULL)
		return (NULL);
	return (stomp_frame_flag(session, frame, is_text));
}

void
stomp_pass_up(struct stomp_session *session, struct stomp_work *work)
{
	struct hg_frame *frame;

	if ((frame = stomp_frame_up(session, work)) == NULL)
		return;
	stomp_again_frame(session, work, frame);
	stomp_send_up(session, frame);
}

/*
 * Who is next to the broker looks once whether the bytes are text; who is not
 * is told by the message that they came in.
 */
struct hg_frame *
stomp_frame_down(struct stomp_session *session, struct stomp_work *work)
{
	bool is_text = work->is_text;
	struct hg_frame *frame;

	if ((frame = stomp_frame(session, work)) == NULL)
		return (NULL);
	if (!is_text && session->is_gateway)
		is_text = stomp_frame_is_utf8(frame);
	return (stomp_frame_flag(session, frame, is_text));
}

void
stomp_pass_down(struct stomp_session *session, struct stomp_work *work)
{
	struct hg_frame *frame;

	if ((frame = stomp_frame_down(session, work)) != NULL)
		stomp_send_down(session, frame);
}
