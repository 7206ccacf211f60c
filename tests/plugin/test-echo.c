/* SPDX-License-Identifier: Apache-2.0 */
/* The echo plugin, by itself, under the tap, and in the way it ends. */
#include "fakehost.h"

#include <string.h>

static const char request[] = "GET /echo HTTP/1.1\r\nHost: x\r\n";

static void
test_same_frames(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		unsigned	 flags;
	} rows[] = {
		{ "hello", 5, HG_WHOLE | HG_TEXT },
		{ "", 0, HG_WHOLE },
		{ "\0\xff\x80", 3, HG_WHOLE },
		{ "one", 3, HG_FIRST | HG_TEXT },
		{ "", 0, HG_TEXT },
		{ "two", 3, HG_LAST | HG_TEXT },
		{ "r", 1, HG_WHOLE | HG_RSV1 },
	};
	struct hg_conn *conn;
	const struct fake_frame *frame;
	size_t i;

	fake_start();
	fake_load("echo", NULL);
	conn = fake_conn(false, NULL);
	fake_root(conn, request, "echo", NULL);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_from_wire(conn, rows[i].bytes, rows[i].len,
		    rows[i].flags);
		frame = fake_wire(conn);
		fake_is(frame, rows[i].bytes, rows[i].len, rows[i].flags,
		    T_AT("echo"));
		FAKE_NONE(fake_wire(conn));
		T_EQ(fake_live_frames(), 0);
	}
	t_row(NULL);
	fake_finish();
}

/* Two connections of two workers do not mix. */
static void
test_connections(void)
{
	struct hg_conn *a, *b;
	struct hg_channel *root;

	fake_start();
	fake_set_workers(2);
	fake_load("echo", NULL);
	a = fake_conn(false, NULL);
	root = fake_root(a, request, "echo", NULL);
	fake_set_worker(1);
	b = fake_conn(false, NULL);
	fake_root(b, NULL, "echo", NULL);
	fake_from_wire(a, "a", 1, HG_WHOLE);
	fake_from_wire(b, "b", 1, HG_WHOLE);
	FAKE_IS(fake_wire(b), "b", HG_WHOLE);
	FAKE_IS(fake_wire(a), "a", HG_WHOLE);
	FAKE_NONE(fake_wire(a));
	FAKE_NONE(fake_top(root));
	fake_finish();
}

/* The host closes for it: the client's close is answered with its code. */
static void
test_end(void)
{
	struct hg_conn *conn;
	struct hg_channel *root;

	fake_start();
	fake_load("echo", NULL);
	conn = fake_conn(false, NULL);
	root = fake_root(conn, request, "echo", NULL);
	T_NULL(fake_wire_ended(conn));
	fake_wire_end(conn, 4001);
	T_REQUIRE(fake_wire_ended(conn) != NULL);
	T_EQ(fake_wire_ended(conn)->code, 4001);
	T_TRUE(fake_is_closed(root));
	fake_finish();
}

/* A client that does not read costs nothing here: all of it is on its way. */
static void
test_full(void)
{
	struct hg_conn *conn;
	struct hg_channel *root;

	fake_start();
	fake_load("echo", NULL);
	conn = fake_conn(false, NULL);
	root = fake_root(conn, request, "echo", NULL);
	fake_set_full(root, true);
	fake_from_wire(conn, "1", 1, HG_WHOLE);
	T_EQ(fake_live_frames(), 0);
	T_EQ(fake_holds(root), 0);
	FAKE_IS(fake_wire(conn), "1", HG_WHOLE);
	fake_set_full(root, false);
	FAKE_NONE(fake_wire(conn));
	fake_finish();
}

T_MAIN(
	{ "the same frames come back", test_same_frames },
	{ "connections do not mix", test_connections },
	{ "end", test_end },
	{ "full", test_full }
)
