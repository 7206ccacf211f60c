/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "http.h"
#include "httpmake.h"

/* A line with its CRLF. */
#define LINE_ROOM	(HTTP_LINE_MAX + 2)

int
http_head_len(const void *data, size_t len)
{
	const char *start, *at, *end;

	if (len == 0)
		return (0);
	start = data;
	end = start + (len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
	/*
	 * An empty line that ends with a bare LF counts too, so that the head
	 * is refused at once instead of being waited for.
	 */
	for (at = start; at < end; at++) {
		at = memchr(at, '\n', end - at);
		if (at == NULL)
			break;
		if (end - at > 1 && at[1] == '\n')
			return ((int)(at + 2 - start));
		if (end - at > 2 && at[1] == '\r' && at[2] == '\n')
			return ((int)(at + 3 - start));
	}
	return (len < HTTP_HEAD_MAX ? 0 : -1);
}

/*
 * Cuts the next line off, without its CRLF. Looks no further than a line may
 * reach.
 */
static int
line_next(struct http_span *rest, struct http_span *line, int too_long,
    struct http_fault *fault)
{
	const char *end;

	end = NULL;
	if (rest->len > 0) {
		end = memchr(rest->at, '\n',
		    rest->len < LINE_ROOM ? rest->len : LINE_ROOM);
	}
	if (end == NULL && rest->len >= LINE_ROOM)
		return (http_refuse(fault, too_long, "line too long"));
	if (end == NULL)
		return (http_refuse(fault, 400, "line without an end"));
	if (end == rest->at || end[-1] != '\r')
		return (http_refuse(fault, 400, "bare LF"));
	line->at = rest->at;
	line->len = end - 1 - rest->at;
	rest->len -= line->len + 2;
	rest->at = end + 1;
	if (line->len == 0)
		return (http_refuse(fault, 400, "empty line"));
	return (0);
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static int
version_check(const char *at, size_t len, struct http_fault *fault)
{
	if (len != HTTP_VERSION_LEN || memcmp(at, "HTTP/", 5) != 0 ||
	    !is_digit(at[5]) || at[6] != '.' || !is_digit(at[7]))
		return (http_refuse(fault, 400, "malformed HTTP version"));
	if (memcmp(at, HTTP_VERSION, len) != 0)
		return (http_refuse(fault, 505, "HTTP version not 1.1"));
	return (0);
}

/* The bytes up to the next blank, which is cut off too. */
static bool
word_next(struct http_span *rest, struct http_span *word)
{
	const char *end;

	end = memchr(rest->at, ' ', rest->len);
	if (end == NULL)
		return (false);
	word->at = rest->at;
	word->len = end - rest->at;
	rest->len -= word->len + 1;
	rest->at = end + 1;
	return (true);
}

static int
request_line(struct http_parts *parts, struct http_span line,
    struct http_fault *fault)
{
	if (!word_next(&line, &parts->method) ||
	    !word_next(&line, &parts->target))
		return (http_refuse(fault, 400, "malformed request line"));
	if (parts->may_be_old && line.len == HTTP_VERSION_LEN &&
	    memcmp(line.at, HTTP_VERSION_OLD, line.len) == 0) {
		parts->is_old = true;
		return (0);
	}
	return (version_check(line.at, line.len, fault));
}

/*
 * The blank behind the status may be missing when there is no reason: many
 * servers leave it out, and it can be read in one way only.
 */
static int
status_line(struct http_parts *parts, struct http_span line,
    struct http_fault *fault)
{
	struct http_span version;

	if (!word_next(&line, &version))
		return (http_refuse(fault, 400, "malformed status line"));
	if (version_check(version.at, version.len, fault) == -1)
		return (-1);
	if (line.len < 3 || !is_digit(line.at[0]) || !is_digit(line.at[1]) ||
	    !is_digit(line.at[2]) || (line.len > 3 && line.at[3] != ' '))
		return (http_refuse(fault, 400, "malformed status"));
	parts->status = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 +
	    (line.at[2] - '0');
	parts->reason.at = line.at + 3;
	parts->reason.len = line.len - 3;
	parts->reason = http_trim(parts->reason);
	return (0);
}

static int
field_line(struct http_parts *parts, struct http_span line,
    struct http_fault *fault)
{
	struct http_span name, value;
	const char *colon;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return (http_refuse(fault, 400, "folded field"));
	colon = memchr(line.at, ':', line.len);
	if (colon == NULL)
		return (http_refuse(fault, 400, "field without a colon"));
	if (parts->count == HTTP_FIELDS_MAX)
		return (http_refuse(fault, 431, "too many fields"));
	name.at = line.at;
	name.len = colon - line.at;
	if (name.len == 0)
		return (http_refuse(fault, 400, "empty field name"));
	value.at = colon + 1;
	value.len = line.len - name.len - 1;
	parts->name[parts->count] = name;
	parts->value[parts->count++] = http_trim(value);
	return (0);
}

static int
start_line(struct http_parts *parts, struct http_span *rest,
    struct http_fault *fault)
{
	struct http_span line;

	if (parts->kind == HTTP_FIELDS)
		return (0);
	if (line_next(rest, &line, parts->kind == HTTP_REQUEST ? 414 : 431,
	    fault) == -1)
		return (-1);
	if (parts->kind == HTTP_REQUEST)
		return (request_line(parts, line, fault));
	return (status_line(parts, line, fault));
}

static bool
ends_with(struct http_span span, const char *end)
{
	size_t len;

	len = strlen(end);
	return (span.len >= len &&
	    memcmp(span.at + span.len - len, end, len) == 0);
}

static int
parts_parse(struct http_parts *parts, struct http_span rest,
    struct http_fault *fault)
{
	struct http_span line;
	size_t len;

	if (ends_with(rest, "\r\n\r\n") || (rest.len == 2 &&
	    parts->kind == HTTP_FIELDS && ends_with(rest, "\r\n")))
		rest.len -= 2;
	len = rest.len;
	if (start_line(parts, &rest, fault) == -1)
		return (-1);
	if (len > HTTP_HEAD_MAX - 2)
		return (http_refuse(fault, 431, "head too long"));
	while (rest.len > 0) {
		if (line_next(&rest, &line, 431, fault) == -1 ||
		    field_line(parts, line, fault) == -1)
			return (-1);
	}
	return (0);
}

struct hg_head *
http_parse(const void *data, size_t len, enum http_kind kind,
    const char **error, int *status)
{
	struct http_parts parts;
	struct http_fault fault;
	struct hg_head *head;

	memset(&parts, 0, sizeof(parts));
	parts.kind = kind == HTTP_REQUEST_OLD ? HTTP_REQUEST : kind;
	parts.may_be_old = kind == HTTP_REQUEST_OLD;
	fault.text = NULL;
	fault.status = 0;
	head = NULL;
	if (parts_parse(&parts, (struct http_span){ data, len }, &fault) == 0)
		head = http_make(&parts, &fault);
	if (head != NULL)
		return (head);
	if (error != NULL)
		*error = fault.text;
	if (status != NULL)
		*status = fault.status;
	return (NULL);
}
