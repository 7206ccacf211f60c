/* SPDX-License-Identifier: Apache-2.0 */
/* W06: marks in text, both ways, with the promises of idletimeout above. */
#include "wires.h"

void
fuzz_one(struct fuzz *fuzz)
{
	const unsigned char *bytes;
	struct hg_channel *root;
	struct hg_conn *conn;
	unsigned how;
	size_t len;

	fake_start();
	fuzz_keep("pingpong");
	fake_load("pingpong", NULL);
	fuzz_keep("idletimeout");
	fake_load("idletimeout", NULL);
	conn = fake_conn((fuzz_byte(fuzz) & 1) != 0, "pingpong||01010102",
	    "idletimeout||timeout=1000", NULL);
	root = fake_root(conn, NULL, NULL);
	fake_set_linked(root, true);
	while (fuzz->left > 0 && wire_is_up(conn)) {
		how = fuzz_byte(fuzz);
		bytes = fuzz_bytes(fuzz, &len);
		if ((how & 0x80) == 0)
			wire_message(conn, bytes, len, how & 3);
		else if ((how & 0x40) == 0)
			fake_from_peer(root, bytes, len,
			    HG_WHOLE | ((how & 1) != 0 ? HG_TEXT : 0));
		else
			fake_advance(len);
		while (fake_wire(conn) != NULL || fake_top(root) != NULL)
			;
	}
	fake_finish();
}
