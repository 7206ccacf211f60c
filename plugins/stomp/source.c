/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subscription that shares one at the broker with others: the flow takes it
 * back there, and makes it again, while the client believes it to be there all
 * the time. All of this is said on the client's own session, as its login; a
 * refusal is the broker's ERROR, as ever.
 */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

void
stomp_begin(struct stomp_work *work, enum stomp_command command)
{
	memset(&work->head, 0, sizeof(work->head));
	work->head.command = command;
	work->text_len = 1;	/* as 0 is no place */
	work->is_text = false;
}

static void
stomp_say(struct stomp_session *session, struct stomp_work *work)
{
	struct hg_frame *frame;

	frame = stomp_write(work, session->version, true);
	if (frame != NULL)
		frame = hg->frame_reflag(frame, HG_WHOLE |
		    (stomp_frame_is_utf8(frame) ? HG_TEXT : 0));
	if (frame == NULL)
		stomp_fail(session, 1011, "out of memory");
	else
		stomp_send_up(session, frame);
}

/* Asks for a receipt of that number. */
static int
stomp_set_receipt(struct stomp_session *session, struct stomp_work *work,
    uint64_t number)
{
	char text[STOMP_OWN_LEN];
	int len;

	len = stomp_own_format(session, number, text);
	return (stomp_set(work, STOMP_RECEIPT_WANTED, text, (size_t)len));
}

/* By the id that it has at the broker. */
static void
stomp_say_subscribe(struct stomp_session *session, struct stomp_sub *sub,
    uint64_t receipt)
{
	struct stomp_work *work;

	if ((work = stomp_work_get()) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_begin(work, STOMP_SUBSCRIBE);
	if (stomp_wire_set(session, sub, work, STOMP_ID) != 0 ||
	    stomp_set(work, STOMP_DESTINATION, sub->destination,
	    strlen(sub->destination)) != 0 ||
	    (sub->selector != NULL && stomp_set(work, STOMP_SELECTOR,
	    sub->selector, sub->selector_len) != 0) ||
	    stomp_set(work, STOMP_ACK_MODE, "auto", 4) != 0 ||
	    stomp_set_receipt(session, work, receipt) != 0)
		stomp_fail(session, 1011, "out of memory");
	else
		stomp_say(session, work);
	stomp_work_put(work);
}

void
stomp_say_unsubscribe(struct stomp_session *session, struct stomp_sub *sub,
    uint64_t receipt)
{
	struct stomp_work *work;

	if ((work = stomp_work_get()) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_begin(work, STOMP_UNSUBSCRIBE);
	if (stomp_wire_set(session, sub, work, STOMP_ID) != 0 ||
	    stomp_set_receipt(session, work, receipt) != 0)
		stomp_fail(session, 1011, "out of memory");
	else
		stomp_say(session, work);
	stomp_work_put(work);
}

/* A client whose session is over needs none of it any more. */
static bool
stomp_source_is_live(const struct stomp_source *source)
{
	const struct stomp_session *session = source->session;

	return (!session->is_failed && session->state != STOMP_OVER &&
	    source->sub->member != NULL);
}

static void
stomp_source_pause(void *arg)
{
	struct stomp_source *source = arg;
	struct stomp_session *session = source->session;

	if (!stomp_source_is_live(source))
		return;
	source->pause_no = ++session->receipts;
	stomp_say_unsubscribe(session, source->sub, source->pause_no);
}

static void
stomp_source_resume(void *arg)
{
	struct stomp_source *source = arg;
	struct stomp_session *session = source->session;

	if (!stomp_source_is_live(source))
		return;
	source->is_absent = false;
	stomp_wire_new(session, source->sub);
	source->resume_no = ++session->receipts;
	stomp_say_subscribe(session, source->sub, source->resume_no);
}

/* The two go together, so that nearly nothing comes between. */
static void
stomp_source_check(void *arg)
{
	struct stomp_source *source = arg;
	struct stomp_session *session = source->session;
	struct stomp_sub *sub = source->sub;
	uint64_t wire = sub->wire;

	if (!stomp_source_is_live(source))
		return;
	stomp_wire_new(session, sub);
	stomp_say_subscribe(session, sub, ++session->receipts);
	source->check_no = ++session->receipts;
	if (!session->is_failed)
		stomp_say_unsubscribe(session, sub, source->check_no);
	stomp_wire_forget(session, sub);
	if (wire == 0)
		return;
	sub->wire = wire;
	TAILQ_INSERT_HEAD(&session->wired, sub, wired);
}

static void
stomp_source_release(void *arg)
{
	struct stomp_source *source = arg;
	struct stomp_session *session = source->session;

	if (stomp_source_is_live(source)) {
		source->end_no = ++session->receipts;
		stomp_say_unsubscribe(session, source->sub, source->end_no);
	}
	source->is_absent = true;
	stomp_leave(session, source->sub, 1000, "");
	stomp_source_settle(session);
}

static const struct hg_source stomp_source_ops = {
	.size = sizeof(struct hg_source),
	.pause = stomp_source_pause,
	.resume = stomp_source_resume,
	.check = stomp_source_check,
	.release = stomp_source_release,
};

/* Only a broker that is reached by a connection of the client's own. */
static bool
stomp_can_be_source(const struct stomp_session *session,
    const struct stomp_sub *sub)
{
	return (sub->is_simple && !session->has_nameless &&
	    STOMP_HAS(session->flows, set_source) &&
	    STOMP_HAS(session->flows, part) &&
	    hg->channel_upstream(session->channel) == HG_UPSTREAM_WIRE);
}

void
stomp_source_add(struct stomp_session *session, struct stomp_sub *sub)
{
	struct stomp_source *source;

	if (!stomp_can_be_source(session, sub) ||
	    (source = calloc(1, sizeof(*source))) == NULL)
		return;
	source->session = session;
	source->sub = sub;
	if (!session->flows->set_source(sub->member, &stomp_source_ops,
	    source)) {
		free(source);
		return;
	}
	session->takes_back = true;
	sub->source = source;
	TAILQ_INSERT_TAIL(&session->sources, source, entry);
}

void
stomp_source_free(struct stomp_session *session, struct stomp_sub *sub)
{
	if (sub->source == NULL)
		return;
	TAILQ_REMOVE(&session->sources, sub->source, entry);
	free(sub->source);
	sub->source = NULL;
}

/* The broker has taken it back, and knows its id no more. */
static void
stomp_source_ended(struct stomp_session *session, struct stomp_source *source)
{
	struct stomp_sub *sub = source->sub;

	source->is_absent = true;
	stomp_wire_forget(session, sub);
	if (sub->member != NULL)
		session->flows->paused(sub->member);
	else if (source->is_alone)
		stomp_sub_free(session, sub);
}

void
stomp_source_resumed(struct stomp_session *session, struct stomp_sub *sub)
{
	sub->source->resume_no = 0;
	if (sub->member != NULL)
		session->flows->resumed(sub->member);
}

bool
stomp_source_receipt(struct stomp_session *session, uint64_t number)
{
	struct stomp_source *source;

	TAILQ_FOREACH(source, &session->sources, entry) {
		if (number == source->pause_no ||
		    number == source->end_no) {
			source->pause_no = source->end_no = 0;
			stomp_source_ended(session, source);
		} else if (number == source->resume_no)
			stomp_source_resumed(session, source->sub);
		else if (number == source->check_no) {
			source->check_no = 0;
			if (source->sub->member != NULL)
				session->flows->checked(source->sub->member);
		} else
			continue;
		return (true);
	}
	return (false);
}

void
stomp_source_settle(struct stomp_session *session)
{
	struct hg_frame *frame = session->disconnect;

	if (session->keeps > 0)
		return;
	stomp_keeper_remove(session);
	if (session->orphan != NULL) {
		stomp_orphan_end(session);
		return;
	}
	session->disconnect = NULL;
	if (frame != NULL && !session->is_failed)
		stomp_send_up(session, frame);
	else if (frame != NULL)
		hg->frame_unref(frame);
}
