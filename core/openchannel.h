/* SPDX-License-Identifier: Apache-2.0 */
/* Openings of channels that a peer began in its connection. */
#ifndef CORE_OPENCHANNEL_H
#define CORE_OPENCHANNEL_H

#include <headgate/plugin.h>

/* For host_set_accept. */
void	openchannel_start(struct hg_channel *);

#endif
