/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages. For who acknowledges, what is the same for all subscribers of one
 * version is written once (the tail); a subscriber's own headers are put in
 * front of it, and the bytes behind are shared. All others: see form.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "broker.h"

/* Headers that are the broker's, or meant for it. */
static bool
is_ours(const char *name)
{
	static const char *const names[] = {
		"destination", "receipt", "transaction", "content-length",
		"message-id", "subscription", "ack", "redelivered",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (true);
	return (false);
}

/* The publisher's headers; of several with one name only the first counts. */
static void
keep_fields(struct broker_message *message, struct broker_buffer *buffer,
    const struct broker_frame *frame)
{
	const struct broker_header *header;
	size_t i;

	for (i = 0; i < frame->count; i++) {
		header = &frame->header[i];
		if (is_ours(header->name) ||
		    broker_header(frame, header->name) != header->value)
			continue;
		broker_add(buffer, header->name, strlen(header->name) + 1);
		broker_add(buffer, header->value, strlen(header->value) + 1);
		message->count++;
	}
}

static int
fill(struct broker_message *message, const struct broker_frame *frame)
{
	keep_fields(message, &message->fields, frame);
	message->text = broker_utf8(frame->body, frame->body_len);
	message->body = hg->frame_new(frame->body_len > 0 ? frame->body : "",
	    frame->body_len, HG_WHOLE);
	message->cost = BROKER_OVERHEAD + message->fields.len +
	    frame->body_len;
	return (message->fields.failed || message->body == NULL ? -1 : 0);
}

static void
destroy(struct broker_message *message)
{
	hg->frame_unref(message->body);
	broker_buffer_free(&message->fields);
	hg->recycle_put(message, sizeof(*message));
}

struct broker_message *
broker_message_new(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_message *message;
	size_t before;

	if ((message = hg->recycle_get(sizeof(*message))) != NULL)
		memset(message, 0, sizeof(*message));
	if (message == NULL || fill(message, frame) != 0) {
		if (message != NULL)
			destroy(message);
		broker_error(s, 1011, "out of memory", NULL);
		return (NULL);
	}
	atomic_init(&message->refs, 1);
	before = atomic_fetch_add(&broker.store, message->cost);
	if (before + message->cost > (size_t)s->options->store) {
		broker_message_unref(message);
		broker_error(s, 1013, "the broker's store is full", NULL);
		return (NULL);
	}
	return (message);
}

void
broker_message_ref(struct broker_message *message)
{
	atomic_fetch_add_explicit(&message->refs, 1, memory_order_relaxed);
}

void
broker_message_unref(struct broker_message *message)
{
	if (message == NULL || atomic_fetch_sub(&message->refs, 1) != 1)
		return;
	atomic_fetch_sub(&broker.store, message->cost);
	destroy(message);
}

void
broker_message_fields(struct broker_buffer *buffer,
    const struct broker_message *message, enum broker_version version)
{
	const char *name, *value;
	char length[48];
	size_t i;

	name = message->fields.data;
	for (i = 0; i < message->count; i++) {
		value = name + strlen(name) + 1;
		/* What this version cannot say is left out. */
		broker_add_header(buffer, name, value, version);
		name = value + strlen(value) + 1;
	}
	snprintf(length, sizeof(length), "content-length:%zu\n\n",
	    hg->frame_len(message->body));
	broker_add_text(buffer, length);
}

struct hg_frame *
broker_message_tail(const struct broker_message *message,
    enum broker_version version)
{
	struct broker_buffer buffer = { 0 };
	struct hg_frame *frame = NULL;

	broker_message_fields(&buffer, message, version);
	if (!buffer.failed)
		frame = hg->frame_prepend(hg->frame_ref(message->body),
		    buffer.data, buffer.len);
	broker_buffer_free(&buffer);
	if (frame != NULL)
		frame = hg->frame_append(frame, "", 1);
	return (frame);
}

static void
own_headers(struct broker_buffer *buffer,
    const struct broker_subscription *sub, const struct broker_item *item)
{
	enum broker_version version = sub->session->version;
	char id[80];

	broker_add_text(buffer, "MESSAGE\n");
	if (sub->id != NULL)
		broker_add_header(buffer, "subscription", sub->id, version);
	snprintf(id, sizeof(id), "message-id:%s-%" PRIu64 "-%" PRIu64 "\n",
	    sub->session->id, sub->serial, item->delivery);
	broker_add_text(buffer, id);
	broker_add_header(buffer, "destination", sub->destination->name,
	    version);
	if (version == BROKER_1_2 && sub->ack != BROKER_ACK_AUTO) {
		snprintf(id, sizeof(id), "ack:%" PRIu64 "-%" PRIu64 "\n",
		    sub->serial, item->delivery);
		broker_add_text(buffer, id);
	}
	if (item->redelivered)
		broker_add_text(buffer, "redelivered:true\n");
}

void
broker_message_send(struct broker_subscription *sub,
    const struct broker_item *item, struct hg_frame *tail, bool text)
{
	struct broker_buffer buffer = { 0 };
	struct hg_frame *frame;

	own_headers(&buffer, sub, item);
	frame = NULL;
	if (!buffer.failed && tail != NULL)
		frame = hg->frame_prepend(hg->frame_ref(tail), buffer.data,
		    buffer.len);
	broker_buffer_free(&buffer);
	if (frame != NULL)
		frame = hg->frame_reflag(frame,
		    HG_WHOLE | (text ? HG_TEXT : 0));
	broker_write(sub->session, frame);
}
