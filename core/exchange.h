/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange: one HTTP request and the response that a plugin makes to it. It
 * belongs to its connection's worker and to who reads that connection, who
 * frees it; what plugins may call is here and in exchangeout.c.
 */
#ifndef CORE_EXCHANGE_H
#define CORE_EXCHANGE_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn.h"
#include "httpbody.h"
#include "login.h"
#include "plugin.h"

/* Bytes of a body that nobody wants any more and that are read all the same, so
 * that the connection can be kept. */
#define EXCHANGE_UNWANTED	65536

struct hg_exchange {
	struct hg_conn		*conn;
	const struct service	*service;
	const struct plugin	*plugin;
	struct hg_head		*request;
	struct httpbody		 body;		/* of the request */
	int64_t			 length;	/* its bytes, -1: not known */
	uint64_t		 received;
	uint64_t		 unwanted;	/* of that, behind ended */
	/* The reader's: something it waits for has happened. Called within
	 * hooks; it looks at it later. */
	void			(*changed)(struct hg_exchange *);
	void			*reader;
	struct hg_login		*login;		/* who is it?; NULL: not asked,
						 * or answered */
	unsigned		 holds;
	int64_t			 left;		/* of the response's body, -1:
						 * any length */
	bool			 expects;	/* 100 Continue */
	bool			 begun;		/* the plugin knows it */
	bool			 last;		/* the connection ends with it */
	bool			 responded;
	bool			 bodyless;	/* what is sent is dropped */
	bool			 chunked;
	bool			 chunks;	/* one was sent */
	bool			 full;		/* drain is to follow */
	bool			 ended;
	void			*state;		/* the plugin's */
};

/* The request's reference is taken over, also on failure: NULL, no memory. */
struct hg_exchange *exchange_create(struct hg_conn *, const struct service *,
    const struct plugin *, struct hg_head *request);
/* Without any hook. */
void	exchange_free(struct hg_exchange *);
/* A response of our own, which ends the connection. */
void	exchange_refuse(struct hg_exchange *, int status, const char *why);
/* The same with the status and the fields of this one. */
void	exchange_refuse_as(struct hg_exchange *, const struct hg_head *,
    const char *why);

/* For the table of functions. */
int	exchange_respond(struct hg_exchange *, int status,
    const struct hg_fields *);
bool	exchange_send(struct hg_exchange *, struct hg_frame *frame);
void	exchange_end(struct hg_exchange *);
void	exchange_abort(struct hg_exchange *, const char *why);
void	exchange_hold(struct hg_exchange *, bool);
struct hg_conn *exchange_conn(const struct hg_exchange *);
const struct hg_head *exchange_request(const struct hg_exchange *);
const void *exchange_options(const struct hg_exchange *);
const char *exchange_service(const struct hg_exchange *);
const char *exchange_path(const struct hg_exchange *);
const char *exchange_peer(const struct hg_exchange *);
bool	exchange_is_tls(const struct hg_exchange *);
int64_t	exchange_length(const struct hg_exchange *);
const char *exchange_browser(const struct hg_exchange *, unsigned index);

#endif
