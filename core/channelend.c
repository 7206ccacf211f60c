/* SPDX-License-Identifier: Apache-2.0 */
/* How a channel ends, and how it stops and goes on. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "channel.h"
#include "log.h"

bool
channel_is_carried(const struct hg_channel *ch)
{
	return (ch->mux_data != NULL && !ch->refused);
}

struct hg_slot *
channel_mux(const struct hg_channel *ch)
{
	if (!channel_is_carried(ch) || ch->dying || ch->conn->mux == NULL ||
	    ch->conn->chain.dead || ch->conn->state == CONN_DEAD)
		return (NULL);
	return (ch->conn->mux);
}

static void
channel_end_children(struct hg_channel *ch, bool wire, unsigned code,
    const char *reason)
{
	struct hg_channel *child, *next;

	for (child = channel_first_child(ch); child != NULL; child = next) {
		next = channel_next_child(child);
		if (!wire)
			channel_end(child, code, reason);
		else if (!channel_is_carried(child))
			/* It went with its parent: no failure of its own. */
			channel_ended(child, 1001, reason);
	}
}

/* A peer that began it may end its half before it has the answer; what it sent
 * until then is still to be handed on. */
static bool
channel_ended_early(struct hg_channel *ch, unsigned code, const char *reason)
{
	struct channel_waits *waits;

	if (ch->opened || ch == ch->conn->root || ch->chain.dead ||
	    ch->conn->state == CONN_DEAD ||
	    (ch->session != NULL && ch->session->answered == NULL &&
	    ch->session->decide == NULL))
		return (false);
	if ((waits = channel_waits(ch)) == NULL ||
	    (waits->early_reason = strdup(reason)) == NULL)
		return (false);
	ch->early_code = (uint16_t)code;
	return (true);
}

void
channel_ended(struct hg_channel *ch, unsigned code, const char *reason)
{
	if (reason == NULL)
		reason = "";
	channel_settle_groups(ch->conn);
	if (ch->wire_ended || ch->early_code != 0 ||
	    channel_ended_early(ch, code, reason))
		return;
	if (ch->opened && channel_has_early(ch))
		channel_flush(ch);
	if (ch->wire_ended)
		return;
	ch->wire_ended = true;
	chain_ending(&ch->chain, HG_RECV, &code);
	channel_end_children(ch, true, code, reason);
	if (ch->upper != NULL && ch->lost)
		ch->upper->lost(ch);
	else if (ch->upper != NULL)
		ch->upper->end(ch, code, reason);
	else
		channel_end(ch, code, reason);
	channel_settle(ch);
}

/* The carrier is told that no more is sent on the channel. */
static void
channel_end_carrier(struct hg_channel *ch, unsigned code, const char *reason,
    bool now)
{
	struct hg_slot *mux = channel_mux(ch);

	if (ch == ch->conn->root)
		conn_close(ch->conn, code, reason);
	else if (mux != NULL)
		mux->plugin->mux.end(mux, mux->state, ch, ch->mux_data, code,
		    reason, now);
	else if (!channel_is_carried(ch))
		/* Nothing ever comes on it; who is above waits for this. */
		channel_ended(ch, code, reason);
}

void
channel_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	bool now;

	if (reason == NULL)
		reason = "";
	if (ch->top_ended || ch->top_ending)
		return;
	ch->top_ending = true;
	if (ch->opened)
		chain_ending(&ch->chain, HG_SEND, &code);
	if (ch->top_ended)
		return;
	ch->top_ended = true;
	/* What is queued for one that is too slow would keep it for ever. */
	now = code == 1013 && ch->fulls > 0;
	channel_end_children(ch, false, code, reason);
	channel_end_carrier(ch, code, reason, now);
	channel_settle(ch);
}

void
channel_fail(struct hg_channel *ch, unsigned code, const char *fmt, ...)
{
	char reason[160];
	va_list ap;

	if (ch->chain.dead)
		return;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	log_write(HG_LOG_INFO, channel_name(ch), "failed with %u: %s", code,
	    reason);
	if (ch == ch->conn->root && ch->conn->mux == NULL) {
		conn_fail(ch->conn, code, "%s", reason);
		ch->chain.dead = true;
		return;
	}
	if (!ch->wire_ended) {
		ch->wire_ended = true;
		if (ch->upper != NULL)
			ch->upper->end(ch, code, reason);
	}
	if (!ch->top_ended) {
		ch->top_ended = true;
		channel_end_children(ch, false, code, reason);
		channel_end_carrier(ch, code, reason, false);
	}
	ch->chain.dead = true;
	channel_settle(ch);
}

void
channel_pause(struct hg_channel *ch, bool pause)
{
	struct hg_slot *mux;

	if (!pause && ch->paused == 0)
		return;
	ch->paused = pause ? ch->paused + 1 : ch->paused - 1;
	if (ch->paused != (pause ? 1 : 0))
		return;
	if ((mux = channel_mux(ch)) != NULL) {
		if (!pause)
			mux->plugin->mux.resume(mux, mux->state, ch,
			    ch->mux_data);
	} else if (ch == ch->conn->root && !channel_is_carried(ch)) {
		conn_pause(ch->conn, pause);
	}
}

void
channel_hold(struct hg_channel *ch, bool hold)
{
	if (!hold && ch->fulls == 0)
		return;
	ch->fulls = hold ? ch->fulls + 1 : ch->fulls - 1;
	if (ch->fulls != (hold ? 1 : 0))
		return;
	if (ch->upper != NULL) {
		ch->upper->full(ch, hold);
		return;
	}
	channel_pause(ch, hold);
	/* Not from within: whoever releases may be amid something. */
	if (!hold)
		channel_do_later(ch, CHANNEL_ROOM);
}

/*
 * Who is above stops: of the channel, of the children that it carries, and of
 * a carried child's parent, as what is for the child comes from there.
 */
void
channel_set_full(struct hg_channel *ch, bool full)
{
	struct hg_channel *child, *next;

	if (ch->in_full == full)
		return;
	ch->in_full = full;
	channel_hold(ch, full);
	if (ch->parent != NULL)
		channel_hold(ch->parent, full);
	if (!full)
		chain_drain(&ch->chain);
	for (child = channel_first_child(ch); child != NULL; child = next) {
		next = channel_next_child(child);
		if (channel_is_carried(child))
			continue;
		channel_hold(child, full);
		if (!full)
			chain_drain(&child->chain);
	}
}

bool
channel_is_full(const struct hg_channel *ch)
{
	if (!channel_is_carried(ch) && ch->parent != NULL)
		return (channel_is_full(ch->parent));
	return (ch->in_full || (ch->upper == NULL && ch->fulls > 0));
}
