/* SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <headgate/version.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "option.h"
#include "plugin.h"

static void
cli_usage(FILE *out)
{
	fprintf(out,
	    "usage: headgate [-c FILE] [-t]\n"
	    "\n"
	    "  -c, --config FILE       the configuration (default\n"
	    "                          %s/headgate.ini);\n"
	    "                          conf.d/*.ini beside it is read too\n"
	    "  -t, --test              check the configuration and end\n"
	    "      --plugin-dir DIR    where plugins are (default\n"
	    "                          %s)\n"
	    "      --list-plugins      the plugins that are there\n"
	    "      --dump-plugin NAME  what a plugin is and its options\n"
	    "      --dump-config       the configuration as it is understood\n"
	    "  -V, --version           versions and folders\n"
	    "  -h, --help              this text\n", CONFDIR, PLUGINDIR);
}

enum {
	OPT_PLUGIN_DIR = 256,
	OPT_LIST_PLUGINS,
	OPT_DUMP_PLUGIN,
	OPT_DUMP_CONFIG,
};

static const struct option cli_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "plugin-dir", required_argument, NULL, OPT_PLUGIN_DIR },
	{ "list-plugins", no_argument, NULL, OPT_LIST_PLUGINS },
	{ "dump-plugin", required_argument, NULL, OPT_DUMP_PLUGIN },
	{ "dump-config", no_argument, NULL, OPT_DUMP_CONFIG },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int
cli_take(struct cli *cli, int option, const char *value)
{
	switch (option) {
	case 'c':
		cli->source.path = value;
		break;
	case 't':
		cli->action = CLI_TEST;
		break;
	case 'V':
		cli->action = CLI_VERSION;
		break;
	case 'h':
		cli->action = CLI_HELP;
		break;
	case OPT_PLUGIN_DIR:
		cli->source.plugin_dir = value;
		cli->source.plugin_dir_trusted = true;
		break;
	case OPT_LIST_PLUGINS:
		cli->action = CLI_LIST_PLUGINS;
		break;
	case OPT_DUMP_PLUGIN:
		cli->action = CLI_DUMP_PLUGIN;
		cli->plugin = value;
		break;
	case OPT_DUMP_CONFIG:
		cli->action = CLI_DUMP_CONFIG;
		break;
	default:
		return (-1);
	}
	return (0);
}

int
cli_parse(struct cli *cli, int argc, char **argv)
{
	int option;

	memset(cli, 0, sizeof(*cli));
	cli->source.path = CONFDIR "/headgate.ini";
	cli->source.plugin_dir = PLUGINDIR;
	cli->source.host = &host_table;
	while ((option = getopt_long(argc, argv, "c:tVh", cli_options,
	    NULL)) != -1)
		if (cli_take(cli, option, optarg) != 0) {
			cli_usage(stderr);
			return (-1);
		}
	if (optind != argc) {
		fprintf(stderr, "headgate: unexpected \"%s\"\n",
		    argv[optind]);
		cli_usage(stderr);
		return (-1);
	}
	return (0);
}

static int
cli_version(const struct cli *cli)
{
	printf("version=%s\napi=%d.%d\nlibevent=%s\nopenssl=%s\n"
	    "plugindir=%s\nconfdir=%s\n", HG_VERSION, HG_API_MAJOR,
	    HG_API_MINOR, event_get_version(),
	    OpenSSL_version(OPENSSL_VERSION_STRING), cli->source.plugin_dir,
	    CONFDIR);
	return (0);
}

static struct plugin *
cli_open(const struct cli *cli, const char *name)
{
	struct plugin *plugin;
	char error[512];

	plugin = plugin_open(cli->source.plugin_dir,
	    cli->source.plugin_dir_trusted, name, cli->source.host, error,
	    sizeof(error));
	if (plugin == NULL)
		fprintf(stderr, "headgate: %s\n", error);
	return (plugin);
}

static int
cli_is_module(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return (entry->d_name[0] != '.' && len > 3 &&
	    strcmp(entry->d_name + len - 3, ".so") == 0);
}

static int
cli_list_plugins(const struct cli *cli)
{
	struct dirent **entries;
	struct plugin *plugin;
	int i, count, status = 0;

	count = scandir(cli->source.plugin_dir, &entries, cli_is_module,
	    alphasort);
	if (count == -1) {
		fprintf(stderr, "headgate: %s: %s\n", cli->source.plugin_dir,
		    strerror(errno));
		return (1);
	}
	for (i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 3] = '\0';
		plugin = cli_open(cli, entries[i]->d_name);
		if (plugin != NULL)
			printf("%s\t%s\t%s\n", plugin->entry.name,
			    plugin->entry.version != NULL ?
			    plugin->entry.version : "",
			    plugin->entry.summary != NULL ?
			    plugin->entry.summary : "");
		else
			status = 1;
		free(entries[i]);
	}
	free(entries);
	return (status);
}

static void
cli_dump_option(const struct hg_option *option)
{
	char from[32], to[32];
	size_t i;

	printf("option=%s type=%s", option->key,
	    option_type_name(option->type));
	printf(" default=\"%s\"",
	    option->standard != NULL ? option->standard : "");
	if (option->min != 0 || option->max != 0) {
		option_number(from, sizeof(from), option->type, option->min);
		option_number(to, sizeof(to), option->type, option->max);
		printf(" range=%s..%s", from, to);
	}
	for (i = 0; option->choices != NULL && option->choices[i] != NULL; i++)
		printf("%s%s", i == 0 ? " choices=" : "|",
		    option->choices[i]);
	printf(" scope=%s help=\"%s\"\n",
	    option->per_service ? "service" : "plugin",
	    option->help != NULL ? option->help : "");
}

static int
cli_dump_plugin(const struct cli *cli)
{
	const struct hg_option *option;
	const struct hg_plugin *entry;
	struct plugin *plugin;
	unsigned i;

	if ((plugin = cli_open(cli, cli->plugin)) == NULL)
		return (1);
	entry = &plugin->entry;
	printf("name=%s\nversion=%s\nsummary=%s\napi=%u.%u\npath=%s\n"
	    "extension=%s\nneeds=%s\n", entry->name,
	    entry->version != NULL ? entry->version : "",
	    entry->summary != NULL ? entry->summary : "", entry->api_major,
	    entry->api_minor, plugin->path,
	    entry->extension != NULL ? entry->extension : "",
	    entry->needs != NULL ? entry->needs : "");
	for (option = entry->options; option != NULL && option->key != NULL;
	    option++)
		cli_dump_option(option);
	for (i = 0; i < plugin->counters_count; i++)
		printf("counter=%s\n", entry->counters[i]);
	return (0);
}

/* All that a start does but to bind: plugins have their say too. */
static int
cli_test(const struct cli *cli)
{
	struct settings *settings = config_read(&cli->source, stderr);
	int result;

	if (settings == NULL)
		return (1);
	result = plugin_load_all();
	if (result == 0)
		plugin_unload_all();
	config_free(settings);
	if (result != 0)
		return (1);
	printf("%s: the configuration is fine\n", cli->source.path);
	return (0);
}

int
cli_run(const struct cli *cli)
{
	switch (cli->action) {
	case CLI_TEST:
		return (cli_test(cli));
	case CLI_VERSION:
		return (cli_version(cli));
	case CLI_LIST_PLUGINS:
		return (cli_list_plugins(cli));
	case CLI_DUMP_PLUGIN:
		return (cli_dump_plugin(cli));
	case CLI_DUMP_CONFIG:
		return (config_dump(&cli->source, stdout, stderr) == 0 ? 0 :
		    1);
	default:
		cli_usage(stdout);
		return (0);
	}
}
