/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plugins as files: which are refused and in which words, what is made of their
 * tables, in which order they are loaded (threats W22).
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "harness.h"
#include "modules.h"
#include "plugin.h"

static char	 order[128];	/* the names of what was provided */

static int
fake_provide(const char *name, const void *what)
{
	strcat(order, name);
	strcat(order, " ");
	return (plugin_provide(name, what));
}

static const struct hg_host host = {
	.size = sizeof(host),
	.provide = fake_provide,
	.find = plugin_provided,
};

static struct plugin *
open_in(const char *dir, const char *name, char *error, size_t size)
{
	error[0] = '\0';
	return (plugin_open(dir, true, name, &host, error, size));
}

/* error, without the folder that the test cannot know. */
static const char *
without_dir(const char *error)
{
	static char dir[PATH_MAX];
	size_t len;

	if (dir[0] == '\0')
		T_REQUIRE(realpath(t_tmpdir(), dir) != NULL);
	len = strlen(dir);
	if (strncmp(error, dir, len) == 0 && error[len] == '/')
		return (error + len + 1);
	return (error);
}

#define HOOKS	"static const struct hg_hooks hooks = { .state_size = 24 };\n"

static const char good[] = HOOKS
    "struct o { int64_t size; const char *text; };\n"
    "static const struct hg_option options[] = {\n"
    "	{ .key = \"size\", .type = HG_SIZE, .standard = \"4k\",\n"
    "	    .offset = offsetof(struct o, size), .per_service = true },\n"
    "	{ .key = \"text\", .type = HG_STRING,\n"
    "	    .offset = offsetof(struct o, text) },\n"
    "	{ .key = NULL },\n"
    "};\n"
    "static const char *const counters[] = { \"in\", \"out\", NULL };\n"
    "HG_PLUGIN(.name = \"good\", .version = \"1.2\", .channel = &hooks,\n"
    "    .extension = \"x-good\", .counters = counters,\n"
    "    .options = options, .options_size = sizeof(struct o),\n"
    "    .personalises = true)\n";

static struct plugin *
open_good(char *error, size_t size)
{
	if (plugin_find("good") != NULL)
		return (plugin_find("good"));
	module_build(t_tmpdir(), "good", good);
	return (open_in(t_tmpdir(), "good", error, size));
}

static void
test_good(void)
{
	const struct hg_host *const *handed;
	struct plugin *plugin;
	char error[512];
	int64_t size;

	if (!modules_possible())
		return;
	plugin = open_good(error, sizeof(error));
	T_STR_EQ(error, "");
	T_REQUIRE(plugin != NULL);
	T_STR_EQ(plugin->entry.name, "good");
	T_STR_EQ(plugin->entry.version, "1.2");
	T_STR_EQ(without_dir(plugin->path), "good.so");
	T_TRUE(plugin->has_channel);
	T_FALSE(plugin->has_connection);
	T_FALSE(plugin->has_mux);
	T_EQ(plugin->channel.state_size, 24);
	T_TRUE(plugin->entry.personalises);
	T_EQ(plugin->counters_count, 2);
	T_EQ(plugin_counters(), plugin->counters_first + 2);
	memcpy(&size, plugin->options, sizeof(size));
	T_EQ(size, 4096);
	T_PTR_EQ(plugin_find("good"), plugin);
	T_PTR_EQ(plugin_at(plugin->index), plugin);
	T_PTR_EQ(plugin_by_extension("x-good"), plugin);
	T_PTR_EQ(plugin_by_symbol(plugin->symbol), plugin);
	T_NULL(plugin_find("goo"));
	T_NULL(plugin_by_extension("x-"));
	T_NULL(plugin_at(plugin_count()));
	handed = plugin->symbol->host;
	T_PTR_EQ(*handed, &host);
	T_NULL(open_in(t_tmpdir(), "good", error, sizeof(error)));
	T_STR_EQ(without_dir(error), "good.so: it is loaded already");
}

/* Each is compiled and must be refused by these words. */
static const struct {
	const char	*name, *text, *error;
} refused[] = {
	{ "othername", "HG_PLUGIN(.name = \"other\")",
	    "othername.so: it calls itself \"other\"" },
	{ "noname", "HG_PLUGIN(.version = \"1\")",
	    "noname.so: it calls itself \"\"" },
	{ "major", "HG_PLUGIN(.name = \"major\", .api_major = 2)",
	    "major.so: it is made for plugin API 2.0, and this headgate has "
	    "1.0" },
	{ "older", "HG_PLUGIN(.name = \"older\", .api_major = 0)",
	    "older.so: it is made for plugin API 0.0, and this headgate has "
	    "1.0" },
	{ "minor", "HG_PLUGIN(.name = \"minor\", .api_minor = 7)",
	    "minor.so: it is made for plugin API 1.7, and this headgate has "
	    "1.0" },
	{ "small", "HG_PLUGIN(.name = \"small\", .plugin_size = 8)",
	    "small.so: its tables have impossible sizes; it was not made by "
	    "HG_PLUGIN()" },
	{ "huge", "HG_PLUGIN(.name = \"huge\", .option_size = 1 << 30)",
	    "huge.so: its tables have impossible sizes; it was not made by "
	    "HG_PLUGIN()" },
	{ "nohost", "HG_PLUGIN(.name = \"nohost\", .host = NULL)",
	    "nohost.so: its tables have impossible sizes; it was not made by "
	    "HG_PLUGIN()" },
	{ "token", HOOKS "HG_PLUGIN(.name = \"token\", "
	    ".extension = \"a b\", .channel = &hooks)",
	    "token.so: its extension \"a b\" is no token" },
	{ "place", HOOKS "HG_PLUGIN(.name = \"place\", "
	    ".extension = \"x-p\", .channel = &hooks, .place = 3)",
	    "place.so: its place 3 is unknown" },
	{ "hookless", "HG_PLUGIN(.name = \"hookless\", .extension = \"x-h\")",
	    "hookless.so: it names an extension and has no hooks" },
	{ "clash", HOOKS "HG_PLUGIN(.name = \"clash\", "
	    ".extension = \"x-good\", .channel = &hooks)",
	    "clash.so: its extension \"x-good\" is that of plugin good too" },
	{ "mux", "static const struct hg_mux m;\n"
	    "HG_PLUGIN(.name = \"mux\", .mux = &m)",
	    "mux.so: it carries channels without an extension and connection "
	    "hooks" },
	{ "needy", "HG_PLUGIN(.name = \"needy\", .needs = \"good ../x\")",
	    "needy.so: it needs \"../x\", which is no name of a plugin" },
	{ "key", "static const struct hg_option t[] = {\n"
	    "	{ .key = \"Big\", .type = HG_INT }, { .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"key\", .options = t, .options_size = 8)",
	    "key.so: option \"Big\": the key has other characters than a-z "
	    "and \"-\"" },
	{ "offset", "static const struct hg_option t[] = {\n"
	    "	{ .key = \"k\", .type = HG_INT }, { .key = NULL } };\n"
	    "HG_PLUGIN(.name = \"offset\", .options = t)",
	    "offset.so: option \"k\": the offset is outside of options_size" },
	{ "endless", "static const struct hg_option t[400] = {\n"
	    "	[0 ... 399] = { .key = \"k\" } };\n"
	    "HG_PLUGIN(.name = \"endless\", .options = t)",
	    "endless.so: it has more than 256 options or counters" },
	{ "symbol", "HG_EXPORT int something;",
	    "symbol.so: it has no symbol hg_plugin_entry, so it is not a "
	    "plugin" },
	{ "ltx", "HG_PLUGIN(.name = \"ltx\");\n"
	    "HG_EXPORT int ltx_LTX_hg_plugin_entry[100];",
	    "ltx.so: it has more than one symbol for hg_plugin_entry" },
	{ "undefined", "int nowhere_to_be_found(void);\n"
	    "HG_EXPORT int f(void) { return (nowhere_to_be_found()); }\n"
	    "HG_PLUGIN(.name = \"undefined\")",
	    "undefined.so: undefined symbol: nowhere_to_be_found" },
};

static void
test_refused(void)
{
	char error[512];
	unsigned before;
	size_t i;

	if (!modules_possible())
		return;
	T_REQUIRE(open_good(error, sizeof(error)) != NULL);
	before = plugin_count();
	for (i = 0; i < T_ROWS(refused); i++) {
		t_row("%s", refused[i].name);
		module_build(t_tmpdir(), refused[i].name, refused[i].text);
		T_NULL(open_in(t_tmpdir(), refused[i].name, error,
		    sizeof(error)));
		T_STR_EQ(without_dir(error), refused[i].error);
	}
	T_EQ(plugin_count(), before);
}

/* A plugin of an older and one of a newer header with the same versions: their
 * tables are shorter and longer. */
static void
test_sizes(void)
{
	struct plugin *plugin;
	char error[512];

	if (!modules_possible())
		return;
	module_build(t_tmpdir(), "short",
	    "struct old { const char *key; enum hg_option_type type;\n"
	    "    size_t offset; const char *standard; };\n"
	    "static const struct old t[] = {\n"
	    "	{ \"one\", HG_INT, 0, \"1\" }, { \"two\", HG_INT, 8, \"2\" },\n"
	    "	{ NULL } };\n"
	    "HG_PLUGIN(.name = \"short\", .options = (const void *)t,\n"
	    "    .option_size = sizeof(struct old), .options_size = 16,\n"
	    "    .plugin_size = offsetof(struct hg_plugin, personalises),\n"
	    "    .personalises = true)");
	plugin = open_in(t_tmpdir(), "short", error, sizeof(error));
	T_STR_EQ(error, "");
	T_REQUIRE(plugin != NULL);
	T_FALSE(plugin->entry.personalises);
	T_STR_EQ(plugin->entry.options[1].key, "two");
	T_FALSE(plugin->entry.options[1].per_service);
	T_NULL(plugin->entry.options[2].key);
	T_EQ(((int64_t *)plugin->options)[0], 1);
	T_EQ(((int64_t *)plugin->options)[1], 2);

	module_build(t_tmpdir(), "long",
	    "struct new { struct hg_option option; long more[3]; };\n"
	    "static const struct new t[] = {\n"
	    "	{ { .key = \"one\", .type = HG_INT, .standard = \"1\" } },\n"
	    "	{ { .key = \"two\", .type = HG_INT, .offset = 8 } },\n"
	    "	{ { .key = NULL } } };\n"
	    "HG_PLUGIN(.name = \"long\", .options = (const void *)t,\n"
	    "    .option_size = sizeof(struct new), .options_size = 16)");
	plugin = open_in(t_tmpdir(), "long", error, sizeof(error));
	T_STR_EQ(error, "");
	T_REQUIRE(plugin != NULL);
	T_STR_EQ(plugin->entry.options[1].key, "two");
	T_EQ(plugin->entry.options[1].offset, 8);
	T_NULL(plugin->entry.options[2].key);
}

/*
 * W22: neither a libtool archive beside the file, nor another file of that name
 * in the current folder or in a folder of the environment.
 */
static void
test_hijack(void)
{
	static const char evil_text[] =
	    "#include <stdlib.h>\n"
	    "__attribute__((constructor)) static void mark(void)\n"
	    "{ setenv(\"HEADGATE_HIJACKED\", \"1\", 1); }\n"
	    "HG_PLUGIN(.name = \"target\", .version = \"evil\")";
	static const char archive[] =
	    "# target.la - a libtool library file\n"
	    "dlname='evil.so'\nlibrary_names='evil.so evil.so evil.so'\n"
	    "old_library=''\ndependency_libs=''\ncurrent=0\nage=0\n"
	    "revision=0\ninstalled=yes\nshouldnotlink=yes\n"
	    "dlopen=''\ndlpreopen=''\nlibdir='%s'\n";
	char evil[512], path[600], text[1024], error[512];
	struct plugin *plugin;

	if (!modules_possible())
		return;
	snprintf(evil, sizeof(evil), "%s/evil", t_tmpdir());
	T_REQUIRE(mkdir(evil, 0755) == 0);
	module_build(evil, "target", evil_text);
	module_build(evil, "evil", evil_text);
	module_build(t_tmpdir(), "evil", evil_text);
	module_build(t_tmpdir(), "target",
	    "HG_PLUGIN(.name = \"target\", .version = \"true\")");
	snprintf(text, sizeof(text), archive, evil);
	snprintf(path, sizeof(path), "%s/target.la", t_tmpdir());
	module_write(path, text);
	snprintf(path, sizeof(path), "%s/target.la", evil);
	module_write(path, text);
	T_REQUIRE(setenv("LTDL_LIBRARY_PATH", evil, 1) == 0);
	T_REQUIRE(setenv("LD_LIBRARY_PATH", evil, 1) == 0);
	T_REQUIRE(chdir(evil) == 0);
	plugin = open_in(t_tmpdir(), "target", error, sizeof(error));
	T_REQUIRE(chdir("/") == 0);
	T_STR_EQ(error, "");
	T_REQUIRE(plugin != NULL);
	T_STR_EQ(plugin->entry.version, "true");
	T_NULL(getenv("HEADGATE_HIJACKED"));
	T_NULL(getenv("LTDL_LIBRARY_PATH"));
	T_NULL(getenv("LD_LIBRARY_PATH"));
}

/* Plugins are loaded in the order they were opened, but after what they need,
 * and unloaded the other way round. */
static void
test_load_order(void)
{
	char error[512];

	if (!modules_possible())
		return;
	module_build(t_tmpdir(), "first", "static int load(const void *o)\n"
	    "{ static int x; return (hg->find(\"second/1\") == NULL ||\n"
	    "    hg->provide(\"first/1\", &x)); }\n"
	    "HG_PLUGIN(.name = \"first\", .needs = \" second \", "
	    ".load = load)");
	module_build(t_tmpdir(), "second", "static int load(const void *o)\n"
	    "{ static int x; return (hg->provide(\"second/1\", &x)); }\n"
	    "HG_PLUGIN(.name = \"second\", .load = load)");
	T_REQUIRE(open_in(t_tmpdir(), "first", error, sizeof(error)) != NULL);
	T_REQUIRE(open_in(t_tmpdir(), "second", error, sizeof(error)) != NULL);
	order[0] = '\0';
	T_EQ(plugin_load_all(), 0);
	T_STR_EQ(order, "second/1 first/1 ");
	T_TRUE(plugin_provided("first/1") != NULL);
	plugin_unload_all();
	T_NULL(plugin_provided("first/1"));
}

/* From here on nothing can be loaded any more: must be the last case. */
static void
test_needs(void)
{
	char error[512], name[64];
	struct plugin *plugin;

	if (!modules_possible())
		return;
	module_build(t_tmpdir(), "lonely",
	    "HG_PLUGIN(.name = \"lonely\", .needs = \"good  nobody\")");
	T_REQUIRE(open_good(error, sizeof(error)) != NULL);
	plugin = open_in(t_tmpdir(), "lonely", error, sizeof(error));
	T_REQUIRE(plugin != NULL);
	T_STR_EQ(plugin_needs(plugin, 0, name, sizeof(name)), "good");
	T_STR_EQ(plugin_needs(plugin, 1, name, sizeof(name)), "nobody");
	T_NULL(plugin_needs(plugin, 2, name, sizeof(name)));
	T_EQ(plugin_load_all(), -1);
}

T_MAIN({ "hijack", test_hijack },
    { "good", test_good },
    { "refused", test_refused },
    { "sizes", test_sizes },
    { "load-order", test_load_order },
    { "needs", test_needs })
