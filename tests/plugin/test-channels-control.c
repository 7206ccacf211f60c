/* SPDX-License-Identifier: Apache-2.0 */
/* The text of control messages, read and written: no host is needed. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/channels/control.h"

#define END "\r\n\r\n"

static void
test_good(void)
{
	static const struct {
		const char		*text;
		enum control_verb	 verb;
		unsigned		 id;
		const char		*head;
	} rows[] = {
		{ "create 0x0001\r\nGET / HTTP/1.1\r\n\r\n", CONTROL_CREATE, 1,
		    "GET / HTTP/1.1\r\n" },
		{ "create 0x0002 parent=0x0000\r\nA: b\r\n\r\n",
		    CONTROL_CREATE, 2, "A: b\r\n" },
		{ "create 0x0002 parent=0x0000 seq=7" END, CONTROL_CREATE, 2,
		    NULL },
		{ "created 0x0002" END, CONTROL_CREATED, 2, NULL },
		{ "created 0x0001\r\nHTTP/1.1 101 X\r\n\r\n", CONTROL_CREATED,
		    1, "HTTP/1.1 101 X\r\n" },
		{ "refused 0x0003\r\nHTTP/1.1 404 X\r\nA: b\r\n\r\n",
		    CONTROL_REFUSED, 3, "HTTP/1.1 404 X\r\nA: b\r\n" },
		{ "destroy 0x0002 code=1000" END, CONTROL_DESTROY, 2, NULL },
		{ "destroy 0xfffe code=4999 reason=a%20b seq=1 carrier=0x0004"
		    END, CONTROL_DESTROY, 0xfffe, NULL },
		{ "abort 0x0002 code=1008 reason=x" END, CONTROL_ABORT, 2,
		    NULL },
		{ "migrate 0x0081 to=0x0001 at=5" END, CONTROL_MIGRATE, 0x81,
		    NULL },
		{ "migrated 0x0081 to=0x0001 at=0" END, CONTROL_MIGRATED,
		    0x81, NULL },
		{ "merge 0x0004 with=0x0002 at=1 seq=18446744073709551615"
		    END, CONTROL_MERGE, 4, NULL },
		{ "merged 0x0004" END, CONTROL_MERGED, 4, NULL },
		{ "unmerge 0x0004 seq=9" END, CONTROL_UNMERGE, 4, NULL },
		{ "unmerged 0x0004" END, CONTROL_UNMERGED, 4, NULL },
		{ "unmerge? 0x0004" END, CONTROL_ASK_UNMERGE, 4, NULL },
		{ "denied 0x0004 what=merge reason=flow" END, CONTROL_DENIED,
		    4, NULL },
		{ "credit 0xffff bytes=1048576" END, CONTROL_CREDIT, 0xffff,
		    NULL },
		{ "auth 0x0001\r\nGET / HTTP/1.1\r\n\r\n", CONTROL_AUTH, 1,
		    "GET / HTTP/1.1\r\n" },
		{ "authed 0x0001\r\nHTTP/1.1 200 OK\r\n\r\n", CONTROL_AUTHED,
		    1, "HTTP/1.1 200 OK\r\n" },
		{ "drain odd=0xffff even=0xffff" END, CONTROL_DRAIN, 0, NULL },
		{ "resume 0x0002 flow=ab epoch=cd seq=3" END, CONTROL_RESUME,
		    2, NULL },
		{ "resumed 0x0002 seq=3" END, CONTROL_RESUMED, 2, NULL },
		{ "gap 0x0002 from=4 to=9" END, CONTROL_GAP, 2, NULL },
		{ "error reason=x" END, CONTROL_ERROR, 0, NULL },
		{ "error reason=x id=0x0001" END, CONTROL_ERROR, 0, NULL },
		/* What is unknown and may be. */
		{ "merged 0x0004 new-thing=1" END, CONTROL_MERGED, 4, NULL },
		{ "credit 0x0001 bytes=1 seq=none" END, CONTROL_CREDIT, 1,
		    NULL },
		{ "future? 0x0001 0x0002 a=b" END, CONTROL_OTHER, 0, NULL },
		{ "future?\r\nwith: head\r\n\r\n", CONTROL_OTHER, 0,
		    "with: head\r\n" },
	};
	struct control m;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu", i);
		T_STR_EQ(control_parse(&m, rows[i].text,
		    strlen(rows[i].text)), NULL);
		T_EQ(m.verb, rows[i].verb);
		if (m.verb != CONTROL_OTHER)
			T_EQ(m.id, rows[i].id);
		T_MEM_EQ(m.head, m.head_len, rows[i].head,
		    rows[i].head == NULL ? 0 : strlen(rows[i].head));
	}
}

static void
test_bad(void)
{
	static const char *const rows[] = {
		"", "\r\n", "\r\n\r\n", " " END, "created", "created 0x0001",
		"created 0x0001\r\n", "created 0x0001\n\n",
		"created 0x0001\r\r\n\r\n", "created 0x0001\r\nX\r\n",
		"created 0x0001\r\nX: y\n\r\n",
		/* verbs */
		"Created 0x0001" END, "future 0x0001" END, "? 0x0001" END,
		"creat\0d 0x0001" END, "unmerge?? 0x0001" END,
		"merged? 0x0001 x" END, "\tmerged 0x0001" END,
		/* ids */
		"merged" END, "merged 0x1" END, "merged 0x00001" END,
		"merged 0X0001" END, "merged 0x000A" END, "merged 0001" END,
		"merged 0x0001 0x0003" END, "merged  0x0001" END,
		"merged 0x0001 " END, "merged\t0x0001" END,
		"drain 0x0001 odd=0x0001 even=0x0002" END,
		"credit bytes=1 0x0001" END, "merged 0x000g" END,
		/* parameters */
		"credit 0x0001" END, "credit 0x0001 bytes" END,
		"credit 0x0001 bytes=" END, "credit 0x0001 =1" END,
		"credit 0x0001 bytes=-1" END, "credit 0x0001 bytes=+1" END,
		"credit 0x0001 bytes=0x10" END, "credit 0x0001 bytes=1a" END,
		"credit 0x0001 bytes=18446744073709551616" END,
		"credit 0x0001 bytes=99999999999999999999999" END,
		"credit 0x0001 bytes=1 bytes=1" END,
		"credit 0x0001 bytes=1 x=1 x=2" END,
		"credit 0x0001 Bytes=1" END, "credit 0x0001 by_es=1" END,
		"credit 0x0001 bytes=1=1" END, "credit 0x0001 bytes=1,%" END,
		"destroy 0x0001" END, "destroy 0x0001 code=1000 reason=%4" END,
		"destroy 0x0001 code=1000 reason=%zz" END,
		"destroy 0x0001 code=1000 reason=\"a\"" END,
		"destroy 0x0001 code=1000 reason=a/b" END,
		"destroy 0x0001 code=1000 reason=\xc3\xa4" END,
		"destroy 0x0001 code=1000 carrier=4" END,
		"migrate 0x0001 to=3 at=0" END, "migrate 0x0001 to=0x0003" END,
		"merge 0x0001 with=0x0003 at=1" END,
		"gap 0x0001 from=1" END, "gap 0x0001 from=1 to=0x0001" END,
		"drain odd=0x0001" END, "error" END,
		"error reason=x id=1" END, "denied 0x0001 what=merge" END,
		"denied 0x0001 what=unmerge? reason=x" END,
		/* heads */
		"merged 0x0001\r\nA: b\r\n\r\n",
		"destroy 0x0001 code=1000\r\nA: b\r\n\r\n",
		"auth 0x0001" END, "authed 0x0001" END,
		"create 0x0001\r\nGET / HTTP/1.1\r\n",
	};
	struct control m;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%zu: %s", i, rows[i]);
		T_NE(control_parse(&m, rows[i], strlen(rows[i])) == NULL, 1);
	}
	t_row("NUL");
	T_TRUE(control_parse(&m, "merged 0x0001\0\r\n\r\n", 18) != NULL);
	T_TRUE(control_parse(&m, "merged\0 0x0001\r\n\r\n", 18) != NULL);
}

/* Every cut of a good message is bad, in a buffer without a byte behind it. */
static void
test_cuts(void)
{
	static const char text[] = "create 0x0002 parent=0x0000 seq=7\r\n"
	    "A: b\r\nC: d\r\n\r\n";
	struct control m;
	size_t i, len = sizeof(text) - 1;
	char *copy;

	for (i = 0; i < len; i++) {
		t_row("%zu", i);
		copy = malloc(i + 1);
		T_REQUIRE(copy != NULL);
		memcpy(copy + 1, text, i);
		T_TRUE(control_parse(&m, copy + 1, i) != NULL);
		free(copy);
	}
	t_row(NULL);
	T_NULL(control_parse(&m, text, len));
}

static void
test_limits(void)
{
	static char text[CONTROL_MAX + 1];
	struct control m;
	size_t len;
	int i, n;

	memset(text, 'a', sizeof(text));
	memcpy(text, "created 0x0001\r\nX: ", 19);
	memcpy(text + CONTROL_MAX - 4, "\r\n\r\n", 4);
	T_NULL(control_parse(&m, text, CONTROL_MAX));
	memset(text + CONTROL_MAX - 4, 'a', 4);
	memcpy(text + CONTROL_MAX - 3, "\r\n\r\n", 4);
	T_STR_EQ(control_parse(&m, text, CONTROL_MAX + 1),
	    "message too long");
	for (n = CONTROL_NAMES; n <= CONTROL_NAMES + 1; n++) {
		len = (size_t)sprintf(text, "future?");
		for (i = 0; i < n; i++)
			len += (size_t)sprintf(text + len, " %c%c=1",
			    'a' + i / 26, 'a' + i % 26);
		len += (size_t)sprintf(text + len, END);
		T_EQ(control_parse(&m, text, len) == NULL,
		    n == CONTROL_NAMES);
	}
}

static void
test_decode(void)
{
	static const struct {
		const char	*value, *text;
	} rows[] = {
		{ "plain", "plain" }, { "a%20b", "a b" }, { "a,b", "a,b" },
		{ "%C3%A4%e2%82%ac", "\xc3\xa4\xe2\x82\xac" },
		{ "%F0%9F%98%80", "\xf0\x9f\x98\x80" },
		/* Not UTF-8, or what could break a log line. */
		{ "x%C3", "" }, { "%C3%28", "" }, { "%00", "" },
		{ "a%0D%0Ab", "" }, { "%7F", "" }, { "%C0%80", "" },
		{ "%ED%A0%80", "" }, { "%F4%90%80%80", "" }, { "%FF", "" },
		{ "%E0%80%80", "" }, { "%F0%80%80%80", "" },
	};
	struct control m;
	char text[128], out[CONTROL_REASON + 1], cut[4];
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		t_row("%s", rows[i].value);
		snprintf(text, sizeof(text), "error reason=%s" END,
		    rows[i].value);
		T_REQUIRE(control_parse(&m, text, strlen(text)) == NULL);
		T_STR_EQ(control_decode(&m, CONTROL_REASON_TEXT, out,
		    sizeof(out)), rows[i].text);
	}
	t_row("cut to whole characters");
	T_REQUIRE(control_parse(&m, "error reason=ab%C3%A4" END, 25) == NULL);
	T_STR_EQ(control_decode(&m, CONTROL_REASON_TEXT, cut, sizeof(cut)),
	    "ab");
	t_row("absent");
	T_REQUIRE(control_parse(&m, "merged 0x0001" END, 17) == NULL);
	T_STR_EQ(control_decode(&m, CONTROL_REASON_TEXT, out, sizeof(out)),
	    "");
}

static void
test_codes(void)
{
	unsigned code;
	bool ok;

	for (code = 0; code < 70000; code++) {
		ok = code >= 1000 && code <= 4999 &&
		    (code <= 1014 || code >= 3000) && code != 1004 &&
		    code != 1005 && code != 1006;
		if (control_code_ok(code) != ok) {
			t_row("%u", code);
			T_EQ(control_code_ok(code), ok);
		}
	}
}

/* What is written is what was meant, and can be read again. */
static void
test_write(void)
{
	struct control_line line;
	struct control m;
	char reason[400], out[CONTROL_REASON + 1];
	size_t i;

	control_begin(&line, CONTROL_MERGE);
	control_put_id(&line, 0x00fe);
	control_put_param_id(&line, CONTROL_WITH, 0xabcd);
	control_put_number(&line, CONTROL_AT, 0);
	control_put_number(&line, CONTROL_SEQ, UINT64_MAX);
	control_end(&line);
	T_MEM_EQ(line.text, line.len,
	    "merge 0x00fe with=0xabcd at=0 seq=18446744073709551615\r\n", 56);
	control_begin(&line, CONTROL_DESTROY);
	control_put_id(&line, 1);
	control_put_number(&line, CONTROL_CODE, 1000);
	control_put_text(&line, CONTROL_REASON_TEXT, "a b\r\n%\xc3\xa4");
	control_end(&line);
	T_MEM_EQ(line.text, line.len,
	    "destroy 0x0001 code=1000 reason=a%20b%0D%0A%25%C3%A4\r\n", 54);
	/* The longest reason of the worst bytes, cut before a half one. */
	for (i = 0; i + 1 < sizeof(reason); i++)
		reason[i] = i % 2 == 0 ? '\xc3' : '\xa4';
	reason[sizeof(reason) - 1] = '\0';
	control_begin(&line, CONTROL_ABORT);
	control_put_id(&line, 0xffff);
	control_put_number(&line, CONTROL_CODE, 4999);
	control_put_text(&line, CONTROL_REASON_TEXT, reason);
	control_put_number(&line, CONTROL_SEQ, UINT64_MAX);
	control_end(&line);
	memcpy(line.text + line.len, "\r\n", 2);
	T_NULL(control_parse(&m, line.text, line.len + 2));
	T_EQ(m.number[CONTROL_SEQ], UINT64_MAX);
	control_decode(&m, CONTROL_REASON_TEXT, out, sizeof(out));
	T_EQ(strlen(out), 122);
}

/* Random changes of good messages: nothing is read outside, and what is
 * accepted has well-formed parts. */
static void
test_mutated(void)
{
	static const char *const seeds[] = {
		"create 0x0002 parent=0x0000 seq=7\r\nA: b\r\n\r\n",
		"destroy 0xfffe code=4999 reason=a%20b seq=1 carrier=0x0004"
		    END,
		"merge 0x0004 with=0x0002 at=1 seq=2" END,
		"future? 0x0001 a=b" END,
	};
	static const char bytes[] = "\r\n =%0x?az,A\0\xff-";
	struct control m;
	char *text, out[CONTROL_REASON + 1];
	uint32_t seed = 4711;
	size_t len, n, i;

	for (n = 0; n < 200000; n++) {
		const char *from = seeds[n % T_ROWS(seeds)];

		len = strlen(from);
		text = malloc(len);
		T_REQUIRE(text != NULL);
		memcpy(text, from, len);
		for (i = 0; i < 1 + n % 3; i++) {
			seed = seed * 1664525u + 1013904223u;
			text[(seed >> 8) % len] =
			    bytes[(seed >> 20) % (sizeof(bytes) - 1)];
		}
		if (control_parse(&m, text, len) == NULL) {
			if (m.verb != CONTROL_OTHER && m.id > 0xffff)
				T_TRUE(m.id <= 0xffff);
			control_decode(&m, CONTROL_REASON_TEXT, out,
			    sizeof(out));
			if (m.head != NULL && (m.head < text ||
			    m.head + m.head_len > text + len))
				T_TRUE(false);
		}
		free(text);
	}
	T_EQ(n, 200000);
}

T_MAIN({ "good", test_good }, { "bad", test_bad }, { "cuts", test_cuts },
    { "limits", test_limits }, { "decode", test_decode },
    { "codes", test_codes }, { "write", test_write },
    { "mutated", test_mutated })
