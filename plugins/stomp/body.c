/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a frame. One that lies in one piece is a slice of it. Of others
 * the head is saved and the parts are gathered; small parts are copied, as a
 * trickle of bytes must not hold whole read buffers.
 */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define STOMP_WINDOW	1024	/* bytes looked at in one go */
#define STOMP_SLICE_MIN	4096	/* bytes of a part that is not copied */

/* What of a head must outlive the work, with the text behind it. */
struct stomp_saved {
	bool		 is_known;	/* the body's end is known */
	uint64_t	 left;		/* bytes to come, the NUL with them */
	uint64_t	 body_len;
	uint64_t	 body_max;
	size_t		 head_size;
	size_t		 text_len;
	unsigned char	 data[];
};

/* Most bytes of the body of work's head. */
static uint64_t
stomp_body_max(const struct stomp_parser *parser,
    const struct stomp_work *work)
{
	return (stomp_has_body(work->head.command) ? parser->body_max : 0);
}

static enum stomp_result
stomp_too_long(struct stomp_parser *parser, uint64_t max)
{
	if (max == 0)
		return (stomp_bad(parser, 1002, "a body where none may be"));
	return (stomp_bad(parser, 1009, "a body is too long"));
}

static enum stomp_result
stomp_save_head(struct stomp_parser *parser, const struct stomp_work *work)
{
	struct stomp_saved *saved;
	size_t head_size;

	head_size = offsetof(struct stomp_head, header) +
	    work->head.count * sizeof(work->head.header[0]);
	saved = malloc(sizeof(*saved) + head_size + work->text_len);
	if (saved == NULL)
		return (stomp_no_memory(parser));
	saved->is_known = work->head.has_length;
	saved->left = saved->is_known ? work->head.length + 1 : 0;
	saved->body_len = 0;
	saved->body_max = stomp_body_max(parser, work);
	saved->head_size = head_size;
	saved->text_len = work->text_len;
	memcpy(saved->data, &work->head, head_size);
	memcpy(saved->data + head_size, work->text, work->text_len);
	parser->saved = saved;
	return (STOMP_MORE);
}

/* The frame is complete: the parser's part of it becomes work's. */
static void
stomp_restore_head(struct stomp_parser *parser, struct stomp_work *work)
{
	struct stomp_saved *saved = parser->saved;

	memcpy(&work->head, saved->data, saved->head_size);
	memcpy(work->text, saved->data + saved->head_size, saved->text_len);
	work->text_len = saved->text_len;
	work->body_len = saved->body_len;
	work->body = parser->body;
	parser->body = NULL;
	parser->saved = NULL;
	free(saved);
}

/* The bytes from pos to behind the frame's NUL; 0: it is not there. */
static size_t
stomp_find_end(struct hg_frame *piece, size_t pos, uint64_t max)
{
	unsigned char window[STOMP_WINDOW], *nul;
	size_t n, seen = 0;

	while (seen <= max &&
	    (n = hg->frame_peek(piece, pos + seen, window,
	    sizeof(window))) > 0) {
		if ((nul = memchr(window, '\0', n)) != NULL)
			return (seen + (size_t)(nul - window) + 1);
		seen += n;
	}
	return (0);
}

/* Adds n bytes of the piece to the body that is being gathered. */
static int
stomp_gather(struct stomp_parser *parser, struct hg_frame *piece,
    size_t pos, size_t n)
{
	unsigned char bytes[STOMP_SLICE_MIN];
	struct hg_frame *part;

	if (n < STOMP_SLICE_MIN) {
		hg->frame_peek(piece, pos, bytes, n);
		if (parser->body != NULL)
			parser->body = hg->frame_append(parser->body, bytes,
			    n);
		else
			parser->body = hg->frame_new(bytes, n, HG_WHOLE);
		return (parser->body != NULL ? 0 : -1);
	}
	part = hg->frame_slice(hg->frame_ref(piece), pos, n);
	parser->body = parser->body == NULL ? part :
	    hg->frame_concat(parser->body, part);
	return (parser->body != NULL ? 0 : -1);
}

/* Goes on with a body, as far as the piece reaches. */
static enum stomp_result
stomp_go_on(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos, struct stomp_work *work)
{
	struct stomp_saved *saved = parser->saved;
	size_t n = hg->frame_len(piece) - *pos, end;
	bool is_last;

	if (saved->is_known) {
		is_last = n >= saved->left;
		n = is_last ? (size_t)saved->left : n;
		saved->left -= n;
	} else {
		end = stomp_find_end(piece, *pos, saved->body_max);
		is_last = end != 0;
		n = is_last ? end : n;
	}
	saved->body_len += n;
	if (saved->body_len > saved->body_max + is_last)
		return (stomp_too_long(parser, saved->body_max));
	if (n > 0 && stomp_gather(parser, piece, *pos, n) != 0)
		return (stomp_no_memory(parser));
	*pos += n;
	if (!is_last)
		return (STOMP_MORE);
	saved->body_len--;
	stomp_restore_head(parser, work);
	return (STOMP_FRAME);
}

/* The body of a head that is in work: all of it is in this piece, or the head
 * is saved for the pieces that follow. */
static enum stomp_result
stomp_begin_body(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos, struct stomp_work *work)
{
	uint64_t max = stomp_body_max(parser, work);
	size_t left = hg->frame_len(piece) - *pos, n;

	if (work->head.has_length && work->head.length > max)
		return (stomp_too_long(parser, max));
	if (!work->head.has_length)
		n = stomp_find_end(piece, *pos, max);
	else
		n = work->head.length < left ?
		    (size_t)work->head.length + 1 : 0;
	if (n == 0) {
		if (stomp_save_head(parser, work) == STOMP_BAD)
			return (STOMP_BAD);
		return (stomp_go_on(parser, piece, pos, work));
	}
	if (n - 1 > max)
		return (stomp_too_long(parser, max));
	work->body = hg->frame_slice(hg->frame_ref(piece), *pos, n);
	if (work->body == NULL)
		return (stomp_no_memory(parser));
	work->body_len = n - 1;
	*pos += n;
	return (STOMP_FRAME);
}

enum stomp_result
stomp_parse_body(struct stomp_parser *parser, struct hg_frame *piece,
    size_t *pos, struct stomp_work *work)
{
	if (parser->saved != NULL)
		return (stomp_go_on(parser, piece, pos, work));
	return (stomp_begin_body(parser, piece, pos, work));
}
