/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/load.h"

#include "bench/clock.h"

#define TOLD	5	/* errors with a line of their own */

void
load_begin(struct load *l)
{
	if (l->begun != NULL)
		l->begun(l);
	l->measuring = true;
	l->cpu = proc_cpu(&l->procs);
	l->own_cpu = proc_cpu_own();
	l->began = clock_now();
}

void
load_end(struct load *l)
{
	l->measuring = false;
	l->elapsed = (double)(clock_now() - l->began) / 1e9;
	l->cpu = proc_cpu(&l->procs) - l->cpu;
	l->own_cpu = proc_cpu_own() - l->own_cpu;
}

static void
run_for(struct load *l, double seconds)
{
	uint64_t end = clock_after(seconds);

	while (clock_now() < end) {
		loop_turn(l->wake != 0 && l->wake < end ? l->wake : end);
		if (l->step != NULL)
			l->step(l);
	}
}

void
load_measure(struct load *l)
{
	run_for(l, l->warm);
	load_begin(l);
	run_for(l, l->seconds);
	load_end(l);
}

void
load_print_number(const char *name, double value)
{
	if (value == (double)(int64_t)value)
		printf(", \"%s\": %lld", name, (long long)value);
	else
		printf(", \"%s\": %.4f", name, value);
}

void
load_print(const struct load *l)
{
	const struct histogram *h = &l->latency;

	printf("{\"seconds\": %.4f", l->elapsed);
	load_print_number("messages", (double)l->messages);
	load_print_number("per_second", (double)l->messages / l->elapsed);
	if (l->messages > 0)
		load_print_number("cpu_us",
		    l->cpu * 1e6 / (double)l->messages);
	load_print_number("cpu_seconds", l->cpu);
	load_print_number("load_cpu_seconds", l->own_cpu);
	load_print_number("p50", (double)histogram_at(h, 0.5) / 1e3);
	load_print_number("p99", (double)histogram_at(h, 0.99) / 1e3);
	load_print_number("max", (double)h->max / 1e3);
	load_print_number("errors", (double)l->errors);
}

void
load_print_end(void)
{
	puts("}");
}

void
load_error(struct load *l, const char *why)
{
	if (l->errors++ < TOLD)
		fprintf(stderr, "bench: %s\n", why);
}
