/* SPDX-License-Identifier: Apache-2.0 */
/* What a client may send, and when. */
#include "stomp.h"

/* Headers without which a command has no meaning. */
static const char *
stomp_check_client(const struct stomp_session *session,
    const struct stomp_work *work)
{
	struct stomp_text text;

	switch (work->head.command) {
	case STOMP_SEND:
		if (!stomp_get(work, STOMP_DESTINATION, &text))
			return ("SEND without a destination");
		if (!stomp_is_plain(text))
			return ("a line's end in a destination");
		return (NULL);
	case STOMP_NACK:
		return (session->version == STOMP_1_0 ?
		    "NACK is not of version 1.0" : NULL);
	case STOMP_BEGIN:
	case STOMP_COMMIT:
	case STOMP_ABORT:
		return (stomp_get(work, STOMP_TRANSACTION, &text) ? NULL :
		    "no transaction is named");
	case STOMP_CONNECT:
	case STOMP_STOMP:
		return ("a second CONNECT");
	default:
		return (NULL);
	}
}

/* Before 1.2 it names the subscription, which may have another id there. */
static void
stomp_acknowledge(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_sub *sub = NULL;
	struct stomp_text id;

	if (session->is_gateway && stomp_get(work, STOMP_SUBSCRIPTION, &id))
		sub = stomp_table_live(session, id);
	if (sub != NULL && sub->wire != 0 && stomp_wire_set(session, sub, work,
	    STOMP_SUBSCRIPTION) != 0)
		stomp_fail(session, 1011, "out of memory");
	else
		stomp_pass_up(session, work);
}

static void
stomp_client_command(struct stomp_session *session, struct stomp_work *work)
{
	const char *error;

	if ((error = stomp_check_client(session, work)) != NULL) {
		stomp_fail(session, 1002, "%s", error);
		return;
	}
	switch (work->head.command) {
	case STOMP_SUBSCRIBE:
		stomp_subscribe(session, work);
		break;
	case STOMP_UNSUBSCRIBE:
		stomp_unsubscribe(session, work);
		break;
	case STOMP_BEGIN:
		session->has_transactions = true;
		stomp_pass_up(session, work);
		break;
	case STOMP_DISCONNECT:
		session->state = STOMP_LEAVING;
		if (!stomp_keep_disconnect(session, work))
			stomp_pass_up(session, work);
		break;
	case STOMP_ACK:
	case STOMP_NACK:
		stomp_acknowledge(session, work);
		break;
	default:
		stomp_see_reply_to(session, work);
		stomp_pass_up(session, work);
		break;
	}
}

static void
stomp_client_frame(struct stomp_session *session, struct stomp_work *work)
{
	stomp_count(STOMP_FRAMES_FROM_CLIENT, 1);
	if (session->state != STOMP_AWAITS_CONNECT)
		stomp_client_command(session, work);
	else if (stomp_is_handshake(work->head.command))
		stomp_connect(session, work);
	else
		stomp_fail(session, 1002, "the first frame must be CONNECT");
}

static bool
stomp_takes_frames(const struct stomp_session *session)
{
	return (!session->is_failed &&
	    (session->state == STOMP_AWAITS_CONNECT ||
	    session->state == STOMP_RUNNING));
}

static void
stomp_client_parse(struct stomp_session *session, struct hg_frame *frame,
    struct stomp_work *work)
{
	enum stomp_result result = STOMP_FRAME;
	size_t at = 0;

	while (stomp_takes_frames(session)) {
		result = stomp_parse(&session->client, frame, &at, work);
		if (result != STOMP_FRAME)
			break;
		stomp_client_frame(session, work);
		stomp_work_clear(work);
	}
	if (result == STOMP_BAD)
		stomp_fail(session, session->client.code, "%s",
		    session->client.error);
	else if (session->state == STOMP_AWAITS_CONNECTED)
		stomp_early_keep(session, frame, at);
}

/* Only looks at the frame. */
void
stomp_from_client(struct stomp_session *session, struct hg_frame *frame)
{
	struct stomp_work *work;

	session->below.heard_at = hg->now();
	if (stomp_rejoin_hold(session, frame))
		return;
	if (session->state < STOMP_RUNNING &&
	    stomp_early_count(session, hg->frame_len(frame)) != 0)
		return;
	if (session->state == STOMP_AWAITS_CONNECTED) {
		stomp_early_keep(session, frame, 0);
		return;
	}
	if (!stomp_takes_frames(session))
		return;
	if ((work = stomp_work_get()) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_client_parse(session, frame, work);
	stomp_work_put(work);
}
