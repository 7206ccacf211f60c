/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments at which many of one kind want to be called, of which a few are set
 * at a time far more seldom than they move: a heap under one timer of the
 * event loop, instead of an event for each. Belongs to one thread.
 */
#ifndef CORE_DUE_H
#define CORE_DUE_H

#include <event2/event.h>

#include <stdint.h>

/* Embedded in who is called. */
struct due {
	void		(*fn)(struct due *);
	uint64_t	 at;		/* ms of the clock */
	unsigned	 place;		/* in the heap, from 1 on; 0: not set */
};

struct dues {
	struct event	 *timer;
	uint64_t	(*clock)(void);
	uint64_t	  armed;	/* when the timer fires; 0: it does not */
	struct due	**heap;
	unsigned	  count, room;
	unsigned	  members;	/* who may be set: room for all */
};

/* -1: no memory. */
int	dues_init(struct dues *, struct event_base *, uint64_t (*clock)(void));
void	dues_finish(struct dues *);
/* Makes room, so that due_set cannot fail. -1: no memory. */
int	due_init(struct dues *, struct due *, void (*fn)(struct due *));
void	due_finish(struct dues *, struct due *);
/* fn is called once, when the clock is there; instead of what was set. */
void	due_set(struct dues *, struct due *, uint64_t at);
void	due_clear(struct dues *, struct due *);

#endif
