/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs of this plugin. Words: a mux is a connection that
 * negotiated x-kaazing-channels; a chan is what this side knows of one channel
 * on its wire. "Mine" was created by this side, "theirs" by the peer.
 *
 * All of a mux runs on one worker. Hooks may be called from within a call into
 * the host, so a chan that has ended is only set aside (channels_free) and
 * freed when the outermost hook returns (channels_leave).
 */
#ifndef CHANNELS_TYPES_H
#define CHANNELS_TYPES_H

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
#define CHANNELS_IDS		32767	/* of one parity */

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
	COUNT_RESUMED,
	COUNT_GAPS,
};

struct channels_options {
	int64_t	window;
	int64_t	trunk_window;
	int64_t	max_channels;
	int64_t	chunk;
	int64_t	queue_max;
	int64_t	store;
	int64_t	control_rate;
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
 * control message, or (neither) a gate: what is behind it waits for the last
 * word of a child. */
struct item {
	TAILQ_ENTRY(item)	 entry;		/* chan->queue or ->held */
	struct hg_frame		*frame;
	struct chan		*behind;	/* gate: a child, NULL: open */
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
	struct chan		*carrier;	/* a member's, for its place */
	struct items		 items;
	unsigned		 waits;		/* items not at the front */
	unsigned		 to;		/* migrate: the new id */
	unsigned		 code;
	bool			 has_seq;
	uint64_t		 seq;
	uint64_t		 last;		/* gap: the flow's newest */
	char			*text;		/* reason or head; owned */
	size_t			 text_len;
};

TAILQ_HEAD(chans, chan);

/*
 * What is to be sent on a channel: only where something waits. All others share
 * one that is empty and constant: see channels_out.
 */
struct out {
	TAILQ_ENTRY(chan)	 turn;		/* mux->active or ->starved */
	struct items		 queue;
	size_t			 queued;	/* cost of queue and set->held */
	size_t			 longest;	/* of a long frame's item; 0 */
	size_t			 deficit;
	unsigned char		*part;		/* message put together */
	size_t			 part_len, part_size;
};

/*
 * What only a child has; all other channels share one that is empty and
 * constant.
 */
struct set {
	TAILQ_ENTRY(chan)	 sibling;	/* parent->children */
	TAILQ_ENTRY(chan)	 fellow;	/* carrier->set->members */
	TAILQ_ENTRY(chan)	 copied;	/* carrier->set->copies */
	TAILQ_ENTRY(chan)	 unsure;	/* logger->set->unsures */
	uint64_t		 flow;		/* its last message's number */
	uint64_t		 joined;	/* a member: behind this one */
	struct chan		*carrier;
	struct chan		*logger;	/* till its merge is answered */
	struct chans		 members;
	struct chans		 copies;
	struct chans		 unsures;
	struct items		 log;		/* while there are unsures */
	size_t			 log_cost;
	struct hg_group		*group;
	struct items		 held;		/* sent, but not yet accepted */
	struct item		*gate;		/* in the parent's queue */
	/* The number of the flow's last message on its id, where placed: see
	 * resume.c. */
	uint64_t		 place;
	struct barrier		*resume;	/* for after "created" */
};

/*
 * One channel. It lives from its create until both sides' last word has passed
 * (see channels_settle), longer than the host's channel where an id was lost.
 */
struct chan {
	struct mux		*mux;
	struct hg_channel	*channel;	/* NULL: the host has none */
	TAILQ_ENTRY(chan)	 all;		/* mux->chans or ->gone */
	TAILQ_ENTRY(chan)	 due;		/* mux->due or ->idle */
	TAILQ_ENTRY(chan)	 stage;		/* mux->creating or ->closing */
	TAILQ_ENTRY(chan)	 plain;		/* mux->plain */
	TAILQ_HEAD(, chan)	 children;
	struct chan		*parent;

	uint16_t		 id;		/* labels what is sent */
	uint16_t		 peer_id;	/* labels what the peer sends */
	uint16_t		 to;		/* reserved for a migrate */
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
	bool			 on_creating : 1;

	/* Sending. */
	bool			 full : 1;	/* as told to the host */
	bool			 in_turn : 1;	/* has its quantum */
	bool			 is_next : 1;	/* waited long: no turns */
	bool			 out_open : 1;	/* queued: in a message */
	bool			 out_begun : 1;	/* sent: in a message */
	bool			 out_whole : 1;	/* it is put together first */
	bool			 stalled : 1;	/* told in the counter */

	/* Receiving. */
	bool			 in_open : 1;	/* in a message */
	bool			 in_first : 1;	/* nothing of it passed on */
	bool			 stored : 1;	/* waits in the host */

	/* Requests: one migrate, merge or unmerge may be unanswered. */
	bool			 asking : 1;	/* this side asks */
	bool			 asked : 1;	/* the peer asks */
	bool			 begged : 1;	/* "unmerge?" was sent */
	/* New credentials, one question at a time: see auth.c. */
	bool			 auth_asked : 1;	/* by the peer */
	bool			 auth_decided : 1;	/* and answered above */
	bool			 auth_asking : 1;	/* by this side */
	bool			 auth_sent : 1;		/* it is on the wire */
	bool			 resuming : 1;	/* "resume" is not answered */

	/* Merged sets: see merge.h. */
	bool			 placed : 1;	/* set->place is known */
	bool			 flow_known : 1;
	bool			 copying : 1;
	bool			 in_group : 1;
	bool			 left : 1;	/* ended while in a set */

	unsigned char		 out_kind;	/* of the message being sent */
	unsigned char		 part_kind;	/* of the one put together */
	unsigned char		 in_kind;
	unsigned char		 asking_verb;	/* enum control_verb */
	struct out		*out;		/* never NULL */
	struct set		*set;		/* never NULL */
	uint64_t		 sent, limit;	/* charged bytes */
	uint64_t		 received, consumed, granted;
	uint64_t		 sent_messages, received_messages;
};

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
	unsigned		 waiting_mine, waiting_theirs;	/* creates that
							 * were sent */
	struct chans		 creating;	/* creates for after those */
	struct chan		*accepting;	/* within channel_accept */
	bool			 proven;	/* a create has been accepted */
	uint64_t		 early_bytes;
	unsigned		 next_text, next_other;
	unsigned		 lost;

	struct out		*spare_out;	/* or NULL */
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
	bool			 patient;	/* mine end by themselves */
	uint64_t		 drain_until, drain_pace;
	unsigned		 last_mine, last_theirs;	/* created */
	struct hg_timer		*drain_timer;

	struct input		 in;
	struct rate		 rate;
};

/* What the host keeps for each channel. */
struct chan_ref {
	struct chan		*chan;		/* NULL: not ours any more */
	bool			 was_set;	/* or not yet */
};

#endif
