/* SPDX-License-Identifier: Apache-2.0 */
/* A session: bytes in, frames out, what waits while its channel is full. */
#include <string.h>

#include "broker.h"

static void
handle(struct broker_session *s, const char *data, size_t len)
{
	enum broker_parsed parsed;
	size_t used;

	s->received_at = hg->now();
	while (len > 0 && !s->ended) {
		parsed = broker_parse(&s->parser, s->options, s->version, data,
		    len, &used);
		data += used;
		len -= used;
		if (parsed == BROKER_BAD) {
			broker_error(s, s->parser.error_code, s->parser.error,
			    NULL);
		} else if (parsed == BROKER_HEAD) {
			broker_command_check(s, &s->parser.frame);
		} else if (parsed == BROKER_FRAME) {
			broker_command(s, &s->parser.frame);
			broker_parser_free(&s->parser);
		}
	}
}

static int
keep(struct broker_node *list, struct hg_frame *frame)
{
	struct broker_waiting *waiting;

	if ((waiting = hg->recycle_get(sizeof(*waiting))) == NULL) {
		hg->frame_unref(frame);
		return (-1);
	}
	waiting->frame = frame;
	broker_list_push(list, &waiting->node);
	return (0);
}

static struct hg_frame *
take(struct broker_node *list)
{
	struct broker_waiting *waiting;
	struct hg_frame *frame;

	if (broker_list_empty(list))
		return (NULL);
	waiting = BROKER_OF(list->next, struct broker_waiting, node);
	broker_list_remove(&waiting->node);
	frame = waiting->frame;
	hg->recycle_put(waiting, sizeof(*waiting));
	return (frame);
}

/*
 * A slot below may answer what it is sent before channel_send returns; such
 * frames wait until the one at hand is done with.
 */
void
broker_session_recv(struct broker_session *s, struct hg_frame *frame)
{
	const unsigned char *data;

	if (s->busy) {
		if (keep(&s->input, frame) != 0)
			broker_error(s, 1011, "out of memory", NULL);
		return;
	}
	s->busy = true;
	for (; frame != NULL; frame = take(&s->input)) {
		if ((data = hg->frame_bytes(&frame)) != NULL)
			handle(s, (const char *)data, hg->frame_len(frame));
		else
			broker_error(s, 1011, "out of memory", NULL);
		hg->frame_unref(frame);
	}
	s->busy = false;
	if (s->ended)
		broker_parser_free(&s->parser);
}

static void
stop_consumers(struct broker_session *s, bool stop)
{
	struct broker_subscription *sub;
	struct broker_node *node;

	for (node = s->subscriptions.next; node != &s->subscriptions;
	    node = node->next) {
		sub = BROKER_OF(node, struct broker_subscription, node);
		if (sub->destination->is_queue)
			broker_queue_stop(sub, stop);
	}
}

static void
send_now(struct broker_session *s, struct hg_frame *frame)
{
	s->sent_at = hg->now();
	if (hg->channel_send(s->channel, frame) || s->full)
		return;
	s->full = true;
	stop_consumers(s, true);
}

static void
drop_waiting(struct broker_session *s)
{
	struct hg_frame *frame;

	while ((frame = take(&s->waiting)) != NULL)
		hg->frame_unref(frame);
	s->waiting_bytes = 0;
}

/* The frame that is next may be of any length. */
static size_t
first_waiting(const struct broker_session *s)
{
	if (broker_list_empty(&s->waiting))
		return (0);
	return (BROKER_OVERHEAD + hg->frame_len(BROKER_OF(s->waiting.next,
	    struct broker_waiting, node)->frame));
}

void
broker_write(struct broker_session *s, struct hg_frame *frame)
{
	if (frame == NULL) {
		broker_error(s, 1011, "out of memory", NULL);
		return;
	}
	if (s->ended) {
		hg->frame_unref(frame);
		return;
	}
	if (!s->full) {
		send_now(s, frame);
		return;
	}
	if (s->waiting_bytes - first_waiting(s) >
	    (size_t)s->options->subscriber_queue) {
		hg->frame_unref(frame);
		drop_waiting(s);
		broker_count(BROKER_COUNT_SLOW);
		broker_error(s, 1013, "too slow",
		    "more messages wait than are kept for one client");
		return;
	}
	s->waiting_bytes += hg->frame_len(frame) + BROKER_OVERHEAD;
	if (keep(&s->waiting, frame) != 0)
		broker_error(s, 1011, "out of memory", NULL);
}

void
broker_write_buffer(struct broker_session *s, struct broker_buffer *buffer)
{
	struct hg_frame *frame;

	frame = NULL;
	if (!buffer->failed)
		frame = hg->frame_new(buffer->data, buffer->len,
		    HG_WHOLE | HG_TEXT);
	broker_buffer_free(buffer);
	broker_write(s, frame);
}

/* Gives everything back that others could wait for. */
static void
leave(struct broker_session *s)
{
	struct broker_subscription *sub;
	struct hg_frame *frame;

	while ((frame = take(&s->input)) != NULL)
		hg->frame_unref(frame);
	while (!broker_list_empty(&s->subscriptions)) {
		sub = BROKER_OF(s->subscriptions.next,
		    struct broker_subscription, node);
		broker_subscription_leave(sub);
	}
	broker_transactions_free(s);
	hg->timer_stop(s->login_timer);
	s->login_timer = NULL;
}

void
broker_session_drain(struct broker_session *s)
{
	struct hg_frame *frame;

	if (s->ended && !s->leaving)
		return;
	s->full = false;
	while (!s->full && (frame = take(&s->waiting)) != NULL) {
		s->waiting_bytes -= hg->frame_len(frame) + BROKER_OVERHEAD;
		send_now(s, frame);
	}
	if (!s->ended && !s->full)
		stop_consumers(s, false);
	if (s->leaving && broker_list_empty(&s->waiting)) {
		s->leaving = false;
		hg->channel_end(s->channel, s->end_code, s->end_reason);
	}
}

/* The rest of what waits goes too, and no faster than the channel takes it. */
void
broker_session_end(struct broker_session *s, unsigned code,
    const char *reason)
{
	if (s->ended)
		return;
	s->ended = true;
	s->leaving = !broker_list_empty(&s->waiting);
	s->end_code = code;
	s->end_reason = reason;
	if (!s->leaving)
		hg->channel_end(s->channel, code, reason);
	leave(s);
}

void
broker_error(struct broker_session *s, unsigned code, const char *message,
    const char *detail)
{
	struct broker_buffer buffer = { 0 };
	struct hg_frame *frame;
	char quoted[128];

	broker_catch_up(s);
	if (s->ended)
		return;
	broker_count(BROKER_COUNT_ERRORS);
	hg->log(s->slot, HG_LOG_INFO, "error: %s%s%s", message,
	    detail != NULL ? ": " : "", detail == NULL ? "" :
	    hg->quote(quoted, sizeof(quoted), detail, strlen(detail)));
	broker_reply_error(&buffer, s, message, detail);
	frame = buffer.failed ? NULL :
	    hg->frame_new(buffer.data, buffer.len, HG_WHOLE | HG_TEXT);
	broker_buffer_free(&buffer);
	if (frame != NULL && broker_list_empty(&s->waiting))
		hg->channel_send(s->channel, frame);
	else if (frame != NULL)
		keep(&s->waiting, frame);
	broker_session_end(s, code, message);
}

void
broker_session_leave(struct broker_session *s)
{
	s->ended = true;
	s->leaving = false;
	drop_waiting(s);
	leave(s);
}
