/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One TLS session over a non-blocking socket, for transport.c: what OpenSSL
 * wants next, and what it asks to be repeated.
 */
#ifndef CORE_TLSIO_H
#define CORE_TLSIO_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "outq.h"
#include "tls.h"

enum {
	TLSIO_AGAIN = -1,	/* go on after the next tlsio_changed */
	TLSIO_ERROR = -2,	/* see tlsio_error; for ever */
};

/*
 * Once SSL_write said that it would block, it must be called again with the
 * same bytes. The queue cannot promise that, since control frames go to its
 * front; so such bytes (one record) leave the queue and are held here.
 */
struct tlsio {
	SSL		*ssl;
	unsigned char	*held;
	size_t		 held_len;
	unsigned	 control;	/* see tlsio.c, on_message */
	bool		 ready;		/* the handshake is done */
	bool		 failed;
	bool		 drained;	/* nothing to read before an event */
	bool		 emptied;	/* the last read of the socket was
					 * short, */
	bool		 unsure;	/* which says nothing: transport.c */
	bool		 blocked;	/* nothing to write before an event */
	bool		 read_wants_write;
	bool		 write_wants_read;
	char		*error;		/* NULL: none, or no memory */
};

/* Does not own the descriptor. NULL without memory. */
struct tlsio *tlsio_new(const struct tls *, int fd);
void	tlsio_free(struct tlsio *);	/* NULL is fine */

/* 0 when it is done. */
int	tlsio_handshake(struct tlsio *);
/* Bytes, 0 after the peer's close_notify. */
ssize_t	tlsio_read(struct tlsio *, void *, size_t);
/* Whether tlsio_read has something without the socket. */
bool	tlsio_pending(const struct tlsio *);
/* 0 when all of the queue is written. */
int	tlsio_write(struct tlsio *, struct outq *);
/* The socket became readable, or writable. Writes what is held. */
void	tlsio_changed(struct tlsio *, bool readable, bool writable);
/* Why it has failed; "" if it has not. */
const char *tlsio_error(const struct tlsio *);
/* Sends close_notify behind what is held. 0 when it is done. */
int	tlsio_shut(struct tlsio *);

#endif
