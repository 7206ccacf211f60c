/* SPDX-License-Identifier: Apache-2.0 */
/* Feeding a plugin in the fake host from an input. */
#ifndef TESTS_FUZZ_WIRES_H
#define TESTS_FUZZ_WIRES_H

#include "../plugin/fakehost.h"
#include "fuzz.h"

/* Whether there is still somebody to feed. */
static inline bool
wire_is_up(const struct hg_conn *conn)
{
	return (fake_wire_ended(conn) == NULL && !fake_conn_is_closed(conn));
}

/* One message of the peer, in up to two frames as "how" says: 1 text, 2 cut,
 * 4 RSV1. */
static inline void
wire_message(struct hg_conn *conn, const unsigned char *bytes, size_t len,
    unsigned how)
{
	unsigned flags = ((how & 1) != 0 ? HG_TEXT : 0);
	unsigned rsv = (how & 4) != 0 ? HG_RSV1 : 0;
	size_t first = (how & 2) != 0 ? len / 2 : len;

	fake_from_wire(conn, bytes, first, flags | rsv | HG_FIRST |
	    (first == len ? HG_LAST : 0));
	if (first < len && wire_is_up(conn))
		fake_from_wire(conn, bytes + first, len - first,
		    flags | HG_LAST);
}

#endif
