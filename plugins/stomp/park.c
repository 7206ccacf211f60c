/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session at the gateway whose client's trunk has vanished. It may stay for a
 * while, so that the flows that it is of go on, if it is nothing but members of
 * flows: what is not shared would be taken from the broker for nobody.
 */
#include "stomp.h"

/* The fan-out plugin may be older than this one. */
static bool
stomp_flows_park(const struct stomp_session *session)
{
	return (session->flows != NULL && session->flows->size >=
	    offsetof(struct hg_flows, park) + sizeof(session->flows->park) &&
	    session->flows->park != NULL);
}

static bool
stomp_may_stay(const struct stomp_session *session)
{
	const struct stomp_sub *sub;
	unsigned i;

	if (!session->is_gateway || session->is_failed ||
	    session->state != STOMP_RUNNING || session->has_nameless ||
	    session->has_temp_queues || session->has_transactions ||
	    !TAILQ_EMPTY(&session->waiting) || !stomp_flows_park(session))
		return (false);
	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			if (sub->state != STOMP_SUB_LIVE || sub->member == NULL)
				return (false);
	return (session->sub_count > 0);
}

/* Whether a flow wants one of them; really: all stay. */
static bool
stomp_park_members(struct stomp_session *session, bool really)
{
	struct stomp_sub *sub;
	unsigned i;
	bool wanted = false;

	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			wanted |= session->flows->park(sub->member, really);
	return (wanted);
}

int
stomp_park(struct stomp_session *session)
{
	if (!stomp_may_stay(session) || !stomp_park_members(session, false))
		return (-1);
	stomp_park_members(session, true);
	return (0);
}
