/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opening of a channel that a client asked for: by a WebSocket's opening
 * handshake, by a create on a connection with many channels, or just by
 * connecting where no WebSocket is spoken. All checks first; only then is
 * anything dialled (threats W27).
 */
#ifndef CORE_OPENING_H
#define CORE_OPENING_H

#include <headgate/plugin.h>

#include "channel.h"
#include "http.h"
#include "settings.h"

/* A request of a connection that becomes a WebSocket. Takes the request. */
void	opening_websocket(struct hg_conn *, struct hg_head *request);
/* A stream that has just connected. */
void	opening_stream(struct hg_conn *);
/* A channel that a peer began in its connection; for host_set_accept. */
void	opening_channel(struct hg_channel *);
/* Answers a request and closes. Takes the fields; NULL: none. */
void	opening_refuse(struct hg_conn *, int status, struct hg_fields *,
    const char *why);

#endif
