/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times by their size: 64 classes for each power of two, so that a percentile
 * is right within 1.6 %, whatever its size.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS	7
#define HISTOGRAM_STEPS	(1 << HISTOGRAM_BITS)
#define HISTOGRAM_SIZE	((64 - HISTOGRAM_BITS + 2) * HISTOGRAM_STEPS / 2)

struct histogram {
	uint64_t	count;
	uint64_t	max;
	uint64_t	classes[HISTOGRAM_SIZE];
};

static inline void
histogram_add(struct histogram *h, uint64_t value)
{
	unsigned shift = 0;

	if (value >= HISTOGRAM_STEPS)
		shift = 64 - HISTOGRAM_BITS - (unsigned)__builtin_clzll(value);
	/* From the second octave on, the top bit of the step is always set. */
	h->classes[shift * (HISTOGRAM_STEPS / 2) + (value >> shift)]++;
	h->count++;
	if (value > h->max)
		h->max = value;
}

/* The smallest value that this share of all does not exceed; 0 for none. */
uint64_t histogram_at(const struct histogram *, double share);

#endif
