/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trunks: long-lived connections to another headgate that carry many channels.
 * Each is kept up by one worker; channels are opened from any.
 */
#ifndef CORE_TRUNK_H
#define CORE_TRUNK_H

#include <headgate/plugin.h>

#include "channel.h"
#include "settings.h"

/* The request of a channel that goes on behind a lost trunk has this field. */
#define TRUNK_RESUMES	"X-Headgate-Resumes"

/* In main, before workers start. -1: no memory. */
int	trunk_create(struct trunk_settings *);
void	trunk_destroy(struct trunk_settings *);
/* On each worker: dials those that are its own; and dials no more. */
void	trunk_worker_start(const struct trunk_settings *);
void	trunk_worker_stop(const struct trunk_settings *);

/*
 * A channel for this client's channel, to its service's trunk. The answer comes
 * by the channel's session. -1: no memory; nothing will come.
 */
int	trunk_open(struct hg_channel *);
/* fn(struct trunk_settings *) on each worker whenever a connection of that
 * trunk has come up. In main, before workers start. */
void	trunk_set_when_up(void (*fn)(void *settings));
/* How many of the trunk's connections are up. Any thread. */
unsigned trunk_up(const struct trunk_settings *);

#endif
