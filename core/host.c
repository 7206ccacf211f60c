/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <openssl/rand.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "channelauth.h"
#include "exchange.h"
#include "fetch.h"
#include "frame.h"
#include "group.h"
#include "hostmux.h"
#include "hostworker.h"
#include "kept.h"
#include "link.h"
#include "login.h"
#include "log.h"
#include "recycle.h"
#include "report.h"
#include "wsext.h"
#include "wsframe.h"

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

/* The time of the turn at hand, if there is one. */
static uint64_t
host_now(void)
{
	const struct worker *worker = worker_self();

	return (worker != NULL ? worker->now : worker_clock());
}

static void
host_random(void *out, size_t len)
{
	if (RAND_bytes(out, (int)len) != 1)
		abort();
}

/* --- slots ---------------------------------------------------------------- */

static struct hg_channel *
host_slot_channel(const struct hg_slot *slot)
{
	return (chain_channel(slot->chain));
}

static struct hg_conn *
host_slot_conn(const struct hg_slot *slot)
{
	return (chain_conn(slot->chain));
}

static const void *
host_options(const struct hg_slot *slot)
{
	return (chain_options(slot->chain->ops->service(slot->chain),
	    slot->plugin));
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

/* A plugin may send what it makes to many. */
static struct hg_frame *
host_frame_new(const void *data, size_t len, unsigned flags)
{
	unsigned char bytes[WS_HEAD_MAX];
	struct ws_head head = { .fin = true, .len = len };

	if ((flags & HG_WHOLE) != HG_WHOLE || (flags & HG_RSV) != 0)
		return (frame_copy(data, len, flags));
	head.opcode = (flags & HG_TEXT) != 0 ? WS_TEXT : WS_BINARY;
	return (frame_copy_headed(bytes, ws_head_format(bytes, &head), data,
	    len, flags));
}

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

static void
host_beat(struct hg_slot *slot)
{
	struct hg_conn *conn = chain_conn(slot->chain);

	if (!chain_beat(&conn->chain, slot->chain == &conn->chain ?
	    slot->index : conn->chain.count))
		conn_beat(conn);
}

static void
host_alive(struct hg_slot *slot)
{
	if (chain_channel(slot->chain) == NULL)
		chain_alive(slot->chain, slot->index + 1);
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
	return (channel_name(ch));
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

static bool
host_conn_has(const struct hg_conn *conn, const char *extension)
{
	return (chain_has(&conn->chain, extension));
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

static const char *
host_head_method(const struct hg_head *head)
{
	return (head->method);
}

static bool
host_head_field(const struct hg_head *head, size_t index, const char **name,
    const char **value)
{
	if (index >= head->count)
		return (false);
	*name = http_name(head, index);
	*value = http_value(head, index);
	return (true);
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
	return (http_text(head, len));
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

static bool
host_negotiation_has_mux(const struct hg_negotiation *negotiation)
{
	return (negotiation->has_mux);
}

static void
host_negotiation_no_root(struct hg_negotiation *negotiation)
{
	negotiation->no_root = true;
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
	.now = host_now,
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
	.frame_new = host_frame_new,
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
	.param_at = wsext_at,
	.negotiation_has_mux = host_negotiation_has_mux,
	.conn_retire = host_conn_retire,
	.channel_auth = channelauth_ask,
	.channel_authed = channelauth_decide,
	.channel_got_auth = channelauth_got,
	.channel_got_authed = channelauth_got_answer,
	.recycle_get = recycle_get,
	.recycle_put = recycle_put,
	.keep_upstream = kept_new,
	.kept_send = kept_send,
	.kept_end = kept_end,
	.channel_place = host_channel_place,
	.channel_ask_resume = host_channel_ask_resume,
	.channel_resume = host_channel_resume,
	.channel_resumed = host_channel_resumed,
	.channel_rejoined = host_channel_rejoined,
	.beat = host_beat,
	.alive = host_alive,
	.frame_tail = frame_tail,
	.head_method = host_head_method,
	.head_field = host_head_field,
	.http_conn = exchange_conn,
	.http_request = exchange_request,
	.http_options = exchange_options,
	.http_service = exchange_service,
	.http_path = exchange_path,
	.http_peer = exchange_peer,
	.http_is_tls = exchange_is_tls,
	.http_length = exchange_length,
	.http_respond = exchange_respond,
	.http_send = exchange_send,
	.http_end = exchange_end,
	.http_abort = exchange_abort,
	.http_hold = exchange_hold,
	.http_browser = exchange_browser,
	.fetch_check = fetchtarget_check,
	.fetch_target = fetchtarget_get,
	.fetch_host = fetchtarget_host,
	.fetch_path = fetchtarget_path,
	.fetch_start = fetch_start,
	.fetch_send = fetch_send,
	.fetch_send_end = fetch_send_end,
	.fetch_hold = fetch_hold,
	.fetch_cancel = fetch_cancel,
	.negotiation_no_root = host_negotiation_no_root,
	.login_options = login_options,
	.login_service = login_service,
	.login_peer = login_peer,
	.login_set_target = login_set_target,
	.login_done = login_done,
	.channel_identity = channel_identity,
	.conn_has = host_conn_has,
};
