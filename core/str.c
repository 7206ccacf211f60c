/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "str.h"

#define STR_MIN		64	/* first size of a text that grows */
#define STR_WORD_MAX	64	/* longest word that distances are told for */

/* Room for so many bytes more, and the NUL. */
static bool
str_grow(struct str *str, size_t more)
{
	char *text;
	size_t need, size;

	if (str->failed)
		return (false);
	if (more >= SIZE_MAX / 2 - str->len) {
		str->failed = true;
		return (false);
	}
	need = str->len + more + 1;
	if (need <= str->size)
		return (true);
	size = str->size * 2 > STR_MIN ? str->size * 2 : STR_MIN;
	if (size < need)
		size = need;
	if ((text = realloc(str->text, size)) == NULL) {
		str->failed = true;
		return (false);
	}
	str->text = text;
	str->size = size;
	return (true);
}

void
str_add_bytes(struct str *str, const void *data, size_t len)
{
	if (!str_grow(str, len))
		return;
	if (len > 0)
		memcpy(str->text + str->len, data, len);
	str->len += len;
	str->text[str->len] = '\0';
}

void
str_add(struct str *str, const char *text)
{
	str_add_bytes(str, text, strlen(text));
}

void
str_add_char(struct str *str, char c)
{
	str_add_bytes(str, &c, 1);
}

void
str_vaddf(struct str *str, const char *fmt, va_list ap)
{
	va_list again;
	size_t room = str->failed ? 0 : str->size - str->len;
	int len;

	va_copy(again, ap);
	len = vsnprintf(room > 0 ? str->text + str->len : NULL, room, fmt,
	    again);
	va_end(again);
	if (len >= 0 && (size_t)len < room) {
		str->len += (size_t)len;
		return;
	}
	if (room > 0)
		str->text[str->len] = '\0';
	if (len < 0)
		str->failed = true;
	if (!str_grow(str, len < 0 ? 0 : len))
		return;
	vsnprintf(str->text + str->len, (size_t)len + 1, fmt, ap);
	str->len += len;
}

void
str_addf(struct str *str, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(str, fmt, ap);
	va_end(ap);
}

char *
str_take(struct str *str)
{
	char *text = NULL;

	str_add_bytes(str, NULL, 0);
	if (!str->failed) {
		text = str->text;
		str->text = NULL;
	}
	str_free(str);
	return (text);
}

void
str_free(struct str *str)
{
	free(str->text);
	memset(str, 0, sizeof(*str));
}

char *
str_dup(const void *data, size_t len)
{
	char *copy;

	if (len == SIZE_MAX || (copy = malloc(len + 1)) == NULL)
		return (NULL);
	if (len > 0)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return (copy);
}

char
str_lower(char c)
{
	return (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
str_equal_nocase_n(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t i;

	if (a_len != b_len)
		return (false);
	for (i = 0; i < a_len; i++)
		if (a[i] != b[i] && str_lower(a[i]) != str_lower(b[i]))
			return (false);
	return (true);
}

bool
str_equal_nocase(const char *a, const char *b)
{
	/* Most differ early: their lengths are not worth looking for. */
	for (; *a != '\0' || *b != '\0'; a++, b++)
		if (*a != *b && str_lower(*a) != str_lower(*b))
			return (false);
	return (true);
}

static bool
str_is_alnum(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z'));
}

bool
str_is_token(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!str_is_alnum(text[i]) && (text[i] == '\0' ||
		    strchr("!#$%&'*+-.^_`|~", text[i]) == NULL))
			return (false);
	return (len > 0);
}

static int
str_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	c = str_lower(c);
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (INT_MAX);
}

static bool
str_to_number(const char *text, size_t len, int base, uint64_t max,
    uint64_t *value)
{
	uint64_t sum;
	size_t i;
	int digit;

	for (i = 0, sum = 0; i < len; i++) {
		if ((digit = str_digit(text[i])) >= base)
			return (false);
		if (sum > (UINT64_MAX - digit) / base)
			return (false);
		sum = sum * base + digit;
	}
	if (len == 0 || sum > max)
		return (false);
	*value = sum;
	return (true);
}

bool
str_to_u64(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	return (str_to_number(text, len, 10, max, value));
}

bool
str_hex_to_u64(const char *text, size_t len, uint64_t max, uint64_t *value)
{
	return (str_to_number(text, len, 16, max, value));
}

static size_t
min3(size_t a, size_t b, size_t c)
{
	a = a < b ? a : b;
	return (a < c ? a : c);
}

/* Row by row of the table of all prefixes; only the last row is kept. */
size_t
str_distance(const char *a, const char *b)
{
	size_t row[STR_WORD_MAX + 1], a_len, b_len, i, j, corner, above;

	a_len = strlen(a);
	b_len = strlen(b);
	if (a_len > STR_WORD_MAX || b_len > STR_WORD_MAX)
		return (a_len > b_len ? a_len : b_len);
	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1,
			    corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return (row[b_len]);
}

/*
 * Only the last star needs to be tried again: what stood before it matched as
 * early as it could.
 */
bool
str_match(const char *pattern, const char *text, size_t len)
{
	const char *star = NULL;
	size_t at, star_at;

	at = star_at = 0;
	while (at < len || *pattern == '*') {
		if (*pattern == '*') {
			star = ++pattern;
			star_at = at;
		} else if (*pattern != '\0' && *pattern == text[at]) {
			pattern++;
			at++;
		} else if (star != NULL) {
			pattern = star;
			at = ++star_at;
		} else
			return (false);
	}
	return (*pattern == '\0');
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
str_base64(char *out, const void *data, size_t len)
{
	const unsigned char *in = data;
	uint32_t bits;
	size_t i;

	for (i = 0; i < len; i += 3) {
		bits = (uint32_t)in[i] << 16;
		if (i + 1 < len)
			bits |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			bits |= in[i + 2];
		*out++ = base64_digits[bits >> 18];
		*out++ = base64_digits[bits >> 12 & 63];
		*out++ = i + 1 < len ? base64_digits[bits >> 6 & 63] : '=';
		*out++ = i + 2 < len ? base64_digits[bits & 63] : '=';
	}
	*out = '\0';
}

static int
base64_value(char c)
{
	const char *digit;

	if (c == '\0' || (digit = strchr(base64_digits, c)) == NULL)
		return (-1);
	return (digit - base64_digits);
}

/* Four digits; returns their bytes. Padding is for the last four only. */
static int
base64_group(unsigned char *out, const char *in, bool last)
{
	uint32_t bits;
	int i, pad, value;

	pad = last && in[3] == '=' ? (in[2] == '=' ? 2 : 1) : 0;
	for (i = 0, bits = 0; i < 4 - pad; i++) {
		if ((value = base64_value(in[i])) == -1)
			return (-1);
		bits = bits << 6 | (uint32_t)value;
	}
	bits <<= 6 * pad;
	/* Bits that belong to no byte must be zero: one spelling only. */
	if ((bits & ((1U << 8 * pad) - 1)) != 0)
		return (-1);
	for (i = 0; i < 3 - pad; i++)
		out[i] = bits >> (16 - 8 * i) & 0xff;
	return (3 - pad);
}

int
str_unbase64(void *out, const char *text, size_t len)
{
	unsigned char *to = out;
	size_t i;
	int n, total;

	if (len % 4 != 0 || len > INT_MAX)
		return (-1);
	for (i = 0, total = 0; i < len; i += 4) {
		if ((n = base64_group(to + total, text + i,
		    i + 4 == len)) == -1)
			return (-1);
		total += n;
	}
	return (total);
}

void
str_hex(char *out, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = data;
	size_t i;

	for (i = 0; i < len; i++) {
		*out++ = digits[in[i] >> 4];
		*out++ = digits[in[i] & 15];
	}
	*out = '\0';
}
