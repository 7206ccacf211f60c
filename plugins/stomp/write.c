/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one way in which a frame is written: headers in their order, escaped as
 * the version has it, content-length where there is a body, LF for every end of
 * a line, NUL, and nothing behind it.
 */
#include "parse.h"

#include <stdio.h>
#include <string.h>

static char *
stomp_put(char *to, const char *data, size_t len)
{
	memcpy(to, data, len);
	return (to + len);
}

static char *
stomp_put_headers(char *to, const struct stomp_work *work,
    enum stomp_escapes escapes)
{
	const struct stomp_header *header;
	unsigned i;

	for (i = 0; i < work->head.count; i++) {
		header = &work->head.header[i];
		to += stomp_escape(to, work->text + header->name,
		    header->name_len, escapes);
		*to++ = ':';
		to += stomp_escape(to, work->text + header->value,
		    header->value_len, escapes);
		*to++ = '\n';
	}
	return (to);
}

static size_t
stomp_put_head(struct stomp_work *work, enum stomp_version version,
    bool always_length)
{
	const char *command = stomp_command_name(work->head.command);
	char number[48], *to = work->out;
	int n;

	to = stomp_put(to, command, strlen(command));
	*to++ = '\n';
	to = stomp_put_headers(to, work, stomp_escapes(version,
	    work->head.command));
	if (work->body != NULL && (always_length || work->head.has_length)) {
		n = snprintf(number, sizeof(number), "content-length:%llu\n",
		    (unsigned long long)work->body_len);
		to = stomp_put(to, number, (size_t)n);
	}
	*to++ = '\n';
	if (work->body == NULL)
		*to++ = '\0';
	return ((size_t)(to - work->out));
}

struct hg_frame *
stomp_write(struct stomp_work *work, enum stomp_version version,
    bool always_length)
{
	struct hg_frame *frame, *body = work->body;
	size_t len;

	len = stomp_put_head(work, version, always_length);
	work->body = NULL;
	frame = hg->frame_new(work->out, len, HG_WHOLE);
	if (frame == NULL && body != NULL)
		hg->frame_unref(body);
	if (frame == NULL || body == NULL)
		return (frame);
	return (hg->frame_concat(frame, body));
}
