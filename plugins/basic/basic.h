/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basic: HTTP's Basic scheme (RFC 7617) against a file of salted hashes. A hash
 * takes long on purpose, so it is computed on a thread of this plugin's own,
 * one at a time; what was proven once is known again by a keyed hash. Files
 * and proofs belong to that thread; a job goes there and back.
 */
#ifndef BASIC_H
#define BASIC_H

#include <headgate/plugin.h>

#include <sys/queue.h>
#include <sys/types.h>

#include <stdatomic.h>
#include <time.h>

#define BASIC_USER_MAX		256	/* bytes of a name */
#define BASIC_PASSWORD_MAX	500	/* crypt(3) takes 511 */
#define BASIC_HASH_MAX		384	/* crypt(3) gives 383 */
#define BASIC_FRESH_MAX		4096	/* jobs not looked at yet */

struct basic_options {
	const char	*users;		/* the file */
	const char	*realm;
	int64_t		 queue;		/* hashes that may wait */
	int64_t		 proofs;	/* that are kept */
};

enum basic_counter {
	BASIC_ACCEPTED,
	BASIC_REFUSED,
	BASIC_BUSY,
	BASIC_KNOWN,
};

enum basic_answer {
	BASIC_NO,
	BASIC_YES,
	BASIC_OVERLOADED,
};

struct basic_credentials {
	char	 user[BASIC_USER_MAX + 1];
	char	 password[BASIC_PASSWORD_MAX + 1];
};

/* One login, from begin until its answer is back on its worker. */
struct basic_job {
	TAILQ_ENTRY(basic_job)	 entry;
	unsigned		 worker;
	unsigned		 method;
	struct hg_login		*login;		/* its worker's; NULL: called
						 * off */
	atomic_bool		 off;		/* the same, for the thread */
	const char		*users;
	struct basic_credentials given;
	enum basic_answer	 answer;
	bool			 known;		/* by an earlier proof */
};

TAILQ_HEAD(basic_jobs, basic_job);

/* given.c: false when the request has no such credentials. */
bool	basic_given(const struct hg_head *request, bool application,
	    struct basic_credentials *);

/* check.c: the thread. -1: it cannot be. */
int	basic_check_start(const struct basic_options *);
void	basic_check_stop(void);
/* Takes the job; done is posted to its worker. -1: too many, it is not taken. */
int	basic_check(struct basic_job *);
void	basic_job_free(struct basic_job *);
/* basic.c: back on the job's worker; takes it. */
void	basic_answered(void *job);

/* file.c */
struct basic_user {
	const char	*name;
	const char	*hash;
};

struct basic_file {
	char			*path;
	bool			 read;		/* id is of what was read */
	dev_t			 dev;
	ino_t			 ino;
	off_t			 size;
	struct timespec		 mtime, ctime;
	char			*text;		/* names and hashes */
	struct basic_user	*users;		/* by name */
	size_t			 count;
	TAILQ_ENTRY(basic_file)	 entry;
};

/* NULL, or what is wrong with it (in buffer). The file is filled in if not. */
const char *basic_file_read(struct basic_file *, const char *path,
	    char *buffer, size_t size);
void	basic_file_finish(struct basic_file *);
/* The file as it is now; what is wrong with it is logged. NULL: no memory. */
struct basic_file *basic_file_find(const char *path);
const char *basic_file_hash(const struct basic_file *, const char *user);
void	basic_files_free(void);

/* proof.c: of a password, as long as the user's hash is that one. */
int	basic_proofs_start(size_t most);
void	basic_proofs_stop(void);
bool	basic_proof_known(const struct basic_credentials *, const char *hash);
void	basic_proof_keep(const struct basic_credentials *, const char *hash);

#endif
