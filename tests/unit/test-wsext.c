/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of extensions: W02b, W07, W13, W16. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness.h"
#include "http.h"
#include "str.h"
#include "wsext.h"

/* What is read, written again; NULL when it was refused. */
static char *
again(const char *text)
{
	struct wsext_list list = { 0 };
	struct str out = { 0 };

	if (wsext_parse_text(&list, text) == -1) {
		T_EQ(list.count, 0);
		return (NULL);
	}
	str_add(&out, "");
	wsext_format(&out, &list);
	wsext_free(&list);
	T_EQ(list.count, 0);
	return (str_take(&out));
}

static void
test_read(void)
{
	static const struct {
		const char	*text, *wanted;
	} rows[] = {
		{ "", "" },
		{ " \t", "" },
		{ ",", "" },
		{ ", ,\t,", "" },
		{ "a", "a" },
		{ " a ", "a" },
		{ "a,b", "a, b" },
		{ ",a,,b ,", "a, b" },
		{ "a, a, A", "a, a, A" },
		{ "a;b", "a; b" },
		{ "a ;\tb = c ; d", "a; b=c; d" },
		{ "a;b=c;d,e;f", "a; b=c; d, e; f" },
		{ "a;b=\"c\"", "a; b=c" },
		{ "a;b = \"c\" , d", "a; b=c, d" },
		{ "a;b=\"\\c\\d\"", "a; b=cd" },
		{ "a;b=\"c, d\";e", "a; b=\"c, d\"; e" },
		{ "a;b=\"x;y=z\",c", "a; b=\"x;y=z\", c" },
		{ "a;b=\"\\\"\\\\\"", "a; b=\"\\\"\\\\\"" },
		{ "a;b=\" \"", "a; b=\" \"" },
		{ "a;b=\"~\"", "a; b=~" },
		{ "!#$%&'*+-.^_`|~09aZ;x", "!#$%&'*+-.^_`|~09aZ; x" },
		{ "a;01010102", "a; 01010102" },
		{ "x-kaazing-channels; extensions=x+y; window=65536",
		    "x-kaazing-channels; extensions=x+y; window=65536" },
		{ "permessage-deflate; client_max_window_bits, "
		    "permessage-deflate",
		    "permessage-deflate; client_max_window_bits, "
		    "permessage-deflate" },
	};
	char *out;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].text);
		out = again(rows[i].text);
		T_STR_EQ(out, rows[i].wanted);
		free(out);
		out = again(rows[i].wanted);
		T_STR_EQ(out, rows[i].wanted);
		free(out);
	}
}

static void
test_refused(void)
{
	static const char *const rows[] = {
		";", "=", "\"", "a;", "a; ", "a;;", "a;;b", "a;b;", "a;,b",
		";a", "=a", "a=b", "a b", "a, b c", "a;b c", "a;=", "a;=b",
		"a;b=", "a;b= ", "a;b=,c", "a;b=;c", "a;b==c", "a;b=c=d",
		"a;b=c d", "a;b=c\"d\"", "\"a\"", "a;\"b\"", "a;b=\"",
		"a;b=\"c", "a;b=\"c\\", "a;b=\"c\\\"", "a;b=\"c\"d",
		"a;b=\"c\" d", "a;b=\"c\"\"d\"", "a;b=\"\"", "a;b=\"\t\"",
		"a;b=\"\x7f\"", "a;b=\"\xc3\xa9\"", "a;b=\"\\\n\"", "a\x01",
		"a;b=\x80", "\xc3\xa9", "a/b", "a;b=/", "a;b=c/d", "a:1", "(a)",
		"a@", "a;b;b", "a;b=1;c;B=1", "a;b=\"1\";b=1",
		"good, a;;", "good; x=1, bad; y=\"",
	};
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i]);
		T_NULL(again(rows[i]));
	}
}

/* W02b: values come through as they are, or the offer is malformed. */
static void
test_window_bits(void)
{
	static const struct {
		const char	*value, *wanted;
	} rows[] = {
		{ "=0", "0" }, { "=7", "7" }, { "=16", "16" }, { "=99", "99" },
		{ "=\"08\"", "08" }, { "=\"+9\"", "+9" }, { "=+9", "+9" },
		{ "=\"\"", NULL }, { "=\" 9\"", " 9" }, { "= 9", "9" },
		{ "", "" }, { "=9; server_max_window_bits=9", NULL },
		{ "=", NULL }, { "=-1", "-1" }, { "=9.5", "9.5" },
	};
	struct wsext_list list = { 0 };
	struct str text;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].value);
		text = (struct str){ 0 };
		str_addf(&text, "permessage-deflate; server_max_window_bits%s",
		    rows[i].value);
		T_EQ(wsext_parse_text(&list, text.text),
		    rows[i].wanted == NULL ? -1 : 0);
		T_EQ(list.count, rows[i].wanted == NULL ? 0 : 1);
		if (list.count == 1)
			T_STR_EQ(wsext_get(list.ext[0],
			    "Server_Max_Window_Bits"), rows[i].wanted);
		wsext_free(&list);
		str_free(&text);
	}
}

static void
test_head(void)
{
	static const char text[] =
	    "Sec-WebSocket-Extensions: a; b=1, c\r\n"
	    "Other: x\r\n"
	    "sec-websocket-extensions:\r\n"
	    "SEC-WEBSOCKET-EXTENSIONS: d; e=\"f, g\"\r\n";
	struct wsext_list list = { 0 };
	struct hg_head *head;
	struct str out = { 0 };

	head = http_parse(text, strlen(text), HTTP_FIELDS, NULL, NULL);
	T_REQUIRE(head != NULL);
	T_EQ(wsext_parse(&list, head), 0);
	T_EQ(list.count, 3);
	wsext_format(&out, &list);
	T_STR_EQ(out.text, "a; b=1, c, d; e=\"f, g\"");
	T_STR_EQ(wsext_get(wsext_find(&list, "A"), "b"), "1");
	T_NULL(wsext_get(wsext_find(&list, "a"), "c"));
	T_STR_EQ(wsext_get(wsext_find(&list, "d"), "E"), "f, g");
	T_NULL(wsext_find(&list, "e"));
	http_free(head);
	head = http_parse("Sec-WebSocket-Extensions: a;\r\n", 30, HTTP_FIELDS,
	    NULL, NULL);
	T_REQUIRE(head != NULL);
	T_EQ(wsext_parse(&list, head), -1);
	T_EQ(list.count, 0);
	http_free(head);
	str_free(&out);
}

static void
test_set(void)
{
	static const struct {
		const char	*name, *value;
	} bad[] = {
		{ "", "a" }, { "a b", "c" }, { "a=", "b" }, { "a\r\nb", "c" },
		{ "a", "b\r\nC: d" }, { "a", "\n" }, { "a", "\x01" },
		{ "a", "\x7f" }, { "a", "\xc3\xa9" }, { "a", "b\tc" },
	};
	struct wsext_list list = { 0 };
	struct hg_params *params, *copy;
	struct str out = { 0 };
	char name[8];
	size_t i;

	T_NULL(wsext_params_new(""));
	T_NULL(wsext_params_new("a b"));
	T_NULL(wsext_params_new("a;b"));
	T_NULL(wsext_params_new("a\r\n"));
	params = wsext_params_new("ext");
	T_REQUIRE(params != NULL);
	for (i = 0; i < T_ROWS(bad); i++) {
		t_row("%zu", i);
		T_EQ(wsext_set(params, bad[i].name, bad[i].value), -1);
		T_EQ(params->count, 0);
	}
	t_row(NULL);
	T_EQ(wsext_set(params, "a", "1"), 0);
	T_EQ(wsext_set(params, "b", NULL), 0);
	T_EQ(wsext_set(params, "A", "2 \"x\\"), 0);
	T_EQ(wsext_set(params, "c", ""), 0);
	T_EQ(wsext_set(params, "d", "3"), 0);
	T_EQ(wsext_set(params, "d", NULL), 0);
	T_EQ(params->count, 4);
	T_STR_EQ(wsext_get(params, "a"), "2 \"x\\");
	T_STR_EQ(wsext_get(params, "b"), "");
	T_STR_EQ(wsext_get(params, "c"), "");
	T_STR_EQ(wsext_get(params, "d"), "");
	T_NULL(wsext_get(params, "e"));
	copy = wsext_params_copy(params);
	T_REQUIRE(copy != NULL);
	T_EQ(wsext_push(&list, params), 0);
	T_EQ(wsext_set(params, "b", "x"), 0);
	T_EQ(wsext_push(&list, copy), 0);
	wsext_format(&out, &list);
	T_STR_EQ(out.text, "ext; a=\"2 \\\"x\\\\\"; b=x; c; d, "
	    "ext; a=\"2 \\\"x\\\\\"; b; c; d");
	for (i = params->count; i < WSEXT_PARAMS; i++) {
		snprintf(name, sizeof(name), "p%zu", i);
		T_EQ(wsext_set(params, name, "v"), 0);
	}
	T_EQ(wsext_set(params, "more", "v"), -1);
	T_EQ(wsext_set(params, "p9", "w"), 0);
	for (i = list.count; i < WSEXT_MAX; i++)
		T_EQ(wsext_push(&list, wsext_params_new("x")), 0);
	T_EQ(wsext_push(&list, wsext_params_new("y")), -1);
	T_EQ(list.count, WSEXT_MAX);
	T_NULL(wsext_find(&list, "y"));
	wsext_free(&list);
	wsext_free(&list);
	wsext_params_free(NULL);
	str_free(&out);
}

static void
test_counts(void)
{
	struct wsext_list list = { 0 };
	struct str text = { 0 };
	int i;

	str_add(&text, "a");
	for (i = 0; i < WSEXT_PARAMS; i++)
		str_addf(&text, ";p%d=%d", i, i);
	T_EQ(wsext_parse_text(&list, text.text), 0);
	T_EQ(list.ext[0]->count, WSEXT_PARAMS);
	wsext_free(&list);
	for (; i < 10000; i++)
		str_addf(&text, ";p%d=%d", i, i);
	T_EQ(wsext_parse_text(&list, text.text), -1);
	T_EQ(list.count, 0);
	str_free(&text);
	for (i = 0; i < WSEXT_MAX; i++)
		str_addf(&text, "e%d,", i);
	T_EQ(wsext_parse_text(&list, text.text), 0);
	T_EQ(list.count, WSEXT_MAX);
	/* What was there is gone too. */
	T_EQ(wsext_parse_text(&list, "one-more"), -1);
	T_EQ(list.count, 0);
	str_free(&text);
}

/*
 * W07: a megabyte of whatever could be read over and over again. In quadratic
 * time each would take many minutes.
 */
static void
test_linear(void)
{
	static const struct {
		const char	*start, *fill, *end;
		int		 result;
	} rows[] = {
		{ "", ",", "a", 0 }, { "", " ", "a", 0 },
		{ "a", " ,\t", "", 0 }, { "a;b=\"", "x", "\"", 0 },
		{ "a;b=\"", "\\\"", "\"", 0 }, { "a;b=\"", "x", "", -1 },
		{ "a;b=\"", "\\\\", "", -1 }, { "", "a", "", 0 },
		{ "a;", "b", "=", -1 }, { "a", ";", "", -1 },
		{ "a", ";b", "", -1 }, { "", "a,", "", -1 },
		{ "a;b=", "\"", "", -1 }, { "a ", "\t", "b", -1 },
		{ "a;", "\t", "", -1 },
	};
	struct wsext_list list = { 0 };
	struct timespec from, to;
	struct str text;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s%s%s", rows[i].start, rows[i].fill, rows[i].end);
		text = (struct str){ 0 };
		str_add(&text, rows[i].start);
		while (text.len < 1000000)
			str_add(&text, rows[i].fill);
		str_add(&text, rows[i].end);
		T_REQUIRE(!text.failed);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
		T_EQ(wsext_parse_text(&list, text.text), rows[i].result);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		T_TRUE(to.tv_sec - from.tv_sec < 5);
		wsext_free(&list);
		str_free(&text);
	}
}

static unsigned
dice(unsigned sides)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((unsigned)(state >> 33) % sides);
}

/* W13: whatever is accepted is written so that it reads as the same. */
static void
test_random(void)
{
	static const char bytes[] = "aab,,;;==\"\"\\ \tZ9\x80\x01";
	char text[32], *once, *twice;
	size_t i, len;
	int turn, good;

	for (good = turn = 0; turn < 200000; turn++) {
		len = dice(sizeof(text));
		for (i = 0; i < len; i++)
			text[i] = bytes[dice(sizeof(bytes) - 1 -
			    (dice(8) != 0 ? 4 : 0))];
		text[len] = '\0';
		once = again(text);
		if (once == NULL)
			continue;
		good++;
		twice = again(once);
		if (twice == NULL || strcmp(once, twice) != 0) {
			t_row("%s", text);
			T_STR_EQ(twice, once);
		}
		free(once);
		free(twice);
	}
	T_TRUE(good > 1000);
}

T_MAIN(
	{ "read (W13)", test_read },
	{ "refused (W13)", test_refused },
	{ "window bits (W02b)", test_window_bits },
	{ "head", test_head },
	{ "set (W16)", test_set },
	{ "counts (W13)", test_counts },
	{ "linear time (W07)", test_linear },
	{ "random", test_random })
