/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUBSCRIBE, UNSUBSCRIBE and what the broker says to them. Both are sent on
 * with a receipt of our own, never the client's: only the broker's answer to
 * this very frame says that it was accepted, and a client could have the
 * answer to another one in its place. The client's receipt is answered when
 * ours is.
 */
#include "stomp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
stomp_own_format(const struct stomp_session *session, uint64_t number,
    char *out)
{
	return (snprintf(out, STOMP_OWN_LEN, "hg-%016" PRIx64 "-%" PRIu64,
	    session->secret, number));
}

uint64_t
stomp_own_number(const struct stomp_session *session, struct stomp_text own)
{
	char text[STOMP_OWN_LEN];
	size_t prefix;
	uint64_t number = 0;
	size_t i;

	/* Up to and with the dash before the number. */
	prefix = (size_t)stomp_own_format(session, 0, text) - 1;
	if (own.len <= prefix || own.len >= STOMP_OWN_LEN ||
	    memcmp(own.at, text, prefix) != 0)
		return (0);
	for (i = prefix; i < own.len; i++) {
		if (own.at[i] < '0' || own.at[i] > '9')
			return (0);
		number = number * 10 + (uint64_t)(own.at[i] - '0');
	}
	return (number);
}

/* Puts our receipt in the client's place, which is kept. */
static int
stomp_ask_receipt(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work, uint64_t *number, char **kept, size_t *kept_len)
{
	char text[STOMP_OWN_LEN];
	struct stomp_text receipt;
	int len;

	if (stomp_get(work, STOMP_RECEIPT_WANTED, &receipt)) {
		if ((*kept = stomp_copy(receipt.at, receipt.len)) == NULL)
			return (-1);
		*kept_len = receipt.len;
	}
	len = stomp_own_format(session, session->receipts + 1, text);
	if (stomp_set(work, STOMP_RECEIPT_WANTED, text, (size_t)len) != 0)
		return (-1);
	*number = ++session->receipts;
	if (!sub->is_waiting) {
		TAILQ_INSERT_TAIL(&session->waiting, sub, waiting);
		sub->is_waiting = true;
	}
	return (0);
}

static bool
stomp_is_shareable(const struct stomp_session *session,
    const struct stomp_work *work, struct stomp_text id)
{
	struct stomp_text ack;

	if (session->flows == NULL || id.len > STOMP_SHARED_ID_MAX)
		return (false);
	return (!stomp_get(work, STOMP_ACK_MODE, &ack) ||
	    stomp_is(ack, "auto"));
}

/* Whether another SUBSCRIBE with the same headers would mean the same: some
 * brokers keep something of a subscription by others. */
static bool
stomp_is_simple(const struct stomp_work *work)
{
	unsigned i;

	for (i = 0; i < work->head.count; i++)
		switch (work->head.header[i].known) {
		case STOMP_ACK_MODE:
		case STOMP_DESTINATION:
		case STOMP_ID:
		case STOMP_RECEIPT_WANTED:
		case STOMP_SELECTOR:
			break;
		default:
			return (false);
		}
	return (true);
}

static int
stomp_keep_selector(struct stomp_sub *sub, const struct stomp_work *work)
{
	struct stomp_text selector;

	if (!stomp_get(work, STOMP_SELECTOR, &selector))
		return (0);
	sub->selector = stomp_copy(selector.at, selector.len);
	sub->selector_len = selector.len;
	return (sub->selector != NULL ? 0 : -1);
}

static int
stomp_sub_fill(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work, struct stomp_text id)
{
	sub->is_shareable = stomp_is_shareable(session, work, id);
	if (sub->is_shareable && stomp_keep_key(session, sub, work) != 0)
		return (-1);
	sub->is_simple = sub->is_shareable && stomp_is_simple(work);
	if (sub->is_simple && stomp_keep_selector(sub, work) != 0)
		return (-1);
	if (stomp_wire_is_used(session, id))
		stomp_wire_new(session, sub);
	if (stomp_wire_set(session, sub, work, STOMP_ID) != 0)
		return (-1);
	return (stomp_ask_receipt(session, sub, work, &sub->subscribe_no,
	    &sub->subscribe_receipt, &sub->subscribe_receipt_len));
}

/* False: the frame was dealt with. */
static bool
stomp_check_subscribe(struct stomp_session *session, struct stomp_work *work,
    struct stomp_text *id)
{
	struct stomp_text destination;

	if (!stomp_get(work, STOMP_DESTINATION, &destination)) {
		stomp_fail(session, 1002, "SUBSCRIBE without a destination");
		return (false);
	}
	if (!stomp_get(work, STOMP_ID, id)) {
		if (session->version != STOMP_1_0) {
			stomp_fail(session, 1002, "SUBSCRIBE without an id");
			return (false);
		}
		session->has_nameless = true;
		stomp_pass_up(session, work);
		return (false);
	}
	if (!stomp_is_plain(destination) || !stomp_is_plain(*id)) {
		stomp_fail(session, 1002, "a line's end in a destination or "
		    "an id");
		return (false);
	}
	if (session->sub_count >=
	    (unsigned)session->options->subscriptions_max) {
		stomp_fail(session, 1008, "too many subscriptions");
		return (false);
	}
	if (stomp_table_live(session, *id) != NULL) {
		stomp_fail(session, 1008, "the subscription's id is in use");
		return (false);
	}
	return (true);
}

void
stomp_subscribe(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_sub *sub;
	struct stomp_text id;

	if (!session->is_gateway) {
		stomp_pass_up(session, work);
		return;
	}
	if (!stomp_check_subscribe(session, work, &id))
		return;
	if ((sub = stomp_table_add(session, id)) == NULL ||
	    stomp_sub_fill(session, sub, work, id) != 0) {
		stomp_fail(session, 1011, "out of memory");
		return;
	}
	stomp_pass_up(session, work);
}

void
stomp_unsubscribe(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_sub *sub = NULL;
	struct stomp_text id;

	if (session->is_gateway && stomp_get(work, STOMP_ID, &id))
		sub = stomp_table_live(session, id);
	else if (session->version != STOMP_1_0 &&
	    !stomp_get(work, STOMP_ID, &id)) {
		stomp_fail(session, 1002, "UNSUBSCRIBE without an id");
		return;
	}
	if (sub != NULL) {
		if (stomp_keep_unsubscribe(session, sub, work))
			return;
		if (stomp_wire_set(session, sub, work, STOMP_ID) != 0) {
			stomp_fail(session, 1011, "out of memory");
			return;
		}
		sub->state = STOMP_SUB_LEAVING;
		if (stomp_ask_receipt(session, sub, work, &sub->unsubscribe_no,
		    &sub->unsubscribe_receipt,
		    &sub->unsubscribe_receipt_len) != 0) {
			stomp_fail(session, 1011, "out of memory");
			return;
		}
	}
	stomp_pass_up(session, work);
}

/* The client's own receipt, if it asked for one. */
void
stomp_answer_receipt(struct stomp_session *session, struct stomp_work *work,
    const char *receipt, size_t len)
{
	if (receipt == NULL)
		return;
	if (stomp_set(work, STOMP_RECEIPT_ID, receipt, len) != 0)
		stomp_fail(session, 1011, "out of memory");
	else
		stomp_pass_down(session, work);
}

static void
stomp_subscribed(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work)
{
	sub->subscribe_no = 0;
	if (sub->unsubscribe_no == 0) {
		TAILQ_REMOVE(&session->waiting, sub, waiting);
		sub->is_waiting = false;
	}
	stomp_answer_receipt(session, work, sub->subscribe_receipt,
	    sub->subscribe_receipt_len);
	free(sub->subscribe_receipt);
	sub->subscribe_receipt = NULL;
	if (sub->state == STOMP_SUB_ASKED && !session->is_failed)
		stomp_accept(session, sub);
}

/* The last message is behind us: the child ends, then the client is told. */
static void
stomp_unsubscribed(struct stomp_session *session, struct stomp_sub *sub,
    struct stomp_work *work)
{
	stomp_leave(session, sub, 1000, "");
	stomp_answer_receipt(session, work, sub->unsubscribe_receipt,
	    sub->unsubscribe_receipt_len);
	stomp_table_remove(session, sub);
}

void
stomp_receipt(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_text receipt;
	struct stomp_sub *sub;
	uint64_t number;

	stomp_get(work, STOMP_RECEIPT_ID, &receipt);
	if ((number = stomp_own_number(session, receipt)) == 0) {
		stomp_again_receipt(session);
		stomp_pass_down(session, work);
		return;
	}
	if (stomp_source_receipt(session, number))
		return;
	TAILQ_FOREACH(sub, &session->waiting, waiting) {
		if (number == sub->subscribe_no) {
			stomp_subscribed(session, sub, work);
			return;
		}
		if (number == sub->unsubscribe_no) {
			stomp_unsubscribed(session, sub, work);
			return;
		}
	}
}
