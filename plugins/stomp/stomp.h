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
	/* Until it is accepted. */
	char			*destination;	/* terminated */
	char			*key;
	size_t			 key_len;
	size_t			 id_len;
	char			 id[];
};

TAILQ_HEAD(stomp_waiting, stomp_sub);

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
	uint64_t			 receipts;	/* asked for so far */
};

/* Of a child channel. */
struct stomp_child {
	struct hg_slot		*slot;
	struct stomp_session	*session;	/* with sub */
	struct stomp_sub	*sub;		/* NULL: of another headgate, or
						 * its subscription is gone */
	char			*intro;		/* NULL: nothing is put in */
	size_t			 intro_len;
	bool			 is_text;	/* the intro may be in text */
	bool			 is_binary;	/* this message goes as that */
	struct hg_frame		*begin;		/* too short to tell yet */
};

/* A slot's state: one of them is set. */
struct stomp {
	struct stomp_session	*session;
	struct stomp_child	*child;
};

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
	/* The subscription whose child is being opened. */
	struct stomp_session	*opening_session;
	struct stomp_sub	*opening;
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
void	stomp_table_finish(struct stomp_session *);
void	stomp_table_each(struct stomp_session *,
	    void (*)(struct stomp_session *, struct stomp_sub *));

/* subscribe.c */
void	stomp_subscribe(struct stomp_session *, struct stomp_work *);
void	stomp_unsubscribe(struct stomp_session *, struct stomp_work *);
void	stomp_receipt(struct stomp_session *, struct stomp_work *);

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
