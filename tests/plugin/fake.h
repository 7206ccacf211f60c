/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the fake host: what its files share. One host at a time, one thread.
 * A handle's memory stays until fake_finish(), so that a use after its close
 * is seen and told.
 */
#ifndef TESTS_FAKE_H
#define TESTS_FAKE_H

#include "fakehost.h"

#include "frame.h"
#include "fetchtarget.h"
#include "http.h"
#include "list.h"
#include "str.h"
#include "wsext.h"

#define FAKE_PLUGINS	16
#define FAKE_SLOTS	16	/* of one chain */
#define FAKE_WORKERS	8
#define FAKE_SERVICES	16
#define FAKE_MESSAGE	((size_t)16 << 20)	/* the service's message-max */

struct fake_plugin {
	const struct hg_plugin	*plugin;
	void			*module;
	void			*options;
	int64_t			*counter;
	unsigned		 counters;
	void			*worker[FAKE_WORKERS];
};

/* What arrived somewhere, taken one by one. */
struct fake_record {
	struct fake_record	*next;
	struct fake_frame	 frame;
	unsigned char		 bytes[];
};

struct fake_queue {
	struct fake_record	*first, **last;
	struct fake_record	*at;		/* the next to be taken */
	bool			 open;		/* within a message */
};

/* The slots of a connection (channel NULL) or a channel, from the wire up. */
struct fake_chain {
	struct hg_conn		*conn;
	struct hg_channel	*channel;
	int			 count;
	struct hg_slot		*slot[FAKE_SLOTS];
};

struct hg_slot {
	struct fake_chain	*chain;
	int			 index;
	struct fake_plugin	*plugin;
	const struct hg_hooks	*hooks;
	void			*state;
	struct hg_params	*offered, *answered;
	struct hg_frame		*part[2];	/* of a message, for WHOLE */
	struct hg_frame		*lent;		/* in a hook now */
	bool			 opened, closed;
};

struct fake_how {
	bool			 yes;
	struct fake_end		 end;
};

struct hg_conn {
	struct list		 node;		/* fake.conns */
	unsigned		 number;
	unsigned		 worker;
	bool			 initiator, full, drain;
	bool			 send_ended, recv_ended, vanished, closed;
	bool			 stir;		/* a channel may have to close
						 * or be told at a turn's end */
	bool			 retired;
	unsigned		 beats;		/* pong frames of hg->beat */
	char			 name[16];
	char			 subprotocol[64], service[64], has[256];
	enum hg_upstream	 upstream;
	struct fake_chain	 chain;
	struct hg_slot		*mux;		/* or NULL */
	struct hg_channel	*root;
	struct list		 channels;
	struct fake_queue	 wire;
	struct fake_how		 failed;
	struct fake_how		 wire_end;
};

enum fake_state {
	FAKE_PENDING,		/* accepted by the mux, not answered */
	FAKE_ASKED,		/* mux.create was called, not answered */
	FAKE_OPEN,
	FAKE_REFUSED,
};

struct hg_channel {
	struct list		 node;		/* conn->channels */
	struct hg_conn		*conn;
	struct hg_channel	*parent, *peer;
	enum fake_state		 state;
	bool			 muxed;		/* the mux knows it */
	bool			 carried;
	bool			 shown;		/* by fake_accepted */
	bool			 linked;
	bool			 has_children;	/* had some */
	bool			 full, drain, paused;
	bool			 send_ended, recv_ended, freed, closed;
	bool			 sending;	/* inside of a message */
	struct hg_frame		*message;	/* of a child, gathered */
	struct hg_frame		*late;		/* of a child, waits */
	int			 holds;
	int			 resumed;	/* 1: yes, -1: gap */
	unsigned		 rejoined;	/* channel_rejoined */
	char			 asked[80];	/* channel_ask_resume */
	int			 status;
	bool			 auth_asked;	/* of the host, by the mux */
	char			 auth_request[256];
	int			 auth_status;	/* a slot's answer */
	int			 authed_status;	/* the wire's answer */
	unsigned		 id;
	char			 name[32];
	struct hg_head		*request;
	void			*data;
	struct hg_kept		*kept;		/* above it, without it */
	struct fake_chain	 chain;
	struct fake_queue	 top;
	struct fake_queue	 early;		/* before the answer */
	struct fake_how		 failed, ended, top_end, early_end;
};

struct hg_group {
	struct list		 node;
	struct hg_conn		*conn;
	size_t			 count;
	struct hg_channel	*member[1024];
};

struct hg_timer {
	struct list		 node;
	uint64_t		 due;
	unsigned		 worker;
	struct hg_slot		*slot;		/* or NULL */
	struct fake_plugin	*plugin;
	void			(*slot_fn)(struct hg_slot *, void *);
	void			(*worker_fn)(void *);
};

struct fake_post {
	struct list		 node;
	unsigned		 worker;
	void			(*fn)(void *);
	void			*arg;
};

struct fake_heads {
	struct list		 node;
	struct hg_head		*head;
};

struct fake_line {
	struct list		 node;
	char			 text[];
};

struct hg_report {
	struct str		 text;
};

struct hg_negotiation {
	struct fake_plugin	*plugin;
	bool			 trunk, has_mux, no_root;
	char			 extensions[256];
};

struct fake_host {
	bool			 started, working;	/* worker_start ran */
	int			 depth;		/* of hooks being called */
	unsigned		 workers, worker, made_on;
	unsigned		 conns_made;
	uint64_t		 now, seed;
	long			 frames, heads, fields;
	struct fake_plugin	 plugin[FAKE_PLUGINS];
	unsigned		 plugins;
	struct fake_plugin	*loading;
	struct {
		char		 name[64];
		const void	*what;
	}			 service[FAKE_SERVICES];
	unsigned		 services;
	char			 error[512];
	struct list		 exchanges, fetches;
	struct list		 conns, timers, posts, groups, own_heads;
	struct list		 lines, read_lines;
	struct str		 report;
	struct hg_negotiation	 negotiation;
};

extern struct fake_host fake;
extern const struct hg_host fake_table;

/* fakehost.c */
void	 fake_abort(const char *, ...)
	    __attribute__((format(printf, 1, 2), noreturn));
struct fake_plugin *fake_plugin(const char *name);
void	 fake_work(void);	/* worker_start, once */
/* Around each call into a plugin: its worker is the current one. */
unsigned fake_enter(unsigned worker);
void	 fake_leave(unsigned previous);

/* fake-world.c */
struct fake_plugin *fake_of(const struct hg_plugin *);

/* fake-hg.c: aborts when it is closed, or of another worker */
void	 fake_live(const struct hg_channel *, const char *fn);
void	 fake_live_slot(const struct hg_slot *, const char *fn);

/* fake-option.c */
const char *fake_options(void *options, const struct hg_plugin *,
	    char *const *pairs, size_t count);
void	 fake_options_free(void *options, const struct hg_plugin *);

/* fake-chain.c */
void	 fake_slot_add(struct fake_chain *, const char *spec);
struct hg_slot *fake_slot_new(struct fake_chain *, struct fake_plugin *);
void	 fake_chain_open(struct fake_chain *);
void	 fake_chain_close(struct fake_chain *);
void	 fake_chain_free(struct fake_chain *);
bool	 fake_chain_dead(const struct fake_chain *);
/* From this slot on; they take the frame over. */
void	 fake_recv(struct fake_chain *, int index, struct hg_frame *);
void	 fake_send(struct fake_chain *, int index, struct hg_frame *);
void	 fake_ending(struct fake_chain *, enum hg_direction, unsigned *code);
void	 fake_drain(struct fake_chain *);
void	 fake_record(struct fake_queue *, struct hg_frame *frame,
	    const char *where);
const struct fake_frame *fake_take(struct fake_queue *);
void	 fake_queue_init(struct fake_queue *);
void	 fake_queue_free(struct fake_queue *);

/* fake-channel.c */
void	 fake_top_reached(struct hg_channel *, struct hg_frame *frame);
void	 fake_bottom_reached(struct hg_channel *, struct hg_frame *frame);
void	 fake_set_how(struct fake_how *, unsigned code, const char *reason,
	    bool failed);
void	 fake_conn_failed(struct hg_conn *, unsigned code, const char *);
void	 fake_channel_failed(struct hg_channel *, unsigned code, const char *);
struct hg_channel *fake_channel_new(struct hg_conn *,
	    struct hg_channel *parent, struct hg_head *request);
void	 fake_channel_end(struct hg_channel *, unsigned code,
	    const char *reason, bool now);
void	 fake_channel_ended(struct hg_channel *, unsigned code,
	    const char *reason);
void	 fake_channel_recv(struct hg_channel *, struct hg_frame *frame);
void	 fake_inherit(struct hg_channel *child);
int	 fake_mux_create(struct hg_channel *);
bool	 fake_blocked(const struct hg_channel *);
void	 fake_unblocked(struct hg_channel *);
void	 fake_run_opened(struct hg_channel *, const struct hg_head *);
void	 fake_leave_groups(struct hg_channel *);

/* fake-fetch.c */
void	 fake_fetch_free_all(void);

/* fake-http.c */
void	 fake_http_turn(void);
void	 fake_http_close_all(void);
void	 fake_http_free_all(void);

/* fake-kept.c */
void	 fake_kept_lose_all(struct hg_conn *);

/* fake-turn.c */
void	 fake_turn(void);
void	 fake_close_all(void);

#endif
