/* SPDX-License-Identifier: Apache-2.0 */
/* struct hg_flows: how a translator's subscribers come and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fanout.h"

/*
 * Without the plugin's slot in the parent nothing is known of the service's own
 * rules. Then those of [plugin fanout] hold, but not among several logins.
 */
static struct fanout_rule
rule_of(const struct hg_channel *parent, const struct fanout_place *place,
    const char *destination, bool is_known)
{
	struct fanout_rule rule;

	rule = fanout_share(fanout_options_of(place), destination);
	if (rule.scope == FANOUT_PUBLIC && place == NULL)
		rule.scope = FANOUT_CREDENTIAL;
	if (rule.scope == FANOUT_CREDENTIAL && !is_known)
		rule.scope = FANOUT_NOT_SHARED;
	/* A server of this process gives a flow a feed. */
	if (hg->channel_upstream(parent) == HG_UPSTREAM_NONE)
		rule.one = false;
	return (rule);
}

static int
add_field(struct hg_fields *fields, const struct fanout_flow *flow)
{
	char value[sizeof(FANOUT_NAME) + FANOUT_ID + 32];

	snprintf(value, sizeof(value), FANOUT_NAME "; flow=%s; epoch=%08x",
	    flow->id, (unsigned)flow->epoch);
	return (hg->fields_add(fields, "Sec-WebSocket-Extensions", value));
}

/* The child, known by the member; NULL without memory. */
static struct hg_channel *
open_child(struct fanout_worker *worker, struct hg_member *member,
    const struct fanout_flow *flow, struct hg_fields *fields)
{
	if (hg->channel_has(member->parent, FANOUT_NAME) &&
	    add_field(fields, flow) != 0)
		return (NULL);
	member->channel = hg->channel_child(member->parent, fields);
	if (member->channel == NULL)
		return (NULL);
	if (fanout_table_add(&worker->members, &member->node,
	    fanout_hash_address(member->channel)) == 0)
		return (member->channel);
	hg->channel_end(member->channel, 1011, "no memory");
	return (NULL);
}

static struct hg_member *
member_create(struct hg_channel *parent)
{
	struct hg_member *member;

	if ((member = calloc(1, sizeof(*member))) == NULL)
		return (NULL);
	member->parent = parent;
	member->conn = hg->channel_conn(parent);
	member->patience = 1;
	member->copied_at = hg->now();
	TAILQ_INIT(&member->holding);
	return (member);
}

/* The first member's copies are the sequence. */
static void
member_add(struct fanout_worker *worker, struct fanout_flow *flow,
    struct hg_member *member, bool resumes)
{
	if (worker->tick == 0 || flow->quiet / 2 < worker->tick)
		worker->tick = flow->quiet / 2;
	if (flow->one && flow->recheck / 8 < worker->tick)
		worker->tick = flow->recheck / 8;
	member->flow = flow;
	TAILQ_INSERT_TAIL(&worker->handles, member, handle_entry);
	TAILQ_INSERT_TAIL(&flow->members, member, entry);
	flow->member_count++;
	fanout_count(FANOUT_MEMBERS, 1);
	if (resumes && !flow->one &&
	    hg->channel_has(member->parent, FANOUT_NAME))
		member->resume_by = hg->now() + FANOUT_RESUME_WAIT;
	if (flow->merged_count > 0 || member->resume_by != 0 ||
	    fanout_member_merge(member, flow->ring.head) != 0)
		fanout_member_alone(member);
	fanout_place_bind(worker, member);
	fanout_tick_start(worker);
}

static struct hg_member *
join_as(struct hg_channel *parent, const char *destination,
    const void *key, size_t key_len, const void *credential,
    size_t credential_len, struct hg_fields *fields, bool resumes)
{
	struct fanout_worker *worker = fanout_worker();
	struct fanout_identity who;
	struct fanout_rule rule;
	struct fanout_place *place;
	struct hg_member *member;
	struct fanout_flow *flow;
	unsigned char hash[FANOUT_KEY];

	place = fanout_place_find(worker, parent);
	who.identity = hg->channel_identity(parent);
	rule = rule_of(parent, place, destination, who.identity != NULL ||
	    credential_len > 0);
	who.scope = rule.scope;
	if (who.scope == FANOUT_NOT_SHARED)
		return (NULL);
	who.service = hg->channel_service(parent);
	who.subprotocol = hg->channel_subprotocol(parent);
	who.destination = destination;
	who.key = key;
	who.key_len = key_len;
	who.credential = credential;
	who.credential_len = credential_len;
	if (fanout_key(hash, &who) != 0 ||
	    (member = member_create(parent)) == NULL)
		return (NULL);
	fanout_busy();
	flow = fanout_flow_get(worker, hash, &who, fanout_options_of(place),
	    &rule);
	if (flow != NULL && open_child(worker, member, flow, fields) != NULL)
		member_add(worker, flow, member, resumes);
	else {
		if (flow != NULL && flow->member_count == 0)
			fanout_flow_free(worker, flow);
		free(member);
		member = NULL;
	}
	fanout_idle();
	return (member);
}

static struct hg_member *
fanout_join(struct hg_channel *parent, const char *destination,
    const void *key, size_t key_len, const void *credential,
    size_t credential_len, struct hg_fields *fields)
{
	return (join_as(parent, destination, key, key_len, credential,
	    credential_len, fields, false));
}

static struct hg_member *
fanout_rejoin(struct hg_channel *parent, const char *destination,
    const void *key, size_t key_len, const void *credential,
    size_t credential_len, struct hg_fields *fields)
{
	return (join_as(parent, destination, key, key_len, credential,
	    credential_len, fields, true));
}

static struct hg_channel *
fanout_channel(const struct hg_member *member)
{
	return (member->channel);
}

void
fanout_member_end(struct hg_member *member)
{
	char reason[FANOUT_REASON];

	if (fanout_member_keep(member, FANOUT_LEAVES))
		return;
	fanout_member_detach(member, FANOUT_LEAVES);
	if (member->channel == NULL || member->ended)
		return;
	member->ended = true;
	/* The translator may leave from within: the member, and what it says,
	 * is not used after that. */
	memcpy(reason, member->reason, sizeof(reason));
	hg->channel_end(member->channel, member->code, reason);
}

void
fanout_member_unbind(struct hg_member *member)
{
	struct fanout_worker *worker = fanout_worker();

	if (member->channel == NULL)
		return;
	fanout_table_remove(&worker->members, &member->node);
	fanout_place_unbind(worker, member);
	member->channel = NULL;
}

void
fanout_leave(struct hg_member *member)
{
	struct fanout_worker *worker = fanout_worker();
	struct hg_channel *channel;

	fanout_member_detach(member, FANOUT_LEAVES);
	channel = member->ended ? NULL : member->channel;
	fanout_member_unbind(member);
	if (member->checking)
		worker->checks--;
	TAILQ_REMOVE(&worker->handles, member, handle_entry);
	if (channel != NULL)
		hg->channel_end(channel, member->code, member->reason);
	free(member);
}

static void
fanout_leave_by(struct hg_member *member, unsigned code, const char *reason)
{
	struct fanout_worker *worker = fanout_worker();

	if (!member->parting && member->flow != NULL &&
	    (member->checking || member->state == FANOUT_WAKING))
		fanout_count(FANOUT_REFUSED, 1);
	member->leaving = true;
	member->code = code;
	snprintf(member->reason, sizeof(member->reason), "%s",
	    reason != NULL ? reason : "");
	if (worker->busy == 0)
		fanout_leave(member);
	else if (!member->ending) {
		member->ending = true;
		TAILQ_INSERT_TAIL(&worker->ending, member, ending_entry);
	}
}

const struct hg_flows fanout_flows = {
	.size = sizeof(struct hg_flows),
	.join = fanout_join,
	.channel = fanout_channel,
	.copy = fanout_copy,
	.leave = fanout_leave_by,
	.set_source = fanout_set_source,
	.paused = fanout_paused,
	.resumed = fanout_resumed,
	.checked = fanout_checked,
	.part = fanout_part,
	.is_held = fanout_is_held,
	.park = fanout_park,
	.rejoin = fanout_rejoin,
	.feed = fanout_feed,
};
