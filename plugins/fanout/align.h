/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a member's copies stand in the sequence of its flow. Pure functions
 * over digests: neither the host nor a socket is needed.
 */
#ifndef FANOUT_ALIGN_H
#define FANOUT_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "siphash.h"

#define FANOUT_VERIFY_MAX	1024	/* digests that one proof can ask for */

/*
 * The newest digests of a flow. The flow's messages are numbered from 1;
 * "head" is the newest, "first" the oldest that is kept, head + 1 when none is.
 * Memory grows with use, up to max entries.
 */
struct fanout_ring {
	struct fanout_digest	*slot;
	size_t			 size;	/* of slot */
	size_t			 max;
	uint64_t		 first;
	uint64_t		 head;
};

/* The newest digests of a member's own copies; "count" of them were seen. */
struct fanout_history {
	struct fanout_digest	*slot;	/* NULL: none are kept */
	size_t			 size;
	uint64_t		 count;
};

/* What one attempt to align found. */
enum fanout_aligned {
	FANOUT_ELSEWHERE,	/* the copies are nowhere in the ring */
	FANOUT_UNPROVEN,	/* they may be there by chance */
	FANOUT_ALIGNED,
};

struct fanout_place_in_ring {
	uint64_t	seq;	/* of the member's newest copy but "ahead" */
	size_t		ahead;	/* newer copies, which the ring lacks */
};

static inline bool
fanout_same(struct fanout_digest a, struct fanout_digest b)
{
	return (a.word[0] == b.word[0] && a.word[1] == b.word[1]);
}

/* -1 without memory. */
int	fanout_ring_init(struct fanout_ring *, size_t max);
void	fanout_ring_finish(struct fanout_ring *);
/* Forgets the digests; the numbers go on. */
void	fanout_ring_clear(struct fanout_ring *);
/* Whether the next push takes the oldest entry away. */
bool	fanout_ring_will_evict(struct fanout_ring *);
void	fanout_ring_push(struct fanout_ring *, struct fanout_digest);
struct fanout_digest fanout_ring_at(const struct fanout_ring *, uint64_t seq);
size_t	fanout_ring_count(const struct fanout_ring *);

/* Begins anew, to keep size digests; without memory it keeps none. */
void	fanout_history_init(struct fanout_history *, size_t size);
void	fanout_history_finish(struct fanout_history *);
void	fanout_history_push(struct fanout_history *, struct fanout_digest);
/* back 0 is the newest. */
struct fanout_digest fanout_history_at(const struct fanout_history *,
    size_t back);
/* How many can be asked for. */
size_t	fanout_history_kept(const struct fanout_history *);

/* What a proof needs. */
struct fanout_proof {
	size_t		verify;	/* digests in a row that must be equal */
	size_t		margin;	/* more entries that the ring must have */
	size_t		window;	/* how far a member may be ahead */
	uint64_t	base;	/* the ring's head when the history began */
	uint64_t	floor;	/* the position is not before this one */
	bool		strict;	/* all of them are once only in the ring */
};

enum fanout_aligned fanout_align(const struct fanout_ring *,
    const struct fanout_history *, const struct fanout_proof *,
    struct fanout_place_in_ring *);
/* Whether the newest copies, at most "verify" of them and at least one, are
 * the newest of the ring. */
bool	fanout_align_tail(const struct fanout_ring *,
    const struct fanout_history *, size_t verify);

/*
 * Entries that a member has been given by its flow while its own copies are
 * still to come: these must not be delivered again.
 */
struct fanout_skip {
	struct fanout_digest	*slot;	/* NULL: none */
	size_t			 at, len;
	size_t			 misses;
};

/* The entries of the ring behind cursor, up to seq, but those whose bit is set
 * in marks (bit 0: cursor + 1). -1 without memory. */
int	fanout_skip_init(struct fanout_skip *, const struct fanout_ring *,
    uint64_t cursor, uint64_t marks, uint64_t seq);
void	fanout_skip_finish(struct fanout_skip *);
/* Whether the copy is one of them. Those that it has overtaken by more than
 * window are given up, and all after as many copies that are none. */
bool	fanout_skip_take(struct fanout_skip *, struct fanout_digest,
    size_t window);

#endif
