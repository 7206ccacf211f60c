/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that grow, and small functions on text. */
#include <string.h>

#include "broker.h"

#define START	128	/* bytes at first */

/* Room for len bytes more. -1 without memory. */
static int
grow(struct broker_buffer *buffer, size_t len)
{
	size_t size;
	char *grown;

	size = buffer->size < START ? START : buffer->size * 2;
	if (size < buffer->len + len)
		size = buffer->len + len;
	if ((grown = hg->recycle_get(size)) == NULL)
		return (-1);
	if (buffer->len > 0)
		memcpy(grown, buffer->data, buffer->len);
	hg->recycle_put(buffer->data, buffer->size);
	buffer->data = grown;
	buffer->size = size;
	return (0);
}

void
broker_add(struct broker_buffer *buffer, const void *data, size_t len)
{
	if (buffer->failed || len == 0)
		return;
	if (len > buffer->size - buffer->len && grow(buffer, len) != 0) {
		buffer->failed = true;
		return;
	}
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

void
broker_add_text(struct broker_buffer *buffer, const char *text)
{
	broker_add(buffer, text, strlen(text));
}

void
broker_buffer_free(struct broker_buffer *buffer)
{
	hg->recycle_put(buffer->data, buffer->size);
	memset(buffer, 0, sizeof(*buffer));
}

/* How many bytes the sequence at c should have; 0: none begins so. */
static size_t
sequence(const unsigned char *c, size_t len)
{
	if (c[0] < 0x80)
		return (1);
	if (len < 2)
		return (0);
	if (c[0] >= 0xc2 && c[0] <= 0xdf)
		return (2);
	if (c[0] == 0xe0)
		return (c[1] >= 0xa0 ? 3 : 0);
	if (c[0] == 0xed)
		return (c[1] <= 0x9f ? 3 : 0);
	if (c[0] >= 0xe1 && c[0] <= 0xef)
		return (3);
	if (c[0] == 0xf0)
		return (c[1] >= 0x90 ? 4 : 0);
	if (c[0] == 0xf4)
		return (c[1] <= 0x8f ? 4 : 0);
	return (c[0] >= 0xf1 && c[0] <= 0xf3 ? 4 : 0);
}

bool
broker_utf8(const void *data, size_t len)
{
	const unsigned char *c = data;
	size_t i, need;

	while (len > 0) {
		need = sequence(c, len);
		if (need == 0 || need > len)
			return (false);
		for (i = 1; i < need; i++)
			if ((c[i] & 0xc0) != 0x80)
				return (false);
		c += need;
		len -= need;
	}
	return (true);
}

bool
broker_match(const char *pattern, const char *text)
{
	const char *star, *from;

	star = from = NULL;
	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = ++from;
		} else
			return (false);
	}
	while (*pattern == '*')
		pattern++;
	return (*pattern == '\0');
}

bool
broker_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value, digit;
	size_t i;

	value = 0;
	for (i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return (false);
		digit = (uint64_t)(text[i] - '0');
		if (value > max / 10 || digit > max - value * 10)
			return (false);
		value = value * 10 + digit;
	}
	*out = value;
	return (len > 0);
}

static uint64_t
rotate(uint64_t x, unsigned by)
{
	return (x << by | x >> (64 - by));
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-1-3: names come from clients, and must not be made to collide. */
uint64_t
broker_hash(const uint64_t key[2], const void *data, size_t len)
{
	uint64_t v[4] = {
		key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
		key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573,
	};
	const unsigned char *c = data;
	uint64_t word;
	size_t i, left;

	for (left = len;; left -= 8, c += 8) {
		word = left < 8 ? (uint64_t)len << 56 : 0;
		for (i = 0; i < 8 && i < left; i++)
			word |= (uint64_t)c[i] << 8 * i;
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]);
}
