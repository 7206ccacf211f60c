/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <stdlib.h>

#include "channel.h"
#include "frame.h"
#include "link.h"

/*
 * Belongs to the connection's worker. What a member does with a frame may end
 * any member, and the group: while one is handed round, next is where to go on,
 * and freeing waits.
 */
struct hg_group {
	struct hg_conn	*conn;
	struct link_gauge *gauge;	/* of what other workers have to do */
	struct list	 members;	/* struct hg_channel, member */
	struct list	*next;
	bool		 busy;
	bool		 gone;		/* to be freed when not busy */
	size_t		 count;
	unsigned char	 utf8;		/* of the message at hand */
	bool		 in_text;
};

struct hg_group *
group_new(struct hg_conn *conn)
{
	struct hg_group *group;

	if ((group = calloc(1, sizeof(*group))) == NULL)
		return (NULL);
	group->conn = conn;
	list_init(&group->members);
	if ((group->gauge = link_gauge_new(conn)) == NULL) {
		free(group);
		return (NULL);
	}
	return (group);
}

static void
group_destroy(struct hg_group *group)
{
	link_gauge_close(group->gauge);
	free(group);
}

static void
group_leave(struct hg_channel *ch)
{
	group_remove(ch->group, ch);
}

void
group_free(struct hg_group *group)
{
	struct list *node, *save;

	if (group == NULL)
		return;
	list_each(node, save, &group->members)
		group_remove(group, list_entry(node, struct hg_channel,
		    member));
	group->gone = true;
	if (!group->busy)
		group_destroy(group);
}

int
group_add(struct hg_group *group, struct hg_channel *ch)
{
	if (ch->group != NULL)
		return (-1);
	ch->group = group;
	ch->leave_group = group_leave;
	list_push(&group->members, &ch->member);
	group->count++;
	return (0);
}

void
group_remove(struct hg_group *group, struct hg_channel *ch)
{
	if (ch->group != group)
		return;
	ch->group = NULL;
	if (group->next == &ch->member)
		group->next = ch->member.next;
	list_remove(&ch->member);
	group->count--;
}

/* Calls fn for each member, whatever fn does to them. */
static void
group_each(struct hg_group *group, void (*fn)(struct hg_channel *,
    struct hg_frame *), struct hg_frame *frame)
{
	struct list *node;

	for (node = group->members.next; node != &group->members;
	    node = group->next) {
		group->next = node->next;
		fn(list_entry(node, struct hg_channel, member), frame);
	}
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
	    !ch->wire_ended && list_empty(&ch->early) &&
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

/* -1: no memory for the letter. */
static int
group_send_round(struct hg_group *group, struct worker *worker,
    struct hg_frame *frame)
{
	struct link_round *round = NULL;
	struct list *node, *save;
	struct hg_channel *ch;

	list_each(node, save, &group->members) {
		ch = list_entry(node, struct hg_channel, member);
		if (!group_is_direct(ch, frame) ||
		    link_peer_worker(ch) != worker)
			continue;
		if (round == NULL && (round = link_round_new(group->gauge,
		    worker, group->count, frame_ref(frame))) == NULL)
			return (-1);
		ch->bytes_in += frame->len;
		ch->messages_in += (frame->flags & HG_LAST) != 0;
		link_round_add(round, ch);
	}
	if (round != NULL)
		link_round_post(round);
	return (0);
}

static void
group_send_rounds(struct hg_group *group, struct hg_frame *frame)
{
	unsigned i;
	int error = 0;

	for (i = 0; i < workers_count(); i++)
		if (worker_at(i) != group->conn->worker)
			error |= group_send_round(group, worker_at(i), frame);
	if (error != 0)
		group_each(group, group_no_memory, frame);
}

static bool
group_is_valid(struct hg_group *group, const struct hg_frame *frame)
{
	if ((frame->flags & HG_FIRST) != 0)
		group->in_text = (frame->flags & HG_TEXT) != 0 &&
		    (frame->flags & HG_RSV) == 0;
	return (!group->in_text || channel_check_text(&group->utf8, frame));
}

void
group_recv(struct hg_group *group, struct hg_frame *frame)
{
	if (group->busy) {	/* no member can receive from the wire now */
		frame_unref(frame);
		return;
	}
	group->busy = true;
	if (group_is_valid(group, frame)) {
		group_send_rounds(group, frame);
		group_each(group, group_give, frame);
	} else {
		group_each(group, group_refuse, frame);
	}
	group->busy = false;
	frame_unref(frame);
	if (group->gone)
		group_destroy(group);
}
