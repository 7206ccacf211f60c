/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load generator.
 *
 *	load MODE --connect=HOST:PORT|unix:PATH [--name=value ...]
 *
 *	echo	each connection keeps "depth" messages in flight, and checks
 *		length, type and a sample of the bytes of what comes back
 *	mixed	the same beside one connection with a message of "big" bytes
 *	connect	connections that open and close, "connections" at a time
 *	idle	connections that only stay, and what memory they take
 *	fanout	"connections" subscribers, and a publisher with "depth"
 *		messages that have not come to all, or "rate" in a second
 *
 * All: path, subprotocol, tls=1, connections, at-once (that open), warm and
 * seconds (of time), pids=PID,PID. echo, mixed, fanout: size (of the payload,
 * or the body), depth. connect: resume=1. idle: stomp=1, subscribe=DESTINATION,
 * hold=1 (until the standard input ends). fanout: protocol=stomp or plain,
 * raw=1 (TCP), login=NAME (and passcode; empty for none), subscribe, rate,
 * publish-connect, publish-path, publish-tls=1, warm-messages.
 *
 * It prints one line of JSON when it ends: counts, times in microseconds, and
 * the CPU that those processes, with their threads and descendants, used in
 * the measured interval.
 */
#include "bench/load.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "bench/options.h"

static struct load load = {
	.path = "/", .protocol = "stomp", .login = "guest",
	.connections = 1, .at_once = 64, .size = 64, .depth = 1,
	.warm = 0.5, .seconds = 3
};

static const struct option_row rows[] = {
	{ "connect", OPTION_TEXT, &load.connect },
	{ "path", OPTION_TEXT, &load.path },
	{ "subprotocol", OPTION_TEXT, &load.subprotocol },
	{ "tls", OPTION_SWITCH, &load.tls },
	{ "connections", OPTION_COUNT, &load.connections },
	{ "at-once", OPTION_COUNT, &load.at_once },
	{ "size", OPTION_COUNT, &load.size },
	{ "depth", OPTION_COUNT, &load.depth },
	{ "warm", OPTION_REAL, &load.warm },
	{ "warm-messages", OPTION_COUNT, &load.warm_messages },
	{ "seconds", OPTION_REAL, &load.seconds },
	{ "rate", OPTION_REAL, &load.rate },
	{ "protocol", OPTION_TEXT, &load.protocol },
	{ "raw", OPTION_SWITCH, &load.raw },
	{ "login", OPTION_TEXT, &load.login },
	{ "subscribe", OPTION_TEXT, &load.subscribe },
	{ "publish-connect", OPTION_TEXT, &load.publish_connect },
	{ "publish-path", OPTION_TEXT, &load.publish_path },
	{ "publish-tls", OPTION_SWITCH, &load.publish_tls },
	{ "resume", OPTION_SWITCH, &load.resume },
	{ "stomp", OPTION_SWITCH, &load.stomp },
	{ "hold", OPTION_SWITCH, &load.hold },
	{ "big", OPTION_COUNT, &load.big },
	{ "pids", OPTION_TEXT, &load.pids },
	{ NULL, 0, NULL }
};

static const struct {
	const char	*name;
	void		(*run)(struct load *);
} modes[] = {
	{ "echo", load_echo },
	{ "fanout", load_fanout },
	{ "connect", load_connect },
	{ "idle", load_idle },
	{ "mixed", load_mixed },
};

#define MODES	(sizeof(modes) / sizeof(modes[0]))

static void
prepare(void)
{
	if (load.connect == NULL)
		bench_die("load needs --connect");
	if (load.connections == 0 || load.depth == 0 || load.at_once == 0)
		bench_die("there is an option that is at least 1");
	sock_limit(load.connections);
	sock_parse(&load.target.address, load.connect);
	load.target.path = load.path;
	load.target.subprotocol = load.subprotocol;
	load.target.raw = load.raw;
	if (load.tls)
		load.target.tls = wire_client_tls();
	proc_list_parse(&load.procs, load.pids);
	load.clients = calloc(load.connections, sizeof(*load.clients));
	if (load.clients == NULL)
		bench_die("no memory for %llu connections",
		    (unsigned long long)load.connections);
	loop_open();
}

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc >= 2 && i < MODES; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			break;
	if (argc < 2 || i == MODES)
		bench_die("load MODE --connect=HOST:PORT ...");
	signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes without a flag */
	options_read(rows, argc - 2, argv + 2);
	prepare();
	modes[i].run(&load);
	return (0);
}
