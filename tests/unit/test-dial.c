/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/un.h>

#include <poll.h>

#include "dials.h"

static void
test_connects(void)
{
	struct outcome outcome;
	unsigned port;
	int listening;

	net_start();
	listening = net_listen(1, &port);
	start_port(&outcome, port, 10000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "");
	T_REQUIRE(outcome.fd != -1);
	T_TRUE((fcntl(outcome.fd, F_GETFL) & O_NONBLOCK) != 0);
	T_TRUE((fcntl(outcome.fd, F_GETFD) & FD_CLOEXEC) != 0);
	close(outcome.fd);
	/* To cancel what calls at this moment does no harm. */
	outcome.cancel = start_port(&outcome, port, 10000);
	NET_UNTIL(outcome.calls > 0);
	T_TRUE(outcome.fd != -1);
	close(outcome.fd);
	close(listening);
	net_stop();
}

/* Only who speaks first may leave the server's answer unacknowledged. */
static void
test_speaks(void)
{
	struct outcome outcome;
	unsigned port;
	int listening, round;

	net_start();
	listening = net_listen(1, &port);
	for (round = 0; round < 2; round++) {
		speaks_first = round == 1;
		start_port(&outcome, port, 10000);
		NET_UNTIL(outcome.calls > 0);
		T_REQUIRE(outcome.fd != -1);
		T_EQ(acks_at_once, !speaks_first);
		close(outcome.fd);
	}
	speaks_first = false;
	close(listening);
	net_stop();
}

static void
test_refused(void)
{
	struct outcome outcome;
	int fds;

	net_start();
	fds = net_open_fds();
	start_port(&outcome, closed_port(), 10000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "Connection refused");
	start(&outcome, "*:80", 10000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "* is no host to connect to");
	T_EQ(net_open_fds(), fds);
	net_stop();
}

/* Without the check this dial would succeed, and talk to itself. */
static void
test_not_to_itself(void)
{
	struct outcome outcome;

	net_start();
	start_port(&outcome, closed_port(), 10000);
	connect_to_self = true;
	NET_UNTIL(outcome.calls > 0);
	connect_to_self = false;
	T_STR_EQ(outcome.error, "Connection refused");
	T_EQ(outcome.fd, -1);
	net_stop();
}

static void
test_deadline(void)
{
	struct outcome outcome;
	unsigned port;
	uint64_t from;
	int listening, filler, fds;

	net_start();
	listening = silent_port(&port, &filler);
	fds = net_open_fds();
	from = worker_clock();
	start_port(&outcome, port, 150);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "Connection timed out");
	T_TRUE(worker_clock() - from >= 145);
	start_port(&outcome, port, 0);
	NET_UNTIL(outcome.calls > 0);
	T_EQ(outcome.fd, -1);
	T_EQ(net_open_fds(), fds);
	close(filler);
	close(listening);
	net_stop();
}

static void
test_unix(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct outcome outcome, second;
	char text[120];
	int listening, client;

	net_start();
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/dial", t_tmpdir());
	snprintf(text, sizeof(text), "unix:%s", sun.sun_path);
	start(&outcome, text, 10000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "No such file or directory");
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	T_EQ(bind(listening, (struct sockaddr *)&sun, sizeof(sun)), 0);
	start(&outcome, text, 10000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "Connection refused");
	T_EQ(listen(listening, 0), 0);
	start(&outcome, text, 10000);
	NET_UNTIL(outcome.calls > 0);
	T_REQUIRE(outcome.fd != -1);
	/* The queue is full: it waits until there is room. */
	start(&second, text, 10000);
	worker_turn(worker_self(), true);
	worker_turn(worker_self(), true);
	T_EQ(second.calls, 0);
	client = accept(listening, NULL, NULL);
	NET_UNTIL(second.calls > 0);
	T_TRUE(second.fd != -1);
	close(client);
	close(second.fd);
	close(outcome.fd);
	close(listening);
	net_stop();
}

/* What a cancelled dial had must be freed: the leak check and the count of
 * descriptors see it. */
static void
test_cancel(void)
{
	struct outcome outcome;
	struct pollfd mail = { .events = POLLIN };
	struct dial *dial;
	unsigned port;
	int listening, filler, fds;

	net_start();
	mail.fd = worker_self()->mailbox.fd;
	listening = silent_port(&port, &filler);
	fds = net_open_fds();
	dial_cancel(NULL);
	dial_cancel(start_port(&outcome, port, 10000));
	/* While it connects. */
	dial = start_port(&outcome, port, 10000);
	worker_turn(worker_self(), true);
	T_EQ(net_open_fds(), fds + 1);
	dial_cancel(dial);
	T_EQ(net_open_fds(), fds);
	/* Before and while a thread has it. */
	fake_set(true);
	fake_reset(port, port);
	dial_cancel(start(&outcome, "slow.test:80", 10000));
	dial = start(&outcome, "slow.test:80", 10000);
	fake_wait_for(&fake_calls, 2);
	dial_cancel(dial);
	fake_set(false);
	fake_wait_for(&fake_left, 2);
	/* While the result is in the mailbox. */
	dial = start(&outcome, "fast.test:80", 10000);
	T_EQ(poll(&mail, 1, -1), 1);
	dial_cancel(dial);
	worker_turn(worker_self(), false);
	/* While the second address of a name connects. */
	fake_reset(closed_port(), port);
	dial = start(&outcome, "two.test:80", 10000);
	NET_UNTIL(net_open_fds() > fds);
	dial_cancel(dial);
	T_EQ(net_open_fds(), fds);
	T_EQ(outcome.calls, 0);
	close(filler);
	close(listening);
	net_stop();
}

/* The worker may be gone when the thread comes back. */
static void
test_cancel_then_destroy(void)
{
	struct outcome outcome;
	struct dial *dial;

	net_start();
	fake_set(true);
	fake_reset(closed_port(), 0);
	dial = start(&outcome, "slow.test:80", 10000);
	fake_wait_for(&fake_inside, 1);
	dial_cancel(dial);
	net_stop();
	fake_set(false);
	fake_wait_for(&fake_left, 1);
	T_EQ(outcome.calls, 0);
}

T_MAIN({ "connects", test_connects },
    { "who speaks first", test_speaks },
    { "refused", test_refused },
    { "not to itself", test_not_to_itself },
    { "deadline", test_deadline },
    { "unix", test_unix },
    { "cancel in every state", test_cancel },
    { "cancel, then no worker", test_cancel_then_destroy })
