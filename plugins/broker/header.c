/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header fields: names and values, and how each version writes them. 1.0 has
 * no escapes; 1.1 has \n \c \\; 1.2 has \r too. CONNECT and CONNECTED are never
 * escaped.
 */
#include <string.h>

#include "broker.h"

const char *
broker_header(const struct broker_frame *frame, const char *name)
{
	size_t i;

	for (i = 0; i < frame->count; i++)
		if (strcmp(frame->header[i].name, name) == 0)
			return (frame->header[i].value);
	return (NULL);
}

/* What stands behind the backslash, or NUL. */
static char
unescaped(char c, enum broker_version version)
{
	switch (c) {
	case 'n':
		return ('\n');
	case 'c':
		return (':');
	case '\\':
		return ('\\');
	case 'r':
		return (version == BROKER_1_2 ? '\r' : '\0');
	default:
		return ('\0');
	}
}

bool
broker_unescape(char *text, enum broker_version version)
{
	char *out;

	if (version <= BROKER_1_0)
		return (true);
	for (out = text; *text != '\0'; text++) {
		if (*text != '\\') {
			*out++ = *text;
			continue;
		}
		if ((*out = unescaped(*++text, version)) == '\0')
			return (false);
		out++;
	}
	*out = '\0';
	return (true);
}

static const char *
escape(char c)
{
	switch (c) {
	case '\n':
		return ("\\n");
	case ':':
		return ("\\c");
	case '\\':
		return ("\\\\");
	case '\r':
		return ("\\r");
	default:
		return (NULL);
	}
}

bool
broker_add_escaped(struct broker_buffer *buffer, const char *text,
    enum broker_version version)
{
	const char *escaped;
	size_t plain;

	if (version <= BROKER_1_0) {
		if (strpbrk(text, "\r\n") != NULL)
			return (false);
		broker_add_text(buffer, text);
		return (true);
	}
	if (version == BROKER_1_1 && strchr(text, '\r') != NULL)
		return (false);
	while (*text != '\0') {
		plain = strcspn(text, "\n:\\\r");
		broker_add(buffer, text, plain);
		text += plain;
		if ((escaped = escape(*text)) != NULL) {
			broker_add_text(buffer, escaped);
			text++;
		}
	}
	return (true);
}

bool
broker_add_header(struct broker_buffer *buffer, const char *name,
    const char *value, enum broker_version version)
{
	size_t len;

	len = buffer->len;
	if ((version > BROKER_1_0 || strchr(name, ':') == NULL) &&
	    broker_add_escaped(buffer, name, version)) {
		broker_add_text(buffer, ":");
		if (broker_add_escaped(buffer, value, version)) {
			broker_add_text(buffer, "\n");
			return (true);
		}
	}
	buffer->len = len;
	return (false);
}
