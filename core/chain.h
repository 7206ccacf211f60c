/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chain: the slots of a connection or of a channel, number 0 nearest the
 * wire. Frames go up by recv and down by send; each slot's hook says what
 * happens to the frame. Belongs to one worker.
 */
#ifndef CORE_CHAIN_H
#define CORE_CHAIN_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "plugin.h"
#include "settings.h"
#include "wsext.h"

struct chain;

/* What is at both ends of a chain, and who is told of a failure. */
struct chain_ops {
	bool	is_channel;	/* else a connection's */
	const struct service *(*service)(const struct chain *);
	void	(*top)(struct chain *, struct hg_frame *frame);
	void	(*bottom)(struct chain *, struct hg_frame *frame);
	void	(*fail)(struct chain *, unsigned code, const char *reason);
	const char *(*name)(const struct chain *);
};

/* An opening handshake that is being decided, for one plugin. */
struct hg_negotiation {
	const struct service	*service;
	struct plugin		*plugin;
	bool			 is_trunk;
	const char		*channel_extensions;	/* "a+b" */
	bool			 has_mux;
	bool			 no_root;	/* said by the plugin */
};

struct hg_slot {
	struct plugin		*plugin;
	const struct hg_hooks	*hooks;
	struct chain		*chain;
	void			*state;
	struct hg_params	*offered;	/* owned, or NULL */
	struct hg_params	*answered;
	struct hg_frame		*whole[2];	/* by enum hg_direction: what
						 * is there of a message */
	struct list		 timers;	/* struct hg_timer */
	unsigned		 index;
	bool			 opened;
	bool			 own_state;	/* not one piece with the slots */
};

/* A part of its connection, or channel: chain_conn and chain_channel. */
struct chain {
	const struct chain_ops	*ops;
	struct hg_slot		*slots;
	unsigned short		 count;
	unsigned char		 rsv;	/* HG_RSV bits of its extensions */
	bool			 has_recv;	/* a slot looks at frames */
	bool			 has_send;
	bool			 dead;		/* no hook but close any more */
	unsigned char		 room;		/* for so many slots more */
};

/* One slot to be. The params are taken over by chain_init. */
struct chain_entry {
	struct plugin		*plugin;
	struct hg_params	*offered;
	struct hg_params	*answered;
};

/* ops is set by the caller before. -1: no memory, the params are freed. */
int	chain_init(struct chain *, const struct chain_entry *, unsigned count);
/* The same, with room for slots that chain_add puts on top later: slots do not
 * move, as plugins hold them. */
int	chain_init_room(struct chain *, const struct chain_entry *,
    unsigned count, unsigned room);
/* As chain_init; also -1 when there is no room. */
int	chain_add(struct chain *, const struct chain_entry *, unsigned count);
/* Calls open of all that are not, upwards. -1: one has failed. */
int	chain_open(struct chain *);
/* Calls close of all that were opened; then frees. */
void	chain_finish(struct chain *);

/* Begins at that slot. */
void	chain_recv(struct chain *, unsigned from, struct hg_frame *frame);
/* Begins below that slot: count for all of them. */
void	chain_send(struct chain *, unsigned from, struct hg_frame *frame);
/* Tells the slots in the direction's order that no more comes. */
void	chain_ending(struct chain *, enum hg_direction, unsigned *code);
void	chain_drain(struct chain *);
void	chain_opened(struct chain *, const struct hg_head *);
/* The first slot, from the wire upwards, that does not pass decides. */
enum hg_verdict chain_auth(struct chain *, const struct hg_head *request);
void	chain_authed(struct chain *, const struct hg_head *response);
/* Whether the slots let it wait for a trunk that was lost. */
bool	chain_park(struct chain *, enum hg_direction);
void	chain_rejoin(struct chain *);
void	chain_lost(struct chain *, uint64_t seq);
void	chain_resumed(struct chain *, bool);
/* From the slot below "below" to the wire: whether one sent a sign of life. */
bool	chain_beat(struct chain *, unsigned below);
/* Tells the slots from that one upwards that a sign of life came. */
void	chain_alive(struct chain *, unsigned from);
bool	chain_has(const struct chain *, const char *extension);
/* The slot's effective options. */
const void *chain_options(const struct service *, const struct plugin *);

/* The same as hg->timer_start and stop. */
struct hg_timer *slot_timer_start(struct hg_slot *, uint64_t ms,
    void (*fn)(struct hg_slot *, void *state));
void	slot_timer_stop(struct hg_timer *);
/* Timers of nobody's slot: fn(data) once, on the calling worker. */
struct hg_timer *list_timer_start(struct list *, uint64_t ms,
    void (*fn)(void *data), void *data);
void	list_timers_stop(struct list *);

#endif
