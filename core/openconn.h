/* SPDX-License-Identifier: Apache-2.0 */
/* Openings that are a whole connection: a WebSocket's, and a stream's. */
#ifndef CORE_OPENCONN_H
#define CORE_OPENCONN_H

#include <headgate/plugin.h>

/* A request of a connection that becomes a WebSocket. Takes the request. */
void	openconn_websocket(struct hg_conn *, struct hg_head *request);
/* A stream that has just connected. */
void	openconn_stream(struct hg_conn *);
/* Answers a request and closes. Takes the fields; NULL: none. */
void	openconn_refuse(struct hg_conn *, int status, struct hg_fields *,
    const char *why);

#endif
