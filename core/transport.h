/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A non-blocking stream over TCP or a unix socket, plain or TLS. Its events are
 * edge-triggered; so the owner reads until nothing is left, or remembers to go
 * on. Belongs to one worker. Callbacks come from the event loop only,
 * never from within a call of these functions. They may finish the transport,
 * but its memory must stay until they have returned: free it by the reap list.
 */
#ifndef CORE_TRANSPORT_H
#define CORE_TRANSPORT_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "outq.h"
#include "tls.h"
#include "worker.h"

enum {
	TRANSPORT_AGAIN = -1,	/* nothing now; a callback will come */
	TRANSPORT_ERROR = -2,	/* see transport_error */
};

struct transport_ops {
	void	(*ready)(void *arg);	/* TLS is established; plain: at once,
					 * on the first event */
	void	(*readable)(void *arg);	/* may be, also end or error; without
					 * ready: the TLS handshake failed */
	void	(*writable)(void *arg);	/* after a write said AGAIN, and once
					 * behind ready */
};

struct tlsio;

struct transport {
	struct watch			 watch;
	int				 fd;
	int				 error;		/* errno; 0: of TLS, or
							 * none */
	bool				 ready;
	bool				 drained;	/* nothing to read before
							 * an event */
	bool				 unsure;	/* more may be behind a
							 * read that was short */
	bool				 shut;
	bool				 failed;
	bool				 blocked;	/* writes wait */
	bool				 eof;
	bool				 fin;		/* shut is done */
	bool				 corked;
	const struct transport_ops	*ops;
	void				*arg;
	struct tlsio			*tls;		/* NULL: plain */
};

/* Takes the descriptor over, also on failure (-1). tls: NULL for plain. */
int	transport_init(struct transport *, struct worker *, int fd,
	    const struct tls *, const struct transport_ops *, void *arg);
/* What was accepted has it from the socket that listens. */
void	transport_set_keepalive(struct transport *);
/* What is not acknowledged within that time ends it: TCP only. */
void	transport_set_patience(struct transport *, uint64_t ms);
/* Closes at once. Twice is fine. */
void	transport_finish(struct transport *);

/* Bytes, 0 at the end of the stream, or TRANSPORT_*. Inside TLS the end without
 * close_notify is an error: what came before may have been cut. */
ssize_t	transport_read(struct transport *, void *, size_t);
/* Whether bytes wait inside TLS that no event will tell of. */
bool	transport_pending(const struct transport *);
/* Writes from the queue and consumes, until all is written (0), the socket is
 * full (TRANSPORT_AGAIN), or failed (TRANSPORT_ERROR). TLS may have taken the
 * last bytes out of the queue when it says AGAIN. */
/*
 * The kernel keeps what is written back while corked, so that it goes out in
 * one segment with the FIN of a close that follows at once.
 */
void	transport_cork(struct transport *, bool);
int	transport_write(struct transport *, struct outq *);
/* No more bytes from this side: close_notify and FIN. */
void	transport_shut(struct transport *);
/* Whether the last read has emptied the socket. */
bool	transport_is_drained(const struct transport *);
/* Before transport_finish, where nothing more comes: close_notify. False: it
 * has to wait; transport_shut does. */
bool	transport_farewell(struct transport *);
/* Of TLS, or NULL. */
SSL    *transport_ssl(const struct transport *);
/* Text for the log and the reason of a close. */
const char *transport_error(const struct transport *);
/* RST instead of FIN at transport_finish, for peers that do not read. */
void	transport_set_abort(struct transport *);

#endif
