/* SPDX-License-Identifier: Apache-2.0 */
/* The channel of a subscription: of its own, or a member's of a flow. */
#include "stomp.h"

#include <stdlib.h>

/* What an edge needs to make a member's message out of a flow's. */
static int
stomp_add_fields(const struct stomp_session *session,
    const struct stomp_sub *sub, struct hg_fields *fields)
{
	static const char *const versions[] = { "1.0", "1.1", "1.2" };
	char id[3 * STOMP_SHARED_ID_MAX + 1];

	stomp_percent_encode(id, sub->id, sub->id_len);
	if (hg->fields_add(fields, "X-Stomp-Subscription", id) != 0 ||
	    hg->fields_add(fields, "X-Stomp-Version",
	    versions[session->version]) != 0)
		return (-1);
	return (0);
}

/* The child's open hook runs meanwhile, and finds its subscription. */
static void
stomp_set_opening(struct stomp_session *session, struct stomp_sub *sub)
{
	struct stomp_worker *worker = stomp_worker();

	worker->opening_session = session;
	worker->opening = sub;
}

/* Where the broker is a plugin above this one. */
static bool
stomp_feed(const struct stomp_session *session, const struct stomp_sub *sub)
{
	return (sub->wire == 0 && STOMP_HAS(session->flows, feed) &&
	    hg->channel_upstream(session->channel) == HG_UPSTREAM_NONE &&
	    session->flows->feed(sub->member, sub->id, sub->id_len));
}

static void
stomp_join(struct stomp_session *session, struct stomp_sub *sub)
{
	struct hg_fields *fields;

	if ((fields = hg->fields_new()) == NULL)
		return;
	if (stomp_add_fields(session, sub, fields) == 0) {
		stomp_set_opening(session, sub);
		sub->member = stomp_join_flow(session, sub, fields);
		stomp_set_opening(NULL, NULL);
	}
	hg->fields_free(fields);
	if (sub->member == NULL)
		return;
	stomp_count(STOMP_SHARED_SUBSCRIPTIONS, 1);
	/* A child that failed to open would not tell its end. */
	if (sub->link == NULL)
		stomp_fail(session, 1011, "out of memory");
	else if (!stomp_feed(session, sub))
		stomp_source_add(session, sub);
}

/* Without memory for one, the messages go on the session's own channel. */
static void
stomp_open_child(struct stomp_session *session, struct stomp_sub *sub)
{
	struct hg_fields *fields;

	if ((fields = hg->fields_new()) == NULL)
		return;
	stomp_set_opening(session, sub);
	sub->child = hg->channel_child(session->channel, fields);
	stomp_set_opening(NULL, NULL);
	hg->fields_free(fields);
	if (sub->link == NULL)
		sub->child = NULL;
}

void
stomp_accept(struct stomp_session *session, struct stomp_sub *sub)
{
	sub->state = STOMP_SUB_LIVE;
	if (sub->is_shareable)
		stomp_join(session, sub);
	if (sub->member == NULL && !session->is_failed)
		stomp_open_child(session, sub);
	free(sub->key);
	sub->key = NULL;
	if (sub->source != NULL)
		return;
	free(sub->destination);
	free(sub->selector);
	sub->destination = sub->selector = NULL;
}

void
stomp_leave(struct stomp_session *session, struct stomp_sub *sub,
    unsigned code, const char *reason)
{
	struct hg_member *member = sub->member;
	struct hg_channel *child = sub->child;

	if (sub->link != NULL)
		sub->link->sub = NULL;
	sub->link = NULL;
	sub->member = NULL;
	sub->child = NULL;
	sub->is_deaf = true;
	if (sub->source != NULL && sub->source->is_kept) {
		sub->source->is_kept = false;
		session->keeps--;
	}
	if (member != NULL) {
		stomp_count(STOMP_SHARED_SUBSCRIPTIONS, -1);
		session->flows->leave(member, code, reason);
	}
	if (child != NULL)
		hg->channel_end(child, code, reason);
}

void
stomp_leave_all(struct stomp_session *session, unsigned code,
    const char *reason)
{
	struct stomp_source *source;
	struct stomp_sub *sub;
	unsigned i;

	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			stomp_leave(session, sub, code, reason);
	TAILQ_FOREACH(source, &session->sources, entry)
		stomp_leave(session, source->sub, code, reason);
}
