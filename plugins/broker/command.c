/* SPDX-License-Identifier: Apache-2.0 */
/* Which frame may come when, and what is done with it. */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

/* The first frame must be CONNECT, and only SEND has a body. */
bool
broker_command_check(struct broker_session *s,
    const struct broker_frame *frame)
{
	const char *command = s->parser.head.data;

	if (frame->command == BROKER_UNKNOWN)
		broker_error(s, 1002, "no such command", command);
	else if (frame->command == BROKER_CONNECT &&
	    s->version != BROKER_NO_VERSION)
		broker_error(s, 1002, "connected already", NULL);
	else if (frame->command != BROKER_CONNECT &&
	    s->version == BROKER_NO_VERSION)
		broker_error(s, 1002, "not connected", command);
	else if (frame->command != BROKER_SEND && s->parser.has_length &&
	    s->parser.length > 0)
		broker_error(s, 1002, "a body where none may be", command);
	else if (frame->command != BROKER_SEND && !s->parser.has_length) {
		/* Its next byte must be the NUL. */
		s->parser.state = BROKER_AT_NUL;
		return (true);
	}
	return (!s->ended);
}

bool
broker_publish(struct broker_session *s, const char *destination,
    struct broker_message *message)
{
	const char *error;

	broker_count(BROKER_COUNT_IN);
	if (strncmp(destination, "/queue/", 7) == 0) {
		error = broker_queue_publish(s->options, destination, message);
		if (error != NULL)
			broker_error(s, 1013, error, destination);
	} else if (broker_topic_publish(destination, message) != 0)
		broker_error(s, 1011, "out of memory", NULL);
	return (!s->ended);
}

static void
send_message(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_step step = { .command = BROKER_SEND };
	const char *destination, *transaction, *error;
	struct broker_message *message;

	if ((destination = broker_header(frame, "destination")) == NULL) {
		broker_error(s, 1002, "SEND without a destination", NULL);
		return;
	}
	if ((error = broker_destination_check(destination)) != NULL) {
		broker_error(s, 1008, error, destination);
		return;
	}
	if ((message = broker_message_new(s, frame)) == NULL)
		return;
	transaction = broker_header(frame, "transaction");
	if (transaction == NULL) {
		broker_publish(s, destination, message);
		return;
	}
	step.message = message;
	if ((step.destination = strdup(destination)) == NULL) {
		broker_message_unref(message);
		broker_error(s, 1011, "out of memory", NULL);
	} else
		broker_transaction_add(s, transaction, &step);
}

static void
run(struct broker_session *s, const struct broker_frame *frame)
{
	switch (frame->command) {
	case BROKER_CONNECT:
		broker_connect(s, frame);
		break;
	case BROKER_SEND:
		send_message(s, frame);
		break;
	case BROKER_SUBSCRIBE:
		broker_subscribe(s, frame);
		break;
	case BROKER_UNSUBSCRIBE:
		broker_unsubscribe(s, frame);
		break;
	case BROKER_ACK:
	case BROKER_NACK:
		broker_ack(s, frame);
		break;
	case BROKER_BEGIN:
	case BROKER_COMMIT:
	case BROKER_ABORT:
		broker_transaction(s, frame);
		break;
	case BROKER_DISCONNECT:
	case BROKER_UNKNOWN:
		break;
	}
}

/*
 * What a frame does is in effect for all workers when its function returns: a
 * subscription is in the shared table, a message has its number there. So the
 * receipt can follow at once.
 */
void
broker_command(struct broker_session *s, const struct broker_frame *frame)
{
	const char *receipt;

	receipt = s->receipt = broker_header(frame, "receipt");
	/* What was published before it is not for who subscribes now. */
	if (frame->command == BROKER_SUBSCRIBE)
		broker_catch_up_all();
	else if (frame->command == BROKER_UNSUBSCRIBE)
		broker_catch_up(s);
	run(s, frame);
	if (frame->command != BROKER_SUBSCRIBE && (receipt != NULL ||
	    frame->command == BROKER_DISCONNECT))
		broker_catch_up(s);
	broker_reply_receipt(s);
	s->receipt = NULL;
	if (frame->command == BROKER_DISCONNECT)
		broker_session_end(s, 1000, "disconnected");
}
