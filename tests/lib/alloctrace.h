/* SPDX-License-Identifier: Apache-2.0 */
/* Who allocates: call stacks and how often each was seen. Any thread. */
#ifndef TESTS_ALLOCTRACE_H
#define TESTS_ALLOCTRACE_H

/* They are written to PATH.trace at the end of the process. */
void	trace_begin(const char *path);
/* Counts the stack of the caller's caller. */
void	trace_add(void);

#endif
