/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "net.h"

/* What happened, one character each. */
static char	story[64];

static void
tell(char c)
{
	size_t len = strlen(story);

	if (len + 1 < sizeof(story)) {
		story[len] = c;
		story[len + 1] = '\0';
	}
}

struct job {
	struct work	 work;
	char		 name;
	struct job	*flush;		/* asked for by fn */
	struct job	*reap;
	struct job	*cancel;
};

static void
job_run(struct work *work)
{
	struct job *job = list_entry(work, struct job, work);

	tell(job->name);
	if (job->flush != NULL)
		worker_flush_later(worker_self(), &job->flush->work);
	if (job->reap != NULL)
		worker_reap_later(worker_self(), &job->reap->work);
	if (job->cancel != NULL)
		list_remove(&job->cancel->work.node);
}

static void
job_init(struct job *job, char name)
{
	memset(job, 0, sizeof(*job));
	list_init(&job->work.node);
	job->work.fn = job_run;
	job->name = name;
}

static void
turn(void)
{
	worker_turn(worker_self(), true);
	tell('.');
}

static void
test_flush_once_then_reap(void)
{
	struct job f, r;

	net_start();
	story[0] = '\0';
	job_init(&f, 'f');
	job_init(&r, 'r');
	worker_reap_later(worker_self(), &r.work);
	worker_flush_later(worker_self(), &f.work);
	worker_flush_later(worker_self(), &f.work);
	worker_flush_later(worker_self(), &f.work);
	turn();
	worker_turn(worker_self(), false);
	worker_flush_later(worker_self(), &f.work);
	turn();
	T_STR_EQ(story, "fr.f.");
	net_stop();
}

/* No turn here may wait for an event: the alarm would end the test. */
static void
test_work_that_makes_work(void)
{
	struct job f, g, r;

	net_start();
	story[0] = '\0';
	job_init(&f, 'f');
	job_init(&g, 'g');
	job_init(&r, 'r');
	f.flush = &f;
	f.reap = &r;
	r.flush = &g;
	worker_flush_later(worker_self(), &f.work);
	turn();
	turn();
	f.flush = NULL;
	turn();
	f.reap = NULL;
	r.flush = NULL;
	r.reap = &r;
	worker_reap_later(worker_self(), &r.work);
	turn();
	r.reap = NULL;
	turn();
	T_STR_EQ(story, "fr.fgr.fgr.gr.r.");
	net_stop();
}

static void
test_work_is_called_off(void)
{
	struct job f, g;

	net_start();
	story[0] = '\0';
	job_init(&f, 'f');
	job_init(&g, 'g');
	f.cancel = &g;
	worker_flush_later(worker_self(), &f.work);
	worker_flush_later(worker_self(), &g.work);
	turn();
	T_STR_EQ(story, "f.");
	T_FALSE(list_linked(&g.work.node));
	net_stop();
}

static void
post_tell(void *arg)
{
	tell(*(char *)arg);
}

static void
test_post_to_oneself(void)
{
	static char letters[] = "abc";

	net_start();
	story[0] = '\0';
	T_EQ(worker_post(worker_self(), post_tell, &letters[0]), 0);
	T_EQ(worker_post(worker_self(), post_tell, &letters[1]), 0);
	T_STR_EQ(story, "");
	turn();
	T_EQ(worker_post(worker_self(), post_tell, &letters[2]), 0);
	turn();
	T_STR_EQ(story, "ab.c.");
	net_stop();
}

static void
test_read_buf(void)
{
	struct worker *worker;
	struct buf *first, *second;
	unsigned char *at;

	net_start();
	worker = worker_self();
	first = worker_read_buf(worker, &at);
	T_REQUIRE(first != NULL);
	T_PTR_EQ(at, first->data);
	worker_has_read(worker, 1000);
	/* Nobody looks at it. */
	T_PTR_EQ(worker_read_buf(worker, &at), first);
	T_PTR_EQ(at, first->data);
	/* A frame is kept: it goes on behind. */
	worker_has_read(worker, 1000);
	buf_ref(first);
	T_PTR_EQ(worker_read_buf(worker, &at), first);
	T_PTR_EQ(at, first->data + 1000);
	worker_has_read(worker, WORKER_READ_SIZE);
	/* No room is left for a whole read. */
	second = worker_read_buf(worker, &at);
	T_TRUE(second != NULL && second != first);
	T_PTR_EQ(at, second->data);
	T_TRUE(second->size >= WORKER_READ_SIZE);
	buf_unref(first);
	T_PTR_EQ(worker_read_buf(worker, &at), second);
	net_stop();
}

/* A long turn is answered by less work in the next one, and not for ever. */
static void
test_read_size(void)
{
	static const struct {
		size_t		 size;
		uint64_t	 ms;
		size_t		 next;
	} rows[] = {
		{ WORKER_READ_SIZE, 0, WORKER_READ_SIZE },
		{ WORKER_READ_SIZE, WORKER_TURN, WORKER_READ_SIZE },
		{ WORKER_READ_SIZE, 2 * WORKER_TURN, WORKER_READ_SIZE / 2 },
		{ WORKER_READ_SIZE, 10 * WORKER_TURN, WORKER_READ_SIZE / 10 },
		{ WORKER_READ_SIZE, UINT64_MAX, WORKER_READ_MIN },
		{ WORKER_READ_MIN, 3 * WORKER_TURN, WORKER_READ_MIN },
		{ 10000, WORKER_TURN, 10000 },
		{ 10000, WORKER_TURN / 2, 10000 },
		{ 10000, WORKER_TURN / 2 - 1, 20000 },
		{ WORKER_READ_SIZE - 1, 1, WORKER_READ_SIZE },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		T_EQ(worker_read_size(rows[i].size, rows[i].ms),
		    rows[i].next);
	}
	t_row(NULL);
}

static void
test_create(void)
{
	T_NULL(worker_self());
	T_EQ(workers_create(0), -1);
	T_EQ(workers_count(), 0);
	T_REQUIRE(workers_create(3) == 0);
	T_EQ(workers_create(3), -1);
	T_EQ(workers_count(), 3);
	T_EQ(worker_at(2)->index, 2);
	T_NULL(worker_at(3));
	T_TRUE(worker_at(0)->now > 0);
	workers_destroy();
	T_NULL(worker_at(0));
	T_EQ(workers_count(), 0);
}

static atomic_uint	entered, left, wrong, blocked_signals;
static atomic_uint	passed;

static void
enter(struct worker *worker)
{
	sigset_t set;

	atomic_fetch_add(&entered, 1);
	if (worker_self() != worker ||
	    !pthread_equal(worker->thread, pthread_self()))
		atomic_fetch_add(&wrong, 1);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	if (sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGHUP) == 1)
		atomic_fetch_add(&blocked_signals, 1);
}

static void
count_passed(void *arg)
{
	(void)arg;
	atomic_fetch_add(&passed, 1);
}

/* To a worker that may be gone already. */
static void
leave(struct worker *worker)
{
	atomic_fetch_add(&left, 1);
	worker_post(worker_at((worker->index + 1) % workers_count()),
	    count_passed, NULL);
}

struct hop {
	unsigned	 left;
	unsigned	 expected;
	atomic_bool	 done;
};

/* From worker to worker. */
static void
hop_on(void *arg)
{
	struct hop *hop = arg;

	if (worker_self() != worker_at(hop->expected))
		atomic_fetch_add(&wrong, 1);
	if (hop->left-- == 0) {
		atomic_store(&hop->done, true);
		return;
	}
	hop->expected = (hop->expected + 1) % workers_count();
	worker_post(worker_at(hop->expected), hop_on, hop);
}

static void
run_threads(void)
{
	struct hop hop = { .left = 1000 };

	atomic_store(&entered, 0);
	atomic_store(&left, 0);
	T_REQUIRE(workers_start(enter, leave) == 0);
	T_EQ(worker_post(worker_at(0), hop_on, &hop), 0);
	while (!atomic_load(&hop.done))
		sched_yield();
	workers_stop();
	T_EQ(atomic_load(&entered), 3);
	T_EQ(atomic_load(&left), 3);
	T_EQ(atomic_load(&wrong), 0);
}

static void
test_threads(void)
{
	sigset_t set;

	alarm(NET_LIMIT);
	atomic_store(&blocked_signals, 0);
	atomic_store(&passed, 0);
	T_REQUIRE(workers_create(3) == 0);
	run_threads();
	run_threads();
	T_EQ(atomic_load(&blocked_signals), 6);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	T_EQ(sigismember(&set, SIGTERM), 0);
	workers_destroy();
	T_EQ(atomic_load(&passed), 6);
	alarm(0);
}

static void
here_enter(struct worker *worker)
{
	T_PTR_EQ(worker_self(), worker);
	tell('e');
}

static void
here_stop(void *arg)
{
	tell('s');
	worker_stop(arg);
}

static void
here_leave(struct worker *worker)
{
	T_PTR_EQ(worker_self(), worker);
	tell('l');
}

/* One worker without a thread: again and again. */
static void
test_run(void)
{
	unsigned i;

	T_REQUIRE(workers_create(1) == 0);
	for (i = 0; i < 2; i++) {
		story[0] = '\0';
		T_EQ(worker_post(worker_at(0), here_stop, worker_at(0)), 0);
		workers_run(here_enter, here_leave);
		T_STR_EQ(story, "esl");
		T_NULL(worker_self());
	}
	workers_destroy();
}

/* Work and letters that are left cause each other across two workers. */
static struct job	last_job;

static void
post_last(void *arg)
{
	(void)arg;
	tell('p');
	worker_reap_later(worker_self(), &last_job.work);
}

static void
last_run(struct work *work)
{
	(void)work;
	tell(worker_self() == worker_at(0) ? '0' : '1');
}

static void
test_destroy_settles(void)
{
	T_REQUIRE(workers_create(2) == 0);
	story[0] = '\0';
	job_init(&last_job, 'l');
	last_job.work.fn = last_run;
	T_EQ(worker_post(worker_at(1), post_last, NULL), 0);
	workers_destroy();
	T_STR_EQ(story, "p1");
	T_NULL(worker_self());
}

static void
test_now(void)
{
	uint64_t before;

	net_start();
	before = worker_clock();
	worker_self()->now = 0;
	worker_turn(worker_self(), false);
	T_TRUE(worker_self()->now >= before);
	T_TRUE(worker_self()->now <= worker_clock());
	net_stop();
}

T_MAIN({ "create", test_create },
    { "flush once per turn, then reap", test_flush_once_then_reap },
    { "work that makes work", test_work_that_makes_work },
    { "work is called off", test_work_is_called_off },
    { "post to oneself", test_post_to_oneself },
    { "read buffer", test_read_buf },
    { "less is read after a long turn (W07)", test_read_size },
    { "time of the turn", test_now },
    { "threads start, pass letters, stop, start", test_threads },
    { "one worker without a thread", test_run },
    { "destroy settles what is left", test_destroy_settles })
