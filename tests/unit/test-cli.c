/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, and what the daemon prints about itself and plugins. */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "configs.h"
#include "harness.h"

#define WORDS_MAX	8

/* words: of the command line behind its name, separated by blanks. */
static int
parse(struct cli *cli, char *words)
{
	static char name[] = "headgate";
	char *argv[WORDS_MAX + 2], *save;
	int argc;

	argv[0] = name;
	argc = 1;
	for (words = strtok_r(words, " ", &save); words != NULL &&
	    argc <= WORDS_MAX; words = strtok_r(NULL, " ", &save))
		argv[argc++] = words;
	argv[argc] = NULL;
	optind = 0;	/* glibc: begin anew */
	return (cli_parse(cli, argc, argv));
}

static int	 saved[2];

/* Standard output and error go to a file, or come back. */
static void
capture(const char *path)
{
	int fd, i;

	fflush(stdout);
	for (i = 0; i < 2; i++) {
		if (path == NULL) {
			dup2(saved[i], i + 1);
			close(saved[i]);
			continue;
		}
		saved[i] = dup(i + 1);
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, i + 1);
		close(fd);
	}
}

/* Runs it; returns the exit status, as main() does. */
static int
run(const char *command, char *out, size_t size)
{
	char words[2 * PATH_MAX + 256], path[PATH_MAX + 64];
	struct cli cli;
	int status;
	FILE *file;

	prepare();
	snprintf(path, sizeof(path), "%s/out", root);
	remove(path);
	snprintf(words, sizeof(words), "%s", command);
	capture(path);
	status = parse(&cli, words) != 0 ? 2 : cli_run(&cli);
	capture(NULL);
	file = fopen(path, "r");
	T_REQUIRE(file != NULL);
	out[fread(out, 1, size - 1, file)] = '\0';
	fclose(file);
	strip_root(out);
	return (status);
}

static void
test_parse(void)
{
	static const struct {
		const char	*words;
		enum cli_action	 action;
		const char	*config, *dir, *plugin;
	} rows[] = {
		{ "", CLI_SERVE, NULL, NULL, NULL },
		{ "-c x.ini", CLI_SERVE, "x.ini", NULL, NULL },
		{ "--config=x.ini -t", CLI_TEST, "x.ini", NULL, NULL },
		{ "-t -c x.ini", CLI_TEST, "x.ini", NULL, NULL },
		{ "--test", CLI_TEST, NULL, NULL, NULL },
		{ "--plugin-dir d", CLI_SERVE, NULL, "d", NULL },
		{ "--list-plugins", CLI_LIST_PLUGINS, NULL, NULL, NULL },
		{ "--dump-plugin tap", CLI_DUMP_PLUGIN, NULL, NULL, "tap" },
		{ "--dump-config", CLI_DUMP_CONFIG, NULL, NULL, NULL },
		{ "--version", CLI_VERSION, NULL, NULL, NULL },
		{ "--help", CLI_HELP, NULL, NULL, NULL },
		{ "-h", CLI_HELP, NULL, NULL, NULL },
	};
	struct cli cli;
	char words[128];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].words);
		snprintf(words, sizeof(words), "%s", rows[i].words);
		T_EQ(parse(&cli, words), 0);
		T_EQ(cli.action, rows[i].action);
		T_STR_EQ(cli.source.path, rows[i].config != NULL ?
		    rows[i].config : CONFDIR "/headgate.ini");
		T_STR_EQ(cli.source.plugin_dir, rows[i].dir != NULL ?
		    rows[i].dir : PLUGINDIR);
		/* Only who develops may relax the checks. */
		T_EQ(cli.source.plugin_dir_trusted, rows[i].dir != NULL);
		T_STR_EQ(cli.plugin, rows[i].plugin);
		T_TRUE(cli.source.host != NULL);
	}
}

static void
test_usage(void)
{
	static const char *const bad[] = { "-x", "--nope", "-c",
		"--plugin-dir", "--dump-plugin", "word", "-t word" };
	char out[4096];
	size_t i;

	for (i = 0; i < T_ROWS(bad); i++) {
		t_row("%s", bad[i]);
		T_EQ(run(bad[i], out, sizeof(out)), 2);
		T_TRUE(strncmp(out, "headgate: ", 10) == 0);
		T_TRUE(strstr(out, "usage: headgate ") != NULL);
	}
	t_row("--help");
	T_EQ(run("--help", out, sizeof(out)), 0);
	T_TRUE(strncmp(out, "usage: headgate ", 16) == 0);
}

static void
test_version(void)
{
	static const char *const keys[] = { "version=" HG_VERSION "\n",
		"\napi=", "\nlibevent=", "\nopenssl=",
		"\nplugindir=" PLUGINDIR "\n", "\nconfdir=" CONFDIR "\n" };
	char out[4096];
	size_t i;

	T_EQ(run("--version", out, sizeof(out)), 0);
	for (i = 0; i < T_ROWS(keys); i++) {
		t_row("%s", keys[i]);
		T_TRUE(strstr(out, keys[i]) != NULL);
	}
}

static void
test_check(void)
{
	char command[2 * PATH_MAX + 256], out[4096];

	if (!plugins_possible())
		return;
	snprintf(command, sizeof(command), "-t --plugin-dir %s -c %s", root,
	    source()->path);
	write_file("headgate.ini", FINE, 0644);
	T_EQ(run(command, out, sizeof(out)), 0);
	T_STR_EQ(out, "headgate.ini: the configuration is fine\n");
	write_file("headgate.ini", "[headgate]\nworkers = x\n", 0644);
	T_EQ(run(command, out, sizeof(out)), 1);
	T_STR_EQ(out, "headgate.ini:2: [headgate] workers: \"x\" is not a "
	    "whole number\n");
	t_row("a plugin that does not like its options");
	module_build(root, "picky", "static int load(const void *o)\n"
	    "{ return (*(const int64_t *)o != 1); }\n"
	    "static const struct hg_option t[] = {\n"
	    "{ .key = \"one\", .type = HG_INT }, { .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"picky\", .options = t, .options_size = 8,\n"
	    ".load = load)");
	write_file("headgate.ini", "[plugin picky]\none = 2\n", 0644);
	T_EQ(run(command, out, sizeof(out)), 1);
	T_TRUE(strstr(out, "plugin picky: it does not start\n") != NULL);
	write_file("headgate.ini", "[plugin picky]\none = 1\n", 0644);
	T_EQ(run(command, out, sizeof(out)), 0);
}

static void
test_dump_plugin(void)
{
	char command[2 * PATH_MAX + 256], out[4096];

	if (!modules_possible())
		return;
	prepare();
	module_build(root, "shown", "static const struct hg_hooks h;\n"
	    "static const char *const words[] = { \"a\", \"b\", NULL };\n"
	    "static const char *const counters[] = { \"seen\", NULL };\n"
	    "static const struct hg_option t[] = {\n"
	    "{ .key = \"size\", .type = HG_SIZE, .standard = \"4k\",\n"
	    "  .min = 1024, .max = 65536, .per_service = 1,\n"
	    "  .help = \"how big\" },\n"
	    "{ .key = \"word\", .type = HG_CHOICE, .choices = words,\n"
	    "  .offset = 8, .standard = \"b\" },\n"
	    "{ .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"shown\", .version = \"0.1\",\n"
	    ".summary = \"shows\", .extension = \"x-shown\", .channel = &h,\n"
	    ".options = t, .options_size = 16, .counters = counters)");
	snprintf(command, sizeof(command),
	    "--plugin-dir %s --dump-plugin shown", root);
	T_EQ(run(command, out, sizeof(out)), 0);
	T_STR_EQ(out, "name=shown\nversion=0.1\nsummary=shows\napi=1.0\n"
	    "path=shown.so\nextension=x-shown\nneeds=\n"
	    "option=size type=size default=\"4k\" range=1k..64k scope=service "
	    "help=\"how big\"\n"
	    "option=word type=choice default=\"b\" choices=a|b scope=plugin "
	    "help=\"\"\n"
	    "counter=seen\n");
	snprintf(command, sizeof(command),
	    "--plugin-dir %s --dump-plugin nosuch", root);
	T_EQ(run(command, out, sizeof(out)), 1);
	T_STR_EQ(out, "headgate: nosuch.so: No such file or directory\n");
}

static void
test_list_plugins(void)
{
	char command[2 * PATH_MAX], folder[PATH_MAX + 32], out[4096];

	if (!modules_possible())
		return;
	prepare();
	snprintf(folder, sizeof(folder), "%s/list", root);
	T_REQUIRE(mkdir(folder, 0755) == 0);
	module_build(folder, "two", "HG_PLUGIN(.name = \"two\", "
	    ".version = \"2\", .summary = \"second\")");
	module_build(folder, "eins", "HG_PLUGIN(.name = \"eins\")");
	snprintf(command, sizeof(command), "--list-plugins --plugin-dir %s",
	    folder);
	T_EQ(run(command, out, sizeof(out)), 0);
	T_STR_EQ(out, "eins\t\t\ntwo\t2\tsecond\n");
	t_row("one that is none");
	write_file("list/bad.so", "not a module\n", 0644);
	T_EQ(run(command, out, sizeof(out)), 1);
	T_TRUE(strstr(out, "headgate: list/bad.so: ") != NULL);
	t_row("no folder");
	T_EQ(run("--list-plugins --plugin-dir /no/dir", out, sizeof(out)), 1);
	T_STR_EQ(out, "headgate: /no/dir: No such file or directory\n");
}

T_MAIN({ "parse", test_parse },
    { "usage", test_usage },
    { "version", test_version },
    { "check", test_check },
    { "dump-plugin", test_dump_plugin },
    { "list-plugins", test_list_plugins })
