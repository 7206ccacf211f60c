/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms: see broker.h. A form's frame is made once for each message; what is
 * different from one message to the next is a number and what the publisher
 * sent. Between them stand bytes that are written when the form is made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"

#define FLAT_MAX	(64 * 1024)	/* longer bodies are not copied */

static struct broker_node *
bucket_of(const struct broker_subscription *sub)
{
	const char *id = sub->id != NULL ? sub->id : "";
	uint64_t hash;

	hash = broker_hash(broker.key, id, strlen(id));
	hash += sub->destination->serial * 31;
	return (&broker.worker[sub->worker]->form[hash % BROKER_FORMS]);
}

static bool
same_id(const char *a, const char *b)
{
	return (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0));
}

static struct broker_form *
find(const struct broker_subscription *sub)
{
	struct broker_node *bucket, *node;
	struct broker_form *form;

	bucket = bucket_of(sub);
	for (node = bucket->next; node != bucket; node = node->next) {
		form = BROKER_OF(node, struct broker_form, bucket);
		if (form->destination == sub->destination &&
		    form->version == sub->session->version &&
		    same_id(form->id, sub->id))
			return (form);
	}
	return (NULL);
}

/* "MESSAGE" up to the number, and what is behind it up to the fields. */
static void
write_around(struct broker_buffer *before, struct broker_buffer *after,
    const struct broker_subscription *sub, bool bare)
{
	enum broker_version version = sub->session->version;
	char id[60];

	broker_add_text(before, "MESSAGE\n");
	if (!bare && sub->id != NULL)
		broker_add_header(before, "subscription", sub->id, version);
	snprintf(id, sizeof(id), "message-id:%s-%" PRIu64 "-", broker.id,
	    sub->destination->serial);
	if (!bare) {
		broker_add_text(before, id);
		broker_add_text(after, "\n");
	}
	broker_add_header(after, "destination", sub->destination->name,
	    version);
}

/* One piece of memory: the form, before, after and the id. */
static struct broker_form *
create(const struct broker_subscription *sub, bool bare)
{
	struct broker_buffer before = { 0 }, after = { 0 };
	struct broker_form *form = NULL;
	size_t len;
	char *text;

	write_around(&before, &after, sub, bare);
	len = sub->id != NULL ? strlen(sub->id) + 1 : 0;
	if (!before.failed && !after.failed)
		form = calloc(1, sizeof(*form) + before.len + after.len + len);
	if (form != NULL) {
		text = (char *)(form + 1);
		form->before = memcpy(text, before.data, before.len);
		form->before_len = before.len;
		text += before.len;
		form->after = memcpy(text, after.data, after.len);
		form->after_len = after.len;
		if (sub->id != NULL)
			form->id = memcpy(text + after.len, sub->id, len);
		form->destination = sub->destination;
		form->version = sub->session->version;
		form->bare = bare;
		broker_list_init(&form->node);
		broker_list_init(&form->bucket);
		broker_list_init(&form->members);
	}
	broker_buffer_free(&before);
	broker_buffer_free(&after);
	return (form);
}

struct broker_form *
broker_form_bare(const struct broker_subscription *sub)
{
	return (create(sub, true));
}

int
broker_form_join(struct broker_local *local, struct broker_subscription *sub)
{
	struct broker_form *form = &local->own;

	if (sub->ack == BROKER_ACK_AUTO && (form = find(sub)) == NULL) {
		if ((form = create(sub, false)) == NULL)
			return (-1);
		broker_list_push(bucket_of(sub), &form->bucket);
	}
	if (broker_list_empty(&form->node))
		broker_list_push(&local->forms, &form->node);
	sub->form = form;
	broker_list_push(&form->members, &sub->member);
	return (0);
}

void
broker_form_leave(struct broker_subscription *sub)
{
	broker_list_remove(&sub->member);
	broker_form_settle(sub->form);
}

void
broker_form_settle(struct broker_form *form)
{
	if (form->walked || !broker_list_empty(&form->members))
		return;
	broker_list_remove(&form->node);
	broker_list_remove(&form->bucket);
	if (form->destination != NULL)
		free(form);
}

static void
write_head(struct broker_buffer *buffer, const struct broker_form *form,
    const struct broker_parcel *parcel)
{
	char number[24];
	int len = 0;

	broker_add(buffer, form->before, form->before_len);
	if (!form->bare)
		len = snprintf(number, sizeof(number), "%" PRIu64,
		    parcel->number);
	broker_add(buffer, number, (size_t)len);
	broker_add(buffer, form->after, form->after_len);
	broker_message_fields(buffer, parcel->message, form->version);
}

/* All in one run where that is a small copy, as each run costs each of those
 * it is sent to. */
struct hg_frame *
broker_form_frame(const struct broker_form *form,
    const struct broker_parcel *parcel)
{
	struct broker_buffer buffer = { 0 };
	struct hg_frame *body = parcel->message->body, *frame = NULL;
	unsigned flags = HG_WHOLE | (parcel->message->text ? HG_TEXT : 0);
	const unsigned char *bytes;

	write_head(&buffer, form, parcel);
	if (hg->frame_len(body) > FLAT_MAX) {
		if (!buffer.failed)
			frame = hg->frame_append(hg->frame_prepend(
			    hg->frame_ref(body), buffer.data, buffer.len),
			    "", 1);
		frame = frame != NULL ? hg->frame_reflag(frame, flags) : NULL;
	} else {
		body = hg->frame_ref(body);
		if ((bytes = hg->frame_bytes(&body)) != NULL) {
			broker_add(&buffer, bytes, hg->frame_len(body));
			broker_add(&buffer, "", 1);
			if (!buffer.failed)
				frame = hg->frame_new(buffer.data, buffer.len,
				    flags);
		}
		hg->frame_unref(body);
	}
	broker_buffer_free(&buffer);
	return (frame);
}
