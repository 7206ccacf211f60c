/* SPDX-License-Identifier: Apache-2.0 */
/* Each connection keeps "depth" messages in flight, all the time. */
#include "bench/load.h"

#include <stdlib.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "bench/message.h"

#define SAMPLE	16	/* the bytes of one in so many messages are checked */

/* Of one connection. */
struct echo {
	uint64_t	 sent, got;	/* messages */
	uint64_t	 at;		/* bytes written of the ring's stream */
	uint64_t	*times;		/* of those in flight */
};

static struct load		*load;
static struct message_ring	 ring;
static struct echo		*echoes;

/* Writes what is due, by one write where the ring does not end. */
static void
echo_push(struct client *c)
{
	struct echo *e = &echoes[c->index];
	const unsigned char *run;
	uint64_t end;
	size_t len, n;

	for (; e->sent < e->got + load->depth; e->sent++)
		e->times[e->sent % load->depth] = client_time;
	for (end = e->sent * ring.frame_len; e->at < end;) {
		run = message_run(&ring, e->at, end, &len);
		n = client_write(c, run, len);
		e->at += n;
		if (n < len)
			return;
	}
}

static void
echo_message(struct client *c, struct echo *e)
{
	if (c->in.message_opcode != WSIO_BINARY ||
	    c->in.message_at + c->in.frame_len != load->size)
		load_error(load, "an answer has another type or length");
	if (e->got == e->sent) {
		load_error(load, "an answer to nothing");
		return;
	}
	load_count(load, client_time - e->times[e->got % load->depth]);
	e->got++;
}

static void
echo_piece(struct client *c, const struct wsio_piece *p)
{
	struct echo *e = &echoes[c->index];
	uint64_t offset = c->in.message_at + p->offset;

	if (offset + p->len > load->size)
		load_error(load, "an answer is too long");
	else if (e->got % SAMPLE == 0 && !message_equals(&ring, e->got,
	    offset, p->data, p->len))
		load_error(load, "an answer has other bytes");
	if (p->last && c->in.fin)
		echo_message(c, e);
}

static void
echo_closed(struct client *c, const char *why)
{
	(void)c;
	load_error(load, why != NULL ? why : "closed by the peer");
}

static const struct client_ops ops = {
	.opened = load_opened, .piece = echo_piece, .turn = echo_push,
	.writable = echo_push, .closed = echo_closed
};

/* Quiet until all are open: see load_open(). */
static const struct client_ops opening = {
	.opened = load_opened, .piece = echo_piece, .closed = echo_closed
};

void
load_echo(struct load *l)
{
	uint64_t i;

	load = l;
	message_ring_make(&ring, WSIO_BINARY, l->size);
	if ((echoes = calloc(l->connections, sizeof(*echoes))) == NULL)
		bench_die("no memory");
	load_open(l, l->clients, l->connections, &l->target, &opening);
	for (i = 0; i < l->connections; i++) {
		echoes[i].times = calloc(l->depth, sizeof(uint64_t));
		if (echoes[i].times == NULL)
			bench_die("no memory");
		l->clients[i].ops = &ops;
		client_time = clock_now();
		echo_push(&l->clients[i]);
	}
	load_measure(l);
	load_close(l->clients, l->connections);
	load_print(l);
	load_print_end();
}
