/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of TLS: certificates, and a client that is OpenSSL's own. */
#ifndef TESTS_UNIT_PEERS_H
#define TESTS_UNIT_PEERS_H

#include <openssl/err.h>

#include "certs.h"
#include "ends.h"
#include "tls.h"

/* Made once, and there until the program ends. */
static struct cert	cert_ca, cert_other_ca;
static struct cert	cert_server, cert_client, cert_stranger;

static inline void
certs_start(void)
{
	if (cert_ca.x509 != NULL)
		return;
	signal(SIGPIPE, SIG_IGN);	/* as main does */
	cert_make(&cert_ca, "ca", NULL, NULL);
	cert_make(&cert_other_ca, "other-ca", NULL, NULL);
	cert_make(&cert_server, "server", &cert_ca,
	    "DNS:gate.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1");
	cert_make(&cert_client, "client", &cert_ca, NULL);
	cert_make(&cert_stranger, "stranger", &cert_other_ca, NULL);
}

static inline struct tls *
server_tls(const struct cert *client_ca)
{
	struct tls *tls;
	char error[200] = "";

	certs_start();
	tls = tls_server(cert_server.cert_path, cert_server.key_path,
	    client_ca != NULL ? client_ca->cert_path : NULL, error,
	    sizeof(error));
	T_STR_EQ(error, "");
	T_REQUIRE(tls != NULL);
	return (tls);
}

static inline struct tls *
client_tls(const char *name, const struct cert *ca, const struct cert *own)
{
	struct tls *tls;
	char error[200] = "";

	certs_start();
	tls = tls_client(name, ca->cert_path,
	    own != NULL ? own->cert_path : NULL,
	    own != NULL ? own->key_path : NULL, error, sizeof(error));
	T_STR_EQ(error, "");
	T_REQUIRE(tls != NULL);
	return (tls);
}

/* Both ends are ours. */
static inline void
ends_connect(struct end *client, struct end *server,
    const struct tls *client_context, const struct tls *server_context,
    int buffer)
{
	int fds[2];

	net_pair(fds, buffer);
	end_init(client, fds[0], client_context);
	end_init(server, fds[1], server_context);
}

/* The client is OpenSSL's own; it does not block. */
struct peer {
	SSL_CTX	*ctx;
	SSL	*ssl;
	int	 fd;
	int	 reason;	/* why the handshake failed */
};

static inline void
peer_init(struct peer *peer, struct end *server, const struct tls *tls)
{
	int fds[2];

	net_pair(fds, 0);
	end_init(server, fds[1], tls);
	peer->fd = fds[0];
	peer->ctx = SSL_CTX_new(TLS_client_method());
	T_REQUIRE(peer->ctx != NULL);
	SSL_CTX_set_security_level(peer->ctx, 0);
	peer->ssl = SSL_new(peer->ctx);
	T_REQUIRE(peer->ssl != NULL);
	SSL_set_fd(peer->ssl, peer->fd);
	SSL_set_connect_state(peer->ssl);
}

static inline void
peer_close(struct peer *peer)
{
	if (peer->fd != -1)
		close(peer->fd);
	peer->fd = -1;
}

static inline void
peer_finish(struct peer *peer)
{
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ctx);
	peer_close(peer);
}

/* Until it is done, 1, or has failed. */
static inline int
peer_handshake(struct peer *peer)
{
	int result, why;

	do {
		ERR_clear_error();
		result = SSL_do_handshake(peer->ssl);
		why = SSL_get_error(peer->ssl, result);
		peer->reason = ERR_GET_REASON(ERR_peek_error());
		worker_turn(worker_self(), false);
	} while (result != 1 && (why == SSL_ERROR_WANT_READ ||
	    why == SSL_ERROR_WANT_WRITE));
	return (result);
}

static inline void
peer_connect(struct peer *peer, struct end *server)
{
	T_REQUIRE(peer_handshake(peer) == 1);
	NET_UNTIL(server->ready);
}

/* A text that begins with "TLS: " is the whole of it. */
static inline void
end_check_error(const struct end *end, const char *error)
{
	if (error == NULL)
		T_STR_EQ(transport_error(&end->transport), "");
	else if (strncmp(error, "TLS: ", 5) == 0)
		T_STR_EQ(transport_error(&end->transport), error);
	else if (!T_TRUE(strstr(transport_error(&end->transport), error) !=
	    NULL))
		T_STR_EQ(transport_error(&end->transport), error);
}

#endif
