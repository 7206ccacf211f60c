/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link: two channels that are each other's continuation, on one worker or on
 * two. What one receives the other sends; ends, answers, children and
 * back-pressure cross it too. On one worker it is a call, else a letter; order
 * holds for all of it. Each end is attached, used and detached by its own
 * worker only; the link itself lives as long as an end or a letter needs it.
 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include <headgate/plugin.h>

#include "channel.h"
#include "worker.h"

/* Payload under way between two workers that makes the sender wait. */
#define LINK_WINDOW	(256 * 1024)
/* The same for what a connection sends to many, which stops the connection. */
#define LINK_ROUNDS	(1024 * 1024)

struct link;

/* One reference, for the creator. NULL: no memory. */
struct link *link_new(struct worker *near, struct worker *far);
struct link *link_ref(struct link *);
void	link_unref(struct link *);
/* On the end's worker; side 0 is near. */
void	link_attach(struct link *, int side, struct hg_channel *);
void	link_detach(struct hg_channel *);
/* Both ends go on without each other, on one worker, and neither is told. */
void	link_cut(struct hg_channel *);
/* On the far worker: whether the near channel has not ended meanwhile. */
bool	link_has_near(const struct link *);
/* For ends on one worker: fn(arg) when the near channel ends or leaves while
 * the far end is not attached. fn NULL: not any more. */
void	link_when_left(struct link *, void (*fn)(void *), void *arg);

/* All of the following do nothing when the channel has no link. */
void	link_send(struct hg_channel *, struct hg_frame *frame);
void	link_end(struct hg_channel *, unsigned code, const char *reason);
void	link_full(struct hg_channel *, bool);
/* The answer for the near side; takes the head. Works without an attached far
 * end too. */
void	link_answer(struct link *, struct hg_head *response);
/* A child of the other end, linked with this one; its fields are copied. */
void	link_child(struct hg_channel *child);
/* New credentials, and their answer; they take the head. */
void	link_auth(struct hg_channel *, struct hg_head *request);
void	link_authed(struct hg_channel *, struct hg_head *response);

/*
 * A trunk that was lost: see rejoin.c. set_park: who may keep the near channel
 * of a link whose far end is lost; non-zero: nobody, it ends. leave: the near
 * channel goes on without this link. ask_resume and resumed: for a child, from
 * the translator's end and from the trunk's.
 */
void	link_set_park(int (*)(struct hg_channel *));
void	link_leave(struct hg_channel *);
int	link_ask_resume(struct hg_channel *, const char *flow,
    const char *epoch, uint64_t seq);
void	link_resumed(struct hg_channel *, bool);

/* The other end, when it is on the same worker; else NULL. */
struct hg_channel *link_peer(const struct hg_channel *);
/* The worker of the other end. */
struct worker *link_peer_worker(const struct hg_channel *);
/*
 * The letter that brings some frames, each to many peers, to one other worker.
 * new takes references of the frames, add one of the link; it does nothing for
 * a channel without a link. What a group of a connection has sent so, and
 * nobody has opened, is in its gauge.
 */
#define LINK_TOGETHER	16	/* most frames of one letter */

struct link_gauge *link_gauge_new(struct hg_conn *);	/* NULL: no memory */
void	link_gauge_close(struct link_gauge *);	/* before the connection */
struct link_round *link_round_new(struct link_gauge *, struct worker *,
    size_t max, struct hg_frame *const *frames, unsigned count);
					/* NULL: no memory */
void	link_round_add(struct link_round *, struct hg_channel *);
void	link_round_post(struct link_round *);

#endif
