/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W10: text is refused at the first byte after which nothing could make it
 * valid, however it is cut into pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "utf8.h"

#define REST(text)	text, sizeof(text) - 1

struct row {
	const char	*text;
	size_t		 len;
	size_t		 good;	/* bytes until it is refused */
	bool		 complete;	/* when all are good */
};

static const struct row valid_rows[] = {
	{ REST(""), 0, true },
	{ REST("\0"), 1, true },
	{ REST("\x7f"), 1, true },
	{ REST("plain text"), 10, true },
	{ REST("\xc2\x80"), 2, true },
	{ REST("\xdf\xbf"), 2, true },
	{ REST("\xe0\xa0\x80"), 3, true },
	{ REST("\xed\x9f\xbf"), 3, true },		/* U+D7FF */
	{ REST("\xee\x80\x80"), 3, true },		/* U+E000 */
	{ REST("\xef\xbf\xbd"), 3, true },
	{ REST("\xef\xbf\xbe"), 3, true },		/* U+FFFE */
	{ REST("\xef\xbf\xbf"), 3, true },		/* U+FFFF */
	{ REST("\xef\xbb\xbf"), 3, true },		/* byte order mark */
	{ REST("\xf0\x90\x80\x80"), 4, true },
	{ REST("\xf0\x9f\x98\x80"), 4, true },
	{ REST("\xf4\x8f\xbf\xbf"), 4, true },		/* U+10FFFF */
	{ REST("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"), 11, true },
	{ REST("a\xc3\xa9" "b\xe2\x82\xac" "c\xf0\x9d\x84\x9e"), 12, true },
};

static const struct row incomplete_rows[] = {
	{ REST("\xc2"), 1, false },
	{ REST("\xe0"), 1, false },
	{ REST("\xe0\xa0"), 2, false },
	{ REST("\xed\x9f"), 2, false },
	{ REST("\xef\xbf"), 2, false },
	{ REST("\xf0"), 1, false },
	{ REST("\xf0\x90"), 2, false },
	{ REST("\xf4\x8f\xbf"), 3, false },
	{ REST("12345678\xf0\x9f\x98"), 11, false },
};

static const struct row invalid_rows[] = {
	{ REST("\x80"), 0, false },			/* never first */
	{ REST("\xbf"), 0, false },
	{ REST("a\x80" "b"), 1, false },
	{ REST("\xc3\xa9\xa9"), 2, false },
	{ REST("\xc0\x80"), 0, false },			/* overlong */
	{ REST("\xc0\xaf"), 0, false },
	{ REST("\xc1\xbf"), 0, false },
	{ REST("\xe0\x80\x80"), 1, false },
	{ REST("\xe0\x80\xaf"), 1, false },
	{ REST("\xe0\x9f\xbf"), 1, false },
	{ REST("\xf0\x80\x80\x80"), 1, false },
	{ REST("\xf0\x80\x80\xaf"), 1, false },
	{ REST("\xf0\x8f\xbf\xbf"), 1, false },
	{ REST("\xf8\x88\x80\x80\x80"), 0, false },
	{ REST("\xfc\x84\x80\x80\x80\x80"), 0, false },
	{ REST("\xed\xa0\x80"), 1, false },		/* surrogates */
	{ REST("\xed\xad\xbf"), 1, false },
	{ REST("\xed\xae\x80"), 1, false },
	{ REST("\xed\xbf\xbf"), 1, false },
	{ REST("\xed\xa0\x80\xed\xb0\x80"), 1, false },
	{ REST("\xf4\x90\x80\x80"), 1, false },		/* above U+10FFFF */
	{ REST("\xf5\x80\x80\x80"), 0, false },
	{ REST("\xf7\xbf\xbf\xbf"), 0, false },
	{ REST("\xfe"), 0, false },			/* in no text */
	{ REST("\xff"), 0, false },
	{ REST("\xfe\xfe\xff\xff"), 0, false },
	{ REST("\xc3("), 1, false },			/* cut short */
	{ REST("\xe2\x82("), 2, false },
	{ REST("\xe2("), 1, false },
	{ REST("\xf0\x9f("), 2, false },
	{ REST("\xf0\x9f\x98("), 3, false },
	{ REST("\xe2\x82\xe2\x82\xac"), 2, false },
	{ REST("\xc3\xc3\xa9"), 1, false },
	{ REST("\xf0\x9f\x98\xf0"), 3, false },
	{ REST("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80" "x"),
	    12, false },
	{ REST("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80"),
	    12, false },
};

/* How many bytes are good when they come in pieces of that size. */
static size_t
good_bytes(const char *text, size_t len, size_t piece, unsigned char *state)
{
	size_t at, n;

	*state = UTF8_START;
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		if (!utf8_check(state, text + at, n))
			return (at);
	}
	return (len);
}

static void
check_row(const char *text, size_t len, size_t good, bool complete)
{
	unsigned char state;
	size_t piece, seen;

	for (piece = 1; piece <= len; piece++) {
		seen = good_bytes(text, len, piece, &state);
		/* Refused with the piece that has the bad byte. */
		T_EQ(seen, good == len ? len : good / piece * piece);
		if (seen == len)
			T_EQ(utf8_is_complete(state), complete);
	}
}

/* The row alone, and behind and before so much plain text. */
static void
check_rows(const struct row *rows, size_t count)
{
	static const size_t pads[] = { 0, 1, 5, 7, 8, 9, 15, 31, 32, 33, 70 };
	char text[200];
	size_t i, j, len, before;
	bool all;

	for (i = 0; i < count; i++) {
		for (j = 0; j < T_ROWS(pads); j++) {
			t_row("row %zu behind %zu", i, pads[j]);
			before = pads[j];
			memset(text, 'p', sizeof(text));
			memcpy(text + before, rows[i].text, rows[i].len);
			len = before + rows[i].len;
			check_row(text, len, before + rows[i].good,
			    rows[i].complete);
			/* Plain text behind an open sequence is refused. */
			all = rows[i].good == rows[i].len;
			check_row(text, len + 20, all && rows[i].complete ?
			    len + 20 : before + rows[i].good, true);
		}
	}
}

static void
test_valid(void)
{
	check_rows(valid_rows, T_ROWS(valid_rows));
}

static void
test_incomplete(void)
{
	check_rows(incomplete_rows, T_ROWS(incomplete_rows));
}

static void
test_invalid(void)
{
	check_rows(invalid_rows, T_ROWS(invalid_rows));
}

static void
test_no_bytes(void)
{
	unsigned char state = UTF8_START;

	T_TRUE(utf8_check(&state, NULL, 0));
	T_TRUE(utf8_is_complete(state));
	T_TRUE(utf8_check(&state, "\xe2", 1));
	T_TRUE(utf8_check(&state, NULL, 0));
	T_FALSE(utf8_is_complete(state));
	T_TRUE(utf8_check(&state, "\x82\xac", 2));
	T_TRUE(utf8_is_complete(state));
}

static size_t
encode(unsigned char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (unsigned char)c;
		return (1);
	}
	if (c < 0x800) {
		out[0] = (unsigned char)(0xc0 | c >> 6);
		out[1] = 0x80 | (c & 63);
		return (2);
	}
	if (c < 0x10000) {
		out[0] = (unsigned char)(0xe0 | c >> 12);
		out[1] = 0x80 | (c >> 6 & 63);
		out[2] = 0x80 | (c & 63);
		return (3);
	}
	out[0] = (unsigned char)(0xf0 | c >> 18);
	out[1] = 0x80 | (c >> 12 & 63);
	out[2] = 0x80 | (c >> 6 & 63);
	out[3] = 0x80 | (c & 63);
	return (4);
}

/* What a prefix of one character can be. */
enum { NO_PREFIX, PREFIX, CHARACTER };

static unsigned char	 one[1 << 8], two[1 << 16], *three;

/* All characters there are, and every beginning of one. */
static void
make_prefixes(void)
{
	unsigned char text[4];
	uint32_t c;
	size_t len;

	T_REQUIRE((three = calloc(1, 1 << 24)) != NULL);
	for (c = 0; c < 0x110000; c++) {
		if (c >= 0xd800 && c < 0xe000)
			continue;
		len = encode(text, c);
		one[text[0]] = len == 1 ? CHARACTER : PREFIX;
		if (len >= 2)
			two[text[0] << 8 | text[1]] =
			    len == 2 ? CHARACTER : PREFIX;
		if (len >= 3)
			three[text[0] << 16 | text[1] << 8 | text[2]] =
			    len == 3 ? CHARACTER : PREFIX;
	}
}

static void
check_prefix(int kind, const unsigned char *text, size_t len)
{
	unsigned char state = UTF8_START;
	bool good;

	good = utf8_check(&state, text, len);
	if (good == (kind != NO_PREFIX) &&
	    (!good || utf8_is_complete(state) == (kind == CHARACTER)))
		return;
	t_row("%zu bytes %02x %02x %02x", len, text[0], text[1], text[2]);
	T_EQ(good, kind != NO_PREFIX);
	T_EQ(utf8_is_complete(state), kind == CHARACTER);
}

/* All bytes behind all beginnings of a character, of up to three bytes. */
static void
test_all_prefixes(void)
{
	unsigned char text[3] = { 0 };
	unsigned a, b, c;

	make_prefixes();
	for (a = 0; a < 256; a++) {
		text[0] = (unsigned char)a;
		check_prefix(one[a], text, 1);
		if (one[a] != PREFIX)
			continue;
		for (b = 0; b < 256; b++) {
			text[1] = (unsigned char)b;
			check_prefix(two[a << 8 | b], text, 2);
			if (two[a << 8 | b] != PREFIX)
				continue;
			for (c = 0; c < 256; c++) {
				text[2] = (unsigned char)c;
				check_prefix(three[a << 16 | b << 8 | c],
				    text, 3);
			}
		}
	}
	free(three);
}

/* All characters one behind the other, in pieces that cut them anywhere. */
static void
test_all_characters(void)
{
	static const size_t pieces[] = { 1, 3, 7, 64, 4096, 1 << 24 };
	unsigned char *text, state;
	size_t len, i;
	uint32_t c;

	T_REQUIRE((text = malloc(4 * 0x110000)) != NULL);
	for (len = 0, c = 0; c < 0x110000; c++)
		if (c < 0xd800 || c >= 0xe000)
			len += encode(text + len, c);
	for (i = 0; i < T_ROWS(pieces); i++) {
		t_row("pieces of %zu", pieces[i]);
		T_EQ(good_bytes((char *)text, len, pieces[i], &state), len);
		T_TRUE(utf8_is_complete(state));
	}
	free(text);
}

/* One bad byte anywhere in a long plain text. */
static void
test_bad_byte_anywhere(void)
{
	unsigned char text[150], state;
	size_t at, from;

	memset(text, 'a', sizeof(text));
	for (at = 0; at < sizeof(text); at++) {
		text[at] = 0xff;
		for (from = 0; from <= at; from++) {
			t_row("at %zu from %zu", at, from);
			state = UTF8_START;
			T_TRUE(utf8_check(&state, text + from, at - from));
			state = UTF8_START;
			T_FALSE(utf8_check(&state, text + from,
			    sizeof(text) - from));
		}
		text[at] = 'a';
	}
}

T_MAIN(
    { "valid (W10)", test_valid },
    { "incomplete (W10)", test_incomplete },
    { "invalid (W10)", test_invalid },
    { "no bytes", test_no_bytes },
    { "all prefixes of characters (W10)", test_all_prefixes },
    { "all characters", test_all_characters },
    { "a bad byte anywhere", test_bad_byte_anywhere })
