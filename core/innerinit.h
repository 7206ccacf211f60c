/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second handshake, x-kaazing-handshake, as initiator: on a connection
 * whose outer response answered the subprotocol, before anything is above it.
 */
#ifndef CORE_INNERINIT_H
#define CORE_INNERINIT_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

/* How it ended, once: the response, whatever its status, which is handed over;
 * or NULL, and why. Nothing is above the connection then. */
typedef void innerinit_done(struct hg_conn *, struct hg_head *response,
	    const char *why);

/*
 * Opens the connection and asks, by the subprotocols and the Authorization of
 * the request. -1: no memory, and nothing was done.
 */
int	innerinit_start(struct hg_conn *, const struct hg_head *request,
	    bool is_legacy, uint64_t ms, innerinit_done *);

#endif
