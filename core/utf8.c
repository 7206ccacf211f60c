/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A state says which bytes may come next. Only the byte after E0, ED, F0 and
 * F4 has bounds of its own (RFC 3629, 4): they keep out overlong forms,
 * surrogates, and what is above U+10FFFF.
 */
#include <stdint.h>
#include <string.h>

#include "utf8.h"

enum utf8_state {
	NEED_NONE = UTF8_START,
	NEED_1,			/* so many bytes 80..BF */
	NEED_2,
	NEED_3,
	AFTER_E0,
	AFTER_ED,
	AFTER_F0,
	AFTER_F4,
	UTF8_STATES,
};

/* The states after first bytes from C0 on; NEED_NONE: never a first byte. */
static const unsigned char utf8_first[64] = {
	[0xc2 - 0xc0 ... 0xdf - 0xc0] = NEED_1,
	[0xe0 - 0xc0] = AFTER_E0,
	[0xe1 - 0xc0 ... 0xec - 0xc0] = NEED_2,
	[0xed - 0xc0] = AFTER_ED,
	[0xee - 0xc0 ... 0xef - 0xc0] = NEED_2,
	[0xf0 - 0xc0] = AFTER_F0,
	[0xf1 - 0xc0 ... 0xf3 - 0xc0] = NEED_3,
	[0xf4 - 0xc0] = AFTER_F4,
};

static const struct {
	unsigned char	low, high;	/* the bytes that go on */
	unsigned char	next;
} utf8_next[UTF8_STATES] = {
	[NEED_1] = { 0x80, 0xbf, NEED_NONE },
	[NEED_2] = { 0x80, 0xbf, NEED_1 },
	[NEED_3] = { 0x80, 0xbf, NEED_2 },
	[AFTER_E0] = { 0xa0, 0xbf, NEED_1 },
	[AFTER_ED] = { 0x80, 0x9f, NEED_1 },
	[AFTER_F0] = { 0x90, 0xbf, NEED_2 },
	[AFTER_F4] = { 0x80, 0x8f, NEED_2 },
};

/* The end of the ASCII that begins here. */
static const unsigned char *
utf8_skip(const unsigned char *at, const unsigned char *end)
{
	uint64_t words[4];

	while ((size_t)(end - at) >= sizeof(words)) {
		memcpy(words, at, sizeof(words));
		if (((words[0] | words[1] | words[2] | words[3]) &
		    UINT64_C(0x8080808080808080)) != 0)
			break;
		at += sizeof(words);
	}
	while ((size_t)(end - at) >= sizeof(words[0])) {
		memcpy(words, at, sizeof(words[0]));
		if ((words[0] & UINT64_C(0x8080808080808080)) != 0)
			break;
		at += sizeof(words[0]);
	}
	while (at < end && *at < 0x80)
		at++;
	return (at);
}

bool
utf8_check(unsigned char *state, const void *text, size_t len)
{
	const unsigned char *at = text, *end;
	unsigned now = *state;

	if (len == 0)
		return (true);
	for (end = at + len; at < end;) {
		if (now != NEED_NONE) {
			if (*at < utf8_next[now].low ||
			    *at > utf8_next[now].high)
				return (false);
			now = utf8_next[now].next;
			at++;
		} else if (*at < 0x80) {
			at = utf8_skip(at, end);
		} else {
			if (*at < 0xc0)
				return (false);
			if ((now = utf8_first[*at - 0xc0]) == NEED_NONE)
				return (false);
			at++;
		}
	}
	*state = now;
	return (true);
}

bool
utf8_is_complete(unsigned char state)
{
	return (state == UTF8_START);
}
