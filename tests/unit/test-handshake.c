/* SPDX-License-Identifier: Apache-2.0 */
/* Opening handshakes as heads (RFC 6455, 4; threats W13, W15). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "harness.h"
#include "wskey.h"

#define REQUEST		"GET /x HTTP/1.1\r\n"
#define HOST		"Host: a\r\n"
#define UPGRADE		"Upgrade: websocket\r\n"
#define CONNECTION	"Connection: Upgrade\r\n"
#define WS_VERSION		"Sec-WebSocket-Version: 13\r\n"
#define THE_KEY		"dGhlIHNhbXBsZSBub25jZQ=="
#define KEY		"Sec-WebSocket-Key: " THE_KEY "\r\n"
#define ACCEPT		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define PROTOCOL	"Sec-WebSocket-Protocol: "

static struct hg_head *
parsed(const char *text, enum http_kind kind)
{
	const char *error;

	return (http_parse(text, strlen(text), kind, &error, NULL));
}

static void
test_requests(void)
{
	static const struct {
		const char	*text;
		int		 status;
	} rows[] = {
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY, 101 },
		{ REQUEST HOST "upgrade: WebSocket\r\n"
		    "connection: keep-alive, upgrade\r\n" WS_VERSION KEY, 101 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY
		    "Content-Length: 0\r\n", 101 },
		{ "POST /x HTTP/1.1\r\n" HOST UPGRADE CONNECTION WS_VERSION KEY,
		    405 },
		{ "get /x HTTP/1.1\r\n" HOST UPGRADE CONNECTION WS_VERSION KEY,
		    405 },
		/* Host */
		{ REQUEST UPGRADE CONNECTION WS_VERSION KEY, 400 },
		{ REQUEST HOST HOST UPGRADE CONNECTION WS_VERSION KEY, 400 },
		/* a body */
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY
		    "Content-Length: 3\r\n", 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY
		    "Transfer-Encoding: chunked\r\n", 400 },
		/* Upgrade, Connection */
		{ REQUEST HOST CONNECTION WS_VERSION KEY, 426 },
		{ REQUEST HOST "Upgrade: h2c\r\n" CONNECTION WS_VERSION KEY,
		    400 },
		{ REQUEST HOST "Upgrade: websocket, h2c\r\n" CONNECTION
		    WS_VERSION KEY, 400 },
		{ REQUEST HOST UPGRADE UPGRADE CONNECTION WS_VERSION KEY, 400 },
		{ REQUEST HOST UPGRADE "Upgrade: h2c\r\n" CONNECTION WS_VERSION
		    KEY, 400 },
		{ REQUEST HOST UPGRADE WS_VERSION KEY, 400 },
		{ REQUEST HOST UPGRADE "Connection: close\r\n" WS_VERSION KEY,
		    400 },
		/* version */
		{ REQUEST HOST UPGRADE CONNECTION KEY, 426 },
		{ REQUEST HOST UPGRADE CONNECTION KEY
		    "Sec-WebSocket-Version: 0\r\n", 426 },
		{ REQUEST HOST UPGRADE CONNECTION KEY
		    "Sec-WebSocket-Version: 8\r\n", 426 },
		{ REQUEST HOST UPGRADE CONNECTION KEY
		    "Sec-WebSocket-Version: 013\r\n", 426 },
		{ REQUEST HOST UPGRADE CONNECTION KEY
		    "Sec-WebSocket-Version: 13, 8\r\n", 426 },
		{ REQUEST HOST UPGRADE CONNECTION KEY WS_VERSION WS_VERSION, 400 },
		/* key */
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION, 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY KEY, 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION
		    "Sec-WebSocket-Key: short\r\n", 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n", 400 },
		/* subprotocols */
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY PROTOCOL
		    "a, b\r\n" PROTOCOL "c\r\n", 101 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY PROTOCOL
		    "\r\n", 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY PROTOCOL
		    "a b\r\n", 400 },
		{ REQUEST HOST UPGRADE CONNECTION WS_VERSION KEY PROTOCOL
		    "a, \"b\"\r\n", 400 },
	};
	struct hg_head *head;
	const char *why;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		head = parsed(rows[i].text, HTTP_REQUEST);
		T_REQUIRE(head != NULL);
		T_EQ(handshake_check_request(head, &why), rows[i].status);
		T_EQ(why == NULL, rows[i].status == 101);
		http_free(head);
	}
}

#define SWITCHING	"HTTP/1.1 101 Switching Protocols\r\n"

/* Exactly 101, and proof that our request was understood; else no tunnel. */
static void
test_responses(void)
{
	static const struct {
		const char	*text;
		const char	*offered;
		bool		 ok;
	} rows[] = {
		{ SWITCHING UPGRADE CONNECTION ACCEPT, NULL, true },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "b\r\n",
		    "a, b", true },
		{ "HTTP/1.1 200 OK\r\n" UPGRADE CONNECTION ACCEPT, NULL,
		    false },
		{ "HTTP/1.1 426 No\r\n" UPGRADE CONNECTION ACCEPT, NULL,
		    false },
		{ SWITCHING CONNECTION ACCEPT, NULL, false },
		{ SWITCHING "Upgrade: h2c\r\n" CONNECTION ACCEPT, NULL,
		    false },
		{ SWITCHING UPGRADE UPGRADE CONNECTION ACCEPT, NULL, false },
		{ SWITCHING UPGRADE ACCEPT, NULL, false },
		{ SWITCHING UPGRADE CONNECTION, NULL, false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT ACCEPT, NULL, false },
		{ SWITCHING UPGRADE CONNECTION "Sec-WebSocket-Accept: "
		    "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n", NULL, false },
		{ SWITCHING UPGRADE CONNECTION "Sec-WebSocket-Accept: "
		    THE_KEY "\r\n", NULL, false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT
		    "Content-Length: 5\r\n", NULL, false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT
		    "Transfer-Encoding: chunked\r\n", NULL, false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "c\r\n",
		    "a, b", false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "a\r\n", NULL,
		    false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "a, b\r\n",
		    "a, b", false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "A\r\n",
		    "a, b", false },
		{ SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL "a\r\n"
		    PROTOCOL "b\r\n", "a, b", false },
	};
	struct hg_head *head;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		head = parsed(rows[i].text, HTTP_RESPONSE);
		T_REQUIRE(head != NULL);
		T_EQ(handshake_check_response(head, THE_KEY,
		    rows[i].offered) == NULL, rows[i].ok);
		http_free(head);
	}
}

static void
test_protocols(void)
{
	struct hg_head *head;
	char *all;

	head = parsed(REQUEST HOST PROTOCOL "a , b\r\n" PROTOCOL "c\r\n",
	    HTTP_REQUEST);
	all = handshake_protocols(head);
	T_STR_EQ(all, "a , b, c");
	free(all);
	T_TRUE(handshake_offers_protocol(head, "a"));
	T_TRUE(handshake_offers_protocol(head, "c"));
	T_FALSE(handshake_offers_protocol(head, "A"));
	T_FALSE(handshake_offers_protocol(head, ""));
	T_FALSE(handshake_offers_protocol(head, "a , b"));
	http_free(head);
	head = parsed(REQUEST HOST, HTTP_REQUEST);
	T_NULL(handshake_protocols(head));
	T_NULL(handshake_protocols(NULL));
	T_FALSE(handshake_offers_protocol(head, "a"));
	http_free(head);
}

/* What is written is what our own checks want. */
static void
test_written(void)
{
	struct hg_fields *fields = http_fields_new();
	struct hg_head *with, *head;
	struct str out = { 0 };

	http_fields_add(fields, "Sec-WebSocket-Protocol", "a");
	with = http_response(101, NULL, fields);
	handshake_write_101(&out, THE_KEY, with);
	T_STR_EQ(out.text, SWITCHING UPGRADE CONNECTION ACCEPT PROTOCOL
	    "a\r\n\r\n");
	head = parsed(out.text, HTTP_RESPONSE);
	T_NULL(handshake_check_response(head, THE_KEY, "a"));
	http_free(head);
	http_free(with);
	str_free(&out);
	handshake_write_101(&out, THE_KEY, NULL);
	T_STR_EQ(out.text, SWITCHING UPGRADE CONNECTION ACCEPT "\r\n");
	str_free(&out);
	with = http_response(401, "whatever", fields);
	handshake_write_refusal(&out, with, "go away");
	T_STR_EQ(out.text, "HTTP/1.1 401 Unauthorized\r\n" PROTOCOL "a\r\n"
	    "Connection: close\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: 8\r\n\r\ngo away\n");
	str_free(&out);
	http_free(with);
	http_fields_free(fields);
}

T_MAIN(
    { "requests (W15)", test_requests },
    { "responses (W15)", test_responses },
    { "lists of subprotocols", test_protocols },
    { "what is written", test_written },
)
