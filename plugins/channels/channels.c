/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels: many channels in one connection, by x-kaazing-channels. This file
 * is where the host comes in.
 */
#include <stdlib.h>
#include <string.h>

#include "merge.h"

#define TRUNK_PATH	"/.headgate/trunk"

void
channels_count(enum channels_counter counter, int64_t n)
{
	hg->count(&hg_plugin_entry, counter, n);
}

void
channels_enter(struct mux *mux)
{
	mux->depth++;
}

/* Sends what can go; then frees what has ended. */
void
channels_leave(struct mux *mux)
{
	struct hg_channel *channel;
	struct chan *c;

	if (mux->depth == 1)
		channels_pump(mux);
	while (mux->depth == 1 && (c = TAILQ_FIRST(&mux->gone)) != NULL) {
		TAILQ_REMOVE(&mux->gone, c, all);
		channel = c->channel;
		channels_detach(c);
		channels_destroy(c);
		if (channel != NULL)
			hg->channel_free(channel);
	}
	mux->depth--;
}

enum hg_verdict
channels_wrong(struct mux *mux, const struct chan *c, const char *reason)
{
	struct control_line line;

	if (mux->failed)
		return (HG_FAIL);
	channels_count(COUNT_PROTOCOL_ERRORS, 1);
	control_begin(&line, CONTROL_ERROR);
	control_put_text(&line, CONTROL_REASON_TEXT, reason);
	if (c != NULL)
		control_put_param_id(&line, CONTROL_ID, c->id);
	channels_emit(mux, &line, NULL, 0);
	mux->failed = true;
	return (hg->fail(mux->slot, 1002, "%s", reason));
}

enum hg_verdict
channels_policy(struct mux *mux, const char *reason)
{
	if (mux->failed)
		return (HG_FAIL);
	mux->failed = true;
	return (hg->fail(mux->slot, 1008, "%s", reason));
}

enum hg_verdict
channels_no_memory(struct mux *mux)
{
	if (mux->failed)
		return (HG_FAIL);
	mux->failed = true;
	return (hg->fail(mux->slot, 1011, "no memory"));
}

static void
init_lists(struct mux *mux)
{
	TAILQ_INIT(&mux->chans);
	TAILQ_INIT(&mux->gone);
	TAILQ_INIT(&mux->active);
	TAILQ_INIT(&mux->starved);
	TAILQ_INIT(&mux->due);
	TAILQ_INIT(&mux->idle);
	TAILQ_INIT(&mux->closing);
	TAILQ_INIT(&mux->plain);
	TAILQ_INIT(&mux->rate.backlog);
}

/* Channel 0 is there from the start. */
static int
open_root(struct mux *mux)
{
	struct hg_channel *root = hg->conn_root(mux->conn);
	const struct hg_head *request = hg->channel_request(root);
	const char *path;

	path = request == NULL ? NULL : hg->head_target(request);
	mux->trunk = path != NULL &&
	    strncmp(path, TRUNK_PATH, sizeof(TRUNK_PATH) - 1) == 0 &&
	    strchr("?", path[sizeof(TRUNK_PATH) - 1]) != NULL;
	if ((mux->root = channels_new(mux, false, CHANNELS_ROOT)) == NULL)
		return (-1);
	mux->root->opened = mux->root->create_sent = true;
	channels_store(mux->root);
	channels_attach(mux->root, root);
	return (0);
}

static int
channels_open(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;

	init_lists(mux);
	mux->slot = slot;
	mux->conn = hg->slot_conn(slot);
	mux->options = hg->options(slot);
	mux->worker = hg->worker_data(&hg_plugin_entry);
	mux->initiator = hg->conn_is_initiator(mux->conn);
	mux->next_text = mux->initiator ? 0x0001 : 0x0002;
	mux->next_other = mux->initiator ? 0x0081 : 0x0080;
	if (channels_settings(mux) != 0) {
		mux->failed = true;
		hg->fail(slot, 1002, "bad parameters");
		return (-1);
	}
	channels_enter(mux);
	if (open_root(mux) != 0)
		channels_no_memory(mux);
	mux->credit_due = mux->conn_window > mux->granted;
	channels_leave(mux);
	return (mux->failed ? -1 : 0);
}

static void
channels_close(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;
	struct chan *c;

	(void)slot;
	mux->failed = true;
	while ((c = TAILQ_FIRST(&mux->chans)) != NULL)
		channels_free(c);
	while ((c = TAILQ_FIRST(&mux->gone)) != NULL) {
		TAILQ_REMOVE(&mux->gone, c, all);
		channels_destroy(c);
	}
	channels_rate_free(mux);
	table_finish(&mux->table);
	free(mux->in.text);
}

static enum hg_verdict
channels_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	struct mux *mux = state;
	enum hg_verdict verdict;

	(void)slot;
	if (mux->failed)
		return (HG_DROP);
	channels_enter(mux);
	verdict = channels_rate_input(mux, frame);
	channels_leave(mux);
	return (mux->failed ? HG_FAIL : verdict);
}

static void
channels_ending(struct hg_slot *slot, void *state, enum hg_direction direction,
    unsigned *code)
{
	struct mux *mux = state;

	(void)slot;
	(void)code;
	if (direction != HG_RECV)
		return;
	channels_enter(mux);
	channels_rate_finish(mux);
	channels_leave(mux);
}

static void
channels_drained(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;

	(void)slot;
	channels_enter(mux);
	channels_leave(mux);
}

static struct chan *
chan_of(void *data)
{
	return (((struct chan_ref *)data)->chan);
}

static int
channels_mux_create(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *request)
{
	struct hg_channel *parent = hg->channel_parent(channel);
	struct mux *mux = state;
	struct chan *above;
	int error;

	(void)slot;
	(void)data;
	above = parent == NULL ? NULL : chan_of(hg->channel_data(parent));
	if (parent != NULL && above == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_create(above, mux, channel, request);
	channels_leave(mux);
	return (error);
}

static void
channels_mux_answer(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, const struct hg_head *response)
{
	struct mux *mux = state;

	(void)slot;
	(void)channel;
	channels_enter(mux);
	if (chan_of(data) != NULL)
		channels_answer_create(chan_of(data), response);
	channels_leave(mux);
}

static void
channels_mux_send(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data, struct hg_frame *frame)
{
	struct mux *mux = state;

	(void)slot;
	(void)channel;
	channels_enter(mux);
	if (chan_of(data) != NULL)
		channels_send(chan_of(data), frame);
	else
		hg->frame_unref(frame);
	channels_leave(mux);
}

static void
channels_mux_end(struct hg_slot *slot, void *state, struct hg_channel *channel,
    void *data, unsigned code, const char *reason, bool now)
{
	struct mux *mux = state;

	(void)slot;
	(void)channel;
	channels_enter(mux);
	if (chan_of(data) != NULL)
		channels_end(chan_of(data), code, reason, now);
	channels_leave(mux);
}

static void
channels_mux_resume(struct hg_slot *slot, void *state,
    struct hg_channel *channel, void *data)
{
	struct mux *mux = state;
	struct chan *c = chan_of(data);

	(void)slot;
	channels_enter(mux);
	if (c != NULL && !c->gone && c->stored &&
	    !hg->channel_paused(channel)) {
		c->stored = false;
		channels_consumed(c);
	}
	channels_leave(mux);
}

static int
channels_mux_merge(struct hg_slot *slot, void *state,
    struct hg_channel *member, struct hg_channel *carrier, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(member));
	struct chan *with = chan_of(hg->channel_data(carrier));
	struct mux *mux = state;
	int error;

	(void)slot;
	if (c == NULL || with == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_merge(c, with, seq);
	channels_leave(mux);
	return (error);
}

static int
channels_mux_unmerge(struct hg_slot *slot, void *state,
    struct hg_channel *member, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(member));
	struct mux *mux = state;
	int error;

	(void)slot;
	if (c == NULL)
		return (-1);
	channels_enter(mux);
	error = channels_unmerge(c, seq);
	channels_leave(mux);
	return (error);
}

static int
channels_mux_handover(struct hg_slot *slot, void *state,
    struct hg_channel *carrier, struct hg_channel *next, uint64_t seq)
{
	struct chan *c = chan_of(hg->channel_data(carrier)), *to = NULL;
	struct mux *mux = state;
	int error;

	(void)slot;
	if (next != NULL)
		to = chan_of(hg->channel_data(next));
	if (c == NULL || (next != NULL && to == NULL))
		return (-1);
	channels_enter(mux);
	error = channels_handover(c, to, seq);
	channels_leave(mux);
	return (error);
}

/* "0", or a size of at least the protocol's least chunk. */
static const char *
check_chunk(const char *value, char *buffer, size_t size)
{
	long long number;
	char *end;

	(void)buffer;
	(void)size;
	number = strtoll(value, &end, 10);
	if (strchr("kK", *end) != NULL && *end != '\0')
		number *= 1024;
	else if (*end != '\0')
		return (NULL);
	if (number > 0 && number < CHANNELS_CHUNK_MIN)
		return ("must be 0 or at least 4096 bytes");
	return (NULL);
}

#define OPTION(k, t, field, text, least, most, service, fn, h)		\
	{ .key = k, .type = t,						\
	    .offset = offsetof(struct channels_options, field),		\
	    .standard = text, .min = least, .max = most,		\
	    .per_service = service, .check = fn, .help = h }

static const struct hg_option options[] = {
	OPTION("window", HG_SIZE, window, "64k", 1024, INT64_C(64) << 20, true,
	    NULL, "bytes that the peer may send on a channel before credit"),
	OPTION("trunk-window", HG_SIZE, trunk_window, "1m",
	    CHANNELS_TRUNK_WINDOW, INT64_C(1) << 30, true, NULL,
	    "bytes that the peer may send on all channels before credit"),
	OPTION("max-channels", HG_INT, max_channels, "0", 0, CHANNELS_IDS,
	    true, NULL, "channels that the peer may have open; 0: all ids on "
	    "a trunk, else 4096"),
	OPTION("chunk", HG_SIZE, chunk, "16k", 0, INT64_C(1) << 20, true,
	    check_chunk, "longest piece that the peer may send; 0: whole "
	    "messages only"),
	OPTION("queue-max", HG_SIZE, queue_max, "1m", 65536,
	    INT64_C(1) << 30, true, NULL,
	    "bytes queued on one channel that end it"),
	OPTION("store", HG_SIZE, store, "1g", INT64_C(1) << 20,
	    INT64_C(1) << 40, false, NULL,
	    "sum of the windows of all channels of the daemon"),
	OPTION("control-rate", HG_INT, control_rate, "256", 0, 1000000, true,
	    NULL, "control messages per second from a peer that is no "
	    "headgate; 0: any"),
	OPTION("drain-time", HG_TIME, drain_time, "120s", 0, 86400000, false,
	    NULL, "how long the channels of a drained connection take to end"),
	OPTION("unmerge-slow", HG_BOOL, unmerge_slow, "no", 0, 0, true, NULL,
	    "ask for an own copy of a flow for a channel that is slow"),
	{ .key = NULL },
};

static const char *const counters[] = {
	[COUNT_DATA_MESSAGES_SENT] = "data_messages_sent",
	[COUNT_DATA_MESSAGES_RECEIVED] = "data_messages_received",
	[COUNT_DATA_BYTES_SENT] = "data_bytes_sent",
	[COUNT_DATA_BYTES_RECEIVED] = "data_bytes_received",
	[COUNT_CONTROL_SENT] = "control_sent",
	[COUNT_CONTROL_RECEIVED] = "control_received",
	[COUNT_CREATED] = "channels_created",
	[COUNT_ACCEPTED] = "channels_accepted",
	[COUNT_REFUSED] = "channels_refused",
	[COUNT_MERGES] = "merges",
	[COUNT_UNMERGES] = "unmerges",
	[COUNT_MIGRATIONS] = "migrations",
	[COUNT_CREDIT_STALLS] = "credit_stalls",
	[COUNT_MESSAGES_DROPPED] = "messages_dropped",
	[COUNT_LOST_IDS] = "lost_ids",
	[COUNT_SLOWED] = "slowed",
	[COUNT_PROTOCOL_ERRORS] = "protocol_errors",
	NULL
};

static const struct hg_hooks hooks = {
	.state_size = sizeof(struct mux),
	.offer = channels_offer,
	.answer = channels_answer,
	.check = channels_check,
	.open = channels_open,
	.close = channels_close,
	.recv = channels_recv,
	.ending = channels_ending,
	.drain = channels_drained,
};

static const struct hg_mux mux_table = {
	.channel_size = sizeof(struct chan_ref),
	.create = channels_mux_create,
	.answer = channels_mux_answer,
	.send = channels_mux_send,
	.end = channels_mux_end,
	.resume = channels_mux_resume,
	.merge = channels_mux_merge,
	.unmerge = channels_mux_unmerge,
	.handover = channels_mux_handover,
};

HG_PLUGIN(
	.name = "channels",
	.version = HG_VERSION,
	.summary = "many channels in one connection",
	.extension = CHANNELS_NAME,
	.counters = counters,
	.options = options,
	.options_size = sizeof(struct channels_options),
	.worker_size = sizeof(struct channels_worker),
	.connection = &hooks,
	.mux = &mux_table,
);
