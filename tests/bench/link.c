/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulator of a slow link, where the kernel has none: a TCP relay.
 *
 *	link --listen=HOST:PORT --connect=HOST:PORT [--mbit=50] [--delay-ms=20]
 *	    [--queue-ms=20] [--overhead=66] [--segment=1448]
 *
 * Connections share the line, which delays each direction by itself. What
 * cannot leave within queue-ms is left with its sender. It prints what has left
 * as one line of JSON, on SIGUSR1 and when SIGTERM ends it; "up" is from those
 * who connect to it. bytes are payload and headers, without acknowledgements.
 */
#include "bench/link.h"

#include <sys/epoll.h>

#include <signal.h>
#include <stdio.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "bench/options.h"
#include "bench/sock.h"

#define FDS		4096
#define TURN_NS		50000000ULL	/* a signal waits so long at most */

static const char	*listen_text, *connect_text;
static double		 mbit = 50, delay_ms = 20, queue_ms = 20;
static struct lane_rules rules = { .overhead = 66, .segment = 1448 };

static const struct option_row rows[] = {
	{ "listen", OPTION_TEXT, &listen_text },
	{ "connect", OPTION_TEXT, &connect_text },
	{ "mbit", OPTION_REAL, &mbit },
	{ "delay-ms", OPTION_REAL, &delay_ms },
	{ "queue-ms", OPTION_REAL, &queue_ms },
	{ "overhead", OPTION_COUNT, &rules.overhead },
	{ "segment", OPTION_COUNT, &rules.segment },
	{ NULL, 0, NULL }
};

struct listener {
	struct loop_watch	watch;		/* first */
	int			fd;
	struct sock_address	to;
};

static struct lane		up, down;
static unsigned long long	connections;
static volatile sig_atomic_t	wants_report, wants_end;

static void
on_signal(int sig)
{
	wants_report = 1;
	if (sig != SIGUSR1)
		wants_end = 1;
}

static void
listener_ready(struct loop_watch *w, uint32_t events)
{
	struct listener *l = (struct listener *)w;
	int fd;

	(void)events;
	while ((fd = sock_accept(l->fd)) >= 0) {
		link_conn_start(fd, sock_dial(&l->to, 0), &up, &down);
		connections++;
	}
}

static void
print_lane(const char *name, const struct lane *l)
{
	printf("\"%s\": {\"payload\": %llu, \"segments\": %llu, "
	    "\"bytes\": %llu}", name, (unsigned long long)l->payload,
	    (unsigned long long)l->segments, (unsigned long long)l->bytes);
}

static void
report(void)
{
	wants_report = 0;
	printf("{\"connections\": %llu, ", connections);
	print_lane("up", &up);
	printf(", ");
	print_lane("down", &down);
	puts("}");
	fflush(stdout);
}

static void
turn(void)
{
	uint64_t until = clock_now() + TURN_NS;

	if (lane_wake(&up) < until)
		until = lane_wake(&up);
	if (lane_wake(&down) < until)
		until = lane_wake(&down);
	loop_turn(until);
	lane_turn(&up);
	lane_turn(&down);
}

int
main(int argc, char **argv)
{
	struct listener l = { .watch.ready = listener_ready };
	struct sock_address at;

	options_read(rows, argc - 1, argv + 1);
	if (listen_text == NULL || connect_text == NULL || mbit <= 0 ||
	    rules.segment == 0)
		bench_die("link --listen=HOST:PORT --connect=HOST:PORT ...");
	rules.ns_per_byte = 8e3 / mbit;
	rules.delay = (uint64_t)(delay_ms * 1e6);
	rules.queue = (uint64_t)(queue_ms * 1e6);
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	sock_limit(FDS);
	loop_open();
	lane_start(&up, &rules);
	lane_start(&down, &rules);
	sock_parse(&l.to, connect_text);
	sock_parse(&at, listen_text);
	l.fd = sock_listen(&at);
	loop_add(l.fd, &l.watch, EPOLLIN);
	while (!wants_end) {
		turn();
		if (wants_report)
			report();
	}
	if (wants_report)
		report();
	return (0);
}
