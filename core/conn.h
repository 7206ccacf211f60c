/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection: a transport, its framing (WebSocket or a plain stream), what
 * waits to be written, and the connection's chain. It belongs to one worker for
 * life. Nothing of it is freed inside a callback: conn_kill marks it, and the
 * worker's reap frees it.
 *
 * States: HEAD (a WebSocket acceptor collects the opening request, or an
 * initiator the response), WAIT (the answer is being decided; nothing is read),
 * OPEN, CLOSING (a close frame, or a stream's FIN, was sent and the other one
 * is awaited: what comes until then is still received), SHUT (this side is
 * done: what still comes is thrown away until the end), DEAD.
 */
#ifndef CORE_CONN_H
#define CORE_CONN_H

#include <headgate/plugin.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "http.h"
#include "list.h"
#include "outq.h"
#include "settings.h"
#include "transport.h"
#include "worker.h"
#include "wsframe.h"
#include "wsrun.h"

enum conn_state {
	CONN_HEAD,
	CONN_WAIT,
	CONN_OPEN,
	CONN_CLOSING,
	CONN_SHUT,
	CONN_DEAD,
};

/* The session layer's part in a connection's life; each may be NULL. */
struct conn_session {
	/* In HEAD: the transport is ready. */
	void	(*ready)(struct hg_conn *);
	/* In HEAD: a head of len bytes has come; more may follow it. */
	void	(*head)(struct hg_conn *, const char *head, size_t len);
	/* Before OPEN: it ended; why is for the log. */
	void	(*failed)(struct hg_conn *, const char *why);
	/* hg->conn_retire: it takes no new channels. */
	void	(*retire)(struct hg_conn *);
	/* The other end has ended; before the channels hear of it. */
	void	(*ended)(struct hg_conn *);
	/* It is about to be freed. */
	void	(*gone)(struct hg_conn *);
};

/* The channel layer's part: what happens above the connection's chain. */
struct conn_channels {
	void	(*recv)(struct hg_conn *, struct hg_frame *frame);
	void	(*ended)(struct hg_conn *, unsigned code, const char *reason);
	void	(*drained)(struct hg_conn *);
	void	(*full)(struct hg_conn *);
	/* Sends a run from these bytes on to where it goes, when nobody wants
	 * to see it: how many bytes of them it was. It changes them. May be
	 * NULL. */
	size_t	(*relay)(struct hg_conn *, struct buf *, unsigned char *,
		    size_t);
	/* Of a stream: everything that waited is out. May be NULL. */
	void	(*emptied)(struct hg_conn *);
	/* It is about to be freed: close runs the hooks of all channels, gone,
	 * behind those of the connection, frees them. */
	void	(*close)(struct hg_conn *);
	void	(*gone)(struct hg_conn *);
	/* Of a dead one on which channels wait: at the end of that turn,
	 * whenever their time is over, and when they are to wait no more. */
	void	(*park)(struct hg_conn *);
	void	(*park_over)(struct hg_conn *);
	void	(*unpark)(struct hg_conn *);
};

/* What is to be done at the end of the turn. */
enum conn_due {
	CONN_FLUSH	= 0x01,
	CONN_READ	= 0x02,	/* on: something may be left */
	CONN_REAP	= 0x04,	/* behind these */
};

struct hg_conn {
	struct list			 node;		/* of worker->conns */
	struct worker			*worker;
	struct transport		 transport;
	const struct conn_session	*session;
	void				*session_arg;
	const struct conn_channels	*carried;
	const struct service		*service;	/* never NULL */
	const struct listen_settings	*listen;	/* acceptor */

	struct chain			 chain;
	struct hg_slot			*mux;		/* in chain, or NULL */
	struct hg_channel		*root;
	struct list			 channels;	/* all, with root */
	struct list			 groups;	/* those that have to be
							 * settled: see group.h */
	void				(*settle)(struct hg_conn *); /* or NULL */
	struct hg_head			*request;	/* until it is open */

	struct work			 work;
	struct outq			 out;
	struct ws_reader		*reader;	/* NULL: no part of a
							 * message or frame */
	unsigned char			*pong;		/* is due; its length
							 * and bytes */
	char				*head;		/* HEAD: bytes so far */
	size_t				 head_len;
	size_t				 rounds;	/* bytes: see link.h */

	struct due			 due;
	uint64_t			 deadline;	/* 0: none */
	uint64_t			 ping_due;	/* 0: none */

	uint64_t			 created_at;
	uint64_t			 bytes_in, bytes_out;
	uint64_t			 messages_in, messages_out;
	union {
		struct in_addr		 in;
		struct sockaddr_in6	*in6;
	}				 peer;		/* see conn_peer */
	char				*why;		/* it ended, for the log;
							 * NULL: not yet */
	char				 name[16];	/* "c12" */

	sa_family_t			 peer_family;
	in_port_t			 peer_port;	/* of in */
	unsigned			 paused;	/* reading; counted */
	unsigned			 parked;	/* channels that wait
							 * without the wire */
	unsigned char			 park_rounds;
	unsigned char			 work_due;	/* enum conn_due */
	unsigned char			 state;		/* enum conn_state */
	bool				 is_websocket : 1;
	bool				 is_initiator : 1;
	bool				 is_edge : 1;	/* the peer may speak
							 * for others */
	bool				 is_trunk : 1;
	bool				 no_root : 1;	/* nothing is behind
							 * the first channel */
	bool				 full : 1;
	bool				 rounds_stop : 1; /* paused by them */
	bool				 ended : 1;	/* the wire's other end
							 * has ended */
	bool				 send_ended : 1; /* the chain knows that
							 * no more is sent */
	bool				 peer_shut : 1;	/* nothing comes, some
							 * is still to go */
	bool				 close_sent : 1;
	bool				 close_received : 1;
	bool				 sending : 1;	/* in a message */
	bool				 ping_sent : 1;
};

/*
 * Takes the descriptor over, also on failure (NULL). The service may be
 * replaced until it is open. The state is HEAD for a WebSocket; a stream is
 * OPEN once conn_open was called.
 */
struct hg_conn *conn_create(struct worker *, int fd, const struct tls *,
    bool is_initiator, bool is_websocket, const struct service *,
    const struct conn_session *, void *arg);
/* Its address, as who accepted it knows already. */
void	conn_set_peer(struct hg_conn *, const struct sockaddr *, socklen_t);
/* Its text, until the next call on this thread. */
const char *conn_peer(struct hg_conn *);
/* The chain of the negotiated extensions. -1: no memory. */
int	conn_set_chain(struct hg_conn *, const struct chain_entry *,
    unsigned count);
/* The same, with room for more; and these, above it, while it is open, to be
 * opened by chain_open. */
int	conn_set_chain_room(struct hg_conn *, const struct chain_entry *,
    unsigned count, unsigned room);
int	conn_add_chain(struct hg_conn *, const struct chain_entry *,
    unsigned count);
/* From HEAD or WAIT to OPEN; then the slots' open. What came behind the head is
 * read at the end of the turn. -1: a slot has failed. */
int	conn_open(struct hg_conn *);
/* In HEAD or WAIT: the head's bytes, as they are. */
void	conn_send_head(struct hg_conn *, const char *, size_t);
void	conn_wait(struct hg_conn *);
/* An absolute moment after which it fails; 0: none. */
void	conn_set_deadline(struct hg_conn *, uint64_t ms_from_now);

/* Through the whole chain, from its top. */
void	conn_send(struct hg_conn *, struct hg_frame *frame);
/* Behind the chain: frames the piece and queues it. */
void	conn_write(struct hg_conn *, struct hg_frame *frame);
/* The bytes of a run: what it may be written to is open, not ended, and amid no
 * message. False: it has waiting all that it may. */
bool	conn_may_write_run(const struct hg_conn *);
void	conn_write_run(struct hg_conn *, struct buf *, const unsigned char *,
    const struct ws_run *);
/* A control frame ahead of what waits. */
void	conn_write_control(struct hg_conn *, enum ws_opcode, const void *,
    size_t);
void	conn_flush(struct hg_conn *);

/* Stop and go on with reading; counted. */
void	conn_pause(struct hg_conn *, bool);
void	conn_read(struct hg_conn *);

/* Ends it behind what waits, with the closing handshake. */
void	conn_close(struct hg_conn *, unsigned code, const char *reason);
/* A mistake of the peer, or ours: as conn_close; nothing is received after. */
void	conn_fail(struct hg_conn *, unsigned code, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* At the end of what waits: FIN. */
void	conn_shut(struct hg_conn *);
/* Sends a pong frame as a sign of life, unless something waits to be written. */
void	conn_beat(struct hg_conn *);
/* It is gone at the end of this turn. */
void	conn_kill(struct hg_conn *, const char *why);
/* Of a dead one: at the end of this turn it is freed. */
void	conn_reap_later(struct hg_conn *);
/* The channels that wait on a dead one end. */
void	conn_unpark(struct hg_conn *);
/* The other end has ended: tells the channels, once. */
void	conn_ended(struct hg_conn *, unsigned code, const char *reason);

/* Connections that are not freed yet, of all workers. Any thread. */
uint64_t conn_count(void);

/* Once it is dead: for the log. */
const char *conn_why(const struct hg_conn *);

/* For files of the connection only. */
#define CONN_PONG_SIZE	(1 + WS_CONTROL_MAX)
void	conn_got_piece(struct hg_conn *, const struct ws_piece *,
    struct buf *);
void	conn_got_control(struct hg_conn *, const struct ws_piece *);
void	conn_touch(struct hg_conn *);
void	conn_do_later(struct hg_conn *, enum conn_due);
void	conn_drop_reader(struct hg_conn *);
/* Its extensions have changed. */
void	conn_change_reader(struct hg_conn *);
/* The bits that its extensions may use, as the wire has them. */
unsigned char conn_rsv(const struct hg_conn *);
void	conn_arm(struct hg_conn *);
extern const struct transport_ops conn_transport_ops;

#endif
