/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3629: whether text that comes in pieces is UTF-8, told at once. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#define UTF8_START	0	/* the state before the first byte */

/*
 * Goes on from *state. False as soon as no continuation could make it valid;
 * the state is then without meaning.
 */
bool	utf8_check(unsigned char *state, const void *, size_t);

/* Whether a text may end here. */
bool	utf8_is_complete(unsigned char state);

#endif
