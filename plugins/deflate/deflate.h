/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permessage-deflate (RFC 7692), both roles, for connections and for channels.
 * All of a slot is its worker's.
 */
#ifndef PLUGINS_DEFLATE_H
#define PLUGINS_DEFLATE_H

#include <headgate/plugin.h>

#include <zlib.h>

#define DEFLATE_BITS_MIN	9	/* zlib writes no raw stream of 8 */
#define DEFLATE_BITS_MAX	15
#define DEFLATE_SCRATCH		(64 * 1024)
#define ONCE_COUNT		8

enum {
	DEFLATE_PACKED, DEFLATE_PACKED_FROM, DEFLATE_PACKED_TO,
	DEFLATE_UNPACKED, DEFLATE_UNPACKED_FROM, DEFLATE_UNPACKED_TO,
	DEFLATE_SHARED, DEFLATE_SKIPPED, DEFLATE_TOO_LONG, DEFLATE_NO_STREAM,
};

struct deflate_options {
	int64_t	 level, memory_level, window_bits;
	int64_t	 min_size;	/* bytes of a whole message */
	int64_t	 inflated_max;	/* bytes of a message */
	int64_t	 streams_max;	/* of each kind, for each worker */
	bool	 context_takeover;
};

extern const struct hg_option deflate_option_table[] HG_HIDDEN;
/* Those of [plugin deflate]: what belongs to streams is the process's. */
extern const struct deflate_options *deflate_process HG_HIDDEN;

/* What was agreed on, for one slot. */
struct deflate_agreed {
	int	 own_bits;		/* window of what is sent */
	bool	 own_takeover, peer_takeover;
};

/* One direction's zlib stream. */
struct stream {
	struct stream	*next;		/* while it is free */
	z_stream	 z;
	int		 bits;
};

/* A connection's or channel's. */
struct deflate {
	struct deflate_agreed	 agreed;
	struct stream		*out, *in;	/* NULL: none is needed now */
	bool			 out_packed;	/* the message being sent */
	bool			 in_packed;
	bool			 in_first;	/* nothing of it went on yet */
	uint64_t		 inflated;	/* of the message being read */
};

/* Bytes at the end of messages for many. */
struct once {
	const void	*bytes;		/* where they are; NULL: free */
	size_t		 len;
	int		 bits;		/* the window they are packed with */
	struct hg_frame	*shared;	/* holds them; NULL: only noted */
	struct hg_frame	*packed;	/* they, packed as a whole message */
};

/* A worker's: streams that nobody uses, scratch, and what is packed once. */
struct deflate_worker {
	struct once	 once[ONCE_COUNT];
	unsigned	 once_next;
	bool		 once_timer;
	struct stream	*free_out, *free_in;
	int64_t		 out_count, in_count;	/* used and free */
	int64_t		 promised;	/* slots that keep theirs */
	unsigned char	 scratch[DEFLATE_SCRATCH];
};

/* --- negotiation: params.c ------------------------------------------------ */

int	deflate_offer(struct hg_negotiation *, struct hg_params *);
int	deflate_answer(struct hg_negotiation *, const struct hg_params *,
	    struct hg_params *);
int	deflate_check(struct hg_negotiation *, const struct hg_params *);
void	deflate_agree(const struct hg_slot *, struct deflate_agreed *);

/* --- streams: streams.c --------------------------------------------------- */

/* NULL: no memory, or as many as there may be are in use. */
struct stream *stream_out(int bits);
struct stream *stream_in(void);		/* NULL: no memory */
/* NULL is fine. */
void	stream_out_done(struct stream *);
void	stream_in_done(struct stream *);
/* Whether there is one more for a connection that keeps its own. */
bool	streams_are_left(void);
/* A slot that keeps streams, if it does, comes (1) or goes (-1). */
void	streams_promise(const struct deflate_agreed *, int more);
void	streams_free(struct deflate_worker *);

/* --- messages for many: once.c -------------------------------------------- */

/* What the frame's end was noted for; NULL: it was not, but is now if it is
 * worth it. */
struct once *once_find(const struct hg_frame *, int bits);
/* The message, from what is packed already. NULL: no memory. */
struct hg_frame *once_make(const struct once *, const struct hg_frame *);
void	once_forget(struct deflate_worker *);

/* --- the two directions: pack.c, unpack.c ---------------------------------- */

enum hg_verdict deflate_send(struct hg_slot *, void *, struct hg_frame *);
enum hg_verdict deflate_recv(struct hg_slot *, void *, struct hg_frame *);

#endif
