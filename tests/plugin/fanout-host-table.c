/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of struct hg_host that fanout uses, start and finish. */
#include "fanout-host-in.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
alive(const struct hg_channel *ch)
{
	if (ch == NULL || ch->closed)
		host_wrong("%s: used after its close",
		    ch != NULL ? ch->name : "NULL");
}

/* --- frames, heads ------------------------------------------------------ */

struct hg_frame *
host_frame(const void *bytes, size_t len, unsigned flags)
{
	struct hg_frame *frame;

	frame = host_alloc(sizeof(*frame) + len);
	memcpy(frame->bytes, bytes, len);
	frame->len = len;
	frame->flags = flags;
	frame->refs = 1;
	host.frames++;
	return (frame);
}

static struct hg_frame *
t_ref(struct hg_frame *frame)
{
	frame->refs++;
	return (frame);
}

void
host_unref(struct hg_frame *frame)
{
	if (--frame->refs > 0)
		return;
	host.frames--;
	free(frame);
}

static size_t
t_len(const struct hg_frame *frame)
{
	return (frame->len);
}

static unsigned
t_flags(const struct hg_frame *frame)
{
	return (frame->flags);
}

static const unsigned char *
t_bytes(struct hg_frame **frame)
{
	return ((*frame)->bytes);
}

static int
t_fields_add(struct hg_fields *fields, const char *name, const char *value)
{
	if (fields->count == HOST_FIELDS)
		return (-1);
	snprintf(fields->name[fields->count], 64, "%s", name);
	snprintf(fields->value[fields->count++], 256, "%s", value);
	return (0);
}

const char *
host_field(const struct hg_channel *ch, const char *name)
{
	size_t i;

	for (i = 0; i < ch->fields.count; i++)
		if (strcmp(ch->fields.name[i], name) == 0)
			return (ch->fields.value[i]);
	return (NULL);
}

/* --- logs, counters, workers -------------------------------------------- */

static void
t_log(const struct hg_slot *slot, enum hg_log_level level,
    const char *format, ...)
{
	(void)slot;
	(void)level;
	(void)format;
}

static const char *
t_quote(char *out, size_t size, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	size_t i, n;

	n = 0;
	out[0] = '\0';
	for (i = 0; i < len && n + 5 < size; i++)
		n += (size_t)snprintf(out + n, size - n,
		    at[i] > ' ' && at[i] < 127 ? "%c" : "\\x%02x", at[i]);
	return (out);
}

static void
t_count(const struct hg_plugin *plugin, unsigned index, int64_t by)
{
	(void)plugin;
	host.counter[index] += by;
	if (host.counter[index] < 0)
		host_wrong("counter %u is below zero", index);
}

int64_t
host_counter(const char *name)
{
	unsigned i;

	for (i = 0; host.plugin->counters[i] != NULL; i++)
		if (strcmp(host.plugin->counters[i], name) == 0)
			return (host.counter[i]);
	host_wrong("no counter \"%s\"", name);
}

static void *
t_worker_data(const struct hg_plugin *plugin)
{
	(void)plugin;
	return (inside.worker);
}

static uint64_t
t_now(void)
{
	return (host.now);
}

static void
t_random(void *out, size_t len)
{
	unsigned char *at = out;

	while (len-- > 0) {
		inside.seed = inside.seed * 6364136223846793005 + 1;
		*at++ = inside.seed >> 56;
	}
}

static int
t_provide(const char *name, const void *what)
{
	if (strcmp(name, HG_FLOWS) != 0)
		host_wrong("provides \"%s\"", name);
	host.flows = what;
	return (0);
}

static const void *
t_find(const char *name)
{
	return (strcmp(name, HG_FEEDS) == 0 ? inside.feeds : NULL);
}

static struct hg_timer *
t_worker_timer(const struct hg_plugin *plugin, uint64_t ms, void (*fn)(void *))
{
	(void)plugin;
	if (inside.timer != NULL)
		host_wrong("two timers");
	inside.timer = host_alloc(sizeof(*inside.timer));
	inside.timer->due = host.now + ms;
	inside.timer->fn = fn;
	return (inside.timer);
}

void
host_advance(uint64_t ms)
{
	struct hg_timer *timer;
	uint64_t until = host.now + ms;

	while ((timer = inside.timer) != NULL && timer->due <= until) {
		host.now = timer->due;
		inside.timer = NULL;
		timer->fn(inside.worker);
		free(timer);
		host_posts();
		host_turn();
	}
	host.now = until;
}

/* One at a time is all that fanout has. */
static int
t_post(unsigned worker, void (*fn)(void *), void *arg)
{
	if (worker != 0 || inside.posted != NULL)
		host_wrong("a second post");
	inside.posted = fn;
	inside.posted_arg = arg;
	return (0);
}

static unsigned
t_worker_index(void)
{
	return (0);
}

void
host_posts(void)
{
	void (*fn)(void *);

	while (inside.depth == 0 && (fn = inside.posted) != NULL) {
		inside.posted = NULL;
		inside.depth++;
		fn(inside.posted_arg);
		inside.depth--;
	}
}

static void
t_row(struct hg_report *report)
{
	if (report->len != 0)
		report->len += (size_t)snprintf(host.report + report->len,
		    sizeof(host.report) - report->len, "\n");
}

static void
t_text(struct hg_report *report, const char *name, const char *value)
{
	report->len += (size_t)snprintf(host.report + report->len,
	    sizeof(host.report) - report->len, "%s=%s ", name, value);
}

static void
t_number(struct hg_report *report, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	t_text(report, name, text);
}

const char *
host_report(const char *what)
{
	struct hg_report report = { 0 };

	host.report[0] = '\0';
	host.plugin->report(what, &report);
	return (host.report);
}

/* --- channels ----------------------------------------------------------- */

static struct hg_channel *
t_slot_channel(const struct hg_slot *slot)
{
	return (slot->channel);
}

static const void *
t_options(const struct hg_slot *slot)
{
	size_t i;

	if (!slot->open)
		host_wrong("options of a closed slot");
	for (i = 1; i < 4; i++)
		if (inside.options[i].service != NULL &&
		    strcmp(inside.options[i].service,
		    slot->channel->conn->service) == 0)
			return (inside.options[i].values);
	return (inside.options[0].values);
}

static enum hg_verdict
t_fail(struct hg_slot *slot, unsigned code, const char *format, ...)
{
	(void)format;
	host_wrong("%s: failed with %u", slot->channel->name, code);
}

static struct hg_conn *
t_conn(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->conn);
}

static struct hg_channel *
t_parent(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->parent);
}

static const char *
t_name(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->name);
}

static const char *
t_service(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->conn->service);
}

static const char *
t_identity(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->conn->identity);
}

static const char *
t_subprotocol(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->conn->subprotocol);
}

static enum hg_upstream
t_upstream(const struct hg_channel *ch)
{
	alive(ch);
	return (inside.feeds != NULL ? HG_UPSTREAM_NONE : HG_UPSTREAM_WIRE);
}

static bool
t_has(const struct hg_channel *ch, const char *extension)
{
	alive(ch);
	if (strcmp(extension, "x-kaazing-fanout") != 0)
		host_wrong("asks for \"%s\"", extension);
	return (ch->conn->fanout);
}

static bool
t_carried(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->carried);
}

static bool
t_full(const struct hg_channel *ch)
{
	alive(ch);
	return (ch->full);
}

static void
t_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	char was[128];

	/* It is written when all were told, so it must be there then. */
	snprintf(was, sizeof(was), "%s", reason);
	channel_end(ch, code);
	if (strncmp(was, reason, sizeof(was) - 1) != 0)
		host_wrong("%s: the reason of its end is gone", ch->name);
}

static void
t_hold(struct hg_channel *ch, bool hold)
{
	alive(ch);
	ch->holds += hold ? 1 : -1;
	if (ch->holds < 0)
		host_wrong("%s: more releases than holds", ch->name);
}

static struct hg_channel *
t_child(struct hg_channel *parent, const struct hg_fields *fields)
{
	struct hg_channel *ch;

	alive(parent);
	ch = channel_new(parent->conn, parent);
	ch->fields = *fields;
	if (!host.slow_created)
		host_created(ch, true);
	return (ch);
}

static unsigned
t_worker_count(void)
{
	return (1);
}

const struct hg_host host_table = {
	.size = sizeof(struct hg_host),
	.log = t_log, .quote = t_quote, .count = t_count,
	.worker_data = t_worker_data, .now = t_now, .random = t_random,
	.provide = t_provide, .slot_channel = t_slot_channel,
	.options = t_options, .fail = t_fail, .frame_new = host_frame,
	.frame_ref = t_ref,
	.frame_unref = host_unref, .frame_len = t_len, .frame_flags = t_flags,
	.frame_bytes = t_bytes, .channel_conn = t_conn,
	.channel_parent = t_parent, .channel_name = t_name,
	.channel_service = t_service, .channel_subprotocol = t_subprotocol,
	.channel_has = t_has, .channel_is_carried = t_carried,
	.channel_send = channel_send, .channel_is_full = t_full,
	.channel_end = t_end, .channel_hold = t_hold, .channel_child = t_child,
	.channel_merge = set_merge, .channel_unmerge = set_unmerge,
	.channel_handover = set_handover, .fields_add = t_fields_add,
	.worker_index = t_worker_index, .post = t_post,
	.worker_timer = t_worker_timer, .report_row = t_row,
	.report_text = t_text, .report_number = t_number,
	.worker_count = t_worker_count, .channel_place = set_place,
	.channel_upstream = t_upstream, .find = t_find,
	.channel_identity = t_identity,
};
