/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <event2/event.h>
#include <event2/thread.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "channelauth.h"
#include "conn.h"
#include "control.h"
#include "drain.h"
#include "hostmux.h"
#include "hostworker.h"
#include "listener.h"
#include "log.h"
#include "openchannel.h"
#include "rejoin.h"
#include "plugin.h"
#include "trunk.h"
#include "upstream.h"

#define STOP_POLL_MS	10

struct server_listener {
	struct listener			*listener;
	const struct listen_settings	*settings;
};

struct server {
	struct settings		*settings;
	struct event_base	*base;
	struct server_listener	*listeners;
	size_t			 listener_count;
	struct control		*control;
	struct drain		*drains;	/* by worker */
	uint64_t		 started_at;
	uint64_t		 stop_by;	/* 0: it serves */
};

/* One for the process: the workers' threads begin and end in it. */
static struct server *server;

/* --- on each worker ------------------------------------------------------- */

static void
server_worker_enter(struct worker *worker)
{
	struct server_listener *own;
	size_t i;

	host_worker_start(worker);
	for (i = 0; i < server->listener_count; i++) {
		own = &server->listeners[i];
		if (listener_start(own->listener, worker, accept_connection,
		    (void *)(uintptr_t)own->settings) != 0)
			log_write(HG_LOG_ERROR, own->settings->name,
			    "worker %u cannot accept", worker->index);
	}
	for (i = 0; i < server->settings->trunk_count; i++)
		trunk_worker_start(server->settings->trunks[i]);
}

/* What is still there when the time is over, or at a second signal: whoever can
 * be told so still is. */
static void
server_worker_leave(struct worker *worker)
{
	struct list *node, *save;

	drain_finish(&server->drains[worker->index]);
	list_each(node, save, &worker->conns)
		conn_close(list_entry(node, struct hg_conn, node), 1001,
		    "the server is stopping");
	worker_turn(worker, false);
	list_each(node, save, &worker->conns)
		conn_kill(list_entry(node, struct hg_conn, node),
		    "the daemon ends");
	/* What is left behind by a trunk that was lost. */
	list_each(node, save, &worker->conns)
		conn_unpark(list_entry(node, struct hg_conn, node));
	worker_turn(worker, false);
	host_worker_stop(worker);
	worker_turn(worker, false);
}

/* No new ones; those that are there are told to go. */
static void
server_worker_stop(void *arg)
{
	struct worker *worker = arg;
	struct list *node, *save;
	size_t i;

	for (i = 0; i < server->listener_count; i++)
		listener_stop(server->listeners[i].listener, worker);
	for (i = 0; i < server->settings->trunk_count; i++)
		trunk_worker_stop(server->settings->trunks[i]);
	rejoin_worker_stop();
	accept_worker_stop();
	list_each(node, save, &worker->conns)
		conn_unpark(list_entry(node, struct hg_conn, node));
	drain_start(&server->drains[worker->index], worker,
	    (uint64_t)server->settings->drain_time);
}

/* --- in main -------------------------------------------------------------- */

/* One worker and main are one thread with one loop. */
static bool
server_is_one(void)
{
	return (workers_count() == 1);
}

static void
server_leave_loop(void)
{
	if (server_is_one())
		worker_stop(worker_at(0));
	event_base_loopbreak(server->base);
}

static void
server_poll_stop(evutil_socket_t fd, short what, void *arg)
{
	struct timeval tv = { .tv_usec = STOP_POLL_MS * 1000 };

	(void)fd;
	(void)what;
	(void)arg;
	if (conn_count() == 0 || worker_clock() >= server->stop_by) {
		server_leave_loop();
		return;
	}
	event_base_once(server->base, -1, EV_TIMEOUT, server_poll_stop, NULL,
	    &tv);
}

/* The second signal ends it at once. */
static void
server_signal(evutil_socket_t signal, short what, void *arg)
{
	unsigned i;

	(void)what;
	(void)arg;
	if (server->stop_by != 0) {
		log_write(HG_LOG_INFO, NULL, "stopping at once");
		server_leave_loop();
		return;
	}
	log_write(HG_LOG_INFO, NULL, "stopping on signal %d", (int)signal);
	server->stop_by = worker_clock() +
	    (uint64_t)server->settings->drain_time +
	    (uint64_t)server->settings->stop_timeout;
	for (i = 0; i < workers_count(); i++)
		worker_post(worker_at(i), server_worker_stop, worker_at(i));
	server_poll_stop(-1, EV_TIMEOUT, NULL);
}

static int
server_listen_one(const struct listen_settings *settings, const char *text)
{
	struct server_listener *own;
	struct address address;
	const char *error;

	own = &server->listeners[server->listener_count];
	if (address_parse(&address, text, &error) != 0) {
		log_write(HG_LOG_ERROR, settings->name, "%s: %s", text,
		    error);
		return (-1);
	}
	own->settings = settings;
	own->listener = listener_create(&address, workers_count(), &error);
	address_free(&address);
	if (own->listener == NULL) {
		log_write(HG_LOG_ERROR, settings->name,
		    "cannot listen on %s: %s", text, error);
		return (-1);
	}
	server->listener_count++;
	log_write(HG_LOG_INFO, NULL, "listening on %s (%s)",
	    listener_name(own->listener), settings->name);
	return (0);
}

static int
server_listen(void)
{
	const struct settings *settings = server->settings;
	size_t i, a, count = 0;

	for (i = 0; i < settings->listen_count; i++)
		count += settings->listens[i]->addresses.count;
	server->listeners = calloc(count + 1, sizeof(*server->listeners));
	if (server->listeners == NULL)
		return (-1);
	for (i = 0; i < settings->listen_count; i++)
		for (a = 0; a < settings->listens[i]->addresses.count; a++)
			if (server_listen_one(settings->listens[i],
			    settings->listens[i]->addresses.item[a]) != 0)
				return (-1);
	return (0);
}

/* Blocked before any thread starts, so that only main's loop takes them. */
static int
server_catch(struct event **events)
{
	static const int signals[] = { SIGTERM, SIGINT };
	size_t i;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (i = 0; i < 2; i++) {
		events[i] = evsignal_new(server->base, signals[i],
		    server_signal, NULL);
		if (events[i] == NULL || event_add(events[i], NULL) != 0)
			return (-1);
	}
	return (0);
}

static unsigned
server_worker_count(void)
{
	long cores;

	if (server->settings->workers > 0)
		return ((unsigned)server->settings->workers);
	cores = sysconf(_SC_NPROCESSORS_ONLN);
	return (cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores);
}

static int
server_prepare(void)
{
	size_t i;

	host_set_accept(openchannel_start);
	rejoin_init();
	channelauth_set_relay(upstream_auth_request);
	server->drains = calloc(workers_count(), sizeof(*server->drains));
	if (server->drains == NULL || plugin_load_all() != 0 || host_init() != 0 ||
	    server_listen() != 0)
		return (-1);
	for (i = 0; i < server->settings->trunk_count; i++)
		if (trunk_create(server->settings->trunks[i]) != 0)
			return (-1);
	if (server->settings->control == NULL)
		return (0);
	server->control = control_create(server->base, server->settings,
	    server->started_at);
	return (server->control != NULL ? 0 : -1);
}

/* The last letters between workers name trunks, plugins and channels. */
static void
server_settle(void)
{
	unsigned i, round;

	for (round = 0; round < 4; round++)
		for (i = 0; i < workers_count(); i++) {
			worker_become(worker_at(i));
			worker_turn(worker_at(i), false);
		}
	worker_become(NULL);
}

static void
server_clear(struct event **events)
{
	size_t i;

	control_destroy(server->control);
	for (i = 0; i < server->listener_count; i++)
		listener_destroy(server->listeners[i].listener);
	free(server->listeners);
	server_settle();
	for (i = 0; i < server->settings->trunk_count; i++)
		trunk_destroy(server->settings->trunks[i]);
	plugin_unload_all();
	host_finish();
	/* A second signal must not turn an orderly end into a death by it. */
	for (i = 0; i < 2; i++)
		if (events[i] != NULL)
			event_free(events[i]);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (!server_is_one())
		event_base_free(server->base);
	workers_destroy();
	free(server->drains);
}

static void
server_say_ready(void)
{
	log_write(HG_LOG_INFO, NULL, "headgate %s ready", HG_VERSION);
}

/* Until a signal ends it. */
static int
server_serve(void)
{
	if (server_is_one()) {
		server_say_ready();
		workers_run(server_worker_enter, server_worker_leave);
		return (0);
	}
	if (workers_start(server_worker_enter, server_worker_leave) != 0)
		return (1);
	server_say_ready();
	event_base_dispatch(server->base);
	workers_stop();
	return (0);
}

static int
server_make_loop(void)
{
	if (workers_create(server_worker_count()) != 0)
		return (-1);
	server->base = server_is_one() ? worker_at(0)->base : event_base_new();
	if (server->base != NULL)
		return (0);
	workers_destroy();
	return (-1);
}

int
server_run(struct settings *settings)
{
	struct event *events[2] = { NULL, NULL };
	struct server own = { .settings = settings };
	int status = 1;

	server = &own;
	own.started_at = worker_clock();
	if (settings->log_syslog)
		log_open_syslog("headgate");
	log_set_level((enum hg_log_level)settings->log_level);
	evthread_use_pthreads();
	if (server_make_loop() != 0)
		return (1);
	if (server_catch(events) == 0 && server_prepare() == 0)
		status = server_serve();
	server_clear(events);
	if (status == 0)
		log_write(HG_LOG_INFO, NULL, "stopped");
	server = NULL;
	return (status);
}
