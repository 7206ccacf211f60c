/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "str.h"

static void
test_add(void)
{
	struct str str = { 0 };

	T_NULL(str.text);
	str_add(&str, "");
	T_STR_EQ(str.text, "");
	str_add(&str, "ab");
	str_add_char(&str, 'c');
	str_addf(&str, "%d-%s", 42, "x");
	str_add_bytes(&str, "y\0z", 3);
	T_MEM_EQ(str.text, str.len, "abc42-xy\0z", 10);
	T_EQ(str.text[str.len], '\0');
	T_FALSE(str.failed);
	str_free(&str);
	T_NULL(str.text);
	T_EQ(str.len, 0);
	str_free(&str);
}

static void
test_growth(void)
{
	char model[3000], piece[100];
	struct str str = { 0 };
	size_t len, i;

	for (len = i = 0; i < 60; i++) {
		memset(piece, 'a' + (int)(i % 26), i);
		piece[i] = '\0';
		memcpy(model + len, piece, i);
		len += i;
		if (i % 2 == 0)
			str_add(&str, piece);
		else
			str_addf(&str, "%s", piece);
		T_MEM_EQ(str.text, str.len, model, len);
		T_EQ(str.text[len], '\0');
	}
	T_TRUE(str.size < 2 * len + 128);
	str_free(&str);
}

static void
test_no_memory(void)
{
	struct str str = { 0 };

	str_add(&str, "kept");
	str_add_bytes(&str, "x", SIZE_MAX);
	T_TRUE(str.failed);
	T_STR_EQ(str.text, "kept");
	str_add(&str, "more");
	str_addf(&str, "%d", 1);
	str_add_char(&str, 'c');
	T_STR_EQ(str.text, "kept");
	T_NULL(str_take(&str));
	T_FALSE(str.failed);
	str_add(&str, "again");
	T_STR_EQ(str.text, "again");
	str_free(&str);
}

static void
test_take(void)
{
	struct str str = { 0 };
	char *text;

	text = str_take(&str);
	T_STR_EQ(text, "");
	free(text);
	str_add(&str, "text");
	text = str_take(&str);
	T_STR_EQ(text, "text");
	T_NULL(str.text);
	T_EQ(str.len, 0);
	free(text);
}

static void
test_dup(void)
{
	char *copy;

	copy = str_dup("a\0bc", 3);
	T_MEM_EQ(copy, 4, "a\0b", 4);
	free(copy);
	copy = str_dup(NULL, 0);
	T_STR_EQ(copy, "");
	free(copy);
	T_NULL(str_dup("", SIZE_MAX));
}

static void
test_nocase(void)
{
	static const struct {
		const char	*a, *b;
		bool		 equal;
	} rows[] = {
		{ "", "", true },
		{ "a", "A", true },
		{ "Upgrade", "uPGRADE", true },
		{ "azAZ09", "AZaz09", true },
		{ "a", "", false },
		{ "ab", "abc", false },
		{ "abc", "abd", false },
		{ "@", "`", false },
		{ "[", "{", false },
		{ "k", "\xe2\x84\xaa", false },		/* the Kelvin sign */
		{ "\xc4", "\xe4", false },		/* not Latin-1 */
	};
	size_t i;
	int c;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s and %s", rows[i].a, rows[i].b);
		T_EQ(str_equal_nocase(rows[i].a, rows[i].b), rows[i].equal);
		T_EQ(str_equal_nocase(rows[i].b, rows[i].a), rows[i].equal);
	}
	t_row(NULL);
	T_TRUE(str_equal_nocase_n("abX", 2, "ABY", 2));
	T_FALSE(str_equal_nocase_n("ab", 2, "ab", 1));
	T_TRUE(str_equal_nocase_n("a\0b", 3, "A\0B", 3));
	T_FALSE(str_equal_nocase_n("a\0b", 3, "A\0C", 3));
	T_TRUE(str_equal_nocase_n(NULL, 0, NULL, 0));
	for (c = -128; c < 128; c++) {
		t_row("%d", c);
		T_EQ(str_lower((char)c), c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
}

static void
test_token(void)
{
	static const char good[] = "!#$%&'*+-.^_`|~0123456789"
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char text[3] = "a.b";
	int c;

	T_TRUE(str_is_token(good, strlen(good)));
	T_FALSE(str_is_token("", 0));
	T_FALSE(str_is_token("a b", 3));
	T_TRUE(str_is_token("a b", 1));
	for (c = 0; c < 256; c++) {
		t_row("byte %d", c);
		text[1] = (char)c;
		T_EQ(str_is_token(text, 3),
		    c != 0 && strchr(good, c) != NULL);
		T_EQ(str_is_token(text + 1, 1),
		    c != 0 && strchr(good, c) != NULL);
	}
}

struct number_row {
	const char	*text;
	uint64_t	 max;
	bool		 good;
	uint64_t	 value;
};

/* B05 and W15: a length is digits only, and bounded. */
static const struct number_row decimal_rows[] = {
	{ "0", 0, true, 0 },
	{ "1", 0, false, 0 },
	{ "00012", 12, true, 12 },
	{ "13", 12, false, 0 },
	{ "65535", 65535, true, 65535 },
	{ "65536", 65535, false, 0 },
	{ "18446744073709551615", UINT64_MAX, true, UINT64_MAX },
	{ "18446744073709551615", UINT64_MAX - 1, false, 0 },
	{ "18446744073709551616", UINT64_MAX, false, 0 },
	{ "18446744073709551620", UINT64_MAX, false, 0 },
	{ "99999999999999999999", UINT64_MAX, false, 0 },
	{ "184467440737095516150", UINT64_MAX, false, 0 },
	{ "000000000000000000000000000001", 1, true, 1 },
	{ "", 9, false, 0 },
	{ "+5", 9, false, 0 },
	{ "-1", UINT64_MAX, false, 0 },
	{ " 5", 9, false, 0 },
	{ "5 ", 9, false, 0 },
	{ "5\n", 9, false, 0 },
	{ "0x5", 9, false, 0 },
	{ "5a", 99, false, 0 },
	{ "1e1", 99, false, 0 },
	{ "5/", 99, false, 0 },
	{ "5:", 99, false, 0 },
	{ "\xd9\xa5", 99, false, 0 },		/* an Arabic digit */
};

static const struct number_row hex_rows[] = {
	{ "0", 0, true, 0 },
	{ "aF09", 0xaf09, true, 0xaf09 },
	{ "ffffffffffffffff", UINT64_MAX, true, UINT64_MAX },
	{ "10000000000000000", UINT64_MAX, false, 0 },
	{ "00000000000000000001", 1, true, 1 },
	{ "ff", 0xfe, false, 0 },
	{ "", 9, false, 0 },
	{ "0x1", 9, false, 0 },
	{ "g", 99, false, 0 },
	{ "@", 99, false, 0 },
	{ "`", 99, false, 0 },
	{ "G", 99, false, 0 },
	{ "-1", 99, false, 0 },
	{ "1 ", 99, false, 0 },
};

static void
check_numbers(const struct number_row *rows, size_t count,
    bool (*to_u64)(const char *, size_t, uint64_t, uint64_t *))
{
	uint64_t value;
	size_t i;

	for (i = 0; i < count; i++) {
		t_row("\"%s\"", rows[i].text);
		value = 77;
		T_EQ(to_u64(rows[i].text, strlen(rows[i].text), rows[i].max,
		    &value), rows[i].good);
		T_EQ(value, rows[i].good ? rows[i].value : 77);
	}
}

static void
test_numbers(void)
{
	uint64_t value;

	check_numbers(decimal_rows, T_ROWS(decimal_rows), str_to_u64);
	check_numbers(hex_rows, T_ROWS(hex_rows), str_hex_to_u64);
	t_row(NULL);
	T_TRUE(str_to_u64("1234", 2, 99, &value));
	T_EQ(value, 12);
	T_FALSE(str_to_u64("1\0002", 3, 99, &value));
}

static void
test_distance(void)
{
	static const struct {
		const char	*a, *b;
		size_t		 edits;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "abc", 0 },
		{ "abc", "abd", 1 },
		{ "abc", "abcd", 1 },
		{ "abc", "bc", 1 },
		{ "ab", "ba", 2 },
		{ "kitten", "sitting", 3 },
		{ "message-max", "mesage-max", 1 },
		{ "origin", "orign", 1 },
		{ "intention", "execution", 5 },
		{ "abcdef", "fedcba", 6 },
	};
	char a[101], b[101];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s and %s", rows[i].a, rows[i].b);
		T_EQ(str_distance(rows[i].a, rows[i].b), rows[i].edits);
		T_EQ(str_distance(rows[i].b, rows[i].a), rows[i].edits);
	}
	/* Too long to be a slip: as far as can be. */
	memset(a, 'a', 100);
	memset(b, 'a', 100);
	a[64] = a[100] = b[63] = b[100] = '\0';
	T_EQ(str_distance(a, b), 1);
	a[64] = 'a';
	T_EQ(str_distance(a, b), 100);
	T_EQ(str_distance(b, a), 100);
}

static void
test_match(void)
{
	static const struct {
		const char	*pattern, *text;
		bool		 match;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "anything", true },
		{ "**", "", true },
		{ "**", "x", true },
		{ "a", "a", true },
		{ "a", "b", false },
		{ "a", "A", false },
		{ "a", "ab", false },
		{ "ab", "a", false },
		{ "a*", "a", true },
		{ "a*", "abc", true },
		{ "a*", "ba", false },
		{ "*a", "a", true },
		{ "*a", "bca", true },
		{ "*a", "ab", false },
		{ "a*c", "ac", true },
		{ "a*c", "abbc", true },
		{ "a*c", "abcb", false },
		{ "a*c", "acbc", true },
		{ "*abc*", "ababc", true },
		{ "*abc*", "abab", false },
		{ "a*b*c", "a-b-b-c", true },
		{ "a*b*c", "a-c-b", false },
		{ "*aab", "aaaab", true },
		{ "a?c", "abc", false },
		{ "a?c", "a?c", true },
		{ "[a]", "a", false },
		{ "\\*", "*", false },
		{ "https://*.example.com", "https://a.example.com", true },
		{ "https://*.example.com", "https://example.com", false },
		{ "https://*.example.com", "https://a.example.com.evil",
		    false },
	};
	char text[10001], pattern[200];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s against %s", rows[i].pattern, rows[i].text);
		T_EQ(str_match(rows[i].pattern, rows[i].text,
		    strlen(rows[i].text)), rows[i].match);
	}
	t_row(NULL);
	T_TRUE(str_match("a*z", "a\0\0z", 4));
	T_FALSE(str_match("a", "a\0", 2));
	T_FALSE(str_match("a*", NULL, 0));
	/* W07: many stars do not multiply. */
	memset(text, 'a', 10000);
	for (i = 0; i + 3 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 3);
	memcpy(pattern + i, "b", 2);
	T_FALSE(str_match(pattern, text, 10000));
}

/* RFC 4648, 10. */
static const char *const base64_rows[][2] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+" },
	{ "the sample nonce", "dGhlIHNhbXBsZSBub25jZQ==" },
};

static void
test_base64(void)
{
	unsigned char in[48], back[48];
	const char *plain, *text;
	char out[80];
	size_t i, len;
	int n;

	for (i = 0; i < T_ROWS(base64_rows); i++) {
		plain = base64_rows[i][0];
		text = base64_rows[i][1];
		t_row("%s", text);
		str_base64(out, plain, strlen(plain));
		T_STR_EQ(out, text);
		n = str_unbase64(back, text, strlen(text));
		T_EQ(n, strlen(plain));
		T_MEM_EQ(back, (size_t)n, plain, strlen(plain));
	}
	for (len = 0; len <= sizeof(in); len++) {
		t_row("length %zu", len);
		for (i = 0; i < len; i++)
			in[i] = (unsigned char)(i * 37 + len * 101);
		str_base64(out, in, len);
		T_EQ(strlen(out), 4 * ((len + 2) / 3));
		T_EQ(str_unbase64(back, out, strlen(out)), len);
		T_MEM_EQ(back, len, in, len);
	}
}

static void
test_base64_bad(void)
{
	static const char *const rows[] = {
		"A", "AA", "AAA", "AAAAA", "=", "====", "A===", "=AAA",
		"AA=A", "A=AA", "Zg==Zg==", "Zm8=Zm9v", "Zg=", "Zg===",
		"Zm9v====", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9-", "Zm9_",
		"Zh==", "Zm9=", "Zm9\x80", "Zm.v",
	};
	unsigned char out[16];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i]);
		T_EQ(str_unbase64(out, rows[i], strlen(rows[i])), -1);
	}
	t_row("NUL");
	T_EQ(str_unbase64(out, "Zm9\0", 4), -1);
	T_EQ(str_unbase64(out, "AAAA", (size_t)1 << 31), -1);
}

/* Only one spelling of each of all two-byte texts is taken. */
static void
test_base64_canonical(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char out[3];
	char text[5] = "AAA=", again[5];
	int a, b, good;

	for (good = a = 0; a < 64; a++) {
		for (b = 0; b < 64; b++) {
			text[1] = digits[a];
			text[2] = digits[b];
			if (str_unbase64(out, text, 4) != 2)
				continue;
			good++;
			str_base64(again, out, 2);
			T_STR_EQ(again, text);
		}
	}
	T_EQ(good, 64 * 16);
}

static void
test_hex(void)
{
	unsigned char all[256];
	char out[513], model[513];
	size_t i;

	str_hex(out, NULL, 0);
	T_STR_EQ(out, "");
	for (i = 0; i < sizeof(all); i++) {
		all[i] = (unsigned char)i;
		snprintf(model + 2 * i, 3, "%02x", (unsigned)i);
	}
	str_hex(out, all, sizeof(all));
	T_STR_EQ(out, model);
}

T_MAIN(
    { "add", test_add },
    { "growth", test_growth },
    { "without memory", test_no_memory },
    { "take", test_take },
    { "dup", test_dup },
    { "no case", test_nocase },
    { "token", test_token },
    { "numbers", test_numbers },
    { "distance", test_distance },
    { "match", test_match },
    { "base64", test_base64 },
    { "base64, bad", test_base64_bad },
    { "base64, one spelling", test_base64_canonical },
    { "hex", test_hex })
