/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLUGINS_PINGPONG_H
#define PLUGINS_PINGPONG_H

#include <headgate/plugin.h>

#define MARK		4		/* bytes */
#define MARK_MESSAGE	6		/* of a ping or pong */
#define MARK_NAME	"01010102"	/* as a parameter */

/*
 * The first bytes of a text message, until it is known what it is. Bytes that
 * came in pieces are kept here, not the pieces.
 */
struct start {
	unsigned char	 bytes[MARK_MESSAGE + 1];
	unsigned	 len;		/* of them, with the last piece's */
	unsigned	 kept;		/* of earlier pieces */
	bool		 open;
};

enum start_result {
	START_KNOWN,
	START_MORE,		/* keep it open; the frame is not needed */
};

/* One connection's. */
struct pingpong {
	struct start	 in, out;
	bool		 escaped;	/* the next text is not for us */
	bool		 out_open;	/* a message is being sent */
	bool		 pong_due;
};

extern const unsigned char start_mark[MARK] HG_HIDDEN;

/* Whether the frame belongs to a start: that of a text message, or more of one
 * that is open. */
bool	start_applies(struct start *, const struct hg_frame *);
/* Adds the frame's bytes up to max in all. */
enum start_result start_add(struct start *, const struct hg_frame *,
	    unsigned max);
/* Whether the message begins with the mark. */
bool	start_is_marked(const struct start *);
/* Sends frame on by next, behind the bytes that were kept. */
enum hg_verdict start_pass(struct hg_slot *, struct start *,
	    struct hg_frame *, void (*next)(struct hg_slot *,
	    struct hg_frame *));

#endif
