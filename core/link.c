/* SPDX-License-Identifier: Apache-2.0 */
/* A link's life, and its sending end. */
#include "link.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "linkparts.h"
#include "log.h"
#include "recycle.h"

static const struct channel_upper link_upper = {
	.send = link_send,
	.end = link_end,
	.full = link_full,
	.child = link_child,
	.detach = link_detach,
	.auth = link_auth,
	.authed = link_authed,
	.lost = link_lost,
	.place = link_place,
};

struct link *
link_new(struct worker *near, struct worker *far)
{
	struct link *link;
	size_t count = near != far ? 2 : 0;

	link = calloc(1, sizeof(*link) + count * sizeof(link->across[0]));
	if (link == NULL)
		return (NULL);
	atomic_init(&link->refs, 1);
	atomic_init(&link->near_left, false);
	link->end[0].worker = near;
	link->end[1].worker = far;
	if (count > 0) {
		link->across[0].broken.link = link;
		link->across[1].broken.link = link;
		link->across[1].broken.to = 1;
	}
	return (link);
}

struct link *
link_ref(struct link *link)
{
	atomic_fetch_add_explicit(&link->refs, 1, memory_order_relaxed);
	return (link);
}

void
link_unref(struct link *link)
{
	if (link != NULL && atomic_fetch_sub_explicit(&link->refs, 1,
	    memory_order_acq_rel) == 1)
		free(link);
}

static void
link_join(struct link *link, int side, struct hg_channel *ch)
{
	link->end[side].channel = ch;
	ch->link = link_ref(link);
	ch->side = side;
	ch->upper = &link_upper;
}

/* A hold from before there was a link stopped the channel itself. */
static void
link_tell_held(struct hg_channel *ch)
{
	if (ch->fulls == 0 || ch->link == NULL)
		return;
	channel_pause(ch, false);
	link_full(ch, true);
}

void
link_attach(struct link *link, int side, struct hg_channel *ch)
{
	link_join(link, side, ch);
	link_tell_held(ch);
}

/* Nobody is at the far end yet: who wanted to be may give up. */
void
link_near_left(struct link *link)
{
	void (*fn)(void *) = link->when_left;

	atomic_store(&link->near_left, true);
	link->when_left = NULL;
	if (fn != NULL)
		fn(link->when_left_arg);
}

void
link_when_left(struct link *link, void (*fn)(void *), void *arg)
{
	link->when_left = fn;
	link->when_left_arg = arg;
}

void
link_detach(struct hg_channel *ch)
{
	struct link *link = ch->link;

	if (link == NULL)
		return;
	if (!ch->wire_ended)
		link_end(ch, 1011, "");
	if (ch->fulls > 0)
		link_full(ch, false);
	link->end[ch->side].channel = NULL;
	if (ch->side == 0) {
		atomic_store(&link->near_left, true);
		if (link->end[0].worker == link->end[1].worker)
			link_near_left(link);
	}
	ch->link = NULL;
	ch->upper = NULL;
	link_unref(link);
}

static void
link_forget(struct hg_channel *ch)
{
	struct link *link = ch->link;

	link->end[ch->side].channel = NULL;
	ch->link = NULL;
	ch->upper = NULL;
	link_unref(link);
}

void
link_cut(struct hg_channel *ch)
{
	struct hg_channel *peer = link_peer(ch);

	if (ch->fulls > 0)
		link_full(ch, false);
	if (peer->fulls > 0)
		link_full(peer, false);
	atomic_store(&ch->link->near_left, true);
	link_forget(peer);
	link_forget(ch);
}

bool
link_has_near(const struct link *link)
{
	return (!atomic_load(&link->near_left));
}

/* --- at the sending end -------------------------------------------------- */

static size_t
link_cost(const struct hg_frame *frame)
{
	return (frame->len + sizeof(struct link_letter));
}

static void
link_open_letter(struct letter *letter)
{
	struct link_letter *op = list_entry(letter, struct link_letter, letter);
	struct link_across *way = &op->link->across[op->to];
	struct link_letter answer = { 0 };
	size_t len, before;

	if (op->what == LINK_FRAME) {
		len = link_cost(op->frame);
		before = atomic_fetch_sub(&way->under_way, len);
		if (before >= LINK_WINDOW / 2 && before - len < LINK_WINDOW / 2)
			answer.what = LINK_WINDOW_OPEN;
	}
	link_do(op);
	if (answer.what == LINK_WINDOW_OPEN) {
		*op = (struct link_letter){
			.letter = { .open = link_open_letter },
			.link = op->link,
			.what = LINK_WINDOW_OPEN,
			.to = !op->to,
		};
		mailbox_post(&op->link->end[op->to].worker->mailbox,
		    &op->letter);
		return;
	}
	link_unref(op->link);
	recycle_put(op, sizeof(*op));
}

static void
link_open_break(struct letter *letter)
{
	struct link_break *own = list_entry(letter, struct link_break, letter);
	struct hg_channel *ch = own->link->end[own->to].channel;

	if (ch != NULL && ch->opened)
		channel_fail(ch, 1011, "out of memory");
	else
		link_do(&(struct link_letter){ .link = own->link,
		    .to = own->to, .what = LINK_END, .code = 1011 });
	link_unref(own->link);
}

/* Without memory for a letter both ends fail; the link has one for that. */
static void
link_fail(struct link_letter *op)
{
	struct link_break *own = &op->link->across[op->to].broken;
	struct hg_channel *ch = op->link->end[!op->to].channel;

	frame_unref(op->frame);
	http_free(op->head);
	link_unref(op->child);
	if (own->posted)
		return;
	own->posted = true;
	own->letter.open = link_open_break;
	link_ref(op->link);
	mailbox_post(&op->link->end[op->to].worker->mailbox, &own->letter);
	if (ch != NULL)
		channel_fail(ch, 1011, "out of memory");
}

/* Does it, or posts a copy. What op owns is taken over. */
void
link_cross(struct link_letter *op)
{
	struct worker *from, *to;
	struct link_letter *copy;

	from = op->link->end[!op->to].worker;
	to = op->link->end[op->to].worker;
	if (from == to) {
		link_do(op);
		return;
	}
	if ((copy = recycle_get(sizeof(*copy))) == NULL) {
		link_fail(op);
		return;
	}
	*copy = *op;
	copy->letter.open = link_open_letter;
	link_ref(copy->link);
	mailbox_post(&to->mailbox, &copy->letter);
}

/* Between two workers nobody sees the other's queue: it is counted here. */
static void
link_count(struct hg_channel *ch, size_t len)
{
	struct link *link = ch->link;

	if (link->end[0].worker == link->end[1].worker)
		return;
	if (atomic_fetch_add(&link->across[!ch->side].under_way, len) + len <
	    LINK_WINDOW || ch->link_held)
		return;
	ch->link_held = true;
	channel_pause(ch, true);
}

/* The other end, when both are on this worker. */
static void
link_hand_over(struct link_side *to, struct hg_frame *frame)
{
	if (to->channel != NULL)
		channel_send(to->channel, frame);
	else
		frame_unref(frame);
}

void
link_send(struct hg_channel *ch, struct hg_frame *frame)
{
	struct link *link = ch->link;

	if (link == NULL) {
		frame_unref(frame);
		return;
	}
	if (link->end[0].worker == link->end[1].worker) {
		link_hand_over(&link->end[!ch->side], frame);
		return;
	}
	link_count(ch, link_cost(frame));
	link_cross(&(struct link_letter){
	    .link = ch->link,
	    .to = !ch->side,
	    .what = LINK_FRAME,
	    .frame = frame,
	});
}

void
link_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	struct link_letter op = { .link = ch->link, .to = !ch->side };

	if (ch->link == NULL)
		return;
	op.what = LINK_END;
	op.code = code;
	strncpy(op.reason, reason, sizeof(op.reason) - 1);
	link_cross(&op);
}

void
link_full(struct hg_channel *ch, bool full)
{
	if (ch->link == NULL)
		return;
	link_cross(&(struct link_letter){
	    .link = ch->link,
	    .to = !ch->side,
	    .what = LINK_FULL,
	    .code = full,
	});
}

/* From the far end's worker, whether it has a channel or not. */
void
link_answer(struct link *link, struct hg_head *response)
{
	link_cross(&(struct link_letter){
	    .link = link,
	    .to = 0,
	    .what = LINK_ANSWER,
	    .head = response,
	});
}

void
link_child(struct hg_channel *child)
{
	struct hg_channel *parent = child->parent;
	struct link *link;

	if (parent == NULL || parent->link == NULL)
		return;
	link = link_new(parent->link->end[0].worker,
	    parent->link->end[1].worker);
	if (link == NULL) {
		channel_fail(child, 1011, "out of memory");
		return;
	}
	link_join(link, parent->side, child);
	link_cross(&(struct link_letter){
	    .link = parent->link,
	    .to = !parent->side,
	    .what = LINK_CHILD,
	    .child = link,
	    .head = http_ref(child->request),
	});
	link_tell_held(child);
}

static void
link_head(struct hg_channel *ch, enum link_what what, struct hg_head *head)
{
	if (ch->link == NULL) {
		http_free(head);
		return;
	}
	link_cross(&(struct link_letter){
	    .link = ch->link,
	    .to = !ch->side,
	    .what = what,
	    .head = head,
	});
}

void
link_auth(struct hg_channel *ch, struct hg_head *request)
{
	link_head(ch, LINK_AUTH, request);
}

void
link_authed(struct hg_channel *ch, struct hg_head *response)
{
	link_head(ch, LINK_AUTHED, response);
}

struct hg_channel *
link_peer(const struct hg_channel *ch)
{
	const struct link *link = ch->link;

	if (link == NULL || link->end[0].worker != link->end[1].worker)
		return (NULL);
	return (link->end[!ch->side].channel);
}

struct worker *
link_peer_worker(const struct hg_channel *ch)
{
	if (ch->link == NULL)
		return (NULL);
	return (ch->link->end[!ch->side].worker);
}

