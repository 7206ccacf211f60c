/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND	1000000000ULL

/* Nanoseconds. */
static inline uint64_t
clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec * CLOCK_SECOND + (uint64_t)t.tv_nsec);
}

static inline uint64_t
clock_after(double seconds)
{
	return (clock_now() + (uint64_t)(seconds * 1e9));
}

#endif
