/* SPDX-License-Identifier: Apache-2.0 */
#include "wsrun.h"

#include <string.h>

#include "mask.h"
#include "utf8.h"

#define BIT_FIN		0x80
#define BIT_MASK	0x80
#define LEN_SHORT	0x7d	/* in the second byte itself */

static bool
begins_message(unsigned char first)
{
	return (first == (BIT_FIN | WS_TEXT) ||
	    first == (BIT_FIN | WS_BINARY));
}

static bool
len_is_fit(const struct ws_reader *r, uint64_t len)
{
	return ((r->frame_max == 0 || len <= r->frame_max) &&
	    (r->message_max == 0 || len <= r->message_max));
}

/*
 * Bytes of the header of a frame that is a message, all of which is there; 0
 * for any other. Most are short: these are looked at here.
 */
static size_t
head_look(const struct ws_reader *r, const unsigned char *at, size_t left,
    size_t *len)
{
	struct ws_head head;
	size_t bytes;
	int n;

	if (left < 2 || !begins_message(at[0]) ||
	    ((at[1] & BIT_MASK) != 0) == r->is_client)
		return (0);
	*len = at[1] & ~BIT_MASK;
	bytes = r->is_client ? 2 : 2 + sizeof(head.key);
	if (*len > LEN_SHORT) {
		if ((n = ws_head_parse(&head, at, left)) <= 0)
			return (0);
		bytes = (size_t)n;
		if (head.len > left - bytes)
			return (0);
		*len = (size_t)head.len;
	}
	if (left < bytes || *len > left - bytes || !len_is_fit(r, *len))
		return (0);
	return (bytes);
}

static bool
is_text(const unsigned char *payload, size_t len)
{
	unsigned char state = UTF8_START;

	return (utf8_check(&state, payload, len) && utf8_is_complete(state));
}

/* The old mask off and the new one on at once. */
static void
mask_anew(unsigned char *payload, size_t len)
{
	unsigned char own[4], *key = payload - sizeof(own);
	uint32_t both, word;

	mask_key(own);
	memcpy(&both, key, sizeof(both));
	memcpy(&word, own, sizeof(word));
	both ^= word;
	mask_apply(payload, payload, len, (const unsigned char *)&both, 0);
	memcpy(key, own, sizeof(own));
}

/* What a text says has to be seen; it is left masked as it was. */
static bool
is_masked_text(unsigned char *payload, size_t len)
{
	const unsigned char *key = payload - 4;
	bool yes;

	mask_apply(payload, payload, len, key, 0);
	yes = is_text(payload, len);
	mask_apply(payload, payload, len, key, 0);
	return (yes);
}

static bool
frame_take(const struct ws_reader *r, bool said_text, unsigned char *payload,
    size_t len)
{
	if (r->is_client)
		return (!said_text || is_text(payload, len));
	if (said_text && !is_masked_text(payload, len))
		return (false);
	mask_anew(payload, len);
	return (true);
}

void
ws_run_take(const struct ws_reader *r, unsigned char *data, size_t len,
    struct ws_run *run)
{
	unsigned char *at = data, *end = data + len;
	size_t head, bytes;

	memset(run, 0, sizeof(*run));
	while ((head = head_look(r, at, (size_t)(end - at), &bytes)) > 0 &&
	    frame_take(r, (at[0] & WS_TEXT) != 0, at + head, bytes)) {
		at += head + bytes;
		run->payload += bytes;
		run->messages++;
	}
	run->len = (size_t)(at - data);
}
