/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A STOMP client's session, over WebSocket or plain TCP: it logs in, may
 * subscribe, and hands over what comes then. Bodies have no NUL here.
 */
#ifndef BENCH_STOMP_H
#define BENCH_STOMP_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/client.h"

#define STOMP_SUBPROTOCOL	"v12.stomp"

struct stomp_ops {
	/* It is logged in and its subscription is confirmed. */
	void	(*ready)(struct client *);
	/* A MESSAGE, without its NUL. */
	void	(*message)(struct client *, const unsigned char *, size_t);
	/* An ERROR, as text, or what is no STOMP. */
	void	(*error)(struct client *, const char *);
};

/* All zero but the first members before it is opened. */
struct stomp_session {
	const struct stomp_ops	*ops;
	const char		*login;		/* and passcode; "": none */
	const char		*destination;	/* NULL: no subscription */
	bool			 ready;
	unsigned char		*part;	/* a frame that is not whole */
	size_t			 part_len;
};

/* The connection is open: logs in. */
void	stomp_opened(struct stomp_session *, struct client *);
/* Payload of its frames, or bytes of a raw one. */
void	stomp_bytes(struct stomp_session *, struct client *,
	    const unsigned char *, size_t);

#endif
