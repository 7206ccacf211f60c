/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that wait for one socket, each with its few header bytes: pushed at
 * the end, gathered for one writev, consumed from the front. Its size counts
 * payload plus OUTQ_OVERHEAD for each entry. Belongs to one thread.
 */
#ifndef CORE_OUTQ_H
#define CORE_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "frame.h"

#define OUTQ_HEAD_MAX	16	/* header bytes of one entry */
#define OUTQ_OVERHEAD	64	/* charged for each entry beside its bytes */
#define OUTQ_LONG	65536	/* bytes of an entry that is long */

struct outq_entry {
	struct hg_frame	*frame;		/* NULL: header bytes only */
	unsigned char	 head[OUTQ_HEAD_MAX];
	unsigned char	 head_len;
	bool		 headed;	/* the header is the frame's own */
};

/* Grows by doubling. It is there as long as something waits. */
struct outq_ring {
	unsigned		 size;	/* of entry: 0 or a power of two */
	unsigned		 first;
	unsigned		 count;
	size_t			 sent;	/* bytes of the first one gone */
	size_t			 bytes;	/* bytes of all entries that are left */
	size_t			 longest; /* of a long entry; 0: none */
	struct outq_entry	 entry[];
};

struct outq {
	struct outq_ring	*ring;	/* never NULL */
};

static inline unsigned
outq_count(const struct outq *q)
{
	return (q->ring->count);
}

static inline bool
outq_empty(const struct outq *q)
{
	return (q->ring->count == 0);
}

/* Bytes that are left of all. */
static inline size_t
outq_bytes(const struct outq *q)
{
	return (q->ring->bytes);
}

/* Bytes that wait, plus OUTQ_OVERHEAD for each entry. */
static inline size_t
outq_cost(const struct outq *q)
{
	return (q->ring->bytes + (size_t)q->ring->count * OUTQ_OVERHEAD);
}

void	outq_init(struct outq *);
void	outq_finish(struct outq *);	/* drops what waits */
/*
 * Takes the frame's reference, also on failure. Returns -1 without memory; the
 * queue is then as before.
 */
int	outq_push(struct outq *, const void *head, size_t head_len,
	    struct hg_frame *frame);
/* The same for a frame that has a header of its own. */
int	outq_push_headed(struct outq *, struct hg_frame *frame);
/*
 * The same in front of everything that has not begun to go out: behind the
 * entry that is partly sent, else first. For control frames.
 */
int	outq_push_front(struct outq *, const void *head, size_t head_len,
	    struct hg_frame *frame);
/* What is left of the longest entry, if it is a long one; else 0. */
size_t	outq_longest(const struct outq *);
/* At most max vectors from the front; *bytes is their sum. */
int	outq_iov(const struct outq *, struct iovec *, int max, size_t *bytes);
/* All bytes, when they are one run in memory; else NULL. */
const unsigned char *outq_run(const struct outq *, size_t *bytes);
/* Copies at most size bytes from the front, for TLS; returns how many. */
size_t	outq_peek(const struct outq *, void *, size_t size);
void	outq_consume(struct outq *, size_t bytes);
/* Drops every entry that has not begun to go out. */
void	outq_cut(struct outq *);
/* Copies out frames that keep much more memory alive than they need. */
void	outq_compact(struct outq *);

#endif
