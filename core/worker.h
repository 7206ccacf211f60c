/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker: one thread, one event base. Its turn is: events and letters, then
 * the flush list, then the reap list. What a connection does, it does on its
 * worker; only letters cross.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include <event2/event.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "due.h"
#include "list.h"
#include "mailbox.h"
#include "poller.h"

#define WORKER_READ_SIZE	(80 * 1024)	/* of one read, at most */
#define WORKER_READ_MAX		(64 * 1024)	/* of a turn, before a flush */
#define WORKER_READ_BUF		(WORKER_READ_MAX + WORKER_READ_SIZE)
#define WORKER_READ_MIN		(2 * 1024)
#define WORKER_TURN		200	/* ms: what a longer one read was much */

/*
 * Something to do at the end of the turn. list_init(&node) makes it; the node
 * is linked until fn is called, and removing it calls the work off.
 */
struct work {
	struct list	 node;
	void		(*fn)(struct work *);
};

struct worker {
	unsigned		 index;
	struct event_base	*base;
	struct mailbox		 mailbox;
	struct event		*mail;
	struct poller		 poller;	/* connected sockets */
	struct dues		 dues;		/* their deadlines */
	struct letter		 stop;
	struct list		 flush;		/* struct work */
	struct list		 reap;		/* struct work */
	struct list		 conns;		/* of the model layer */
	struct buf		*read_buf;	/* see worker_read_buf */
	size_t			 read_at;	/* what is before is looked at */
	size_t			 read_bytes;	/* since the last flush */
	size_t			 read_size;	/* of the next reads, at most */
	uint64_t		 turn_at;	/* its first event; 0: none yet */
	void		       **plugin_data;	/* of the model layer */
	pthread_t		 thread;
	bool			 started;
	atomic_bool		 stopping;
	uint64_t		 now;		/* see worker_tick */
} __attribute__((aligned(64)));		/* no cache line for two */

/* Makes the workers 0 to count - 1, without threads. -1: the log says why. */
int	workers_create(unsigned count);
/* start: runs enter on each new thread first, leave last. -1: none runs. */
int	workers_start(void (*enter)(struct worker *),
	    void (*leave)(struct worker *));
/*
 * In place of the two, with one worker: it is of the calling thread, until
 * worker_stop is called on it and the turn is over. A process of one thread
 * saves the kernel and the C library their locks, at every system call.
 */
void	workers_run(void (*enter)(struct worker *),
	    void (*leave)(struct worker *));
void	worker_stop(struct worker *);
/* Asks all to end after their turn, and waits for them. */
void	workers_stop(void);
/* Opens what letters are left, and does the work that they cause. */
void	workers_destroy(void);

unsigned	workers_count(void);
struct worker  *worker_at(unsigned index);
/* The calling thread's worker, or NULL. */
struct worker  *worker_self(void);
/* For tests: the calling thread becomes this worker, NULL: none. */
void		worker_become(struct worker *);
/*
 * What a read may bring after a turn of so many milliseconds, from what it was.
 * A few bytes may mean much work, such as messages for thousands, and as long
 * as it lasts nobody is answered; what is not read waits in the kernel, which
 * stops who sends it.
 */
size_t		worker_read_size(size_t size, uint64_t turn_ms);
/* One turn, waiting for an event when block is true. */
void		worker_turn(struct worker *, bool block);

/* Once per turn, however often asked for. Own thread. What flush asks to reap
 * is reaped in the same turn; what a list gains while it runs, in the next. */
void	worker_flush_later(struct worker *, struct work *);
void	worker_reap_later(struct worker *, struct work *);

/* fn(arg) on that worker, soon. Any thread. -1: no memory. */
int	worker_post(struct worker *, void (*fn)(void *), void *arg);

/*
 * Room for a read of WORKER_READ_SIZE bytes, at *at, in a buffer that nobody
 * else looks at from there on: the same again and again, unless frames over it
 * were kept. NULL without memory. The caller says how much of it was read, and
 * takes references for frames only.
 */
struct buf *worker_read_buf(struct worker *, unsigned char **at);
void	 worker_has_read(struct worker *, size_t);

uint64_t worker_clock(void);		/* ms, monotonic, now */
/* Sets worker->now. The poller does for a batch of transports, listeners, dials
 * and letters do each time the loop calls them, and so does the turn before its
 * lists; a timer of your own calls it first. */
void	 worker_tick(struct worker *);

#endif
