/* SPDX-License-Identifier: Apache-2.0 */
/* What the table has for a mux, for merging and for groups. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

struct hg_channel *
fake_hg_channel_accept(struct hg_slot *slot, struct hg_channel *parent,
    const struct hg_head *request, unsigned id)
{
	struct hg_channel *ch;
	struct hg_conn *conn;

	fake_live_slot(slot, "channel_accept");
	conn = slot->chain->conn;
	if (slot != conn->mux)
		fake_abort("channel_accept by another than the mux");
	if (parent != NULL)
		fake_live(parent, "channel_accept");
	ch = fake_channel_new(conn, parent, http_ref(request));
	ch->state = FAKE_PENDING;
	ch->muxed = ch->carried = true;
	fake_table.channel_set_id(ch, id);
	return (ch);
}

void *
fake_hg_channel_data(struct hg_channel *ch)
{
	fake_live(ch, "channel_data");
	return (ch->data);
}

void
fake_hg_channel_set_id(struct hg_channel *ch, unsigned id)
{
	fake_live(ch, "channel_set_id");
	ch->id = id;
	snprintf(ch->name, sizeof(ch->name), "%s/0x%04x", ch->conn->name, id);
}

void
fake_hg_channel_opened(struct hg_channel *ch, const struct hg_head *response)
{
	fake_live(ch, "channel_opened");
	if (ch->state != FAKE_ASKED)
		fake_abort("%s: channel_opened out of place", ch->name);
	ch->status = response->status;
	ch->state = response->status == 101 ? FAKE_OPEN : FAKE_REFUSED;
	ch->conn->stir |= ch->state == FAKE_REFUSED;
	if (ch->state == FAKE_REFUSED && ch->parent != NULL)
		ch->carried = false;
	fake_run_opened(ch, response);
}

void
fake_hg_channel_recv(struct hg_channel *ch, struct hg_frame *frame)
{
	fake_live(ch, "channel_recv");
	if (ch->freed)
		fake_abort("%s: channel_recv after channel_free", ch->name);
	if (frame != NULL)
		fake_channel_recv(ch, frame);
}

void
fake_hg_channel_ended(struct hg_channel *ch, unsigned code, const char *reason)
{
	fake_live(ch, "channel_ended");
	if (ch->freed)
		fake_abort("%s: channel_ended after channel_free", ch->name);
	if (ch->recv_ended)
		fake_abort("%s: channel_ended twice", ch->name);
	fake_channel_ended(ch, code, reason);
}

void
fake_hg_channel_set_full(struct hg_channel *ch, bool full)
{
	fake_live(ch, "channel_set_full");
	ch->drain |= ch->full && !full;
	ch->full = full;
	ch->conn->stir |= ch->drain;
	if (!full)
		fake_unblocked(ch);
}

bool
fake_hg_channel_paused(const struct hg_channel *ch)
{
	fake_live(ch, "channel_paused");
	return (ch->paused || ch->state == FAKE_PENDING ||
	    (ch->peer != NULL && fake_blocked(ch->peer)));
}

void
fake_hg_channel_free(struct hg_channel *ch)
{
	fake_live(ch, "channel_free");
	if (ch == ch->conn->root)
		fake_abort("channel_free of channel 0");
	if (ch->freed)
		fake_abort("%s: channel_free twice", ch->name);
	if (ch->parent != NULL && ch->state == FAKE_REFUSED && ch->muxed &&
	    !ch->carried && ch->data != NULL) {
		/* A refused child lives on, carried by its parent. */
		free(ch->data);
		ch->data = NULL;
		ch->muxed = false;
		return;
	}
	ch->freed = true;
	ch->conn->stir = true;
}

void
fake_hg_channel_resend(struct hg_channel *ch, struct hg_frame *frame)
{
	fake_live(ch, "channel_resend");
	if (ch->carried)
		fake_abort("%s: channel_resend, but it is carried", ch->name);
	fake_send(&ch->chain, ch->chain.count - 1, frame);
}

int
fake_hg_channel_merge(struct hg_channel *member, struct hg_channel *carrier,
    uint64_t seq)
{
	struct hg_slot *mux;

	fake_live(member, "channel_merge");
	fake_live(carrier, "channel_merge");
	if (member->conn != carrier->conn)
		fake_abort("channel_merge across connections");
	if ((mux = member->conn->mux) == NULL || !member->carried ||
	    !carrier->carried || mux->plugin->plugin->mux->merge == NULL)
		return (-1);
	return (mux->plugin->plugin->mux->merge(mux, mux->state, member,
	    carrier, seq));
}

int
fake_hg_channel_unmerge(struct hg_channel *member, uint64_t seq)
{
	struct hg_slot *mux;

	fake_live(member, "channel_unmerge");
	if ((mux = member->conn->mux) == NULL ||
	    mux->plugin->plugin->mux->unmerge == NULL)
		return (-1);
	return (mux->plugin->plugin->mux->unmerge(mux, mux->state, member,
	    seq));
}

int
fake_hg_channel_handover(struct hg_channel *carrier, struct hg_channel *next,
    uint64_t seq)
{
	struct hg_slot *mux;

	fake_live(carrier, "channel_handover");
	if ((mux = carrier->conn->mux) == NULL ||
	    mux->plugin->plugin->mux->handover == NULL)
		return (-1);
	return (mux->plugin->plugin->mux->handover(mux, mux->state, carrier,
	    next, seq));
}

/* --- groups --------------------------------------------------------------- */

struct hg_group *
fake_hg_group_new(struct hg_conn *conn)
{
	struct hg_group *group;

	if ((group = calloc(1, sizeof(*group))) == NULL)
		abort();
	group->conn = conn;
	list_push(&fake.groups, &group->node);
	return (group);
}

void
fake_hg_group_free(struct hg_group *group)
{
	if (group == NULL)
		return;
	list_remove(&group->node);
	free(group);
}

int
fake_hg_group_add(struct hg_group *group, struct hg_channel *ch)
{
	fake_live(ch, "group_add");
	if (ch->conn != group->conn)
		fake_abort("group_add across connections");
	if (group->count == T_ROWS(group->member))
		fake_abort("too many members for this host");
	fake_table.group_remove(group, ch);
	group->member[group->count++] = ch;
	return (0);
}

/* The order of the others stays. */
void
fake_hg_group_remove(struct hg_group *group, struct hg_channel *ch)
{
	size_t i, kept;

	kept = 0;
	for (i = 0; i < group->count; i++)
		if (group->member[i] != ch)
			group->member[kept++] = group->member[i];
	group->count = kept;
}

void
fake_hg_group_recv(struct hg_group *group, struct hg_frame *frame)
{
	struct hg_channel *members[T_ROWS(group->member)];
	size_t i, count;

	count = group->count;
	memcpy(members, group->member, count * sizeof(members[0]));
	for (i = 0; i < count; i++)
		fake_hg_channel_recv(members[i], fake_table.frame_ref(frame));
	fake_table.frame_unref(frame);
}

void
fake_hg_conn_retire(struct hg_conn *conn)
{
	conn->retired = true;
}
