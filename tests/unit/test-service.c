/* SPDX-License-Identifier: Apache-2.0 */
/* What a service says to a request. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "service.h"

static struct hg_head *
request(const char *fields)
{
	struct hg_head *head;
	const char *error;
	char text[4096];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%s", fields);
	head = http_parse(text, strlen(text), HTTP_REQUEST, &error, NULL);
	T_REQUIRE(head != NULL);
	return (head);
}

static char *
constant(const char *text)
{
	return ((char *)(uintptr_t)text);
}

static void
test_find(void)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{ "/", NULL },
		{ "/a", "/a" },
		{ "/A", NULL },
		{ "/a/", "/a/*" },
		{ "/a/x", "/a/*" },
		{ "/a/b", "/a/b" },
		{ "/a/b/", "/a/b/*" },
		{ "/a/b/c/d", "/a/b/*" },
		{ "/ab", NULL },
		{ "/a/..x/...", "/a/*" },
		/* For a server behind us these may be other paths (W15). */
		{ "/a/..", NULL },
		{ "/a/../secret", NULL },
		{ "/a/./b", NULL },
		{ "/a/%2e%2E/secret", NULL },
		{ "/a/.%2e/secret", NULL },
		{ "/a/x%2f..%2Fsecret", NULL },
		{ "/a/x\\..\\secret", NULL },
		{ "/a/..;/secret", NULL },
		{ "/a/..;x=1/secret", NULL },
		{ "/a/%2e.%3b/secret", NULL },
		{ "/a/..;", NULL },
		{ "/a/.;/b", NULL },
		{ "/a/x;..", "/a/*" },
		{ "/a/x..;/y", "/a/*" },
		{ "/a/;/y", "/a/*" },
		{ "/a/%", "/a/*" },
		{ "/a/%2", "/a/*" },
		{ "/a/%zz", "/a/*" },
	};
	static const char *const paths[] = { "/a/*", "/a", "/a/b/*", "/a/b" };
	struct service services[5] = { 0 }, *list[5], *found;
	struct listen_settings listen = { 0 };
	size_t i;

	for (i = 0; i < 5; i++)		/* the last one has none */
		list[i] = &services[i];
	for (i = 0; i < 4; i++)
		services[i].path = constant(paths[i]);
	listen.services = list;
	listen.service_count = 5;
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].path);
		found = service_find(&listen, rows[i].path);
		T_STR_EQ(found != NULL ? found->path : NULL, rows[i].name);
	}
	listen.service_count = 0;
	T_NULL(service_find(&listen, "/a"));
}

/* W01 */
static void
test_origin(void)
{
	static const struct {
		const char	*fields;
		bool		 same, listed;
	} rows[] = {
		{ "Host: h\r\n", true, true },
		{ "Host: h\r\nOrigin: http://h\r\n", true, false },
		{ "Host: h\r\nOrigin: https://h\r\n", true, false },
		{ "Host: H\r\nOrigin: http://h\r\n", true, false },
		{ "Host: h:80\r\nOrigin: http://h\r\n", true, false },
		{ "Host: h:443\r\nOrigin: https://h\r\n", true, false },
		{ "Host: h:8080\r\nOrigin: http://h:8080\r\n", true, false },
		{ "Host: h\r\nOrigin: https://good.example\r\n", false, true },
		/* null, other host, prefix, suffix, port, scheme */
		{ "Host: h\r\nOrigin: null\r\n", false, false },
		{ "Host: h\r\nOrigin:\r\n", false, false },
		{ "Host: h\r\nOrigin: http://h.evil\r\n", false, false },
		{ "Host: h\r\nOrigin: http://evilh\r\n", false, false },
		{ "Host: h\r\nOrigin: http://\r\n", false, false },
		{ "Host: h\r\nOrigin: http\r\n", false, false },
		{ "Host: h\r\nOrigin: h\r\n", false, false },
		{ "Host: h\r\nOrigin: http://h:8080\r\n", false, false },
		{ "Host: h:8080\r\nOrigin: http://h\r\n", false, false },
		{ "Host: h:443\r\nOrigin: http://h\r\n", false, false },
		{ "Host: h:80\r\nOrigin: https://h\r\n", false, false },
		{ "Host: h\r\nOrigin: ftp://h\r\n", false, false },
		{ "Host: h\r\nOrigin: HTTP://h\r\n", false, false },
		{ "Host: h\r\nOrigin: http://h/\r\n", false, false },
		{ "Host: h\r\nOrigin: http://user@h\r\n", false, false },
		{ "Host: user@h\r\nOrigin: http://user@h\r\n", false, false },
		{ "Host: h\r\nOrigin: http://h\r\nOrigin: http://h\r\n",
		    false, false },
		{ "Host: h\r\nOrigin: https://good.example.evil\r\n", false,
		    false },
		{ "Host: h\r\nOrigin: https://good.exampl\r\n", false, false },
		{ "Host: h\r\nOrigin: http://good.example\r\n", false, false },
		{ "Host: h\r\nOrigin: https://Good.example\r\n", false,
		    false },
		{ "Host: h\r\nOrigin: https://good.example/\r\n", false,
		    false },
		{ "Host: h\r\nOrigin: https://good.example:443\r\n", false,
		    false },
		{ "Host: h\r\nOrigin: https://good.example, http://h\r\n",
		    false, false },
	};
	static const char *const origins[] = { "https://good.example" };
	struct service same = { .origin = ORIGIN_SAME };
	struct service listed = { .origin = ORIGIN_LIST };
	struct service any = { .origin = ORIGIN_ANY };
	struct hg_head *head;
	size_t i;

	listed.origins = (struct hg_strings){ 1, origins };
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		head = request(rows[i].fields);
		T_EQ(service_allows_origin(&same, head), rows[i].same);
		T_EQ(service_allows_origin(&listed, head), rows[i].listed);
		T_TRUE(service_allows_origin(&any, head));
		http_free(head);
	}
}

static void
test_protocol(void)
{
	static const struct {
		const char	*fields;
		bool		 ok;
		const char	*chosen;
	} rows[] = {
		{ "", true, NULL },
		{ "Sec-WebSocket-Protocol: b\r\n", true, "b" },
		{ "Sec-WebSocket-Protocol: x, b, a\r\n", true, "b" },
		{ "Sec-WebSocket-Protocol: x\r\n"
		    "Sec-WebSocket-Protocol: a\r\n", true, "a" },
		{ "Sec-WebSocket-Protocol: A\r\n", false, NULL },
		{ "Sec-WebSocket-Protocol: ab\r\n", false, NULL },
	};
	static const char *const names[] = { "a", "b" };
	struct service service = { 0 };
	struct hg_head *head;
	const char *chosen;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		head = request(rows[i].fields);
		service.subprotocols = (struct hg_strings){ 2, names };
		T_EQ(service_choose_protocol(&service, head, &chosen),
		    rows[i].ok);
		T_STR_EQ(chosen, rows[i].chosen);
		service.subprotocols.count = 0;
		T_TRUE(service_choose_protocol(&service, head, &chosen));
		T_NULL(chosen);
		http_free(head);
	}
}

static void
test_edge(void)
{
	static const struct {
		const char	*fields;
		bool		 known;
	} rows[] = {
		{ "Authorization: Bearer secret\r\n", true },
		{ "", false },
		{ "Authorization: Bearer secre\r\n", false },
		{ "Authorization: Bearer secrets\r\n", false },
		{ "Authorization: Bearer Secret\r\n", false },
		{ "Authorization: Bearer\r\n", false },
		{ "Authorization: Basic secret\r\n", false },
		{ "Authorization: Bearer secret\r\n"
		    "Authorization: Bearer secret\r\n", false },
	};
	struct listen_settings listen = { 0 };
	struct hg_head *head;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		head = request(rows[i].fields);
		listen.edge_secret = constant("secret");
		T_EQ(service_knows_edge(&listen, head), rows[i].known);
		listen.edge_secret = NULL;
		T_FALSE(service_knows_edge(&listen, head));
		http_free(head);
	}
}

static void
test_personalises(void)
{
	struct plugin plain = { 0 }, special = { 0 };
	struct plugin *plugins[] = { &plain, &special };
	struct service service = { 0 };

	special.entry.personalises = true;
	service.plugins = plugins;
	T_FALSE(service_personalises(&service));
	service.plugin_count = 1;
	T_FALSE(service_personalises(&service));
	service.plugin_count = 2;
	T_TRUE(service_personalises(&service));
}

T_MAIN(
    { "the service of a path", test_find },
    { "origins (W01)", test_origin },
    { "subprotocols", test_protocol },
    { "edges", test_edge },
    { "who personalises", test_personalises },
)
