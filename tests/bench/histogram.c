/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/histogram.h"

/* The largest value of that class. */
static uint64_t
class_end(unsigned index)
{
	unsigned half = HISTOGRAM_STEPS / 2, shift;

	if (index < HISTOGRAM_STEPS)
		return (index);
	shift = index / half - 1;
	return (((uint64_t)(index - shift * half) + 1) << shift) - 1;
}

uint64_t
histogram_at(const struct histogram *h, double share)
{
	uint64_t seen = 0, wanted = (uint64_t)((double)h->count * share);
	uint64_t value;
	unsigned i;

	if (h->count == 0)
		return (0);
	for (i = 0; i < HISTOGRAM_SIZE; i++) {
		seen += h->classes[i];
		if (seen > wanted || seen == h->count)
			break;
	}
	value = class_end(i);
	return (value < h->max ? value : h->max);
}
