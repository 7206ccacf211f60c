/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's opening bytes, data, reading and queue. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model.h"

/* As model_open(), in HEAD. */
static struct hg_conn *
head_conn(int *peer)
{
	struct hg_conn *conn;
	int fds[2];

	net_pair(fds, 0);
	*peer = fds[1];
	conn = conn_create(worker_self(), fds[0], NULL, false, true,
	    &model_service, &model_session, story);
	T_REQUIRE(conn != NULL);
	return (conn);
}

static void
test_head_in_bytes(void)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct hg_conn *conn;
	size_t i;
	int peer;

	model_start();
	conn = head_conn(&peer);
	for (i = 0; i < sizeof(head) - 1; i++) {
		T_EQ(conn->state, CONN_HEAD);
		peer_write(peer, head + i, 1);
		NET_UNTIL(conn->bytes_in == i + 1);
	}
	T_EQ(conn->state, CONN_WAIT);
	T_STORY("ready head27 ");
	model_end(peer);
	model_stop();
}

/* W15: what follows the head is kept for after the switch, and in order. */
static void
test_head_and_more(void)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = head_conn(&peer);
	peer_write(peer, head, sizeof(head) - 1);
	peer_frame(peer, FIN | WS_TEXT, "one", 3, KEY);
	peer_frame(peer, FIN | WS_TEXT, "two", 3, KEY);
	NET_UNTIL(conn->state == CONN_WAIT);
	peer_frame(peer, FIN | WS_TEXT, "three", 5, KEY);
	turns(3);
	T_STORY("ready head27 ");
	conn->carried = &model_carried;
	T_EQ(conn_open(conn), 0);
	NET_UNTIL(conn->messages_in == 3);
	T_STORY("rFLT(one) rFLT(two) rFLT(three) ");
	model_end(peer);
	model_stop();
}

/* The same when this side closes at once: the peer's close is still found. */
static void
test_head_and_close(void)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = head_conn(&peer);
	peer_write(peer, head, sizeof(head) - 1);
	peer_frame(peer, FIN | WS_TEXT, "one", 3, KEY);
	NET_UNTIL(conn->state == CONN_WAIT);
	conn->carried = &model_carried;
	T_EQ(conn_open(conn), 0);
	conn_close(conn, 1001, "");
	turns(2);
	peer_frame(peer, FIN | WS_CLOSE, "\x03\xe9", 2, KEY);
	T_EQ(peer_close_code(peer), 1001);
	T_EQ(peer_until_end(peer), 0);
	T_STORY("ready head27 rFLT(one) ended1001() ");
	model_end(peer);
	model_stop();
}

/* W13: a head that does not end is not collected for ever. */
static void
test_head_too_long(void)
{
	char data[2 * HTTP_HEAD_MAX];
	struct hg_conn *conn;
	int peer;

	model_start();
	memset(data, 'a', sizeof(data));
	conn = head_conn(&peer);
	peer_write(peer, data, sizeof(data));
	NET_UNTIL(conn->state == CONN_WAIT);
	T_EQ(model_head_len, 0);
	T_TRUE(conn->head_len <= sizeof(data));
	model_end(peer);
	model_stop();
}

/* W14: an absolute moment, whatever comes meanwhile. */
static void
test_deadline(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = head_conn(&peer);
	conn_set_deadline(conn, 20);
	while (model_gone_count == 0) {
		send(peer, "a", 1, MSG_NOSIGNAL);
		worker_turn(worker_self(), true);
	}
	T_STORY("ready failed(timed out) ");
	model_end(peer);
	model_stop();
}

static void
test_pieces(void)
{
	static char data[40000];
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = model_open(&peer, false, true);
	memset(data, 0, sizeof(data));
	peer_frame(peer, FIN | WS_BINARY, data, sizeof(data), KEY);
	NET_UNTIL(conn->messages_in == 1);
	T_TRUE(strncmp(story, "rF()", 4) == 0);
	T_STR_EQ(story + strlen(story) - 5, "rL() ");
	story[0] = '\0';
	peer_frame(peer, WS_TEXT, "a", 1, KEY);
	peer_frame(peer, WS_CONTINUATION, "", 0, KEY);
	peer_frame(peer, FIN | WS_PING, "", 0, KEY);
	peer_frame(peer, FIN | WS_CONTINUATION, "b", 1, KEY);
	peer_frame(peer, FIN | WS_BINARY, "", 0, KEY);
	NET_UNTIL(conn->messages_in == 3);
	T_STORY("rFT(a) rLT(b) rFL() ");
	model_end(peer);
	model_stop();
}

static void
test_send(void)
{
	unsigned char data[64];
	struct ws_head head;
	struct hg_conn *conn;
	int i, peer;

	for (i = 0; i < 2; i++) {
		t_row("%s", i == 0 ? "acceptor" : "initiator");
		model_start();
		conn = model_open(&peer, i == 1, true);
		conn_send(conn, text_frame("he", HG_FIRST | HG_TEXT));
		conn_send(conn, text_frame("llo", HG_LAST | HG_TEXT));
		conn_send(conn, text_frame("", HG_WHOLE));
		T_EQ(peer_next(peer, &head, data, 64), 2);
		T_EQ(head.masked, i == 1);
		T_EQ(head.opcode, WS_TEXT);
		T_FALSE(head.fin);
		T_MEM_EQ(data, 2, "he", 2);
		T_EQ(peer_next(peer, &head, data, 64), 3);
		T_EQ(head.opcode, WS_CONTINUATION);
		T_TRUE(head.fin);
		T_MEM_EQ(data, 3, "llo", 3);
		T_EQ(peer_next(peer, &head, data, 64), 0);
		T_EQ(head.opcode, WS_BINARY);
		T_EQ(conn->messages_out, 2);
		model_end(peer);
		model_stop();
	}
}

/* Edge-triggered: what is left when it stops reading is read later without any
 * new event. */
static void
test_pause(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = model_open(&peer, false, true);
	conn_pause(conn, true);
	conn_pause(conn, true);
	peer_frame(peer, FIN | WS_TEXT, "a", 1, KEY);
	turns(5);
	T_STORY("");
	conn_pause(conn, false);
	turns(3);
	T_STORY("");
	conn_pause(conn, false);
	conn_pause(conn, false);	/* one too many changes nothing */
	turns(2);
	T_STORY("rFLT(a) ");
	peer_frame(peer, FIN | WS_TEXT, "b", 1, KEY);
	NET_UNTIL(conn->messages_in == 2);
	model_end(peer);
	model_stop();
}

/* More than one turn reads: it goes on by itself in the next. */
static void
test_read_all(void)
{
	static char data[1 << 20];
	struct pollfd pfd;
	struct hg_conn *conn;
	size_t sent = 0;
	ssize_t n;
	int peer, i;

	model_start();
	conn = model_conn(&peer, false, false, 0);
	conn->carried = &model_carried;
	T_EQ(conn_open(conn), 0);
	conn_pause(conn, true);
	turns(2);
	while ((n = send(peer, data, sizeof(data), MSG_NOSIGNAL)) > 0)
		sent += (size_t)n;
	T_TRUE(sent > 6 * WORKER_READ_SIZE);
	pfd = (struct pollfd){ .fd = conn->transport.fd, .events = POLLIN };
	T_EQ(poll(&pfd, 1, 10000), 1);
	turns(3);
	T_EQ(conn->bytes_in, 0);
	conn_pause(conn, false);
	for (i = 0; i < 4; i++) {
		turns(1);
		/* Four buffers by the event, four behind it. */
		T_TRUE(conn->bytes_in <= (size_t)(i + 1) * 8 *
		    WORKER_READ_SIZE);
		story[0] = '\0';
	}
	while (conn->bytes_in < sent) {
		worker_turn(worker_self(), true);
		story[0] = '\0';
	}
	conn_close(conn, 1000, "");
	model_end(peer);
	model_stop();
}

/* T09: told when it is full and when there is room; cut off with 1013, which
 * comes first when the peer reads on. */
static void
test_slow_consumer(void)
{
	static char data[16384];
	struct ws_head head;
	struct hg_conn *conn;
	size_t wrote = 0, cost = 0;
	int peer;

	model_start();
	conn = model_conn(&peer, false, true, 4096);
	conn->carried = &model_carried;
	T_EQ(conn_open(conn), 0);
	while (!conn->full) {
		conn_send(conn, frame_copy(data, sizeof(data), HG_WHOLE));
		wrote++;
		turns(1);
	}
	T_STORY("full ");
	while (conn->full) {
		peer_next(peer, &head, data, sizeof(data));
		wrote--;
	}
	T_STORY("drained ");
	while (conn->state == CONN_OPEN) {
		conn_send(conn, frame_copy(data, sizeof(data), HG_WHOLE));
		wrote++;
		turns(1);
		if (outq_cost(&conn->out) > cost)
			cost = outq_cost(&conn->out);
	}
	T_TRUE(cost <= (size_t)model_service.limits.queue_max +
	    sizeof(data) + 256);
	T_TRUE(strncmp(story, "full ended1013(slow consumer", 28) == 0);
	T_TRUE(outq_cost(&conn->out) < 2 * sizeof(data));
	do
		peer_next(peer, &head, data, sizeof(data));
	while (head.opcode != WS_CLOSE && wrote-- > 0);
	T_EQ(head.opcode, WS_CLOSE);
	T_EQ((unsigned char)data[0] << 8 | (unsigned char)data[1], 1013);
	T_EQ(peer_until_end(peer), 0);
	model_end(peer);
	model_stop();
}

/* W06: one pong, with the latest payload, however many pings. */
static void
test_pings(void)
{
	struct ws_head head;
	struct hg_conn *conn;
	char data[128];
	int i, peer;

	model_start();
	conn = model_open(&peer, false, true);
	conn_pause(conn, true);
	for (i = 0; i < 1000; i++) {
		snprintf(data, sizeof(data), "%03d", i);
		peer_frame(peer, FIN | WS_PING, data, 3, KEY);
	}
	conn_pause(conn, false);
	NET_UNTIL(conn->bytes_in == 1000 * 9);
	turns(1);
	T_TRUE(conn->bytes_out <= 5 * 8);
	do
		T_EQ(peer_next(peer, &head, data, sizeof(data)), 3);
	while (memcmp(data, "999", 3) != 0);
	T_EQ(head.opcode, WS_PONG);
	T_EQ(peer_read(peer, data, sizeof(data)), 0);
	model_end(peer);
	model_stop();
}

/* Any byte is a sign of life; only silence behind our ping ends it. */
static void
test_liveness(void)
{
	struct ws_head head;
	struct hg_conn *conn;
	char data[128];
	int peer;

	model_start();
	model_service.limits.ping_interval = 10;
	model_service.limits.ping_timeout = 10;
	conn = model_open(&peer, false, true);
	peer_next(peer, &head, data, sizeof(data));
	T_EQ(head.opcode, WS_PING);
	peer_frame(peer, FIN | WS_PONG, "", 0, KEY);
	NET_UNTIL(!conn->ping_sent);
	peer_next(peer, &head, data, sizeof(data));
	T_EQ(head.opcode, WS_PING);
	NET_UNTIL(model_gone_count == 1);
	T_STORY("ended1006(no sign of life) ");
	model_end(peer);
	model_stop();
}

/* While nothing can be sent or is read, TCP notices that a trunk is gone. */
static void
test_patience(void)
{
	struct hg_conn *conn;
	socklen_t len;
	unsigned value;
	int peer, i;

	for (i = 0; i < 3; i++) {
		t_row("row %d", i);
		model_start();
		model_service.limits.ping_interval = i == 2 ? 0 : 1000;
		model_service.limits.ping_timeout = 2000;
		conn = model_conn(&peer, false, true, 0);
		conn->is_trunk = i > 0;
		T_EQ(conn_open(conn), 0);
		len = sizeof(value);
		T_EQ(getsockopt(conn->transport.fd, IPPROTO_TCP,
		    TCP_USER_TIMEOUT, &value, &len), 0);
		T_EQ(value, i == 1 ? 6000 : 0);
		conn_kill(conn, "the test ends");
		turns(2);
		model_end(peer);
		model_stop();
	}
}

/* T09: back-pressure is not the peer's silence. */
static void
test_liveness_paused(void)
{
	struct hg_conn *conn;
	uint64_t end;
	int peer;

	model_start();
	model_service.limits.ping_interval = 5;
	model_service.limits.ping_timeout = 5;
	conn = model_open(&peer, false, true);
	conn_pause(conn, true);
	end = worker_clock() + 60;
	while (worker_clock() < end)
		worker_turn(worker_self(), false);
	T_EQ(conn->state, CONN_OPEN);
	peer_frame(peer, FIN | WS_TEXT, "x", 1, KEY);
	conn_pause(conn, false);
	NET_UNTIL(conn->messages_in == 1);
	T_EQ(model_gone_count, 0);
	model_end(peer);
	model_stop();
}

static bool
keeps_alive(const struct hg_conn *conn)
{
	socklen_t len = sizeof(int);
	int value = -1;

	T_EQ(getsockopt(conn->transport.fd, SOL_SOCKET, SO_KEEPALIVE, &value,
	    &len), 0);
	return (value == 1);
}

/* Where no pings are, or are none meanwhile, TCP asks for the peer. */
static void
test_keepalive(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	model_service.limits.ping_interval = 0;
	conn = model_open(&peer, true, true);
	T_TRUE(keeps_alive(conn));
	model_end(peer);
	model_service.limits.ping_interval = 5;
	model_service.limits.ping_timeout = 5;
	conn = model_open(&peer, true, true);
	T_FALSE(keeps_alive(conn));
	conn_pause(conn, true);
	NET_UNTIL(keeps_alive(conn));
	conn_pause(conn, false);
	model_end(peer);
	model_stop();
}

T_MAIN(
    { "a head that comes byte by byte", test_head_in_bytes },
    { "frames right behind the head (W15)", test_head_and_more },
    { "the same, and an end at once", test_head_and_close },
    { "a head without an end (W13)", test_head_too_long },
    { "an absolute deadline (W14)", test_deadline },
    { "pieces", test_pieces },
    { "sending, both roles", test_send },
    { "stop and go on with reading", test_pause },
    { "all is read, some in each turn", test_read_all },
    { "a slow consumer (T09)", test_slow_consumer },
    { "a flood of pings (W06)", test_pings },
    { "signs of life", test_liveness },
    { "the patience of TCP", test_patience },
    { "no signs of life while it is paused (T09)", test_liveness_paused },
    { "TCP keepalive where there are no pings", test_keepalive },
)
