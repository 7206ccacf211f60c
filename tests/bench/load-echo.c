/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Echo: each connection keeps "depth" messages in flight, all the time. And
 * mixed: one connection has a big message in flight, over and over, while the
 * others exchange small ones, of which alone the times are taken.
 */
#include "bench/echo.h"

#define BIG_CHUNK	(64 * 1024)	/* then the others have their turn */

static struct echo_kind small = { .chunk = SIZE_MAX, .counted = true };
static struct echo_kind big = { .depth = 1, .chunk = BIG_CHUNK };

static void
open_small(struct load *l)
{
	small.load = l;
	small.size = l->size;
	small.depth = l->depth;
	load_open(l, l->clients, l->connections, &l->target, &echo_opening);
}

void
load_echo(struct load *l)
{
	open_small(l);
	echo_start(&small, l->clients, l->connections);
	load_measure(l);
	load_close(l->clients, l->connections);
	load_print(l);
	load_print_end();
}

static void
begin_big(struct load *l)
{
	(void)l;
	big.done = big.bytes = 0;
}

void
load_mixed(struct load *l)
{
	static struct client client;

	open_small(l);
	if (l->big > 0) {
		big.load = l;
		big.size = l->big;
		load_open(l, &client, 1, &l->target, &echo_opening);
		echo_start(&big, &client, 1);
	}
	echo_start(&small, l->clients, l->connections);
	l->begun = begin_big;
	load_measure(l);
	load_print(l);
	load_print_number("big_messages", (double)big.done);
	load_print_number("big_bytes", (double)big.bytes);
	load_print_end();
	load_close(l->clients, l->connections);
	client_close(&client);
}
