/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the inner handshake share; for them only. */
#ifndef CORE_INNERPARTS_H
#define CORE_INNERPARTS_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "list.h"
#include "opening.h"
#include "str.h"
#include "wsext.h"

/* From the outer 101 to the last inner response: the connection's session_arg.
 * While one is being decided, what comes waits. */
struct inner {
	struct hg_conn		*conn;
	struct wsext_list	 accepted;	/* in the outer response */
	struct str		 text;		/* of the request so far */
	bool			 is_legacy;
	bool			 in_text;	/* a text message */
	unsigned char		 utf8;
	bool			 deciding;
	bool			 done;		/* refused: it is closing */
	unsigned		 rounds;	/* challenges */
	struct list		 early;		/* struct waiting */
	size_t			 early_bytes;
	bool			 paused;	/* reading */
	struct list		 timers;	/* its deadline */
};

void	inner_free(struct inner *);		/* NULL is fine */

/* innerearly.c: a frame that came before the answer is for what is opened then,
 * or the next request. */
void	inner_keep_early(struct inner *, struct hg_frame *frame);
/* Hands those that wait to the caller, and who sends them may go on. */
void	inner_take_early(struct inner *, struct list *);
/* From what was the top of the chain, to whatever is there now. */
void	inner_recv_early(struct hg_conn *, struct list *, unsigned from);
void	inner_drop_early(struct list *);
void	inner_pause(struct inner *, bool);

/* innersay.c: for the opening of a channel that is decided. */
void	inner_accept(struct hg_channel *, struct opening *,
	    struct hg_head *response);
void	inner_refuse(struct hg_channel *, struct hg_head *response);
/* The answer and the end, when no channel is being opened. */
void	inner_end_status(struct inner *, int status, const char *why);
void	inner_set_timer(struct inner *, int64_t ms);

#endif
