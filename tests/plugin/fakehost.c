/* SPDX-License-Identifier: Apache-2.0 */
/* The fake host's start and end, and loading. */
#include "fake.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPTIONS_MAX	128	/* of one plugin */

struct fake_host fake;

void
fake_abort(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "fake host: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

const struct hg_host *
fake_hg(void)
{
	return (&fake_table);
}

long
fake_live_frames(void)
{
	return (fake.frames);
}

unsigned
fake_enter(unsigned worker)
{
	unsigned previous;

	previous = fake.worker;
	fake.worker = worker;
	fake.depth++;
	return (previous);
}

void
fake_leave(unsigned previous)
{
	fake.worker = previous;
	fake.depth--;
}

struct fake_plugin *
fake_plugin(const char *name)
{
	unsigned i;

	for (i = 0; i < fake.plugins; i++)
		if (strcmp(fake.plugin[i].plugin->name, name) == 0)
			return (&fake.plugin[i]);
	fake_abort("%s is not loaded", name);
}

void
fake_start(void)
{
	if (fake.started) {
		/* The case before was ended by a failed T_REQUIRE. */
		fprintf(stderr, "fake host: fake_finish() was not called\n");
		fake.depth = 0;
		fake_finish();
	}
	memset(&fake, 0, sizeof(fake));
	fake.started = true;
	fake.workers = 1;
	fake.now = 1000000;
	fake.seed = 0x9e3779b97f4a7c15;
	list_init(&fake.exchanges);
	list_init(&fake.fetches);
	list_init(&fake.conns);
	list_init(&fake.timers);
	list_init(&fake.posts);
	list_init(&fake.groups);
	list_init(&fake.own_heads);
	list_init(&fake.lines);
	list_init(&fake.read_lines);
}

void
fake_set_workers(unsigned count)
{
	if (count == 0 || count > FAKE_WORKERS || fake.plugins != 0)
		fake_abort("fake_set_workers(%u)", count);
	fake.workers = count;
}

void
fake_set_worker(unsigned worker)
{
	if (worker >= fake.workers)
		fake_abort("fake_set_worker(%u)", worker);
	fake.made_on = worker;
}

/* --- loading -------------------------------------------------------------- */

static const struct hg_plugin *
refuse(struct fake_plugin *p, const char *name, const char *why)
{
	snprintf(fake.error, sizeof(fake.error), "%s: %s", name, why);
	if (p->options != NULL)
		fake_options_free(p->options, p->plugin);
	free(p->counter);
	if (p->module != NULL)
		dlclose(p->module);
	memset(p, 0, sizeof(*p));
	return (NULL);
}

static const struct hg_plugin *
open_module(struct fake_plugin *p, const char *name)
{
	const struct hg_plugin *plugin;
	const char *dir;
	char path[1024];

	if ((dir = getenv("HEADGATE_PLUGIN_DIR")) == NULL)
		fake_abort("HEADGATE_PLUGIN_DIR is not set");
	snprintf(path, sizeof(path), "%s/%s.so", dir, name);
	if ((p->module = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL)
		return (refuse(p, name, dlerror()));
	if ((plugin = dlsym(p->module, "hg_plugin_entry")) == NULL)
		return (refuse(p, name, "no hg_plugin_entry"));
	if (plugin->api_major != HG_API_MAJOR ||
	    plugin->plugin_size != sizeof(*plugin) ||
	    plugin->hooks_size != sizeof(struct hg_hooks) ||
	    plugin->mux_size != sizeof(struct hg_mux) ||
	    plugin->option_size != sizeof(struct hg_option))
		return (refuse(p, name, "built for another header"));
	if (plugin->name == NULL || strcmp(plugin->name, name) != 0)
		return (refuse(p, name, "the name is not the file's"));
	if (plugin->version == NULL || plugin->summary == NULL)
		return (refuse(p, name, "no version or no summary"));
	return (plugin);
}

static const struct hg_plugin *
load(const char *name, char *const *pairs, size_t count)
{
	const struct hg_plugin *plugin;
	struct fake_plugin *p;
	const char *error;
	char text[256];
	unsigned previous;
	int failed;

	if (!fake.started || fake.working || fake.plugins == FAKE_PLUGINS)
		fake_abort("no loading of %s now", name);
	p = &fake.plugin[fake.plugins];
	if ((plugin = open_module(p, name)) == NULL)
		return (NULL);
	p->plugin = plugin;
	while (plugin->counters != NULL && plugin->counters[p->counters])
		p->counters++;
	p->counter = calloc(p->counters + 1, sizeof(*p->counter));
	p->options = calloc(1, plugin->options_size + 1);
	if (p->counter == NULL || p->options == NULL)
		abort();
	*plugin->host = &fake_table;
	error = fake_options(p->options, plugin, pairs, count);
	if (error == NULL && plugin->http != NULL &&
	    plugin->http->check != NULL)
		error = plugin->http->check(p->options, text, sizeof(text));
	if (error != NULL)
		return (refuse(p, name, error));
	fake.plugins++;
	fake.loading = p;
	previous = fake_enter(0);
	failed = plugin->load != NULL ? plugin->load(p->options) : 0;
	fake_leave(previous);
	fake.loading = NULL;
	if (failed == 0)
		return (plugin);
	fake.plugins--;
	return (refuse(p, name, "load failed"));
}

static const struct hg_plugin *
load_args(const char *name, va_list ap)
{
	char *pairs[OPTIONS_MAX];
	size_t count;

	for (count = 0; count < OPTIONS_MAX; count++)
		if ((pairs[count] = va_arg(ap, char *)) == NULL)
			return (load(name, pairs, count));
	fake_abort("too many options");
}

const struct hg_plugin *
fake_load(const char *name, ...)
{
	const struct hg_plugin *plugin;
	va_list ap;

	va_start(ap, name);
	plugin = load_args(name, ap);
	va_end(ap);
	if (plugin == NULL)
		fake_abort("%s", fake.error);
	return (plugin);
}

const struct hg_plugin *
fake_try_load(const char *name, ...)
{
	const struct hg_plugin *plugin;
	va_list ap;

	fake.error[0] = '\0';
	va_start(ap, name);
	plugin = load_args(name, ap);
	va_end(ap);
	return (plugin);
}

const char *
fake_error(void)
{
	return (fake.error);
}

static void
start_worker(struct fake_plugin *p, unsigned worker)
{
	unsigned previous;
	int failed;

	p->worker[worker] = calloc(1, p->plugin->worker_size + 1);
	if (p->worker[worker] == NULL)
		abort();
	if (p->plugin->worker_start == NULL)
		return;
	previous = fake_enter(worker);
	failed = p->plugin->worker_start(p->worker[worker]);
	fake_leave(previous);
	if (failed != 0)
		fake_abort("%s: worker_start failed", p->plugin->name);
}

void
fake_work(void)
{
	unsigned i, j;

	if (fake.working)
		return;
	fake.working = true;
	for (i = 0; i < fake.workers; i++)
		for (j = 0; j < fake.plugins; j++)
			start_worker(&fake.plugin[j], i);
}

/* --- the end -------------------------------------------------------------- */

static void
unload(struct fake_plugin *p)
{
	unsigned i, previous;

	for (i = 0; i < fake.workers; i++) {
		previous = fake_enter(i);
		if (p->plugin->worker_stop != NULL && fake.working)
			p->plugin->worker_stop(p->worker[i]);
		fake_leave(previous);
	}
	previous = fake_enter(0);
	if (p->plugin->unload != NULL)
		p->plugin->unload();
	fake_leave(previous);
	fake_options_free(p->options, p->plugin);
	for (i = 0; i < fake.workers; i++)
		free(p->worker[i]);
	free(p->counter);
}

static void
conn_free(struct hg_conn *conn)
{
	struct list *node, *save;
	struct hg_channel *ch;

	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		fake_chain_free(&ch->chain);
		fake_queue_free(&ch->top);
		fake_queue_free(&ch->early);
		http_free(ch->request);
		free(ch->kept);
		free(ch->data);
		free(ch);
	}
	fake_chain_free(&conn->chain);
	fake_queue_free(&conn->wire);
	free(conn);
}

static void
free_lists(void)
{
	struct fake_heads *head;
	struct list *node, *save;

	fake_http_free_all();
	fake_fetch_free_all();
	list_each(node, save, &fake.conns)
		conn_free(list_entry(node, struct hg_conn, node));
	list_each(node, save, &fake.own_heads) {
		head = list_entry(node, struct fake_heads, node);
		http_free(head->head);
		free(head);
	}
	list_each(node, save, &fake.timers)
		fake_table.timer_stop(list_entry(node, struct hg_timer, node));
	list_splice(&fake.read_lines, &fake.lines);
	list_each(node, save, &fake.read_lines)
		free(list_entry(node, struct fake_line, node));
	str_free(&fake.report);
}

void
fake_finish(void)
{
	unsigned i;

	fake_http_close_all();
	fake_close_all();
	fake_run_posts();
	for (i = fake.plugins; i-- > 0;)
		unload(&fake.plugin[i]);
	T_EQ(fake.frames, 0);
	T_EQ(fake.heads, 0);
	T_EQ(fake.fields, 0);
	T_TRUE(list_empty(&fake.posts));
	T_TRUE(list_empty(&fake.groups));
	free_lists();
	for (i = 0; i < fake.plugins; i++)
		dlclose(fake.plugin[i].module);
	fake.started = false;
}

const struct hg_head *
fake_head(const char *kind, const char *text)
{
	struct fake_heads *own;
	const char *error;

	if ((own = calloc(1, sizeof(*own))) == NULL)
		abort();
	own->head = fake_table.head_parse(text, strlen(text), kind, &error);
	if (own->head == NULL)
		fake_abort("bad head: %s: %s", error, text);
	fake.heads--;
	list_push(&fake.own_heads, &own->node);
	return (own->head);
}
