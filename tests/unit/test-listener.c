/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/resource.h>

#include <poll.h>
#include <stdio.h>

#include "listeners.h"

static void
test_tcp_two_workers(void)
{
	struct listener *listener;
	int clients[32];
	unsigned i;

	alarm(NET_LIMIT);
	T_REQUIRE(workers_create(2) == 0);
	listener = create("127.0.0.1:0", 2);
	T_TRUE(strncmp(listener_name(listener), "127.0.0.1:", 10) == 0);
	T_TRUE(port_of(listener) != 0);
	start_all(listener);
	for (i = 0; i < 32; i++)
		clients[i] = net_connect(port_of(listener));
	while (accepted < 32)
		turn_all();
	T_TRUE(strncmp(accepted_from, "127.0.0.1:", 10) == 0);
	/* The kernel's hash gives each of two sockets some of 32. */
	T_TRUE(accepted_by[0] > 0);
	T_TRUE(accepted_by[1] > 0);
	for (i = 0; i < 32; i++)
		close(clients[i]);
	close_accepted();
	listener_stop(listener, worker_at(0));
	listener_stop(listener, worker_at(1));
	listener_destroy(listener);
	worker_become(NULL);
	workers_destroy();
	alarm(0);
}

static void
test_names_and_any(void)
{
	struct listener *listener;
	const char *error;
	int client;

	T_NULL(try_create("localhost:0", 1, &error));
	T_STR_EQ(error, "no numeric address");
	net_start();
	listener = create("*:0", 1);
	T_TRUE(strncmp(listener_name(listener), "*:", 2) == 0);
	start_all(listener);
	client = net_connect(port_of(listener));
	NET_UNTIL(accepted == 1);
	T_TRUE(strncmp(accepted_from, "127.0.0.1:", 10) == 0);
	close(client);
	close_accepted();
	listener_destroy(listener);
	net_stop();
}

static void
test_batch(void)
{
	struct listener *listener;
	int clients[100];
	unsigned i;

	net_start();
	listener = create("127.0.0.1:0", 1);
	start_all(listener);
	for (i = 0; i < 100; i++)
		clients[i] = net_connect(port_of(listener));
	worker_turn(worker_self(), true);
	T_TRUE(accepted > 0 && accepted <= 64);
	NET_UNTIL(accepted == 100);
	for (i = 0; i < 100; i++)
		close(clients[i]);
	close_accepted();
	listener_destroy(listener);
	net_stop();
}

static void
test_stop_from_within(void)
{
	int clients[3], fds;
	unsigned i;

	net_start();
	fds = net_open_fds();
	the_listener = create("127.0.0.1:0", 1);
	start_all(the_listener);
	for (i = 0; i < 3; i++)
		clients[i] = net_connect(port_of(the_listener));
	stop_after_one = true;
	NET_UNTIL(accepted > 0);
	worker_turn(worker_self(), false);
	T_EQ(accepted, 1);
	stop_after_one = false;
	for (i = 0; i < 3; i++)
		close(clients[i]);
	close_accepted();
	listener_stop(the_listener, worker_self());
	T_EQ(net_open_fds(), fds);
	listener_destroy(the_listener);
	net_stop();
}

/* --- W19: out of descriptors -------------------------------------------- */

#define WAITING	30

static char	log_path[200];

/* Standard error into a file; returns what it was before. */
static int
log_into_file(void)
{
	int saved, fd;

	snprintf(log_path, sizeof(log_path), "%s/log", t_tmpdir());
	saved = fcntl(2, F_DUPFD_CLOEXEC, 10);
	fd = open(log_path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND, 0600);
	dup2(fd, 2);
	close(fd);
	return (saved);
}

static unsigned
count_log_lines(void)
{
	char line[512];
	unsigned lines;
	FILE *file;

	lines = 0;
	if ((file = fopen(log_path, "r")) == NULL)
		return (0);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strstr(line, "cannot accept") != NULL)
			lines++;
	fclose(file);
	return (lines);
}

/* No descriptor is left; the ones that are open stay open. */
static void
exhaust(struct rlimit *old)
{
	struct rlimit limit;
	int fd;

	T_REQUIRE(getrlimit(RLIMIT_NOFILE, old) == 0);
	fd = fcntl(0, F_DUPFD_CLOEXEC, 0);
	T_REQUIRE(fd != -1);
	close(fd);
	limit = *old;
	limit.rlim_cur = (rlim_t)fd;
	T_REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static unsigned
count_refused(const int *clients)
{
	struct pollfd pfd = { .events = POLLIN };
	unsigned i, count;

	count = 0;
	for (i = 0; i < WAITING; i++) {
		pfd.fd = clients[i];
		if (poll(&pfd, 1, 0) == 1)
			count++;
	}
	return (count);
}

static uint64_t
cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return ((uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
	    1000 + (uint64_t)(usage.ru_utime.tv_usec +
	    usage.ru_stime.tv_usec) / 1000);
}

static void
test_out_of_descriptors(void)
{
	struct listener *listener;
	struct rlimit old;
	int clients[WAITING], saved;
	unsigned i, turns, lines;
	uint64_t cpu, from, spent;

	net_start();
	saved = log_into_file();
	listener = create("127.0.0.1:0", 1);
	start_all(listener);
	for (i = 0; i < WAITING; i++)
		clients[i] = net_connect(port_of(listener));
	exhaust(&old);
	from = worker_clock();
	cpu = cpu_ms();
	for (turns = 0; count_refused(clients) < 12; turns++)
		worker_turn(worker_self(), true);
	spent = worker_clock() - from;
	cpu = cpu_ms() - cpu;
	T_EQ(accepted, 0);
	/* One for each rest and one for each end of a rest. */
	T_TRUE(turns <= 2 * 13);
	T_TRUE(spent >= 1000);
	T_TRUE(cpu * 10 < spent);
	setrlimit(RLIMIT_NOFILE, &old);
	lines = count_log_lines();
	T_TRUE(lines >= 1);
	T_TRUE(lines <= 1 + spent / 1000);
	/* There are descriptors again: all that waited are served. */
	from = worker_clock();
	NET_UNTIL(accepted + 12 >= WAITING);
	T_TRUE(worker_clock() - from < 1000);
	dup2(saved, 2);
	close(saved);
	for (i = 0; i < WAITING; i++)
		close(clients[i]);
	close_accepted();
	listener_destroy(listener);
	net_stop();
}

/* A reserve that was lost is got again, so that a client is refused later. */
static void
test_lost_reserve(void)
{
	struct listener *listener;
	struct rlimit old;
	int clients[WAITING], saved;
	unsigned i;

	net_start();
	saved = log_into_file();
	listener = create("127.0.0.1:0", 1);
	exhaust(&old);
	start_all(listener);
	setrlimit(RLIMIT_NOFILE, &old);
	for (i = 0; i < WAITING; i++)
		clients[i] = net_connect(port_of(listener));
	exhaust(&old);
	/* The first rest begins without a reserve, and nobody is refused. */
	worker_turn(worker_self(), true);
	T_EQ(accepted, 0);
	T_EQ(count_refused(clients), 0);
	setrlimit(RLIMIT_NOFILE, &old);
	worker_turn(worker_self(), true);
	exhaust(&old);
	NET_UNTIL(count_refused(clients) > 0);
	T_EQ(accepted, 0);
	setrlimit(RLIMIT_NOFILE, &old);
	dup2(saved, 2);
	close(saved);
	for (i = 0; i < WAITING; i++)
		close(clients[i]);
	listener_destroy(listener);
	net_stop();
}

T_MAIN({ "two workers share a port", test_tcp_two_workers },
    { "names and any", test_names_and_any },
    { "a batch is bounded", test_batch },
    { "stop from within the callback", test_stop_from_within },
    { "W19: out of descriptors", test_out_of_descriptors },
    { "W19: a lost reserve comes back", test_lost_reserve })
