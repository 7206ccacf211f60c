/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of the channels plugin in the fake host: connections, and what
 * goes over their wires in base mode or (ch_chunk) in chunk mode.
 */
#ifndef TESTS_CHANNELS_HOST_H
#define TESTS_CHANNELS_HOST_H

#include "fakehost.h"

#define CH_REQUEST	"GET /app HTTP/1.1\r\n"
#define CH_YES		"HTTP/1.1 101 Switching Protocols\r\n"
#define CH_NO		"HTTP/1.1 403 Forbidden\r\n"
#define CH_FLOW		"x-kaazing-fanout; flow=0123456789abcdef0123456789ab" \
			"cdef; epoch=00000001"
#define CH_FLOW_HEAD	"Sec-WebSocket-Extensions: " CH_FLOW "\r\n"

/* Whether messages have the flag byte. Tests of base mode leave it alone. */
extern bool ch_chunk;

/* A connection with its root; own and peer are the two sides' parameters. */
struct hg_conn *ch_conn(bool initiator, const char *own, const char *peer);
struct hg_conn *ch_trunk(bool initiator, const char *own, const char *peer);
struct hg_channel *ch_root(struct hg_conn *);
/* A child of the flow CH_FLOW, or of another. NULL: none. */
struct hg_channel *ch_child(struct hg_channel *parent);
struct hg_channel *ch_flow_child(struct hg_channel *parent,
	    const char *extension);
/* The same, accepted by the peer: says and expects all of it. */
struct hg_channel *ch_open_child(struct hg_channel *parent);
struct hg_channel *ch_open(struct hg_conn *);

/* From the peer: a control line (with a head behind it, or none), data. */
void	 ch_say(struct hg_conn *, const char *line);
void	 ch_say_head(struct hg_conn *, const char *line, const char *head);
void	 ch_data(struct hg_conn *, unsigned id, const char *text,
	    unsigned flags);
void	 ch_bytes(struct hg_conn *, unsigned id, const void *, size_t,
	    unsigned flags);
/* A piece in chunk mode, whatever ch_chunk says. */
void	 ch_piece(struct hg_conn *, unsigned id, unsigned flag, const void *,
	    size_t);
/* The peer creates a channel and it is accepted. parent: -1 for none. */
struct hg_channel *ch_peer_open(struct hg_conn *, unsigned id, int parent);
struct hg_channel *ch_peer_open_refused(struct hg_conn *, unsigned id,
	    int parent);

/* Next on the wire. */
#define CH_SAYS(conn, line)	ch_says((conn), (line), "", T_AT(line))
#define CH_SAYS_HEAD(conn, line, head)					\
	ch_says((conn), (line), (head), T_AT(line))
#define CH_SENDS(conn, id, text, flags)					\
	ch_sends((conn), (id), (text), (flags), T_AT(text))
#define CH_QUIET(conn)	FAKE_NONE(fake_wire(conn))
void	 ch_says(struct hg_conn *, const char *line, const char *head,
	    struct t_at);
void	 ch_sends(struct hg_conn *, unsigned id, const char *text,
	    unsigned flags, struct t_at);
void	 ch_skip(struct hg_conn *);	/* all that is there */
/* How it failed: error on the wire where the code is 1002, then the end. */
#define CH_FAILED(conn, code, reason)					\
	ch_failed((conn), (code), (reason), T_AT(reason))
void	 ch_failed(struct hg_conn *, unsigned code, const char *reason,
	    struct t_at);
#define CH_ALIVE(conn)	T_NULL(fake_wire_ended(conn))

/* A run of len equal bytes: from the peer, from above, next on the wire (flag:
 * of chunk mode). */
void	 ch_peer_run(struct hg_conn *, unsigned id, size_t len);
bool	 ch_own_run(struct hg_channel *, size_t len, unsigned flags);
void	 ch_is_run(struct hg_conn *, unsigned id, size_t len, unsigned flag);

/* Carries what is on both wires over until both are quiet. */
void	 ch_exchange(struct hg_conn *, struct hg_conn *);
/* One message of the first to the second; false: there is none. */
bool	 ch_step(struct hg_conn *from, struct hg_conn *to);

/* Two of them on one wire: ch_a is the initiator. */
extern struct hg_conn *ch_a, *ch_b;
void	 ch_pair(bool chunk);
bool	 ch_pair_is_alive(void);
void	 ch_seed(uint64_t);
unsigned ch_dice(unsigned sides);	/* 0 to sides - 1 */

#endif
