/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/inside.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <openssl/rand.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "bench/daemon.h"
#include "config.h"
#include "conn.h"
#include "host.h"
#include "hostmux.h"
#include "hostworker.h"
#include "listener.h"
#include "log.h"
#include "openchannel.h"
#include "plugin.h"
#include "trunk.h"
#include "worker.h"

#define LISTENERS	8
#define TURNS		100000	/* without any byte: it hangs */

static struct settings *settings;
static struct listener *listeners[LISTENERS];
static size_t listener_count;

static const char *
plugin_dir(void)
{
	const char *dir = getenv("HEADGATE_PLUGIN_DIR");

	return (dir != NULL && dir[0] != '\0' ? dir : "plugins/all");
}

static void
read_config(const char *config)
{
	struct config_source source = {
		.plugin_dir = plugin_dir(), .plugin_dir_trusted = true,
		.host = &host_table,
	};
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/headgate.ini", bench_dir());
	if ((file = fopen(path, "w")) == NULL || fputs(config, file) < 0 ||
	    fclose(file) != 0)
		bench_die("cannot write %s", path);
	source.path = path;
	if ((settings = config_read(&source, stderr)) == NULL)
		bench_die("a mistake in the configuration");
}

static void
listen_on(struct listen_settings *own, const char *text)
{
	struct address address;
	struct listener *listener;
	const char *error;

	if (listener_count == LISTENERS ||
	    address_parse(&address, text, &error) != 0 ||
	    (listener = listener_create(&address, 1, &error)) == NULL ||
	    listener_start(listener, worker_self(), accept_connection, own)
	    != 0)
		bench_die("cannot listen on %s", text);
	address_free(&address);
	listeners[listener_count++] = listener;
}

static void
start_trunk(struct trunk_settings *trunk)
{
	int turns;

	trunk_worker_start(trunk);
	for (turns = 0; turns < TURNS; turns++) {
		if (trunk_up(trunk) > 0)
			return;
		inside_turn();
	}
	bench_die("the trunk does not come up");
}

void
inside_start(const char *config)
{
	struct rlimit limit;
	size_t i, a;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	log_open_stderr();
	log_set_level(HG_LOG_ERROR);
	read_config(config);
	host_set_accept(openchannel_start);
	if (workers_create(1) != 0 || plugin_load_all() != 0 ||
	    host_init() != 0)
		bench_die("the daemon does not start");
	for (i = 0; i < settings->trunk_count; i++)
		if (trunk_create(settings->trunks[i]) != 0)
			bench_die("no trunk");
	worker_become(worker_at(0));
	host_worker_start(worker_self());
	for (i = 0; i < settings->listen_count; i++)
		for (a = 0; a < settings->listens[i]->addresses.count; a++)
			listen_on(settings->listens[i],
			    settings->listens[i]->addresses.item[a]);
	for (i = 0; i < settings->trunk_count; i++)
		start_trunk(settings->trunks[i]);
}

/* In place of OpenSSL's, so that no run differs from another by chance. */
int
RAND_bytes(unsigned char *out, int len)
{
	static uint64_t seed;

	for (; len > 0; len--) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		*out++ = (unsigned char)(seed >> 56);
	}
	return (1);
}

void
inside_turn(void)
{
	worker_turn(worker_self(), false);
}

void
inside_stop(void)
{
	struct list *node, *save;
	size_t i;

	for (i = 0; i < listener_count; i++)
		listener_stop(listeners[i], worker_self());
	for (i = 0; i < settings->trunk_count; i++)
		trunk_worker_stop(settings->trunks[i]);
	list_each(node, save, &worker_self()->conns)
		conn_kill(list_entry(node, struct hg_conn, node), "done");
	for (i = 0; i < 8; i++)
		inside_turn();
	host_worker_stop(worker_self());
	for (i = 0; i < listener_count; i++)
		listener_destroy(listeners[i]);
	inside_turn();
	for (i = 0; i < settings->trunk_count; i++)
		trunk_destroy(settings->trunks[i]);
	worker_become(NULL);
	plugin_unload_all();
	host_finish();
	workers_destroy();
	config_free(settings);
}

int64_t
inside_counter(const char *name, const char *counter)
{
	const struct plugin *plugin = plugin_find(name);
	unsigned i;

	for (i = 0; plugin != NULL && i < plugin->counters_count; i++)
		if (strcmp(plugin->entry.counters[i], counter) == 0)
			return (host_counter(plugin, i));
	return (-1);
}

int
inside_connect(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		bench_die("connect to %s: %s", path, strerror(errno));
	inside_turn();
	return (fd);
}

void
inside_send(int fd, const void *data, size_t len)
{
	if (send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		bench_die("send: %s", strerror(errno));
}

size_t
inside_recv(int fd, void *data, size_t size)
{
	ssize_t n = recv(fd, data, size, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		bench_die("the daemon has closed a connection");
	return (n < 0 ? 0 : (size_t)n);
}

size_t
inside_await(int fd, void *data, size_t size)
{
	size_t n;
	int turns;

	for (turns = 0; turns < TURNS; turns++) {
		if ((n = inside_recv(fd, data, size)) > 0)
			return (n);
		inside_turn();
	}
	bench_die("no answer");
}
