/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opening handshake as heads (RFC 6455, 4), both roles: what is checked and
 * what is written. No connection is touched here.
 */
#ifndef CORE_HANDSHAKE_H
#define CORE_HANDSHAKE_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "http.h"
#include "str.h"

/* 101, or the status that refuses it; *why is for the log and the body. */
int	handshake_check_request(const struct hg_head *, const char **why);
/* NULL when the response opens the WebSocket, else what is wrong with it. */
const char *handshake_check_response(const struct hg_head *response,
    const char *key, const char *offered_protocols);

bool	handshake_protocols_are_valid(const struct hg_head *);
/* Whether a list field names this element exactly, in any of its lines. */
bool	handshake_offers_protocol(const struct hg_head *, const char *name);
/* All lines of the list as one value; NULL when there is none or no memory. The
 * caller frees it. */
char   *handshake_protocols(const struct hg_head *);

/* The bytes of a request to upgrade: ours behind the head's fields. */
void	handshake_write_request(struct str *, const struct hg_head *,
    const char *key);
/* The bytes of a 101: the fields of "with" (protocol, extensions) behind ours.
 * Empty when memory is out. */
void	handshake_write_101(struct str *, const char *key,
    const struct hg_head *with);
/* The bytes of any response, without a body. */
void	handshake_write_response(struct str *, const struct hg_head *);
/* The bytes of a refusal that closes: the head's fields, and a text body. */
void	handshake_write_refusal(struct str *, const struct hg_head *response,
    const char *body);

#endif
