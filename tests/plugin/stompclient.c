/* SPDX-License-Identifier: Apache-2.0 */
/* A STOMP client's side of a channel in the fake host. */
#include "stompclient.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
client_start_broker(void)
{
	fake_start();
	fake_load("broker", "anonymous=yes", NULL);
}

void
client_open(struct client *c)
{
	memset(c, 0, sizeof(*c));
	c->conn = fake_conn(false, NULL);
	c->root = fake_root(c->conn, "GET /stomp HTTP/1.1\r\nHost: x\r\n",
	    "broker", NULL);
}

void
client_connect(struct client *c, const char *version)
{
	const char *reply, *session;

	client_say(c, "CONNECT\naccept-version:%s\n\n", version);
	reply = client_hear(c);
	T_REQUIRE(reply != NULL && strncmp(reply, "CONNECTED\n", 10) == 0);
	T_REQUIRE((session = strstr(reply, "\nsession:")) != NULL);
	snprintf(c->session, sizeof(c->session), "%.*s",
	    (int)strcspn(session + 9, "\n"), session + 9);
}

void
client_start(struct client *c, const char *version)
{
	client_open(c);
	client_connect(c, version);
}

/* With "$S" and "$T" replaced. */
static void
expand(const struct client *c, char *out, size_t size, const char *text)
{
	size_t len;

	for (len = 0; *text != '\0' && len + 80 < size;) {
		if (strncmp(text, "$S", 2) == 0) {
			len += (size_t)sprintf(out + len, "%s", c->session);
			text += 2;
		} else if (strncmp(text, "$T", 2) == 0) {
			len += (size_t)sprintf(out + len, "%s", c->topic);
			text += 2;
		} else
			out[len++] = *text++;
	}
	out[len] = '\0';
	T_REQUIRE(*text == '\0');
}

void
client_say(struct client *c, const char *fmt, ...)
{
	static char text[70000], full[70000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	expand(c, full, sizeof(full), text);
	fake_from_wire(c->conn, full, strlen(full) + 1, HG_WHOLE | HG_TEXT);
}

const char *
client_hear(struct client *c)
{
	const struct fake_frame *frame;

	if ((frame = fake_wire(c->conn)) == NULL &&
	    fake_run_posts_on(0) > 0)
		frame = fake_wire(c->conn);
	if (frame == NULL)
		return (NULL);
	if ((frame->flags & HG_WHOLE) != HG_WHOLE || frame->len == 0 ||
	    frame->bytes[frame->len - 1] != '\0')
		return ("!");
	return ((const char *)frame->bytes);
}

/* A topic's message-id without its number. */
static void
note_topic(struct client *c, const char *reply)
{
	const char *id, *end;

	if (reply == NULL || (id = strstr(reply, "\nmessage-id:")) == NULL)
		return;
	id += strlen("\nmessage-id:");
	for (end = id + strcspn(id, "\n"); end > id && *end != '-'; end--)
		;
	snprintf(c->topic, sizeof(c->topic), "%.*s", (int)(end - id), id);
}

void
client_expect(struct client *c, struct t_at at, const char *fmt, ...)
{
	char text[4096], full[4096];
	const char *reply;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	reply = client_hear(c);
	note_topic(c, reply);
	expand(c, full, sizeof(full), text);
	t_str_eq(reply, full, at);
}

void
client_expect_error(struct client *c, struct t_at at, unsigned code,
    const char *message)
{
	const struct fake_end *end;
	const char *reply, *found;
	char text[256];

	reply = client_hear(c);
	snprintf(text, sizeof(text), "%.*s", reply != NULL ?
	    (int)strcspn(reply, "\n") : 0, reply != NULL ? reply : "");
	t_str_eq(text, "ERROR", at);
	found = reply != NULL ? strstr(reply, "\nmessage:") : NULL;
	snprintf(text, sizeof(text), "%.*s", found != NULL ?
	    (int)strcspn(found + 9, "\n") : 0, found != NULL ? found + 9 :
	    "");
	t_str_eq(text, message, at);
	t_str_eq(client_hear(c), NULL, at);
	end = fake_ended(c->root);
	t_true(end != NULL, at);
	if (end != NULL)
		t_eq(end->code, code, at);
}

void
client_lose(struct client *c)
{
	fake_wire_end(c->conn, 1006);
}

const char *
client_hear_body(struct client *c)
{
	const char *reply, *body;

	fake_run_posts();
	if ((reply = client_hear(c)) == NULL)
		return (NULL);
	if (strncmp(reply, "MESSAGE\n", 8) != 0 ||
	    (body = strstr(reply, "\n\n")) == NULL)
		return (reply);
	return (body + 2);
}

void
client_send(struct client *c, const char *queue, const char *body)
{
	client_say(c, "SEND\ndestination:%s\n\n%s", queue, body);
}

void
client_send_many(struct client *c, const char *queue, unsigned count)
{
	char body[16];
	unsigned i;

	for (i = 1; i <= count; i++) {
		snprintf(body, sizeof(body), "%u", i);
		client_send(c, queue, body);
	}
}

void
client_acknowledge(struct client *c, const char *version, const char *command,
    unsigned n, const char *more)
{
	if (strcmp(version, "1.2") == 0)
		client_say(c, "%s\nid:1-%u\n%s\n", command, n, more);
	else if (strcmp(version, "1.1") == 0)
		client_say(c, "%s\nsubscription:s\nmessage-id:$S-1-%u\n%s\n",
		    command, n, more);
	else
		client_say(c, "%s\nmessage-id:$S-1-%u\n%s\n", command, n,
		    more);
}
