/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that computes hashes. A job that is new is looked at first: is it
 * known already? Only then does it wait for its hash, so that who has logged in
 * before does not wait behind those who guess. It is as busy for a name that
 * nobody has.
 */
#include <openssl/crypto.h>

#include <crypt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "basic.h"

/* For a file without anybody: the cost of headgatectl passwd. */
#define NOBODY	"$y$j9T$........................"

static pthread_t	 thread;
static pthread_mutex_t	 lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t	 wake = PTHREAD_COND_INITIALIZER;
/* Under the lock. */
static struct basic_jobs fresh = TAILQ_HEAD_INITIALIZER(fresh);
static unsigned		 fresh_count;
static bool		 started, stopping;
/* The thread's. */
static struct basic_jobs slow = TAILQ_HEAD_INITIALIZER(slow);
static int64_t		 slow_count, slow_most;
static struct crypt_data *work;

void
basic_job_free(struct basic_job *job)
{
	explicit_bzero(&job->given, sizeof(job->given));
	free(job);
}

static bool
is_stopping(void)
{
	bool yes;

	pthread_mutex_lock(&lock);
	yes = stopping;
	pthread_mutex_unlock(&lock);
	return (yes);
}

/* Without memory for the letter there is nothing to do but wait. */
static void
answer(struct basic_job *job, enum basic_answer what)
{
	static const struct timespec pause = { 0, 10 * 1000 * 1000 };

	job->answer = what;
	while (hg->post(job->worker, basic_answered, job) != 0) {
		if (is_stopping())
			return;
		nanosleep(&pause, NULL);
	}
}

/* Whether the password's hash is that one. */
static bool
is_hash_of(const char *password, const char *hash)
{
	const char *made;
	size_t len = strlen(hash);

	made = crypt_rn(password, hash, work, sizeof(*work));
	return (made != NULL && strlen(made) == len &&
	    CRYPTO_memcmp(made, hash, len) == 0);
}

static void
compute(struct basic_job *job)
{
	const struct basic_file *file;
	const char *hash, *instead = NOBODY;
	bool yes;

	if (atomic_load(&job->off)) {
		answer(job, BASIC_NO);
		return;
	}
	file = basic_file_find(job->users);
	hash = file == NULL ? NULL : basic_file_hash(file, job->given.user);
	if (file != NULL && file->count > 0)
		instead = file->users[0].hash;
	yes = is_hash_of(job->given.password, hash != NULL ? hash : instead);
	explicit_bzero(work, sizeof(*work));
	if (hash == NULL || !yes) {
		answer(job, BASIC_NO);
		return;
	}
	basic_proof_keep(&job->given, hash);
	answer(job, BASIC_YES);
}

static void
look(struct basic_job *job)
{
	const struct basic_file *file = basic_file_find(job->users);
	const char *hash = NULL;

	if (file != NULL)
		hash = basic_file_hash(file, job->given.user);
	if (hash != NULL && basic_proof_known(&job->given, hash)) {
		job->known = true;
		answer(job, BASIC_YES);
	} else if (file == NULL || slow_count >= slow_most) {
		answer(job, BASIC_OVERLOADED);
	} else {
		TAILQ_INSERT_TAIL(&slow, job, entry);
		slow_count++;
	}
}

/* The next job, or NULL at the end. is_fresh: it has not been looked at. */
static struct basic_job *
next_job(bool *is_fresh)
{
	struct basic_job *job = NULL;

	pthread_mutex_lock(&lock);
	while (!stopping && TAILQ_EMPTY(&fresh) && TAILQ_EMPTY(&slow))
		pthread_cond_wait(&wake, &lock);
	*is_fresh = !TAILQ_EMPTY(&fresh);
	if (!stopping && *is_fresh) {
		job = TAILQ_FIRST(&fresh);
		TAILQ_REMOVE(&fresh, job, entry);
		fresh_count--;
	} else if (!stopping) {
		job = TAILQ_FIRST(&slow);
		TAILQ_REMOVE(&slow, job, entry);
		slow_count--;
	}
	pthread_mutex_unlock(&lock);
	return (job);
}

static void *
run(void *arg)
{
	struct basic_job *job;
	bool is_fresh;

	(void)arg;
	while ((job = next_job(&is_fresh)) != NULL)
		if (is_fresh)
			look(job);
		else
			compute(job);
	return (NULL);
}

int
basic_check_start(const struct basic_options *options)
{
	sigset_t all, before;
	int result;

	slow_most = options->queue;
	stopping = false;
	work = calloc(1, sizeof(*work));
	if (work == NULL || basic_proofs_start((size_t)options->proofs) != 0) {
		free(work);
		hg->log(NULL, HG_LOG_ERROR, "basic: out of memory");
		return (-1);
	}
	/* Signals are for the daemon's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	started = result == 0;
	if (started)
		return (0);
	hg->log(NULL, HG_LOG_ERROR, "basic: no thread: %s", strerror(result));
	basic_proofs_stop();
	free(work);
	return (-1);
}

static void
drop_all(struct basic_jobs *jobs)
{
	struct basic_job *job;

	while ((job = TAILQ_FIRST(jobs)) != NULL) {
		TAILQ_REMOVE(jobs, job, entry);
		basic_job_free(job);
	}
}

void
basic_check_stop(void)
{
	if (!started)
		return;
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_signal(&wake);
	pthread_mutex_unlock(&lock);
	pthread_join(thread, NULL);
	started = false;
	drop_all(&fresh);
	drop_all(&slow);
	fresh_count = 0;
	slow_count = 0;
	basic_files_free();
	basic_proofs_stop();
	free(work);
}

int
basic_check(struct basic_job *job)
{
	bool full;

	pthread_mutex_lock(&lock);
	full = fresh_count >= BASIC_FRESH_MAX;
	if (!full) {
		TAILQ_INSERT_TAIL(&fresh, job, entry);
		fresh_count++;
		pthread_cond_signal(&wake);
	}
	pthread_mutex_unlock(&lock);
	return (full ? -1 : 0);
}
