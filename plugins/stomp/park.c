/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session at the gateway whose client's trunk has vanished. It may stay for a
 * while, so that the flows that it is of go on, if it is nothing but members of
 * flows: what is not shared would be taken from the broker for nobody. Flows that
 * live on one subscription for all have their own way: orphan.c.
 */
#include "stomp.h"

#include <string.h>

/* The fan-out plugin may be older than this one. */
static bool
stomp_flows_park(const struct stomp_session *session)
{
	return (session->flows != NULL && STOMP_HAS(session->flows, rejoin));
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
			if (sub->state != STOMP_SUB_LIVE ||
			    sub->member == NULL || sub->source != NULL)
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

/* --- a session that comes back --------------------------------------------- */

static int
stomp_find_header(const struct stomp_work *work, const char *name)
{
	const struct stomp_header *header;
	unsigned i;

	for (i = 0; i < work->head.count; i++) {
		header = &work->head.header[i];
		if (header->name_len == strlen(name) &&
		    memcmp(work->text + header->name, name,
		    header->name_len) == 0)
			return ((int)i);
	}
	return (-1);
}

/*
 * Where the channel was opened for a client that comes back, its CONNECT has a
 * header of the edge's own: the number of subscriptions that are to go on. They
 * come first.
 */
void
stomp_see_resumes(struct stomp_session *session, struct stomp_work *work)
{
	struct stomp_head *head = &work->head;
	const struct stomp_header *header;
	const struct hg_head *request;
	unsigned i;
	int at;

	request = hg->channel_request(session->channel);
	if (!session->is_gateway || request == NULL ||
	    hg->head_get(request, STOMP_RESUMES) == NULL ||
	    (at = stomp_find_header(work, STOMP_RESUMES)) < 0)
		return;
	header = &head->header[at];
	for (i = 0; i < header->value_len && i < 6; i++)
		session->resumes = session->resumes * 10 +
		    (unsigned)(work->text[header->value + i] - '0') % 10;
	head->count--;
	memmove(&head->header[at], &head->header[at + 1],
	    (head->count - (unsigned)at) * sizeof(head->header[0]));
	for (i = 0; i < STOMP_NAMES; i++)
		if (head->known[i] > at + 1)
			head->known[i]--;
}

struct hg_member *
stomp_join_flow(struct stomp_session *session, struct stomp_sub *sub,
    struct hg_fields *fields)
{
	const struct hg_flows *flows = session->flows;
	bool resumes = session->resumes > 0 && stomp_flows_park(session);

	if (session->resumes > 0)
		session->resumes--;
	return ((resumes ? flows->rejoin : flows->join)(session->channel,
	    sub->destination, sub->key, sub->key_len, session->credential,
	    session->credential_len, fields));
}
