/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "option.h"
#include "settings.h"
#include "str.h"

static const char *const log_choices[] = { "stderr", "syslog", NULL };
static const char *const level_choices[] = { "error", "warn", "info",
	"debug", NULL };
static const char *const spread_choices[] = { "auto", "connection", "address",
	NULL };
static const char *const handshake_choices[] = { "outer", "inner", "legacy",
	NULL };
static const char *const protocol_choices[] = { "websocket", "tcp", NULL };

#define SECOND	INT64_C(1000)
#define HOUR	(3600 * SECOND)
#define KIB	INT64_C(1024)
#define MIB	(1024 * KIB)
#define GIB	(1024 * MIB)

#define KEY(s, member, name, kind, value, from, to, text)		\
	{								\
		.key = (name), .type = (kind),				\
		.offset = offsetof(s, member), .standard = (value),	\
		.min = (from), .max = (to), .help = (text),		\
	}

static const struct hg_option headgate_keys[] = {
	KEY(struct settings, workers, "workers", HG_INT, "0", 0, 64,
	    "threads that serve; 0: one for each core"),
	KEY(struct settings, control, "control", HG_STRING,
	    RUNDIR "/control.sock", 0, 0,
	    "path of the control socket, or off"),
	{ .key = "log", .type = HG_CHOICE,
	    .offset = offsetof(struct settings, log_to),
	    .standard = "stderr", .choices = log_choices,
	    .help = "where the log goes" },
	{ .key = "log-level", .type = HG_CHOICE,
	    .offset = offsetof(struct settings, log_level),
	    .standard = "info", .choices = level_choices,
	    .help = "the least important lines that are logged" },
	KEY(struct settings, drain_time, "drain-time", HG_TIME, "20s", 0, HOUR,
	    "time over which clients are closed at a stop"),
	KEY(struct settings, stop_timeout, "stop-timeout", HG_TIME, "5s", 0,
	    HOUR, "how long they may take to end behind it"),
	{ .key = NULL },
};

static const struct hg_option listen_keys[] = {
	KEY(struct listen_settings, addresses, "address", HG_LIST, NULL, 0, 0,
	    "HOST:PORT, [V6]:PORT, *:PORT or unix:/PATH"),
	{ .key = "protocol", .type = HG_CHOICE,
	    .offset = offsetof(struct listen_settings, protocol),
	    .standard = "websocket", .choices = protocol_choices,
	    .help = "what clients speak: WebSocket, or just bytes" },
	KEY(struct listen_settings, service_name, "service", HG_STRING, NULL,
	    0, 0, "with protocol = tcp: the service of all clients"),
	KEY(struct listen_settings, certificate, "certificate", HG_STRING,
	    NULL, 0, 0, "file of the certificate chain; makes it TLS"),
	KEY(struct listen_settings, certificate_key, "certificate-key",
	    HG_STRING, NULL, 0, 0, "file of the certificate's key"),
	KEY(struct listen_settings, client_ca, "client-ca", HG_STRING, NULL,
	    0, 0, "file of the CA that signs clients' certificates"),
	KEY(struct listen_settings, edge_certificates, "edge-certificates",
	    HG_BOOL, "no", 0, 0,
	    "a client with a certificate of client-ca is an edge"),
	KEY(struct listen_settings, edge_secret_file, "edge-secret-file",
	    HG_STRING, NULL, 0, 0,
	    "file of the secret by which edges are known"),
	KEY(struct listen_settings, handshake_timeout, "handshake-timeout",
	    HG_TIME, "10s", 1, HOUR,
	    "from the connection to the complete opening request"),
	KEY(struct listen_settings, http_idle_timeout, "http-idle-timeout",
	    HG_TIME, "60s", 1, 24 * HOUR,
	    "how long a connection may wait for its next HTTP request"),
	KEY(struct listen_settings, http_timeout, "http-timeout", HG_TIME,
	    "60s", 1, 24 * HOUR,
	    "without a byte of a body that a client is to send or read"),
	KEY(struct listen_settings, http_requests, "http-requests", HG_INT,
	    "1000", 1, 1000000000, "most HTTP requests of a connection"),
	{ .key = "spread", .type = HG_CHOICE,
	    .offset = offsetof(struct listen_settings, spread),
	    .standard = "auto", .choices = spread_choices,
	    .help = "a worker for each connection, or for each address" },
	{ .key = NULL },
};

#define LIMITS(s, path, high, max, interval, timeout, parking)		\
	KEY(s, path.message_max, "message-max", HG_SIZE, "16m", KIB, GIB,	\
	    "longest message that is put together"),			\
	KEY(s, path.frame_max, "frame-max", HG_SIZE, "0", 0, GIB,	\
	    "longest WebSocket frame of a peer; 0: any"),		\
	KEY(s, path.fragments_max, "fragments-max", HG_INT, "4096", 0,	\
	    1000000, "most frames of one message; 0: any"),		\
	KEY(s, path.piece_max, "piece-max", HG_SIZE, "16k", KIB, MIB,	\
	    "most bytes that plugins are handed at once"),		\
	KEY(s, path.queue_high, "queue-high", HG_SIZE, high, KIB, GIB,	\
	    "bytes waiting for a peer that stop who sends to it"),	\
	KEY(s, path.queue_max, "queue-max", HG_SIZE, max, KIB, GIB,	\
	    "bytes waiting for a peer that end its connection"),	\
	KEY(s, path.connect_timeout, "connect-timeout", HG_TIME, "10s", 1, \
	    HOUR, "for connecting with the handshake, and for auth"),		\
	KEY(s, path.close_timeout, "close-timeout", HG_TIME, "5s", 1, HOUR, \
	    "for the other side's part of an end"),			\
	KEY(s, path.ping_interval, "ping-interval", HG_TIME, interval, 0, \
	    24 * HOUR, "silence after which a ping is sent; 0: none"),	\
	KEY(s, path.ping_timeout, "ping-timeout", HG_TIME, timeout, 1,	\
	    24 * HOUR, "further silence that ends the connection"),	\
	KEY(s, path.park, "park", HG_TIME, parking, 0, HOUR,		\
	    "how long clients of a lost trunk wait for another; 0: not")

static const struct hg_option service_keys[] = {
	KEY(struct service, listens, "listen", HG_LIST, NULL, 0, 0,
	    "names of listen sections where it is served"),
	KEY(struct service, path, "path", HG_STRING, NULL, 0, 0,
	    "the path of requests: /x, or /x/* for all below"),
	KEY(struct service, subprotocols, "subprotocols", HG_LIST, NULL, 0,
	    0, "subprotocols that it speaks"),
	KEY(struct service, extensions, "extensions", HG_LIST, NULL, 0, 0,
	    "extensions that clients may use"),
	KEY(struct service, plugin_names, "plugins", HG_LIST, NULL, 0, 0,
	    "plugins of each channel, the first nearest the client"),
	KEY(struct service, connect.url, "connect", HG_STRING, NULL, 0, 0,
	    "what it is connected to; without it a plugin answers"),
	KEY(struct service, connect.ca, "ca", HG_STRING, NULL, 0, 0,
	    "file of the CA of a wss or tls server; default: the system's"),
	KEY(struct service, connect.certificate, "connect-certificate",
	    HG_STRING, NULL, 0, 0, "file of our certificate for the server"),
	KEY(struct service, connect.certificate_key,
	    "connect-certificate-key", HG_STRING, NULL, 0, 0,
	    "file of its key"),
	KEY(struct service, connect.host, "host", HG_STRING, NULL, 0, 0,
	    "Host for the server; default: as in connect"),
	{ .key = "connect-handshake", .type = HG_CHOICE,
	    .offset = offsetof(struct service, connect_handshake),
	    .standard = "outer", .choices = handshake_choices,
	    .help = "what is asked of a WebSocket server, and where" },
	KEY(struct service, authorization_file, "authorization-file",
	    HG_STRING, NULL, 0, 0,
	    "file of an Authorization for it, in place of the client's"),
	KEY(struct service, origins, "origin", HG_LIST, "same", 0, 0,
	    "origins of pages that may use it: same, *, or exact ones"),
	KEY(struct service, auth_name, "auth", HG_STRING, "upstream", 0, 0,
	    "who checks logins: upstream, none, or a plugin's method"),
	KEY(struct service, forward_credentials, "forward-credentials",
	    HG_BOOL, "yes", 0, 0,
	    "the server gets Authorization and Cookie"),
	KEY(struct service, is_trunk, "trunk", HG_BOOL, "no", 0, 0,
	    "this path takes trunks of edges"),
	KEY(struct service, insecure, "insecure", HG_BOOL, "no", 0, 0,
	    "with trunk: also without TLS, or from unknown edges"),
	KEY(struct service, second_handshake, "second-handshake", HG_BOOL,
	    "no", 0, 0,
	    "clients may negotiate again inside: x-kaazing-handshake"),
	KEY(struct service, inner_timeout, "second-handshake-timeout",
	    HG_TIME, "5s", 1, HOUR, "for the request inside"),
	KEY(struct service, challenge_timeout, "challenge-timeout", HG_TIME,
	    "1m", 1, HOUR, "for the next request inside, behind a 401"),
	KEY(struct service, http_body_max, "http-body-max", HG_SIZE, "1m", 0,
	    INT64_MAX, "longest body of an HTTP request; 0: any"),
	LIMITS(struct service, limits, "64k", "1m", "20s", "20s", "0"),
	{ .key = NULL },
};

static const struct hg_option trunk_keys[] = {
	KEY(struct trunk_settings, connect.url, "connect", HG_STRING, NULL, 0,
	    0, "wss://HOST[:PORT][/PATH], ws+unix:/PATH, or ws://"),
	KEY(struct trunk_settings, connect.ca, "ca", HG_STRING, NULL, 0, 0,
	    "file of the gateway's CA; default: the system's"),
	KEY(struct trunk_settings, connect.certificate, "certificate",
	    HG_STRING, NULL, 0, 0, "file of the edge's own certificate"),
	KEY(struct trunk_settings, connect.certificate_key,
	    "certificate-key", HG_STRING, NULL, 0, 0, "file of its key"),
	KEY(struct trunk_settings, connect.host, "host", HG_STRING, NULL, 0,
	    0, "Host for the gateway; default: as in connect"),
	KEY(struct trunk_settings, secret_file, "secret-file", HG_STRING,
	    NULL, 0, 0, "file of the secret by which the gateway knows us"),
	KEY(struct trunk_settings, insecure, "insecure", HG_BOOL, "no", 0, 0,
	    "allows ws:// without TLS"),
	KEY(struct trunk_settings, connections, "connections", HG_INT, "1",
	    1, 64, "connections to the gateway"),
	KEY(struct trunk_settings, retry_min, "retry-min", HG_TIME, "250ms",
	    1, HOUR, "longest first wait before dialling again"),
	KEY(struct trunk_settings, retry_max, "retry-max", HG_TIME, "30s", 1,
	    HOUR, "longest wait before dialling again"),
	KEY(struct trunk_settings, service.extensions, "extensions", HG_LIST,
	    "x-kaazing-channels", 0, 0,
	    "extensions of the connection, one of which carries channels"),
	KEY(struct trunk_settings, channel_extensions, "channel-extensions",
	    HG_LIST, NULL, 0, 0, "extensions of the channels"),
	LIMITS(struct trunk_settings, service.limits, "256k", "16m", "1s",
	    "2s", "10s"),
	{ .key = NULL },
};

const struct hg_option *
keys_of(enum section_kind kind)
{
	switch (kind) {
	case SECTION_HEADGATE:
		return (headgate_keys);
	case SECTION_LISTEN:
		return (listen_keys);
	case SECTION_SERVICE:
		return (service_keys);
	case SECTION_TRUNK:
		return (trunk_keys);
	default:
		return (NULL);
	}
}

static void
keys_set_one(const struct section *section, const struct entry *entry,
    const struct hg_option *option, void *values, const char *value,
    struct mistakes *mistakes)
{
	char error[256];

	if (option_set(option, values, value, error, sizeof(error)) == -1)
		mistake_add(mistakes, &entry->place, section->title,
		    entry->key, "%s", error);
}

/* The items of a list that stand in one value. */
static void
keys_set_items(const struct section *section, const struct entry *entry,
    const struct hg_option *option, void *values, struct mistakes *mistakes)
{
	const char *at = entry->value;
	char *item;
	size_t len;

	for (;; at += len) {
		at += strspn(at, " \t,");
		if ((len = strcspn(at, " \t,")) == 0)
			return;
		if ((item = str_dup(at, len)) == NULL)
			return;
		keys_set_one(section, entry, option, values, item, mistakes);
		free(item);
	}
}

void
keys_set(const struct section *section, const struct entry *entry,
    const struct hg_option *option, void *values, bool first,
    struct mistakes *mistakes)
{
	if (option->type != HG_LIST) {
		keys_set_one(section, entry, option, values, entry->value,
		    mistakes);
		return;
	}
	if (first || entry->value[0] == '\0')
		keys_set_one(section, entry, option, values, "", mistakes);
	if (entry->value[0] == '\0')
		return;
	if (keys_of(section->kind) == section->table &&
	    section->kind != SECTION_PLUGIN &&
	    option_find(section->table, entry->key) == option)
		keys_set_items(section, entry, option, values, mistakes);
	else
		keys_set_one(section, entry, option, values, entry->value,
		    mistakes);
}

bool
keys_is_first(const struct section *section, const struct entry *entry)
{
	const struct list *node;

	for (node = section->entries.next; node != &entry->node;
	    node = node->next)
		if (strcmp(list_entry(node, struct entry, node)->key,
		    entry->key) == 0)
			return (false);
	return (true);
}

static void
keys_unknown(const struct section *section, const struct entry *entry,
    struct mistakes *mistakes)
{
	const struct hg_option *near = NULL;
	char text[80] = "";

	if (section->table != NULL)
		near = option_near(section->table, entry->key);
	if (near != NULL)
		snprintf(text, sizeof(text), " (did you mean \"%s\"?)",
		    near->key);
	mistake_add(mistakes, &entry->place, section->title, entry->key,
	    "there is no such key%s", text);
}

void
keys_apply(struct section *section, struct mistakes *mistakes,
    bool (*other)(void *, const struct entry *), void *arg)
{
	const struct hg_option *option;
	struct list *node, *save;
	struct entry *entry;

	list_each(node, save, &section->entries) {
		entry = list_entry(node, struct entry, node);
		option = section->table == NULL ? NULL :
		    option_find(section->table, entry->key);
		if (option != NULL)
			keys_set(section, entry, option, section->values,
			    keys_is_first(section, entry), mistakes);
		else if (other == NULL || !other(arg, entry))
			keys_unknown(section, entry, mistakes);
	}
}
