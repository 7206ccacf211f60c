/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of one connection that receive the same frames. A frame reaches the
 * worker of each channel's peer in one letter, not one for each channel.
 *
 * What comes for a group is handed on at the end of the turn, together, so that
 * each member is turned to once for all of it; or before that, when something
 * else happens on the connection that may not overtake it.
 */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include <headgate/plugin.h>

struct hg_group *group_new(struct hg_conn *);	/* NULL: no memory */
void	group_free(struct hg_group *);		/* members stay channels */
/* -1: it is in a group already. */
int	group_add(struct hg_group *, struct hg_channel *);
void	group_remove(struct hg_group *, struct hg_channel *);
void	group_recv(struct hg_group *, struct hg_frame *frame);

#endif
