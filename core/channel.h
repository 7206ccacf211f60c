/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel: a stream of messages both ways in a connection. Channel 0 (the
 * root) is the connection itself where nothing multiplexes; others are carried
 * by the connection's mux plugin, or, a child without an id of its own, by its
 * parent. Belongs to its connection's worker.
 *
 * It ends in two halves: the wire's (nothing more is received) and the upper
 * one (nothing more is sent). Once both have ended it is freed at the end of
 * the turn; a mux says when, for what it carries.
 */
#ifndef CORE_CHANNEL_H
#define CORE_CHANNEL_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "conn.h"
#include "identity.h"
#include "list.h"
#include "worker.h"

/* The session layer's part: who is told how the opening of a channel ends. */
struct channel_session {
	/* At the end of the turn in which a peer began it; it is nobody's
	 * from then on. */
	void	(*decide)(struct hg_channel *);
	/* For the downstream side: the upstream answered. Takes the head. */
	void	(*answered)(struct hg_channel *, struct hg_head *response);
	/* For what this side began on a mux: its answer came. */
	void	(*opened)(struct hg_channel *, const struct hg_head *);
	/* It is about to be freed. May be NULL. */
	void	(*gone)(struct hg_channel *);
	/* Its login has expired, and so it has ended. May be NULL. */
	void	(*expired)(struct hg_channel *);
};

/* Who waits for the answer to new credentials: see channelauth.h. */
enum channel_auth {
	CHANNEL_AUTH_NONE,
	CHANNEL_AUTH_WIRE,	/* the wire's other end */
	CHANNEL_AUTH_SLOTS,	/* its own slots */
	CHANNEL_AUTH_UPPER,	/* the link's other end */
	CHANNEL_AUTH_LATE,	/* nobody any more */
};

/* A frame that waits. */
struct waiting {
	struct list	 node;
	struct hg_frame	*frame;
};

/* What waits in a channel, or for it, which seldom anything does. */
struct channel_waits {
	struct list	 early;		/* struct waiting: came before it
					 * opened */
	struct list	 late;		/* messages of children that wait */
	size_t		 early_bytes, late_bytes;
	char		*early_reason;
	struct list	 auth_timers;	/* the deadline of channel->auth */
	/* Where no "auth" of the service's own keeps them: new credentials that
	 * somebody is asked about, and those that were accepted last. */
	struct hg_head	*asked, *credentials;
};

/*
 * What only few have: children, who are of one piece with it, their parents,
 * members of groups.
 */
struct channel_more {
	struct hg_channel	*channel;
	struct list		 sibling;	/* of parent->more->children */
	struct list		 children;
	struct list		 member;	/* of the group */
	struct hg_group		*group;		/* NULL: in none */
	void			(*leave_group)(struct hg_channel *);
	struct hg_frame		*message;	/* of a child without an id:
						 * being gathered */
	struct hg_kept		*kept;		/* above it; see kept.h */
};

/* What is to be done at the end of the turn. */
enum channel_due {
	CHANNEL_DECIDE	= 0x01,	/* a peer began it: session->decide */
	CHANNEL_FLUSH	= 0x02,	/* what came early, now that it is open */
	CHANNEL_ROOM	= 0x04,	/* nothing above: its slots may send again */
	CHANNEL_REAP	= 0x08,	/* it is freed behind that */
};

#define CHANNEL_SLOTS_MAX	32	/* plugins of one chain */
#define CHANNEL_EARLY_MAX	(64 * 1024)	/* bytes before it is opened */

/* What is above a channel: the link. */
struct channel_upper {
	void	(*send)(struct hg_channel *, struct hg_frame *frame);
	void	(*end)(struct hg_channel *, unsigned code,
		    const char *reason);
	void	(*full)(struct hg_channel *, bool);
	void	(*child)(struct hg_channel *child);
	void	(*detach)(struct hg_channel *);
	/* New credentials, and their answer; both take the head. */
	void	(*auth)(struct hg_channel *, struct hg_head *request);
	void	(*authed)(struct hg_channel *, struct hg_head *response);
	/* Its trunk has vanished; of a child, up to where it was received. */
	void	(*lost)(struct hg_channel *);
	void	(*place)(struct hg_channel *, uint64_t seq);
};

struct hg_channel {
	struct list			 node;		/* of conn->channels */
	struct hg_channel		*parent;
	struct hg_conn			*conn;
	const struct service		*service;
	struct chain			 chain;
	const struct channel_session	*session;
	void				*session_arg;
	const struct channel_upper	*upper;	/* NULL: nothing there */
	struct link			*link;
	void				*mux_data;	/* NULL: not carried */
	struct channel_more		*more;		/* NULL: nothing */
	struct channel_waits		*waits;		/* NULL: nothing does */
	struct hg_head			*request;
	struct identity			*identity;	/* NULL: nobody was
							 * asked here */
	char				*subprotocol;
	struct work			 work;		/* what is due; its
							 * reap */
	unsigned			 paused;	/* receiving; counted */
	unsigned			 fulls;		/* reasons why what is
							 * above should stop */
	uint16_t			 id;
	uint16_t			 early_code;	/* the wire's half ended
							 * before it opened */
	unsigned char			 due;		/* enum channel_due */
	unsigned char			 auth;		/* enum channel_auth */
	unsigned char			 utf8;
	unsigned char			 side;		/* of the link */
	bool				 link_held : 1;	/* paused by its link */
	bool				 link_full : 1;	/* and by its peer */
	bool				 in_full : 1;	/* its carrier is */
	bool				 opened : 1;	/* data may pass up */
	bool				 wire_ended : 1;
	bool				 top_ended : 1;
	bool				 top_ending : 1; /* slots are told */
	bool				 dying : 1;	/* its reap is queued */
	bool				 parked : 1;	/* it waits: park.c, or
							 * rejoin.c */
	bool				 lost : 1;	/* its trunk vanished */
	bool				 refused : 1;	/* a child that its
							 * parent carries */
	bool				 in_text : 1;
	bool				 sending : 1;	/* in a message */
	bool				 deaf : 1;	/* what comes is nobody's:
						 * its login has ended */
	uint64_t			 messages_in, messages_out;
	uint64_t			 bytes_in, bytes_out;
};

/* A hundred thousand of them may be idle on one machine. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct hg_channel) <= 248,
    "what few channels need belongs elsewhere");

/* NULL: the chain is a connection's. */
static inline struct hg_channel *
chain_channel(const struct chain *chain)
{
	if (!chain->ops->is_channel)
		return (NULL);
	return (list_entry(chain, struct hg_channel, chain));
}

static inline struct hg_conn *
chain_conn(const struct chain *chain)
{
	if (!chain->ops->is_channel)
		return (list_entry(chain, struct hg_conn, chain));
	return (list_entry(chain, struct hg_channel, chain)->conn);
}

/* The channel layer's hooks into a connection. */
extern const struct conn_channels channel_conn_ops;

/* NULL: no memory. The request is taken over, also on failure. */
struct hg_channel *channel_create(struct hg_conn *,
    struct hg_channel *parent, const struct service *,
    struct hg_head *request);
/* Its slots, from the wire upwards; opens them. -1: failed, it is ending. */
int	channel_set_chain(struct hg_channel *, const struct chain_entry *,
    unsigned count);
/* The last that others hear of it, and its memory. */
void	channel_close(struct hg_channel *);
void	channel_destroy(struct hg_channel *);
/* Lets data pass upwards, first what came early; takes the response. */
void	channel_open(struct hg_channel *, struct hg_head *response);
void	channel_set_id(struct hg_channel *, unsigned id);
/* Into the reap, if both halves have ended and no mux has a say. */
void	channel_settle(struct hg_channel *);
/* For logs, until the next few calls on this thread. */
const char *channel_name(const struct hg_channel *);
/* NULL: no memory. */
struct channel_more *channel_more(struct hg_channel *);
/* Walks over the children, of which the one at hand may go; NULL: the end. */
struct hg_channel *channel_first_child(const struct hg_channel *);
struct hg_channel *channel_next_child(const struct hg_channel *child);
/* Into the reap, whatever the state. */
void	channel_free(struct hg_channel *);
/* What came early, now, and the end if it came early too. */
void	channel_flush(struct hg_channel *);
bool	channel_has_early(const struct hg_channel *);
/* NULL: no memory. */
struct channel_waits *channel_waits(struct hg_channel *);
void	channel_do_later(struct hg_channel *, enum channel_due);
/* The mux to be asked about a channel that it carries; NULL: nobody is. */
struct hg_slot *channel_mux(const struct hg_channel *);

/* hg->channel_identity. */
const char *channel_identity(const struct hg_channel *);
/* Authorization or Cookie: as it was renewed, else as in the request. */
const char *channel_credential(const struct hg_channel *, const char *name);

/* From the wire: into the chain's lower end. */
void	channel_recv(struct hg_channel *, struct hg_frame *frame);
/* From above: into the chain's upper end. False: it is full now. */
bool	channel_send(struct hg_channel *, struct hg_frame *frame);
/* Behind the chain. */
void	channel_carry(struct hg_channel *, struct hg_frame *frame);
void	channel_resend(struct hg_channel *, struct hg_frame *frame);

/* What has come for others, and is not handed on yet, was before what is now
 * about to happen. */
void	channel_settle_groups(struct hg_conn *);

/* The wire's half has ended. */
void	channel_ended(struct hg_channel *, unsigned code, const char *reason);
/* What is above ends its half. */
void	channel_end(struct hg_channel *, unsigned code, const char *reason);
/* A mistake: ends both halves; nothing passes any more. */
void	channel_fail(struct hg_channel *, unsigned code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

/* Receiving from the wire waits, counted. */
void	channel_pause(struct hg_channel *, bool);
/* What is above waits, counted; the link is told of the first and last. */
void	channel_hold(struct hg_channel *, bool);
/* The queue that carries it is full, or is not any more. */
void	channel_set_full(struct hg_channel *, bool);
bool	channel_is_full(const struct hg_channel *);
bool	channel_is_carried(const struct hg_channel *);

/*
 * A child towards the wire's other end, with slots of the parent's plugins that
 * want children. Takes the fields. NULL: no memory.
 */
struct hg_channel *channel_new_child(struct hg_channel *parent,
    struct hg_head *fields);
/* The slots of a child, as those of its parent. -1: failed. */
int	channel_inherit_chain(struct hg_channel *);
/* park.c: for channel_conn_ops. The first: at the side that dialled. */
void	park_lost(struct hg_conn *);
void	park_channels(struct hg_conn *);	/* lost: who waits? */
void	park_conn(struct hg_conn *);
void	park_over(struct hg_conn *);
void	park_end(struct hg_conn *);
/* relay.c: for channel_conn_ops. */
size_t	relay_run(struct hg_conn *, struct buf *, unsigned char *, size_t);
/* mux_data, for a channel that its connection's mux carries. -1: no memory. */
int	channel_set_carried(struct hg_channel *);
/* hg->channel_opened. */
void	channel_answered(struct hg_channel *, const struct hg_head *);
/* From the wire, its UTF-8 having been checked. */
void	channel_recv_checked(struct hg_channel *, struct hg_frame *frame);
/* False: its text is not UTF-8, in the state at hand. */
bool	channel_check_text(unsigned char *state, const struct hg_frame *);

#endif
