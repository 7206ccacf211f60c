/* SPDX-License-Identifier: Apache-2.0 */
/* Second handshakes as heads (protocol 3; threats W01, W15, W16). */
#include <string.h>

#include "harness.h"
#include "innerhead.h"
#include "str.h"

#define OUTER_LINE	"GET /x?a=b&.kl=Y HTTP/1.1\r\n"
#define OUTER		OUTER_LINE "Host: outer\r\nOrigin: o\r\n"	\
	"Authorization: outer\r\nSec-WebSocket-Protocol: x\r\n"		\
	"Sec-WebSocket-Extensions: x\r\nCookie: outer\r\n"

static struct hg_head *
parsed(const char *text)
{
	const char *error = "?";
	struct hg_head *head;

	head = http_parse(text, strlen(text), HTTP_REQUEST, &error, NULL);
	if (head == NULL)
		t_row("%s: %s", text, error);
	T_REQUIRE(head != NULL);
	return (head);
}

static void
test_offered(void)
{
	static const struct {
		const char	*fields;
		bool		 offered;
	} rows[] = {
		{ "Sec-WebSocket-Protocol: x-kaazing-handshake\r\n", true },
		{ "Sec-WebSocket-Protocol: x-kaazing-handshake, a\r\n", true },
		{ "Sec-WebSocket-Protocol: ,,\r\n"
		    "Sec-WebSocket-Protocol: , x-kaazing-handshake\r\n", true },
		{ "Sec-WebSocket-Protocol: a, x-kaazing-handshake\r\n", false },
		{ "Sec-WebSocket-Protocol: a\r\n"
		    "Sec-WebSocket-Protocol: x-kaazing-handshake\r\n", false },
		{ "Sec-WebSocket-Protocol: X-Kaazing-Handshake\r\n", false },
		{ "Sec-WebSocket-Protocol: x-kaazing-handshakes\r\n", false },
		{ "Sec-WebSocket-Protocol: x-kaazing-handshak\r\n", false },
		{ "Sec-WebSocket-Protocol:\r\n", false },
		{ "", false },
	};
	struct hg_head *head;
	struct str text = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_row("%s", rows[i].fields);
		str_addf(&text, "GET / HTTP/1.1\r\n%s", rows[i].fields);
		head = parsed(text.text);
		T_EQ(innerhead_is_offered(head), rows[i].offered);
		http_free(head);
		str_free(&text);
	}
}

static void
test_legacy(void)
{
	static const struct {
		const char	*target, *clean;
		bool		 legacy;
	} rows[] = {
		{ "/x", "/x", false },
		{ "/x?", "/x?", false },
		{ "/x?a=b", "/x?a=b", false },
		{ "/x?.kl=Y", "/x", true },
		{ "/x?.kl=N", "/x", false },
		{ "/x?.kl", "/x", false },
		{ "/x?.kl=Yes", "/x", false },
		{ "/x?a.kl=Y", "/x?a.kl=Y", false },
		{ "/x?a=.kl=Y", "/x?a=.kl=Y", false },
		{ "/x?a=b&.kl=Y", "/x?a=b", true },
		{ "/x?.kl=Y&a=b", "/x?a=b", true },
		{ "/x?.kac=1&a=b&.kl=Y&c&.k", "/x?a=b&c", true },
		{ "/x?&.kl=Y&", "/x?&", true },
		{ "/.kl=Y", "/.kl=Y", false },
	};
	struct hg_head *head, *clean;
	struct str text = { 0 };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_row("%s", rows[i].target);
		str_addf(&text, "GET %s HTTP/1.1\r\nHost: h\r\n",
		    rows[i].target);
		head = parsed(text.text);
		str_free(&text);
		T_EQ(innerhead_is_legacy(head), rows[i].legacy);
		clean = innerhead_clean(head);
		T_REQUIRE(clean != NULL);
		T_STR_EQ(clean->target, rows[i].clean);
		T_STR_EQ(http_get(clean, "Host"), "h");
		http_free(clean);
		http_free(head);
	}
}

static int
merge(const char *inner, struct hg_head **merged, const char **why)
{
	struct hg_head *outer = parsed(OUTER);
	int status;

	status = innerhead_merge(inner, strlen(inner), outer, merged, why);
	http_free(outer);
	return (status);
}

/* What the merged request is, by its text. */
static void
test_merged(void)
{
	static const struct {
		const char	*inner, *fields;
	} rows[] = {
		{ "", "" },
		{ "Authorization: inner\r\n", "Authorization: inner\r\n" },
		{ "sec-websocket-protocol: a\r\nSec-WebSocket-Protocol: b\r\n",
		    "sec-websocket-protocol: a\r\n"
		    "Sec-WebSocket-Protocol: b\r\n" },
		{ "WebSocket-Protocol: \r\nSec-WebSocket-Protocol: \r\n"
		    "Sec-WebSocket-Extensions: a,b\r\n",
		    "Sec-WebSocket-Extensions: a,b\r\n" },
		{ "Host: inner\r\nOrigin: inner\r\nCookie: inner\r\n"
		    "Forwarded: inner\r\nX-Other: inner\r\n"
		    "Upgrade: WebSocket\r\nConnection: a, upgrade\r\n"
		    "Sec-WebSocket-Version: 13\r\n"
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "" },
	};
	struct hg_head *merged;
	struct str in = { 0 }, out = { 0 };
	const char *why = "?";
	size_t len;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_row("%s", rows[i].inner);
		str_addf(&in, "GET /x?other HTTP/1.1\r\n%s\r\n", rows[i].inner);
		str_addf(&out, OUTER_LINE "Host: outer\r\nOrigin: o\r\n"
		    "Cookie: outer\r\n%s", rows[i].fields);
		T_EQ(merge(in.text, &merged, &why), 101);
		T_REQUIRE(merged != NULL);
		T_STR_EQ(http_text(merged, &len), out.text);
		http_free(merged);
		str_free(&in);
		str_free(&out);
	}
}

static void
test_refused(void)
{
	static const struct {
		const char	*text;
		int		 status;
	} rows[] = {
		{ "", 400 },
		{ "GET /x HTTP/1.1\r\n", 400 },
		{ "GET /x HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\n\r\n", 400 },
		{ "GET /x HTTP/1.1\r\n\r\n ", 400 },
		{ "GET /x HTTP/1.0\r\n\r\n", 505 },
		{ "PUT /x HTTP/1.1\r\n\r\n", 405 },
		{ "GET /y HTTP/1.1\r\n\r\n", 400 },
		{ "GET /x/ HTTP/1.1\r\n\r\n", 400 },
		{ "GET x HTTP/1.1\r\n\r\n", 400 },
#define FIELD(text)	{ "GET /x HTTP/1.1\r\n" text "\r\n\r\n", 400 }
		FIELD("content-length: 0"), FIELD("Transfer-Encoding: x"),
		FIELD("TE: x"), FIELD("Trailer: x"), FIELD("Expect: x"),
		FIELD("Keep-Alive: x"), FIELD("proxy-connection: x"),
		FIELD("Proxy-: x"), FIELD("Sec-: x"), FIELD("sec-gpc: 1"),
		FIELD("Sec-WebSocket-Accept: x"),
		FIELD("Sec-WebSocket-Extension: x"),
		FIELD("Upgrade: x"), FIELD("Upgrade: websocket\r\nUpgrade: x"),
		FIELD("Connection: x"), FIELD("Host: a\r\nHost: a"),
		FIELD("Sec-WebSocket-Version: 12"),
		FIELD("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13"),
		FIELD("Sec-WebSocket-Key: x"),
		FIELD("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
		FIELD("Authorization: a\r\nAuthorization: a"),
		FIELD("Sec-WebSocket-Protocol: a, x-kaazing-handshake"),
#undef FIELD
	};
	struct hg_head *merged;
	const char *why;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_row("%s", rows[i].text);
		why = NULL;
		T_EQ(merge(rows[i].text, &merged, &why), rows[i].status);
		T_NULL(merged);
		T_TRUE(why != NULL && why[0] != '\0');
	}
}

/* Both are within the limits, but not one behind the other. */
static void
test_too_long(void)
{
	struct str inner = { 0 }, outer = { 0 };
	struct hg_head *head, *merged;
	const char *why;
	int i;

	str_add(&outer, "GET /x HTTP/1.1\r\n");
	str_add(&inner, "GET /x HTTP/1.1\r\n");
	for (i = 0; i < 40; i++) {
		str_addf(&outer, "A: %0200d\r\n", i);
		str_addf(&inner, "Sec-WebSocket-Protocol: %0200d\r\n", i);
	}
	str_add(&inner, "\r\n");
	head = parsed(outer.text);
	T_EQ(innerhead_merge(inner.text, inner.len, head, &merged, &why), 431);
	T_NULL(merged);
	http_free(head);
	str_free(&inner);
	str_free(&outer);
}

static void
test_again(void)
{
	struct wsext_list list = { 0 };
	struct hg_head *head;

	T_EQ(wsext_parse_text(&list, "a; b, c"), 0);
	head = parsed("GET / HTTP/1.1\r\nSec-WebSocket-Extensions: d\r\n"
	    "Sec-WebSocket-Extensions: e, c; x=y\r\n");
	T_TRUE(innerhead_asks_again(head, &list));
	http_free(head);
	head = parsed("GET / HTTP/1.1\r\nSec-WebSocket-Extensions: b, d\r\n");
	T_FALSE(innerhead_asks_again(head, &list));
	http_free(head);
	head = parsed("GET / HTTP/1.1\r\nSec-WebSocket-Extensions: a; ;\r\n");
	T_FALSE(innerhead_asks_again(head, &list));
	http_free(head);
	head = parsed("GET / HTTP/1.1\r\n");
	T_FALSE(innerhead_asks_again(head, &list));
	http_free(head);
	wsext_free(&list);
}

static void
test_response(void)
{
	struct wsext_list list = { 0 };
	struct hg_fields *fields = http_fields_new();
	struct hg_head *response, *own;
	size_t len;

	T_EQ(wsext_parse_text(&list, "a; b=\"c d\", e"), 0);
	http_fields_add(fields, "Sec-WebSocket-Protocol", "p");
	http_fields_add(fields, "Sec-WebSocket-Extensions", "a; b=\"c d\", e");
	response = http_response(101, NULL, fields);
	own = innerhead_response(response, &list);
	T_REQUIRE(own != NULL);
	T_STR_EQ(http_text(own, &len), "HTTP/1.1 101 Switching Protocols\r\n"
	    "Sec-WebSocket-Protocol: p\r\n"
	    "Sec-WebSocket-Extensions: a; b=\"c d\"\r\n"
	    "Sec-WebSocket-Extensions: e\r\n");
	http_free(own);
	http_free(response);
	http_fields_free(fields);
	wsext_free(&list);
}

static void
test_initiator(void)
{
	static const struct {
		const char	*target, *fields;
		bool		 legacy;
		const char	*outer, *inner;
	} rows[] = {
		{ "/x", "Host: h\r\n", false,
		    "GET /x HTTP/1.1\r\nHost: h\r\n"
		    "Sec-WebSocket-Protocol: x-kaazing-handshake\r\n",
		    "GET /x HTTP/1.1\r\n\r\n" },
		{ "/x", "", true, "GET /x?.kl=Y HTTP/1.1\r\n"
		    "Sec-WebSocket-Protocol: x-kaazing-handshake\r\n",
		    "GET /x HTTP/1.1\r\n\r\n" },
		{ "/x?a=b", "Authorization: a\r\nOrigin: o\r\n"
		    "Sec-WebSocket-Protocol: p, q\r\n", true,
		    "GET /x?a=b&.kl=Y HTTP/1.1\r\nOrigin: o\r\n"
		    "Sec-WebSocket-Protocol: x-kaazing-handshake, p, q\r\n",
		    "GET /x?a=b HTTP/1.1\r\nAuthorization: a\r\n"
		    "Sec-WebSocket-Protocol: p, q\r\n\r\n" },
	};
	struct hg_head *request, *outer;
	struct str text = { 0 };
	size_t i, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t_row("%zu", i);
		str_addf(&text, "GET %s HTTP/1.1\r\n%s", rows[i].target,
		    rows[i].fields);
		request = parsed(text.text);
		str_free(&text);
		outer = innerhead_outer(request, rows[i].legacy);
		T_REQUIRE(outer != NULL);
		T_STR_EQ(http_text(outer, &len), rows[i].outer);
		T_TRUE(innerhead_is_offered(outer));
		T_EQ(innerhead_is_legacy(outer), rows[i].legacy);
		innerhead_write_request(&text, request);
		T_STR_EQ(text.text, rows[i].inner);
		str_free(&text);
		http_free(outer);
		http_free(request);
	}
}

/* With the protocol in front of the others a line is too long. */
static void
test_initiator_too_long(void)
{
	struct hg_head *request;
	struct str text = { 0 };
	int i;

	str_addf(&text, "GET /x HTTP/1.1\r\nSec-WebSocket-Protocol: %08160d"
	    "\r\n", 1);
	request = parsed(text.text);
	T_NULL(innerhead_outer(request, false));
	http_free(request);
	str_free(&text);
	/* And with the one more field there are too many. */
	str_add(&text, "GET /x HTTP/1.1\r\n");
	for (i = 0; i < HTTP_FIELDS_MAX; i++)
		str_add(&text, "A: b\r\n");
	request = parsed(text.text);
	T_NULL(innerhead_outer(request, false));
	http_free(request);
	str_free(&text);
}

T_MAIN(
    { "what is offered", test_offered },
    { "clients of old, and their queries", test_legacy },
    { "the merged request (W01, W16)", test_merged },
    { "what is refused (W15, W16)", test_refused },
    { "too long together (W13)", test_too_long },
    { "extensions asked for again", test_again },
    { "the response", test_response },
    { "as initiator", test_initiator },
    { "as initiator, too long (W13)", test_initiator_too_long },
)
