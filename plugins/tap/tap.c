/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tap: logs the messages that pass a channel and changes nothing; a plugin to
 * begin from when writing another one.
 */
#include <headgate/plugin.h>

#define TAP_BYTES_MAX	64

struct tap_options {
	int64_t	 bytes;		/* of each frame that are shown */
};

static const struct hg_option tap_options[] = {
	{ .key = "bytes", .type = HG_SIZE,
	  .offset = offsetof(struct tap_options, bytes), .standard = "16",
	  .max = TAP_BYTES_MAX, .per_service = true,
	  .help = "how many bytes of each frame are logged" },
	{ .key = NULL },
};

static void
tap_log(struct hg_slot *slot, const char *arrow, const struct hg_frame *frame)
{
	const struct tap_options *options = hg->options(slot);
	unsigned char bytes[TAP_BYTES_MAX];
	char text[4 * TAP_BYTES_MAX + 1];
	unsigned flags = hg->frame_flags(frame);
	size_t len;

	len = hg->frame_peek(frame, 0, bytes, (size_t)options->bytes);
	hg->log(slot, HG_LOG_INFO, "%s %s%s%s, %zu bytes: %s", arrow,
	    (flags & HG_TEXT) != 0 ? "text" : "binary",
	    (flags & HG_FIRST) != 0 ? "" : ", continued",
	    (flags & HG_LAST) != 0 ? "" : ", more follows",
	    hg->frame_len(frame), hg->quote(text, sizeof(text), bytes, len));
}

static enum hg_verdict
tap_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	tap_log(slot, "from the wire:", frame);
	return (HG_PASS);
}

static enum hg_verdict
tap_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)state;
	tap_log(slot, "to the wire:", frame);
	return (HG_PASS);
}

static const struct hg_hooks tap_channel = {
	.recv = tap_recv,
	.send = tap_send,
};

HG_PLUGIN(
	.name = "tap",
	.version = HG_VERSION,
	.summary = "logs the messages that pass",
	.options = tap_options,
	.options_size = sizeof(struct tap_options),
	.channel = &tap_channel,
);
