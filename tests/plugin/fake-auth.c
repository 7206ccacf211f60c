/* SPDX-License-Identifier: Apache-2.0 */
/* New credentials: what the table has for them, and what tests do. */
#include "fake.h"

#include <stdio.h>
#include <string.h>

#include "fake-table.h"

int
fake_hg_channel_auth(struct hg_channel *ch, const struct hg_fields *fields)
{
	(void)fields;
	fake_live(ch, "channel_auth");
	return (-1);	/* nothing leads to another headgate */
}

void
fake_hg_channel_authed(struct hg_channel *ch, int status,
    const struct hg_fields *fields)
{
	(void)fields;
	fake_live(ch, "channel_authed");
	ch->auth_status = status;
}

void
fake_hg_channel_got_auth(struct hg_channel *ch, const struct hg_head *request)
{
	size_t len;
	const char *text = http_text(request, &len);

	fake_live(ch, "channel_got_auth");
	if (ch->auth_asked)
		fake_abort("%s: asked twice", ch->name);
	ch->auth_asked = true;
	snprintf(ch->auth_request, sizeof(ch->auth_request), "%.*s",
	    (int)len, text);
}

void
fake_hg_channel_got_authed(struct hg_channel *ch,
    const struct hg_head *response)
{
	fake_live(ch, "channel_got_authed");
	ch->authed_status = response->status;
}

static struct hg_head *
head_of(const char *text, enum http_kind kind)
{
	const char *error;
	struct hg_head *head;

	head = http_parse(text, strlen(text), kind, &error, NULL);
	if (head == NULL)
		fake_abort("bad head: %s", error);
	return (head);
}

const char *
fake_auth_asked(struct hg_channel *ch)
{
	if (!ch->auth_asked)
		return (NULL);
	ch->auth_asked = false;
	return (ch->auth_request);
}

void
fake_auth_answer(struct hg_channel *ch, const char *response)
{
	struct hg_slot *mux = ch->conn->mux;
	struct hg_head *head = head_of(response, HTTP_RESPONSE);
	unsigned previous;

	previous = fake_enter(ch->conn->worker);
	mux->plugin->plugin->mux->authed(mux, mux->state, ch, ch->data, head);
	fake_leave(previous);
	if (head->status == 403)
		fake_channel_end(ch, 1008, "credentials refused", false);
	http_free(head);
	fake_turn();
}

int
fake_auth_send(struct hg_channel *ch, const char *request)
{
	struct hg_slot *mux = ch->conn->mux;
	struct hg_head *head = head_of(request, HTTP_REQUEST);
	unsigned previous;
	int result;

	previous = fake_enter(ch->conn->worker);
	result = mux->plugin->plugin->mux->auth(mux, mux->state, ch, ch->data,
	    head);
	fake_leave(previous);
	http_free(head);
	fake_turn();
	return (result);
}

int
fake_authed(struct hg_channel *ch)
{
	int status = ch->authed_status;

	ch->authed_status = 0;
	return (status);
}

int
fake_auth_hooks(struct hg_channel *ch, const char *request)
{
	struct hg_head *head = head_of(request, HTTP_REQUEST);
	enum hg_verdict verdict = HG_PASS;
	struct hg_slot *slot;
	unsigned previous;
	int i;

	ch->auth_status = 0;
	for (i = 0; i < ch->chain.count && verdict == HG_PASS; i++) {
		slot = ch->chain.slot[i];
		if (slot->hooks->auth == NULL || !slot->opened)
			continue;
		previous = fake_enter(ch->conn->worker);
		verdict = slot->hooks->auth(slot, slot->state, head);
		fake_leave(previous);
	}
	http_free(head);
	fake_turn();
	return (verdict == HG_TAKE ? ch->auth_status : 0);
}
