/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that a plugin makes to a server, and its response; see "Requests
 * of a plugin's own" in <headgate/plugin.h>. It belongs to the worker that
 * began it. Callbacks come from the event loop only, never from within a call
 * of these functions; each may cancel. The memory stays until the worker reaps.
 */
#ifndef CORE_FETCH_H
#define CORE_FETCH_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

#include "dial.h"
#include "due.h"
#include "fetchconn.h"
#include "fetchtarget.h"
#include "http.h"
#include "httpbody.h"
#include "list.h"
#include "outq.h"
#include "str.h"
#include "worker.h"

#define FETCH_MAX	4096		/* of a worker */
#define FETCH_FULL	(64 * 1024)	/* queued bytes that are enough, */
#define FETCH_LIMIT	(1024 * 1024)	/* and that end it */
#define FETCH_INTERIM	8		/* responses 1xx before the one */
#define FETCH_CONNECT	10000		/* ms, see struct hg_request */
#define FETCH_WAIT	60000
#define FETCH_KEEP	30000		/* ms that a connection is idle, */
#define FETCH_KEEP_MAX	60000		/* when the server says more */

struct hg_fetch {
	struct list		 node;		/* of the worker's */
	struct worker		*worker;
	const struct hg_target	*target;
	struct hg_fetch_ops	 ops;
	void			*arg;
	struct hg_head		*request;
	struct dial		*dial;		/* or conn, or neither: over */
	struct fetchconn	*conn;
	struct outq		 out;
	struct due		 due;
	struct work		 flush, again, reap;
	uint64_t		 connect_ms, response_ms, idle_ms;
	uint64_t		 connect_by;	/* with TLS */
	uint64_t		 progress;	/* when bytes went or came */
	int64_t			 length;	/* of the request's body */
	uint64_t		 sent;		/* of it, given to us */
	struct httpbody		 body;		/* of the response */
	struct str		 head;		/* what is there of it */
	const char		*misuse;	/* what its plugin did wrong */
	unsigned		 interim;
	unsigned		 holds;
	bool			 over;
	bool			 full;
	bool			 chunk_begun;	/* its CRLF is to follow */
	bool			 send_ended;
	bool			 received;	/* any byte, on this conn */
	bool			 retried;
	bool			 answered;	/* the head was told */
	bool			 old_version;	/* 1.0: one exchange only */
	bool			 server_closes;
	uint64_t		 keep_ms;
};

/* NULL: too many, no memory, or a request that cannot be written. */
struct hg_fetch *fetch_start(struct hg_target *, const struct hg_request *,
    const struct hg_fetch_ops *, void *arg);
/* False: more is queued than is good, stop until ops.drain. */
bool	fetch_send(struct hg_fetch *, struct hg_frame *frame);
void	fetch_send_end(struct hg_fetch *);
void	fetch_hold(struct hg_fetch *, bool);
/* No callback comes any more. NULL is fine. */
void	fetch_cancel(struct hg_fetch *);

unsigned fetch_count(void);		/* of the calling worker */
/* Cancels all and closes what is idle. Before the worker's last reap. */
void	fetch_worker_stop(void);

/* --- for the files of fetch ---------------------------------------------- */

void	fetch_finish(struct hg_fetch *, enum hg_fetch_end, const char *why);
/* The connection broke: another one, when the server cannot have seen the
 * request and nothing of it is lost; else the end. */
void	fetch_broken(struct hg_fetch *, const char *why);
/* All of the response is there; extra: bytes are behind it. */
void	fetch_complete(struct hg_fetch *, bool extra);
/* Sets the deadline for what it waits for now. */
void	fetch_arm(struct hg_fetch *);
/* fetchmake.c. NULL: no memory, or a text that cannot be in it. */
struct hg_head *fetch_make_request(const struct hg_target *,
    const struct hg_request *);
/* Whether it may be sent again when nobody knows what became of it. */
bool	fetch_is_repeatable(const struct hg_head *request);
/* Whether its connection is somebody's afterwards, and nobody else's. */
bool	fetch_is_login(const struct hg_head *request);
/* fetchread.c: what the socket has. */
void	fetch_read(struct hg_fetch *);

#endif
