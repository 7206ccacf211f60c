/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin call of each other, by file. */
#ifndef CHANNELS_H
#define CHANNELS_H

#include "types.h"

extern const struct hg_plugin hg_plugin_entry;
extern const struct hg_option channels_option_table[];
extern const struct hg_mux channels_mux_table;

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
/* For a child. -1: no memory. */
int	 channels_add_set(struct chan *);
bool	 channels_has_set(const struct chan *);	/* not a refused child */
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
void	 channels_release_held(struct chan *);
/* Grants the initial window; false: the store is full. */
bool	 channels_store(struct chan *);

/* out.c */
void	 channels_no_out(struct chan *);
/* Before something is put in c->out. -1: no memory. */
int	 channels_need_out(struct chan *);
/* Perhaps nothing waits any more. */
void	 channels_out_done(struct chan *);
/* What was put together of a message is thrown away. */
void	 channels_drop_part(struct chan *);
void	 channels_out_free(struct chan *);

/* ids.c */
bool	 channels_is_mine(const struct mux *, unsigned id);
bool	 channels_is_text(unsigned id);
/* 0: none is left. */
unsigned channels_next_id(struct mux *);
unsigned channels_next_text_id(struct mux *);

/* queue.c */
int	 channels_queue_frame(struct chan *, struct hg_frame *frame);
int	 channels_gate_add(struct chan *child);
void	 channels_gate_open(struct chan *child);
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
struct item *channels_item_new(struct chan *);	/* NULL: no memory */
void	 channels_item_free(struct item *);
size_t	 channels_item_cost(const struct item *);
/* It is in no queue of this channel any more. */
void	 channels_queue_uncount(struct chan *, const struct item *);
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

/* creating.c */
/* Only so many creates are unanswered. False: it is said later. */
bool	 channels_may_say_create(struct chan *);
void	 channels_said_create(struct chan *);
/* One has been answered: the next may be said. */
void	 channels_next_create(struct mux *);
void	 channels_forget_create(struct chan *);

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

/* resume.c */
int	 channels_say_place(struct chan *, bool known, uint64_t seq);
int	 channels_get_place(const struct chan *, uint64_t *seq);
int	 channels_ask_resume(struct chan *, const char *flow,
	    const char *epoch, uint64_t seq);
void	 channels_resume_opened(struct chan *);
void	 channels_resume_forget(struct chan *);
/* What merging, and the end of a set, mean for a place; at both sides. */
void	 channels_place_set(struct chan *, uint64_t seq);
void	 channels_place_forget(struct chan *);
/* How a resume or its answer goes on after its id. */
void	 channels_put_resume(struct control_line *, const struct barrier *);
enum hg_verdict channels_got_place(struct chan *, const struct control *);
enum hg_verdict channels_got_resume(struct chan *, const struct control *);
enum hg_verdict channels_got_resumed(struct chan *, const struct control *);

/* drain.c */
void	 channels_drain(struct mux *);
/* The daemon stops. */
void	 channels_stop(struct mux *, uint64_t ms);
/* Ends the connection if it drains, and its last channel has ended. */
void	 channels_drained(struct mux *);
enum hg_verdict channels_got_drain(struct mux *, const struct control *);

/* auth.c */
int	 channels_auth(struct chan *, const struct hg_head *request);
void	 channels_authed(struct chan *, const struct hg_head *response);
enum hg_verdict channels_got_auth(struct chan *, const struct control *);
enum hg_verdict channels_got_authed(struct chan *, const struct control *);

/* dispatch.c */
enum hg_verdict channels_got_control(struct mux *, const char *, size_t);
/* Answers wait in the channel's queue, which is bounded for them too. */
bool	 channels_is_flood(const struct chan *);

#endif
