/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/numbered.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/die.h"
#include "bench/wsio.h"
#include "mask.h"

void
numbered_make(struct numbered *n, const char *destination, size_t size,
    bool raw)
{
	char head[512] = "";
	size_t i;

	if (size < NUMBERED_DIGITS)
		bench_die("--size is at least %d", NUMBERED_DIGITS);
	if (destination != NULL && snprintf(head, sizeof(head),
	    "SEND\ndestination:%s\n\n", destination) >= (int)sizeof(head))
		bench_die("--subscribe is too long");
	n->raw = raw;
	n->body_at = strlen(head);
	n->body_len = size;
	n->text_len = n->body_at + size + (destination != NULL);
	n->max = n->text_len + WSIO_HEAD;
	if ((n->text = malloc(n->text_len + 1)) == NULL)
		bench_die("no memory");
	memcpy(n->text, head, n->body_at);
	for (i = 0; i < size; i++)
		n->text[n->body_at + i] = (unsigned char)('a' + i % 26);
	n->text[n->body_at + size] = '\0';
}

size_t
numbered_put(struct numbered *n, unsigned char *out, uint64_t number)
{
	unsigned char key[4], *digit = n->text + n->body_at + NUMBERED_DIGITS;
	size_t at;
	int i;

	for (i = 0; i < NUMBERED_DIGITS; i++, number /= 10)
		*--digit = (unsigned char)('0' + number % 10);
	if (n->raw) {
		memcpy(out, n->text, n->text_len);
		return (n->text_len);
	}
	mask_key(key);
	at = wsio_head(out, WSIO_TEXT, true, n->text_len, key);
	mask_apply(out + at, n->text, n->text_len, key, 0);
	return (at + n->text_len);
}

uint64_t
numbered_get(const struct numbered *n, const unsigned char *body, size_t len)
{
	uint64_t number = 0;
	int i;

	if (len != n->body_len)
		return (UINT64_MAX);
	for (i = 0; i < NUMBERED_DIGITS; i++) {
		if (body[i] < '0' || body[i] > '9')
			return (UINT64_MAX);
		number = number * 10 + (uint64_t)(body[i] - '0');
	}
	return (number);
}
