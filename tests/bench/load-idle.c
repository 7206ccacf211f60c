/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that do nothing, with a STOMP session or without, and what
 * memory the servers have for them. With --hold=1 they stay until the standard
 * input ends.
 */
#include "bench/load.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "bench/stomp.h"

#define HOLD_NS	100000000ULL	/* between looks at the standard input */

static struct load		*load;
static struct stomp_session	*sessions;

static void
on_message(struct client *c, const unsigned char *frame, size_t len)
{
	(void)c;
	(void)frame;
	(void)len;		/* of somebody who publishes meanwhile */
}

static void
on_error(struct client *c, const char *text)
{
	(void)c;
	load_error(load, text);
}

static const struct stomp_ops stomp_ops = {
	.ready = load_opened, .message = on_message, .error = on_error
};

static void
on_opened(struct client *c)
{
	if (load->stomp)
		stomp_opened(&sessions[c->index], c);
	else
		load_opened(c);
}

static void
on_piece(struct client *c, const struct wsio_piece *p)
{
	if (load->stomp)
		stomp_bytes(&sessions[c->index], c, p->data, p->len);
}

static void
on_closed(struct client *c, const char *why)
{
	(void)c;
	load_error(load, why != NULL ? why : "closed by the peer");
}

static const struct client_ops ops = {
	.opened = on_opened, .piece = on_piece, .closed = on_closed
};

static void
make_sessions(struct load *l)
{
	uint64_t i;

	if (l->subscribe != NULL)
		l->stomp = true;
	if (!l->stomp)
		return;
	if (l->target.subprotocol == NULL && !l->raw)
		l->target.subprotocol = STOMP_SUBPROTOCOL;
	if ((sessions = calloc(l->connections, sizeof(*sessions))) == NULL)
		bench_die("no memory");
	for (i = 0; i < l->connections; i++) {
		sessions[i].ops = &stomp_ops;
		sessions[i].login = l->login;
		sessions[i].destination = l->subscribe;
	}
}

static void
read_memory(const struct load *l, double *kib)
{
	int i;

	for (i = 0; i < l->procs.count; i++)
		if ((kib[i] = (double)proc_pss(l->procs.pids[i])) < 0)
			bench_die("process %d is gone",
			    (int)l->procs.pids[i]);
}

static void
print_array(const struct load *l, const char *name, const double *values,
    const double *less, double factor)
{
	int i;

	printf(", \"%s\": [", name);
	for (i = 0; i < l->procs.count; i++)
		printf("%s%.1f", i > 0 ? ", " : "",
		    (values[i] - (less != NULL ? less[i] : 0)) * factor);
	printf("]");
}

static void
stay(double seconds)
{
	uint64_t end = clock_after(seconds);

	while (clock_now() < end)
		loop_turn(end);
}

static void
hold(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[256];

	fflush(stdout);
	for (;;) {
		loop_turn(clock_now() + HOLD_NS);
		if (poll(&input, 1, 0) > 0 &&
		    read(STDIN_FILENO, bytes, sizeof(bytes)) <= 0)
			return;
	}
}

void
load_idle(struct load *l)
{
	double before[PROC_MAX], after[PROC_MAX];
	uint64_t begun;

	load = l;
	make_sessions(l);
	read_memory(l, before);
	begun = clock_now();
	load_open(l, l->clients, l->connections, &l->target, &ops);
	printf("{\"seconds\": %.3f", (double)(clock_now() - begun) / 1e9);
	stay(l->warm);
	read_memory(l, after);
	load_print_number("connections", (double)l->connections);
	print_array(l, "pss_before", before, NULL, 1);
	print_array(l, "pss", after, NULL, 1);
	print_array(l, "per_connection", after, before,
	    1024 / (double)l->connections);
	load_print_number("errors", (double)l->errors);
	load_print_end();
	if (l->hold)
		hold();
	load_close(l->clients, l->connections);
}
