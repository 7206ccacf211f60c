/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's connection that carries HTTP requests, one after another, between
 * and within exchanges. For conn.c it is a stream whose upper end is here, in
 * place of channels; a request that opens a WebSocket makes it one after all.
 *
 * While an exchange goes on, or what was sent still waits, what follows its
 * request is kept, and nothing more is read then. All waits have an end: for a request's head (of the listener:
 * handshake-timeout), for the next request (http-idle-timeout), and for a
 * client that is to send or to read (http-timeout without a byte).
 */
#ifndef CORE_HTTPCONN_H
#define CORE_HTTPCONN_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "exchange.h"

struct httpconn {
	struct hg_conn		*conn;
	struct hg_exchange	*exchange;	/* NULL: between requests */
	struct hg_head		*upgrade;	/* it is to be a WebSocket */
	struct hg_frame		*in;		/* received, not looked at */
	struct work		 work;
	struct due		 due;
	uint64_t		 moved;		/* bytes, when due was set, */
	const char		*owed;		/* and what was owed then */
	int64_t			 requests;
	bool			 in_head;	/* some of a request is there */
	bool			 paused;
	bool			 closing;	/* behind what waits */
	bool			 fin;		/* the client's */
	bool			 stopping;	/* the daemon */
};

/* Whether it opens no WebSocket and a plugin answers it, or would, if there
 * were such a path. */
bool	httpconn_wants(const struct hg_conn *, const struct hg_head *request);
/* A new connection's first request, which is wanted. Takes it. */
void	httpconn_start(struct hg_conn *, struct hg_head *request);
bool	httpconn_is(const struct hg_conn *);
/* The daemon stops: it ends behind the request at hand. */
void	httpconn_stop(struct hg_conn *);

/* For files of httpconn. */
void	httpconn_read(struct httpconn *);
void	httpconn_begin(struct httpconn *, struct hg_head *request);
/* The plugin of the service's "auth" says whether the exchange's plugin gets
 * the request, by httpconn_call. */
void	httpconn_login(struct hg_exchange *);
void	httpconn_call(struct hg_exchange *);
/* Whether it has ended, and what is left of its request's body is read or not
 * worth it. NULL is fine. */
bool	httpconn_is_done(const struct hg_exchange *);
/* Looks at it again before the turn ends. */
void	httpconn_later(struct httpconn *);
void	httpconn_wait(struct httpconn *, int64_t ms);

#endif
