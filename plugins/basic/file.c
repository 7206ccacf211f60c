/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of users: lines of NAME:HASH, where HASH is crypt(3)'s; blank ones and
 * those that begin with # are none. A file that changes is read again. If it
 * is malformed then, the users from before stay; if it cannot be read, or
 * others than its owner could, nobody is let in.
 */
#include <sys/stat.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "basic.h"

#define FILE_BYTES_MAX	(16 * 1024 * 1024)

static TAILQ_HEAD(, basic_file) files = TAILQ_HEAD_INITIALIZER(files);

void
basic_file_finish(struct basic_file *file)
{
	if (file->text != NULL)
		explicit_bzero(file->text, strlen(file->text));
	free(file->text);
	free(file->users);
	file->text = NULL;
	file->users = NULL;
	file->count = 0;
}

/* --- what stands in it ---------------------------------------------------- */

/* Those that take long to guess, and nothing older. */
static bool
is_hash(const char *hash)
{
	static const char *const kinds[] = { "$y$", "$gy$", "$7$", "$2b$",
	    "$6$" };
	size_t i;

	if (strlen(hash) >= BASIC_HASH_MAX || strpbrk(hash, ": \t") != NULL)
		return (false);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(hash, kinds[i], strlen(kinds[i])) == 0)
			return (crypt_checksalt(hash) == CRYPT_SALT_OK);
	return (false);
}

static bool
is_user(const char *name)
{
	const unsigned char *c;

	for (c = (const unsigned char *)name; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f)
			return (false);
	return (name[0] != '\0' && strlen(name) <= BASIC_USER_MAX);
}

/* NULL, or what is wrong with the line. It is cut in two. */
static const char *
add_line(struct basic_file *file, char *line)
{
	struct basic_user *user = &file->users[file->count];
	char *colon = strchr(line, ':');

	if (colon == NULL)
		return ("it is not NAME:HASH");
	*colon = '\0';
	user->name = line;
	user->hash = colon + 1;
	if (!is_user(user->name))
		return ("the name is empty, too long or has control bytes");
	if (!is_hash(user->hash))
		return ("the hash is none of crypt(3)'s yescrypt, scrypt, "
		    "bcrypt or sha512");
	file->count++;
	return (NULL);
}

static int
compare_users(const void *a, const void *b)
{
	const struct basic_user *one = a, *other = b;

	return (strcmp(one->name, other->name));
}

static const char *
find_twice(struct basic_file *file)
{
	size_t i;

	qsort(file->users, file->count, sizeof(*file->users), compare_users);
	for (i = 1; i < file->count; i++)
		if (compare_users(&file->users[i - 1], &file->users[i]) == 0)
			return ("a name stands there twice");
	return (NULL);
}

/* The text is cut into lines. */
static const char *
parse(struct basic_file *file, const char *path, char *buffer, size_t size)
{
	char *at, *end;
	const char *wrong = NULL;
	unsigned line = 0;
	size_t lines = 1;

	for (at = file->text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	if ((file->users = calloc(lines, sizeof(*file->users))) == NULL)
		return ("out of memory");
	for (at = file->text; at != NULL && wrong == NULL; at = end) {
		if ((end = strchr(at, '\n')) != NULL)
			*end++ = '\0';
		line++;
		if (at[0] != '\0' && at[0] != '#')
			wrong = add_line(file, at);
	}
	if (wrong != NULL)
		snprintf(buffer, size, "%s:%u: %s", path, line, wrong);
	else if ((wrong = find_twice(file)) != NULL)
		snprintf(buffer, size, "%s: %s", path, wrong);
	return (wrong != NULL ? buffer : NULL);
}

/* --- reading it ----------------------------------------------------------- */

static const char *
is_unsafe(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return ("it is not a regular file");
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return ("it belongs to another user");
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return ("others may write to it (chmod go-w)");
	if ((st->st_mode & S_IROTH) != 0)
		return ("everybody may read it (chmod o-r)");
	if (st->st_size > FILE_BYTES_MAX)
		return ("it is longer than 16 MiB");
	return (NULL);
}

static const char *
read_text(struct basic_file *file, int fd, const struct stat *st)
{
	size_t size = (size_t)st->st_size, len = 0;
	ssize_t n = 1;

	if ((file->text = malloc(size + 1)) == NULL)
		return ("out of memory");
	while (len < size && (n = read(fd, file->text + len, size - len)) > 0)
		len += (size_t)n;
	file->text[len] = '\0';
	if (n < 0)
		return (strerror(errno));
	return (strlen(file->text) != len ? "it has NUL bytes" : NULL);
}

static void
remember(struct basic_file *file, const struct stat *st)
{
	file->read = true;
	file->dev = st->st_dev;
	file->ino = st->st_ino;
	file->size = st->st_size;
	file->mtime = st->st_mtim;
	file->ctime = st->st_ctim;
}

/* *readable: nothing but its lines is wrong. */
static const char *
read_file(struct basic_file *file, const char *path, bool *readable,
    char *buffer, size_t size)
{
	const char *wrong = NULL;
	struct stat st;
	int fd;

	*readable = false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0)
		wrong = strerror(errno);
	else if ((wrong = is_unsafe(&st)) == NULL) {
		remember(file, &st);
		wrong = read_text(file, fd, &st);
	}
	if (fd >= 0)
		close(fd);
	if (wrong != NULL) {
		snprintf(buffer, size, "%s: %s", path, wrong);
		return (buffer);
	}
	*readable = true;
	return (parse(file, path, buffer, size));
}

const char *
basic_file_read(struct basic_file *file, const char *path, char *buffer,
    size_t size)
{
	bool readable;

	return (read_file(file, path, &readable, buffer, size));
}

/* --- keeping it ----------------------------------------------------------- */

static bool
same_time(struct timespec a, struct timespec b)
{
	return (a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec);
}

static bool
has_changed(const struct basic_file *file)
{
	struct stat st;

	return (stat(file->path, &st) != 0 || !file->read ||
	    st.st_dev != file->dev || st.st_ino != file->ino ||
	    st.st_size != file->size || !same_time(st.st_mtim, file->mtime) ||
	    !same_time(st.st_ctim, file->ctime));
}

static void
read_again(struct basic_file *file)
{
	struct basic_file now = { 0 };
	const char *wrong;
	char text[512];
	bool readable, was = file->read;

	wrong = read_file(&now, file->path, &readable, text, sizeof(text));
	file->read = now.read;
	file->dev = now.dev;
	file->ino = now.ino;
	file->size = now.size;
	file->mtime = now.mtime;
	file->ctime = now.ctime;
	/* One that cannot be read is tried again each time; said once. */
	if (wrong != NULL && (was || readable))
		hg->log(NULL, HG_LOG_ERROR, "basic: %s", wrong);
	if (wrong != NULL && readable) {
		basic_file_finish(&now);
		return;
	}
	if (wrong != NULL)
		basic_file_finish(&now);
	basic_file_finish(file);
	file->text = now.text;
	file->users = now.users;
	file->count = now.count;
}

struct basic_file *
basic_file_find(const char *path)
{
	struct basic_file *file;

	TAILQ_FOREACH(file, &files, entry)
		if (strcmp(file->path, path) == 0)
			break;
	if (file == NULL) {
		file = calloc(1, sizeof(*file));
		if (file == NULL || (file->path = strdup(path)) == NULL) {
			free(file);
			return (NULL);
		}
		file->read = true;	/* it was, when the daemon began */
		TAILQ_INSERT_TAIL(&files, file, entry);
	}
	if (has_changed(file))
		read_again(file);
	return (file);
}

const char *
basic_file_hash(const struct basic_file *file, const char *user)
{
	struct basic_user key = { .name = user };
	const struct basic_user *found = NULL;

	if (file->count > 0)
		found = bsearch(&key, file->users, file->count, sizeof(key),
		    compare_users);
	return (found != NULL ? found->hash : NULL);
}

void
basic_files_free(void)
{
	struct basic_file *file;

	while ((file = TAILQ_FIRST(&files)) != NULL) {
		TAILQ_REMOVE(&files, file, entry);
		basic_file_finish(file);
		free(file->path);
		free(file);
	}
}
