/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE: which channel it goes on. */
#include "stomp.h"

#include <string.h>

#define STOMP_TEMP_QUEUE	"/temp-queue/"

static bool
stomp_is_temp_queue(struct stomp_text text)
{
	size_t len = strlen(STOMP_TEMP_QUEUE);

	return (text.len > len && memcmp(text.at, STOMP_TEMP_QUEUE, len) == 0);
}

/* Some brokers subscribe a client to the queue that it wants a reply on. */
void
stomp_see_reply_to(struct stomp_session *session,
    const struct stomp_work *work)
{
	struct stomp_text reply_to;

	if (stomp_get(work, STOMP_REPLY_TO, &reply_to) &&
	    stomp_is_temp_queue(reply_to))
		session->has_temp_queues = true;
}

/* What is not of a subscription with an id, but was asked for all the same. */
static bool
stomp_is_expected(const struct stomp_session *session, bool has_id,
    struct stomp_text id)
{
	if (!has_id)
		return (session->has_nameless);
	return (session->has_temp_queues && stomp_is_temp_queue(id));
}

/* The flow's part of it: what is the member's own is put in further down. */
static void
stomp_copy_message(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work)
{
	struct hg_frame *frame;

	stomp_remove(work, STOMP_SUBSCRIPTION);
	stomp_remove(work, STOMP_MESSAGE_ID);
	stomp_remove(work, STOMP_ACK_MODE);
	if ((frame = stomp_frame_down(session, work)) != NULL)
		session->flows->copy(sub->member, frame);
}

static void
stomp_child_message(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work)
{
	struct hg_frame *frame;

	if (sub->wire != 0 && stomp_set(work, STOMP_SUBSCRIPTION, sub->id,
	    sub->id_len) != 0) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	if ((frame = stomp_frame_down(session, work)) == NULL)
		return;
	session->below.sent_at = hg->now();
	hg->channel_send(sub->child, frame);
}

void
stomp_message(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_sub *sub = NULL;
	struct stomp_text id;
	bool has_id, is_ours = false;

	stomp_count(STOMP_MESSAGES, 1);
	if ((has_id = stomp_get(work, STOMP_SUBSCRIPTION, &id)))
		sub = stomp_wire_find(session, id, &is_ours);
	if (!session->is_gateway ||
	    (sub == NULL && stomp_is_expected(session, has_id, id))) {
		stomp_pass_down(session, work);
		return;
	}
	/* Of one that was made only to see whether it can be, or is over. */
	if (sub == NULL && is_ours)
		return;
	if (sub == NULL) {
		stomp_count(STOMP_UNKNOWN_SUBSCRIPTION, 1);
		return;
	}
	if (sub->state == STOMP_SUB_ASKED)
		stomp_accept(session, sub);
	else if (sub->source != NULL && sub->source->resume_no != 0)
		stomp_source_resumed(session, sub);
	if (sub->member != NULL)
		stomp_copy_message(session, sub, work);
	else if (sub->child != NULL)
		stomp_child_message(session, sub, work);
	else if (!sub->is_deaf && sub->state == STOMP_SUB_LIVE &&
	    (sub->wire == 0 || stomp_set(work, STOMP_SUBSCRIPTION, sub->id,
	    sub->id_len) == 0))
		stomp_pass_down(session, work);
}
