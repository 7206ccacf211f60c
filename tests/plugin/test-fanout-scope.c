/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may share a flow with whom, and what the wire is told of it. Covers T05,
 * T06, T12, B07: see fanout-host.h.
 */
#include <stdio.h>
#include <string.h>

#include "fanout-host.h"
#include "harness.h"

#define FIELD	"Sec-WebSocket-Extensions"

static void
test_options(void)
{
	static const struct {
		const char	*option;
		bool		 fine;
	} rows[] = {
		{ "share=/topic/* scope=public", true },
		{ "share= * \t scope=credential ", true },
		{ "share=/a b scope=public", false },
		{ "share=", false },
		{ "share=  ", false },
		{ "share=scope=public", false },
		{ "share=/topic/a", false },
		{ "share=/topic/a scope=", false },
		{ "share=/topic/a scope=everybody", false },
		{ "share=/topic/a scope=public,credential", false },
		{ "share=/topic/a scope=publicly", false },
		{ "share=/topic/a scope=public scope=credential", false },
		{ "share=/topic/a Scope=public", false },
		{ "verify=4", true },
		{ "verify=1", false },
		{ "verify=1025", false },
		{ "ring=15", false },
		{ "ring=65537", false },
		{ "window=0", true },
		{ "window=64", false },
		{ "quiet=100ms", true },
		{ "quiet=1ms", false },
		{ "shared=* scope=public", false },
	};
	const char *wrong;
	size_t i;

	host_start(NULL, NULL);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].option);
		wrong = host_try_option(rows[i].option);
		T_EQ(wrong == NULL, rows[i].fine);
	}
	host_finish();
}

/* The flow's id, or "" when the destination is not shared. */
static const char *
flow_of(struct hg_conn *conn, const char *destination, const char *key,
    const char *credential)
{
	static char ids[4][40];
	static unsigned at;
	const char *field;
	struct sub *sub;

	at = (at + 1) % 4;
	sub = sub_join_on(host_parent(conn), destination, key, credential);
	if (sub == NULL)
		return ("");
	field = host_field(sub->child, FIELD);
	if (field == NULL ||
	    sscanf(field, "x-kaazing-fanout; flow=%39[0-9a-f]", ids[at]) != 1)
		return ("no flow");
	return (ids[at]);
}

static void
test_patterns(void)
{
	static const struct {
		const char	*destination;
		bool		 shared;
	} rows[] = {
		{ "/topic/prices", true },
		{ "/topic/", true },
		{ "/topic", false },
		{ "/Topic/a", false },
		{ "x/topic/a", false },
		{ "/queue/a", false },
		{ "/private/a", false },
		{ "/exchange/a/b.c", true },
		{ "/exchange/a/b.d", false },
		{ "/exchange//.c", true },
		{ "/exchange/.c", false },
		{ "exact", true },
		{ "exactly", false },
		{ "", false },
		{ "aXbXXb", true },
		{ "aXbX", false },
		{ "a*", false },
	};
	struct hg_conn *conn;
	size_t i;

	host_start("share=/topic/* scope=public",
	    "share=/exchange/*/*.c scope=public", "share=exact scope=public",
	    "share=a*b scope=public", NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].destination);
		T_EQ(flow_of(conn, rows[i].destination, "k", "alice")[0] !=
		    '\0', rows[i].shared);
	}
	host_finish();
}

/* Nothing is shared that no rule names, and the first that does decides. */
static void
test_rules(void)
{
	struct hg_conn *conn;
	const char *alice, *bob;

	host_start(NULL, NULL);
	conn = host_conn(HOST_MUX);
	T_STR_EQ(flow_of(conn, "/topic/a", "k", "alice"), "");
	host_finish();

	host_start("share=/a/* scope=credential", "share=* scope=public", NULL);
	conn = host_conn(HOST_MUX);
	alice = flow_of(conn, "/a/x", "k", "alice");
	bob = flow_of(conn, "/a/x", "k", "bob");
	T_TRUE(strcmp(alice, bob) != 0);
	alice = flow_of(conn, "/b/x", "k", "alice");
	bob = flow_of(conn, "/b/x", "k", "bob");
	T_STR_EQ(alice, bob);
	/* Who has proven nothing has no scope of its own. */
	T_STR_EQ(flow_of(conn, "/a/x", "k", ""), "");
	T_STR_EQ(flow_of(conn, "/a/x", "k", NULL), "");
	T_TRUE(flow_of(conn, "/b/x", "k", NULL)[0] != '\0');
	host_finish();
}

/* T05: who is who to the service's "auth" counts beside what the broker saw. */
static void
test_identity(void)
{
	static const struct {
		const char	*identity, *credential;
	} who[] = {
		{ "joe", "alice" },
		{ "ann", "alice" },
		{ "joe", "bob" },
		{ "joealice", NULL },
		{ "joe", NULL },
		{ NULL, "alice" },
		{ NULL, "joealice" },
		{ "alice", NULL },
	};
	char seen[T_ROWS(who)][40];
	struct hg_conn *conn;
	size_t i, k;

	host_start("share=/a/* scope=credential", "share=* scope=public", NULL);
	for (i = 0; i < T_ROWS(who); i++) {
		conn = host_conn(HOST_MUX);
		host_set_identity(conn, who[i].identity);
		strcpy(seen[i], flow_of(conn, "/a/x", "k", who[i].credential));
		T_EQ(strlen(seen[i]), 32);
		T_STR_EQ(flow_of(conn, "/a/x", "k", who[i].credential),
		    seen[i]);
		for (k = 0; k < i; k++) {
			t_row("%zu and %zu", i, k);
			T_TRUE(strcmp(seen[i], seen[k]) != 0);
		}
		t_row(NULL);
		strcpy(seen[i], flow_of(conn, "/b/x", "k", who[i].credential));
		T_STR_EQ(seen[i], flow_of(host_conn(HOST_MUX), "/b/x", "k",
		    "whoever"));
		strcpy(seen[i], flow_of(conn, "/a/x", "k", who[i].credential));
	}
	host_finish();
}

/* All that can change the bytes makes another flow; no two lists of parts are
 * the same when they are written one behind the other. */
static void
test_keys(void)
{
	static const struct {
		const char	*destination, *key, *credential;
	} who[] = {
		{ "/t/a", "key", "alice" },
		{ "/t/b", "key", "alice" },
		{ "/t/", "akey", "alice" },
		{ "/t/ak", "ey", "alice" },
		{ "/t/a", "keya", "lice" },
		{ "/t/a", "", "keyalice" },
		{ "/t/a", "key2", "alice" },
		{ "/t/a", "key", "bob" },
		{ "/t/a", "key", "alicealice" },
		{ "/t/*", "key", "alice" },
		{ "/T/a", "key", "alice" },
	};
	char seen[T_ROWS(who) + 2][40];
	struct hg_conn *conn;
	size_t i, k;

	host_start("share=* scope=credential", NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < T_ROWS(who); i++)
		strcpy(seen[i], flow_of(conn, who[i].destination, who[i].key,
		    who[i].credential));
	strcpy(seen[i++], flow_of(host_conn_of(HOST_MUX, "other", "v12.stomp"),
	    "/t/a", "key", "alice"));
	strcpy(seen[i++], flow_of(host_conn_of(HOST_MUX, "svc", "v11.stomp"),
	    "/t/a", "key", "alice"));
	for (i = 0; i < T_ROWS(seen); i++)
		for (k = 0; k < i; k++) {
			t_row("%zu and %zu", i, k);
			T_TRUE(strcmp(seen[i], seen[k]) != 0);
		}
	t_row(NULL);
	T_STR_EQ(flow_of(host_conn(HOST_MUX), "/t/a", "key", "alice"), seen[0]);
	T_EQ(host_counter("flows"), T_ROWS(seen));
	host_finish();
}

/* T06: 128 bits, and nobody who knows all but the secret can tell them. */
static void
test_id(void)
{
	char first[40], again[40];
	const char *field, *epoch;
	struct hg_conn *conn;
	struct sub *sub;

	host_start("share=* scope=public", NULL);
	conn = host_conn(HOST_MUX);
	sub = sub_join_on(host_parent(conn), "/topic/a", "k", NULL);
	field = host_field(sub->child, FIELD);
	T_EQ(strlen(field), strlen("x-kaazing-fanout; flow=; epoch=") + 40);
	epoch = strstr(field, "; epoch=") + 8;
	T_EQ(strspn(epoch, "0123456789abcdef"), 8);
	strcpy(first, flow_of(conn, "/topic/a", "k", NULL));
	T_EQ(strlen(first), 32);
	host_finish();

	host_start("share=* scope=public", NULL);
	conn = host_conn(HOST_MUX);
	strcpy(again, flow_of(conn, "/topic/a", "k", NULL));
	T_TRUE(strcmp(first, again) != 0);
	host_finish();
}

/* A flow that begins anew is not the one before, though its id is. */
static void
test_epoch(void)
{
	char before[128];
	struct hg_conn *conn;
	struct sub *sub;

	host_start("share=* scope=public", NULL);
	conn = host_conn(HOST_MUX);
	sub = sub_join(conn, "/topic/a", NULL);
	snprintf(before, sizeof(before), "%s", host_field(sub->child, FIELD));
	sub_leave(sub);
	T_EQ(host_counter("flows"), 0);
	sub = sub_join(conn, "/topic/a", NULL);
	T_MEM_EQ(host_field(sub->child, FIELD), 55, before, 55);
	T_TRUE(strcmp(host_field(sub->child, FIELD), before) != 0);
	host_finish();
}

/*
 * T05: each user's messages carry the user's name. Nobody is ever given
 * another's, though all are on one connection and each message is the same but
 * for the name.
 */
static void
test_no_leak(void)
{
	static const char *const users[] = { "alice", "bob", "carol" };
	struct hg_conn *conn;
	struct sub *sub[30];
	unsigned i, k, n;

	host_start("share=* scope=credential", "verify=2", "window=63", NULL);
	conn = host_conn(HOST_MUX);
	for (i = 0; i < 30; i++) {
		sub[i] = sub_join(conn, "/topic/a", users[i % 3]);
		T_REQUIRE(sub[i] != NULL);
		sub_unchecked(sub[i]);
	}
	host_advance(5000);
	T_EQ(host_counter("flows"), 3);
	T_EQ(host.merges, 27);
	for (n = 0; n < 3000; n++)
		sub_copy_of(sub[n * 7 % 30], n / 30 * 3 + n * 7 % 30 % 3);
	for (i = 0; i < 30; i++)
		for (k = 0; k < host_received(sub[i]->child); k++)
			if (sub_got(sub[i], k) % 3 != i % 3)
				T_EQ(sub_got(sub[i], k) % 3, i % 3);
	T_EQ(host_counter("suppressed"), 2700);
	host_finish();
}

/* A service's own rules hold for it, and no others. */
static void
test_services(void)
{
	struct hg_conn *conn;

	host_start("share=* scope=public", NULL);
	host_service("strict", "share=/a scope=credential", NULL);
	conn = host_conn_of(HOST_MUX, "strict", NULL);
	T_STR_EQ(flow_of(conn, "/b", "k", "alice"), "");
	T_TRUE(strcmp(flow_of(conn, "/a", "k", "alice"),
	    flow_of(conn, "/a", "k", "bob")) != 0);
	/* Without the extension a channel's own rules are not known. Then the
	 * plugin's hold, but among one login only. */
	conn = host_conn_of(HOST_NOTHING, "strict", NULL);
	T_STR_EQ(flow_of(conn, "/b", "k", NULL), "");
	T_STR_EQ(flow_of(conn, "/b", "k", "alice"), "no flow");
	T_STR_EQ(flow_of(conn, "/b", "k", "bob"), "no flow");
	T_EQ(host_counter("flows"), 4);
	host_finish();
}

/* T12, T06: nothing of what a peer sends is looked at, neither frames nor the
 * parameters of the extension. */
static void
test_hooks(void)
{
	const struct hg_hooks *hooks;

	host_start(NULL, NULL);
	hooks = host.plugin->channel;
	T_TRUE(hooks->recv == NULL && hooks->send == NULL);
	T_TRUE(hooks->answer == NULL && hooks->offer == NULL &&
	    hooks->check == NULL);
	T_TRUE(hooks->children);
	T_TRUE(host.plugin->connection == NULL && host.plugin->mux == NULL);
	T_STR_EQ(host.plugin->name, "fanout");
	T_STR_EQ(host.plugin->extension, "x-kaazing-fanout");
	T_FALSE(host.plugin->personalises);
	T_EQ(host.flows->size, sizeof(struct hg_flows));
	host_finish();
}

T_MAIN(
	{ "options", test_options },
	{ "patterns (B07)", test_patterns },
	{ "rules", test_rules },
	{ "identities (T05)", test_identity },
	{ "keys (B07)", test_keys },
	{ "ids (T06)", test_id },
	{ "epochs", test_epoch },
	{ "no leak between logins (T05)", test_no_leak },
	{ "services", test_services },
	{ "hooks (T06, T12)", test_hooks },
)
