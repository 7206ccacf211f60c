/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W05, W08, W09: the frame reader against itself. However the bytes arrive, the
 * messages, control frames and errors are the same, and no limit is passed; and
 * what goes on in runs says what it said.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "wsrun.h"

#define LIMIT	4096

struct result {
	unsigned char	 bytes[1 << 17];	/* of pieces, and of events */
	size_t		 len;
	unsigned	 error_code;
	size_t		 message;		/* bytes of the one at hand */
	unsigned	 pieces;
};

static void
add(struct result *result, const void *data, size_t len)
{
	FUZZ_IS(len <= sizeof(result->bytes) - result->len);
	memcpy(result->bytes + result->len, data, len);
	result->len += len;
}

static void
add_piece(struct result *result, const struct ws_piece *piece, size_t max)
{
	unsigned char mark[2] = { (unsigned char)piece->opcode, piece->rsv };

	if (piece->first) {
		add(result, mark, sizeof(mark));
		result->message = 0;
	}
	FUZZ_IS(max == 0 || piece->len <= max);
	add(result, piece->data, piece->len);
	result->message += piece->len;
	FUZZ_IS(result->message <= 4 * LIMIT);
	if (piece->last)
		add(result, "|", 1);
}

static void
add_control(struct result *result, const struct ws_piece *piece)
{
	unsigned char mark[2] = { 0xff, (unsigned char)piece->opcode };

	FUZZ_IS(piece->len <= WS_CONTROL_MAX);
	add(result, mark, sizeof(mark));
	add(result, piece->data, piece->len);
}

static void
read_all(struct result *result, unsigned options, const unsigned char *data,
    size_t size, size_t cut, size_t piece_max)
{
	struct ws_reader reader = { .frame_max = LIMIT,
	    .message_max = 4 * LIMIT, .frames_max = 64,
	    .piece_max = piece_max, .is_client = (options & 1) != 0,
	    .rsv_allowed = (options >> 1) & 7 };
	struct ws_piece piece;
	enum ws_event event;
	unsigned char *copy, *at;
	size_t left, n;

	result->len = 0;
	result->error_code = 0;
	for (; size > 0; size -= n, data += n) {
		n = cut == 0 || cut > size ? size : cut;
		if ((copy = malloc(n)) == NULL)
			abort();
		memcpy(copy, data, n);
		at = copy;
		left = n;
		while ((event = ws_reader_next(&reader, &at, &left, &piece)) ==
		    WS_PIECE || event == WS_CONTROL) {
			if (event == WS_PIECE)
				add_piece(result, &piece, piece_max);
			else
				add_control(result, &piece);
		}
		free(copy);
		if (event == WS_ERROR) {
			FUZZ_IS(reader.error != NULL);
			result->error_code = reader.error_code;
			break;
		}
		FUZZ_IS(left == 0);
	}
	ws_reader_finish(&reader);
}

/* What a run says, to who gets it, and how long it is. */
static size_t
read_run(struct result *result, const struct ws_reader *like,
    unsigned char *at, size_t left)
{
	struct ws_reader reader = { .is_client = like->is_client };
	struct ws_piece piece;
	struct ws_run run;
	size_t len;

	ws_run_take(like, at, left, &run);
	FUZZ_IS(run.len <= left && run.payload <= run.len);
	len = run.len;
	while (ws_reader_next(&reader, &at, &len, &piece) == WS_PIECE) {
		add_piece(result, &piece, 0);
		run.payload -= piece.len;
		run.messages -= piece.last;
	}
	FUZZ_IS(reader.error_code == 0 && ws_run_may_begin(&reader));
	FUZZ_IS(run.payload == 0 && run.messages == 0);
	return (run.len);
}

/* In runs, wherever there may be one. */
static void
read_runs(struct result *result, unsigned options, const unsigned char *data,
    size_t size)
{
	struct ws_reader reader = { .frame_max = LIMIT,
	    .message_max = 4 * LIMIT, .frames_max = 64,
	    .is_client = (options & 1) != 0,
	    .rsv_allowed = (options >> 1) & 7 };
	enum ws_event event = WS_PIECE;
	struct ws_piece piece;
	unsigned char *copy, *at;
	size_t n;

	result->len = 0;
	if ((copy = malloc(size + 1)) == NULL)
		abort();
	memcpy(copy, data, size);
	for (at = copy; event == WS_PIECE || event == WS_CONTROL;) {
		if (ws_run_may_begin(&reader)) {
			n = read_run(result, &reader, at, size);
			at += n;
			size -= n;
		}
		event = ws_reader_next(&reader, &at, &size, &piece);
		if (event == WS_PIECE)
			add_piece(result, &piece, 0);
		else if (event == WS_CONTROL)
			add_control(result, &piece);
	}
	result->error_code = reader.error_code;
	ws_reader_finish(&reader);
	free(copy);
}

void
fuzz_one(struct fuzz *fuzz)
{
	static struct result whole, cut;
	unsigned options = fuzz_byte(fuzz), how = fuzz_byte(fuzz);

	read_all(&whole, options, fuzz->at, fuzz->left, 0, 0);
	read_all(&cut, options, fuzz->at, fuzz->left, 1 + how % 16,
	    how / 16 * 3);
	FUZZ_IS(whole.error_code == cut.error_code);
	/* An error may be seen before the last bytes of its message are. */
	if (whole.error_code == 0) {
		FUZZ_IS(whole.len == cut.len);
		FUZZ_IS(memcmp(whole.bytes, cut.bytes, whole.len) == 0);
	}
	read_runs(&cut, options, fuzz->at, fuzz->left);
	FUZZ_IS(whole.error_code == cut.error_code);
	FUZZ_IS(whole.len == cut.len);
	FUZZ_IS(memcmp(whole.bytes, cut.bytes, whole.len) == 0);
}
