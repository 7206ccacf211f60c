/* SPDX-License-Identifier: Apache-2.0 */
/* T01 to T04, T08: whatever a peer says on a connection with channels, labels,
 * control messages and data, against either role and either form. */
#include "../plugin/channels-host.h"
#include "wires.h"

static void
answer(struct hg_conn *conn, unsigned how)
{
	struct hg_channel *ch;

	while ((ch = fake_accepted(conn)) != NULL)
		fake_answer_channel(ch, how % 3 == 0 ? CH_NO : CH_YES, NULL);
}

/* What this side does of its own accord. */
static void
act(struct hg_conn *conn, struct hg_channel *root, unsigned what)
{
	switch (what % 8) {
	case 0:
		fake_create(conn, CH_REQUEST, NULL);
		break;
	case 1:
		ch_child(root);
		break;
	case 2:
		fake_advance(1000);
		break;
	case 3:
		fake_set_conn_full(conn, true);
		break;
	case 4:
		fake_set_conn_full(conn, false);
		break;
	case 5:
		fake_from_peer(root, "data", 4, HG_WHOLE);
		break;
	case 6:
		fake_stop(conn, 100);
		break;
	default:
		answer(conn, what / 8);
		break;
	}
}

void
fuzz_one(struct fuzz *fuzz)
{
	unsigned role = fuzz_byte(fuzz), what;
	const unsigned char *bytes;
	struct hg_channel *root;
	struct hg_conn *conn;
	size_t len;

	fake_start();
	fuzz_keep("channels");
	fake_load("channels", NULL);
	ch_chunk = (role & 2) != 0;
	conn = ch_trunk((role & 1) != 0, ch_chunk ? "chunk=4096" : "",
	    ch_chunk ? "chunk=4096" : "");
	root = ch_root(conn);
	while (fuzz->left > 0 && wire_is_up(conn)) {
		what = fuzz_byte(fuzz);
		bytes = fuzz_bytes(fuzz, &len);
		if ((what & 0x80) != 0)
			act(conn, root, what & 0x7f);
		else
			wire_message(conn, bytes, len, what & 3);
		while (fake_wire(conn) != NULL || fake_top(root) != NULL)
			;
	}
	fake_finish();
}
