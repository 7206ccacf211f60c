/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subscriber goes while its flow lives on what the broker sends for it. To
 * the client it is over at once; the broker is told when another feeds the
 * flow. What else the client had at the broker is taken back without waiting.
 */
#include "stomp.h"

#include <stdlib.h>

bool
stomp_keep(struct stomp_session *session, struct stomp_sub *sub,
    unsigned code, const char *reason)
{
	struct stomp_source *source = sub->source;
	struct stomp_child *link = sub->link;

	if (source == NULL || sub->member == NULL || session->is_broker_lost ||
	    sub->state != STOMP_SUB_LIVE)
		return (false);
	/* Its child ends within. */
	if (link != NULL)
		link->sub = NULL;
	if (!session->flows->part(sub->member, code, reason)) {
		if (link != NULL)
			link->sub = sub;
		return (false);
	}
	sub->link = NULL;
	if (!source->is_kept) {
		source->is_kept = true;
		session->keeps++;
		stomp_keeper_add(session);
	}
	return (true);
}

bool
stomp_keep_all(struct stomp_session *session, unsigned code,
    const char *reason)
{
	struct stomp_sub *sub;
	unsigned i;

	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			if (!stomp_keep(session, sub, code, reason))
				stomp_leave(session, sub, code, reason);
	return (session->keeps > 0);
}

/* The client's RECEIPT, in the place of the frame that asked for it. */
static void
stomp_answer_now(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_text receipt;
	char *copy;

	if (!stomp_get(work, STOMP_RECEIPT_WANTED, &receipt))
		return;
	if ((copy = stomp_copy(receipt.at, receipt.len)) == NULL) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_begin(work, STOMP_RECEIPT);
	stomp_answer_receipt(session, work, copy, receipt.len);
	free(copy);
}

bool
stomp_keep_unsubscribe(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work)
{
	struct stomp_source *source = sub->source;

	if (source == NULL || sub->state != STOMP_SUB_LIVE)
		return (false);
	if (!stomp_keep(session, sub, 1000, "")) {
		if (!source->is_absent && source->pause_no == 0)
			return (false);
		stomp_leave(session, sub, 1000, "");
	}
	stomp_table_take(session, sub);
	source->is_alone = true;
	stomp_answer_now(session, work);
	if (source->is_absent && source->end_no == 0)
		stomp_sub_free(session, sub);
	return (true);
}

/* Nobody takes what comes for it any more. */
static void
stomp_keep_not(struct stomp_session *session, struct stomp_sub *sub)
{
	struct stomp_source *source = sub->source;

	if (sub->state == STOMP_SUB_LEAVING || (source != NULL &&
	    (source->is_kept || source->is_absent || source->pause_no != 0)))
		return;
	sub->state = STOMP_SUB_LEAVING;
	stomp_say_unsubscribe(session, sub, ++session->receipts);
}

void
stomp_keep_only(struct stomp_session *session)
{
	stomp_table_each(session, stomp_keep_not);
}

bool
stomp_keep_disconnect(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_sub *sub;
	unsigned i;

	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			stomp_keep(session, sub, 1000, "");
	if (session->keeps == 0)
		return (false);
	session->disconnect = stomp_frame_up(session, work);
	if (session->disconnect == NULL)
		return (true);
	stomp_keep_only(session);
	return (true);
}
