/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of TLS (OpenSSL): 1.2 or newer, no renegotiation, no compression.
 * A context is made in main, is constant, and shared by all workers.
 */
#ifndef CORE_TLS_H
#define CORE_TLS_H

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>

struct tls {
	SSL_CTX	*ctx;
	char	*server_name;	/* initiator: SNI and the name to verify */
	bool	 is_client;
};

/*
 * NULL when a file cannot be read or does not fit; error (of size bytes) then
 * says which and why. client_ca: NULL, or clients may show a certificate, and
 * one that does must be signed by it.
 */
struct tls *tls_server(const char *certificate, const char *key,
    const char *client_ca, char *error, size_t size);
/* ca: NULL for the system's; certificate and key: NULL for none. */
struct tls *tls_client(const char *server_name, const char *ca,
    const char *certificate, const char *key, char *error, size_t size);
/* For a client's: it offers http/1.1 by ALPN. -1: no memory. */
int	tls_offer_http(struct tls *);
void	tls_free(struct tls *);

/* What OpenSSL has to say about its last error, into out. */
const char *tls_error(char *out, size_t size);
/* Whether the peer of this session proved a certificate of the context's CA. */
bool	tls_peer_is_proven(SSL *);

#endif
