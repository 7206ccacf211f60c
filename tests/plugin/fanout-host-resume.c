/* SPDX-License-Identifier: Apache-2.0 */
/* A trunk that is lost, and members that come back: see fanout-host.h. */
#include "fanout-host-in.h"

#include <stdio.h>
#include <string.h>

int
set_place(struct hg_channel *ch, bool known, uint64_t seq)
{
	alive(ch);
	if (ch->conn->lost || ch->carrier != NULL || ch->ended)
		return (-1);
	if (known && ch->placed && ch->place != seq && !ch->flow_known &&
	    !ch->unchecked)
		host_wrong("%s: its place is %llu, and was %llu", ch->name,
		    (unsigned long long)seq, (unsigned long long)ch->place);
	ch->placed = known;
	ch->place = seq;
	return (0);
}

int64_t
host_place(const struct hg_channel *ch)
{
	const struct hg_channel *from = ch->carrier != NULL ? ch->carrier : ch;

	return (from->placed ? (int64_t)from->place : -1);
}

bool
sub_park(struct sub *sub, bool really)
{
	bool yes;

	inside.depth++;
	yes = host.flows->park(sub->member, really);
	inside.depth--;
	sub->child->parked |= really && yes;
	return (yes);
}

/* Who is not parked leaves, as a translator does. */
void
host_conn_lose(struct hg_conn *conn)
{
	struct hg_channel *ch;

	for (ch = inside.first; ch != NULL; ch = ch->next)
		if (ch->conn == conn)
			ch->lost_at = host_place(ch);
	conn->lost = conn->dropped = true;
	for (ch = inside.first; ch != NULL; ch = ch->next)
		if (ch->conn == conn && ch->sub != NULL && !ch->parked &&
		    ch->sub->member != NULL && !ch->closed)
			sub_leave(ch->sub);
	host_turn();
}

void
host_resumes(struct hg_channel *parent)
{
	parent->resumes = true;
}

int
sub_resume_as(struct sub *sub, const char *flow, const char *epoch,
    uint64_t seq)
{
	struct hg_channel *ch = sub->child;
	int result;

	/* The answer stands in line before what follows it. */
	ch->awaited = false;
	ch->placed = true;
	ch->place = seq;
	inside.depth++;
	result = host.plugin->channel->resume(&ch->slot, ch->slot.state, flow,
	    epoch, seq, &host.newest);
	inside.depth--;
	if (result != 0) {
		ch->awaited = true;
		ch->placed = false;
	}
	return (result);
}

/* The ids are those of its own child: the edge has compared them. */
int
sub_resume(struct sub *sub, const struct sub *former)
{
	const char *field;
	char flow[33], epoch[9];

	field = host_field(sub->child, "Sec-WebSocket-Extensions");
	if (sscanf(field, "x-kaazing-fanout; flow=%32[0-9a-f]; "
	    "epoch=%8[0-9a-f]", flow, epoch) != 2)
		host_wrong("no flow in \"%s\"", field);
	sub->child->from = former->child->from + former->child->received;
	return (sub_resume_as(sub, flow, epoch,
	    (uint64_t)former->child->lost_at));
}
