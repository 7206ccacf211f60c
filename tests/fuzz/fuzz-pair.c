/* SPDX-License-Identifier: Apache-2.0 */
/* T08, T18: two ends of a connection with channels, each with a will of its
 * own, and a wire that now and then changes a message. Unchanged, both live. */
#include <string.h>

#include "../plugin/channels-host.h"
#include "wires.h"

static bool changed;

static void
carry(struct hg_conn *from, struct hg_conn *to, struct fuzz *fuzz)
{
	const struct fake_frame *frame;
	unsigned char copy[4096];
	size_t len;

	if (!wire_is_up(to) || (frame = fake_wire(from)) == NULL)
		return;
	len = frame->len < sizeof(copy) ? frame->len : sizeof(copy);
	memcpy(copy, frame->bytes, len);
	if (fuzz_byte(fuzz) == 0xff && len > 0) {
		changed = true;
		copy[fuzz_byte(fuzz) % len] = (unsigned char)fuzz_byte(fuzz);
	}
	changed |= len < frame->len;
	fake_from_wire(to, copy, len, frame->flags);
}

static void
act(struct hg_conn *conn, struct hg_channel **chs, unsigned what)
{
	struct hg_channel **ch = &chs[what / 8 % 4];

	if (!wire_is_up(conn))
		return;
	switch (what % 8) {
	case 0:
		if (*ch == NULL)
			*ch = fake_create(conn, CH_REQUEST, NULL);
		break;
	case 1:
		if (*ch != NULL && fake_ended(*ch) == NULL &&
		    !fake_is_closed(*ch))
			fake_from_peer(*ch, "hello", 5, HG_WHOLE);
		break;
	case 2:
	case 3:
		if (*ch != NULL && !fake_is_closed(*ch) &&
		    fake_ended(*ch) == NULL)
			fake_peer_end(*ch, 1000, "", what % 8 == 3);
		*ch = NULL;
		break;
	case 4:
		while ((*ch = fake_accepted(conn)) != NULL)
			fake_answer_channel(*ch, what & 0x40 ? CH_NO : CH_YES,
			    NULL);
		break;
	default:
		break;
	}
}

void
fuzz_one(struct fuzz *fuzz)
{
	struct hg_channel *mine[4] = { 0 }, *yours[4] = { 0 };
	unsigned what;

	changed = false;
	fuzz_keep("channels");
	ch_pair((fuzz_byte(fuzz) & 1) != 0);
	while (fuzz->left > 0) {
		what = fuzz_byte(fuzz);
		if ((what & 0x80) == 0)
			act(ch_a, mine, what);
		else if ((what & 0x40) == 0)
			act(ch_b, yours, what & 0x3f);
		else if ((what & 1) == 0)
			carry(ch_a, ch_b, fuzz);
		else
			carry(ch_b, ch_a, fuzz);
	}
	if (!changed)
		FUZZ_IS(ch_pair_is_alive());
	fake_finish();
}
