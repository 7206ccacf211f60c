/* SPDX-License-Identifier: Apache-2.0 */
/* How a name or a value is written: STOMP 1.0 has no escapes at all. */
#include "parse.h"

#include <string.h>

enum stomp_escapes
stomp_escapes(enum stomp_version version, enum stomp_command command)
{
	if (version == STOMP_1_0 || stomp_is_handshake(command))
		return (STOMP_ESC_NONE);
	return (version == STOMP_1_1 ? STOMP_ESC_1_1 : STOMP_ESC_1_2);
}

/* What stands for the letter behind a backslash; -1: nothing does. */
static int
stomp_escape_value(char letter, enum stomp_escapes escapes)
{
	switch (letter) {
	case 'n':
		return ('\n');
	case 'c':
		return (':');
	case '\\':
		return ('\\');
	case 'r':
		return (escapes == STOMP_ESC_1_2 ? '\r' : -1);
	default:
		return (-1);
	}
}

/* The letter for a byte; 0: it stands for itself. */
static char
stomp_escape_letter(char byte, enum stomp_escapes escapes)
{
	switch (byte) {
	case '\n':
		return ('n');
	case ':':
		return ('c');
	case '\\':
		return ('\\');
	case '\r':
		return (escapes == STOMP_ESC_1_2 ? 'r' : '\0');
	default:
		return ('\0');
	}
}

int
stomp_unescape(char *text, size_t len, enum stomp_escapes escapes)
{
	size_t from, to;
	int value;

	if (escapes == STOMP_ESC_NONE || memchr(text, '\\', len) == NULL)
		return ((int)len);
	for (from = to = 0; from < len; from++) {
		if (text[from] != '\\') {
			text[to++] = text[from];
			continue;
		}
		if (++from == len)
			return (-1);
		if ((value = stomp_escape_value(text[from], escapes)) == -1)
			return (-1);
		text[to++] = (char)value;
	}
	return ((int)to);
}

size_t
stomp_escape(char *out, const char *text, size_t len,
    enum stomp_escapes escapes)
{
	char letter, *to = out;
	size_t i;

	if (escapes == STOMP_ESC_NONE) {
		memcpy(out, text, len);
		return (len);
	}
	for (i = 0; i < len; i++) {
		letter = stomp_escape_letter(text[i], escapes);
		if (letter != '\0') {
			*to++ = '\\';
			*to++ = letter;
		} else {
			*to++ = text[i];
		}
	}
	return ((size_t)(to - out));
}
