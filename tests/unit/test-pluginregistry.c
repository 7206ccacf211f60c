/* SPDX-License-Identifier: Apache-2.0 */
/* Names of plugins, and what they provide to each other. */
#include <stdio.h>

#include "harness.h"
#include "plugin.h"

static const struct hg_host host = { .size = sizeof(host) };

static void
test_provide(void)
{
	static const char *const bad[] = { "", "flows", "/1", "flows/",
		"flows/x", "flows/1x" };
	char name[32];
	int n, result;
	size_t i;

	for (i = 0; i < T_ROWS(bad); i++) {
		t_row("\"%s\"", bad[i]);
		T_EQ(plugin_provide(bad[i], &n), -1);
	}
	t_row(NULL);
	T_EQ(plugin_provide("flows/1", NULL), -1);
	T_EQ(plugin_provide("flows/1", &n), 0);
	T_EQ(plugin_provide("flows/1", &result), -1);
	T_EQ(plugin_provide("flows/2", &result), 0);
	T_PTR_EQ(plugin_provided("flows/1"), &n);
	T_PTR_EQ(plugin_provided("flows/2"), &result);
	T_NULL(plugin_provided("flows/3"));
	for (n = 2; n < PLUGIN_MAX; n++) {
		snprintf(name, sizeof(name), "flows-%d/1", n);
		T_EQ(plugin_provide(name, &n), 0);
	}
	T_EQ(plugin_provide("more/1", &n), -1);
	plugin_unload_all();
	T_NULL(plugin_provided("flows/1"));
}

static void
test_names(void)
{
	static const struct {
		const char	*name;
		bool		 valid;
	} names[] = {
		{ "a", true }, { "a-b9", true }, { "9", true },
		{ "a234567890123456789012345678901234567890", true },
		{ "a2345678901234567890123456789012345678901", false },
		{ "", false }, { "-a", false }, { "A", false },
		{ "a.b", false }, { "../a", false }, { "a/b", false },
		{ "a_b", false }, { "a b", false }, { "\xc3\xa4", false },
	};
	char error[512];
	size_t i;

	for (i = 0; i < T_ROWS(names); i++) {
		t_row("\"%s\"", names[i].name);
		T_EQ(plugin_name_is_valid(names[i].name), names[i].valid);
	}
	t_row(NULL);
	T_NULL(plugin_open(t_tmpdir(), true, "../evil", &host, error,
	    sizeof(error)));
	T_STR_EQ(error, "\"../evil\" is no name of a plugin");
}

T_MAIN({ "provide", test_provide },
    { "names", test_names })
