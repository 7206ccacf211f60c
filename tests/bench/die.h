/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_DIE_H
#define BENCH_DIE_H

/* A line on standard error, and the end of the program. */
void	bench_die(const char *, ...) __attribute__((format(printf, 1, 2),
	    noreturn));

#endif
