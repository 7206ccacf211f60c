/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headgate's plugin API. A plugin is one shared object NAME.so that exports
 * one data symbol, declared by HG_PLUGIN(); the daemon hands it one table of
 * functions, the variable hg. Nothing is linked and nothing else is shared.
 *
 * Words. A connection carries one or more channels; a channel is a stream of
 * messages both ways, and channel 0 always exists. A message travels as one or
 * more frames (pieces). Each plugin in use has a slot in a connection's or a
 * channel's chain. Towards the wire is down ("send"), from the wire is up
 * ("recv"). Above a channel's chain is its peer, the channel at the other end
 * of a link, or nothing, when a plugin of the chain is the application.
 *
 * Threads. All hooks of a connection and of its channels run on one worker,
 * one at a time. A plugin must not block, fork or exit, nor use a handle after
 * the close hook it was told the end by. Functions of hg are for the worker
 * that owns the handle, except where a remark says "any thread".
 *
 * Ownership. A hook is lent its frame: PASS and DROP give it back, TAKE makes
 * one reference the plugin's, to be passed on or dropped exactly once.
 * Functions whose parameter is named "frame" take that reference over, also
 * when they fail; all others only look. Strings handed in are copied; strings
 * handed out live as long as the handle they came from.
 *
 * Ends. Nothing is freed and no close hook runs inside a hook: what ends is
 * marked, and closed at the end of the worker's turn.
 *
 * Versions. The major number of both sides must be equal. New members are
 * added at the end of a table only; tables that are shorter on one side read as
 * zero there.
 */
#ifndef HEADGATE_PLUGIN_H
#define HEADGATE_PLUGIN_H

#include <headgate/version.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HG_EXPORT	__attribute__((visibility("default")))
#define HG_HIDDEN	__attribute__((visibility("hidden")))
#define HG_PRINTF(f, a)	__attribute__((format(printf, f, a)))

struct hg_channel;	/* one channel of a connection */
struct hg_conn;		/* one connection */
struct hg_exchange;	/* an HTTP request and its response */
struct hg_fetch;	/* a request of a plugin's own */
struct hg_fields;	/* header fields that are being put together */
struct hg_frame;	/* constant bytes of a message */
struct hg_group;	/* channels that receive the same frames */
struct hg_head;		/* start line and header fields, constant */
struct hg_kept;		/* what is above a channel, without the channel */
struct hg_login;	/* a client whose credentials are being checked */
struct hg_negotiation;	/* an opening handshake that is being decided */
struct hg_params;	/* parameters of one extension in a handshake */
struct hg_report;	/* rows for headgatectl */
struct hg_slot;		/* a plugin's place in one chain */
struct hg_target;	/* where such requests go */
struct hg_timer;	/* one running timer */

enum hg_log_level {
	HG_LOG_ERROR,
	HG_LOG_WARN,
	HG_LOG_INFO,
	HG_LOG_DEBUG,
};

/* What a frame is, apart from its bytes. */
enum hg_frame_flags {
	HG_FIRST	= 0x01,		/* begins a message */
	HG_LAST		= 0x02,		/* ends a message */
	HG_TEXT		= 0x04,		/* of a text message, else binary */
	HG_RSV1		= 0x08,		/* RFC 6455, 5.2: on the first frame */
	HG_RSV2		= 0x10,
	HG_RSV3		= 0x20,
	HG_RSV		= HG_RSV1 | HG_RSV2 | HG_RSV3,
	HG_WHOLE	= HG_FIRST | HG_LAST,
};

/* What a hook says about the frame it was lent. */
enum hg_verdict {
	HG_PASS,	/* on to the next slot, unchanged */
	HG_DROP,	/* it ends here */
	HG_TAKE,	/* it is the plugin's now: see recv_next, send_next */
	HG_FAIL,	/* hg->fail() was called; what it is in ends */
};

enum hg_direction {
	HG_RECV,	/* from the wire upwards */
	HG_SEND,	/* towards the wire */
};

/*
 * Where an extension stands among those that an acceptor answers. Each is
 * nearer to the wire than those before it; within one the offer's order holds
 * (RFC 6455, 9.1).
 */
enum hg_place {
	HG_PLACE_DATA,		/* knows messages, or carries channels */
	HG_PLACE_PACKING,	/* changes how bytes look, such as compression */
	HG_PLACE_MARKING,	/* marks of its own between the messages */
};

/* What is above a channel's chain. */
enum hg_upstream {
	HG_UPSTREAM_NONE,	/* a plugin of the chain is the application */
	HG_UPSTREAM_WIRE,	/* a connection to a server */
	HG_UPSTREAM_TRUNK,	/* a channel to another headgate */
};

/* --- options ------------------------------------------------------------ */

enum hg_option_type {
	HG_BOOL,	/* bool: yes, no, on, off, true, false */
	HG_INT,		/* int64_t: a whole number */
	HG_SIZE,	/* int64_t: bytes, with k, m or g behind the number */
	HG_TIME,	/* int64_t: milliseconds; ms, s (default), m, h or d */
	HG_STRING,	/* const char *: NULL when there is neither value nor
			 * default */
	HG_CHOICE,	/* int: the index in choices */
	HG_LIST,	/* struct hg_strings: the key may stand several times */
};

struct hg_strings {
	size_t			  count;
	const char *const	 *item;
};

/*
 * One key. It may stand in [plugin NAME], and with per_service in [service X]
 * too, where it overrides for that service. A table ends with a NULL key.
 */
struct hg_option {
	const char		*key;		/* a-z and "-" */
	enum hg_option_type	 type;
	size_t			 offset;	/* in the options struct */
	const char		*standard;	/* default, as in a file;
						 * NULL: none, the zero value */
	int64_t			 min, max;	/* numbers; both 0: no bounds */
	const char *const	*choices;	/* HG_CHOICE: ends with NULL */
	bool			 per_service;
	const char		*help;		/* one line for the manual */
	/* NULL, or what is wrong with the value (static or in the buffer). */
	const char		*(*check)(const char *value, char *buffer,
				    size_t size);
	/* With per_service: it does nothing where the plugin's extension is
	 * not among the service's, so there it is a mistake. */
	bool			 needs_extension;
};

/* --- hooks -------------------------------------------------------------- */

/*
 * What a plugin does with a connection or with a channel. Each is optional.
 * "state" is state_size zeroed bytes of this slot, freed after close.
 */
struct hg_hooks {
	size_t		 state_size;
	/*
	 * Negotiation, for plugins that name an extension. offer (initiator):
	 * fills in parameters; answer (acceptor): reads the offered ones and
	 * fills in the answer; check (initiator): reads the answer. Non-zero
	 * leaves the extension out; check then fails the connection. Without
	 * the hook: no parameters, any are fine.
	 */
	int		 (*offer)(struct hg_negotiation *, struct hg_params *);
	int		 (*answer)(struct hg_negotiation *,
			    const struct hg_params *offered,
			    struct hg_params *answer);
	int		 (*check)(struct hg_negotiation *,
			    const struct hg_params *answered);
	/* First and last hook of a slot. open fails by hg->fail and non-zero;
	 * close then follows too. */
	int		 (*open)(struct hg_slot *, void *state);
	void		 (*close)(struct hg_slot *, void *state);
	/* A frame on its way up, a frame on its way down. */
	enum hg_verdict	 (*recv)(struct hg_slot *, void *state,
			    struct hg_frame *);
	enum hg_verdict	 (*send)(struct hg_slot *, void *state,
			    struct hg_frame *);
	/*
	 * No more frames will come in this direction: HG_RECV, the other end of
	 * the wire has ended (code as received, 1006: it vanished); HG_SEND,
	 * what is above has. Frames may still be sent on in that direction from
	 * within, and *code may be changed for who is told next.
	 */
	void		 (*ending)(struct hg_slot *, void *state,
			    enum hg_direction, unsigned *code);
	/* After the channel or connection was full: there is room to send. */
	void		 (*drain)(struct hg_slot *, void *state);
	/* The channel is open: its opening handshake ended with this response.
	 * A child that was refused stays open, carried by its parent. */
	void		 (*opened)(struct hg_slot *, void *state,
			    const struct hg_head *response);
	/* Deliver and send this slot whole messages only; longer ones than the
	 * service's message-max fail with 1009. */
	bool		 whole_recv;
	bool		 whole_send;
	/* For channels: child channels get a slot of this plugin too. */
	bool		 children;
	/* Which of HG_RSV1, HG_RSV2 and HG_RSV3 its extension uses. */
	unsigned	 rsv;
	/*
	 * For channels. The other end of the wire gives new credentials for a
	 * live channel: TAKE, this slot answers them, by hg->channel_authed,
	 * now or within the service's connect-timeout; PASS, it does not know them. Nobody:
	 * they go on over a trunk, or are answered with 401.
	 */
	enum hg_verdict	 (*auth)(struct hg_slot *, void *state,
			    const struct hg_head *request);
	/* The answer to hg->channel_auth: 200, 401 or 403. */
	void		 (*authed)(struct hg_slot *, void *state,
			    const struct hg_head *response);
	/*
	 * A trunk was lost; see "Losing a trunk" in doc/plugins.md. park: the
	 * channel's trunk, or with HG_SEND its peer's, has vanished. Zero: it
	 * can wait; with HG_SEND for hg->channel_rejoined, with HG_RECV without
	 * anybody at its other end. A channel waits when one slot says so and
	 * none says negative; without the hook a slot has no opinion, 1.
	 */
	int		 (*park)(struct hg_slot *, void *state,
			    enum hg_direction);
	/* The waiting is over: what is above has been opened anew. */
	void		 (*rejoin)(struct hg_slot *, void *state);
	/* A child, before its end: its trunk has vanished, and its flow's
	 * messages were received up to and with seq. */
	void		 (*lost)(struct hg_slot *, void *state, uint64_t seq);
	/*
	 * The other end asks for a flow's messages behind seq. Zero: they
	 * follow, from within this call on. Else it is a gap. *last: the number
	 * of the flow's newest message, when it is known.
	 */
	int		 (*resume)(struct hg_slot *, void *state,
			    const char *flow, const char *epoch, uint64_t seq,
			    uint64_t *last);
	/* The answer to hg->channel_ask_resume: what was sent on the child
	 * before was for nobody; behind it comes what was asked for, or there
	 * is a gap. */
	void		 (*resumed)(struct hg_slot *, void *state, bool);
	/*
	 * For connections. beat: a slot further up wants a sign of life sent
	 * (hg->beat). TAKE: this one sent one that its peer can see; PASS: it
	 * does not know how, or cannot now.
	 */
	enum hg_verdict	 (*beat)(struct hg_slot *, void *state);
	/* A sign of life came that is no data: a ping or pong frame, or what a
	 * slot nearer the wire took for one. */
	void		 (*alive)(struct hg_slot *, void *state);
};

/*
 * For the one plugin of a connection that carries many channels in it. The
 * host calls these; "data" is channel_size zeroed bytes of that channel, gone
 * when the plugin has called hg->channel_free.
 */
struct hg_mux {
	size_t	 channel_size;
	/* Begin a channel: a child when it has a parent. The answer is given by
	 * hg->channel_opened. Non-zero: no id is left, or too many wait. */
	int	 (*create)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, const struct hg_head *request);
	/* The answer to a channel that came by hg->channel_accept. 101 is
	 * yes; after any other the channel only waits for channel_free. */
	void	 (*answer)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, const struct hg_head *response);
	/* A frame for the other end, behind the channel's own chain. */
	void	 (*send)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, struct hg_frame *frame);
	/* This side sends no more; now: throws away what is queued. */
	void	 (*end)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, unsigned code, const char *reason, bool now);
	/* What was received on the channel has been passed on (see
	 * hg->channel_paused). */
	void	 (*resume)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data);
	/* From the flow's message seq + 1 on, member receives what is sent on
	 * carrier; up to and with seq, it did. Non-zero: it cannot be. Only for
	 * channels that this side created. */
	int	 (*merge)(struct hg_slot *, void *state,
		    struct hg_channel *member, struct hg_channel *carrier,
		    uint64_t seq);
	int	 (*unmerge)(struct hg_slot *, void *state,
		    struct hg_channel *member, uint64_t seq);
	/* The carrier ends for this side; messages after seq come on "next",
	 * a member, or on each member's own channel when it is NULL. */
	int	 (*handover)(struct hg_slot *, void *state,
		    struct hg_channel *carrier, struct hg_channel *next,
		    uint64_t seq);
	/*
	 * The daemon stops: asks the other end for no new channels, ends those
	 * that it began, spread over ms, and the connection behind the last
	 * one. What this end began ends from above. NULL, or when the time is
	 * over: the host closes the connection itself.
	 */
	void	 (*stop)(struct hg_slot *, void *state, uint64_t ms);
	/* New credentials for a channel that this end began, behind what was
	 * sent; hg->channel_got_authed has the answer. Non-zero: not now. */
	int	 (*auth)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, const struct hg_head *request);
	/* The answer to hg->channel_got_auth: 200, 401 or 403. */
	void	 (*authed)(struct hg_slot *, void *state, struct hg_channel *,
		    void *data, const struct hg_head *response);
	/* What is sent on this child from now on are the flow's messages behind
	 * seq, each the next one; not known: that is not so any more. */
	int	 (*say_place)(struct hg_slot *, void *state,
		    struct hg_channel *, void *data, bool known, uint64_t seq);
	/* Up to which of its flow's messages it was received. Non-zero: that is
	 * not known. */
	int	 (*get_place)(struct hg_slot *, void *state,
		    struct hg_channel *, void *data, uint64_t *seq);
	/* Asks the creator of a child for its flow's messages behind seq; the
	 * answer is given by hg->channel_resumed. */
	int	 (*ask_resume)(struct hg_slot *, void *state,
		    struct hg_channel *, void *data, const char *flow,
		    const char *epoch, uint64_t seq);
};

/* --- HTTP: requests that open no WebSocket -------------------------------- */

/*
 * For a plugin that answers them, on a listener of WebSockets: those to the
 * path of a service whose "plugins" name it (the first that has these hooks).
 * An exchange is one request and its response, on one worker; a connection has
 * one at a time. "state" is state_size zeroed bytes of it, freed after close.
 *
 * The response is hg->http_respond, hg->http_send for its body, hg->http_end;
 * each may be called from within a hook of the exchange or from anywhere else
 * on its worker, at once or later. The host does all of HTTP/1.1 around it:
 * framing, "Date", "Expect: 100-continue", HEAD, keep-alive, limits.
 */
struct hg_http {
	size_t	 size;			/* sizeof(struct hg_http) */
	size_t	 state_size;
	/* The request's head; it lives as long as the exchange. Non-zero: it is
	 * answered with 500, unless it was responded to; close follows. */
	int	 (*begin)(struct hg_exchange *, void *state,
		    const struct hg_head *request);
	/* A piece of the request's body, lent: hg->frame_ref keeps it. HG_LAST
	 * marks the last, which may be empty. Not called without a body, nor
	 * when hg->http_end was. NULL: bodies are thrown away. */
	void	 (*body)(struct hg_exchange *, void *state, struct hg_frame *);
	/* After hg->http_send said false: there is room again. */
	void	 (*drain)(struct hg_exchange *, void *state);
	/* The last. The exchange is over, or the client has vanished; the
	 * handle is gone behind it. */
	void	 (*close)(struct hg_exchange *, void *state);
	/* At the start, for each service that names the plugin: NULL, or what
	 * its options lack (static or in buffer). */
	const char *(*check)(const void *options, char *buffer, size_t size);
};

/* --- requests of a plugin's own ------------------------------------------- */

/*
 * HTTP/1.1, to a URL that the configuration names. All that concerns the
 * connection is the host's: keeping it for the next request, TLS, framing of
 * both bodies, deadlines, trying again what an old connection has lost. No
 * redirect is followed, no cookie kept, nothing unpacked.
 *
 * All of one is on the worker that began it. Callbacks come between hooks,
 * never from within hg->fetch_*; each may cancel.
 */
enum hg_fetch_end {
	HG_FETCH_DONE,		/* all of the response has come */
	HG_FETCH_CONNECT,	/* the server cannot be reached, or is not who
				 * it should be */
	HG_FETCH_TIMEOUT,
	HG_FETCH_FAILED,	/* what it says is malformed, or was cut off */
};

struct hg_request {
	size_t			 size;		/* sizeof(struct hg_request) */
	const char		*method;
	const char		*target;	/* path, query; NULL: the URL's */
	const char		*host;		/* NULL: the URL's */
	/* NULL: none. Those of one hop and those that frame the body are left
	 * out: Host, Connection, Content-Length and the like. */
	const struct hg_fields	*fields;
	int64_t			 length;	/* of the body; 0: none, -1: not
						 * known before its end */
	/* Milliseconds, 0: 10 s and 60 s. connect: with the lookup and TLS;
	 * response: from the request's end to the response's head; idle: no
	 * byte goes or comes. */
	uint64_t		 connect_ms, response_ms, idle_ms;
};

struct hg_fetch_ops {
	size_t	 size;			/* sizeof(struct hg_fetch_ops) */
	/* The response's head, status 200 or more; it lives during the call.
	 * Framing and one hop's fields are still in it. */
	void	 (*response)(void *arg, const struct hg_head *);
	/* A piece of its body, lent, at most 80 KiB. */
	void	 (*body)(void *arg, struct hg_frame *);
	/* After fetch_send said false: there is room again. NULL is fine. */
	void	 (*drain)(void *arg);
	/* The last; the handle is gone. What is not sent of the request's body
	 * by then, nobody wants. reason: for the log. */
	void	 (*ended)(void *arg, enum hg_fetch_end, const char *reason);
};

/* --- flows: what a translator asks of the fan-out plugin ------------------ */

struct hg_member;	/* one subscriber of one flow */

/*
 * A subscription at the broker that can be taken back and made again while its
 * subscriber stays: what a translator can do with one. They are called between
 * two turns, never from within a function of struct hg_flows, and all of those
 * may be called from within.
 */
struct hg_source {
	size_t	 size;			/* sizeof(struct hg_source) */
	/* Take it back; then call flows->paused. Copies go on until then. */
	void	 (*pause)(void *arg);
	/* Make it again, as the same subscriber; then call flows->resumed,
	 * before its first copy. */
	void	 (*resume)(void *arg);
	/* Make one and take it back at once, only to see that the broker still
	 * accepts it; then call flows->checked. Its messages are no copies. */
	void	 (*check)(void *arg);
	/* Of a member that was kept by flows->part: take it back for good and
	 * call flows->leave, now or later. */
	void	 (*release)(void *arg);
};

/*
 * Found by hg->find(HG_FLOWS). All functions are for the worker that owns the
 * channel. A flow's key is everything that can change the bytes of its
 * messages; the fan-out plugin adds the upstream and the security scope.
 */
#define HG_FLOWS	"flows/1"

struct hg_flows {
	size_t	 size;			/* sizeof(struct hg_flows) */
	/*
	 * To be called once the broker has accepted the subscription: opens the
	 * child channel of parent with these fields, and returns the member;
	 * NULL when the destination is not shared: nothing was done then.
	 * credential: what proved who the subscriber is to the broker.
	 */
	struct hg_member *(*join)(struct hg_channel *parent,
		    const char *destination, const void *key, size_t key_len,
		    const void *credential, size_t credential_len,
		    struct hg_fields *fields);
	struct hg_channel *(*channel)(const struct hg_member *);
	/* A copy of the flow's next message, whole and without what is the
	 * member's own, as the broker sent it to this member. */
	void	 (*copy)(struct hg_member *, struct hg_frame *frame);
	/* The member's subscription has ended; the child is ended with code. */
	void	 (*leave)(struct hg_member *, unsigned code,
		    const char *reason);
	/*
	 * Behind join: the flow may take the member's subscription back and
	 * live on that of another ("upstream = one"). False: it never will;
	 * source and arg are not kept then. The broker's refusal of resume or
	 * check is told by leave.
	 */
	bool	 (*set_source)(struct hg_member *, const struct hg_source *,
		    void *arg);
	void	 (*paused)(struct hg_member *);
	void	 (*resumed)(struct hg_member *);
	void	 (*checked)(struct hg_member *);
	/*
	 * The subscriber goes, but its subscription at the broker is there. True:
	 * the flow needs it until another has taken over. The child is ended,
	 * with code; copies are still wanted, nothing of the parent's is used any
	 * more, and source->release says when it is enough. False: nothing was
	 * done, and it is not relied on any more; leave is to follow when the
	 * broker has ended it.
	 */
	bool	 (*part)(struct hg_member *, unsigned code,
		    const char *reason);
	/* Whether its broker is not read now, because somebody of the flow can
	 * take no more: silence is nobody's fault. */
	bool	 (*is_held)(const struct hg_member *);
	/* The member's connection has vanished: whether its copies are wanted
	 * for a while all the same, so that the flow goes on. really: it stays,
	 * and nothing is sent to it; else this only asks. */
	bool	 (*park)(struct hg_member *, bool really);
	/* As join, for a subscription that comes back behind a lost trunk:
	 * nothing is sent to it before its other end has said where it stood. */
	struct hg_member *(*rejoin)(struct hg_channel *parent,
		    const char *destination, const void *key, size_t key_len,
		    const void *credential, size_t credential_len,
		    struct hg_fields *fields);
	/*
	 * Behind join or rejoin, where the server is a plugin of the channel:
	 * the flow takes its messages from there (struct hg_feeds), if it can.
	 * name: the subscription's at the server. True: no copies will come.
	 */
	bool	 (*feed)(struct hg_member *, const void *name, size_t len);
};

/*
 * Found by hg->find(HG_FEEDS). A server that is a plugin of this process gives
 * a flow its messages once, for all the subscriptions of one worker that would
 * receive the same. These stay what they are, but are silent. All functions are
 * for the worker that owns the channel; the name is the subscription's.
 */
#define HG_FEEDS	"feeds/1"

struct hg_feed;		/* one sequence of messages */
struct hg_silent;	/* one subscription that receives none itself */

struct hg_feeds {
	size_t	 size;			/* sizeof(struct hg_feeds) */
	/* What that subscription would receive, from now on: whole messages,
	 * without what is the subscriber's own. The frame is fn's; NULL: one
	 * is missing, without memory. Returns NULL: not now, or never. */
	struct hg_feed *(*open)(struct hg_channel *, const void *name,
		    size_t len, void (*fn)(void *arg, struct hg_frame *frame),
		    void *arg);
	void	 (*close)(struct hg_feed *);
	/* For good; nothing more is sent to it. What it was to receive next is
	 * what the feed brings next. ended: it is not at the server any more;
	 * not called after forget. NULL: as above. */
	struct hg_silent *(*silence)(struct hg_feed *, struct hg_channel *,
		    const void *name, size_t len, void (*ended)(void *arg),
		    void *arg);
	void	 (*forget)(struct hg_silent *);
};

/* --- a server's connection that outlives its client ------------------------ */

/* What it tells who keeps it; nothing of both after hg->kept_end. */
struct hg_kept_ops {
	void	 (*recv)(void *arg, struct hg_frame *);	/* lent */
	void	 (*ended)(void *arg);	/* the last; the handle is gone */
};

/* --- who a client is ------------------------------------------------------ */

/*
 * A way to find out who a client is, for services whose "auth" names one of its
 * methods. It is asked with the request that opens a WebSocket or a channel,
 * before anything is dialled for it, and with new credentials of a live one;
 * "data" is data_size zeroed bytes of that login, gone with it. A login ends
 * by hg->login_done, on its own worker, or by cancel.
 */
struct hg_auth {
	size_t			 size;		/* sizeof(struct hg_auth) */
	const char *const	*methods;	/* names; ends with NULL */
	size_t			 data_size;
	/* NULL, or what the options of a service with this method lack (static
	 * or in buffer). */
	const char		*(*check)(const void *options, unsigned method,
				    char *buffer, size_t size);
	/* The request lives as long as the login. */
	void			 (*begin)(struct hg_login *, void *data,
				    const struct hg_head *request,
				    unsigned method);
	/* The client has left, or the service's connect-timeout is over. */
	void			 (*cancel)(struct hg_login *, void *data);
};

/* --- the plugin ----------------------------------------------------------- */

struct hg_host;

struct hg_plugin {
	/* Filled in by HG_PLUGIN. */
	unsigned		 api_major, api_minor;
	size_t			 plugin_size, hooks_size, mux_size, option_size;
	const struct hg_host   **host;
	/* The name must be the file's name without ".so". */
	const char		*name;
	const char		*version;
	const char		*summary;
	/* Names of plugins that must be loaded too, separated by blanks. */
	const char		*needs;
	/* The extension that it negotiates (a token), or NULL. */
	const char		*extension;
	/* Names of its counters, ends with NULL: see hg->count. */
	const char *const	*counters;
	/* Its configuration: see struct hg_option. */
	const struct hg_option	*options;
	size_t			 options_size;
	/* Bytes that each worker keeps zeroed for it: hg->worker_data. */
	size_t			 worker_size;

	/* Once, before any worker runs. options: those of [plugin NAME].
	 * Non-zero: the daemon does not start; say why with hg->log. */
	int			 (*load)(const void *options);
	void			 (*unload)(void);
	/* On each worker's thread, before its first and after its last turn. */
	int			 (*worker_start)(void *data);
	void			 (*worker_stop)(void *data);

	const struct hg_hooks	*connection;
	const struct hg_hooks	*channel;
	const struct hg_mux	*mux;

	/* On each worker: adds the rows of a table that headgatectl asks for,
	 * when "what" is one that it knows. */
	void			 (*report)(const char *what,
				    struct hg_report *);
	/* Its channel hooks understand what a flow's common messages lack, so a
	 * flow may travel to this side without it. */
	bool			 personalises;
	/* Of its extension. */
	enum hg_place		 place;
	/* It answers HTTP requests. */
	const struct hg_http	*http;
	/* The file of its extension's half for browsers, without a folder, or
	 * NULL: see hg->http_browser. */
	const char		*browser;
	/* Ways to find out who a client is. */
	const struct hg_auth	*auth;
};

#define HG_PLUGIN(...)							\
	const struct hg_host *hg;					\
	HG_EXPORT extern const struct hg_plugin hg_plugin_entry;	\
	HG_EXPORT const struct hg_plugin hg_plugin_entry = {		\
		.api_major = HG_API_MAJOR,				\
		.api_minor = HG_API_MINOR,				\
		.plugin_size = sizeof(struct hg_plugin),		\
		.hooks_size = sizeof(struct hg_hooks),			\
		.mux_size = sizeof(struct hg_mux),			\
		.option_size = sizeof(struct hg_option),		\
		.host = &hg,						\
		__VA_ARGS__						\
	}

/* The plugin itself, as hg->count and hg->worker_data want it. */
HG_EXPORT extern const struct hg_plugin hg_plugin_entry;

/* The host's functions, there before load and any check are called. */
extern const struct hg_host *hg HG_HIDDEN;

/* --- the host ------------------------------------------------------------- */

struct hg_host {
	size_t	 size;

	/* Logging. Any thread. slot may be NULL. Print a peer's bytes through
	 * quote: it returns out, terminated, with all but printable ASCII as
	 * \xNN. */
	void	 (*log)(const struct hg_slot *, enum hg_log_level,
		    const char *, ...) HG_PRINTF(3, 4);
	const char *(*quote)(char *out, size_t size, const void *, size_t);

	/* Counters: index in the plugin's table. Any worker. */
	void	 (*count)(const struct hg_plugin *, unsigned index, int64_t);

	/* Workers. worker_data: of the calling worker. post runs fn(arg) on
	 * that worker, in the order of this thread's posts; -1 without memory.
	 * post may be called on any thread. */
	unsigned (*worker_count)(void);
	unsigned (*worker_index)(void);
	void	*(*worker_data)(const struct hg_plugin *);
	int	 (*post)(unsigned worker, void (*fn)(void *arg), void *arg);
	uint64_t (*now)(void);		/* milliseconds, monotonic */
	void	 (*random)(void *, size_t);	/* unpredictable bytes */

	/* Services of one plugin to another. provide: in load; the name ends in
	 * "/" and the version of the struct. find: NULL when nobody does. */
	int	 (*provide)(const char *name, const void *);
	const void *(*find)(const char *name);

	/* Slots. options: of the slot's service, else of [plugin NAME]. */
	struct hg_channel *(*slot_channel)(const struct hg_slot *);
	struct hg_conn *(*slot_conn)(const struct hg_slot *);
	const void *(*options)(const struct hg_slot *);
	const struct hg_params *(*offered)(const struct hg_slot *);
	const struct hg_params *(*answered)(const struct hg_slot *);
	/* Ends the slot's channel, or for a connection's slot the connection,
	 * with a close code and a reason for the log and, in at most 123 bytes,
	 * for the peer. Returns HG_FAIL. */
	enum hg_verdict (*fail)(struct hg_slot *, unsigned code,
		    const char *, ...) HG_PRINTF(3, 4);
	/* Goes on with the next slot in that direction. */
	void	 (*recv_next)(struct hg_slot *, struct hg_frame *frame);
	void	 (*send_next)(struct hg_slot *, struct hg_frame *frame);

	/* Frames: references on any thread. See "Ownership" above. NULL only
	 * without memory. */
	struct hg_frame *(*frame_new)(const void *, size_t, unsigned flags);
	struct hg_frame *(*frame_ref)(struct hg_frame *);
	void	 (*frame_unref)(struct hg_frame *);
	size_t	 (*frame_len)(const struct hg_frame *);
	unsigned (*frame_flags)(const struct hg_frame *);
	struct hg_frame *(*frame_reflag)(struct hg_frame *frame,
		    unsigned flags);
	/* Copies at most len bytes from "from" on; returns how many. */
	size_t	 (*frame_peek)(const struct hg_frame *, size_t from, void *,
		    size_t len);
	/* All bytes in one run, valid as long as *frame is held; a copy may
	 * replace the caller's reference. */
	const unsigned char *(*frame_bytes)(struct hg_frame **frame);
	struct hg_frame *(*frame_trim)(struct hg_frame *frame, size_t bytes);
	struct hg_frame *(*frame_slice)(struct hg_frame *frame, size_t from,
		    size_t len);
	struct hg_frame *(*frame_prepend)(struct hg_frame *frame,
		    const void *, size_t);
	struct hg_frame *(*frame_append)(struct hg_frame *frame,
		    const void *, size_t);
	/* The second behind the first, with the first's flags; takes both. */
	struct hg_frame *(*frame_concat)(struct hg_frame *frame,
		    struct hg_frame *second);

	/* Connections. */
	bool	 (*conn_is_initiator)(const struct hg_conn *);
	struct hg_channel *(*conn_root)(struct hg_conn *);	/* channel 0 */
	const char *(*conn_name)(const struct hg_conn *);	/* for logs */
	bool	 (*conn_full)(const struct hg_conn *);

	/* Channels. request: the head that opened it, on either side; NULL for
	 * a client that speaks no WebSocket. Once opened has been called, it is
	 * another one, which lives as long as the channel: in it are no fields
	 * of the hop and its handshake (Connection, Upgrade, Sec-WebSocket-Key
	 * and -Version), and at the side that dialled no Forwarded. */
	struct hg_conn *(*channel_conn)(const struct hg_channel *);
	struct hg_channel *(*channel_parent)(const struct hg_channel *);
	struct hg_channel *(*channel_peer)(const struct hg_channel *);
	/* For logs, until the next few calls. */
	const char *(*channel_name)(const struct hg_channel *);
	const struct hg_head *(*channel_request)(const struct hg_channel *);
	const char *(*channel_subprotocol)(const struct hg_channel *);
	const char *(*channel_service)(const struct hg_channel *);
	/* Whether this extension was negotiated for the channel. */
	bool	 (*channel_has)(const struct hg_channel *, const char *ext);
	/* Whether it has an id of its own on the wire. A child that has none
	 * sends into its parent, whole messages only. */
	bool	 (*channel_is_carried)(const struct hg_channel *);
	enum hg_upstream (*channel_upstream)(const struct hg_channel *);
	/* Sends from above its chain. False: more was sent than is good, stop
	 * until drain; the frame is on its way all the same. */
	bool	 (*channel_send)(struct hg_channel *, struct hg_frame *frame);
	bool	 (*channel_is_full)(const struct hg_channel *);
	/* Ends it from above, behind what was sent. */
	void	 (*channel_end)(struct hg_channel *, unsigned code,
		    const char *reason);
	/* Hold (true) and release what flows into the channel from above: its
	 * peer stops reading. Counted: as many releases as holds. */
	void	 (*channel_hold)(struct hg_channel *, bool);
	/* Opens a child towards the other end of the wire; fields are copied.
	 * It may be sent on at once. NULL without memory. */
	struct hg_channel *(*channel_child)(struct hg_channel *parent,
		    const struct hg_fields *);

	/* For a mux: see struct hg_mux. */
	/* The other end began a channel. parent: NULL, or a child is meant. The
	 * host decides and calls mux.answer, not before this turn's end.
	 * NULL without memory. */
	struct hg_channel *(*channel_accept)(struct hg_slot *,
		    struct hg_channel *parent, const struct hg_head *request,
		    unsigned id);
	void	*(*channel_data)(struct hg_channel *);
	void	 (*channel_set_id)(struct hg_channel *, unsigned id);
	/* The answer to mux.create: status 101, or refused. */
	void	 (*channel_opened)(struct hg_channel *,
		    const struct hg_head *response);
	void	 (*channel_recv)(struct hg_channel *, struct hg_frame *frame);
	/* The other end sends no more. The host ends its side by mux.end. */
	void	 (*channel_ended)(struct hg_channel *, unsigned code,
		    const char *reason);
	/* Its send queue is long, or is short again. */
	void	 (*channel_set_full)(struct hg_channel *, bool);
	/* What was received waits in the host: no credit until mux.resume. */
	bool	 (*channel_paused)(const struct hg_channel *);
	/* Both ends are done with it; no hook of it will be called any more
	 * except the slots' close. */
	void	 (*channel_free)(struct hg_channel *);
	/* A frame that was sent on a child that was then refused: through the
	 * child's chain again, into the parent. */
	void	 (*channel_resend)(struct hg_channel *, struct hg_frame *frame);
	/* For who fans out: see struct hg_mux. -1: this connection cannot. */
	int	 (*channel_merge)(struct hg_channel *member,
		    struct hg_channel *carrier, uint64_t seq);
	int	 (*channel_unmerge)(struct hg_channel *member, uint64_t seq);
	int	 (*channel_handover)(struct hg_channel *carrier,
		    struct hg_channel *next, uint64_t seq);

	/* Groups: one frame for many channels of one connection, handed to the
	 * worker of each channel's peer once. group_recv is channel_recv for
	 * all. A channel leaves by itself when it ends. */
	struct hg_group *(*group_new)(struct hg_conn *);
	void	 (*group_free)(struct hg_group *);
	int	 (*group_add)(struct hg_group *, struct hg_channel *);
	void	 (*group_remove)(struct hg_group *, struct hg_channel *);
	void	 (*group_recv)(struct hg_group *, struct hg_frame *frame);

	/* Heads (RFC 9110 fields; names in any case). get: the first value, or
	 * NULL; next: the one after "last". has_token: for list fields. */
	const char *(*head_get)(const struct hg_head *, const char *name);
	const char *(*head_next)(const struct hg_head *, const char *name,
		    const char *last);
	int	 (*head_status)(const struct hg_head *);	/* 0: request */
	const char *(*head_reason)(const struct hg_head *);
	const char *(*head_target)(const struct hg_head *);
	/* Parses bytes that a peer sent: a request, a response, or fields only
	 * (no start line), without the empty line. On error NULL, and *error
	 * says what is wrong. */
	struct hg_head *(*head_parse)(const void *, size_t, const char *kind,
		    const char **error);
	/* As text with CRLF behind each line and no empty line. The text lives
	 * until the next call. */
	const char *(*head_text)(const struct hg_head *, size_t *len);
	void	 (*head_free)(struct hg_head *);
	struct hg_head *(*head_response)(int status, const char *reason,
		    const struct hg_fields *);

	/* Fields for a new head. -1: without memory, or a byte that may not
	 * stand in a field. */
	struct hg_fields *(*fields_new)(void);
	int	 (*fields_add)(struct hg_fields *, const char *name,
		    const char *value);
	void	 (*fields_free)(struct hg_fields *);

	/* Parameters of an extension. get: NULL when absent, "" without a
	 * value. set: value may be NULL. */
	const char *(*param_get)(const struct hg_params *, const char *name);
	int	 (*param_set)(struct hg_params *, const char *name,
		    const char *value);
	/* In negotiation: the plugin's options there, whether the connection is
	 * between two of us, and the channel extensions that this side allows
	 * (for a mux), separated by "+". */
	const void *(*negotiation_options)(const struct hg_negotiation *);
	bool	 (*negotiation_is_trunk)(const struct hg_negotiation *);
	const char *(*negotiation_channel_extensions)(
		    const struct hg_negotiation *);

	/* Timers: run once on the slot's worker, are gone with the slot. NULL
	 * without memory. stop: NULL is fine, and so is from within fn. */
	struct hg_timer *(*timer_start)(struct hg_slot *, uint64_t ms,
		    void (*fn)(struct hg_slot *, void *state));
	void	 (*timer_stop)(struct hg_timer *);
	/* The same for a worker, in worker_start or later; fn gets
	 * worker_data. */
	struct hg_timer *(*worker_timer)(const struct hg_plugin *, uint64_t ms,
		    void (*fn)(void *data));

	/* Reports: a row is begun by row; its fields follow. */
	void	 (*report_row)(struct hg_report *);
	void	 (*report_text)(struct hg_report *, const char *name,
		    const char *value);
	void	 (*report_number)(struct hg_report *, const char *name,
		    uint64_t value);

	/* The name of one parameter, in their order; NULL: there are fewer. */
	const char *(*param_at)(const struct hg_params *, size_t index);
	/* In answer: whether the connection will carry channels. */
	bool	 (*negotiation_has_mux)(const struct hg_negotiation *);

	/* For a mux: the connection takes no new channels any more. The host
	 * begins those that are to come on another one. */
	void	 (*conn_retire)(struct hg_conn *);

	/* New credentials for a channel that leads to another headgate: one
	 * that this side began, or a client's whose service is connected to a
	 * trunk. The hook authed has the answer. -1: it leads to none, or the
	 * last ones are not answered yet. */
	int	 (*channel_auth)(struct hg_channel *,
		    const struct hg_fields *);
	/* The answer of a slot that took them: 200; 401, the old ones stay;
	 * 403, the channel ends with 1008. fields may be NULL. */
	void	 (*channel_authed)(struct hg_channel *, int status,
		    const struct hg_fields *);
	/* For a mux: what the other end asks, or answers. */
	void	 (*channel_got_auth)(struct hg_channel *,
		    const struct hg_head *request);
	void	 (*channel_got_authed)(struct hg_channel *,
		    const struct hg_head *response);

	/* Recycled memory, for what comes and goes with each message: not
	 * zeroed; recycle_put wants the size of recycle_get. NULL without
	 * memory, or to be put, which is fine. Any thread. */
	void	*(*recycle_get)(size_t size);
	void	 (*recycle_put)(void *, size_t size);
	/*
	 * Takes what is above the slot's channel away from it, from the ending
	 * hook on or before hg->fail: the channel ends alone, and the server does
	 * not hear of it. NULL: the slot is not the uppermost, or there is
	 * nothing that could be kept.
	 */
	struct hg_kept *(*keep_upstream)(struct hg_slot *,
		    const struct hg_kept_ops *, void *arg);
	void	 (*kept_send)(struct hg_kept *, struct hg_frame *frame);
	/* Ends it, behind what was sent. The handle is gone. */
	void	 (*kept_end)(struct hg_kept *, unsigned code,
		    const char *reason);

	/* Losing a trunk: see the hooks park to resumed, and struct hg_mux.
	 * place: for who fans out. ask_resume: for a translator, on its side of
	 * the child. -1: it cannot be. */
	int	 (*channel_place)(struct hg_channel *, bool known,
		    uint64_t seq);
	int	 (*channel_ask_resume)(struct hg_channel *, const char *flow,
		    const char *epoch, uint64_t seq);
	/* For a mux: the other end asks, has answered. */
	int	 (*channel_resume)(struct hg_channel *, const char *flow,
		    const char *epoch, uint64_t seq, uint64_t *last);
	void	 (*channel_resumed)(struct hg_channel *, bool);
	/* After rejoin: all is as it was. */
	void	 (*channel_rejoined)(struct hg_channel *);

	/* Signs of life that are no data. beat: sends one, by the hook beat of a
	 * slot nearer the wire or else as a pong frame (RFC 6455, 5.5.3), unless
	 * something waits to be written. alive: for a connection's slot that took
	 * one in; the slots above hear of it by their hook. */
	void	 (*beat)(struct hg_slot *);
	void	 (*alive)(struct hg_slot *);

	/* The length of the run of bytes at a frame's end, and where it is: as
	 * long as two frames are held, runs at one place have the same bytes. 0:
	 * the frame has none. */
	size_t	 (*frame_tail)(const struct hg_frame *, const void **bytes);

	/* More of a head. method: NULL, it is no request. field: the one at
	 * this index, in their order; false: there are fewer. */
	const char *(*head_method)(const struct hg_head *);
	bool	 (*head_field)(const struct hg_head *, size_t index,
		    const char **name, const char **value);

	/* Exchanges: see struct hg_http. options: as hg->options. path: that of
	 * the service, "/x", or "/x/" and "*" behind. */
	struct hg_conn *(*http_conn)(const struct hg_exchange *);
	const struct hg_head *(*http_request)(const struct hg_exchange *);
	const void *(*http_options)(const struct hg_exchange *);
	const char *(*http_service)(const struct hg_exchange *);
	const char *(*http_path)(const struct hg_exchange *);
	/* The client's address and port as text; "" when it has none. */
	const char *(*http_peer)(const struct hg_exchange *);
	bool	 (*http_is_tls)(const struct hg_exchange *);
	/* Bytes of the request's body; 0: none, -1: not known before its end. */
	int64_t	 (*http_length)(const struct hg_exchange *);
	/*
	 * The response's head: 200 to 599, fields may be NULL. With a
	 * Content-Length the body must have that length, without it any. HEAD,
	 * 204 and 304 have no body: what is sent is dropped. -1: there was one,
	 * it is too late, without memory, or a field that is the host's:
	 * Connection, Keep-Alive, Proxy-Connection, TE, Trailer,
	 * Transfer-Encoding, Upgrade.
	 */
	int	 (*http_respond)(struct hg_exchange *, int status,
		    const struct hg_fields *);
	/* A piece of its body. False: stop until drain, more was sent than is
	 * good, or until close; the frame was not refused. */
	bool	 (*http_send)(struct hg_exchange *, struct hg_frame *frame);
	/* It is complete: nothing more is heard but close. */
	void	 (*http_end)(struct hg_exchange *);
	/* It cannot be completed: the connection is cut, so that the client sees
	 * it; before http_respond, a 502 is sent. */
	void	 (*http_abort)(struct hg_exchange *, const char *why);
	/* Hold (true) and release the request's body. Counted. */
	void	 (*http_hold)(struct hg_exchange *, bool);
	/*
	 * For who serves the library for browsers: the file of the index-th
	 * plugin with a half for them, of those whose extension a service of
	 * the exchange's listener allows; NULL: there are fewer.
	 */
	const char *(*http_browser)(const struct hg_exchange *,
		    unsigned index);

	/* Requests of a plugin's own: see struct hg_fetch_ops. check: for
	 * struct hg_option, of a key that has such a URL: http://HOST[:PORT][/
	 * PATH], https://, http+unix:/SOCKET. */
	const char *(*fetch_check)(const char *url, char *buffer, size_t size);
	/* Any thread; in load or a check, so that files are read before anything
	 * runs. The same one again for the same texts; it lives as long as the
	 * process. ca, certificate, key: file names for TLS, or NULL, as those
	 * of "connect". NULL: error says why. */
	struct hg_target *(*fetch_target)(const char *url, const char *ca,
		    const char *certificate, const char *key, char *error,
		    size_t size);
	const char *(*fetch_host)(const struct hg_target *);
	const char *(*fetch_path)(const struct hg_target *);	/* "/": none */
	/* NULL: without memory, too many, or a text that cannot be in a
	 * request. */
	struct hg_fetch *(*fetch_start)(struct hg_target *,
		    const struct hg_request *, const struct hg_fetch_ops *,
		    void *arg);
	/* Of the request's body. False: more was sent than is good, stop until
	 * drain; much more ends it. */
	bool	 (*fetch_send)(struct hg_fetch *, struct hg_frame *frame);
	void	 (*fetch_send_end)(struct hg_fetch *);
	/* Hold (true) and release the response's body; what was read already
	 * still comes. Counted. */
	void	 (*fetch_hold)(struct hg_fetch *, bool);
	/* Nothing is called any more; the handle is gone. NULL is fine. */
	void	 (*fetch_cancel)(struct hg_fetch *);
	/* In answer, for a mux: nothing is to be behind the connection's first
	 * channel; who sends on it is closed with 1008. */
	void	 (*negotiation_no_root)(struct hg_negotiation *);

	/* Logins: see struct hg_auth. options: of the service; peer: the
	 * client's address, or "unix". */
	const void *(*login_options)(const struct hg_login *);
	const char *(*login_service)(const struct hg_login *);
	const char *(*login_peer)(const struct hg_login *);
	/* If it is accepted, its request goes on with this target, as if the
	 * client had sent it. -1: it cannot. */
	int	 (*login_set_target)(struct hg_login *, const char *target);
	/*
	 * 200: identity is who, for "expires" milliseconds, 0: for ever; fields
	 * are handed on to the server. Anything else refuses the client with
	 * that status, mostly 401 or 403, and these fields. fields may be NULL.
	 */
	void	 (*login_done)(struct hg_login *, int status,
		    const char *identity, uint64_t expires,
		    const struct hg_fields *);
	/* Who is behind it, as the service's "auth" found out; a child's is
	 * its parent's. NULL: nothing was asked here. */
	const char *(*channel_identity)(const struct hg_channel *);
	/* Whether this extension was negotiated for the connection itself. */
	bool	 (*conn_has)(const struct hg_conn *, const char *ext);
};

#ifdef __cplusplus
}
#endif

#endif
