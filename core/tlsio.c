/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tlsio.h"

#define RECORD_MAX	16384	/* payload of the largest record */
#define CONTROL_MAX	32	/* see on_message */

/* Gathers what one record carries; nothing is kept in it between calls. */
static _Thread_local unsigned char scratch[RECORD_MAX];

static int
fail(struct tlsio *io, const char *error)
{
	if (!io->failed)
		io->error = strdup(error);
	io->failed = true;
	return (TLSIO_ERROR);
}

/* Why the handshake or the session broke. */
static int
fail_ssl(struct tlsio *io)
{
	char reason[100], text[160];
	unsigned long code;
	long verdict;

	code = ERR_peek_error();
	verdict = SSL_get_verify_result(io->ssl);
	tls_error(reason, sizeof(reason));
	if (io->control > CONTROL_MAX)
		return (fail(io, "TLS: too many control messages"));
	if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
	    ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return (fail(io, io->ready ? "closed without close_notify" :
		    "closed during the TLS handshake"));
	if (!io->ready && verdict != X509_V_OK)
		snprintf(text, sizeof(text), "TLS: %s: %s", reason,
		    X509_verify_cert_error_string(verdict));
	else
		snprintf(text, sizeof(text), "TLS: %s", reason);
	return (fail(io, text));
}

/* What a call that did not succeed waits for. */
static int
stopped(struct tlsio *io, int result, bool writing)
{
	int saved;

	saved = errno;
	switch (SSL_get_error(io->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		if (writing)
			io->write_wants_read = true;
		else
			io->drained = true;
		break;
	case SSL_ERROR_WANT_WRITE:
		if (!writing)
			io->read_wants_write = true;
		break;
	case SSL_ERROR_ZERO_RETURN:
		return (0);
	case SSL_ERROR_SYSCALL:
		if (ERR_peek_error() == 0 && saved != 0 &&
		    io->control <= CONTROL_MAX)
			return (fail(io, strerror(saved)));
		return (fail_ssl(io));
	default:
		return (fail_ssl(io));
	}
	if (writing)
		io->blocked = true;
	return (TLSIO_AGAIN);
}

/*
 * SSL_read goes on by itself for as long as messages come that carry no data:
 * key updates, refused renegotiations. A peer that sends nothing else would
 * keep the worker. So they are counted for each call, and too many of them make
 * the next read of the socket fail (threats W18).
 */
static void
on_message(int writing, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	struct tlsio *io = arg;

	(void)writing;
	(void)version;
	(void)data;
	(void)len;
	(void)ssl;
	if (io->ready && (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT))
		io->control++;
}

static long
on_socket(BIO *bio, int op, const char *data, size_t len, int argi, long argl,
    int result, size_t *done)
{
	struct tlsio *io = (void *)BIO_get_callback_arg(bio);

	(void)data;
	(void)argi;
	(void)argl;
	if (op == (BIO_CB_READ | BIO_CB_RETURN))
		io->emptied = result > 0 && *done < len;
	if (op != BIO_CB_READ || io->control <= CONTROL_MAX)
		return (result);
	BIO_clear_retry_flags(bio);
	return (-1);
}

static int
set_up(struct tlsio *io, const struct tls *tls, int fd)
{
	ERR_clear_error();
	if ((io->ssl = SSL_new(tls->ctx)) == NULL)
		return (-1);
	if (SSL_set_fd(io->ssl, fd) != 1)
		return (-1);
	SSL_set_msg_callback(io->ssl, on_message);
	SSL_set_msg_callback_arg(io->ssl, io);
	BIO_set_callback_ex(SSL_get_rbio(io->ssl), on_socket);
	BIO_set_callback_arg(SSL_get_rbio(io->ssl), (char *)io);
	if (!tls->is_client) {
		SSL_set_accept_state(io->ssl);
		return (0);
	}
	SSL_set_connect_state(io->ssl);
	if (tls->server_name != NULL &&
	    SSL_set_tlsext_host_name(io->ssl, tls->server_name) != 1)
		return (-1);
	return (0);
}

struct tlsio *
tlsio_new(const struct tls *tls, int fd)
{
	struct tlsio *io;

	if ((io = calloc(1, sizeof(*io))) == NULL)
		return (NULL);
	if (set_up(io, tls, fd) == 0)
		return (io);
	ERR_clear_error();
	tlsio_free(io);
	return (NULL);
}

void
tlsio_free(struct tlsio *io)
{
	if (io == NULL)
		return;
	SSL_free(io->ssl);
	free(io->held);
	free(io->error);
	free(io);
}

const char *
tlsio_error(const struct tlsio *io)
{
	if (io->error != NULL)
		return (io->error);
	return (io->failed ? "out of memory" : "");
}

int
tlsio_handshake(struct tlsio *io)
{
	int result;

	if (io->failed)
		return (TLSIO_ERROR);
	ERR_clear_error();
	result = SSL_do_handshake(io->ssl);
	if (result != 1) {
		result = stopped(io, result, false);
		if (result == 0)
			result = fail(io, "closed during the TLS handshake");
		return (result);
	}
	io->ready = true;
	io->drained = io->read_wants_write = false;
	return (0);
}

/*
 * As much as is there already, so that many small records are one read for the
 * caller too. What stopped it behind some bytes is told by the next call. Where
 * the socket was emptied for it, nobody needs to ask the socket again.
 */
ssize_t
tlsio_read(struct tlsio *io, void *data, size_t size)
{
	unsigned char *out = data;
	size_t got, n;
	int result;

	if (io->failed)
		return (TLSIO_ERROR);
	if (io->drained || size == 0)
		return (TLSIO_AGAIN);
	got = 0;
	do {
		io->control = 0;
		ERR_clear_error();
		result = SSL_read_ex(io->ssl, out + got, size - got, &n);
		if (result != 1) {
			result = stopped(io, result, false);
			return (got > 0 ? (ssize_t)got : result);
		}
		got += n;
	} while (got < size && SSL_has_pending(io->ssl));
	if (io->emptied && !io->unsure && !SSL_has_pending(io->ssl))
		io->drained = true;
	return ((ssize_t)got);
}

/* A record of which a part is there counts for OpenSSL, but not for us. */
bool
tlsio_pending(const struct tlsio *io)
{
	return (io->ready && !io->failed && !io->drained &&
	    SSL_has_pending(io->ssl));
}

/* Bytes that are gone, or TLSIO_*. */
static ssize_t
write_record(struct tlsio *io, const void *data, size_t len)
{
	size_t n;
	int result;

	io->control = 0;
	ERR_clear_error();
	result = SSL_write_ex(io->ssl, data, len, &n);
	if (result == 1)
		return ((ssize_t)n);
	result = stopped(io, result, true);
	return (result != 0 ? result : fail(io, "closed by the peer"));
}

static int
flush_held(struct tlsio *io)
{
	ssize_t n;

	while (io->held_len > 0) {
		n = write_record(io, io->held, io->held_len);
		if (n < 0)
			return ((int)n);
		io->held_len -= (size_t)n;
		memmove(io->held, io->held + n, io->held_len);
	}
	free(io->held);
	io->held = NULL;
	return (0);
}

static int
hold_record(struct tlsio *io, struct outq *queue, size_t len)
{
	if ((io->held = malloc(len)) == NULL)
		return (fail(io, "out of memory"));
	memcpy(io->held, scratch, len);
	io->held_len = len;
	outq_consume(queue, len);
	return (TLSIO_AGAIN);
}

int
tlsio_write(struct tlsio *io, struct outq *queue)
{
	ssize_t n;
	size_t len;

	if (io->failed)
		return (TLSIO_ERROR);
	if (!io->ready || io->blocked)
		return (TLSIO_AGAIN);
	while (!outq_empty(queue)) {
		len = outq_peek(queue, scratch, sizeof(scratch));
		n = write_record(io, scratch, len);
		if (n == TLSIO_AGAIN)
			return (hold_record(io, queue, len));
		if (n < 0)
			return ((int)n);
		outq_consume(queue, (size_t)n);
	}
	return (0);
}

void
tlsio_changed(struct tlsio *io, bool readable, bool writable)
{
	if (readable || (writable && io->read_wants_write))
		io->drained = io->emptied = io->read_wants_write = false;
	if (!io->blocked || !(writable || (readable && io->write_wants_read)))
		return;
	io->blocked = io->write_wants_read = false;
	if (!io->failed && io->held_len > 0)
		flush_held(io);
}

/* A second SSL_shutdown only repeats an alert that could not be written. */
int
tlsio_shut(struct tlsio *io)
{
	int result;

	if (io->failed || !io->ready)
		return (0);
	if (io->held_len > 0 || io->blocked)
		return (TLSIO_AGAIN);
	ERR_clear_error();
	result = SSL_shutdown(io->ssl);
	if (result < 0 &&
	    SSL_get_error(io->ssl, result) == SSL_ERROR_WANT_WRITE) {
		io->blocked = true;
		return (TLSIO_AGAIN);
	}
	ERR_clear_error();
	return (0);
}
