/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have put a plugin where it is (threats W22). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "pluginpath.h"

#define NOBODY	65534

static char	 dir[PATH_MAX];	/* of the files, without links */

static void
make_dir(void)
{
	char plugins[PATH_MAX];

	if (dir[0] != '\0')
		return;
	snprintf(plugins, sizeof(plugins), "%s/plugins", t_tmpdir());
	T_REQUIRE(mkdir(plugins, 0755) == 0);
	T_REQUIRE(chmod(t_tmpdir(), 0755) == 0);
	T_REQUIRE(realpath(plugins, dir) != NULL);
}

static char *
make_file(const char *name, mode_t mode)
{
	static char path[PATH_MAX + 64];
	FILE *file;

	make_dir();
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	T_REQUIRE(file != NULL && fclose(file) == 0);
	T_REQUIRE(chmod(path, mode) == 0);
	return (path);
}

/* What is said, behind DIR/ if it is about something there. */
static const char *
find(const char *from, bool trusted, const char *name)
{
	static char error[PATH_MAX + 512];
	char *path;
	size_t len;

	error[0] = '\0';
	path = pluginpath_find(from, trusted, name, error, sizeof(error));
	if (path != NULL)
		snprintf(error, sizeof(error), "%s", path);
	free(path);
	len = strlen(dir);
	return (strncmp(error, dir, len) == 0 && error[len] == '/' ?
	    error + len + 1 : error);
}

static void
test_owner_and_mode(void)
{
	static const struct {
		uid_t		 owner;
		mode_t		 mode;
		const char	*problem;
	} rows[] = {
		{ 0, S_IFREG | 0644, NULL },
		{ 0, S_IFREG | 0755, NULL },
		{ 0, S_IFREG | 0600, NULL },
		{ 7, S_IFREG | 0644, NULL },
		{ 8, S_IFREG | 0644, "its owner is neither root nor the user "
		    "that runs this" },
		{ 0, S_IFREG | 0664, "its group may write to it" },
		{ 7, S_IFREG | 0620, "its group may write to it" },
		{ 0, S_IFREG | 0646, "everybody may write to it" },
		{ 0, S_IFREG | 0666, "everybody may write to it" },
		{ 0, S_IFREG | 04755, "it has a set-id bit" },
		{ 0, S_IFREG | 02755, "it has a set-id bit" },
		{ 0, S_IFDIR | 0755, NULL },
		{ 0, S_IFDIR | 02755, NULL },
		{ 0, S_IFDIR | 0775, "its group may write to it" },
		{ 0, S_IFDIR | 01777, "everybody may write to it" },
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("owner %u mode %o", (unsigned)rows[i].owner,
		    (unsigned)rows[i].mode);
		T_STR_EQ(pluginpath_problem(rows[i].owner, rows[i].mode, 7),
		    rows[i].problem);
	}
}

/* What a file is counts in a trusted folder too; its mode does not. */
static void
test_types(void)
{
	char link[PATH_MAX + 64];

	make_file("plain.so", 0644);
	make_file("open.so", 0666);
	T_STR_EQ(find(dir, true, "plain"), "plain.so");
	T_STR_EQ(find(dir, true, "open"), "open.so");
	snprintf(link, sizeof(link), "%s/link.so", dir);
	T_REQUIRE(symlink("plain.so", link) == 0);
	T_STR_EQ(find(dir, true, "link"), "link.so: it is a symbolic link");
	snprintf(link, sizeof(link), "%s/folder.so", dir);
	T_REQUIRE(mkdir(link, 0755) == 0);
	T_STR_EQ(find(dir, true, "folder"),
	    "folder.so: it is not a regular file");
	snprintf(link, sizeof(link), "%s/fifo.so", dir);
	T_REQUIRE(mkfifo(link, 0644) == 0);
	T_STR_EQ(find(dir, true, "fifo"),
	    "fifo.so: it is not a regular file");
	T_STR_EQ(find(dir, true, "none"),
	    "none.so: No such file or directory");
	T_STR_EQ(find("/nowhere/at/all", true, "none"),
	    "/nowhere/at/all/none.so: No such file or directory");
}

/* A relative folder and links above the file become an absolute path. */
static void
test_absolute(void)
{
	char link[PATH_MAX + 64];

	make_file("plain.so", 0644);
	snprintf(link, sizeof(link), "%s/../link", dir);
	T_REQUIRE(symlink("plugins", link) == 0);
	T_STR_EQ(find(link, true, "plain"), "plain.so");
	T_REQUIRE(chdir(dir) == 0);
	T_STR_EQ(find(".", true, "plain"), "plain.so");
	T_STR_EQ(find("../plugins", true, "plain"), "plain.so");
	T_REQUIRE(chdir("/") == 0);
}

/* Whether this user can have a safe folder below the temporary one: no folder
 * above is writable for others but sticky ones of root. */
static bool
can_be_safe(void)
{
	char path[PATH_MAX];
	struct stat st;
	char *slash;

	memcpy(path, dir, sizeof(path));
	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if (stat(path, &st) == -1 || access(path, X_OK) == -1 ||
		    (st.st_uid != 0 && st.st_uid != geteuid()) ||
		    ((st.st_mode & 022) && (!(st.st_mode & S_ISVTX) ||
		    st.st_uid != 0)))
			return (false);
	}
	return (true);
}

static void
check_untrusted(void)
{
	char expected[PATH_MAX + 64];

	T_STR_EQ(find(dir, false, "plain"), "plain.so");
	T_STR_EQ(find(dir, false, "open"),
	    "open.so: everybody may write to it");
	T_STR_EQ(find(dir, false, "group"),
	    "group.so: its group may write to it");
	T_STR_EQ(find(dir, false, "setid"), "setid.so: it has a set-id bit");
	snprintf(expected, sizeof(expected), "%s/inner", dir);
	T_STR_EQ(find(expected, false, "plain"),
	    "inner: its group may write to it");
}

/* As somebody who is not root: in a sticky /tmp others cannot replace what is
 * root's or one's own. Run by root, the test is nobody for a while. */
static void
test_untrusted(void)
{
	char inner[PATH_MAX + 64];
	bool is_root;

	is_root = geteuid() == 0;
	make_file("plain.so", 0644);
	make_file("open.so", 0666);
	make_file("group.so", 0664);
	make_file("setid.so", 04755);
	snprintf(inner, sizeof(inner), "%s/inner", dir);
	T_REQUIRE(mkdir(inner, 0775) == 0 && chmod(inner, 0775) == 0);
	if (is_root && seteuid(NOBODY) != 0) {
		t_skip("root that cannot be nobody");
		return;
	}
	if (can_be_safe())
		check_untrusted();
	else
		t_skip("the temporary folder is not safe enough");
	T_REQUIRE(!is_root || seteuid(0) == 0);
}

/* Root relies on no folder that others can write to, sticky or not. */
static void
test_untrusted_root(void)
{
	char sticky[PATH_MAX + 64], path[PATH_MAX + 128];
	FILE *file;

	if (geteuid() != 0) {
		t_skip("not root");
		return;
	}
	make_dir();
	snprintf(sticky, sizeof(sticky), "%s/sticky", dir);
	T_REQUIRE(mkdir(sticky, 0755) == 0 && chmod(sticky, 01777) == 0);
	strcat(sticky, "/deep");
	T_REQUIRE(mkdir(sticky, 0755) == 0);
	snprintf(path, sizeof(path), "%s/x.so", sticky);
	file = fopen(path, "w");
	T_REQUIRE(file != NULL && fclose(file) == 0);
	T_REQUIRE(chmod(path, 0644) == 0);
	T_STR_EQ(find(sticky, false, "x"),
	    "sticky: everybody may write to it");
	T_STR_EQ(find(sticky, true, "x"), "sticky/deep/x.so");
}

T_MAIN({ "owner-and-mode", test_owner_and_mode },
    { "types", test_types },
    { "absolute", test_absolute },
    { "untrusted", test_untrusted },
    { "untrusted-root", test_untrusted_root })
