/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x-kaazing-fanout at the gateway. Every subscriber has a subscription of its
 * own at the broker, so that N equal copies of each message arrive. Here the
 * copies are put in line with each other, and a message is sent once for each
 * connection, on the child channel of one of its members.
 *
 * All of this belongs to one worker. A flow is one sequence of equal messages;
 * its newest digests are its ring. A member is one subscriber, and is one of
 *
 *  - alone: what it gets is its own copies, on its own child;
 *  - merged: it is in a group. A group has got the flow's messages up to
 *    "sent". All its members are of one connection and receive what is sent on
 *    the child of one of them, the carrier. A group of one is merely a member
 *    whose copies are known to be the flow's.
 *
 * What always holds for a merged member: its own copies up to its cursor have
 * come, and cursor <= group->sent <= flow->ring.head. A copy behind the cursor
 * is the next that the group lacks (then it is sent), or was sent before (then
 * it is dropped), or the flow's next (then it is sent to all groups that are
 * not behind). So each member receives each message once and in order, and a
 * group whose connection is slow is fed by its own members, as fast as it can
 * take it, while the others go on.
 *
 * While the plugin calls out ("busy"), members are not taken away: what ends
 * meanwhile waits in worker->ending.
 */
#ifndef FANOUT_FANOUT_H
#define FANOUT_FANOUT_H

#include <headgate/plugin.h>

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "align.h"
#include "table.h"

#define FANOUT_NAME	"x-kaazing-fanout"
#define FANOUT_KEY	32		/* bytes of a flow's key */
#define FANOUT_WINDOW_MAX 63		/* as member->marks has bits */
#define FANOUT_ID	(32 + 1)	/* a flow's id in hex, terminated */
#define FANOUT_REASON	(123 + 1)	/* a close reason, terminated */
#define FANOUT_KEEP_MAX	30000		/* ms without its subscriber */
#define FANOUT_PARKED_MAX 2		/* members of a flow that are parked */
#define FANOUT_RESUME_WAIT 10000	/* ms for a "resume" that is to come */

struct fanout_options {
	struct hg_strings	share;
	int64_t			verify;
	int64_t			ring;
	int64_t			window;
	int64_t			quiet;
	int64_t			backlog;
	int64_t			replay;
	int64_t			replay_age;
	int64_t			replay_total;
};

enum fanout_scope {
	FANOUT_NOT_SHARED,
	FANOUT_CREDENTIAL,
	FANOUT_PUBLIC,
};

/* What a "share" line says of a destination. */
struct fanout_rule {
	const char		*pattern;
	size_t			 pattern_len;
	enum fanout_scope	 scope;
	bool			 one;		/* upstream = one */
	unsigned		 standby;	/* subscriptions beside the
						 * feeder's */
	uint64_t		 recheck;	/* ms */
};

enum fanout_counter {
	FANOUT_FLOWS,		/* up and down */
	FANOUT_MEMBERS,		/* up and down */
	FANOUT_MERGED,		/* up and down */
	FANOUT_COPIES,
	FANOUT_SUPPRESSED,
	FANOUT_SENT,
	FANOUT_MISMATCHES,
	FANOUT_UNMERGES,
	FANOUT_HANDOVERS,
	FANOUT_HOLDS,
	FANOUT_RESTING_NOW,	/* up and down */
	FANOUT_TAKEOVERS,
	FANOUT_RECHECKS,
	FANOUT_REFUSED,
	FANOUT_GAPS,
	FANOUT_SLOW,
	FANOUT_PARKED,		/* up and down */
	FANOUT_RESUMED,
};

/*
 * A member and its subscription at the broker, where the flow has one for all
 * ("upstream = one"). With "each" all are awake.
 */
enum fanout_source {
	FANOUT_AWAKE,		/* it has one; merged: its copies feed */
	FANOUT_PAUSING,		/* it is being taken back */
	FANOUT_RESTING,		/* it has none, and what it receives is the
				 * flow's alone */
	FANOUT_WAKING,		/* it is being made again */
	FANOUT_LEARNING,	/* it has one; where its copies stand is not
				 * known yet */
	FANOUT_KEPT,		/* the subscriber has gone, its copies feed */
	FANOUT_SILENT,		/* the flow has a feed: see feed.c */
};

TAILQ_HEAD(fanout_members, hg_member);
TAILQ_HEAD(fanout_groups, fanout_group);

/* State of the plugin's slot in a channel that has negotiated fan-out, or in a
 * child of one. */
struct fanout_place {
	struct fanout_node	 node;		/* worker->places, by channel */
	struct hg_channel	*channel;
	struct hg_slot		*slot;
	struct hg_member	*member;	/* of a child, or NULL */
	bool			 opened;
	bool			 listed;
};

struct fanout_backlog {
	struct hg_frame		**frame;	/* a ring of size entries */
	size_t			 size, at, count, bytes;
};

/* See store.c. The frame of message n is in slot n % size. */
struct fanout_kept {
	struct hg_frame		*frame;
	uint64_t		 at;		/* ms */
};

struct fanout_store {
	struct fanout_kept	*slot;
	size_t			 size, bytes;
	uint64_t		 first, head;	/* none are kept: first is
						 * head + 1 */
	size_t			 max;		/* bytes; 0: keeps none */
	uint64_t		 age;		/* ms */
	bool			 on;		/* somebody might resume */
};

struct fanout_flow {
	struct fanout_node	 node;		/* worker->flows, by key */
	unsigned char		 key[FANOUT_KEY];
	char			 id[FANOUT_ID];
	uint32_t		 epoch;
	enum fanout_scope	 scope;
	char			*service, *destination;
	/* The options as they were when it began. */
	size_t			 verify, window;
	uint64_t		 quiet;

	struct fanout_ring	 ring;
	uint64_t		 floor;		/* no merged member's cursor is
						 * below */
	struct fanout_backlog	 backlog;	/* see backlog.c */
	struct fanout_store	 store;
	bool			 has_broken;	/* messages behind "broken" */
	uint64_t		 broken;	/* have a gap before them */
	uint64_t		 appended_at;	/* ms; first: of its making */
	struct fanout_members	 members;
	struct fanout_groups	 groups;
	struct fanout_groups	 carried;	/* one for each connection:
						 * where others join in */
	size_t			 member_count, merged_count;
	size_t			 fed_count, parked_count;
	uint64_t		 suppressed, mismatches, unmerges;
	struct hg_feed		*feed;		/* see feed.c, or NULL */

	/* upstream = one; see one.c. */
	bool			 one;
	unsigned		 standby;
	uint64_t		 recheck;
	size_t			 backlog_max;
	TAILQ_ENTRY(fanout_flow) unbalanced_entry; /* worker->unbalanced */
	bool			 unbalanced;
	bool			 held;		/* those that feed are */
	struct fanout_members	 awake;		/* merged ones; the feeder
						 * first */
	struct fanout_members	 kept;
	struct fanout_members	 resting;	/* longest unchecked first */
	size_t			 pausing, waking;	/* and learning */
	uint64_t		 takeovers;
};

struct fanout_group {
	TAILQ_ENTRY(fanout_group) entry;	/* flow->groups */
	TAILQ_ENTRY(fanout_group) carried_entry;	/* flow->carried */
	struct fanout_flow	*flow;
	struct hg_member	*carrier;
	struct fanout_members	 members;	/* the carrier too; oldest
						 * first */
	uint64_t		 sent;
	bool			 is_carried;	/* is in flow->carried */
	bool			 is_placed;	/* the wire was told "sent" */
	bool			 is_parked;	/* nothing is sent */
	bool			 stranded;	/* its carrier has gone without
						 * a word: see group.c */
	bool			 following;	/* the flow is common, it has
						 * been at the head, and what
						 * it lacks is in the backlog */
};

/*
 * The handle that a translator holds. It lives until leave. Once its child has
 * closed or ended, or its subscription cannot go on, flow is NULL and it only
 * waits for leave.
 */
struct hg_member {
	TAILQ_ENTRY(hg_member) handle_entry;	/* worker->handles */
	TAILQ_ENTRY(hg_member) entry;		/* flow->members */
	TAILQ_ENTRY(hg_member) group_entry;		/* group->members */
	TAILQ_ENTRY(hg_member) held_entry;		/* holder->holding */
	TAILQ_ENTRY(hg_member) ending_entry;	/* worker->ending */
	struct fanout_node	 node;		/* worker->members, by child */

	struct hg_channel	*channel;	/* the child; NULL: closed */
	struct hg_channel	*parent;
	struct hg_conn		*conn;
	struct fanout_flow	*flow;
	struct fanout_group	*group;		/* NULL: alone */
	bool			 can_ride;	/* its child has an id on the
						 * wire and fan-out */
	bool			 ended;		/* nobody need end the child */
	bool			 is_parked;
	bool			 is_fed;	/* see resume.c */
	uint64_t		 resume_by;	/* it waits until then; or 0 */
	bool			 ending, leaving;	/* in worker->ending */
	unsigned		 code;		/* for the child's end */
	char			 reason[FANOUT_REASON];

	/* Merged. */
	uint64_t		 cursor;
	uint64_t		 marks;		/* copies out of order: bit 0 is
						 * cursor + 1 */
	uint64_t		 good;		/* matches since merged */
	uint64_t		 ride_at, ride_wait;	/* when to try to share
							 * a carrier again */
	uint64_t		 late_cursor, late_at;	/* see quiet.c */

	/* Alone. */
	struct fanout_history	 history;
	struct fanout_skip	 skip;
	uint64_t		 base;		/* the head that history began
						 * at */
	uint64_t		 left;		/* the group had been sent */
	uint64_t		 try_at;	/* history count of the next
						 * attempt to align */
	unsigned		 patience;	/* 1, 2, 4 ...: times verify */
	uint64_t		 copied_at;	/* ms of the last copy, or the
						 * join */

	/* The subscription at the broker: see one.c. */
	TAILQ_ENTRY(hg_member) source_entry;	/* flow->awake, kept, resting */
	const struct hg_source	*source;	/* NULL: it never rests */
	void			*source_arg;
	enum fanout_source	 state;
	bool			 listed;	/* by source_entry */
	bool			 parting;	/* not relied on any more */
	bool			 part_later;	/* in worker->ending */
	bool			 spent;		/* kept: it feeds no more */
	bool			 released;	/* kept: its translator knows */
	bool			 rotate;	/* it is to be checked */
	bool			 checking;
	bool			 held;		/* by the flow */
	uint64_t		 state_at;	/* ms */
	uint64_t		 check_at;	/* ms: when it is due, or was asked */

	struct hg_silent	*silent;	/* see feed.c, or NULL */

	/* Back-pressure: see hold.c. */
	struct hg_member	*held_by;
	struct fanout_members	 holding;
};

/* What a group lacks is in the backlog, as its members need have no copies. */
static inline bool
fanout_is_common(const struct fanout_flow *flow)
{
	return (flow->one || flow->feed != NULL);
}

struct fanout_worker {
	struct fanout_table	 places, members, flows;
	struct fanout_members	 handles;
	struct fanout_members	 ending;
	TAILQ_HEAD(, fanout_flow) unbalanced;
	unsigned		 checks;	/* that are not answered */
	bool			 posted;	/* fanout_balance */
	bool			 stopping;
	size_t			 kept;		/* bytes of all stores */
	unsigned		 busy;
	struct hg_timer		*timer;
	uint64_t		 tick;		/* ms; 0: no flow yet */
};

extern const struct hg_plugin hg_plugin_entry;

/* fanout.c */
struct fanout_worker *fanout_worker(void);
void	fanout_count(enum fanout_counter, int64_t);
/* Of a channel's service when that is known, else of [plugin fanout]. */
const struct fanout_options *fanout_options_of(const struct fanout_place *);

/* Bytes that the flows of one worker may keep. */
size_t	fanout_store_total(void);

/* place.c */
struct fanout_place *fanout_place_find(struct fanout_worker *,
    const struct hg_channel *);
/* A member and the slot in its child, in whichever order they come. */
void	fanout_place_bind(struct fanout_worker *, struct hg_member *);
void	fanout_place_unbind(struct fanout_worker *, struct hg_member *);
extern const struct hg_hooks fanout_hooks;

/* share.c */
const char *fanout_share_check(const char *value, char *buffer, size_t size);
/* NULL, or what is wrong with the line. */
const char *fanout_rule_parse(struct fanout_rule *, const char *text);
/* The first line for it; not shared without one. */
struct fanout_rule fanout_share(const struct fanout_options *,
    const char *destination);
bool	fanout_glob(const char *pattern, size_t pattern_len, const char *text);

/* key.c */
struct fanout_identity {
	const char		*service, *subprotocol, *destination;
	enum fanout_scope	 scope;
	const char		*identity;	/* of the service's "auth"; NULL:
						 * it asks nobody */
	const void		*key, *credential;
	size_t			 key_len, credential_len;
};

int	fanout_key_load(void);
void	fanout_key_unload(void);
/* -1 without memory. */
int	fanout_key(unsigned char *out,
    const struct fanout_identity *);
/* Of the message's bytes; takes a copy of them in one run if need be. -1
 * without memory. */
int	fanout_digest(struct hg_frame **frame, struct fanout_digest *);

/* flow.c */
struct fanout_flow *fanout_flow_get(struct fanout_worker *,
    const unsigned char *key, const struct fanout_identity *,
    const struct fanout_options *, const struct fanout_rule *);
/* Nobody is in it any more. */
void	fanout_flow_free(struct fanout_worker *, struct fanout_flow *);
/* Nobody is merged any more: the next that is begins the sequence anew. */
void	fanout_flow_reset(struct fanout_flow *);
/* A new message's digest. Members that are too far behind are unmerged. */
void	fanout_flow_append(struct fanout_flow *, struct fanout_digest);

/* join.c */
extern const struct hg_flows fanout_flows;
/* The translator is done with it, and so are its child and its place. */
void	fanout_member_unbind(struct hg_member *);
/* Both not while busy. The second frees the handle, the first does not. */
void	fanout_member_end(struct hg_member *);
void	fanout_leave(struct hg_member *);

/* member.c */
/* How many digests in a row prove where it is. */
size_t	fanout_member_verify(const struct hg_member *);
/* Its history begins now. */
void	fanout_member_alone(struct hg_member *);
/* From alone: its copies are the flow's up to and with seq. -1 without
 * memory: it stays alone. */
int	fanout_member_merge(struct hg_member *, uint64_t seq);
/* Becomes alone, or ends when that cannot be. */
void	fanout_member_unmerge(struct hg_member *);
/* How much the wire still is to be told. */
enum fanout_parting {
	FANOUT_LEAVES,		/* by the translator: unmerge, then the end */
	FANOUT_ENDS,		/* the child is being ended: hand over */
	FANOUT_CLOSED,		/* the child is gone: nothing */
};

/* Out of its group and flow; the handle stays. Not while busy. */
void	fanout_member_detach(struct hg_member *, enum fanout_parting);
/* It cannot go on: it is detached and its child ended when not busy. */
void	fanout_member_abandon(struct hg_member *, const char *why);
/* The same with another code than 1011. */
void	fanout_member_abandon_by(struct hg_member *, unsigned code,
    const char *why);
/* The same, and by nobody's mistake: messages are missing. */
void	fanout_member_gap(struct hg_member *, const char *why);
/* Its copies are the flow's, and up to a known place. */
static inline bool
fanout_is_in_step(const struct hg_member *member)
{
	return (member->group != NULL && !member->is_fed);
}

void	fanout_busy(void);
void	fanout_idle(void);

/* copy.c */
void	fanout_copy(struct hg_member *, struct hg_frame *frame);
/* The message up to "limit" that the copy of a member is: behind its cursor and
 * within the window; 0: none. */
uint64_t fanout_match(const struct hg_member *, struct fanout_digest,
    uint64_t limit);
void	fanout_mark(struct hg_member *, uint64_t seq);
void	fanout_suppress(struct fanout_flow *, struct hg_frame *frame);

/* group.c */
/* A group of that member only. -1 without memory. */
int	fanout_group_new(struct hg_member *, uint64_t sent);
void	fanout_group_leave(struct hg_member *, enum fanout_parting);
/* A member that lives on. -1: the wire cannot; it is in the group still. */
int	fanout_group_unmerge(struct hg_member *);
/* Lets a group of one join another group of its connection, if it can now. */
void	fanout_group_ride(struct fanout_group *);
/* Sends the group's next message; from: whose copy it is, or NULL. */
void	fanout_group_send(struct fanout_group *, struct hg_frame *frame,
    struct hg_member *from);
/* The same for the flow's newest, to all groups that are not behind. */
void	fanout_flow_send(struct fanout_flow *, struct hg_frame *frame,
    struct hg_member *from);

/* The members of the group, each in one of its own; the wire is not told. */
void	fanout_group_strand(struct fanout_group *);

/* store.c */
/* The flow's newest message. */
void	fanout_store_push(struct fanout_flow *, struct hg_frame *look);
/* There is a newest message, and it is not at hand. */
void	fanout_store_skip(struct fanout_flow *);
void	fanout_store_age(struct fanout_flow *);
void	fanout_store_finish(struct fanout_flow *);
/* Whether all messages behind seq are kept. */
bool	fanout_store_has(struct fanout_flow *, uint64_t seq);
/* Sends a group what it lacks, as far as its channel takes it. */
void	fanout_store_feed(struct fanout_group *);

/* resume.c */
int	fanout_resume(struct hg_member *, const char *flow, const char *epoch,
	    uint64_t seq, uint64_t *last);
void	fanout_fed_copy(struct hg_member *, struct fanout_digest);
/* The flow has a new message, which may be what they are found by. */
void	fanout_fed_align(struct fanout_flow *);
void	fanout_fed_tick(struct hg_member *, uint64_t now);
/* Its place is known: it is merged like others. */
void	fanout_fed_in_step(struct hg_member *, uint64_t seq);
/* Nobody feeds them any more. */
void	fanout_fed_lost(struct fanout_flow *);

/* park.c */
bool	fanout_park(struct hg_member *, bool really);

/* backlog.c */
/* The flow's newest message was sent to all but those that are behind. */
void	fanout_backlog_note(struct fanout_flow *, struct hg_frame **frame,
    bool behind);
void	fanout_backlog_clear(struct fanout_flow *);

/* Sends groups that are behind what is kept, also when they are full. */
void	fanout_catch_up(struct fanout_group *, bool force);

/* one.c: upstream = one. All do nothing for other flows. */
void	fanout_set_state(struct hg_member *, enum fanout_source);
/* A member has been merged, has left its group, its state has changed. */
void	fanout_one_joined(struct hg_member *);
void	fanout_one_left(struct hg_member *);
void	fanout_unbalance(struct fanout_flow *);
/* What is to be asked of translators now. Between two turns only. */
void	fanout_balance(struct fanout_worker *);
/* Whether another than this one feeds. */
bool	fanout_is_fed(const struct fanout_flow *,
    const struct hg_member *but);
/* Whether nobody else feeds those that have no subscription. */
bool	fanout_is_needed(const struct hg_member *);
/* If nobody feeds: those who receive nothing any more are told. */
void	fanout_starve(struct fanout_flow *);
bool	fanout_set_source(struct hg_member *, const struct hg_source *, void *);
void	fanout_paused(struct hg_member *);
void	fanout_resumed(struct hg_member *);
void	fanout_checked(struct hg_member *);

/* onecopy.c: a copy of a member of such a flow that is merged or kept. */
bool	fanout_one_copy(struct hg_member *, struct fanout_digest,
    struct hg_frame *frame);
/* The flow's newest, to all groups that are not behind. */
void	fanout_one_send(struct fanout_flow *, struct hg_frame *frame);
/* All groups are behind: those that feed wait, until one is not. */
void	fanout_flow_hold(struct fanout_flow *);
void	fanout_flow_release(struct fanout_flow *);

/* feed.c */
bool	fanout_feed(struct hg_member *, const void *name, size_t len);
/* A resumed member has got what the flow has. */
void	fanout_feed_in_step(struct hg_member *);
/* The member goes. */
void	fanout_feed_left(struct hg_member *);
void	fanout_feed_close(struct fanout_flow *);

/* learn.c: where the copies of one stand that has its subscription again. */
void	fanout_learn_begin(struct hg_member *);
/* A copy is the flow's next: true; it was dropped: false. */
bool	fanout_learn(struct hg_member *, struct fanout_digest);
void	fanout_learn_quiet(struct hg_member *, uint64_t now);

/* part.c */
bool	fanout_part(struct hg_member *, unsigned code, const char *reason);
/* It goes, but its copies feed on, if they are needed; else false. */
bool	fanout_member_keep(struct hg_member *, enum fanout_parting);
/* Kept ones that feed nobody, or are of no use. */
void	fanout_spend(struct hg_member *);
void	fanout_spend_all(struct fanout_flow *);
/* What was put off while busy. */
void	fanout_part_late(struct hg_member *);

/* recheck.c: whether there is something to wait for. */
bool	fanout_one_tick(struct fanout_flow *, uint64_t now);
/* Asks for one member that is due; false: nobody is. */
bool	fanout_check_one(struct fanout_flow *);
/* When a member is to be checked next. */
void	fanout_check_later(struct hg_member *);

/* hold.c */
void	fanout_hold(struct hg_member *, struct hg_member *holder);
void	fanout_release(struct hg_member *);
void	fanout_release_all(struct hg_member *holder);
bool	fanout_is_held(const struct hg_member *);

/* quiet.c */
void	fanout_tick_start(struct fanout_worker *);

/* report.c */
void	fanout_report(const char *what, struct hg_report *);

#endif
