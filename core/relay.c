/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one connection straight to the next: where no slot of either looks at
 * what passes, whole messages go on as a run of bytes.
 */
#include "channel.h"
#include "link.h"

static bool
relay_receives(const struct hg_channel *ch)
{
	const struct hg_conn *conn = ch->conn;

	return (conn->mux == NULL && conn->settle == NULL &&
	    !conn->chain.has_recv && !ch->chain.has_recv &&
	    !ch->chain.dead && ch->opened && !ch->wire_ended &&
	    ch->early_code == 0 && !channel_has_early(ch));
}

static bool
relay_sends(const struct hg_channel *ch)
{
	const struct hg_conn *conn = ch->conn;

	return (ch == conn->root && conn->mux == NULL &&
	    !conn->chain.has_send && !ch->chain.has_send &&
	    !ch->chain.dead && !ch->top_ended && !ch->sending &&
	    conn_may_write_run(conn));
}

/* A server's frames are not masked: only to a client may they go so. */
static struct hg_channel *
relay_to(const struct hg_channel *ch)
{
	struct hg_channel *to;

	if (ch == NULL || !relay_receives(ch))
		return (NULL);
	to = link_peer(ch);
	if (to == NULL || !relay_sends(to) ||
	    to->conn->is_initiator == ch->conn->is_initiator)
		return (NULL);
	return (to);
}

size_t
relay_run(struct hg_conn *conn, struct buf *buf, unsigned char *data,
    size_t len)
{
	struct hg_channel *from = conn->root, *to;
	struct ws_run run;

	if ((to = relay_to(from)) == NULL)
		return (0);
	ws_run_take(conn->reader, data, len, &run);
	if (run.len == 0)
		return (0);
	conn->messages_in += run.messages;
	from->messages_in += run.messages;
	from->bytes_in += run.payload;
	to->messages_out += run.messages;
	to->bytes_out += run.payload;
	conn_write_run(to->conn, buf, data, &run);
	return (run.len);
}
