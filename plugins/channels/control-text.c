/* SPDX-License-Identifier: Apache-2.0 */
/* Text values of control messages, and how lines are written. */
#include <string.h>

#include "control.h"

/* Bytes of the UTF-8 character at the front; 0: none, or a control. */
size_t
control_utf8(const unsigned char *p, size_t len)
{
	unsigned long code;
	size_t i, need;

	if (p[0] < 0x80)
		return (p[0] >= 0x20 && p[0] != 0x7f ? 1 : 0);
	need = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len < need)
		return (0);
	code = p[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		code = code << 6 | (p[i] & 0x3fu);
	}
	if ((need == 3 && code < 0x800) || (need == 4 && code < 0x10000) ||
	    (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
		return (0);
	return (need);
}

const char *
control_decode(const struct control *c, enum control_param param, char *out,
    size_t size)
{
	const struct control_text *text = &c->text[param];
	unsigned char raw[4];
	size_t i, j, n, len;

	len = 0;
	for (i = 0; i < text->len; i = j, len += n) {
		/* The next character, decoded; it has at most four bytes. */
		for (j = i, n = 0; n < sizeof(raw) && j < text->len; n++)
			if (text->at[j] == '%') {
				raw[n] = (unsigned char)
				    (control_hex(text->at[j + 1]) << 4 |
				    control_hex(text->at[j + 2]));
				j += 3;
			} else
				raw[n] = (unsigned char)text->at[j++];
		if ((n = control_utf8(raw, n)) == 0) {
			out[0] = '\0';
			return (out);
		}
		if (n >= size - len)
			break;
		memcpy(out + len, raw, n);
		for (j = i, i = 0; i < n; i++)
			j += text->at[j] == '%' ? 3 : 1;
	}
	out[len] = '\0';
	return (out);
}

static void
put(struct control_line *line, const char *text)
{
	size_t len;

	len = strlen(text);
	if (len > sizeof(line->text) - line->len)
		len = sizeof(line->text) - line->len;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void
put_name(struct control_line *line, enum control_param param)
{
	put(line, " ");
	put(line, control_param_name(param));
	put(line, "=");
}

static void
put_hex(struct control_line *line, unsigned id)
{
	static const char digits[] = "0123456789abcdef";
	char text[7];
	int i;

	text[0] = '0';
	text[1] = 'x';
	for (i = 0; i < 4; i++)
		text[2 + i] = digits[id >> (12 - 4 * i) & 0xf];
	text[6] = '\0';
	put(line, text);
}

void
control_begin(struct control_line *line, enum control_verb verb)
{
	line->len = 0;
	put(line, control_verb_name(verb));
}

void
control_put_id(struct control_line *line, unsigned id)
{
	put(line, " ");
	put_hex(line, id);
}

void
control_put_param_id(struct control_line *line, enum control_param param,
    unsigned id)
{
	put_name(line, param);
	put_hex(line, id);
}

void
control_put_number(struct control_line *line, enum control_param param,
    uint64_t number)
{
	char text[21];
	size_t at;

	at = sizeof(text) - 1;
	text[at] = '\0';
	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	put_name(line, param);
	put(line, text + at);
}

void
control_put_text(struct control_line *line, enum control_param param,
    const char *value)
{
	static const char digits[] = "0123456789ABCDEF";
	char one[4];
	size_t i, n, len;

	put_name(line, param);
	len = strlen(value);
	for (i = 0; i < len; i += n) {
		n = control_utf8((const unsigned char *)value + i, len - i);
		if (n == 0)
			n = 1;
		if (i + n > CONTROL_REASON)
			break;
		for (size_t j = i; j < i + n; j++) {
			unsigned char c = (unsigned char)value[j];

			one[0] = '%';
			one[1] = digits[c >> 4];
			one[2] = digits[c & 0xf];
			one[3] = '\0';
			if (control_is_unreserved((char)c)) {
				one[0] = (char)c;
				one[1] = '\0';
			}
			put(line, one);
		}
	}
}

void
control_end(struct control_line *line)
{
	put(line, "\r\n");
}
