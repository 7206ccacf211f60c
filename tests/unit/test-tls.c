/* SPDX-License-Identifier: Apache-2.0 */
#include "peers.h"

/* --- files ---------------------------------------------------------------- */

static char	missing[] = "/nonexistent/file";
static char	garbage[256], locked[256];

static void
make_files(void)
{
	struct cert cert;
	FILE *file;

	certs_start();
	snprintf(garbage, sizeof(garbage), "%s/garbage", t_tmpdir());
	T_REQUIRE((file = fopen(garbage, "w")) != NULL);
	fputs("no certificate", file);
	fclose(file);
	cert = cert_server;
	cert_write(&cert, "locked", "secret");
	snprintf(locked, sizeof(locked), "%s", cert.key_path);
}

static const struct {
	const char	*certificate;
	const char	*key;
	const char	*ca;
	const char	*file;		/* that the message names */
	const char	*error;
} files[] = {
	{ missing, cert_server.key_path, NULL, missing,
	    "No such file or directory" },
	{ cert_server.cert_path, missing, NULL, missing,
	    "No such file or directory" },
	{ cert_server.cert_path, cert_server.key_path, missing, missing,
	    "No such file or directory" },
	{ garbage, cert_server.key_path, NULL, garbage, "no start line" },
	{ cert_server.cert_path, garbage, NULL, garbage, NULL },
	{ cert_server.cert_path, cert_server.key_path, garbage, garbage,
	    NULL },
	{ cert_server.cert_path, cert_client.key_path, NULL,
	    cert_client.key_path, "key values mismatch" },
	/* Must not wait for somebody to type a passphrase. */
	{ cert_server.cert_path, locked, NULL, locked, NULL },
};

static void
try_files(size_t row, bool client)
{
	struct tls *tls;
	char error[300] = "";

	if (client)
		tls = tls_client("gate.test", files[row].ca,
		    files[row].certificate, files[row].key, error,
		    sizeof(error));
	else
		tls = tls_server(files[row].certificate, files[row].key,
		    files[row].ca, error, sizeof(error));
	T_NULL(tls);
	t_row("%s: %s", client ? "client" : "server", error);
	/* The file, and some reason behind it. */
	T_TRUE(strstr(error, files[row].file) == error);
	T_TRUE(strlen(error) > strlen(files[row].file) + 4);
	if (files[row].error != NULL)
		T_TRUE(strstr(error, files[row].error) != NULL);
	T_EQ(ERR_peek_error(), 0);
}

static void
test_files(void)
{
	size_t i;

	make_files();
	alarm(NET_LIMIT);
	for (i = 0; i < T_ROWS(files); i++) {
		try_files(i, false);
		try_files(i, true);
	}
	alarm(0);
}

static void
test_server_name(void)
{
	char error[100];

	T_NULL(tls_client("", NULL, NULL, NULL, error, sizeof(error)));
	T_STR_EQ(error, ": no name to verify");
	T_NULL(tls_client(".", NULL, NULL, NULL, error, sizeof(error)));
	tls_free(tls_client("a", NULL, NULL, NULL, error, sizeof(error)));
	tls_free(NULL);
}

/* --- versions and protocols ----------------------------------------------- */

static const struct {
	int		 version;
	bool		 fine;
} version_rows[] = {
	{ TLS1_VERSION, false },
	{ TLS1_1_VERSION, false },
	{ TLS1_2_VERSION, true },
	{ TLS1_3_VERSION, true },
};

static void
test_versions(void)
{
	struct tls *tls;
	struct peer peer;
	struct end server;
	size_t i;

	net_start();
	tls = server_tls(NULL);
	T_TRUE(SSL_CTX_get_options(tls->ctx) & SSL_OP_NO_RENEGOTIATION);
	T_TRUE(SSL_CTX_get_default_passwd_cb(tls->ctx) != NULL);
	for (i = 0; i < T_ROWS(version_rows); i++) {
		t_row("%#x", version_rows[i].version);
		peer_init(&peer, &server, tls);
		SSL_set_min_proto_version(peer.ssl, TLS1_VERSION);
		SSL_set_max_proto_version(peer.ssl, version_rows[i].version);
		T_EQ(peer_handshake(&peer) == 1, version_rows[i].fine);
		if (version_rows[i].fine) {
			NET_UNTIL(server.ready);
			T_EQ(SSL_version(transport_ssl(&server.transport)),
			    version_rows[i].version);
		} else {
			NET_UNTIL(server.failed > 0);
			end_check_error(&server, "unsupported protocol");
		}
		peer_finish(&peer);
		end_finish(&server);
	}
	tls_free(tls);
	net_stop();
}

static const struct {
	const char	*offer;
	bool		 fine;
} alpn_rows[] = {
	{ NULL, true },
	{ "\x08http/1.1", true },
	{ "\x02h2\x08http/1.1", true },
	{ "\x02h2", false },
};

static void
test_alpn(void)
{
	const unsigned char *chosen;
	struct tls *tls;
	struct peer peer;
	struct end server;
	unsigned len;
	size_t i;

	net_start();
	tls = server_tls(NULL);
	for (i = 0; i < T_ROWS(alpn_rows); i++) {
		t_row("%zu", i);
		peer_init(&peer, &server, tls);
		if (alpn_rows[i].offer != NULL)
			SSL_set_alpn_protos(peer.ssl, (const unsigned char *)
			    alpn_rows[i].offer,
			    (unsigned)strlen(alpn_rows[i].offer));
		T_EQ(peer_handshake(&peer) == 1, alpn_rows[i].fine);
		SSL_get0_alpn_selected(peer.ssl, &chosen, &len);
		if (alpn_rows[i].fine && alpn_rows[i].offer != NULL)
			T_MEM_EQ(chosen, len, "http/1.1", 8);
		else
			T_EQ(len, 0);
		if (!alpn_rows[i].fine)
			NET_UNTIL(server.failed > 0);
		peer_finish(&peer);
		end_finish(&server);
	}
	tls_free(tls);
	net_stop();
}

static void
test_client_offers_alpn(void)
{
	struct tls *client_context, *server_context;
	struct end client, server;
	const unsigned char *chosen;
	unsigned len, i;

	net_start();
	client_context = client_tls("gate.test", &cert_ca, NULL);
	server_context = server_tls(NULL);
	for (i = 0; i < 2; i++) {
		if (i == 1)
			T_EQ(tls_offer_http(client_context), 0);
		ends_connect(&client, &server, client_context, server_context,
		    0);
		NET_UNTIL(client.ready && server.ready);
		SSL_get0_alpn_selected(transport_ssl(&client.transport),
		    &chosen, &len);
		T_MEM_EQ(chosen, len, "http/1.1", i == 1 ? 8 : 0);
		end_finish(&client);
		end_finish(&server);
	}
	tls_free(client_context);
	tls_free(server_context);
	net_stop();
}

/* --- sessions (W18) ------------------------------------------------------- */

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* Connects with a session, and takes the next one; whether it was resumed. */
static bool
resume(const struct tls *tls, int version, SSL_SESSION **session)
{
	struct peer peer;
	struct end server;
	bool resumed;
	char byte;

	peer_init(&peer, &server, tls);
	SSL_set_max_proto_version(peer.ssl, version);
	if (*session != NULL)
		SSL_set_session(peer.ssl, *session);
	peer_connect(&peer, &server);
	end_send(&server, "x", 1);
	end_flush(&server);
	while (SSL_read(peer.ssl, &byte, 1) != 1)
		worker_turn(worker_self(), false);
	resumed = SSL_session_reused(peer.ssl);
	SSL_SESSION_free(*session);
	*session = SSL_get1_session(peer.ssl);
	SSL_shutdown(peer.ssl);
	peer_finish(&peer);
	end_finish(&server);
	return (resumed);
}

static void
test_sessions(void)
{
	struct tls *one, *other;
	SSL_SESSION *session;
	size_t i;

	net_start();
	one = server_tls(NULL);
	other = server_tls(NULL);
	for (i = 0; i < T_ROWS(versions); i++) {
		t_row("%#x", versions[i]);
		session = NULL;
		T_FALSE(resume(one, versions[i], &session));
		T_TRUE(resume(one, versions[i], &session));
		T_FALSE(resume(other, versions[i], &session));
		SSL_SESSION_free(session);
	}
	tls_free(one);
	tls_free(other);
	net_stop();
}

T_MAIN({ "files", test_files },
    { "the name of a server", test_server_name },
    { "versions", test_versions },
    { "ALPN", test_alpn },
    { "a client offers ALPN", test_client_offers_alpn },
    { "W18: sessions", test_sessions })
