/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lookup.h"
#include "str.h"

/*
 * Belongs to the worker that started it, but for the time on a thread; all that
 * both look at is under the lock. The letter is posted under the lock too, so
 * that nothing is posted after lookup_cancel, and then the worker may end.
 */
struct lookup {
	struct letter	 letter;
	struct list	 node;		/* of lookup_waiting */
	struct worker	*worker;
	char		*host;
	char		*port;
	lookup_done	*done;		/* NULL: cancelled */
	void		*arg;
	int		 result;	/* of getaddrinfo */
	struct addrinfo	*found;
};

static pthread_mutex_t	 lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static struct list	 lookup_waiting = { &lookup_waiting, &lookup_waiting };
static unsigned		 lookup_running;	/* threads */

static void
lookup_free(struct lookup *lookup)
{
	if (lookup->found != NULL)
		freeaddrinfo(lookup->found);
	free(lookup->host);
	free(lookup->port);
	free(lookup);
}

static void
lookup_open(struct letter *letter)
{
	struct lookup *lookup = list_entry(letter, struct lookup, letter);
	struct addrinfo *found;

	if (lookup->done != NULL) {
		found = lookup->found;
		lookup->found = NULL;
		lookup->done(lookup->arg, found,
		    found != NULL ? NULL : gai_strerror(lookup->result));
	}
	lookup_free(lookup);
}

static void
lookup_resolve(struct lookup *lookup)
{
	static const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV,
	};

	lookup->result = getaddrinfo(lookup->host, lookup->port, &hints,
	    &lookup->found);
	if (lookup->result != 0)
		lookup->found = NULL;
}

/* Locked. */
static struct lookup *
lookup_next(void)
{
	struct lookup *lookup;

	if (list_empty(&lookup_waiting))
		return (NULL);
	lookup = list_entry(lookup_waiting.next, struct lookup, node);
	list_remove(&lookup->node);
	return (lookup);
}

static void *
lookup_main(void *arg)
{
	struct lookup *lookup = arg;

	while (lookup != NULL) {
		lookup_resolve(lookup);
		pthread_mutex_lock(&lookup_lock);
		if (lookup->done != NULL)
			mailbox_post(&lookup->worker->mailbox,
			    &lookup->letter);
		else
			lookup_free(lookup);
		if ((lookup = lookup_next()) == NULL)
			lookup_running--;
		pthread_mutex_unlock(&lookup_lock);
	}
	return (NULL);
}

/* Locked. Signals are for main's thread. */
static int
lookup_thread(struct lookup *lookup)
{
	pthread_t thread;
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, NULL, lookup_main, lookup);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		return (-1);
	pthread_detach(thread);
	lookup_running++;
	return (0);
}

struct lookup *
lookup_start(struct worker *worker, const char *host, const char *port,
    lookup_done *done, void *arg)
{
	struct lookup *lookup;
	int result;

	if ((lookup = calloc(1, sizeof(*lookup))) == NULL)
		return (NULL);
	list_init(&lookup->node);
	lookup->letter.open = lookup_open;
	lookup->worker = worker;
	lookup->done = done;
	lookup->arg = arg;
	lookup->host = str_dup(host, strlen(host));
	lookup->port = str_dup(port, strlen(port));
	result = 0;
	if (lookup->host == NULL || lookup->port == NULL)
		goto fail;
	pthread_mutex_lock(&lookup_lock);
	if (lookup_running < LOOKUP_THREADS)
		result = lookup_thread(lookup);
	else
		list_push(&lookup_waiting, &lookup->node);
	pthread_mutex_unlock(&lookup_lock);
	if (result == 0)
		return (lookup);
fail:
	lookup_free(lookup);
	return (NULL);
}

/*
 * What waits is freed here; what a thread has, by the thread; what is posted,
 * when the letter is opened.
 */
void
lookup_cancel(struct lookup *lookup)
{
	bool waits;

	if (lookup == NULL)
		return;
	pthread_mutex_lock(&lookup_lock);
	waits = list_linked(&lookup->node);
	list_remove(&lookup->node);
	lookup->done = NULL;
	pthread_mutex_unlock(&lookup_lock);
	if (waits)
		lookup_free(lookup);
}
