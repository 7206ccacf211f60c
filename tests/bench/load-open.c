/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load.h"

#include "bench/clock.h"
#include "bench/die.h"

#define PORTS		20000	/* of one source address: less than 28,232 */
#define PATIENCE	20	/* seconds without any that opens */

static uint64_t opened;

void
load_opened(struct client *c)
{
	(void)c;
	opened++;
}

void
load_open(struct load *l, struct client *clients, uint64_t count,
    const struct client_target *target, const struct client_ops *ops)
{
	uint64_t started = 0, before, limit = clock_after(PATIENCE);

	for (opened = 0; opened < count;) {
		for (; started < count && started < opened + l->at_once;
		    started++) {
			clients[started].ops = ops;
			clients[started].load = l;
			clients[started].index = (unsigned)started;
			client_open(&clients[started], target,
			    (unsigned)(started / PORTS));
		}
		before = opened;
		loop_turn(limit);
		if (l->errors > 0)
			bench_die("a connection did not open");
		if (opened > before)
			limit = clock_after(PATIENCE);
		else if (clock_now() > limit)
			bench_die("only %llu of %llu connections opened",
			    (unsigned long long)opened,
			    (unsigned long long)count);
	}
}

void
load_close(struct client *clients, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++) {
		if (clients[i].state != CLIENT_OPEN)
			continue;
		if (!clients[i].target->raw && clients[i].rest_len == 0)
			client_goodbye(&clients[i]);
		client_close(&clients[i]);
	}
}
