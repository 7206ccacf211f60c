/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/sock.h"

#include <sys/resource.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/die.h"

#define BACKLOG	4096
#define SPARE	64	/* descriptors that are no connections */

static void
parse_unix(struct sock_address *a, const char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->addr;

	if (strlen(path) >= sizeof(un->sun_path))
		bench_die("%s is too long", path);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	a->len = sizeof(*un);
}

void
sock_parse(struct sock_address *a, const char *text)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	const char *colon = strrchr(text, ':'), *host = text;
	char name[256];
	int len;

	memset(a, 0, sizeof(*a));
	a->text = text;
	if (strncmp(text, "unix:", 5) == 0) {
		parse_unix(a, text + 5);
		return;
	}
	if (colon == NULL || colon - text >= (long)sizeof(name))
		bench_die("%s is neither HOST:PORT nor unix:PATH", text);
	len = (int)(colon - text);
	if (host[0] == '[' && len > 2)
		host++, len -= 2;
	snprintf(name, sizeof(name), "%.*s", len, host);
	if (getaddrinfo(name, colon + 1, &hints, &found) != 0)
		bench_die("there is no address for %s", text);
	memcpy(&a->addr, found->ai_addr, found->ai_addrlen);
	a->len = found->ai_addrlen;
	freeaddrinfo(found);
}

static void
no_delay(int fd, const struct sock_address *a)
{
	int on = 1;

	if (a->addr.ss_family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void
bind_source(int fd, const struct sock_address *a, unsigned source)
{
	const struct sockaddr_in *to = (const struct sockaddr_in *)&a->addr;
	struct sockaddr_in from = { .sin_family = AF_INET };
	int on = 1;

	if (source == 0 || to->sin_family != AF_INET ||
	    ntohl(to->sin_addr.s_addr) >> 24 != 127)
		return;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source - 1);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0)
		bench_die("bind: %s", strerror(errno));
}

int
sock_dial(const struct sock_address *a, unsigned source)
{
	int fd;

	fd = socket(a->addr.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		bench_die("socket: %s", strerror(errno));
	no_delay(fd, a);
	bind_source(fd, a, source);
	if (connect(fd, (const struct sockaddr *)&a->addr, a->len) != 0 &&
	    errno != EINPROGRESS)
		bench_die("connect to %s: %s", a->text, strerror(errno));
	return (fd);
}

int
sock_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return (errno);
	return (error);
}

static void
print_listening(int fd, const struct sock_address *a)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);

	if (a->addr.ss_family == AF_UNIX) {
		printf("listening %s\n", a->text + 5);
	} else {
		getsockname(fd, (struct sockaddr *)&own, &len);
		/* The port is at the same place in both families. */
		printf("listening %d\n",
		    ntohs(((struct sockaddr_in *)&own)->sin_port));
	}
	fflush(stdout);
}

int
sock_listen(const struct sock_address *a)
{
	int fd, on = 1;

	fd = socket(a->addr.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		bench_die("socket: %s", strerror(errno));
	no_delay(fd, a);	/* what it accepts inherits it */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&a->addr, a->len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		bench_die("cannot listen on %s: %s", a->text, strerror(errno));
	print_listening(fd, a);
	return (fd);
}

int
sock_accept(int fd)
{
	int one;

	one = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (one < 0 && errno != EAGAIN && errno != ECONNABORTED)
		bench_die("accept: %s", strerror(errno));
	return (one);
}

void
sock_limit(unsigned long wanted)
{
	struct rlimit limit;

	wanted += SPARE;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < wanted) {
		limit.rlim_cur = limit.rlim_max = wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return;
		bench_die("%lu descriptors are not allowed", wanted);
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}
