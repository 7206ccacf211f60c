/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <stdlib.h>

#include "channel.h"
#include "frame.h"
#include "link.h"

/* Belongs to the connection's worker. */
struct hg_group {
	struct hg_conn	*conn;
	struct list	 members;	/* struct hg_channel, member */
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
	return (group);
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
	free(group);
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
	list_remove(&ch->member);
	group->count--;
}

/* The members whose peers are on that worker, and who look at nothing. */
static void
group_send_round(struct hg_group *group, struct worker *worker,
    struct hg_frame *frame)
{
	struct link_round *round = NULL;
	struct list *node, *save;
	struct hg_channel *ch;

	list_each(node, save, &group->members) {
		ch = list_entry(node, struct hg_channel, member);
		if (link_peer_worker(ch) != worker || ch->chain.has_recv)
			continue;
		if (round == NULL && (round = link_round_new(worker,
		    group->count, frame_ref(frame))) == NULL)
			return;
		ch->bytes_in += frame->len;
		ch->messages_in += (frame->flags & HG_LAST) != 0;
		link_round_add(round, ch);
	}
	if (round != NULL)
		link_round_post(round);
}

static bool
group_is_valid(struct hg_group *group, const struct hg_frame *frame)
{
	if ((frame->flags & HG_FIRST) != 0)
		group->in_text = (frame->flags & HG_TEXT) != 0 &&
		    (frame->flags & (HG_RSV1 | HG_RSV2 | HG_RSV3)) == 0;
	return (!group->in_text || channel_check_text(&group->utf8, frame));
}

void
group_recv(struct hg_group *group, struct hg_frame *frame)
{
	struct worker *own = group->conn->worker;
	struct list *node, *save;
	struct hg_channel *ch;
	unsigned i;

	if (!group_is_valid(group, frame)) {
		frame_unref(frame);
		conn_fail(group->conn, 1007, "text is not UTF-8");
		return;
	}
	for (i = 0; i < workers_count(); i++)
		if (worker_at(i) != own)
			group_send_round(group, worker_at(i), frame);
	list_each(node, save, &group->members) {
		ch = list_entry(node, struct hg_channel, member);
		if (link_peer_worker(ch) == own || ch->link == NULL ||
		    ch->chain.has_recv)
			channel_recv_checked(ch, frame_ref(frame));
	}
	frame_unref(frame);
}
