/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/tcp.h>
#include <sys/syscall.h>

#include "ends.h"

#define MIB	((size_t)1024 * 1024)

ssize_t	sendmsg(int, const struct msghdr *, int);

static unsigned	sendmsg_calls, send_calls;

static const struct {
	const char	*name;
	bool		 is_unix;
	int		 buffer;	/* of the sockets */
	size_t		 read_size;
	size_t		 len;
} echoes[] = {
	{ "TCP", false, 0, 65536, 8 * MIB },
	{ "unix", true, 0, 65536, 4 * MIB },
	{ "small buffers", false, 2048, 4096, MIB },
	{ "single bytes", false, 2048, 1, 100000 },
};

static void
make_pair(int fds[2], bool is_unix, int buffer)
{
	if (is_unix)
		T_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	else
		net_pair(fds, buffer);
}

static void
test_echo(void)
{
	struct end a, b;
	unsigned char *data;
	size_t i;
	int fds[2];

	net_start();
	for (i = 0; i < T_ROWS(echoes); i++) {
		t_row("%s", echoes[i].name);
		data = end_pattern(echoes[i].len);
		make_pair(fds, echoes[i].is_unix, echoes[i].buffer);
		end_init(&a, fds[0], NULL);
		end_init(&b, fds[1], NULL);
		a.read_size = b.read_size = echoes[i].read_size;
		b.echo = true;
		end_send_pattern(&a, data, echoes[i].len);
		end_flush(&a);
		T_FALSE(a.empty);
		NET_UNTIL(a.got_len >= echoes[i].len);
		T_MEM_EQ(a.got, a.got_len, data, echoes[i].len);
		T_EQ(a.ready + b.ready, 2);
		T_TRUE(outq_empty(&a.queue));
		T_FALSE(transport_pending(&a.transport));
		transport_shut(&a.transport);
		NET_UNTIL(b.ended > 0);
		T_EQ(a.failed + b.failed + a.ended, 0);
		end_finish(&a);
		end_finish(&b);
		free(data);
	}
	net_stop();
}

/* An edge tells once: no callback while nothing changes. */
static void
test_callbacks(void)
{
	struct end a, b;
	int fds[2];
	unsigned before;

	net_start();
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	end_init(&b, fds[1], NULL);
	T_EQ(transport_read(&a.transport, fds, sizeof(fds)), TRANSPORT_AGAIN);
	end_send(&a, "one", 3);
	end_flush(&a);
	T_FALSE(a.empty);
	T_EQ(a.ready, 0);
	NET_UNTIL(b.got_len == 3);
	T_EQ(a.ready, 1);
	T_EQ(a.writable, 1);
	T_TRUE(a.empty);
	before = a.writable + b.writable + a.readable + b.readable;
	worker_turn(worker_self(), false);
	worker_turn(worker_self(), false);
	T_EQ(a.writable + b.writable + a.readable + b.readable, before);
	/* What arrives does not tell of room that nobody had missed. */
	end_send(&a, "two", 3);
	end_flush(&a);
	NET_UNTIL(b.got_len == 6);
	T_EQ(b.writable, 1);
	end_finish(&a);
	end_finish(&b);
	end_finish(&b);
	net_stop();
}

static void
test_paused_reader(void)
{
	struct end a, b;
	unsigned char *data;
	int fds[2];

	net_start();
	data = end_pattern(MIB);
	net_pair(fds, 4096);
	end_init(&a, fds[0], NULL);
	end_init(&b, fds[1], NULL);
	b.paused = true;
	end_send_pattern(&a, data, MIB);
	NET_UNTIL(a.ready && b.ready);
	while (a.transport.blocked == false || b.readable < 1)
		worker_turn(worker_self(), true);
	T_EQ(b.got_len, 0);
	T_FALSE(outq_empty(&a.queue));
	b.paused = false;
	end_read(&b);
	NET_UNTIL(b.got_len == MIB);
	T_MEM_EQ(b.got, b.got_len, data, MIB);
	end_finish(&a);
	end_finish(&b);
	free(data);
	net_stop();
}

static void
test_half_close(void)
{
	struct end a, b;
	int fds[2];

	net_start();
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	end_init(&b, fds[1], NULL);
	end_send(&a, "question", 8);
	NET_UNTIL(a.empty);
	transport_shut(&a.transport);
	transport_shut(&a.transport);
	NET_UNTIL(b.ended > 0);
	T_MEM_EQ(b.got, b.got_len, "question", 8);
	T_EQ(transport_read(&b.transport, fds, sizeof(fds)), 0);
	/* The other direction is still open. */
	end_send(&b, "answer", 6);
	end_flush(&b);
	NET_UNTIL(a.got_len == 6);
	/* This one is not. */
	end_flush(&a);
	T_TRUE(a.empty);
	end_send(&a, "more", 4);
	end_flush(&a);
	T_EQ(a.failed, 1);
	T_EQ(a.ended, 0);
	transport_shut(&b.transport);
	NET_UNTIL(a.ended > 0);
	end_finish(&a);
	end_finish(&b);
	net_stop();
}

/* SIGPIPE is not ignored here. */
static void
test_writing_to_nobody(void)
{
	struct end a;
	int fds[2], i;

	net_start();
	for (i = 0; i < 2; i++) {
		make_pair(fds, i == 1, 0);
		end_init(&a, fds[0], NULL);
		NET_UNTIL(a.ready);
		close(fds[1]);
		while (a.failed == 0) {
			end_send(&a, "x", 1);
			end_flush(&a);
		}
		T_TRUE(strcmp(transport_error(&a.transport),
		    "Broken pipe") == 0 || strcmp(
		    transport_error(&a.transport),
		    "Connection reset by peer") == 0);
		T_EQ(transport_write(&a.transport, &a.queue),
		    TRANSPORT_ERROR);
		T_EQ(transport_read(&a.transport, fds, 1), TRANSPORT_ERROR);
		end_finish(&a);
	}
	net_stop();
}

static void
test_reset(void)
{
	struct end a;
	int fds[2];

	net_start();
	/* Behind data, all of which is still read. */
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	NET_UNTIL(a.ready);
	T_EQ(send(fds[1], "last", 4, 0), 4);
	net_abort(fds[1]);
	NET_UNTIL(a.failed > 0);
	T_STR_EQ(transport_error(&a.transport), "Connection reset by peer");
	T_EQ(a.ended, 0);
	end_finish(&a);
	/* Before anything else. */
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	net_abort(fds[1]);
	NET_UNTIL(a.failed > 0);
	end_finish(&a);
	/* And the other way round. */
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	NET_UNTIL(a.ready);
	transport_set_abort(&a.transport);
	end_finish(&a);
	T_EQ(recv(fds[1], fds, 1, 0), -1);
	T_EQ(errno, ECONNRESET);
	close(fds[1]);
	net_stop();
}

static const enum end_finish finishes[] = {
	END_FINISH_READY, END_FINISH_READABLE, END_FINISH_WRITABLE,
};

static void
test_finish_from_within(void)
{
	struct end a;
	size_t i;
	int fds[2], before;

	net_start();
	before = net_open_fds();
	for (i = 0; i < T_ROWS(finishes); i++) {
		t_row("%zu", i);
		net_pair(fds, 0);
		end_init(&a, fds[0], NULL);
		a.finish = finishes[i];
		T_EQ(send(fds[1], "x", 1, 0), 1);
		NET_UNTIL(a.transport.fd == -1);
		worker_turn(worker_self(), false);
		T_EQ(a.readable > 0, i >= 1);
		T_EQ(a.writable > 0, i >= 2);
		T_EQ(transport_read(&a.transport, fds, 1), TRANSPORT_ERROR);
		T_EQ(transport_write(&a.transport, &a.queue),
		    TRANSPORT_ERROR);
		T_FALSE(transport_pending(&a.transport));
		transport_shut(&a.transport);
		transport_set_abort(&a.transport);
		end_finish(&a);
		close(fds[1]);
		T_EQ(net_open_fds(), before);
	}
	net_stop();
}

static int
get_option(int fd, int level, int option)
{
	socklen_t len = sizeof(int);
	int value;

	value = -1;
	getsockopt(fd, level, option, &value, &len);
	return (value);
}

static void
test_options(void)
{
	struct end a;
	int fds[2];

	net_start();
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	T_EQ(get_option(fds[0], IPPROTO_TCP, TCP_NODELAY), 1);
	T_EQ(get_option(fds[0], SOL_SOCKET, SO_KEEPALIVE), 0);
	transport_set_keepalive(&a.transport);
	T_EQ(get_option(fds[0], SOL_SOCKET, SO_KEEPALIVE), 1);
	T_TRUE(get_option(fds[0], IPPROTO_TCP, TCP_KEEPIDLE) <= 60);
	end_finish(&a);
	close(fds[1]);
	net_stop();
}

/* Stands in front of the C library's, and counts. */
ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	sendmsg_calls++;
	return (syscall(SYS_sendmsg, fd, message, flags));
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	send_calls++;
	return (syscall(SYS_sendto, fd, data, len, flags, NULL, 0));
}

/* Short frames are one run of bytes, longer ones one system call as well. */
static void
test_gathered(void)
{
	struct end a, b;
	unsigned char *data = end_pattern(3000);
	int fds[2], i;

	net_start();
	net_pair(fds, 0);
	end_init(&a, fds[0], NULL);
	end_init(&b, fds[1], NULL);
	NET_UNTIL(a.ready && b.ready);
	sendmsg_calls = send_calls = 0;
	for (i = 0; i < 128; i++)
		T_EQ(outq_push(&a.queue, "\x81\x04", 2,
		    frame_copy("text", 4, HG_WHOLE)), 0);
	end_flush(&a);
	T_EQ(sendmsg_calls + send_calls, 1);
	T_TRUE(a.empty);
	NET_UNTIL(b.got_len == 128 * 6);
	T_MEM_EQ(b.got + 127 * 6, 6, "\x81\x04text", 6);
	sendmsg_calls = send_calls = b.got_len = 0;
	for (i = 0; i < 2; i++)
		T_EQ(outq_push(&a.queue, "\x82\x7e\x0b\xb8", 4,
		    frame_copy(data, 3000, HG_WHOLE)), 0);
	end_flush(&a);
	T_EQ(sendmsg_calls + send_calls, 1);
	NET_UNTIL(b.got_len == 2 * 3004);
	T_MEM_EQ(b.got + 3008, 3000, data, 3000);
	free(data);
	end_finish(&a);
	end_finish(&b);
	net_stop();
}

T_MAIN({ "echo", test_echo },
    { "callbacks", test_callbacks },
    { "paused reader", test_paused_reader },
    { "half close", test_half_close },
    { "writing to nobody", test_writing_to_nobody },
    { "reset", test_reset },
    { "finish from within", test_finish_from_within },
    { "socket options", test_options },
    { "small frames are gathered", test_gathered })
