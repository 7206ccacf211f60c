/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of whole messages: what they say stays, where they end. W04, W08. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "str.h"
#include "wsrun.h"

#define FIN	0x80
#define RSV1	0x40

/* One frame, masked with a key that its place gives, or not. */
static void
frame(struct str *out, bool masked, unsigned first, const char *payload,
    size_t len)
{
	struct ws_head head = { .fin = first >> 7, .rsv = first >> 4 & 7,
	    .opcode = first & 0xf, .masked = masked, .len = len };
	unsigned char bytes[WS_HEAD_MAX];
	size_t i;

	for (i = 0; i < 4; i++)
		head.key[i] = (out->len * 31 + i * 57 + 9) & 0xff;
	str_add_bytes(out, bytes, ws_head_format(bytes, &head));
	for (i = 0; i < len; i++)
		str_add_char(out, (char)(payload[i] ^
		    (masked ? head.key[i & 3] : 0)));
}

static void
frame_text(struct str *out, bool masked, unsigned first, const char *text)
{
	frame(out, masked, first, text, strlen(text));
}

/* What a reader makes of the bytes, as text. */
static void
read_all(struct str *log, bool is_client, unsigned char *data, size_t len)
{
	struct ws_reader r = { .is_client = is_client };
	struct ws_piece piece;
	enum ws_event event;

	while ((event = ws_reader_next(&r, &data, &len, &piece)) != WS_NEED) {
		if (event == WS_ERROR) {
			str_addf(log, "!%u", r.error_code);
			break;
		}
		str_addf(log, "%s%d:", piece.first ? "<" : "", piece.opcode);
		str_add_bytes(log, piece.data, piece.len);
		str_add(log, piece.last ? ">" : "");
	}
	ws_reader_finish(&r);
}

/* Memory of just that size, so that a sanitizer sees its ends. */
static unsigned char *
copy_of(const void *data, size_t len)
{
	unsigned char *copy;

	copy = malloc(len > 0 ? len : 1);
	T_REQUIRE(copy != NULL);
	if (len > 0)
		memcpy(copy, data, len);
	return (copy);
}

static const bool both[] = { false, true };

/*
 * At every cut the run is the whole frames before it, says what they said, and
 * what is behind it is as it was.
 */
static void
check_cuts(bool masked, const struct str *in, const size_t *ends,
    size_t count)
{
	struct ws_reader r = { .is_client = !masked };
	struct str said = { 0 }, want = { 0 };
	unsigned char *data, *wanted;
	struct ws_run run;
	size_t cut, i;

	for (cut = 0; cut <= in->len; cut++) {
		t_row("%s, %zu bytes", masked ? "masked" : "plain", cut);
		data = copy_of(in->text, cut);
		ws_run_take(&r, data, cut, &run);
		for (i = 0; i < count && ends[i] <= cut; i++)
			continue;
		T_EQ(run.messages, i);
		T_EQ(run.len, i > 0 ? ends[i - 1] : 0);
		T_MEM_EQ(data + run.len, cut - run.len, in->text + run.len,
		    cut - run.len);
		wanted = copy_of(in->text, run.len);
		read_all(&want, !masked, wanted, run.len);
		read_all(&said, !masked, data, run.len);
		T_STR_EQ(said.text == NULL ? "" : said.text,
		    want.text == NULL ? "" : want.text);
		free(wanted);
		free(data);
		str_free(&said);
		str_free(&want);
	}
	t_row(NULL);
}

static void
test_cuts(void)
{
	struct str in = { 0 };
	size_t ends[5], i, count;
	char many[300];

	memset(many, 'm', sizeof(many));
	for (i = 0; i < 2; i++) {
		count = 0;
		frame_text(&in, both[i], FIN | WS_TEXT, "h\xc3\xa9llo");
		ends[count++] = in.len;
		frame_text(&in, both[i], FIN | WS_BINARY, "");
		ends[count++] = in.len;
		frame(&in, both[i], FIN | WS_BINARY, many, sizeof(many));
		ends[count++] = in.len;
		frame_text(&in, both[i], FIN | WS_TEXT, "");
		ends[count++] = in.len;
		frame_text(&in, both[i], FIN | WS_BINARY, "\xff\xfe 13 bytes");
		ends[count++] = in.len;
		check_cuts(both[i], &in, ends, count);
		str_free(&in);
	}
}

static void
test_counts(void)
{
	struct ws_reader r = { 0 };
	struct str in = { 0 };
	struct ws_run run;

	frame_text(&in, true, FIN | WS_TEXT, "four");
	frame_text(&in, true, FIN | WS_BINARY, "sixsix");
	ws_run_take(&r, (unsigned char *)in.text, in.len, &run);
	T_EQ(run.len, 2 * 6 + 4 + 6);
	T_EQ(run.payload, 10);
	T_EQ(run.messages, 2);
	str_free(&in);
}

/* Everything that is not for a run ends it, untouched, wherever it stands. */
static void
test_ends(void)
{
	static const struct {
		const char	*name;
		unsigned	 first;
		const char	*payload;
		bool		 wrongly_masked;
	} rows[] = {
		{ "a ping", FIN | WS_PING, "p", false },
		{ "a close", FIN | WS_CLOSE, "", false },
		{ "a fragment", WS_TEXT, "a", false },
		{ "a continuation", FIN | WS_CONTINUATION, "a", false },
		{ "a reserved opcode", FIN | 3, "a", false },
		{ "a reserved bit", FIN | RSV1 | WS_TEXT, "a", false },
		{ "no text", FIN | WS_TEXT, "abcde\xff", false },
		{ "half a character", FIN | WS_TEXT, "abcde\xc3", false },
		{ "the wrong mask", FIN | WS_BINARY, "a", true },
		{ "too long", FIN | WS_BINARY, "twelve bytes", false },
	};
	struct ws_run run;
	struct str in = { 0 };
	unsigned char *data;
	size_t i, before, at;

	for (i = 0; i < 4 * T_ROWS(rows); i++) {
		struct ws_reader r = { .frame_max = 10 };
		bool masked = both[i & 1];

		at = i / 4;
		t_row("%s%s, %s", rows[at].name, (i & 2) ? " behind one" : "",
		    masked ? "masked" : "plain");
		r.is_client = !masked;
		if (i & 2)
			frame_text(&in, masked, FIN | WS_TEXT, "before");
		before = in.len;
		frame_text(&in, masked != rows[at].wrongly_masked,
		    rows[at].first, rows[at].payload);
		frame_text(&in, masked, FIN | WS_TEXT, "after");
		data = copy_of(in.text, in.len);
		ws_run_take(&r, data, in.len, &run);
		T_EQ(run.len, before);
		T_MEM_EQ(data + before, in.len - before, in.text + before,
		    in.len - before);
		free(data);
		str_free(&in);
	}
	t_row(NULL);
}

/* W08: no key of the client's goes on, and no two are the same. */
static void
test_keys(void)
{
	struct ws_reader r = { 0 };
	struct str in = { 0 };
	struct ws_run run;
	unsigned char *data;
	size_t i, old = 0, same = 0, frames = 1000;

	for (i = 0; i < frames; i++)
		frame_text(&in, true, FIN | WS_BINARY, "same");
	data = copy_of(in.text, in.len);
	ws_run_take(&r, data, in.len, &run);
	T_EQ(run.messages, frames);
	for (i = 0; i < frames; i++) {
		old += memcmp(data + 10 * i + 2, in.text + 10 * i + 2, 4) == 0;
		same += i > 0 && memcmp(data + 10 * i + 2,
		    data + 10 * (i - 1) + 2, 4) == 0;
	}
	T_TRUE(old < 2);
	T_TRUE(same < 2);
	free(data);
	str_free(&in);
}

static void
test_begins(void)
{
	struct ws_reader r = { .is_client = true };
	struct str in = { 0 };
	struct ws_piece piece;
	unsigned char *data, *at;
	size_t cut, left;

	frame_text(&in, false, WS_TEXT, "ab");
	frame_text(&in, false, FIN | WS_CONTINUATION, "c");
	data = copy_of(in.text, in.len);
	T_TRUE(ws_run_may_begin(&r));
	for (cut = 0; cut < in.len; cut++) {
		at = data + cut;
		left = 1;
		while (ws_reader_next(&r, &at, &left, &piece) != WS_NEED)
			continue;
		T_EQ(ws_run_may_begin(&r), cut == in.len - 1);
	}
	ws_reader_finish(&r);
	free(data);
	str_free(&in);
}

T_MAIN(
    { "every cut", test_cuts },
    { "what is counted", test_counts },
    { "what ends a run (W04)", test_ends },
    { "keys (W08)", test_keys },
    { "where a run may begin", test_begins })
