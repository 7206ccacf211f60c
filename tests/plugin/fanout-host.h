/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for the tests of fanout: the real module, and in place of sockets and
 * of the mux a model of what the other end of the wire receives. It knows
 * merged sets as doc/protocol.md describes them, and says at once what a peer
 * would close the connection for. Each child has a checker: the messages that
 * its receiver is to get, as the broker's sequence is from a place on.
 *
 *	host_start("share=* scope=public", "verify=4", NULL);
 *	c = host_conn(HOST_MUX);
 *	m = sub_join(c, "/topic/a", "alice");
 *	publish(7);
 *	sub_copy(m);
 *	host_finish();
 */
#ifndef TESTS_FANOUT_HOST_H
#define TESTS_FANOUT_HOST_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_conn_kind {
	HOST_MUX,	/* children have ids; fan-out was negotiated */
	HOST_MUX_PLAIN,	/* children have ids; no fan-out */
	HOST_PLAIN,	/* children send into their parent; fan-out */
	HOST_NOTHING,	/* neither */
};

struct sub;

struct host {
	const struct hg_plugin	*plugin;
	const struct hg_flows	*flows;
	uint64_t		 now;
	int64_t			 counter[32];
	long			 frames;	/* that somebody holds */
	unsigned		 merges, unmerges, handovers, ends;
	unsigned		 deny_merge;	/* 1 of so many; 0: none */
	bool			 deny_unmerge;
	/* The translator, when it is told that a child ends; or NULL. */
	void			(*on_end)(struct hg_channel *);
	uint64_t		 newest;	/* as a resume was told */
	bool			 deny_handover;	/* to one of the members */
	bool			 deny_dissolve;	/* to each of them */
	bool			 keep_merged;	/* with a child that closes */
	bool			 slow_created;	/* children are opened by
						 * host_created only */
	uint64_t		 last_seq;	/* of a merge, unmerge or
						 * handover */
	char			 report[8192];
};

extern struct host host;

void	host_start(const char *option, ...) __attribute__((sentinel));
/* Options of one service, in place of those of the plugin. */
void	host_service(const char *name, const char *option, ...)
	    __attribute__((sentinel));
void	host_finish(void);
/* By the table's check and bounds: NULL, or what is wrong. */
const char *host_try_option(const char *option);
void	host_advance(uint64_t ms);
int64_t	host_counter(const char *name);
const char *host_report(const char *what);

struct hg_conn	  *host_conn(enum host_conn_kind);
struct hg_conn	  *host_conn_of(enum host_conn_kind, const char *service,
			const char *subprotocol);
/* Who is behind its channels. */
void	host_set_identity(struct hg_conn *, const char *);
/* One client's channel on it. */
struct hg_channel *host_parent(struct hg_conn *);
void	host_conn_drop(struct hg_conn *, bool tell);
/* It has vanished: all end but who is parked by sub_park, which may be called
 * again later. */
bool	sub_park(struct sub *, bool really);
void	host_conn_lose(struct hg_conn *);
/* The next subscriber is one that comes back; what it says then, from the place
 * that the former one had. Non-zero: a gap. */
void	host_resumes(struct hg_channel *parent);
int	sub_resume(struct sub *, const struct sub *former);
int	sub_resume_as(struct sub *, const char *flow, const char *epoch,
	    uint64_t seq);
/* -1: the wire does not know. */
int64_t	host_place(const struct hg_channel *);
/* The other side has accepted, or refused, the child. */
void	host_created(struct hg_channel *, bool accepted);
/* The other side ends the child; the first without the turn's end. */
void	host_peer_says_end(struct hg_channel *);
void	host_peer_end(struct hg_channel *);
/* This side ends it, past the plugin; the wire dissolves its set. */
void	host_end_child(struct hg_channel *);
/* Its slots close without a word before. */
void	host_close_child(struct hg_channel *);
void	host_set_full(struct hg_channel *, bool);
int	host_holds(const struct hg_channel *);
struct hg_conn *host_conn_of_child(const struct hg_channel *);
/* Sends on this child, and what its receiver got by that or by its carrier. */
unsigned host_sends(const struct hg_channel *);
unsigned host_received(const struct hg_channel *);
unsigned host_riders(const struct hg_channel *);
bool	host_is_riding(const struct hg_channel *);
bool	host_is_closed(const struct hg_channel *);
unsigned host_end_code(const struct hg_channel *);
const char *host_field(const struct hg_channel *, const char *name);
void	host_turn(void);
/* Called within each send. */
void	host_on_send(void (*)(struct hg_channel *));

/* The broker: one topic's messages. Message n has content[n]. */
struct broker {
	uint32_t	*content;
	size_t		 count;
};

extern struct broker broker;

void	publish(uint32_t content);

/* A subscription that a feed serves. */
struct hg_silent {
	void		(*ended)(void *);	/* NULL: forgotten */
	void		*arg;
};

/* One subscriber: a member, and how many copies it was sent. */
struct sub {
	struct hg_member	*member;	/* NULL: left */
	struct hg_channel	*parent;
	struct hg_channel	*child;		/* good until host_finish */
	size_t			 next;		/* the next copy's number */
	size_t			 from;		/* its first message */
	/* upstream = one: what the flow has asked for, not done yet. */
	bool			 is_source;
	bool			 paused;	/* no subscription */
	bool			 pausing, resuming, checking, releasing;
	unsigned		 pauses, resumes, checks;
	struct sub		*next_source;
	struct hg_silent	 silent;
};

/* A client of its own each; NULL: not shared. Freed by host_finish. */
struct sub *sub_join(struct hg_conn *, const char *destination,
	    const char *credential);
struct sub *sub_join_on(struct hg_channel *parent, const char *destination,
	    const char *key, const char *credential);
/* What its receiver gets is not compared any more, only counted. */
void	sub_unchecked(struct sub *);
/* The subscription began with that message. */
void	sub_from(struct sub *, size_t);
void	sub_copy(struct sub *);
/* All that were published. */
void	sub_copies(struct sub *);
/* A copy of something else than the broker's next. */
void	sub_copy_of(struct sub *, uint32_t content);
void	sub_leave(struct sub *);
/* Its subscription can be taken back and made again; whether that is of use. */
bool	sub_source(struct sub *);
/* The subscriber goes. True: its subscription is kept; else it has left. */
bool	sub_part(struct sub *);
/* The broker does what was asked for one, and for all. */
void	sub_answer(struct sub *);
void	broker_answer(void);
/* Subscriptions at the broker of all that are sources. */
unsigned broker_subscriptions(void);
void	host_posts(void);
/* The server is a plugin, and has feeds from now on; refuses: none for now. */
void	host_feeds(bool refuses);
bool	host_has_feed(void);
/* True: it has no copies of its own. */
bool	sub_feed(struct sub *);
/* A message for who is silent; lost: there was no memory for it. */
void	feed_message(uint32_t content);
void	feed_lost(void);
/* Its subscription has ended at the server; the translator does not know. */
void	sub_ended(struct sub *);
/* Number i of the messages its receiver has got. */
uint32_t sub_got(const struct sub *, size_t i);

#endif
