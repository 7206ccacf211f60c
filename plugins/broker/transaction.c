/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions: frames that are kept until COMMIT, bounded by number and bytes
 * over all transactions of a session.
 */
#include <stdlib.h>
#include <string.h>

#include "broker.h"

static struct broker_transaction *
find(struct broker_session *s, const char *id)
{
	struct broker_transaction *transaction;
	struct broker_node *node;

	for (node = s->transactions.next; node != &s->transactions;
	    node = node->next) {
		transaction = BROKER_OF(node, struct broker_transaction, node);
		if (strcmp(transaction->id, id) == 0)
			return (transaction);
	}
	return (NULL);
}

static size_t
step_cost(const struct broker_step *step)
{
	return (BROKER_OVERHEAD +
	    (step->message != NULL ? step->message->cost : 0));
}

static void
step_free(struct broker_session *s, struct broker_step *step)
{
	s->step_count--;
	s->step_bytes -= step_cost(step);
	broker_list_remove(&step->node);
	broker_message_unref(step->message);
	free(step->destination);
	free(step);
}

static void
transaction_free(struct broker_session *s,
    struct broker_transaction *transaction)
{
	while (!broker_list_empty(&transaction->steps))
		step_free(s, BROKER_OF(transaction->steps.next,
		    struct broker_step, node));
	broker_list_remove(&transaction->node);
	s->transaction_count--;
	free(transaction->id);
	free(transaction);
}

void
broker_transactions_free(struct broker_session *s)
{
	while (!broker_list_empty(&s->transactions))
		transaction_free(s, BROKER_OF(s->transactions.next,
		    struct broker_transaction, node));
}

static bool
refuse(struct broker_session *s, const struct broker_step *step,
    unsigned code, const char *error, const char *detail)
{
	broker_message_unref(step->message);
	free(step->destination);
	broker_error(s, code, error, detail);
	return (false);
}

bool
broker_transaction_add(struct broker_session *s, const char *id,
    const struct broker_step *step)
{
	struct broker_transaction *transaction;
	struct broker_step *kept;

	if ((transaction = find(s, id)) == NULL)
		return (refuse(s, step, 1002, "no such transaction", id));
	if (s->step_count >= (size_t)s->options->transaction_frames ||
	    s->step_bytes + step_cost(step) >
	    (size_t)s->options->transaction_bytes)
		return (refuse(s, step, 1013, "too much in transactions",
		    id));
	if ((kept = malloc(sizeof(*kept))) == NULL)
		return (refuse(s, step, 1011, "out of memory", NULL));
	*kept = *step;
	broker_list_push(&transaction->steps, &kept->node);
	s->step_count++;
	s->step_bytes += step_cost(kept);
	return (true);
}

static void
begin(struct broker_session *s, const char *id)
{
	struct broker_transaction *transaction;

	if (find(s, id) != NULL) {
		broker_error(s, 1002, "the transaction is open already", id);
		return;
	}
	if (s->transaction_count >= (size_t)s->options->transactions) {
		broker_error(s, 1013, "too many transactions", id);
		return;
	}
	transaction = calloc(1, sizeof(*transaction));
	if (transaction == NULL || (transaction->id = strdup(id)) == NULL) {
		free(transaction);
		broker_error(s, 1011, "out of memory", NULL);
		return;
	}
	broker_list_init(&transaction->steps);
	broker_list_push(&s->transactions, &transaction->node);
	s->transaction_count++;
}

/* Whether everything that it acknowledges still can be. */
static bool
complete(struct broker_session *s,
    const struct broker_transaction *transaction)
{
	const struct broker_step *step;
	struct broker_node *node;

	for (node = transaction->steps.next; node != &transaction->steps;
	    node = node->next) {
		step = BROKER_OF(node, struct broker_step, node);
		if (step->command != BROKER_SEND &&
		    broker_ack_find(s, step->serial, step->delivery) == NULL)
			return (false);
	}
	return (true);
}

static void
commit_step(struct broker_session *s, struct broker_step *step)
{
	struct broker_subscription *sub;
	struct broker_message *message;

	if (step->command == BROKER_SEND) {
		message = step->message;
		broker_message_ref(message);
		broker_publish(s, step->destination, message);
		return;
	}
	/* A cumulative one before it may have taken it along. */
	sub = broker_ack_find(s, step->serial, step->delivery);
	if (sub != NULL)
		broker_ack_apply(sub, step->delivery,
		    step->command == BROKER_NACK);
}

static void
commit(struct broker_session *s, struct broker_transaction *transaction)
{
	struct broker_step *step;

	if (!complete(s, transaction)) {
		broker_error(s, 1002, "no such message to acknowledge",
		    transaction->id);
		return;
	}
	/* An error in between ends the session, and frees all of it. */
	while (!s->ended && !broker_list_empty(&transaction->steps)) {
		step = BROKER_OF(transaction->steps.next, struct broker_step,
		    node);
		commit_step(s, step);
		if (!s->ended)
			step_free(s, step);
	}
	if (!s->ended)
		transaction_free(s, transaction);
}

void
broker_transaction(struct broker_session *s, const struct broker_frame *frame)
{
	struct broker_transaction *transaction;
	const char *id;

	if ((id = broker_header(frame, "transaction")) == NULL) {
		broker_error(s, 1002, "no transaction is named", NULL);
		return;
	}
	if (frame->command == BROKER_BEGIN) {
		begin(s, id);
		return;
	}
	if ((transaction = find(s, id)) == NULL)
		broker_error(s, 1002, "no such transaction", id);
	else if (frame->command == BROKER_COMMIT)
		commit(s, transaction);
	else
		transaction_free(s, transaction);
}
