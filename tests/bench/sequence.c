/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/sequence.h"

#include <stdlib.h>

#include "bench/die.h"

static void
add_gap(struct sequence *s, uint64_t from, uint64_t to)
{
	if (from == to)
		return;
	s->gaps = realloc(s->gaps, (s->count + 1) * sizeof(*s->gaps));
	if (s->gaps == NULL)
		bench_die("no memory");
	s->gaps[s->count].from = from;
	s->gaps[s->count++].to = to;
}

/* An older number: true when it was missing, and is no more. */
static int
fill_gap(struct sequence *s, uint64_t number)
{
	struct sequence_gap gap;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (number >= s->gaps[i].from && number < s->gaps[i].to)
			break;
	if (i == s->count)
		return (0);
	gap = s->gaps[i];
	s->gaps[i] = s->gaps[--s->count];
	add_gap(s, gap.from, number);
	add_gap(s, number + 1, gap.to);
	return (1);
}

enum sequence_event
sequence_take(struct sequence *s, uint64_t number)
{
	if (number < s->next)
		return (fill_gap(s, number) ? SEQUENCE_LATE : SEQUENCE_DOUBLE);
	add_gap(s, s->next, number);
	s->next = number + 1;
	return (SEQUENCE_NEW);
}

uint64_t
sequence_missing(const struct sequence *s, uint64_t end)
{
	uint64_t sum = end > s->next ? end - s->next : 0;
	size_t i;

	for (i = 0; i < s->count; i++)
		sum += s->gaps[i].to - s->gaps[i].from;
	return (sum);
}
