/* SPDX-License-Identifier: Apache-2.0 */
/* Whether numbers come each once and in order. */
#ifndef BENCH_SEQUENCE_H
#define BENCH_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

struct sequence_gap {
	uint64_t	from, to;	/* not come yet; "to" has */
};

/* All zero: 0 comes first. */
struct sequence {
	uint64_t		 next;
	struct sequence_gap	*gaps;	/* allocated when there is one */
	size_t			 count;
};

enum sequence_event { SEQUENCE_NEW, SEQUENCE_LATE, SEQUENCE_DOUBLE };

enum sequence_event sequence_take(struct sequence *, uint64_t number);
/* How many of those below "end" have not come. */
uint64_t sequence_missing(const struct sequence *, uint64_t end);

#endif
