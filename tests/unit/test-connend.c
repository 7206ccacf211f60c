/* SPDX-License-Identifier: Apache-2.0 */
/* How a connection ends: the closing handshake, failures, half a stream. */
#include <linux/tcp.h>

#include "model.h"

static void
test_peer_closes(void)
{
	static const struct {
		const char	*payload;
		size_t		 len;
		unsigned	 answer;
		const char	*story;
	} rows[] = {
		{ "", 0, 1005, "ended1005() " },
		{ "\x03\xe8", 2, 1000, "ended1000() " },
		{ "\x03\xe9" "bye", 5, 1001, "ended1001(bye) " },
		{ "\x0f\xa1", 2, 4001, "ended4001() " },
		{ "\x03", 1, 1002, "ended1002(close frame of one byte) " },
		{ "\x03\xed", 2, 1002, "ended1002(invalid close code) " },
		{ "\x03\xee", 2, 1002, "ended1002(invalid close code) " },
		{ "\x03\xe8\xff", 3, 1007,
		    "ended1007(close reason is not UTF-8) " },
	};
	struct hg_conn *conn;
	size_t i;
	int role, peer;

	for (i = 0; i < T_ROWS(rows) * 2; i++) {
		role = i % 2 == 1;
		t_row("%zu as %s", i / 2, role ? "initiator" : "acceptor");
		model_start();
		conn = model_open(&peer, role, true);
		peer_frame(peer, FIN | WS_CLOSE, rows[i / 2].payload,
		    rows[i / 2].len, role ? NULL : KEY);
		peer_frame(peer, FIN | WS_TEXT, "late", 4, role ? NULL : KEY);
		T_EQ(peer_close_code(peer), rows[i / 2].answer);
		T_EQ(peer_until_end(peer), 0);
		T_STORY(rows[i / 2].story);
		/* Nothing is awaited of who has closed properly. */
		if (i / 2 < 4)
			T_EQ(conn_count(), 0);
		else
			T_EQ(conn->state, CONN_SHUT);
		model_end(peer);
		T_STORY("");
		model_stop();
	}
}

/* W11: close and FIN at once; the answer is on its way all the same. */
static void
test_close_and_fin(void)
{
	int peer;

	model_start();
	model_open(&peer, false, true);
	peer_frame(peer, FIN | WS_CLOSE, "\x03\xe8", 2, KEY);
	shutdown(peer, SHUT_WR);
	T_EQ(peer_close_code(peer), 1000);
	T_EQ(peer_until_end(peer), 0);
	NET_UNTIL(model_gone_count == 1);
	T_STORY("ended1000() ");
	model_end(peer);
	model_stop();
}

/* What is never on the wire, and reasons that are cut. */
static unsigned
segments_in(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	T_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return (info.tcpi_segs_in);
}

/* The answer to a close goes out together with the end. */
static void
test_one_segment(void)
{
	const int no = 0;
	struct hg_conn *conn;
	unsigned before;
	int peer;

	model_start();
	conn = model_open(&peer, false, true);
	/* No acknowledgement of its own for what is read. */
	setsockopt(conn->transport.fd, IPPROTO_TCP, TCP_QUICKACK, &no,
	    sizeof(no));
	before = segments_in(peer);
	peer_frame(peer, FIN | WS_CLOSE, "\x03\xe8", 2, KEY);
	T_EQ(peer_close_code(peer), 1000);
	T_EQ(peer_until_end(peer), 0);
	T_EQ(segments_in(peer) - before, 1);
	model_end(peer);
	model_stop();
}

static void
test_this_side_closes(void)
{
	static char e_acute[200];
	static const struct {
		unsigned	 code, wire;
		const char	*reason;
		size_t		 len;	/* of the payload */
	} rows[] = {
		{ 1000, 1000, "", 2 },
		{ 1000, 1000, "bye", 5 },
		{ 1005, 1005, "no place for this", 0 },
		{ 1006, 1011, "", 2 },
		{ 1015, 1011, "", 2 },
		{ 1004, 1011, "", 2 },
		{ 0, 1011, "", 2 },
		{ 70000, 1011, "", 2 },
		{ 4999, 4999, "", 2 },
		{ 1013, 1013, e_acute, 124 },
		{ 1008, 1008, "\xff" "bad", 2 },
	};
	unsigned char data[WS_CONTROL_MAX];
	struct ws_head head;
	struct hg_conn *conn;
	size_t i, len;
	int peer;

	for (i = 0; i < sizeof(e_acute) - 2; i += 2)
		memcpy(e_acute + i, "\xc3\xa9", 2);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		model_start();
		conn = model_open(&peer, false, true);
		conn_close(conn, rows[i].code, rows[i].reason);
		conn_close(conn, 1001, "twice");
		conn_send(conn, text_frame("behind it", HG_WHOLE));
		len = peer_next(peer, &head, data, sizeof(data));
		T_EQ(head.opcode, WS_CLOSE);
		T_EQ(len, rows[i].len);
		if (len >= 2)
			T_EQ((unsigned)data[0] << 8 | data[1], rows[i].wire);
		/* The peer may still send until it closes, too. */
		peer_frame(peer, FIN | WS_TEXT, "x", 1, KEY);
		NET_UNTIL(conn->messages_in == 1);
		peer_frame(peer, FIN | WS_CLOSE, "\x03\xe8", 2, KEY);
		T_EQ(peer_until_end(peer), 0);
		T_STORY("rFLT(x) ended1000() ");
		model_end(peer);
		model_stop();
	}
}

/* A peer that does not answer a close is cut off. */
static void
test_close_timeout(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	model_service.limits.close_timeout = 10;
	conn = model_open(&peer, false, true);
	conn_close(conn, 1001, "");
	NET_UNTIL(model_gone_count == 1);
	T_STORY("ended1006(timed out) ");
	model_end(peer);
	model_stop();
}

/* W08, W05, W09: a mistake is told, and nothing behind it is received. */
static void
test_mistakes(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		unsigned	 code;
	} rows[] = {
		{ "\x81\x01x", 3, 1002 },		/* not masked */
		{ "\xc1\x81" KEY "x", 7, 1002 },	/* RSV1 */
		{ "\x83\x81" KEY "x", 7, 1002 },	/* opcode 3 */
		{ "\x09\x80" KEY, 6, 1002 },		/* part of a ping */
		{ "\x80\x81" KEY "x", 7, 1002 },	/* continues nothing */
		{ "\x82\xff\x80\0\0\0\0\0\0\0" KEY, 14, 1002 },
		{ "\x82\xff\0\0\0\0\0\0\0\1" KEY, 14, 1002 },
		{ "\x82\xff\0\0\0\0\0\x10\0\0" KEY, 14, 1009 },
	};
	size_t i;
	int peer;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		model_start();
		model_service.limits.frame_max = 65536;
		model_open(&peer, false, true);
		peer_write(peer, rows[i].bytes, rows[i].len);
		peer_frame(peer, FIN | WS_TEXT, "late", 4, KEY);
		T_EQ(peer_close_code(peer), rows[i].code);
		T_EQ(peer_until_end(peer), 0);
		T_TRUE(strncmp(story, "ended10", 7) == 0);
		T_NULL(strstr(story, "late"));
		model_end(peer);
		model_stop();
	}
}

static void
test_lost(void)
{
	struct hg_conn *conn;
	int i, peer;

	for (i = 0; i < 4; i++) {
		t_row("%d", i);
		model_start();
		conn = model_open(&peer, false, i < 2);
		if (i % 2 == 0)
			close(peer);
		else
			net_abort(peer);
		if (i == 2) {	/* only an orderly end is one */
			NET_UNTIL(conn->ended);
			T_STORY("ended1000() ");
			conn_close(conn, 1000, "");
		}
		NET_UNTIL(model_gone_count == 1);
		if (i == 0)
			T_STORY("ended1006(closed by the peer) ");
		else if (i != 2)
			T_TRUE(strncmp(story, "ended1006(", 10) == 0);
		model_end(-1);
		model_stop();
	}
}

/* The peer sends no more, but reads: what is sent still gets there. */
static void
test_half_closed_by_peer(void)
{
	struct hg_conn *conn;
	char data[8];
	int peer;

	model_start();
	conn = model_open(&peer, false, false);
	peer_write(peer, "ask", 3);
	shutdown(peer, SHUT_WR);
	NET_UNTIL(conn->ended);
	T_STORY("rFL(ask) ended1000() ");
	turns(3);
	conn_send(conn, text_frame("answer", HG_WHOLE));
	peer_need(peer, data, 6);
	T_MEM_EQ(data, 6, "answer", 6);
	conn_send(conn, text_frame("!", HG_WHOLE));
	conn_close(conn, 1000, "");
	T_EQ(peer_until_end(peer), 1);
	NET_UNTIL(model_gone_count == 1);
	T_STORY("");
	model_end(peer);
	model_stop();
}

/* This side sends no more, but receives until the peer ends too. */
static void
test_half_closed_by_us(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	conn = model_open(&peer, false, false);
	conn_send(conn, text_frame("ask", HG_WHOLE));
	conn_close(conn, 1000, "");
	T_EQ(peer_until_end(peer), 3);
	peer_write(peer, "answer", 6);
	NET_UNTIL(conn->messages_in == 1);
	close(peer);
	NET_UNTIL(model_gone_count == 1);
	T_STORY("rFL(answer) ended1000() ");
	model_end(-1);
	model_stop();
}

static void
test_half_closed_timeout(void)
{
	struct hg_conn *conn;
	int peer;

	model_start();
	model_service.limits.close_timeout = 10;
	conn = model_open(&peer, false, false);
	conn_close(conn, 1000, "");
	NET_UNTIL(model_gone_count == 1);
	T_STORY("ended1006(timed out) ");
	model_end(peer);
	model_stop();
}

static void
test_no_leaks_of_fds(void)
{
	int before, i, peer;

	model_start();
	before = net_open_fds();
	for (i = 0; i < 20; i++) {
		model_open(&peer, false, i % 2 == 0);
		net_abort(peer);
		NET_UNTIL(conn_count() == 0);
	}
	T_EQ(net_open_fds(), before);
	model_stop();
}

T_MAIN(
    { "the peer closes, both roles", test_peer_closes },
    { "close and FIN at once (W11)", test_close_and_fin },
    { "one segment for the close and the end", test_one_segment },
    { "this side closes", test_this_side_closes },
    { "a close that is not answered", test_close_timeout },
    { "mistakes of the peer (W05, W08, W09)", test_mistakes },
    { "a lost peer", test_lost },
    { "a stream half closed by the peer", test_half_closed_by_peer },
    { "a stream half closed by us", test_half_closed_by_us },
    { "a half closed stream that does not end", test_half_closed_timeout },
    { "no descriptor is left", test_no_leaks_of_fds },
)
