/* SPDX-License-Identifier: Apache-2.0 */
/* The flows of a worker, and the sequence of each. */
#include <openssl/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanout.h"

static uint64_t
key_hash(const unsigned char *key)
{
	uint64_t hash;

	memcpy(&hash, key, sizeof(hash));
	return (hash);
}

static struct fanout_flow *
flow_find(struct fanout_worker *worker, const unsigned char *key)
{
	struct fanout_node *node;
	struct fanout_flow *flow;

	for (node = fanout_table_first(&worker->flows, key_hash(key));
	    node != NULL; node = fanout_table_next(node)) {
		flow = FANOUT_OF(node, struct fanout_flow, node);
		if (CRYPTO_memcmp(flow->key, key, FANOUT_KEY) == 0)
			return (flow);
	}
	return (NULL);
}

static void
flow_destroy(struct fanout_flow *flow)
{
	fanout_feed_close(flow);
	fanout_backlog_clear(flow);
	free(flow->backlog.frame);
	fanout_store_finish(flow);
	fanout_ring_finish(&flow->ring);
	free(flow->service);
	free(flow->destination);
	free(flow);
}

static struct fanout_flow *
flow_create(const unsigned char *key, const struct fanout_identity *who,
    const struct fanout_options *options, const struct fanout_rule *rule)
{
	struct fanout_flow *flow;
	size_t i;

	if ((flow = calloc(1, sizeof(*flow))) == NULL)
		return (NULL);
	memcpy(flow->key, key, FANOUT_KEY);
	for (i = 0; i < FANOUT_ID / 2; i++)
		snprintf(flow->id + 2 * i, 3, "%02x", key[i]);
	hg->random(&flow->epoch, sizeof(flow->epoch));
	flow->scope = who->scope;
	/* So that a ring can hold what a proof asks for. */
	flow->verify = (size_t)(options->verify < options->ring / 4 ?
	    options->verify : options->ring / 4);
	flow->window = (size_t)options->window;
	flow->quiet = (uint64_t)options->quiet;
	flow->appended_at = hg->now();
	flow->store.max = (size_t)options->replay;
	flow->store.age = (uint64_t)options->replay_age;
	flow->store.first = 1;
	TAILQ_INIT(&flow->members);
	TAILQ_INIT(&flow->groups);
	TAILQ_INIT(&flow->carried);
	flow->one = rule->one;
	flow->standby = rule->standby;
	flow->recheck = rule->recheck;
	flow->backlog_max = (size_t)options->backlog;
	TAILQ_INIT(&flow->awake);
	TAILQ_INIT(&flow->kept);
	TAILQ_INIT(&flow->resting);
	flow->service = strdup(who->service != NULL ? who->service : "");
	flow->destination = strdup(who->destination);
	if (flow->service == NULL || flow->destination == NULL ||
	    fanout_ring_init(&flow->ring, (size_t)options->ring) != 0) {
		flow_destroy(flow);
		return (NULL);
	}
	return (flow);
}

struct fanout_flow *
fanout_flow_get(struct fanout_worker *worker, const unsigned char *key,
    const struct fanout_identity *who, const struct fanout_options *options,
    const struct fanout_rule *rule)
{
	struct fanout_flow *flow;

	if ((flow = flow_find(worker, key)) != NULL)
		return (flow);
	if ((flow = flow_create(key, who, options, rule)) == NULL)
		return (NULL);
	if (fanout_table_add(&worker->flows, &flow->node,
	    key_hash(key)) != 0) {
		flow_destroy(flow);
		return (NULL);
	}
	fanout_count(FANOUT_FLOWS, 1);
	return (flow);
}

void
fanout_flow_free(struct fanout_worker *worker, struct fanout_flow *flow)
{
	fanout_table_remove(&worker->flows, &flow->node);
	if (flow->unbalanced)
		TAILQ_REMOVE(&worker->unbalanced, flow, unbalanced_entry);
	flow_destroy(flow);
	fanout_count(FANOUT_FLOWS, -1);
}

/*
 * What the ring holds may have a gap before what comes now, so nothing that
 * was seen before proves anything.
 */
void
fanout_flow_reset(struct fanout_flow *flow)
{
	struct hg_member *member;

	if (flow->feed != NULL)
		return;
	fanout_ring_clear(&flow->ring);
	fanout_backlog_clear(flow);
	flow->floor = flow->broken = flow->ring.head;
	flow->has_broken = true;
	fanout_fed_lost(flow);
	TAILQ_FOREACH(member, &flow->members, entry)
		if (member->group == NULL && member->state != FANOUT_KEPT)
			fanout_member_alone(member);
}

/*
 * Before an entry goes that a merged member waits for, that member is unmerged.
 * All that are nearly as far behind go with it, so that this look at all
 * members is seldom.
 */
static void
unmerge_late(struct fanout_flow *flow)
{
	struct hg_member *member;
	uint64_t limit, floor;

	limit = flow->ring.first + fanout_ring_count(&flow->ring) / 8;
	floor = flow->ring.head;
	TAILQ_FOREACH(member, &flow->members, entry) {
		if (!fanout_is_in_step(member) || member->state != FANOUT_AWAKE)
			continue;
		if (member->cursor < limit)
			fanout_member_unmerge(member);
		else if (member->cursor < floor)
			floor = member->cursor;
	}
	flow->floor = floor;
}

void
fanout_flow_append(struct fanout_flow *flow, struct fanout_digest digest)
{
	if (fanout_ring_will_evict(&flow->ring) &&
	    flow->floor < flow->ring.first)
		unmerge_late(flow);
	fanout_ring_push(&flow->ring, digest);
	flow->appended_at = hg->now();
}
