/* SPDX-License-Identifier: Apache-2.0 */
/* The channels plugin: what a peer may do with which id. T01, T02, T03. */
#include "channels-host.h"

#include <stdio.h>
#include <string.h>

#define PLAIN	"window=1024"

static void
start(void)
{
	ch_chunk = false;
	fake_start();
	fake_load("channels", NULL);
}

/* --- T01: data on every id -------------------------------------------- */

/* Channels in every state; ids as an initiator gives them, for an acceptor
 * under test. The other way round each is one more or less. */
struct states {
	struct hg_conn		*conn;
	struct hg_channel	*open, *closing, *mine, *carrier, *member;
};

/* The peer's n-th id, and ours. */
static unsigned
theirs(bool initiator, unsigned n)
{
	return (initiator ? 2 * n : 2 * n - 1);
}

static unsigned
ours(bool initiator, unsigned n)
{
	return (initiator ? 2 * n - 1 : 2 * n);
}

static void
make_states(struct states *s, bool initiator)
{
	struct hg_channel *ch;
	char line[80];

	s->conn = ch_trunk(initiator, PLAIN, PLAIN);
	s->open = ch_peer_open(s->conn, theirs(initiator, 1), 0);
	ch = ch_peer_open(s->conn, theirs(initiator, 2), 0);
	snprintf(line, sizeof(line), "destroy 0x%04x code=1000", fake_id(ch));
	ch_say(s->conn, line);
	fake_peer_end(ch, 1000, "", false);
	ch_skip(s->conn);
	s->closing = ch_peer_open(s->conn, theirs(initiator, 3), 0);
	fake_peer_end(s->closing, 1000, "", false);
	ch_skip(s->conn);
	s->mine = ch_open_child(ch_root(s->conn));
	s->carrier = ch_peer_open(s->conn, theirs(initiator, 4), 0);
	s->member = ch_peer_open(s->conn, theirs(initiator, 5), 0);
	snprintf(line, sizeof(line), "merge 0x%04x with=0x%04x at=0 seq=0",
	    fake_id(s->member), fake_id(s->carrier));
	ch_say(s->conn, line);
	ch_skip(s->conn);
	ch_peer_open_refused(s->conn, theirs(initiator, 6), 0);
	ch_skip(s->conn);
}

/* Where the message has to be: NULL: nowhere. fail: NULL, or why it ends. */
static struct hg_channel *
expected(const struct states *s, bool initiator, unsigned id,
    const char **fail)
{
	*fail = NULL;
	if (id == 0)
		return (ch_root(s->conn));
	if (id == theirs(initiator, 1))
		return (s->open);
	if (id == theirs(initiator, 2) || id == theirs(initiator, 6))
		return (NULL);
	if (id == theirs(initiator, 3))
		return (s->closing);
	if (id == theirs(initiator, 4))
		return (s->carrier);
	*fail = "data-on-unknown";
	if (id == theirs(initiator, 5))
		*fail = "data-on-merged";
	if (id == ours(initiator, 1))
		*fail = "data-against-direction";
	if (id == 0xffff)
		*fail = "control-syntax";
	return (NULL);
}

static void
check_id(bool initiator, unsigned id)
{
	struct states s;
	struct hg_channel *where;
	const char *fail;

	make_states(&s, initiator);
	where = expected(&s, initiator, id, &fail);
	ch_data(s.conn, id, "x", HG_WHOLE);
	if (fail != NULL) {
		CH_FAILED(s.conn, 1002, fail);
		return;
	}
	CH_ALIVE(s.conn);
	if (where != NULL)
		FAKE_IS(fake_top(where), "x", HG_WHOLE);
	if (where == s.carrier)
		FAKE_IS(fake_top(s.member), "x", HG_WHOLE);
	FAKE_NONE(fake_top(s.open));
	FAKE_NONE(fake_top(s.carrier));
	FAKE_NONE(fake_top(s.member));
}

static void
every_id(bool initiator)
{
	unsigned id;

	start();
	for (id = 0; id < 65536; id++) {
		t_row("0x%04x", id);
		check_id(initiator, id);
		if (id % 16 == 15) {
			fake_finish();
			start();
		}
	}
	fake_finish();
}

static void
test_every_id_acceptor(void)
{
	every_id(false);
}

static void
test_every_id_initiator(void)
{
	every_id(true);
}

/* --- T02: create ------------------------------------------------------ */

static void
test_create_ids(void)
{
	static const struct {
		bool		 initiator;
		const char	*line, *head, *fail;
	} rows[] = {
		{ false, "create 0x0000", CH_REQUEST,
		    "create-of-reserved-id" },
		{ false, "create 0xffff", CH_REQUEST,
		    "create-of-reserved-id" },
		{ true, "create 0xffff", CH_REQUEST,
		    "create-of-reserved-id" },
		{ false, "create 0x0008", CH_REQUEST,
		    "create-of-wrong-parity" },
		{ true, "create 0x0009 parent=0x0000", "",
		    "create-of-wrong-parity" },
		{ false, "create 0x0001", CH_REQUEST, "create-of-live-id" },
		{ true, "create 0x0002 parent=0x0000", "",
		    "create-of-live-id" },
		{ true, "create 0x0020", CH_REQUEST, "create-by-acceptor" },
		{ false, "create 0x0021", "", "create-without-head" },
		{ false, "create 0x0021", "A: b\r\n", "bad-head" },
		{ false, "create 0x0021 parent=0x0000", CH_REQUEST,
		    "bad-head" },
		{ false, "create 0x0021 parent=0x0999", "",
		    "create-below-unknown" },
		{ false, "create 0x0021 parent=0xffff", "",
		    "create-below-unknown" },
		{ false, "create 0xfffd", CH_REQUEST, NULL },
		{ false, "create 0x8081 parent=0x0000", "", NULL },
		{ true, "create 0xfffe parent=0x0000", "", NULL },
		{ false, "create 0x0003", CH_REQUEST, NULL },	/* former */
	};
	struct states s;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].line);
		start();
		make_states(&s, rows[i].initiator);
		ch_say_head(s.conn, rows[i].line, rows[i].head);
		if (rows[i].fail != NULL)
			CH_FAILED(s.conn, 1002, rows[i].fail);
		else {
			CH_ALIVE(s.conn);
			T_TRUE(fake_accepted(s.conn) != NULL);
		}
		fake_finish();
	}
}

/* A child of a parent that this side has just ended: refused, no mistake. */
static void
test_create_crossing(void)
{
	struct states s;

	start();
	make_states(&s, false);
	ch_say(s.conn, "create 0x0015 parent=0x0005");
	CH_SAYS(s.conn, "refused 0x0015");
	ch_say(s.conn, "destroy 0x0015 code=1000");
	CH_ALIVE(s.conn);
	ch_say(s.conn, "create 0x0015 parent=0x0003");
	CH_SAYS(s.conn, "refused 0x0015");
	CH_ALIVE(s.conn);
	fake_finish();
}

/* --- T03: every message, sender and owner -------------------------------- */

enum owner {
	OURS,
	THEIRS,
	ROOT,
	CONTROL,
	UNKNOWN,
	FORMER,
	OWNERS
};

struct rule {
	const char	*line, *head;
	const char	*by_acceptor;	/* by owner: "." fine, "x" 1002 */
	const char	*by_initiator;
};

static const struct rule rules[] = {
	{ "destroy 0x%04x code=1000", "", "..xxx.", "..xxx." },
	{ "abort 0x%04x code=1000", "", "..xxx.", "..xxx." },
	{ "migrate 0x%04x to=%to at=0", "", "x.xxxx", "x.xxxx" },
	{ "migrated 0x%04x to=%to at=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=%with at=0 seq=0", "", "x.xxxx", "x.xxxx" },
	{ "merge 0x%04x with=0x0000 at=0 seq=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=0xffff at=0 seq=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=%ours at=0 seq=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=%own at=0 seq=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=%with at=1 seq=0", "", "xxxxxx", "xxxxxx" },
	{ "merge 0x%04x with=%with at=0 seq=1", "", "xxxxxx", "xxxxxx" },
	{ "merged 0x%04x", "", "xxxxxx", "xxxxxx" },
	{ "unmerge 0x%04x seq=0", "", "x.xxxx", "x.xxxx" },
	{ "unmerged 0x%04x", "", "xxxxxx", "xxxxxx" },
	{ "unmerge? 0x%04x", "", ".xxxx.", ".xxxx." },
	{ "denied 0x%04x what=merge reason=x", "", "xxxxxx", "xxxxxx" },
	{ "created 0x%04x", "", "xxxxxx", "xxxxxx" },
	{ "refused 0x%04x", "", "xxxxxx", "xxxxxx" },
	{ "credit 0x%04x bytes=5000", "", "....x.", "....x." },
	{ "auth 0x%04x", CH_REQUEST, "xxxxxx", "x..xxx" },
	{ "authed 0x%04x", CH_YES, "xxxxxx", "xxxxxx" },
	{ "resume 0x%04x flow=a epoch=b seq=1", "", "...xxx", "...xxx" },
	{ "resumed 0x%04x seq=1", "", "xxxxxx", "xxxxxx" },
	{ "place? 0x%04x", "", "x.xxxx", "x.xxxx" },
	{ "place? 0x%04x seq=1", "", "x.xxxx", "x.xxxx" },
	{ "gap 0x%04x from=1 to=2", "", "xxxxxx", "xxxxxx" },
};

static void
replace(char *line, size_t size, const char *what, unsigned id)
{
	char copy[160], *at;

	snprintf(copy, sizeof(copy), "%s", line);
	if ((at = strstr(copy, what)) == NULL)
		return;
	*at = '\0';
	snprintf(line, size, "%s0x%04x%s", copy, id, at + strlen(what));
}

static void
check_rule(const struct rule *rule, bool initiator, enum owner owner)
{
	struct states s;
	char line[160];
	unsigned ids[OWNERS], i;
	bool fine;

	make_states(&s, initiator);
	ids[OURS] = ours(initiator, 1);
	ids[THEIRS] = theirs(initiator, 1);
	ids[ROOT] = 0;
	ids[CONTROL] = 0xffff;
	ids[UNKNOWN] = theirs(initiator, 99);
	ids[FORMER] = theirs(initiator, 2);
	snprintf(line, sizeof(line), "%s", rule->line);
	replace(line, sizeof(line), "0x%04x", ids[owner]);
	replace(line, sizeof(line), "%to", theirs(initiator, 50));
	replace(line, sizeof(line), "%with", fake_id(s.carrier));
	replace(line, sizeof(line), "%ours", ids[OURS]);
	replace(line, sizeof(line), "%own", ids[owner]);
	t_row("%s, by the %s", line, initiator ? "acceptor" : "initiator");
	ch_say_head(s.conn, line, rule->head);
	i = initiator ? rule->by_acceptor[owner] == '.' :
	    rule->by_initiator[owner] == '.';
	fine = fake_wire_ended(s.conn) == NULL;
	T_EQ(fine, i);
	if (!fine)
		T_EQ(fake_wire_ended(s.conn)->code, 1002);
}

static void
test_every_message(void)
{
	size_t i;
	int owner;

	for (i = 0; i < T_ROWS(rules); i++)
		for (owner = 0; owner < OWNERS; owner++) {
			start();
			check_rule(&rules[i], true, (enum owner)owner);
			check_rule(&rules[i], false, (enum owner)owner);
			fake_finish();
		}
}

T_MAIN({ "T01 every id, acceptor", test_every_id_acceptor },
    { "T01 every id, initiator", test_every_id_initiator },
    { "T02 create", test_create_ids },
    { "create crossing", test_create_crossing },
    { "T03 every message", test_every_message })
