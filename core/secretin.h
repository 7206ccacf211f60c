/* SPDX-License-Identifier: Apache-2.0 */
/* A password from the terminal, without echo, or from standard input. */
#ifndef CORE_SECRETIN_H
#define CORE_SECRETIN_H

#include <stdbool.h>
#include <stddef.h>

/* One line, without its end. -1: errors were printed. */
int	secretin_ask(char *out, size_t size, const char *prompt);
int	secretin_read(char *out, size_t size);

#endif
