/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns what a client says into capitals, and puts a mark behind each message:
 * a translator in its smallest form, with an option, a counter, and state of
 * its own in each channel.
 */
#include <headgate/plugin.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct shout_options {
	const char	*mark;
};

/* Of one channel. */
struct shout {
	unsigned	 messages;
};

enum {
	SHOUT_MESSAGES,
};

static const char *const shout_counters[] = { "messages", NULL };

static const struct hg_option shout_table[] = {
	{
		.key = "mark",
		.type = HG_STRING,
		.offset = offsetof(struct shout_options, mark),
		.standard = "!",
		.per_service = true,
		.help = "what is put behind each message",
	},
	{ .key = NULL },
};

static struct hg_frame *
shout_capitals(const struct hg_frame *frame)
{
	struct hg_frame *made;
	size_t i, len = hg->frame_len(frame);
	char *text;

	if ((text = malloc(len + 1)) == NULL)
		return (NULL);
	hg->frame_peek(frame, 0, text, len);
	for (i = 0; i < len; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	made = hg->frame_new(text, len, hg->frame_flags(frame));
	free(text);
	return (made);
}

static enum hg_verdict
shout_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	const struct shout_options *options = hg->options(slot);
	struct shout *shout = state;
	struct hg_frame *made;

	made = shout_capitals(frame);
	if (made != NULL)
		made = hg->frame_append(made, options->mark,
		    strlen(options->mark));
	if (made == NULL)
		return (hg->fail(slot, 1011, "out of memory"));
	shout->messages++;
	hg->count(&hg_plugin_entry, SHOUT_MESSAGES, 1);
	hg->recv_next(slot, made);
	return (HG_DROP);
}

static void
shout_close(struct hg_slot *slot, void *state)
{
	const struct shout *shout = state;

	hg->log(slot, HG_LOG_INFO, "shouted %u times", shout->messages);
}

static const struct hg_hooks shout_hooks = {
	.state_size = sizeof(struct shout),
	.recv = shout_recv,
	.close = shout_close,
	.whole_recv = true,
};

HG_PLUGIN(
	.name = "shout",
	.version = "1.0",
	.summary = "says everything in capitals",
	.options = shout_table,
	.options_size = sizeof(struct shout_options),
	.counters = shout_counters,
	.channel = &shout_hooks,
);
