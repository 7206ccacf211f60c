/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "link.h"

#define GROUP_TOGETHER	LINK_TOGETHER

/*
 * Belongs to the connection's worker. What a member does with a frame may end
 * any member, and the group: while some are handed round, now is who gets them
 * (NULL: he has left), next is where to go on, and freeing waits.
 */
struct hg_group {
	struct hg_conn	*conn;
	struct link_gauge *gauge;	/* of what other workers have to do */
	struct list	 members;	/* struct channel_more, member */
	struct list	 waiting;	/* of conn->groups */
	struct work	 work;		/* at the end of the turn */
	struct hg_frame	*frames[GROUP_TOGETHER];
	unsigned	 frame_count;
	struct hg_channel *now;
	struct list	*next;
	bool		 busy;
	unsigned	 held;		/* by functions that are at it */
	bool		 gone;		/* to be freed when not held */
	size_t		 count;
	unsigned char	 utf8;		/* of the message at hand */
	bool		 in_text;
};

static void	group_settle(struct hg_group *);

static void
group_work(struct work *work)
{
	group_settle(list_entry(work, struct hg_group, work));
}

/* In the order in which each got its first one. */
static void
group_settle_all(struct hg_conn *conn)
{
	struct list groups, *node;

	conn->settle = NULL;
	list_init(&groups);
	list_splice(&groups, &conn->groups);
	while ((node = groups.next) != &groups) {
		list_remove(node);
		group_settle(list_entry(node, struct hg_group, waiting));
	}
}

static struct hg_channel *
group_member(struct list *node)
{
	return (list_entry(node, struct channel_more, member)->channel);
}

struct hg_group *
group_new(struct hg_conn *conn)
{
	struct hg_group *group;

	if ((group = calloc(1, sizeof(*group))) == NULL)
		return (NULL);
	group->conn = conn;
	list_init(&group->members);
	list_init(&group->waiting);
	list_init(&group->work.node);
	group->work.fn = group_work;
	if ((group->gauge = link_gauge_new(conn)) == NULL) {
		free(group);
		return (NULL);
	}
	return (group);
}

static void
group_destroy(struct hg_group *group)
{
	list_remove(&group->waiting);
	list_remove(&group->work.node);
	link_gauge_close(group->gauge);
	free(group);
}

static void
group_release(struct hg_group *group)
{
	if (--group->held == 0 && group->gone)
		group_destroy(group);
}

static void
group_leave(struct hg_channel *ch)
{
	group_remove(ch->more->group, ch);
}

void
group_free(struct hg_group *group)
{
	struct list *node, *save;

	if (group == NULL)
		return;
	group->held++;
	group_settle(group);
	list_each(node, save, &group->members)
		group_remove(group, group_member(node));
	group->gone = true;
	group_release(group);
}

int
group_add(struct hg_group *group, struct hg_channel *ch)
{
	struct channel_more *more = channel_more(ch);
	int error = -1;

	if (more == NULL)
		return (-1);
	group->held++;
	group_settle(group);
	if (more->group == NULL && !group->gone) {
		more->group = group;
		more->leave_group = group_leave;
		list_push(&group->members, &more->member);
		group->count++;
		error = 0;
	}
	group_release(group);
	return (error);
}

void
group_remove(struct hg_group *group, struct hg_channel *ch)
{
	struct channel_more *more = ch->more;

	if (more == NULL || more->group != group)
		return;
	group_settle(group);
	if (more->group != group)
		return;
	if (group->now == ch)
		group->now = NULL;
	more->group = NULL;
	if (group->next == &more->member)
		group->next = more->member.next;
	list_remove(&more->member);
	group->count--;
}

static void
group_one(struct hg_group *group, void (*fn)(struct hg_channel *,
    struct hg_frame *), struct hg_frame *const *frames, unsigned count)
{
	unsigned i;

	for (i = 0; i < count && group->now != NULL; i++)
		fn(group->now, frames[i]);
}

/* Calls fn for each member and frame, whatever fn does to them. */
static void
group_each(struct hg_group *group, void (*fn)(struct hg_channel *,
    struct hg_frame *), struct hg_frame *const *frames, unsigned count)
{
	struct list *node;

	for (node = group->members.next; node != &group->members;
	    node = group->next) {
		group->next = node->next;
		group->now = group_member(node);
		group_one(group, fn, frames, count);
	}
	group->now = NULL;
	group->next = NULL;
}

static bool
group_may_have(const struct hg_channel *ch, const struct hg_frame *frame)
{
	return ((frame->flags & HG_RSV & ~ch->chain.rsv) == 0);
}

/* Whether the frame reaches its peer as it is, by a letter for many. */
static bool
group_is_direct(const struct hg_channel *ch, const struct hg_frame *frame)
{
	struct worker *worker = link_peer_worker(ch);

	return (worker != NULL && worker != ch->conn->worker &&
	    !ch->chain.has_recv && !ch->chain.dead && ch->opened &&
	    !ch->wire_ended && !channel_has_early(ch) &&
	    group_may_have(ch, frame));
}

static void
group_give(struct hg_channel *ch, struct hg_frame *frame)
{
	if (!group_may_have(ch, frame))
		channel_fail(ch, 1002, "a reserved bit without an extension");
	else if (!group_is_direct(ch, frame))
		channel_recv_checked(ch, frame_ref(frame));
}

static void
group_refuse(struct hg_channel *ch, struct hg_frame *frame)
{
	(void)frame;
	channel_fail(ch, 1007, "text is not UTF-8");
}

/* A gap is never silent. */
static void
group_no_memory(struct hg_channel *ch, struct hg_frame *frame)
{
	if (group_is_direct(ch, frame))
		channel_fail(ch, 1011, "out of memory");
}

/* Frames that one letter can bring: those that all members may have. */
static bool
group_are_plain(struct hg_frame *const *frames, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if ((frames[i]->flags & HG_RSV) != 0)
			return (false);
	return (true);
}

static void
group_count(struct hg_channel *ch, struct hg_frame *const *frames,
    unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		ch->bytes_in += frames[i]->len;
		ch->messages_in += (frames[i]->flags & HG_LAST) != 0;
	}
}

/* -1: no memory for the letter. */
static int
group_send_round(struct hg_group *group, struct worker *worker,
    struct hg_frame *const *frames, unsigned count)
{
	struct link_round *round = NULL;
	struct list *node, *save;
	struct hg_channel *ch;

	list_each(node, save, &group->members) {
		ch = group_member(node);
		if (!group_is_direct(ch, frames[0]) ||
		    link_peer_worker(ch) != worker)
			continue;
		if (round == NULL && (round = link_round_new(group->gauge,
		    worker, group->count, frames, count)) == NULL)
			return (-1);
		group_count(ch, frames, count);
		link_round_add(round, ch);
	}
	if (round != NULL)
		link_round_post(round);
	return (0);
}

static void
group_send_rounds(struct hg_group *group, struct hg_frame *const *frames,
    unsigned count)
{
	unsigned i;
	int error = 0;

	for (i = 0; i < workers_count(); i++)
		if (worker_at(i) != group->conn->worker)
			error |= group_send_round(group, worker_at(i), frames,
			    count);
	if (error != 0)
		group_each(group, group_no_memory, frames, count);
}

static void
group_give_near(struct hg_channel *ch, struct hg_frame *frame)
{
	channel_recv_checked(ch, frame_ref(frame));
}

/* Where its peer is does not change: who is near gets no letter. */
static void
group_give_all(struct hg_group *group, struct hg_frame *const *frames,
    unsigned count)
{
	struct worker *worker;
	struct list *node;

	for (node = group->members.next; node != &group->members;
	    node = group->next) {
		group->next = node->next;
		group->now = group_member(node);
		worker = link_peer_worker(group->now);
		group_one(group, worker == group->conn->worker ?
		    group_give_near : group_give, frames, count);
	}
	group->now = NULL;
	group->next = NULL;
}

/* Which bits a member may have is decided for each frame. */
static void
group_hand_on(struct hg_group *group, struct hg_frame *const *frames,
    unsigned count)
{
	unsigned i;

	if (group_are_plain(frames, count)) {
		group_send_rounds(group, frames, count);
		group_give_all(group, frames, count);
		return;
	}
	for (i = 0; i < count; i++) {
		group_send_rounds(group, frames + i, 1);
		group_each(group, group_give, frames + i, 1);
	}
}

static void
group_settle(struct hg_group *group)
{
	struct hg_frame *frames[GROUP_TOGETHER];
	unsigned i, count = group->frame_count;

	if (count == 0 || group->busy)
		return;
	memcpy(frames, group->frames, count * sizeof(frames[0]));
	group->frame_count = 0;
	list_remove(&group->waiting);
	list_remove(&group->work.node);
	group->held++;
	group->busy = true;
	group_hand_on(group, frames, count);
	group->busy = false;
	for (i = 0; i < count; i++)
		frame_unref(frames[i]);
	group_release(group);
}

static bool
group_is_valid(struct hg_group *group, const struct hg_frame *frame)
{
	if ((frame->flags & HG_FIRST) != 0)
		group->in_text = (frame->flags & HG_TEXT) != 0 &&
		    (frame->flags & HG_RSV) == 0;
	return (!group->in_text || channel_check_text(&group->utf8, frame));
}

static void
group_refuse_all(struct hg_group *group, struct hg_frame *frame)
{
	group->held++;
	group_settle(group);
	group->busy = true;
	group_each(group, group_refuse, &frame, 1);
	group->busy = false;
	frame_unref(frame);
	group_release(group);
}

void
group_recv(struct hg_group *group, struct hg_frame *frame)
{
	struct hg_conn *conn = group->conn;

	if (group->busy) {	/* no member can receive from the wire now */
		frame_unref(frame);
		return;
	}
	if (!group_is_valid(group, frame)) {
		group_refuse_all(group, frame);
		return;
	}
	group->frames[group->frame_count++] = frame;
	if (group->frame_count == GROUP_TOGETHER) {
		group_settle(group);
		return;
	}
	if (group->frame_count > 1)
		return;
	list_push(&conn->groups, &group->waiting);
	conn->settle = group_settle_all;
	worker_flush_later(conn->worker, &group->work);
}
