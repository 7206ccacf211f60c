/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/echo.h"

#include <stdlib.h>

#include "bench/clock.h"
#include "bench/die.h"

#define SAMPLE	16	/* the bytes of one in so many messages are checked */

/*
 * Writes what is due, by one write where neither the ring nor the chunk ends.
 */
static void
echo_push(struct client *c)
{
	struct echo *e = c->context;
	struct echo_kind *k = e->kind;
	const unsigned char *run;
	uint64_t end;
	size_t len, n;

	for (; e->sent < e->got + k->depth; e->sent++)
		e->times[e->sent % k->depth] = client_time;
	for (end = e->sent * k->ring.frame_len; e->at < end;) {
		run = message_run(&k->ring, e->at, end, &len);
		len = len < k->chunk ? len : k->chunk;
		n = client_write(c, run, len);
		e->at += n;
		if (n < len)
			return;
		if (len == k->chunk && e->at < end) {
			client_more(c);
			return;
		}
	}
}

static void
echo_message(struct client *c, struct echo *e)
{
	struct echo_kind *k = e->kind;

	if (c->in.message_opcode != WSIO_BINARY ||
	    c->in.message_at + c->in.frame_len != k->size)
		load_error(k->load, "an answer has another type or length");
	if (e->got == e->sent) {
		load_error(k->load, "an answer to nothing");
		return;
	}
	if (k->counted)
		load_count(k->load,
		    client_time - e->times[e->got % k->depth]);
	e->got++;
	k->done++;
}

static void
echo_piece(struct client *c, const struct wsio_piece *p)
{
	struct echo *e = c->context;
	struct echo_kind *k = e->kind;
	uint64_t offset = c->in.message_at + p->offset;

	k->bytes += p->len;
	if (offset + p->len > k->size)
		load_error(k->load, "an answer is too long");
	else if (e->got % SAMPLE == 0 && !message_equals(&k->ring, e->got,
	    offset, p->data, p->len))
		load_error(k->load, "an answer has other bytes");
	if (p->last && c->in.fin)
		echo_message(c, e);
}

static void
echo_closed(struct client *c, const char *why)
{
	load_error(c->load, why != NULL ? why : "closed by the peer");
}

static void
quiet_piece(struct client *c, const struct wsio_piece *p)
{
	(void)p;
	load_error(c->load, "something comes unasked");
}

static const struct client_ops ops = {
	.piece = echo_piece, .turn = echo_push, .writable = echo_push,
	.closed = echo_closed
};

const struct client_ops echo_opening = {
	.opened = load_opened, .piece = quiet_piece, .closed = echo_closed
};

void
echo_start(struct echo_kind *k, struct client *clients, uint64_t count)
{
	struct echo *echoes;
	uint64_t i;

	message_ring_make(&k->ring, WSIO_BINARY, k->size);
	if ((echoes = calloc(count, sizeof(*echoes))) == NULL)
		bench_die("no memory");
	for (i = 0; i < count; i++) {
		echoes[i].kind = k;
		echoes[i].times = calloc(k->depth, sizeof(uint64_t));
		if (echoes[i].times == NULL)
			bench_die("no memory");
		clients[i].ops = &ops;
		clients[i].context = &echoes[i];
		client_time = clock_now();
		echo_push(&clients[i]);
	}
}
