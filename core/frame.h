/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame: a piece of a message, as constant slices over shared bytes. Nobody
 * writes into a frame; the functions below return a new one that shares the
 * bytes, or the frame itself when the reference they took was the only one.
 * References may be held and dropped on any thread.
 *
 * The public names are in <headgate/plugin.h>; this is what they do. Functions
 * whose parameter is named "frame" take that reference over, also when they
 * fail and return NULL (no memory); those named "look" only look. The former
 * make NULL of NULL, so that calls can be nested and checked once.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include <headgate/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "buf.h"

struct slice {
	struct buf		*buf;	/* a reference, NULL for static bytes */
	const unsigned char	*data;
	size_t			 len;
};

struct hg_frame {
	atomic_uint	 refs;
	unsigned	 flags;		/* enum hg_frame_flags */
	size_t		 len;		/* sum of the slices */
	unsigned	 count;		/* slices */
	unsigned short	 room;		/* for so many */
	unsigned char	 head_len;	/* see frame_copy_headed */
	struct slice	 slices[];
};

/* A frame over part of a buffer, of which it takes a reference of its own. */
struct hg_frame *frame_over(struct buf *, const unsigned char *, size_t,
    unsigned flags);
/* A frame with a copy of the bytes. */
struct hg_frame *frame_copy(const void *, size_t, unsigned flags);
/*
 * The same, with a header in front of the bytes, in one run with them. It is no
 * part of the frame's content, but saves who sends the frame to many from
 * putting the same one there each time. It belongs to this very content and
 * these flags: a frame that is made of this one has none.
 */
struct hg_frame *frame_copy_headed(const void *head, size_t head_len,
    const void *, size_t, unsigned flags);
struct hg_frame *frame_ref(struct hg_frame *);
void		 frame_unref(struct hg_frame *);	/* NULL is fine */

/* Another one with the same content, with counts of its own. */
struct hg_frame *frame_twin(const struct hg_frame *look);

/* The same bytes with other flags. */
struct hg_frame *frame_flags(struct hg_frame *frame, unsigned flags);
/* Without the first bytes. */
struct hg_frame *frame_trim(struct hg_frame *frame, size_t bytes);
/* The bytes from "from" on, "len" of them; both within the frame. */
struct hg_frame *frame_slice(struct hg_frame *frame, size_t from, size_t len);
/* With a copy of the bytes in front of it, or behind it. */
struct hg_frame *frame_prepend(struct hg_frame *frame, const void *, size_t);
struct hg_frame *frame_append(struct hg_frame *frame, const void *, size_t);
/* The second behind the first, with the first's flags. Takes both. */
struct hg_frame *frame_concat(struct hg_frame *frame, struct hg_frame *);

/* Copies at most len bytes from "from" on; returns how many. */
size_t	frame_peek(const struct hg_frame *look, size_t from, void *, size_t);
/* The length of the run at its end, and where that is: as long as two frames
 * are held, runs at one place have the same bytes. 0: it has none. */
size_t	frame_tail(const struct hg_frame *look, const void **bytes);
/* Fills at most max vectors with the bytes from "from" on; returns how many. */
int	frame_iov(const struct hg_frame *look, size_t from, struct iovec *,
	    int max);
/*
 * All bytes in one run: the frame's own where it has one slice, else a copy
 * that replaces the caller's reference in *frame. NULL without memory; an
 * empty frame has a run of no bytes that is not NULL.
 */
const unsigned char *frame_bytes(struct hg_frame **frame);
/* Bytes of memory that the frame keeps alive, an estimate with overhead. */
size_t	frame_cost(const struct hg_frame *look);
/*
 * The same content in memory of its own, where it pins much for little. Never
 * fails: without memory for a copy, the frame stays as it is.
 */
struct hg_frame *frame_compact(struct hg_frame *frame);
/*
 * For the files of frame: the part of a slice that lies in a range, whose
 * bounds become those of what is left of it for the next slice. False when
 * none of it does.
 */
bool	slice_part(const struct slice *, size_t *from, size_t *len,
	    struct slice *part);

#endif
