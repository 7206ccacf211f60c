/* SPDX-License-Identifier: Apache-2.0 */
/* Links between two workers that run: streams whose ends the test holds. */
#include <semaphore.h>

#include "link.h"
#include "model.h"

enum { PAIRS = 40 };

struct pair {
	int		 fd[2];		/* of the connections */
	int		 peer[2];	/* the test's */
	struct link	*link;
	struct hg_conn	*conn[2];
};

static struct pair	 pairs[PAIRS];
static sem_t		 done;

static const struct conn_session quiet = { .ready = conn_wait };

/* On its worker: a stream with its channel, at one end of the link. */
static void
make(struct pair *pair, int side)
{
	struct hg_channel *ch;
	struct hg_conn *conn;

	conn = conn_create(worker_self(), pair->fd[side], NULL, false, false,
	    &model_service, &quiet, NULL);
	if (conn == NULL)
		abort();
	pair->conn[side] = conn;
	conn_wait(conn);
	ch = channel_create(conn, NULL, &model_service, NULL);
	if (ch == NULL || conn_open(conn) != 0)
		abort();
	link_attach(pair->link, side, ch);
	channel_open(ch, NULL);
	sem_post(&done);
}

static void
make_near(void *arg)
{
	make(arg, 0);
}

static void
make_far(void *arg)
{
	make(arg, 1);
}

/* Unless it has gone by itself before. */
static void
kill_near(void *arg)
{
	const struct pair *pair = arg;
	struct list *node, *save;

	list_each(node, save, &worker_self()->conns)
		if (list_entry(node, struct hg_conn, node) == pair->conn[0])
			conn_kill(pair->conn[0], "test");
}

static void
start(struct pair *pair)
{
	int fds[2], i;

	for (i = 0; i < 2; i++) {
		net_pair(fds, 65536);
		pair->fd[i] = fds[0];
		pair->peer[i] = fds[1];
	}
	pair->link = link_new(worker_at(0), worker_at(1));
	T_REQUIRE(pair->link != NULL);
	T_EQ(worker_post(worker_at(0), make_near, pair), 0);
	sem_wait(&done);
	T_EQ(worker_post(worker_at(1), make_far, pair), 0);
	sem_wait(&done);
	link_unref(pair->link);
}

static void
start_workers(void)
{
	alarm(NET_LIMIT);
	log_set_level(HG_LOG_ERROR);
	model_service_reset();
	sem_init(&done, 0, 0);
	T_REQUIRE(workers_create(2) == 0);
	T_REQUIRE(workers_start(NULL, NULL) == 0);
}

static void
stop_workers(void)
{
	struct pollfd none = { .fd = -1 };

	while (conn_count() > 0)
		poll(&none, 1, 1);
	workers_stop();
	workers_destroy();
	sem_destroy(&done);
	alarm(0);
}

static unsigned char
pattern(size_t at)
{
	return ((unsigned char)(at * 7 + at / 251));
}

/* Writes as much as goes; returns the new total. */
static size_t
fill(int fd, size_t at)
{
	unsigned char data[8192];
	ssize_t n;
	size_t i;

	do {
		for (i = 0; i < sizeof(data); i++)
			data[i] = pattern(at + i);
		n = send(fd, data, sizeof(data), MSG_NOSIGNAL);
		at += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	return (at);
}

/* Reads what is there and compares; -1 at the end. */
static ssize_t
drain(int fd, size_t at)
{
	unsigned char data[8192];
	ssize_t n, i;

	n = recv(fd, data, sizeof(data), 0);
	if (n == -1)
		return (errno == EAGAIN ? 0 : -1);
	for (i = 0; i < n; i++)
		if (data[i] != pattern(at + (size_t)i)) {
			T_EQ(data[i], pattern(at + (size_t)i));
			break;
		}
	return (n == 0 ? -1 : n);
}

/* T09: a reader that stops makes the writer stop, across the workers; then all
 * comes, in order, and the end behind it. */
static void
test_back_pressure(void)
{
	struct pollfd pfd;
	struct pair *pair = &pairs[0];
	size_t sent = 0, got = 0, before;
	ssize_t n;

	start_workers();
	start(pair);
	pfd = (struct pollfd){ .fd = pair->peer[0], .events = POLLOUT };
	do {
		before = sent;
		sent = fill(pair->peer[0], sent);
		poll(&pfd, 1, 500);
	} while (sent != before);
	/* The sockets' buffers, one queue, one window, and what was read. */
	T_TRUE(sent < (4 << 20));
	T_TRUE(sent > LINK_WINDOW);
	while (sent < (16 << 20)) {
		sent = fill(pair->peer[0], sent);
		if ((n = drain(pair->peer[1], got)) > 0)
			got += (size_t)n;
	}
	shutdown(pair->peer[0], SHUT_WR);
	for (;;) {
		pfd = (struct pollfd){ .fd = pair->peer[1], .events = POLLIN };
		poll(&pfd, 1, -1);
		if ((n = drain(pair->peer[1], got)) == -1)
			break;
		got += (size_t)n;
	}
	T_EQ(got, sent);
	close(pair->peer[1]);
	pfd = (struct pollfd){ .fd = pair->peer[0], .events = POLLIN };
	poll(&pfd, 1, -1);
	T_EQ(drain(pair->peer[0], 0), -1);
	close(pair->peer[0]);
	stop_workers();
}

/* The half that is still open carries the answer. */
static void
test_half_closed(void)
{
	struct pair *pair = &pairs[0];
	struct pollfd pfd;
	char data[8];

	start_workers();
	start(pair);
	peer_write(pair->peer[0], "ask", 3);
	shutdown(pair->peer[0], SHUT_WR);
	fcntl(pair->peer[1], F_SETFL, 0);
	T_EQ(recv(pair->peer[1], data, 3, MSG_WAITALL), 3);
	T_EQ(recv(pair->peer[1], data, 1, 0), 0);
	peer_write(pair->peer[1], "answer", 6);
	close(pair->peer[1]);
	fcntl(pair->peer[0], F_SETFL, 0);
	T_EQ(recv(pair->peer[0], data, 6, MSG_WAITALL), 6);
	T_MEM_EQ(data, 6, "answer", 6);
	pfd = (struct pollfd){ .fd = pair->peer[0], .events = POLLIN };
	poll(&pfd, 1, -1);
	T_EQ(recv(pair->peer[0], data, 1, 0), 0);
	close(pair->peer[0]);
	stop_workers();
}

/* W11: both ways full of data while either end goes, in every way. */
static void
test_ends_under_load(void)
{
	static char data[8192];
	struct pair *pair;
	unsigned i, round;
	int side;

	start_workers();
	for (i = 0; i < PAIRS; i++)
		start(&pairs[i]);
	for (round = 0; round < 3; round++)
		for (i = 0; i < PAIRS * 2; i++) {
			pair = &pairs[i / 2];
			fill(pair->peer[i % 2], 0);
			if (i % 3 == 0)
				recv(pair->peer[!(i % 2)], data,
				    sizeof(data), 0);
		}
	T_EQ(conn_count(), PAIRS * 2);
	for (i = 0; i < PAIRS; i++) {
		pair = &pairs[i];
		side = i / 4 % 2;
		switch (i % 4) {
		case 0:
			net_abort(pair->peer[side]);
			close(pair->peer[!side]);
			break;
		case 1:
			close(pair->peer[side]);
			close(pair->peer[!side]);
			break;
		case 2:
			worker_post(worker_at(0), kill_near, pair);
			close(pair->peer[1]);
			close(pair->peer[0]);
			break;
		default:
			net_abort(pair->peer[0]);
			net_abort(pair->peer[1]);
			break;
		}
	}
	stop_workers();
}

/* The workers stop while all is under way: nothing is left behind. */
static void
kill_all(struct worker *worker)
{
	struct list *node, *save;

	list_each(node, save, &worker->conns)
		conn_kill(list_entry(node, struct hg_conn, node), "stop");
	worker_turn(worker, false);
}

static void
test_stop_under_load(void)
{
	unsigned i;

	alarm(NET_LIMIT);
	sem_init(&done, 0, 0);
	T_REQUIRE(workers_create(2) == 0);
	T_REQUIRE(workers_start(NULL, kill_all) == 0);
	for (i = 0; i < PAIRS; i++) {
		start(&pairs[i]);
		fill(pairs[i].peer[i % 2], 0);
	}
	workers_stop();
	workers_destroy();
	T_EQ(conn_count(), 0);
	for (i = 0; i < PAIRS * 2; i++)
		close(pairs[i / 2].peer[i % 2]);
	sem_destroy(&done);
	alarm(0);
}

T_MAIN(
    { "a reader that stops (T09)", test_back_pressure },
    { "half closed", test_half_closed },
    { "ends under load (W11)", test_ends_under_load },
    { "a stop under load", test_stop_under_load },
)
