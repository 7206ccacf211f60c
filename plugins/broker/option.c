/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's options. */
#include <string.h>

#include "broker.h"

static const char *
check_user(const char *value, char *buffer, size_t size)
{
	const char *colon;

	(void)buffer;
	(void)size;
	colon = strchr(value, ':');
	if (colon == NULL || colon == value)
		return ("must be NAME:PASSWORD");
	return (NULL);
}

static const char *
check_deny(const char *value, char *buffer, size_t size)
{
	const char *blank;

	(void)buffer;
	(void)size;
	blank = strchr(value, ' ');
	if (blank == NULL || blank == value ||
	    blank[strspn(blank, " ")] == '\0')
		return ("must be USER PATTERN");
	return (NULL);
}

#define OPTION(name, kind, member, value, low, high, text)		\
	{ .key = (name), .type = (kind), .standard = (value),		\
	  .offset = offsetof(struct broker_options, member),		\
	  .min = (low), .max = (high), .per_service = true, .help = (text) }

const struct hg_option broker_options[] = {
	{ .key = "user", .type = HG_LIST, .per_service = true,
	  .offset = offsetof(struct broker_options, users),
	  .check = check_user, .help = "NAME:PASSWORD of who may log in" },
	{ .key = "deny", .type = HG_LIST, .per_service = true,
	  .offset = offsetof(struct broker_options, deny),
	  .check = check_deny,
	  .help = "USER PATTERN: what a user may not subscribe to" },
	OPTION("anonymous", HG_BOOL, anonymous, "no", 0, 0,
	    "whether one may connect without a login"),
	OPTION("headers", HG_INT, headers, "100", 1, 1000,
	    "most headers of a frame"),
	OPTION("header-max", HG_SIZE, header_max, "8k", 64, 1 << 20,
	    "longest header"),
	OPTION("head-max", HG_SIZE, head_max, "64k", 256, 16 << 20,
	    "longest command and headers together"),
	OPTION("body-max", HG_SIZE, body_max, "16m", 0, 1 << 30,
	    "longest body"),
	OPTION("subscriptions", HG_INT, subscriptions, "1000", 1, 1000000,
	    "most subscriptions of a session"),
	OPTION("unacked", HG_INT, unacked, "10000", 1, 1000000,
	    "most unacknowledged messages of a subscription"),
	OPTION("subscriber-queue", HG_SIZE, subscriber_queue, "1m", 1024,
	    1 << 30, "most bytes that wait for one slow client"),
	OPTION("queue-messages", HG_INT, queue_messages, "10000", 1,
	    100000000, "most messages that wait in a queue"),
	OPTION("queue-bytes", HG_SIZE, queue_bytes, "16m", 1024,
	    (int64_t)1 << 40, "most bytes that wait in a queue"),
	OPTION("destinations", HG_INT, destinations, "10000", 1, 10000000,
	    "most topics and queues in use"),
	OPTION("store", HG_SIZE, store, "256m", 1024, (int64_t)1 << 44,
	    "most bytes of all messages"),
	OPTION("transactions", HG_INT, transactions, "100", 1, 100000,
	    "most open transactions of a session"),
	OPTION("transaction-frames", HG_INT, transaction_frames, "1000", 1,
	    1000000, "most frames in a session's transactions"),
	OPTION("transaction-bytes", HG_SIZE, transaction_bytes, "16m", 1024,
	    (int64_t)1 << 40, "most bytes in a session's transactions"),
	OPTION("heartbeat", HG_TIME, heartbeat, "10s", 0, 86400000,
	    "shortest interval between heart-beats; 0: none"),
	OPTION("login-timeout", HG_TIME, login_timeout, "10s", 100, 86400000,
	    "how long a session may be without CONNECT"),
	{ .key = NULL },
};
