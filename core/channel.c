/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's life: made, given its chain, opened, freed. */
#include "channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "log.h"

static void
channel_top(struct chain *chain, struct hg_frame *frame)
{
	struct hg_channel *ch = chain_channel(chain);

	if (ch->upper == NULL) {
		frame_unref(frame);
		return;
	}
	ch->upper->send(ch, frame);
}

static void
channel_bottom(struct chain *chain, struct hg_frame *frame)
{
	channel_carry(chain_channel(chain), frame);
}

static void
channel_chain_fail(struct chain *chain, unsigned code, const char *reason)
{
	channel_fail(chain_channel(chain), code, "%s", reason);
}

const char *
channel_name(const struct hg_channel *ch)
{
	static _Thread_local char names[8][48];
	static _Thread_local unsigned next;
	const struct hg_channel *root = ch->conn->root;
	char *name;

	if (ch == root)
		return (ch->conn->name);
	name = names[next++ % 8];
	if (!channel_is_carried(ch) && ch->parent != NULL)
		snprintf(name, sizeof(names[0]), "%.40s/child",
		    channel_name(ch->parent));
	else
		snprintf(name, sizeof(names[0]), "%s/0x%04x", ch->conn->name,
		    ch->id);
	return (name);
}

static const char *
channel_chain_name(const struct chain *chain)
{
	return (channel_name(chain_channel(chain)));
}

static const struct service *
channel_chain_service(const struct chain *chain)
{
	return (chain_channel(chain)->service);
}

static const struct chain_ops channel_chain_ops = {
	.is_channel = true,
	.service = channel_chain_service,
	.top = channel_top,
	.bottom = channel_bottom,
	.fail = channel_chain_fail,
	.name = channel_chain_name,
};

static void
channel_drop_waiting(struct list *list)
{
	struct list *node, *save;
	struct waiting *waiting;

	list_each(node, save, list) {
		waiting = list_entry(node, struct waiting, node);
		list_remove(node);
		frame_unref(waiting->frame);
		free(waiting);
	}
}

static void
channel_drop_waits(struct hg_channel *ch)
{
	if (ch->waits == NULL)
		return;
	channel_drop_waiting(&ch->waits->early);
	channel_drop_waiting(&ch->waits->late);
	list_timers_stop(&ch->waits->auth_timers);
	free(ch->waits->early_reason);
	http_free(ch->waits->asked);
	http_free(ch->waits->credentials);
	free(ch->waits);
	ch->waits = NULL;
}

struct channel_waits *
channel_waits(struct hg_channel *ch)
{
	if (ch->waits != NULL ||
	    (ch->waits = calloc(1, sizeof(*ch->waits))) == NULL)
		return (ch->waits);
	list_init(&ch->waits->early);
	list_init(&ch->waits->late);
	list_init(&ch->waits->auth_timers);
	return (ch->waits);
}

bool
channel_has_early(const struct hg_channel *ch)
{
	return (ch->waits != NULL && !list_empty(&ch->waits->early));
}

static void
channel_init_more(struct hg_channel *ch, struct channel_more *more)
{
	more->channel = ch;
	list_init(&more->sibling);
	list_init(&more->children);
	list_init(&more->member);
	ch->more = more;
}

struct channel_more *
channel_more(struct hg_channel *ch)
{
	struct channel_more *more = ch->more;

	if (more == NULL && (more = calloc(1, sizeof(*more))) != NULL)
		channel_init_more(ch, more);
	return (more);
}

static void
channel_drop_more(struct hg_channel *ch)
{
	struct channel_more *more = ch->more;

	if (more == NULL)
		return;
	list_remove(&more->sibling);
	frame_unref(more->message);
	if (more != (void *)(ch + 1))
		free(more);
}

static struct hg_channel *
channel_child_at(const struct hg_channel *parent, const struct list *node)
{
	if (node == &parent->more->children)
		return (NULL);
	return (list_entry(node, struct channel_more, sibling)->channel);
}

struct hg_channel *
channel_first_child(const struct hg_channel *ch)
{
	return (ch->more == NULL ? NULL :
	    channel_child_at(ch, ch->more->children.next));
}

struct hg_channel *
channel_next_child(const struct hg_channel *child)
{
	return (channel_child_at(child->parent, child->more->sibling.next));
}

/* A child that outlives its parent has nobody to carry it. */
static void
channel_orphan_children(struct hg_channel *ch)
{
	struct hg_channel *child;

	while ((child = channel_first_child(ch)) != NULL) {
		list_remove(&child->more->sibling);
		child->parent = NULL;
		if (child->mux_data == NULL)
			channel_free(child);
	}
}

void
channel_close(struct hg_channel *ch)
{
	channel_orphan_children(ch);
	if (ch->in_full && ch->parent != NULL)
		channel_hold(ch->parent, false);
	if (ch->upper != NULL)
		ch->upper->detach(ch);
	if (ch->more != NULL && ch->more->group != NULL)
		ch->more->leave_group(ch);
	if (ch->waits != NULL)
		list_timers_stop(&ch->waits->auth_timers);
	chain_finish(&ch->chain);
	identity_free(ch->identity);
	ch->identity = NULL;
	if (ch->session != NULL && ch->session->gone != NULL)
		ch->session->gone(ch);
	ch->session = NULL;
	ch->dying = true;
}

void
channel_destroy(struct hg_channel *ch)
{
	list_remove(&ch->node);
	list_remove(&ch->work.node);
	if (ch->conn->root == ch)
		ch->conn->root = NULL;
	channel_drop_waits(ch);
	channel_drop_more(ch);
	http_free(ch->request);
	free(ch->subprotocol);
	free(ch->mux_data);
	free(ch);
}

static void
channel_reap(struct work *work)
{
	struct hg_channel *ch = list_entry(work, struct hg_channel, work);

	channel_close(ch);
	channel_destroy(ch);
}

void
channel_flush(struct hg_channel *ch)
{
	struct waiting *waiting;
	struct hg_frame *frame;
	unsigned code;

	while (channel_has_early(ch)) {
		waiting = list_entry(ch->waits->early.next, struct waiting,
		    node);
		list_remove(&waiting->node);
		frame = waiting->frame;
		free(waiting);
		chain_recv(&ch->chain, 0, frame);
	}
	if (ch->waits != NULL && ch->waits->early_bytes > 0) {
		ch->waits->early_bytes = 0;
		channel_pause(ch, false);
	}
	if ((code = ch->early_code) != 0) {
		ch->early_code = 0;
		channel_ended(ch, code, ch->waits->early_reason);
	}
	if (ch->waits != NULL && list_empty(&ch->waits->late) &&
	    list_empty(&ch->waits->auth_timers) &&
	    ch->waits->asked == NULL && ch->waits->credentials == NULL)
		channel_drop_waits(ch);
}

static void
channel_reap_later(struct hg_channel *ch)
{
	ch->work.fn = channel_reap;
	worker_reap_later(ch->conn->worker, &ch->work);
}

static void
channel_decide(struct hg_channel *ch)
{
	const struct channel_session *session = ch->session;

	ch->session = NULL;
	session->decide(ch);
}

static void
channel_later(struct work *work)
{
	struct hg_channel *ch = list_entry(work, struct hg_channel, work);
	unsigned due = ch->due;

	ch->due = 0;
	if ((due & CHANNEL_DECIDE) != 0)
		channel_decide(ch);
	if ((due & CHANNEL_FLUSH) != 0)
		channel_flush(ch);
	if ((due & CHANNEL_ROOM) != 0 && !channel_is_full(ch))
		chain_drain(&ch->chain);
	if ((due & CHANNEL_REAP) != 0)
		channel_reap_later(ch);
}

void
channel_do_later(struct hg_channel *ch, enum channel_due what)
{
	if (ch->dying)
		return;
	ch->due |= (unsigned char)what;
	worker_flush_later(ch->conn->worker, &ch->work);
}

struct hg_channel *
channel_create(struct hg_conn *conn, struct hg_channel *parent,
    const struct service *service, struct hg_head *request)
{
	struct channel_more *more;
	struct hg_channel *ch;

	if ((parent != NULL && channel_more(parent) == NULL) ||
	    (ch = calloc(1, sizeof(*ch) + (parent != NULL ? sizeof(*more) :
	    0))) == NULL) {
		http_free(request);
		return (NULL);
	}
	list_init(&ch->node);
	list_init(&ch->work.node);
	ch->work.fn = channel_later;
	ch->conn = conn;
	ch->service = service;
	ch->request = request;
	ch->chain.ops = &channel_chain_ops;
	list_push(&conn->channels, &ch->node);
	if (parent != NULL) {
		more = (struct channel_more *)(void *)(ch + 1);
		channel_init_more(ch, more);
		ch->parent = parent;
		list_push(&parent->more->children, &more->sibling);
	}
	if (conn->root == NULL && parent == NULL) {
		conn->root = ch;
		conn->carried = &channel_conn_ops;
	}
	return (ch);
}

void
channel_set_id(struct hg_channel *ch, unsigned id)
{
	ch->id = (uint16_t)id;
}

int
channel_set_carried(struct hg_channel *ch)
{
	size_t size = ch->conn->mux->plugin->mux.channel_size;

	ch->mux_data = calloc(1, size > 0 ? size : 1);
	return (ch->mux_data != NULL ? 0 : -1);
}

int
channel_set_chain(struct hg_channel *ch, const struct chain_entry *entries,
    unsigned count)
{
	if (chain_init(&ch->chain, entries, count) != 0)
		return (-1);
	return (chain_open(&ch->chain));
}

int
channel_inherit_chain(struct hg_channel *ch)
{
	struct chain_entry entries[CHANNEL_SLOTS_MAX] = { 0 };
	const struct chain *from = &ch->parent->chain;
	unsigned i, count;

	count = 0;
	for (i = 0; i < from->count && count < CHANNEL_SLOTS_MAX; i++)
		if (from->slots[i].hooks->children)
			entries[count++].plugin = from->slots[i].plugin;
	return (channel_set_chain(ch, entries, count));
}

struct hg_channel *
channel_new_child(struct hg_channel *parent, struct hg_head *fields)
{
	struct hg_channel *ch;
	struct hg_slot *mux;

	ch = channel_create(parent->conn, parent, parent->service, fields);
	if (ch == NULL)
		return (NULL);
	ch->opened = true;
	if ((mux = channel_mux(parent)) != NULL) {
		if (channel_set_carried(ch) != 0) {
			channel_free(ch);
			return (NULL);
		}
		if (mux->plugin->mux.create(mux, mux->state, ch, ch->mux_data,
		    fields) != 0) {
			free(ch->mux_data);
			ch->mux_data = NULL;
		}
	}
	if (channel_inherit_chain(ch) != 0) {
		channel_fail(ch, 1011, "a plugin refused the child");
		return (NULL);
	}
	if (parent->in_full && !channel_is_carried(ch))
		channel_hold(ch, true);
	return (ch);
}

const char *
channel_identity(const struct hg_channel *ch)
{
	while (ch->identity == NULL && ch->parent != NULL)
		ch = ch->parent;
	return (ch->identity != NULL ? ch->identity->name : NULL);
}

const char *
channel_credential(const struct hg_channel *ch, const char *name)
{
	const struct hg_head *given = NULL;
	const char *value;

	if (ch->identity != NULL)
		given = ch->identity->credentials;
	else if (ch->waits != NULL)
		given = ch->waits->credentials;
	if (given != NULL && (value = http_get(given, name)) != NULL)
		return (value);
	return (ch->request != NULL ? http_get(ch->request, name) : NULL);
}

void
channel_open(struct hg_channel *ch, struct hg_head *response)
{
	ch->opened = true;
	chain_opened(&ch->chain, response);
	http_free(response);
	ch->request = http_keep(ch->request, NULL);
	if (channel_has_early(ch) || ch->early_code != 0)
		channel_do_later(ch, CHANNEL_FLUSH);
}

/*
 * A child that is refused goes on without an id; its parent carries what is
 * sent on it. Anything else that is refused is the session's to end.
 */
void
channel_answered(struct hg_channel *ch, const struct hg_head *response)
{
	channel_settle_groups(ch->conn);
	if (ch->parent == NULL) {
		if (ch->session != NULL && ch->session->opened != NULL)
			ch->session->opened(ch, response);
		return;
	}
	if (response->status != 101 && !ch->refused) {
		/* From here on its parent's queue is what may be full. */
		channel_set_full(ch, false);
		ch->refused = true;
		if (ch->parent->in_full)
			channel_hold(ch, true);
	}
	chain_opened(&ch->chain, response);
}

void
channel_free(struct hg_channel *ch)
{
	if (ch->refused && ch->parent != NULL && ch->mux_data != NULL) {
		channel_set_full(ch, false);
		free(ch->mux_data);
		ch->mux_data = NULL;
		channel_settle(ch);
		return;
	}
	ch->chain.dead = true;
	if (ch->dying)
		return;
	ch->dying = true;
	if (list_linked(&ch->work.node))
		ch->due |= CHANNEL_REAP;
	else
		channel_reap_later(ch);
}

void
channel_settle(struct hg_channel *ch)
{
	if (!ch->wire_ended || !ch->top_ended)
		return;
	if (ch == ch->conn->root || ch->mux_data != NULL)
		return;
	channel_free(ch);
}

/* The connection is being freed: first the children, then their parents. */
static void
channel_conn_close(struct hg_conn *conn)
{
	struct list *node;
	struct hg_channel *ch;

	for (node = conn->channels.prev; node != &conn->channels;
	    node = node->prev) {
		ch = list_entry(node, struct hg_channel, node);
		channel_close(ch);
	}
}

static void
channel_conn_gone(struct hg_conn *conn)
{
	while (!list_empty(&conn->channels))
		channel_destroy(list_entry(conn->channels.next,
		    struct hg_channel, node));
}

static void
channel_conn_recv(struct hg_conn *conn, struct hg_frame *frame)
{
	if (conn->root != NULL)
		channel_recv(conn->root, frame);
	else
		frame_unref(frame);
}

static void
channel_conn_full(struct hg_conn *conn)
{
	if (conn->mux == NULL && conn->root != NULL)
		channel_set_full(conn->root, true);
}

static void
channel_conn_drained(struct hg_conn *conn)
{
	if (conn->mux == NULL && conn->root != NULL)
		channel_set_full(conn->root, false);
}

/* A connection that ends takes all of its channels along. What is wrong with
 * a trunk, or with who is at its other end, was not the clients' doing. */
static void
channel_conn_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	struct list *node, *save;
	struct hg_channel *ch;

	if (conn->is_trunk && code == 1006)
		(conn->is_initiator ? park_lost : park_channels)(conn);
	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->parked)
			continue;
		if (conn->is_trunk && ch != conn->root)
			channel_ended(ch, 1012,
			    "the way to the server was lost");
		else
			channel_ended(ch, code, reason);
	}
}

const struct conn_channels channel_conn_ops = {
	.recv = channel_conn_recv,
	.ended = channel_conn_ended,
	.drained = channel_conn_drained,
	.full = channel_conn_full,
	.relay = relay_run,
	.close = channel_conn_close,
	.gone = channel_conn_gone,
	.park = park_conn,
	.park_over = park_over,
	.unpark = park_end,
};
