/* SPDX-License-Identifier: Apache-2.0 */
/* Whether bytes are UTF-8 (RFC 3629), and so may travel as a text message. */
#include "parse.h"

#include <string.h>

#define STOMP_UTF8_WINDOW	4096

/* What must come next: so many continuation bytes, the first within a range. */
struct stomp_utf8 {
	unsigned	left;
	unsigned char	low, high;
};

static bool
stomp_utf8_lead(struct stomp_utf8 *state, unsigned char byte)
{
	state->low = 0x80;
	state->high = 0xbf;
	if (byte >= 0xc2 && byte <= 0xdf) {
		state->left = 1;
	} else if (byte >= 0xe0 && byte <= 0xef) {
		state->left = 2;
		if (byte == 0xe0)
			state->low = 0xa0;
		if (byte == 0xed)
			state->high = 0x9f;
	} else if (byte >= 0xf0 && byte <= 0xf4) {
		state->left = 3;
		if (byte == 0xf0)
			state->low = 0x90;
		if (byte == 0xf4)
			state->high = 0x8f;
	} else {
		return (false);
	}
	return (true);
}

static size_t
stomp_skip_ascii(const unsigned char *data, size_t len)
{
	uint64_t word;
	size_t i;

	for (i = 0; len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (i < len && data[i] < 0x80)
		i++;
	return (i);
}

static bool
stomp_utf8_go(struct stomp_utf8 *state, const unsigned char *data, size_t len)
{
	size_t i = 0;

	while (i < len) {
		if (state->left == 0) {
			i += stomp_skip_ascii(data + i, len - i);
			if (i < len && !stomp_utf8_lead(state, data[i++]))
				return (false);
			continue;
		}
		if (data[i] < state->low || data[i] > state->high)
			return (false);
		state->low = 0x80;
		state->high = 0xbf;
		state->left--;
		i++;
	}
	return (true);
}

bool
stomp_is_utf8(const void *data, size_t len)
{
	struct stomp_utf8 state = { 0, 0, 0 };

	return (stomp_utf8_go(&state, data, len) && state.left == 0);
}

bool
stomp_frame_is_utf8(const struct hg_frame *frame)
{
	unsigned char window[STOMP_UTF8_WINDOW];
	struct stomp_utf8 state = { 0, 0, 0 };
	size_t at, n;

	for (at = 0; (n = hg->frame_peek(frame, at, window,
	    sizeof(window))) > 0; at += n)
		if (!stomp_utf8_go(&state, window, n))
			return (false);
	return (state.left == 0);
}
