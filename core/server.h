/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon once it is configured: workers, listeners, trunks, the control
 * socket, signals. Belongs to main's thread.
 */
#ifndef CORE_SERVER_H
#define CORE_SERVER_H

#include "settings.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status; what went wrong was
 * logged. */
int	server_run(struct settings *);

#endif
