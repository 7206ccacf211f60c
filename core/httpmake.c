/* SPDX-License-Identifier: Apache-2.0 */
#include "httpmake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

int
http_refuse(struct http_fault *fault, int status, const char *text)
{
	fault->status = status;
	fault->text = text;
	return (-1);
}

static struct http_span
span_of(const char *text)
{
	return ((struct http_span){ text, strlen(text) });
}

static bool
is_blank(char c)
{
	return (c == ' ' || c == '\t');
}

struct http_span
http_trim(struct http_span span)
{
	while (span.len > 0 && is_blank(span.at[0])) {
		span.at++;
		span.len--;
	}
	while (span.len > 0 && is_blank(span.at[span.len - 1]))
		span.len--;
	return (span);
}

bool
http_is_text(struct http_span span)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < span.len; i++) {
		c = span.at[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return (false);
	}
	return (true);
}

static bool
is_target(struct http_span span)
{
	size_t i;

	for (i = 0; i < span.len; i++)
		if (span.at[i] <= ' ' || span.at[i] > '~' || span.at[i] == '#')
			return (false);
	return (span.len > 0 && span.at[0] == '/');
}

/* --- what is allowed, whether it came or is being made -------------------- */

/* A length of a body that two parsers could read in two ways. */
static int
framing_check(const struct http_parts *parts, struct http_fault *fault)
{
	struct http_span name, value;
	uint64_t number;
	size_t i, lengths, codings;

	for (lengths = codings = i = 0; i < parts->count; i++) {
		name = parts->name[i];
		value = parts->value[i];
		if (str_equal_nocase_n(name.at, name.len,
		    "Transfer-Encoding", 17))
			codings++;
		if (!str_equal_nocase_n(name.at, name.len,
		    "Content-Length", 14))
			continue;
		if (!str_to_u64(value.at, value.len, INT64_MAX, &number))
			return (http_refuse(fault, 400,
			    "malformed Content-Length"));
		lengths++;
	}
	if (lengths + codings > 1)
		return (http_refuse(fault, 400, "several lengths of the body"));
	return (0);
}

static int
start_check(const struct http_parts *parts, struct http_fault *fault)
{
	if (parts->kind == HTTP_REQUEST) {
		if (!str_is_token(parts->method.at, parts->method.len))
			return (http_refuse(fault, 400, "malformed method"));
		if (!is_target(parts->target))
			return (http_refuse(fault, 400, "malformed target"));
	}
	if (parts->kind == HTTP_RESPONSE) {
		if (parts->status < 100 || parts->status > 599)
			return (http_refuse(fault, 400, "malformed status"));
		if (!http_is_text(parts->reason))
			return (http_refuse(fault, 400, "malformed reason"));
	}
	return (0);
}

static int
fields_check(const struct http_parts *parts, struct http_fault *fault)
{
	size_t i;

	for (i = 0; i < parts->count; i++) {
		if (!str_is_token(parts->name[i].at, parts->name[i].len))
			return (http_refuse(fault, 400, "malformed name"));
		if (!http_is_text(parts->value[i]))
			return (http_refuse(fault, 400, "control in a field"));
		if (parts->name[i].len + 2 + parts->value[i].len >
		    HTTP_LINE_MAX)
			return (http_refuse(fault, 431, "field too long"));
	}
	return (framing_check(parts, fault));
}

/* --- making --------------------------------------------------------------- */

/* Bytes of the start line, with its CRLF. */
static size_t
start_len(const struct http_parts *parts)
{
	switch (parts->kind) {
	case HTTP_REQUEST:
		return (parts->method.len + parts->target.len +
		    HTTP_VERSION_LEN + 4);
	case HTTP_RESPONSE:
		return (HTTP_VERSION_LEN + parts->reason.len + 7);
	case HTTP_FIELDS:
	case HTTP_REQUEST_OLD:
		break;
	}
	return (0);
}

static void
append(char **to, const char *text, size_t len)
{
	memcpy(*to, text, len);
	*to += len;
}

static char *
keep(char **to, struct http_span span)
{
	char *start;

	start = *to;
	append(to, span.at, span.len);
	append(to, "", 1);
	return (start);
}

size_t
http_size(const struct http_parts *parts)
{
	size_t i, size = sizeof(struct hg_head);

	size += parts->method.len + parts->target.len + parts->reason.len + 3;
	if (parts->kind == HTTP_REQUEST &&
	    memchr(parts->target.at, '?', parts->target.len) != NULL)
		size += parts->target.len;	/* the path is there twice */
	for (i = 0; i < parts->count; i++)
		size += parts->name[i].len + parts->value[i].len + 2 +
		    sizeof(struct http_field);
	return (size);
}

void
http_write(struct hg_head *head, const struct http_parts *parts)
{
	struct http_span path;
	char *to;
	const char *mark;
	size_t i;

	atomic_init(&head->refs, 1);
	head->kind = (unsigned char)parts->kind;
	head->is_old = parts->is_old;
	to = (char *)&head->fields[parts->count];
	if (parts->kind == HTTP_REQUEST) {
		head->method = keep(&to, parts->method);
		head->path = head->target = keep(&to, parts->target);
		if ((mark = strchr(head->target, '?')) != NULL) {
			path.at = head->target;
			path.len = mark - head->target;
			head->query = mark + 1;
			head->path = keep(&to, path);
		}
	} else if (parts->kind == HTTP_RESPONSE) {
		head->status = (uint16_t)parts->status;
		head->reason = keep(&to, parts->reason);
	}
	head->count = head->own = (uint16_t)parts->count;
	for (i = 0; i < parts->count; i++) {
		head->fields[i].name = (uint16_t)(keep(&to, parts->name[i]) -
		    (char *)head);
		head->fields[i].value = (uint16_t)(keep(&to,
		    parts->value[i]) - (char *)head);
	}
}

/* What is made here parses again to the same. */
struct hg_head *
http_make(const struct http_parts *parts, struct http_fault *fault)
{
	struct hg_head *head;
	size_t i, text;

	if (start_check(parts, fault) == -1 || fields_check(parts, fault) == -1)
		return (NULL);
	text = start_len(parts);
	if (text > HTTP_LINE_MAX + 2) {
		http_refuse(fault, 414, "start line too long");
		return (NULL);
	}
	for (i = 0; i < parts->count; i++)
		text += parts->name[i].len + parts->value[i].len + 4;
	if (text > HTTP_HEAD_MAX - 2) {
		http_refuse(fault, 431, "head too long");
		return (NULL);
	}
	if ((head = calloc(1, http_size(parts))) == NULL) {
		http_refuse(fault, 503, "out of memory");
		return (NULL);
	}
	http_write(head, parts);
	return (head);
}

static struct hg_head *
make_fields(struct http_parts *parts, const struct hg_fields *fields)
{
	struct http_fault fault;

	for (parts->count = 0; fields != NULL && parts->count < fields->count;
	    parts->count++) {
		parts->name[parts->count] =
		    span_of(fields->field[parts->count].name);
		parts->value[parts->count] =
		    span_of(fields->field[parts->count].value);
	}
	return (http_make(parts, &fault));
}

struct hg_head *
http_request(const char *method, const char *target,
    const struct hg_fields *fields)
{
	struct http_parts parts = { .kind = HTTP_REQUEST };

	parts.method = span_of(method);
	parts.target = span_of(target);
	return (make_fields(&parts, fields));
}

struct hg_head *
http_response(int status, const char *reason, const struct hg_fields *fields)
{
	struct http_parts parts = { .kind = HTTP_RESPONSE, .status = status };

	parts.reason = http_trim(span_of(reason != NULL ? reason :
	    http_status_text(status)));
	return (make_fields(&parts, fields));
}

struct hg_head *
http_fields(const struct hg_fields *fields)
{
	struct http_parts parts = { .kind = HTTP_FIELDS };

	return (make_fields(&parts, fields));
}

static void
append_line(char **to, const char *first, const char *between,
    const char *second)
{
	append(to, first, strlen(first));
	append(to, between, strlen(between));
	append(to, second, strlen(second));
	append(to, "\r\n", 2);
}

const char *
http_text(const struct hg_head *head, size_t *len)
{
	static _Thread_local char text[HTTP_HEAD_MAX];	/* see http_make */
	char *to, status[32];
	size_t i;

	to = text;
	if (head->kind == HTTP_REQUEST) {
		append(&to, head->method, strlen(head->method));
		append(&to, " ", 1);
		append_line(&to, head->target, " ", HTTP_VERSION);
	} else if (head->kind == HTTP_RESPONSE) {
		snprintf(status, sizeof(status), " %03d ", head->status);
		append_line(&to, HTTP_VERSION, status, head->reason);
	}
	for (i = 0; i < head->count; i++)
		append_line(&to, http_name(head, i), ": ",
		    http_value(head, i));
	*to = '\0';
	*len = (size_t)(to - text);
	return (text);
}

/* --- fields --------------------------------------------------------------- */

struct hg_fields *
http_fields_new(void)
{
	return (calloc(1, sizeof(struct hg_fields)));
}

int
http_fields_add(struct hg_fields *fields, const char *name, const char *value)
{
	struct http_span span;
	char *own_name, *own_value;
	size_t len;

	len = strlen(name);
	span = http_trim((struct http_span){ value, strlen(value) });
	if (fields->count == HTTP_FIELDS_MAX || !str_is_token(name, len) ||
	    !http_is_text(span) || len + 2 + span.len > HTTP_LINE_MAX)
		return (-1);
	own_name = str_dup(name, len);
	own_value = str_dup(span.at, span.len);
	if (own_name == NULL || own_value == NULL) {
		free(own_name);
		free(own_value);
		return (-1);
	}
	fields->field[fields->count].name = own_name;
	fields->field[fields->count++].value = own_value;
	return (0);
}

void
http_fields_free(struct hg_fields *fields)
{
	size_t i;

	if (fields == NULL)
		return;
	for (i = 0; i < fields->count; i++) {
		free(fields->field[i].name);
		free(fields->field[i].value);
	}
	free(fields);
}
