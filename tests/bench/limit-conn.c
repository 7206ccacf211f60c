/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/limit.h"

#include <sys/epoll.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "wskey.h"

#define HEAD_MAX	4096

static unsigned char buffer[LIMIT_READ];

void
limit_conn_free(struct limit_conn *c)
{
	if (c->mode->closed != NULL && c->state == LIMIT_OPEN)
		c->mode->closed(c);
	wire_close(&c->wire);
	free(c->head);
	free(c->rest);
	free(c);
}

void
limit_conn_keep(struct limit_conn *c, const void *data, size_t len)
{
	unsigned char *rest;

	rest = realloc(c->rest, c->rest_len + len);
	if (rest == NULL)
		bench_die("no memory");
	memcpy(rest + c->rest_len, data, len);
	c->rest = rest;
	c->rest_len += len;
	loop_change(c->wire.fd, &c->watch, EPOLLOUT);
}

void
limit_conn_write(struct limit_conn *c, const void *data, size_t len)
{
	ssize_t n = 0;

	if (c->rest_len == 0 && (n = wire_write(&c->wire, data, len)) < 0)
		c->dead = true;
	else if ((size_t)n < len)
		limit_conn_keep(c, (const char *)data + n, len - (size_t)n);
}

static void
drain(struct limit_conn *c)
{
	ssize_t n;

	n = wire_write(&c->wire, c->rest + c->rest_at,
	    c->rest_len - c->rest_at);
	if (n < 0) {
		c->dead = true;
		return;
	}
	c->rest_at += (size_t)n;
	if (c->rest_at < c->rest_len)
		return;
	free(c->rest);
	c->rest = NULL;
	c->rest_at = c->rest_len = 0;
	loop_change(c->wire.fd, &c->watch, EPOLLIN);
}

/* The value of a header as a string of its own, "" without it. */
static void
header(const char *head, const char *name, char *out, size_t size)
{
	const char *at = strcasestr(head, name);
	size_t len;

	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(name);
	at += strspn(at, " ");
	len = strcspn(at, "\r, ");
	snprintf(out, size, "%.*s", (int)len, at);
}

static void
answer(struct limit_conn *c)
{
	char key[64], subprotocol[64], accept[WSKEY_ACCEPT + 1], text[512];
	int len;

	header(c->head, "\r\nSec-WebSocket-Key:", key, sizeof(key));
	header(c->head, "\r\nSec-WebSocket-Protocol:", subprotocol,
	    sizeof(subprotocol));
	if (sscanf(c->head, "GET %31s ", c->path) != 1 || key[0] == '\0') {
		c->dead = true;
		return;
	}
	wskey_accept(accept, key);
	len = snprintf(text, sizeof(text),
	    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
	    accept, subprotocol[0] ? "Sec-WebSocket-Protocol: " : "",
	    subprotocol, subprotocol[0] ? "\r\n" : "");
	free(c->head);
	c->head = NULL;
	c->state = LIMIT_OPEN;
	limit_conn_write(c, text, (size_t)len);
	if (c->mode->opened != NULL)
		c->mode->opened(c);
}

/* Its request ends where the bytes end: no client sends on without answer. */
static void
take_request(struct limit_conn *c, const unsigned char *data, size_t len)
{
	if (c->head == NULL && (c->head = malloc(HEAD_MAX)) == NULL)
		bench_die("no memory");
	if (len > HEAD_MAX - 1 - c->head_len) {
		c->dead = true;
		return;
	}
	memcpy(c->head + c->head_len, data, len);
	c->head_len += len;
	c->head[c->head_len] = '\0';
	if (strstr(c->head, "\r\n\r\n") != NULL)
		answer(c);
}

/*
 * A plain socket is read once in a turn; one with TLS until it would block,
 * as is usual, or with read-ahead until nothing is left in OpenSSL.
 */
static void
pull(struct limit_conn *c)
{
	ssize_t n;

	do {
		n = wire_read(&c->wire, buffer, sizeof(buffer));
		if (n < 0)
			c->dead = true;
		if (n <= 0)
			return;
		if (c->state == LIMIT_HTTP)
			take_request(c, buffer, (size_t)n);
		else
			c->mode->bytes(c, buffer, (size_t)n);
	} while (c->wire.ssl != NULL && !c->dead && c->rest_len == 0 &&
	    (!SSL_get_read_ahead(c->wire.ssl) || wire_has_more(&c->wire)));
}

static void
shake_hands(struct limit_conn *c)
{
	int n = wire_handshake(&c->wire);

	if (n < 0)
		c->dead = true;
	else if (n > 0)
		c->state = LIMIT_HTTP;
	loop_change(c->wire.fd, &c->watch, n == 0 &&
	    wire_wants_write(&c->wire) ? EPOLLOUT : EPOLLIN);
}

static void
conn_ready(struct loop_watch *w, uint32_t events)
{
	struct limit_conn *c = (struct limit_conn *)w;

	if (c->state == LIMIT_TLS)
		shake_hands(c);	/* and a request may be there already */
	else if (c->rest_len > 0)
		drain(c);
	if (c->state != LIMIT_TLS && c->rest_len == 0 && !c->dead &&
	    (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		pull(c);
	if (c->dead || (c->ending && c->rest_len == 0))
		limit_conn_free(c);
}

void
limit_conn_start(const struct limit_mode *mode, int fd, SSL_CTX *tls)
{
	struct limit_conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		bench_die("no memory");
	c->watch.ready = conn_ready;
	c->mode = mode;
	c->wire.fd = fd;
	c->state = LIMIT_HTTP;
	if (tls != NULL) {
		wire_secure(&c->wire, tls, true);
		c->state = LIMIT_TLS;
	}
	loop_add(fd, &c->watch, EPOLLIN);
}
