/* SPDX-License-Identifier: Apache-2.0 */
/* What a test sees of the fake host. */
#include "fake.h"

const struct fake_frame *
fake_wire(struct hg_conn *conn)
{
	return (fake_take(&conn->wire));
}

const struct fake_frame *
fake_top(struct hg_channel *ch)
{
	return (fake_take(&ch->top));
}

static const struct fake_end *
end_of(const struct fake_how *how)
{
	return (how->yes ? &how->end : NULL);
}

const struct fake_end *
fake_wire_ended(const struct hg_conn *conn)
{
	return (end_of(&conn->wire_end));
}

const struct fake_end *
fake_top_ended(const struct hg_channel *ch)
{
	return (end_of(&ch->top_end));
}

const struct fake_end *
fake_ended(const struct hg_channel *ch)
{
	return (end_of(&ch->ended));
}

bool
fake_is_closed(const struct hg_channel *ch)
{
	return (ch->closed);
}

bool
fake_conn_is_closed(const struct hg_conn *conn)
{
	return (conn->closed);
}

bool
fake_conn_is_retired(const struct hg_conn *conn)
{
	return (conn->retired);
}

int
fake_holds(const struct hg_channel *ch)
{
	return (ch->holds);
}

bool
fake_is_full(const struct hg_channel *ch)
{
	return (ch->full);
}

unsigned
fake_id(const struct hg_channel *ch)
{
	return (ch->id);
}

int
fake_status(const struct hg_channel *ch)
{
	return (ch->status);
}

unsigned
fake_channels(const struct hg_conn *conn)
{
	struct hg_channel *ch;
	struct list *node, *save;
	unsigned count;

	count = 0;
	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		count += ch->closed ? 0 : 1;
	}
	return (count);
}

bool
fake_is(const struct fake_frame *frame, const void *data, size_t len,
    unsigned flags, struct t_at at)
{
	if (frame == NULL)
		return (t_ptr_eq(frame, data, at));
	return (t_mem_eq(frame->bytes, frame->len, data, len, at) &&
	    t_eq(frame->flags, flags, at));
}

bool
fake_is_none(const struct fake_frame *frame, struct t_at at)
{
	if (frame == NULL)
		return (true);
	return (t_mem_eq(frame->bytes, frame->len, "", 0, at));
}
