/* SPDX-License-Identifier: Apache-2.0 */
/* B01 to B03, B08, T11: both sides of the STOMP translator. What goes to the
 * broker is whole frames and nothing else. */
#include <string.h>

#include "wires.h"

static struct hg_conn	 *conn;
static struct hg_channel *root;

/* A frame for a broker ends in NUL; a heart-beat is one LF. */
static void
check_broker(void)
{
	const struct fake_frame *frame;

	while ((frame = fake_top(root)) != NULL) {
		if (frame->len == 0 ||
		    (frame->flags & HG_WHOLE) != HG_WHOLE)
			continue;
		FUZZ_IS((frame->len == 1 && frame->bytes[0] == '\n') ||
		    frame->bytes[frame->len - 1] == '\0');
		FUZZ_IS(frame->len == 1 || (frame->bytes[0] >= 'A' &&
		    frame->bytes[0] <= 'Z'));
	}
}

void
fuzz_one(struct fuzz *fuzz)
{
	const unsigned char *bytes;
	unsigned how = fuzz_byte(fuzz);
	size_t len;

	fake_start();
	fuzz_keep("stomp");
	fake_load("stomp", "body-max=4k", NULL);
	conn = fake_conn(false, NULL);
	fake_set_upstream(conn, (how & 1) != 0 ? HG_UPSTREAM_TRUNK :
	    HG_UPSTREAM_WIRE);
	root = fake_root(conn, "GET /stomp HTTP/1.1\r\nHost: x\r\n", "stomp",
	    NULL);
	fake_set_linked(root, true);
	while (fuzz->left > 0 && wire_is_up(conn) && fake_ended(root) == NULL) {
		how = fuzz_byte(fuzz);
		bytes = fuzz_bytes(fuzz, &len);
		if ((how & 0x80) == 0)
			wire_message(conn, bytes, len, how & 3);
		else if ((how & 0x40) == 0)
			fake_from_peer(root, bytes, len, HG_WHOLE);
		else
			fake_advance(len);
		check_broker();
		while (fake_wire(conn) != NULL)
			;
	}
	fake_finish();
}
