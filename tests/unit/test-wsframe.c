/* SPDX-License-Identifier: Apache-2.0 */
/* Headers, and what one frame may look like: W05, W08, W09. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "wsframe.h"

#define P31	((uint64_t)1 << 31)
#define P32	((uint64_t)1 << 32)
#define P63	((uint64_t)1 << 63)

static const struct {
	uint64_t	 len;
	size_t		 size;		/* of the shortest header */
} lengths[] = {
	{ 0, 2 }, { 1, 2 }, { 125, 2 },
	{ 126, 4 }, { 127, 4 }, { 65535, 4 },
	{ 65536, 10 }, { P31 - 1, 10 }, { P31, 10 }, { P31 + 1, 10 },
	{ P32 - 1, 10 }, { P32, 10 }, { P32 + 1, 10 }, { P63 - 1, 10 },
	{ P63, 10 }, { UINT64_MAX, 10 },
};

/* A header with a length of so many bytes, whether that is right or not. */
static size_t
head_put(unsigned char *out, unsigned first, bool masked, uint64_t len,
    size_t bytes)
{
	size_t i;

	out[0] = first;
	out[1] = (masked ? 0x80 : 0) |
	    (bytes == 2 ? 126 : bytes == 8 ? 127 : (unsigned)len);
	for (i = 0; i < bytes; i++)
		out[2 + i] = len >> 8 * (bytes - 1 - i) & 0xff;
	if (masked)
		memcpy(out + 2 + bytes, "\1\2\3\4", 4);
	return (2 + bytes + (masked ? 4 : 0));
}

static void
check_head(uint64_t len, size_t size, bool masked, unsigned first)
{
	struct ws_head head = { 0 }, got;
	unsigned char out[WS_HEAD_MAX], wanted[WS_HEAD_MAX];
	size_t n, wanted_len, cut;

	head.fin = (first & 0x80) != 0;
	head.rsv = first >> 4 & 7;
	head.opcode = first & 0xf;
	head.masked = masked;
	head.len = len;
	memcpy(head.key, "\1\2\3\4", 4);
	n = ws_head_format(out, &head);
	wanted_len = head_put(wanted, first, masked, len, size - 2);
	T_MEM_EQ(out, n, wanted, wanted_len);
	if (len >= P63) {
		T_EQ(ws_head_parse(&got, out, n), -1);
		return;
	}
	for (cut = 0; cut < n; cut++)
		T_EQ(ws_head_parse(&got, out, cut), 0);
	T_EQ(ws_head_parse(&got, out, n), n);
	T_EQ(got.fin, head.fin);
	T_EQ(got.rsv, head.rsv);
	T_EQ(got.opcode, head.opcode);
	T_EQ(got.masked, masked);
	T_TRUE(got.len == len);
	if (masked)
		T_MEM_EQ(got.key, 4, "\1\2\3\4", 4);
}

static void
test_head_both_ways(void)
{
	static const unsigned firsts[] = {
		0x00, 0x01, 0x02, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8a,
		0xc1, 0xa1, 0x91, 0x71, 0xff,
	};
	size_t i, j;

	for (i = 0; i < T_ROWS(lengths); i++) {
		for (j = 0; j < T_ROWS(firsts); j++) {
			t_row("length %#jx first %#x",
			    (uintmax_t)lengths[i].len, firsts[j]);
			check_head(lengths[i].len, lengths[i].size, false,
			    firsts[j]);
			check_head(lengths[i].len, lengths[i].size, true,
			    firsts[j]);
		}
	}
}

/* W05: each length in the forms that are too long for it. */
static void
test_head_not_minimal(void)
{
	static const unsigned firsts[] = { 0x82, 0x02, 0x89, 0x80 };
	unsigned char data[WS_HEAD_MAX];
	struct ws_head head;
	size_t i, j, n;
	int masked;

	for (i = 0; i < T_ROWS(lengths); i++) {
		for (j = 0; j < T_ROWS(firsts) * 2; j++) {
			masked = j & 1;
			t_row("length %#jx first %#x masked %d",
			    (uintmax_t)lengths[i].len, firsts[j / 2], masked);
			if (lengths[i].size < 4) {
				n = head_put(data, firsts[j / 2], masked,
				    lengths[i].len, 2);
				T_EQ(ws_head_parse(&head, data, n), -1);
			}
			if (lengths[i].size < 10) {
				n = head_put(data, firsts[j / 2], masked,
				    lengths[i].len, 8);
				T_EQ(ws_head_parse(&head, data, n), -1);
			}
		}
	}
}

static void
test_close_codes(void)
{
	static const struct {
		unsigned	from, to;
		bool		valid;
	} rows[] = {
		{ 0, 999, false }, { 1000, 1003, true }, { 1004, 1006, false },
		{ 1007, 1014, true }, { 1015, 1015, false },
		{ 1016, 2999, false }, { 3000, 4999, true },
		{ 5000, 65535, false },
	};
	unsigned code;
	size_t i;

	for (i = 0; i < T_ROWS(rows); i++) {
		for (code = rows[i].from; code <= rows[i].to; code++) {
			t_row("%u", code);
			T_EQ(ws_close_code_is_valid(code), rows[i].valid);
		}
	}
	T_FALSE(ws_close_code_is_valid(65536 + 1000));
	T_FALSE(ws_close_code_is_valid(UINT32_MAX));
}

/* The event, its code, and what of the bytes is left. */
static void
check_reader(struct ws_reader *r, const unsigned char *data, size_t len,
    enum ws_event event, unsigned code)
{
	struct ws_piece piece;
	unsigned char *copy, *at;
	size_t left;

	copy = malloc(len);
	T_REQUIRE(copy != NULL);
	memcpy(copy, data, len);
	at = copy;
	left = len;
	T_EQ(ws_reader_next(r, &at, &left, &piece), event);
	T_PTR_EQ(at, copy + (len - left));
	T_EQ(r->error_code, code);
	T_EQ(r->error != NULL, code != 0);
	if (event == WS_ERROR) {
		T_EQ(ws_reader_next(r, &at, &left, &piece), WS_ERROR);
		T_EQ(r->error_code, code);
	}
	free(copy);
}

/* W05 and W04: told by the header, with and without limits. */
static void
test_reader_lengths(void)
{
	static const unsigned firsts[] = { 0x82, 0x01, 0x89, 0x8a, 0x88 };
	unsigned char data[WS_HEAD_MAX];
	size_t i, j, n;
	uint64_t len;
	unsigned code;
	int limit;

	for (i = 0; i < T_ROWS(lengths); i++) {
		for (j = 0; j < T_ROWS(firsts) * 3; j++) {
			len = lengths[i].len;
			limit = j % 3;
			t_row("length %#jx first %#x limit %d",
			    (uintmax_t)len, firsts[j / 3], limit);
			n = head_put(data, firsts[j / 3], true, len,
			    lengths[i].size - 2);
			code = 0;
			if (len >= P63 ||
			    ((firsts[j / 3] & 8) != 0 && len > 125))
				code = 1002;
			else if (limit != 0 && len > 65536)
				code = 1009;
			struct ws_reader r = {
				.frame_max = limit == 1 ? 65536 : 0,
				.message_max = limit == 2 ? 65536 : 0,
			};
			if (code == 0 && len == 0)
				continue;
			check_reader(&r, data, n,
			    code != 0 ? WS_ERROR : WS_NEED, code);
			ws_reader_finish(&r);
		}
	}
}

static size_t
from_hex(unsigned char *out, const char *hex)
{
	unsigned byte;
	size_t len;

	for (len = 0; *hex != '\0'; hex += 2) {
		while (*hex == ' ')
			hex++;
		if (sscanf(hex, "%2x", &byte) != 1)
			abort();
		out[len++] = byte;
	}
	return (len);
}

/* Frames that a server gets; the masks are zero. */
static void
test_reader_rules(void)
{
	static const struct {
		const char	*name;
		const char	*hex;
		unsigned	 code;
	} rows[] = {
		{ "unmasked (W08)", "8105 68656c6c6f", 1002 },
		{ "unmasked and empty", "8100", 1002 },
		{ "unmasked ping", "8900", 1002 },
		{ "RSV1", "c180 00000000", 1002 },
		{ "RSV2", "a180 00000000", 1002 },
		{ "RSV3", "9180 00000000", 1002 },
		{ "RSV1 on a ping", "c980 00000000", 1002 },
		{ "opcode 3", "8380 00000000", 1002 },
		{ "opcode 4", "8480 00000000", 1002 },
		{ "opcode 5", "8580 00000000", 1002 },
		{ "opcode 6", "8680 00000000", 1002 },
		{ "opcode 7", "8780 00000000", 1002 },
		{ "opcode 11", "8b80 00000000", 1002 },
		{ "opcode 12", "8c80 00000000", 1002 },
		{ "opcode 13", "8d80 00000000", 1002 },
		{ "opcode 14", "8e80 00000000", 1002 },
		{ "opcode 15", "8f80 00000000", 1002 },
		{ "ping of 126", "89fe 007e 00000000", 1002 },
		{ "close of 126", "88fe 007e 00000000", 1002 },
		{ "ping, not final", "0980 00000000", 1002 },
		{ "close, not final", "0880 00000000", 1002 },
		{ "continuation of nothing", "8080 00000000", 1002 },
		{ "continuation, not final", "0080 00000000", 1002 },
		{ "text within a message", "0180 00000000 8180 00000000",
		    1002 },
		{ "binary within a message", "0280 00000000 0280 00000000",
		    1002 },
		{ "RSV1 on a continuation", "0180 00000000 c080 00000000",
		    1002 },
		{ "close of one byte", "8881 00000000 03", 1002 },
		{ "close 0", "8882 00000000 0000", 1002 },
		{ "close 999", "8882 00000000 03e7", 1002 },
		{ "close 1004", "8882 00000000 03ec", 1002 },
		{ "close 1005", "8882 00000000 03ed", 1002 },
		{ "close 1006", "8882 00000000 03ee", 1002 },
		{ "close 1015", "8882 00000000 03f7", 1002 },
		{ "close 1016", "8882 00000000 03f8", 1002 },
		{ "close 2999", "8882 00000000 0bb7", 1002 },
		{ "close 5000", "8882 00000000 1388", 1002 },
		{ "reason not UTF-8", "8883 00000000 03e8 ff", 1007 },
		{ "reason a surrogate", "8885 00000000 03e8 eda080", 1007 },
		{ "reason too long a form", "8884 00000000 03e8 c080", 1007 },
		{ "reason cut short", "8884 00000000 03e8 e282", 1007 },
	};
	unsigned char data[256];
	size_t i, n;

	for (i = 0; i < T_ROWS(rows); i++) {
		struct ws_reader r = { 0 };

		t_row("%s", rows[i].name);
		n = from_hex(data, rows[i].hex);
		check_reader(&r, data, n, WS_ERROR, rows[i].code);
	}
}

/* W08, the other way round. */
static void
test_reader_client(void)
{
	struct ws_reader r = { .is_client = true };
	struct ws_reader other = { .is_client = true };
	unsigned char data[16];
	size_t n;

	n = from_hex(data, "8180 00000000");
	check_reader(&r, data, n, WS_ERROR, 1002);
	n = from_hex(data, "8101 61");
	check_reader(&other, data, n, WS_PIECE, 0);
}

static void
test_reader_close_codes(void)
{
	static const unsigned codes[] = {
		1000, 1001, 1003, 1007, 1011, 1012, 1014, 3000, 4999,
	};
	unsigned char data[16], *at;
	struct ws_piece piece;
	size_t i, left;

	for (i = 0; i < T_ROWS(codes); i++) {
		struct ws_reader r = { 0 };

		t_row("%u", codes[i]);
		left = from_hex(data, "8885 00000000 0000 e282ac");
		data[6] = codes[i] >> 8;
		data[7] = codes[i] & 0xff;
		at = data;
		T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_CONTROL);
		T_EQ(piece.opcode, WS_CLOSE);
		T_EQ(piece.code, codes[i]);
		T_EQ(piece.len, 5);
		T_MEM_EQ(piece.data + 2, 3, "\xe2\x82\xac", 3);
		T_EQ(left, 0);
	}
}

static void
test_reader_empty_close(void)
{
	struct ws_reader r = { 0 };
	unsigned char data[16], *at;
	struct ws_piece piece;
	size_t left;

	left = from_hex(data, "8880 00000000 8880 00000000");
	at = data;
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_CONTROL);
	T_EQ(piece.opcode, WS_CLOSE);
	T_EQ(piece.code, 1005);
	T_EQ(piece.len, 0);
	T_EQ(left, 6);
	/* A second close is not looked at. */
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_NEED);
	T_EQ(left, 0);
	T_PTR_EQ(at, data + 12);
}

/* RSV bits that were negotiated: on the first frame, and on no other. */
static void
test_reader_rsv(void)
{
	struct ws_reader r = { .rsv_allowed = 4 };
	struct ws_reader again = { .rsv_allowed = 4 };
	struct ws_reader ping = { .rsv_allowed = 7 };
	struct ws_piece piece;
	unsigned char data[64], *at;
	size_t left;

	left = from_hex(data, "4181 00000000 61 8081 00000000 62"
	    "8181 00000000 63 a181 00000000 64");
	at = data;
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_PIECE);
	T_EQ(piece.rsv, 4);
	T_TRUE(piece.first && !piece.last);
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_PIECE);
	T_EQ(piece.rsv, 0);
	T_TRUE(!piece.first && piece.last);
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_PIECE);
	T_EQ(piece.rsv, 0);
	T_TRUE(piece.first && piece.last);
	T_EQ(ws_reader_next(&r, &at, &left, &piece), WS_ERROR);
	T_EQ(r.error_code, 1002);
	left = from_hex(data, "0181 00000000 61");
	check_reader(&again, data, left, WS_PIECE, 0);
	left = from_hex(data, "c081 00000000 61");
	check_reader(&again, data, left, WS_ERROR, 1002);
	left = from_hex(data, "c980 00000000");
	check_reader(&ping, data, left, WS_ERROR, 1002);
}

T_MAIN(
	{ "head both ways", test_head_both_ways },
	{ "head not minimal (W05)", test_head_not_minimal },
	{ "close codes (W09)", test_close_codes },
	{ "lengths (W04, W05)", test_reader_lengths },
	{ "rules (W08, W09)", test_reader_rules },
	{ "client (W08)", test_reader_client },
	{ "close codes read (W09)", test_reader_close_codes },
	{ "empty close, second close (W09)", test_reader_empty_close },
	{ "RSV bits", test_reader_rsv })
