/* SPDX-License-Identifier: Apache-2.0 */
/* Listeners: their own keys, and which services are served where. */
#ifndef CORE_CONFIGLISTEN_H
#define CORE_CONFIGLISTEN_H

#include "configbuild.h"

void	configlisten_check(struct configbuild *, struct listen_settings *);
/* Behind all other checks: services find their listeners. */
void	configlisten_connect(struct configbuild *);

#endif
