/* SPDX-License-Identifier: Apache-2.0 */
/* "headgatectl flows": one row for each flow of each worker. */
#include <stdio.h>
#include <string.h>

#include "fanout.h"

#define SHOWN	512	/* bytes of a name, quoted */

static void
report_quoted(struct hg_report *report, const char *name, const char *text)
{
	char shown[SHOWN];

	hg->report_text(report, name,
	    hg->quote(shown, sizeof(shown), text, strlen(text)));
}

static size_t
count_groups(const struct fanout_groups *groups)
{
	const struct fanout_group *group;
	size_t count;

	count = 0;
	TAILQ_FOREACH(group, groups, carried_entry)
		count++;
	return (count);
}

/* Whose copies the flow is made of. */
static const char *
feeder_name(const struct fanout_flow *flow)
{
	const struct hg_member *member;

	if (flow->feed != NULL)
		return ("server");
	if ((member = TAILQ_FIRST(&flow->awake)) != NULL)
		return (hg->channel_name(member->parent));
	return (TAILQ_EMPTY(&flow->kept) ? "-" : "kept");
}

/* At the broker, for as far as is known. */
static size_t
count_subscriptions(const struct fanout_flow *flow)
{
	const struct hg_member *member;
	size_t count;

	count = flow->feed != NULL;
	TAILQ_FOREACH(member, &flow->members, entry)
		if (member->state != FANOUT_RESTING &&
		    member->state != FANOUT_SILENT)
			count++;
	return (count);
}

/* Those of them whose copies are known to be the flow's, and may be the only
 * ones. */
static size_t
count_feeding(const struct fanout_flow *flow)
{
	const struct hg_member *member;
	size_t count;

	count = flow->feed != NULL;
	TAILQ_FOREACH(member, &flow->awake, source_entry)
		count++;
	TAILQ_FOREACH(member, &flow->kept, source_entry)
		if (!member->spent)
			count++;
	return (count);
}

static void
report_flow(const struct fanout_flow *flow, struct hg_report *report)
{
	char epoch[9];

	snprintf(epoch, sizeof(epoch), "%08x", (unsigned)flow->epoch);
	hg->report_row(report);
	hg->report_text(report, "flow", flow->id);
	hg->report_text(report, "epoch", epoch);
	report_quoted(report, "service", flow->service);
	report_quoted(report, "destination", flow->destination);
	hg->report_text(report, "scope",
	    flow->scope == FANOUT_PUBLIC ? "public" : "credential");
	hg->report_number(report, "members", flow->member_count);
	hg->report_number(report, "merged", flow->merged_count);
	hg->report_number(report, "carriers", count_groups(&flow->carried));
	hg->report_number(report, "seq", flow->ring.head);
	hg->report_number(report, "ring", fanout_ring_count(&flow->ring));
	hg->report_number(report, "suppressed", flow->suppressed);
	hg->report_number(report, "mismatches", flow->mismatches);
	hg->report_number(report, "unmerges", flow->unmerges);
	hg->report_text(report, "upstream",
	    fanout_is_common(flow) ? "one" : "each");
	hg->report_number(report, "subscriptions", count_subscriptions(flow));
	hg->report_number(report, "feeding", fanout_is_common(flow) ?
	    count_feeding(flow) : flow->merged_count);
	report_quoted(report, "feeder", fanout_is_common(flow) ?
	    feeder_name(flow) : "-");
	hg->report_number(report, "takeovers", flow->takeovers);
	hg->report_number(report, "parked", flow->parked_count);
	hg->report_number(report, "kept", flow->store.bytes);
}

void
fanout_report(const char *what, struct hg_report *report)
{
	struct fanout_worker *worker = fanout_worker();
	struct fanout_node *node;

	if (strcmp(what, "flows") != 0)
		return;
	for (node = fanout_table_each(&worker->flows); node != NULL;
	    node = fanout_table_each_next(&worker->flows, node))
		report_flow(FANOUT_OF(node, struct fanout_flow, node), report);
}
