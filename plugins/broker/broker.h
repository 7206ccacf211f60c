/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded STOMP broker (1.0, 1.1, 1.2). One session is one channel and
 * belongs to its worker, with its subscriptions. Destinations are shared by all
 * workers: what of them another worker may touch is guarded by broker.lock,
 * which is never held while a frame is sent.
 *
 *	recv -> parse.c -> session.c -> command.c, connect.c, ack.c,
 *	transaction.c -> topic.c, queue.c -> wake.c -> form.c, message.c ->
 *	broker_write -> channel
 */
#ifndef BROKER_H
#define BROKER_H

#include <headgate/plugin.h>

#include <pthread.h>
#include <stdatomic.h>

#define BROKER_WORKERS	256
#define BROKER_NAME	1024	/* bytes of a destination */
#define BROKER_INBOX	100	/* messages on their way to one consumer */
#define BROKER_OVERHEAD	128	/* bytes that each kept message counts more */
#define BROKER_FORMS	1024	/* buckets of each worker */
#define BROKER_SESSIONS	1024	/* the same */

/* --- lists ---------------------------------------------------------------- */

/* A list is a node of its own. */
struct broker_node {
	struct broker_node	*prev, *next;
};

#define BROKER_OF(node, type, member)					\
	((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline void
broker_list_init(struct broker_node *list)
{
	list->prev = list->next = list;
}

static inline bool
broker_list_empty(const struct broker_node *list)
{
	return (list->next == list);
}

static inline void
broker_list_insert(struct broker_node *before, struct broker_node *node)
{
	node->next = before;
	node->prev = before->prev;
	before->prev->next = node;
	before->prev = node;
}

static inline void
broker_list_push(struct broker_node *list, struct broker_node *node)
{
	broker_list_insert(list, node);
}

/* Twice does no harm. */
static inline void
broker_list_remove(struct broker_node *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	broker_list_init(node);
}

/* --- options and counters ------------------------------------------------- */

struct broker_options {
	struct hg_strings	 users, deny;
	bool			 anonymous;
	int64_t			 headers, header_max, head_max, body_max;
	int64_t			 subscriptions, unacked, subscriber_queue;
	int64_t			 queue_messages, queue_bytes;
	int64_t			 destinations, store;
	int64_t			 transactions, transaction_frames;
	int64_t			 transaction_bytes;
	int64_t			 heartbeat, login_timeout;
};

enum broker_counter {
	BROKER_COUNT_LOGINS,
	BROKER_COUNT_REFUSED,
	BROKER_COUNT_IN,
	BROKER_COUNT_OUT,
	BROKER_COUNT_REDELIVERED,
	BROKER_COUNT_SLOW,
	BROKER_COUNT_ERRORS,
};

extern HG_HIDDEN const struct hg_option broker_options[];
void	 broker_count(enum broker_counter);
void	 broker_count_more(enum broker_counter, size_t by);

/* --- bytes ---------------------------------------------------------------- */

/* Bytes that grow, in recycled memory; failed once there was none. All zero is
 * empty. */
struct broker_buffer {
	char	*data;
	size_t	 len, size;
	bool	 failed;
};

void	 broker_add(struct broker_buffer *, const void *, size_t);
void	 broker_add_text(struct broker_buffer *, const char *);
void	 broker_buffer_free(struct broker_buffer *);
bool	 broker_utf8(const void *, size_t);
/* "*" stands for any bytes. */
bool	 broker_match(const char *pattern, const char *text);
/* Digits only, at most max. */
bool	 broker_number(const char *, size_t, uint64_t max, uint64_t *);
uint64_t broker_hash(const uint64_t key[2], const void *, size_t);

/* --- frames from a client ------------------------------------------------- */

enum broker_version {
	BROKER_NO_VERSION,	/* not connected */
	BROKER_1_0,
	BROKER_1_1,
	BROKER_1_2,
};

enum broker_command {
	BROKER_CONNECT,
	BROKER_SEND,
	BROKER_SUBSCRIBE,
	BROKER_UNSUBSCRIBE,
	BROKER_ACK,
	BROKER_NACK,
	BROKER_BEGIN,
	BROKER_COMMIT,
	BROKER_ABORT,
	BROKER_DISCONNECT,
	BROKER_UNKNOWN,
};

struct broker_header {
	char	*name;
	char	*value;
};

/* Points into the parser's memory; good until the next byte is fed. */
struct broker_frame {
	enum broker_command	 command;
	size_t			 count;
	struct broker_header	*header;	/* unescaped, as they came */
	const char		*body;
	size_t			 body_len;
};

enum broker_parsed {
	BROKER_MORE,	/* all bytes were used */
	BROKER_HEAD,	/* the head is complete: may the frame go on? */
	BROKER_FRAME,	/* complete: to be followed by broker_parser_free */
	BROKER_BAD,	/* see error and error_code */
};

struct broker_parser {
	enum {
		BROKER_BETWEEN,
		BROKER_BETWEEN_CR,	/* a CR that needs a LF */
		BROKER_IN_HEAD,
		BROKER_IN_BODY,
		BROKER_AT_NUL,		/* behind content-length bytes */
	}			 state;
	struct broker_buffer	 head, body;
	size_t			 line;		/* where it begins in head */
	uint64_t		 lines;
	size_t			 header_size;	/* bytes of frame.header */
	bool			 has_length;
	uint64_t		 length;
	struct broker_frame	 frame;
	const char		*error;
	unsigned		 error_code;
};

enum broker_parsed broker_parse(struct broker_parser *,
	    const struct broker_options *, enum broker_version,
	    const char *data, size_t len, size_t *used);
void	 broker_parser_free(struct broker_parser *);
/* Cuts a head into command and headers. NULL, or what is wrong. */
const char *broker_parse_head(struct broker_parser *, enum broker_version);
/* The first of that name, or NULL. */
const char *broker_header(const struct broker_frame *, const char *name);
/* In place. False: a sequence that the version does not have. */
bool	 broker_unescape(char *, enum broker_version);
/* False: this version cannot say it; nothing was added. */
bool	 broker_add_escaped(struct broker_buffer *, const char *,
	    enum broker_version);
bool	 broker_add_header(struct broker_buffer *, const char *name,
	    const char *value, enum broker_version);

/* --- messages and destinations -------------------------------------------- */

/* Constant once made; held and released on any worker. */
struct broker_message {
	atomic_uint		 refs;
	struct hg_frame		*body;
	bool			 text;		/* the body is UTF-8 */
	size_t			 cost;		/* counted in broker.store */
	size_t			 count;
	struct broker_buffer	 fields;	/* name NUL value NUL ... */
};

/* A message in a queue, with a consumer, or only its number (topics). */
struct broker_item {
	struct broker_node	 node;
	struct broker_message	*message;	/* NULL for topics */
	uint64_t		 number;	/* place in the queue */
	uint64_t		 delivery;	/* in the subscription */
	bool			 redelivered;
};

/* A topic's message for one worker. */
struct broker_parcel {
	struct broker_message	*message;
	uint64_t		 number;
};

/*
 * Subscriptions of one worker to one topic that are sent the very same bytes:
 * one version, one id, no ACK. It is there as long as it has a member. The form
 * "own" of a topic is for the others, whose messages have an ACK's name.
 */
struct broker_form {
	struct broker_node	 node;		/* of local */
	struct broker_node	 bucket;	/* of the worker */
	struct broker_node	 members;
	const struct broker_destination *destination;
	enum broker_version	 version;
	const char		*id;		/* NULL: 1.0 without one */
	bool			 walked;	/* stays for so long */
	bool			 bare;		/* no number */
	size_t			 before_len, after_len;
	char			*before;	/* the message's number */
	char			*after;
};

/* See feed.c. */
struct hg_feed {
	struct broker_node	 node;		/* of local */
	struct broker_local	*local;
	struct broker_form	*form;		/* has no members */
	void			 (*fn)(void *arg, struct hg_frame *frame);
	void			*arg;		/* fn is NULL: closed */
	bool			 walked;	/* stays for so long */
};

/* The part of a topic that belongs to one worker. */
struct broker_local {
	struct broker_destination *destination;
	struct broker_node	 forms;
	struct broker_node	 feeds;
	struct broker_form	 own;
	struct broker_node	*next;		/* member to be sent to */
	/* Under the lock. */
	unsigned		 count;		/* subscriptions, feeds */
	struct broker_node	 ready;		/* of the worker */
	struct broker_parcel	*parcels;	/* to be sent, in order */
	size_t			 parcel_count, parcel_size;
};

/* All under the lock, except as said. */
struct broker_destination {
	struct broker_node	 node;		/* of a bucket */
	unsigned		 refs;
	bool			 is_queue;
	uint64_t		 serial;	/* of all there ever were */
	uint64_t		 number;	/* of its newest message */
	struct broker_node	 items;		/* queue: in order */
	size_t			 item_count, item_bytes;
	struct broker_node	 consumers;	/* queue: who is next first */
	unsigned		 subscribers;
	const char		*name;
	struct broker_local	 local[];	/* topic: one for each worker */
};

struct broker_worker {
	struct broker_node	 form[BROKER_FORMS];
	struct broker_node	 session[BROKER_SESSIONS];
	/* What it has to deliver. Under the lock. */
	struct broker_node	 queues;	/* consumers with an inbox */
	struct broker_node	 topics;	/* locals with parcels */
	bool			 woken;		/* a post is on its way */
	bool			 busy;		/* sends topics' messages */
};

#define BROKER_BUCKETS	4096

struct broker {
	pthread_mutex_t		 lock;
	struct broker_worker	*worker[BROKER_WORKERS];
	struct broker_node	 bucket[BROKER_BUCKETS];
	uint64_t		 key[2];
	char			 id[20];	/* begins all message-ids of
						 * topics */
	uint64_t		 serial;	/* of the newest destination */
	size_t			 destinations;
	atomic_size_t		 store;		/* cost of all messages */
};

extern HG_HIDDEN struct broker broker;

/* --- sessions ------------------------------------------------------------- */

enum broker_ack {
	BROKER_ACK_AUTO,
	BROKER_ACK_CLIENT,	/* cumulative */
	BROKER_ACK_INDIVIDUAL,
};

struct broker_subscription {
	struct broker_node	 node;		/* of the session */
	struct broker_node	 member;	/* of local or of consumers */
	struct broker_node	 ready;		/* of the worker; locked */
	unsigned		 refs;
	bool			 gone;
	struct broker_session	*session;
	struct broker_destination *destination;
	unsigned		 worker;
	uint64_t		 since;		/* topic: messages after it */
	uint64_t		 serial;	/* in the session, from 1 */
	uint64_t		 delivery;	/* newest */
	char			*id;		/* NULL: 1.0 without one */
	enum broker_ack		 ack;
	struct broker_form	*form;		/* NULL: of a queue, or silent */
	bool			 silent;	/* see feed.c */
	void			 (*ended)(void *arg);	/* or NULL */
	void			*arg;
	struct broker_node	 unacked;	/* struct broker_item */
	/* Queue, under the lock. */
	struct broker_node	 inbox;
	size_t			 inbox_count;
	size_t			 held;		/* unacked */
	size_t			 held_max;
	bool			 stopped;	/* its channel is full */
};

/* A frame of a transaction. */
struct broker_step {
	struct broker_node	 node;
	enum broker_command	 command;	/* SEND, ACK, NACK */
	struct broker_message	*message;
	char			*destination;
	uint64_t		 serial, delivery;
};

struct broker_transaction {
	struct broker_node	 node;
	char			*id;
	struct broker_node	 steps;
};

struct broker_waiting {
	struct broker_node	 node;
	struct hg_frame		*frame;
};

/* The state of a slot. */
struct broker_session {
	struct broker_node	 node;		/* of the worker */
	struct hg_slot		*slot;
	struct hg_channel	*channel;
	const struct broker_options *options;
	struct broker_parser	 parser;
	enum broker_version	 version;
	bool			 ended;		/* says and hears no more */
	bool			 full;		/* until drain */
	bool			 leaving;	/* ended, but for what waits */
	unsigned		 end_code;
	const char		*end_reason;	/* constant */
	bool			 busy;		/* with a frame of its client */
	struct broker_node	 input;		/* frames for after that */
	char			 id[20];
	char			*user;		/* NULL: anonymous */
	const char		*receipt;	/* of the frame at hand */
	struct broker_node	 subscriptions;
	size_t			 subscription_count;
	uint64_t		 serial;	/* of the newest subscription */
	struct broker_node	 transactions;
	size_t			 transaction_count, step_count, step_bytes;
	struct broker_node	 waiting;	/* frames for when not full */
	size_t			 waiting_bytes;
	struct hg_timer		*login_timer;
	uint64_t		 beat_out, beat_in;	/* ms, 0: none */
	uint64_t		 sent_at, received_at;
};

/* session.c */
void	 broker_session_recv(struct broker_session *,
	    struct hg_frame *frame);
/* Behind what waits. Ends the session when too much waits. */
void	 broker_write(struct broker_session *, struct hg_frame *frame);
void	 broker_write_buffer(struct broker_session *,
	    struct broker_buffer *);
/* An ERROR frame, then the end. detail may be NULL; it is a peer's text. */
void	 broker_error(struct broker_session *, unsigned code,
	    const char *message, const char *detail);
void	 broker_session_end(struct broker_session *, unsigned code,
	    const char *reason);
void	 broker_session_drain(struct broker_session *);
/* Gives everything back that others could wait for. */
void	 broker_session_leave(struct broker_session *);

/* reply.c */
void	 broker_reply_connected(struct broker_session *);
void	 broker_reply_receipt(struct broker_session *);
void	 broker_reply_error(struct broker_buffer *,
	    const struct broker_session *, const char *message,
	    const char *detail);

/* auth.c */
enum hg_verdict broker_auth(struct hg_slot *, void *state,
	    const struct hg_head *request);

/* connect.c, heartbeat.c */
/* Takes as long for any passcode of the same length. */
bool	 broker_is_user(const struct broker_options *, const char *login,
	    const char *passcode);
void	 broker_connect(struct broker_session *, const struct broker_frame *);
void	 broker_login_timer(struct broker_session *);
bool	 broker_heartbeat(struct broker_session *, const char *value);

/* command.c, ack.c, transaction.c: each frame's own function */
void	 broker_command(struct broker_session *,
	    const struct broker_frame *);
/* Whether the frame may go on to its body; the session has ended if not. */
bool	 broker_command_check(struct broker_session *,
	    const struct broker_frame *);
void	 broker_ack(struct broker_session *, const struct broker_frame *);
/* Takes the reference. False: the session has ended. */
bool	 broker_publish(struct broker_session *, const char *destination,
	    struct broker_message *message);
/* The subscription, when that delivery waits for its ACK, or NULL. */
struct broker_subscription *broker_ack_find(struct broker_session *,
	    uint64_t serial, uint64_t delivery);
void	 broker_ack_apply(struct broker_subscription *, uint64_t delivery,
	    bool nack);
/* begin, commit, abort */
void	 broker_transaction(struct broker_session *,
	    const struct broker_frame *);
/* Keeps a step. It takes the message over. False: the session has ended. */
bool	 broker_transaction_add(struct broker_session *, const char *id,
	    const struct broker_step *);
void	 broker_transactions_free(struct broker_session *);

/* message.c */
struct broker_message *broker_message_new(struct broker_session *,
	    const struct broker_frame *);
void	 broker_message_ref(struct broker_message *);
void	 broker_message_unref(struct broker_message *);
/* The fields that come from the publisher, the body's length, and the empty
 * line. */
void	 broker_message_fields(struct broker_buffer *,
	    const struct broker_message *, enum broker_version);
/* Everything behind a subscriber's own headers. NULL: no memory. */
struct hg_frame *broker_message_tail(const struct broker_message *,
	    enum broker_version);
/* Sends it; tail is only looked at. */
void	 broker_message_send(struct broker_subscription *,
	    const struct broker_item *, struct hg_frame *tail, bool text);

/* destination.c */
const char *broker_destination_check(const char *name);
/* With the lock held. find: NULL when there is none. get: NULL without memory
 * or when there are too many. */
struct broker_destination *broker_destination_find(const char *name);
struct broker_destination *broker_destination_get(const char *name,
	    size_t max);
void	 broker_destination_unref(struct broker_destination *);
void	 broker_report(const char *what, struct hg_report *);
void	 broker_destinations_free(void);

/* subscription.c */
void	 broker_subscribe(struct broker_session *,
	    const struct broker_frame *);
void	 broker_unsubscribe(struct broker_session *,
	    const struct broker_frame *);
void	 broker_subscription_unref(struct broker_subscription *);
void	 broker_subscription_leave(struct broker_subscription *);

/* topic.c. publish: takes the message. Non-zero: no memory. deliver: what
 * waits for one worker, on it. */
int	 broker_topic_join(struct broker_subscription *);
void	 broker_topic_leave(struct broker_subscription *);
int	 broker_topic_publish(const char *name,
	    struct broker_message *message);
void	 broker_topic_deliver(struct broker_local *);

/* form.c. join: non-zero without memory. frame: a message as the form's members
 * get it; NULL without memory. */
int	 broker_form_join(struct broker_local *,
	    struct broker_subscription *);
void	 broker_form_leave(struct broker_subscription *);
/* It goes, if it has no member and is not walked. */
void	 broker_form_settle(struct broker_form *);
struct hg_frame *broker_form_frame(const struct broker_form *,
	    const struct broker_parcel *);
/* One of a feed: without a subscription's own headers. */
struct broker_form *broker_form_bare(const struct broker_subscription *);

/* feed.c */
extern HG_HIDDEN const struct hg_feeds broker_feeds;
void	 broker_feeds_send(struct broker_local *,
	    const struct broker_parcel *, size_t count);
/* It ends: who relies on it is told. */
void	 broker_silent_leave(struct broker_subscription *);
void	 broker_session_list(struct broker_session *);

/* wake.c, with the lock held: that worker delivers, soon. Non-zero: no
 * memory. */
int	 broker_wake(unsigned worker);
/* Sends what this worker has of topics, for a session that subscribes: so that
 * what it is told next comes behind what was published before. */
void	 broker_catch_up(const struct broker_session *);
/* The same for all. */
void	 broker_catch_up_all(void);

/* queue.c. publish: NULL, or why not; takes the message. */
void	 broker_queue_join(struct broker_subscription *);
void	 broker_queue_leave(struct broker_subscription *);
const char *broker_queue_publish(const struct broker_options *,
	    const char *name, struct broker_message *message);
void	 broker_queue_deliver(struct broker_subscription *);
/* Of the unacked ones, those in the list are done, or go back. */
void	 broker_queue_settle(struct broker_subscription *,
	    struct broker_node *items, bool back);
void	 broker_queue_stop(struct broker_subscription *, bool);
struct broker_item *broker_item_new(void);	/* zeroed, or NULL */
void	 broker_item_free(struct broker_item *);

#endif
