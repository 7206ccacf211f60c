/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channels: many channels in one connection, by x-kaazing-channels. This file
 * is where the host comes in.
 */
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

/* One that has ended and that has no children any more. */
static struct chan *
next_gone(const struct mux *mux)
{
	struct chan *c;

	TAILQ_FOREACH(c, &mux->gone, all)
		if (TAILQ_EMPTY(&c->children))
			return (c);
	return (NULL);
}

/* Sends what can go; then frees what has ended. */
void
channels_leave(struct mux *mux)
{
	struct hg_channel *channel;
	struct chan *c;

	if (mux->depth == 1)
		channels_pump(mux);
	while (mux->depth == 1 && (c = next_gone(mux)) != NULL) {
		TAILQ_REMOVE(&mux->gone, c, all);
		channel = c->channel;
		channels_detach(c);
		channels_destroy(c);
		if (channel != NULL)
			hg->channel_free(channel);
	}
	if (mux->depth == 1)
		channels_drained(mux);
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
	TAILQ_INIT(&mux->creating);
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
	hg->recycle_put(mux->spare_out, sizeof(struct out));
	table_finish(&mux->table);
	hg->recycle_put(mux->in.text, CONTROL_MAX);
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
channels_room(struct hg_slot *slot, void *state)
{
	struct mux *mux = state;

	(void)slot;
	channels_enter(mux);
	channels_leave(mux);
}

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
	[COUNT_RESUMED] = "resumed",
	[COUNT_GAPS] = "gaps",
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
	.drain = channels_room,
};

HG_PLUGIN(
	.name = "channels",
	.version = HG_VERSION,
	.summary = "many channels in one connection",
	.extension = CHANNELS_NAME,
	.browser = "channels.js",
	.counters = counters,
	.options = channels_option_table,
	.options_size = sizeof(struct channels_options),
	.worker_size = sizeof(struct channels_worker),
	.connection = &hooks,
	.mux = &channels_mux_table,
);
