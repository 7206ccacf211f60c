/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service's connection to a server: dialled for one channel, on that
 * channel's worker, when its opening handshake has passed all checks; closed
 * with it, and never used for another.
 */
#ifndef CORE_UPSTREAM_H
#define CORE_UPSTREAM_H

#include <headgate/plugin.h>

#include "channel.h"

/* The answer comes by the channel's session: 101, what the server said, 502 or
 * 504. -1: no memory; nothing will come. */
int	upstream_start(struct hg_channel *);

/*
 * The fields that a client's request takes along to the next hop: Origin,
 * Authorization, Cookie, the subprotocols, and Forwarded with the client's
 * address added; what the client itself said in Forwarded only when it is an
 * edge. NULL: no memory, or too long.
 */
struct hg_fields *upstream_fields(const struct hg_channel *,
    const char *host);
/* The same for new credentials of a live channel, as the request that goes
 * over its trunk: who it is by what was asked, all else as it was. */
struct hg_head *upstream_auth_request(const struct hg_channel *,
    const struct hg_head *asked);

#endif
