/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New credentials for a live channel: from the wire to the slot that knows
 * them, or through links to the next headgate; and the answer back. Of each
 * channel one question at a time is open, and each has a deadline: behind it,
 * whoever waits gets 401, and the answer that is missing is still awaited, as
 * until then no other question can be asked. Belongs to the channel's worker.
 */
#ifndef CORE_CHANNELAUTH_H
#define CORE_CHANNELAUTH_H

#include <headgate/plugin.h>

#include "channel.h"
#include "http.h"

/* What is asked of the next headgate; NULL: nothing. In main, before workers
 * start: the session layer knows what may be passed on. */
void	channelauth_set_relay(struct hg_head *(*)(const struct hg_channel *,
	    const struct hg_head *request));

/* From the mux: see <headgate/plugin.h>. */
void	channelauth_got(struct hg_channel *, const struct hg_head *request);
void	channelauth_got_answer(struct hg_channel *, const struct hg_head *);
/* From a slot. */
int	channelauth_ask(struct hg_channel *, const struct hg_fields *);
void	channelauth_decide(struct hg_channel *, int status,
	    const struct hg_fields *);
/* Of the channel's identity: its time is over. */
void	channelauth_expired(void *ch);
/* From the link; they take the head. */
void	channelauth_upper_asks(struct hg_channel *, struct hg_head *request);
void	channelauth_upper_answers(struct hg_channel *,
	    struct hg_head *response);

#endif
