/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New credentials for a live channel: auth by the initiator, authed by the
 * acceptor, each behind the data of its channel. Of a channel one auth may be
 * unanswered.
 */
#include "channels.h"

#define HEAD_MAX	(CONTROL_MAX - 128)	/* leaves room for the line */

static int
queue_head(struct chan *c, enum control_verb verb, const struct hg_head *head)
{
	struct barrier *b;
	const char *text;
	size_t len;

	text = hg->head_text(head, &len);
	if (len > HEAD_MAX || (b = channels_barrier_new(verb, c)) == NULL)
		return (-1);
	if (channels_barrier_set_text(b, text, len) != 0 ||
	    channels_barrier_add(b, c) != 0) {
		channels_barrier_free(b);
		return (-1);
	}
	return (0);
}

int
channels_auth(struct chan *c, const struct hg_head *request)
{
	if (!c->mux->initiator || !c->mine || c->gone || c->ending ||
	    c->recv_end || !c->opened || c->auth_asking ||
	    queue_head(c, CONTROL_AUTH, request) != 0)
		return (-1);
	c->auth_asking = true;
	return (0);
}

/* The answer of what is above. */
void
channels_authed(struct chan *c, const struct hg_head *response)
{
	if (c->gone || c->ending || !c->auth_asked || c->auth_decided)
		return;
	c->auth_decided = true;
	if (queue_head(c, CONTROL_AUTHED, response) != 0)
		channels_fail(c, 1011, "response head too long");
}

enum hg_verdict
channels_got_auth(struct chan *c, const struct control *m)
{
	struct hg_head *head;
	const char *error;

	if (c->mux->initiator || c->mine)
		return (channels_wrong(c->mux, c, "auth-by-other"));
	if (c->ending || c->refused)
		return (HG_DROP);
	if (!c->opened)
		return (channels_wrong(c->mux, c, "auth-before-answer"));
	if (c->auth_asked)
		return (channels_wrong(c->mux, c, "auth-unanswered"));
	head = hg->head_parse(m->head, m->head_len, "request", &error);
	if (head == NULL)
		return (channels_wrong(c->mux, c, "bad-head"));
	c->auth_asked = true;
	if (c->channel != NULL)
		hg->channel_got_auth(c->channel, head);
	hg->head_free(head);
	return (HG_DROP);
}

static bool
is_answer(const struct hg_head *head)
{
	int status = hg->head_status(head);

	return (status == 200 || status == 401 || status == 403);
}

enum hg_verdict
channels_got_authed(struct chan *c, const struct control *m)
{
	struct hg_head *head;
	const char *error;

	if (!c->auth_asking || !c->auth_sent)
		return (channels_wrong(c->mux, c, "answer-without-question"));
	head = hg->head_parse(m->head, m->head_len, "response", &error);
	if (head == NULL || !is_answer(head)) {
		hg->head_free(head);
		return (channels_wrong(c->mux, c, "bad-head"));
	}
	c->auth_asking = c->auth_sent = false;
	if (c->channel != NULL && !c->dropping)
		hg->channel_got_authed(c->channel, head);
	hg->head_free(head);
	return (HG_DROP);
}
