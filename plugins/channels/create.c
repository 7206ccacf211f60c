/* SPDX-License-Identifier: Apache-2.0 */
/* How channels begin: create, created, refused. */
#include <string.h>

#include "merge.h"

#define HEAD_MAX	(CONTROL_MAX - 128)	/* leaves room for the line */

static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\n";

static bool
may_create(const struct mux *mux, const struct chan *parent)
{
	if (mux->failed || mux->no_creates || mux->draining)
		return (false);
	if (mux->mine >= mux->max_mine)
		return (false);
	if (parent == NULL)
		return (mux->initiator);
	return (!parent->gone && !parent->ending && !parent->recv_end &&
	    !parent->refused);
}

/* The create stands behind the parent's data, so that a message on the parent
 * may announce the child. */
static int
queue_create(struct chan *c, struct chan *parent, const char *head, size_t len)
{
	struct barrier *b;

	if ((b = channels_barrier_new(CONTROL_CREATE, c)) == NULL)
		return (-1);
	b->other = parent;
	if (channels_barrier_set_text(b, head, len) != 0 ||
	    channels_barrier_add(b, c) != 0 ||
	    (parent != NULL && channels_barrier_add(b, parent) != 0)) {
		channels_barrier_free(b);
		return (-1);
	}
	return (0);
}

int
channels_create(struct chan *parent, struct mux *mux,
    struct hg_channel *channel, const struct hg_head *request)
{
	const char *head = NULL;
	struct chan *c;
	unsigned id;
	size_t len = 0;

	if (!may_create(mux, parent))
		return (-1);
	if (request != NULL)
		head = hg->head_text(request, &len);
	if (len > HEAD_MAX || (parent == NULL && len == 0))
		return (-1);
	if ((id = channels_next_id(mux)) == 0 ||
	    (c = channels_new(mux, true, id)) == NULL)
		return (-1);
	/* A child's data goes one way: there is nothing to grant. */
	if ((parent == NULL ? !channels_store(c) : channels_add_set(c) != 0) ||
	    queue_create(c, parent, head, len) != 0) {
		channels_free(c);
		return (-1);
	}
	if (parent != NULL)
		channels_set_parent(c, parent);
	c->waiting = true;
	if (mux->chunk == 0 && !channels_is_text(id)) {
		TAILQ_INSERT_TAIL(&mux->plain, c, plain);
		c->on_plain = true;
	}
	channels_attach(c, channel);
	mux->last_mine = id;
	channels_count(COUNT_CREATED, 1);
	return (0);
}

static void
queue_answer(struct chan *c, enum control_verb verb, const char *head,
    size_t len)
{
	struct barrier *b;

	if ((b = channels_barrier_new(verb, c)) == NULL)
		return;
	if (channels_barrier_set_text(b, head, len) != 0 ||
	    channels_barrier_add(b, c) != 0)
		channels_barrier_free(b);
}

/* The text of an answer; for a child without fields, none. */
static const char *
answer_text(const struct chan *c, const struct hg_head *response, size_t *len)
{
	const char *text, *end;

	text = hg->head_text(response, len);
	end = memchr(text, '\n', *len);
	if (c->child && end == text + *len - 1)
		*len = 0;
	return (text);
}

/* The host's answer to what the peer wants to create. */
void
channels_answer_create(struct chan *c, const struct hg_head *response)
{
	const char *text;
	size_t len;

	if (c->gone || c->mine || !c->waiting || c->ending)
		return;
	text = answer_text(c, response, &len);
	if (len > HEAD_MAX) {
		channels_fail(c, 1011, "response head too long");
		return;
	}
	channels_answered(c);
	if (hg->head_status(response) == 101) {
		c->opened = true;
		c->mux->proven = true;
		queue_answer(c, CONTROL_CREATED, text, len);
		channels_resume_opened(c);
		return;
	}
	channels_count(COUNT_REFUSED, 1);
	c->refused = c->dropping = true;
	queue_answer(c, CONTROL_REFUSED, text, len);
}

/* Refused without asking the host: nothing of it is known above. */
static enum hg_verdict
refuse(struct mux *mux, unsigned id, bool child)
{
	struct chan *c;

	if ((c = channels_new(mux, false, id)) == NULL)
		return (channels_no_memory(mux));
	channels_count(COUNT_REFUSED, 1);
	c->child = child;
	c->refused = c->dropping = true;
	queue_answer(c, CONTROL_REFUSED, refusal, child ? 0 :
	    sizeof(refusal) - 1);
	return (HG_DROP);
}

/* What may not be at all. */
static const char *
create_is_wrong(const struct mux *mux, const struct control *m)
{
	const struct chan *parent;
	unsigned id;

	if (m->id == CHANNELS_ROOT || m->id == CHANNELS_CONTROL)
		return ("create-of-reserved-id");
	if (channels_is_mine(mux, m->id))
		return ("create-of-wrong-parity");
	if (table_get(&mux->table, m->id) != NULL)
		return ("create-of-live-id");
	if (mux->waiting_theirs >= CHANNELS_WAITING ||
	    mux->theirs >= mux->max_theirs + CHANNELS_WAITING)
		return ("too-many-creates");
	if (!control_has(m, CONTROL_PARENT)) {
		if (mux->initiator)
			return ("create-by-acceptor");
		return (m->head == NULL ? "create-without-head" : NULL);
	}
	id = (unsigned)m->number[CONTROL_PARENT];
	if (id == CHANNELS_CONTROL || !table_was_alive(&mux->table, id))
		return ("create-below-unknown");
	parent = channels_find(mux, id);
	if (parent != NULL && parent->recv_end)
		return ("create-below-ended");
	return (NULL);
}

static bool
must_refuse(const struct mux *mux, const struct control *m,
    const struct chan *parent)
{
	if (mux->refusing || mux->theirs >= mux->max_theirs)
		return (true);
	if (!control_has(m, CONTROL_PARENT))
		return (false);
	return (parent == NULL || parent->channel == NULL || parent->ending ||
	    !parent->opened);
}

/* Before anybody is known on a connection from anybody, little is allowed. */
static bool
too_early(const struct mux *mux)
{
	return (!mux->initiator && !mux->trunk && !mux->proven &&
	    (mux->waiting_theirs >= CHANNELS_EARLY ||
	    mux->early_bytes > CHANNELS_EARLY_BYTES));
}

static enum hg_verdict
accept_create(struct mux *mux, unsigned id, struct chan *parent,
    const struct hg_head *head)
{
	struct hg_channel *channel;
	struct chan *c;

	if ((c = channels_new(mux, false, id)) == NULL)
		return (channels_no_memory(mux));
	if (!channels_store(c)) {
		channels_free(c);
		return (refuse(mux, id, parent != NULL));
	}
	c->waiting = true;
	mux->waiting_theirs++;
	if (parent != NULL) {
		if (channels_add_set(c) != 0)
			return (channels_no_memory(mux));
		channels_set_parent(c, parent);
	}
	mux->accepting = c;
	channel = hg->channel_accept(mux->slot, parent == NULL ? NULL :
	    parent->channel, head, id);
	mux->accepting = NULL;
	if (channel == NULL)
		return (channels_no_memory(mux));
	if (c->channel == NULL)
		channels_attach(c, channel);
	channels_count(COUNT_ACCEPTED, 1);
	return (HG_DROP);
}

enum hg_verdict
channels_got_create(struct mux *mux, const struct control *m)
{
	struct hg_head *head;
	struct chan *parent;
	const char *error;
	enum hg_verdict verdict;
	bool child;

	if ((error = create_is_wrong(mux, m)) != NULL)
		return (channels_wrong(mux, NULL, error));
	if (!mux->proven)
		mux->early_bytes += m->head_len;
	if (too_early(mux))
		return (channels_policy(mux, "too much before a first accept"));
	child = control_has(m, CONTROL_PARENT);
	parent = child ? channels_find(mux,
	    (unsigned)m->number[CONTROL_PARENT]) : NULL;
	head = hg->head_parse(m->head, m->head_len, child ? "fields" :
	    "request", &error);
	if (head == NULL)
		return (channels_wrong(mux, NULL, "bad-head"));
	if (must_refuse(mux, m, parent))
		verdict = refuse(mux, m->id, child);
	else
		verdict = accept_create(mux, m->id, parent, head);
	hg->head_free(head);
	if (!mux->refusing)
		mux->last_theirs = m->id;
	return (verdict);
}

/* The head of an answer: what was sent, or what it means when it is absent.
 * NULL: wrong. */
static struct hg_head *
answer_head(const struct chan *c, const struct control *m, bool yes)
{
	struct hg_head *head;
	const char *error;

	if (m->head == NULL && c->child)
		return (hg->head_response(yes ? 101 : 503, NULL, NULL));
	if (m->head == NULL)
		return (NULL);
	head = hg->head_parse(m->head, m->head_len, "response", &error);
	if (head != NULL && (hg->head_status(head) == 101) != yes) {
		hg->head_free(head);
		return (NULL);
	}
	return (head);
}

enum hg_verdict
channels_got_created(struct chan *c, const struct control *m)
{
	struct hg_head *head;

	if (!c->mine || !c->waiting || !c->create_sent)
		return (channels_wrong(c->mux, c, "answer-without-create"));
	if ((head = answer_head(c, m, true)) == NULL)
		return (channels_wrong(c->mux, c, "bad-head"));
	channels_answered(c);
	c->opened = true;
	c->mux->proven = true;
	channels_queue_changed(c);
	if (c->channel != NULL && !c->dropping)
		hg->channel_opened(c->channel, head);
	hg->head_free(head);
	return (HG_DROP);
}

/* The frames that a refused child had: sent ones first. */
static void
take_frames(struct chan *c, struct items *frames)
{
	struct item *item, *next;

	TAILQ_CONCAT(frames, &c->set->held, entry);
	for (item = TAILQ_FIRST(&c->out->queue); item != NULL; item = next) {
		next = TAILQ_NEXT(item, entry);
		if (item->frame == NULL)
			continue;
		TAILQ_REMOVE(&c->out->queue, item, entry);
		TAILQ_INSERT_TAIL(frames, item, entry);
	}
	if (c->out->queued == 0)
		return;
	c->out->queued = c->out->longest = 0;
	TAILQ_FOREACH(item, &c->out->queue, entry)
		c->out->queued += channels_item_cost(item);
}

/* A refused child lives on above, carried by its parent; what the host still
 * calls channel_free for is only this plugin's part in it. */
static void
resend(struct hg_channel *channel, struct items *frames)
{
	struct item *item;

	while ((item = TAILQ_FIRST(frames)) != NULL) {
		TAILQ_REMOVE(frames, item, entry);
		hg->channel_resend(channel, item->frame);
		item->frame = NULL;
		channels_item_free(item);
	}
}

enum hg_verdict
channels_got_refused(struct chan *c, const struct control *m)
{
	struct hg_channel *channel = c->channel;
	struct items frames;
	struct hg_head *head;

	if (!c->mine || !c->waiting || !c->create_sent)
		return (channels_wrong(c->mux, c, "answer-without-create"));
	if ((head = answer_head(c, m, false)) == NULL)
		return (channels_wrong(c->mux, c, "bad-head"));
	channels_count(COUNT_REFUSED, 1);
	TAILQ_INIT(&frames);
	if (c->child)
		take_frames(c, &frames);
	channels_queue_purge(c);
	c->recv_end = true;
	channels_emit_end(c, CONTROL_DESTROY, 1000, NULL);
	channels_settle(c);
	if (channel != NULL && !c->dropping) {
		hg->channel_opened(channel, head);
		resend(channel, &frames);
	}
	hg->head_free(head);
	return (HG_DROP);
}
