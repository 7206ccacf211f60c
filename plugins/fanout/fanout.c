/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin: its options and counters, and what it keeps for each worker. */
#include <stdlib.h>

#include "fanout.h"

static const struct fanout_options *plugin_options;

static const char *const counters[] = {
	[FANOUT_FLOWS] = "flows",
	[FANOUT_MEMBERS] = "members",
	[FANOUT_MERGED] = "merged",
	[FANOUT_COPIES] = "copies",
	[FANOUT_SUPPRESSED] = "suppressed",
	[FANOUT_SENT] = "sent",
	[FANOUT_MISMATCHES] = "mismatches",
	[FANOUT_UNMERGES] = "unmerges",
	[FANOUT_HANDOVERS] = "handovers",
	[FANOUT_HOLDS] = "holds",
	[FANOUT_RESTING_NOW] = "resting",
	[FANOUT_TAKEOVERS] = "takeovers",
	[FANOUT_RECHECKS] = "rechecks",
	[FANOUT_REFUSED] = "refused",
	[FANOUT_GAPS] = "gaps",
	[FANOUT_SLOW] = "slow",
	[FANOUT_PARKED] = "parked",
	[FANOUT_RESUMED] = "resumed",
	NULL
};

static const struct hg_option options[] = {
	{
		.key = "share", .type = HG_LIST, .per_service = true,
		.needs_extension = true,
		.offset = offsetof(struct fanout_options, share),
		.help = "destinations that are shared, and among whom: "
		    "PATTERN scope=credential|public [upstream=each|one] "
		    "[standby=NUMBER] [recheck=TIME]",
		.check = fanout_share_check,
	},
	{
		.key = "verify", .type = HG_INT, .per_service = true,
		.offset = offsetof(struct fanout_options, verify),
		.standard = "16", .min = 2, .max = FANOUT_VERIFY_MAX,
		.help = "equal messages in a row before a subscriber is merged",
	},
	{
		.key = "ring", .type = HG_INT, .per_service = true,
		.offset = offsetof(struct fanout_options, ring),
		.standard = "1024", .min = 16, .max = 65536,
		.help = "newest messages of a flow whose digests are kept",
	},
	{
		.key = "window", .type = HG_INT, .per_service = true,
		.offset = offsetof(struct fanout_options, window),
		.standard = "16", .min = 0, .max = FANOUT_WINDOW_MAX,
		.help = "messages by which a broker may change the order",
	},
	{
		.key = "quiet", .type = HG_TIME, .per_service = true,
		.offset = offsetof(struct fanout_options, quiet),
		.standard = "2s", .min = 20, .max = 3600000,
		.help = "time without a message after which none is on its way",
	},
	{
		.key = "backlog", .type = HG_SIZE, .per_service = true,
		.offset = offsetof(struct fanout_options, backlog),
		.standard = "1m", .min = 65536, .max = INT64_C(1) << 31,
		.help = "upstream=one: bytes of a flow that wait for slow "
		    "connections; who is further behind is closed",
	},
	{
		.key = "replay", .type = HG_SIZE, .per_service = true,
		.offset = offsetof(struct fanout_options, replay),
		.standard = "1m", .min = 0, .max = INT64_C(1) << 31,
		.help = "newest messages of a flow that are kept for who comes "
		    "back behind a lost trunk; 0: none",
	},
	{
		.key = "replay-age", .type = HG_TIME, .per_service = true,
		.offset = offsetof(struct fanout_options, replay_age),
		.standard = "60s", .min = 1, .max = 3600000,
		.help = "how long they are kept",
	},
	{
		.key = "replay-total", .type = HG_SIZE,
		.offset = offsetof(struct fanout_options, replay_total),
		.standard = "64m", .min = 0, .max = INT64_C(1) << 36,
		.help = "bytes that all flows keep together",
	},
	{ .key = NULL }
};

struct fanout_worker *
fanout_worker(void)
{
	return (hg->worker_data(&hg_plugin_entry));
}

void
fanout_count(enum fanout_counter counter, int64_t by)
{
	hg->count(&hg_plugin_entry, counter, by);
}

size_t
fanout_store_total(void)
{
	return ((size_t)plugin_options->replay_total / hg->worker_count());
}

const struct fanout_options *
fanout_options_of(const struct fanout_place *place)
{
	return (place != NULL ? hg->options(place->slot) : plugin_options);
}

static int
fanout_load(const void *values)
{
	plugin_options = values;
	if (fanout_key_load() != 0)
		return (-1);
	return (hg->provide(HG_FLOWS, &fanout_flows));
}

static int
fanout_worker_start(void *data)
{
	struct fanout_worker *worker = data;

	TAILQ_INIT(&worker->handles);
	TAILQ_INIT(&worker->ending);
	TAILQ_INIT(&worker->unbalanced);
	return (0);
}

/* All channels have closed before, so no member is in a flow. */
static void
fanout_worker_stop(void *data)
{
	struct fanout_worker *worker = data;
	struct hg_member *member;

	worker->stopping = true;
	while ((member = TAILQ_FIRST(&worker->handles)) != NULL) {
		fanout_member_detach(member, FANOUT_CLOSED);
		TAILQ_REMOVE(&worker->handles, member, handle_entry);
		free(member);
	}
	fanout_table_finish(&worker->places);
	fanout_table_finish(&worker->members);
	fanout_table_finish(&worker->flows);
}

HG_PLUGIN(
	.name = "fanout",
	.version = HG_VERSION,
	.summary = "sends a message that many subscribers want once for each "
	    "connection (x-kaazing-fanout)",
	.extension = FANOUT_NAME,
	.counters = counters,
	.options = options,
	.options_size = sizeof(struct fanout_options),
	.worker_size = sizeof(struct fanout_worker),
	.load = fanout_load,
	.unload = fanout_key_unload,
	.worker_start = fanout_worker_start,
	.worker_stop = fanout_worker_stop,
	.channel = &fanout_hooks,
	.report = fanout_report,
);
