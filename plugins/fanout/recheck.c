/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream = one: what time brings. Each member without a subscription has to
 * prove again and again that the broker would still accept one: at a random
 * moment between a half and three quarters of the time "recheck", and only so
 * many at a time. One that feeds is relieved by another first, which is a proof
 * for that one, and then has to prove it like the others; so its refusal takes
 * nothing away from them.
 */
#include "fanout.h"

#define CHECKS_MAX	32	/* of a worker at a time */
#define ANSWER_MIN	10000	/* ms that a broker may take to answer */
#define WAKE_WAIT	5000	/* ms: then another is woken too */

void
fanout_check_later(struct hg_member *member)
{
	uint64_t random, recheck = member->flow->recheck;

	hg->random(&random, sizeof(random));
	member->check_at = hg->now() + recheck / 2 +
	    random % (recheck / 4 + 1);
}

bool
fanout_check_one(struct fanout_flow *flow)
{
	struct hg_member *member;
	uint64_t now = hg->now();

	if (fanout_worker()->checks >= CHECKS_MAX)
		return (false);
	TAILQ_FOREACH(member, &flow->resting, source_entry)
		if (!member->checking && !member->ending &&
		    member->check_at <= now)
			break;
	if (member == NULL)
		return (false);
	member->checking = true;
	member->check_at = now;
	fanout_worker()->checks++;
	fanout_count(FANOUT_RECHECKS, 1);
	member->source->check(member->source_arg);
	return (true);
}

/* A broker that does not answer has not said yes. */
static bool
is_overdue(const struct hg_member *member, uint64_t now)
{
	uint64_t wait = member->flow->recheck;

	if (wait < ANSWER_MIN)
		wait = ANSWER_MIN;
	return (member->checking && now >= member->check_at + wait);
}

static void
tick_member(struct hg_member *member, uint64_t now)
{
	struct fanout_flow *flow = member->flow;

	if (member->ending)
		return;
	if (is_overdue(member, now)) {
		fanout_count(FANOUT_REFUSED, 1);
		fanout_member_abandon_by(member, 1012,
		    "the broker does not answer");
		return;
	}
	switch (member->state) {
	case FANOUT_AWAKE:
		if (member->listed && member->source != NULL &&
		    member->check_at <= now && !TAILQ_EMPTY(&flow->resting))
			member->rotate = true;
		break;
	case FANOUT_WAKING:
	case FANOUT_LEARNING:
		if (now - member->state_at >= WAKE_WAIT && member->listed) {
			member->listed = false;
			flow->waking--;
		}
		if (member->state == FANOUT_LEARNING)
			fanout_learn_quiet(member, now);
		break;
	case FANOUT_KEPT:
		if (now - member->state_at >= FANOUT_KEEP_MAX)
			fanout_spend(member);
		break;
	case FANOUT_PAUSING:
	case FANOUT_RESTING:
	case FANOUT_SILENT:
		break;
	}
}

bool
fanout_one_tick(struct fanout_flow *flow, uint64_t now)
{
	struct hg_member *member;

	if (!flow->one)
		return (false);
	TAILQ_FOREACH(member, &flow->members, entry)
		tick_member(member, now);
	fanout_unbalance(flow);
	return (true);
}
