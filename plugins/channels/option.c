/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "channels.h"

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

const struct hg_option channels_option_table[] = {
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
	OPTION("unmerge-slow", HG_BOOL, unmerge_slow, "no", 0, 0, true, NULL,
	    "ask for an own copy of a flow for a channel that is slow"),
	{ .key = NULL },
};
