/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extensions: one code for opening handshakes and for channels' creates, both
 * roles (RFC 6455, 9.1). Data leaves through the answered list from left to
 * right, so the last one is nearest the wire.
 */
#ifndef CORE_NEGOTIATE_H
#define CORE_NEGOTIATE_H

#include <headgate/plugin.h>

#include <stdbool.h>

#include "chain.h"
#include "channel.h"
#include "settings.h"
#include "wsext.h"

/* What was agreed on: the slots to be, from the wire upwards. */
struct negotiated {
	struct chain_entry	conn[WSEXT_MAX];
	unsigned		conn_count;
	struct chain_entry	channel[CHANNEL_SLOTS_MAX];
	unsigned		channel_count;
	struct wsext_list	answer;		/* acceptor: to be sent */
	bool			no_root;	/* nothing is behind channel 0 */
};

/* Where it happens. */
struct negotiate_place {
	const struct service	*service;
	bool			 in_mux;	/* a channel's create: channel
						 * extensions only */
	bool			 is_trunk;
	bool			 is_outer;	/* a second handshake follows:
						 * no channels, nor what is of
						 * one */
	const struct hg_strings	*allowed;	/* names of extensions */
	const struct hg_strings	*channel_allowed;	/* those of channels */
};

/* Acceptor. -1: the list is malformed; nothing is left in out then. */
int	negotiate_accept(const struct negotiate_place *,
    const struct hg_head *request, struct negotiated *out);
/* Initiator: the offers; "" or more. -1: no memory. */
int	negotiate_offer(const struct negotiate_place *, struct wsext_list *);
/* Initiator: NULL, or what is wrong with the answer. */
const char *negotiate_check(const struct negotiate_place *,
    const struct wsext_list *offered, const struct hg_head *response,
    struct negotiated *out);
/* The service's plugins, above the negotiated ones. -1: too many. */
int	negotiate_add_plugins(struct negotiated *, const struct service *);
bool	negotiated_has_mux(const struct negotiated *);
void	negotiated_free(struct negotiated *);

#endif
