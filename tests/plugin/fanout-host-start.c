/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the module, sets its options, and looks for leaks behind it. */
#include "fanout-host-in.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t starts;

static void
list_add(struct hg_strings *list, const char *value)
{
	const char **item;

	item = host_alloc((list->count + 1) * sizeof(*item));
	if (list->count > 0)
		memcpy(item, list->item, list->count * sizeof(*item));
	item[list->count++] = value;
	free((void *)(uintptr_t)list->item);
	list->item = item;
}

static const char *
set_number(const struct hg_option *option, void *at, const char *value)
{
	char *end;
	long long number;

	number = strtoll(value, &end, 10);
	if (option->type == HG_TIME && strcmp(end, "ms") != 0)
		number *= 1000;
	else if (option->type == HG_TIME)
		end += 2;
	if (option->type == HG_SIZE && (*end == 'k' || *end == 'm'))
		number <<= *end++ == 'k' ? 10 : 20;
	if (*end == 's')
		end++;
	if (option->type == HG_SIZE && (*end == 'k' || *end == 'm'))
		number *= *end++ == 'k' ? 1 << 10 : 1 << 20;
	if (*end != '\0' || number < option->min || number > option->max)
		return ("no such number");
	memcpy(at, &(int64_t){ number }, sizeof(int64_t));
	return (NULL);
}

static const char *
set(const struct hg_option *option, char *values, const char *value)
{
	static char why[256];
	const char *wrong;

	if (option->check != NULL &&
	    (wrong = option->check(value, why, sizeof(why))) != NULL)
		return (wrong);
	if (option->type != HG_LIST)
		return (set_number(option, values + option->offset, value));
	list_add((void *)(values + option->offset), value);
	return (NULL);
}

static const char *
set_pair(char *values, const char *pair)
{
	const struct hg_option *option;
	size_t len = strcspn(pair, "=");

	for (option = host.plugin->options; option->key != NULL; option++)
		if (strlen(option->key) == len &&
		    memcmp(option->key, pair, len) == 0)
			return (set(option, values, pair + len + 1));
	return ("no such key");
}

static void *
options_new(void)
{
	const struct hg_option *option;
	char *values;

	values = host_alloc(host.plugin->options_size);
	for (option = host.plugin->options; option->key != NULL; option++)
		if (option->standard != NULL &&
		    set(option, values, option->standard) != NULL)
			host_wrong("the default of %s", option->key);
	return (values);
}

static void
options_free(char *values)
{
	const struct hg_option *option;
	struct hg_strings *list;

	if (values == NULL)
		return;
	for (option = host.plugin->options; option->key != NULL; option++) {
		list = (void *)(values + option->offset);
		if (option->type == HG_LIST)
			free((void *)(uintptr_t)list->item);
	}
	free(values);
}

void
host_on_send(void (*fn)(struct hg_channel *))
{
	inside.on_send = fn;
}

const char *
host_try_option(const char *pair)
{
	const char *wrong;
	char *values;

	values = options_new();
	wrong = set_pair(values, pair);
	options_free(values);
	return (wrong);
}

static void
set_all(size_t index, const char *pair, va_list ap)
{
	const char *wrong;

	inside.options[index].values = options_new();
	for (; pair != NULL; pair = va_arg(ap, const char *))
		if ((wrong = set_pair(inside.options[index].values,
		    pair)) != NULL)
			host_wrong("%s: %s", pair, wrong);
}

void
host_service(const char *name, const char *pair, ...)
{
	va_list ap;
	size_t i;

	for (i = 1; inside.options[i].service != NULL; i++)
		;
	inside.options[i].service = name;
	va_start(ap, pair);
	set_all(i, pair, ap);
	va_end(ap);
}

static void
load(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/fanout.so",
	    getenv("HEADGATE_PLUGIN_DIR") != NULL ?
	    getenv("HEADGATE_PLUGIN_DIR") : ".");
	if ((inside.module = dlopen(path, RTLD_NOW | RTLD_LOCAL)) == NULL)
		host_wrong("%s", dlerror());
	host.plugin = dlsym(inside.module, "hg_plugin_entry");
	if (host.plugin == NULL)
		host_wrong("%s: no plugin", path);
	*host.plugin->host = &host_table;
}

void
host_start(const char *pair, ...)
{
	va_list ap;

	memset(&host, 0, sizeof(host));
	memset(&inside, 0, sizeof(inside));
	memset(&broker, 0, sizeof(broker));
	inside.last = &inside.first;
	inside.seed = ++starts;
	host.now = 1000000;
	load();
	va_start(ap, pair);
	set_all(0, pair, ap);
	va_end(ap);
	inside.worker = host_alloc(host.plugin->worker_size);
	if (host.plugin->load(inside.options[0].values) != 0 ||
	    host.plugin->worker_start(inside.worker) != 0)
		host_wrong("it does not start");
}

void
host_finish(void)
{
	struct hg_channel *ch;
	struct hg_conn *conn;
	size_t i;

	for (conn = inside.conns; conn != NULL; conn = conn->next)
		host_conn_drop(conn, false);
	host.plugin->worker_stop(inside.worker);
	host.plugin->unload();
	if (host.frames != 0)
		host_wrong("%ld frames are left", host.frames);
	for (i = 0; i < 3; i++)
		if (host.counter[i] != 0)
			host_wrong("%s is %lld", host.plugin->counters[i],
			    (long long)host.counter[i]);
	while ((ch = inside.first) != NULL) {
		inside.first = ch->next;
		free(ch->sub);
		free(ch->got);
		free(ch);
	}
	while ((conn = inside.conns) != NULL) {
		inside.conns = conn->next;
		free(conn);
	}
	for (i = 0; i < 4; i++)
		options_free(inside.options[i].values);
	free(inside.worker);
	free(inside.timer);
	free(broker.content);
	dlclose(inside.module);
}
