/* SPDX-License-Identifier: Apache-2.0 */
/* Names: lookups as dials use them. */
#include "dials.h"

static void
test_names(void)
{
	struct outcome outcome;
	unsigned port, silent;
	char text[32];
	int listening, nobody, filler;

	net_start();
	listening = net_listen(4, &port);
	snprintf(text, sizeof(text), "localhost:%u", port);
	start(&outcome, text, 20000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "");
	close(outcome.fd);
	start(&outcome, "nobody.test:80", 20000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, gai_strerror(EAI_NONAME));
	/* The second address of a name, when the first refuses. */
	fake_reset(closed_port(), port);
	start(&outcome, "two.test:80", 20000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "");
	close(outcome.fd);
	/* The same, when the first does not answer: it has half of the time. */
	nobody = silent_port(&silent, &filler);
	fake_reset(silent, port);
	start(&outcome, "two.test:80", 1000);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "");
	close(outcome.fd);
	/* The last error is told. */
	fake_reset(silent, closed_port());
	start(&outcome, "two.test:80", 400);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "Connection refused");
	close(nobody);
	close(filler);
	close(listening);
	net_stop();
}

static void
test_slow_name(void)
{
	struct outcome outcome;

	net_start();
	fake_set(true);
	fake_reset(closed_port(), 0);
	start(&outcome, "slow.test:80", 100);
	NET_UNTIL(outcome.calls > 0);
	T_STR_EQ(outcome.error, "looking up the name took too long");
	fake_set(false);
	fake_wait_for(&fake_left, 1);
	worker_turn(worker_self(), false);
	T_EQ(outcome.calls, 1);
	net_stop();
}

#define MANY	(LOOKUP_THREADS + 8)

static unsigned
count_calls(const struct outcome *outcomes)
{
	unsigned i, calls;

	for (i = calls = 0; i < MANY; i++)
		calls += outcomes[i].calls;
	return (calls);
}

static void
test_lookups_are_bounded(void)
{
	struct outcome outcomes[MANY];
	struct dial *dials[MANY];
	unsigned i;

	net_start();
	fake_set(true);
	fake_reset(closed_port(), 0);
	for (i = 0; i < MANY; i++)
		dials[i] = start(&outcomes[i], "slow.test:80", 60000);
	fake_wait_for(&fake_inside, LOOKUP_THREADS);
	/* One on a thread, and one that waits, are not wanted any more. */
	dial_cancel(dials[0]);
	dial_cancel(dials[MANY - 1]);
	fake_set(false);
	NET_UNTIL(count_calls(outcomes) == MANY - 2);
	fake_wait_for(&fake_left, MANY - 1);
	T_EQ(fake_most, LOOKUP_THREADS);
	T_EQ(fake_calls, MANY - 1);
	T_EQ(outcomes[0].calls, 0);
	T_EQ(outcomes[MANY - 1].calls, 0);
	for (i = 1; i < MANY - 1; i++)
		T_STR_EQ(outcomes[i].error, "Connection refused");
	net_stop();
}

T_MAIN({ "names", test_names },
    { "a slow name", test_slow_name },
    { "lookups are bounded", test_lookups_are_bounded })
