/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step between the checks of an opening and what is opened: who is it? By
 * the plugin that the service's "auth" names.
 */
#ifndef CORE_AUTH_H
#define CORE_AUTH_H

#include <headgate/plugin.h>

#include "channel.h"
#include "login.h"

/* Whether anybody is to be asked for this channel's service. */
bool	auth_is_needed(const struct service *);
/* Asks; done may be called from within. */
void	auth_start(struct hg_login **owner, struct hg_channel *,
	    void (*done)(void *arg, const struct login_result *));
/* It was accepted: the channel is this client's from here on. -1: no memory. */
int	auth_accept(struct hg_channel *, const struct login_result *);

#endif
