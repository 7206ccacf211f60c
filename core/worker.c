/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "recycle.h"
#include "worker.h"

/* Made and freed in main, before threads start and after they have ended. */
static struct worker	*workers;
static unsigned		 workers_total;
static void		(*workers_enter)(struct worker *);
static void		(*workers_leave)(struct worker *);

static _Thread_local struct worker *worker_current;

struct post {
	struct letter	 letter;
	void		(*fn)(void *);
	void		*arg;
};

uint64_t
worker_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
}

void
worker_tick(struct worker *worker)
{
	worker->now = worker_clock();
}

static void
worker_begin(struct worker *worker)
{
	worker_tick(worker);
	if (worker->turn_at == 0)
		worker->turn_at = worker->now;
}

static void
worker_mail(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	worker_begin(worker);
	mailbox_open(&worker->mailbox);
}

static void
worker_run(struct list *list)
{
	struct list now;
	struct work *work;

	list_init(&now);
	list_splice(&now, list);
	while (!list_empty(&now)) {
		work = list_entry(now.next, struct work, node);
		list_remove(&work->node);
		work->fn(work);
	}
}

static void
worker_batch(void *arg)
{
	worker_begin(arg);
}

/*
 * Much was read in this turn already: it goes out while it is still in the
 * cache, and before more memory is taken. The reap waits for the turn's end.
 */
static void
worker_relieve(void *arg)
{
	struct worker *worker = arg;

	if (worker->read_bytes < WORKER_READ_MAX)
		return;
	worker->read_bytes = 0;
	worker_run(&worker->flush);
}

/* No locks: only its own thread touches a base. No settings by environment. */
static struct event_base *
worker_base_new(void)
{
	struct event_config *config;
	struct event_base *base;

	if ((config = event_config_new()) == NULL)
		return (NULL);
	base = NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK |
	    EVENT_BASE_FLAG_IGNORE_ENV) == 0 &&
	    event_config_require_features(config, EV_FEATURE_ET) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	return (base);
}

static int
worker_init(struct worker *worker, unsigned index)
{
	worker->index = index;
	worker->read_size = WORKER_READ_SIZE;
	list_init(&worker->flush);
	list_init(&worker->reap);
	list_init(&worker->conns);
	atomic_init(&worker->stopping, false);
	worker_tick(worker);
	if ((worker->base = worker_base_new()) == NULL)
		return (-1);
	if (poller_init(&worker->poller, worker->base, worker_batch,
	    worker_relieve, worker) == -1)
		goto fail;
	if (dues_init(&worker->dues, worker->base, worker_clock) == -1)
		goto fail_poller;
	if (mailbox_init(&worker->mailbox) == -1)
		goto fail_dues;
	worker->mail = event_new(worker->base, worker->mailbox.fd,
	    EV_READ | EV_PERSIST, worker_mail, worker);
	if (worker->mail == NULL || event_add(worker->mail, NULL) == -1)
		goto fail_mailbox;
	return (0);

fail_mailbox:
	if (worker->mail != NULL)
		event_free(worker->mail);
	mailbox_finish(&worker->mailbox);
fail_dues:
	dues_finish(&worker->dues);
fail_poller:
	poller_finish(&worker->poller);
fail:
	event_base_free(worker->base);
	return (-1);
}

static void
worker_finish(struct worker *worker)
{
	worker_become(worker);
	event_free(worker->mail);
	mailbox_finish(&worker->mailbox);
	buf_unref(worker->read_buf);
	worker_become(NULL);
	dues_finish(&worker->dues);
	poller_finish(&worker->poller);
	event_base_free(worker->base);
}

int
workers_create(unsigned count)
{
	void *memory;
	unsigned i;

	if (count == 0 || workers != NULL)
		return (-1);
	if (posix_memalign(&memory, _Alignof(struct worker),
	    count * sizeof(*workers)) != 0) {
		log_write(HG_LOG_ERROR, NULL, "out of memory for workers");
		return (-1);
	}
	workers = memory;
	memset(workers, 0, count * sizeof(*workers));
	for (i = 0; i < count; i++) {
		if (worker_init(&workers[i], i) == 0)
			continue;
		log_write(HG_LOG_ERROR, NULL, "cannot make worker %u: %s", i,
		    strerror(errno));
		workers_total = i;
		workers_destroy();
		return (-1);
	}
	workers_total = count;
	return (0);
}

static bool
worker_has_work(const struct worker *worker)
{
	return (!list_empty(&worker->flush) || !list_empty(&worker->reap));
}

size_t
worker_read_size(size_t size, uint64_t turn_ms)
{
	if (turn_ms > WORKER_TURN)
		size = size * WORKER_TURN / turn_ms;
	else if (turn_ms < WORKER_TURN / 2)
		size *= 2;
	if (size < WORKER_READ_MIN)
		return (WORKER_READ_MIN);
	return (size < WORKER_READ_SIZE ? size : WORKER_READ_SIZE);
}

static void
worker_end(struct worker *worker)
{
	if (worker->turn_at == 0)
		return;
	worker_tick(worker);
	worker->read_size = worker_read_size(worker->read_size,
	    worker->now - worker->turn_at);
	worker->turn_at = 0;
}

/* What either list gains while it runs is for the next turn. */
void
worker_turn(struct worker *worker, bool block)
{
	int flags;

	flags = EVLOOP_ONCE;
	if (!block || worker_has_work(worker))
		flags |= EVLOOP_NONBLOCK;
	event_base_loop(worker->base, flags);
	worker_tick(worker);
	worker->read_bytes = 0;
	worker_run(&worker->flush);
	worker_run(&worker->reap);
	worker_end(worker);
}

static void
worker_serve(struct worker *worker)
{
	worker_become(worker);
	if (workers_enter != NULL)
		workers_enter(worker);
	while (!atomic_load(&worker->stopping))
		worker_turn(worker, true);
	if (workers_leave != NULL)
		workers_leave(worker);
	worker_become(NULL);
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	char name[16];

	snprintf(name, sizeof(name), "worker %u", worker->index);
	pthread_setname_np(pthread_self(), name);
	worker_serve(worker);
	recycle_thread_finish();
	return (NULL);
}

void
workers_run(void (*enter)(struct worker *), void (*leave)(struct worker *))
{
	workers_enter = enter;
	workers_leave = leave;
	atomic_store(&workers[0].stopping, false);
	worker_serve(&workers[0]);
}

void
worker_stop(struct worker *worker)
{
	atomic_store(&worker->stopping, true);
}

/* Signals are for main's thread: threads inherit the mask they start with. */
int
workers_start(void (*enter)(struct worker *), void (*leave)(struct worker *))
{
	struct worker *worker;
	sigset_t all, old;
	int error;
	unsigned i;

	workers_enter = enter;
	workers_leave = leave;
	error = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < workers_total && error == 0; i++) {
		worker = &workers[i];
		atomic_store(&worker->stopping, false);
		error = pthread_create(&worker->thread, NULL, worker_main,
		    worker);
		worker->started = error == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error == 0)
		return (0);
	log_write(HG_LOG_ERROR, NULL, "cannot start a worker: %s",
	    strerror(error));
	workers_stop();
	return (-1);
}

static void
worker_open_stop(struct letter *letter)
{
	worker_stop(list_entry(letter, struct worker, stop));
}

void
workers_stop(void)
{
	unsigned i;

	for (i = 0; i < workers_total; i++) {
		if (!workers[i].started)
			continue;
		workers[i].stop.open = worker_open_stop;
		mailbox_post(&workers[i].mailbox, &workers[i].stop);
	}
	for (i = 0; i < workers_total; i++) {
		if (!workers[i].started)
			continue;
		pthread_join(workers[i].thread, NULL);
		workers[i].started = false;
	}
}

/*
 * The last letters and the work they cause. They may go from one worker to
 * another, so all are asked, a few times.
 */
static void
workers_settle(void)
{
	unsigned i, round;

	for (round = 0; round < 8; round++)
		for (i = 0; i < workers_total; i++) {
			worker_become(&workers[i]);
			mailbox_open(&workers[i].mailbox);
			worker_run(&workers[i].flush);
			worker_run(&workers[i].reap);
		}
	worker_become(NULL);
}

void
workers_destroy(void)
{
	unsigned i;

	workers_settle();
	for (i = 0; i < workers_total; i++)
		worker_finish(&workers[i]);
	free(workers);
	workers = NULL;
	workers_total = 0;
}

unsigned
workers_count(void)
{
	return (workers_total);
}

struct worker *
worker_at(unsigned index)
{
	return (index < workers_total ? &workers[index] : NULL);
}

struct worker *
worker_self(void)
{
	return (worker_current);
}

void
worker_become(struct worker *worker)
{
	worker_current = worker;
}

void
worker_flush_later(struct worker *worker, struct work *work)
{
	if (!list_linked(&work->node))
		list_push(&worker->flush, &work->node);
}

void
worker_reap_later(struct worker *worker, struct work *work)
{
	if (!list_linked(&work->node))
		list_push(&worker->reap, &work->node);
}

static void
worker_open_post(struct letter *letter)
{
	struct post *post = list_entry(letter, struct post, letter);

	post->fn(post->arg);
	recycle_put(post, sizeof(*post));
}

int
worker_post(struct worker *worker, void (*fn)(void *), void *arg)
{
	struct post *post;

	if ((post = recycle_get(sizeof(*post))) == NULL)
		return (-1);
	post->letter.open = worker_open_post;
	post->fn = fn;
	post->arg = arg;
	mailbox_post(&worker->mailbox, &post->letter);
	return (0);
}

/* Once nobody holds frames over it, it begins anew. */
struct buf *
worker_read_buf(struct worker *worker, unsigned char **at)
{
	struct buf *buf = worker->read_buf;

	if (buf != NULL && buf_is_shared(buf)) {
		if (buf->size - worker->read_at < WORKER_READ_SIZE) {
			buf_unref(buf);
			worker->read_buf = buf = NULL;
		}
	} else
		worker->read_at = 0;
	if (buf == NULL) {
		worker->read_at = 0;
		worker->read_buf = buf = buf_new(WORKER_READ_BUF);
	}
	if (buf != NULL)
		*at = buf->data + worker->read_at;
	return (buf);
}

void
worker_has_read(struct worker *worker, size_t bytes)
{
	worker->read_at += bytes;
	worker->read_bytes += bytes;
}
