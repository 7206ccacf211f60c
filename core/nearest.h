/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": which of some words is spelled nearly like another. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* Fill in word and offer the words that there are; best is then the nearest,
 * or NULL. Belongs to the caller, as do the words. */
struct nearest {
	const char	*word;
	const char	*best;
	size_t		 distance;
};

void	nearest_offer(struct nearest *, const char *candidate);
/* ' (did you mean "x"?)' or nothing, into out, which it returns. */
const char *nearest_text(const struct nearest *, char *out, size_t size);

#endif
