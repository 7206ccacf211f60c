/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
bench_die(const char *fmt, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}
