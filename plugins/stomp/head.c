/* SPDX-License-Identifier: Apache-2.0 */
/* The head of one frame: its command and its headers. */
#include "parse.h"

#include <string.h>

bool
stomp_is_handshake(enum stomp_command command)
{
	return (command == STOMP_CONNECT || command == STOMP_STOMP ||
	    command == STOMP_CONNECTED);
}

bool
stomp_has_body(enum stomp_command command)
{
	return (command == STOMP_SEND || command == STOMP_MESSAGE ||
	    command == STOMP_ERROR);
}

static bool
stomp_is_allowed(enum stomp_command command, bool from_broker)
{
	if (command == STOMP_UNKNOWN)
		return (false);
	return ((command >= STOMP_CONNECTED) == from_broker);
}

/* Digits, and nothing else: other parsers take a sign or blanks. */
static int
stomp_length(const char *value, size_t len, uint64_t *length)
{
	size_t i;

	if (len == 0 || len > 18)
		return (-1);
	for (*length = 0, i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return (-1);
		*length = *length * 10 + (uint64_t)(value[i] - '0');
	}
	return (0);
}

static int
stomp_unescape_header(struct stomp_work *work, struct stomp_header *header,
    enum stomp_escapes escapes)
{
	int name_len, value_len;

	name_len = stomp_unescape(work->text + header->name, header->name_len,
	    escapes);
	value_len = stomp_unescape(work->text + header->value,
	    header->value_len, escapes);
	if (name_len < 0 || value_len < 0)
		return (-1);
	header->name_len = (uint32_t)name_len;
	header->value_len = (uint32_t)value_len;
	return (0);
}

/* Keeps it, if it is not another copy of a header that counts once. */
static const char *
stomp_keep_header(struct stomp_work *work, struct stomp_header *header)
{
	struct stomp_head *head = &work->head;

	header->known = stomp_name(work->text + header->name,
	    header->name_len);
	if (header->known == STOMP_CONTENT_LENGTH) {
		if (head->has_length)
			return (NULL);
		if (stomp_length(work->text + header->value,
		    header->value_len, &head->length) != 0)
			return ("the content-length is no number");
		head->has_length = true;
		return (NULL);
	}
	if (header->known != STOMP_OTHER) {
		if (head->known[header->known] != 0)
			return (NULL);
		head->known[header->known] = (uint8_t)(head->count + 1);
	}
	head->header[head->count++] = *header;
	return (NULL);
}

static const char *
stomp_header_parse(struct stomp_work *work, size_t at, size_t len, bool crlf,
    enum stomp_escapes escapes, enum stomp_version version)
{
	const char *line = work->text + at, *colon;
	struct stomp_header header;

	if (crlf && memchr(line, '\r', len) != NULL)
		return ("a carriage return within a header");
	if ((colon = memchr(line, ':', len)) == NULL)
		return ("a header has no colon");
	if (colon == line)
		return ("a header has no name");
	header.name = (uint32_t)at;
	header.name_len = (uint32_t)(colon - line);
	header.value = (uint32_t)(at + header.name_len + 1);
	header.value_len = (uint32_t)(len - header.name_len - 1);
	if (stomp_unescape_header(work, &header, escapes) != 0)
		return ("an undefined escape in a header");
	if (version != STOMP_1_2 &&
	    memchr(line, '\r', header.name_len) != NULL)
		return ("a carriage return in a header's name");
	return (stomp_keep_header(work, &header));
}

/* The length of the line at that place, without its end; *next: behind it. */
static size_t
stomp_line(const char *text, size_t at, size_t len, bool crlf, size_t *next)
{
	const char *end;
	size_t n;

	end = memchr(text + at, '\n', len - at);
	n = end == NULL ? len - at : (size_t)(end - (text + at));
	*next = end == NULL ? len : at + n + 1;
	if (crlf && n > 0 && text[at + n - 1] == '\r')
		n--;
	return (n);
}

static enum stomp_command
stomp_command_line(struct stomp_work *work, size_t len, bool crlf,
    size_t *next)
{
	enum stomp_command command;
	size_t n;

	n = stomp_line(work->text, 0, len, crlf, next);
	command = stomp_command(work->text, n);
	if (command != STOMP_UNKNOWN || crlf)
		return (command);
	/* A handshake's lines may end in CRLF whatever the version is. */
	n = stomp_line(work->text, 0, len, true, next);
	command = stomp_command(work->text, n);
	return (stomp_is_handshake(command) ? command : STOMP_UNKNOWN);
}

const char *
stomp_head_parse(struct stomp_work *work, size_t len,
    enum stomp_version version, bool from_broker)
{
	struct stomp_head *head = &work->head;
	enum stomp_escapes escapes;
	const char *error;
	size_t at, next, n;
	bool crlf = version == STOMP_1_2;

	memset(head, 0, offsetof(struct stomp_head, header));
	work->text_len = len;
	head->command = stomp_command_line(work, len, crlf, &at);
	if (!stomp_is_allowed(head->command, from_broker))
		return ("unknown command");
	escapes = stomp_escapes(version, head->command);
	/* Some brokers write \r to a 1.1 client too, in what a 1.2 client sent:
	 * a subscriber shall not lose its connection by that. */
	if (from_broker && escapes == STOMP_ESC_1_1)
		escapes = STOMP_ESC_1_2;
	crlf = crlf || stomp_is_handshake(head->command);
	for (; at < len; at = next) {
		n = stomp_line(work->text, at, len, crlf, &next);
		if (n == 0)
			return (NULL);
		if (head->count == STOMP_HEADERS_MAX)
			return ("too many headers");
		error = stomp_header_parse(work, at, n, crlf, escapes, version);
		if (error != NULL)
			return (error);
	}
	return ("the head has no end");
}
