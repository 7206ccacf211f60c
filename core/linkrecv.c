/* SPDX-License-Identifier: Apache-2.0 */
/* The receiving end of a link. */
#include "link.h"
#include "linkparts.h"

#include "channelauth.h"
#include "frame.h"
#include "http.h"

static void
link_do_end(struct hg_channel *ch, unsigned code, const char *reason)
{
	struct hg_head *response;

	if ((ch->opened && !ch->parked) || ch->session == NULL ||
	    ch->session->answered == NULL) {
		channel_end(ch, code, reason);
		return;
	}
	response = http_response(502, http_status_text(502), NULL);
	ch->session->answered(ch, response);
}

static void
link_do_full(struct hg_channel *ch, bool full)
{
	ch->link_full = full;
	channel_pause(ch, full);
}

static void
link_do_answer(struct hg_channel *ch, struct hg_head *head)
{
	if (ch->session != NULL && ch->session->answered != NULL &&
	    (!ch->opened || ch->parked))
		ch->session->answered(ch, head);
	else
		http_free(head);
}

/* The child that was to be linked has nobody above. */
static void
link_refuse_child(struct link *link, int side, unsigned code)
{
	link_cross(&(struct link_letter){
	    .link = link,
	    .to = !side,
	    .what = LINK_END,
	    .code = code,
	});
}

static void
link_do_child(struct hg_channel *parent, struct link *link, int side,
    struct hg_head *head)
{
	struct hg_channel *ch;

	if ((ch = channel_new_child(parent, head)) != NULL)
		link_attach(link, side, ch);
	else
		link_refuse_child(link, side, 1011);
	link_unref(link);
}

/* There is no channel, not any more or not yet. */
static void
link_do_nothing(struct link_letter *op)
{
	frame_unref(op->frame);
	http_free(op->head);
	if (op->what == LINK_END && op->to == 1)
		link_near_left(op->link);
	if (op->child != NULL) {
		link_refuse_child(op->child, op->to, 1001);
		link_unref(op->child);
	}
}

void
link_do(struct link_letter *op)
{
	struct hg_channel *ch = op->link->end[op->to].channel;

	if (ch == NULL) {
		link_do_nothing(op);
		return;
	}
	switch (op->what) {
	case LINK_FRAME:
		channel_send(ch, op->frame);
		break;
	case LINK_END:
		link_do_end(ch, op->code, op->reason);
		break;
	case LINK_FULL:
		link_do_full(ch, op->code != 0);
		break;
	case LINK_WINDOW_OPEN:
		if (ch->link_held) {
			ch->link_held = false;
			channel_pause(ch, false);
		}
		break;
	case LINK_ANSWER:
		link_do_answer(ch, op->head);
		break;
	case LINK_CHILD:
		link_do_child(ch, op->child, op->to, op->head);
		break;
	case LINK_AUTH:
		channelauth_upper_asks(ch, op->head);
		break;
	case LINK_AUTHED:
		channelauth_upper_answers(ch, op->head);
		break;
	case LINK_LOST:
	case LINK_PLACE:
	case LINK_ASK_RESUME:
	case LINK_RESUMED:
		link_do_lost(ch, op);
		break;
	}
}
