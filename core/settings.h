/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says, as structs. Made by config.c, constant from
 * then on, read by all workers. keys.c names the keys that fill them in.
 */
#ifndef CORE_SETTINGS_H
#define CORE_SETTINGS_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "plugin.h"
#include "tls.h"

/* Bounds of one connection and its channels. Times in milliseconds. */
struct limits {
	int64_t	message_max;	/* bytes of a message that is assembled */
	int64_t	frame_max;	/* bytes of one WebSocket frame, 0: any */
	int64_t	fragments_max;	/* frames of one message */
	int64_t	piece_max;	/* bytes of a piece that hooks see */
	int64_t	queue_high;	/* queued bytes that make it full */
	int64_t	queue_max;	/* queued bytes that end it, 1013 */
	int64_t	connect_timeout;
	int64_t	close_timeout;	/* for the other side's close frame */
	int64_t	ping_interval;	/* without any byte received; 0: never */
	int64_t	ping_timeout;
	int64_t	park;		/* a lost trunk's channels; 0: not */
};

enum target_kind {
	TARGET_NONE,		/* a plugin is the application */
	TARGET_WEBSOCKET,	/* ws, wss, ws+unix */
	TARGET_STREAM,		/* tcp, tls, unix */
	TARGET_TRUNK,
	TARGET_HTTP,		/* of a plugin: http, https, http+unix */
};

/* Where a service connects to. */
struct target {
	enum target_kind kind;
	char		*text;		/* as configured */
	struct address	 address;
	struct tls	*tls;		/* NULL: plain */
	char		*host;		/* ws, http: the Host field */
	char		*path;		/* ws, http; NULL: none was written, ws:
					 * the client's own target */
	char		*authorization;	/* ws: ours, or NULL: the client's */
	char		*trunk_name;
	struct trunk_settings *trunk;
};

/* How to reach it, as configured. All may be NULL. */
struct connect_settings {
	char	*url;
	char	*ca;
	char	*certificate;
	char	*certificate_key;
	char	*host;
};

/* How much of the handshake with the server is inside the connection. */
enum connect_handshake {
	CONNECT_OUTER,
	CONNECT_INNER,
	CONNECT_LEGACY,
};

enum origin_policy {
	ORIGIN_SAME,	/* the default: absent, or of the request's own host */
	ORIGIN_LIST,
	ORIGIN_ANY,	/* "*" was written */
};

struct service {
	char			*name;
	const char		*file;		/* where it is configured */
	unsigned		 line;
	struct hg_strings	 listens;	/* names of [listen] sections */
	char			*path;	/* "/x", or "/x/" and "*" behind:
						 * all below; NULL: none */
	struct hg_strings	 subprotocols;
	struct hg_strings	 extensions;	/* tokens that may be used */
	struct hg_strings	 plugin_names;
	struct plugin		**plugins;	/* chain, from the wire upwards */
	size_t			 plugin_count;
	struct connect_settings	 connect;
	struct target		 target;
	int			 connect_handshake;
	char			*authorization_file;
	enum origin_policy	 origin;
	struct hg_strings	 origins;
	char			*auth_name;	/* as configured */
	struct plugin		*auth;		/* who checks logins; NULL:
						 * nobody here */
	unsigned		 auth_method;	/* which of its methods */
	bool			 forward_credentials;
	bool			 is_trunk;	/* accepts trunks of edges, or is
						 * the inner part of a [trunk] */
	bool			 require_edge;	/* trunk: only known edges */
	bool			 insecure;	/* trunk: also without TLS */
	bool			 second_handshake;	/* may be negotiated */
	int64_t			 inner_timeout;		/* for its request */
	int64_t			 challenge_timeout;	/* for the next one */
	struct limits		 limits;
	int64_t			 http_body_max;	/* of a request; 0: any */
	/* Effective options of each plugin, by its index; NULL: those of
	 * [plugin NAME]. */
	void			**options;
};

enum listen_protocol {
	LISTEN_WEBSOCKET,
	LISTEN_STREAM,		/* bytes, no WebSocket */
};

/* Which worker gets a new connection. */
enum listen_spread {
	LISTEN_SPREAD_AUTO,		/* address where edges are known */
	LISTEN_SPREAD_CONNECTION,	/* the kernel's choice */
	LISTEN_SPREAD_ADDRESS,		/* the same for a peer's address */
};

struct listen_settings {
	char			*name;
	const char		*file;
	unsigned		 line;
	struct hg_strings	 addresses;
	enum listen_protocol	 protocol;
	char			*service_name;	/* stream: where bytes go */
	struct service		*service;
	char			*certificate;	/* files, or NULL */
	char			*certificate_key;
	char			*client_ca;
	char			*edge_secret_file;
	struct tls		*tls;
	bool			 edge_certificates;
	char			*edge_secret;	/* content of the file, or NULL */
	int64_t			 handshake_timeout;
	int64_t			 http_idle_timeout;	/* between requests */
	int64_t			 http_timeout;	/* without progress of one */
	int64_t			 http_requests;	/* of a connection */
	enum listen_spread	 spread;
	struct service		**services;	/* websocket: that name it */
	size_t			 service_count;
};

struct trunk_settings {
	char			*name;
	const char		*file;
	unsigned		 line;
	struct connect_settings	 connect;
	char			*secret_file;
	struct target		 target;	/* always TARGET_WEBSOCKET */
	char			*secret;	/* content of the file, or NULL */
	bool			 insecure;
	int64_t			 connections;
	int64_t			 retry_min, retry_max;
	struct hg_strings	 channel_extensions;	/* offered to channels */
	struct service		 service;	/* its limits and options; the
						 * extensions of the connection */
	void			*trunk;		/* of the session layer */
};

struct settings {
	int64_t			 workers;	/* 0: one for each core */
	char			*control;	/* path of the socket, or NULL */
	int			 log_to;	/* 0: stderr, 1: syslog */
	bool			 log_syslog;
	int			 log_level;
	int64_t			 drain_time;
	int64_t			 stop_timeout;
	struct listen_settings	**listens;
	size_t			 listen_count;
	struct service		**services;
	size_t			 service_count;
	struct trunk_settings	**trunks;
	size_t			 trunk_count;
	char			**files;	/* that were read, as named
						 * above */
	size_t			 file_count;
};

#endif
