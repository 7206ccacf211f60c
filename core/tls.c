/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"
#include "tls.h"

static const unsigned char tls_alpn[] = "\x08http/1.1";

/* The first error is the cause; those behind it say who passed it on. */
const char *
tls_error(char *out, size_t size)
{
	unsigned long code;
	const char *reason;

	code = ERR_peek_error();
	reason = ERR_reason_error_string(code);
	if (code != 0 && ERR_SYSTEM_ERROR(code))
		snprintf(out, size, "%s", strerror(ERR_GET_REASON(code)));
	else if (reason != NULL)
		snprintf(out, size, "%s", reason);
	else if (code != 0)
		ERR_error_string_n(code, out, size);
	else
		snprintf(out, size, "unknown TLS error");
	ERR_clear_error();
	return (out);
}

/* A key with a passphrase is refused; the default would ask a terminal. */
static int
tls_no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return (-1);
}

/*
 * Whoever offers protocols by ALPN must offer this one. The bytes of the list
 * are checked by OpenSSL.
 */
static int
tls_select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, tls_alpn,
	    sizeof(tls_alpn) - 1, offered, offered_len) !=
	    OPENSSL_NPN_NEGOTIATED)
		return (SSL_TLSEXT_ERR_ALERT_FATAL);
	*out = chosen;
	return (SSL_TLSEXT_ERR_OK);
}

/*
 * Forward secrecy and AEAD only. An idle connection gives its buffers back.
 * With read_ahead one read of the socket takes all that is there.
 */
static int
tls_set_up(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_passwd_cb(ctx, tls_no_passphrase);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx,
	    "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
		return (-1);
	return (0);
}

static struct tls *
tls_new(const SSL_METHOD *method, bool is_client)
{
	struct tls *tls;

	ERR_clear_error();
	if ((tls = calloc(1, sizeof(*tls))) == NULL)
		return (NULL);
	tls->is_client = is_client;
	tls->ctx = SSL_CTX_new(method);
	if (tls->ctx != NULL && tls_set_up(tls->ctx) == 0)
		return (tls);
	tls_free(tls);
	return (NULL);
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->ctx);
	free(tls->server_name);
	free(tls);
}

/* "FILE: why"; file is NULL when it is not about one. */
static int
tls_explain(char *error, size_t size, const char *file)
{
	char reason[128];

	tls_error(reason, sizeof(reason));
	if (file != NULL)
		snprintf(error, size, "%s: %s", file, reason);
	else
		snprintf(error, size, "%s", reason);
	return (-1);
}

static int
tls_load_pair(struct tls *tls, const char *certificate, const char *key,
    char *error, size_t size)
{
	if (SSL_CTX_use_certificate_chain_file(tls->ctx, certificate) != 1)
		return (tls_explain(error, size, certificate));
	if (SSL_CTX_use_PrivateKey_file(tls->ctx, key, SSL_FILETYPE_PEM) != 1)
		return (tls_explain(error, size, key));
	if (SSL_CTX_check_private_key(tls->ctx) != 1)
		return (tls_explain(error, size, key));
	return (0);
}

/* Clients are told whom the certificate should come from. */
static int
tls_load_client_ca(struct tls *tls, const char *ca, char *error, size_t size)
{
	STACK_OF(X509_NAME) *names;

	if (SSL_CTX_load_verify_locations(tls->ctx, ca, NULL) != 1)
		return (tls_explain(error, size, ca));
	if ((names = SSL_load_client_CA_file(ca)) == NULL)
		return (tls_explain(error, size, ca));
	SSL_CTX_set_client_CA_list(tls->ctx, names);
	SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE,
	    NULL);
	return (0);
}

/*
 * A session is good for the context that made it only, and is kept by the
 * client (tickets), so that clients cannot fill memory here.
 */
static int
tls_set_sessions(struct tls *tls)
{
	unsigned char id[16];

	SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
	/* A WebSocket comes back one at a time, and gets a new one then. */
	if (SSL_CTX_set_num_tickets(tls->ctx, 1) != 1)
		return (-1);
	if (RAND_bytes(id, sizeof(id)) != 1 ||
	    SSL_CTX_set_session_id_context(tls->ctx, id, sizeof(id)) != 1)
		return (-1);
	return (0);
}

struct tls *
tls_server(const char *certificate, const char *key, const char *client_ca,
    char *error, size_t size)
{
	struct tls *tls;

	if ((tls = tls_new(TLS_server_method(), false)) == NULL) {
		tls_explain(error, size, NULL);
		return (NULL);
	}
	SSL_CTX_set_alpn_select_cb(tls->ctx, tls_select_alpn, NULL);
	if (tls_set_sessions(tls) == -1) {
		tls_explain(error, size, NULL);
		goto fail;
	}
	if (tls_load_pair(tls, certificate, key, error, size) == -1)
		goto fail;
	if (client_ca != NULL &&
	    tls_load_client_ca(tls, client_ca, error, size) == -1)
		goto fail;
	return (tls);

fail:
	tls_free(tls);
	return (NULL);
}

static bool
is_ip(const char *name)
{
	unsigned char addr[sizeof(struct in6_addr)];

	return (inet_pton(AF_INET, name, addr) == 1 ||
	    inet_pton(AF_INET6, name, addr) == 1);
}

/*
 * What the server's certificate must be for. Only names go into SNI. The dot
 * at the end of an absolute name is not part of what a certificate says.
 */
static int
tls_set_server_name(struct tls *tls, const char *name)
{
	X509_VERIFY_PARAM *param;
	size_t len;

	param = SSL_CTX_get0_param(tls->ctx);
	if (is_ip(name))
		return (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 ? 0 :
		    -1);
	len = strlen(name);
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || (tls->server_name = str_dup(name, len)) == NULL)
		return (-1);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_host(param, tls->server_name, 0) != 1)
		return (-1);
	return (0);
}

static int
tls_load_ca(struct tls *tls, const char *ca, char *error, size_t size)
{
	SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
	if (ca != NULL) {
		if (SSL_CTX_load_verify_locations(tls->ctx, ca, NULL) != 1)
			return (tls_explain(error, size, ca));
	} else if (SSL_CTX_set_default_verify_paths(tls->ctx) != 1)
		return (tls_explain(error, size, NULL));
	return (0);
}

struct tls *
tls_client(const char *server_name, const char *ca, const char *certificate,
    const char *key, char *error, size_t size)
{
	struct tls *tls;

	if ((tls = tls_new(TLS_client_method(), true)) == NULL) {
		tls_explain(error, size, NULL);
		return (NULL);
	}
	if (tls_set_server_name(tls, server_name) == -1) {
		snprintf(error, size, "%s: no name to verify", server_name);
		goto fail;
	}
	if (tls_load_ca(tls, ca, error, size) == -1)
		goto fail;
	if (certificate != NULL && tls_load_pair(tls, certificate,
	    key != NULL ? key : certificate, error, size) == -1)
		goto fail;
	return (tls);

fail:
	tls_free(tls);
	return (NULL);
}

/* The function returns zero for success, unlike all others. */
int
tls_offer_http(struct tls *tls)
{
	return (SSL_CTX_set_alpn_protos(tls->ctx, tls_alpn,
	    sizeof(tls_alpn) - 1) == 0 ? 0 : -1);
}

bool
tls_peer_is_proven(SSL *ssl)
{
	return ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0 &&
	    SSL_get0_peer_certificate(ssl) != NULL &&
	    SSL_get_verify_result(ssl) == X509_V_OK);
}
