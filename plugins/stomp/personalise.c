/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child channel. Where a flow's messages leave for somebody who knows nothing
 * of flows, each gets back what is the member's own: the id of its subscription
 * and a message-id, put in behind "MESSAGE\n". The message itself is shared and
 * not looked at.
 */
#include "stomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOMP_FANOUT		"x-kaazing-fanout"
#define STOMP_DEFLATE		"permessage-deflate"
#define STOMP_DONE		"MESSAGE\nsubscription:"

static enum stomp_version
stomp_field_version(const char *text)
{
	if (text != NULL && strcmp(text, "1.1") == 0)
		return (STOMP_1_1);
	if (text != NULL && strcmp(text, "1.2") == 0)
		return (STOMP_1_2);
	return (STOMP_1_0);
}

/* "MESSAGE\nsubscription:ID\nmessage-id:WORKER-", up to the number. */
static int
stomp_intro_write(struct stomp_child *child, struct stomp_text id,
    enum stomp_version version)
{
	const char *worker = stomp_worker()->id;
	char *to;

	child->intro = malloc(sizeof(STOMP_DONE) + 2 * id.len +
	    strlen(worker) + 16);
	if ((to = child->intro) == NULL)
		return (-1);
	to = stpcpy(to, STOMP_DONE);
	to += stomp_escape(to, id.at, id.len, stomp_escapes(version,
	    STOMP_MESSAGE));
	to += sprintf(to, "\nmessage-id:%s-", worker);
	child->intro_len = (size_t)(to - child->intro);
	child->is_text = stomp_is_utf8(child->intro, child->intro_len);
	return (0);
}

/* The fields come from the trunk's other end as well. */
static int
stomp_intro_make(struct stomp_child *child, const struct hg_head *request,
    const char *field)
{
	struct stomp_text id;
	char *text;
	int len, error = -1;

	if ((text = malloc(strlen(field) + 1)) == NULL)
		return (-1);
	id.at = text;
	if ((len = stomp_percent_decode(text, field)) >= 0) {
		id.len = (size_t)len;
		if (stomp_is_plain(id))
			error = stomp_intro_write(child, id,
			    stomp_field_version(hg->head_get(request,
			    "X-Stomp-Version")));
		if (error == 0)
			stomp_again_child(child, id, request);
	}
	free(text);
	return (error);
}

/* Meets the subscription that it is opened for, if that is here. */
static void
stomp_child_link(struct stomp_child *child)
{
	struct stomp_worker *worker = stomp_worker();
	struct stomp_sub *sub = worker->opening;

	if (sub == NULL || hg->channel_parent(hg->slot_channel(child->slot)) !=
	    worker->opening_session->channel)
		return;
	if (sub->link != NULL)
		sub->link->sub = NULL;
	sub->link = child;
	child->sub = sub;
	child->session = worker->opening_session;
}

static bool
stomp_is_packed(const struct hg_channel *channel)
{
	return (hg->channel_has(channel, STOMP_DEFLATE) ||
	    hg->conn_has(hg->channel_conn(channel), STOMP_DEFLATE));
}

struct stomp_child *
stomp_child_create(struct hg_slot *slot)
{
	const struct hg_head *request;
	struct stomp_child *child;
	const char *field = NULL;

	if ((child = calloc(1, sizeof(*child))) == NULL) {
		hg->fail(slot, 1011, "out of memory");
		return (NULL);
	}
	child->slot = slot;
	child->is_packed = stomp_is_packed(hg->slot_channel(slot));
	request = hg->channel_request(hg->slot_channel(slot));
	if (request != NULL)
		field = hg->head_get(request, "X-Stomp-Subscription");
	if (field != NULL && stomp_intro_make(child, request, field) != 0) {
		free(child);
		hg->fail(slot, 1002, "malformed subscription of a child");
		return (NULL);
	}
	stomp_child_link(child);
	return (child);
}

static void
stomp_child_unlink(struct stomp_child *child)
{
	child->sub->child = NULL;
	if (!stomp_keep(child->session, child->sub, 1000, ""))
		stomp_leave(child->session, child->sub, 1000, "");
}

void
stomp_child_destroy(struct stomp_child *child)
{
	if (child == NULL)
		return;
	if (child->sub != NULL)
		stomp_child_unlink(child);
	stomp_again_child_gone(child);
	if (child->begin != NULL)
		hg->frame_unref(child->begin);
	free(child->intro);
	free(child);
}

/* Who only leaves says 1000, 1001 or a code of its own. */
static bool
stomp_is_loss(enum hg_direction direction, unsigned code)
{
	return (direction == HG_SEND ? code != 1000 :
	    code > 1001 && code < 3000);
}

/*
 * The host ends the channel itself; of a flow it has to be taken out. The other
 * end may leave, but when the child could not go on, here or there, messages
 * would be missing without a word.
 */
void
stomp_child_ending(struct stomp_child *child, enum hg_direction direction,
    unsigned code)
{
	struct stomp_session *session = child->session;

	if (child->sub == NULL)
		return;
	stomp_child_unlink(child);
	if (stomp_is_loss(direction, code))
		stomp_fail(session, code, "a subscription's channel has ended");
}

/* Does the other end put it in? */
static bool
stomp_is_left_to_peer(const struct hg_channel *channel)
{
	struct hg_channel *parent;

	return (hg->channel_is_carried(channel) &&
	    (parent = hg->channel_parent(channel)) != NULL &&
	    hg->channel_has(parent, STOMP_FANOUT));
}

static struct hg_frame *
stomp_as_binary(struct hg_frame *frame)
{
	return (hg->frame_reflag(frame,
	    hg->frame_flags(frame) & ~(unsigned)HG_TEXT));
}

/* The first piece of a message, long enough to be seen. */
static enum hg_verdict
stomp_begin_message(struct stomp_child *child, struct hg_frame *frame)
{
	char begin[sizeof(STOMP_DONE) - 1];
	struct hg_frame *made;
	size_t len;

	child->is_binary = false;
	len = hg->frame_peek(frame, 0, begin, sizeof(begin));
	if (len < strlen(STOMP_COMMAND_LINE) || memcmp(begin,
	    STOMP_COMMAND_LINE, strlen(STOMP_COMMAND_LINE)) != 0) {
		hg->frame_unref(frame);
		hg->fail(child->slot, 1002, "no MESSAGE on a child");
		return (HG_TAKE);
	}
	/* Sent again, as the child was refused: it has been here before. */
	if (len < sizeof(begin) ||
	    memcmp(begin, STOMP_DONE, sizeof(begin)) != 0) {
		child->is_binary = !child->is_text;
		made = stomp_make(child, frame);
		hg->frame_unref(frame);
		frame = made;
	}
	if (frame == NULL)
		hg->fail(child->slot, 1011, "out of memory");
	else
		hg->send_next(child->slot, frame);
	return (HG_TAKE);
}

enum hg_verdict
stomp_child_send(struct stomp_child *child, struct hg_frame *frame)
{
	unsigned flags = hg->frame_flags(frame);
	struct hg_frame *made;

	/* What it sends before it is resumed comes again. */
	if (child->kept != NULL && child->kept->is_awaited)
		return (HG_DROP);
	if (child->intro == NULL ||
	    stomp_is_left_to_peer(hg->slot_channel(child->slot)))
		return (HG_PASS);
	if (child->begin == NULL &&
	    (made = stomp_made(child, frame)) != NULL) {
		hg->send_next(child->slot, made);
		return (HG_DROP);
	}
	if (child->begin == NULL && (flags & HG_FIRST) == 0) {
		if (!child->is_binary)
			return (HG_PASS);
		if ((frame = stomp_as_binary(frame)) != NULL)
			hg->send_next(child->slot, frame);
		return (HG_TAKE);
	}
	if (child->begin != NULL) {
		frame = hg->frame_concat(child->begin, frame);
		child->begin = NULL;
		if (frame != NULL)
			frame = hg->frame_reflag(frame,
			    hg->frame_flags(frame) | (flags & HG_LAST));
		if (frame == NULL) {
			hg->fail(child->slot, 1011, "out of memory");
			return (HG_TAKE);
		}
	}
	if ((flags & HG_LAST) == 0 &&
	    hg->frame_len(frame) < sizeof(STOMP_DONE) - 1) {
		child->begin = frame;
		return (HG_TAKE);
	}
	return (stomp_begin_message(child, frame));
}
