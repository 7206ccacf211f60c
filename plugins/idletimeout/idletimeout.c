/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x-kaazing-idle-timeout: the acceptor promises that no more than this time
 * passes without a frame of its, so that a client that can neither send pings
 * nor see them notices a server that is gone. As acceptor this plugin keeps the
 * promise, as initiator it ends a connection whose promise was broken.
 */
#include <headgate/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX	86400000	/* ms: a day */

struct options {
	int64_t	 timeout;
};

/* One connection's. */
struct idle {
	uint64_t	 timeout;
	uint64_t	 last;		/* acceptor: sent, initiator: heard */
	bool		 promised;	/* by this side */
};

enum { IDLE_BEATS, IDLE_BROKEN };

static const char *const idle_counters[] = {
	[IDLE_BEATS] = "beats_sent",
	[IDLE_BROKEN] = "promises_broken",
	NULL,
};

static const struct hg_option idle_options[] = {
	{ .key = "timeout", .type = HG_TIME, .standard = "30s",
	    .offset = offsetof(struct options, timeout),
	    .min = 100, .max = TIMEOUT_MAX,
	    .per_service = true, .needs_extension = true,
	    .help = "The longest time without a frame that clients are "
	    "promised." },
	{ .key = NULL },
};

/* --- negotiation ---------------------------------------------------------- */

static int
idle_answer(struct hg_negotiation *negotiation,
    const struct hg_params *offered, struct hg_params *answer)
{
	const struct options *options = hg->negotiation_options(negotiation);
	char text[24];

	(void)offered;
	snprintf(text, sizeof(text), "%lld", (long long)options->timeout);
	return (hg->param_set(answer, "timeout", text));
}

/* Milliseconds, in digits only; 0: it is no promise. */
static uint64_t
idle_parse(const char *value)
{
	size_t len = value == NULL ? 0 : strlen(value);
	unsigned long ms;

	if (len == 0 || len > 8 || strspn(value, "0123456789") != len)
		return (0);
	ms = strtoul(value, NULL, 10);
	return (ms <= TIMEOUT_MAX ? ms : 0);
}

static int
idle_check(struct hg_negotiation *negotiation, const struct hg_params *answer)
{
	(void)negotiation;
	return (idle_parse(hg->param_get(answer, "timeout")) != 0 ? 0 : -1);
}

/* --- the connection ------------------------------------------------------- */

/*
 * Half of the time is left for the way. A timer that finds that something was
 * sent or heard meanwhile waits for the rest, so that a frame costs no timer.
 */
static uint64_t
idle_limit(const struct idle *idle)
{
	return (idle->promised ? (idle->timeout + 1) / 2 : idle->timeout);
}

static void
idle_expired(struct hg_slot *slot, void *state)
{
	struct idle *idle = state;
	uint64_t quiet = hg->now() - idle->last;

	if (quiet >= idle_limit(idle)) {
		if (!idle->promised) {
			hg->count(&hg_plugin_entry, IDLE_BROKEN, 1);
			hg->fail(slot, 1011, "nothing came in the time that "
			    "was promised");
			return;
		}
		hg->count(&hg_plugin_entry, IDLE_BEATS, 1);
		hg->beat(slot);
		idle->last = hg->now();
		quiet = 0;
	}
	if (hg->timer_start(slot, idle_limit(idle) - quiet,
	    idle_expired) == NULL)
		hg->fail(slot, 1011, "out of memory");
}

static int
idle_open(struct hg_slot *slot, void *state)
{
	struct idle *idle = state;

	idle->promised = !hg->conn_is_initiator(hg->slot_conn(slot));
	idle->timeout = idle_parse(hg->param_get(hg->answered(slot),
	    "timeout"));
	idle->last = hg->now();
	if (hg->timer_start(slot, idle_limit(idle), idle_expired) != NULL)
		return (0);
	hg->fail(slot, 1011, "out of memory");
	return (-1);
}

static enum hg_verdict
idle_send(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	struct idle *idle = state;

	(void)slot;
	(void)frame;
	if (idle->promised)
		idle->last = hg->now();
	return (HG_PASS);
}

static void
idle_alive(struct hg_slot *slot, void *state)
{
	struct idle *idle = state;

	(void)slot;
	if (!idle->promised)
		idle->last = hg->now();
}

static enum hg_verdict
idle_recv(struct hg_slot *slot, void *state, struct hg_frame *frame)
{
	(void)frame;
	idle_alive(slot, state);
	return (HG_PASS);
}

static const struct hg_hooks idle_connection = {
	.state_size = sizeof(struct idle),
	.answer = idle_answer,
	.check = idle_check,
	.open = idle_open,
	.recv = idle_recv,
	.send = idle_send,
	.alive = idle_alive,
};

HG_PLUGIN(
	.name = "idletimeout",
	.version = HG_VERSION,
	.summary = "promises clients a frame before a time is over",
	.extension = "x-kaazing-idle-timeout",
	.browser = "idletimeout.js",
	.counters = idle_counters,
	.options = idle_options,
	.options_size = sizeof(struct options),
	.connection = &idle_connection,
	.place = HG_PLACE_MARKING,
);
