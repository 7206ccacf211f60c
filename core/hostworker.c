/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to plugins on each worker: data, counters, timers. */
#include "hostworker.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "chain.h"
#include "fetch.h"
#include "list.h"
#include "log.h"
#include "plugin.h"

struct host_worker {
	void			**data;		/* by the plugin's index */
	atomic_int_least64_t	 *counters;
	struct list		  timers;
};

static struct host_worker *host_workers;

static int
host_worker_init(struct host_worker *own)
{
	struct plugin *plugin;
	unsigned i;

	list_init(&own->timers);
	own->data = calloc(plugin_count() + 1, sizeof(*own->data));
	own->counters = calloc(plugin_counters() + 1, sizeof(*own->counters));
	if (own->data == NULL || own->counters == NULL)
		return (-1);
	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		if (plugin->entry.worker_size == 0)
			continue;
		own->data[i] = calloc(1, plugin->entry.worker_size);
		if (own->data[i] == NULL)
			return (-1);
	}
	return (0);
}

int
host_init(void)
{
	unsigned i;

	host_workers = calloc(workers_count(), sizeof(*host_workers));
	if (host_workers == NULL)
		return (-1);
	for (i = 0; i < workers_count(); i++)
		if (host_worker_init(&host_workers[i]) != 0)
			return (-1);
	return (0);
}

void
host_finish(void)
{
	unsigned i, p;

	for (i = 0; host_workers != NULL && i < workers_count(); i++) {
		for (p = 0; host_workers[i].data != NULL &&
		    p < plugin_count(); p++)
			free(host_workers[i].data[p]);
		free(host_workers[i].data);
		free(host_workers[i].counters);
	}
	free(host_workers);
	host_workers = NULL;
	fetchtarget_finish();
}

void
host_worker_start(struct worker *worker)
{
	struct plugin *plugin;
	unsigned i;

	for (i = 0; i < plugin_count(); i++) {
		plugin = plugin_at(i);
		if (plugin->entry.worker_start == NULL)
			continue;
		if (plugin->entry.worker_start(
		    host_workers[worker->index].data[i]) != 0)
			log_write(HG_LOG_ERROR, plugin->entry.name,
			    "could not start on worker %u", worker->index);
	}
}

void
host_worker_stop(struct worker *worker)
{
	struct plugin *plugin;
	unsigned i;

	for (i = plugin_count(); i > 0; i--) {
		plugin = plugin_at(i - 1);
		if (plugin->entry.worker_stop != NULL)
			plugin->entry.worker_stop(
			    host_workers[worker->index].data[i - 1]);
	}
	list_timers_stop(&host_workers[worker->index].timers);
	fetch_worker_stop();
}

int64_t
host_counter(const struct plugin *plugin, unsigned index)
{
	int64_t sum = 0;
	unsigned i;

	for (i = 0; host_workers != NULL && i < workers_count(); i++)
		sum += atomic_load_explicit(&host_workers[i].counters[
		    plugin->counters_first + index], memory_order_relaxed);
	return (sum);
}

void
host_count(const struct hg_plugin *symbol, unsigned index, int64_t by)
{
	const struct plugin *plugin = plugin_by_symbol(symbol);
	const struct worker *worker = worker_self();

	if (plugin == NULL || worker == NULL ||
	    index >= plugin->counters_count)
		return;
	atomic_fetch_add_explicit(&host_workers[worker->index].counters[
	    plugin->counters_first + index], by, memory_order_relaxed);
}

unsigned
host_worker_index(void)
{
	return (worker_self()->index);
}

void *
host_worker_data(const struct hg_plugin *symbol)
{
	const struct plugin *plugin = plugin_by_symbol(symbol);

	if (plugin == NULL || worker_self() == NULL)
		return (NULL);
	return (host_workers[worker_self()->index].data[plugin->index]);
}

int
host_post(unsigned worker, void (*fn)(void *), void *arg)
{
	if (worker_at(worker) == NULL)
		return (-1);
	return (worker_post(worker_at(worker), fn, arg));
}

struct hg_timer *
host_worker_timer(const struct hg_plugin *symbol, uint64_t ms,
    void (*fn)(void *))
{
	return (list_timer_start(&host_workers[worker_self()->index].timers,
	    ms, fn, host_worker_data(symbol)));
}
