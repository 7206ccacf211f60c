/* SPDX-License-Identifier: Apache-2.0 */
#include "conffile.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inifile.h"
#include "pluginpath.h"
#include "str.h"

#define FRAGMENTS	"conf.d"
#define SECRET_MIN	32
#define SECRET_MAX	512
#define CREDENTIAL_MAX	4096

/* One file while inih reads it. */
struct reading {
	struct sections	*sections;
	struct mistakes	*mistakes;
	struct section	*section;	/* NULL: keys are skipped */
	struct place	 place;
};

static void
reading_section(void *arg, unsigned line, const char *name)
{
	struct reading *reading = arg;

	reading->place.line = line;
	reading->section = section_open(reading->sections, name,
	    &reading->place, reading->mistakes);
}

static void
reading_key(void *arg, unsigned line, const char *key, const char *value)
{
	struct reading *reading = arg;

	reading->place.line = line;
	if (reading->section != NULL && section_add(reading->section, key,
	    value, &reading->place) == -1)
		mistake_add(reading->mistakes, &reading->place,
		    reading->section->title, key, "out of memory");
}

static void
reading_mistake(void *arg, unsigned line, const char *text)
{
	struct reading *reading = arg;

	reading->place.line = line;
	mistake_add(reading->mistakes, &reading->place, NULL, NULL, "%s",
	    text);
}

static const struct inifile_ops reading_ops = {
	.section = reading_section,
	.key = reading_key,
	.mistake = reading_mistake,
};

/* A regular file for reading; NULL, and *problem says why. */
static FILE *
file_open(const char *path, struct stat *st, const char **problem)
{
	FILE *file;
	int fd;

	/* A fifo must not stop us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, st) == -1)
		*problem = strerror(errno);
	else if (!S_ISREG(st->st_mode))
		*problem = "it is not a regular file";
	else {
		file = fdopen(fd, "r");
		if (file != NULL)
			return (file);
		*problem = strerror(errno);
	}
	if (fd != -1)
		close(fd);
	return (NULL);
}

/* The files own the names; without memory for one it is not read. */
static const char *
files_add(struct conffiles *files, char *name)
{
	char **more;

	more = name != NULL ? realloc(files->name,
	    (files->count + 1) * sizeof(*more)) : NULL;
	if (more == NULL) {
		free(name);
		return (NULL);
	}
	files->name = more;
	files->name[files->count++] = name;
	return (name);
}

static void
files_read(struct conffiles *files, char *name, bool trusted,
    struct sections *sections, struct mistakes *mistakes)
{
	struct reading reading = { .sections = sections,
		.mistakes = mistakes };
	const char *problem;
	struct stat st;
	FILE *file;

	reading.place.order = (unsigned)files->count;
	reading.place.file = files_add(files, name);
	if (reading.place.file == NULL) {
		reading.place.file = FRAGMENTS;
		mistake_add(mistakes, &reading.place, NULL, NULL,
		    "out of memory");
		return;
	}
	problem = NULL;
	file = file_open(reading.place.file, &st, &problem);
	if (file != NULL && !trusted)
		problem = pluginpath_problem(st.st_uid, st.st_mode, geteuid());
	if (problem != NULL)
		mistake_add(mistakes, &reading.place, NULL, NULL, "%s",
		    problem);
	else
		inifile_read(file, &reading_ops, &reading);
	if (file != NULL)
		fclose(file);
}

/* Backups of editors and of package tools end otherwise or are hidden. */
static int
is_fragment(const struct dirent *entry)
{
	size_t len;

	len = strlen(entry->d_name);
	return (entry->d_name[0] != '.' && entry->d_name[0] != '#' &&
	    len > 4 && strcmp(entry->d_name + len - 4, ".ini") == 0 &&
	    strstr(entry->d_name, ".dpkg-") == NULL &&
	    strstr(entry->d_name, ".rpm") == NULL);
}

/* By the bytes of the names, whatever the locale. */
static int
fragment_compare(const struct dirent **a, const struct dirent **b)
{
	return (strcmp((*a)->d_name, (*b)->d_name));
}

static char *
path_join(const char *a, const char *b)
{
	struct str text = { 0 };

	str_addf(&text, "%s/%s", a, b);
	return (str_take(&text));
}

/* conf.d beside the main file, for free(). */
static char *
fragments_folder(const char *path)
{
	struct str text = { 0 };
	const char *slash;

	slash = strrchr(path, '/');
	if (slash != NULL)
		str_add_bytes(&text, path, (size_t)(slash - path) + 1);
	str_add(&text, FRAGMENTS);
	return (str_take(&text));
}

/* Whoever may add a file to the folder configures us. */
static const char *
folder_problem(const char *folder, bool trusted)
{
	struct stat st;

	if (stat(folder, &st) == -1)
		return (strerror(errno));
	return (trusted ? NULL :
	    pluginpath_problem(st.st_uid, st.st_mode, geteuid()));
}

static void
fragments_read(struct conffiles *files, const char *folder, bool trusted,
    struct sections *sections, struct mistakes *mistakes)
{
	struct place place = { folder, 1, 0 };
	struct dirent **entry;
	const char *problem;
	int count, i;

	count = scandir(folder, &entry, is_fragment, fragment_compare);
	if (count == -1 && errno == ENOENT)
		return;
	problem = count == -1 ? strerror(errno) :
	    folder_problem(folder, trusted);
	if (problem == NULL && count > CONFFILE_MAX)
		problem = "there are too many files";
	if (problem != NULL)
		mistake_add(mistakes, &place, NULL, NULL, "%s", problem);
	for (i = 0; i < count; i++) {
		if (problem == NULL)
			files_read(files, path_join(folder, entry[i]->d_name),
			    trusted, sections, mistakes);
		free(entry[i]);
	}
	if (count != -1)
		free(entry);
}

void
conffiles_read(struct conffiles *files, const char *path, bool trusted,
    struct sections *sections, struct mistakes *mistakes)
{
	struct place place = { path, 0, 0 };
	char *folder;

	files_read(files, str_dup(path, strlen(path)), trusted, sections,
	    mistakes);
	folder = fragments_folder(path);
	if (folder == NULL)
		mistake_add(mistakes, &place, NULL, NULL, "out of memory");
	else
		fragments_read(files, folder, trusted, sections, mistakes);
	free(folder);
}

void
conffiles_free(struct conffiles *files)
{
	while (files->count > 0)
		free(files->name[--files->count]);
	free(files->name);
	files->name = NULL;
}

/* text is the file's, len bytes; NULL when it is a secret of ours. */
static const char *
secret_problem(const char *text, size_t len)
{
	size_t i;

	if (len < SECRET_MIN)
		return ("the secret is shorter than 32 characters");
	if (len > SECRET_MAX)
		return ("the secret is longer than 512 characters");
	for (i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return ("the secret is not one line of printable "
			    "ASCII without blanks");
	return (NULL);
}

static const char *
credential_problem(const char *text, size_t len)
{
	size_t i, scheme = 0;

	while (scheme < len && text[scheme] != ' ')
		scheme++;
	if (len > CREDENTIAL_MAX)
		return ("the line is longer than 4096 characters");
	if (!str_is_token(text, scheme) || scheme + 1 >= len)
		return ("the line is not SCHEME and CREDENTIALS");
	for (i = scheme + 1; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return ("the line is not printable ASCII");
	return (NULL);
}

/* The one line of the file, if it has no problem. */
static char *
conffile_line(const char *path, const char *(*check)(const char *, size_t),
    char *error, size_t size)
{
	char text[CREDENTIAL_MAX + 3], *copy;
	const char *problem;
	struct stat st;
	size_t len;
	FILE *file;

	problem = NULL;
	copy = NULL;
	len = 0;
	file = file_open(path, &st, &problem);
	if (file != NULL) {
		len = fread(text, 1, sizeof(text), file);
		fclose(file);
		if (len > 0 && text[len - 1] == '\n')
			len--;
		if (len > 0 && text[len - 1] == '\r')
			len--;
		problem = st.st_mode & S_IROTH ?
		    "everybody may read it (chmod o-r)" :
		    check(text, len);
	}
	if (problem == NULL) {
		copy = str_dup(text, len);
		problem = copy == NULL ? "out of memory" : NULL;
	}
	if (problem != NULL)
		snprintf(error, size, "%s: %s", path, problem);
	explicit_bzero(text, sizeof(text));
	return (copy);
}

char *
conffile_secret(const char *path, char *error, size_t size)
{
	return (conffile_line(path, secret_problem, error, size));
}

char *
conffile_credential(const char *path, char *error, size_t size)
{
	return (conffile_line(path, credential_problem, error, size));
}
