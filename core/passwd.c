/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file is never changed in place: a new one takes its name, with its owner
 * and mode, so that a daemon reads the old or the new one. A lock on the folder
 * keeps two of us apart.
 */
#include "passwd.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secretin.h"

#define NAME_MAX_LEN		256
#define PASSWORD_MAX_LEN	500

struct passwd {
	const char	*user;
	const char	*hash;		/* NULL: the user goes */
	char		 path[PATH_MAX];	/* no link any more */
	char		 folder[PATH_MAX];
	char		 new_path[PATH_MAX];
	FILE		*old;		/* NULL: there is none yet */
	FILE		*new;
	struct stat	 st;		/* of old */
	int		 lock;
	bool		 found;
};

static void
passwd_usage(FILE *out)
{
	fprintf(out, "usage: headgatectl passwd [--stdin | --delete] "
	    "FILE USER\n");
}

static int
passwd_wrong(const char *what, const char *why)
{
	fprintf(stderr, "headgatectl: %s: %s\n", what, why);
	return (-1);
}

/* --- the file ------------------------------------------------------------- */

static int
passwd_lock(struct passwd *passwd)
{
	char copy[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", passwd->path);
	snprintf(passwd->folder, sizeof(passwd->folder), "%s", dirname(copy));
	passwd->lock = open(passwd->folder, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (passwd->lock < 0 || flock(passwd->lock, LOCK_EX) != 0)
		return (passwd_wrong(passwd->folder, strerror(errno)));
	return (0);
}

static int
passwd_open_old(struct passwd *passwd)
{
	passwd->old = fopen(passwd->path, "re");
	if (passwd->old == NULL)
		return (errno == ENOENT && passwd->hash != NULL ? 0 :
		    passwd_wrong(passwd->path, strerror(errno)));
	if (fstat(fileno(passwd->old), &passwd->st) != 0)
		return (passwd_wrong(passwd->path, strerror(errno)));
	if (!S_ISREG(passwd->st.st_mode))
		return (passwd_wrong(passwd->path,
		    "it is not a regular file"));
	return (0);
}

static int
passwd_open_new(struct passwd *passwd)
{
	mode_t mode = 0600;
	int fd;

	if (snprintf(passwd->new_path, sizeof(passwd->new_path), "%s.XXXXXX",
	    passwd->path) >= (int)sizeof(passwd->new_path))
		return (passwd_wrong(passwd->path, strerror(ENAMETOOLONG)));
	if ((fd = mkostemp(passwd->new_path, O_CLOEXEC)) < 0)
		return (passwd_wrong(passwd->folder, strerror(errno)));
	if (passwd->old != NULL) {
		/* Never more than the daemon allows. */
		mode = passwd->st.st_mode & 0640;
		if (fchown(fd, passwd->st.st_uid, passwd->st.st_gid) != 0)
			goto fail;
	}
	if (fchmod(fd, mode) != 0 || (passwd->new = fdopen(fd, "w")) == NULL)
		goto fail;
	return (0);
fail:
	passwd_wrong(passwd->new_path, strerror(errno));
	close(fd);
	unlink(passwd->new_path);
	return (-1);
}

static bool
passwd_is_user(const struct passwd *passwd, const char *line)
{
	size_t len = strlen(passwd->user);

	return (strncmp(line, passwd->user, len) == 0 && line[len] == ':');
}

/* All lines, with the user's changed in its place or behind the last. */
static void
passwd_copy(struct passwd *passwd)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while (passwd->old != NULL &&
	    (len = getline(&line, &size, passwd->old)) > 0) {
		if (!passwd_is_user(passwd, line)) {
			fwrite(line, 1, (size_t)len, passwd->new);
			if (line[len - 1] != '\n')
				fputc('\n', passwd->new);
			continue;
		}
		if (passwd->hash != NULL && !passwd->found)
			fprintf(passwd->new, "%s:%s\n", passwd->user,
			    passwd->hash);
		passwd->found = true;
	}
	if (passwd->hash != NULL && !passwd->found)
		fprintf(passwd->new, "%s:%s\n", passwd->user, passwd->hash);
	free(line);
}

static int
passwd_replace(struct passwd *passwd)
{
	int result = 0;

	passwd_copy(passwd);
	if (passwd->old != NULL && ferror(passwd->old))
		result = passwd_wrong(passwd->path, "it cannot be read");
	else if (passwd->hash == NULL && !passwd->found)
		result = passwd_wrong(passwd->user, "there is no such user");
	else if (ferror(passwd->new) || fflush(passwd->new) != 0 ||
	    fsync(fileno(passwd->new)) != 0)
		result = passwd_wrong(passwd->new_path, strerror(errno));
	fclose(passwd->new);
	if (result == 0 && rename(passwd->new_path, passwd->path) != 0)
		result = passwd_wrong(passwd->path, strerror(errno));
	if (result != 0)
		unlink(passwd->new_path);
	else
		fsync(passwd->lock);
	return (result);
}

static int
passwd_write(struct passwd *passwd, const char *path)
{
	int result = -1;

	passwd->lock = -1;
	if (realpath(path, passwd->path) == NULL) {
		if (errno != ENOENT)
			return (passwd_wrong(path, strerror(errno)));
		snprintf(passwd->path, sizeof(passwd->path), "%s", path);
	}
	if (passwd_lock(passwd) == 0 && passwd_open_old(passwd) == 0 &&
	    passwd_open_new(passwd) == 0)
		result = passwd_replace(passwd);
	if (passwd->old != NULL)
		fclose(passwd->old);
	if (passwd->lock >= 0)
		close(passwd->lock);
	return (result);
}

/* --- the password --------------------------------------------------------- */

static int
passwd_hash(const char *password, char *out, size_t size)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data *work;
	const char *made = NULL;

	work = calloc(1, sizeof(*work));
	if (work != NULL && (crypt_gensalt_rn("$y$", 0, NULL, 0, setting,
	    (int)sizeof(setting)) != NULL || crypt_gensalt_rn("$6$", 0, NULL,
	    0, setting, (int)sizeof(setting)) != NULL))
		made = crypt_rn(password, setting, work, sizeof(*work));
	if (made != NULL)
		snprintf(out, size, "%s", made);
	if (work != NULL)
		explicit_bzero(work, sizeof(*work));
	free(work);
	return (made != NULL ? 0 : passwd_wrong("crypt", strerror(errno)));
}

static int
passwd_get(char *out, size_t size, bool from_stdin)
{
	char again[PASSWORD_MAX_LEN + 2];
	int result;

	if (from_stdin)
		result = secretin_read(out, size);
	else
		result = secretin_ask(out, size, "Password");
	if (result == 0 && out[0] == '\0')
		result = passwd_wrong("passwd", "the password is empty");
	if (result != 0 || from_stdin)
		return (result);
	result = secretin_ask(again, sizeof(again), "The same again");
	if (result == 0 && strcmp(out, again) != 0)
		result = passwd_wrong("passwd", "they are not the same");
	explicit_bzero(again, sizeof(again));
	return (result);
}

static bool
passwd_is_name(const char *name)
{
	const unsigned char *c;

	for (c = (const unsigned char *)name; *c != '\0'; c++)
		if (*c < ' ' || *c == 0x7f || *c == ':')
			return (false);
	return (name[0] != '\0' && name[0] != '#' &&
	    strlen(name) <= NAME_MAX_LEN);
}

static int
passwd_run(const char *path, const char *user, bool from_stdin, bool delete)
{
	struct passwd passwd = { .user = user };
	char password[PASSWORD_MAX_LEN + 2], hash[CRYPT_OUTPUT_SIZE];
	int result = 0;

	if (!passwd_is_name(user))
		return (passwd_wrong("passwd", "a name has 1 to 256 bytes, "
		    "no colon and no control bytes, and begins without #"));
	if (!delete) {
		result = passwd_get(password, sizeof(password) - 1,
		    from_stdin);
		if (result == 0)
			result = passwd_hash(password, hash, sizeof(hash));
		explicit_bzero(password, sizeof(password));
		passwd.hash = hash;
	}
	return (result == 0 ? passwd_write(&passwd, path) : -1);
}

int
passwd_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "stdin", no_argument, NULL, 'i' },
		{ "delete", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool from_stdin = false, delete = false;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			from_stdin = true;
			break;
		case 'd':
			delete = true;
			break;
		case 'h':
			passwd_usage(stdout);
			return (0);
		default:
			passwd_usage(stderr);
			return (2);
		}
	}
	if (optind + 2 != argc || (from_stdin && delete)) {
		passwd_usage(stderr);
		return (2);
	}
	return (passwd_run(argv[optind], argv[optind + 1], from_stdin,
	    delete) == 0 ? 0 : 1);
}
