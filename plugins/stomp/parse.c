/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream: from the end of one frame to the end of the next. A head that
 * lies in one piece is read into the work's memory; one that is cut waits in
 * memory of its own.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define STOMP_WINDOW	1024	/* bytes looked at in one go */
#define STOMP_GAP	64	/* the same between frames */

void
stomp_parser_init(struct stomp_parser *parser, bool from_broker,
    uint64_t body_max)
{
	memset(parser, 0, sizeof(*parser));
	parser->from_broker = from_broker;
	parser->version = STOMP_1_0;
	parser->body_max = body_max;
}

void
stomp_parser_finish(struct stomp_parser *parser)
{
	free(parser->raw);
	free(parser->saved);
	if (parser->body != NULL)
		hg->frame_unref(parser->body);
	parser->raw = NULL;
	parser->saved = NULL;
	parser->body = NULL;
}

void
stomp_work_clear(struct stomp_work *work)
{
	if (work->body != NULL)
		hg->frame_unref(work->body);
	work->body = NULL;
	work->body_len = 0;
}

enum stomp_result
stomp_bad(struct stomp_parser *parser, unsigned code, const char *error)
{
	parser->code = code;
	parser->error = error;
	stomp_parser_finish(parser);
	return (STOMP_BAD);
}

enum stomp_result
stomp_no_memory(struct stomp_parser *parser)
{
	return (stomp_bad(parser, 1011, "out of memory"));
}

/* The ends of lines before a frame; STOMP_FRAME when one begins at *pos. */
static enum stomp_result
stomp_parse_between(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos)
{
	unsigned char window[STOMP_GAP];
	size_t n, i;

	while ((n = hg->frame_peek(piece, *pos, window, sizeof(window))) > 0) {
		for (i = 0; i < n; i++) {
			if (window[i] == '\n') {
				parser->cr = false;
				continue;
			}
			if (parser->cr)
				return (stomp_bad(parser, 1002,
				    "a carriage return between frames"));
			if (window[i] != '\r')
				break;
			parser->cr = true;
		}
		*pos += i;
		if (i < n)
			return (STOMP_FRAME);
	}
	return (STOMP_MORE);
}

/* What the first line says about the ends of the lines behind it. */
static void
stomp_see_command(struct stomp_parser *parser, const char *text, size_t len)
{
	if (len > 0 && text[len - 1] == '\r')
		len--;
	parser->crlf = parser->version == STOMP_1_2 ||
	    stomp_is_handshake(stomp_command(text, len));
}

/*
 * Looks for the empty line in the n bytes behind the first "used" ones, which
 * were looked at before. Sets *end, 0: not there yet. Returns what is wrong.
 */
static const char *
stomp_scan_head(struct stomp_parser *parser, const char *text, size_t used,
    size_t n, size_t *end)
{
	const char *lf;
	size_t at = used, len;

	*end = 0;
	while ((lf = memchr(text + at, '\n', used + n - at)) != NULL) {
		at = (size_t)(lf - text) + 1;
		len = at - 1 - parser->line;
		if (parser->lines++ == 0)
			stomp_see_command(parser, text, len);
		if (len == 0 || (len == 1 && parser->crlf && lf[-1] == '\r')) {
			*end = at;
			break;
		}
		if (len > STOMP_LINE_MAX + 1)
			return ("a line is too long");
		if (parser->lines > STOMP_HEADERS_MAX + 1)
			return ("too many headers");
		parser->line = (uint32_t)at;
	}
	len = *end != 0 ? *end : used + n;
	if (memchr(text + used, '\0', len - used) != NULL)
		return ("a NUL within the head");
	if (*end == 0 && len - parser->line > STOMP_LINE_MAX + 1)
		return ("a line is too long");
	return (NULL);
}

/* Room for n bytes more of a head that came in several pieces. */
static int
stomp_grow_raw(struct stomp_parser *parser, size_t n)
{
	size_t size = parser->raw_size;
	char *raw;

	if (n <= size - parser->raw_len)
		return (0);
	while (size < parser->raw_len + n)
		size = size == 0 ? 256 : size * 2;
	if ((raw = realloc(parser->raw, size)) == NULL)
		return (-1);
	parser->raw = raw;
	parser->raw_size = (uint32_t)size;
	return (0);
}

/* The piece ended within the head: what is there of it is kept. */
static enum stomp_result
stomp_keep_raw(struct stomp_parser *parser, const char *text, size_t used)
{
	if (text != parser->raw) {
		if (stomp_grow_raw(parser, used) != 0)
			return (stomp_no_memory(parser));
		memcpy(parser->raw, text, used);
	}
	parser->raw_len = (uint32_t)used;
	return (STOMP_MORE);
}

/* The head's bytes are all there: into work, and parsed. */
static enum stomp_result
stomp_end_head(struct stomp_parser *parser, struct stomp_work *work,
    const char *text, size_t len)
{
	const char *error;

	if (text == parser->raw)
		memcpy(work->text, text, len);
	free(parser->raw);
	parser->raw = NULL;
	parser->raw_len = parser->raw_size = 0;
	error = stomp_head_parse(work, len, parser->version,
	    parser->from_broker);
	if (error != NULL)
		return (stomp_bad(parser, 1002, error));
	parser->phase = STOMP_IN_BODY;
	return (STOMP_FRAME);
}

static enum stomp_result
stomp_parse_head(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos, struct stomp_work *work)
{
	size_t used = parser->raw_len, n, end;
	const char *error;
	char *text;

	for (;;) {
		n = hg->frame_len(piece) - *pos;
		if (n == 0)
			return (stomp_keep_raw(parser, parser->raw != NULL ?
			    parser->raw : work->text, used));
		if (used == STOMP_HEAD_MAX)
			return (stomp_bad(parser, 1002, "a head is too long"));
		if (n > STOMP_WINDOW)
			n = STOMP_WINDOW;
		if (n > STOMP_HEAD_MAX - used)
			n = STOMP_HEAD_MAX - used;
		if (parser->raw != NULL && stomp_grow_raw(parser, n) != 0)
			return (stomp_no_memory(parser));
		text = parser->raw != NULL ? parser->raw : work->text;
		hg->frame_peek(piece, *pos, text + used, n);
		error = stomp_scan_head(parser, text, used, n, &end);
		if (error != NULL)
			return (stomp_bad(parser, 1002, error));
		if (end != 0) {
			*pos += end - used;
			return (stomp_end_head(parser, work, text, end));
		}
		*pos += n;
		used += n;
		parser->raw_len = (uint32_t)(parser->raw != NULL ? used : 0);
	}
}

static bool
stomp_ends_with_nul(const struct hg_frame *frame)
{
	unsigned char last = 1;

	hg->frame_peek(frame, hg->frame_len(frame) - 1, &last, 1);
	return (last == '\0');
}

/* What can be said only when the frame's last byte is there. */
static enum stomp_result
stomp_end_frame(struct stomp_parser *parser, struct stomp_work *work)
{
	parser->phase = STOMP_BETWEEN;
	work->is_text = parser->is_text;
	if (!stomp_ends_with_nul(work->body)) {
		stomp_work_clear(work);
		return (stomp_bad(parser, 1002,
		    "a body is longer than its content-length"));
	}
	if (work->body_len == 0)
		stomp_work_clear(work);
	return (STOMP_FRAME);
}

enum stomp_result
stomp_parse(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos, struct stomp_work *work)
{
	bool is_text = (hg->frame_flags(piece) & HG_TEXT) != 0;
	enum stomp_result result;

	if (parser->error != NULL)
		return (STOMP_BAD);
	if (parser->phase == STOMP_BETWEEN) {
		result = stomp_parse_between(parser, piece, pos);
		if (result != STOMP_FRAME)
			return (result);
		parser->phase = STOMP_IN_HEAD;
		parser->line = parser->lines = 0;
		parser->is_text = is_text;
	}
	parser->is_text = parser->is_text && is_text;
	if (parser->phase == STOMP_IN_HEAD) {
		result = stomp_parse_head(parser, piece, pos, work);
		if (result != STOMP_FRAME)
			return (result);
	}
	result = stomp_parse_body(parser, piece, pos, work);
	if (result != STOMP_FRAME)
		return (result);
	return (stomp_end_frame(parser, work));
}
