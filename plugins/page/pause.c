/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of which a part is kept: when an origin makes a pause, the browser is
 * to see what is there. One timer for all of a worker.
 */
#include "proxy.h"

#define PAUSE_MS	50

static void	pause_start(struct page_worker *);

static void
pause_on_timer(void *data)
{
	struct page_worker *worker = data;
	struct proxy *proxy, *next;

	worker->timed = false;
	for (proxy = worker->waiting; proxy != NULL; proxy = next) {
		next = proxy->next;
		if (hg->now() >= proxy->last + PAUSE_MS)
			proxy_pause(proxy);
	}
	if (worker->waiting != NULL)
		pause_start(worker);
}

/* Without memory for a timer, pages wait for more of them as before. */
static void
pause_start(struct page_worker *worker)
{
	if (!worker->timed && hg->worker_timer(&hg_plugin_entry, PAUSE_MS,
	    pause_on_timer) != NULL)
		worker->timed = true;
}

void
pause_wait(struct proxy *proxy)
{
	struct page_worker *worker = hg->worker_data(&hg_plugin_entry);

	proxy->last = hg->now();
	if (proxy->at != NULL)
		return;
	proxy->next = worker->waiting;
	proxy->at = &worker->waiting;
	if (proxy->next != NULL)
		proxy->next->at = &proxy->next;
	worker->waiting = proxy;
	pause_start(worker);
}

void
pause_end(struct proxy *proxy)
{
	if (proxy->at == NULL)
		return;
	*proxy->at = proxy->next;
	if (proxy->next != NULL)
		proxy->next->at = proxy->at;
	proxy->at = NULL;
}
