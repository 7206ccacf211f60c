/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second handshake, x-kaazing-handshake, as heads: what is asked for in the
 * outer request, and how the inner one becomes a request like any other. No
 * connection is touched here.
 */
#ifndef CORE_INNERHEAD_H
#define CORE_INNERHEAD_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stddef.h>

#include "http.h"
#include "str.h"
#include "wsext.h"

#define INNER_PROTOCOL	"x-kaazing-handshake"
#define INNER_MAX	(12 * 1024)	/* bytes of an inner request */
/* What clients and servers of old send before the exchange and behind it. */
#define INNER_MARKER		"\xef\x83\xbf\x4e"
#define INNER_MARKER_LEN	4

/* Whether the outer request offers it, before any other subprotocol. */
bool	innerhead_is_offered(const struct hg_head *outer);
/* Whether the client is one of old, with markers between: ".kl=Y". */
bool	innerhead_is_legacy(const struct hg_head *outer);
/* The request without what such clients put into the query: all parameters
 * that begin with ".k". NULL: no memory. */
struct hg_head *innerhead_clean(const struct hg_head *outer);

/*
 * An inner request, as it came. 101: *merged is the outer request with the
 * inner one's Authorization, subprotocols and extensions instead of its own;
 * else the status that refuses it.
 */
int	innerhead_merge(const void *, size_t, const struct hg_head *outer,
    struct hg_head **merged, const char **why);
/* Whether one of these extensions is asked for. */
bool	innerhead_asks_again(const struct hg_head *merged,
    const struct wsext_list *accepted);
/* The response with a line for each extension. NULL: no memory. */
struct hg_head *innerhead_response(const struct hg_head *response,
    const struct wsext_list *answered);

/* Initiator: the outer request that goes before this one, without what stands
 * in the inner one. NULL: no memory, or too long. */
struct hg_head *innerhead_outer(const struct hg_head *request,
    bool is_legacy);
/* The inner one's bytes. */
void	innerhead_write_request(struct str *, const struct hg_head *request);

#endif
