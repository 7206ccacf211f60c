/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What crosses the trunk for each published message, and what a delivery costs,
 * as the number of subscribers grows; with fan-out and without. An edge, a
 * gateway with the embedded broker, one publisher, N subscribers of one topic.
 *
 *	trunk [MESSAGES [SIZE]]		default 200 messages of 128 bytes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/daemon.h"
#include "bench/subscriber.h"

#define SECONDS		30	/* without any message: something is lost */
#define WINDOW		16	/* messages under way */
#define DIGITS		8	/* of the number in each message */
#define WARM_MAX	5000	/* messages until all must be merged */

struct round {
	struct daemon	 edge, gateway;
	struct subscriber *subscribers;
	struct subscriber publisher;
	size_t		 count;
	uint64_t	 sent;
	char		*message;
	size_t		 message_len;
};

static const char secret[] = "a-secret-for-nobody-but-this-benchmark";

static void
start_gateway(struct round *round, bool fanout, const char *secret_file)
{
	char config[2048];

	snprintf(config, sizeof(config), "workers = 1\n"
	    "[listen trunks]\naddress = 127.0.0.1:0\nedge-secret-file = %s\n"
	    "[service trunk]\nlisten = trunks\npath = /.headgate/trunk\n"
	    "trunk = yes\ninsecure = yes\n"
	    "extensions = x-kaazing-channels x-kaazing-fanout\n"
	    "queue-max = 64m\n"
	    "[service stomp]\nlisten = trunks\npath = /stomp\n"
	    "plugins = stomp broker\nextensions = x-kaazing-fanout\n%s"
	    "[plugin channels]\n[plugin fanout]\n[plugin stomp]\n"
	    "[plugin broker]\nanonymous = yes\n", secret_file,
	    fanout ? "share = /topic/* scope=public\n" : "");
	daemon_start(&round->gateway, "gateway", config);
}

static void
start_edge(struct round *round, const char *secret_file)
{
	char config[2048];

	snprintf(config, sizeof(config), "workers = 1\n"
	    "[listen clients]\naddress = 127.0.0.1:0\n"
	    "[trunk gateway]\nconnect = ws://127.0.0.1:%d\n"
	    "insecure = yes\nsecret-file = %s\nretry-min = 10ms\n"
	    "channel-extensions = x-kaazing-fanout\n"
	    "[service stomp]\nlisten = clients\npath = /stomp\n"
	    "plugins = stomp\nconnect = trunk:gateway\n"
	    "[plugin channels]\n[plugin fanout]\n[plugin stomp]\n",
	    round->gateway.ports[0], secret_file);
	daemon_start(&round->edge, "edge", config);
}

static void
start(struct round *round, bool fanout)
{
	static const struct timespec moment = { .tv_nsec = 10000000 };
	char path[300];
	FILE *file;
	int tries;

	snprintf(path, sizeof(path), "%s/secret", bench_dir());
	if ((file = fopen(path, "w")) == NULL)
		bench_die("cannot write %s", path);
	fprintf(file, "%s\n", secret);
	fclose(file);
	start_gateway(round, fanout, path);
	start_edge(round, path);
	for (tries = 0; daemon_connections(&round->gateway, "trunk-in",
	    "channels") == 0; tries++) {
		if (tries == 500)
			bench_die("there is no trunk");
		nanosleep(&moment, NULL);
	}
}

static void
subscribe(struct round *round)
{
	static const char frame[] = "SUBSCRIBE\nid:s\n"
	    "destination:/topic/bench\nreceipt:r\n\n";
	size_t i;

	for (i = 0; i < round->count; i++) {
		subscriber_open(&round->subscribers[i],
		    round->edge.ports[0], "/stomp");
		subscriber_send(&round->subscribers[i], frame,
		    sizeof(frame));
		subscriber_await(&round->subscribers[i]);
	}
	subscriber_open(&round->publisher, round->edge.ports[0], "/stomp");
}

/* No two messages are equal: equal ones could not be told apart. */
static void
number(struct round *round)
{
	char *at = round->message + round->message_len - 2;
	uint64_t left = round->sent;
	int i;

	for (i = 0; i < DIGITS; i++, left /= 10)
		*at-- = (char)('0' + left % 10);
}

/* That many more, a window at a time; all are delivered when it returns. */
static void
publish(struct round *round, uint64_t messages)
{
	uint64_t end = round->sent + messages, got;
	unsigned i;

	while (round->sent < end) {
		for (i = 0; i < WINDOW && round->sent < end; i++) {
			number(round);
			subscriber_send(&round->publisher, round->message,
			    round->message_len);
			round->sent++;
		}
		got = subscribers_read(round->subscribers, round->count,
		    round->sent, SECONDS);
		if (got != round->sent * round->count)
			bench_die("%llu of %llu deliveries are missing",
			    (unsigned long long)(round->sent * round->count -
			    got), (unsigned long long)(round->sent *
			    round->count));
	}
}

/* Messages until every subscriber is a member of the one flow. */
static void
warm(struct round *round, bool fanout)
{
	publish(round, 64);
	while (fanout && round->sent < WARM_MAX && daemon_counter(
	    &round->gateway, "fanout", "merged") < round->count)
		publish(round, WINDOW);
	if (fanout && round->sent >= WARM_MAX)
		bench_die("not all are merged");
}

static void
measure(struct round *round, uint64_t messages, bool fanout)
{
	uint64_t bytes, frames;
	double edge, gateway, delivered;

	warm(round, fanout);
	bytes = daemon_connections(&round->gateway, "trunk-in", "bytes_out");
	frames = daemon_counter(&round->gateway, "channels",
	    "data_messages_sent");
	edge = daemon_cpu(&round->edge);
	gateway = daemon_cpu(&round->gateway);
	publish(round, messages);
	bytes = daemon_connections(&round->gateway, "trunk-in", "bytes_out") -
	    bytes;
	frames = daemon_counter(&round->gateway, "channels",
	    "data_messages_sent") - frames;
	edge = daemon_cpu(&round->edge) - edge;
	gateway = daemon_cpu(&round->gateway) - gateway;
	delivered = (double)messages * (double)round->count / 1e6;
	printf("| %5zu | %-3s | %12.1f | %10.2f | %10.2f | %10.2f |\n",
	    round->count, fanout ? "on" : "off",
	    (double)bytes / (double)messages,
	    (double)frames / (double)messages, edge / delivered,
	    gateway / delivered);
	fflush(stdout);
}

static void
run(size_t count, bool fanout, uint64_t messages, size_t size)
{
	static const char head[] = "SEND\ndestination:/topic/bench\n\n";
	struct round round = { .count = count };
	size_t i;

	round.message_len = sizeof(head) - 1 + size + 1;
	round.message = malloc(round.message_len);
	round.subscribers = calloc(count, sizeof(*round.subscribers));
	if (round.message == NULL || round.subscribers == NULL)
		bench_die("out of memory");
	memset(round.message, 'x', round.message_len);
	memcpy(round.message, head, sizeof(head) - 1);
	round.message[round.message_len - 1] = '\0';
	start(&round, fanout);
	subscribe(&round);
	measure(&round, messages, fanout);
	for (i = 0; i < count; i++)
		subscriber_close(&round.subscribers[i]);
	subscriber_close(&round.publisher);
	daemon_stop(&round.edge);
	daemon_stop(&round.gateway);
	free(round.subscribers);
	free(round.message);
}

int
main(int argc, char **argv)
{
	static const size_t counts[] = { 1, 10, 100, 1000 };
	uint64_t messages = argc > 1 ? strtoull(argv[1], NULL, 10) : 200;
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 128;
	size_t i;

	if (messages == 0 || size < DIGITS || size > 60000)
		bench_die("usage: trunk [MESSAGES [SIZE]]");
	printf("%llu messages of %zu bytes, one publisher, %d under way\n\n",
	    (unsigned long long)messages, size, WINDOW);
	printf("|     N | fan | trunk bytes  | messages   | edge CPU   "
	    "| gateway    |\n");
	printf("|       | out | / published  | /published | s/million  "
	    "| s/million  |\n");
	printf("| ----: | --- | -----------: | ---------: | ---------: "
	    "| ---------: |\n");
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		run(counts[i], true, messages, size);
		run(counts[i], false, messages, size);
	}
	return (0);
}
