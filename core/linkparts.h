/* SPDX-License-Identifier: Apache-2.0 */
/* What a link is inside: for the files of the link only. */
#ifndef CORE_LINKPARTS_H
#define CORE_LINKPARTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "channel.h"
#include "mailbox.h"

/* What crosses a link. */
enum link_what {
	LINK_FRAME,
	LINK_END,
	LINK_FULL,	/* code: 1 stop, 0 go on */
	LINK_WINDOW_OPEN, /* what was under way has arrived */
	LINK_ANSWER,
	LINK_CHILD,	/* head: its fields; child: the new link */
	LINK_AUTH,	/* head: new credentials */
	LINK_AUTHED,	/* head: their answer */
	LINK_LOST,	/* the trunk behind it has vanished */
	LINK_PLACE,	/* a child's, at that moment: seq */
	LINK_ASK_RESUME, /* reason: flow and epoch; seq */
	LINK_RESUMED,	/* code: 1 yes, 0 gap */
};

/* Ends a link for which there was no memory to post anything else. */
struct link_break {
	struct letter	 letter;
	struct link	*link;
	int		 to;
	bool		 posted;	/* of the sending side */
};

/* An end is read and written by its own worker only. */
struct link_side {
	struct worker		*worker;
	struct hg_channel	*channel;
};

/* By the side that it goes to. */
struct link_across {
	atomic_size_t		 under_way;	/* bytes */
	struct link_break	 broken;
};

struct link {
	atomic_uint	 refs;
	atomic_bool	 near_left;
	struct link_side end[2];
	void		(*when_left)(void *);	/* both of the far worker */
	void		*when_left_arg;
	struct link_across across[];	/* none on one worker: no letters */
};

struct link;

struct link_letter {
	struct letter	 letter;
	struct link	*link;
	struct link	*child;
	struct hg_frame	*frame;
	struct hg_head	*head;
	enum link_what	 what;
	int		 to;
	unsigned	 code;
	uint64_t	 seq;
	char		 reason[124];
};

/* At the receiving end: does what the letter says, and takes what it owns. */
void	link_do(struct link_letter *);
/* linklost.c: those about a trunk that was lost. */
void	link_do_lost(struct hg_channel *, const struct link_letter *);
void	link_lost(struct hg_channel *);
void	link_place(struct hg_channel *, uint64_t seq);
/* At the sending end: does it, or posts a copy. Takes what it owns. */
void	link_cross(struct link_letter *);
/* The near end has left before there was a far one. */
void	link_near_left(struct link *);

#endif
