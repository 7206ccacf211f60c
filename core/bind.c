/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "str.h"

static int
set_option(int fd, int level, int option, int value)
{
	return (setsockopt(fd, level, option, &value, sizeof(value)));
}

static void
close_quietly(int fd)
{
	int saved;

	saved = errno;
	close(fd);
	errno = saved;
}

/* any: for IPv4 and IPv6. shared: several sockets on one port. */
static int
bind_one(const struct sockaddr *sa, socklen_t len, bool any, bool shared)
{
	int fd, type;

	type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	if ((fd = socket(sa->sa_family, type, 0)) == -1)
		return (-1);
	if (sa->sa_family != AF_UNIX &&
	    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
		goto fail;
	if (shared && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == -1)
		goto fail;
	if (sa->sa_family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? 0 : 1) == -1)
		goto fail;
	if (bind(fd, sa, len) == 0)
		return (fd);
fail:
	close_quietly(fd);
	return (-1);
}

/* A machine without IPv6 has no socket for both. */
static void
any_as_v4(struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)(void *)ss;
	struct sockaddr_in *sin = (struct sockaddr_in *)(void *)ss;
	in_port_t port;
	int fd;

	fd = bind_one((struct sockaddr *)ss, *len, true, false);
	if (fd != -1)
		close(fd);
	else if (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) {
		port = sin6->sin6_port;
		memset(ss, 0, sizeof(*ss));
		sin->sin_family = AF_INET;
		sin->sin_port = port;
		*len = sizeof(*sin);
	}
}

/* Sockets that share a port would let a second daemon share it too. */
static int
probe_port(const struct sockaddr *sa, socklen_t len, bool any)
{
	int fd;

	if ((fd = bind_one(sa, len, any, false)) == -1)
		return (-1);
	close(fd);
	return (0);
}

static int
bind_inet(struct sockaddr_storage *ss, socklen_t *len, bool any, int *fds,
    unsigned count)
{
	struct sockaddr *sa = (struct sockaddr *)ss;
	unsigned i;

	if (any)
		any_as_v4(ss, len);
	if (count > 1 && probe_port(sa, *len, any) == -1)
		return (-1);
	for (i = 0; i < count; i++) {
		if ((fds[i] = bind_one(sa, *len, any, count > 1)) == -1)
			return (-1);
		if (i == 0 && getsockname(fds[0], sa, len) == -1)
			return (-1);
	}
	return (0);
}

/* Leaves a path alone that is no socket, or that somebody answers at. */
static int
remove_stale(const struct sockaddr *sa, socklen_t len, const char *path)
{
	struct stat st;
	int fd, error;

	if (lstat(path, &st) == -1)
		return (errno == ENOENT ? 0 : -1);
	errno = EADDRINUSE;
	if (!S_ISSOCK(st.st_mode))
		return (-1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (-1);
	error = connect(fd, sa, len) == -1 ? errno : 0;
	close(fd);
	if (error == ECONNREFUSED)
		return (unlink(path));
	errno = EADDRINUSE;
	return (-1);
}

/* Nobody can connect before it listens, so the mode is right in time. */
static int
bind_unix(const struct sockaddr *sa, socklen_t len, const char *path,
    int *fds, unsigned count)
{
	unsigned i;

	if (remove_stale(sa, len, path) == -1)
		return (-1);
	if ((fds[0] = bind_one(sa, len, false, false)) == -1)
		return (-1);
	if (chmod(path, 0660) == -1)
		return (-1);
	for (i = 1; i < count; i++)
		if ((fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0)) == -1)
			return (-1);
	return (0);
}

int
bind_all(const struct address *address, struct sockaddr_storage *ss,
    socklen_t *len, int *fds, unsigned count)
{
	int result;
	unsigned i;

	for (i = 0; i < count; i++)
		fds[i] = -1;
	errno = EINVAL;
	if (address_resolve_numeric(address, ss, len) == -1)
		return (-1);
	if (address->is_unix)
		result = bind_unix((struct sockaddr *)ss, *len, address->path,
		    fds, count);
	else
		result = bind_inet(ss, len, strcmp(address->host, "*") == 0,
		    fds, count);
	if (result == 0)
		return (0);
	for (i = 0; i < count; i++)
		if (fds[i] != -1)
			close_quietly(fds[i]);
	return (-1);
}

int
bind_path_init(struct bind_path *bound, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return (-1);
	bound->dev = st.st_dev;
	bound->ino = st.st_ino;
	bound->path = str_dup(path, strlen(path));
	return (bound->path != NULL ? 0 : -1);
}

void
bind_path_remove(struct bind_path *bound)
{
	struct stat st;

	if (bound->path == NULL)
		return;
	if (lstat(bound->path, &st) == 0 && st.st_dev == bound->dev &&
	    st.st_ino == bound->ino)
		unlink(bound->path);
	free(bound->path);
	bound->path = NULL;
}
