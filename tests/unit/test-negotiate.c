/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions, both roles, with plugins that are made in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "negotiate.h"

static struct plugin	 mux, mux2, deflate, mark, flow, tap, bare;
static struct service	 service;
static int		 refuse;	/* answer, offer and check say so */
static char		 seen[256];	/* by the hooks */

static int
on_offer(struct hg_negotiation *n, struct hg_params *params)
{
	snprintf(seen, sizeof(seen), "%s:%d:%s", n->plugin->entry.name,
	    n->is_trunk, n->channel_extensions);
	T_PTR_EQ(n->service, &service);
	wsext_set(params, "window", "7");
	return (refuse);
}

static int
on_answer(struct hg_negotiation *n, const struct hg_params *offered,
    struct hg_params *answer)
{
	const char *value = wsext_get(offered, "window");

	(void)n;
	if (value != NULL)
		wsext_set(answer, "window", value);
	return (refuse);
}

static int
on_check(struct hg_negotiation *n, const struct hg_params *answer)
{
	(void)n;
	return (refuse || wsext_get(answer, "bad") != NULL);
}

static const struct hg_hooks hooks = {
	.offer = on_offer,
	.answer = on_answer,
	.check = on_check,
};
static const struct hg_hooks none;

static void
plugin(struct plugin *p, const char *name, const char *extension,
    const struct hg_hooks *connection, const struct hg_hooks *channel,
    bool has_mux)
{
	char error[256];

	p->entry.name = name;
	p->entry.extension = extension;
	p->path = (char *)(uintptr_t)name;
	p->symbol = &p->entry;
	p->has_connection = connection != NULL;
	p->has_channel = channel != NULL;
	p->has_mux = has_mux;
	if (connection != NULL)
		p->connection = *connection;
	if (channel != NULL)
		p->channel = *channel;
	T_REQUIRE(plugin_register(p, error, sizeof(error)) == 0);
}

/* The registry is the process's own: once. */
static void
test_register(void)
{
	plugin(&mux, "mux", "x-mux", &hooks, NULL, true);
	plugin(&mux2, "mux2", "x-mux2", &none, NULL, true);
	deflate.entry.place = HG_PLACE_PACKING;
	mark.entry.place = HG_PLACE_MARKING;
	plugin(&mark, "mark", "x-mark", &none, NULL, false);
	plugin(&deflate, "deflate", "x-deflate", &none, NULL, false);
	plugin(&flow, "flow", "x-flow", NULL, &hooks, false);
	plugin(&tap, "tap", NULL, NULL, &none, false);
	plugin(&bare, "bare", "x-bare", NULL, NULL, false);
	service.name = (char *)(uintptr_t)"test";
}

static const char *const all_names[] = { "x-mux", "x-mux2", "x-deflate",
	"x-flow", "x-bare", "x-mark", "x-unknown" };
static const char *const channel_names[] = { "x-flow", "x-deflate",
	"x-unknown" };
static const struct hg_strings all_strings = { 7, all_names };
static const struct hg_strings channel_strings = { 3, channel_names };

static struct negotiate_place
place_of(bool in_mux)
{
	return ((struct negotiate_place){
		.service = &service,
		.in_mux = in_mux,
		.allowed = in_mux ? &channel_strings : &all_strings,
		.channel_allowed = &channel_strings,
	});
}

/* The names of the slots, from the wire upwards, | between the two chains. */
static const char *
slots(const struct negotiated *agreed)
{
	static char text[256];
	unsigned i;

	text[0] = '\0';
	for (i = 0; i < agreed->conn_count; i++) {
		strcat(text, agreed->conn[i].plugin->entry.name);
		strcat(text, " ");
	}
	strcat(text, "|");
	for (i = 0; i < agreed->channel_count; i++) {
		strcat(text, " ");
		strcat(text, agreed->channel[i].plugin->entry.name);
	}
	return (text);
}

static struct hg_head *
head_of(const char *extensions, bool response)
{
	struct hg_head *head;
	const char *error;
	char text[4096];

	snprintf(text, sizeof(text), "%s%s%s%s", response ?
	    "HTTP/1.1 101 Switching Protocols\r\n" : "GET / HTTP/1.1\r\n",
	    extensions[0] != '\0' ? "Sec-WebSocket-Extensions: " : "",
	    extensions, extensions[0] != '\0' ? "\r\n" : "");
	head = http_parse(text, strlen(text),
	    response ? HTTP_RESPONSE : HTTP_REQUEST, &error, NULL);
	T_REQUIRE(head != NULL);
	return (head);
}

static void
is_list(const struct wsext_list *list, const char *expected)
{
	struct str out = { 0 };

	wsext_format(&out, list);
	T_STR_EQ(out.text != NULL ? out.text : "", expected);
	str_free(&out);
}

/* RFC 6455, 9.1: data leaves from left to right, so the last is lowest. */
static void
test_accept(void)
{
	static const struct {
		bool		 in_mux;
		const char	*offer, *answer, *slots;
	} rows[] = {
		{ false, "", "", "|" },
		{ false, "x-mux; window=5", "x-mux; window=5", "mux |" },
		{ false, "x-mux, x-deflate", "x-mux, x-deflate",
		    "deflate mux |" },
		/* the acceptor's order: what packs behind, what marks last */
		{ false, "x-mark, x-deflate, x-flow, x-mux",
		    "x-flow, x-mux, x-deflate, x-mark",
		    "mark deflate mux | flow" },
		{ false, "x-deflate, x-mux, x-flow",
		    "x-mux, x-flow, x-deflate", "deflate mux | flow" },
		/* twice, a second mux, unknown, not allowed: left out */
		{ false, "x-mux; window=1, x-mux; window=2",
		    "x-mux; window=1", "mux |" },
		{ false, "x-mux2, x-mux", "x-mux2", "mux2 |" },
		{ false, "x-unknown, x-other, x-bare", "", "|" },
		{ true, "x-flow, x-mux, x-deflate", "x-flow", "| flow" },
	};
	struct negotiate_place place;
	struct negotiated agreed;
	struct hg_head *head;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		place = place_of(rows[i].in_mux);
		head = head_of(rows[i].offer, false);
		T_EQ(negotiate_accept(&place, head, &agreed), 0);
		is_list(&agreed.answer, rows[i].answer);
		T_STR_EQ(slots(&agreed), rows[i].slots);
		negotiated_free(&agreed);
		negotiated_free(&agreed);
		http_free(head);
	}
}

/* W13 */
static void
test_accept_malformed(void)
{
	static const char *const rows[] = { "x-mux;;", "x-mux; a=\"", ",=",
	    "x-mux; a=1; a=2", "x mux" };
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct hg_head *head;
	char many[4096] = "x-mux";
	size_t i;

	for (i = 0; i < T_ROWS(rows) + 1; i++) {
		t_row("%zu", i);
		while (i == T_ROWS(rows) && strlen(many) < 4000)
			strcat(many, ", x-mux");
		head = head_of(i == T_ROWS(rows) ? many : rows[i], false);
		T_EQ(negotiate_accept(&place, head, &agreed), -1);
		T_EQ(agreed.conn_count + agreed.answer.count, 0);
		http_free(head);
	}
}

static void
test_refused(void)
{
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct wsext_list offers;
	struct hg_head *head = head_of("x-mux, x-deflate", false);

	refuse = -1;
	T_EQ(negotiate_accept(&place, head, &agreed), 0);
	is_list(&agreed.answer, "x-deflate");
	T_STR_EQ(slots(&agreed), "deflate |");
	negotiated_free(&agreed);
	http_free(head);
	T_EQ(negotiate_offer(&place, &offers), 0);
	is_list(&offers, "x-mux2, x-deflate, x-mark");
	wsext_free(&offers);
	refuse = 0;
}

static void
test_offer(void)
{
	struct negotiate_place place = place_of(false);
	struct wsext_list offers;

	place.is_trunk = true;
	T_EQ(negotiate_offer(&place, &offers), 0);
	is_list(&offers, "x-mux; window=7, x-mux2, x-deflate, "
	    "x-flow; window=7, x-mark");
	/* Only what channels may have is named to a mux. */
	T_STR_EQ(seen, "flow:1:x-flow");
	wsext_free(&offers);
	place = place_of(true);
	T_EQ(negotiate_offer(&place, &offers), 0);
	is_list(&offers, "x-flow; window=7");
	wsext_free(&offers);
	place.allowed = NULL;
	T_EQ(negotiate_offer(&place, &offers), 0);
	T_EQ(offers.count, 0);
}

static void
test_check(void)
{
	static const struct {
		const char	*answer;
		const char	*slots;		/* NULL: it is wrong */
	} rows[] = {
		{ "", "|" },
		{ "x-mux; window=3", "mux |" },
		{ "x-deflate, x-mux", "mux deflate |" },
		{ "x-flow, x-mux", "mux | flow" },
		{ "x-mux, x-mux", NULL },
		{ "x-mux, x-mux2", NULL },
		{ "x-other", NULL },
		{ "x-bare", NULL },
		{ "x-mux; bad", NULL },
		{ "x-mux;", NULL },
	};
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct wsext_list offers;
	struct hg_head *head;
	const char *error;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		T_EQ(negotiate_offer(&place, &offers), 0);
		head = head_of(rows[i].answer, true);
		error = negotiate_check(&place, &offers, head, &agreed);
		T_EQ(error == NULL, rows[i].slots != NULL);
		if (error == NULL) {
			T_STR_EQ(slots(&agreed), rows[i].slots);
			if (i == 1) {
				T_STR_EQ(wsext_get(agreed.conn[0].offered,
				    "window"), "7");
				T_STR_EQ(wsext_get(agreed.conn[0].answered,
				    "window"), "3");
			}
		} else
			T_EQ(agreed.conn_count + agreed.channel_count, 0);
		negotiated_free(&agreed);
		wsext_free(&offers);
		http_free(head);
	}
}

/* What is below a second handshake: nothing of channels. */
static void
test_outer(void)
{
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct hg_head *head = head_of("x-mark, x-mux, x-flow, x-deflate",
	    false);

	place.is_outer = true;
	T_EQ(negotiate_accept(&place, head, &agreed), 0);
	is_list(&agreed.answer, "x-deflate, x-mark");
	T_STR_EQ(slots(&agreed), "mark deflate |");
	negotiated_free(&agreed);
	http_free(head);
}

/* Another case is another name: left out, and no error. */
static void
test_case(void)
{
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct hg_head *head = head_of("X-MUX", false);

	T_EQ(negotiate_accept(&place, head, &agreed), 0);
	T_STR_EQ(slots(&agreed), "|");
	negotiated_free(&agreed);
	http_free(head);
}

static void
test_plugins(void)
{
	struct plugin *list[CHANNEL_SLOTS_MAX + 1];
	struct negotiate_place place = place_of(false);
	struct negotiated agreed;
	struct hg_head *head = head_of("x-flow", false);
	unsigned i;

	for (i = 0; i < CHANNEL_SLOTS_MAX + 1; i++)
		list[i] = &tap;
	service.plugins = list;
	service.plugin_count = 2;
	T_EQ(negotiate_accept(&place, head, &agreed), 0);
	T_EQ(negotiate_add_plugins(&agreed, &service), 0);
	T_STR_EQ(slots(&agreed), "| flow tap tap");
	negotiated_free(&agreed);
	service.plugin_count = CHANNEL_SLOTS_MAX;
	T_EQ(negotiate_accept(&place, head, &agreed), 0);
	T_EQ(negotiate_add_plugins(&agreed, &service), -1);
	negotiated_free(&agreed);
	service.plugin_count = 0;
	http_free(head);
}

T_MAIN(
    { "plugins", test_register },
    { "what is accepted", test_accept },
    { "malformed offers (W13)", test_accept_malformed },
    { "what plugins leave out", test_refused },
    { "what is offered", test_offer },
    { "the check of an answer", test_check },
    { "below a second handshake", test_outer },
    { "names in another case", test_case },
    { "the service's plugins", test_plugins },
)
