/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basic on two real worker threads, for a race to show (with TSan at best):
 * logins of many, right and wrong, some called off, while the file changes.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <headgate/plugin.h>

#include "harness.h"
#include "http.h"

#define WORKERS	2
#define LOGINS	120	/* of each worker */

/* bob: "secret", with the least rounds that there are. */
#define HASH	"$6$rounds=1000$saltstring$" \
		"2BkAo106CG84raQcWpAlhyy6TSSkAsL1nfvBCoezLYy" \
		"erUzY2l8axTvq6NynEt7SQAx3/cdop9ds0po8uaeHq0"

struct post {
	struct post	*next;
	void		(*fn)(void *);
	void		*arg;
};

struct hg_login {
	struct hg_head	*request;
	void		*data;
	int		 status;	/* 0: open */
	char		 identity[64];
	bool		 challenged;
};

static struct worker {
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	struct post	*first, **last;
	unsigned	 index;
	unsigned	 yes, no, off;
} workers[WORKERS];

static const struct hg_plugin *plugin;
static _Thread_local struct worker *self;
static atomic_uint counters[8];
static char path[] = "/tmp/headgate-test-basic-XXXXXX";

struct options {
	const char	*users, *realm;
	int64_t		 queue, proofs;
};

static struct options options = { path, "the gate", 1000, 1000 };

/* --- the host ------------------------------------------------------------- */

HG_PRINTF(3, 4) static void
host_log(const struct hg_slot *slot, enum hg_log_level level,
    const char *fmt, ...)
{
	(void)slot;
	(void)level;
	(void)fmt;
}

static void
host_count(const struct hg_plugin *of, unsigned index, int64_t by)
{
	(void)of;
	atomic_fetch_add(&counters[index], (unsigned)by);
}

static unsigned
host_worker_index(void)
{
	return (self->index);
}

static int
host_post(unsigned worker, void (*fn)(void *), void *arg)
{
	struct post *post = calloc(1, sizeof(*post));
	struct worker *to = &workers[worker];

	post->fn = fn;
	post->arg = arg;
	pthread_mutex_lock(&to->lock);
	*to->last = post;
	to->last = &post->next;
	pthread_mutex_unlock(&to->lock);
	return (0);
}

static void
host_random(void *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		abort();
}

static const void *
host_login_options(const struct hg_login *login)
{
	(void)login;
	return (&options);
}

static void
host_login_done(struct hg_login *login, int status, const char *identity,
    uint64_t expires, const struct hg_fields *fields)
{
	size_t i;

	if (login->status != 0 || expires != 0)
		abort();
	login->status = status;
	if (identity != NULL)
		snprintf(login->identity, sizeof(login->identity), "%s",
		    identity);
	for (i = 0; fields != NULL && i < fields->count; i++)
		login->challenged |= strcmp(fields->field[i].value,
		    "Basic realm=\"the gate\", charset=\"UTF-8\"") == 0;
}

static const struct hg_host host = {
	.size = sizeof(struct hg_host), .log = host_log, .count = host_count,
	.worker_index = host_worker_index, .post = host_post,
	.random = host_random, .head_get = http_get, .head_next = http_next,
	.fields_new = http_fields_new, .fields_add = http_fields_add,
	.fields_free = http_fields_free, .login_options = host_login_options,
	.login_done = host_login_done,
};

/* --- logins --------------------------------------------------------------- */

static void
run_posts(void)
{
	struct post *post;

	pthread_mutex_lock(&self->lock);
	while ((post = self->first) != NULL) {
		if ((self->first = post->next) == NULL)
			self->last = &self->first;
		pthread_mutex_unlock(&self->lock);
		post->fn(post->arg);
		free(post);
		pthread_mutex_lock(&self->lock);
	}
	pthread_mutex_unlock(&self->lock);
}

static void
begin(struct hg_login *login, const char *credentials)
{
	char text[256];
	const char *error;

	memset(login, 0, sizeof(*login));
	snprintf(text, sizeof(text),
	    "GET / HTTP/1.1\r\nAuthorization: Basic %s\r\n", credentials);
	login->request = http_parse(text, strlen(text), HTTP_REQUEST, &error,
	    NULL);
	login->data = calloc(1, plugin->auth->data_size);
	plugin->auth->begin(login, login->data, login->request, 0);
}

static void
finish(struct hg_login *login)
{
	http_free(login->request);
	free(login->data);
}

static void *
run(void *arg)
{
	static const char *const who[] = {
		"Ym9iOnNlY3JldA==",	/* bob:secret */
		"Ym9iOndyb25n",		/* bob:wrong */
		"YW5uOnNlY3JldA==",	/* ann:secret */
	};
	struct hg_login logins[LOGINS];
	unsigned i;

	self = arg;
	for (i = 0; i < LOGINS; i++)
		begin(&logins[i], who[i % 3]);
	for (i = 0; i < LOGINS; i += 7) {
		if (logins[i].status != 0)
			continue;
		plugin->auth->cancel(&logins[i], logins[i].data);
		logins[i].status = -1;
	}
	for (i = 0; i < LOGINS; i++) {
		while (logins[i].status == 0) {
			run_posts();
			usleep(100);
		}
		switch (logins[i].status) {
		case 200:
			self->yes += i % 3 == 0 &&
			    strcmp(logins[i].identity, "bob") == 0;
			break;
		case 401:
			self->no += i % 3 != 0 && logins[i].challenged;
			break;
		case -1:
			self->off++;
			break;
		}
		finish(&logins[i]);
	}
	return (NULL);
}

/* In one step, as nobody is to find it half written. */
static void
write_file(const char *text)
{
	char other[sizeof(path) + 4];
	int fd;

	snprintf(other, sizeof(other), "%s.new", path);
	fd = open(other, O_WRONLY | O_TRUNC | O_CREAT, 0600);
	T_REQUIRE(fd >= 0);
	T_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	T_EQ(rename(other, path), 0);
}

static void
start(void)
{
	char file[4096];
	const char *dir = getenv("HEADGATE_PLUGIN_DIR");
	void *handle;
	int fd;

	snprintf(file, sizeof(file), "%s/basic.so",
	    dir != NULL ? dir : "plugins/all");
	handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	T_REQUIRE(handle != NULL);
	plugin = dlsym(handle, "hg_plugin_entry");
	T_REQUIRE(plugin != NULL);
	*plugin->host = &host;
	if ((fd = mkstemp(path)) >= 0)
		close(fd);
}

static void
test_threads(void)
{
	char text[512];
	unsigned i, yes = 0, no = 0, off = 0;

	start();
	snprintf(text, sizeof(text), "bob:%s\n", HASH);
	write_file(text);
	T_EQ(plugin->load(&options), 0);
	for (i = 0; i < WORKERS; i++) {
		workers[i].index = i;
		workers[i].last = &workers[i].first;
		pthread_mutex_init(&workers[i].lock, NULL);
		pthread_create(&workers[i].thread, NULL, run, &workers[i]);
	}
	for (i = 0; i < 50; i++) {
		snprintf(text, sizeof(text), "# %u\nbob:%s\n", i, HASH);
		write_file(text);
		usleep(1000);
	}
	for (i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		yes += workers[i].yes;
		no += workers[i].no;
		off += workers[i].off;
	}
	plugin->unload();
	/* What was called off is freed where it was begun. */
	for (i = 0; i < WORKERS; i++) {
		self = &workers[i];
		run_posts();
	}
	T_TRUE(yes > 0 && no > 0 && off > 0);
	T_EQ(yes + no + off, WORKERS * LOGINS);
	unlink(path);
}

/* Files that are none; ours is the last. */
static void
test_files(void)
{
	static const struct {
		const char	*text;
		mode_t		 mode;
		bool		 fine;
	} rows[] = {
		{ "", 0600, true },
		{ "# none\n\n", 0640, true },
		{ "a:" HASH "\nb:" HASH, 0600, true },
		{ "a:" HASH "\n", 0644, false },
		{ "a:" HASH "\n", 0660, false },
		{ "a:" HASH "\n", 0602, false },
		{ "a", 0600, false },
		{ ":" HASH, 0600, false },
		{ "a:", 0600, false },
		{ "a:x", 0600, false },
		{ "a:$1$abcdefgh$abc", 0600, false },
		{ "a:$5$abcdefgh$abc", 0600, false },
		{ "a:abJnggxhB/yWI", 0600, false },
		{ "a:" HASH ":x", 0600, false },
		{ "a:" HASH " ", 0600, false },
		{ "a:" HASH "\r\n", 0600, false },
		{ "a\x01:" HASH, 0600, false },
		{ "a:" HASH "\na:" HASH, 0600, false },
	};
	const struct hg_option *users = plugin->options;
	char buffer[512];
	size_t i;

	T_STR_EQ(users->key, "users");
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		write_file(rows[i].text);
		T_EQ(chmod(path, rows[i].mode), 0);
		T_EQ(users->check(path, buffer, sizeof(buffer)) == NULL,
		    rows[i].fine);
		unlink(path);
	}
	T_TRUE(users->check(path, buffer, sizeof(buffer)) != NULL);
	T_TRUE(users->check("/dev/null", buffer, sizeof(buffer)) != NULL);
}

T_MAIN({ "threads", test_threads }, { "files", test_files })
