/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3986, 2.1: an id as it may stand in a header field. */
#include "stomp.h"

#include <string.h>

static bool
stomp_is_unreserved(unsigned char byte)
{
	return ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' ||
	    byte == '_' || byte == '~');
}

void
stomp_percent_encode(char *out, const char *data, size_t len)
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte;
	size_t i;

	for (i = 0; i < len; i++) {
		byte = (unsigned char)data[i];
		if (stomp_is_unreserved(byte)) {
			*out++ = (char)byte;
			continue;
		}
		*out++ = '%';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 15];
	}
	*out = '\0';
}

static int
stomp_hex(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (digit - '0');
	if (digit >= 'A' && digit <= 'F')
		return (digit - 'A' + 10);
	if (digit >= 'a' && digit <= 'f')
		return (digit - 'a' + 10);
	return (-1);
}

/* Returns the length; out has room for the whole text. */
int
stomp_percent_decode(char *out, const char *text)
{
	char *to = out;
	int high, low;

	for (; *text != '\0'; text++) {
		if (stomp_is_unreserved((unsigned char)*text)) {
			*to++ = *text;
			continue;
		}
		if (*text != '%' || (high = stomp_hex(text[1])) < 0 ||
		    (low = stomp_hex(text[2])) < 0)
			return (-1);
		*to++ = (char)(high << 4 | low);
		text += 2;
	}
	return ((int)(to - out));
}
