/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/daemon.h"
#include "bench/subscriber.h"

#define PEEK	8	/* payload bytes that tell what a frame is */

static int
dial(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd, on = 1;

	to.sin_port = htons((unsigned short)port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		bench_die("connect: %s", strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return (fd);
}

static void
upgrade(int fd, const char *path)
{
	char head[4096];
	size_t len = 0;

	dprintf(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: v12.stomp\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path);
	do {
		if (len == sizeof(head) - 1 || read(fd, head + len, 1) != 1)
			bench_die("the handshake failed: %.*s", (int)len,
			    head);
		head[++len] = '\0';
	} while (strstr(head, "\r\n\r\n") == NULL);
	if (strncmp(head, "HTTP/1.1 101", 12) != 0)
		bench_die("the handshake failed: %s", head);
}

/* The key of a mask is of no matter here: all zero. */
void
subscriber_send(struct subscriber *s, const char *data, size_t len)
{
	unsigned char head[14] = { 0x81 };
	size_t at = 2;

	if (len < 126) {
		head[1] = (unsigned char)(0x80 | len);
	} else {
		head[1] = 0x80 | 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		at = 4;
	}
	if (send(s->fd, head, at + 4, MSG_MORE) < 0 ||
	    send(s->fd, data, len, 0) != (ssize_t)len)
		bench_die("send: %s", strerror(errno));
}

/*
 * The frame at the front of the bytes: how many bytes of it were used up, 0
 * when more are needed to tell what it is.
 */
static size_t
take(struct subscriber *s, const unsigned char *data, size_t len)
{
	size_t head = 2, size, i, peek;

	if (len < 2)
		return (0);
	size = data[1] & 0x7f;
	if (size == 126)
		head = 4;
	else if (size == 127)
		head = 10;
	if (len < head)
		return (0);
	for (i = 2, size = head == 2 ? size : 0; i < head; i++)
		size = size << 8 | data[i];
	peek = size < PEEK ? size : PEEK;
	if (len < head + peek)
		return (0);
	if (peek == PEEK && memcmp(data + head, "MESSAGE\n", PEEK) == 0)
		s->frames++;
	else if (peek == PEEK)
		s->others++;
	s->skip = size - peek;
	return (head + peek);
}

static void
feed(struct subscriber *s, const unsigned char *data, size_t len)
{
	size_t n, before;

	while (len > 0) {
		n = s->skip < len ? s->skip : len;
		s->skip -= n;
		data += n;
		len -= n;
		if (len == 0)
			return;
		if (s->partial_len == 0 && (n = take(s, data, len)) > 0) {
			data += n;
			len -= n;
			continue;
		}
		before = s->partial_len;
		n = sizeof(s->partial) - before;
		n = n < len ? n : len;
		memcpy(s->partial + before, data, n);
		s->partial_len += n;
		if ((n = take(s, s->partial, s->partial_len)) == 0)
			return;
		s->partial_len = 0;
		data += n - before;
		len -= n - before;
	}
}

/* False at the end of the stream. */
static bool
pull(struct subscriber *s, int flags)
{
	static unsigned char data[256 * 1024];
	ssize_t n;

	n = recv(s->fd, data, sizeof(data), flags);
	if (n > 0)
		feed(s, data, (size_t)n);
	return (n > 0 || (n < 0 && errno == EAGAIN));
}

void
subscriber_await(struct subscriber *s)
{
	uint64_t before = s->others;

	while (s->others == before)
		if (!pull(s, 0))
			bench_die("closed while waiting for an answer");
}

void
subscriber_open(struct subscriber *s, int port, const char *path)
{
	static const char login[] = "CONNECT\naccept-version:1.2\n"
	    "host:bench\nheart-beat:0,0\n\n";

	memset(s, 0, sizeof(*s));
	s->fd = dial(port);
	upgrade(s->fd, path);
	subscriber_send(s, login, sizeof(login));
	subscriber_await(s);
}

uint64_t
subscribers_read(struct subscriber *s, size_t count, uint64_t frames,
    int seconds)
{
	struct epoll_event events[256], event = { .events = EPOLLIN };
	uint64_t sum = 0, before;
	size_t i;
	int n, epoll = epoll_create1(EPOLL_CLOEXEC);

	for (i = 0; i < count; i++) {
		event.data.ptr = &s[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, s[i].fd, &event);
		sum += s[i].frames;
	}
	while (sum < frames * count &&
	    (n = epoll_wait(epoll, events, 256, seconds * 1000)) > 0) {
		while (n-- > 0) {
			struct subscriber *one = events[n].data.ptr;

			before = one->frames;
			if (!pull(one, MSG_DONTWAIT))
				bench_die("a subscriber was closed");
			sum += one->frames - before;
		}
	}
	close(epoll);
	return (sum);
}

void
subscriber_close(struct subscriber *s)
{
	close(s->fd);
}
