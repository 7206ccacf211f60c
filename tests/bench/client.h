/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator's connections: WebSocket or raw, with TLS or without,
 * thousands on one loop. Nothing is queued that the caller can make again.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/loop.h"
#include "bench/sock.h"
#include "bench/wire.h"
#include "bench/wsio.h"

/* Where connections go, shared by many. */
struct client_target {
	struct sock_address	 address;
	const char		*path;
	const char		*subprotocol;	/* NULL: none */
	SSL_CTX			*tls;		/* NULL: plain */
	SSL_SESSION		*session;	/* to resume, or NULL */
	bool			 raw;		/* no WebSocket */
};

enum client_state {
	CLIENT_CLOSED, CLIENT_CONNECT, CLIENT_TLS, CLIENT_UPGRADE, CLIENT_OPEN
};

struct client {
	struct loop_watch		 watch;		/* first */
	struct wire			 wire;
	const struct client_ops		*ops;
	const struct client_target	*target;
	enum client_state		 state;
	unsigned			 index;
	struct load			*load;		/* for the callbacks */
	void				*context;
	unsigned char			 closing;	/* close frame sent */
	char				*head;	/* until open: key, answer */
	size_t				 head_len;
	struct wsio			 in;
	unsigned char			*rest;	/* what client_send() keeps */
	size_t				 rest_len;
};

struct client_ops {
	void	(*opened)(struct client *);
	/* Payload of data frames; of a raw client, what was read. */
	void	(*piece)(struct client *, const struct wsio_piece *);
	/* All that one read brought has been handed over. */
	void	(*turn)(struct client *);
	/* There is room again, after client_write() took less. */
	void	(*writable)(struct client *);
	/* By the peer, or because of an error when "why" is not NULL. */
	void	(*closed)(struct client *, const char *why);
};

/* When what is being handed over was read. */
extern uint64_t client_time;

/* Set before: ops, index, load, context. The rest may be of a closed one. */
void	client_open(struct client *, const struct client_target *,
	    unsigned source);
/* How many bytes the socket took; writable() follows when not all. */
size_t	client_write(struct client *, const void *, size_t);
/* writable() follows, though all was taken. */
void	client_more(struct client *);
/* Keeps what the socket does not take. */
void	client_send(struct client *, const void *, size_t);
/* One masked frame, for few and small ones. */
void	client_frame(struct client *, unsigned opcode, const void *, size_t);
/* Starts the close by a frame; closed() follows. */
void	client_goodbye(struct client *);
/* At once, without closed(). */
void	client_close(struct client *);

#endif
