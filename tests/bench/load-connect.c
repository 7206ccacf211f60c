/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that open and close, "connections" of them at a time: TCP, TLS
 * with a full handshake unless --resume=1, upgrade, close frames. The server
 * closes first, as RFC 6455 has it, so that no port of ours stays in use.
 */
#include "bench/load.h"

#include <stdlib.h>

#include "bench/clock.h"
#include "bench/die.h"

#define SOURCES		64	/* addresses that connections come from */
#define ERRORS_MAX	100

static struct load	*load;
static uint64_t		*begun;		/* when each was dialled */
static uint64_t		 dialled, resumed;
static bool		 stopping;

static void
dial(struct client *c)
{
	begun[c->index] = clock_now();
	client_open(c, &load->target, 1 + (unsigned)(dialled++ % SOURCES));
}

static void
on_opened(struct client *c)
{
	if (load->measuring) {
		histogram_add(&load->latency, client_time - begun[c->index]);
		resumed += c->wire.ssl != NULL &&
		    SSL_session_reused(c->wire.ssl);
	}
	client_goodbye(c);
}

static void
on_piece(struct client *c, const struct wsio_piece *p)
{
	(void)c;
	(void)p;
	load_error(load, "something comes unasked");
}

static void
on_closed(struct client *c, const char *why)
{
	if (why != NULL)
		load_error(load, why);
	else if (load->measuring)
		load->messages++;
	if (load->errors > ERRORS_MAX)
		bench_die("too many connections fail");
	if (!stopping)
		dial(c);
}

static const struct client_ops ops = {
	.opened = on_opened, .piece = on_piece, .closed = on_closed
};

/* The newest ticket is for the next connections. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(load->target.session);
	load->target.session = session;
	return (1);
}

static void
begin(struct load *l)
{
	(void)l;
	resumed = 0;
}

void
load_connect(struct load *l)
{
	uint64_t i;

	load = l;
	if (l->raw)
		bench_die("connect is for WebSocket");
	if (l->tls && l->resume) {
		SSL_CTX_set_session_cache_mode(l->target.tls,
		    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(l->target.tls, on_session);
	}
	if ((begun = calloc(l->connections, sizeof(*begun))) == NULL)
		bench_die("no memory");
	for (i = 0; i < l->connections; i++) {
		l->clients[i].ops = &ops;
		l->clients[i].index = (unsigned)i;
		dial(&l->clients[i]);
	}
	l->begun = begin;
	load_measure(l);
	stopping = true;
	load_print(l);
	load_print_number("resumed", (double)resumed);
	load_print_end();
}
