/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a child stands in its flow, so that its messages can be had again when
 * the connection is lost.
 *
 * chan->place is the number of the flow's last message that was queued (at the
 * creator) or received on the child's own id, where that is known: "placed".
 * "place?" says it; a merge says it of the carrier; a carrier's destroy says it
 * of who goes on. A merged member's place is its carrier's.
 *
 * "resume" asks the creator of a child for the messages behind a place. The
 * answer stands in line with the child's data, so it is also where the numbers
 * begin.
 */
#include <stdlib.h>
#include <string.h>

#include "merge.h"

void
channels_place_set(struct chan *c, uint64_t seq)
{
	if (!channels_has_set(c))
		return;
	c->placed = true;
	c->set->place = seq;
}

void
channels_place_forget(struct chan *c)
{
	c->placed = false;
}

/* Only another of us keeps the number. */
int
channels_say_place(struct chan *c, bool known, uint64_t seq)
{
	struct barrier *b;

	if (c->gone || !c->mine || !c->child || c->ending || c->out_open ||
	    (c->set->carrier != NULL && !c->copying))
		return (-1);
	if (!c->mux->trunk || (!known && !c->placed) ||
	    (known && c->placed && c->set->place == seq))
		return (0);
	if ((b = channels_barrier_new(CONTROL_PLACE, c)) == NULL)
		return (-1);
	b->has_seq = known;
	b->seq = seq;
	if (channels_barrier_add(b, c) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	c->placed = known;
	c->set->place = seq;
	return (0);
}

/* Half a message was received in vain: it comes again. */
int
channels_get_place(const struct chan *c, uint64_t *seq)
{
	const struct chan *from = c->set->carrier != NULL ? c->set->carrier : c;

	if (c->mine || c->left || c->dropping || c->ending || c->recv_end ||
	    !from->placed || c->resuming)
		return (-1);
	*seq = from->set->place;
	return (0);
}

enum hg_verdict
channels_got_place(struct chan *c, const struct control *m)
{
	if (c->mine || !c->child)
		return (channels_wrong(c->mux, c, "place-by-other"));
	if (c->recv_end || c->in_open || c->set->carrier != NULL)
		return (channels_wrong(c->mux, c, "place-out-of-order"));
	if (control_has(m, CONTROL_SEQ))
		channels_place_set(c, m->number[CONTROL_SEQ]);
	else
		channels_place_forget(c);
	return (HG_DROP);
}

/* --- who asks ------------------------------------------------------------- */

/* The texts are put behind each other, each with its NUL. */
static int
keep_texts(struct barrier *b, const char *flow, const char *epoch)
{
	size_t flow_len = strlen(flow) + 1, epoch_len = strlen(epoch) + 1;
	char *text;

	if ((text = malloc(flow_len + epoch_len)) == NULL) {
		channels_no_memory(b->chan->mux);
		return (-1);
	}
	memcpy(text, flow, flow_len);
	memcpy(text + flow_len, epoch, epoch_len);
	b->text = text;
	b->text_len = flow_len + epoch_len;
	return (0);
}

int
channels_ask_resume(struct chan *c, const char *flow, const char *epoch,
    uint64_t seq)
{
	struct barrier *b;

	if (c->gone || c->mine || !c->child || c->ending || c->resuming ||
	    c->set->carrier != NULL)
		return (-1);
	if ((b = channels_barrier_new(CONTROL_RESUME, c)) == NULL)
		return (-1);
	b->seq = seq;
	b->has_seq = true;
	if (keep_texts(b, flow, epoch) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	c->resuming = true;
	c->set->resume = b;
	if (!c->waiting)
		channels_resume_opened(c);
	return (c->mux->failed ? -1 : 0);
}

/* The peer hears that it was accepted first. */
void
channels_resume_opened(struct chan *c)
{
	struct barrier *b = c->set->resume;

	if (b == NULL)
		return;
	c->set->resume = NULL;
	if (channels_barrier_add(b, c) != 0)
		channels_barrier_free(b);
}

void
channels_resume_forget(struct chan *c)
{
	if (c->set->resume == NULL)
		return;
	channels_barrier_free(c->set->resume);
	c->set->resume = NULL;
}

void
channels_put_resume(struct control_line *line, const struct barrier *b)
{
	if (b->verb == CONTROL_RESUME) {
		control_put_text(line, CONTROL_FLOW, b->text);
		control_put_text(line, CONTROL_EPOCH,
		    b->text + strlen(b->text) + 1);
		return;
	}
	control_put_number(line, CONTROL_FROM, b->seq + 1);
	control_put_number(line, CONTROL_TO_SEQ, b->last);
}

/* resumed, or gap. */
enum hg_verdict
channels_got_resumed(struct chan *c, const struct control *m)
{
	bool yes = m->verb == CONTROL_RESUMED;

	if (!c->resuming)
		return (channels_wrong(c->mux, c, "answer-without-question"));
	if (c->in_open || c->set->carrier != NULL)
		return (channels_wrong(c->mux, c, "answer-out-of-order"));
	c->resuming = false;
	if (yes)
		channels_place_set(c, m->number[CONTROL_SEQ]);
	channels_count(yes ? COUNT_RESUMED : COUNT_GAPS, 1);
	if (c->channel != NULL && !c->dropping && !c->ending)
		hg->channel_resumed(c->channel, yes);
	return (HG_DROP);
}

/* --- who is asked --------------------------------------------------------- */

/* Whether the messages follow: only who fans out knows the flow. */
static bool
is_resumed(struct chan *c, const struct control *m, uint64_t *last)
{
	char flow[64], epoch[16];

	if (!c->mine || !c->child || c->channel == NULL || !c->opened ||
	    c->set->carrier != NULL || c->out_open)
		return (false);
	control_decode(m, CONTROL_FLOW, flow, sizeof(flow));
	control_decode(m, CONTROL_EPOCH, epoch, sizeof(epoch));
	return (hg->channel_resume(c->channel, flow, epoch,
	    m->number[CONTROL_SEQ], last) == 0);
}

static int
queue_answer(struct chan *c, uint64_t seq)
{
	struct barrier *b;

	if ((b = channels_barrier_new(CONTROL_RESUMED, c)) == NULL)
		return (-1);
	b->seq = seq;
	b->has_seq = true;
	if (channels_barrier_add(b, c) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	return (0);
}

/* The newest of them. The channel may have failed, and it is gone. */
static void
answer_gap(struct chan *c, uint64_t last)
{
	struct item *item;

	TAILQ_FOREACH_REVERSE(item, &c->out->queue, items, entry)
		if (item->barrier != NULL && item->barrier->chan == c &&
		    item->barrier->verb == CONTROL_RESUMED)
			break;
	if (item == NULL)
		return;
	item->barrier->verb = CONTROL_GAP;
	item->barrier->has_seq = false;
	item->barrier->last = last;
}

/* The answer stands in line before it is known, as what follows it is sent
 * while it is asked for. */
enum hg_verdict
channels_got_resume(struct chan *c, const struct control *m)
{
	uint64_t seq = m->number[CONTROL_SEQ], last, place = c->set->place;
	bool yes, placed = c->placed;

	if (seq == UINT64_MAX)
		return (channels_wrong(c->mux, c, "resume-seq"));
	if (c->ending || c->refused)
		return (HG_DROP);
	if (channels_is_flood(c))
		return (channels_policy(c->mux, "too many requests"));
	if (queue_answer(c, seq) != 0)
		return (HG_FAIL);
	last = c->set->carrier != NULL ? c->set->carrier->set->flow :
	    c->set->flow;
	channels_place_set(c, seq);
	yes = is_resumed(c, m, &last);
	channels_count(yes ? COUNT_RESUMED : COUNT_GAPS, 1);
	if (!yes) {
		if (placed)
			channels_place_set(c, place);
		else
			channels_place_forget(c);
		answer_gap(c, last);
	}
	return (c->mux->failed ? HG_FAIL : HG_DROP);
}
