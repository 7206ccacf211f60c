/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/client.h"

#include <sys/epoll.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/die.h"
#include "mask.h"
#include "wskey.h"

#define READ_MAX	(256 * 1024)
#define HEAD_MAX	4096
#define FRAME_MAX	(64 * 1024)

uint64_t client_time;

static unsigned char buffer[READ_MAX];

static void
client_fail(struct client *c, const char *why)
{
	if (c->state == CLIENT_CLOSED)
		return;
	client_close(c);
	c->ops->closed(c, why);
}

void
client_close(struct client *c)
{
	if (c->state == CLIENT_CLOSED)
		return;
	c->state = CLIENT_CLOSED;
	wire_close(&c->wire);
	free(c->head);
	free(c->rest);
	c->head = NULL;
	c->rest = NULL;
	c->head_len = c->rest_len = 0;
}

void
client_more(struct client *c)
{
	if (c->state != CLIENT_CLOSED)
		loop_change(c->wire.fd, &c->watch, EPOLLIN | EPOLLOUT);
}

size_t
client_write(struct client *c, const void *data, size_t len)
{
	ssize_t n;

	if (c->state == CLIENT_CLOSED)
		return (len);	/* nobody waits for it any more */
	if ((n = wire_write(&c->wire, data, len)) < 0)
		n = 0;		/* reading tells what has happened */
	if ((size_t)n < len)
		client_more(c);
	return ((size_t)n);
}

void
client_send(struct client *c, const void *data, size_t len)
{
	size_t n = 0;

	if (c->rest_len == 0)
		n = client_write(c, data, len);
	if (n == len)
		return;
	if ((c->rest = realloc(c->rest, c->rest_len + len - n)) == NULL)
		bench_die("no memory");
	memcpy(c->rest + c->rest_len, (const char *)data + n, len - n);
	c->rest_len += len - n;
}

void
client_frame(struct client *c, unsigned opcode, const void *data, size_t len)
{
	static unsigned char frame[WSIO_HEAD + FRAME_MAX];
	unsigned char key[4];
	size_t at;

	if (len > FRAME_MAX)
		bench_die("a frame of %zu bytes", len);
	mask_key(key);
	at = wsio_head(frame, opcode, true, len, key);
	mask_apply(frame + at, data, len, key, 0);
	client_send(c, frame, at + len);
}

void
client_goodbye(struct client *c)
{
	static const unsigned char normal[2] = { 1000 >> 8, 1000 & 0xff };

	c->closing = true;
	client_frame(c, WSIO_CLOSE, normal, sizeof(normal));
}

static void
take_control(struct client *c, const struct wsio_piece *p)
{
	if (c->in.opcode == WSIO_PING && p->first && p->last)
		client_frame(c, WSIO_PONG, p->data, p->len);
	if (c->in.opcode == WSIO_CLOSE && p->last && !c->closing)
		client_goodbye(c);
}

static void
feed(struct client *c, const unsigned char *data, size_t len)
{
	const unsigned char *at = data;
	struct wsio_piece p;

	if (c->target->raw) {
		p = (struct wsio_piece){ .data = data, .len = len };
		c->ops->piece(c, &p);
	}
	while (!c->target->raw && c->state == CLIENT_OPEN &&
	    wsio_next(&c->in, &at, data + len, &p)) {
		if (wsio_is_control(&c->in))
			take_control(c, &p);
		else
			c->ops->piece(c, &p);
	}
	if (c->in.bad || c->in.masked)
		client_fail(c, "what came is no WebSocket frame");
}

static void
set_open(struct client *c)
{
	free(c->head);
	c->head = NULL;
	c->state = CLIENT_OPEN;
	c->ops->opened(c);
}

/* The answer follows the key in "head", each with its NUL. */
static void
take_answer(struct client *c, const unsigned char *data, size_t len)
{
	char *answer = c->head + WSKEY_LEN + 1, *end, accept[WSKEY_ACCEPT + 1];
	size_t had = c->head_len;

	if (len > HEAD_MAX - 1 - had) {
		client_fail(c, "the answer is too long");
		return;
	}
	memcpy(answer + had, data, len);
	c->head_len += len;
	answer[c->head_len] = '\0';
	if ((end = strstr(answer, "\r\n\r\n")) == NULL)
		return;
	wskey_accept(accept, c->head);
	*end = '\0';
	if (strncmp(answer, "HTTP/1.1 101", 12) != 0 ||
	    strstr(answer, accept) == NULL) {
		answer[strcspn(answer, "\r")] = '\0';
		fprintf(stderr, "bench: the answer is: %s\n", answer);
		client_fail(c, "the upgrade was refused");
		return;
	}
	had = (size_t)(end + 4 - answer) - had;	/* of these bytes */
	set_open(c);
	if (had < len)
		feed(c, data + had, len - had);
}

static void
send_request(struct client *c)
{
	const struct client_target *t = c->target;
	char text[1024];
	int len;

	if (t->raw) {
		set_open(c);
		return;
	}
	if ((c->head = malloc(WSKEY_LEN + 1 + HEAD_MAX)) == NULL)
		bench_die("no memory");
	wskey_new(c->head);
	len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n"
	    "Host: localhost\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: %s\r\n%s%s%s\r\n", t->path, c->head,
	    t->subprotocol ? "Sec-WebSocket-Protocol: " : "",
	    t->subprotocol ? t->subprotocol : "",
	    t->subprotocol ? "\r\n" : "");
	if (len >= (int)sizeof(text))
		bench_die("--path is too long");
	c->state = CLIENT_UPGRADE;
	client_send(c, text, (size_t)len);
}

static void
shake_hands(struct client *c)
{
	int n = wire_handshake(&c->wire);

	if (n < 0) {
		client_fail(c, "the TLS handshake failed");
		return;
	}
	loop_change(c->wire.fd, &c->watch, n == 0 &&
	    wire_wants_write(&c->wire) ? EPOLLIN | EPOLLOUT : EPOLLIN);
	if (n > 0)
		send_request(c);
}

static void
connected(struct client *c)
{
	int error = sock_error(c->wire.fd);

	if (error != 0) {
		client_fail(c, strerror(error));
		return;
	}
	loop_change(c->wire.fd, &c->watch, EPOLLIN);
	if (c->target->tls == NULL) {
		send_request(c);
		return;
	}
	wire_secure(&c->wire, c->target->tls, false);
	if (c->target->session != NULL)
		SSL_set_session(c->wire.ssl, c->target->session);
	c->state = CLIENT_TLS;
	shake_hands(c);
}

/* One read of a plain socket; with TLS, all that OpenSSL has. */
static void
pull(struct client *c)
{
	ssize_t n;

	do {
		n = wire_read(&c->wire, buffer, sizeof(buffer));
		client_time = clock_now();
		if (n < 0)
			client_fail(c, c->closing ? NULL :
			    "closed by the peer");
		else if (n > 0 && c->state == CLIENT_UPGRADE)
			take_answer(c, buffer, (size_t)n);
		else if (n > 0)
			feed(c, buffer, (size_t)n);
	} while (n > 0 && c->state != CLIENT_CLOSED &&
	    wire_has_more(&c->wire));
	if (c->state == CLIENT_OPEN && c->ops->turn != NULL)
		c->ops->turn(c);
}

static void
drain(struct client *c)
{
	size_t n;

	loop_change(c->wire.fd, &c->watch, EPOLLIN);
	if (c->rest_len > 0) {
		n = client_write(c, c->rest, c->rest_len);
		c->rest_len -= n;
		memmove(c->rest, c->rest + n, c->rest_len);
	}
	if (c->rest_len == 0 && c->ops->writable != NULL &&
	    c->state == CLIENT_OPEN)
		c->ops->writable(c);
}

static void
client_ready(struct loop_watch *w, uint32_t events)
{
	struct client *c = (struct client *)w;

	if (c->state == CLIENT_CONNECT) {
		connected(c);
		return;
	}
	if (c->state == CLIENT_TLS) {
		shake_hands(c);
		return;
	}
	if (events & EPOLLOUT)
		drain(c);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) &&
	    c->state != CLIENT_CLOSED)
		pull(c);
}

void
client_open(struct client *c, const struct client_target *t, unsigned source)
{
	memset(&c->in, 0, sizeof(c->in));
	c->watch.ready = client_ready;
	c->target = t;
	c->closing = false;
	c->wire.ssl = NULL;
	c->wire.fd = sock_dial(&t->address, source);
	c->state = CLIENT_CONNECT;
	loop_add(c->wire.fd, &c->watch, EPOLLIN | EPOLLOUT);
}
