/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crosses from one thread to another: letters in a list under a lock, and
 * one eventfd write when the box was empty. Letters of one thread arrive in the
 * order in which it posted them.
 */
#ifndef CORE_MAILBOX_H
#define CORE_MAILBOX_H

#include <pthread.h>

#include "list.h"

/* Embedded in what is sent; who posts it gives it away until it is opened. */
struct letter {
	struct list	 node;
	void		(*open)(struct letter *);	/* on the receiver */
};

struct mailbox {
	pthread_mutex_t	 lock;
	struct list	 letters;
	int		 fd;		/* eventfd, readable when not empty */
};

int	mailbox_init(struct mailbox *);		/* -1: no descriptor */
void	mailbox_finish(struct mailbox *);	/* letters left are opened */
void	mailbox_post(struct mailbox *, struct letter *);	/* any thread */
/* Opens all letters that are there now; the owner's thread only. */
void	mailbox_open(struct mailbox *);

#endif
