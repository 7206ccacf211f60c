/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/eventfd.h>

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "mailbox.h"

int
mailbox_init(struct mailbox *box)
{
	box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (box->fd == -1)
		return (-1);
	if (pthread_mutex_init(&box->lock, NULL) != 0) {
		close(box->fd);
		return (-1);
	}
	list_init(&box->letters);
	return (0);
}

/* What is posted meanwhile waits for the next time. */
static bool
mailbox_deliver(struct mailbox *box)
{
	struct list letters;
	struct letter *letter;
	bool any;

	list_init(&letters);
	pthread_mutex_lock(&box->lock);
	list_splice(&letters, &box->letters);
	pthread_mutex_unlock(&box->lock);
	any = !list_empty(&letters);
	while (!list_empty(&letters)) {
		letter = list_entry(letters.next, struct letter, node);
		list_remove(&letter->node);
		letter->open(letter);
	}
	return (any);
}

/* A letter that is opened here may post another one. */
void
mailbox_finish(struct mailbox *box)
{
	while (mailbox_deliver(box))
		;
	close(box->fd);
	pthread_mutex_destroy(&box->lock);
}

void
mailbox_post(struct mailbox *box, struct letter *letter)
{
	uint64_t one = 1;
	bool was_empty;

	pthread_mutex_lock(&box->lock);
	was_empty = list_empty(&box->letters);
	list_push(&box->letters, &letter->node);
	pthread_mutex_unlock(&box->lock);
	if (!was_empty)
		return;
	while (write(box->fd, &one, sizeof(one)) == -1 && errno == EINTR)
		;
}

/* The counter first: who posts after that writes into it again. */
void
mailbox_open(struct mailbox *box)
{
	uint64_t count;

	while (read(box->fd, &count, sizeof(count)) == -1 && errno == EINTR)
		;
	mailbox_deliver(box);
}
