/* SPDX-License-Identifier: Apache-2.0 */
/* The model: connections, channels, merged sets, what receivers get. */
#include "fanout-host-in.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host host;
struct broker broker;
struct host_inside inside;

void
host_wrong(const char *format, ...)
{
	va_list ap;

	printf("Bail out! fanout-host: ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	abort();
}

void *
host_alloc(size_t size)
{
	void *memory;

	if ((memory = calloc(1, size)) == NULL)
		host_wrong("no memory");
	return (memory);
}

/* --- channels ----------------------------------------------------------- */

struct hg_conn *
host_conn_of(enum host_conn_kind kind, const char *service,
    const char *subprotocol)
{
	struct hg_conn *conn;

	conn = host_alloc(sizeof(*conn));
	conn->mux = kind == HOST_MUX || kind == HOST_MUX_PLAIN;
	conn->fanout = kind == HOST_MUX || kind == HOST_PLAIN;
	conn->service = service;
	conn->subprotocol = subprotocol;
	conn->next = inside.conns;
	inside.conns = conn;
	return (conn);
}

struct hg_conn *
host_conn(enum host_conn_kind kind)
{
	return (host_conn_of(kind, "svc", "v12.stomp"));
}

void
host_set_identity(struct hg_conn *conn, const char *identity)
{
	conn->identity = identity;
}

struct hg_channel *
channel_new(struct hg_conn *conn, struct hg_channel *parent)
{
	const struct hg_hooks *hooks = host.plugin->channel;
	struct hg_channel *ch;

	ch = host_alloc(sizeof(*ch));
	ch->conn = conn;
	ch->parent = parent;
	ch->carried = parent != NULL && conn->mux;
	ch->slot.channel = ch;
	snprintf(ch->name, sizeof(ch->name), "ch%u", ++inside.channels);
	*inside.last = ch;
	inside.last = &ch->next;
	if (!conn->fanout)
		return (ch);
	ch->slot.state = host_alloc(hooks->state_size);
	ch->slot.open = true;
	if (hooks->open(&ch->slot, ch->slot.state) != 0)
		host_wrong("open failed");
	return (ch);
}

struct hg_channel *
host_parent(struct hg_conn *conn)
{
	return (channel_new(conn, NULL));
}

void
host_created(struct hg_channel *ch, bool accepted)
{
	ch->created = accepted;
	if (!accepted)
		ch->carried = false;
	if (ch->slot.open)
		host.plugin->channel->opened(&ch->slot, ch->slot.state, NULL);
}

static void
channel_ending(struct hg_channel *ch, enum hg_direction direction)
{
	unsigned code = 1000;

	if (ch->slot.open)
		host.plugin->channel->ending(&ch->slot, ch->slot.state,
		    direction, &code);
}

/* This side's last word on the wire. */
static void
channel_last(struct hg_channel *ch, unsigned code)
{
	if (ch->ended)
		return;
	ch->ended = true;
	ch->code = code;
	host.ends++;
	if (ch->riders != 0 && !ch->conn->dropped)
		host_wrong("%s: a carrier ends and nobody follows", ch->name);
	set_leave(ch);
}

void
channel_end(struct hg_channel *ch, unsigned code)
{
	alive(ch);
	if (ch->ended)
		host_wrong("%s: ended twice", ch->name);
	channel_ending(ch, HG_SEND);
	if (host.on_end != NULL)
		host.on_end(ch);
	channel_last(ch, code);
}

void
host_end_child(struct hg_channel *ch)
{
	alive(ch);
	channel_ending(ch, HG_SEND);
	set_leave(ch);
	channel_last(ch, 1000);
}

void
host_peer_says_end(struct hg_channel *ch)
{
	alive(ch);
	channel_ending(ch, HG_RECV);
	channel_last(ch, 1000);
}

void
host_peer_end(struct hg_channel *ch)
{
	host_peer_says_end(ch);
	host_turn();
}

static void
channel_close(struct hg_channel *ch)
{
	struct hg_channel *child;

	if (ch->closed)
		return;
	for (child = inside.first; child != NULL; child = child->next)
		if (child->parent == ch)
			channel_close(child);
	if (ch->slot.open)
		host.plugin->channel->close(&ch->slot, ch->slot.state);
	free(ch->slot.state);
	ch->slot.open = false;
	ch->closed = true;
	if (!host.keep_merged)
		set_leave(ch);
	if (ch->holds != 0)
		host_wrong("%s: is held and closes", ch->name);
}

void
host_close_child(struct hg_channel *ch)
{
	channel_close(ch);
}

/* What has ended is closed; but only here. */
void
host_turn(void)
{
	struct hg_channel *ch;

	if (inside.depth != 0)
		host_wrong("a turn within a call");
	for (ch = inside.first; ch != NULL; ch = ch->next)
		if (ch->ended)
			channel_close(ch);
		else if (ch->handed && !ch->closed)
			host_wrong("%s: handed over, and not ended", ch->name);
}

/* tell: the slots learn first that the other end is gone. */
void
host_conn_drop(struct hg_conn *conn, bool tell)
{
	struct hg_channel *ch;

	conn->dropped = true;
	for (ch = inside.first; ch != NULL; ch = ch->next)
		if (tell && ch->conn == conn && !ch->closed && !ch->ended)
			channel_ending(ch, HG_RECV);
	for (ch = inside.first; ch != NULL; ch = ch->next)
		if (ch->conn == conn)
			channel_close(ch);
}

void
host_set_full(struct hg_channel *ch, bool full)
{
	ch->full = full;
	if (!full && ch->slot.open)
		host.plugin->channel->drain(&ch->slot, ch->slot.state);
}

/* --- merged sets -------------------------------------------------------- */

void
set_leave(struct hg_channel *ch)
{
	struct hg_channel *other;

	if (ch->carrier != NULL)
		ch->carrier->riders--;
	ch->carrier = NULL;
	if (ch->riders == 0)
		return;
	for (other = inside.first; other != NULL; other = other->next)
		if (other->carrier == ch)
			other->carrier = NULL;
	ch->riders = 0;
}

static const char *
flow_of(const struct hg_channel *ch)
{
	const char *flow;

	flow = host_field(ch, "Sec-WebSocket-Extensions");
	if (flow == NULL)
		host_wrong("%s: merged without a flow", ch->name);
	return (flow);
}

/* Both sides count the flow's messages on a carrier. */
static void
set_check(const struct hg_channel *carrier, uint64_t seq)
{
	if (carrier->flow != seq)
		host_wrong("%s: seq is %llu and not %llu", carrier->name,
		    (unsigned long long)seq,
		    (unsigned long long)carrier->flow);
}

int
set_merge(struct hg_channel *member, struct hg_channel *carrier, uint64_t seq)
{
	alive(member);
	alive(carrier);
	if (member->conn->lost)
		return (-1);
	if (member == carrier || member->conn != carrier->conn ||
	    !member->carried || !carrier->carried || !member->created ||
	    !carrier->created)
		host_wrong("%s: cannot be merged", member->name);
	if (member->carrier != NULL || carrier->carrier != NULL ||
	    member->riders != 0)
		host_wrong("%s: sets are flat", member->name);
	if (strcmp(flow_of(member), flow_of(carrier)) != 0)
		host_wrong("%s: another flow", member->name);
	if (host.deny_merge != 0 && ++inside.denied % host.deny_merge == 0)
		return (-1);
	/* It has been alone since it carried; the wire does not know. */
	if (carrier->flow_known && carrier->flow != seq)
		return (-1);
	carrier->flow_known = true;
	carrier->flow = seq;
	carrier->placed = true;
	carrier->place = seq;
	member->flow_known = member->placed = false;
	host.last_seq = seq;
	host.merges++;
	member->carrier = carrier;
	carrier->riders++;
	return (0);
}

int
set_unmerge(struct hg_channel *member, uint64_t seq)
{
	alive(member);
	if (member->carrier == NULL || host.deny_unmerge || member->conn->lost)
		return (-1);
	set_check(member->carrier, seq);
	host.last_seq = seq;
	host.unmerges++;
	set_leave(member);
	return (0);
}

int
set_handover(struct hg_channel *carrier, struct hg_channel *next, uint64_t seq)
{
	struct hg_channel *other;

	alive(carrier);
	if (carrier->ended || carrier->conn->lost)
		return (-1);
	if (!carrier->conn->dropped)
		set_check(carrier, seq);
	if (next == NULL) {
		if (host.deny_dissolve)
			return (-1);
		host.last_seq = seq;
		carrier->handed = true;
		for (other = inside.first; other != NULL; other = other->next)
			if (other->carrier == carrier)
				set_place(other, true, seq);
		set_leave(carrier);
		return (0);
	}
	alive(next);
	if (next->carrier != carrier)
		host_wrong("%s: is no member of it", next->name);
	if (host.deny_handover)
		return (-1);
	host.last_seq = seq;
	host.handovers++;
	carrier->handed = true;
	next->flow_known = next->placed = true;
	next->flow = next->place = seq;
	set_leave(next);
	for (other = inside.first; other != NULL; other = other->next)
		if (other->carrier == carrier) {
			other->carrier = next;
			next->riders++;
		}
	carrier->riders = 0;
	return (0);
}

/* --- receivers ---------------------------------------------------------- */

static void
receive(struct hg_channel *ch, uint32_t content)
{
	size_t at = ch->from + ch->received;

	if (!ch->unchecked &&
	    (at >= broker.count || broker.content[at] != content))
		host_wrong("%s: message %zu of its %u is %u and not %u",
		    ch->name, at, ch->received, content,
		    at < broker.count ? broker.content[at] : 0);
	if (ch->received == ch->got_size) {
		ch->got_size = ch->got_size == 0 ? 64 : 2 * ch->got_size;
		ch->got = realloc(ch->got, ch->got_size * sizeof(*ch->got));
		if (ch->got == NULL)
			host_wrong("no memory");
	}
	ch->got[ch->received++] = content;
}

bool
channel_send(struct hg_channel *ch, struct hg_frame *frame)
{
	struct hg_channel *other;
	uint32_t content;

	alive(ch);
	if (ch->carrier != NULL)
		host_wrong("%s: data on a merged channel", ch->name);
	if (ch->handed || ch->ended)
		host_wrong("%s: data behind its end", ch->name);
	if (ch->parked || ch->awaited)
		host_wrong("%s: data for nobody", ch->name);
	memcpy(&content, frame->bytes, sizeof(content));
	host_unref(frame);
	ch->sends++;
	if (ch->flow_known)
		ch->flow++;
	ch->place++;
	receive(ch, content);
	for (other = inside.first; ch->riders != 0 && other != NULL;
	    other = other->next)
		if (other->carrier == ch)
			receive(other, content);
	if (inside.on_send != NULL)
		inside.on_send(ch);
	return (!ch->full);
}
