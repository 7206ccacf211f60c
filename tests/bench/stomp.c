/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/stomp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"

#define PART_MAX	(1024 * 1024)

/* The text and its NUL. */
static void
send_text(struct client *c, const char *text)
{
	if (c->target->raw)
		client_send(c, text, strlen(text) + 1);
	else
		client_frame(c, WSIO_TEXT, text, strlen(text) + 1);
}

void
stomp_opened(struct stomp_session *s, struct client *c)
{
	char text[512];

	if (s->login[0] == '\0')
		send_text(c, "CONNECT\naccept-version:1.2\nhost:/\n"
		    "heart-beat:0,0\n\n");
	else if (snprintf(text, sizeof(text), "CONNECT\n"
	    "accept-version:1.2\nhost:/\nlogin:%s\npasscode:%s\n"
	    "heart-beat:0,0\n\n", s->login, s->login) < (int)sizeof(text))
		send_text(c, text);
	else
		bench_die("--login is too long");
}

static void
connected(struct stomp_session *s, struct client *c)
{
	char text[512];

	if (s->destination == NULL) {
		s->ready = true;
		s->ops->ready(c);
		return;
	}
	if (snprintf(text, sizeof(text), "SUBSCRIBE\nid:0\ndestination:%s\n"
	    "receipt:0\n\n", s->destination) >= (int)sizeof(text))
		bench_die("--subscribe is too long");
	send_text(c, text);
}

static bool
begins(const unsigned char *data, size_t len, const char *word)
{
	size_t n = strlen(word);

	return (len >= n && memcmp(data, word, n) == 0);
}

static void
take_frame(struct stomp_session *s, struct client *c,
    const unsigned char *frame, size_t len)
{
	if (begins(frame, len, "MESSAGE\n")) {
		s->ops->message(c, frame, len);
	} else if (begins(frame, len, "CONNECTED\n") && !s->ready) {
		connected(s, c);
	} else if (begins(frame, len, "RECEIPT\n") && !s->ready) {
		s->ready = true;
		s->ops->ready(c);
	} else {
		/* A NUL follows it. */
		s->ops->error(c, (const char *)frame);
	}
}

/* All whole frames; returns how many bytes they were. */
static size_t
split(struct stomp_session *s, struct client *c, const unsigned char *data,
    size_t len)
{
	const unsigned char *at = data, *end = data + len, *nul;

	for (;;) {
		while (at < end && (*at == '\n' || *at == '\r'))
			at++;
		if (at == end ||
		    (nul = memchr(at, '\0', (size_t)(end - at))) == NULL)
			return ((size_t)(at - data));
		take_frame(s, c, at, (size_t)(nul - at));
		at = nul + 1;
	}
}

static void
keep(struct stomp_session *s, const unsigned char *data, size_t len)
{
	if (len > PART_MAX - s->part_len)
		bench_die("a STOMP frame is longer than 1 MiB");
	if ((s->part = realloc(s->part, s->part_len + len)) == NULL)
		bench_die("no memory");
	memcpy(s->part + s->part_len, data, len);
	s->part_len += len;
}

void
stomp_bytes(struct stomp_session *s, struct client *c,
    const unsigned char *data, size_t len)
{
	size_t n;

	if (s->part_len == 0) {
		n = split(s, c, data, len);
		if (n < len)
			keep(s, data + n, len - n);
		return;
	}
	keep(s, data, len);
	n = split(s, c, s->part, s->part_len);
	s->part_len -= n;
	if (s->part_len > 0) {
		memmove(s->part, s->part + n, s->part_len);
		return;
	}
	free(s->part);
	s->part = NULL;
}
