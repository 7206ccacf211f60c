/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trunk's connection that has vanished.
 *
 * At the side that dialled, what is at the other end of each channel's link is
 * told so, and where the flows' children stand: it may wait (rejoin.c).
 *
 * At the accepting side, channels whose slots say that they can wait are parked:
 * they stay with their links, while all else of the connection is freed at the
 * end of the turn, the mux and its windows too. The connection is DEAD and has
 * no wire, so what they send is dropped. When the time is over their slots are
 * asked again, a few times.
 */
#include "channel.h"
#include "log.h"

#define PARK_ROUNDS	6

static bool
park_is_on(const struct hg_conn *conn)
{
	return (conn->state == CONN_DEAD && !conn->close_sent &&
	    conn->service->limits.park != 0);
}

void
park_lost(struct hg_conn *conn)
{
	struct hg_slot *mux = conn->mux;
	struct list *node;
	struct hg_channel *ch;
	uint64_t seq;

	if (!park_is_on(conn) || mux == NULL)
		return;
	for (node = conn->channels.next; node != &conn->channels;
	    node = node->next) {
		ch = list_entry(node, struct hg_channel, node);
		ch->lost = ch->parent == NULL && ch->opened && ch != conn->root;
		if (ch->parent != NULL && channel_is_carried(ch) &&
		    ch->upper != NULL && mux->plugin->mux.get_place != NULL &&
		    mux->plugin->mux.get_place(mux, mux->state, ch,
		    ch->mux_data, &seq) == 0)
			ch->upper->place(ch, seq);
	}
}

static bool
park_may(const struct hg_channel *ch)
{
	return (ch != ch->conn->root && ch->parent == NULL && ch->opened &&
	    !ch->wire_ended && !ch->top_ended && !ch->chain.dead &&
	    ch->upper != NULL);
}

/* Nobody is slow any more. */
static void
park_one(struct hg_channel *ch)
{
	ch->parked = true;
	channel_set_full(ch, false);
}

void
park_channels(struct hg_conn *conn)
{
	struct list *node;
	struct hg_channel *ch;

	if (!park_is_on(conn))
		return;
	for (node = conn->channels.next; node != &conn->channels;
	    node = node->next) {
		ch = list_entry(node, struct hg_channel, node);
		if (!park_may(ch) || !chain_park(&ch->chain, HG_RECV))
			continue;
		ch->parked = true;
		conn->parked++;
	}
	if (conn->parked == 0)
		return;
	for (node = conn->channels.next; node != &conn->channels;
	    node = node->next) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->parked || (ch->parent != NULL && ch->parent->parked))
			park_one(ch);
	}
	log_write(HG_LOG_INFO, conn->name, "lost; %u channels wait",
	    conn->parked);
}

/* The root stays, as the connection's name for its slots. */
static bool
park_is_done(const struct hg_channel *ch)
{
	return (!ch->parked && ch != ch->conn->root);
}

void
park_conn(struct hg_conn *conn)
{
	struct list *node, *save;
	struct hg_channel *ch;

	for (node = conn->channels.prev; node != &conn->channels;
	    node = node->prev) {
		ch = list_entry(node, struct hg_channel, node);
		if (park_is_done(ch))
			channel_close(ch);
	}
	chain_finish(&conn->chain);
	conn->mux = NULL;
	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (park_is_done(ch))
			channel_destroy(ch);
	}
	transport_finish(&conn->transport);
	outq_finish(&conn->out);
	conn_set_deadline(conn, (uint64_t)conn->service->limits.park);
}

void
park_end(struct hg_conn *conn)
{
	struct list *node, *save;
	struct hg_channel *ch;

	conn->parked = 0;
	conn->deadline = 0;
	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		ch->parked = false;
		channel_ended(ch, 1012, "the way to the server was lost");
	}
	conn_reap_later(conn);
}

void
park_over(struct hg_conn *conn)
{
	struct list *node, *save;
	struct hg_channel *ch;
	unsigned wanted = 0;

	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (!ch->parked || ch->parent != NULL || ch->top_ended)
			continue;
		if (chain_park(&ch->chain, HG_RECV))
			wanted++;
		else
			channel_ended(ch, 1012,
			    "the way to the server was lost");
	}
	if (wanted == 0 || ++conn->park_rounds >= PARK_ROUNDS)
		park_end(conn);
	else
		conn_set_deadline(conn,
		    (uint64_t)conn->service->limits.park);
}
