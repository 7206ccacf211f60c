/* SPDX-License-Identifier: Apache-2.0 */
/* How streams end, and records that only a strange peer sends. */
#include "peers.h"

static struct tls	*server_context;

static void
start(void)
{
	net_start();
	server_context = server_tls(NULL);
}

static void
stop(void)
{
	tls_free(server_context);
	net_stop();
}

/* --- ends ----------------------------------------------------------------- */

static void
test_cut_off(void)
{
	struct peer peer;
	struct end server;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	T_EQ(SSL_write(peer.ssl, "half of", 7), 7);
	shutdown(peer.fd, SHUT_WR);
	NET_UNTIL(server.failed > 0);
	T_MEM_EQ(server.got, server.got_len, "half of", 7);
	T_EQ(server.ended, 0);
	T_STR_EQ(transport_error(&server.transport),
	    "closed without close_notify");
	T_EQ(transport_read(&server.transport, &peer, 1), TRANSPORT_ERROR);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

static void
test_reset(void)
{
	struct peer peer;
	struct end server;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	net_abort(peer.fd);
	peer.fd = -1;
	NET_UNTIL(server.failed > 0);
	T_STR_EQ(transport_error(&server.transport),
	    "Connection reset by peer");
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

static void
test_garbage(void)
{
	static const unsigned char record[] = { 23, 3, 3, 0, 32, 1, 2, 3, 4, 5,
	    6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
	    24, 25, 26, 27, 28, 29, 30, 31, 32 };
	struct peer peer;
	struct end server;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	T_EQ(send(peer.fd, record, sizeof(record), 0), sizeof(record));
	NET_UNTIL(server.failed > 0);
	T_TRUE(strstr(transport_error(&server.transport), "bad record mac") !=
	    NULL);
	T_EQ(server.got_len, 0);
	/* After an error no close_notify may pretend that all is well. */
	transport_shut(&server.transport);
	T_TRUE(server.transport.fin);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

/* --- records -------------------------------------------------------------- */

static void
test_tiny_records(void)
{
	struct peer peer;
	struct end server;
	unsigned char *data;
	size_t i;

	start();
	data = end_pattern(1000);
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	server.paused = true;
	for (i = 0; i < 1000; i++)
		T_EQ(SSL_write(peer.ssl, data + i, 1), 1);
	server.paused = false;
	NET_UNTIL(server.got_len == 1000);
	T_MEM_EQ(server.got, server.got_len, data, 1000);
	end_finish(&server);
	peer_finish(&peer);
	free(data);
	stop();
}

/* What a read left inside TLS no event tells of. */
static void
test_pending(void)
{
	struct peer peer;
	struct end server;
	char byte;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	server.paused = true;
	T_EQ(SSL_write(peer.ssl, "abc", 3), 3);
	NET_UNTIL(server.readable > 1);
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_TRUE(transport_pending(&server.transport));
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_EQ(transport_read(&server.transport, &byte, 1), 1);
	T_EQ(byte, 'c');
	T_FALSE(transport_pending(&server.transport));
	T_EQ(transport_read(&server.transport, &byte, 1), TRANSPORT_AGAIN);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

/* The bytes of a record that the peer would send. */
static size_t
make_record(struct peer *peer, const void *data, int len, unsigned char *out,
    int size)
{
	BIO *bio;
	int n;

	bio = BIO_new(BIO_s_mem());
	BIO_up_ref(bio);
	SSL_set0_wbio(peer->ssl, bio);
	T_EQ(SSL_write(peer->ssl, data, len), len);
	n = BIO_read(bio, out, size);
	BIO_free(bio);
	T_TRUE(n > len);
	return ((size_t)n);
}

/* A part of a record is nothing to read, and not pending: see end_finish. */
static void
test_byte_by_byte(void)
{
	struct peer peer;
	struct end server;
	unsigned char record[200];
	size_t i, len;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	len = make_record(&peer, "slow but whole", 14, record,
	    sizeof(record));
	for (i = 0; i < len; i++) {
		T_EQ(server.got_len, 0);
		server.readable = 0;
		T_EQ(send(peer.fd, record + i, 1, 0), 1);
		NET_UNTIL(server.readable > 0);
	}
	T_MEM_EQ(server.got, server.got_len, "slow but whole", 14);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

/* --- W18: control messages ------------------------------------------------ */

/* As many as it takes until the peer's socket fails, or count. */
static void
update_keys(struct peer *peer, unsigned count, int kind)
{
	unsigned i;

	for (i = 0; i < count; i++) {
		ERR_clear_error();
		SSL_key_update(peer->ssl, kind);
		if (SSL_do_handshake(peer->ssl) != 1)
			return;
	}
}

static void
test_key_updates(void)
{
	struct peer peer;
	struct end server;
	char answer[8];
	unsigned i;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	server.echo = true;
	for (i = 1; i <= 5; i++) {
		update_keys(&peer, 20, SSL_KEY_UPDATE_NOT_REQUESTED);
		update_keys(&peer, 1, SSL_KEY_UPDATE_REQUESTED);
		T_EQ(SSL_write(peer.ssl, "data", 4), 4);
		while (SSL_read(peer.ssl, answer, sizeof(answer)) != 4)
			worker_turn(worker_self(), false);
		T_EQ(server.got_len, i * 4);
	}
	T_EQ(server.failed, 0);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

static void
test_key_update_flood(void)
{
	struct peer peer;
	struct end server;

	start();
	peer_init(&peer, &server, server_context);
	peer_connect(&peer, &server);
	update_keys(&peer, 1000, SSL_KEY_UPDATE_NOT_REQUESTED);
	NET_UNTIL(server.failed > 0);
	T_STR_EQ(transport_error(&server.transport),
	    "TLS: too many control messages");
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

static void
test_renegotiation(void)
{
	struct peer peer;
	struct end server;

	start();
	peer_init(&peer, &server, server_context);
	SSL_set_max_proto_version(peer.ssl, TLS1_2_VERSION);
	peer_connect(&peer, &server);
	T_EQ(SSL_renegotiate(peer.ssl), 1);
	T_EQ(peer_handshake(&peer), -1);
	T_EQ(peer.reason, SSL_R_NO_RENEGOTIATION);
	peer_close(&peer);
	NET_UNTIL(server.failed + server.ended > 0);
	T_EQ(server.got_len, 0);
	end_finish(&server);
	peer_finish(&peer);
	stop();
}

T_MAIN({ "cut off without close_notify", test_cut_off },
    { "reset", test_reset },
    { "garbage in place of a record", test_garbage },
    { "tiny records", test_tiny_records },
    { "pending", test_pending },
    { "a record byte by byte", test_byte_by_byte },
    { "W18: key updates", test_key_updates },
    { "W18: a flood of key updates", test_key_update_flood },
    { "W18: renegotiation", test_renegotiation })
