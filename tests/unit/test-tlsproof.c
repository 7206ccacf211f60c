/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes: who proves what to whom, and those that come to nothing. */
#include "peers.h"

static const struct {
	const char		*name;
	const struct cert	*ca;		/* the client trusts it */
	const struct cert	*own;		/* the client shows it */
	const struct cert	*client_ca;	/* the server trusts it */
	const char		*sni;
	const char		*client_error;
	const char		*server_error;
	bool			 proven;	/* the client, to the server */
} proofs[] = {
	{ "gate.test", &cert_ca, NULL, NULL, "gate.test", NULL, NULL, false },
	{ "GATE.test.", &cert_ca, NULL, NULL, "GATE.test", NULL, NULL,
	    false },
	{ "a.wild.test", &cert_ca, NULL, NULL, "a.wild.test", NULL, NULL,
	    false },
	{ "127.0.0.1", &cert_ca, NULL, NULL, NULL, NULL, NULL, false },
	{ "::1", &cert_ca, NULL, NULL, NULL, NULL, NULL, false },
	{ "other.test", &cert_ca, NULL, NULL, "other.test",
	    "TLS: certificate verify failed: hostname mismatch",
	    "bad certificate", false },
	{ "server", &cert_ca, NULL, NULL, "server",
	    "TLS: certificate verify failed: hostname mismatch",
	    "bad certificate", false },
	{ "127.0.0.2", &cert_ca, NULL, NULL, NULL,
	    "TLS: certificate verify failed: IP address mismatch",
	    "bad certificate", false },
	{ "gate.test", &cert_other_ca, NULL, NULL, "gate.test",
	    "TLS: certificate verify failed: unable to get local issuer "
	    "certificate", "unknown ca", false },
	{ "gate.test", &cert_ca, NULL, &cert_ca, "gate.test", NULL, NULL,
	    false },
	{ "gate.test", &cert_ca, &cert_client, &cert_ca, "gate.test", NULL,
	    NULL, true },
	{ "gate.test", &cert_ca, &cert_client, NULL, "gate.test", NULL, NULL,
	    false },
	{ "gate.test", &cert_ca, &cert_stranger, &cert_ca, "gate.test",
	    "unknown ca", "TLS: certificate verify failed: unable to get "
	    "local issuer certificate", false },
};

static void
prove(size_t row, struct end *client, struct end *server)
{
	const char *error = proofs[row].server_error;

	if (error == NULL) {
		NET_UNTIL(client->ready && server->ready);
		T_STR_EQ(SSL_get_servername(transport_ssl(&server->transport),
		    TLSEXT_NAMETYPE_host_name), proofs[row].sni);
		T_TRUE(tls_peer_is_proven(transport_ssl(&client->transport)));
		T_EQ(tls_peer_is_proven(transport_ssl(&server->transport)),
		    proofs[row].proven);
	} else {
		NET_UNTIL(client->failed > 0 && server->failed > 0);
		T_EQ(server->ready, 0);
		T_EQ(server->writable, 0);
		T_EQ(transport_read(&server->transport, &row, 1),
		    TRANSPORT_ERROR);
	}
	end_check_error(client, proofs[row].client_error);
	end_check_error(server, error);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
test_proofs(void)
{
	struct tls *client_context, *server_context;
	struct end client, server;
	size_t i, row;

	certs_start();
	net_start();
	for (i = 0; i < T_ROWS(versions) * T_ROWS(proofs); i++) {
		row = i % T_ROWS(proofs);
		t_row("TLS %#x row %zu", versions[i / T_ROWS(proofs)], row);
		client_context = client_tls(proofs[row].name, proofs[row].ca,
		    proofs[row].own);
		server_context = server_tls(proofs[row].client_ca);
		SSL_CTX_set_max_proto_version(server_context->ctx,
		    versions[i / T_ROWS(proofs)]);
		ends_connect(&client, &server, client_context,
		    server_context, 0);
		prove(row, &client, &server);
		end_finish(&client);
		end_finish(&server);
		tls_free(client_context);
		tls_free(server_context);
	}
	net_stop();
}

/* --- handshakes that come to nothing -------------------------------------- */

static const struct {
	const char	*bytes;
	const char	*error;
} plain_rows[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "TLS: http request" },
	{ "CONNECT a:1 HTTP/1.1\r\n\r\n", "TLS: https proxy request" },
	{ "\x16\x03\x01\xff\xff garbage garbage garbage", "TLS: " },
	{ "AMQP\x01\x01\x02\x03 and some more bytes", "wrong version number" },
};

static void
test_plaintext(void)
{
	struct tls *tls;
	struct end server;
	size_t i, len;
	int fds[2];

	net_start();
	tls = server_tls(NULL);
	for (i = 0; i < T_ROWS(plain_rows); i++) {
		t_row("%zu", i);
		net_pair(fds, 0);
		end_init(&server, fds[1], tls);
		len = strlen(plain_rows[i].bytes);
		T_EQ(send(fds[0], plain_rows[i].bytes, len, 0), len);
		NET_UNTIL(server.failed > 0);
		T_TRUE(strstr(transport_error(&server.transport),
		    plain_rows[i].error) != NULL);
		T_EQ(server.ready, 0);
		T_EQ(server.got_len, 0);
		end_finish(&server);
		close(fds[0]);
	}
	tls_free(tls);
	net_stop();
}

/* A server that speaks before TLS: what it says is no part of the stream. */
static void
test_plaintext_before_tls(void)
{
	struct tls *tls;
	struct end client;
	int fds[2];

	net_start();
	tls = client_tls("gate.test", &cert_ca, NULL);
	net_pair(fds, 0);
	end_init(&client, fds[0], tls);
	T_EQ(send(fds[1], "220 ready for TLS\r\n", 19, 0), 19);
	NET_UNTIL(client.failed > 0);
	T_EQ(client.ready, 0);
	T_EQ(client.got_len, 0);
	end_finish(&client);
	close(fds[1]);
	tls_free(tls);
	net_stop();
}

/* W14: whoever gives up must be able to, at each point of the handshake. */
static void
test_never_finished(void)
{
	static const char begin[] = "\x16\x03\x01\x02\x00\x01\x00";
	struct tls *client_context, *server_context;
	struct end client, server;
	int fds[2], before;

	net_start();
	client_context = client_tls("gate.test", &cert_ca, NULL);
	server_context = server_tls(NULL);
	before = net_open_fds();
	ends_connect(&client, &server, client_context, server_context, 0);
	end_finish(&client);
	end_finish(&server);
	ends_connect(&client, &server, client_context, server_context, 0);
	worker_turn(worker_self(), true);
	transport_shut(&client.transport);
	end_finish(&client);
	NET_UNTIL(server.failed > 0);
	end_finish(&server);
	net_pair(fds, 0);
	end_init(&server, fds[1], server_context);
	T_EQ(send(fds[0], begin, sizeof(begin) - 1, 0), sizeof(begin) - 1);
	worker_turn(worker_self(), true);
	worker_turn(worker_self(), false);
	T_EQ(server.failed + server.ready, 0);
	T_EQ(transport_write(&server.transport, &server.queue),
	    TRANSPORT_AGAIN);
	close(fds[0]);
	NET_UNTIL(server.failed > 0);
	T_STR_EQ(transport_error(&server.transport),
	    "closed during the TLS handshake");
	end_finish(&server);
	T_EQ(net_open_fds(), before);
	tls_free(client_context);
	tls_free(server_context);
	net_stop();
}

static void
test_finish_when_ready(void)
{
	struct tls *tls;
	struct peer peer;
	struct end server;

	net_start();
	tls = server_tls(NULL);
	peer_init(&peer, &server, tls);
	server.finish = END_FINISH_READY;
	peer_handshake(&peer);
	NET_UNTIL(server.transport.fd == -1);
	T_EQ(server.readable + server.writable, 0);
	end_finish(&server);
	peer_finish(&peer);
	tls_free(tls);
	net_stop();
}

T_MAIN({ "proofs", test_proofs },
    { "plaintext to a TLS port", test_plaintext },
    { "plaintext before TLS", test_plaintext_before_tls },
    { "W14: handshakes that never finish", test_never_finished },
    { "finish when ready", test_finish_when_ready })
