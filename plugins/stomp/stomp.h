/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's STOMP session, seen from its channel: what the client sends comes
 * by recv and goes on upwards, what the broker sends comes by send and goes on
 * downwards. Where the broker is reached by a trunk, the other end of it
 * translates, and this one only keeps the client's hop in order.
 *
 * Everything belongs to the channel's worker.
 */
#ifndef STOMP_STOMP_H
#define STOMP_STOMP_H

#include <sys/queue.h>

#include "parse.h"

#define STOMP_EARLY_MAX		65536	/* bytes of a client before CONNECTED */
#define STOMP_SHARED_ID_MAX	512	/* bytes of an id that is merged */
#define STOMP_COMMAND_LINE	"MESSAGE\n"
#define STOMP_MADE		64	/* messages kept for the next child */
#define STOMP_MADE_INTRO	256	/* longest intro of these */
#define STOMP_KEPT_MAX		65536	/* bytes that a client's state may have
					 * to be made again */
#define STOMP_HELD_MAX		(256 * 1024)	/* bytes of a client that waits */

/* Whether a table that begins with its size is new enough, and has it. */
#define STOMP_HAS(table, member)					\
	((table)->size >= offsetof(__typeof__(*(table)), member) +	\
	sizeof((table)->member) && (table)->member != NULL)

struct stomp_options {
	int64_t		 body_max;
	int64_t		 subscriptions_max;
	int64_t		 connect_timeout;
	const char	*heart_beat;
	const char	*upstream_heart_beat;
	int		 content_length;
};

enum stomp_counter {
	STOMP_FRAMES_FROM_CLIENT,
	STOMP_FRAMES_FROM_BROKER,
	STOMP_MESSAGES,
	STOMP_SUBSCRIPTIONS,
	STOMP_SHARED_SUBSCRIPTIONS,
	STOMP_ERRORS,
	STOMP_UNKNOWN_SUBSCRIPTION,
	STOMP_HEARTBEATS_MISSED,
	STOMP_ORPHANS,		/* now */
	STOMP_LATE_MESSAGES,
	STOMP_PARKED,			/* up and down */
	STOMP_RESUMED,
	STOMP_GAPS,
};

enum stomp_state {
	STOMP_AWAITS_CONNECT,		/* of the client */
	STOMP_AWAITS_CONNECTED,		/* of the broker */
	STOMP_RUNNING,
	STOMP_LEAVING,			/* the client sent DISCONNECT */
	STOMP_OVER,			/* an ERROR was sent to the client */
};

/* The beats of one hop; 0 milliseconds: none. */
struct stomp_beat {
	uint32_t	send_ms;	/* at least so often */
	uint32_t	expect_ms;	/* from the other side */
	uint64_t	sent_at, heard_at;
};

struct stomp_session;
struct stomp_child;
struct stomp_source;

/*
 * At an edge: what a client would have to say again behind a lost trunk. Owned
 * by its session. See again.c and rejoin.c.
 */
struct stomp_kept {
	TAILQ_ENTRY(stomp_kept)	 entry;
	struct stomp_child	*child;		/* while it is open; or NULL */
	char			*frame;		/* SUBSCRIBE, without receipt */
	size_t			 frame_len;
	bool			 has_flow;	/* its child is of this one */
	char			 flow[33], epoch[9];
	bool			 is_placed;	/* lost at "place" */
	uint64_t		 place;
	bool			 is_awaited;	/* to be resumed */
	size_t			 id_len;
	char			 id[];
};

TAILQ_HEAD(stomp_kepts, stomp_kept);

enum stomp_phase_of_loss {
	STOMP_NOT_LOST,
	STOMP_LOST,			/* there is no way to the broker */
	STOMP_SAYS_CONNECT,
	STOMP_SAYS_SUBSCRIBE,		/* children are being resumed */
};

struct stomp_held {
	STAILQ_ENTRY(stomp_held) entry;
	struct hg_frame		*frame;
};

struct stomp_again {
	enum stomp_phase_of_loss phase;
	bool			 is_hopeless;	/* cannot be made again */
	bool			 is_unproven;	/* a frame without a receipt may
						 * have got lost */
	unsigned		 awaited;	/* receipts of the client */
	char			*connect;
	size_t			 connect_len;
	size_t			 bytes;
	struct stomp_kepts	 subs;
	STAILQ_HEAD(, stomp_held) held;
	size_t			 held_bytes;
};

enum stomp_sub_state {
	STOMP_SUB_ASKED,	/* the broker has not accepted it yet */
	STOMP_SUB_LIVE,
	STOMP_SUB_LEAVING,	/* UNSUBSCRIBE was sent, RECEIPT awaited */
};

/*
 * One subscription, owned by its session's table. Its messages go to the member
 * where the destination is shared, else to the child, else (no child could be
 * had) on the session's own channel. A child that the other end ended leaves
 * both NULL and is_deaf set.
 */
struct stomp_sub {
	struct stomp_sub	*next;		/* of its bucket */
	TAILQ_ENTRY(stomp_sub)	 waiting;	/* for a receipt */
	enum stomp_sub_state	 state;
	bool			 is_waiting;
	bool			 is_shareable;
	bool			 is_deaf;
	struct hg_member	*member;
	struct hg_channel	*child;
	struct stomp_child	*link;		/* the child's state, while it
						 * is open */
	/* Our own receipts, 0: none is awaited; and the client's, or NULL. */
	uint64_t		 subscribe_no, unsubscribe_no;
	char			*subscribe_receipt, *unsubscribe_receipt;
	size_t			 subscribe_receipt_len, unsubscribe_receipt_len;
	/* Its id at the broker is one of ours with that number; 0: it is the
	 * client's. */
	TAILQ_ENTRY(stomp_sub)	 wired;
	uint64_t		 wire;
	/* Where the flow may take it back at the broker: see source.c. */
	struct stomp_source	*source;
	bool			 is_simple;	/* it can be made again */
	char			*selector;	/* or NULL */
	size_t			 selector_len;
	/* Until it is accepted, or as long as there is a source. */
	char			*destination;	/* terminated */
	char			*key;
	size_t			 key_len;
	size_t			 id_len;
	char			 id[];
};

TAILQ_HEAD(stomp_waiting, stomp_sub);
TAILQ_HEAD(stomp_sources, stomp_source);

/*
 * A member's subscription at the broker, which the flow takes back and makes
 * again. It belongs to its subscription. That one is the session's table's until
 * the client has ended it, and then, while the broker still has it, its own.
 */
struct stomp_source {
	TAILQ_ENTRY(stomp_source) entry;	/* session->sources */
	struct stomp_session	*session;
	struct stomp_sub	*sub;
	/* Receipts that are awaited, or 0. */
	uint64_t		 pause_no, resume_no, check_no, end_no;
	bool			 is_absent;	/* the broker has none */
	bool			 is_kept;	/* for the flow alone */
	bool			 is_alone;	/* it is not in the table */
};

/* Of a client's channel; freed with its slot. */
struct stomp_session {
	struct hg_slot			*slot;
	struct hg_channel		*channel;
	const struct stomp_options	*options;
	const struct hg_flows		*flows;		/* or NULL */
	bool				 is_gateway;	/* translates */
	bool				 is_failed;	/* by hg->fail */
	bool				 has_nameless;	/* 1.0, without an id */
	bool				 has_temp_queues;
	bool				 has_transactions;
	uint8_t				 offered;	/* versions, as bits */
	enum stomp_state		 state;
	enum stomp_version		 version;
	struct stomp_parser		 client, broker;
	struct stomp_beat		 below, above;	/* client, broker */
	struct hg_timer			*timer;
	uint64_t			 deadline;	/* login's, or 0 */
	/* The client's bytes that wait for CONNECTED, and all before it. */
	char				*early;
	size_t				 early_len, early_size, early_all;
	char				*credential;
	size_t				 credential_len;
	char				*host;
	size_t				 host_len;
	/* Subscriptions. */
	struct stomp_sub		**buckets;
	unsigned			 bucket_count, sub_count;
	uint32_t			 seed;
	struct stomp_waiting		 waiting;
	uint64_t			 secret;	/* in our receipts */
	uint64_t			 receipts;	/* asked for so far, and
							 * ids */
	/* Sharing one subscription: see source.c, orphan.c. */
	TAILQ_HEAD(, stomp_sub)		 wired;
	struct stomp_sources		 sources;
	TAILQ_ENTRY(stomp_session)	 keeper;	/* worker->keepers */
	bool				 is_keeper;
	unsigned			 keeps;		/* sources that are kept */
	bool				 is_broker_lost;
	bool				 takes_back;	/* by itself */
	struct hg_frame			*disconnect;	/* waits for them */
	struct stomp			*home;		/* the slot's state */
	struct hg_kept			*orphan;	/* slot and channel are
							 * gone: the broker */
	unsigned			 resumes;	/* subscriptions that come
							 * back first */
	/* At an edge. */
	LIST_ENTRY(stomp_session)	 by_channel;	/* worker->sessions */
	bool				 is_listed;
	struct stomp_again		 again;
};

/* Of a child channel. */
struct stomp_child {
	struct hg_slot		*slot;
	struct stomp_session	*session;	/* with sub */
	struct stomp_sub	*sub;		/* NULL: of another headgate, or
						 * its subscription is gone */
	struct stomp_kept	*kept;		/* at an edge, or NULL */
	struct stomp_session	*kept_by;
	bool			 is_other;	/* not the flow that was lost */
	char			*intro;		/* NULL: nothing is put in */
	size_t			 intro_len;
	bool			 is_text;	/* the intro may be in text */
	bool			 is_packed;	/* by its wire: what members
						 * share is to stay apart */
	bool			 is_binary;	/* this message goes as that */
	struct hg_frame		*begin;		/* too short to tell yet */
};

/* A slot's state: one of them is set, or none any more. */
struct stomp {
	struct stomp_session	*session;
	struct stomp_child	*child;
};

#define STOMP_BUCKETS	1024

/* What was made of a flow's message for those with one intro. */
struct stomp_made {
	struct hg_frame		*to;
	size_t			 intro_len;
	char			 intro[STOMP_MADE_INTRO];
};

struct stomp_worker {
	struct stomp_work	*free;
	char			 id[17];	/* begins its message-ids */
	uint64_t		 number;	/* of the newest of them */
	/* A ring, and the messages that each was made of; NULL: free. */
	struct hg_frame		*made_from[STOMP_MADE];
	struct stomp_made	 made[STOMP_MADE];
	unsigned		 made_next;	/* to be replaced */
	unsigned		 made_found;	/* looked for from here on */
	bool			 made_timer;
	LIST_HEAD(, stomp_session) sessions[STOMP_BUCKETS];	/* of edges */
	/* The subscription whose child is being opened. */
	struct stomp_session	*opening_session;
	struct stomp_sub	*opening;
	TAILQ_HEAD(, stomp_session) keepers;
	struct hg_timer		*timer;		/* of their heart-beats */
};

/* stomp.c */
extern const struct hg_plugin hg_plugin_entry;
void	stomp_count(enum stomp_counter, int64_t);
struct stomp_worker *stomp_worker(void);
struct stomp_work *stomp_work_get(void);	/* NULL without memory */
void	stomp_work_put(struct stomp_work *);
/* A terminated copy, NULL without memory. */
char	*stomp_copy(const char *, size_t);

/* session.c */
struct stomp_session *stomp_session_create(struct hg_slot *);
void	stomp_session_destroy(struct stomp_session *);
/* The frame of work, to the broker or to the client. */
void	stomp_pass_up(struct stomp_session *, struct stomp_work *);
void	stomp_pass_down(struct stomp_session *, struct stomp_work *);
/* The same as a frame; NULL: no memory, the session has failed. */
struct hg_frame *stomp_frame_down(struct stomp_session *, struct stomp_work *);
struct hg_frame *stomp_frame_up(struct stomp_session *, struct stomp_work *);
void	stomp_send_up(struct stomp_session *, struct hg_frame *frame);
void	stomp_send_down(struct stomp_session *, struct hg_frame *frame);

/* from-client.c, from-broker.c */
void	stomp_from_client(struct stomp_session *, struct hg_frame *);
void	stomp_from_broker(struct stomp_session *, struct hg_frame *);

/* early.c: -1: too much or no memory, the session has failed. */
int	stomp_early_count(struct stomp_session *, size_t);
int	stomp_early_keep(struct stomp_session *, const struct hg_frame *,
	    size_t from);
void	stomp_early_replay(struct stomp_session *);

/* connect.c */
void	stomp_connect(struct stomp_session *, struct stomp_work *);
void	stomp_connected(struct stomp_session *, struct stomp_work *);
const char *stomp_check_beats(const char *, char *, size_t);

/* credential.c: -1 without memory. */
int	stomp_keep_credential(struct stomp_session *,
	    const struct stomp_work *);

/* heartbeat.c */
int	stomp_beat_parse(const char *, size_t, uint32_t pair[2]);
void	stomp_beat_agree(struct stomp_beat *, const uint32_t ours[2],
	    const uint32_t theirs[2]);
void	stomp_beat_start(struct stomp_session *);
void	stomp_heard_all(struct stomp_session *);

/* table.c: the subscriptions. */
struct stomp_sub *stomp_table_first(const struct stomp_session *,
	    struct stomp_text id);
/* The one that UNSUBSCRIBE would mean. */
struct stomp_sub *stomp_table_live(const struct stomp_session *,
	    struct stomp_text id);
struct stomp_sub *stomp_table_add(struct stomp_session *,
	    struct stomp_text id);
void	stomp_table_remove(struct stomp_session *, struct stomp_sub *);
/* The same, but it is not freed; and what is left of it then. */
void	stomp_table_take(struct stomp_session *, struct stomp_sub *);
void	stomp_sub_free(struct stomp_session *, struct stomp_sub *);
void	stomp_table_finish(struct stomp_session *);
void	stomp_table_each(struct stomp_session *,
	    void (*)(struct stomp_session *, struct stomp_sub *));

/* subscribe.c */
void	stomp_subscribe(struct stomp_session *, struct stomp_work *);
void	stomp_unsubscribe(struct stomp_session *, struct stomp_work *);
void	stomp_receipt(struct stomp_session *, struct stomp_work *);

#define STOMP_OWN_LEN	48
/* A receipt or an id of ours, terminated; its length. */
int	stomp_own_format(const struct stomp_session *, uint64_t number,
	    char *out);
/* Its number; 0: it is none. */
uint64_t stomp_own_number(const struct stomp_session *, struct stomp_text);
/* A RECEIPT for the client, unless receipt is NULL. */
void	stomp_answer_receipt(struct stomp_session *, struct stomp_work *,
	    const char *receipt, size_t len);

/* wire.c: ids at the broker. */
/* The broker has another subscription of that id: this gets one of ours. */
void	stomp_wire_new(struct stomp_session *, struct stomp_sub *);
void	stomp_wire_forget(struct stomp_session *, struct stomp_sub *);
/* Sets the header to what the broker knows it by. -1: no room. */
int	stomp_wire_set(struct stomp_session *, const struct stomp_sub *,
	    struct stomp_work *, enum stomp_name);
/* Whom a message with that id is for. is_ours: an id of ours, so that nobody
 * else can have meant it. */
struct stomp_sub *stomp_wire_find(struct stomp_session *, struct stomp_text,
	    bool *is_ours);
/* Whether a new one must not have that id at the broker. */
bool	stomp_wire_is_used(const struct stomp_session *, struct stomp_text);

/* source.c */
/* Of a new member, if it can be one and the flow wants it. */
void	stomp_source_add(struct stomp_session *, struct stomp_sub *);
void	stomp_source_free(struct stomp_session *, struct stomp_sub *);
/* False: the receipt is not of a source. */
bool	stomp_source_receipt(struct stomp_session *, uint64_t number);
/* The broker has accepted it again. */
void	stomp_source_resumed(struct stomp_session *, struct stomp_sub *);
/* When nothing is kept any more, what waited for it is done. The session may be
 * gone behind it, but not within its own hooks. */
void	stomp_source_settle(struct stomp_session *);
/* A frame that is ours. */
void	stomp_begin(struct stomp_work *, enum stomp_command);
void	stomp_say_unsubscribe(struct stomp_session *, struct stomp_sub *,
	    uint64_t receipt);

/* keep.c: what a subscriber that goes leaves to its flow. */
/* The child is ended. True: the flow keeps the subscription at the broker. */
bool	stomp_keep(struct stomp_session *, struct stomp_sub *, unsigned code,
	    const char *reason);
/* The same or an end, for all. True: one is kept. */
bool	stomp_keep_all(struct stomp_session *, unsigned code,
	    const char *reason);
/* True: UNSUBSCRIBE was dealt with, the broker need not know of it now. */
bool	stomp_keep_unsubscribe(struct stomp_session *, struct stomp_sub *,
	    struct stomp_work *);
/* True: DISCONNECT waits. */
bool	stomp_keep_disconnect(struct stomp_session *, struct stomp_work *);

/* All else that the broker has of the session's is taken back. */
void	stomp_keep_only(struct stomp_session *);

/* orphan.c */
/* The session goes on without its slot, if the host can do that. */
int	stomp_orphan(struct stomp_session *);
void	stomp_orphan_end(struct stomp_session *);
/* Its heart-beats are looked after while something is kept. */
void	stomp_keeper_add(struct stomp_session *);
void	stomp_keeper_remove(struct stomp_session *);

/* message.c */
void	stomp_message(struct stomp_session *, struct stomp_work *);
void	stomp_see_reply_to(struct stomp_session *, const struct stomp_work *);

/* key.c: what SUBSCRIBE says, but the id and the receipt. -1: no memory. */
int	stomp_keep_key(struct stomp_session *, struct stomp_sub *,
	    const struct stomp_work *);

/* join.c */
void	stomp_accept(struct stomp_session *, struct stomp_sub *);
void	stomp_leave(struct stomp_session *, struct stomp_sub *, unsigned code,
	    const char *reason);
void	stomp_leave_all(struct stomp_session *, unsigned code,
	    const char *reason);

/* again.c: what an edge keeps of its client, to be said again. */
void	stomp_again_start(struct stomp_session *);
void	stomp_again_finish(struct stomp_session *);
/* A frame of the client goes up; look: as it is sent. */
void	stomp_again_frame(struct stomp_session *, struct stomp_work *,
	    struct hg_frame *look);
void	stomp_again_receipt(struct stomp_session *);
/* A child that the gateway has opened for one of the subscriptions. */
void	stomp_again_child(struct stomp_child *, struct stomp_text id,
	    const struct hg_head *request);
void	stomp_again_child_gone(struct stomp_child *);

/* rejoin.c: a lost trunk, at the edge. */
int	stomp_rejoin_park(struct stomp_session *);
void	stomp_rejoin(struct stomp_session *);
/* Whether the frame was taken: the client waits. */
bool	stomp_rejoin_hold(struct stomp_session *, const struct hg_frame *);
/* Of the broker, while it is at it. False: it is as any other. */
bool	stomp_rejoin_frame(struct stomp_session *, struct stomp_work *);
void	stomp_rejoin_child(struct stomp_child *);
void	stomp_rejoin_resumed(struct stomp_child *, bool);
void	stomp_rejoin_over(struct stomp_session *);

/* connect.c; -1: none that was offered. */
int	stomp_agreed_version(const struct stomp_session *,
	    const struct stomp_work *);

/* park.c: a lost trunk, at the gateway. */
#define STOMP_RESUMES	"x-headgate-resumes"
void	stomp_see_resumes(struct stomp_session *, struct stomp_work *);
struct hg_member *stomp_join_flow(struct stomp_session *, struct stomp_sub *,
	    struct hg_fields *);
int	stomp_park(struct stomp_session *);

/* personalise.c */
struct stomp_child *stomp_child_create(struct hg_slot *);
void	stomp_child_destroy(struct stomp_child *);
enum hg_verdict stomp_child_send(struct stomp_child *, struct hg_frame *);
/* The child's channel ends. */
void	stomp_child_ending(struct stomp_child *, enum hg_direction,
	    unsigned code);

/* made.c: the message with the child's intro, for it and all that are alike;
 * looks at the frame. NULL: no memory. */
struct hg_frame *stomp_make(const struct stomp_child *,
	    struct hg_frame *look);
/* The same if it was made before; NULL: not. */
struct hg_frame *stomp_made(const struct stomp_child *,
	    const struct hg_frame *look);
void	stomp_made_start(struct stomp_worker *);
/* Forgets all; data: struct stomp_worker. */
void	stomp_made_forget(void *data);

/* percent.c: out has room for three times the length and one byte more. */
void	stomp_percent_encode(char *out, const char *, size_t);
/* -1: malformed. */
int	stomp_percent_decode(char *out, const char *);

/* error.c: tells the client, and ends its channel. */
void	stomp_fail(struct stomp_session *, unsigned code, const char *, ...)
	    HG_PRINTF(3, 4);
/* ERROR without an end; nothing when one was sent, or DISCONNECT came. */
void	stomp_send_error(struct stomp_session *, const char *message);

#endif
