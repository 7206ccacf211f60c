/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads whose instructions are counted by tests/bench/instructions.sh. Each
 * does the same "count" times; what is counted is only what happens within
 * work(), bench_work() or the function that the script names.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include <stddef.h>

/* instructionscore.c: parts of the core by themselves. */
void	load_decode(unsigned count);
void	load_decode_long(unsigned count);
void	load_chain(unsigned count);
/* instructionsdaemon.c: messages through a daemon. */
void	load_echo(unsigned count);
void	load_proxy(unsigned count);
void	load_broker(unsigned count);
void	load_trunk(unsigned count);

#endif
