/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscribers of one destination: they open, then one publisher is told how
 * far they are. Every number must come to each of them once and in order.
 */
#include "bench/load-fanout.h"

#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "bench/sequence.h"
#include "bench/stomp.h"

#define PART_MAX	(1024 * 1024)

struct member {
	struct stomp_session	 stomp;
	struct sequence		 sequence;
	unsigned char		*part;		/* plain: of one message */
	size_t			 part_len;
};

struct fanout fanout;

static struct member *members;

static void
take_number(struct member *m, uint64_t number)
{
	struct load *l = fanout.load;
	enum sequence_event event;

	if (number >= fanout.published) {
		load_error(l, "what came was never published");
		return;
	}
	if (fanout.probing) {	/* what is missed before all hear is no loss */
		if (number >= m->sequence.next)
			m->sequence.next = number + 1;
		fanout.heard += number + 1 == fanout.published;
		return;
	}
	event = sequence_take(&m->sequence, number);
	fanout.doubles += event == SEQUENCE_DOUBLE;
	fanout.misordered += event == SEQUENCE_LATE;
	if (event != SEQUENCE_DOUBLE)
		fanout_delivered(number);
}

/* The body is what stands before the end, of a length that is known. */
static void
on_message(struct client *c, const unsigned char *frame, size_t len)
{
	size_t size = fanout.messages.body_len;

	if (len < size + 2 || memcmp(frame + len - size - 2, "\n\n", 2) != 0)
		load_error(fanout.load, "a MESSAGE has another length");
	else
		take_number(&members[c->index], numbered_get(
		    &fanout.messages, frame + len - size, size));
}

static void
on_error(struct client *c, const char *text)
{
	(void)c;
	load_error(fanout.load, text);
}

static const struct stomp_ops stomp_ops = {
	.ready = load_opened, .message = on_message, .error = on_error
};

static void
stomp_open(struct client *c)
{
	stomp_opened(&members[c->index].stomp, c);
}

static void
stomp_piece(struct client *c, const struct wsio_piece *p)
{
	stomp_bytes(&members[c->index].stomp, c, p->data, p->len);
}

static void
keep_part(struct member *m, const struct wsio_piece *p)
{
	if (p->len > PART_MAX - m->part_len)
		bench_die("a message is longer than 1 MiB");
	m->part = realloc(m->part, m->part_len + p->len + 1);
	if (m->part == NULL)
		bench_die("no memory");
	memcpy(m->part + m->part_len, p->data, p->len);
	m->part_len += p->len;
}

static void
plain_piece(struct client *c, const struct wsio_piece *p)
{
	struct member *m = &members[c->index];
	bool last = p->last && c->in.fin;

	if (last && m->part == NULL) {
		take_number(m, numbered_get(&fanout.messages, p->data,
		    p->len));
		return;
	}
	keep_part(m, p);
	if (!last)
		return;
	take_number(m, numbered_get(&fanout.messages, m->part, m->part_len));
	free(m->part);
	m->part = NULL;
	m->part_len = 0;
}

static void
on_closed(struct client *c, const char *why)
{
	(void)c;
	load_error(fanout.load, why != NULL ? why : "closed by the peer");
}

static const struct client_ops stomp_client = {
	.opened = stomp_open, .piece = stomp_piece, .closed = on_closed
};
static const struct client_ops plain_client = {
	.opened = load_opened, .piece = plain_piece, .closed = on_closed
};

static void
open_members(struct load *l)
{
	uint64_t i;

	if ((members = calloc(l->connections, sizeof(*members))) == NULL)
		bench_die("no memory");
	for (i = 0; i < l->connections; i++) {
		members[i].stomp.ops = &stomp_ops;
		members[i].stomp.login = l->login;
		members[i].stomp.destination = l->subscribe;
	}
	load_open(l, l->clients, l->connections, &l->target, fanout.stomp ?
	    &stomp_client : &plain_client);
}

static void
print_result(struct load *l)
{
	uint64_t lost = 0, i;

	for (i = 0; i < l->connections; i++)
		lost += sequence_missing(&members[i].sequence,
		    fanout.published);
	load_print(l);
	load_print_number("published", (double)(fanout.measured_end -
	    fanout.measured_begin));
	load_print_number("behind", (double)fanout.behind);
	load_print_number("lost", (double)lost);
	load_print_number("double", (double)fanout.doubles);
	load_print_number("misordered", (double)fanout.misordered);
	load_print_end();
}

void
load_fanout(struct load *l)
{
	fanout.load = l;
	fanout.stomp = strcmp(l->protocol, "stomp") == 0;
	if (!fanout.stomp && strcmp(l->protocol, "plain") != 0)
		bench_die("--protocol is stomp or plain");
	if (fanout.stomp && !l->raw && l->target.subprotocol == NULL)
		l->target.subprotocol = STOMP_SUBPROTOCOL;
	if (l->subscribe == NULL)
		l->subscribe = "/topic/bench";
	numbered_make(&fanout.messages, fanout.stomp ? l->subscribe : NULL,
	    l->size, l->raw);
	open_members(l);
	fanout_publish(l);
	load_close(l->clients, l->connections);
	print_result(l);
}
