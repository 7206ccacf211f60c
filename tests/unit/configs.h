/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the configuration: files in a folder of their own, plugins
 * to switch on, and what config_read has to say.
 */
#ifndef TESTS_UNIT_CONFIGS_H
#define TESTS_UNIT_CONFIGS_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "harness.h"
#include "modules.h"

static const struct hg_host host = { .size = sizeof(host) };

static char	 root[PATH_MAX];	/* of headgate.ini and conf.d */
static bool	 have_plugins;

static inline void
write_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	module_write(path, text);
	T_REQUIRE(chmod(path, mode) == 0);
}

static inline void
remove_file(const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	T_REQUIRE(remove(path) == 0);
}

static inline void
prepare(void)
{
	char path[PATH_MAX + 64];

	if (root[0] != '\0')
		return;
	T_REQUIRE(realpath(t_tmpdir(), root) != NULL);
	snprintf(path, sizeof(path), "%s/conf.d", root);
	T_REQUIRE(mkdir(path, 0755) == 0);
	write_file("secret", "0123456789abcdef0123456789abcdef\n", 0600);
	write_file("short", "0123456789abcdef\n", 0600);
	write_file("lines", "0123456789abcdef0123456789abcdef\nmore\n", 0600);
	write_file("open", "0123456789abcdef0123456789abcdef\n", 0604);
}

/*
 * mux carries channels, app answers in them and has options for services, tint
 * has one of the same name, wire sees connections only.
 */
static inline bool
plugins_possible(void)
{
	if (have_plugins)
		return (true);
	if (!modules_possible())
		return (false);
	prepare();
	module_build(root, "mux", "static const struct hg_hooks h;\n"
	    "static const struct hg_mux m;\n"
	    "HG_PLUGIN(.name = \"mux\", .extension = \"x-kaazing-channels\","
	    ".connection = &h, .mux = &m)");
	module_build(root, "app", "static const struct hg_hooks h;\n"
	    "struct o { long depth; struct hg_strings share; long wide; };\n"
	    "static const struct hg_option t[] = {\n"
	    "{ .key = \"depth\", .type = HG_INT, .standard = \"3\",\n"
	    "  .min = 1, .max = 9, .offset = offsetof(struct o, depth),\n"
	    "  .per_service = 1 },\n"
	    "{ .key = \"share\", .type = HG_LIST, .standard = \"all\",\n"
	    "  .offset = offsetof(struct o, share), .per_service = 1 },\n"
	    "{ .key = \"wide\", .type = HG_INT, .per_service = 1,\n"
	    "  .offset = offsetof(struct o, wide), .needs_extension = 1 },\n"
	    "{ .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"app\", .extension = \"x-app\",\n"
	    ".channel = &h, .options = t, .options_size = sizeof(struct o))");
	module_build(root, "tint", "static const struct hg_hooks h;\n"
	    "static const struct hg_option t[] = {\n"
	    "{ .key = \"depth\", .type = HG_INT, .per_service = 1 },\n"
	    "{ .key = \"own\", .type = HG_INT }, { .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"tint\", .channel = &h, .options = t,\n"
	    ".options_size = 8)");
	module_build(root, "wire", "static const struct hg_hooks h;\n"
	    "HG_PLUGIN(.name = \"wire\", .connection = &h,\n"
	    ".extension = \"x-wire\")");
	module_build(root, "needy",
	    "HG_PLUGIN(.name = \"needy\", .needs = \"mux app\")");
	have_plugins = true;
	return (true);
}

static inline struct config_source *
source(void)
{
	static struct config_source from;
	static char path[PATH_MAX + 64];

	prepare();
	snprintf(path, sizeof(path), "%s/headgate.ini", root);
	from.path = path;
	from.plugin_dir = root;
	from.plugin_dir_trusted = true;
	from.host = &host;
	return (&from);
}

/* text with the folder's name taken out wherever it stands. */
static inline void
strip_root(char *text)
{
	size_t len;
	char *at;

	len = strlen(root);
	while ((at = strstr(text, root)) != NULL)
		memmove(at, at + len + 1, strlen(at + len + 1) + 1);
}

/* What there is to say about the files that are there. */
static inline struct settings *
read_files(char *errors, size_t size)
{
	struct settings *settings;
	FILE *out;

	memset(errors, 0, size);
	out = fmemopen(errors, size, "w");
	T_REQUIRE(out != NULL);
	settings = config_read(source(), out);
	fclose(out);
	strip_root(errors);
	return (settings);
}

static inline struct settings *
read_text(const char *text, char *errors, size_t size)
{
	prepare();
	write_file("headgate.ini", text, 0644);
	return (read_files(errors, size));
}

#define LISTEN	"[listen web]\naddress = 127.0.0.1:0\n"
#define APP	"[plugin app]\n"
#define SERVICE	"[service s]\nlisten = web\npath = /s\n"
#define FINE	LISTEN APP SERVICE "plugins = app\n"
#define MUX	"[plugin mux]\n"
#define TRUNK	MUX "[trunk t]\nconnect = ws+unix:/run/t.sock\n"

struct row {
	const char	*text;
	const char	*errors;	/* "": it is fine */
};

static inline void
check_rows(const struct row *rows, size_t count)
{
	struct settings *settings;
	char errors[4096];
	size_t i;

	for (i = 0; i < count; i++) {
		t_row("%s", rows[i].text);
		settings = read_text(rows[i].text, errors, sizeof(errors));
		T_STR_EQ(errors, rows[i].errors);
		T_EQ(settings != NULL, rows[i].errors[0] == '\0');
		config_free(settings);
	}
}

#endif
