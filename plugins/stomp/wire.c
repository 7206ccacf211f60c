/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subscription is called at the broker. Mostly as the client calls it;
 * but one that this side has made again has an id of its own each time, and so
 * has one whose id the broker still knows from a subscription that the client
 * has ended and a flow lives on.
 */
#include "stomp.h"

#include <string.h>

void
stomp_wire_new(struct stomp_session *session, struct stomp_sub *sub)
{
	stomp_wire_forget(session, sub);
	sub->wire = ++session->receipts;
	TAILQ_INSERT_HEAD(&session->wired, sub, wired);
}

void
stomp_wire_forget(struct stomp_session *session, struct stomp_sub *sub)
{
	if (sub->wire != 0)
		TAILQ_REMOVE(&session->wired, sub, wired);
	sub->wire = 0;
}

int
stomp_wire_set(struct stomp_session *session, const struct stomp_sub *sub,
    struct stomp_work *work, enum stomp_name name)
{
	char text[STOMP_OWN_LEN];
	int len;

	if (sub->wire == 0)
		return (stomp_set(work, name, sub->id, sub->id_len));
	len = stomp_own_format(session, sub->wire, text);
	return (stomp_set(work, name, text, (size_t)len));
}

/* Which the client has ended, and whose id at the broker is this. */
static struct stomp_sub *
stomp_wire_alone(const struct stomp_session *session, struct stomp_text id)
{
	struct stomp_source *source;

	TAILQ_FOREACH(source, &session->sources, entry)
		if (source->is_alone && source->sub->wire == 0 &&
		    source->sub->id_len == id.len &&
		    memcmp(source->sub->id, id.at, id.len) == 0)
			return (source->sub);
	return (NULL);
}

bool
stomp_wire_is_used(const struct stomp_session *session, struct stomp_text id)
{
	return (stomp_wire_alone(session, id) != NULL);
}

/* The one that had the last message is the first to be looked at. */
static struct stomp_sub *
stomp_wire_number(struct stomp_session *session, uint64_t number)
{
	struct stomp_sub *sub;

	TAILQ_FOREACH(sub, &session->wired, wired)
		if (sub->wire == number)
			break;
	if (sub != NULL && sub != TAILQ_FIRST(&session->wired)) {
		TAILQ_REMOVE(&session->wired, sub, wired);
		TAILQ_INSERT_HEAD(&session->wired, sub, wired);
	}
	return (sub);
}

struct stomp_sub *
stomp_wire_find(struct stomp_session *session, struct stomp_text id,
    bool *is_ours)
{
	struct stomp_sub *sub;
	uint64_t number;

	number = stomp_own_number(session, id);
	*is_ours = number != 0;
	if (number != 0)
		return (stomp_wire_number(session, number));
	if ((sub = stomp_wire_alone(session, id)) != NULL)
		return (sub);
	return (stomp_table_first(session, id));
}
