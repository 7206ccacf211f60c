/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for one plugin test: it loads the real NAME.so from the folder in
 * HEADGATE_PLUGIN_DIR and does in memory, on one thread, all that struct
 * hg_host promises. Link tests/plugin/fake*.c and core's buf, frame, str,
 * http* and wsext (core/libheadgate.a). Whatever a plugin may not do prints a
 * line and aborts.
 *
 *	fake_start();
 *	fake_load("channels", "window=1k", NULL);
 *	c = fake_conn(true, "channels|window=1024|window=512", NULL);
 *	root = fake_root(c, "GET /ws HTTP/1.1\r\n", "stomp", NULL);
 *	fake_from_wire(c, "\0\0hello", 7, HG_WHOLE);
 *	FAKE_IS(fake_top(root), "hello", HG_WHOLE);
 *	FAKE_NONE(fake_top(root));
 *	fake_finish();
 *
 * Turns. Each function below that says (turn) is one turn of the worker: what
 * ended is closed and freed behind it, never inside a hook. The test's handles
 * stay good for asking until fake_finish().
 *
 * Slots. A slot is written "NAME" or "NAME|offered parameters" or
 * "NAME|offered|answered"; parameters as in a header, without the extension's
 * name ("window=1; chunk=2"). Lists of slots go from the wire up and end with
 * NULL. Everything of another list of strings ends with NULL too.
 */
#ifndef TESTS_FAKEHOST_H
#define TESTS_FAKEHOST_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness.h"

/* What arrived somewhere. Good until fake_finish(). */
struct fake_frame {
	const unsigned char	*bytes;	/* with a NUL behind them */
	size_t			 len;
	unsigned		 flags;
};

/* How a direction of a channel or connection ended. */
struct fake_end {
	unsigned		 code;
	char			 reason[256];
	bool			 failed;	/* by hg->fail */
};

/* --- the host ------------------------------------------------------------- */

void	 fake_start(void);
/* Closes all that is open and unloads. Fails the case when a plugin leaves a
 * frame, a post, a group or a head behind. */
void	 fake_finish(void);
/* Options as "key=value"; a list's key may come several times. Aborts when the
 * plugin cannot be loaded. */
const struct hg_plugin *fake_load(const char *name, ...)
	    __attribute__((sentinel));
/* The same for what is refused: NULL, and fake_error() says why. */
const struct hg_plugin *fake_try_load(const char *name, ...)
	    __attribute__((sentinel));
const char *fake_error(void);
/* Before the first fake_load(). The default is one worker. */
void	 fake_set_workers(unsigned);
/* The worker for what is made from now on, 0 at first. */
void	 fake_set_worker(unsigned);
/* The table itself, for whatever has no function here. */
const struct hg_host *fake_hg(void);
/* What a plugin provides; or provides something in a plugin's place. */
const void *fake_find(const char *service);
void	 fake_provide(const char *service, const void *);

uint64_t fake_now(void);
/* Runs each timer at its time (a turn each). */
void	 fake_advance(uint64_t ms);
unsigned fake_timers(void);		/* how many run */
/* Runs posts until there is none (a turn each); returns how many ran. */
unsigned fake_run_posts(void);
unsigned fake_run_posts_on(unsigned worker);	/* those that wait now */
unsigned fake_posts(void);		/* how many wait */
int64_t	 fake_counter(const char *plugin, const char *counter);
/* "name=value name=value\n" for each row. Good until the next call. */
const char *fake_report(const char *plugin, const char *what);
/* The next line of the log, or NULL. */
const char *fake_log(void);
/* References to frames that somebody holds. */
long	 fake_live_frames(void);
/* A head, for the functions that take one. freed by fake_finish(). */
const struct hg_head *fake_head(const char *kind, const char *text);

/* --- negotiation ---------------------------------------------------------- */

/* For what follows; the standard is false and "". */
void	 fake_set_negotiation(bool trunk, const char *channel_extensions);
void	 fake_set_negotiation_mux(bool has_mux);
/* What the last answer said of the first channel. */
bool	 fake_no_root(void);
/* Parameters as text, "" for none; NULL: the extension is left out. */
const char *fake_offer(const char *plugin);
const char *fake_answer(const char *plugin, const char *offered);
int	 fake_check(const char *plugin, const char *answered);

/* --- making --------------------------------------------------------------- */

/* A connection: its slots, a mux among them or not, are opened by
 * fake_root(). */
struct hg_conn *fake_conn(int initiator, ...) __attribute__((sentinel));
/* Channel 0. request: a head's text (lines with CRLF) or NULL. (turn) */
struct hg_channel *fake_root(struct hg_conn *, const char *request, ...)
	    __attribute__((sentinel));
/* A channel that this side begins: mux.create. NULL when that says no. (turn)*/
struct hg_channel *fake_create(struct hg_conn *, const char *request, ...)
	    __attribute__((sentinel));
/* The next channel that the mux accepted and nobody answered, or NULL. */
struct hg_channel *fake_accepted(struct hg_conn *);
/* Answers it: a response head's text, and slots when it is 101. Slots of the
 * parent's plugins with .children need not be named. (turn) */
void	 fake_answer_channel(struct hg_channel *, const char *response, ...)
	    __attribute__((sentinel));
/* The opened hooks of a root, or of a child without a mux. (turn) */
void	 fake_opened(struct hg_channel *, const char *response);
/* Before fake_root() for it to be seen in open. */
void	 fake_set_subprotocol(struct hg_conn *, const char *);
void	 fake_set_service(struct hg_conn *, const char *);
void	 fake_set_upstream(struct hg_conn *, enum hg_upstream);
/* An extension that channel_has() says yes to, beside those of its slots. */
void	 fake_set_has(struct hg_conn *, const char *extension);
/*
 * Makes two channels peers: what reaches the top of one is sent on the other,
 * ends too. Both connections are on one worker.
 */
void	 fake_link(struct hg_channel *, struct hg_channel *);
/* A channel with something above that ends it by fake_peer_end(). Without this
 * (and without a peer) the host ends its side as soon as the wire ended. */
void	 fake_set_linked(struct hg_channel *, bool);
/* The first child of this channel, and the next after another; NULL: none. */
struct hg_channel *fake_child(const struct hg_channel *parent,
	    const struct hg_channel *after);

/* --- doing ---------------------------------------------------------------- */

/* Into the connection from the wire, or into a channel from its mux's side
 * (for channels without a mux). (turn) */
void	 fake_from_wire(struct hg_conn *, const void *, size_t, unsigned flags);
void	 fake_from_below(struct hg_channel *, const void *, size_t,
	    unsigned flags);
/* From above the channel's chain, as its peer would; returns channel_send's
 * answer. (turn) */
bool	 fake_from_peer(struct hg_channel *, const void *, size_t,
	    unsigned flags);
/* The other end of the wire has ended: HG_RECV; 1006: it vanished. (turn) */
void	 fake_wire_end(struct hg_conn *, unsigned code);
/* What is above the channel has ended. now: mux.end throws away. (turn) */
void	 fake_peer_end(struct hg_channel *, unsigned code, const char *reason,
	    bool now);
/* The send queue is long, or short again: then the drain hooks run. (turn) */
void	 fake_set_full(struct hg_channel *, bool);
void	 fake_set_conn_full(struct hg_conn *, bool);
/* What was received waits in the host; when not any more, mux.resume. (turn) */
void	 fake_set_paused(struct hg_channel *, bool);
/* The daemon stops: mux.stop. (turn) */
void	 fake_stop(struct hg_conn *, uint64_t ms);
/*
 * New credentials. asked: the request that the mux has handed up, NULL: none;
 * answer: what is said to it, 403 ends the channel too. send: over the wire,
 * and authed is the status that came back, 0: none. hooks: through the
 * channel's slots; the status that one of them answered, 0: none took it.
 * (turn)
 */
const char *fake_auth_asked(struct hg_channel *);
void	 fake_auth_answer(struct hg_channel *, const char *response);
int	 fake_auth_send(struct hg_channel *, const char *request);
int	 fake_authed(struct hg_channel *);
int	 fake_auth_hooks(struct hg_channel *, const char *request);
/* What a plugin keeps of what was above the channel: whether it does; it sends
 * something; it is lost. What is sent to it comes by fake_top. (turn) */
bool	 fake_is_kept(const struct hg_channel *);
void	 fake_from_kept(struct hg_channel *, const void *, size_t);
void	 fake_kept_lose(struct hg_channel *);
/* The hooks park, rejoin, lost and resumed of a channel's slots. park: as the
 * host decides. (turn) */
bool	 fake_park(struct hg_channel *, enum hg_direction);
void	 fake_rejoin(struct hg_channel *);
void	 fake_lost(struct hg_channel *, uint64_t seq);
void	 fake_resumed(struct hg_channel *, bool yes);
/* The mux's get_place. */
int	 fake_get_place(struct hg_channel *, uint64_t *seq);
/* How often channel_rejoined was called; 1: channel_resumed said yes, -1: gap;
 * what channel_ask_resume asked for on a channel without a mux, "" nothing. */
unsigned fake_rejoined(const struct hg_channel *);
int	 fake_was_resumed(const struct hg_channel *);
const char *fake_asked(const struct hg_channel *);
/* A ping frame has come; how many pong frames hg->beat has sent. (turn) */
void	 fake_ping(struct hg_conn *);
unsigned fake_beats(const struct hg_conn *);
/* An empty turn: reaps. */
void	 fake_reap(void);

/* --- HTTP ----------------------------------------------------------------- */

/*
 * An exchange: a request's head as text, to a service with this path. length:
 * as hg->http_length says. The functions about it may be called until
 * fake_finish(). (turn)
 */
struct hg_exchange *fake_http(const char *plugin, const char *path,
	    const char *request, int64_t length);
void	 fake_http_body(struct hg_exchange *, const void *, size_t, bool last);
/* NULL: for those that begin from now on. */
void	 fake_http_set_full(struct hg_exchange *, bool);
void	 fake_http_vanish(struct hg_exchange *);	/* the client */
/* Of the response. status: 0, there is none yet; text: of its body. */
int	 fake_http_status(const struct hg_exchange *);
const char *fake_http_field(const struct hg_exchange *, const char *name);
const char *fake_http_text(const struct hg_exchange *, size_t *len);
bool	 fake_http_is_ended(const struct hg_exchange *);
bool	 fake_http_is_aborted(const struct hg_exchange *);
int	 fake_http_holds(const struct hg_exchange *);
/* What hg->http_browser says, until fake_finish(). */
void	 fake_http_set_browser(unsigned index, const char *file);

/* --- requests of a plugin's own -------------------------------------------- */

/* The next that was begun and not taken by this yet, or NULL. */
struct hg_fetch *fake_fetch(void);
/* Its head as text, with the plugin's fields and Host; its body's length as
 * the plugin said; what was sent of it; whether that is all. */
const char *fake_fetch_request(const struct hg_fetch *);
int64_t	 fake_fetch_length(const struct hg_fetch *);
const char *fake_fetch_sent(const struct hg_fetch *);
bool	 fake_fetch_is_sent(const struct hg_fetch *);
bool	 fake_fetch_is_cancelled(const struct hg_fetch *);
int	 fake_fetch_holds(const struct hg_fetch *);
void	 fake_fetch_set_full(struct hg_fetch *, bool);
/* What the server does: its head as text, a piece of its body, the end. (turn)*/
void	 fake_fetch_respond(struct hg_fetch *, const char *head);
void	 fake_fetch_body(struct hg_fetch *, const void *, size_t);
void	 fake_fetch_end(struct hg_fetch *, enum hg_fetch_end,
	    const char *reason);

/* --- looking -------------------------------------------------------------- */

/* The next frame on the wire, at the top of a channel; NULL: no more. */
const struct fake_frame *fake_wire(struct hg_conn *);
const struct fake_frame *fake_top(struct hg_channel *);
/* How the wire was ended by this side; how the top was told. NULL: not yet. */
const struct fake_end *fake_wire_ended(const struct hg_conn *);
const struct fake_end *fake_top_ended(const struct hg_channel *);
/* How this side ended the channel: channel_end or fail. NULL: it did not. */
const struct fake_end *fake_ended(const struct hg_channel *);
bool	 fake_is_closed(const struct hg_channel *);	/* close hooks ran */
bool	 fake_conn_is_closed(const struct hg_conn *);
bool	 fake_conn_is_retired(const struct hg_conn *);
int	 fake_holds(const struct hg_channel *);
bool	 fake_is_full(const struct hg_channel *);
unsigned fake_id(const struct hg_channel *);		/* channel_set_id */
/* mux.create was answered: the status, 0 before. */
int	 fake_status(const struct hg_channel *);
/* Live channels of the connection, the root included. */
unsigned fake_channels(const struct hg_conn *);

/* Checks on a frame. The text's NUL is not part of it. */
#define FAKE_IS(frame, text, fl)					\
	fake_is((frame), (text), sizeof(text) - 1, (fl), T_AT(#frame))
#define FAKE_NONE(frame)						\
	fake_is_none((frame), T_AT(#frame))
bool	 fake_is(const struct fake_frame *, const void *, size_t,
	    unsigned flags, struct t_at);
bool	 fake_is_none(const struct fake_frame *, struct t_at);

/* --- logins --------------------------------------------------------------- */

/* What a plugin said of one; texts are "" where it said nothing. */
struct fake_login_answer {
	int		 status;
	uint64_t	 expires;
	char		 identity[600], target[8192], fields[2048];
};

/* Asks the plugin; method: its number. To be freed, which calls an open one
 * off. */
struct hg_login *fake_login(const char *plugin, unsigned method,
	    const char *request);
/* NULL: there is none yet. */
const struct fake_login_answer *fake_login_answer(const struct hg_login *);
void	 fake_login_free(struct hg_login *);

#endif
