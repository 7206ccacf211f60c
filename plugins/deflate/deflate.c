/* SPDX-License-Identifier: Apache-2.0 */
#include "deflate.h"

#define OPTION(k, t, field, text, least, most, service, h)		\
	{ .key = k, .type = t,						\
	    .offset = offsetof(struct deflate_options, field),		\
	    .standard = text, .min = least, .max = most,		\
	    .per_service = service, .help = h }

const struct hg_option deflate_option_table[] = {
	OPTION("level", HG_INT, level, "3", 1, 9, false,
	    "1 is fast, 9 packs best"),
	OPTION("memory-level", HG_INT, memory_level, "8", 1, 9, false,
	    "zlib's; memory of a stream doubles with each"),
	OPTION("window-bits", HG_INT, window_bits, "15", DEFLATE_BITS_MIN,
	    DEFLATE_BITS_MAX, false, "the longest window that is used to send"),
	OPTION("min-size", HG_SIZE, min_size, "64", 0, INT64_C(1) << 20, true,
	    "shorter messages are sent as they are"),
	OPTION("inflated-max", HG_SIZE, inflated_max, "1m", 1,
	    INT64_C(1) << 30, true,
	    "bytes of a received message, inflated; more are 1009"),
	OPTION("streams-max", HG_INT, streams_max, "64", 2, 1 << 20, false,
	    "zlib streams of a worker that deflate, or wait to inflate"),
	OPTION("context-takeover", HG_BOOL, context_takeover, "no", 0, 0, true,
	    "whether a window lasts longer than a message"),
	{ .key = NULL },
};

const struct deflate_options *deflate_process;

static const char *const deflate_counters[] = {
	[DEFLATE_PACKED] = "messages_packed",
	[DEFLATE_PACKED_FROM] = "bytes_packed_from",
	[DEFLATE_PACKED_TO] = "bytes_packed_to",
	[DEFLATE_UNPACKED] = "messages_unpacked",
	[DEFLATE_UNPACKED_FROM] = "bytes_unpacked_from",
	[DEFLATE_UNPACKED_TO] = "bytes_unpacked_to",
	[DEFLATE_SHARED] = "messages_packed_once",
	[DEFLATE_SKIPPED] = "messages_skipped",
	[DEFLATE_TOO_LONG] = "messages_too_long",
	[DEFLATE_NO_STREAM] = "streams_missing",
	NULL,
};

static int
deflate_load(const void *options)
{
	deflate_process = options;
	return (0);
}

static void
deflate_worker_stop(void *data)
{
	once_forget(data);
	streams_free(data);
}

static int
deflate_open(struct hg_slot *slot, void *own)
{
	struct deflate *state = own;

	deflate_agree(slot, &state->agreed);
	streams_promise(&state->agreed, 1);
	return (0);
}

static void
deflate_close(struct hg_slot *slot, void *own)
{
	struct deflate *state = own;

	(void)slot;
	streams_promise(&state->agreed, -1);
	stream_out_done(state->out);
	stream_in_done(state->in);
}

static const struct hg_hooks deflate_hooks = {
	.state_size = sizeof(struct deflate),
	.offer = deflate_offer,
	.answer = deflate_answer,
	.check = deflate_check,
	.open = deflate_open,
	.close = deflate_close,
	.recv = deflate_recv,
	.send = deflate_send,
	.rsv = HG_RSV1,
};

HG_PLUGIN(
	.name = "deflate",
	.version = HG_VERSION,
	.summary = "compresses messages (permessage-deflate)",
	.extension = "permessage-deflate",
	.counters = deflate_counters,
	.options = deflate_option_table,
	.options_size = sizeof(struct deflate_options),
	.worker_size = sizeof(struct deflate_worker),
	.load = deflate_load,
	.worker_stop = deflate_worker_stop,
	.connection = &deflate_hooks,
	.channel = &deflate_hooks,
	.place = HG_PLACE_PACKING,
);
