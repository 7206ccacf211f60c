/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "conn.h"
#include "hostworker.h"
#include "httpconn.h"
#include "inner.h"
#include "log.h"
#include "plugin.h"
#include "report.h"
#include "trunk.h"

static const char *const stats_known[] = { "status", "connections",
	"channels", "counters", "flows" };

bool
stats_is_known(const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(stats_known) / sizeof(stats_known[0]); i++)
		if (strcmp(stats_known[i], what) == 0)
			return (true);
	return (false);
}

static const char *
stats_kind(const struct hg_conn *conn)
{
	if (conn->is_trunk)
		return (conn->is_initiator ? "trunk-out" : "trunk-in");
	if (httpconn_is(conn))
		return ("http-in");
	if (conn->is_websocket)
		return (conn->is_initiator ? "websocket-out" :
		    "websocket-in");
	return (conn->is_initiator ? "stream-out" : "stream-in");
}

static const char *
stats_state(const struct hg_conn *conn)
{
	static const char *const names[] = { "handshake", "deciding", "open",
		"closing", "shut", "gone" };

	return (conn->parked > 0 ? "parked" : names[conn->state]);
}

static void
stats_connection(struct hg_conn *conn, struct hg_report *report)
{
	const struct list *node;
	uint64_t channels = 0;

	for (node = conn->channels.next; node != &conn->channels;
	    node = node->next)
		channels++;
	report_row(report);
	report_text(report, "name", conn->name);
	report_text(report, "kind", stats_kind(conn));
	report_text(report, "state", stats_state(conn));
	report_text(report, "peer", conn_peer(conn));
	report_text(report, "service", conn->service->name);
	report_number(report, "worker", conn->worker->index);
	report_number(report, "channels", channels);
	report_number(report, "bytes_in", conn->bytes_in);
	report_number(report, "bytes_out", conn->bytes_out);
	report_number(report, "messages_in", conn->messages_in);
	report_number(report, "messages_out", conn->messages_out);
	report_number(report, "queued", outq_cost(&conn->out));
	report_number(report, "age_ms",
	    worker_clock() - conn->created_at);
}

static void
stats_channel(const struct hg_channel *ch, struct hg_report *report)
{
	char path[LOG_QUOTE_MAX];

	report_row(report);
	report_text(report, "name", channel_name(ch));
	report_text(report, "service", ch->service->name);
	report_text(report, "path", ch->request == NULL ||
	    ch->request->path == NULL ? "" : log_quote(path, sizeof(path),
	    ch->request->path, strlen(ch->request->path)));
	report_text(report, "parent",
	    ch->parent != NULL ? channel_name(ch->parent) : "");
	report_text(report, "subprotocol",
	    ch->subprotocol != NULL ? ch->subprotocol : "");
	report_number(report, "messages_in", ch->messages_in);
	report_number(report, "messages_out", ch->messages_out);
	report_number(report, "bytes_in", ch->bytes_in);
	report_number(report, "bytes_out", ch->bytes_out);
	report_text(report, "waits", ch->paused > 0 && ch->fulls > 0 ?
	    "both" : ch->paused > 0 ? "reading" : ch->fulls > 0 ?
	    "writing" : "");
}

void
stats_of_worker(struct worker *worker, const char *what,
    struct hg_report *report)
{
	struct list *node, *inner;
	struct hg_conn *conn;
	unsigned i;
	bool conns = strcmp(what, "connections") == 0;
	bool channels = strcmp(what, "channels") == 0;

	for (node = worker->conns.next; node != &worker->conns;
	    node = node->next) {
		conn = list_entry(node, struct hg_conn, node);
		if (conns)
			stats_connection(conn, report);
		if (!channels)
			continue;
		for (inner = conn->channels.next; inner != &conn->channels;
		    inner = inner->next)
			stats_channel(list_entry(inner, struct hg_channel,
			    node), report);
	}
	for (i = 0; i < plugin_count(); i++)
		if (plugin_at(i)->entry.report != NULL)
			plugin_at(i)->entry.report(what, report);
}

static void
stats_core(struct hg_report *report, const char *counter, uint64_t value)
{
	report_row(report);
	report_text(report, "plugin", "core");
	report_text(report, "counter", counter);
	report_number(report, "value", value);
}

static void
stats_counters(struct hg_report *report)
{
	const struct plugin *plugin;
	unsigned i, c;

	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		for (c = 0; c < plugin->counters_count; c++) {
			report_row(report);
			report_text(report, "plugin", plugin->entry.name);
			report_text(report, "counter",
			    plugin->entry.counters[c]);
			report_number(report, "value",
			    (uint64_t)host_counter(plugin, c));
		}
	}
	stats_core(report, "log_lines_lost", log_lost());
	for (i = 0; i < INNER_COUNTERS; i++)
		stats_core(report, inner_counter_name(i), inner_counter(i));
}

static void
stats_status(const struct settings *settings, uint64_t started_at,
    struct hg_report *report)
{
	char name[80];
	size_t i;

	report_row(report);
	report_text(report, "what", "version");
	report_text(report, "value", HG_VERSION);
	report_row(report);
	report_text(report, "what", "pid");
	report_number(report, "value", (uint64_t)getpid());
	report_row(report);
	report_text(report, "what", "uptime_ms");
	report_number(report, "value", worker_clock() - started_at);
	report_row(report);
	report_text(report, "what", "workers");
	report_number(report, "value", workers_count());
	report_row(report);
	report_text(report, "what", "connections");
	report_number(report, "value", conn_count());
	for (i = 0; i < settings->trunk_count; i++) {
		snprintf(name, sizeof(name), "trunk %s up",
		    settings->trunks[i]->name);
		report_row(report);
		report_text(report, "what", name);
		report_number(report, "value",
		    trunk_up(settings->trunks[i]));
	}
}

void
stats_of_process(const struct settings *settings, uint64_t started_at,
    const char *what, struct hg_report *report)
{
	if (strcmp(what, "counters") == 0)
		stats_counters(report);
	else if (strcmp(what, "status") == 0)
		stats_status(settings, started_at, report);
}
