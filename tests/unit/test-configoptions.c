/* SPDX-License-Identifier: Apache-2.0 */
/* Options of plugins, in [plugin NAME] and where a service has its own. */
#include <stdio.h>
#include <string.h>

#include "configs.h"
#include "harness.h"

static const struct row option_rows[] = {
	{ FINE "depth = 4\n", "" },
	{ FINE "app.depth = 4\n", "" },
	{ FINE "depth = 10\n", "headgate.ini:8: [service s] depth: 10 is not "
	    "within 1 and 9\n" },
	{ FINE "app.dpeth = 4\n", "headgate.ini:8: [service s] app.dpeth: "
	    "there is no such key\n" },
	{ FINE "tint.depth = 4\n", "headgate.ini:8: [service s] tint.depth: "
	    "there is no such key\n" },
	{ FINE "[plugin tint]\n[service s]\ndepth = 4\n", "headgate.ini:10: "
	    "[service s] depth: several plugins have this key: write "
	    "app.depth or tint.depth\n" },
	{ FINE "[plugin tint]\n[service s]\napp.depth = 4\n", "" },
	{ FINE "[plugin tint]\nown = 1\n[service s]\nown = 1\n",
	    "headgate.ini:11: [service s] own: there is no such key\n" },
	{ FINE "wide = 1\n[plugin app]\nwide = 1\n", "headgate.ini:8: "
	    "[service s] wide: it does nothing without x-app in extensions\n" },
	{ FINE "extensions = x-wire\n[plugin wire]\n[service s]\n"
	    "app.wide = 1\n", "headgate.ini:11: [service s] app.wide: it does "
	    "nothing without x-app in extensions\n" },
	{ FINE "wide = 1\nextensions = x-app\n[plugin app]\nwide = 1\n",
	    "" },
	{ FINE "[plugin app]\ndepht = 4\n", "headgate.ini:9: [plugin app] "
	    "depht: there is no such key (did you mean \"depth\"?)\n" },
	{ FINE "[plugin app]\ndepth = 0\n", "headgate.ini:9: [plugin app] "
	    "depth: 0 is not within 1 and 9\n" },
};

static void
test_options(void)
{
	struct settings *settings;
	struct plugin *app;
	char errors[4096];
	const struct values {
		long			 depth;
		struct hg_strings	 share;
	} *values;

	if (!plugins_possible())
		return;
	check_rows(option_rows, T_ROWS(option_rows));
	t_row("values");
	/* The plugin's list is one item a value, and the service's replaces
	 * it; what a service does not say is as in [plugin app]. */
	settings = read_text(FINE "share = a b\nshare = c\n[plugin app]\n"
	    "depth = 5\nshare = x, y\n[service b]\nlisten = web\npath = /b\n"
	    "plugins = app\n", errors, sizeof(errors));
	T_STR_EQ(errors, "");
	T_REQUIRE(settings != NULL);
	app = plugin_find("app");
	values = app->options;
	T_EQ(values->depth, 5);
	T_EQ(values->share.count, 1);
	T_STR_EQ(values->share.item[0], "x, y");
	T_REQUIRE(settings->services[0]->options != NULL);
	values = settings->services[0]->options[app->index];
	T_REQUIRE(values != NULL);
	T_EQ(values->depth, 5);
	T_EQ(values->share.count, 2);
	T_STR_EQ(values->share.item[0], "a b");
	T_STR_EQ(values->share.item[1], "c");
	T_TRUE(settings->services[1]->options == NULL ||
	    settings->services[1]->options[app->index] == NULL);
	config_free(settings);
	t_row("the next reading begins with the defaults");
	settings = read_text(FINE, errors, sizeof(errors));
	T_REQUIRE(settings != NULL);
	values = app->options;
	T_EQ(values->depth, 3);
	T_STR_EQ(values->share.item[0], "all");
	config_free(settings);
}

T_MAIN({ "options", test_options })
