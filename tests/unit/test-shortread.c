/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads of a transport that took less than they could have: they end the
 * reading, unless something may be behind the data that no event tells of.
 */
#include <sys/syscall.h>

#include "ends.h"
#include "peers.h"

static unsigned recv_calls, read_calls;

#pragma GCC visibility push(default)

/* OpenSSL's. */
ssize_t
read(int fd, void *data, size_t len)
{
	read_calls++;
	return (syscall(SYS_read, fd, data, len));
}

/* Stands in front of the C library's, and counts. */
ssize_t
recv(int fd, void *data, size_t len, int flags)
{
	recv_calls++;
	return (syscall(SYS_recvfrom, fd, data, len, flags, NULL, NULL));
}

#pragma GCC visibility pop

static void
pair(int fds[2], struct end *end, const struct tls *tls)
{
	net_start();
	net_pair(fds, 0);
	end_init(end, fds[0], tls);
	NET_UNTIL(tls != NULL || end->ready);
}

static void
done(struct end *end, int fd)
{
	end_finish(end);
	if (fd != -1)
		close(fd);
	net_stop();
}

/* One read for each message, none for the event that finds nothing. */
static void
test_one_read(void)
{
	struct end a;
	int fds[2], i;

	pair(fds, &a, NULL);
	recv_calls = 0;
	for (i = 1; i <= 5; i++) {
		T_EQ(send(fds[1], "data", 4, 0), 4);
		NET_UNTIL(a.got_len == (size_t)i * 4);
	}
	T_EQ(recv_calls, 5);
	done(&a, fds[1]);
}

/* What fills the read may not be all; a full one is followed by another. */
static void
test_full_read(void)
{
	struct end a;
	int fds[2];

	pair(fds, &a, NULL);
	a.read_size = 8;
	recv_calls = 0;
	T_EQ(send(fds[1], "0123456789abcdef", 16, 0), 16);
	NET_UNTIL(a.got_len == 16);
	T_EQ(recv_calls, 3);
	T_EQ(send(fds[1], "xyz", 3, 0), 3);
	NET_UNTIL(a.got_len == 19);
	T_EQ(recv_calls, 4);
	done(&a, fds[1]);
}

/* The end stands behind the data before anybody looks: one event for both. */
static void
test_end_behind(void)
{
	struct end a;
	int fds[2];

	pair(fds, &a, NULL);
	T_EQ(send(fds[1], "last", 4, 0), 4);
	T_EQ(shutdown(fds[1], SHUT_WR), 0);
	NET_UNTIL(a.ended > 0);
	T_MEM_EQ(a.got, a.got_len, "last", 4);
	T_EQ(a.readable, 1);
	done(&a, fds[1]);
}

/* The end comes when the data has been told of already. */
static void
test_end_after(void)
{
	struct end a;
	int fds[2];

	pair(fds, &a, NULL);
	a.paused = true;
	T_EQ(send(fds[1], "last", 4, 0), 4);
	NET_UNTIL(a.readable == 1);
	T_EQ(shutdown(fds[1], SHUT_WR), 0);
	a.paused = false;
	end_read(&a);
	T_MEM_EQ(a.got, a.got_len, "last", 4);
	NET_UNTIL(a.ended > 0);
	done(&a, fds[1]);
}

static void
test_reset_behind(void)
{
	struct end a;
	int fds[2];

	pair(fds, &a, NULL);
	T_EQ(send(fds[1], "last", 4, 0), 4);
	net_abort(fds[1]);
	NET_UNTIL(a.failed > 0);
	T_STR_EQ(transport_error(&a.transport), "Connection reset by peer");
	done(&a, -1);
}

/* A read stops at urgent data, however much is behind it. */
static void
test_urgent(void)
{
	struct end a;
	int fds[2];

	pair(fds, &a, NULL);
	T_EQ(send(fds[1], "before", 6, 0), 6);
	T_EQ(send(fds[1], "!", 1, MSG_OOB), 1);
	T_EQ(send(fds[1], "behind", 6, 0), 6);
	NET_UNTIL(a.got_len >= 12);
	T_MEM_EQ(a.got, a.got_len, "beforebehind", 12);
	done(&a, fds[1]);
}

/* And on a unix socket at descriptors. */
static void
test_descriptors(void)
{
	struct end a;
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int))];
	} control = { .align = { .cmsg_len = CMSG_LEN(sizeof(int)),
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char before[] = "before";
	struct iovec iov = { .iov_base = before, .iov_len = 6 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control) };
	int fds[2];

	net_start();
	T_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) ==
	    0);
	end_init(&a, fds[0], NULL);
	NET_UNTIL(a.ready);
	memcpy(CMSG_DATA(&control.align), &fds[1], sizeof(int));
	T_EQ(sendmsg(fds[1], &message, 0), 6);
	T_EQ(send(fds[1], "behind", 6, 0), 6);
	NET_UNTIL(a.got_len >= 12);
	T_MEM_EQ(a.got, a.got_len, "beforebehind", 12);
	done(&a, fds[1]);
}

/* --- TLS ------------------------------------------------------------------ */

static struct tls *
tls_pair(struct peer *peer, struct end *server)
{
	struct tls *tls;

	net_start();
	tls = server_tls(NULL);
	peer_init(peer, server, tls);
	peer_connect(peer, server);
	return (tls);
}

static void
tls_done(struct tls *tls, struct peer *peer, struct end *server)
{
	end_finish(server);
	peer_finish(peer);
	tls_free(tls);
	net_stop();
}

/* Turns until nothing is left to do; counts the reads of these. */
static void
tls_settle(struct end *server, size_t len)
{
	NET_UNTIL(server->got_len >= len);
	worker_turn(worker_self(), false);
}

static void
test_tls_one_read(void)
{
	struct peer peer;
	struct end server;
	struct tls *tls = tls_pair(&peer, &server);
	unsigned reads;
	size_t i;

	for (i = 1; i <= 5; i++) {
		T_EQ(SSL_write(peer.ssl, "data", 4), 4);
		reads = read_calls;
		while (server.got_len < i * 4)
			worker_turn(worker_self(), true);
		T_EQ(read_calls - reads, 1);
	}
	tls_done(tls, &peer, &server);
}

/*
 * An event comes while records of an earlier read are left inside TLS, and what
 * is read then is theirs: the socket was not emptied.
 */
static void
test_tls_left_behind(void)
{
	struct peer peer;
	struct end server;
	struct tls *tls = tls_pair(&peer, &server);
	char byte;

	tls_settle(&server, 0);
	server.paused = true;
	T_EQ(SSL_write(peer.ssl, "ab", 2), 2);
	NET_UNTIL(server.readable > 1);
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_EQ(byte, 'a');
	server.readable = 0;
	T_EQ(SSL_write(peer.ssl, "cd", 2), 2);
	NET_UNTIL(server.readable > 0);
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_EQ(byte, 'b');
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_EQ(byte, 'c');
	T_TRUE(transport_pending(&server.transport));
	tls_done(tls, &peer, &server);
}

static void
test_tls_end_behind(void)
{
	struct peer peer;
	struct end server;
	struct tls *tls = tls_pair(&peer, &server);

	T_EQ(SSL_write(peer.ssl, "last", 4), 4);
	SSL_shutdown(peer.ssl);
	shutdown(peer.fd, SHUT_WR);
	NET_UNTIL(server.ended > 0);
	T_MEM_EQ(server.got, server.got_len, "last", 4);
	tls_done(tls, &peer, &server);
}

static void
test_tls_reset_behind(void)
{
	struct peer peer;
	struct end server;
	struct tls *tls = tls_pair(&peer, &server);

	T_EQ(SSL_write(peer.ssl, "last", 4), 4);
	net_abort(peer.fd);
	peer.fd = -1;
	NET_UNTIL(server.failed > 0);
	tls_done(tls, &peer, &server);
}

T_MAIN({ "one read for a message", test_one_read },
    { "a full read is followed by another", test_full_read },
    { "the end behind data", test_end_behind },
    { "the end after data was told of", test_end_after },
    { "a reset behind data", test_reset_behind },
    { "urgent data", test_urgent },
    { "descriptors", test_descriptors },
    { "TLS: one read for a message", test_tls_one_read },
    { "TLS: records left behind", test_tls_left_behind },
    { "TLS: the end behind data", test_tls_end_behind },
    { "TLS: a reset behind data", test_tls_reset_behind })
