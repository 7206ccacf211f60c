/* SPDX-License-Identifier: Apache-2.0 */
/* What a listener binds to, and what it leaves alone. */
#include <sys/stat.h>
#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>

#include "listeners.h"

static const struct {
	unsigned	first;
	unsigned	second;
} daemons[] = { { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 } };

/* Sharing among the workers must not let a second daemon share too. */
static void
test_port_in_use(void)
{
	struct listener *listener;
	const char *error;
	char text[32];
	size_t i;

	for (i = 0; i < T_ROWS(daemons); i++) {
		t_row("%u and %u workers", daemons[i].first,
		    daemons[i].second);
		listener = create("127.0.0.1:0", daemons[i].first);
		snprintf(text, sizeof(text), "127.0.0.1:%u",
		    port_of(listener));
		T_NULL(try_create(text, daemons[i].second, &error));
		T_STR_EQ(error, "Address already in use");
		listener_destroy(listener);
		listener = create(text, daemons[i].second);
		listener_destroy(listener);
	}
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (fd);
	close(fd);
	return (-1);
}

static char	path[100], address_text[120];

static void
set_path(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", t_tmpdir(), name);
	snprintf(address_text, sizeof(address_text), "unix:%s", path);
}

static void
test_unix(void)
{
	struct listener *listener;
	struct stat st;
	int clients[3];
	unsigned i;

	alarm(NET_LIMIT);
	set_path("s");
	T_REQUIRE(workers_create(2) == 0);
	listener = create(address_text, 2);
	T_STR_EQ(listener_name(listener), address_text);
	T_EQ(stat(path, &st), 0);
	T_EQ(st.st_mode & 0777, 0660);
	T_TRUE(S_ISSOCK(st.st_mode));
	start_all(listener);
	for (i = 0; i < 3; i++) {
		clients[i] = connect_unix(path);
		T_TRUE(clients[i] != -1);
	}
	while (accepted < 3)
		turn_all();
	T_STR_EQ(accepted_from, "unix");
	/* It ends with the last worker that accepts. */
	listener_stop(listener, worker_at(0));
	close(clients[0]);
	clients[0] = connect_unix(path);
	T_TRUE(clients[0] != -1);
	while (accepted < 4)
		turn_all();
	T_EQ(accepted_by[1] > 0, 1);
	listener_stop(listener, worker_at(1));
	T_EQ(connect_unix(path), -1);
	for (i = 0; i < 3; i++)
		close(clients[i]);
	close_accepted();
	listener_destroy(listener);
	T_EQ(stat(path, &st), -1);
	worker_become(NULL);
	workers_destroy();
	alarm(0);
}

static void
test_unix_stale(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct listener *listener;
	const char *error;
	int fd;

	set_path("stale");
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	T_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	T_EQ(listen(fd, 0), 0);
	T_NULL(try_create(address_text, 1, &error));
	T_STR_EQ(error, "Address already in use");
	/* That filled its queue: nobody can connect, but somebody is there. */
	T_NULL(try_create(address_text, 1, &error));
	T_STR_EQ(error, "Address already in use");
	close(fd);
	listener = create(address_text, 1);
	fd = connect_unix(path);
	T_TRUE(fd != -1);
	close(fd);
	listener_destroy(listener);
}

static void
test_unix_not_ours(void)
{
	struct listener *listener;
	struct stat st;
	const char *error;
	char target[sizeof(path)];
	int fd;

	set_path("file");
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	T_NULL(try_create(address_text, 1, &error));
	T_STR_EQ(error, "Address already in use");
	T_EQ(stat(path, &st), 0);
	memcpy(target, path, sizeof(target));
	set_path("link");
	T_EQ(symlink(target, path), 0);
	T_NULL(try_create(address_text, 1, &error));
	T_EQ(lstat(path, &st), 0);
	T_EQ(stat(target, &st), 0);
	set_path("nofolder/s");
	T_NULL(try_create(address_text, 1, &error));
	T_STR_EQ(error, "No such file or directory");
	/* Replaced meanwhile: somebody else's file stays. */
	set_path("replaced");
	listener = create(address_text, 1);
	T_EQ(rename(target, path), 0);
	listener_destroy(listener);
	T_EQ(stat(path, &st), 0);
	T_TRUE(S_ISREG(st.st_mode));
}

T_MAIN({ "a port in use is refused", test_port_in_use },
    { "unix", test_unix },
    { "unix: only a stale socket is removed", test_unix_stale },
    { "unix: what is not ours stays", test_unix_not_ours })
