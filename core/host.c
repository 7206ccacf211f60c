/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <openssl/rand.h>

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "group.h"
#include "link.h"
#include "log.h"
#include "report.h"
#include "wsext.h"

struct host_worker {
	void			**data;		/* by the plugin's index */
	atomic_int_least64_t	 *counters;
	struct list		  timers;
};

static struct host_worker *host_workers;
static void (*host_accept)(struct hg_channel *);

void
host_set_accept(void (*accept)(struct hg_channel *))
{
	host_accept = accept;
}

static int
host_worker_init(struct host_worker *own)
{
	struct plugin *plugin;
	unsigned i;

	list_init(&own->timers);
	own->data = calloc(plugin_count() + 1, sizeof(*own->data));
	own->counters = calloc(plugin_counters() + 1, sizeof(*own->counters));
	if (own->data == NULL || own->counters == NULL)
		return (-1);
	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		if (plugin->entry.worker_size == 0)
			continue;
		own->data[i] = calloc(1, plugin->entry.worker_size);
		if (own->data[i] == NULL)
			return (-1);
	}
	return (0);
}

int
host_init(void)
{
	unsigned i;

	host_workers = calloc(workers_count(), sizeof(*host_workers));
	if (host_workers == NULL)
		return (-1);
	for (i = 0; i < workers_count(); i++)
		if (host_worker_init(&host_workers[i]) != 0)
			return (-1);
	return (0);
}

void
host_finish(void)
{
	unsigned i, p;

	for (i = 0; host_workers != NULL && i < workers_count(); i++) {
		for (p = 0; host_workers[i].data != NULL &&
		    p < plugin_count(); p++)
			free(host_workers[i].data[p]);
		free(host_workers[i].data);
		free(host_workers[i].counters);
	}
	free(host_workers);
	host_workers = NULL;
}

void
host_worker_start(struct worker *worker)
{
	struct plugin *plugin;
	unsigned i;

	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		if (plugin->entry.worker_start == NULL)
			continue;
		if (plugin->entry.worker_start(
		    host_workers[worker->index].data[i]) != 0)
			log_write(HG_LOG_ERROR, plugin->entry.name,
			    "could not start on worker %u", worker->index);
	}
}

void
host_worker_stop(struct worker *worker)
{
	struct plugin *plugin;
	unsigned i;

	for (i = plugin_count(); i > 0; i--) {
		plugin = plugin_at(i - 1);
		if (plugin->entry.worker_stop != NULL)
			plugin->entry.worker_stop(
			    host_workers[worker->index].data[i - 1]);
	}
	list_timers_stop(&host_workers[worker->index].timers);
}

int64_t
host_counter(const struct plugin *plugin, unsigned index)
{
	int64_t sum = 0;
	unsigned i;

	for (i = 0; host_workers != NULL && i < workers_count(); i++)
		sum += atomic_load_explicit(&host_workers[i].counters[
		    plugin->counters_first + index], memory_order_relaxed);
	return (sum);
}

/* --- logging, counters, workers ------------------------------------------- */

HG_PRINTF(3, 4) static void
host_log(const struct hg_slot *slot, enum hg_log_level level, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vwrite(level, slot == NULL ? NULL :
	    slot->chain->ops->name(slot->chain), fmt, ap);
	va_end(ap);
}

static void
host_count(const struct hg_plugin *symbol, unsigned index, int64_t by)
{
	const struct plugin *plugin = plugin_by_symbol(symbol);
	const struct worker *worker = worker_self();

	if (plugin == NULL || worker == NULL ||
	    index >= plugin->counters_count)
		return;
	atomic_fetch_add_explicit(&host_workers[worker->index].counters[
	    plugin->counters_first + index], by, memory_order_relaxed);
}

static unsigned
host_worker_index(void)
{
	return (worker_self()->index);
}

static void *
host_worker_data(const struct hg_plugin *symbol)
{
	const struct plugin *plugin = plugin_by_symbol(symbol);

	if (plugin == NULL || worker_self() == NULL)
		return (NULL);
	return (host_workers[worker_self()->index].data[plugin->index]);
}

static int
host_post(unsigned worker, void (*fn)(void *), void *arg)
{
	if (worker_at(worker) == NULL)
		return (-1);
	return (worker_post(worker_at(worker), fn, arg));
}

static void
host_random(void *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		abort();
}

static struct hg_timer *
host_worker_timer(const struct hg_plugin *symbol, uint64_t ms,
    void (*fn)(void *))
{
	return (list_timer_start(&host_workers[worker_self()->index].timers,
	    ms, fn, host_worker_data(symbol)));
}

/* --- slots ---------------------------------------------------------------- */

static struct hg_channel *
host_slot_channel(const struct hg_slot *slot)
{
	return (slot->chain->channel);
}

static struct hg_conn *
host_slot_conn(const struct hg_slot *slot)
{
	return (slot->chain->conn);
}

static const void *
host_options(const struct hg_slot *slot)
{
	return (chain_options(slot->chain->service, slot->plugin));
}

static const struct hg_params *
host_offered(const struct hg_slot *slot)
{
	return (slot->offered);
}

static const struct hg_params *
host_answered(const struct hg_slot *slot)
{
	return (slot->answered);
}

HG_PRINTF(3, 4) static enum hg_verdict
host_fail(struct hg_slot *slot, unsigned code, const char *fmt, ...)
{
	char reason[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	slot->chain->ops->fail(slot->chain, code, reason);
	return (HG_FAIL);
}

static void
host_recv_next(struct hg_slot *slot, struct hg_frame *frame)
{
	chain_recv(slot->chain, slot->index + 1, frame);
}

static void
host_send_next(struct hg_slot *slot, struct hg_frame *frame)
{
	chain_send(slot->chain, slot->index, frame);
}

/* --- frames --------------------------------------------------------------- */

static size_t
host_frame_len(const struct hg_frame *frame)
{
	return (frame->len);
}

static unsigned
host_frame_get_flags(const struct hg_frame *frame)
{
	return (frame->flags);
}

/* --- connections and channels --------------------------------------------- */

static bool
host_conn_is_initiator(const struct hg_conn *conn)
{
	return (conn->is_initiator);
}

static struct hg_channel *
host_conn_root(struct hg_conn *conn)
{
	return (conn->root);
}

static const char *
host_conn_name(const struct hg_conn *conn)
{
	return (conn->name);
}

static bool
host_conn_full(const struct hg_conn *conn)
{
	return (conn->full);
}

static struct hg_conn *
host_channel_conn(const struct hg_channel *ch)
{
	return (ch->conn);
}

static struct hg_channel *
host_channel_parent(const struct hg_channel *ch)
{
	return (ch->parent);
}

static const char *
host_channel_name(const struct hg_channel *ch)
{
	return (ch->name);
}

static const struct hg_head *
host_channel_request(const struct hg_channel *ch)
{
	return (ch->request);
}

static const char *
host_channel_subprotocol(const struct hg_channel *ch)
{
	return (ch->subprotocol);
}

static const char *
host_channel_service(const struct hg_channel *ch)
{
	return (ch->service->name);
}

static bool
host_channel_has(const struct hg_channel *ch, const char *extension)
{
	return (chain_has(&ch->chain, extension));
}

static enum hg_upstream
host_channel_upstream(const struct hg_channel *ch)
{
	switch (ch->service->target.kind) {
	case TARGET_TRUNK:
		return (HG_UPSTREAM_TRUNK);
	case TARGET_WEBSOCKET:
	case TARGET_STREAM:
		return (HG_UPSTREAM_WIRE);
	default:
		return (HG_UPSTREAM_NONE);
	}
}

static struct hg_channel *
host_channel_child(struct hg_channel *parent, const struct hg_fields *fields)
{
	struct hg_head *head;

	if ((head = http_fields(fields)) == NULL)
		return (NULL);
	return (channel_new_child(parent, head));
}

/* --- for a mux ------------------------------------------------------------ */

/*
 * A child needs nobody's decision; what comes on it finds its way at once. One
 * that failed meanwhile is refused: its mux may not have known it then.
 */
static void
host_answer_child(struct work *work)
{
	struct hg_channel *ch = list_entry(work, struct hg_channel, decide);
	struct hg_slot *mux = channel_mux(ch);
	struct hg_head *response;

	if (mux == NULL)
		return;
	response = http_response(ch->top_ended ? 503 : 101, NULL, NULL);
	if (response == NULL) {
		channel_fail(ch, 1011, "out of memory");
		return;
	}
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
	http_free(response);
}

static void
host_accept_child(struct hg_channel *ch)
{
	ch->decide.fn = host_answer_child;
	worker_flush_later(ch->conn->worker, &ch->decide);
	if (channel_inherit_chain(ch) != 0) {
		channel_fail(ch, 1011, "a plugin refused the child");
		return;
	}
	channel_open(ch, NULL);
	link_child(ch);
}

static void
host_accept_work(struct work *work)
{
	struct hg_channel *ch = list_entry(work, struct hg_channel, decide);

	if (channel_mux(ch) == NULL || ch->top_ended)
		return;
	host_accept(ch);
}

static struct hg_channel *
host_channel_accept(struct hg_slot *slot, struct hg_channel *parent,
    const struct hg_head *request, unsigned id)
{
	struct hg_conn *conn = slot->chain->conn;
	struct hg_channel *ch;
	struct hg_head *copy;

	if ((copy = http_copy(request)) == NULL)
		return (NULL);
	ch = channel_create(conn, parent, parent != NULL ? parent->service :
	    conn->service, copy);
	if (ch == NULL)
		return (NULL);
	if (channel_set_carried(ch) != 0) {
		channel_free(ch);
		return (NULL);
	}
	channel_set_id(ch, id);
	if (parent != NULL) {
		host_accept_child(ch);
		return (ch);
	}
	ch->decide.fn = host_accept_work;
	worker_flush_later(conn->worker, &ch->decide);
	return (ch);
}

static void *
host_channel_data(struct hg_channel *ch)
{
	return (ch->mux_data);
}

static bool
host_channel_paused(const struct hg_channel *ch)
{
	return (ch->paused > 0);
}

static int
host_channel_merge(struct hg_channel *member, struct hg_channel *carrier,
    uint64_t seq)
{
	struct hg_slot *mux = channel_mux(member);

	if (mux == NULL || channel_mux(carrier) != mux ||
	    mux->plugin->mux.merge == NULL)
		return (-1);
	return (mux->plugin->mux.merge(mux, mux->state, member, carrier, seq));
}

static int
host_channel_unmerge(struct hg_channel *member, uint64_t seq)
{
	struct hg_slot *mux = channel_mux(member);

	if (mux == NULL || mux->plugin->mux.unmerge == NULL)
		return (-1);
	return (mux->plugin->mux.unmerge(mux, mux->state, member, seq));
}

static int
host_channel_handover(struct hg_channel *carrier, struct hg_channel *next,
    uint64_t seq)
{
	struct hg_slot *mux = channel_mux(carrier);

	if (mux == NULL || mux->plugin->mux.handover == NULL)
		return (-1);
	return (mux->plugin->mux.handover(mux, mux->state, carrier, next,
	    seq));
}

/* --- heads, fields, parameters -------------------------------------------- */

static int
host_head_status(const struct hg_head *head)
{
	return (head->status);
}

static const char *
host_head_reason(const struct hg_head *head)
{
	return (head->reason);
}

static const char *
host_head_target(const struct hg_head *head)
{
	return (head->target);
}

static struct hg_head *
host_head_parse(const void *data, size_t len, const char *kind,
    const char **error)
{
	enum http_kind as = HTTP_FIELDS;

	if (strcmp(kind, "request") == 0)
		as = HTTP_REQUEST;
	else if (strcmp(kind, "response") == 0)
		as = HTTP_RESPONSE;
	return (http_parse(data, len, as, error, NULL));
}

static const char *
host_head_text(const struct hg_head *head, size_t *len)
{
	*len = head->text_len;
	return (head->text);
}

static const void *
host_negotiation_options(const struct hg_negotiation *negotiation)
{
	return (chain_options(negotiation->service, negotiation->plugin));
}

static bool
host_negotiation_is_trunk(const struct hg_negotiation *negotiation)
{
	return (negotiation->is_trunk);
}

static const char *
host_negotiation_channel_extensions(const struct hg_negotiation *negotiation)
{
	return (negotiation->channel_extensions);
}

const struct hg_host host_table = {
	.size = sizeof(struct hg_host),
	.log = host_log,
	.quote = log_quote,
	.count = host_count,
	.worker_count = workers_count,
	.worker_index = host_worker_index,
	.worker_data = host_worker_data,
	.post = host_post,
	.now = worker_clock,
	.random = host_random,
	.provide = plugin_provide,
	.find = plugin_provided,
	.slot_channel = host_slot_channel,
	.slot_conn = host_slot_conn,
	.options = host_options,
	.offered = host_offered,
	.answered = host_answered,
	.fail = host_fail,
	.recv_next = host_recv_next,
	.send_next = host_send_next,
	.frame_new = frame_copy,
	.frame_ref = frame_ref,
	.frame_unref = frame_unref,
	.frame_len = host_frame_len,
	.frame_flags = host_frame_get_flags,
	.frame_reflag = frame_flags,
	.frame_peek = frame_peek,
	.frame_bytes = frame_bytes,
	.frame_trim = frame_trim,
	.frame_slice = frame_slice,
	.frame_prepend = frame_prepend,
	.frame_append = frame_append,
	.frame_concat = frame_concat,
	.conn_is_initiator = host_conn_is_initiator,
	.conn_root = host_conn_root,
	.conn_name = host_conn_name,
	.conn_full = host_conn_full,
	.channel_conn = host_channel_conn,
	.channel_parent = host_channel_parent,
	.channel_peer = link_peer,
	.channel_name = host_channel_name,
	.channel_request = host_channel_request,
	.channel_subprotocol = host_channel_subprotocol,
	.channel_service = host_channel_service,
	.channel_has = host_channel_has,
	.channel_is_carried = channel_is_carried,
	.channel_upstream = host_channel_upstream,
	.channel_send = channel_send,
	.channel_is_full = channel_is_full,
	.channel_end = channel_end,
	.channel_hold = channel_hold,
	.channel_child = host_channel_child,
	.channel_accept = host_channel_accept,
	.channel_data = host_channel_data,
	.channel_set_id = channel_set_id,
	.channel_opened = channel_answered,
	.channel_recv = channel_recv,
	.channel_ended = channel_ended,
	.channel_set_full = channel_set_full,
	.channel_paused = host_channel_paused,
	.channel_free = channel_free,
	.channel_resend = channel_resend,
	.channel_merge = host_channel_merge,
	.channel_unmerge = host_channel_unmerge,
	.channel_handover = host_channel_handover,
	.group_new = group_new,
	.group_free = group_free,
	.group_add = group_add,
	.group_remove = group_remove,
	.group_recv = group_recv,
	.head_get = http_get,
	.head_next = http_next,
	.head_status = host_head_status,
	.head_reason = host_head_reason,
	.head_target = host_head_target,
	.head_parse = host_head_parse,
	.head_text = host_head_text,
	.head_free = http_free,
	.head_response = http_response,
	.fields_new = http_fields_new,
	.fields_add = http_fields_add,
	.fields_free = http_fields_free,
	.param_get = wsext_get,
	.param_set = wsext_set,
	.negotiation_options = host_negotiation_options,
	.negotiation_is_trunk = host_negotiation_is_trunk,
	.negotiation_channel_extensions = host_negotiation_channel_extensions,
	.timer_start = slot_timer_start,
	.timer_stop = slot_timer_stop,
	.worker_timer = host_worker_timer,
	.report_row = report_row,
	.report_text = report_text,
	.report_number = report_number,
};
