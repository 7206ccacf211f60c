/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to a server that outlives the channel it was made for: a plugin
 * takes the channel's place above the connection's own channel. Both are of one
 * worker. What is kept lives as long as the connection's channel, or until
 * kept_end.
 */
#ifndef CORE_KEPT_H
#define CORE_KEPT_H

#include <headgate/plugin.h>

struct hg_kept *kept_new(struct hg_slot *, const struct hg_kept_ops *,
    void *arg);
void	kept_send(struct hg_kept *, struct hg_frame *frame);
void	kept_end(struct hg_kept *, unsigned code, const char *reason);

#endif
