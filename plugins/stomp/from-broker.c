/* SPDX-License-Identifier: Apache-2.0 */
/* What a broker may send, and when. */
#include "stomp.h"

#include <string.h>

#define STOMP_LATE	"There is no current subscription with tag '"

/*
 * RabbitMQ says so, and goes on, when it had a message under way for a
 * subscription that has just been taken back. The client has not asked for
 * that, and no message is missing.
 */
static bool
stomp_is_late(const struct stomp_session *session,
    const struct stomp_work *work)
{
	char begin[sizeof(STOMP_LATE) - 1];

	return (session->takes_back && work->body != NULL &&
	    hg->frame_peek(work->body, 0, begin, sizeof(begin)) ==
	    sizeof(begin) && memcmp(begin, STOMP_LATE, sizeof(begin)) == 0);
}

/* Nothing of a flow may follow, whatever else the broker does. */
static void
stomp_broker_error(struct stomp_session *session, struct stomp_work *work)
{
	stomp_leave_all(session, 1000, "the broker sent ERROR");
	stomp_count(STOMP_ERRORS, 1);
	stomp_pass_down(session, work);
	session->state = STOMP_OVER;
}

static void
stomp_broker_frame(struct stomp_session *session, struct stomp_work *work)
{
	bool is_running = session->state == STOMP_RUNNING ||
	    session->state == STOMP_LEAVING;

	stomp_count(STOMP_FRAMES_FROM_BROKER, 1);
	if (stomp_rejoin_frame(session, work))
		return;
	if (work->head.command == STOMP_ERROR && stomp_is_late(session, work))
		stomp_count(STOMP_LATE_MESSAGES, 1);
	else if (work->head.command == STOMP_ERROR)
		stomp_broker_error(session, work);
	else if (work->head.command == STOMP_MESSAGE && is_running)
		stomp_message(session, work);
	else if (work->head.command == STOMP_RECEIPT && is_running)
		stomp_receipt(session, work);
	else if (work->head.command == STOMP_CONNECTED &&
	    session->state == STOMP_AWAITS_CONNECTED)
		stomp_connected(session, work);
	else {
		session->is_broker_lost = true;
		stomp_fail(session, 1011, "unexpected %s of the broker",
		    stomp_command_name(work->head.command));
	}
}

static bool
stomp_listens(const struct stomp_session *session)
{
	return (!session->is_failed && session->state != STOMP_OVER);
}

static void
stomp_broker_parse(struct stomp_session *session, struct hg_frame *frame,
    struct stomp_work *work)
{
	const struct stomp_parser *parser = &session->broker;
	enum stomp_result result = STOMP_FRAME;
	size_t at = 0;

	while (stomp_listens(session)) {
		result = stomp_parse(&session->broker, frame, &at, work);
		if (result != STOMP_FRAME)
			break;
		stomp_broker_frame(session, work);
		stomp_work_clear(work);
	}
	if (result != STOMP_BAD)
		return;
	session->is_broker_lost = true;
	stomp_fail(session, parser->code == 1009 ? 1009 : 1011,
	    "from the broker: %s", parser->error);
}

/* Only looks at the frame. */
void
stomp_from_broker(struct stomp_session *session, struct hg_frame *frame)
{
	struct stomp_work *work;

	session->above.heard_at = hg->now();
	if (!stomp_listens(session))
		return;
	if ((work = stomp_work_get()) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_broker_parse(session, frame, work);
	stomp_work_put(work);
	if (session->state == STOMP_RUNNING && session->early != NULL)
		stomp_early_replay(session);
}
