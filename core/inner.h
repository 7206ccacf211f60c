/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second handshake, x-kaazing-handshake, as acceptor: the outer request is
 * answered at once, then a request and its response are messages on the open
 * connection, again for each challenge. Nothing is above the connection's chain
 * but this until it ends with 101.
 */
#ifndef CORE_INNER_H
#define CORE_INNER_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "settings.h"

enum inner_counter {
	INNER_OPENED,
	INNER_CHALLENGED,
	INNER_REFUSED,
	INNER_LATE,
	INNER_COUNTERS,
};

/* Whether the request, which passed the checks of an opening handshake, is
 * followed by another one. */
bool	inner_is_wanted(const struct service *, const struct hg_head *request);
/* Answers conn->request, whose client may be one of old. 101, or the status
 * that refuses it: nothing was done then. */
int	inner_start(struct hg_conn *, bool is_legacy, const char **why);
/* What clients of old await, before the second handshake and behind it. */
void	inner_send_marker(struct hg_conn *);

/* Any thread. */
const char *inner_counter_name(enum inner_counter);
uint64_t inner_counter(enum inner_counter);

#endif
