/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames for a plugin, each reference counted, so that a test sees the ones
 * that were lost; and heads, fields and parameters, counted too.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "fake-table.h"

static const struct hg_frame *
held(const struct hg_frame *frame, const char *fn)
{
	if (frame == NULL)
		fake_abort("%s: no frame", fn);
	return (frame);
}

/* One reference went in; one came out, or none. */
static struct hg_frame *
changed(struct hg_frame *frame)
{
	if (frame == NULL)
		fake.frames--;
	return (frame);
}

struct hg_frame *
fake_frame_new(const void *data, size_t len, unsigned flags)
{
	struct hg_frame *frame;

	if ((flags & ~0x3fu) != 0)
		fake_abort("frame_new: flags %#x", flags);
	if ((frame = frame_copy(data, len, flags)) == NULL)
		abort();
	fake.frames++;
	return (frame);
}

struct hg_frame *
fake_frame_ref(struct hg_frame *frame)
{
	held(frame, "frame_ref");
	fake.frames++;
	return (frame_ref(frame));
}

void
fake_frame_unref(struct hg_frame *frame)
{
	if (frame == NULL)
		return;
	if (--fake.frames < 0)
		fake_abort("more frames released than there were");
	frame_unref(frame);
}

size_t
fake_frame_len(const struct hg_frame *frame)
{
	return (held(frame, "frame_len")->len);
}

unsigned
fake_frame_flags(const struct hg_frame *frame)
{
	return (held(frame, "frame_flags")->flags);
}

struct hg_frame *
fake_frame_reflag(struct hg_frame *frame, unsigned flags)
{
	held(frame, "frame_reflag");
	return (changed(frame_flags(frame, flags)));
}

size_t
fake_frame_peek(const struct hg_frame *frame, size_t from, void *out,
    size_t len)
{
	return (frame_peek(held(frame, "frame_peek"), from, out, len));
}

const unsigned char *
fake_frame_bytes(struct hg_frame **frame)
{
	held(*frame, "frame_bytes");
	return (frame_bytes(frame));
}

struct hg_frame *
fake_frame_trim(struct hg_frame *frame, size_t bytes)
{
	if (bytes > held(frame, "frame_trim")->len)
		fake_abort("frame_trim: %zu of %zu", bytes, frame->len);
	return (changed(frame_trim(frame, bytes)));
}

struct hg_frame *
fake_frame_slice(struct hg_frame *frame, size_t from, size_t len)
{
	if (from > held(frame, "frame_slice")->len || len > frame->len - from)
		fake_abort("frame_slice: %zu + %zu of %zu", from, len,
		    frame->len);
	return (changed(frame_slice(frame, from, len)));
}

struct hg_frame *
fake_frame_prepend(struct hg_frame *frame, const void *data, size_t len)
{
	held(frame, "frame_prepend");
	return (changed(frame_prepend(frame, data, len)));
}

struct hg_frame *
fake_frame_append(struct hg_frame *frame, const void *data, size_t len)
{
	held(frame, "frame_append");
	return (changed(frame_append(frame, data, len)));
}

size_t
fake_frame_tail(const struct hg_frame *frame, const void **bytes)
{
	return (frame_tail(held(frame, "frame_tail"), bytes));
}

struct hg_frame *
fake_frame_concat(struct hg_frame *frame, struct hg_frame *second)
{
	held(frame, "frame_concat");
	held(second, "frame_concat");
	fake.frames--;
	return (changed(frame_concat(frame, second)));
}

int
fake_head_status(const struct hg_head *head)
{
	return (head->status);
}

const char *
fake_head_reason(const struct hg_head *head)
{
	return (head->reason);
}

const char *
fake_head_target(const struct hg_head *head)
{
	return (head->target);
}

struct hg_head *
fake_head_parse(const void *data, size_t len, const char *kind,
    const char **error)
{
	struct hg_head *head;
	enum http_kind of;

	if (strcmp(kind, "request") == 0)
		of = HTTP_REQUEST;
	else if (strcmp(kind, "response") == 0)
		of = HTTP_RESPONSE;
	else if (strcmp(kind, "fields") == 0)
		of = HTTP_FIELDS;
	else
		fake_abort("head_parse: kind %s", kind);
	head = http_parse(data, len, of, error, NULL);
	fake.heads += head != NULL;
	return (head);
}

const char *
fake_head_text(const struct hg_head *head, size_t *len)
{
	size_t none;

	return (http_text(head, len != NULL ? len : &none));
}

void
fake_head_free(struct hg_head *head)
{
	fake.heads -= head != NULL;
	http_free(head);
}

struct hg_head *
fake_head_response(int status, const char *reason,
    const struct hg_fields *fields)
{
	struct hg_head *head;

	head = http_response(status, reason, fields);
	fake.heads += head != NULL;
	return (head);
}

struct hg_fields *
fake_fields_new(void)
{
	struct hg_fields *fields;

	fields = http_fields_new();
	fake.fields += fields != NULL;
	return (fields);
}

void
fake_fields_free(struct hg_fields *fields)
{
	fake.fields -= fields != NULL;
	http_fields_free(fields);
}

const char *
fake_param_get(const struct hg_params *params, const char *name)
{
	return (params != NULL ? wsext_get(params, name) : NULL);
}
