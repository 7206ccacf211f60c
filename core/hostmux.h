/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of hg for whoever carries channels, and for who merges them:
 * see <headgate/plugin.h>. On the connection's worker.
 */
#ifndef CORE_HOSTMUX_H
#define CORE_HOSTMUX_H

#include <headgate/plugin.h>

#include <stdbool.h>
#include <stdint.h>

/* Who decides on a channel that a peer began: the session layer. In main. */
void	host_set_accept(void (*)(struct hg_channel *));

struct hg_channel *host_channel_accept(struct hg_slot *,
    struct hg_channel *parent, const struct hg_head *request, unsigned id);
void   *host_channel_data(struct hg_channel *);
bool	host_channel_paused(const struct hg_channel *);
int	host_channel_merge(struct hg_channel *member,
    struct hg_channel *carrier, uint64_t seq);
int	host_channel_unmerge(struct hg_channel *member, uint64_t seq);
int	host_channel_place(struct hg_channel *, bool known, uint64_t seq);
int	host_channel_resume(struct hg_channel *, const char *flow,
    const char *epoch, uint64_t seq, uint64_t *last);
int	host_channel_ask_resume(struct hg_channel *, const char *flow,
    const char *epoch, uint64_t seq);
/* rejoined: the session layer's. */
void	host_set_rejoined(void (*)(struct hg_channel *));
void	host_channel_rejoined(struct hg_channel *);
void	host_channel_resumed(struct hg_channel *, bool);
int	host_channel_handover(struct hg_channel *carrier,
    struct hg_channel *next, uint64_t seq);
void	host_conn_retire(struct hg_conn *);

#endif
