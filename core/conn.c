/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's life: made, opened, watched by a timer, freed. */
#include "conn.h"

#include <netinet/in.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "recycle.h"

static atomic_ullong conn_numbers;
static atomic_ullong conn_alive;

static void conn_work(struct work *);

uint64_t
conn_count(void)
{
	return (atomic_load(&conn_alive));
}

static struct hg_conn *
conn_of(const struct chain *chain)
{
	return (list_entry(chain, struct hg_conn, chain));
}

static void
conn_top(struct chain *chain, struct hg_frame *frame)
{
	struct hg_conn *conn = conn_of(chain);

	conn->carried->recv(conn, frame);
}

static void
conn_bottom(struct chain *chain, struct hg_frame *frame)
{
	conn_write(conn_of(chain), frame);
}

static void
conn_chain_fail(struct chain *chain, unsigned code, const char *reason)
{
	conn_fail(conn_of(chain), code, "%s", reason);
}

static const char *
conn_chain_name(const struct chain *chain)
{
	return (conn_of(chain)->name);
}

static const struct service *
conn_chain_service(const struct chain *chain)
{
	return (conn_of(chain)->service);
}

static const struct chain_ops conn_chain_ops = {
	.service = conn_chain_service,
	.top = conn_top,
	.bottom = conn_bottom,
	.fail = conn_chain_fail,
	.name = conn_chain_name,
};

static void
conn_drop_peer(struct hg_conn *conn)
{
	if (conn->peer_family == AF_INET6)
		free(conn->peer.in6);
	conn->peer_family = AF_UNSPEC;
}

const char *
conn_why(const struct hg_conn *conn)
{
	return (conn->why != NULL ? conn->why : "out of memory");
}

static void
conn_reap(struct work *work)
{
	struct hg_conn *conn = list_entry(work, struct hg_conn, work);

	if (conn->parked > 0) {
		conn->carried->park(conn);
		return;
	}
	/* The mux's close may still name channels, whose memory is there. */
	if (conn->carried != NULL)
		conn->carried->close(conn);
	chain_finish(&conn->chain);
	conn->mux = NULL;
	if (conn->carried != NULL)
		conn->carried->gone(conn);
	if (conn->session != NULL && conn->session->gone != NULL)
		conn->session->gone(conn);
	list_remove(&conn->work.node);
	list_remove(&conn->node);
	due_finish(&conn->worker->dues, &conn->due);
	transport_finish(&conn->transport);
	conn_drop_reader(conn);
	recycle_put(conn->pong, CONN_PONG_SIZE);
	outq_finish(&conn->out);
	http_free(conn->request);
	free(conn->head);
	log_write(HG_LOG_DEBUG, conn->name, "gone: %s", conn_why(conn));
	atomic_fetch_sub(&conn_alive, 1);
	conn_drop_peer(conn);
	free(conn->why);
	free(conn);
}

static void
conn_work(struct work *work)
{
	struct hg_conn *conn = list_entry(work, struct hg_conn, work);
	unsigned due = conn->work_due;

	conn->work_due = 0;
	if ((due & CONN_FLUSH) != 0)
		conn_flush(conn);
	if ((due & CONN_READ) != 0)
		conn_read(conn);
	if ((due & CONN_REAP) != 0)
		conn_reap_later(conn);
}

void
conn_do_later(struct hg_conn *conn, enum conn_due what)
{
	if (conn->state == CONN_DEAD)
		return;
	conn->work_due |= (unsigned char)what;
	worker_flush_later(conn->worker, &conn->work);
}

void
conn_reap_later(struct hg_conn *conn)
{
	if (conn->work.fn == conn_work && list_linked(&conn->work.node)) {
		conn->work_due |= CONN_REAP;
		return;
	}
	conn->work.fn = conn_reap;
	worker_reap_later(conn->worker, &conn->work);
}

/* The bits of the negotiated extensions, as the wire has them. */
unsigned char
conn_rsv(const struct hg_conn *conn)
{
	unsigned rsv = conn->chain.rsv;

	return ((unsigned char)(((rsv & HG_RSV1) != 0 ? 4 : 0) |
	    ((rsv & HG_RSV2) != 0 ? 2 : 0) | ((rsv & HG_RSV3) != 0 ? 1 : 0)));
}

/* Where no ping is sent that would notice a peer that has vanished. */
static void
conn_keep_alive(struct hg_conn *conn)
{
	if (conn->is_initiator)
		transport_set_keepalive(&conn->transport);
}

static void
conn_tick(struct due *due)
{
	struct hg_conn *conn = list_entry(due, struct hg_conn, due);
	uint64_t now;

	worker_tick(conn->worker);
	now = conn->worker->now;
	if (conn->state == CONN_DEAD) {
		conn->carried->park_over(conn);
		return;
	}
	if (conn->deadline != 0 && now >= conn->deadline) {
		conn->deadline = 0;
		conn_kill(conn, "timed out");
		return;
	}
	/* While nothing is read, silence says nothing about the peer. */
	if (conn->ping_due != 0 && now >= conn->ping_due && conn->paused > 0) {
		conn_keep_alive(conn);
		conn->ping_due = now +
		    (uint64_t)conn->service->limits.ping_timeout;
	}
	if (conn->ping_due != 0 && now >= conn->ping_due) {
		if (conn->ping_sent) {
			conn_kill(conn, "no sign of life");
			return;
		}
		conn->ping_sent = true;
		conn->ping_due = now +
		    (uint64_t)conn->service->limits.ping_timeout;
		conn_write_control(conn, WS_PING, NULL, 0);
	}
	conn_arm(conn);
}

/* Sets the timer to what is due next. */
void
conn_arm(struct hg_conn *conn)
{
	uint64_t due;

	due = conn->deadline;
	if (conn->ping_due != 0 && (due == 0 || conn->ping_due < due))
		due = conn->ping_due;
	if (due == 0)
		due_clear(&conn->worker->dues, &conn->due);
	else
		due_set(&conn->worker->dues, &conn->due, due);
}

void
conn_set_deadline(struct hg_conn *conn, uint64_t ms)
{
	conn->deadline = ms == 0 ? 0 : worker_clock() + ms;
	conn_arm(conn);
}

/*
 * A byte came: the peer lives. The timer is left alone; when it fires early
 * because the ping is due later now, it is armed again.
 */
void
conn_touch(struct hg_conn *conn)
{
	if (conn->ping_due == 0)
		return;
	conn->ping_sent = false;
	conn->ping_due = conn->worker->now +
	    (uint64_t)conn->service->limits.ping_interval;
}

struct hg_conn *
conn_create(struct worker *worker, int fd, const struct tls *tls,
    bool is_initiator, bool is_websocket, const struct service *service,
    const struct conn_session *session, void *arg)
{
	struct hg_conn *conn;

	if ((conn = calloc(1, sizeof(*conn))) == NULL) {
		evutil_closesocket(fd);
		return (NULL);
	}
	snprintf(conn->name, sizeof(conn->name), "c%llu",
	    atomic_fetch_add(&conn_numbers, 1) + 1);
	conn->worker = worker;
	conn->state = CONN_HEAD;
	conn->is_initiator = is_initiator;
	conn->is_websocket = is_websocket;
	conn->service = service;
	conn->session = session;
	conn->session_arg = arg;
	conn->created_at = worker->now;
	list_init(&conn->channels);
	list_init(&conn->groups);
	list_init(&conn->work.node);
	conn->work.fn = conn_work;
	outq_init(&conn->out);
	conn->chain.ops = &conn_chain_ops;
	if (due_init(&worker->dues, &conn->due, conn_tick) != 0) {
		evutil_closesocket(fd);
		free(conn);
		return (NULL);
	}
	if (transport_init(&conn->transport, worker, fd, tls,
	    &conn_transport_ops, conn) != 0) {
		due_finish(&worker->dues, &conn->due);
		free(conn);
		return (NULL);
	}
	list_push(&worker->conns, &conn->node);
	atomic_fetch_add(&conn_alive, 1);
	return (conn);
}

/* As an address; an IPv6 one, of which fewer come, is apart. */
void
conn_set_peer(struct hg_conn *conn, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)sa;

	conn_drop_peer(conn);
	if (sa->sa_family == AF_INET && len >= sizeof(*in)) {
		conn->peer.in = in->sin_addr;
		conn->peer_port = in->sin_port;
	} else if (sa->sa_family == AF_INET6) {
		conn->peer.in6 = malloc(sizeof(*conn->peer.in6));
		if (len < sizeof(*conn->peer.in6) || conn->peer.in6 == NULL) {
			free(conn->peer.in6);
			return;
		}
		memcpy(conn->peer.in6, sa, sizeof(*conn->peer.in6));
	}
	conn->peer_family = sa->sa_family;
}

static const char *
conn_peer_text(const struct hg_conn *conn)
{
	static _Thread_local char text[64];
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr other = { .sa_family = conn->peer_family };

	in.sin_addr = conn->peer.in;
	in.sin_port = conn->peer_port;
	if (conn->peer_family == AF_INET)
		address_format(text, sizeof(text), (const void *)&in,
		    sizeof(in));
	else if (conn->peer_family == AF_INET6)
		address_format(text, sizeof(text),
		    (const void *)conn->peer.in6, sizeof(*conn->peer.in6));
	else
		address_format(text, sizeof(text), &other, sizeof(other));
	return (text);
}

const char *
conn_peer(struct hg_conn *conn)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (conn->peer_family == AF_UNSPEC && getpeername(conn->transport.fd,
	    (struct sockaddr *)&ss, &len) == 0)
		conn_set_peer(conn, (struct sockaddr *)&ss, len);
	if (conn->peer_family == AF_UNSPEC)
		return ("");
	return (conn_peer_text(conn));
}

static void
conn_find_mux(struct hg_conn *conn)
{
	unsigned i;

	for (i = 0; i < conn->chain.count; i++)
		if (conn->chain.slots[i].plugin->has_mux)
			conn->mux = &conn->chain.slots[i];
}

int
conn_set_chain_room(struct hg_conn *conn, const struct chain_entry *entries,
    unsigned count, unsigned room)
{
	if (chain_init_room(&conn->chain, entries, count, room) != 0)
		return (-1);
	conn_find_mux(conn);
	return (0);
}

int
conn_set_chain(struct hg_conn *conn, const struct chain_entry *entries,
    unsigned count)
{
	return (conn_set_chain_room(conn, entries, count, 0));
}

int
conn_add_chain(struct hg_conn *conn, const struct chain_entry *entries,
    unsigned count)
{
	if (chain_add(&conn->chain, entries, count) != 0)
		return (-1);
	conn_find_mux(conn);
	conn_change_reader(conn);
	return (0);
}

/*
 * The pings of a trunk notice a peer that is gone, but not while they wait
 * behind it, or nothing is read: then TCP does, long before it gives up by
 * itself. Twice their time, as for a while a line may lose things.
 */
static void
conn_set_patience(struct hg_conn *conn)
{
	const struct limits *limits = &conn->service->limits;

	if (conn->is_trunk && limits->ping_interval != 0)
		transport_set_patience(&conn->transport, 2 *
		    (uint64_t)(limits->ping_interval + limits->ping_timeout));
}

int
conn_open(struct hg_conn *conn)
{
	conn->state = CONN_OPEN;
	conn_set_patience(conn);
	conn->deadline = 0;
	if (conn->is_websocket && conn->service->limits.ping_interval != 0)
		conn->ping_due = conn->worker->now +
		    (uint64_t)conn->service->limits.ping_interval;
	else
		conn_keep_alive(conn);
	conn_arm(conn);
	if (chain_open(&conn->chain) != 0)
		return (-1);
	conn_do_later(conn, CONN_READ);
	return (0);
}

void
conn_kill(struct hg_conn *conn, const char *why)
{
	enum conn_state before = conn->state;

	if (before == CONN_DEAD)
		return;
	conn->state = CONN_DEAD;
	conn->why = strdup(why);
	conn->deadline = conn->ping_due = 0;
	due_clear(&conn->worker->dues, &conn->due);
	conn_reap_later(conn);
	if ((before == CONN_HEAD || before == CONN_WAIT) &&
	    conn->session != NULL && conn->session->failed != NULL)
		conn->session->failed(conn, why);
	conn_ended(conn, 1006, why);
	conn->chain.dead = true;
}

void
conn_unpark(struct hg_conn *conn)
{
	if (conn->parked > 0)
		conn->carried->unpark(conn);
}

/*
 * The chain hears of it before the channels do; neither hears it twice.
 */
void
conn_ended(struct hg_conn *conn, unsigned code, const char *reason)
{
	if (conn->ended)
		return;
	conn->ended = true;
	if (conn->session != NULL && conn->session->ended != NULL)
		conn->session->ended(conn);
	chain_ending(&conn->chain, HG_RECV, &code);
	if (conn->carried != NULL)
		conn->carried->ended(conn, code, reason);
}
