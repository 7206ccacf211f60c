/* SPDX-License-Identifier: Apache-2.0 */
/* What a test does to the fake host. */
#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hg_head *
head_of(const char *text, enum http_kind kind)
{
	struct hg_head *head;
	const char *error;

	if (text == NULL)
		return (NULL);
	head = http_parse(text, strlen(text), kind, &error, NULL);
	if (head == NULL)
		fake_abort("bad head: %s: %s", error, text);
	return (head);
}

static void
slots_add(struct fake_chain *chain, va_list ap)
{
	const char *spec;

	while ((spec = va_arg(ap, const char *)) != NULL)
		fake_slot_add(chain, spec);
}

static void
find_mux(struct hg_conn *conn)
{
	int i;

	for (i = 0; i < conn->chain.count; i++) {
		if (conn->chain.slot[i]->plugin->plugin->mux == NULL)
			continue;
		if (i != conn->chain.count - 1)
			fake_abort("a slot above the mux");
		conn->mux = conn->chain.slot[i];
	}
}

struct hg_conn *
fake_conn(int initiator, ...)
{
	struct hg_conn *conn;
	va_list ap;

	fake_work();
	if ((conn = calloc(1, sizeof(*conn))) == NULL)
		abort();
	conn->initiator = initiator != 0;
	conn->number = ++fake.conns_made;
	conn->worker = fake.made_on;
	snprintf(conn->name, sizeof(conn->name), "c%u", conn->number);
	snprintf(conn->service, sizeof(conn->service), "test");
	list_init(&conn->channels);
	conn->chain.conn = conn;
	fake_queue_init(&conn->wire);
	list_push(&fake.conns, &conn->node);
	va_start(ap, initiator);
	slots_add(&conn->chain, ap);
	va_end(ap);
	find_mux(conn);
	return (conn);
}

struct hg_channel *
fake_root(struct hg_conn *conn, const char *request, ...)
{
	struct hg_channel *root;
	va_list ap;

	if (conn->root != NULL)
		fake_abort("a second root");
	root = fake_channel_new(conn, NULL, head_of(request, HTTP_REQUEST));
	root->carried = true;
	conn->root = root;
	va_start(ap, request);
	slots_add(&root->chain, ap);
	va_end(ap);
	fake_chain_open(&conn->chain);
	fake_chain_open(&root->chain);
	fake_turn();
	return (root);
}

struct hg_channel *
fake_create(struct hg_conn *conn, const char *request, ...)
{
	struct hg_channel *ch;
	va_list ap;
	int error;

	if (conn->mux == NULL)
		fake_abort("no mux to create a channel");
	ch = fake_channel_new(conn, NULL, head_of(request, HTTP_REQUEST));
	va_start(ap, request);
	slots_add(&ch->chain, ap);
	va_end(ap);
	if ((error = fake_mux_create(ch)) != 0)
		ch->freed = ch->conn->stir = true;
	else
		fake_chain_open(&ch->chain);
	fake_turn();
	return (error != 0 ? NULL : ch);
}

struct hg_channel *
fake_accepted(struct hg_conn *conn)
{
	struct hg_channel *ch;
	struct list *node, *save;

	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->state != FAKE_PENDING || ch->shown)
			continue;
		ch->shown = true;
		return (ch);
	}
	return (NULL);
}

/* What came before the answer. */
static void
flush_early(struct hg_channel *ch)
{
	const struct fake_frame *frame;

	while ((frame = fake_take(&ch->early)) != NULL)
		fake_channel_recv(ch, fake_table.frame_new(frame->bytes,
		    frame->len, frame->flags));
	if (ch->early_end.yes)
		fake_channel_ended(ch, ch->early_end.end.code,
		    ch->early_end.end.reason);
}

static void
has_slots(struct hg_channel *ch, va_list ap)
{
	if (ch->parent != NULL)
		fake_inherit(ch);
	slots_add(&ch->chain, ap);
}

void
fake_answer_channel(struct hg_channel *ch, const char *response, ...)
{
	struct hg_slot *mux = ch->conn->mux;
	struct hg_head *head;
	unsigned previous;
	va_list ap;

	if (ch->state != FAKE_PENDING)
		fake_abort("%s: answered twice", ch->name);
	head = head_of(response, HTTP_RESPONSE);
	ch->status = head->status;
	ch->state = head->status == 101 ? FAKE_OPEN : FAKE_REFUSED;
	ch->conn->stir |= ch->state == FAKE_REFUSED;
	if (ch->state == FAKE_OPEN) {
		va_start(ap, response);
		has_slots(ch, ap);
		va_end(ap);
		fake_chain_open(&ch->chain);
	}
	if (!ch->freed) {
		previous = fake_enter(ch->conn->worker);
		mux->plugin->plugin->mux->answer(mux, mux->state, ch, ch->data,
		    head);
		fake_leave(previous);
	}
	if (ch->state == FAKE_OPEN) {
		fake_run_opened(ch, head);
		flush_early(ch);
	} else
		ch->send_ended = ch->conn->stir = true;
	http_free(head);
	fake_turn();
}

void
fake_opened(struct hg_channel *ch, const char *response)
{
	struct hg_head *head;

	head = head_of(response, HTTP_RESPONSE);
	fake_run_opened(ch, head);
	http_free(head);
	fake_turn();
}

void
fake_set_subprotocol(struct hg_conn *conn, const char *text)
{
	snprintf(conn->subprotocol, sizeof(conn->subprotocol), "%s", text);
}

void
fake_set_service(struct hg_conn *conn, const char *text)
{
	snprintf(conn->service, sizeof(conn->service), "%s", text);
}

void
fake_set_upstream(struct hg_conn *conn, enum hg_upstream upstream)
{
	conn->upstream = upstream;
}

void
fake_set_has(struct hg_conn *conn, const char *extension)
{
	size_t len;

	len = strlen(conn->has);
	snprintf(conn->has + len, sizeof(conn->has) - len, " %s ", extension);
}

void
fake_link(struct hg_channel *a, struct hg_channel *b)
{
	a->peer = b;
	b->peer = a;
}

void
fake_set_linked(struct hg_channel *ch, bool linked)
{
	ch->linked = linked;
}

struct hg_channel *
fake_child(const struct hg_channel *parent, const struct hg_channel *after)
{
	struct hg_channel *ch;
	struct list *node, *save;

	list_each(node, save, &parent->conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->parent == parent && after == NULL)
			return (ch);
		if (ch == after)
			after = NULL;
	}
	return (NULL);
}

void
fake_from_wire(struct hg_conn *conn, const void *data, size_t len,
    unsigned flags)
{
	if (conn->root == NULL || conn->recv_ended || conn->closed)
		fake_abort("%s cannot receive", conn->name);
	fake_recv(&conn->chain, 0, fake_table.frame_new(data, len, flags));
	fake_turn();
}

void
fake_from_below(struct hg_channel *ch, const void *data, size_t len,
    unsigned flags)
{
	if (ch->closed)
		fake_abort("%s is closed", ch->name);
	fake_channel_recv(ch, fake_table.frame_new(data, len, flags));
	fake_turn();
}

bool
fake_from_peer(struct hg_channel *ch, const void *data, size_t len,
    unsigned flags)
{
	bool more;

	more = fake_table.channel_send(ch, fake_table.frame_new(data, len,
	    flags));
	fake_turn();
	return (more);
}

void
fake_wire_end(struct hg_conn *conn, unsigned code)
{
	struct hg_channel *ch;
	struct list *node, *save;

	if (conn->recv_ended || conn->closed)
		fake_abort("%s: the wire ended before", conn->name);
	fake_ending(&conn->chain, HG_RECV, &code);
	conn->recv_ended = true;
	list_each(node, save, &conn->channels) {
		ch = list_entry(node, struct hg_channel, node);
		if (ch->state == FAKE_OPEN)
			fake_channel_ended(ch, code, "");
	}
	if (code == 1006)
		conn->vanished = true;
	fake_turn();
}

void
fake_peer_end(struct hg_channel *ch, unsigned code, const char *reason,
    bool now)
{
	if (ch->closed)
		fake_abort("%s is closed", ch->name);
	fake_channel_end(ch, code, reason, now);
	fake_turn();
}

void
fake_set_full(struct hg_channel *ch, bool full)
{
	fake_table.channel_set_full(ch, full);
	fake_turn();
}

void
fake_set_conn_full(struct hg_conn *conn, bool full)
{
	conn->drain |= conn->full && !full;
	conn->full = full;
	fake_turn();
}

void
fake_set_paused(struct hg_channel *ch, bool paused)
{
	struct hg_slot *mux = ch->conn->mux;
	unsigned previous;
	bool resume;

	resume = ch->paused && !paused && !fake_chain_dead(&ch->chain);
	ch->paused = paused;
	if (resume && mux != NULL && mux->plugin->plugin->mux->resume != NULL) {
		previous = fake_enter(ch->conn->worker);
		mux->plugin->plugin->mux->resume(mux, mux->state, ch,
		    ch->data);
		fake_leave(previous);
	}
	fake_turn();
}

void
fake_reap(void)
{
	fake_turn();
}

void
fake_stop(struct hg_conn *conn, uint64_t ms)
{
	struct hg_slot *mux = conn->mux;
	unsigned previous;

	previous = fake_enter(conn->worker);
	mux->plugin->plugin->mux->stop(mux, mux->state, ms);
	fake_leave(previous);
	fake_turn();
}
