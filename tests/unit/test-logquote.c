/* SPDX-License-Identifier: Apache-2.0 */
/* W20: bytes of a peer in a log line. */
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "log.h"

static void
test_table(void)
{
	static const struct {
		const char	*data;
		size_t		 len;
		const char	*text;
	} rows[] = {
		{ "", 0, "" },
		{ "plain text~", 11, "plain text~" },
		{ "a\r\nb", 4, "a\\x0d\\x0ab" },
		{ "\x1b[2J", 4, "\\x1b[2J" },
		{ "a\0b", 3, "a\\x00b" },
		{ "\x80\x9b\xff", 3, "\\x80\\x9b\\xff" },
		{ "\xc3\xa9", 2, "\\xc3\\xa9" },
		{ "\x7f\x1f", 2, "\\x7f\\x1f" },
		{ "\\x41\\", 5, "\\x5cx41\\x5c" },
		{ "%s%n\"'", 6, "%s%n\"'" },
		{ "\t\b\a", 3, "\\x09\\x08\\x07" },
	};
	char out[100];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("row %zu", i);
		memset(out, 'e', sizeof(out));
		T_PTR_EQ(log_quote(out, sizeof(out), rows[i].data,
		    rows[i].len), out);
		T_STR_EQ(out, rows[i].text);
	}
}

static void
test_all_bytes(void)
{
	char out[16], want[16];
	unsigned char byte;
	int c;

	for (c = 0; c < 256; c++) {
		t_row("byte %d", c);
		byte = (unsigned char)c;
		if (c >= ' ' && c <= '~' && c != '\\')
			snprintf(want, sizeof(want), "%c", c);
		else
			snprintf(want, sizeof(want), "\\x%02x", (unsigned)c);
		T_STR_EQ(log_quote(out, sizeof(out), &byte, 1), want);
	}
}

/* No more of it than LOG_QUOTE_MAX bytes, however large out is. */
static void
test_longest(void)
{
	static const size_t lens[] = { LOG_QUOTE_MAX - 1, LOG_QUOTE_MAX,
		LOG_QUOTE_MAX + 1, 5000 };
	static const char bytes[] = { 'a', '\n' };
	char data[5000], out[5000];
	size_t i, j, shown, width, dots;

	for (i = 0; i < T_ROWS(lens); i++) {
		for (j = 0; j < T_ROWS(bytes); j++) {
			t_row("%zu of byte %d", lens[i], bytes[j]);
			memset(data, bytes[j], sizeof(data));
			log_quote(out, sizeof(out), data, lens[i]);
			dots = lens[i] > LOG_QUOTE_MAX ? 2 : 0;
			shown = dots ? LOG_QUOTE_MAX : lens[i];
			width = bytes[j] == 'a' ? 1 : 4;
			T_EQ(strlen(out), shown * width + dots);
			T_STR_EQ(out + shown * width, dots ? ".." : "");
		}
	}
}

/* Into each size of buffer: nothing behind it, no half of a \xNN. */
static void
test_cut(void)
{
	static const char data[] = "ab\ncd\x80";
	static const char *const texts[] = {
		NULL, "", ".", "..", "a..", "ab..", "ab..", "ab..", "ab..",
		"ab\\x0a..", "ab\\x0ac..", "ab\\x0acd..", "ab\\x0acd..",
		"ab\\x0acd\\x80", "ab\\x0acd\\x80",
	};
	char out[32];
	size_t size;

	for (size = 0; size < T_ROWS(texts); size++) {
		t_row("size %zu", size);
		memset(out, 'e', sizeof(out));
		T_PTR_EQ(log_quote(out, size, data, 6), out);
		T_EQ(out[size], 'e');
		if (size > 0)
			T_STR_EQ(out, texts[size]);
	}
}

T_MAIN(
    { "table (W20)", test_table },
    { "all bytes (W20)", test_all_bytes },
    { "longest", test_longest },
    { "cut", test_cut })
