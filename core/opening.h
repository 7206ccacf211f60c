/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The opening of a channel that a client asked for: by a WebSocket's opening
 * handshake, by a create on a connection with many channels, or just by
 * connecting where no WebSocket is spoken. All checks first; only then is
 * anything dialled (threats W27). This is what the kinds have in common; for
 * openconn.c and openchannel.c.
 */
#ifndef CORE_OPENING_H
#define CORE_OPENING_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "channel.h"
#include "negotiate.h"
#include "settings.h"

/* From the checks until the answer. */
struct opening {
	struct negotiated	 agreed;
	const struct service	*service;
	const char		*protocol;	/* the service's, or NULL */
	bool			 is_legacy;	/* the client awaits a marker */
	struct hg_login		*login;		/* NULL: none at hand */
	/* Tell the client; accept takes the response over. */
	void			(*accept)(struct hg_channel *,
				    struct opening *, struct hg_head *);
	void			(*refuse)(struct hg_channel *,
				    struct hg_head *);
};

/* 101, or the status that refuses the request; fills opening in. */
int	opening_check(struct opening *, const struct hg_conn *,
    const struct hg_head *request, bool in_mux, const char **why);
/* The same of a request that a second one follows in the connection, and says
 * the rest: what is negotiated is below what that one negotiates. */
int	opening_check_outer(struct opening *, const struct hg_conn *,
    const struct hg_head *request, const char **why);
/* The 101 with what was agreed on. NULL: no memory. */
struct hg_head *opening_response(const struct opening *,
    const char *protocol);
/* The checks are behind: who is it, and what is above the channel? Takes the
 * opening. */
void	opening_start(struct hg_channel *, struct opening *);
/* How long that may take in all, in ms. */
uint64_t opening_time(const struct service *);
/* The channel's slots, and what came early. Takes the response. */
void	opening_open_channel(struct hg_channel *, struct opening *,
    struct hg_head *response);
void	opening_free(struct opening *);		/* NULL is fine */

#endif
