/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/wire.h"

#include <sys/socket.h>

#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

#include "bench/die.h"

#define RECORD	16384

static SSL_CTX *
make_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL)
		bench_die("OpenSSL gives no context");
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return (ctx);
}

SSL_CTX *
wire_client_tls(void)
{
	SSL_CTX *ctx = make_context(TLS_client_method());

	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_read_ahead(ctx, 1);
	return (ctx);
}

SSL_CTX *
wire_server_tls(const char *cert, const char *key, bool read_ahead,
    unsigned tickets)
{
	SSL_CTX *ctx = make_context(TLS_server_method());

	if (key == NULL ||
	    SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		bench_die("no certificate and key in %s", cert);
	SSL_CTX_set_read_ahead(ctx, read_ahead);
	SSL_CTX_set_num_tickets(ctx, tickets);
	return (ctx);
}

void
wire_secure(struct wire *w, SSL_CTX *ctx, bool server)
{
	if ((w->ssl = SSL_new(ctx)) == NULL || SSL_set_fd(w->ssl, w->fd) != 1)
		bench_die("OpenSSL has no memory");
	if (server)
		SSL_set_accept_state(w->ssl);
	else
		SSL_set_connect_state(w->ssl);
}

/* What a call of OpenSSL that gave that ended with: 0 or -1. */
static int
outcome(const struct wire *w, int n)
{
	int error = SSL_get_error(w->ssl, n);

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return (0);
	ERR_clear_error();
	return (-1);
}

int
wire_handshake(struct wire *w)
{
	int n = SSL_do_handshake(w->ssl);

	return (n == 1 ? 1 : outcome(w, n));
}

bool
wire_wants_write(const struct wire *w)
{
	return (w->ssl != NULL && SSL_want_write(w->ssl));
}

ssize_t
wire_read(struct wire *w, void *data, size_t len)
{
	ssize_t n;

	if (w->ssl != NULL) {
		n = SSL_read(w->ssl, data, (int)len);
		return (n > 0 ? n : outcome(w, (int)n));
	}
	n = recv(w->fd, data, len, 0);
	if (n > 0)
		return (n);
	return (n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1);
}

bool
wire_has_more(const struct wire *w)
{
	return (w->ssl != NULL && SSL_has_pending(w->ssl));
}

static ssize_t
write_tls(struct wire *w, const unsigned char *data, size_t len)
{
	size_t at = 0;
	int n;

	while (at < len) {
		n = SSL_write(w->ssl, data + at, (int)(len - at < RECORD ?
		    len - at : RECORD));
		if (n <= 0 && outcome(w, n) < 0)
			return (-1);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return ((ssize_t)at);
}

ssize_t
wire_write(struct wire *w, const void *data, size_t len)
{
	ssize_t n;

	if (w->ssl != NULL)
		return (write_tls(w, data, len));
	n = send(w->fd, data, len, MSG_NOSIGNAL);
	if (n >= 0)
		return (n);
	return (errno == EAGAIN || errno == EINTR ? 0 : -1);
}

static ssize_t
writev_tls(struct wire *w, const struct iovec *iov, int count)
{
	static unsigned char record[RECORD];
	size_t len = 0, n;
	int i;

	for (i = 0; i < count && len < sizeof(record); i++) {
		n = iov[i].iov_len;
		n = n < sizeof(record) - len ? n : sizeof(record) - len;
		memcpy(record + len, iov[i].iov_base, n);
		len += n;
	}
	return (write_tls(w, record, len));
}

ssize_t
wire_writev(struct wire *w, const struct iovec *iov, int count)
{
	struct msghdr m = { .msg_iov = (struct iovec *)iov };
	ssize_t n;

	if (w->ssl != NULL)
		return (writev_tls(w, iov, count));
	m.msg_iovlen = (size_t)count;
	n = sendmsg(w->fd, &m, MSG_NOSIGNAL);
	if (n >= 0)
		return (n);
	return (errno == EAGAIN || errno == EINTR ? 0 : -1);
}

void
wire_close(struct wire *w)
{
	if (w->ssl != NULL) {
		SSL_shutdown(w->ssl);
		SSL_free(w->ssl);
		ERR_clear_error();
	}
	close(w->fd);
	w->fd = -1;
	w->ssl = NULL;
}
