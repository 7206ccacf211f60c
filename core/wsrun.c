/* SPDX-License-Identifier: Apache-2.0 */
#include "wsrun.h"

#include <string.h>

#include "mask.h"
#include "utf8.h"

bool
ws_run_may_begin(const struct ws_reader *r)
{
	return (!r->in_frame && !r->in_message && r->partial_len == 0 &&
	    r->error_code == 0 && !r->closed);
}

static bool
head_is_fit(const struct ws_reader *r, const struct ws_head *head)
{
	if (!head->fin || head->rsv != 0 || head->masked == r->is_client)
		return (false);
	if (head->opcode != WS_TEXT && head->opcode != WS_BINARY)
		return (false);
	return ((r->frame_max == 0 || head->len <= r->frame_max) &&
	    (r->message_max == 0 || head->len <= r->message_max));
}

static bool
is_text(const unsigned char *payload, size_t len)
{
	unsigned char state = UTF8_START;

	return (utf8_check(&state, payload, len) && utf8_is_complete(state));
}

/* The old mask off and the new one on at once; a text is looked at between. */
static bool
mask_anew(const struct ws_head *head, unsigned char *payload)
{
	unsigned char *key = payload - sizeof(head->key);
	unsigned char own[4], both[4];
	size_t len = (size_t)head->len;
	int i;

	mask_key(own);
	for (i = 0; i < 4; i++)
		both[i] = own[i] ^ head->key[i];
	if (head->opcode == WS_TEXT) {
		mask_apply(payload, payload, len, head->key, 0);
		if (!is_text(payload, len)) {
			mask_apply(payload, payload, len, head->key, 0);
			return (false);
		}
		memcpy(both, own, sizeof(both));
	}
	mask_apply(payload, payload, len, both, 0);
	memcpy(key, own, sizeof(own));
	return (true);
}

static bool
frame_take(const struct ws_head *head, unsigned char *payload)
{
	if (head->masked)
		return (mask_anew(head, payload));
	return (head->opcode != WS_TEXT ||
	    is_text(payload, (size_t)head->len));
}

void
ws_run_take(const struct ws_reader *r, unsigned char *data, size_t len,
    struct ws_run *run)
{
	struct ws_head head;
	unsigned char *at;
	size_t left;
	int n;

	memset(run, 0, sizeof(*run));
	for (;;) {
		at = data + run->len;
		left = len - run->len;
		n = ws_head_parse(&head, at, left);
		if (n <= 0 || head.len > left - (size_t)n ||
		    !head_is_fit(r, &head) || !frame_take(&head, at + n))
			return;
		run->len += (size_t)n + (size_t)head.len;
		run->payload += head.len;
		run->messages++;
	}
}
