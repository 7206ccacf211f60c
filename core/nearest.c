/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

#include "str.h"

/* Two edits, and fewer than half of the word: "xy" is near to nothing. */
void
nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t distance;

	distance = str_distance(nearest->word, candidate);
	if (distance > 2 || 2 * distance >= strlen(candidate))
		return;
	if (nearest->best == NULL || distance < nearest->distance) {
		nearest->best = candidate;
		nearest->distance = distance;
	}
}

const char *
nearest_text(const struct nearest *nearest, char *out, size_t size)
{
	out[0] = '\0';
	if (nearest->best != NULL)
		snprintf(out, size, " (did you mean \"%s\"?)", nearest->best);
	return (out);
}
