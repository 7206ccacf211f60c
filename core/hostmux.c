/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of hg for whoever carries channels, and for who merges them. */
#include "hostmux.h"

#include "channel.h"
#include "http.h"
#include "link.h"

static void (*host_accept)(struct hg_channel *);
static void (*host_rejoined)(struct hg_channel *);

void
host_set_rejoined(void (*rejoined)(struct hg_channel *))
{
	host_rejoined = rejoined;
}

void
host_channel_rejoined(struct hg_channel *ch)
{
	host_rejoined(ch);
}

void
host_set_accept(void (*accept)(struct hg_channel *))
{
	host_accept = accept;
}

/*
 * A child needs nobody's decision; what comes on it finds its way at once. One
 * that failed meanwhile is refused: its mux may not have known it then.
 */
static void
host_answer_child(struct hg_channel *ch)
{
	struct hg_slot *mux = channel_mux(ch);
	struct hg_head *response;

	if (mux == NULL)
		return;
	response = http_response(ch->top_ended ? 503 : 101, NULL, NULL);
	if (response == NULL) {
		channel_fail(ch, 1011, "out of memory");
		return;
	}
	mux->plugin->mux.answer(mux, mux->state, ch, ch->mux_data, response);
	http_free(response);
}

static const struct channel_session host_child_session = {
	.decide = host_answer_child,
};

static void
host_accept_child(struct hg_channel *ch)
{
	ch->session = &host_child_session;
	channel_do_later(ch, CHANNEL_DECIDE);
	if (channel_inherit_chain(ch) != 0) {
		channel_fail(ch, 1011, "a plugin refused the child");
		return;
	}
	channel_open(ch, NULL);
	link_child(ch);
}

static void
host_accept_work(struct hg_channel *ch)
{
	if (channel_mux(ch) == NULL || ch->top_ended)
		return;
	host_accept(ch);
}

static const struct channel_session host_accept_session = {
	.decide = host_accept_work,
};

struct hg_channel *
host_channel_accept(struct hg_slot *slot, struct hg_channel *parent,
    const struct hg_head *request, unsigned id)
{
	struct hg_conn *conn = chain_conn(slot->chain);
	struct hg_channel *ch;

	ch = channel_create(conn, parent, parent != NULL ? parent->service :
	    conn->service, http_ref(request));
	if (ch == NULL)
		return (NULL);
	if (channel_set_carried(ch) != 0) {
		channel_free(ch);
		return (NULL);
	}
	channel_set_id(ch, id);
	if (parent != NULL) {
		host_accept_child(ch);
		return (ch);
	}
	ch->session = &host_accept_session;
	channel_do_later(ch, CHANNEL_DECIDE);
	return (ch);
}

void *
host_channel_data(struct hg_channel *ch)
{
	return (ch->mux_data);
}

bool
host_channel_paused(const struct hg_channel *ch)
{
	return (ch->paused > 0);
}

int
host_channel_merge(struct hg_channel *member, struct hg_channel *carrier,
    uint64_t seq)
{
	struct hg_slot *mux = channel_mux(member);

	if (mux == NULL || channel_mux(carrier) != mux ||
	    mux->plugin->mux.merge == NULL)
		return (-1);
	return (mux->plugin->mux.merge(mux, mux->state, member, carrier, seq));
}

int
host_channel_unmerge(struct hg_channel *member, uint64_t seq)
{
	struct hg_slot *mux = channel_mux(member);

	if (mux == NULL || mux->plugin->mux.unmerge == NULL)
		return (-1);
	return (mux->plugin->mux.unmerge(mux, mux->state, member, seq));
}

int
host_channel_handover(struct hg_channel *carrier, struct hg_channel *next,
    uint64_t seq)
{
	struct hg_slot *mux = channel_mux(carrier);

	if (mux == NULL || mux->plugin->mux.handover == NULL)
		return (-1);
	return (mux->plugin->mux.handover(mux, mux->state, carrier, next,
	    seq));
}

void
host_conn_retire(struct hg_conn *conn)
{
	if (conn->session != NULL && conn->session->retire != NULL)
		conn->session->retire(conn);
}

int
host_channel_place(struct hg_channel *ch, bool known, uint64_t seq)
{
	struct hg_slot *mux = channel_mux(ch);

	if (mux == NULL || mux->plugin->mux.say_place == NULL)
		return (-1);
	return (mux->plugin->mux.say_place(mux, mux->state, ch, ch->mux_data,
	    known, seq));
}

/* The first slot that can tell decides. */
int
host_channel_resume(struct hg_channel *ch, const char *flow, const char *epoch,
    uint64_t seq, uint64_t *last)
{
	struct hg_slot *slot;
	unsigned i;

	for (i = 0; i < ch->chain.count && !ch->chain.dead; i++) {
		slot = &ch->chain.slots[i];
		if (slot->opened && slot->hooks->resume != NULL)
			return (slot->hooks->resume(slot, slot->state, flow,
			    epoch, seq, last));
	}
	return (-1);
}

int
host_channel_ask_resume(struct hg_channel *ch, const char *flow,
    const char *epoch, uint64_t seq)
{
	return (link_ask_resume(ch, flow, epoch, seq));
}

void
host_channel_resumed(struct hg_channel *ch, bool yes)
{
	link_resumed(ch, yes);
}
