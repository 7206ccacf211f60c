/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this plugin share. Words: a mux is a connection that
 * negotiated x-kaazing-channels; a chan is what this side knows of one channel
 * on its wire. "Mine" was created by this side, "theirs" by the peer.
 *
 * All of a mux runs on one worker. Hooks may be called from within a call into
 * the host, so a chan that has ended is only set aside (channels_free) and
 * freed when the outermost hook returns (channels_leave).
 */
#ifndef CHANNELS_H
#define CHANNELS_H

#include <headgate/plugin.h>

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control.h"
#include "table.h"

#define CHANNELS_NAME		"x-kaazing-channels"
#define CHANNELS_FANOUT		"x-kaazing-fanout"
#define CHANNELS_ROOT		0x0000u
#define CHANNELS_CONTROL	0xffffu
#define CHANNELS_IDS		32767	/* of each side, hardly less */

#define CHANNELS_CHARGE		16	/* bytes charged beside the payload */
#define CHANNELS_WINDOW		65536	/* where a peer states none */
#define CHANNELS_TRUNK_WINDOW	(INT64_C(1) << 20)
#define CHANNELS_CHUNK_MIN	4096
#define CHANNELS_QUANTUM	16384	/* of a turn, in base mode */
#define CHANNELS_WAITING	256	/* creates without an answer */
#define CHANNELS_EARLY		8	/* the same, before anybody is known */
#define CHANNELS_EARLY_BYTES	32768
#define CHANNELS_LAST_WORD	30000	/* ms for the peer's destroy */
#define CHANNELS_LOST		(CHANNELS_IDS / 4)	/* ids, then drain */

/* In chunk mode, the third byte of a message. */
#define CHANNELS_LAST		0x80
#define CHANNELS_TEXT		0x40
#define CHANNELS_RSV1		0x20
#define CHANNELS_RSV2		0x10
#define CHANNELS_RSV3		0x08
#define CHANNELS_NO_BITS	0x07

/* Flags that all pieces of a message have in common. */
#define CHANNELS_KIND	(HG_TEXT | HG_RSV1 | HG_RSV2 | HG_RSV3)

enum channels_counter {
	COUNT_DATA_MESSAGES_SENT,
	COUNT_DATA_MESSAGES_RECEIVED,
	COUNT_DATA_BYTES_SENT,
	COUNT_DATA_BYTES_RECEIVED,
	COUNT_CONTROL_SENT,
	COUNT_CONTROL_RECEIVED,
	COUNT_CREATED,
	COUNT_ACCEPTED,
	COUNT_REFUSED,
	COUNT_MERGES,
	COUNT_UNMERGES,
	COUNT_MIGRATIONS,
	COUNT_CREDIT_STALLS,
	COUNT_MESSAGES_DROPPED,
	COUNT_LOST_IDS,
	COUNT_SLOWED,
	COUNT_PROTOCOL_ERRORS,
};

struct channels_options {
	int64_t	window;
	int64_t	trunk_window;
	int64_t	max_channels;
	int64_t	chunk;
	int64_t	queue_max;
	int64_t	store;
	int64_t	control_rate;
	int64_t	drain_time;
	bool	unmerge_slow;
};

/* Of one worker. */
struct channels_worker {
	uint64_t	 granted;	/* windows of all channels */
};

struct barrier;
struct chan;
struct mux;

/* One entry of a channel's send queue: a frame, or its place in line of a
 * control message. */
struct item {
	TAILQ_ENTRY(item)	 entry;		/* chan->queue or ->held */
	struct hg_frame		*frame;
	size_t			 offset;	/* sent already */
	uint64_t		 seq;		/* chan->log: its number */
	struct barrier		*barrier;
	TAILQ_ENTRY(item)	 twin;		/* barrier->items */
	struct chan		*chan;
	bool			 reached;	/* is at its queue's front */
};
TAILQ_HEAD(items, item);

/*
 * A control message that stands in line behind the data of the channels that
 * it names: it has an item in the queue of each, and is sent when all items
 * are at the front. All items of one barrier are queued at the same moment,
 * so two barriers have the same order in every queue and cannot wait for each
 * other.
 */
struct barrier {
	enum control_verb	 verb;
	struct chan		*chan;		/* the one it is about */
	struct chan		*other;		/* with=, carrier=, or NULL */
	struct items		 items;
	unsigned		 waits;		/* items not at the front */
	unsigned		 to;		/* migrate: the new id */
	unsigned		 code;
	bool			 has_seq;
	uint64_t		 seq;
	char			*text;		/* reason or head; owned */
	size_t			 text_len;
};

/*
 * One channel. It lives from its create until both sides' last word has passed
 * (see channels_settle), longer than the host's channel where an id was lost.
 */
struct chan {
	struct mux		*mux;
	struct hg_channel	*channel;	/* NULL: the host has none */
	TAILQ_ENTRY(chan)	 all;		/* mux->chans or ->gone */
	TAILQ_ENTRY(chan)	 turn;		/* mux->active or ->starved */
	TAILQ_ENTRY(chan)	 due;		/* mux->due or ->idle */
	TAILQ_ENTRY(chan)	 last;		/* mux->closing */
	TAILQ_ENTRY(chan)	 sibling;	/* parent->children */
	TAILQ_ENTRY(chan)	 fellow;	/* carrier->members */
	TAILQ_ENTRY(chan)	 copied;	/* carrier->copies */
	TAILQ_ENTRY(chan)	 plain;		/* mux->plain */
	TAILQ_ENTRY(chan)	 unsure;	/* logger->unsures */
	TAILQ_HEAD(, chan)	 children;
	struct chan		*parent;

	uint16_t		 id;		/* labels what this side sends */
	uint16_t		 peer_id;	/* labels what the peer sends */
	uint16_t		 to;		/* mine, reserved for a migrate */
	uint32_t		 serial;
	uint64_t		 deadline;	/* for the peer's last word */

	/* Life. */
	bool			 mine : 1;
	bool			 child : 1;
	bool			 create_sent : 1;
	bool			 waiting : 1;	/* create is not answered */
	bool			 opened : 1;
	bool			 refused : 1;	/* by this side */
	bool			 ending : 1;	/* destroy is queued or sent */
	bool			 sent_end : 1;	/* this side's last word */
	bool			 recv_end : 1;	/* the peer's last word */
	bool			 dropping : 1;	/* what is received */
	bool			 told : 1;	/* the host, of the end */
	bool			 lost : 1;	/* the peer never answered */
	bool			 gone : 1;	/* on mux->gone */
	bool			 granting : 1;	/* counted in the store */
	bool			 counted : 1;	/* in mux->mine or ->theirs */

	/* Lists that it is on. */
	bool			 on_active : 1;
	bool			 on_starved : 1;
	bool			 on_due : 1;
	bool			 on_idle : 1;
	bool			 on_closing : 1;
	bool			 on_plain : 1;

	/* Sending. */
	bool			 full : 1;	/* as told to the host */
	bool			 in_turn : 1;	/* has its quantum */
	bool			 is_next : 1;	/* waited long: no turns */
	bool			 out_open : 1;	/* queued: in a message */
	bool			 out_begun : 1;	/* sent: in a message */
	bool			 stalled : 1;	/* told in the counter */
	struct items		 queue;
	struct items		 held;		/* sent, but not yet accepted */
	size_t			 queued;	/* cost of queue and held */
	size_t			 deficit;
	unsigned		 out_kind;
	uint64_t		 sent, limit;	/* charged bytes */
	uint64_t		 sent_messages;
	unsigned char		*part;		/* message put together */
	size_t			 part_len, part_size;

	/* Receiving. */
	bool			 in_open : 1;	/* in a message */
	bool			 in_first : 1;	/* nothing of it passed on */
	bool			 stored : 1;	/* waits in the host */
	unsigned		 in_kind;
	uint64_t		 received, consumed, granted;
	uint64_t		 received_messages;

	/* Requests: one migrate, merge or unmerge may be unanswered. */
	bool			 asking : 1;	/* this side asks */
	bool			 asked : 1;	/* the peer asks */
	bool			 begged : 1;	/* "unmerge?" was sent */
	enum control_verb	 asking_verb;

	/* Merged sets: see merge.h. */
	bool			 flow_known : 1;
	bool			 copying : 1;
	bool			 in_group : 1;
	uint64_t		 flow;		/* number of the flow's last
						 * message; a member: joined
						 * behind it */
	struct chan		*carrier;
	struct chan		*logger;	/* until its merge is answered */
	TAILQ_HEAD(, chan)	 members;
	TAILQ_HEAD(, chan)	 copies;
	TAILQ_HEAD(, chan)	 unsures;
	struct items		 log;		/* while there are unsures */
	size_t			 log_cost;
	struct hg_group		*group;
};
TAILQ_HEAD(chans, chan);

/* The WebSocket message that is being received. */
struct input {
	unsigned char		 label[3];
	unsigned		 have;		/* bytes of the label */
	bool			 open;
	bool			 begun;		/* the label is complete */
	unsigned		 flags;		/* of its first frame */
	unsigned		 id;
	struct chan		*chan;		/* NULL: dropped, or control */
	size_t			 bytes;
	char			*text;		/* control */
	size_t			 text_len;
};

/* What of a peer's control messages is let through. */
struct rate {
	int64_t			 messages, bytes;	/* left */
	uint64_t		 filled;		/* when */
	struct items		 backlog;		/* frames that wait */
	size_t			 backlog_cost;
	struct hg_timer		*timer;
};

struct mux {
	struct hg_slot		*slot;
	struct hg_conn		*conn;
	const struct channels_options *options;
	struct channels_worker	*worker;
	bool			 initiator;
	bool			 trunk;		/* the peer is one of us */
	bool			 failed;
	bool			 pumping;
	unsigned		 depth;

	size_t			 chunk;		/* ours; 0: base mode */
	size_t			 peer_chunk;
	uint64_t		 window;	/* ours */
	uint64_t		 peer_window;
	uint64_t		 max_mine, max_theirs;

	struct table		 table;
	struct chan		*root;
	struct chans		 chans, gone;
	uint64_t		 mine, theirs;	/* live, created by */
	uint32_t		 serial_mine, serial_theirs;
	unsigned		 waiting_mine, waiting_theirs;
	bool			 proven;	/* a create has been accepted */
	uint64_t		 early_bytes;
	unsigned		 next_text, next_other;
	unsigned		 lost;

	struct chans		 active, starved;
	uint64_t		 sent, limit;
	uint64_t		 received, conn_window, granted;
	bool			 credit_due;
	struct chans		 due, idle;	/* credit to be given */
	struct hg_timer		*idle_timer;
	uint64_t		 idle_at;	/* of the last one */
	struct chans		 closing;	/* wait for the last word */
	struct hg_timer		*closing_timer;
	struct chans		 plain;		/* mine, without a text id */

	bool			 no_creates;	/* the peer drains */
	bool			 draining, refusing;
	uint64_t		 drain_until;
	unsigned		 last_mine, last_theirs;	/* created */
	struct hg_timer		*drain_timer;

	struct input		 in;
	struct rate		 rate;
};

/* What the host keeps for each channel. */
struct chan_ref {
	struct chan		*chan;		/* NULL: not ours any more */
};

extern const struct hg_plugin hg_plugin_entry;

/* channels.c */
void	 channels_count(enum channels_counter, int64_t);
/* Around everything that the host calls. */
void	 channels_enter(struct mux *);
void	 channels_leave(struct mux *);
/* Says error on the wire, then ends the connection. Returns HG_FAIL. */
enum hg_verdict channels_wrong(struct mux *, const struct chan *,
	    const char *reason);
enum hg_verdict channels_policy(struct mux *, const char *reason);
enum hg_verdict channels_no_memory(struct mux *);

/* negotiate.c */
int	 channels_offer(struct hg_negotiation *, struct hg_params *);
int	 channels_answer(struct hg_negotiation *, const struct hg_params *,
	    struct hg_params *);
int	 channels_check(struct hg_negotiation *, const struct hg_params *);
int	 channels_settings(struct mux *);

/* chan.c */
struct chan *channels_new(struct mux *, bool mine, unsigned id);
struct chan *channels_find(const struct mux *, unsigned id);
void	 channels_attach(struct chan *, struct hg_channel *);
void	 channels_detach(struct chan *);
void	 channels_set_parent(struct chan *, struct chan *parent);
/* When both last words have passed: the id is free, and so is the channel. */
void	 channels_settle(struct chan *);
void	 channels_free(struct chan *);
void	 channels_lost(struct chan *);
void	 channels_destroy(struct chan *);	/* its memory */
void	 channels_sent_end(struct chan *);
void	 channels_received_end(struct chan *);
void	 channels_answered(struct chan *);	/* its create */
/* Grants the initial window; false: the store is full. */
bool	 channels_store(struct chan *);

/* ids.c */
bool	 channels_is_mine(const struct mux *, unsigned id);
bool	 channels_is_text(unsigned id);
/* 0: none is left. */
unsigned channels_next_id(struct mux *);
unsigned channels_next_text_id(struct mux *);

/* queue.c */
int	 channels_queue_frame(struct chan *, struct hg_frame *frame);
int	 channels_insert_frame(struct chan *, struct item *before,
	    struct hg_frame *frame);
struct barrier *channels_barrier_new(enum control_verb, struct chan *);
int	 channels_barrier_set_text(struct barrier *, const char *, size_t);
int	 channels_barrier_add(struct barrier *, struct chan *);
/* The same, but ahead of this channel's frames. */
int	 channels_barrier_add_early(struct barrier *, struct chan *);
void	 channels_barrier_free(struct barrier *);
/* Takes it out of all queues; the channels go on. */
void	 channels_barrier_drop(struct barrier *);
void	 channels_item_free(struct item *);
size_t	 channels_item_cost(const struct item *);
/* The first control message about this channel in its queue, or NULL. */
struct item *channels_queue_find(struct chan *, enum control_verb);
void	 channels_queue_purge(struct chan *);
void	 channels_queue_changed(struct chan *);
/* Takes an unfinished message off the queue. False: it has begun. */
bool	 channels_queue_cut(struct chan *);

/* schedule.c */
void	 channels_activate(struct chan *);
void	 channels_deactivate(struct chan *);
void	 channels_pump(struct mux *);

/* data-send.c */
void	 channels_send(struct chan *, struct hg_frame *frame);
/* The same for a message that is whole. */
void	 channels_send_whole(struct chan *, struct hg_frame *frame);
/* Bytes that the front frame's next piece is charged; 0: no credit. */
size_t	 channels_piece(struct chan *, struct item *, bool *starved);
int	 channels_send_piece(struct chan *, struct item *, size_t charge);

/* data-recv.c */
enum hg_verdict channels_input(struct mux *, struct hg_frame *);

/* rate.c */
enum hg_verdict channels_rate_input(struct mux *, struct hg_frame *);
void	 channels_rate_charge(struct mux *, size_t bytes);
void	 channels_rate_finish(struct mux *);
void	 channels_rate_free(struct mux *);

/* credit.c */
bool	 channels_receive(struct chan *, size_t charge);
void	 channels_conn_received(struct mux *);
void	 channels_consumed(struct chan *);
void	 channels_credit_flush(struct mux *);
void	 channels_credit_forget(struct chan *);
enum hg_verdict channels_got_credit(struct mux *, const struct control *);

/* emit.c */
void	 channels_emit(struct mux *, struct control_line *, const char *head,
	    size_t head_len);
/* Whether it may be sent now; else it waits at the front. */
bool	 channels_barrier_ready(const struct barrier *);
void	 channels_barrier_emit(struct barrier *);
void	 channels_emit_end(struct chan *, enum control_verb, unsigned code,
	    const char *reason);

/* create.c */
int	 channels_create(struct chan *parent, struct mux *,
	    struct hg_channel *, const struct hg_head *);
void	 channels_answer_create(struct chan *, const struct hg_head *);
enum hg_verdict channels_got_create(struct mux *, const struct control *);
enum hg_verdict channels_got_created(struct chan *, const struct control *);
enum hg_verdict channels_got_refused(struct chan *, const struct control *);

/* end.c */
void	 channels_end(struct chan *, unsigned code, const char *reason,
	    bool now);
/* next: the member that carries from then on, or NULL. */
int	 channels_queue_destroy(struct chan *, struct chan *next, unsigned code,
	    const char *reason);
/* Ends it from here: queues are thrown away, the host is told. */
void	 channels_fail(struct chan *, unsigned code, const char *reason);
enum hg_verdict channels_got_end(struct chan *, const struct control *);
void	 channels_closing_remove(struct chan *);
void	 channels_closing_touch(struct chan *);

/* migrate.c */
/* What a text message needs first. False: it waits for a text id. */
bool	 channels_may_send_text(const struct chan *);
void	 channels_text_id_is_free(struct mux *);
void	 channels_migrate_sent(struct chan *, unsigned to);
void	 channels_migrated_sent(struct chan *);
enum hg_verdict channels_got_migrate(struct chan *, const struct control *);
enum hg_verdict channels_got_migrated(struct chan *, const struct control *);

/* drain.c */
void	 channels_drain(struct mux *);
enum hg_verdict channels_got_drain(struct mux *, const struct control *);

/* dispatch.c */
enum hg_verdict channels_got_control(struct mux *, const char *, size_t);

#endif
