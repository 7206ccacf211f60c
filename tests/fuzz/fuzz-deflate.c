/* SPDX-License-Identifier: Apache-2.0 */
/* W02: what a peer packed, and that what is packed here is what was meant. */
#include <zlib.h>

#include <string.h>

#include "wires.h"

#define NONE	"server_no_context_takeover; client_no_context_takeover"
#define LIMIT	65536

static struct hg_conn	 *conn;
static struct hg_channel *root;

static size_t
top_bytes(void)
{
	const struct fake_frame *frame;
	size_t len = 0;

	while ((frame = fake_top(root)) != NULL)
		len += frame->len;
	return (len);
}

/* What goes out comes back in by the same plugin; with windows that last, they
 * are not the same ones. */
static void
send_and_receive(const unsigned char *bytes, size_t len)
{
	const struct fake_frame *frame;

	fake_from_peer(root, bytes, len, HG_WHOLE);
	frame = fake_wire(conn);
	FUZZ_IS(frame != NULL && fake_wire(conn) == NULL);
	fake_from_wire(conn, frame->bytes, frame->len, frame->flags);
	FUZZ_IS(wire_is_up(conn));
	FUZZ_IS(top_bytes() == len);
}

void
fuzz_one(struct fuzz *fuzz)
{
	const unsigned char *bytes;
	unsigned how;
	bool takeover = (fuzz_byte(fuzz) & 1) != 0;
	size_t len;

	fake_start();
	fuzz_keep("deflate");
	fake_load("deflate", "min-size=0", "inflated-max=64k",
	    "context-takeover=yes", NULL);
	conn = fake_conn(false, takeover ? "deflate||" :
	    "deflate||" NONE, NULL);
	root = fake_root(conn, NULL, NULL);
	fake_set_linked(root, true);
	while (fuzz->left > 0 && wire_is_up(conn)) {
		how = fuzz_byte(fuzz);
		bytes = fuzz_bytes(fuzz, &len);
		if ((how & 0x80) == 0) {
			wire_message(conn, bytes, len, how & 7);
			FUZZ_IS(top_bytes() <= LIMIT + len);
		} else if (!takeover)
			send_and_receive(bytes, len);
	}
	fake_finish();
}
