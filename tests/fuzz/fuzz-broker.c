/* SPDX-License-Identifier: Apache-2.0 */
/* B01 to B03, W26: two clients of the embedded broker that say anything. */
#include "wires.h"

static struct hg_conn *
client(struct hg_channel **root)
{
	struct hg_conn *conn;

	conn = fake_conn(false, NULL);
	*root = fake_root(conn, "GET /stomp HTTP/1.1\r\nHost: x\r\n", "broker",
	    NULL);
	return (conn);
}

void
fuzz_one(struct fuzz *fuzz)
{
	struct hg_channel *roots[2];
	struct hg_conn *conns[2];
	const unsigned char *bytes;
	unsigned how;
	size_t len;

	fake_start();
	fuzz_keep("broker");
	fake_load("broker", "anonymous=yes", "user=joe:welcome", NULL);
	conns[0] = client(&roots[0]);
	conns[1] = client(&roots[1]);
	while (fuzz->left > 0) {
		how = fuzz_byte(fuzz);
		bytes = fuzz_bytes(fuzz, &len);
		if ((how & 0x80) != 0)
			fake_advance(len);
		else if (wire_is_up(conns[how & 1]) &&
		    fake_ended(roots[how & 1]) == NULL)
			wire_message(conns[how & 1], bytes, len, how >> 1 & 3);
		fake_run_posts();
		while (fake_wire(conns[0]) != NULL ||
		    fake_wire(conns[1]) != NULL)
			;
	}
	fake_finish();
}
