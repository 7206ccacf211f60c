/* SPDX-License-Identifier: Apache-2.0 */
#include "pluginpath.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "str.h"

const char *
pluginpath_problem(uid_t owner, mode_t mode, uid_t self)
{
	if (owner != 0 && owner != self)
		return ("its owner is neither root nor the user that runs "
		    "this");
	if (mode & S_IWOTH)
		return ("everybody may write to it");
	if (mode & S_IWGRP)
		return ("its group may write to it");
	if (S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)))
		return ("it has a set-id bit");
	return (NULL);
}

/*
 * A folder above the plugins' own. In a sticky folder such as /tmp others
 * cannot replace what is not theirs; root does not rely on that.
 */
static const char *
parent_problem(const struct stat *st)
{
	uid_t self;

	self = geteuid();
	if (self != 0 && (st->st_mode & S_ISVTX) && st->st_uid == 0)
		return (NULL);
	return (pluginpath_problem(st->st_uid, st->st_mode, self));
}

/* The folder, which is absolute and without links, and all above it. */
static int
folders_check(const char *folder, char *error, size_t size)
{
	struct stat st;
	const char *problem;
	char *path, *slash;

	path = str_dup(folder, strlen(folder));
	problem = path == NULL ? "out of memory" : NULL;
	while (problem == NULL) {
		if (stat(path, &st) == -1)
			problem = strerror(errno);
		else if (strcmp(path, folder) == 0)
			problem = pluginpath_problem(st.st_uid, st.st_mode,
			    geteuid());
		else
			problem = parent_problem(&st);
		if (problem != NULL || strcmp(path, "/") == 0)
			break;
		slash = strrchr(path, '/');
		slash[slash == path ? 1 : 0] = '\0';
	}
	if (problem != NULL)
		snprintf(error, size, "%s: %s", path != NULL ? path : folder,
		    problem);
	free(path);
	return (problem == NULL ? 0 : -1);
}

static int
file_check(const char *path, bool dir_trusted, char *error, size_t size)
{
	struct stat st;
	const char *problem;

	problem = NULL;
	if (lstat(path, &st) == -1)
		problem = strerror(errno);
	else if (S_ISLNK(st.st_mode))
		problem = "it is a symbolic link";
	else if (!S_ISREG(st.st_mode))
		problem = "it is not a regular file";
	else if (!dir_trusted)
		problem = pluginpath_problem(st.st_uid, st.st_mode, geteuid());
	if (problem == NULL)
		return (0);
	snprintf(error, size, "%s: %s", path, problem);
	return (-1);
}

char *
pluginpath_find(const char *dir, bool dir_trusted, const char *name,
    char *error, size_t size)
{
	struct str path = { 0 };
	char *folder, *text;

	folder = realpath(dir, NULL);
	if (folder == NULL) {
		snprintf(error, size, "%s/%s.so: %s", dir, name,
		    strerror(errno));
		return (NULL);
	}
	str_addf(&path, "%s/%s.so", strcmp(folder, "/") == 0 ? "" : folder,
	    name);
	text = str_take(&path);
	if (text == NULL)
		snprintf(error, size, "out of memory");
	else if ((!dir_trusted && folders_check(folder, error, size) == -1) ||
	    file_check(text, dir_trusted, error, size) == -1) {
		free(text);
		text = NULL;
	}
	free(folder);
	return (text);
}
