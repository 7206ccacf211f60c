/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session's subscriptions by their ids. An id may be there twice: a new
 * subscription, and older ones whose UNSUBSCRIBE has not been answered yet;
 * messages are for the oldest, as the broker works in order.
 */
#include "stomp.h"

#include <stdlib.h>
#include <string.h>

#define STOMP_BUCKETS_MIN	4

/* The seed keeps a client from choosing ids that fall together. */
static uint32_t
stomp_hash(const struct stomp_session *session, const char *id, size_t len)
{
	uint32_t hash = session->seed ^ 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)id[i]) * 16777619u;
	return (hash ^ hash >> 15);
}

static struct stomp_sub **
stomp_bucket(const struct stomp_session *session, const char *id, size_t len)
{
	return (&session->buckets[stomp_hash(session, id, len) &
	    (session->bucket_count - 1)]);
}

static bool
stomp_has_id(const struct stomp_sub *sub, struct stomp_text id)
{
	return (sub->id_len == id.len && memcmp(sub->id, id.at, id.len) == 0);
}

struct stomp_sub *
stomp_table_first(const struct stomp_session *session, struct stomp_text id)
{
	struct stomp_sub *sub;

	if (session->bucket_count == 0)
		return (NULL);
	sub = *stomp_bucket(session, id.at, id.len);
	while (sub != NULL && !stomp_has_id(sub, id))
		sub = sub->next;
	return (sub);
}

struct stomp_sub *
stomp_table_live(const struct stomp_session *session, struct stomp_text id)
{
	struct stomp_sub *sub;

	sub = stomp_table_first(session, id);
	while (sub != NULL && (sub->state == STOMP_SUB_LEAVING ||
	    !stomp_has_id(sub, id)))
		sub = sub->next;
	return (sub);
}

static void
stomp_append(const struct stomp_session *session, struct stomp_sub *sub)
{
	struct stomp_sub **at = stomp_bucket(session, sub->id, sub->id_len);

	while (*at != NULL)
		at = &(*at)->next;
	sub->next = NULL;
	*at = sub;
}

/* Twice the buckets. Those of one id stay in their order. */
static int
stomp_table_grow(struct stomp_session *session)
{
	struct stomp_sub **old = session->buckets, *sub;
	unsigned i, count = session->bucket_count;
	unsigned grown = count == 0 ? STOMP_BUCKETS_MIN : count * 2;

	session->buckets = calloc(grown, sizeof(*session->buckets));
	if (session->buckets == NULL) {
		session->buckets = old;
		return (count == 0 ? -1 : 0);
	}
	session->bucket_count = grown;
	for (i = 0; i < count; i++) {
		while ((sub = old[i]) != NULL) {
			old[i] = sub->next;
			stomp_append(session, sub);
		}
	}
	free(old);
	return (0);
}

struct stomp_sub *
stomp_table_add(struct stomp_session *session, struct stomp_text id)
{
	struct stomp_sub *sub;

	if (session->sub_count >= session->bucket_count &&
	    stomp_table_grow(session) != 0)
		return (NULL);
	if ((sub = calloc(1, sizeof(*sub) + id.len)) == NULL)
		return (NULL);
	memcpy(sub->id, id.at, id.len);
	sub->id_len = id.len;
	stomp_append(session, sub);
	session->sub_count++;
	stomp_count(STOMP_SUBSCRIPTIONS, 1);
	return (sub);
}

/* It is in no table any more. */
void
stomp_sub_free(struct stomp_session *session, struct stomp_sub *sub)
{
	stomp_leave(session, sub, 1000, "");
	stomp_source_free(session, sub);
	stomp_wire_forget(session, sub);
	free(sub->selector);
	free(sub->subscribe_receipt);
	free(sub->unsubscribe_receipt);
	free(sub->destination);
	free(sub->key);
	free(sub);
}

static void
stomp_sub_untold(struct stomp_session *session, struct stomp_sub *sub)
{
	if (sub->is_waiting)
		TAILQ_REMOVE(&session->waiting, sub, waiting);
	sub->is_waiting = false;
	session->sub_count--;
	stomp_count(STOMP_SUBSCRIPTIONS, -1);
}

void
stomp_table_take(struct stomp_session *session, struct stomp_sub *sub)
{
	struct stomp_sub **at = stomp_bucket(session, sub->id, sub->id_len);

	while (*at != sub)
		at = &(*at)->next;
	*at = sub->next;
	stomp_sub_untold(session, sub);
}

void
stomp_table_remove(struct stomp_session *session, struct stomp_sub *sub)
{
	stomp_table_take(session, sub);
	stomp_sub_free(session, sub);
}

void
stomp_table_finish(struct stomp_session *session)
{
	struct stomp_sub *sub;
	unsigned i;

	for (i = 0; i < session->bucket_count; i++) {
		while ((sub = session->buckets[i]) != NULL) {
			session->buckets[i] = sub->next;
			stomp_sub_untold(session, sub);
			stomp_sub_free(session, sub);
		}
	}
	free(session->buckets);
	session->buckets = NULL;
	session->bucket_count = 0;
}

/* The function does not change the table. */
void
stomp_table_each(struct stomp_session *session,
    void (*fn)(struct stomp_session *, struct stomp_sub *))
{
	struct stomp_sub *sub;
	unsigned i;

	for (i = 0; i < session->bucket_count; i++)
		for (sub = session->buckets[i]; sub != NULL; sub = sub->next)
			fn(session, sub);
}
