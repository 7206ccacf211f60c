/* SPDX-License-Identifier: Apache-2.0 */
/* A socket, with TLS or without. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <sys/types.h>
#include <sys/uio.h>

#include <openssl/ssl.h>
#include <stdbool.h>

struct wire {
	int	 fd;	/* -1: closed */
	SSL	*ssl;	/* NULL: plain */
};

/* The context of a client that believes every certificate. */
SSL_CTX	*wire_client_tls(void);
/* Of a server; tickets is how many each handshake sends. */
SSL_CTX	*wire_server_tls(const char *cert, const char *key, bool read_ahead,
	    unsigned tickets);
/* Makes TLS of a plain one. */
void	wire_secure(struct wire *, SSL_CTX *, bool server);
/* 1 when it is done, 0 to come again, -1. */
int	wire_handshake(struct wire *);
/* It failed while it waited for room to write. */
bool	wire_wants_write(const struct wire *);

/* How many bytes; 0 to come again later, -1 at the end and after an error. */
ssize_t	wire_read(struct wire *, void *, size_t);
/* Bytes may wait that the socket does not tell of. */
bool	wire_has_more(const struct wire *);
/* How many bytes were taken, also 0; -1 after an error. */
ssize_t	wire_write(struct wire *, const void *, size_t);
/* The same; with TLS the parts are put together first: at most 16 KiB. */
ssize_t	wire_writev(struct wire *, const struct iovec *, int count);
void	wire_close(struct wire *);

#endif
