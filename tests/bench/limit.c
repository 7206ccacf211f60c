/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit that servers are compared with: a bare epoll server.
 *
 *	limit echo|fanout --listen=HOST:PORT|unix:PATH
 *	    [--tls-cert=FILE --tls-key=FILE] [--read-ahead=1] [--tickets=N]
 *
 * It prints "listening PORT" and ends on SIGTERM.
 */
#include "bench/limit.h"

#include <sys/epoll.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "bench/options.h"
#include "bench/sock.h"

#define FDS	1024

static const char	*listen_text, *tls_cert, *tls_key;
static bool		 read_ahead;
static uint64_t		 tickets = 2;	/* as OpenSSL does by itself */

static const struct option_row rows[] = {
	{ "listen", OPTION_TEXT, &listen_text },
	{ "tls-cert", OPTION_TEXT, &tls_cert },
	{ "tls-key", OPTION_TEXT, &tls_key },
	{ "read-ahead", OPTION_SWITCH, &read_ahead },
	{ "tickets", OPTION_COUNT, &tickets },
	{ NULL, 0, NULL }
};

struct listener {
	struct loop_watch	 watch;		/* first */
	int			 fd;
	const struct limit_mode	*mode;
	SSL_CTX			*tls;		/* NULL: plain */
};

static void
listener_ready(struct loop_watch *w, uint32_t events)
{
	struct listener *l = (struct listener *)w;
	int fd;

	(void)events;
	while ((fd = sock_accept(l->fd)) >= 0)
		limit_conn_start(l->mode, fd, l->tls);
}

static void
stop(int sig)
{
	(void)sig;
	_exit(0);
}

int
main(int argc, char **argv)
{
	struct listener l = { .watch.ready = listener_ready };
	struct sock_address at;

	if (argc >= 2 && strcmp(argv[1], "echo") == 0)
		l.mode = &limit_echo;
	else if (argc >= 2 && strcmp(argv[1], "fanout") == 0)
		l.mode = &limit_fanout;
	else
		bench_die("limit echo|fanout --listen=HOST:PORT ...");
	options_read(rows, argc - 2, argv + 2);
	if (listen_text == NULL)
		bench_die("limit needs --listen");
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes without a flag */
	sock_limit(FDS);
	loop_open();
	if (tls_cert != NULL)
		l.tls = wire_server_tls(tls_cert, tls_key, read_ahead,
		    (unsigned)tickets);
	sock_parse(&at, listen_text);
	l.fd = sock_listen(&at);
	loop_add(l.fd, &l.watch, EPOLLIN);
	for (;;) {
		loop_turn(UINT64_MAX);
		if (l.mode->turn != NULL)
			l.mode->turn();
	}
}
