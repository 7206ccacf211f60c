/* SPDX-License-Identifier: Apache-2.0 */
/* The tap plugin: what it logs, and that it changes nothing. */
#include "fakehost.h"

#include <stdio.h>

static void
test_lines(void)
{
	static const struct {
		const char	*bytes;
		size_t		 len;
		unsigned	 flags;
		const char	*line;
	} rows[] = {
		{ "hello", 5, HG_WHOLE | HG_TEXT, "text, 5 bytes: hello" },
		{ "", 0, HG_WHOLE, "binary, 0 bytes: " },
		{ "\0\n\\", 3, HG_WHOLE,
		  "binary, 3 bytes: \\x00\\x0a\\x5c" },
		{ "12345678", 8, HG_FIRST | HG_TEXT,
		  "text, more follows, 8 bytes: 123456" },
		{ "x", 1, HG_TEXT, "text, continued, more follows, "
		  "1 bytes: x" },
		{ "y", 1, HG_TEXT | HG_LAST, "text, continued, 1 bytes: y" },
	};
	struct hg_conn *conn;
	struct hg_channel *root;
	char line[128];
	size_t i;

	fake_start();
	fake_load("tap", "bytes=6", NULL);
	conn = fake_conn(false, NULL);
	root = fake_root(conn, NULL, "tap", NULL);
	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_from_wire(conn, rows[i].bytes, rows[i].len,
		    rows[i].flags);
		fake_is(fake_top(root), rows[i].bytes, rows[i].len,
		    rows[i].flags, T_AT("up"));
		snprintf(line, sizeof(line), "from the wire: %s",
		    rows[i].line);
		T_STR_EQ(fake_log(), line);
		fake_from_peer(root, rows[i].bytes, rows[i].len,
		    rows[i].flags);
		fake_is(fake_wire(conn), rows[i].bytes, rows[i].len,
		    rows[i].flags, T_AT("down"));
		snprintf(line, sizeof(line), "to the wire: %s", rows[i].line);
		T_STR_EQ(fake_log(), line);
	}
	t_row(NULL);
	T_NULL(fake_log());
	fake_finish();
}

/* The standard is 16 bytes, none are possible, and too many are an error. */
static void
test_bytes(void)
{
	static const struct {
		const char	*option;
		const char	*line;
	} rows[] = {
		{ NULL, "from the wire: binary, 20 bytes: 0123456789abcdef" },
		{ "bytes=0", "from the wire: binary, 20 bytes: " },
		{ "bytes=64",
		  "from the wire: binary, 20 bytes: 0123456789abcdefghij" },
	};
	struct hg_conn *conn;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		fake_start();
		fake_load("tap", rows[i].option, NULL);
		conn = fake_conn(false, NULL);
		fake_root(conn, NULL, "tap", NULL);
		fake_from_wire(conn, "0123456789abcdefghij", 20, HG_WHOLE);
		T_STR_EQ(fake_log(), rows[i].line);
		fake_finish();
	}
	fake_start();
	T_NULL(fake_try_load("tap", "bytes=65", NULL));
	T_STR_EQ(fake_error(), "tap: bytes: 65: out of range");
	T_NULL(fake_try_load("tap", "byte=1", NULL));
	fake_finish();
}

T_MAIN(
	{ "lines", test_lines },
	{ "bytes", test_bytes }
)
