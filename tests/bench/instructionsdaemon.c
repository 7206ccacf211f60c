/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of a daemon in this process; also a server behind it. */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/daemon.h"
#include "bench/inside.h"
#include "bench/instructions.h"
#include "wskey.h"

/* What was counted until now is forgotten: the beginning is full of chance. */
#ifdef __has_include
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_ZERO_STATS
#define CALLGRIND_ZERO_STATS
#endif

#define SIZE		64	/* payload bytes */
#define SUBSCRIBERS	1000
#define WARM		50	/* messages before those that are counted */
#define WARM_MAX	1000

static unsigned char data[1 << 20];

/*
 * What is counted must not depend on how long it takes: the daemon reads less
 * at once behind a long turn, and its timers run. So the clock is stopped before
 * the last messages that are not counted.
 */
static struct timespec stopped;

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC || stopped.tv_sec == 0)
		return ((int)syscall(SYS_clock_gettime, clock, now));
	*now = stopped;
	return (0);
}

static void
stop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	stopped = now;
}

static const char *
path_of(const char *name)
{
	static char path[300];

	snprintf(path, sizeof(path), "%s/%s", bench_dir(), name);
	return (path);
}

static void
config(const char *fmt)
{
	char text[4096], *at = text;
	const char *dir = bench_dir();

	/* "@" in it is the folder. */
	for (; *fmt != '\0'; fmt++)
		if (*fmt == '@')
			at += sprintf(at, "%s", dir);
		else
			*at++ = *fmt;
	*at = '\0';
	inside_start(text);
}

/* --- WebSocket ------------------------------------------------------------ */

static int
open_client(const char *listener, const char *path)
{
	char head[512];
	int fd, len;

	fd = inside_connect(path_of(listener));
	len = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n"
	    "Host: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v12.stomp\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path);
	inside_send(fd, head, (size_t)len);
	return (fd);
}

static void
await_open(int fd)
{
	size_t n = inside_await(fd, data, sizeof(data));

	if (n < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0)
		bench_die("the handshake failed: %.*s", (int)n, data);
}

/* A masked frame, with a key of zero: returns its length. */
static size_t
frame_make(unsigned char *out, bool text, const void *payload, size_t len)
{
	size_t at = 2;

	out[0] = text ? 0x81 : 0x82;
	out[1] = (unsigned char)(0x80 | (len < 126 ? len : 126));
	if (len >= 126) {
		out[at++] = (unsigned char)(len >> 8);
		out[at++] = (unsigned char)len;
	}
	memset(out + at, 0, 4);
	memcpy(out + at + 4, payload, len);
	return (at + 4 + len);
}

static size_t
payload_make(unsigned char *out)
{
	char payload[SIZE];

	memset(payload, 'x', sizeof(payload));
	return (frame_make(out, false, payload, SIZE));
}

void
load_echo(unsigned count)
{
	unsigned char frame[SIZE + 14];
	size_t len = payload_make(frame);
	int fd;

	config("[headgate]\nworkers = 1\n"
	    "[listen main]\naddress = unix:@/main\n[plugin echo]\n"
	    "[service echo]\nlisten = main\npath = /\nplugins = echo\n"
	    "ping-interval = 0\n");
	fd = open_client("main", "/");
	await_open(fd);
	stop_clock();
	for (count += WARM; count > 0; count--) {
		inside_send(fd, frame, len);
		if (inside_await(fd, data, sizeof(data)) != SIZE + 2)
			bench_die("no echo");
	}
	close(fd);
	inside_stop();
}

/* --- a server behind ------------------------------------------------------ */

static int
listen_for_proxy(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path_of("server"));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(fd, 8) != 0)
		bench_die("cannot listen");
	return (fd);
}

static int
accept_proxy(int listener)
{
	static const char name[] = "Sec-WebSocket-Key: ";
	char key[WSKEY_LEN + 1] = "", answer[WSKEY_ACCEPT + 1], head[256];
	int fd, len;
	char *at;

	inside_turn();
	if ((fd = accept(listener, NULL, NULL)) < 0)
		bench_die("the proxy does not connect");
	data[inside_await(fd, data, sizeof(data) - 1)] = '\0';
	if ((at = strcasestr((char *)data, name)) == NULL)
		bench_die("no key: %s", (char *)data);
	memcpy(key, at + strlen(name), WSKEY_LEN);
	wskey_accept(answer, key);
	len = snprintf(head, sizeof(head), "HTTP/1.1 101 Switching Protocols"
	    "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", answer);
	inside_send(fd, head, (size_t)len);
	return (fd);
}

void
load_proxy(unsigned count)
{
	unsigned char frame[SIZE + 14], answer[SIZE + 2] = { 0x82, SIZE };
	size_t len = payload_make(frame);
	int fd, listener, server;

	listener = listen_for_proxy();
	config("[headgate]\nworkers = 1\n"
	    "[listen main]\naddress = unix:@/main\n"
	    "[service proxy]\nlisten = main\npath = /\n"
	    "connect = ws+unix:@/server\nping-interval = 0\n");
	fd = open_client("main", "/");
	inside_turn();
	server = accept_proxy(listener);
	await_open(fd);
	stop_clock();
	for (count += WARM; count > 0; count--) {
		inside_send(fd, frame, len);
		if (inside_await(server, data, sizeof(data)) != SIZE + 6)
			bench_die("nothing came through");
		inside_send(server, answer, sizeof(answer));
		if (inside_await(fd, data, sizeof(data)) != SIZE + 2)
			bench_die("nothing came back");
	}
	close(fd);
	close(server);
	close(listener);
	inside_stop();
}

/* --- STOMP ---------------------------------------------------------------- */

struct stomp {
	int	 publisher;
	int	 subscriber[SUBSCRIBERS];
	unsigned number;
};

static void
say(int fd, const char *text, size_t len)
{
	unsigned char frame[1024];

	inside_send(fd, frame, frame_make(frame, true, text, len));
}

static int
stomp_open(const char *listener)
{
	static const char login[] = "CONNECT\naccept-version:1.2\n"
	    "host:bench\nheart-beat:0,0\n\n";
	int fd;

	fd = open_client(listener, "/stomp");
	await_open(fd);
	say(fd, login, sizeof(login));
	inside_await(fd, data, sizeof(data));
	return (fd);
}

static void
stomp_subscribe(struct stomp *s, const char *from, const char *to)
{
	static const char frame[] = "SUBSCRIBE\nid:s\n"
	    "destination:/topic/bench\nreceipt:r\n\n";
	unsigned i;

	s->publisher = stomp_open(from);
	for (i = 0; i < SUBSCRIBERS; i++) {
		s->subscriber[i] = stomp_open(to);
		say(s->subscriber[i], frame, sizeof(frame));
		inside_await(s->subscriber[i], data, sizeof(data));
	}
}

/* One message, which is done when all have it. No two are equal. */
static void
stomp_publish(struct stomp *s)
{
	char text[256];
	unsigned i;
	int len;

	len = snprintf(text, sizeof(text), "SEND\ndestination:/topic/bench"
	    "\n\n%0*u", SIZE, s->number++);
	say(s->publisher, text, (size_t)len + 1);
	for (i = 0; i < SUBSCRIBERS; i++)
		inside_await(s->subscriber[i], data, sizeof(data));
}

/* Until all that is to be merged is, which its counter (NULL: none) says. */
static void
stomp_warm(struct stomp *s, const char *counter)
{
	unsigned i;

	for (i = 0; i < WARM || (counter != NULL &&
	    inside_counter("fanout", counter) != SUBSCRIBERS); i++) {
		if (i == WARM_MAX)
			bench_die("%d subscribers do not merge", SUBSCRIBERS);
		stomp_publish(s);
	}
}

static void
stomp_run(const char *from, const char *to, const char *counter,
    unsigned count)
{
	struct stomp s = { .number = 0 };
	unsigned i;

	stomp_subscribe(&s, from, to);
	stomp_warm(&s, counter);
	stop_clock();
	stomp_warm(&s, NULL);
	CALLGRIND_ZERO_STATS;
	for (; count > 0; count--)
		stomp_publish(&s);
	close(s.publisher);
	for (i = 0; i < SUBSCRIBERS; i++)
		close(s.subscriber[i]);
	inside_stop();
}

void
load_broker(unsigned count)
{
	config("[headgate]\nworkers = 1\n"
	    "[listen main]\naddress = unix:@/main\n"
	    "[plugin stomp]\n[plugin broker]\nanonymous = yes\n"
	    "[service stomp]\nlisten = main\npath = /stomp\n"
	    "subprotocols = v12.stomp\nplugins = stomp broker\n"
	    "ping-interval = 0\n");
	stomp_run("main", "main", NULL, count);
}

/* Edge and gateway are one process here: its trunk leads to itself. */
void
load_trunk(unsigned count)
{
	FILE *file = fopen(path_of("secret"), "w");

	if (file == NULL ||
	    fputs("a-secret-for-nobody-but-this-benchmark\n", file) < 0 ||
	    fclose(file) != 0)
		bench_die("cannot write the secret");
	config("[headgate]\nworkers = 1\n"
	    "[listen clients]\naddress = unix:@/clients\n"
	    "[listen straight]\naddress = unix:@/straight\n"
	    "[listen trunks]\naddress = unix:@/trunks\n"
	    "edge-secret-file = @/secret\n"
	    "[service trunk]\nlisten = trunks\npath = /.headgate/trunk\n"
	    "trunk = yes\nping-interval = 0\n"
	    "extensions = x-kaazing-channels x-kaazing-fanout\n"
	    "[trunk gateway]\nconnect = ws+unix:@/trunks\n"
	    "secret-file = @/secret\nping-interval = 0\n"
	    "channel-extensions = x-kaazing-fanout\n"
	    "[service edge]\nlisten = clients\npath = /stomp\n"
	    "subprotocols = v12.stomp\nplugins = stomp\n"
	    "connect = trunk:gateway\nping-interval = 0\n"
	    "[service gateway]\nlisten = straight trunks\npath = /stomp\n"
	    "subprotocols = v12.stomp\nplugins = stomp broker\n"
	    "ping-interval = 0\n"
	    "extensions = x-kaazing-fanout\n"
	    "share = /topic/* scope=public\n"
	    "[plugin channels]\n[plugin fanout]\n[plugin stomp]\n"
	    "[plugin broker]\nanonymous = yes\n");
	stomp_run("straight", "clients", "merged", count);
}
